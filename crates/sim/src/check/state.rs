//! What the store truly holds, followed transaction by transaction, and the rules that each one
//! has to keep.

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::cloud::LinkStatus;
use peerage_core::container::Container;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::Peering;
use peerage_core::reconcile::Key as Object;
use peerage_store::record::{ContainerRecord, PeeringRecord, decode};
use peerage_store::{Txn, Write, keys};

use super::table::{NOTHING, may_follow, status};

/// The most peerings of one project: the published limit.
const PEERINGS_MAX: usize = 50;
/// The most of them that wait for something when another one is asked for.
const WAITING_MAX: usize = 25;

/// Wrongs that are remembered: the first ones tell the most.
const WRONGS_MAX: usize = 100;

/// Sees everything and remembers what is wrong.
#[derive(Default)]
pub struct Judge {
    peerings: BTreeMap<(GroupId, PeerId), Peering>,
    containers: BTreeMap<(GroupId, ContainerId), Container>,
    marks: BTreeSet<Object>,
    wrongs: Vec<String>,
}

impl Judge {
    /// Remembers that something is wrong.
    pub fn accuse(&mut self, what: String) {
        if self.wrongs.len() < WRONGS_MAX {
            self.wrongs.push(what);
        }
    }

    /// What was found wrong, the first thing first.
    #[must_use]
    pub fn wrongs(&self) -> &[String] {
        &self.wrongs
    }

    /// Every peering with its container.
    #[must_use]
    pub fn peerings(&self) -> Vec<(Peering, Option<Container>)> {
        let home = |it: &Peering| self.containers.get(&(it.group, it.container)).cloned();
        self.peerings.values().map(|peering| (peering.clone(), home(peering))).collect()
    }

    /// Every container.
    #[must_use]
    pub fn containers(&self) -> Vec<Container> {
        self.containers.values().cloned().collect()
    }

    /// Takes in a transaction that happened, and checks what it made of the store.
    pub fn look_at(&mut self, txn: &Txn) {
        let told = txn.writes.iter().any(|it| it.key().as_bytes().starts_with(b"group-event/"));
        let mut touched = BTreeSet::new();
        for write in &txn.writes {
            touched.extend(self.take_in(write, told));
        }
        for group in touched {
            self.check_project(group);
        }
    }

    /// Takes in one write; answers the project that it is about.
    fn take_in(&mut self, write: &Write, told: bool) -> Option<GroupId> {
        if let Some(object) = keys::parse_unsettled(write.key()) {
            match write {
                Write::Put { .. } => self.marks.insert(object),
                Write::Delete { .. } => self.marks.remove(&object),
            };
            return Some(object.group());
        }
        let object = keys::parse_network(write.key())?;
        match object {
            Object::Peering(group, id) => self.take_peering(group, id, write, told),
            Object::Network(group, id) => self.take_container(group, id, write),
        }
        Some(object.group())
    }

    fn take_peering(&mut self, group: GroupId, id: PeerId, write: &Write, told: bool) {
        let before = self.peerings.get(&(group, id));
        let was = before.map_or(NOTHING, |it| status(&it.phase));
        let Write::Put { value, .. } = write else {
            if let Some(before) = self.peerings.remove(&(group, id))
                && !may_follow(before.provider(), was, NOTHING)
            {
                self.accuse(format!("peering {id} went while it was {was}"));
            }
            return;
        };
        let after = match decode::<PeeringRecord>(value.as_bytes()) {
            Ok(record) => record.0,
            Err(error) => return self.accuse(format!("peering {id} cannot be read: {error}")),
        };
        let is = status(&after.phase);
        let mut wrongs = Vec::new();
        if !may_follow(after.provider(), was, is) {
            wrongs.push(format!("a peering on {} went from {was:?} to {is}", after.provider()));
        }
        let by_owner = before.is_none_or(|it| it.generation != after.generation);
        if by_owner && !told {
            wrongs.push("its owner changed it and no event says so".to_owned());
        }
        if after.id != id || after.group != group {
            wrongs.push(format!("it is kept as another: {} of {}", after.id, after.group));
        }
        if let Some(before) = before {
            wrongs.extend(changed(before, &after).map(str::to_owned));
        }
        let became = before.is_none_or(|it| !it.phase.is_available());
        if became && after.phase.is_available() && !works(&after) {
            wrongs.push(format!("it became {is} and its connection is {:?}", after.observed));
        }
        self.peerings.insert((group, id), after);
        for wrong in wrongs {
            self.accuse(format!("peering {id}: {wrong}"));
        }
        if was == NOTHING {
            self.check_room(group);
        }
    }

