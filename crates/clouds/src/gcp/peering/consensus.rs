//! Connections that both sides have to change and to end: `updateStrategy` `CONSENSUS`.
//!
//! Sources: the reference of `networks` (`consensusState`, `updateStrategy`), the page on peering
//! connections, `gcloud compute networks peerings request-delete`: an update counts once the other
//! side made the complementary one; a removal needs a request of both sides; a request can be
//! withdrawn, after both asked for it by both.

use serde::Deserialize;
use serde_json::{Value, json};

use super::pair::{complement, half, half_mut};
use super::{Peering, Strategy, Wish};
use crate::gcp::answer::Call;
use crate::gcp::links::NetworkKey;
use crate::gcp::network::{self, named};
use crate::gcp::operation::{self, Draft, Effect, Lock, LockKind};
use crate::gcp::refusal::{Failure, Refusal};
use crate::gcp::world::World;

/// `consensusState` of a half.
pub(super) fn state(world: &World, network: &NetworkKey, ours: &Peering) -> Value {
    let theirs = half(world, &ours.peer, network);
    let update = match (&theirs, ours.effective) {
        (Some(theirs), _) if complement(ours.config.traffic, theirs.config.traffic) => "IN_SYNC",
        (_, Some(effective)) if ours.config.traffic != effective.traffic => {
            "PENDING_PEER_ACKNOWLEDGEMENT"
        }
        // The word is Google's, letter by letter.
        _ => "PENDING_LOCAL_ACKNOWLEDMENT",
    };
    let wish = theirs.map(|theirs| theirs.wish).unwrap_or_default();
    json!({ "updateStatus": update, "deleteStatus": delete_status(ours.wish, wish) })
}

fn delete_status(ours: Wish, theirs: Wish) -> &'static str {
    match (ours.remove, theirs.remove) {
        (true, true) if ours.cancel => "LOCAL_CANCEL_REQUESTED",
        (true, true) if theirs.cancel => "PEER_CANCEL_REQUESTED",
        (true, true) => "DELETE_ACKNOWLEDGED",
        (true, false) => "LOCAL_DELETE_REQUESTED",
        (false, true) => "PEER_DELETE_REQUESTED",
        (false, false) => "DELETE_STATUS_UNSPECIFIED",
    }
}

/// Why a half cannot be removed by its own network alone.
pub(super) fn kept(world: &World, network: &NetworkKey, ours: &Peering) -> Option<String> {
    let strategy = ours.effective.map(|effective| effective.strategy);
    if strategy != Some(Strategy::Consensus) {
        return None;
    }
    let theirs = half(world, &ours.peer, network).map(|theirs| theirs.wish).unwrap_or_default();
    if delete_status(ours.wish, theirs) == "DELETE_ACKNOWLEDGED" {
        return None;
    }
    Some(format!(
        "The peering ({}) has the update strategy CONSENSUS: both networks have to request its \
         removal first.",
        ours.name
    ))
}

#[derive(Debug, Deserialize)]
struct Named {
    name: Option<String>,
}

/// `networks.requestRemovePeering`.
pub(in crate::gcp) fn request_remove_peering(
    world: &mut World,
    call: &Call,
    name: &str,
) -> Result<Value, Refusal> {
    wish(world, call, name, "requestRemovePeering", Effect::RequestRemoval)
}

/// `networks.cancelRequestRemovePeering`.
pub(in crate::gcp) fn cancel_request_remove_peering(
    world: &mut World,
    call: &Call,
    name: &str,
) -> Result<Value, Refusal> {
    wish(world, call, name, "cancelRequestRemovePeering", Effect::CancelRemoval)
}

fn wish(
    world: &mut World,
    call: &Call,
    name: &str,
    verb: &'static str,
    effect: fn(NetworkKey, String) -> Effect,
) -> Result<Value, Refusal> {
    let key = named(world, call, name);
    world.allow(call, "compute.networks.removePeering", &key.path())?;
    if let Some(before) = operation::replayed(world, call, verb, &key.path())? {
        return Ok(before);
    }
    let named: Named = call.read()?;
    let peering = named.name.ok_or_else(|| Refusal::required("name"))?;
    let network = network::usable(world, &key)?;
    let half = network.peering(&peering).ok_or_else(|| no_peering(&peering))?;
    let (target_id, peer) = (network.id, half.peer.clone());
    if half.effective.map(|effective| effective.strategy) != Some(Strategy::Consensus) {
        let words = format!("The peering ({peering}) has not the update strategy CONSENSUS.");
        return Err(Refusal::new(400, "invalid", words));
    }
    if verb == "cancelRequestRemovePeering" && !half.wish.remove {
        let words = format!("The removal of the peering ({peering}) was not requested.");
        return Err(Refusal::new(400, "invalid", words));
    }
    operation::refuse_if_busy(world, &[&key, &peer])?;
    let lock = Some(Lock { kind: LockKind::Peering, networks: vec![key.clone(), peer] });
    let (target, takes) = (key.path(), world.pace.gcp_operation);
    let (region, effect) = (None, effect(key, peering));
    operation::begin(world, call, Draft { verb, region, target, target_id, lock, effect, takes })
}

/// How a request about a peering that is not there is refused. Source: "There is no peering (…) for
/// the network.", hashicorp/terraform-provider-google#9105.
pub(super) fn no_peering(name: &str) -> Refusal {
    Refusal::new(400, "invalid", format!("There is no peering ({name}) for the network."))
}

/// One side wants the connection to end.
pub(in crate::gcp) fn removal_requested(
    world: &mut World,
    network: &NetworkKey,
    name: &str,
) -> Result<(), Failure> {
    let half = find(world, network, name)?;
    half.wish = Wish { remove: true, cancel: false };
    Ok(())
}

/// One side wants the connection to stay after all. Once both asked for its end, both have to.
pub(in crate::gcp) fn removal_cancelled(
    world: &mut World,
    network: &NetworkKey,
    name: &str,
) -> Result<(), Failure> {
    let ours = find(world, network, name)?.clone();
    let theirs = half(world, &ours.peer, network).map(|half| half.wish).unwrap_or_default();
    let both = ours.wish.remove && theirs.remove;
    let wish = match both && !theirs.cancel {
        true => Wish { remove: true, cancel: true },
        false => Wish::default(),
    };
    find(world, network, name)?.wish = wish;
    if both
        && theirs.cancel
        && let Some(half) = half_mut(world, &ours.peer, network)
    {
        half.wish = Wish::default();
    }
    Ok(())
}

fn find<'a>(
    world: &'a mut World,
    network: &NetworkKey,
    name: &str,
) -> Result<&'a mut Peering, Failure> {
    let found = world.tables.networks.get_mut(network);
    let found = found.and_then(|network| network.peerings.iter_mut().find(|one| one.name == name));
    found.ok_or_else(|| Failure::usage(no_peering(name).message))
}
