//! The fabric port: what the reconciler asks of a cloud.
//!
//! # Guarantees
//! Every call can be repeated. What is made carries the peering's id and handshake as its tag and
//! is adopted by that tag, never made twice. A removal answers `found: None` only when nothing is
//! left. An error says whether the effect may have happened and whether to try again.

use async_trait::async_trait;
use peerage_core::cloud::{
    Answer, Call, CallError, Link, LinkRequest, Network, NetworkRequest, Sighting,
};
use peerage_core::time::Timestamp;

/// A world that peerings are made in.
#[async_trait]
pub trait Fabric: Send + Sync + 'static {
    /// Makes the service's network, or adopts the one that carries the container's tag.
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError>;

    /// Looks at the network that carries the container's tag. Changes nothing.
    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError>;

    /// Takes the network away, or finds that it is gone.
    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError>;

    /// Makes the connection and its routes, or adopts what carries the peering's tag. What an
    /// earlier handshake made is shown as it is and not replaced.
    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError>;

    /// Looks at the connection. Changes nothing.
    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError>;

    /// Takes the connection and its routes away, whichever handshake made it.
    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError>;

    /// Performs a call of the reconciler.
    async fn call(&self, call: &Call, now: Timestamp) -> Answer {
        match call {
            Call::EnsureNetwork(request) => {
                Answer::Network(self.ensure_network(request, now).await)
            }
            Call::ObserveNetwork(request) => {
                Answer::Network(self.observe_network(request, now).await)
            }
            Call::RemoveNetwork(request) => {
                Answer::Network(self.remove_network(request, now).await)
            }
            Call::EnsureLink(request) => Answer::Link(self.ensure_link(request, now).await),
            Call::ObserveLink(request) => Answer::Link(self.observe_link(request, now).await),
            Call::RemoveLink(request) => Answer::Link(self.remove_link(request, now).await),
        }
    }
}
