//! The customer of the service: what it does by itself, and what it is told to do.
//!
//! Our half of a connection is known by its name, which the service's driver gives it
//! ([`peerage_fabric::tags::link_name`]). A customer that agrees to everything makes its half some
//! time after ours, in a network that is made for it if there is none of that name, and takes it
//! away some time after ours is gone. While an operation runs on either network it tries again.

use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerError, CustomerMode};
use peerage_fabric::rules::gcp::BUSY;
use peerage_fabric::tags;
use serde::{Deserialize, Serialize};

use super::links::NetworkKey;
use super::network::Network;
use super::peering::{self, Peering};
use super::refusal::{Failure, Refusal};
use super::world::World;
use super::{SERVICE_PROJECT, operation, route};

/// How the halves are named that the customer makes by itself.
const HALF_FRONT: &str = "peerage-";

/// `user` of the customer's operations.
const USER: &str = "customer";

/// Something that the customer is going to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) due_ms: i64,
    act: Act,
    /// Whose half it is about, and the half's name: ours to join, the customer's to leave.
    network: NetworkKey,
    peering: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Act {
    Join,
    Leave,
}

/// A half is there: the customer is going to answer it, if it answers everything.
pub(super) fn half_added(world: &mut World, network: &NetworkKey, name: &str) {
    let half = world.tables.networks.get(network).and_then(|network| network.peering(name));
    let waits = half.is_some_and(|half| !half.is_active());
    if waits && tags::parse_link_name(name).is_some() {
        plan(world, Act::Join, network, name);
    }
}

/// A half is gone: the customer is going to take its own away, if it made it by itself.
pub(super) fn half_removed(world: &mut World, network: &NetworkKey, peer: &NetworkKey) {
    let theirs = world.tables.networks.get(peer).and_then(|peer| peer.half(network));
    let name = theirs.map(|theirs| theirs.name.clone());
    if let Some(name) = name.filter(|name| is_own(name)) {
        plan(world, Act::Leave, peer, &name);
    }
}

fn plan(world: &mut World, act: Act, network: &NetworkKey, peering: &str) {
    match world.mode {
        CustomerMode::Accept => {}
        CustomerMode::Manual | CustomerMode::Reject | CustomerMode::Ignore => return,
    }
    let due_ms = world.now.after(world.pace.customer).as_millis();
    let row = format!("{}/{}/{peering}", network.project(), network.name());
    let visit = Visit { due_ms, act, network: network.clone(), peering: peering.to_owned() };
    world.tables.visits.insert(row, visit);
}

fn is_own(name: &str) -> bool {
    name.starts_with(HALF_FRONT) && tags::parse_link_name(name).is_none()
}

/// The time has come for what the customer is going to do.
pub(super) fn visit(world: &mut World, row: &str) {
    let Some(visit) = world.tables.visits.remove(row) else { return };
    world.touch();
    let half = world.tables.networks.get(&visit.network);
    let half = half.and_then(|network| network.peering(&visit.peering));
    let Some(half) = half.filter(|half| !half.is_active()).cloned() else { return };
    if let Some(free_ms) = operation::free_at(world, &[&visit.network, &half.peer]) {
        let due_ms = free_ms.max(world.now.as_millis());
        world.tables.visits.insert(row.to_owned(), Visit { due_ms, ..visit });
        return;
    }
    match visit.act {
        Act::Join => join(world, &visit.network, &half.peer),
        Act::Leave => leave(world, &visit.network, &half),
    }
}

/// The customer makes its half. What its cloud says to that is its own affair; ours is told by the
/// state of our half.
fn join(world: &mut World, ours: &NetworkKey, theirs: &NetworkKey) {
    if !world.tables.networks.contains_key(theirs) && theirs.project() != SERVICE_PROJECT {
        make_network(world, theirs);
    }
    let half = Peering::plain(half_name(world), ours.clone());
    let _ = peering::add(world, theirs, half, USER);
}

fn leave(world: &mut World, theirs: &NetworkKey, half: &Peering) {
    let ours = world.tables.networks.get(&half.peer);
    if ours.is_none_or(|ours| ours.half(theirs).is_none()) {
        let _ = peering::remove(world, theirs, &half.name, USER);
    }
}

