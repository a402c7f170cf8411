//! When two halves are a connection, and what is in force then.

use super::{Config, Effective, Peering, Stack, Strategy, Traffic};
use crate::gcp::links::NetworkKey;
use crate::gcp::world::World;

/// Looks at both halves after one of them changed, came or went.
pub(super) fn settle(world: &mut World, network: &NetworkKey, peer: &NetworkKey) {
    let (ours, theirs) = (half(world, network, peer), half(world, peer, network));
    let now = world.now;
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => {
            let Some((mine, other)) = in_force(&ours, &theirs) else { return };
            if let Some(half) = half_mut(world, network, peer) {
                half.activate(mine, now);
            }
            if let Some(half) = half_mut(world, peer, network) {
                half.activate(other, now);
            }
        }
        (Some(_), None) => {
            if let Some(half) = half_mut(world, network, peer) {
                half.deactivate(now);
            }
        }
        (None, Some(_)) => {
            if let Some(half) = half_mut(world, peer, network) {
                half.deactivate(now);
            }
        }
        (None, None) => {}
    }
}

pub(super) fn half(world: &World, network: &NetworkKey, peer: &NetworkKey) -> Option<Peering> {
    world.tables.networks.get(network)?.half(peer).cloned()
}

pub(super) fn half_mut<'a>(
    world: &'a mut World,
    network: &NetworkKey,
    peer: &NetworkKey,
) -> Option<&'a mut Peering> {
    let network = world.tables.networks.get_mut(network)?;
    network.peerings.iter_mut().find(|half| half.peer == *peer)
}

/// Whether two halves make a connection that none is yet.
pub(super) fn would_connect(ours: &Config, theirs: &Config) -> bool {
    match (ours.strategy, theirs.strategy) {
        (Strategy::Independent, Strategy::Independent) => true,
        (Strategy::Consensus, Strategy::Consensus) => complement(ours.traffic, theirs.traffic),
        // Source: about peering connections: both must specify the same mode.
        (Strategy::Independent, Strategy::Consensus)
        | (Strategy::Consensus, Strategy::Independent) => false,
    }
}

/// What is in force on each side; `None` where nothing changes by itself.
fn in_force(ours: &Peering, theirs: &Peering) -> Option<(Effective, Effective)> {
    let (mine, other) = (&ours.config, &theirs.config);
    let before = ours.effective.map(|effective| effective.strategy);
    let agreed = (mine.strategy == other.strategy).then_some(mine.strategy);
    let strategy = match before {
        None if would_connect(mine, other) => mine.strategy,
        None => return None,
        Some(Strategy::Consensus) if !complement(mine.traffic, other.traffic) => return None,
        Some(before) => agreed.unwrap_or(before),
    };
    let effective = |ours: Traffic, theirs: Traffic| Effective {
        traffic: Traffic {
            export_custom: ours.export_custom && theirs.import_custom,
            import_custom: ours.import_custom && theirs.export_custom,
            export_public: ours.export_public && theirs.import_public,
            import_public: ours.import_public && theirs.export_public,
            stack: both(ours.stack, theirs.stack),
        },
        strategy,
    };
    Some((effective(mine.traffic, other.traffic), effective(other.traffic, mine.traffic)))
}

fn both(ours: Stack, theirs: Stack) -> Stack {
    match (ours, theirs) {
        (Stack::Ipv4Ipv6, Stack::Ipv4Ipv6) => Stack::Ipv4Ipv6,
        (Stack::Ipv4Only, _) | (_, Stack::Ipv4Only) => Stack::Ipv4Only,
    }
}

/// Whether each side takes what the other gives.
pub(super) fn complement(ours: Traffic, theirs: Traffic) -> bool {
    ours.export_custom == theirs.import_custom
        && ours.import_custom == theirs.export_custom
        && ours.export_public == theirs.import_public
        && ours.import_public == theirs.export_public
        && ours.stack == theirs.stack
}
