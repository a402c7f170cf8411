//! What can go wrong in a store. The one distinction that every caller needs is whether the effect
//! certainly did not happen ([`Certainty::Definite`]) or may have happened
//! ([`Certainty::Indefinite`]): after the second, read before trying again.

use std::fmt;
use std::time::Duration;

use super::{Key, Revision};
use crate::lease::LeaseId;

/// Whether the effect of a failed call may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It did not happen.
    Definite,
    /// It may have happened, or may yet.
    Indefinite,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}", may_have_happened(*.certainty))]
pub struct StoreError {
    certainty: Certainty,
    kind: ErrorKind,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// A limit that every engine keeps.
    #[error("{limit}: {actual}, and the most is {max}")]
    TooLarge {
        /// Which limit.
        limit: Limit,
        /// What was asked.
        actual: usize,
        /// What is allowed.
        max: usize,
    },
    /// Something that no store takes: a mistake of the caller.
    #[error("not a valid request: {0}")]
    Invalid(Invalid),
    /// A put under a lease that has ended or never was.
    #[error("lease {0} has ended")]
    LeaseGone(LeaseId),
    /// The history asked for is no longer kept: list again.
    #[error("the history before revision {oldest} is no longer kept: list again")]
    Compacted {
        /// The oldest revision that can still be read.
        oldest: Revision,
    },
    /// The store cannot serve this now.
    #[error("the store is not available: {reason}")]
    Unavailable {
        /// Why, for people.
        reason: String,
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// What is stored is damaged.
    #[error("{place} is damaged: {detail}; restore a backup")]
    Corrupt {
        /// Which file or server.
        place: String,
        /// What was found.
        detail: String,
    },
    /// There is no room for another write.
    #[error("{place} is full: {detail}")]
    Full {
        /// Which file or server.
        place: String,
        /// What was found.
        detail: String,
    },
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

/// A limit that every engine keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of a key.
    KeyBytes,
    /// Bytes of a value.
    ValueBytes,
    /// Preconditions of a transaction.
    Preconditions,
    /// Writes of a transaction.
    Writes,
    /// Bytes of a transaction.
    TxnBytes,
    /// Keys of one read.
    Keys,
}

/// A mistake of the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// A key without bytes.
    #[error("a key has at least one byte")]
    EmptyKey,
    /// A key that is written twice in one transaction.
    #[error("{0} is written twice in one transaction")]
    WrittenTwice(Key),
    /// A page without room.
    #[error("a page has room for at least one entry")]
    EmptyPage,
    /// A revision that is still to come.
    #[error("revision {asked} is still to come: the store is at {current}")]
    Ahead {
        /// What was asked.
        asked: Revision,
        /// Where the store is.
        current: Revision,
    },
    /// A lease that would end at once, or one longer than can be counted.
    #[error("a lease lasts between a millisecond and a hundred years")]
    LeaseTtl,
}

impl StoreError {
    /// The effect did not happen.
    #[must_use]
    pub const fn definite(kind: ErrorKind) -> Self {
        Self { certainty: Certainty::Definite, kind }
    }

    /// The effect may have happened.
    #[must_use]
    pub const fn indefinite(kind: ErrorKind) -> Self {
        Self { certainty: Certainty::Indefinite, kind }
    }

    /// Whether the effect certainly did not happen. If not, read before trying again.
    #[must_use]
    pub const fn is_definite(&self) -> bool {
        matches!(self.certainty, Certainty::Definite)
    }

    /// Whether the effect may have happened.
    #[must_use]
    pub const fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Whether the history asked for is gone, so that a list is due.
    #[must_use]
    pub const fn is_compacted(&self) -> bool {
        matches!(self.kind, ErrorKind::Compacted { .. })
    }

    pub(crate) const fn closed() -> Self {
        Self::definite(ErrorKind::Closed)
    }

    pub(crate) const fn compacted(oldest: Revision) -> Self {
        Self::definite(ErrorKind::Compacted { oldest })
    }

    pub(crate) const fn ahead(asked: Revision, current: Revision) -> Self {
        Self::definite(ErrorKind::Invalid(Invalid::Ahead { asked, current }))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyBytes => "bytes of a key",
            Self::ValueBytes => "bytes of a value",
            Self::Preconditions => "preconditions of a transaction",
            Self::Writes => "writes of a transaction",
            Self::TxnBytes => "bytes of a transaction",
            Self::Keys => "keys of one read",
        })
    }
}

const fn may_have_happened(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Definite => "",
        Certainty::Indefinite => " (it may have happened: read before trying again)",
    }
}
