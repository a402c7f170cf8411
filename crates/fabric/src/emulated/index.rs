//! Which connections a network has and how they count, so that no rule has to look through all of
//! them; and what is known of the customers' own networks.
//!
//! A customer's network exists here while a living connection mentions it, with the blocks that
//! those connections tell of: a guess does not outlive its reason.

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::id::PeerId;

use super::object::{LinkObject, our_word};

/// How a connection counts for its two networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A cloud works on it.
    Working,
    /// It waits for the customer.
    Waiting,
    /// It works.
    Active,
    /// Only our half of it is left, and nothing passes.
    Severed,
    /// It came to an end.
    Over,
}

impl Rank {
    /// Those that a network is bound by.
    pub(super) const LIVING: [Self; 4] =
        [Self::Working, Self::Waiting, Self::Active, Self::Severed];
}

/// The connections of every network, ours and the customers'.
#[derive(Debug, Default)]
pub(super) struct Index {
    ranks: BTreeSet<(String, Rank, PeerId)>,
    /// The blocks of a customer's network, and how many connections tell of each.
    blocks: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Index {
    pub(super) fn enter(&mut self, id: PeerId, link: &LinkObject) {
        for word in [our_word(&link.container), link.customer.clone()] {
            self.ranks.insert((word, link.rank(), id));
        }
        if let Some(block) = link.told_block() {
            let blocks = self.blocks.entry(link.customer.clone()).or_default();
            *blocks.entry(block.to_owned()).or_default() += 1;
        }
    }

    pub(super) fn leave(&mut self, id: PeerId, link: &LinkObject) {
        for word in [our_word(&link.container), link.customer.clone()] {
            self.ranks.remove(&(word, link.rank(), id));
        }
        let Some(block) = link.told_block() else { return };
        let Some(blocks) = self.blocks.get_mut(&link.customer) else { return };
        if let Some(count) = blocks.get_mut(block) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                blocks.remove(block);
            }
        }
        if blocks.is_empty() {
            self.blocks.remove(&link.customer);
        }
    }

    /// The connections of a network that count so, in the order of their ids.
    pub(super) fn ranked<'a>(
        &'a self,
        word: &str,
        rank: Rank,
    ) -> impl Iterator<Item = PeerId> + use<'a> {
        let bound = |bytes| (word.to_owned(), rank, PeerId::from_bytes(bytes));
        self.ranks.range(bound([0; 12])..=bound([0xff; 12])).map(|(_, _, id)| *id)
    }

    /// The living connections of a network.
    pub(super) fn living<'a>(&'a self, word: &str) -> impl Iterator<Item = PeerId> + use<'a> {
        let word = word.to_owned();
        Rank::LIVING.into_iter().flat_map(move |rank| self.ranked(&word, rank))
    }

    /// Whether a network has at least so many connections of that rank.
    pub(super) fn has_at_least(&self, count: usize, word: &str, rank: Rank) -> bool {
        count == 0 || self.ranked(word, rank).nth(count - 1).is_some()
    }

    /// What is known of the blocks of a customer's network.
    pub(super) fn blocks(&self, word: &str) -> impl Iterator<Item = &str> {
        self.blocks.get(word).into_iter().flat_map(|blocks| blocks.keys()).map(String::as_str)
    }
}
