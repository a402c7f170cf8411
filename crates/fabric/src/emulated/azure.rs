//! The reference model of an Azure virtual network peering.
//!
//! Sources: the reference of `virtualNetworkPeerings` (`peeringState`, `peeringSyncLevel`,
//! `provisioningState`), Azure's guide to managing peerings (one object in each VNet; what was
//! disconnected stays so and is deleted and made anew), the limits of Azure (500 peerings of one
//! VNet). Nobody accepts on Azure: both objects are ours to make once the customer has given our
//! principal a role on its VNet; the role is modelled for each peering.

use peerage_core::cloud::{CallError, LinkRequest, LinkStatus};
use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{give_up, retry, retry_after};
use super::customer::{CustomerAct, CustomerError, CustomerMode};
use super::fault::Planted;
use super::index::Rank;
use super::object::{Fate, LinkObject, Sides, customer_word};
use super::row::{Block, Customer};
use super::world::World;
use crate::rules::azure::{FULL, FULL_CODE, PEERINGS_MAX, REFERENCED};

/// The service's words for a second peering of one VNet from overlapping addresses.
pub const OVERLAP: &str = "Could not create peering connection in Atlas Azure account because a \
     peer with an overlapping CIDR block already exists.";

/// The peering objects of the two VNets, and what lets us make the customer's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pair {
    role: Role,
    /// The object in our VNet.
    ours: Option<Half>,
    /// The object in the customer's VNet.
    theirs: Option<Half>,
    /// Whether Azure refused to connect the two.
    refused: bool,
}

/// Our principal's role on the customer's VNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Absent,
    Granted,
    Denied,
}

