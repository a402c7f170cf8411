//! The book of laws on moto: the wire is a stranger's, the state machine is as far as moto has one.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use peerage_core::cloud::{
    CallError, Link, LinkRequest, LinkStatus, Network, NetworkRequest, Sighting,
};
use peerage_core::id::PeerId;
use peerage_core::peering::CustomerNetwork;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::aws::Aws;
use peerage_fabric::conformance::{self, Bench, Subject};
use peerage_fabric::emulated::{CustomerAct, CustomerError, CustomerMode};
use tokio::sync::Mutex;

use crate::moto::Moto;
use crate::python::Python;

/// What moto cannot do. Each was tried.
const EXCUSED: &[(&str, &str)] = &[
    ("A request that nobody answers expires", "moto has no expiry"),
    (
        "A customer cannot take away what never worked",
        "moto lets the accepter delete a request that it has not accepted",
    ),
];

struct OnMoto(Arc<Moto>);

/// One world.
struct MotoBench {
    world: Arc<Motored>,
}

struct Motored {
    moto: Arc<Moto>,
    aws: Aws,
    customer: CustomerMode,
    /// The connections that the customer knows of.
    seen: Mutex<BTreeMap<PeerId, Seen>>,
}

/// A connection as the customer saw it first.
#[derive(Clone)]
struct Seen {
    connection: String,
    at: Timestamp,
    waits: bool,
}

struct ByController(Arc<Motored>);

#[async_trait]
impl Subject for OnMoto {
    async fn fresh(&self, customer: CustomerMode) -> Arc<dyn Bench> {
        self.0.reset().await;
        let world = Motored {
            moto: self.0.clone(),
            aws: self.0.driver(),
            customer,
            seen: Mutex::default(),
        };
        Arc::new(MotoBench { world: Arc::new(world) })
    }
}

#[async_trait]
impl Bench for MotoBench {
    fn fabric(&self) -> Arc<dyn Fabric> {
        Arc::new(ByController(self.world.clone()))
    }

    async fn act(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        let mut known = self.world.seen.lock().await;
        match known.get_mut(&peering) {
            Some(seen) => {
                seen.waits = false;
                self.world.moto.act(&seen.connection, act, now).await
            }
            None => {
                let words = format!("nobody knows of a connection of {peering}");
                Err(CustomerError::new("NotFound", words))
            }
        }
    }

    async fn reopen(&self) -> Option<Arc<dyn Fabric>> {
        // Another process: a driver that remembers nothing.
        let Motored { moto, customer, seen, .. } = &*self.world;
        let world = Motored {
            moto: moto.clone(),
            aws: moto.driver(),
            customer: *customer,
            seen: Mutex::new(seen.lock().await.clone()),
        };
        Some(Arc::new(ByController(Arc::new(world))))
    }
}

impl Motored {
    /// The request with moto's name for the customer's VPC.
    async fn adopted(&self, request: &LinkRequest, now: Timestamp) -> LinkRequest {
        let customer = match &request.customer {
            CustomerNetwork::Aws(network) => {
                CustomerNetwork::Aws(self.moto.adopt(network, now).await)
            }
            other @ (CustomerNetwork::Azure(_) | CustomerNetwork::Gcp(_)) => other.clone(),
        };
        LinkRequest { customer, ..request.clone() }
    }

    /// The customer acts by itself, some time after a request has come.
    async fn pass(&self, peering: PeerId, now: Timestamp) {
        let act = match self.customer {
            CustomerMode::Accept => CustomerAct::Accept,
            CustomerMode::Reject => CustomerAct::Reject,
            CustomerMode::Manual | CustomerMode::Ignore => return,
        };
        let mut known = self.seen.lock().await;
        if let Some(seen) = known.get_mut(&peering).filter(|seen| seen.waits && seen.at < now) {
            seen.waits = false;
            self.moto.act(&seen.connection, act, now).await.unwrap();
        }
    }

    /// The customer hears of what we made.
    async fn meet(&self, peering: PeerId, link: &Link, now: Timestamp) {
        let mut known = self.seen.lock().await;
        if known.get(&peering).is_none_or(|seen| seen.connection != link.connection_id) {
            let waits = link.status == LinkStatus::AwaitsCustomer;
            let connection = link.connection_id.clone();
            known.insert(peering, Seen { connection, at: now, waits });
        }
    }
}

#[async_trait]
impl Fabric for ByController {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.0.aws.ensure_network(request, now).await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.0.aws.observe_network(request, now).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.0.aws.remove_network(request, now).await
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let request = self.0.adopted(request, now).await;
        self.0.aws.ensure_link(&request, now).await
    }

    /// The customer acts between two looks; what needs repair is repaired, as the controller does.
    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let request = self.0.adopted(request, now).await;
        self.0.pass(request.peering, now).await;
        let seen = self.0.aws.observe_link(&request, now).await?;
        if seen.found.as_ref().is_some_and(Link::needs_repair) {
            return self.0.aws.ensure_link(&request, now).await;
        }
        if let Some(link) = &seen.found {
            self.0.meet(request.peering, link, now).await;
        }
        Ok(seen)
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let request = self.0.adopted(request, now).await;
        self.0.aws.remove_link(&request, now).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_driver_keeps_the_laws_on_moto() {
    let Some(python) = Python::find() else { return };
    let moto = OnMoto(Moto::start(&python));
    let verdict = conformance::run_on(&moto, &[Provider::Aws], EXCUSED).await;
    assert!(verdict.kept.len() >= 45, "{verdict}");
    verdict.assert_kept();
}
