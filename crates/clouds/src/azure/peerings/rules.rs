//! Which peerings Azure refuses. The order is that of the questions: about the object, about the
//! pair, about addresses, about gateways.

use super::{Sync, Wanted};
use crate::azure::object::{Network, Peering, PeeringState};
use crate::azure::refusal::{Refusal, peering as refusal};
use crate::azure::space;
use crate::azure::world::World;
use peerage_fabric::rules::azure::PEERINGS_MAX;

/// Refuses what cannot be.
pub(in crate::azure) fn check(
    world: &World,
    wanted: &Wanted,
    has: Option<&Peering>,
    network: &Network,
    remote: &Network,
) -> Result<(), Refusal> {
    check_object(world, wanted, has)?;
    check_pair(world, wanted)?;
    if has.is_none() || wanted.sync == Sync::Remote {
        check_addresses(world, wanted, network, remote)?;
    }
    check_gateways(world, wanted, network, remote)
}

/// Source: the reference: the remote network of a peering cannot be changed, each remote network is
/// referenced once, a network has at most 500 peerings.
fn check_object(world: &World, wanted: &Wanted, has: Option<&Peering>) -> Result<(), Refusal> {
    let remote = wanted.remote.key();
    if let Some(has) = has.filter(|has| has.remote.key() != remote) {
        let (from, to) = (has.remote.path(), wanted.remote.path());
        return Err(refusal::other_remote(&wanted.path, &from, &to));
    }
    let is_other = |one: &&Peering| !one.name.eq_ignore_ascii_case(&wanted.name);
    let mut others = world.peerings_of(&wanted.network).filter(is_other);
    if let Some(other) = others.find(|one| one.remote.key() == remote) {
        let other = other.network.peering_path(&other.name);
        return Err(refusal::referenced(&other, &wanted.remote.path(), &wanted.path));
    }
    let count = world.peerings_of(&wanted.network).count();
    if has.is_none() && count >= PEERINGS_MAX { Err(refusal::full()) } else { Ok(()) }
}

/// Source: the words of `RemotePeeringIsDisconnected`.
fn check_pair(world: &World, wanted: &Wanted) -> Result<(), Refusal> {
    let own = wanted.network.key();
    let mut theirs = world.peerings_of(&wanted.remote);
    match theirs.find(|one| one.remote.key() == own) {
        Some(reverse) if reverse.state == PeeringState::Disconnected => {
            let reverse = reverse.network.peering_path(&reverse.name);
            Err(refusal::remote_disconnected(&wanted.path, &reverse, &wanted.network.path()))
        }
        _ => Ok(()),
    }
}

/// Source: the guide: the spaces of peered networks do not overlap; issue 1927 of AzureTRE: nor
/// does either with that of a network that the other is peered with, a disconnected one included.
fn check_addresses(
    world: &World,
    wanted: &Wanted,
    network: &Network,
    remote: &Network,
) -> Result<(), Refusal> {
    let (own_path, remote_path) = (network.id.path(), remote.id.path());
    if let Some(both) = space::overlap(&network.prefixes, &remote.prefixes) {
        return Err(refusal::overlap(&wanted.path, &own_path, &remote_path, &both));
    }
    let sides = [(network, remote, refusal::Side::First), (remote, network, refusal::Side::Second)];
    for (one, other, side) in sides {
        let thirds =
            world.peerings_of(&other.id).filter(|third| third.remote.key() != one.id.key());
        for third in thirds {
            if let Some(both) = space::overlap(&one.prefixes, &third.remote_prefixes) {
                let third = third.remote.path();
                let pair = (own_path.as_str(), remote_path.as_str());
                return Err(refusal::overlap_with_peered(&wanted.path, pair, side, &third, &both));
            }
        }
    }
    Ok(())
}

/// Source: the reference of `useRemoteGateways`.
fn check_gateways(
    world: &World,
    wanted: &Wanted,
    network: &Network,
    remote: &Network,
) -> Result<(), Refusal> {
    if !wanted.flags.use_remote_gateways {
        return Ok(());
    }
    if network.gateway {
        return Err(refusal::own_gateway(&wanted.path, &network.id.path()));
    }
    if !remote.gateway {
        return Err(refusal::no_gateway(&wanted.path, &remote.id.path()));
    }
    let uses = |one: &&Peering| {
        one.flags.use_remote_gateways && !one.name.eq_ignore_ascii_case(&wanted.name)
    };
    match world.peerings_of(&wanted.network).find(uses) {
        Some(other) => {
            let other = other.network.peering_path(&other.name);
            Err(refusal::second_remote_gateway(&wanted.path, &other))
        }
        None => Ok(()),
    }
}
