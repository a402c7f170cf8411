//! What is read: entries, pages and watch events; and the two rules of a page, its bounds in the
//! order of keys and its room, which every engine shares.

use super::{
    Answer, ErrorKind, Invalid, KEY_BYTES_MAX, Key, PAGE_BYTES_MAX, PAGE_ENTRIES_MAX, Revision,
    StoreError, Value,
};
use crate::lease::LeaseId;

/// A key with its value and where it stands in history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
    /// The transaction that created it; a key deleted and put again is created again.
    pub created: Revision,
    /// The transaction that last wrote it.
    pub modified: Revision,
    /// How often it has been written since it was created; one after the first time.
    pub version: u64,
    /// The lease whose end deletes it.
    pub lease: Option<LeaseId>,
}

/// Several entries as they are together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// One for each key asked for, in that order.
    pub entries: Vec<Option<Entry>>,
    /// The revision at which they were read.
    pub revision: Revision,
}

/// In which order entries are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The smallest key first.
    #[default]
    Ascending,
    /// The largest key first.
    Descending,
}

/// Which page to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// What the keys begin with; the empty key for all.
    pub prefix: Key,
    /// The last key of the page before, in the order asked for.
    pub after: Option<Key>,
    /// The most entries wanted; at most [`PAGE_ENTRIES_MAX`] are given.
    pub limit: usize,
    /// At which revision; now if `None`. From the second page on: the first page's.
    pub at: Option<Revision>,
    /// In which order.
    pub order: Order,
}

/// A page of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The entries, in the order asked for.
    pub entries: Vec<Entry>,
    /// The revision that the page shows.
    pub revision: Revision,
    /// Whether there are entries after the last one.
    pub more: bool,
}

/// All that one transaction did below the prefix of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchBatch {
    /// The transaction.
    pub revision: Revision,
    /// What it did: never nothing, and each key once.
    pub events: Vec<WatchEvent>,
}

/// What happened to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// It was written.
    Put(Entry),
    /// It was deleted, or its lease ended.
    Deleted(Key),
}

impl Default for ListRequest {
    fn default() -> Self {
        Self {
            prefix: Key::default(),
            after: None,
            limit: PAGE_ENTRIES_MAX,
            at: None,
            order: Order::Ascending,
        }
    }
}

impl ListRequest {
    /// The first page below a prefix.
    pub fn prefix(prefix: impl Into<Key>) -> Self {
        Self { prefix: prefix.into(), ..Self::default() }
    }

    /// How many entries the page has room for.
    pub(crate) const fn room(&self) -> Answer<usize> {
        match self.limit {
            0 => Err(StoreError::definite(ErrorKind::Invalid(Invalid::EmptyPage))),
            limit if limit > PAGE_ENTRIES_MAX => Ok(PAGE_ENTRIES_MAX),
            limit => Ok(limit),
        }
    }

    /// Which keys are still to be listed.
    pub(crate) fn range(&self) -> KeyRange {
        let mut range = KeyRange::below(&self.prefix);
        match (&self.after, self.order) {
            (Some(after), Order::Ascending) if after.as_bytes() >= range.start.as_slice() => {
                range.start = [after.as_bytes(), &[0]].concat();
            }
            (Some(after), Order::Descending) if after.as_bytes() < range.end.as_slice() => {
                range.end = after.as_bytes().to_vec();
            }
            (Some(_) | None, Order::Ascending | Order::Descending) => {}
        }
        range
    }
}

impl Entry {
    /// What it counts for against [`PAGE_BYTES_MAX`].
    pub(crate) fn bytes(&self) -> usize {
        self.key.as_bytes().len() + self.value.as_bytes().len()
    }
}

impl WatchEvent {
    /// The key that it happened to.
    #[must_use]
    pub const fn key(&self) -> &Key {
        match self {
            Self::Put(entry) => &entry.key,
            Self::Deleted(key) => key,
        }
    }
}

/// Keys from `start` on and before `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) start: Vec<u8>,
    pub(crate) end: Vec<u8>,
}

impl KeyRange {
    /// Every key that begins with `prefix`. Where no prefix lies above it, the end is longer and
    /// larger than any key can be.
    pub(crate) fn below(prefix: &Key) -> Self {
        let start = prefix.as_bytes().to_vec();
        let mut end = start.clone();
        while end.last() == Some(&0xff) {
            end.pop();
        }
        match end.last_mut() {
            Some(last) => *last += 1,
            None => end = vec![0xff; KEY_BYTES_MAX + 1],
        }
        Self { start, end }
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        key.as_bytes() >= self.start.as_slice() && key.as_bytes() < self.end.as_slice()
    }
}

/// What still fits on a page.
#[derive(Debug)]
pub(crate) struct PageRoom {
    entries: usize,
    bytes: usize,
}

impl PageRoom {
    pub(crate) const fn new(entries: usize) -> Self {
        Self { entries, bytes: PAGE_BYTES_MAX }
    }

    /// Takes the room of an entry.
    pub(crate) fn take(&mut self, entry: &Entry) {
        self.entries = self.entries.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(entry.bytes());
    }

    /// Whether nothing more fits.
    pub(crate) const fn is_full(&self) -> bool {
        self.entries == 0 || self.bytes == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prefix: &[u8], start: &[u8], end: &[u8]) {
        let range = KeyRange::below(&Key::from(prefix));
        assert_eq!((range.start.as_slice(), range.end.as_slice()), (start, end));
    }

    #[test]
    fn a_prefix_ends_where_the_next_one_begins() {
        check(b"a/", b"a/", b"a0");
        check(b"a\xff", b"a\xff", b"b");
        check(b"a\xff\xff", b"a\xff\xff", b"b");
        check(b"\xff", b"\xff", &[0xff; KEY_BYTES_MAX + 1]);
        check(b"", b"", &[0xff; KEY_BYTES_MAX + 1]);
    }

    #[test]
    fn a_page_after_a_key_outside_the_prefix_stays_inside() {
        let after = |key: &str, order| {
            let request =
                ListRequest { after: Some(Key::from(key)), order, ..ListRequest::prefix("m/") };
            request.range()
        };
        let empty = |range: &KeyRange| range.start >= range.end;
        assert_eq!(after("a", Order::Ascending).start, b"m/");
        assert!(empty(&after("z", Order::Ascending)));
        assert_eq!(after("z", Order::Descending).end, b"m0");
        assert!(empty(&after("a", Order::Descending)));
    }
}
