//! The book of laws, held against the driver: before the cloud itself at several paces, and behind
//! a proxy that loses, delays, doubles and truncates.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use peerage_clouds::CloudApi;
use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::conformance::{self, Bench, Subject};
use peerage_fabric::emulated::{
    AWAKE_MAX, CustomerAct, CustomerError, CustomerMode, Emulated, EmulatedOptions, MemoryJournal,
    Pace,
};

use crate::controller::{Controlled, Wanted};
use crate::elsewhere::Everywhere;
use crate::proxy::Rates;
use crate::world::{World, pace};

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
    models: Arc<Emulated>,
    asked_models: Arc<AtomicBool>,
    customer: CustomerMode,
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
        let pace = self.pace.clone();
        let options = EmulatedOptions { pace, customer, seed: 7, awake_max: AWAKE_MAX };
        let models = Emulated::open(Arc::new(MemoryJournal::new()), options).await.unwrap();
        Arc::new(DriverBench {
            world,
            wanted: Wanted::default(),
            models: Arc::new(models),
            asked_models: Arc::default(),
            customer,
            seed: self.seed,
            suffered: self.suffered.clone(),
        })
    }
}

impl DriverBench {
    fn before(&self, world: Arc<World>) -> Arc<dyn Fabric> {
        let azure = Arc::new(Controlled::new(world, self.wanted.clone()));
        let (models, asked_models) = (self.models.clone(), self.asked_models.clone());
        Arc::new(Everywhere { azure, models, asked_models, customer: self.customer })
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
        if self.asked_models.load(Ordering::SeqCst) {
            return self.models.customer(peering, act, now).await;
        }
        self.world.clock.reach(now);
        self.world.arm.customer(peering, act, now)
    }

    async fn reopen(&self) -> Option<Arc<dyn Fabric>> {
        if self.asked_models.load(Ordering::SeqCst) {
            return None;
        }
        let faults = self.seed.map(|seed| (seed + 1_000, Rates::OFTEN));
        Some(self.before(Arc::new(self.world.reopened(faults).await)))
    }
}

/// Holds the book against the driver; answers how many requests suffered something.
async fn check(pace: Pace, seed: Option<u64>) -> usize {
    let driver = Driver { pace, seed, suffered: Arc::default() };
    let verdict = conformance::run(&driver).await;
    assert!(verdict.kept.len() + verdict.broken.len() >= 60, "{verdict}");
    verdict.assert_kept_but(&EXCUSED);
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
