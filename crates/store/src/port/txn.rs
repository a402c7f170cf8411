//! Transactions and the limits that every engine keeps, which are etcd's.

use std::collections::BTreeSet;

use super::{
    Answer, ErrorKind, Invalid, KEY_BYTES_MAX, Key, Limit, OPERATIONS_MAX, Revision, StoreError,
    TXN_BYTES_MAX, VALUE_BYTES_MAX, Value,
};
use crate::lease::LeaseId;

/// What an operation adds to the size of a transaction besides its key and value.
const OPERATION_BYTES: usize = 32;

/// Writes that happen together, if everything they rest on still holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    /// What has to hold, in order.
    pub preconditions: Vec<Precondition>,
    /// What is then written; each key at most once.
    pub writes: Vec<Write>,
}

/// What has to hold for a transaction to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// There is no such key.
    Absent(Key),
    /// There is such a key.
    Exists(Key),
    /// The key was last written by the transaction of that revision.
    ModifiedAt(Key, Revision),
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Creates or overwrites.
    Put {
        /// Where.
        key: Key,
        /// What.
        value: Value,
        /// The lease whose end deletes it; `None` also lets go of an earlier lease.
        lease: Option<LeaseId>,
    },
    /// Takes a key away; an absent one is fine.
    Delete {
        /// Which.
        key: Key,
    },
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// It happened, at this revision; the current one if there was nothing to change.
    Done(Revision),
    /// It did not happen: something it rested on no longer holds.
    Lost {
        /// The index of the first precondition that did not hold.
        failed: usize,
    },
}

impl Precondition {
    /// The key that it is about.
    #[must_use]
    pub const fn key(&self) -> &Key {
        match self {
            Self::Absent(key) | Self::Exists(key) | Self::ModifiedAt(key, _) => key,
        }
    }

    /// Whether it holds, given when the key was last modified, if it exists.
    #[must_use]
    pub fn holds(&self, modified: Option<Revision>) -> bool {
        match self {
            Self::Absent(_) => modified.is_none(),
            Self::Exists(_) => modified.is_some(),
            Self::ModifiedAt(_, revision) => modified == Some(*revision),
        }
    }
}

impl Write {
    /// Writes a value without a lease.
    pub fn put(key: impl Into<Key>, value: impl Into<Value>) -> Self {
        Self::Put { key: key.into(), value: value.into(), lease: None }
    }

    /// Writes a value that goes when the lease ends.
    pub fn put_leased(key: impl Into<Key>, value: impl Into<Value>, lease: LeaseId) -> Self {
        Self::Put { key: key.into(), value: value.into(), lease: Some(lease) }
    }

    /// Takes a key away.
    pub fn delete(key: impl Into<Key>) -> Self {
        Self::Delete { key: key.into() }
    }

    /// The key that is written.
    #[must_use]
    pub const fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }

    fn value_bytes(&self) -> usize {
        match self {
            Self::Put { value, .. } => value.as_bytes().len(),
            Self::Delete { .. } => 0,
        }
    }
}

impl Txn {
    /// A transaction without preconditions.
    #[must_use]
    pub const fn of(writes: Vec<Write>) -> Self {
        Self { preconditions: Vec::new(), writes }
    }

    /// What it counts for against [`TXN_BYTES_MAX`].
    #[must_use]
    pub fn bytes(&self) -> usize {
        let checks = self.preconditions.iter().map(|it| it.key().as_bytes().len());
        let writes = self.writes.iter().map(|it| it.key().as_bytes().len() + it.value_bytes());
        checks.chain(writes).map(|bytes| bytes + OPERATION_BYTES).sum()
    }

    /// Refuses what no engine takes. Every engine asks this first.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] and [`ErrorKind::Invalid`], both definite.
    pub fn check(&self) -> Answer<()> {
        within(Limit::Preconditions, self.preconditions.len(), OPERATIONS_MAX)?;
        within(Limit::Writes, self.writes.len(), OPERATIONS_MAX)?;
        for precondition in &self.preconditions {
            check_key(precondition.key())?;
        }
        let mut written = BTreeSet::new();
        for write in &self.writes {
            check_key(write.key())?;
            within(Limit::ValueBytes, write.value_bytes(), VALUE_BYTES_MAX)?;
            if !written.insert(write.key()) {
                return Err(invalid(Invalid::WrittenTwice(write.key().clone())));
            }
        }
        within(Limit::TxnBytes, self.bytes(), TXN_BYTES_MAX)
    }
}

/// Refuses more keys than one read takes.
pub(crate) fn check_keys(keys: &[Key]) -> Answer<()> {
    within(Limit::Keys, keys.len(), OPERATIONS_MAX)
}

fn check_key(key: &Key) -> Answer<()> {
    if key.as_bytes().is_empty() {
        return Err(invalid(Invalid::EmptyKey));
    }
    within(Limit::KeyBytes, key.as_bytes().len(), KEY_BYTES_MAX)
}

fn within(limit: Limit, actual: usize, max: usize) -> Answer<()> {
    if actual <= max {
        return Ok(());
    }
    Err(StoreError::definite(ErrorKind::TooLarge { limit, actual, max }))
}

const fn invalid(why: Invalid) -> StoreError {
    StoreError::definite(ErrorKind::Invalid(why))
}
