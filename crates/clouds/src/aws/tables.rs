//! Route tables and what they are associated with. Source: Amazon VPC User Guide, "Route table
//! concepts".

mod associations;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::filters::Filters;
use super::listing::{self, TABLE, VPC};
use super::refusal::{Refusal, depended_on};
use super::turn::{Outcome, Turn};
use super::vpcs::Vpc;
use super::world::World;
use super::xml::Xml;
use super::{routes, tags};

pub(super) use associations::{associate, disassociate, replace_association};

/// The most route tables of a VPC (Amazon VPC quotas).
const TABLES_MAX: usize = 200;

/// A route table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RouteTable {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) vpc: String,
    /// The id of the association with the whole VPC, if this is its main table.
    pub(super) main: Option<String>,
    /// Subnets by the ids of their associations.
    pub(super) associations: BTreeMap<String, String>,
    /// Connections by the blocks that go through them. What is local follows from the VPC.
    pub(super) routes: BTreeMap<String, String>,
    /// The `ClientToken` of the request that made it.
    token: Option<String>,
}

/// The main route table of a VPC that is being made.
pub(super) fn put_main(world: &mut World, vpc_id: &str, vpc: &Vpc) {
    let (id, main) = (world.tables.ids.resource("rtb"), world.tables.ids.resource("rtbassoc"));
    let (account, region) = (vpc.account.clone(), vpc.region.clone());
    let table = RouteTable { main: Some(main), ..empty(account, region, vpc_id) };
    world.tables.route_tables.insert(id, table);
}

fn empty(account: String, region: String, vpc: &str) -> RouteTable {
    RouteTable {
        account,
        region,
        vpc: vpc.to_owned(),
        main: None,
        associations: BTreeMap::new(),
        routes: BTreeMap::new(),
        token: None,
    }
}

/// A table of the caller's.
pub(super) fn own<'a>(turn: &'a Turn<'_>, id: &str) -> Result<&'a RouteTable, Refusal> {
    let table = turn.world.tables.route_tables.get(id);
    let own = table.filter(|table| turn.owns(&table.account, &table.region));
    own.ok_or_else(|| TABLE.not_found(id))
}

/// `CreateRouteTable`.
pub(super) fn create(turn: &mut Turn<'_>) -> Outcome {
    let vpc = VPC.need(turn)?;
    turn.vpc(vpc).ok_or_else(|| VPC.not_found(vpc))?;
    if let Some(id) = made_before(turn, vpc)? {
        return Ok(answer(turn, &id));
    }
    let siblings = turn.world.tables.route_tables.values().filter(|table| table.vpc == vpc);
    if siblings.count() >= TABLES_MAX {
        let words = "The maximum number of route tables has been reached.";
        return Err(Refusal::new("RouteTableLimitExceeded", words));
    }
    let id = turn.world.tables.ids.resource("rtb");
    let (account, region) = (turn.caller.account.clone(), turn.caller.region.clone());
    let token = turn.input.get("ClientToken").map(str::to_owned);
    let table = RouteTable { token, ..empty(account, region, vpc) };
    turn.world.tables.route_tables.insert(id.clone(), table);
    turn.world.hide_made(&id);
    tags::put_specified(turn, &id);
    Ok(answer(turn, &id))
}

/// The table that a request with the same token made (Amazon EC2 Developer Guide, "Ensuring
/// idempotency").
fn made_before(turn: &Turn<'_>, vpc: &str) -> Result<Option<String>, Refusal> {
    let Some(token) = turn.input.get("ClientToken") else { return Ok(None) };
    let mut tables = turn.world.tables.route_tables.iter();
    let found = tables.find(|(_, table)| {
        table.token.as_deref() == Some(token) && turn.owns(&table.account, &table.region)
    });
    match found {
        Some((_, table)) if table.vpc != vpc => {
            let words = "The request uses the same client token as a previous, but non-identical \
                         request.";
            Err(Refusal::new("IdempotentParameterMismatch", words))
        }
        found => Ok(found.map(|(id, _)| id.clone())),
    }
}

fn answer(turn: &Turn<'_>, id: &str) -> Xml {
    let mut xml = Xml::default();
    xml.block("routeTable", |xml| write(turn, xml, id));
    // Newer than the table itself, and beside it.
    xml.maybe("clientToken", turn.input.get("ClientToken"));
    xml
}

