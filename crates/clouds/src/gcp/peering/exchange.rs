//! The routes that go through a connection.
//!
//! Sources: the guide to VPC Network Peering: subnet routes of private addresses are always
//! exchanged, those of public addresses and static routes only where one side exports and the other
//! imports them; routes to the Internet and routes with tags never.

use serde_json::{Value, json};

use super::Peering;
use super::pair::half;
use crate::gcp::answer::Call;
use crate::gcp::block::Block;
use crate::gcp::links::NetworkKey;
use crate::gcp::network::{self, named};
use crate::gcp::refusal::Refusal;
use crate::gcp::region;
use crate::gcp::world::World;
use crate::gcp::{page, route, subnetwork};

/// One route that an owner gives.
#[derive(Clone, Debug)]
pub(in crate::gcp) struct Exchanged {
    pub(in crate::gcp) block: Block,
    pub(in crate::gcp) priority: u32,
    kind: &'static str,
    /// Whether the other side takes it.
    imported: bool,
    region: Option<String>,
}

/// `networks.listPeeringRoutes`.
pub(in crate::gcp) fn list_peering_routes(
    world: &World,
    call: &Call,
    name: &str,
) -> Result<Value, Refusal> {
    let key = named(world, call, name);
    world.allow(call, "compute.networks.listPeeringRoutes", &key.path())?;
    let network = network::usable(world, &key)?;
    let peering = call.query.get("peeringName").filter(|name| !name.is_empty());
    let peering = peering.ok_or_else(|| Refusal::required("peeringName"))?;
    let here = call.query.get("region").filter(|region| !region.is_empty());
    let here = here.ok_or_else(|| Refusal::required("region"))?;
    region::find(here)?;
    let ours = network.peering(peering).ok_or_else(|| super::consensus::no_peering(peering))?;
    let given = match call.query.get("direction").unwrap_or("") {
        "INCOMING" => half(world, &ours.peer, &key)
            .map(|theirs| given(world, &ours.peer, &theirs))
            .unwrap_or_default(),
        "OUTGOING" => given(world, &key, ours),
        other => return Err(Refusal::invalid("direction", other, "Must be INCOMING or OUTGOING.")),
    };
    let rows = given.into_iter().map(|route| route.body(here)).collect();
    let path = format!("{}/listPeeringRoutes", key.path());
    page::list(call, "compute#exchangedPeeringRoutesList", &path, rows)
}

/// The routes that a half brings into its network.
pub(in crate::gcp) fn imported(
    world: &World,
    network: &NetworkKey,
    ours: &Peering,
) -> Vec<Exchanged> {
    let theirs = half(world, &ours.peer, network);
    let given = theirs.map(|theirs| given(world, &ours.peer, &theirs)).unwrap_or_default();
    given.into_iter().filter(|route| route.imported).collect()
}

/// What a network gives through its half; nothing while nothing is connected.
fn given(world: &World, owner: &NetworkKey, half: &Peering) -> Vec<Exchanged> {
    let Some(effective) = half.effective else { return Vec::new() };
    let (wanted, in_force) = (half.config.traffic, effective.traffic);
    let mut given = Vec::new();
    for one in subnetwork::of_network(world, owner) {
        for block in one.blocks() {
            let private = is_private(block);
            if !private && !wanted.export_public {
                continue;
            }
            given.push(Exchanged {
                block,
                priority: 0,
                kind: "SUBNET_PEERING_ROUTE",
                imported: private || in_force.export_public,
                region: Some(one.region.clone()),
            });
        }
    }
    let routes = route::of_network(world, owner).filter(|route| route.is_exchangeable());
    given.extend(routes.filter(|_| wanted.export_custom).map(|route| Exchanged {
        block: route.block,
        priority: route.priority,
        kind: "STATIC_PEERING_ROUTE",
        imported: in_force.export_custom,
        region: None,
    }));
    given
}

impl Exchanged {
    /// `here`: the region that was asked for, in which a static route is seen.
    fn body(&self, here: &str) -> Value {
        json!({
            "destRange": self.block.to_string(),
            "type": self.kind,
            "nextHopRegion": self.region.as_deref().unwrap_or(here),
            "priority": self.priority,
            "imported": self.imported,
        })
    }
}

/// Whether a block is of special use, so that it is always exchanged. Source: valid IPv4 ranges of
/// subnetworks.
fn is_private(block: Block) -> bool {
    const PRIVATE: [&str; 11] = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
    ];
    let mut private = PRIVATE.iter().filter_map(|text| text.parse::<Block>().ok());
    private.any(|all| all.contains(block))
}
