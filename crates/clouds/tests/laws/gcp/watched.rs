//! The driver in the time of its world, and a guard who looks at the cloud itself after each call:
//! there is never a second network of a container, nor a second half of a peering.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use peerage_core::cloud::{CallError, Link, LinkRequest, Network, NetworkRequest, Sighting};
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::tags;

use crate::gcp::world::{World, word};

pub(crate) struct Watched {
    world: Arc<World>,
}

impl Watched {
    /// The driver of a world that has one.
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    /// Hands the time of a call to the cloud.
    fn at(&self, now: Timestamp) {
        self.world.clock.reach(now);
    }

    /// What was answered, once the guard has looked.
    fn checked<T>(&self, answer: T) -> T {
        let (mut containers, mut peerings) = (BTreeSet::new(), BTreeSet::new());
        for network in self.world.networks() {
            let name = word(&network, "name");
            let container = tags::parse_network_name(name);
            assert!(containers.insert(container), "a second network: {name}");
            for half in network["peerings"].as_array().into_iter().flatten() {
                let name = word(half, "name");
                let peering = tags::parse_link_name(name).map(|(peering, _)| peering);
                assert!(peerings.insert(peering), "a second half: {name}");
            }
        }
        answer
    }
}

#[async_trait]
impl Fabric for Watched {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.at(now);
        self.checked(self.world.gcp().await.ensure_network(request, now).await)
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.at(now);
        self.checked(self.world.gcp().await.observe_network(request, now).await)
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.at(now);
        self.checked(self.world.gcp().await.remove_network(request, now).await)
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.at(now);
        self.checked(self.world.gcp().await.ensure_link(request, now).await)
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.at(now);
        self.checked(self.world.gcp().await.observe_link(request, now).await)
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.at(now);
        self.checked(self.world.gcp().await.remove_link(request, now).await)
    }
}
