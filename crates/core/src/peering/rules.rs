//! The rules that a peering has to keep when it is asked for and when it is changed.
//!
//! Sources: the published document (fields, what exists at most once), the service's documented
//! limits (50 peerings and 25 pending ones a project), its error catalogue (which faults exist).

use alloc::string::{String, ToString};

use super::{AwsNetwork, AzureNetwork, CustomerNetwork, Event, GcpNetwork, NetworkChange};
use super::{Peering, Phase};
use crate::cidr::AddressBlock;
use crate::cloud::Observed;
use crate::container::Container;
use crate::error::Refusal;
use crate::id::PeerId;
use crate::quota;
use crate::time::Timestamp;

/// What an owner wants to be different. A field that is `None` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeeringChange {
    /// On AWS.
    Aws(AwsChange),
    /// On Azure.
    Azure(AzureChange),
    /// On GCP.
    Gcp(GcpChange),
}

/// What may change on AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsChange {
    /// The account.
    pub account_id: Option<String>,
    /// The VPC.
    pub vpc_id: Option<String>,
    /// The region of the VPC.
    pub region: Option<String>,
    /// The block for our route tables.
    pub block: Option<AddressBlock>,
}

/// What may change on Azure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AzureChange {
    /// The directory.
    pub directory_id: Option<String>,
    /// The subscription.
    pub subscription_id: Option<String>,
    /// The resource group.
    pub resource_group: Option<String>,
    /// The VNet.
    pub vnet_name: Option<String>,
}

/// What may change on GCP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GcpChange {
    /// The project.
    pub project_id: Option<String>,
    /// The network.
    pub network_name: Option<String>,
}

impl Peering {
    /// Asks for a peering in `container`, in a project that has the peerings `siblings`.
    ///
    /// # Errors
    /// A container of another provider, the same network twice, overlapping blocks, or too many
    /// peerings; in this order, so that the most specific fault is named.
    pub fn request<'a>(
        id: PeerId,
        container: &Container,
        customer: CustomerNetwork,
        siblings: impl Iterator<Item = &'a Self> + Clone,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if container.spec.provider() != customer.provider() {
            return Err(Refusal::ContainerNotFound(container.id));
        }
        refuse_conflicts(container, &customer, siblings.clone())?;
        refuse_too_many(siblings)?;
        Ok(Self {
            id,
            group: container.group,
            container: container.id,
            phase: Phase::first(customer.provider()),
            customer,
            generation: 1,
            handshake: 1,
            observed: Observed::Nothing,
            connection: None,
            created: now,
            since: now,
        })
    }

    /// Changes what its owner asked for. `Ok(None)`: nothing is different.
    ///
    /// # Errors
    /// Fields of another provider, a phase that forbids it, or what [`Peering::request`] refuses.
    pub fn change<'a>(
        &self,
        change: &PeeringChange,
        container: &Container,
        siblings: impl Iterator<Item = &'a Self> + Clone,
        now: Timestamp,
    ) -> Result<Option<Self>, Refusal> {
        let customer = self.customer.changed(change).ok_or(Refusal::field("providerName"))?;
        let invalid_state = || Refusal::PeerInvalidState { peer: self.id, group: self.group };
        if self.phase.is_deleting() {
            return Err(invalid_state());
        }
        let event = match self.customer.difference(&customer) {
            NetworkChange::None => return Ok(None),
            NetworkChange::Route => Event::RouteChanged,
            NetworkChange::Network => Event::NetworkChanged,
        };
        let others = siblings.filter(|sibling| sibling.id != self.id);
        refuse_conflicts(container, &customer, others.clone())?;
        let restarts = event == Event::NetworkChanged || self.phase.is_failed();
        if restarts && !self.phase.is_pending() {
            refuse_too_many_pending(others)?;
        }
        match self.clone().step(&event, now) {
            Ok(Some(peering)) => Ok(Some(Self {
                customer,
                generation: self.generation + 1,
                handshake: self.handshake + u32::from(restarts),
                connection: peering.connection.clone().filter(|_| !restarts),
                ..peering
            })),
            Ok(None) | Err(_) => Err(invalid_state()),
        }
    }
}

