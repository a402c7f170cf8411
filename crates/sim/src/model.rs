//! A project as its clients see it: containers, and peerings that are made, changed, seen, listed
//! and taken away one operation at a time.
//!
//! A model of its own: it shares no rule with the core. What leaves a project by itself, a peering
//! whose removal is done, leaves it at any time after its deletion was asked for.

use std::collections::BTreeMap;

use peerage_core::id::{ContainerId, PeerId};
use peerage_core::provider::Provider;

use crate::linear::{Call, Model};

/// Which network of a customer, and through which block it is reached. Two peerings of one
/// container are twins if network and version are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Customer {
    /// The network.
    pub network: u32,
    /// Which of its incarnations; a change of network names another one.
    pub version: u32,
    /// The block of addresses.
    pub route: u32,
}

/// Where a container is to be; a project has one for each place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The cloud.
    pub provider: Provider,
    /// Which region of it.
    pub region: u8,
}

/// A peering as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown {
    /// Its id.
    pub id: PeerId,
    /// Its container.
    pub container: ContainerId,
    /// The other end.
    pub customer: Customer,
    /// Whether it is on its way out.
    pub leaving: bool,
}

/// What a client asked and saw. An id or a refusal is `None` where no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A container was asked for.
    MakeContainer {
        /// Where.
        place: Place,
        /// What came of it.
        made: Made<ContainerId>,
    },
    /// A container was to go; only those that went are told of.
    RemoveContainer(ContainerId),
    /// All containers of the project.
    ListContainers(Vec<(ContainerId, Place)>),
    /// A peering was asked for.
    MakePeer {
        /// In which container.
        container: ContainerId,
        /// With whom.
        customer: Customer,
        /// What came of it.
        made: Made<PeerId>,
    },
    /// A peering became another.
    ChangePeer {
        /// Which.
        id: PeerId,
        /// Only these of its parts.
        change: Change,
    },
    /// A peering's deletion was asked for.
    RemovePeer(PeerId),
    /// A deletion was refused because it is under way.
    AlreadyLeaving(PeerId),
    /// A peering was looked at.
    Show(Shown),
    /// A peering was looked for or was to be changed, and was not there.
    Missing(PeerId),
    /// All peerings of one cloud.
    List(Provider, Vec<Shown>),
}

/// What came of asking for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made<T> {
    /// This.
    Id(T),
    /// Nothing, because there is one already.
    Taken,
    /// Nobody knows.
    Unknown,
}

/// A change of a peering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another version of the network.
    Version(u32),
    /// Another block.
    Route(u32),
}

/// A peering that exists. Its id is unknown until somebody was told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Peer {
    id: Option<PeerId>,
    container: ContainerId,
    customer: Customer,
    leaving: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Home {
    id: Option<ContainerId>,
    place: Place,
}

/// What a project holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    homes: Vec<Home>,
    peers: Vec<Peer>,
}

/// One project, or a part of it.
pub struct Project<'a>(
    /// What is where in it.
    pub &'a Atlas,
);

/// Where every container of a project is, and in which container every peering: what never
/// changes, and is known to whoever judges.
#[derive(Clone, Debug, Default)]
pub struct Atlas {
    /// The containers.
    pub places: BTreeMap<ContainerId, Place>,
    /// The peerings.
    pub homes: BTreeMap<PeerId, ContainerId>,
}

impl Atlas {
    fn place_of(&self, peer: PeerId) -> Option<Place> {
        self.places.get(self.homes.get(&peer)?).copied()
    }

