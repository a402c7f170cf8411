//! Adding, updating and removing a network's half.
//!
//! One operation at a time runs on the peerings of two networks; whoever comes second is refused at
//! once. Addresses that overlap and a full network are found while the operation runs: it fails.

use peerage_fabric::rules::gcp::{FULL, PEERINGS_MAX};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::consensus::{kept, no_peering};
use super::pair::{half, half_mut, settle, would_connect};
use super::{Config, PEER_FAILED, Peering, Stack, Strategy, overlap};
use crate::gcp::answer::Call;
use crate::gcp::customer;
use crate::gcp::links::{NAME_RULE, NetworkKey, is_name, parse_network};
use crate::gcp::network::{self, Network, named};
use crate::gcp::operation::{self, Draft, Effect, Lock, LockKind};
use crate::gcp::refusal::{Failure, Refusal};
use crate::gcp::world::World;

/// The body of `addPeering`: everything in `networkPeering`, or as it was before there was one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenAdd {
    name: Option<String>,
    peer_network: Option<String>,
    auto_create_routes: Option<bool>,
    network_peering: Option<Written>,
}

/// The body of `updatePeering`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenUpdate {
    network_peering: Option<Written>,
}

/// The body of `removePeering`.
#[derive(Debug, Deserialize)]
struct WrittenRemove {
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    name: Option<String>,
    network: Option<String>,
    auto_create_routes: Option<bool>,
    exchange_subnet_routes: Option<bool>,
    #[serde(flatten)]
    change: Change,
}

/// What is said about a half; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gcp) struct Change {
    export_custom_routes: Option<bool>,
    import_custom_routes: Option<bool>,
    export_subnet_routes_with_public_ip: Option<bool>,
    import_subnet_routes_with_public_ip: Option<bool>,
    stack_type: Option<String>,
    update_strategy: Option<String>,
}

impl Change {
    fn check(&self) -> Result<(), Refusal> {
        let stack = self.stack_type.as_deref();
        if let Some(stack) = stack.filter(|word| !["IPV4_ONLY", "IPV4_IPV6"].contains(word)) {
            let field = "networkPeering.stackType";
            return Err(Refusal::invalid(field, stack, "Unknown stack type."));
        }
        let strategies = ["INDEPENDENT", "CONSENSUS", "UNSPECIFIED"];
        let strategy = self.update_strategy.as_deref();
        if let Some(strategy) = strategy.filter(|word| !strategies.contains(word)) {
            let field = "networkPeering.updateStrategy";
            return Err(Refusal::invalid(field, strategy, "Unknown update strategy."));
        }
        Ok(())
    }

    fn apply(&self, config: &mut Config) {
        let traffic = &mut config.traffic;
        traffic.export_custom = self.export_custom_routes.unwrap_or(traffic.export_custom);
        traffic.import_custom = self.import_custom_routes.unwrap_or(traffic.import_custom);
        let export = self.export_subnet_routes_with_public_ip;
        traffic.export_public = export.unwrap_or(traffic.export_public);
        let import = self.import_subnet_routes_with_public_ip;
        traffic.import_public = import.unwrap_or(traffic.import_public);
        match self.stack_type.as_deref() {
            Some("IPV4_IPV6") => traffic.stack = Stack::Ipv4Ipv6,
            Some(_) => traffic.stack = Stack::Ipv4Only,
            None => {}
        }
        match self.update_strategy.as_deref() {
            Some("CONSENSUS") => config.strategy = Strategy::Consensus,
            Some(_) => config.strategy = Strategy::Independent,
            None => {}
        }
    }
}

/// `networks.addPeering`.
pub(in crate::gcp) fn add_peering(
    world: &mut World,
    call: &Call,
    name: &str,
) -> Result<Value, Refusal> {
    let key = named(world, call, name);
    world.allow(call, "compute.networks.addPeering", &key.path())?;
    if let Some(before) = operation::replayed(world, call, "addPeering", &key.path())? {
        return Ok(before);
    }
    let peering = read_add(call)?;
    let draft = draft_add(world, &key, peering)?;
    operation::begin(world, call, draft)
}

