//! The emulated world: its objects, and how time passes in it.
//!
//! Plain data and plain functions: time is an argument, nothing waits, nothing is written. What
//! changed is remembered until [`World::take_changes`], what changed by itself or by the
//! customer's hand until [`World::take_touched`].

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::time::Timestamp;
use serde::de::DeserializeOwned;

use super::fault::Faults;
use super::ids::Ids;
use super::index::Index;
use super::journal::Saved;
use super::object::{FORMAT, Fate, LinkObject, NetworkObject, NetworkState, Sides, Tag};
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
    networks: BTreeMap<ContainerId, NetworkObject>,
    links: BTreeMap<PeerId, LinkObject>,
    pub(super) index: Index,
    /// What will change by itself.
    due: BTreeSet<(Timestamp, Tag)>,
    /// Those of `due` that anybody can see.
    events: BTreeSet<(Timestamp, Tag)>,
    changed: BTreeSet<Tag>,
    touched: BTreeSet<(GroupId, PeerId)>,
    /// Counts the changes, so that a caller can wait until its own are kept.
    pub(super) sequence: u64,
}

/// A kept object cannot be read: it is damaged, or another version wrote it.
#[derive(Debug, thiserror::Error)]
#[error("the emulated object {0} cannot be read")]
pub(super) struct Unreadable(String);

impl World {
    pub(super) fn new(options: EmulatedOptions) -> Self {
        Self {
            pace: options.pace,
            mode: options.customer,
            seed: options.seed,
            ids: Ids::new(options.seed),
            faults: Faults::default(),
            networks: BTreeMap::new(),
            links: BTreeMap::new(),
            index: Index::default(),
            due: BTreeSet::new(),
            events: BTreeSet::new(),
            changed: BTreeSet::new(),
            touched: BTreeSet::new(),
            sequence: 0,
        }
    }

    /// Takes up what an earlier life of the process kept.
    pub(super) fn restore(&mut self, objects: Vec<(String, Vec<u8>)>) -> Result<(), Unreadable> {
        for (name, bytes) in objects {
            if self.restore_one(&name, &bytes).is_none() {
                return Err(Unreadable(name));
            }
        }
        self.changed.clear();
        self.sequence = 0;
        Ok(())
    }

    /// Takes up everything that is kept, in place of what there was.
    pub(super) fn replace(&mut self, objects: Vec<(String, Vec<u8>)>) -> Result<(), Unreadable> {
        let options =
            EmulatedOptions { pace: self.pace.clone(), customer: self.mode, seed: self.seed };
        *self = Self { touched: std::mem::take(&mut self.touched), ..Self::new(options) };
        self.restore(objects)
    }

    /// Takes up what somebody else changed, or what is kept in place of a change that was not.
    pub(super) fn take_up(&mut self, changes: Vec<Saved>) -> Result<(), Unreadable> {
        for (name, bytes) in changes {
            let taken = match bytes {
                Some(bytes) => self.restore_one(&name, &bytes),
                None => self.forget_one(&name),
            };
            if taken.is_none() {
                return Err(Unreadable(name));
            }
        }
        self.changed.clear();
        Ok(())
    }

    fn forget_one(&mut self, name: &str) -> Option<()> {
        match Tag::parse(name)? {
            Tag::Ids => self.ids = Ids::new(self.seed),
            Tag::Faults => self.faults = Faults::default(),
            Tag::Network(id) => self.remove_network(id),
            Tag::Link(id) => self.settle(id, Fate::Gone),
        }
        Some(())
    }

    /// How many changes wait to be kept.
    pub(super) fn unkept(&self) -> usize {
        self.changed.len()
    }

