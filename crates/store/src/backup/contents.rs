//! What is in a store whatever its engine: keys and values in order, counted and digested.

use sha2::{Digest, Sha256};

use crate::port::Entry;

/// The keys and values of a store, without what only its engine knows (revisions) and without what
/// ends with its process (entries under a lease): the same before and after a move to another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// How many entries.
    pub entries: u64,
    /// The SHA-256 of their keys and values in order, in hexadecimal digits.
    pub digest: String,
}

/// Adds a key and its value to a digest.
pub(super) fn add_bytes(digest: &mut Sha256, entry: &Entry) {
    for bytes in [entry.key.as_bytes(), entry.value.as_bytes()] {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    }
}

/// Contents that are being read, in the order of the keys.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) entries: u64,
    digest: Sha256,
}

impl Reading {
    pub(super) fn add(&mut self, entry: &Entry) {
        if entry.lease.is_none() {
            add_bytes(&mut self.digest, entry);
            self.entries += 1;
        }
    }

    pub(super) fn finish(self) -> Contents {
        Contents { entries: self.entries, digest: format!("{:x}", self.digest.finalize()) }
    }
}
