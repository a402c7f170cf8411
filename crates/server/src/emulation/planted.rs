//! The faults that callers plant, before a driver: the emulated clouds meet them by themselves, a
//! driver of a cloud that speaks its own protocol meets them here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use peerage_core::cloud::{
    Answer, Call, CallError, Link, LinkRequest, Network, NetworkRequest, Sighting,
};
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{Blow, Emulated};

/// The longest delay that a call is held up for.
const DELAY_MAX: Duration = Duration::from_secs(10);

/// A driver whose calls meet the faults that wait for them.
pub struct PlantedFabric {
    inner: Arc<dyn Fabric>,
    faults: Arc<Emulated>,
}

impl PlantedFabric {
    /// The driver `inner`, struck by the faults that were planted in `faults`.
    #[must_use]
    pub fn new(inner: Arc<dyn Fabric>, faults: Arc<Emulated>) -> Self {
        Self { inner, faults }
    }

    async fn strike(&self, call: &Call, now: Timestamp) -> Answer {
        match self.faults.strike(call).await {
            Err(error) | Ok(Blow::Instead(error)) => call.failed(error),
            Ok(Blow::Afterwards(error)) => {
                let _ = self.inner.call(call, now).await;
                call.failed(error)
            }
            Ok(Blow::With(delay)) => {
                if delay > Duration::ZERO {
                    tokio::time::sleep(delay.min(DELAY_MAX)).await;
                }
                self.inner.call(call, now).await
            }
        }
    }

    async fn network(&self, call: Call, now: Timestamp) -> Result<Sighting<Network>, CallError> {
        match self.strike(&call, now).await {
            Answer::Network(answer) => answer,
            Answer::Link(_) => Err(call.mismatched()),
        }
    }

    async fn link(&self, call: Call, now: Timestamp) -> Result<Sighting<Link>, CallError> {
        match self.strike(&call, now).await {
            Answer::Link(answer) => answer,
            Answer::Network(_) => Err(call.mismatched()),
        }
    }
}

#[async_trait]
impl Fabric for PlantedFabric {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.network(Call::EnsureNetwork(request.clone()), now).await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.network(Call::ObserveNetwork(request.clone()), now).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.network(Call::RemoveNetwork(request.clone()), now).await
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.link(Call::EnsureLink(request.clone()), now).await
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.link(Call::ObserveLink(request.clone()), now).await
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.link(Call::RemoveLink(request.clone()), now).await
    }
}