    fn restore_one(&mut self, name: &str, bytes: &[u8]) -> Option<()> {
        match Tag::parse(name)? {
            Tag::Ids => self.ids = read(bytes, Ids::format)?,
            Tag::Faults => self.faults = read(bytes, Faults::format)?,
            Tag::Network(id) => {
                let network = read(bytes, |network: &NetworkObject| network.v)?;
                self.put_network(id, network);
            }
            Tag::Link(id) => {
                let link = read(bytes, |link: &LinkObject| link.v)?;
                self.put_link(id, link);
            }
        }
        Some(())
    }

    pub(super) fn network(&self, id: ContainerId) -> Option<&NetworkObject> {
        self.networks.get(&id)
    }

    pub(super) fn link(&self, id: PeerId) -> Option<&LinkObject> {
        self.links.get(&id)
    }

    /// The connections of those ids.
    pub(super) fn links<'a>(
        &'a self,
        ids: impl Iterator<Item = PeerId> + 'a,
    ) -> impl Iterator<Item = (PeerId, &'a LinkObject)> + 'a {
        ids.filter_map(|id| Some((id, self.links.get(&id)?)))
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
        let tag = Tag::Network(id);
        self.unschedule(tag);
        if let Some(due) = network.due {
            self.due.insert((Timestamp::from_millis(due), tag));
            self.events.insert((Timestamp::from_millis(due), tag));
        }
        self.networks.insert(id, network);
        self.mark(tag);
    }

    pub(super) fn put_link(&mut self, id: PeerId, link: LinkObject) {
        let tag = Tag::Link(id);
        self.unschedule(tag);
        if let Some(old) = self.links.get(&id) {
            self.index.leave(id, old);
        }
        if let Some(due) = link.due() {
            self.due.insert((due, tag));
            if !link.is_memory() {
                self.events.insert((due, tag));
            }
        }
        self.index.enter(id, &link);
        self.links.insert(id, link);
        self.mark(tag);
    }

    fn remove_network(&mut self, id: ContainerId) {
        self.unschedule(Tag::Network(id));
        self.networks.remove(&id);
        self.mark(Tag::Network(id));
    }

    /// Makes of a connection what became of it.
    pub(super) fn settle(&mut self, id: PeerId, fate: Fate) {
        match fate {
            Fate::Becomes(link) => self.put_link(id, *link),
            Fate::Gone => {
                self.unschedule(Tag::Link(id));
                if let Some(old) = self.links.remove(&id) {
                    self.index.leave(id, &old);
                }
                self.mark(Tag::Link(id));
            }
        }
    }

    fn unschedule(&mut self, tag: Tag) {
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
            NetworkState::Removing => self.remove_network(id),
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

    /// What changed since it was last asked, and up to which change that is.
    pub(super) fn take_changes(&mut self) -> (BTreeSet<Tag>, Vec<Saved>, u64) {
        let tags = std::mem::take(&mut self.changed);
        let saved = tags.iter().map(|&tag| (tag.name(), self.bytes(tag))).collect();
        (tags, saved, self.sequence)
    }

    fn bytes(&self, tag: Tag) -> Option<Vec<u8>> {
        match tag {
            Tag::Ids => serde_json::to_vec(&self.ids).ok(),
            Tag::Faults => serde_json::to_vec(&self.faults).ok(),
            Tag::Network(id) => serde_json::to_vec(self.networks.get(&id)?).ok(),
            Tag::Link(id) => serde_json::to_vec(self.links.get(&id)?).ok(),
        }
    }

    /// Gives back changes that may not have been kept: they are kept with the next ones.
    pub(super) fn return_changes(&mut self, tags: BTreeSet<Tag>) {
        self.changed.extend(tags);
    }
}

fn remember(touched: &mut BTreeSet<(GroupId, PeerId)>, peering: (GroupId, PeerId)) {
    if touched.len() < TOUCHED_MAX {
        touched.insert(peering);
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8], format: impl Fn(&T) -> u8) -> Option<T> {
    let object: T = serde_json::from_slice(bytes).ok()?;
    (format(&object) == FORMAT).then_some(object)
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
