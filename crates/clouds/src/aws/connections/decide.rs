//! Accepting, rejecting and deleting: who may do it, where, and in which state. Sources: Amazon VPC
//! Peering Guide, "VPC peering connection lifecycle" and "Accept a VPC peering connection"; the
//! words are those that clients of EC2 report.

use peerage_fabric::rules::aws::{ACTIVE, ACTIVE_CODE};

use super::super::caller::Caller;
use super::super::listing::CONNECTION;
use super::super::refusal::{Refusal, not_permitted};
use super::super::turn::{Outcome, Turn};
use super::super::world::World;
use super::super::xml::Xml;
use super::life::{self, Obstacle};
use super::{Connection, Party, State, shown};

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::aws) enum Act {
    Accept,
    Reject,
    Delete,
}

impl Act {
    const fn verb(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Delete => "delete",
        }
    }

    /// The state that it leads to.
    const fn target(self) -> &'static str {
        match self {
            Self::Accept => "provisioning",
            Self::Reject => "rejected",
            Self::Delete => "deleting",
        }
    }
}

/// `AcceptVpcPeeringConnection`.
pub(in crate::aws) fn accept(turn: &mut Turn<'_>) -> Outcome {
    let id = visible(turn)?;
    perform(turn.world, turn.caller, &id, Act::Accept)?;
    let mut xml = Xml::default();
    xml.block("vpcPeeringConnection", |xml| shown::write(turn, xml, &id));
    Ok(xml)
}

/// `RejectVpcPeeringConnection`.
pub(in crate::aws) fn reject(turn: &mut Turn<'_>) -> Outcome {
    let id = visible(turn)?;
    perform(turn.world, turn.caller, &id, Act::Reject)?;
    Ok(Xml::done())
}

/// `DeleteVpcPeeringConnection`.
pub(in crate::aws) fn delete(turn: &mut Turn<'_>) -> Outcome {
    let id = visible(turn)?;
    perform(turn.world, turn.caller, &id, Act::Delete)?;
    Ok(Xml::done())
}

fn visible(turn: &Turn<'_>) -> Result<String, Refusal> {
    let id = CONNECTION.need(turn)?;
    let found = turn.world.tables.connections.get(id);
    found.filter(|it| it.is_visible(turn)).ok_or_else(|| CONNECTION.not_found(id))?;
    Ok(id.to_owned())
}

/// Does it for a caller who sees the connection.
pub(in crate::aws) fn perform(
    world: &mut World,
    caller: &Caller,
    id: &str,
    act: Act,
) -> Result<(), Refusal> {
    let found = world.tables.connections.get(id).cloned();
    let connection = found.ok_or_else(|| CONNECTION.not_found(id))?;
    match act {
        Act::Accept | Act::Reject => {
            let is_there = connection.accepter.is(caller);
            if !is_there || connection.state != State::PendingAcceptance {
                return Err(refusal(caller, id, &connection, act));
            }
            if act == Act::Reject {
                life::rejected(world, id, connection);
                return Ok(());
            }
            match life::obstacle(world, id, &connection) {
                None => life::accepted(world, id, connection),
                Some(obstacle) => return Err(obstructed(id, &obstacle)),
            }
        }
        Act::Delete => {
            let by = deleter(caller, id, &connection)?;
            life::removed(world, id, connection, by);
        }
    }
    Ok(())
}

/// Why a request cannot be accepted or rejected: for who asks, for where, or for its state.
fn refusal(caller: &Caller, id: &str, connection: &Connection, act: Act) -> Refusal {
    let accepter = &connection.accepter;
    if accepter.account != caller.account {
        return cannot(caller, id, act);
    }
    if accepter.region != caller.region {
        let how = if act == Act::Accept { "accepted" } else { "accepted or rejected" };
        let words = format!(
            "Incorrect region ({}) specified for this request. VPC peering connection {id} must be \
             {how} in region {}",
            caller.region, accepter.region
        );
        return not_permitted(words);
    }
    invalid_transition(id, connection.state, act)
}

/// Who deletes: the requester while the request waits, either side once it works.
fn deleter(caller: &Caller, id: &str, connection: &Connection) -> Result<Party, Refusal> {
    let is_requester = connection.requester.is(caller);
    let by = if is_requester { Party::Requester } else { Party::Accepter };
    match connection.state {
        State::PendingAcceptance if is_requester => Ok(by),
        // Whoever owns both sides is the requester, wherever it asks.
        State::PendingAcceptance if connection.is_of_one_account() => Ok(Party::Requester),
        State::PendingAcceptance => Err(cannot(caller, id, Act::Delete)),
        State::Active => Ok(by),
        state => Err(invalid_transition(id, state, Act::Delete)),
    }
}

fn cannot(caller: &Caller, id: &str, act: Act) -> Refusal {
    not_permitted(format!("User {} cannot {} peering {id}", caller.account, act.verb()))
}

fn invalid_transition(id: &str, state: State, act: Act) -> Refusal {
    let words = format!(
        "Invalid state transition for {id}, attempted to transition from {} to {}",
        state.code(),
        act.target()
    );
    Refusal::new("InvalidStateTransition", words)
}

fn obstructed(id: &str, obstacle: &Obstacle) -> Refusal {
    match obstacle {
        Obstacle::Quota => Refusal::new(ACTIVE_CODE, ACTIVE),
        Obstacle::Twin => {
            let words = format!("The vpc peering connection identified by {id} already exists.");
            Refusal::new("VpcPeeringConnectionAlreadyExists", words)
        }
    }
}

/// A VPC goes: so do the connections that it has, by the hand of its owner.
pub(in crate::aws) fn sever(world: &mut World, vpc: &str) {
    let touched = world.tables.connections.iter().filter(|(_, it)| {
        it.touches(vpc) && matches!(it.state, State::PendingAcceptance | State::Active)
    });
    let touched: Vec<(String, Connection)> =
        touched.map(|(id, it)| (id.clone(), it.clone())).collect();
    for (id, connection) in touched {
        let by = if connection.requester.vpc == vpc { Party::Requester } else { Party::Accepter };
        life::removed(world, &id, connection, by);
    }
}