    /// What of an operation is about the places that are wanted; `None` if nothing is.
    fn narrow(&self, op: &Op, wanted: impl Fn(Place) -> bool) -> Option<Op> {
        let home = |id: &ContainerId| self.places.get(id).is_some_and(|place| wanted(*place));
        let of = |id: &PeerId| self.place_of(*id).is_some_and(&wanted);
        let is_wanted = match op {
            Op::MakeContainer { place, .. } => wanted(*place),
            Op::RemoveContainer(id) => home(id),
            Op::MakePeer { container, .. } => home(container),
            Op::ChangePeer { id, .. } => of(id),
            Op::RemovePeer(id) | Op::AlreadyLeaving(id) | Op::Missing(id) => of(id),
            Op::Show(shown) => home(&shown.container),
            Op::ListContainers(listed) => {
                let listed = listed.iter().filter(|(_, place)| wanted(*place));
                return Some(Op::ListContainers(listed.copied().collect()));
            }
            Op::List(provider, listed) => {
                let listed = listed.iter().filter(|shown| home(&shown.container)).copied();
                return Some(Op::List(*provider, listed.collect()));
            }
        };
        is_wanted.then(|| op.clone())
    }

    /// The part of a history that is about some places. A history holds if each part of it does;
    /// what is lost is only that one look at several places saw them at one time.
    #[must_use]
    pub fn part(&self, history: &[Call<Op>], wanted: impl Fn(Place) -> bool) -> Vec<Call<Op>> {
        let narrowed = history.iter().filter_map(|call| {
            let op = self.narrow(&call.op, &wanted)?;
            Some(Call { op, ..*call })
        });
        let part: Vec<Call<Op>> = narrowed.collect();
        part.iter().filter(|call| !is_idle(call, &part)).cloned().collect()
    }
}

/// Whether a call is one for a peering of which nobody was told and that nobody ever met: whatever
/// order explains the others explains them without it.
fn is_idle(call: &Call<Op>, all: &[Call<Op>]) -> bool {
    let Op::MakePeer { container, customer, made: Made::Unknown } = call.op else { return false };
    let meets =
        |shown: &Shown| shown.container == container && shown.customer.network == customer.network;
    !all.iter().any(|other| match &other.op {
        Op::Show(shown) => meets(shown),
        Op::List(_, listed) => listed.iter().any(meets),
        Op::MakePeer { container: home, customer: it, made } => {
            *made != Made::Unknown && *home == container && it.network == customer.network
        }
        _ => false,
    })
}

impl Model for Project<'_> {
    type Op = Op;
    type State = State;

    fn start(&self) -> State {
        State::default()
    }

    fn step(&self, state: &State, op: &Op, _answered: bool) -> Option<State> {
        let mut next = state.clone();
        let possible = match op {
            Op::MakeContainer { place, made } => next.make_container(*place, *made),
            Op::RemoveContainer(id) => next.remove_container(*id, self.0.places.get(id)),
            Op::ListContainers(listed) => next.see_containers(listed),
            Op::MakePeer { container, customer, made } => {
                next.make_peer(*container, *customer, *made)
            }
            Op::ChangePeer { id, change } => next.change_peer(*id, *change),
            Op::RemovePeer(id) => next.remove_peer(*id),
            Op::AlreadyLeaving(id) => next.peers.iter().any(|it| it.id == Some(*id) && it.leaving),
            Op::Show(shown) => next.see(shown),
            Op::Missing(id) => next.miss(*id),
            Op::List(provider, listed) => {
                let place = |container| self.0.places.get(&container);
                next.see_all(listed, |container| {
                    place(container).is_some_and(|place| place.provider == *provider)
                })
            }
        };
        next.homes.sort_unstable();
        next.peers.sort_unstable();
        possible.then_some(next)
    }
}

impl State {
    fn make_container(&mut self, place: Place, made: Made<ContainerId>) -> bool {
        let taken = self.homes.iter().any(|home| home.place == place);
        let id = match made {
            Made::Taken => return taken,
            Made::Id(id) => Some(id),
            Made::Unknown => None,
        };
        self.homes.push(Home { id, place });
        !taken
    }

    /// Only an empty one goes, so whatever was in it has left.
    fn remove_container(&mut self, id: ContainerId, place: Option<&Place>) -> bool {
        self.peers.retain(|peer| peer.container != id || !peer.leaving);
        let empty = self.peers.iter().all(|peer| peer.container != id);
        let before = self.homes.len();
        self.homes.retain(|home| match home.id {
            Some(known) => known != id,
            None => Some(&home.place) != place,
        });
        empty && self.homes.len() < before
    }

