//! Which objects may be put to sleep, and in which order: those that rest, the least recently used
//! first.
//!
//! It knows their names only. An object that somebody waits for stays awake until it was used.

use std::collections::BTreeMap;

use super::object::Tag;

/// The objects that are awake and rest.
#[derive(Debug)]
pub(super) struct Awake {
    max: usize,
    /// Counts the uses.
    uses: u64,
    last_use: BTreeMap<Tag, u64>,
    order: BTreeMap<u64, Tag>,
    /// How many acts wait for an object that slept when they came.
    awaited: BTreeMap<Tag, usize>,
}

impl Awake {
    pub(super) fn new(max: usize) -> Self {
        let (last_use, order, awaited) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { max, uses: 0, last_use, order, awaited }
    }

    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// An object rests from here on, and was just used.
    pub(super) fn rests(&mut self, tag: Tag) {
        self.leaves(tag);
        self.uses += 1;
        self.last_use.insert(tag, self.uses);
        self.order.insert(self.uses, tag);
    }

    /// An object is gone or sleeps, or something will become of it by itself.
    pub(super) fn leaves(&mut self, tag: Tag) {
        if let Some(last_use) = self.last_use.remove(&tag) {
            self.order.remove(&last_use);
        }
    }

    /// An object is used; one that does not rest is not listed here.
    pub(super) fn is_used(&mut self, tag: Tag) {
        if self.last_use.contains_key(&tag) {
            self.rests(tag);
        }
    }

    /// Somebody waits for an object.
    pub(super) fn wait(&mut self, tag: Tag) {
        *self.awaited.entry(tag).or_default() += 1;
    }

    /// Somebody waits no longer.
    pub(super) fn release(&mut self, tag: Tag) {
        let left = self.awaited.get(&tag).map_or(0, |waiting| waiting.saturating_sub(1));
        match left {
            0 => drop(self.awaited.remove(&tag)),
            left => drop(self.awaited.insert(tag, left)),
        }
    }

    pub(super) fn is_awaited(&self, tag: Tag) -> bool {
        self.awaited.contains_key(&tag)
    }

    /// How many rest beyond what may.
    pub(super) fn excess(&self) -> usize {
        self.order.len().saturating_sub(self.max)
    }

    /// The one that was not used for longest.
    pub(super) fn oldest(&self) -> Option<Tag> {
        self.order.first_key_value().map(|(_, &tag)| tag)
    }
}

#[cfg(test)]
mod tests {
    use peerage_core::id::PeerId;

    use super::*;

    fn tag(number: u8) -> Tag {
        Tag::Link(PeerId::from_bytes([number; 12]))
    }

    #[test]
    fn the_least_recently_used_is_the_oldest() {
        let mut awake = Awake::new(2);
        assert_eq!((awake.oldest(), awake.excess()), (None, 0));
        for number in 1..=3 {
            awake.rests(tag(number));
        }
        assert_eq!((awake.oldest(), awake.excess()), (Some(tag(1)), 1));
        awake.is_used(tag(1));
        assert_eq!(awake.oldest(), Some(tag(2)));
        awake.leaves(tag(2));
        awake.is_used(tag(2));
        assert_eq!((awake.oldest(), awake.excess()), (Some(tag(3)), 0));
    }

    #[test]
    fn an_object_is_awaited_until_the_last_one_has_it() {
        let mut awake = Awake::new(2);
        awake.wait(tag(1));
        awake.wait(tag(1));
        awake.release(tag(1));
        assert!(awake.is_awaited(tag(1)));
        awake.release(tag(1));
        awake.release(tag(1));
        assert!(!awake.is_awaited(tag(1)));
    }
}