fn read_add(call: &Call) -> Result<Peering, Refusal> {
    let written: WrittenAdd = call.read()?;
    let peering = written.network_peering.unwrap_or_default();
    let name = peering.name.or(written.name);
    let name = name.ok_or_else(|| Refusal::required("networkPeering.name"))?;
    if !is_name(&name) {
        return Err(Refusal::invalid("networkPeering.name", &name, NAME_RULE));
    }
    let network = peering.network.or(written.peer_network);
    let network = network.ok_or_else(|| Refusal::required("networkPeering.network"))?;
    let peer = parse_network(&network, &call.project).ok_or_else(|| {
        Refusal::invalid("networkPeering.network", &network, "The URL is malformed.")
    })?;
    let automatic =
        [peering.exchange_subnet_routes, peering.auto_create_routes, written.auto_create_routes];
    if automatic.contains(&Some(false)) {
        return Err(no_exchange());
    }
    peering.change.check()?;
    let mut made = Peering::plain(name, peer);
    peering.change.apply(&mut made.config);
    Ok(made)
}

/// Source: "auto_create_routes false no longer supported",
/// hashicorp/terraform-provider-google#2281.
fn no_exchange() -> Refusal {
    let why = "Subnet routes are always exchanged: it must be true.";
    Refusal::invalid("networkPeering.exchangeSubnetRoutes", "false", why)
}

/// Begins an addition as somebody does who holds no credentials; see [`add_peering`].
pub(in crate::gcp) fn add(
    world: &mut World,
    key: &NetworkKey,
    peering: Peering,
    user: &str,
) -> Result<(), Refusal> {
    let draft = draft_add(world, key, peering)?;
    operation::start(world, key.project(), user, None, draft).map(drop)
}

fn draft_add(world: &World, key: &NetworkKey, peering: Peering) -> Result<Draft, Refusal> {
    let network = network::usable(world, key)?;
    if peering.peer == *key {
        let why = "A network cannot be peered with itself.";
        return Err(Refusal::invalid("networkPeering.network", &key.link(), why));
    }
    operation::refuse_if_busy(world, &[key, &peering.peer])?;
    if let Some(taken) = network.half(&peering.peer) {
        // Source: words of Compute Engine that kyma-project/cloud-manager looks for.
        let words = format!(
            "There is already a peering ({}) with the same network. Select another network.",
            taken.name
        );
        return Err(Refusal::new(400, "invalid", words));
    }
    if network.peering(&peering.name).is_some() {
        let words = format!("The peering ({}) already exists in the network.", peering.name);
        return Err(Refusal::new(409, "alreadyExists", words));
    }
    let networks = vec![key.clone(), peering.peer.clone()];
    Ok(Draft {
        verb: "addPeering",
        region: None,
        target: key.path(),
        target_id: network.id,
        lock: Some(Lock { kind: LockKind::Peering, networks }),
        effect: Effect::AddPeering(key.clone(), Box::new(peering)),
        takes: world.pace.gcp_operation,
    })
}

/// Why a half cannot be added to a network.
pub(in crate::gcp) fn check_add(
    world: &World,
    key: &NetworkKey,
    peer: &NetworkKey,
) -> Result<(), Failure> {
    let network = world.tables.networks.get(key).filter(|network| network.ready);
    let Some(network) = network else { return Err(Failure::not_found(&key.path())) };
    if network.peerings.len() >= PEERINGS_MAX {
        return Err(Failure::quota(format!("{FULL}  Limit: {PEERINGS_MAX}.0 globally.")));
    }
    match overlap::between(world, key, peer) {
        Some(words) => Err(Failure::usage(words)),
        None => Ok(()),
    }
}

/// A half is there; if the other one is, too, they are connected.
pub(in crate::gcp) fn added(
    world: &mut World,
    key: &NetworkKey,
    mut peering: Peering,
) -> Result<(), Failure> {
    let peer = peering.peer.clone();
    if let Err(failure) = check_add(world, key, &peer) {
        let now = world.now;
        if let Some(theirs) = half_mut(world, &peer, key) {
            theirs.say(PEER_FAILED, now);
        }
        return Err(failure);
    }
    peering.since_ms = world.now.as_millis();
    let name = peering.name.clone();
    if let Some(network) = world.tables.networks.get_mut(key) {
        network.peerings.push(peering);
    }
    settle(world, key, &peer);
    customer::half_added(world, key, &name);
    Ok(())
}

