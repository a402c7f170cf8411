//! Routes. Sources: EC2 API Reference (`CreateRoute`, `ReplaceRoute`, `DeleteRoute`), Amazon VPC
//! Peering Guide ("Update your route tables"): a route through a request that waits is a
//! blackhole, works once the connection does, and is a blackhole again, and stays, once it is gone.

use ipnet::Ipv4Net;

use super::blocks;
use super::connections::{Connection, State};
use super::listing::{CONNECTION, TABLE};
use super::refusal::{Refusal, missing, refused};
use super::tables::{self, RouteTable};
use super::turn::{Outcome, Turn};
use super::vpcs;
use super::world::World;
use super::xml::Xml;

/// The most routes of a table beside the local ones (Amazon VPC quotas).
pub(super) const ROUTES_MAX: usize = 50;

/// A route as it is shown.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) block: String,
    /// `None`: it is local.
    pub(super) connection: Option<String>,
    pub(super) state: &'static str,
}

impl Shown {
    pub(super) fn origin(&self) -> &'static str {
        if self.connection.is_some() { "CreateRoute" } else { "CreateRouteTable" }
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        xml.text("destinationCidrBlock", &self.block);
        match &self.connection {
            Some(connection) => xml.text("vpcPeeringConnectionId", connection),
            None => xml.text("gatewayId", "local"),
        };
        xml.text("state", self.state).text("origin", self.origin());
    }
}

/// The routes of a table: one to each block of its VPC, then those that were made.
pub(super) fn of(world: &World, table: &RouteTable) -> Vec<Shown> {
    let local = vpcs::blocks_of(world, &table.vpc).unwrap_or_default().into_iter();
    let local =
        local.map(|block| Shown { block: block.to_string(), connection: None, state: "active" });
    let made = table.routes.iter().map(|(block, connection)| Shown {
        block: block.clone(),
        connection: Some(connection.clone()),
        state: state(world, connection),
    });
    local.chain(made).collect()
}

/// Whether packets get anywhere through a connection.
fn state(world: &World, connection: &str) -> &'static str {
    let found = world.tables.connections.get(connection);
    if found.is_some_and(|it| it.state == State::Active) { "active" } else { "blackhole" }
}

/// `CreateRoute`.
pub(super) fn create(turn: &mut Turn<'_>) -> Outcome {
    let id = TABLE.need(turn)?;
    let block = destination(turn)?;
    let table = tables::own(turn, id)?;
    let exists = || {
        let words = format!("The route identified by {block} already exists.");
        Refusal::new("RouteAlreadyExists", words)
    };
    if local(turn, table).contains(&block) || table.routes.contains_key(&block.to_string()) {
        return Err(exists());
    }
    let connection = target(turn, id, table, block)?.to_owned();
    if table.routes.len() >= ROUTES_MAX {
        let words = "The maximum number of routes has been reached.";
        return Err(Refusal::new("RouteLimitExceeded", words));
    }
    if let Some(table) = turn.world.tables.route_tables.get_mut(id) {
        table.routes.insert(block.to_string(), connection);
    }
    Ok(Xml::done())
}

/// `ReplaceRoute`.
pub(super) fn replace(turn: &mut Turn<'_>) -> Outcome {
    let id = TABLE.need(turn)?;
    let block = destination(turn)?;
    let table = tables::own(turn, id)?;
    if local(turn, table).contains(&block) {
        if turn.input.flag("LocalTarget")? == Some(true) {
            return Ok(Xml::done());
        }
        return Err(interfaces_only());
    }
    if !table.routes.contains_key(&block.to_string()) {
        let words = format!(
            "There is no route defined for '{block}' in the route table. Use CreateRoute instead."
        );
        return Err(refused(words));
    }
    let connection = target(turn, id, table, block)?.to_owned();
    if let Some(table) = turn.world.tables.route_tables.get_mut(id) {
        table.routes.insert(block.to_string(), connection);
    }
    Ok(Xml::done())
}

