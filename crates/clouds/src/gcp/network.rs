//! Networks: what they are and how they are shown. A network that is being made has its name, but
//! is shown only once it is there, as Compute Engine's lists lag behind what was accepted.

mod change;

use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use self::change::{
    NetworkPatch, check_description, created, delete, deleted, insert, patch, patched,
    switch_to_custom_mode, switched,
};
use super::answer::Call;
use super::links::{NetworkKey, link};
use super::peering::Peering;
use super::refusal::Refusal;
use super::world::World;
use super::{operation, page, subnetwork};
use crate::calendar;

/// Networks of one project. Compute Engine allows 5 until one asks for more; a service asks.
pub(super) const NETWORKS_MAX: usize = 5_000;

/// `mtu` of a network whose maker named none. Source: the reference of `networks`.
pub(super) const MTU: u16 = 1_460;

/// One network; its project and name are its row's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Network {
    pub(super) id: u64,
    pub(super) created_ms: i64,
    description: Option<String>,
    /// Whether it has a subnetwork in each region by itself.
    pub(super) auto: bool,
    pub(super) mtu: u16,
    routing_mode: String,
    enforcement_order: String,
    /// Whether it is there.
    pub(super) ready: bool,
    pub(super) peerings: Vec<Peering>,
}

impl Network {
    /// A network in custom mode, as one is made that nothing more is said about.
    pub(super) fn new(world: &mut World) -> Self {
        Self {
            id: world.tables.ids.number(),
            created_ms: world.now.as_millis(),
            description: None,
            auto: false,
            mtu: MTU,
            routing_mode: "REGIONAL".to_owned(),
            enforcement_order: "AFTER_CLASSIC_FIREWALL".to_owned(),
            ready: true,
            peerings: Vec::new(),
        }
    }

    pub(super) fn peering(&self, name: &str) -> Option<&Peering> {
        self.peerings.iter().find(|peering| peering.name == name)
    }

    /// Our half of the connection to that network.
    pub(super) fn half(&self, peer: &NetworkKey) -> Option<&Peering> {
        self.peerings.iter().find(|peering| peering.peer == *peer)
    }
}

/// `networks.list`.
pub(super) fn list(world: &World, call: &Call) -> Result<Value, Refusal> {
    let project = format!("projects/{}", call.project);
    world.allow(call, "compute.networks.list", &project)?;
    let rows = world.networks_of(&call.project).filter(|(_, network)| network.ready);
    let rows = rows.map(|(key, network)| body(world, key, network)).collect();
    page::list(call, "compute#networkList", &format!("{project}/global/networks"), rows)
}

/// `networks.get`.
pub(super) fn get(world: &World, call: &Call, name: &str) -> Result<Value, Refusal> {
    let key = named(world, call, name);
    world.allow(call, "compute.networks.get", &key.path())?;
    let found = world.tables.networks.get(&key).filter(|network| network.ready);
    found.map(|found| body(world, &key, found)).ok_or_else(|| Refusal::not_found(&key.path()))
}

/// The network that a path names: by its name, or by its id as `selfLinkWithId` does.
pub(super) fn named(world: &World, call: &Call, name: &str) -> NetworkKey {
    let by_id = name
        .parse::<u64>()
        .ok()
        .and_then(|id| world.networks_of(&call.project).find(|(_, network)| network.id == id));
    by_id.map_or_else(|| NetworkKey::new(&call.project, name), |(key, _)| key.clone())
}

/// The network, if something can be done with it.
pub(super) fn usable<'a>(world: &'a World, key: &NetworkKey) -> Result<&'a Network, Refusal> {
    let path = key.path();
    let network = world.tables.networks.get(key).ok_or_else(|| Refusal::not_found(&path))?;
    if !network.ready {
        return Err(Refusal::not_ready(&path));
    }
    operation::refuse_if_changing(world, &path)?;
    Ok(network)
}

fn body(world: &World, key: &NetworkKey, network: &Network) -> Value {
    let subnetworks: Vec<String> =
        subnetwork::of_network(world, key).map(|subnetwork| link(&subnetwork.path())).collect();
    let mut body = json!({
        "kind": "compute#network",
        "id": network.id.to_string(),
        "creationTimestamp": calendar::pacific(Timestamp::from_millis(network.created_ms)),
        "name": key.name(),
        "selfLink": key.link(),
        "selfLinkWithId": NetworkKey::new(key.project(), &network.id.to_string()).link(),
        "autoCreateSubnetworks": network.auto,
        "routingConfig": {
            "routingMode": network.routing_mode, "bgpBestPathSelectionMode": "LEGACY",
        },
        "mtu": network.mtu,
        "networkFirewallPolicyEnforcementOrder": network.enforcement_order,
    });
    if let Some(description) = &network.description {
        body["description"] = description.as_str().into();
    }
    if !subnetworks.is_empty() {
        body["subnetworks"] = subnetworks.into();
    }
    if !network.peerings.is_empty() {
        let peerings = network.peerings.iter().map(|peering| peering.body(world, key));
        body["peerings"] = peerings.collect();
    }
    body
}
