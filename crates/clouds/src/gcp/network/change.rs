//! Making, changing and deleting networks.
//!
//! A network that something still uses is not refused at once: its deletion fails in the end.
//! Source: "Error waiting for Deleting Network: The network resource … is already being used by",
//! murphye/cheap-gke-cluster#8 and GoogleCloudPlatform/terraform-google-three-tier-web-app#167.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MTU, NETWORKS_MAX, Network, named, usable};
use crate::gcp::answer::Call;
use crate::gcp::links::{NAME_RULE, NetworkKey, is_name};
use crate::gcp::operation::{self, Draft, Effect};
use crate::gcp::refusal::{Failure, Refusal};
use crate::gcp::world::World;
use crate::gcp::{route, subnetwork};

/// The longest description of a resource, in bytes. Source: the reference of `subnetworks`.
const DESCRIPTION_MAX: usize = 2_048;

/// The body of `networks.insert`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    name: Option<String>,
    description: Option<String>,
    auto_create_subnetworks: Option<bool>,
    #[serde(rename = "IPv4Range")]
    range: Option<String>,
    #[serde(flatten)]
    patch: NetworkPatch,
}

/// What can be changed of a network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gcp) struct NetworkPatch {
    mtu: Option<u16>,
    routing_config: Option<RoutingConfig>,
    network_firewall_policy_enforcement_order: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoutingConfig {
    routing_mode: Option<String>,
}

impl NetworkPatch {
    fn check(&self) -> Result<(), Refusal> {
        if let Some(mtu) = self.mtu.filter(|mtu| !(1_300..=8_896).contains(mtu)) {
            let why = "Must be between 1300 and 8896.";
            return Err(Refusal::invalid("resource.mtu", &mtu.to_string(), why));
        }
        let mode = self.routing_config.as_ref().and_then(|config| config.routing_mode.as_deref());
        if let Some(mode) = mode.filter(|mode| !["REGIONAL", "GLOBAL"].contains(mode)) {
            let field = "resource.routingConfig.routingMode";
            return Err(Refusal::invalid(field, mode, "Must be REGIONAL or GLOBAL."));
        }
        let orders = ["AFTER_CLASSIC_FIREWALL", "BEFORE_CLASSIC_FIREWALL"];
        let order = self.network_firewall_policy_enforcement_order.as_deref();
        if let Some(order) = order.filter(|order| !orders.contains(order)) {
            let field = "resource.networkFirewallPolicyEnforcementOrder";
            return Err(Refusal::invalid(field, order, "Unknown order."));
        }
        Ok(())
    }

    fn apply(&self, network: &mut Network) {
        network.mtu = self.mtu.unwrap_or(network.mtu);
        let mode = self.routing_config.as_ref().and_then(|config| config.routing_mode.clone());
        if let Some(mode) = mode {
            network.routing_mode = mode;
        }
        if let Some(order) = &self.network_firewall_policy_enforcement_order {
            network.enforcement_order.clone_from(order);
        }
    }
}

/// `networks.insert`.
pub(in crate::gcp) fn insert(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let written: Written = call.read()?;
    let name = written.name.as_deref().ok_or_else(|| Refusal::required("resource.name"))?;
    let key = NetworkKey::new(&call.project, name);
    world.allow(call, "compute.networks.create", &key.path())?;
    if let Some(before) = operation::replayed(world, call, "insert", &key.path())? {
        return Ok(before);
    }
    check(world, &key, &written)?;
    let mut network = Network { ready: false, ..Network::new(world) };
    network.auto = written.auto_create_subnetworks.unwrap_or(false);
    network.mtu = MTU;
    network.description = written.description.filter(|text| !text.is_empty());
    written.patch.apply(&mut network);
    let (target, target_id) = (key.path(), network.id);
    let effect = Effect::CreateNetwork(key.clone());
    let takes = world.pace.network;
    let draft =
        Draft { verb: "insert", region: None, target, target_id, lock: None, effect, takes };
    let body = operation::begin(world, call, draft)?;
    world.tables.networks.insert(key, network);
    Ok(body)
}

fn check(world: &World, key: &NetworkKey, written: &Written) -> Result<(), Refusal> {
    if !is_name(key.name()) {
        return Err(Refusal::invalid("resource.name", key.name(), NAME_RULE));
    }
    check_description(written.description.as_deref())?;
    if let Some(range) = &written.range {
        let why = "Legacy networks cannot be created.";
        return Err(Refusal::invalid("resource.IPv4Range", range, why));
    }
    if written.auto_create_subnetworks.is_none() {
        // Left out, it once meant a legacy network, of which there are no more.
        return Err(Refusal::required("resource.autoCreateSubnetworks"));
    }
    written.patch.check()?;
    match world.tables.networks.contains_key(key) {
        true => Err(Refusal::exists(&key.path())),
        false => Ok(()),
    }
}

