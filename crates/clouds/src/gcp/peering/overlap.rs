//! Addresses that two networks of one peering group must not share.
//!
//! Sources: the guide to VPC Network Peering ("At the time of peering, Google Cloud checks to see
//! if there are any subnets with overlapping IP ranges between the two VPC networks or any of their
//! peered networks"; the same when a subnetwork is made); the words about the two networks, and
//! that a static route counts, too: troubleshooting of terraform-google-modules' network modules.
//! The words about a peer's peer are our own.

use crate::gcp::block::Block;
use crate::gcp::links::NetworkKey;
use crate::gcp::world::World;
use crate::gcp::{route, subnetwork};

/// Blocks of a network, each with what has it.
type Taken = Vec<(Block, String)>;

/// Why two networks cannot be connected; said to the first.
pub(super) fn between(world: &World, network: &NetworkKey, peer: &NetworkKey) -> Option<String> {
    let (ours, theirs) = (taken(world, network), taken(world, peer));
    if let Some((mine, other)) = clash(&ours, &theirs) {
        return Some(direct(mine.0, other.0, &mine.1));
    }
    if let Some((mine, other)) = inside(&routed(world, network), &theirs) {
        return Some(direct(mine.0, other.0, &mine.1));
    }
    if let Some((other, mine)) = inside(&routed(world, peer), &ours) {
        return Some(direct(mine.0, other.0, &mine.1));
    }
    for (name, third) in active(world, network).filter(|(_, third)| *third != *peer) {
        if let Some((other, far)) = clash(&theirs, &taken(world, &third)) {
            return Some(format!(
                "An IP range in the peer network ({}) overlaps with an IP range ({}) in an active \
                 peer ({name}) of the local network.",
                other.0, far.0
            ));
        }
    }
    for (name, third) in active(world, peer).filter(|(_, third)| *third != *network) {
        if let Some((mine, far)) = clash(&ours, &taken(world, &third)) {
            return Some(format!(
                "An IP range in the peer network ({}) overlaps with an IP range in the local \
                 network ({}) allocated by resource ({}): it is in an active peer ({name}) of the \
                 peer network.",
                far.0, mine.0, mine.1
            ));
        }
    }
    None
}

fn direct(mine: Block, other: Block, resource: &str) -> String {
    format!(
        "An IP range in the peer network ({other}) overlaps with an IP range in the local network \
         ({mine}) allocated by resource ({resource})."
    )
}

/// Why a network cannot have a further block: a network that is connected to it has it, or one
/// that is connected to such a network.
pub(in crate::gcp) fn overlap_with_group(
    world: &World,
    network: &NetworkKey,
    block: Block,
) -> Option<String> {
    let fresh = vec![(block, String::new())];
    for (name, peer) in active(world, network) {
        if let Some((_, other)) = clash(&fresh, &taken(world, &peer)) {
            return Some(format!(
                "Invalid IPCidrRange: {block} overlaps with an IP range ({}) in an active peer \
                 ({name}) of the network.",
                other.0
            ));
        }
        for (_, third) in active(world, &peer).filter(|(_, third)| third != network) {
            if let Some((_, other)) = clash(&fresh, &taken(world, &third)) {
                return Some(format!(
                    "Invalid IPCidrRange: {block} overlaps with an IP range ({}) in a peer of an \
                     active peer ({name}) of the network.",
                    other.0
                ));
            }
        }
    }
    None
}

/// The networks that a network is connected to, with the name of its half.
fn active<'a>(
    world: &'a World,
    network: &NetworkKey,
) -> impl Iterator<Item = (&'a str, NetworkKey)> + use<'a> {
    let network = world.tables.networks.get(network);
    let halves = network.into_iter().flat_map(|network| &network.peerings);
    halves.filter(|half| half.is_active()).map(|half| (half.name.as_str(), half.peer.clone()))
}

fn taken(world: &World, network: &NetworkKey) -> Taken {
    let subnetworks = subnetwork::of_network(world, network);
    let blocks = subnetworks
        .flat_map(|one| one.blocks().map(|block| (block, one.path())).collect::<Vec<_>>());
    blocks.collect()
}

/// Where the static routes of a network lead that a peering can carry.
fn routed(world: &World, network: &NetworkKey) -> Taken {
    let routes = route::of_network(world, network).filter(|route| route.is_exchangeable());
    routes.map(|route| (route.block, route.path())).collect()
}

type Clash<'a> = (&'a (Block, String), &'a (Block, String));

/// The first two blocks that share addresses.
fn clash<'a>(ours: &'a Taken, theirs: &'a Taken) -> Option<Clash<'a>> {
    let mut pairs = ours.iter().flat_map(|mine| theirs.iter().map(move |other| (mine, other)));
    pairs.find(|(mine, other)| mine.0.overlaps(other.0))
}

/// The first route that leads into a block.
fn inside<'a>(routes: &'a Taken, blocks: &'a Taken) -> Option<Clash<'a>> {
    let mut pairs = routes.iter().flat_map(|mine| blocks.iter().map(move |other| (mine, other)));
    pairs.find(|(mine, other)| other.0.contains(mine.0))
}
