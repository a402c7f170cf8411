//! The driver as the controller uses it, in the time of its world: what a look finds in need of
//! repair is repaired. Real drivers do not know when a cloud changes next; this world does, and the
//! laws about that are held against the driver, too. After each call a guard looks at the cloud
//! itself: there is never a second living connection of a peering.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use peerage_clouds::CloudApi;
use peerage_core::cloud::{
    CallError, Link, LinkRequest, LinkStatus, Network, NetworkRequest, Sighting,
};
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::aws::Aws;
use peerage_fabric::tags;

use crate::aws::world::World;

pub(crate) struct Controlled {
    world: Arc<World>,
    aws: Aws,
}

impl Controlled {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let aws = world.driver();
        Self { world, aws }
    }

    fn at(&self, now: Timestamp) {
        self.world.clock.reach(now);
    }

    /// What was answered, once the guard has looked.
    fn link(&self, answer: Result<Sighting<Link>, CallError>) -> Result<Sighting<Link>, CallError> {
        self.guard();
        let sighting = answer?;
        let rests = |link: &Link| link.status == LinkStatus::Active;
        let recheck_at = match &sighting.found {
            Some(link) if !rests(link) => self.world.ec2.next_event(),
            Some(_) | None => None,
        };
        Ok(Sighting { recheck_at, ..sighting })
    }

    fn network(
        &self,
        answer: Result<Sighting<Network>, CallError>,
    ) -> Result<Sighting<Network>, CallError> {
        let sighting = answer?;
        let waits = sighting.found.as_ref().is_some_and(|network| !network.ready);
        let recheck_at = if waits { self.world.ec2.next_event() } else { None };
        Ok(Sighting { recheck_at, ..sighting })
    }

    fn guard(&self) {
        let mut living: BTreeMap<String, String> = BTreeMap::new();
        for connection in self.world.connections_now() {
            let peering = connection.tags.get(tags::PEERING).cloned().unwrap_or_default();
            if !connection.is_over() {
                let other = living.insert(peering, connection.id.clone());
                assert!(other.is_none(), "two connections: {other:?} and {}", connection.id);
            }
        }
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
        self.network(self.aws.ensure_network(request, now).await)
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.at(now);
        self.network(self.aws.observe_network(request, now).await)
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.at(now);
        self.network(self.aws.remove_network(request, now).await)
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.at(now);
        self.link(self.aws.ensure_link(request, now).await)
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.at(now);
        let seen = self.aws.observe_link(request, now).await?;
        if seen.found.as_ref().is_some_and(Link::needs_repair) {
            return self.link(self.aws.ensure_link(request, now).await);
        }
        self.link(Ok(seen))
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.at(now);
        self.link(self.aws.remove_link(request, now).await)
    }
}