/// `networks.updatePeering`.
pub(in crate::gcp) fn update_peering(
    world: &mut World,
    call: &Call,
    name: &str,
) -> Result<Value, Refusal> {
    let key = named(world, call, name);
    world.allow(call, "compute.networks.updatePeering", &key.path())?;
    if let Some(before) = operation::replayed(world, call, "updatePeering", &key.path())? {
        return Ok(before);
    }
    let written: WrittenUpdate = call.read()?;
    let written = written.network_peering.ok_or_else(|| Refusal::required("networkPeering"))?;
    let name = written.name.ok_or_else(|| Refusal::required("networkPeering.name"))?;
    let network = network::usable(world, &key)?;
    let ours = network.peering(&name).ok_or_else(|| no_peering(&name))?;
    if [written.exchange_subnet_routes, written.auto_create_routes].contains(&Some(false)) {
        return Err(no_exchange());
    }
    written.change.check()?;
    let other = written.network.filter(|text| {
        parse_network(text, &call.project).is_none_or(|network| network != ours.peer)
    });
    if let Some(other) = other {
        let why = "The peer network of a peering cannot be changed.";
        return Err(Refusal::invalid("networkPeering.network", &other, why));
    }
    let peer = ours.peer.clone();
    let effect = Effect::UpdatePeering(key.clone(), name, written.change);
    let takes = world.pace.gcp_operation;
    let draft = draft(world, network, &key, &peer, "updatePeering", effect, takes)?;
    operation::begin(world, call, draft)
}

fn draft(
    world: &World,
    network: &Network,
    key: &NetworkKey,
    peer: &NetworkKey,
    verb: &'static str,
    effect: Effect,
    takes: std::time::Duration,
) -> Result<Draft, Refusal> {
    operation::refuse_if_busy(world, &[key, peer])?;
    let lock = Lock { kind: LockKind::Peering, networks: vec![key.clone(), peer.clone()] };
    let (target, target_id, lock) = (key.path(), network.id, Some(lock));
    Ok(Draft { verb, region: None, target, target_id, lock, effect, takes })
}

/// A half is configured as it was asked for.
pub(in crate::gcp) fn updated(
    world: &mut World,
    key: &NetworkKey,
    name: &str,
    change: &Change,
) -> Result<(), Failure> {
    let network = world.tables.networks.get(key);
    let Some(mut ours) = network.and_then(|network| network.peering(name)).cloned() else {
        return Err(Failure::usage(no_peering(name).message));
    };
    change.apply(&mut ours.config);
    let peer = ours.peer.clone();
    let connects = !ours.is_active()
        && half(world, &peer, key)
            .is_some_and(|theirs| would_connect(&ours.config, &theirs.config));
    if connects && let Some(words) = overlap::between(world, key, &peer) {
        return Err(Failure::usage(words));
    }
    if let Some(half) = half_mut(world, key, &peer) {
        *half = ours;
    }
    settle(world, key, &peer);
    Ok(())
}

/// `networks.removePeering`.
pub(in crate::gcp) fn remove_peering(
    world: &mut World,
    call: &Call,
    name: &str,
) -> Result<Value, Refusal> {
    let key = named(world, call, name);
    world.allow(call, "compute.networks.removePeering", &key.path())?;
    if let Some(before) = operation::replayed(world, call, "removePeering", &key.path())? {
        return Ok(before);
    }
    let written: WrittenRemove = call.read()?;
    let name = written.name.ok_or_else(|| Refusal::required("name"))?;
    let draft = draft_remove(world, &key, &name)?;
    operation::begin(world, call, draft)
}

/// Begins a removal as somebody does who holds no credentials; see [`remove_peering`].
pub(in crate::gcp) fn remove(
    world: &mut World,
    key: &NetworkKey,
    name: &str,
    user: &str,
) -> Result<(), Refusal> {
    let draft = draft_remove(world, key, name)?;
    operation::start(world, key.project(), user, None, draft).map(drop)
}

fn draft_remove(world: &World, key: &NetworkKey, name: &str) -> Result<Draft, Refusal> {
    let network = network::usable(world, key)?;
    let ours = network.peering(name).ok_or_else(|| no_peering(name))?;
    if let Some(words) = kept(world, key, ours) {
        return Err(Refusal::new(400, "invalid", words));
    }
    let effect = Effect::RemovePeering(key.clone(), name.to_owned());
    draft(world, network, key, &ours.peer, "removePeering", effect, world.pace.removal)
}

/// A half is gone; the other one is inactive.
pub(in crate::gcp) fn removed(
    world: &mut World,
    key: &NetworkKey,
    name: &str,
) -> Result<(), Failure> {
    let network = world.tables.networks.get_mut(key);
    let found = network.and_then(|network| {
        let at = network.peerings.iter().position(|half| half.name == name)?;
        Some(network.peerings.remove(at))
    });
    let Some(gone) = found else { return Err(Failure::usage(no_peering(name).message)) };
    settle(world, key, &gone.peer);
    customer::half_removed(world, key, &gone.peer);
    Ok(())
}
