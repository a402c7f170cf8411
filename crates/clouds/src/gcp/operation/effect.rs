//! What an operation does when it ends.

use serde::{Deserialize, Serialize};

use crate::gcp::links::NetworkKey;
use crate::gcp::network::{self, NetworkPatch};
use crate::gcp::peering::{self, Change, Peering};
use crate::gcp::refusal::Failure;
use crate::gcp::route::{self, Route};
use crate::gcp::subnetwork;
use crate::gcp::world::World;

/// What is done at the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::gcp) enum Effect {
    CreateNetwork(NetworkKey),
    PatchNetwork(NetworkKey, NetworkPatch),
    SwitchToCustomMode(NetworkKey),
    DeleteNetwork(NetworkKey),
    CreateSubnetwork(String),
    DeleteSubnetwork(String),
    CreateRoute(Box<Route>),
    DeleteRoute(String),
    AddPeering(NetworkKey, Box<Peering>),
    UpdatePeering(NetworkKey, String, Change),
    RemovePeering(NetworkKey, String),
    RequestRemoval(NetworkKey, String),
    CancelRemoval(NetworkKey, String),
}

impl Effect {
    /// Does it.
    pub(super) fn happen(self, world: &mut World) -> Result<(), Failure> {
        match self {
            Self::CreateNetwork(key) => network::created(world, &key),
            Self::PatchNetwork(key, patch) => network::patched(world, &key, &patch),
            Self::SwitchToCustomMode(key) => network::switched(world, &key),
            Self::DeleteNetwork(key) => network::deleted(world, &key),
            Self::CreateSubnetwork(row) => subnetwork::created(world, &row),
            Self::DeleteSubnetwork(row) => subnetwork::deleted(world, &row),
            Self::CreateRoute(route) => route::created(world, *route),
            Self::DeleteRoute(row) => route::deleted(world, &row),
            Self::AddPeering(network, peering) => peering::added(world, &network, *peering),
            Self::UpdatePeering(network, name, change) => {
                peering::updated(world, &network, &name, &change)
            }
            Self::RemovePeering(network, name) => peering::removed(world, &network, &name),
            Self::RequestRemoval(network, name) => {
                peering::removal_requested(world, &network, &name)
            }
            Self::CancelRemoval(network, name) => {
                peering::removal_cancelled(world, &network, &name)
            }
        }
    }

    /// The name of the peering that it adds to a network.
    pub(super) fn adds_to(&self, network: &NetworkKey) -> Option<&str> {
        match self {
            Self::AddPeering(to, peering) if to == network => Some(&peering.name),
            _ => None,
        }
    }
}