/// One peering for each pair of networks, and no two blocks of one container may overlap: its
/// route tables could not tell them apart.
fn refuse_conflicts<'a>(
    container: &Container,
    customer: &CustomerNetwork,
    mut siblings: impl Iterator<Item = &'a Peering>,
) -> Result<(), Refusal> {
    let block = match customer {
        CustomerNetwork::Aws(network) => Some(&network.block),
        CustomerNetwork::Azure(_) | CustomerNetwork::Gcp(_) => None,
    };
    let mut overlap = None;
    let twin = siblings.find(|sibling| {
        let neighbour = sibling.container == container.id;
        if let (true, Some(ours), CustomerNetwork::Aws(theirs)) =
            (neighbour, block, &sibling.customer)
            && ours.overlaps(&theirs.block)
        {
            overlap = Some(ours);
        }
        neighbour && sibling.customer.is_same_network(customer)
    });
    if twin.is_some() {
        return Err(Refusal::PeerExists(customer.clone()));
    }
    if let Some(block) = block.filter(|block| block.overlaps(container.spec.block())) {
        return Err(Refusal::OverlapsContainer { block: block.to_string() });
    }
    match overlap {
        Some(block) => Err(Refusal::OverlapsPeer { block: block.to_string() }),
        None => Ok(()),
    }
}

fn refuse_too_many<'a>(siblings: impl Iterator<Item = &'a Peering> + Clone) -> Result<(), Refusal> {
    if siblings.clone().count() >= quota::PEERINGS_PER_GROUP {
        return Err(Refusal::PeerMaximum { limit: quota::PEERINGS_PER_GROUP });
    }
    refuse_too_many_pending(siblings)
}

fn refuse_too_many_pending<'a>(siblings: impl Iterator<Item = &'a Peering>) -> Result<(), Refusal> {
    let pending = siblings.filter(|sibling| sibling.phase.is_pending()).count();
    if pending >= quota::PENDING_PEERINGS_PER_GROUP {
        return Err(Refusal::PeerMaximum { limit: quota::PENDING_PEERINGS_PER_GROUP });
    }
    Ok(())
}

impl CustomerNetwork {
    /// This network with `change` made; `None` when the change is another provider's.
    fn changed(&self, change: &PeeringChange) -> Option<Self> {
        fn pick<T: Clone>(new: Option<&T>, old: &T) -> T {
            new.unwrap_or(old).clone()
        }
        match (self, change) {
            (Self::Aws(old), PeeringChange::Aws(new)) => Some(Self::Aws(AwsNetwork {
                account_id: pick(new.account_id.as_ref(), &old.account_id),
                vpc_id: pick(new.vpc_id.as_ref(), &old.vpc_id),
                region: pick(new.region.as_ref(), &old.region),
                block: pick(new.block.as_ref(), &old.block),
            })),
            (Self::Azure(old), PeeringChange::Azure(new)) => Some(Self::Azure(AzureNetwork {
                directory_id: pick(new.directory_id.as_ref(), &old.directory_id),
                subscription_id: pick(new.subscription_id.as_ref(), &old.subscription_id),
                resource_group: pick(new.resource_group.as_ref(), &old.resource_group),
                vnet_name: pick(new.vnet_name.as_ref(), &old.vnet_name),
            })),
            (Self::Gcp(old), PeeringChange::Gcp(new)) => Some(Self::Gcp(GcpNetwork {
                project_id: pick(new.project_id.as_ref(), &old.project_id),
                network_name: pick(new.network_name.as_ref(), &old.network_name),
            })),
            (Self::Aws(_) | Self::Azure(_) | Self::Gcp(_), _) => None,
        }
    }
}
