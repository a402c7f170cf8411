//! The store of Peerage: one port, and what satisfies it.
//!
//! [`port`] says what a store is; [`memory`] is a store. [`keys`] and
//! [`record`] are what Peerage writes. Nothing outside this crate names an engine's language.

mod hub;
pub mod keys;
pub mod lease;
pub mod memory;
pub mod port;
pub mod record;

pub use lease::{LeaseClock, LeaseId, LeaseState};
pub use port::{
    Answer, Certainty, Commit, Entry, ErrorKind, Invalid, Key, Limit, ListRequest, Order, Page,
    Precondition, Revision, Snapshot, Store, StoreError, Txn, Value, Watch, WatchBatch, WatchEvent,
    Write,
};
