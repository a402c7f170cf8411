//! The driver as the controller uses it, and a guard who looks at the cloud itself after each call.
//!
//! On Azure a look changes nothing, and nothing but we makes a peering: once the customer has given
//! its role, a look finds nothing where something is wanted, or asks for a repair. The controller
//! then asks for the connection; so does this.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use peerage_core::cloud::{CallError, Link, LinkRequest, Network, NetworkRequest, Sighting};
use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::azure::Azure;
use peerage_fabric::azure::codes::NO_ANSWER;
use peerage_fabric::tags;

use crate::azure::world::{World, word};

/// The peerings that were asked for and not taken away since.
pub(crate) type Wanted = Arc<Mutex<BTreeSet<PeerId>>>;

pub(crate) struct Controlled {
    world: Arc<World>,
    azure: Azure,
    wanted: Wanted,
}

impl Controlled {
    /// A new driver before a world.
    pub(crate) fn new(world: Arc<World>, wanted: Wanted) -> Self {
        Self { azure: world.driver(), world, wanted }
    }

    /// Hands the time of a call to the cloud.
    fn at(&self, now: Timestamp) {
        self.world.clock.reach(now);
    }

    /// What was answered, once the guard has looked: no container has a second network, no peering
    /// a second half in it.
    fn checked<T>(&self, answer: T) -> T {
        let (mut containers, mut peerings) = (BTreeSet::new(), BTreeSet::new());
        for network in self.world.networks() {
            let container = word(&network["tags"], tags::CONTAINER).to_owned();
            assert!(containers.insert(container), "a second network: {network}");
            for half in network["properties"]["virtualNetworkPeerings"].as_array().unwrap() {
                let peering = tags::parse_link_name(word(half, "name")).map(|(peering, _)| peering);
                assert!(peerings.insert(peering), "a second half: {half}");
            }
        }
        answer
    }

    fn is_wanted(&self, peering: PeerId) -> bool {
        self.wanted.lock().unwrap().contains(&peering)
    }
}

#[async_trait]
impl Fabric for Controlled {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.at(now);
        self.checked(self.azure.ensure_network(request, now).await)
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.at(now);
        self.checked(self.azure.observe_network(request, now).await)
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.at(now);
        self.checked(self.azure.remove_network(request, now).await)
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.at(now);
        self.wanted.lock().unwrap().insert(request.peering);
        self.checked(self.azure.ensure_link(request, now).await)
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.at(now);
        let seen = self.checked(self.azure.observe_link(request, now).await)?;
        let to_do = seen.found.as_ref().is_none_or(Link::needs_repair);
        if to_do && self.is_wanted(request.peering) {
            return match self.ensure_link(request, now).await {
                // What got lost is asked for again at once, what fails for now after the next look.
                Err(error) if error.code == NO_ANSWER => Err(error),
                made => Ok(made.unwrap_or(seen)),
            };
        }
        Ok(seen)
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.at(now);
        self.wanted.lock().unwrap().remove(&request.peering);
        self.checked(self.azure.remove_link(request, now).await)
    }
}
