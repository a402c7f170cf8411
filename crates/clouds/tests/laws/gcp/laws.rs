//! The book of laws, held against the driver: before the cloud itself, and behind a proxy that
//! loses, delays, doubles and truncates.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use peerage_clouds::CloudApi;
use peerage_core::id::PeerId;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::conformance::{self, Bench, Subject};
use peerage_fabric::emulated::{CustomerAct, CustomerError, CustomerMode};

use crate::gcp::watched::Watched;
use crate::gcp::world::World;
use crate::proxy::Rates;

/// The driver, with a proxy before its cloud if there is a seed.
#[derive(Default)]
struct Driver {
    seed: Option<u64>,
    /// How many requests suffered something from proxies.
    suffered: Arc<AtomicUsize>,
}

struct DriverBench {
    world: Arc<World>,
    seed: Option<u64>,
    suffered: Arc<AtomicUsize>,
}

impl Drop for DriverBench {
    fn drop(&mut self) {
        if let Some(proxy) = &self.world.proxy {
            let suffered = proxy.suffered.load(Ordering::SeqCst);
            self.suffered.fetch_add(suffered, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl Subject for Driver {
    async fn fresh(&self, customer: CustomerMode) -> Arc<dyn Bench> {
        let rates = self.seed.map(|seed| (seed, Rates::OFTEN));
        let world = Arc::new(World::with(customer, rates).await);
        let (seed, suffered) = (self.seed, self.suffered.clone());
        Arc::new(DriverBench { world, seed, suffered })
    }
}

#[async_trait]
impl Bench for DriverBench {
    fn fabric(&self) -> Arc<dyn Fabric> {
        Arc::new(Watched::new(self.world.clone()))
    }

    async fn act(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        self.world.clock.reach(now);
        self.world.compute.pass(now);
        self.world.compute.customer(peering, act, now)
    }

    async fn reopen(&self) -> Option<Arc<dyn Fabric>> {
        let rates = self.seed.map(|seed| (seed + 1_000, Rates::OFTEN));
        let world = Arc::new(self.world.reopened(rates).await);
        Some(Arc::new(Watched::new(world)))
    }
}

async fn check(driver: &Driver) {
    let verdict = conformance::run_on(driver, &[Provider::Gcp], &[]).await;
    assert!(verdict.kept.len() >= 45, "{verdict}");
    assert!(verdict.broken.is_empty(), "seed {:?}: {verdict}", driver.seed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_driver_keeps_the_laws() {
    check(&Driver::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_driver_keeps_the_laws_behind_a_proxy_that_loses_delays_doubles_and_truncates() {
    for seed in 1..=2 {
        let driver = Driver { seed: Some(seed), ..Driver::default() };
        check(&driver).await;
        let suffered = driver.suffered.load(Ordering::SeqCst);
        assert!(suffered > 100, "only {suffered} requests suffered anything");
    }
}