/// `DeleteRoute`.
pub(super) fn delete(turn: &mut Turn<'_>) -> Outcome {
    let id = TABLE.need(turn)?;
    let block = destination(turn)?;
    let table = tables::own(turn, id)?;
    if local(turn, table).contains(&block) {
        let words = format!("cannot remove local route {block} in route table {id}");
        return Err(refused(words));
    }
    if !table.routes.contains_key(&block.to_string()) {
        let words = format!("no route with destination-cidr-block {block} in route table {id}");
        return Err(Refusal::new("InvalidRoute.NotFound", words));
    }
    if let Some(table) = turn.world.tables.route_tables.get_mut(id) {
        table.routes.remove(&block.to_string());
    }
    Ok(Xml::done())
}

fn destination(turn: &Turn<'_>) -> Result<Ipv4Net, Refusal> {
    blocks::read("DestinationCidrBlock", turn.input.need("DestinationCidrBlock")?)
}

fn local(turn: &Turn<'_>, table: &RouteTable) -> Vec<Ipv4Net> {
    vpcs::blocks_of(turn.world, &table.vpc).unwrap_or_default()
}

/// Targets of which there are none in this world, with EC2's codes for one that does not exist.
const ABSENT: [(&str, &str, &str); 7] = [
    ("GatewayId", "InvalidGatewayID.NotFound", "gateway ID"),
    ("NatGatewayId", "InvalidNatGatewayID.NotFound", "NatGateway ID"),
    ("InstanceId", "InvalidInstanceID.NotFound", "instance ID"),
    ("NetworkInterfaceId", "InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
    ("TransitGatewayId", "InvalidTransitGatewayID.NotFound", "transitGateway ID"),
    ("EgressOnlyInternetGatewayId", "InvalidGatewayID.NotFound", "eigw ID"),
    ("VpcEndpointId", "InvalidVpcEndpointId.NotFound", "VpcEndpoint ID"),
];

/// The connection that a route should lead through: one that has not ended and has the table's VPC
/// on one of its sides.
fn target<'a>(
    turn: &'a Turn<'_>,
    table_id: &str,
    table: &RouteTable,
    block: Ipv4Net,
) -> Result<&'a str, Refusal> {
    let given = |name: &&str| turn.input.get(name).is_some();
    let names = ABSENT.iter().map(|(name, ..)| *name).chain(["VpcPeeringConnectionId"]);
    match names.filter(given).count() {
        0 => return Err(missing("GatewayId")),
        1 => {}
        _ => {
            let words = "The request must contain exactly one target of the route.";
            return Err(Refusal::new("InvalidParameterCombination", words));
        }
    }
    for (name, code, noun) in ABSENT {
        if let Some(id) = turn.input.get(name) {
            return Err(Refusal::new(code, format!("The {noun} '{id}' does not exist")));
        }
    }
    let id = turn.input.need("VpcPeeringConnectionId")?;
    CONNECTION.check(id)?;
    let found = turn.world.tables.connections.get(id);
    let found = found.filter(|it| it.is_visible(turn)).ok_or_else(|| CONNECTION.not_found(id))?;
    check_target(table_id, table, id, found)?;
    let inside = local(turn, table).into_iter().any(|own| own.contains(&block));
    if inside { Err(interfaces_only()) } else { Ok(id) }
}

fn check_target(
    table_id: &str,
    table: &RouteTable,
    id: &str,
    connection: &Connection,
) -> Result<(), Refusal> {
    if !connection.touches(&table.vpc) {
        let words =
            format!("route table {table_id} and network gateway {id} belong to different networks");
        return Err(refused(words));
    }
    if connection.state.is_over() || matches!(connection.state, State::Deleting(_)) {
        let state = connection.state.code();
        let words = format!("The vpc peering connection '{id}' is {state} and takes no routes.");
        return Err(Refusal::new("IncorrectState", words));
    }
    Ok(())
}

/// What is inside the VPC can only be led to an interface.
fn interfaces_only() -> Refusal {
    refused(
        "Route target is not supported. This route only supports interface and instance targets.",
    )
}
