//! The book of laws, held against the emulated clouds and against a liar before them.

use std::sync::Arc;

use async_trait::async_trait;
use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::conformance::{self, Bench, Subject};
use peerage_fabric::emulated::{
    AWAKE_MAX, CustomerAct, CustomerError, CustomerMode, Emulated, EmulatedOptions, MemoryJournal,
    Pace,
};
use peerage_fabric::faulty::{FaultRates, FaultyFabric};

use crate::support::options;

/// The emulated clouds, with a liar before them if there is a seed.
struct Clouds {
    pace: Pace,
    liar: Option<u64>,
    awake_max: usize,
}

struct CloudsBench {
    clouds: Arc<Emulated>,
    journal: MemoryJournal,
    options: EmulatedOptions,
    liar: Option<u64>,
}

#[async_trait]
impl Subject for Clouds {
    async fn fresh(&self, customer: CustomerMode) -> Arc<dyn Bench> {
        let (journal, awake_max) = (MemoryJournal::new(), self.awake_max);
        let options = EmulatedOptions { awake_max, ..options(customer, self.pace.clone()) };
        let clouds = Emulated::open(Arc::new(journal.clone()), options.clone()).await.unwrap();
        Arc::new(CloudsBench { clouds: Arc::new(clouds), journal, options, liar: self.liar })
    }
}

impl CloudsBench {
    fn before(&self, clouds: Arc<Emulated>) -> Arc<dyn Fabric> {
        match self.liar {
            None => clouds,
            Some(seed) => Arc::new(FaultyFabric::without_delay(clouds, seed, FaultRates::OFTEN)),
        }
    }
}

#[async_trait]
impl Bench for CloudsBench {
    fn fabric(&self) -> Arc<dyn Fabric> {
        self.before(self.clouds.clone())
    }

    async fn act(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        self.clouds.customer(peering, act, now).await
    }

    async fn reopen(&self) -> Option<Arc<dyn Fabric>> {
        let journal = Arc::new(self.journal.clone());
        let clouds = Emulated::open(journal, self.options.clone()).await.unwrap();
        Some(self.before(Arc::new(clouds)))
    }
}

async fn check(pace: Pace, liar: Option<u64>) {
    check_awake(pace, liar, AWAKE_MAX).await;
}

async fn check_awake(pace: Pace, liar: Option<u64>, awake_max: usize) {
    let verdict = conformance::run(&Clouds { pace, liar, awake_max }).await;
    assert!(verdict.kept.len() + verdict.broken.len() >= 60, "{verdict}");
    assert!(verdict.broken.is_empty(), "liar {liar:?}, {awake_max} awake: {verdict}");
}

#[tokio::test]
async fn the_emulated_clouds_keep_the_laws_at_their_own_pace() {
    check(Pace::realistic(), None).await;
}

#[tokio::test]
async fn the_emulated_clouds_keep_the_laws_in_a_hurry() {
    check(Pace::instant(), None).await;
    check(Pace::fast(), None).await;
}

#[tokio::test]
async fn the_emulated_clouds_keep_the_laws_behind_a_liar() {
    for seed in 1..=20 {
        check(Pace::realistic(), Some(seed)).await;
        check(Pace::fast(), Some(seed)).await;
    }
}

#[tokio::test]
async fn the_emulated_clouds_keep_the_laws_while_almost_everything_sleeps() {
    for awake_max in [0, 1, 2] {
        for pace in [Pace::realistic(), Pace::instant(), Pace::fast()] {
            check_awake(pace, None, awake_max).await;
        }
        for seed in 1..=5 {
            check_awake(Pace::realistic(), Some(seed), awake_max).await;
        }
    }
}
