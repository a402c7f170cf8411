//! The store of Peerage: one port, and what satisfies it.
//!
//! [`port`] says what a store is; [`memory`], [`sqlite`] and, as a feature, `etcd` are stores;
//! [`faulty`] is a store that lies by a seed; [`conformance`] is the book of laws that each of them
//! is held to. [`open()`] picks one by its URL, [`backup`](mod@backup) copies a running one to a
//! file and back. [`keys`] and [`record`] are what Peerage writes. Nothing outside this crate names
//! an engine's language.

pub mod backup;
pub mod conformance;
#[cfg(feature = "etcd")]
pub mod etcd;
pub mod faulty;
mod hub;
pub mod keys;
pub mod lease;
pub mod memory;
pub mod open;
pub mod port;
pub mod record;
pub mod sqlite;

pub use lease::{LeaseClock, LeaseId, LeaseState};
pub use open::{OpenError, StoreUrl, open};
pub use port::{
    Answer, Certainty, Commit, Entry, ErrorKind, Invalid, Key, Limit, ListRequest, Order, Page,
    Precondition, Revision, Snapshot, Store, StoreError, Txn, Value, Watch, WatchBatch, WatchEvent,
    Write,
};
