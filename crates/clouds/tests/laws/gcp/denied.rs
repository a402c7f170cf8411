//! The role has what the driver needs, and nothing that it does not: each permission is taken away
//! in turn, and missed by its name; all others can be taken away together.

use std::time::Duration;

use peerage_clouds::gcp::PERMISSIONS;
use peerage_core::cloud::{CallError, Certainty, LinkRequest, LinkStatus, Remedy};
use peerage_fabric::Fabric;
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::gcp::{Gcp, permissions};
use serde_json::{Value, json};

use crate::gcp::world::{PROJECT, TRIES_MAX, World, link_request, network_request};

/// A whole life with a customer who agrees, and with somebody who deletes a subnet and switches
/// routes in between; ends with the first denial.
struct Life<'a> {
    world: &'a World,
    gcp: &'a Gcp,
    denied: &'a [&'a str],
}

impl Life<'_> {
    async fn lead(&self) -> Result<(), CallError> {
        self.network_is_ready().await?;
        let request = LinkRequest { names: self.names().await?, ..link_request(1) };
        self.works(&request).await?;
        self.unseen(|world, name| {
            let path = format!("{PROJECT}/regions/us-east1/subnetworks/{name}");
            world.sabotage("DELETE", &path, &Value::Null);
        });
        self.network_is_ready().await?;
        self.unseen(|world, name| {
            let half = world.networks()[0]["peerings"][0]["name"].clone();
            let body = json!({"networkPeering": {"name": half, "importCustomRoutes": true}});
            let path = format!("{PROJECT}/global/networks/{name}/updatePeering");
            world.sabotage("PATCH", &path, &body);
        });
        self.works(&request).await?;
        self.until(async || {
            let seen = self.gcp.remove_link(&request, self.world.clock.now()).await?;
            Ok(seen.found.is_none())
        })
        .await?;
        self.until(async || {
            let seen = self.gcp.remove_network(&network_request(1), self.world.clock.now()).await?;
            Ok(seen.found.is_none())
        })
        .await
    }

    async fn network_is_ready(&self) -> Result<(), CallError> {
        self.until(async || {
            let now = self.world.clock.now();
            let seen = self.gcp.ensure_network(&network_request(1), now).await?.found;
            Ok(seen.is_some_and(|network| network.ready && network.drift.is_none()))
        })
        .await
    }

    async fn works(&self, request: &LinkRequest) -> Result<(), CallError> {
        self.until(async || {
            let seen = self.gcp.ensure_link(request, self.world.clock.now()).await?.found;
            Ok(seen.is_some_and(|link| link.status == LinkStatus::Active))
        })
        .await
    }

    async fn names(&self) -> Result<Option<peerage_core::cloud::NetworkNames>, CallError> {
        let now = self.world.clock.now();
        let seen = self.gcp.observe_network(&network_request(1), now).await?.found;
        Ok(seen.map(|network| network.names))
    }

    /// Repeats something until it is done; what is not a denial passes.
    async fn until(&self, act: impl AsyncFn() -> Result<bool, CallError>) -> Result<(), CallError> {
        for _ in 0..TRIES_MAX {
            match act().await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) if error.code == "forbidden" => return Err(error),
                Err(error) => assert_ne!(error.remedy, Remedy::GiveUp, "{error}"),
            }
            self.world.clock.pass(Duration::from_secs(1));
        }
        panic!("it comes to no end without {:?}", self.denied);
    }

    /// What somebody does who has all permissions.
    fn unseen(&self, act: impl FnOnce(&World, &str)) {
        self.world.compute.allow_all();
        act(self.world, &self.world.network_name());
        self.deny();
    }

    fn deny(&self) {
        self.denied.iter().for_each(|permission| self.world.compute.deny(permission));
    }
}

async fn led_without(denied: &[&str]) -> Result<(), CallError> {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    let life = Life { world: &world, gcp: &gcp, denied };
    life.deny();
    life.lead().await
}

#[tokio::test]
async fn each_permission_that_is_taken_away_is_missed_by_its_name() {
    for permission in permissions() {
        let error = led_without(&[permission.name]).await.expect_err(permission.name);
        assert!(error.message.contains(&format!("'{}'", permission.name)), "{error}");
        assert_eq!(error.certainty, Certainty::Definite, "{error}");
        let Remedy::Retry { after_ms: Some(wait) } = error.remedy else { panic!("{error:?}") };
        assert!(wait >= 30_000, "an operator has to act: {error:?}");
    }
}

#[tokio::test]
async fn no_other_permission_is_needed() {
    let listed = |name: &&str| permissions().iter().any(|permission| permission.name == *name);
    let others: Vec<&str> = PERMISSIONS.into_iter().filter(|name| !listed(name)).collect();
    assert_eq!(others.len() + permissions().len(), PERMISSIONS.len(), "unknown ones: {others:?}");
    led_without(&others).await.unwrap();
}