/// Refuses a description that no resource can have.
pub(in crate::gcp) fn check_description(text: Option<&str>) -> Result<(), Refusal> {
    let Some(long) = text.filter(|text| text.len() > DESCRIPTION_MAX) else { return Ok(()) };
    let why = "The description must not exceed 2048 bytes.";
    Err(Refusal::invalid("resource.description", long, why))
}

/// A network is there, with its way to the Internet and, in auto mode, its subnetworks.
pub(in crate::gcp) fn created(world: &mut World, key: &NetworkKey) -> Result<(), Failure> {
    let there = world.networks_of(key.project()).filter(|(_, network)| network.ready).count();
    if there >= NETWORKS_MAX {
        world.tables.networks.remove(key);
        let words = format!("Quota 'NETWORKS' exceeded.  Limit: {NETWORKS_MAX}.0 globally.");
        return Err(Failure::quota(words));
    }
    let Some(network) = world.tables.networks.get_mut(key) else {
        return Err(Failure::not_found(&key.path()));
    };
    network.ready = true;
    let auto = network.auto;
    route::add_default(world, key);
    if auto {
        subnetwork::add_to_all_regions(world, key);
    }
    Ok(())
}

/// `networks.patch`.
pub(in crate::gcp) fn patch(world: &mut World, call: &Call, name: &str) -> Result<Value, Refusal> {
    let key = named(world, call, name);
    world.allow(call, "compute.networks.update", &key.path())?;
    let patch: NetworkPatch = call.read()?;
    patch.check()?;
    change(world, call, &key, "patch", Effect::PatchNetwork(key.clone(), patch))
}

/// `networks.switchToCustomMode`.
pub(in crate::gcp) fn switch_to_custom_mode(
    world: &mut World,
    call: &Call,
    name: &str,
) -> Result<Value, Refusal> {
    let key = named(world, call, name);
    world.allow(call, "compute.networks.switchToCustomMode", &key.path())?;
    change(world, call, &key, "switchToCustomMode", Effect::SwitchToCustomMode(key.clone()))
}

fn change(
    world: &mut World,
    call: &Call,
    key: &NetworkKey,
    verb: &'static str,
    effect: Effect,
) -> Result<Value, Refusal> {
    if let Some(before) = operation::replayed(world, call, verb, &key.path())? {
        return Ok(before);
    }
    let target_id = usable(world, key)?.id;
    let (target, takes) = (key.path(), world.pace.gcp_operation);
    let draft = Draft { verb, region: None, target, target_id, lock: None, effect, takes };
    operation::begin(world, call, draft)
}

/// A network is as it was asked for.
pub(in crate::gcp) fn patched(
    world: &mut World,
    key: &NetworkKey,
    patch: &NetworkPatch,
) -> Result<(), Failure> {
    let Some(network) = world.tables.networks.get_mut(key) else {
        return Err(Failure::not_found(&key.path()));
    };
    patch.apply(network);
    Ok(())
}

/// A network in auto mode keeps its subnetworks, and makes none any more.
pub(in crate::gcp) fn switched(world: &mut World, key: &NetworkKey) -> Result<(), Failure> {
    let Some(network) = world.tables.networks.get_mut(key) else {
        return Err(Failure::not_found(&key.path()));
    };
    network.auto = false;
    Ok(())
}

/// `networks.delete`.
pub(in crate::gcp) fn delete(world: &mut World, call: &Call, name: &str) -> Result<Value, Refusal> {
    let key = named(world, call, name);
    world.allow(call, "compute.networks.delete", &key.path())?;
    if let Some(before) = operation::replayed(world, call, "delete", &key.path())? {
        return Ok(before);
    }
    let target_id = usable(world, &key)?.id;
    let (target, takes) = (key.path(), world.pace.removal);
    let effect = Effect::DeleteNetwork(key);
    let draft =
        Draft { verb: "delete", region: None, target, target_id, lock: None, effect, takes };
    operation::begin(world, call, draft)
}

/// A network is gone, if nothing uses it.
pub(in crate::gcp) fn deleted(world: &mut World, key: &NetworkKey) -> Result<(), Failure> {
    if let Some(user) = user(world, key) {
        return Err(Failure::in_use("network", &key.path(), &user));
    }
    subnetwork::remove_all_of(world, key);
    route::remove_all_of(world, key);
    world.tables.networks.remove(key);
    Ok(())
}

/// What uses a network: the subnetworks that it did not make itself, routes that somebody made, its
/// peerings, and what is being made in it.
fn user(world: &World, key: &NetworkKey) -> Option<String> {
    let network = world.tables.networks.get(key)?;
    let mut subnetworks = subnetwork::all_of(world, key).filter(|one| !(network.auto && one.auto));
    if let Some(subnetwork) = subnetworks.next() {
        return Some(subnetwork.path());
    }
    if let Some(route) = route::made_in(world, key) {
        return Some(route.path());
    }
    let peering = network.peerings.first().map(|peering| peering.name.clone());
    peering.or_else(|| operation::added_names(world, key).next().map(str::to_owned))
}
