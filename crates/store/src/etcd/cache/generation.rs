//! What is kept of one stretch of time, with what it takes, each thing with the revision that it is
//! known of; it must not know how far the watch has told.

use std::collections::HashMap;

use crate::port::{Entry, Key, Revision};

/// The largest list that is kept, in bytes.
pub(super) const LIST_BYTES: usize = 128 * 1024;
/// What an entry takes beside its key and value, roughly.
const ENTRY: usize = 128;

/// See the head of this file.
#[derive(Default)]
pub(super) struct Generation {
    pub(super) entries: HashMap<Key, Known<Option<Entry>>>,
    /// Everything below a prefix that ends in a slash, in order.
    pub(super) lists: HashMap<Key, Known<Vec<Entry>>>,
    pub(super) bytes: usize,
}

/// What is known, and of when.
pub(super) struct Known<T> {
    pub(super) what: T,
    /// The revision at which it was read or written. What happened to a list later is in it, and
    /// leaves this as it is: one transaction may change several of its entries.
    pub(super) at: Revision,
}

impl<T> Known<T> {
    /// What it is, once the watch has told what it is known of.
    pub(super) fn by(&self, told: Revision) -> Option<&T> {
        (self.at <= told).then_some(&self.what)
    }
}

impl Generation {
    pub(super) fn forget(&mut self, key: &Key) -> Option<Known<Option<Entry>>> {
        let before = self.entries.remove(key)?;
        self.bytes -= cost(key, before.what.as_ref());
        Some(before)
    }

    pub(super) fn forget_list(&mut self, prefix: &[u8]) {
        if let Some(before) = self.lists.remove(prefix) {
            self.bytes -= list_cost(&before.what);
        }
    }

    /// Puts an entry into a list that was read before `at`, or takes it out; a list that grows too
    /// large is forgotten.
    pub(super) fn change_list(
        &mut self,
        prefix: &[u8],
        key: &Key,
        what: Option<&Entry>,
        at: Revision,
    ) {
        let Some(list) = self.lists.get_mut(prefix).filter(|list| list.at < at) else { return };
        let place = list.what.binary_search_by(|entry| entry.key.cmp(key));
        if let Ok(place) = place {
            self.bytes -= cost(key, Some(&list.what[place]));
        }
        match (place, what) {
            (Ok(place), Some(entry)) => list.what[place] = entry.clone(),
            (Err(place), Some(entry)) => list.what.insert(place, entry.clone()),
            (Ok(place), None) => drop(list.what.remove(place)),
            (Err(_), None) => {}
        }
        self.bytes += what.map_or(0, |entry| cost(key, Some(entry)));
        if list_cost(&list.what) > LIST_BYTES {
            self.forget_list(prefix);
        }
    }
}

/// The bytes that a known key takes, roughly.
pub(super) fn cost(key: &Key, entry: Option<&Entry>) -> usize {
    key.as_bytes().len() + ENTRY + entry.map_or(0, |entry| entry.value.as_bytes().len())
}

/// The same of a list.
pub(super) fn list_cost(entries: &[Entry]) -> usize {
    ENTRY + entries.iter().map(|entry| cost(&entry.key, Some(entry))).sum::<usize>()
}
