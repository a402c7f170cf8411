//! The liar lies as its seed says, and tells the truth about what is certain.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use peerage_store::faulty::{FaultCounts, FaultRates, FaultyStore};
use peerage_store::memory::MemoryStore;
use peerage_store::{Commit, Key, Revision, Store, Txn, Write};

/// Writes a counter many times; what was told, and what became of it.
async fn run(seed: u64, rates: FaultRates) -> (Vec<String>, FaultCounts) {
    let truth: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let liar = FaultyStore::without_delay(Arc::clone(&truth), seed, rates);
    let mut story = Vec::new();
    for round in 0_u32..300 {
        let before = truth.revision().await.expect("the truth");
        let write = Write::put("k", round.to_be_bytes().as_slice());
        let told = liar.commit(Txn::of(vec![write])).await;
        let happened = truth.revision().await.expect("the truth") > before;
        match &told {
            Ok(Commit::Done(_)) => assert!(happened, "told, but it did not happen"),
            Ok(Commit::Lost { .. }) => panic!("nothing to lose"),
            Err(error) if error.is_definite() => assert!(!happened, "{error}"),
            Err(_) => {}
        }
        story.push(format!("{happened} {told:?}"));
    }
    (story, liar.counts())
}

#[tokio::test]
async fn the_liar_meets_all_four_cases_and_a_definite_error_is_one() {
    let (_, counts) = run(7, FaultRates::OFTEN).await;
    let FaultCounts { done_told, done_untold, undone_told, undone_untold } = counts;
    assert!([done_told, done_untold, undone_told, undone_untold].iter().all(|count| *count > 0));
}

#[tokio::test]
async fn the_same_seed_tells_the_same_story() {
    assert_eq!(run(7, FaultRates::OFTEN).await, run(7, FaultRates::OFTEN).await);
    assert_ne!(run(7, FaultRates::OFTEN).await.0, run(8, FaultRates::OFTEN).await.0);
}

#[tokio::test]
async fn without_lies_it_is_the_store_behind_it() {
    let (_, counts) = run(7, FaultRates::NONE).await;
    assert_eq!(counts, FaultCounts { done_told: 300, ..FaultCounts::default() });
}

#[tokio::test]
async fn waits_are_the_callers_to_do() {
    let waits = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&waits);
    let rates = FaultRates { delayed: 1000, delay_max: Duration::from_secs(9), ..FaultRates::NONE };
    let delay = move |wait| {
        noted.lock().expect("nobody panics").push(wait);
        Box::pin(std::future::ready(())) as _
    };
    let liar = FaultyStore::new(Arc::new(MemoryStore::new()), 1, rates, Box::new(delay));
    liar.get(&Key::from("k")).await.expect("an answer");
    let waits = waits.lock().expect("nobody panics");
    assert!(waits.len() == 1 && waits[0] < Duration::from_secs(9), "{waits:?}");
}

#[tokio::test]
async fn a_watch_that_broke_off_can_be_resumed_without_loss() {
    let rates = FaultRates { undone_told: 300, ..FaultRates::NONE };
    let liar = FaultyStore::without_delay(Arc::new(MemoryStore::new()), 3, rates);
    let mut written = Vec::new();
    while written.len() < 50 {
        if let Ok(Commit::Done(revision)) = liar.commit(Txn::of(vec![Write::put("k", "v")])).await {
            written.push(revision);
        }
    }
    let (mut told, mut from) = (Vec::new(), Revision(1));
    while told.len() < written.len() {
        let Ok(mut watch) = liar.watch(&Key::default(), from).await else { continue };
        while let Ok(batch) = watch.next().await {
            told.push(batch.revision);
            from = batch.revision.next();
            if told.len() == written.len() {
                break;
            }
        }
    }
    assert_eq!(told, written);
}
