//! A hand that asks a driver again and again, in the time of its world.

use peerage_core::cloud::{
    Link, LinkRequest, LinkStatus, Network, NetworkRequest, Remedy, Sighting,
};
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;

use crate::azure::world::{STEP, TRIES_MAX, World, link_request, network_request};

/// What a driver is asked again and again, in the time of its world.
pub(crate) struct Hand<'a> {
    pub(crate) world: &'a World,
    pub(crate) fabric: &'a dyn Fabric,
}

impl Hand<'_> {
    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    pub(crate) async fn network(&self, request: &NetworkRequest) -> Network {
        let mut last = None;
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.ensure_network(request, self.now()).await;
            if let Ok(Sighting { found: Some(network), .. }) = &seen
                && network.ready
                && network.drift.is_none()
            {
                return network.clone();
            }
            last = Some(seen);
            self.world.clock.pass(STEP);
        }
        panic!("{} is never ready, but {last:?}", request.container);
    }

    /// Asks for the connection until it stands there without drift.
    pub(crate) async fn until(&self, request: &LinkRequest, status: LinkStatus) -> Link {
        let mut last = None;
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.ensure_link(request, self.now()).await;
            match &seen {
                Ok(Sighting { found: Some(link), .. })
                    if link.status == status && link.drift.is_none() =>
                {
                    return link.clone();
                }
                Ok(_) => {}
                Err(error) => assert_ne!(error.remedy, Remedy::GiveUp, "{error}"),
            }
            last = Some(seen);
            self.world.clock.pass(STEP);
        }
        panic!("it never is {status:?}, but {last:?}");
    }

    pub(crate) async fn active(&self, number: u8) -> LinkRequest {
        self.network(&network_request(1)).await;
        let request = link_request(number);
        self.until(&request, LinkStatus::Active).await;
        request
    }

    pub(crate) async fn look(&self, request: &LinkRequest) -> Option<Link> {
        self.fabric.observe_link(request, self.now()).await.unwrap().found
    }

    /// Removes it until nothing is left.
    pub(crate) async fn clear(&self, request: &LinkRequest) {
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.remove_link(request, self.now()).await;
            if seen.is_ok_and(|sighting| sighting.found.is_none()) {
                return;
            }
            self.world.clock.pass(STEP);
        }
        panic!("{} never goes", request.peering);
    }

    pub(crate) async fn clear_network(&self, request: &NetworkRequest) {
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.remove_network(request, self.now()).await;
            if seen.is_ok_and(|sighting| sighting.found.is_none()) {
                return;
            }
            self.world.clock.pass(STEP);
        }
        panic!("{} never goes", request.container);
    }
}