/// `DeleteRouteTable`: neither the main one nor one that a subnet uses.
pub(super) fn delete(turn: &mut Turn<'_>) -> Outcome {
    let id = TABLE.need(turn)?;
    let table = own(turn, id)?;
    if table.main.is_some() || !table.associations.is_empty() {
        return Err(depended_on("routeTable", id));
    }
    turn.world.tables.route_tables.remove(id);
    turn.world.tables.tags.remove(&turn.caller.key(id));
    turn.world.unhide(id);
    Ok(Xml::done())
}

const FILTERS: &[&str] = &[
    "association.gateway-id",
    "association.main",
    "association.route-table-association-id",
    "association.route-table-id",
    "association.subnet-id",
    "owner-id",
    "route-table-id",
    "route.destination-cidr-block",
    "route.destination-ipv6-cidr-block",
    "route.destination-prefix-list-id",
    "route.egress-only-internet-gateway-id",
    "route.gateway-id",
    "route.instance-id",
    "route.nat-gateway-id",
    "route.origin",
    "route.state",
    "route.transit-gateway-id",
    "route.vpc-peering-connection-id",
    "vpc-id",
];

/// `DescribeRouteTables`.
pub(super) fn describe(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, FILTERS)?;
    let tables = turn.world.tables.route_tables.iter();
    let own = tables.filter(|(_, it)| turn.owns(&it.account, &it.region));
    let visible = own.map(|(id, _)| id.clone()).collect();
    let found = listing::find(turn, &TABLE, visible, |turn, id| {
        let values = |name: &str| match turn.world.tables.route_tables.get(id) {
            Some(table) => values(turn.world, table, id, name),
            None => Vec::new(),
        };
        filters.admit(&turn.tags_of(id), values)
    })?;
    let mut xml = Xml::default();
    xml.items("routeTableSet", &found.ids, |xml, id| write(turn, xml, id));
    found.end(&mut xml);
    Ok(xml)
}

fn values(world: &World, table: &RouteTable, id: &str, name: &str) -> Vec<String> {
    let shown = |pick: fn(routes::Shown) -> Option<String>| -> Vec<String> {
        routes::of(world, table).into_iter().filter_map(pick).collect()
    };
    let associated = table.main.is_some() || !table.associations.is_empty();
    match name {
        "association.main" if !associated => Vec::new(),
        "association.main" => {
            let main = table.main.iter().map(|_| "true".to_owned());
            main.chain(table.associations.iter().map(|_| "false".to_owned())).collect()
        }
        "association.route-table-association-id" => {
            table.main.iter().chain(table.associations.keys()).cloned().collect()
        }
        "association.route-table-id" if associated => vec![id.to_owned()],
        "association.subnet-id" => table.associations.values().cloned().collect(),
        "owner-id" => vec![table.account.clone()],
        "route-table-id" => vec![id.to_owned()],
        "route.destination-cidr-block" => shown(|it| Some(it.block)),
        "route.gateway-id" => shown(|it| it.connection.is_none().then(|| "local".to_owned())),
        "route.origin" => shown(|it| Some(it.origin().to_owned())),
        "route.state" => shown(|it| Some(it.state.to_owned())),
        "route.vpc-peering-connection-id" => shown(|it| it.connection),
        "vpc-id" => vec![table.vpc.clone()],
        // The others are of what there is none of here.
        _ => Vec::new(),
    }
}

fn write(turn: &Turn<'_>, xml: &mut Xml, id: &str) {
    let Some(table) = turn.world.tables.route_tables.get(id) else { return };
    xml.text("routeTableId", id).text("vpcId", &table.vpc).text("ownerId", &table.account);
    xml.items("routeSet", routes::of(turn.world, table), |xml, it| it.write(xml));
    let main = table.main.iter().map(|association| (association, None));
    let subnets = table.associations.iter().map(|(association, it)| (association, Some(it)));
    xml.items("associationSet", main.chain(subnets), |xml, (association, subnet)| {
        xml.text("routeTableAssociationId", association).text("routeTableId", id);
        xml.maybe("subnetId", subnet).text("main", subnet.is_none());
        xml.block("associationState", |xml| {
            xml.text("state", "associated");
        });
    });
    xml.block("propagatingVgwSet", |_| ());
    tags::write(xml, &turn.tags_of(id));
}
