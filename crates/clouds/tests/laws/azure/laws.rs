//! The book of laws, held against the driver: before the cloud itself at several paces, and behind
//! a proxy that loses, delays, doubles and truncates.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use peerage_clouds::CloudApi;
use peerage_core::id::PeerId;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::conformance::{self, Bench, Subject};
use peerage_fabric::emulated::{CustomerAct, CustomerError, CustomerMode, Pace};

use crate::azure::controller::{Controlled, Wanted};
use crate::azure::world::{World, pace};
use crate::proxy::Rates;

/// A role that was denied looks like one that was not given yet, and Azure tells nobody which.
const DENIED: &str = "on Azure nobody says no: the role is missing as it was before";

const EXCUSED: [(&str, &str); 4] = [
    ("A customer can deny the role", DENIED),
    ("A denial answers the handshake that was denied", DENIED),
    ("After a denial the next handshake is made", DENIED),
    ("What was denied is removed at once", DENIED),
];

/// The driver, with a proxy before its cloud if there is a seed.
struct Driver {
    pace: Pace,
    seed: Option<u64>,
    /// How many requests suffered something from proxies.
    suffered: Arc<AtomicUsize>,
}

struct DriverBench {
    world: Arc<World>,
    wanted: Wanted,
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
        let faults = self.seed.map(|seed| (seed, Rates::OFTEN));
        let world = Arc::new(World::with(customer, self.pace.clone(), faults).await);
        Arc::new(DriverBench {
            world,
            wanted: Wanted::default(),
            seed: self.seed,
            suffered: self.suffered.clone(),
        })
    }
}

impl DriverBench {
    fn before(&self, world: Arc<World>) -> Arc<dyn Fabric> {
        Arc::new(Controlled::new(world, self.wanted.clone()))
    }
}

#[async_trait]
impl Bench for DriverBench {
    fn fabric(&self) -> Arc<dyn Fabric> {
        self.before(self.world.clone())
    }

    async fn act(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        self.world.clock.reach(now);
        self.world.arm.customer(peering, act, now)
    }

    async fn reopen(&self) -> Option<Arc<dyn Fabric>> {
        let faults = self.seed.map(|seed| (seed + 1_000, Rates::OFTEN));
        Some(self.before(Arc::new(self.world.reopened(faults).await)))
    }
}

/// Holds the book against the driver; answers how many requests suffered something.
async fn check(pace: Pace, seed: Option<u64>) -> usize {
    let driver = Driver { pace, seed, suffered: Arc::default() };
    let verdict = conformance::run_on(&driver, &[Provider::Azure], &EXCUSED).await;
    assert!(verdict.kept.len() >= 45, "{verdict}");
    verdict.assert_kept();
    driver.suffered.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_driver_keeps_the_laws_at_azures_own_pace() {
    check(pace(), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_driver_keeps_the_laws_in_a_hurry() {
    check(Pace::instant(), None).await;
    check(Pace::fast(), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_driver_keeps_the_laws_behind_a_proxy_that_loses_delays_doubles_and_truncates() {
    for (seed, pace) in [(1, Pace::fast()), (2, Pace::instant()), (3, pace())] {
        let suffered = check(pace, Some(seed)).await;
        assert!(suffered > 100, "only {suffered} requests suffered anything");
    }
}
