//! Making and deleting routes. While a peering of the network is worked on, neither is taken.
//! Source: "Error creating Route: googleapi: Error 400: There is a peering operation in progress",
//! hashicorp/terraform-provider-google#6361.

use std::net::Ipv4Addr;

use serde::Deserialize;
use serde_json::Value;

use super::{Hop, Route, all, connected, inside_subnetwork, network_id, of_network, path};
use crate::gcp::answer::Call;
use crate::gcp::block::Block;
use crate::gcp::links::{BASE, NAME_RULE, NetworkKey, is_name, parse_network};
use crate::gcp::network::check_description;
use crate::gcp::operation::{self, Draft, Effect, Lock, LockKind};
use crate::gcp::refusal::{Failure, Refusal};
use crate::gcp::subnetwork;
use crate::gcp::world::World;

/// Static routes of one network. Source: quotas of VPC networks.
const ROUTES_MAX: usize = 200;

/// Tags of one route. Source: a machine has at most as many.
const TAGS_MAX: usize = 64;

/// The lowest precedence of a route, and the usual one. Source: the reference of `routes`.
const PRIORITY_MAX: u32 = 65_535;
const PRIORITY: u32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    name: Option<String>,
    description: Option<String>,
    network: Option<String>,
    dest_range: Option<String>,
    priority: Option<u32>,
    #[serde(default)]
    tags: Vec<String>,
    next_hop_gateway: Option<String>,
    next_hop_ip: Option<String>,
    next_hop_ilb: Option<String>,
    next_hop_instance: Option<String>,
    next_hop_vpn_tunnel: Option<String>,
}

/// `routes.insert`.
pub(in crate::gcp) fn insert(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let written: Written = call.read()?;
    let name = written.name.clone().ok_or_else(|| Refusal::required("resource.name"))?;
    let path = path(&call.project, &name);
    world.allow(call, "compute.routes.create", &path)?;
    if let Some(before) = operation::replayed(world, call, "insert", &path)? {
        return Ok(before);
    }
    let network = written.network.as_deref().unwrap_or("");
    let network = parse_network(network, &call.project)
        .filter(|network| network.project() == call.project)
        .ok_or_else(|| Refusal::invalid("resource.network", network, "The URL is malformed."))?;
    world.allow(call, "compute.networks.updatePolicy", &network.path())?;
    if !is_name(&name) {
        return Err(Refusal::invalid("resource.name", &name, NAME_RULE));
    }
    network_id(world, &network)?;
    if all(world, &call.project).iter().any(|route| route["name"] == name.as_str()) {
        return Err(Refusal::exists(&path));
    }
    let route = read(world, &written, &network, name)?;
    let networks = connected(world, &network);
    operation::refuse_if_peering(world, &networks.iter().collect::<Vec<_>>())?;
    let effect = Effect::CreateRoute(Box::new(route.clone()));
    begin(world, call, "insert", &route, effect)
}

fn read(
    world: &mut World,
    written: &Written,
    network: &NetworkKey,
    name: String,
) -> Result<Route, Refusal> {
    check_description(written.description.as_deref())?;
    check_tags(&written.tags)?;
    let text = written.dest_range.as_deref().unwrap_or("");
    let block = text
        .parse::<Block>()
        .map_err(|_| Refusal::invalid("resource.destRange", text, "Invalid CIDR range."))?;
    let priority = written.priority.unwrap_or(PRIORITY);
    if priority > PRIORITY_MAX {
        let why = "Must be between 0 and 65535.";
        return Err(Refusal::invalid("resource.priority", &priority.to_string(), why));
    }
    let hop = read_hop(world, written, network)?;
    Ok(Route {
        id: world.tables.ids.number(),
        created_ms: world.now.as_millis(),
        name,
        description: written.description.clone().filter(|text| !text.is_empty()),
        network: network.clone(),
        block,
        priority,
        hop,
        tags: written.tags.clone(),
        system: false,
    })
}

/// Tags are names. Source: the reference of `instances`.
fn check_tags(tags: &[String]) -> Result<(), Refusal> {
    if tags.len() > TAGS_MAX {
        let count = tags.len().to_string();
        return Err(Refusal::invalid("resource.tags", &count, "There are more than 64 tags."));
    }
    match tags.iter().enumerate().find(|(_, tag)| !is_name(tag)) {
        Some((at, tag)) => Err(Refusal::invalid(&format!("resource.tags[{at}]"), tag, NAME_RULE)),
        None => Ok(()),
    }
}

