//! How a connection goes from state to state, by itself and when somebody says so. Must not know
//! requests or who may say what.

use std::time::Duration;

use peerage_core::time::Timestamp;
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::rules::aws::{ACTIVE_MAX, REMEMBERS, REMEMBERS_SHORT};

use super::super::world::World;
use super::super::{SERVICE, blocks as ranges, vpcs};
use super::{Connection, Party, Side, State};

/// Why a request cannot be accepted.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::aws) enum Obstacle {
    /// The pair has another connection already.
    Twin,
    /// One of the VPCs has as many as it may.
    Quota,
}

/// A connection is so from here on.
pub(in crate::aws) fn put(world: &mut World, id: &str, connection: Connection) {
    world.agenda.set(id, connection.due);
    world.tables.connections.insert(id.to_owned(), connection);
}

/// A connection's time has come.
pub(in crate::aws) fn step(world: &mut World, id: &str) {
    let Some(connection) = world.tables.connections.get(id).cloned() else { return };
    match connection.state {
        State::InitiatingRequest => initiated(world, id, connection),
        State::PendingAcceptance => waited(world, id, connection),
        State::Provisioning => put(world, id, enter(connection, State::Active, None)),
        State::Deleting(party) => deleted(world, id, connection, party),
        State::Active => put(world, id, enter(connection, State::Active, None)),
        State::Failed | State::Rejected | State::Expired | State::Deleted(_) => forget(world, id),
    }
}

/// The request arrives, or fails: the other VPC is not where it was said to be, or any block of one
/// overlaps any of the other.
fn initiated(world: &mut World, id: &str, connection: Connection) {
    if !meet(world, &connection) {
        let ends = [Some(REMEMBERS_SHORT), None];
        return end(world, id, connection, State::Failed, ends);
    }
    let (now, expires) = (world.now(), connection.expires);
    let acts = match world.mode {
        CustomerMode::Accept | CustomerMode::Reject if connection.accepter.account != SERVICE => {
            now.after(world.pace.customer).as_millis()
        }
        _ => expires,
    };
    put(world, id, enter(connection, State::PendingAcceptance, Some(acts.min(expires))));
}

/// The customer acts by itself, or the request expires.
fn waited(world: &mut World, id: &str, connection: Connection) {
    let expires = connection.expires;
    if world.now() >= Timestamp::from_millis(expires) {
        let ends = [Some(REMEMBERS), Some(REMEMBERS)];
        return end(world, id, connection, State::Expired, ends);
    }
    match world.mode {
        CustomerMode::Reject => rejected(world, id, connection),
        CustomerMode::Accept if obstacle(world, id, &connection).is_none() => {
            accepted(world, id, connection);
        }
        CustomerMode::Accept | CustomerMode::Manual | CustomerMode::Ignore => {
            put(world, id, enter(connection, State::PendingAcceptance, Some(expires)));
        }
    }
}

/// Whether the accepter's VPC is where the request says, and no two blocks overlap.
fn meet(world: &World, connection: &Connection) -> bool {
    let (requester, accepter) = (&connection.requester, &connection.accepter);
    let is_there = |side: &Side| side.own_vpc(world).is_some();
    let blocks = |side: &Side| vpcs::blocks_of(world, &side.vpc).unwrap_or_default();
    let theirs = blocks(accepter);
    let overlaps = blocks(requester)
        .into_iter()
        .any(|ours| theirs.iter().any(|it| ranges::overlap(ours, *it)));
    is_there(requester) && is_there(accepter) && !overlaps
}

/// What is in the way of accepting a request.
pub(in crate::aws) fn obstacle(
    world: &World,
    id: &str,
    connection: &Connection,
) -> Option<Obstacle> {
    let (one, other) = (&connection.requester.vpc, &connection.accepter.vpc);
    let others =
        world.tables.connections.iter().filter(|(at, it)| *at != id && it.state.is_joined());
    let (mut ours, mut theirs) = (0, 0);
    for (_, it) in others {
        if it.touches(one) && it.touches(other) {
            return Some(Obstacle::Twin);
        }
        ours += usize::from(it.touches(one));
        theirs += usize::from(it.touches(other));
    }
    (ours >= ACTIVE_MAX || theirs >= ACTIVE_MAX).then_some(Obstacle::Quota)
}

/// The accepter agrees. A VPC may have got a block since the request was made: then it fails.
pub(in crate::aws) fn accepted(world: &mut World, id: &str, connection: Connection) {
    if !meet(world, &connection) {
        let ends = [Some(REMEMBERS_SHORT), None];
        return end(world, id, connection, State::Failed, ends);
    }
    let due = world.now().after(world.pace.aws_provisioning).as_millis();
    let agreed = Connection { agreed: true, ..connection };
    put(world, id, enter(agreed, State::Provisioning, Some(due)));
}

/// The accepter says no.
pub(in crate::aws) fn rejected(world: &mut World, id: &str, connection: Connection) {
    let requester = if connection.is_of_one_account() { REMEMBERS_SHORT } else { REMEMBERS };
    let ends = [Some(requester), Some(REMEMBERS_SHORT)];
    end(world, id, connection, State::Rejected, ends);
}

/// A side takes it away: between regions that takes a while.
pub(in crate::aws) fn removed(world: &mut World, id: &str, connection: Connection, by: Party) {
    if !connection.is_inter_region() {
        return deleted(world, id, connection, by);
    }
    let due = world.now().after(world.pace.removal).as_millis();
    put(world, id, enter(connection, State::Deleting(by), Some(due)));
}

fn deleted(world: &mut World, id: &str, connection: Connection, by: Party) {
    let other = if connection.is_of_one_account() { REMEMBERS_SHORT } else { REMEMBERS };
    let ends = match by {
        Party::Requester => [Some(REMEMBERS_SHORT), Some(other)],
        Party::Accepter => [Some(other), Some(REMEMBERS_SHORT)],
    };
    end(world, id, connection, State::Deleted(by), ends);
}

/// It is over, and is remembered by the requester and the accepter for so long.
fn end(
    world: &mut World,
    id: &str,
    connection: Connection,
    state: State,
    ends: [Option<Duration>; 2],
) {
    let now = world.now();
    let [requester, accepter] = ends.map(|span| span.map(|span| now.after(span).as_millis()));
    let remember = |side: &Side, until| Side {
        blocks: side.latest_blocks(world),
        until,
        dns: false,
        ..side.clone()
    };
    let ended = Connection {
        requester: remember(&connection.requester, requester),
        accepter: remember(&connection.accepter, accepter),
        ..connection
    };
    put(world, id, enter(ended, state, requester.max(accepter)));
}

fn enter(connection: Connection, state: State, due: Option<i64>) -> Connection {
    Connection { state, due, ..connection }
}

/// Nobody remembers it any more.
fn forget(world: &mut World, id: &str) {
    let Some(gone) = world.tables.connections.remove(id) else { return };
    for side in [&gone.requester, &gone.accepter] {
        world.tables.tags.remove(&side.key(id));
    }
    world.unhide(id);
}
