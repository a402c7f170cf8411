//! The emulated world: its objects, and how time passes in it.
//!
//! Plain data and plain functions: time is an argument, nothing waits, nothing is written. What
//! changed is remembered until [`World::take_changes`].

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::id::{ContainerId, PeerId};
use peerage_core::time::Timestamp;

use super::fault::Faults;
use super::ids::Ids;
use super::journal::Saved;
use super::object::{LinkObject, NetworkObject, Tag};
use super::{CustomerMode, Pace, rules};

/// Everything that exists.
#[derive(Debug)]
pub(super) struct World {
    pub(super) pace: Pace,
    pub(super) mode: CustomerMode,
    pub(super) ids: Ids,
    pub(super) faults: Faults,
    networks: BTreeMap<ContainerId, NetworkObject>,
    links: BTreeMap<PeerId, LinkObject>,
    by_customer: BTreeMap<String, BTreeSet<PeerId>>,
    by_container: BTreeMap<String, BTreeSet<PeerId>>,
    due: BTreeSet<(Timestamp, Tag)>,
    changed: BTreeSet<Tag>,
    /// Counts the changes, so that a caller can wait until its own are kept.
    pub(super) sequence: u64,
}

impl World {
    pub(super) fn new(pace: Pace, mode: CustomerMode, seed: u64) -> Self {
        Self {
            pace,
            mode,
            ids: Ids::new(seed),
            faults: Faults::default(),
            networks: BTreeMap::new(),
            links: BTreeMap::new(),
            by_customer: BTreeMap::new(),
            by_container: BTreeMap::new(),
            due: BTreeSet::new(),
            changed: BTreeSet::new(),
            sequence: 0,
        }
    }

    /// Takes up an object that an earlier life of the process kept; `false`: it cannot be read.
    pub(super) fn restore(&mut self, name: &str, bytes: &[u8]) -> bool {
        match Tag::parse(name) {
            Some(Tag::Network(id)) => match serde_json::from_slice(bytes) {
                Ok(network) => self.put_network(id, network),
                Err(_) => return false,
            },
            Some(Tag::Link(id)) => match serde_json::from_slice(bytes) {
                Ok(link) => self.put_link(id, link),
                Err(_) => return false,
            },
            None => return false,
        }
        self.changed.clear();
        true
    }

    pub(super) fn network(&self, id: ContainerId) -> Option<&NetworkObject> {
        self.networks.get(&id)
    }

    pub(super) fn link(&self, id: PeerId) -> Option<&LinkObject> {
        self.links.get(&id)
    }

    /// The connections to one network of a customer.
    pub(super) fn links_to<'a>(
        &'a self,
        customer: &str,
    ) -> impl Iterator<Item = (PeerId, &'a LinkObject)> {
        let ids = self.by_customer.get(customer).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.links.get(id)?)))
    }

    /// The connections of one of our networks.
    pub(super) fn links_of<'a>(
        &'a self,
        container: &str,
    ) -> impl Iterator<Item = (PeerId, &'a LinkObject)> {
        let ids = self.by_container.get(container).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.links.get(id)?)))
    }

    pub(super) fn put_network(&mut self, id: ContainerId, network: NetworkObject) {
        let tag = Tag::Network(id);
        let due = network.due.map(Timestamp::from_millis);
        let before = self.networks.insert(id, network);
        self.schedule(tag, before.and_then(|old| old.due).map(Timestamp::from_millis), due);
    }

    pub(super) fn put_link(&mut self, id: PeerId, link: LinkObject) {
        let due = link.due();
        self.by_customer.entry(link.customer.clone()).or_default().insert(id);
        self.by_container.entry(link.container.clone()).or_default().insert(id);
        let before = self.links.insert(id, link);
        if let Some(old) = &before
            && old.customer != self.links[&id].customer
        {
            leave(&mut self.by_customer, &old.customer, id);
        }
        self.schedule(Tag::Link(id), before.and_then(|old| old.due()), due);
    }

    pub(super) fn remove_network(&mut self, id: ContainerId) {
        let before = self.networks.remove(&id).and_then(|old| old.due);
        self.schedule(Tag::Network(id), before.map(Timestamp::from_millis), None);
    }

    pub(super) fn remove_link(&mut self, id: PeerId) {
        let Some(old) = self.links.remove(&id) else { return };
        leave(&mut self.by_customer, &old.customer, id);
        leave(&mut self.by_container, &old.container, id);
        self.schedule(Tag::Link(id), old.due(), None);
    }

    fn schedule(&mut self, tag: Tag, before: Option<Timestamp>, after: Option<Timestamp>) {
        if let Some(at) = before {
            self.due.remove(&(at, tag));
        }
        if let Some(at) = after {
            self.due.insert((at, tag));
        }
        self.changed.insert(tag);
        self.sequence += 1;
    }

    /// Lets everything happen that is due at or before `now`, in order.
    pub(super) fn pass(&mut self, now: Timestamp) {
        while let Some(&(at, tag)) = self.due.first() {
            if at > now {
                break;
            }
            match tag {
                Tag::Network(id) => rules::network_due(self, id),
                Tag::Link(id) => rules::link_due(self, id, at),
            }
        }
    }

    /// When something will happen by itself that anybody can see: that a cloud forgets a
    /// connection which came to an end is no event.
    pub(super) fn next_event(&self) -> Option<Timestamp> {
        let seen = |tag: Tag| match tag {
            Tag::Network(_) => true,
            Tag::Link(id) => self.links.get(&id).is_some_and(|link| !link.status.is_over()),
        };
        self.due.iter().find(|(_, tag)| seen(*tag)).map(|&(at, _)| at)
    }

    /// What changed since it was last asked, and up to which change that is.
    pub(super) fn take_changes(&mut self) -> (Vec<Saved>, u64) {
        let tags = std::mem::take(&mut self.changed);
        let bytes = |tag: Tag| match tag {
            Tag::Network(id) => self.networks.get(&id).and_then(|it| serde_json::to_vec(it).ok()),
            Tag::Link(id) => self.links.get(&id).and_then(|it| serde_json::to_vec(it).ok()),
        };
        let saved = tags.into_iter().map(|tag| (tag.name(), bytes(tag))).collect();
        (saved, self.sequence)
    }

    /// Gives back changes that could not be kept: they are kept with the next ones.
    pub(super) fn return_changes(&mut self, names: impl Iterator<Item = String>) {
        self.changed.extend(names.filter_map(|name| Tag::parse(&name)));
    }
}

fn leave(index: &mut BTreeMap<String, BTreeSet<PeerId>>, word: &str, id: PeerId) {
    if let Some(ids) = index.get_mut(word) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(word);
        }
    }
}