/// One peering object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Half {
    peering_state: PeeringState,
    sync_level: SyncLevel,
    provisioning_state: ProvisioningState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum PeeringState {
    Initiated,
    Connected,
    Disconnected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum SyncLevel {
    FullyInSync,
    RemoteNotInSync,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ProvisioningState {
    Updating,
    Succeeded,
    Deleting,
}

const INITIATED: Half = Half {
    peering_state: PeeringState::Initiated,
    sync_level: SyncLevel::RemoteNotInSync,
    provisioning_state: ProvisioningState::Updating,
};

const CONNECTED: Half = Half {
    peering_state: PeeringState::Connected,
    sync_level: SyncLevel::FullyInSync,
    provisioning_state: ProvisioningState::Succeeded,
};

const DISCONNECTED: Half = Half {
    peering_state: PeeringState::Disconnected,
    sync_level: SyncLevel::RemoteNotInSync,
    provisioning_state: ProvisioningState::Succeeded,
};

impl Pair {
    const fn new(role: Role, ours: Option<Half>) -> Self {
        Self { role, ours, theirs: None, refused: false }
    }

    pub(super) fn status(&self) -> LinkStatus {
        match (self.ours, self.role) {
            _ if self.refused => LinkStatus::Refused,
            (None, Role::Denied) => LinkStatus::Rejected,
            (None, Role::Absent | Role::Granted) => LinkStatus::AwaitsCustomer,
            (Some(half), _) => match (half.provisioning_state, half.peering_state) {
                (ProvisioningState::Deleting, _) => LinkStatus::Removing,
                (ProvisioningState::Updating, _) | (_, PeeringState::Initiated) => {
                    LinkStatus::Requested
                }
                (ProvisioningState::Succeeded, PeeringState::Connected) => LinkStatus::Active,
                (ProvisioningState::Succeeded, PeeringState::Disconnected) => LinkStatus::Severed,
            },
        }
    }

    pub(super) fn rank(&self) -> Rank {
        match self.status() {
            LinkStatus::Requested | LinkStatus::Removing | LinkStatus::Finishing => Rank::Working,
            LinkStatus::AwaitsCustomer => Rank::Waiting,
            LinkStatus::Active => Rank::Active,
            // What was disconnected is an object of our VNet until it is deleted.
            LinkStatus::Severed => Rank::Severed,
            LinkStatus::Rejected | LinkStatus::Expired | LinkStatus::Refused => Rank::Over,
        }
    }

    /// Whether it came to an end without leaving an object.
    pub(super) fn is_memory(&self) -> bool {
        self.refused || (self.ours.is_none() && self.role == Role::Denied)
    }
}

/// Looks whether the role is there and, if it is, makes both objects.
pub(super) fn make(
    world: &World,
    request: &LinkRequest,
    planted: Planted,
    now: Timestamp,
) -> Result<LinkObject, CallError> {
    let (ours, customer) = (request.container, Customer::of(&customer_word(&request.customer)));
    if world.index.between(ours, customer).is_some() {
        return Err(retry("AnotherPeeringAlreadyReferencesRemoteVnet", REFERENCED));
    }
    if world.index.living(ours).nth(PEERINGS_MAX - 1).is_some() {
        return Err(give_up(FULL_CODE, FULL));
    }
    let connecting = now.after(world.pace.azure_connecting).after(planted.delay);
    let (pair, due) = match world.mode {
        _ if planted.refusal.is_some() => {
            (Pair::new(Role::Granted, Some(INITIATED)), Some(connecting))
        }
        CustomerMode::Accept => (Pair::new(Role::Granted, Some(INITIATED)), Some(connecting)),
        CustomerMode::Reject => {
            (Pair::new(Role::Absent, None), Some(now.after(world.pace.customer)))
        }
        CustomerMode::Manual | CustomerMode::Ignore => (Pair::new(Role::Absent, None), None),
    };
    let name = format!("peering-{}", request.peering);
    let sides = Sides::Azure(pair);
    Ok(LinkObject::new(request, name, planted.refusal, sides.clone()).with(sides, due))
}

/// The time of a peering has come.
pub(super) fn step(world: &World, id: PeerId, link: LinkObject, pair: Pair) -> Fate {
    match pair.status() {
        LinkStatus::Requested => connected(world, id, link, pair).into(),
        LinkStatus::AwaitsCustomer if world.mode == CustomerMode::Reject => {
            denied(link, pair).into()
        }
        LinkStatus::Removing => Fate::Gone,
        LinkStatus::AwaitsCustomer
        | LinkStatus::Finishing
        | LinkStatus::Active
        | LinkStatus::Rejected
        | LinkStatus::Expired
        | LinkStatus::Refused
        | LinkStatus::Severed => link.with(Sides::Azure(pair), None).into(),
    }
}

/// Azure connects the two, or refuses: the customer's VNet could not tell two ways to the same
/// addresses apart.
fn connected(world: &World, id: PeerId, link: LinkObject, pair: Pair) -> LinkObject {
    let (ours, active) =
        (Block::of(&link.our_block), || world.index.theirs(link.customer(), Rank::Active));
    let words = if let Some(words) = link.planted.clone() {
        Some(words)
    } else if active().any(|(block, other)| other != id && block.overlaps(ours)) {
        Some(OVERLAP.to_owned())
    } else if active().nth(PEERINGS_MAX - 1).is_some() {
        Some(FULL.to_owned())
    } else {
        None
    };
    let pair = match words {
        Some(_) => Pair { refused: true, ours: None, theirs: None, ..pair },
        None => Pair { ours: Some(CONNECTED), theirs: Some(CONNECTED), ..pair },
    };
    LinkObject { message: words, ..link }.with(Sides::Azure(pair), None)
}

fn denied(link: LinkObject, pair: Pair) -> LinkObject {
    link.with(Sides::Azure(Pair { role: Role::Denied, ours: None, theirs: None, ..pair }), None)
}

/// Takes both objects away.
pub(super) fn remove(
    world: &World,
    link: LinkObject,
    pair: Pair,
    planted: &Planted,
    now: Timestamp,
) -> Result<Fate, CallError> {
    let Some(half) = pair.ours else { return Ok(Fate::Gone) };
    match half.provisioning_state {
        ProvisioningState::Deleting => Ok(link.into()),
        ProvisioningState::Updating => {
            let span = link.due().map_or(world.pace.azure_connecting, |due| due.since(now));
            let words = "Another operation on this or dependent resource is in progress.";
            Err(retry_after("AnotherOperationInProgress", words, span))
        }
        ProvisioningState::Succeeded => {
            let deleting = Half { provisioning_state: ProvisioningState::Deleting, ..half };
            let due = now.after(world.pace.removal).after(planted.delay);
            let pair = Pair { ours: Some(deleting), theirs: None, ..pair };
            Ok(link.with(Sides::Azure(pair), Some(due)).into())
        }
    }
}

/// The hand of the customer's administrator. There is no word for a rejection on Azure: not to
/// give the role, or to take it away before both objects are there, is one.
pub(super) fn act(
    world: &World,
    link: LinkObject,
    pair: Pair,
    act: CustomerAct,
    now: Timestamp,
) -> Result<LinkObject, CustomerError> {
    let status = pair.status();
    match (act, status) {
        (CustomerAct::Accept, LinkStatus::AwaitsCustomer) => {
            let due = now.after(world.pace.azure_connecting);
            let pair = Pair { role: Role::Granted, ours: Some(INITIATED), ..pair };
            Ok(link.with(Sides::Azure(pair), Some(due)))
        }
        (CustomerAct::Accept, LinkStatus::Requested | LinkStatus::Active) => {
            Err(CustomerError::new("RoleAssignmentExists", "The role assignment already exists."))
        }
        (CustomerAct::Reject, LinkStatus::AwaitsCustomer | LinkStatus::Requested) => {
            Ok(denied(link, pair))
        }
        (CustomerAct::Delete, LinkStatus::Active) => {
            let pair = Pair { ours: Some(DISCONNECTED), theirs: None, ..pair };
            Ok(link.with(Sides::Azure(pair), None))
        }
        (CustomerAct::Delete, _) => Err(CustomerError::new(
            "ResourceNotFound",
            format!("The customer's virtual network has no peering {}.", link.connection),
        )),
        (CustomerAct::Accept | CustomerAct::Reject, _) => Err(CustomerError::new(
            "Conflict",
            format!("The peering {} takes no answer any more: {status:?}.", link.connection),
        )),
    }
}
