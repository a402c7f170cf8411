//! Network peering connections: what their owner asked for, what we decided, what we believe.
//!
//! Owns the rules of a peering over its whole life. Each provider has a life cycle of its own in a
//! module of its own, with one `Phase` and one `step`; nothing here compares phases as text. Must
//! not know how a peering is stored, spelled on the wire or made in a cloud.

pub mod aws;
pub mod azure;
pub mod gcp;
mod network;
mod rules;

use alloc::string::String;

use crate::cloud::{Link, LinkStatus, Observed};
use crate::error::Refusal;
use crate::id::{ContainerId, GroupId, PeerId};
use crate::provider::Provider;
use crate::time::Timestamp;

pub use network::{AwsNetwork, AzureNetwork, CustomerNetwork, GcpNetwork, NetworkChange};
pub use rules::{AwsChange, AzureChange, GcpChange, PeeringChange};

/// One network peering connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peering {
    /// Its id.
    pub id: PeerId,
    /// Its project.
    pub group: GroupId,
    /// The container at our end.
    pub container: ContainerId,
    /// The network at the other end.
    pub customer: CustomerNetwork,
    /// Where it stands in its provider's life cycle.
    pub phase: Phase,
    /// Counts its owner's changes: what was decided for an older one is dropped.
    pub generation: u64,
    /// Counts the tries at the customer: a changed network begins a new one.
    pub handshake: u32,
    /// What exists for it in the cloud.
    pub observed: Observed<Link>,
    /// The cloud's own id of the connection of this handshake: known through doubt.
    pub connection: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it entered its phase.
    pub since: Timestamp,
}

/// Where a peering stands, in its own provider's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// On AWS.
    Aws(aws::Phase),
    /// On Azure.
    Azure(azure::Phase),
    /// On GCP.
    Gcp(gcp::Phase),
}

/// What may happen to a peering. The same words for all providers; each provider's `step` says
/// which of them mean something there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The cloud works on our request.
    Requested,
    /// It is the customer's turn.
    AwaitsCustomer,
    /// The customer agreed; the cloud finishes.
    Accepted,
    /// Traffic may flow.
    Active,
    /// The customer said no.
    Rejected,
    /// The customer said nothing in time.
    Expired,
    /// The cloud said no for good.
    Refused(String),
    /// What was there is gone or was cut off, and we did not do it.
    Lost,
    /// The owner named another network.
    NetworkChanged,
    /// The owner named another block for the route tables.
    RouteChanged,
    /// The owner wants it gone.
    DeleteRequested,
    /// The cloud would not take it away.
    RemovalFailed(String),
    /// Nothing is left of it in the cloud.
    Removed,
}

/// Where an event leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<P> {
    /// It changes nothing.
    Stay,
    /// To another phase.
    To(P),
    /// The peering is no more.
    Gone,
}

/// The event cannot happen in this phase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a peering that is {phase:?}")]
pub struct IllegalTransition {
    /// The phase.
    pub phase: Phase,
    /// The event.
    pub event: Event,
}

impl Phase {
    /// The phase of a peering that was just asked for.
    #[must_use]
    pub fn first(provider: Provider) -> Self {
        match provider {
            Provider::Aws => Self::Aws(aws::Phase::Initiating),
            Provider::Azure => Self::Azure(azure::Phase::AddingPeer),
            Provider::Gcp => Self::Gcp(gcp::Phase::AddingPeer),
        }
    }

    /// What `event` does in this phase.
    ///
    /// # Errors
    /// [`IllegalTransition`] when it cannot happen here.
    pub fn step(&self, event: &Event) -> Result<Next<Self>, IllegalTransition> {
        let next = match self {
            Self::Aws(phase) => phase.step(event).map(|next| next.map(Self::Aws)),
            Self::Azure(phase) => phase.step(event).map(|next| next.map(Self::Azure)),
            Self::Gcp(phase) => phase.step(event).map(|next| next.map(Self::Gcp)),
        };
        next.ok_or_else(|| IllegalTransition { phase: self.clone(), event: event.clone() })
    }