    fn take_container(&mut self, group: GroupId, id: ContainerId, write: &Write) {
        let Write::Put { value, .. } = write else {
            self.containers.remove(&(group, id));
            return;
        };
        match decode::<ContainerRecord>(value.as_bytes()) {
            Ok(record) => drop(self.containers.insert((group, id), record.0)),
            Err(error) => self.accuse(format!("container {id} cannot be read: {error}")),
        }
    }

    /// A peering was added: there has to have been room for it.
    fn check_room(&mut self, group: GroupId) {
        let (mut all, mut waiting) = (0, 0);
        for peering in self.of(group) {
            all += 1;
            waiting += usize::from(peering.phase.is_pending());
        }
        if all > PEERINGS_MAX || waiting > WAITING_MAX {
            self.accuse(format!("project {group} has {all} peerings, {waiting} of them waiting"));
        }
    }

    fn of(&self, group: GroupId) -> impl Iterator<Item = &Peering> {
        let first = (group, PeerId::from_bytes([0; 12]));
        let last = (group, PeerId::from_bytes([0xff; 12]));
        self.peerings.range(first..=last).map(|(_, peering)| peering)
    }

    /// What has to hold for a project after every transaction.
    fn check_project(&mut self, group: GroupId) {
        let mut wrongs = Vec::new();
        let mut counts: BTreeMap<ContainerId, u32> = BTreeMap::new();
        let peerings: Vec<&Peering> = self.of(group).collect();
        for (at, peering) in peerings.iter().enumerate() {
            *counts.entry(peering.container).or_default() += 1;
            let is_twin = |other: &&&Peering| {
                other.container == peering.container
                    && other.customer.is_same_network(&peering.customer)
            };
            if let Some(twin) = peerings[..at].iter().find(is_twin) {
                wrongs.push(format!("peerings {} and {} are twins", twin.id, peering.id));
            }
            let object = Object::Peering(group, peering.id);
            if self.marks.contains(&object) == peering.is_settled() {
                wrongs.push(format!("the index is wrong about peering {}", peering.id));
            }
        }
        for mark in self.marks.iter().filter(|mark| mark.group() == group) {
            let known = match mark {
                Object::Peering(group, id) => self.peerings.contains_key(&(*group, *id)),
                Object::Network(group, id) => self.containers.contains_key(&(*group, *id)),
            };
            if !known {
                wrongs.push(format!("the index knows {mark:?}, which is not there"));
            }
        }
        let homes = self.containers.values().filter(|container| container.group == group);
        let homes: Vec<&Container> = homes.collect();
        for (at, home) in homes.iter().enumerate() {
            let count = counts.remove(&home.id).unwrap_or(0);
            if home.peerings != count {
                wrongs.push(format!(
                    "container {} counts {} peerings and has {count}",
                    home.id, home.peerings
                ));
            }
            if homes[..at].iter().any(|other| other.spec.same_place(&home.spec)) {
                wrongs.push(format!("container {} is where another one is", home.id));
            }
            if self.marks.contains(&Object::Network(group, home.id)) == home.is_settled() {
                wrongs.push(format!("the index is wrong about container {}", home.id));
            }
        }
        for container in counts.keys() {
            wrongs.push(format!("peerings live in container {container}, which is not there"));
        }
        wrongs.into_iter().for_each(|wrong| self.accuse(wrong));
    }

    /// What still has something to do by itself; `None` when nothing has.
    #[must_use]
    pub fn restless(&self) -> Option<String> {
        let peering = self.peerings.values().find(|it| !rests(it));
        let peering = peering.map(|it| {
            let observed = it.observed.found().map(|link| link.status);
            format!("peering {} is {}, seen {observed:?}", it.id, status(&it.phase))
        });
        let container = self.containers.values().find(|it| !it.is_settled());
        peering.or(container.map(|it| format!("container {} is {:?}", it.id, it.observed)))
    }
}

/// What must never change about a peering, or only grow.
fn changed(before: &Peering, after: &Peering) -> Option<&'static str> {
    if after.container != before.container || after.created != before.created {
        return Some("its container or its beginning changed");
    }
    if after.generation < before.generation || after.handshake < before.handshake {
        return Some("its generation or its handshake went back");
    }
    let same = after.customer == before.customer;
    (!same && after.generation == before.generation).then_some("its customer changed by itself")
}

/// Whether the connection of this handshake was seen to work.
fn works(peering: &Peering) -> bool {
    let link = peering.observed.found();
    link.is_some_and(|it| it.handshake == peering.handshake && it.status == LinkStatus::Active)
}

/// Whether a peering has nothing to do by itself. One that waits for its customer may wait for
/// ever.
fn rests(peering: &Peering) -> bool {
    let waits = peering.observed.found().is_some_and(|link| {
        link.status == LinkStatus::AwaitsCustomer && link.handshake == peering.handshake
    });
    peering.is_settled() || (waits && peering.phase.is_pending())
}
