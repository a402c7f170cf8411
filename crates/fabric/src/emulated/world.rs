//! The emulated world: its objects, and how time passes in it.
//!
//! Plain data and plain functions: time is an argument, nothing waits, nothing is written. What
//! changed is remembered until [`World::take_changes`], what changed by itself or by the
//! customer's hand until [`World::take_touched`].
//!
//! An object that rests and is kept may sleep (`world::sleep`): then only its place in the index is
//! in memory. The passing of time never needs one that sleeps: what has something due is awake.

mod restore;
mod sleep;

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::time::Timestamp;

use super::awake::Awake;
use super::fault::Faults;
use super::ids::Ids;
use super::index::Index;
use super::journal::Saved;
use super::object::{Fate, LinkObject, NetworkObject, NetworkState, Sides, Tag};
use super::{CustomerMode, EmulatedOptions, Pace, Touched, aws, azure, gcp};

/// Touched peerings that are remembered at one time. Beyond it they are not: whoever asks is only
/// told sooner what a look would tell, too.
const TOUCHED_MAX: usize = 100_000;

/// Everything that exists.
#[derive(Debug)]
pub(super) struct World {
    pub(super) pace: Pace,
    pub(super) mode: CustomerMode,
    seed: u64,
    ids: Ids,
    faults: Faults,
    /// The networks that are awake.
    networks: BTreeMap<ContainerId, NetworkObject>,
    /// The networks that sleep: all of them are ready.
    asleep: BTreeSet<ContainerId>,
    /// The connections that are awake; those that sleep are in the index only.
    links: BTreeMap<PeerId, LinkObject>,
    pub(super) index: Index,
    awake: Awake,
    /// What will change by itself.
    due: BTreeSet<(Timestamp, Tag)>,
    /// Those of `due` that anybody can see.
    events: BTreeSet<(Timestamp, Tag)>,
    changed: BTreeSet<Tag>,
    /// What is being kept.
    keeping: BTreeSet<Tag>,
    touched: BTreeSet<(GroupId, PeerId)>,
    /// Counts the changes, so that a caller can wait until its own are kept.
    pub(super) sequence: u64,
}

impl World {
    pub(super) fn new(options: EmulatedOptions) -> Self {
        Self {
            pace: options.pace,
            mode: options.customer,
            seed: options.seed,
            ids: Ids::new(options.seed),
            faults: Faults::default(),
            networks: BTreeMap::new(),
            asleep: BTreeSet::new(),
            links: BTreeMap::new(),
            index: Index::default(),
            awake: Awake::new(options.awake_max),
            due: BTreeSet::new(),
            events: BTreeSet::new(),
            changed: BTreeSet::new(),
            keeping: BTreeSet::new(),
            touched: BTreeSet::new(),
            sequence: 0,
        }
    }

    /// What changed and is not kept.
    pub(super) fn changed(&self) -> &BTreeSet<Tag> {
        &self.changed
    }

    /// A network that does not sleep.
    pub(super) fn network(&self, id: ContainerId) -> Option<&NetworkObject> {
        debug_assert!(!self.sleeps(Tag::Network(id)), "nobody woke the network {id}");
        self.networks.get(&id)
    }

    /// Whether a network is there and ready; it may sleep.
    pub(super) fn is_ready(&self, id: ContainerId) -> bool {
        let is_ready = |network: &NetworkObject| network.state == NetworkState::Ready;
        self.asleep.contains(&id) || self.networks.get(&id).is_some_and(is_ready)
    }

    /// A connection that does not sleep.
    pub(super) fn link(&self, id: PeerId) -> Option<&LinkObject> {
        debug_assert!(!self.sleeps(Tag::Link(id)), "nobody woke the connection {id}");
        self.links.get(&id)
    }

    /// When something is due of a connection; of one that sleeps there is nothing.
    pub(super) fn link_due(&self, id: PeerId) -> Option<Timestamp> {
        self.links.get(&id)?.due()
    }