    fn see_containers(&mut self, listed: &[(ContainerId, Place)]) -> bool {
        listed.len() == self.homes.len()
            && listed.iter().all(|(id, place)| {
                let home = self.homes.iter_mut().find(|home| home.place == *place);
                home.is_some_and(|home| *home.id.get_or_insert(*id) == *id)
            })
    }

    fn make_peer(
        &mut self,
        container: ContainerId,
        customer: Customer,
        made: Made<PeerId>,
    ) -> bool {
        let is_twin = |peer: &Peer| {
            peer.container == container
                && peer.customer.network == customer.network
                && peer.customer.version == customer.version
        };
        let id = match made {
            Made::Taken => return self.peers.iter().any(is_twin),
            Made::Id(id) => Some(id),
            Made::Unknown => None,
        };
        self.peers.retain(|peer| !is_twin(peer) || !peer.leaving);
        let free = !self.peers.iter().any(is_twin);
        self.peers.push(Peer { id, container, customer, leaving: false });
        free && self.homes.iter().any(|home| home.id.is_none_or(|id| id == container))
    }

    fn change_peer(&mut self, id: PeerId, change: Change) -> bool {
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.id == Some(id)) else {
            return false;
        };
        match change {
            Change::Version(version) => peer.customer.version = version,
            Change::Route(route) => peer.customer.route = route,
        }
        !peer.leaving
    }

    /// A removal that the cloud refused can be asked for again.
    fn remove_peer(&mut self, id: PeerId) -> bool {
        let peer = self.peers.iter_mut().find(|peer| peer.id == Some(id));
        peer.map(|peer| peer.leaving = true).is_some()
    }

    fn see(&mut self, shown: &Shown) -> bool {
        let is_it = |peer: &&mut Peer| {
            peer.id.is_none_or(|id| id == shown.id)
                && peer.container == shown.container
                && peer.customer == shown.customer
                && peer.leaving == shown.leaving
        };
        // One that is known by its id goes before one that might be it.
        let known = self.peers.iter().any(|peer| peer.id == Some(shown.id));
        let peer = self.peers.iter_mut().find(|peer| is_it(peer) && peer.id.is_some() == known);
        peer.map(|peer| peer.id = Some(shown.id)).is_some()
    }

    fn miss(&mut self, id: PeerId) -> bool {
        self.peers.retain(|peer| peer.id != Some(id) || !peer.leaving);
        self.peers.iter().all(|peer| peer.id != Some(id))
    }

    fn see_all(&mut self, listed: &[Shown], of_cloud: impl Fn(ContainerId) -> bool) -> bool {
        if !listed.iter().all(|shown| of_cloud(shown.container) && self.see(shown)) {
            return false;
        }
        let is_listed = |peer: &Peer| listed.iter().any(|shown| peer.id == Some(shown.id));
        let must_be = |peer: &Peer| of_cloud(peer.container) && !is_listed(peer);
        self.peers.retain(|peer| !must_be(peer) || !peer.leaving);
        !self.peers.iter().any(must_be)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::{Verdict, check};

    const HOME: ContainerId = ContainerId::from_bytes([1; 12]);

    fn place() -> Place {
        Place { provider: Provider::Aws, region: 0 }
    }

    fn atlas() -> Atlas {
        let homes = (1..9).map(|number| (peer(number), HOME)).collect();
        Atlas { places: BTreeMap::from([(HOME, place())]), homes }
    }

    fn customer(network: u32) -> Customer {
        Customer { network, version: 0, route: network }
    }

    fn peer(number: u8) -> PeerId {
        PeerId::from_bytes([number; 12])
    }

    fn shown(number: u8, leaving: bool) -> Shown {
        let customer = customer(u32::from(number));
        Shown { id: peer(number), container: HOME, customer, leaving }
    }

    fn make(number: u8, made: Made<PeerId>) -> Op {
        Op::MakePeer { container: HOME, customer: customer(u32::from(number)), made }
    }

    /// Checks operations that came one after the other; those in the list got no answer.
    fn verdict(ops: Vec<Op>, silent: &[usize]) -> Verdict {
        let first = Op::MakeContainer { place: place(), made: Made::Id(HOME) };
        let calls: Vec<Call<Op>> = std::iter::once(first)
            .chain(ops)
            .enumerate()
            .map(|(at, op)| {
                let invoked = u64::try_from(at).unwrap() * 2;
                let answered = at == 0 || !silent.contains(&(at - 1));
                Call { op, invoked, returned: answered.then_some(invoked + 1) }
            })
            .collect();
        check(&Project(&atlas()), &calls)
    }

    fn possible(ops: Vec<Op>, silent: &[usize]) {
        assert_eq!(verdict(ops.clone(), silent), Verdict::Linearizable, "{ops:?}");
    }

    fn impossible(ops: Vec<Op>) {
        assert!(matches!(verdict(ops.clone(), &[]), Verdict::Impossible(_)), "{ops:?}");
    }

    #[test]
    fn what_a_project_may_answer() {
        let one = make(1, Made::Id(peer(1)));
        let list = |shown: &[Shown]| Op::List(Provider::Aws, shown.to_vec());
        possible(vec![one.clone(), list(&[shown(1, false)]), make(1, Made::Taken)], &[]);
        let leave = Op::RemovePeer(peer(1));
        possible(vec![one.clone(), leave.clone(), list(&[shown(1, true)]), list(&[])], &[]);
        possible(vec![one.clone(), leave.clone(), Op::RemoveContainer(HOME)], &[]);
        possible(vec![one.clone(), leave, make(1, Made::Id(peer(2)))], &[]);
        // Nobody was told of it, and yet it is there, or it is not.
        possible(vec![make(1, Made::Unknown), list(&[shown(1, false)])], &[0]);
        possible(vec![make(1, Made::Unknown), list(&[]), one], &[0]);
    }

    #[test]
    fn what_a_project_must_not_answer() {
        let one = make(1, Made::Id(peer(1)));
        let list = |shown: &[Shown]| Op::List(Provider::Aws, shown.to_vec());
        let leave = Op::RemovePeer(peer(1));
        // Lost, made by nobody, there twice, changed by nobody, back after it went.
        impossible(vec![one.clone(), list(&[])]);
        impossible(vec![one.clone(), Op::Missing(peer(1))]);
        impossible(vec![list(&[shown(1, false)])]);
        impossible(vec![one.clone(), make(1, Made::Id(peer(2)))]);
        let other = Shown { customer: customer(7), ..shown(1, false) };
        impossible(vec![one.clone(), Op::Show(other)]);
        let gone = Op::Missing(peer(1));
        impossible(vec![one.clone(), leave.clone(), gone, Op::Show(shown(1, true))]);
        // Refused for a twin that is not there, left although in use, undone.
        impossible(vec![make(1, Made::Taken)]);
        impossible(vec![one.clone(), Op::RemoveContainer(HOME)]);
        impossible(vec![one.clone(), leave, Op::Show(shown(1, false))]);
        impossible(vec![one, Op::AlreadyLeaving(peer(1))]);
    }

    #[test]
    fn a_part_has_what_is_about_its_places_and_nothing_that_nobody_met() {
        let call = |op, returned| Call { op, invoked: 0, returned };
        let list = Op::List(Provider::Aws, vec![shown(1, false)]);
        let met = call(make(1, Made::Unknown), None);
        let unmet = call(make(2, Made::Unknown), None);
        let history = vec![met, unmet, call(list, Some(1))];
        let here = atlas().part(&history, |place| place.provider == Provider::Aws);
        assert_eq!(here.len(), 2);
        let elsewhere = atlas().part(&history, |place| place.provider == Provider::Gcp);
        assert_eq!(elsewhere.len(), 1);
        assert_eq!(elsewhere[0].op, Op::List(Provider::Aws, vec![]));
    }
}