    /// Whether its owner wants it gone and it is on its way out.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        matches!(
            self,
            Self::Aws(aws::Phase::Terminating)
                | Self::Azure(azure::Phase::Deleting | azure::Phase::DeletionFailed(_))
                | Self::Gcp(gcp::Phase::Deleting)
        )
    }

    /// Whether it did not work.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(
            self,
            Self::Aws(aws::Phase::Failed(_))
                | Self::Azure(azure::Phase::Failed(_))
                | Self::Gcp(gcp::Phase::Failed(_))
        )
    }

    /// Whether it works.
    #[must_use]
    pub fn is_available(&self) -> bool {
        matches!(
            self,
            Self::Aws(aws::Phase::Available)
                | Self::Azure(azure::Phase::Available)
                | Self::Gcp(gcp::Phase::Available)
        )
    }

    /// Whether a removal was refused by the cloud and waits for its owner.
    #[must_use]
    pub fn is_deletion_failed(&self) -> bool {
        matches!(self, Self::Azure(azure::Phase::DeletionFailed(_)))
    }

    /// Whether it counts against the quota of peerings that wait.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        !self.is_available() && !self.is_failed() && !self.is_deleting()
    }
}

impl<P> Next<P> {
    fn map<Q>(self, wrap: impl FnOnce(P) -> Q) -> Next<Q> {
        match self {
            Self::Stay => Next::Stay,
            Self::To(phase) => Next::To(wrap(phase)),
            Self::Gone => Next::Gone,
        }
    }
}

impl Peering {
    /// The cloud.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.customer.provider()
    }

    /// The cloud's own id of the connection, once there is one.
    #[must_use]
    pub fn connection_id(&self) -> Option<&str> {
        self.connection.as_deref()
    }

    /// Whether what exists in the cloud belongs to a network that its owner has changed since.
    #[must_use]
    pub fn has_stale_link(&self) -> bool {
        self.observed.found().is_some_and(|link| link.handshake != self.handshake)
    }

    /// Whether our route tables send another block than the customer's through the connection.
    /// Blocks are compared as networks: a cloud answers `10.0.0.0/16` for `10.0.0.7/16`.
    #[must_use]
    pub fn has_stale_route(&self) -> bool {
        match (&self.customer, self.observed.found()) {
            (CustomerNetwork::Aws(network), Some(link)) => {
                link.route.as_deref().is_some_and(|route| !network.block.is_network(route))
            }
            (CustomerNetwork::Azure(_) | CustomerNetwork::Gcp(_), _) | (_, None) => false,
        }
    }

    /// Whether something of our side has to be put right.
    #[must_use]
    pub fn needs_repair(&self) -> bool {
        self.observed.found().is_some_and(Link::needs_repair)
    }

    /// Whether nothing is left to do until somebody acts: what works is known to work, what failed
    /// has left nothing of an older try, what could not be taken away waits for its owner.
    ///
    /// Agrees with [`crate::reconcile::peering::plan`]: what is not settled has a next step there.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        if self.phase.is_available() {
            let active = |link: &Link| link.status == LinkStatus::Active;
            return self.observed.found().is_some_and(active)
                && !self.has_stale_link()
                && !self.has_stale_route()
                && !self.needs_repair();
        }
        self.phase.is_deletion_failed() || (self.phase.is_failed() && !self.has_stale_link())
    }

    /// Lets `event` happen. `Ok(None)`: the peering is no more.
    ///
    /// # Errors
    /// [`IllegalTransition`] when it cannot happen now; the peering is as it was.
    pub fn step(
        mut self,
        event: &Event,
        now: Timestamp,
    ) -> Result<Option<Self>, IllegalTransition> {
        match self.phase.step(event)? {
            Next::Stay => Ok(Some(self)),
            Next::Gone => Ok(None),
            Next::To(phase) => {
                if phase != self.phase {
                    self.since = now;
                }
                self.phase = phase;
                Ok(Some(self))
            }
        }
    }

    /// Marks it for deletion. What may exist in the cloud is taken away before the object goes.
    ///
    /// # Errors
    /// [`Refusal::PeerDeletionRequested`] when it is on its way out already.
    pub fn delete(self, now: Timestamp) -> Result<Self, Refusal> {
        let (id, generation) = (self.id, self.generation);
        match self.step(&Event::DeleteRequested, now) {
            Ok(Some(peering)) => Ok(Self { generation: generation + 1, ..peering }),
            Ok(None) | Err(_) => Err(Refusal::PeerDeletionRequested(id)),
        }
    }
}
