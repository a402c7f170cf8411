//! How a world takes up what is kept: all of it at the start, or what other processes changed.
//!
//! What rests is left asleep: it was just read from where it is kept.

use peerage_core::id::{ContainerId, PeerId};
use serde::de::DeserializeOwned;

use super::World;
use crate::emulated::EmulatedOptions;
use crate::emulated::fault::Faults;
use crate::emulated::ids::Ids;
use crate::emulated::index::Index;
use crate::emulated::journal::Saved;
use crate::emulated::object::{FORMAT, LinkObject, NetworkObject, Tag};
use crate::emulated::row::Row;

/// A kept object cannot be read: it is damaged, or another version wrote it.
#[derive(Debug, thiserror::Error)]
#[error("the emulated object {0} cannot be read")]
pub(in crate::emulated) struct Unreadable(pub(super) String);

/// A world in the making: everything that is kept, in parts.
pub(in crate::emulated) struct Restored {
    world: World,
    rows: Vec<(PeerId, Row)>,
}

impl Restored {
    /// Takes up a part.
    pub(in crate::emulated) fn take(
        &mut self,
        objects: Vec<(String, Vec<u8>)>,
    ) -> Result<(), Unreadable> {
        for (name, bytes) in objects {
            if self.take_one(&name, &bytes).is_none() {
                return Err(Unreadable(name));
            }
        }
        Ok(())
    }

    fn take_one(&mut self, name: &str, bytes: &[u8]) -> Option<()> {
        let Tag::Link(id) = Tag::parse(name)? else {
            return self.world.take_one(name, bytes);
        };
        let link = read_link(bytes)?;
        self.rows.push((id, Row::of(&link)));
        if !link.rests() {
            self.world.place_link(id, link);
        }
        Some(())
    }
}

impl World {
    /// A world like this one in which nothing is yet.
    pub(in crate::emulated) fn anew(&self) -> Restored {
        let (pace, customer, seed) = (self.pace.clone(), self.mode, self.seed);
        let awake_max = self.awake.max();
        let world = Self::new(EmulatedOptions { pace, customer, seed, awake_max });
        Restored { world, rows: Vec::new() }
    }

    /// Takes up everything that is kept, in place of what there was.
    pub(in crate::emulated) fn replace(&mut self, restored: Restored) {
        let Restored { world, rows } = restored;
        let (touched, index) = (std::mem::take(&mut self.touched), Index::of(rows));
        *self = Self { touched, index, ..world };
        self.forget_changes();
        self.sequence = 0;
    }

    /// Takes up what somebody else changed, or what is kept in place of a change that was not.
    pub(in crate::emulated) fn take_up(&mut self, changes: Vec<Saved>) -> Result<(), Unreadable> {
        for (name, bytes) in changes {
            let taken = match bytes {
                Some(bytes) => self.take_one(&name, &bytes),
                None => Tag::parse(&name).map(|tag| self.lose(tag)),
            };
            if taken.is_none() {
                return Err(Unreadable(name));
            }
        }
        self.forget_changes();
        Ok(())
    }

    fn forget_changes(&mut self) {
        self.changed.clear();
        self.keeping.clear();
    }

    fn take_one(&mut self, name: &str, bytes: &[u8]) -> Option<()> {
        match Tag::parse(name)? {
            Tag::Ids => self.ids = read(bytes, Ids::format)?,
            Tag::Faults => self.faults = read(bytes, Faults::format)?,
            Tag::Network(id) => self.take_network(id, read_network(bytes)?),
            Tag::Link(id) => self.take_link(id, read_link(bytes)?),
        }
        Some(())
    }

    fn take_network(&mut self, id: ContainerId, network: NetworkObject) {
        if network.rests() && !self.networks.contains_key(&id) {
            self.asleep.insert(id);
        } else {
            self.place_network(id, network);
        }
    }

    fn take_link(&mut self, id: PeerId, link: LinkObject) {
        self.index.enter(id, &link);
        if !link.rests() || self.links.contains_key(&id) {
            self.place_link(id, link);
        }
    }
}

pub(super) fn read_network(bytes: &[u8]) -> Option<NetworkObject> {
    read(bytes, |network: &NetworkObject| network.v)
}

pub(super) fn read_link(bytes: &[u8]) -> Option<LinkObject> {
    read(bytes, |link: &LinkObject| link.v)
}

fn read<T: DeserializeOwned>(bytes: &[u8], format: impl Fn(&T) -> u8) -> Option<T> {
    let object: T = serde_json::from_slice(bytes).ok()?;
    (format(&object) == FORMAT).then_some(object)
}