    /// The source of names, for whoever makes something.
    pub(super) fn ids(&mut self) -> &mut Ids {
        self.mark(Tag::Ids);
        &mut self.ids
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The faults, for whoever changes them.
    pub(super) fn faults_mut(&mut self) -> &mut Faults {
        self.mark(Tag::Faults);
        &mut self.faults
    }

    pub(super) fn put_network(&mut self, id: ContainerId, network: NetworkObject) {
        self.place_network(id, network);
        self.mark(Tag::Network(id));
    }

    pub(super) fn put_link(&mut self, id: PeerId, link: LinkObject) {
        self.index.enter(id, &link);
        self.place_link(id, link);
        self.mark(Tag::Link(id));
    }

    /// A network is awake and is this.
    fn place_network(&mut self, id: ContainerId, network: NetworkObject) {
        let tag = Tag::Network(id);
        self.unschedule(tag);
        if let Some(due) = network.due {
            self.due.insert((Timestamp::from_millis(due), tag));
            self.events.insert((Timestamp::from_millis(due), tag));
        }
        if network.rests() {
            self.awake.rests(tag);
        }
        self.asleep.remove(&id);
        self.networks.insert(id, network);
    }

    /// A connection is awake and is this, as the index has it.
    fn place_link(&mut self, id: PeerId, link: LinkObject) {
        let tag = Tag::Link(id);
        self.unschedule(tag);
        if let Some(due) = link.due() {
            self.due.insert((due, tag));
            if !link.is_memory() {
                self.events.insert((due, tag));
            }
        }
        if link.rests() {
            self.awake.rests(tag);
        }
        self.links.insert(id, link);
    }

    /// An object is gone.
    fn lose(&mut self, tag: Tag) {
        self.unschedule(tag);
        match tag {
            Tag::Ids => self.ids = Ids::new(self.seed),
            Tag::Faults => self.faults = Faults::default(),
            Tag::Network(id) => {
                self.networks.remove(&id);
                self.asleep.remove(&id);
            }
            Tag::Link(id) => {
                self.links.remove(&id);
                self.index.leave(id);
            }
        }
    }

    /// Makes of a connection what became of it.
    pub(super) fn settle(&mut self, id: PeerId, fate: Fate) {
        match fate {
            Fate::Becomes(link) => self.put_link(id, *link),
            Fate::Gone => {
                self.lose(Tag::Link(id));
                self.mark(Tag::Link(id));
            }
        }
    }

    /// Forgets what is due of an object, and that it may be put to sleep.
    fn unschedule(&mut self, tag: Tag) {
        self.awake.leaves(tag);
        let due = match tag {
            Tag::Ids | Tag::Faults => None,
            Tag::Network(id) => self.networks.get(&id).and_then(|network| network.due),
            Tag::Link(id) => self.links.get(&id).and_then(|link| link.due),
        };
        if let Some(due) = due {
            self.due.remove(&(Timestamp::from_millis(due), tag));
            self.events.remove(&(Timestamp::from_millis(due), tag));
        }
    }

    fn mark(&mut self, tag: Tag) {
        self.changed.insert(tag);
        self.sequence += 1;
    }

    /// Remembers that a peering changed without a call of its owner.
    pub(super) fn touch(&mut self, id: PeerId) {
        let group = self.links.get(&id).and_then(|link| GroupId::parse(&link.group).ok());
        if let Some(group) = group {
            remember(&mut self.touched, (group, id));
        }
    }

    pub(super) fn take_touched(&mut self) -> Vec<Touched> {
        let touched = std::mem::take(&mut self.touched);
        touched.into_iter().map(|(group, peering)| Touched { group, peering }).collect()
    }

    /// Lets everything happen that is due at or before `now`, in order.
    pub(super) fn pass(&mut self, now: Timestamp) {
        while let Some(&(at, tag)) = self.due.first() {
            if at > now {
                break;
            }
            match tag {
                Tag::Ids | Tag::Faults => drop(self.due.pop_first()),
                Tag::Network(id) => self.step_network(id),
                Tag::Link(id) => self.step_link(id, at),
            }
        }
    }

    fn step_network(&mut self, id: ContainerId) {
        let Some(network) = self.networks.get(&id).cloned() else { return };
        match network.state {
            NetworkState::Removing => {
                self.lose(Tag::Network(id));
                self.mark(Tag::Network(id));
            }
            NetworkState::Creating | NetworkState::Ready => {
                let state = NetworkState::Ready;
                self.put_network(id, NetworkObject { state, due: None, ..network });
            }
        }
    }

    fn step_link(&mut self, id: PeerId, at: Timestamp) {
        let Some(link) = self.links.get(&id).cloned() else { return };
        self.touch(id);
        let fate = match link.sides.clone() {
            Sides::Aws(connection) => aws::step(self, id, link, connection, at),
            Sides::Azure(pair) => azure::step(self, id, link, pair),
            Sides::Gcp(pair) => gcp::step(self, id, link, pair, at),
        };
        self.settle(id, fate);
    }

    /// When something will happen by itself that anybody can see: that a cloud forgets a
    /// connection which came to an end is no event.
    pub(super) fn next_event(&self) -> Option<Timestamp> {
        self.events.first().map(|&(at, _)| at)
    }

    /// What changed since it was last asked, and up to which change that is. It is being kept until
    /// it is said what became of it.
    pub(super) fn take_changes(&mut self) -> (Vec<Saved>, u64) {
        self.keeping = std::mem::take(&mut self.changed);
        let saved = self.keeping.iter().map(|&tag| (tag.name(), self.bytes(tag))).collect();
        (saved, self.sequence)
    }

    /// What is being kept.
    pub(super) fn keeping(&self) -> &BTreeSet<Tag> {
        &self.keeping
    }

    /// What was being kept is.
    pub(super) fn kept(&mut self) {
        self.keeping.clear();
        self.rest();
    }

    fn bytes(&self, tag: Tag) -> Option<Vec<u8>> {
        match tag {
            Tag::Ids => serde_json::to_vec(&self.ids).ok(),
            Tag::Faults => serde_json::to_vec(&self.faults).ok(),
            Tag::Network(id) => serde_json::to_vec(self.networks.get(&id)?).ok(),
            Tag::Link(id) => serde_json::to_vec(self.links.get(&id)?).ok(),
        }
    }

    /// What was being kept may not be: it is kept with the next changes.
    pub(super) fn return_changes(&mut self) {
        self.changed.append(&mut self.keeping);
    }
}

fn remember(touched: &mut BTreeSet<(GroupId, PeerId)>, peering: (GroupId, PeerId)) {
    if touched.len() < TOUCHED_MAX {
        touched.insert(peering);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touched_peerings_are_remembered_up_to_their_bound() {
        let mut touched = BTreeSet::new();
        let group = GroupId::from_bytes([1; 12]);
        let peering = |number: usize| {
            PeerId::generate(Timestamp::ZERO, u64::try_from(number).unwrap().to_be_bytes())
        };
        for number in 0..TOUCHED_MAX {
            remember(&mut touched, (group, peering(number)));
        }
        assert_eq!(touched.len(), TOUCHED_MAX);
        remember(&mut touched, (group, peering(TOUCHED_MAX)));
        assert_eq!(touched.len(), TOUCHED_MAX);
        assert!(!touched.contains(&(group, peering(TOUCHED_MAX))));
    }
}