/// Where the route leads. Machines and tunnels there are none.
fn read_hop(world: &World, written: &Written, network: &NetworkKey) -> Result<Hop, Refusal> {
    let missing = written.next_hop_instance.as_ref().or(written.next_hop_vpn_tunnel.as_ref());
    if let Some(missing) = missing {
        return Err(Refusal::not_found(missing.strip_prefix(BASE).unwrap_or(missing)));
    }
    let hops = [
        ("nextHopGateway", &written.next_hop_gateway),
        ("nextHopIp", &written.next_hop_ip),
        ("nextHopIlb", &written.next_hop_ilb),
    ];
    let mut named = hops.into_iter().filter_map(|(field, value)| Some((field, value.clone()?)));
    let (Some((field, value)), None) = (named.next(), named.next()) else {
        let words = "Exactly one of the next hop fields must be specified.";
        return Err(Refusal::new(400, "invalid", words));
    };
    let resource = format!("resource.{field}");
    if field == "nextHopGateway" {
        let gateway =
            format!("projects/{}/global/gateways/default-internet-gateway", network.project());
        if !value.ends_with("global/gateways/default-internet-gateway") {
            return Err(Refusal::invalid(&resource, &value, "The URL is malformed."));
        }
        return Ok(Hop { field: field.to_owned(), value: super::link(&gateway) });
    }
    let address = value.parse::<Ipv4Addr>();
    let within = address.is_ok_and(|address| {
        let mut subnetworks = subnetwork::of_network(world, network);
        subnetworks.any(|one| one.blocks().any(|block| block.contains_address(address)))
    });
    if !within {
        let why = "The next hop must be an address in a subnetwork of the network.";
        return Err(Refusal::invalid(&resource, &value, why));
    }
    Ok(Hop { field: field.to_owned(), value })
}

fn begin(
    world: &mut World,
    call: &Call,
    verb: &'static str,
    route: &Route,
    effect: Effect,
) -> Result<Value, Refusal> {
    let networks = connected(world, &route.network);
    let lock = Some(Lock { kind: LockKind::Route, networks });
    let (target, target_id, takes) = (route.path(), route.id, world.pace.gcp_operation);
    let draft = Draft { verb, region: None, target, target_id, lock, effect, takes };
    operation::begin(world, call, draft)
}

/// A route is there.
pub(in crate::gcp) fn created(world: &mut World, route: Route) -> Result<(), Failure> {
    let row = row(&route);
    if !world.tables.networks.contains_key(&route.network) {
        return Err(Failure::not_found(&route.network.path()));
    }
    if world.tables.routes.contains_key(&row) {
        return Err(Failure::usage(Refusal::exists(&route.path()).message));
    }
    if of_network(world, &route.network).filter(|one| !one.system).count() >= ROUTES_MAX {
        let words = "Quota 'STATIC_ROUTES_PER_NETWORK' exceeded.  Limit: 200.0 globally.";
        return Err(Failure::quota(words.to_owned()));
    }
    if let Some(words) = inside_subnetwork(world, &route.network, route.block) {
        return Err(Failure::usage(words));
    }
    world.tables.routes.insert(row, route);
    Ok(())
}

/// `routes.delete`.
pub(in crate::gcp) fn delete(world: &mut World, call: &Call, name: &str) -> Result<Value, Refusal> {
    let path = path(&call.project, name);
    world.allow(call, "compute.routes.delete", &path)?;
    if let Some(before) = operation::replayed(world, call, "delete", &path)? {
        return Ok(before);
    }
    let row = format!("{}/{name}", call.project);
    let Some(route) = world.tables.routes.get(&row).cloned() else {
        let shown = all(world, &call.project).iter().any(|route| route["name"] == name);
        return Err(match shown {
            // Source: words of Compute Engine about a route that goes with its subnetwork.
            true => Refusal::new(400, "badRequest", "The local route cannot be deleted."),
            false => Refusal::not_found(&path),
        });
    };
    world.allow(call, "compute.networks.updatePolicy", &route.network.path())?;
    operation::refuse_if_changing(world, &path)?;
    let networks = connected(world, &route.network);
    operation::refuse_if_peering(world, &networks.iter().collect::<Vec<_>>())?;
    begin(world, call, "delete", &route, Effect::DeleteRoute(row))
}

/// A route is gone.
pub(in crate::gcp) fn deleted(world: &mut World, row: &str) -> Result<(), Failure> {
    world.tables.routes.remove(row).map(drop).ok_or_else(|| Failure::not_found(row))
}

/// The route to the Internet that every network has from the beginning.
pub(in crate::gcp) fn add_default(world: &mut World, network: &NetworkKey) {
    let gateway =
        format!("projects/{}/global/gateways/default-internet-gateway", network.project());
    let name = format!("default-route-{}", world.tables.ids.hex(16));
    let route = Route {
        id: world.tables.ids.number(),
        created_ms: world.now.as_millis(),
        name,
        description: Some("Default route to the Internet.".to_owned()),
        network: network.clone(),
        block: Block::all(),
        priority: PRIORITY,
        hop: Hop { field: "nextHopGateway".to_owned(), value: super::link(&gateway) },
        tags: Vec::new(),
        system: true,
    };
    world.tables.routes.insert(row(&route), route);
}

/// Takes the routes away that go with their network.
pub(in crate::gcp) fn remove_all_of(world: &mut World, network: &NetworkKey) {
    let rows: Vec<String> = of_network(world, network).map(row).collect();
    for row in rows {
        world.tables.routes.remove(&row);
    }
}

fn row(route: &Route) -> String {
    format!("{}/{}", route.network.project(), route.name)
}
