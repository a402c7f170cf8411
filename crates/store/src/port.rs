//! The Store port: what Peerage asks of a store, in the shape that etcd gives it.
//!
//! **What we store:** organizations, projects, credentials (sealed or hashed), containers, peerings
//! with their intent and what was last observed, the index keys that point to them, and the events
//! of the audit trail. **What we do not:** secrets in the clear, anything a cloud can be asked for
//! again, metrics, logs, sessions of the console.
//!
//! **Guarantees.** A transaction happens as a whole or not at all. Each one that writes gets a
//! revision of its own, larger than every one before. A read that starts after a commit was
//! answered sees it. What was answered survives the end of the process (durable engines only).
//! Watches tell each transaction once, whole, in order, or say that they cannot.
//!
//! **Assumptions.** Values are small (kilobytes), keys start with the project they belong to, and
//! an engine is owned by one control plane. Revisions may have gaps: compare, never count.
//!
//! **Errors.** A lost race is a value ([`Commit::Lost`]), not an error. An error says whether the
//! effect certainly did not happen or may have; see [`StoreError::is_definite`].

mod bytes;
mod error;
mod read;
mod txn;

use std::time::Duration;

use async_trait::async_trait;

pub use bytes::{Key, Value};
pub use error::{Certainty, ErrorKind, Invalid, Limit, StoreError};
pub use read::{Entry, ListRequest, Order, Page, Snapshot, WatchBatch, WatchEvent};
pub(crate) use read::{KeyRange, PageRoom};
pub(crate) use txn::check_keys;
pub use txn::{Commit, Precondition, Txn, Write};

use crate::lease::{LeaseId, LeaseState};

/// The longest key.
pub const KEY_BYTES_MAX: usize = 512;
/// The largest value.
pub const VALUE_BYTES_MAX: usize = 1024 * 1024;
/// The most preconditions, the most writes, and the most keys of one [`Store::get_many`].
pub const OPERATIONS_MAX: usize = 128;
/// The largest transaction: its keys and values, and a little for each operation.
pub const TXN_BYTES_MAX: usize = 1024 * 1024 + 512 * 1024;
/// The most entries of one page.
pub const PAGE_ENTRIES_MAX: usize = 1000;
/// A page ends after the entry that brings its keys and values over this size.
pub const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What every fallible call answers.
pub type Answer<T> = Result<T, StoreError>;

/// The point in a store's history right after one transaction; zero before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// Before the first transaction.
    pub const ZERO: Self = Self(0);

    /// The next possible revision: where to resume a watch that has been told up to this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An ordered store of keys with one history.
///
/// **Flow.** Read what a decision rests on, decide, `commit` with a precondition for each thing
/// read; on [`Commit::Lost`] start again. To follow a prefix: `list` it page by page at the
/// revision of the first page, then `watch` from the revision after; on
/// [`ErrorKind::Compacted`] do both again.
///
/// **Caveats.** Dropping the future of a call that writes leaves open whether it happens. The cost
/// of `count`, and of a `list` at a revision long past, grows with what is stored below the prefix
/// or was written since: ask inside one project.
///
/// **Errors.** Every call may answer [`ErrorKind::Unavailable`], [`ErrorKind::Corrupt`] and
/// [`ErrorKind::Closed`]; calls that write also [`ErrorKind::Full`]. Only calls that write can fail
/// indefinitely.
#[async_trait]
pub trait Store: Send + Sync {
    /// Makes all the writes if all the preconditions hold, else nothing.
    ///
    /// The transaction takes a new revision only if it changed something: one without writes is a
    /// check, one that only deletes absent keys is the same, and both answer the current revision.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] and [`ErrorKind::TooLarge`] for what no store takes,
    /// [`ErrorKind::LeaseGone`] for a put under a lease that has ended.
    async fn commit(&self, txn: Txn) -> Answer<Commit>;

    /// One entry as it is now.
    ///
    /// # Errors
    /// See the trait.
    async fn get(&self, key: &Key) -> Answer<Option<Entry>>;

    /// Several entries, as they are together at one revision, in the order of `keys`.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] for more than [`OPERATIONS_MAX`] keys.
    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot>;

    /// A page of the entries below a prefix, in the order of their keys.
    ///
    /// A page may hold fewer entries than asked for: only [`Page::more`] says whether there are
    /// more. Pages that name the first page's revision show the store as it was then.
    ///
    /// # Errors
    /// [`ErrorKind::Compacted`] if the revision asked for is no longer kept,
    /// [`ErrorKind::Invalid`] if it is still to come or the limit is zero.
    async fn list(&self, request: ListRequest) -> Answer<Page>;

    /// How many entries there are below a prefix, and at which revision.
    ///
    /// # Errors
    /// See the trait.
    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)>;

    /// Follows the entries below a prefix; `from` is the first revision to be told.
    ///
    /// # Errors
    /// [`ErrorKind::Compacted`], here or from the first [`Watch::next`], if `from` lies before the
    /// revision that was compacted (an engine may refuse that one as well): list again.
    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>>;

    /// Forgets what was overwritten or deleted up to `revision`, which itself stays readable.
    /// Repeating it, or naming an earlier revision, changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the revision is still to come.
    async fn compact(&self, revision: Revision) -> Answer<()>;

    /// The revision of the last transaction.
    ///
    /// # Errors
    /// See the trait.
    async fn revision(&self) -> Answer<Revision>;

    /// Starts a lease. Keys put under it are deleted, in one transaction, when it ends: `ttl`
    /// (rounded up to what the engine counts in) after it was granted or last kept alive. An engine
    /// that was stopped gives every lease its whole `ttl` again.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a `ttl` of zero.
    async fn grant(&self, ttl: Duration) -> Answer<LeaseId>;

    /// Starts the time of a lease anew, or says that it has ended.
    ///
    /// # Errors
    /// See the trait.
    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState>;

    /// Ends a lease at once; one that has ended is fine.
    ///
    /// # Errors
    /// See the trait.
    async fn revoke(&self, lease: LeaseId) -> Answer<()>;

    /// Whether other processes may have this store open at the same time. Who owns one that is not
    /// shared owns everything in it.
    fn is_shared(&self) -> bool {
        false
    }

    /// Why changes are refused at present, as far as the engine knows by itself: it found out when
    /// it last tried to write, and an engine in a file goes on trying. Reads may work all the same.
    fn trouble(&self) -> Option<StoreError> {
        None
    }

    /// Stops taking work, ends every watch, and lets go of what the engine holds. Every later call
    /// answers [`ErrorKind::Closed`]. Repeating it changes nothing.
    async fn close(&self);
}

/// A watch that is under way.
///
/// **Guarantees.** Each transaction that touched the prefix is told once, with all that it did
/// below the prefix, in order of revisions. Memory is bounded: one that falls behind reads what it
/// missed from the history.
///
/// **Caveats.** After an error the watch is over: start another from the revision after the last
/// batch, or list again if it was [`ErrorKind::Compacted`].
#[async_trait]
pub trait Watch: Send {
    /// The next transaction; waits for it. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Compacted`] if what is next to be told is no longer kept.
    async fn next(&mut self) -> Answer<WatchBatch>;
}
