//! `DescribeVpcPeeringConnections`, and how a connection is shown wherever it is.

use peerage_core::time::Timestamp;

use super::super::filters::Filters;
use super::super::listing::{self, CONNECTION};
use super::super::tags;
use super::super::turn::{Outcome, Turn};
use super::super::xml::Xml;
use super::{Connection, Party, State, options};
use crate::calendar;

const FILTERS: &[&str] = &[
    "accepter-vpc-info.cidr-block",
    "accepter-vpc-info.owner-id",
    "accepter-vpc-info.vpc-id",
    "expiration-time",
    "requester-vpc-info.cidr-block",
    "requester-vpc-info.owner-id",
    "requester-vpc-info.vpc-id",
    "status-code",
    "status-message",
    "vpc-peering-connection-id",
];

/// Describes what the caller sees: its own requests, and those to it that have arrived.
pub(in crate::aws) fn describe(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, FILTERS)?;
    let seen = turn.world.tables.connections.iter().filter(|(_, it)| it.is_visible(turn));
    let visible = seen.map(|(id, _)| id.clone()).collect();
    let found = listing::find(turn, &CONNECTION, visible, |turn, id| {
        let values = |name: &str| match turn.world.tables.connections.get(id) {
            Some(connection) => values(turn, connection, id, name),
            None => Vec::new(),
        };
        filters.admit(&turn.tags_of(id), values)
    })?;
    let mut xml = Xml::default();
    xml.items("vpcPeeringConnectionSet", &found.ids, |xml, id| write(turn, xml, id));
    found.end(&mut xml);
    Ok(xml)
}

fn values(turn: &Turn<'_>, connection: &Connection, id: &str, name: &str) -> Vec<String> {
    let (requester, accepter) = (&connection.requester, &connection.accepter);
    match name {
        "accepter-vpc-info.cidr-block" if shows_blocks(turn, connection) => {
            connection.blocks(turn.world, Party::Accepter)
        }
        "accepter-vpc-info.owner-id" => vec![accepter.account.clone()],
        "accepter-vpc-info.vpc-id" => vec![accepter.vpc.clone()],
        "expiration-time" => expiration(connection).into_iter().collect(),
        "requester-vpc-info.cidr-block" => connection.blocks(turn.world, Party::Requester),
        "requester-vpc-info.owner-id" => vec![requester.account.clone()],
        "requester-vpc-info.vpc-id" => vec![requester.vpc.clone()],
        "status-code" => vec![connection.state.code().to_owned()],
        "status-message" => vec![connection.message()],
        "vpc-peering-connection-id" => vec![id.to_owned()],
        _ => Vec::new(),
    }
}

/// A requester learns the blocks of another account's VPC when its owner has agreed, not before.
fn shows_blocks(turn: &Turn<'_>, connection: &Connection) -> bool {
    connection.agreed || connection.accepter.account == turn.caller.account
}

/// When a request expires, as long as that means anything.
fn expiration(connection: &Connection) -> Option<String> {
    let is_open = matches!(
        connection.state,
        State::InitiatingRequest | State::PendingAcceptance | State::Expired
    );
    is_open.then(|| calendar::utc(Timestamp::from_millis(connection.expires)))
}

/// A connection as the caller sees it.
pub(super) fn write(turn: &Turn<'_>, xml: &mut Xml, id: &str) {
    let Some(connection) = turn.world.tables.connections.get(id) else { return };
    xml.text("vpcPeeringConnectionId", id);
    xml.block("requesterVpcInfo", |xml| write_side(turn, xml, connection, Party::Requester));
    xml.block("accepterVpcInfo", |xml| write_side(turn, xml, connection, Party::Accepter));
    xml.block("status", |xml| {
        xml.text("code", connection.state.code()).text("message", connection.message());
    });
    xml.maybe("expirationTime", expiration(connection));
    tags::write(xml, &turn.tags_of(id));
}

fn write_side(turn: &Turn<'_>, xml: &mut Xml, connection: &Connection, party: Party) {
    let side = connection.side(party);
    xml.text("ownerId", &side.account).text("vpcId", &side.vpc).text("region", &side.region);
    if party == Party::Requester || shows_blocks(turn, connection) {
        let blocks = connection.blocks(turn.world, party);
        xml.maybe("cidrBlock", blocks.first());
        xml.items("cidrBlockSet", &blocks, |xml, block| {
            xml.text("cidrBlock", block);
        });
    }
    if connection.state == State::Active {
        xml.block("peeringOptions", |xml| options::write(xml, connection, party));
    }
}
