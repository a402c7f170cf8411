//! The book of laws asks all three clouds. What it asks of the other two is answered by their
//! models inside the process, so that its verdict is about the driver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use peerage_core::cloud::{CallError, Link, LinkRequest, Network, NetworkRequest, Sighting};
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::Emulated;

/// GCP by one fabric, the rest by the models.
pub(crate) struct Everywhere {
    pub(crate) gcp: Arc<dyn Fabric>,
    pub(crate) models: Arc<Emulated>,
    /// Whether a model was asked.
    pub(crate) asked_models: Arc<AtomicBool>,
}

impl Everywhere {
    fn of(&self, provider: Provider) -> &dyn Fabric {
        match provider {
            Provider::Gcp => &*self.gcp,
            Provider::Aws | Provider::Azure => {
                self.asked_models.store(true, Ordering::SeqCst);
                &*self.models
            }
        }
    }
}

#[async_trait]
impl Fabric for Everywhere {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.of(request.spec.provider()).ensure_network(request, now).await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.of(request.spec.provider()).observe_network(request, now).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.of(request.spec.provider()).remove_network(request, now).await
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.of(request.ours.provider()).ensure_link(request, now).await
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.of(request.ours.provider()).observe_link(request, now).await
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.of(request.ours.provider()).remove_link(request, now).await
    }
}
