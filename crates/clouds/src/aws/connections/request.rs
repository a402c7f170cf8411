//! `CreateVpcPeeringConnection`. Sources: EC2 API Reference; Amazon VPC Peering Guide, "Create a
//! VPC peering connection" and "Limitations".

use peerage_fabric::rules::aws::{EXPIRY, OUTSTANDING, OUTSTANDING_CODE, OUTSTANDING_MAX};
use peerage_fabric::tags::{HANDSHAKE, PEERING};

use super::super::caller::is_region;
use super::super::listing::VPC;
use super::super::refusal::{Refusal, invalid};
use super::super::tags;
use super::super::turn::{Outcome, Turn};
use super::super::world::World;
use super::super::xml::Xml;
use super::{Connection, Side, State, life, shown};

/// The most connections of the whole world, those that are only remembered included. Above it
/// requests are throttled until some are forgotten.
const CONNECTIONS_MAX: usize = 100_000;

/// Makes a request. The pair's own request or connection, if it has one in the same direction, is
/// answered instead of a second one, with its own tags (documented by the Terraform AWS provider,
/// hashicorp/terraform-provider-aws#27750); in the other direction a request is made that nobody
/// can accept while the first one lives (hashicorp/terraform-provider-aws#44315).
pub(in crate::aws) fn create(turn: &mut Turn<'_>) -> Outcome {
    let requester = requester(turn)?;
    let accepter = accepter(turn)?;
    if let Some(id) = twin(turn.world, &requester, &accepter) {
        return Ok(answer(turn, &id));
    }
    if turn.world.tables.connections.len() >= CONNECTIONS_MAX {
        return Err(Refusal::new("RequestLimitExceeded", "Request limit exceeded.").status(503));
    }
    if outstanding(turn.world, &requester.vpc) >= OUTSTANDING_MAX {
        return Err(Refusal::new(OUTSTANDING_CODE, OUTSTANDING));
    }
    let id = turn.world.tables.ids.resource("pcx");
    let due = turn.now().after(turn.world.pace.aws_initiating);
    let connection = Connection {
        requester,
        accepter,
        state: State::InitiatingRequest,
        agreed: false,
        expires: turn.now().after(EXPIRY).as_millis(),
        due: Some(due.as_millis()),
    };
    life::put(turn.world, &id, connection);
    turn.world.hide_made(&id);
    tags::put_specified(turn, &id);
    let tags = turn.tags_of(&id);
    if let Some(peering) = tags.get(PEERING) {
        let handshake = tags.get(HANDSHAKE).map(String::as_str).unwrap_or_default();
        turn.world.count(peering, handshake);
    }
    Ok(answer(turn, &id))
}

fn requester(turn: &Turn<'_>) -> Result<Side, Refusal> {
    let vpc = VPC.need(turn)?;
    let own = turn.vpc(vpc).ok_or_else(|| VPC.not_found(vpc))?;
    let (account, region) = (own.account.clone(), own.region.clone());
    Ok(side(turn, account, region, vpc))
}

/// The other side, whether or not it exists: that is found out while the request is initiated.
fn accepter(turn: &Turn<'_>) -> Result<Side, Refusal> {
    let vpc = turn.input.need("PeerVpcId")?;
    VPC.check(vpc)?;
    let account = turn.input.get("PeerOwnerId").unwrap_or(&turn.caller.account);
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid("PeerOwnerId", account, "It is no account id."));
    }
    let region = turn.input.get("PeerRegion").unwrap_or(&turn.caller.region);
    if !is_region(region) {
        return Err(invalid("PeerRegion", region, "It is no region."));
    }
    Ok(side(turn, account.to_owned(), region.to_owned(), vpc))
}

fn side(turn: &Turn<'_>, account: String, region: String, vpc: &str) -> Side {
    let vpc = vpc.to_owned();
    let side = Side { account, region, vpc, blocks: Vec::new(), dns: false, until: None };
    Side { blocks: side.latest_blocks(turn.world), ..side }
}

/// The living connection that leads from one VPC to the other.
fn twin(world: &World, requester: &Side, accepter: &Side) -> Option<String> {
    let is_twin = |it: &Connection| {
        let same = |one: &Side, other: &Side| {
            one.vpc == other.vpc && one.account == other.account && one.region == other.region
        };
        it.state.is_living() && same(&it.requester, requester) && same(&it.accepter, accepter)
    };
    let mut connections = world.tables.connections.iter();
    connections.find(|(_, it)| is_twin(it)).map(|(id, _)| id.clone())
}

/// The requests that a VPC made and that are open.
fn outstanding(world: &World, vpc: &str) -> usize {
    let is_open = |it: &&Connection| {
        it.requester.vpc == vpc
            && matches!(it.state, State::InitiatingRequest | State::PendingAcceptance)
    };
    world.tables.connections.values().filter(is_open).take(OUTSTANDING_MAX).count()
}

fn answer(turn: &Turn<'_>, id: &str) -> Xml {
    let mut xml = Xml::default();
    xml.block("vpcPeeringConnection", |xml| shown::write(turn, xml, id));
    xml
}