fn half_name(world: &mut World) -> String {
    format!("{HALF_FRONT}{}", world.tables.ids.hex(8))
}

/// Makes a network in custom mode that is there at once.
pub(super) fn make_network(world: &mut World, key: &NetworkKey) {
    let network = Network::new(world);
    world.tables.networks.insert(key.clone(), network);
    route::add_default(world, key);
    world.touch();
}

/// Does what the customer is told, for the peering whose half carries this id.
pub(super) fn act(
    world: &mut World,
    peering: PeerId,
    act: CustomerAct,
    now: Timestamp,
) -> Result<(), CustomerError> {
    world.pass(now);
    let found = our_half(world, peering);
    if found.is_none() && !is_being_made(world, peering) {
        let words = format!("The customer's cloud knows of no connection for peering {peering}.");
        return Err(CustomerError::new("NotFound", words));
    }
    match (act, found) {
        (CustomerAct::Reject, _) => Err(CustomerError::new(
            "UNSUPPORTED_OPERATION",
            "A peering of GCP cannot be rejected: while the other half is not made, it stays \
             inactive.",
        )),
        (CustomerAct::Accept, None) => Err(CustomerError::new(BUSY, BUSY)),
        (CustomerAct::Delete, None) => Err(no_half(&tags::link_prefix(peering))),
        (CustomerAct::Accept, Some((ours, half))) => accept(world, &ours, &half),
        (CustomerAct::Delete, Some((ours, half))) => {
            let theirs = world.tables.networks.get(&half.peer).and_then(|peer| peer.half(&ours));
            let name = theirs.map(|theirs| theirs.name.clone());
            let name = name.ok_or_else(|| no_half(&half.name))?;
            peering::remove(world, &half.peer, &name, USER).map_err(refused)
        }
    }
}

fn accept(world: &mut World, ours: &NetworkKey, half: &Peering) -> Result<(), CustomerError> {
    if !world.tables.networks.contains_key(&half.peer) && half.peer.project() != SERVICE_PROJECT {
        make_network(world, &half.peer);
    }
    let theirs = world.tables.networks.get(&half.peer).and_then(|peer| peer.half(ours));
    if let Some(theirs) = theirs {
        let words = format!("There is already a peering ({}) with the same network.", theirs.name);
        return Err(CustomerError::new("RESOURCE_ALREADY_EXISTS", words));
    }
    // The operation would fail with it, where nobody looks.
    peering::check_add(world, &half.peer, ours).map_err(failed)?;
    let name = half_name(world);
    peering::add(world, &half.peer, Peering::plain(name, ours.clone()), USER).map_err(refused)
}

/// Our half of the newest handshake.
fn our_half(world: &World, peering: PeerId) -> Option<(NetworkKey, Peering)> {
    let networks = world.tables.networks.iter();
    let halves =
        networks.flat_map(|(key, network)| network.peerings.iter().map(move |half| (key, half)));
    let ours = halves.filter_map(|(key, half)| {
        let (owner, handshake) = tags::parse_link_name(&half.name)?;
        (owner == peering).then_some((handshake, key, half))
    });
    let newest = ours.max_by_key(|(handshake, _, _)| *handshake);
    newest.map(|(_, key, half)| (key.clone(), half.clone()))
}

fn is_being_made(world: &World, peering: PeerId) -> bool {
    let prefix = tags::link_prefix(peering);
    let mut networks = world.tables.networks.keys();
    networks.any(|key| operation::added_names(world, key).any(|name| name.starts_with(&prefix)))
}

fn no_half(name: &str) -> CustomerError {
    let words = format!("The customer's network has no peering {name}.");
    CustomerError::new("RESOURCE_NOT_FOUND", words)
}

fn failed(failure: Failure) -> CustomerError {
    CustomerError::new(&failure.code, failure.message)
}

fn refused(refusal: Refusal) -> CustomerError {
    let code = if refusal.message == BUSY { BUSY } else { refusal.reason };
    CustomerError::new(code, refusal.message)
}
