//! The liar itself: that it lies in each way, and the same way twice.

use std::sync::Arc;

use peerage_core::cloud::{CallError, Certainty};
use peerage_core::provider::Provider;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::faulty::{FaultCounts, FaultRates, FaultyFabric, LIE};

use crate::support::{World, network_request, request};

async fn lies(seed: u64, rates: FaultRates) -> (Vec<Result<(), CallError>>, FaultCounts) {
    let world = World::new(CustomerMode::Accept).await;
    let liar = FaultyFabric::without_delay(world.clouds.clone(), seed, rates);
    let request = network_request(&request(Provider::Aws, 1, 1, "10.8.0.0/21", 1));
    let mut told = Vec::new();
    for _ in 0..200 {
        told.push(liar.ensure_network(&request, world.now).await.map(drop));
    }
    (told, liar.counts())
}

#[tokio::test]
async fn the_same_seed_tells_the_same_lies() {
    assert_eq!(lies(3, FaultRates::OFTEN).await, lies(3, FaultRates::OFTEN).await);
    assert_ne!(lies(3, FaultRates::OFTEN).await.0, lies(4, FaultRates::OFTEN).await.0);
}

#[tokio::test]
async fn every_kind_of_lie_is_told() {
    let (told, counts) = lies(5, FaultRates::OFTEN).await;
    let FaultCounts { done_told, done_untold, undone_told, undone_untold, done_twice } = counts;
    for count in [done_told, done_untold, undone_told, undone_untold, done_twice] {
        assert!(count > 0, "{counts:?}");
    }
    let errors: Vec<_> = told.into_iter().filter_map(Result::err).collect();
    assert!(errors.iter().all(|error| error.code == LIE));
    let doubts = errors.iter().filter(|error| error.certainty == Certainty::Indefinite).count();
    assert_eq!(doubts as u64, done_untold + undone_untold);
}

#[tokio::test]
async fn without_lies_nothing_is_changed() {
    let (told, counts) = lies(5, FaultRates::NONE).await;
    assert!(told.iter().all(Result::is_ok));
    assert_eq!(counts.done_told, 200);
}

#[tokio::test]
async fn a_wait_is_the_callers_to_do() {
    let world = World::new(CustomerMode::Accept).await;
    let waits = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = waits.clone();
    let rates = FaultRates { delayed: 1000, ..FaultRates::OFTEN };
    let liar = FaultyFabric::new(world.clouds.clone(), 1, rates, {
        Box::new(move |span| {
            seen.lock().unwrap().push(span);
            Box::pin(std::future::ready(()))
        })
    });
    let request = network_request(&request(Provider::Aws, 1, 1, "10.8.0.0/21", 1));
    let _ = liar.ensure_network(&request, world.now).await;
    let waits = waits.lock().unwrap().clone();
    assert!(waits.len() == 1 && waits[0] <= rates.delay_max, "{waits:?}");
}
