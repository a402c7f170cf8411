//! Routes: those that somebody made, the one to the Internet that each network has from the
//! beginning, and those that subnetworks and peerings bring, which are shown but are no rows.

mod change;

use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(super) use self::change::{add_default, created, delete, deleted, insert, remove_all_of};
use super::answer::Call;
use super::block::Block;
use super::links::{NetworkKey, link};
use super::refusal::Refusal;
use super::world::World;
use super::{network, page, peering, subnetwork};
use crate::calendar;

/// One route.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Route {
    id: u64,
    created_ms: i64,
    name: String,
    description: Option<String>,
    pub(super) network: NetworkKey,
    pub(super) block: Block,
    pub(super) priority: u32,
    hop: Hop,
    tags: Vec<String>,
    /// Whether its network made it itself.
    system: bool,
}

/// Where a route leads: the field that says so, and what stands there.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Hop {
    field: String,
    value: String,
}

impl Route {
    pub(super) fn path(&self) -> String {
        path(self.network.project(), &self.name)
    }

    /// Whether a peering can carry it: one to the Internet, and one for some machines only, it
    /// cannot. Source: guide to VPC Network Peering, options for exchanging static routes.
    pub(super) fn is_exchangeable(&self) -> bool {
        self.hop.field != "nextHopGateway" && self.tags.is_empty()
    }

    fn body(&self) -> Value {
        let mut body = shown(
            &self.network,
            &self.name,
            self.id,
            self.created_ms,
            (self.block, self.priority),
            (&self.hop.field, self.hop.value.as_str()),
        );
        body["routeType"] = "STATIC".into();
        if let Some(description) = &self.description {
            body["description"] = description.as_str().into();
        }
        if !self.tags.is_empty() {
            body["tags"] = self.tags.clone().into();
        }
        body
    }
}

fn shown(
    network: &NetworkKey,
    name: &str,
    id: u64,
    created_ms: i64,
    (block, priority): (Block, u32),
    (field, hop): (&str, &str),
) -> Value {
    let mut body = json!({
        "kind": "compute#route",
        "id": id.to_string(),
        "creationTimestamp": calendar::pacific(Timestamp::from_millis(created_ms)),
        "name": name,
        "network": network.link(),
        "destRange": block.to_string(),
        "priority": priority,
        "selfLink": link(&path(network.project(), name)),
    });
    body[field] = hop.into();
    body
}

fn path(project: &str, name: &str) -> String {
    format!("projects/{project}/global/routes/{name}")
}

/// `routes.list`.
pub(super) fn list(world: &World, call: &Call) -> Result<Value, Refusal> {
    let project = format!("projects/{}", call.project);
    world.allow(call, "compute.routes.list", &project)?;
    let path = format!("{project}/global/routes");
    page::list(call, "compute#routeList", &path, all(world, &call.project))
}

/// `routes.get`.
pub(super) fn get(world: &World, call: &Call, name: &str) -> Result<Value, Refusal> {
    let path = path(&call.project, name);
    world.allow(call, "compute.routes.get", &path)?;
    let found = all(world, &call.project).into_iter().find(|route| route["name"] == name);
    found.ok_or_else(|| Refusal::not_found(&path))
}

/// Every route of a project.
fn all(world: &World, project: &str) -> Vec<Value> {
    let mut rows: Vec<Value> = of_project(world, project).map(Route::body).collect();
    for (key, _) in world.networks_of(project).filter(|(_, network)| network.ready) {
        rows.extend(brought(world, key));
    }
    rows
}

/// The routes that the subnetworks and peerings of a network bring.
fn brought(world: &World, key: &NetworkKey) -> Vec<Value> {
    let mut rows = Vec::new();
    let Some(network) = world.tables.networks.get(key) else { return rows };
    for block in subnetwork::of_network(world, key).flat_map(subnetwork::Subnetwork::blocks) {
        let (digits, id) = mark(key, "", block);
        let name = format!("default-route-{digits}");
        let hop = ("nextHopNetwork", key.link());
        let mut row = shown(key, &name, id, network.created_ms, (block, 0), (hop.0, &hop.1));
        row["routeType"] = "SUBNET".into();
        row["description"] = format!("Default local route to the subnetwork {block}.").into();
        rows.push(row);
    }
    for half in &network.peerings {
        for exchanged in peering::imported(world, key, half) {
            let (digits, id) = mark(key, &half.name, exchanged.block);
            let name = format!("peering-route-{digits}");
            let to = (exchanged.block, exchanged.priority);
            let mut row =
                shown(key, &name, id, network.created_ms, to, ("nextHopPeering", &half.name));
            row["description"] = "Auto generated route via peering.".into();
            rows.push(row);
        }
    }
    rows
}

/// What the name and the id of a route are made from that is no row: the same each time.
fn mark(network: &NetworkKey, peering: &str, block: Block) -> (String, u64) {
    let digest = Sha256::digest(format!("{}|{peering}|{block}", network.path()));
    let front: [u8; 8] = std::array::from_fn(|at| digest[at]);
    let id = u64::from_be_bytes(front);
    (format!("{id:016x}"), 1_000_000_000_000_000_000 + id % 8_000_000_000_000_000_000)
}

/// The routes of a network that are rows.
pub(super) fn of_network<'a>(
    world: &'a World,
    network: &'a NetworkKey,
) -> impl Iterator<Item = &'a Route> + 'a {
    of_project(world, network.project()).filter(move |route| route.network == *network)
}

/// A route of a network that somebody made.
pub(super) fn made_in<'a>(world: &'a World, network: &'a NetworkKey) -> Option<&'a Route> {
    of_network(world, network).find(|route| !route.system)
}

fn of_project<'a>(world: &'a World, project: &'a str) -> impl Iterator<Item = &'a Route> + 'a {
    let rows = world.tables.routes.range(format!("{project}/")..);
    rows.map(|(_, route)| route).take_while(move |route| route.network.project() == project)
}

/// A network and the networks that are connected to it.
fn connected(world: &World, key: &NetworkKey) -> Vec<NetworkKey> {
    let network = world.tables.networks.get(key);
    let peers = network.into_iter().flat_map(|network| &network.peerings);
    let peers = peers.filter(|half| half.is_active()).map(|half| half.peer.clone());
    std::iter::once(key.clone()).chain(peers).collect()
}

/// Why a route cannot lead there: its destination lies inside a subnetwork of the network or of one
/// that is connected to it. Source: routes of VPC networks, interactions of subnet and static
/// routes; the words are our own.
fn inside_subnetwork(world: &World, key: &NetworkKey, block: Block) -> Option<String> {
    let networks = connected(world, key);
    let mut subnetworks = networks.iter().flat_map(|one| subnetwork::of_network(world, one));
    let around =
        subnetworks.find(|subnetwork| subnetwork.blocks().any(|taken| taken.contains(block)))?;
    Some(format!(
        "The destination range {block} lies inside the range of the subnetwork '{}'.",
        around.path()
    ))
}

/// The network of a request about routes, if something can be done with it.
fn network_id(world: &World, key: &NetworkKey) -> Result<u64, Refusal> {
    network::usable(world, key).map(|network| network.id)
}
