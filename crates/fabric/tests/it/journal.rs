//! What the emulated clouds keep: everything, before anybody hears of it.

use std::sync::Arc;

use async_trait::async_trait;
use peerage_core::cloud::{Certainty, LinkRequest, LinkStatus, Remedy};
use peerage_core::provider::Provider;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{
    CustomerAct, CustomerMode, Effect, Emulated, Journal, JournalError, MemoryJournal, Saved, Take,
};
use tokio::sync::Semaphore;

use crate::support::{HOUR, SECOND, World, fault, network_request, request};

fn aws(peering: u32) -> LinkRequest {
    request(Provider::Aws, peering, 1, "10.8.0.0/21", peering)
}

#[tokio::test]
async fn a_restart_continues_every_wait_where_it_stood() {
    for cloud in Provider::ALL {
        let mut world = World::new(CustomerMode::Accept).await;
        let request = request(cloud, 1, 1, "10.8.0.0/18", 1);
        world.make(&request).await;
        loop {
            let before = world.look(&request).await;
            world.reopen().await;
            assert_eq!(world.look(&request).await, before, "{cloud}");
            match before.recheck_at {
                Some(at) => world.now = at,
                None => break,
            }
        }
        assert_eq!(world.status(&request).await, Some(LinkStatus::Active), "{cloud}");
    }
}

#[tokio::test]
async fn a_restart_forgets_no_expiry() {
    let mut world = World::new(CustomerMode::Manual).await;
    world.make(&aws(1)).await;
    world.until(&aws(1), LinkStatus::AwaitsCustomer).await;
    let expires = world.now.after(168 * HOUR);
    world.reopen().await;
    assert_eq!(world.clouds.next_event(), Some(expires));
    world.now = expires;
    assert_eq!(world.status(&aws(1)).await, Some(LinkStatus::Expired));
}

#[tokio::test]
async fn names_are_never_given_twice_across_restarts() {
    let mut world = World::new(CustomerMode::Accept).await;
    let mut names = Vec::new();
    for _ in 0..5 {
        names.push(world.active(&aws(1)).await.connection_id);
        world.clear(&aws(1)).await;
        world.reopen().await;
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 5);
}

#[tokio::test]
async fn faults_survive_a_restart_with_what_is_left_of_them() {
    let mut world = World::new(CustomerMode::Accept).await;
    let mut twice = fault(Effect::LoseRequest);
    twice.times = Some(2);
    world.clouds.add_fault(twice).await.unwrap();
    let request = network_request(&aws(1));
    world.clouds.ensure_network(&request, world.now).await.unwrap_err();
    world.reopen().await;
    world.clouds.ensure_network(&request, world.now).await.unwrap_err();
    world.reopen().await;
    world.clouds.ensure_network(&request, world.now).await.unwrap();
    assert!(world.clouds.faults().is_empty());
}

#[tokio::test]
async fn a_save_that_fails_is_a_doubt_and_loses_nothing() {
    let mut world = World::new(CustomerMode::Manual).await;
    world.network(&aws(1)).await;
    world.journal.fail();
    let error = world.ensure(&aws(1)).await.unwrap_err();
    assert_eq!(error.certainty, Certainty::Indefinite);
    assert_eq!(error.remedy, Remedy::Retry { after_ms: None });
    // Nobody is told of what is not kept, not by a look either.
    assert!(world.clouds.observe_link(&aws(1), world.now).await.is_err());
    assert!(world.clouds.advance(world.now).await.is_err());
    world.journal.heal();
    let made = world.ensure(&aws(1)).await.unwrap();
    world.reopen().await;
    assert_eq!(world.look(&aws(1)).await.found, Some(made));
}

#[tokio::test]
async fn a_crash_after_a_failed_save_leaves_the_world_as_it_was_kept() {
    let mut world = World::new(CustomerMode::Manual).await;
    world.network(&aws(1)).await;
    let kept = world.journal.objects();
    world.journal.fail();
    world.ensure(&aws(1)).await.unwrap_err();
    world.journal.heal();
    world.reopen().await;
    assert_eq!(world.journal.objects(), kept);
    assert_eq!(world.status(&aws(1)).await, None);
    world.ensure(&aws(1)).await.unwrap();
}

#[tokio::test]
async fn no_name_is_given_twice_after_a_save_that_was_torn() {
    for keeps in 0..=3 {
        for cloud in Provider::ALL {
            let mut world = World::new(CustomerMode::Manual).await;
            let (first, second) = (number(cloud, 1), number(cloud, 2));
            world.journal.tear(keeps);
            for request in [&first, &second] {
                let request = network_request(request);
                world.clouds.ensure_network(&request, world.now).await.unwrap_err();
            }
            world.journal.heal();
            world.reopen().await;
            let names = [world.network(&first).await, world.network(&second).await];
            assert_ne!(names[0], names[1], "{cloud}, {keeps} kept");
        }
    }
}

fn number(cloud: Provider, number: u32) -> LinkRequest {
    request(cloud, number, number, "10.8.0.0/18", number)
}

#[tokio::test]
async fn what_changed_by_itself_is_told_after_a_save_that_failed() {
    let mut world = World::new(CustomerMode::Manual).await;
    world.make(&aws(1)).await;
    world.pass(world.options.pace.aws_initiating);
    world.journal.fail();
    assert!(world.clouds.advance(world.now).await.is_err());
    world.journal.heal();
    let told = world.clouds.advance(world.now).await.unwrap();
    assert_eq!(told.iter().map(|it| it.peering).collect::<Vec<_>>(), [aws(1).peering]);
}

#[tokio::test]
async fn the_customers_hand_is_kept_too() {
    let mut world = World::new(CustomerMode::Manual).await;
    world.make(&aws(1)).await;
    world.until(&aws(1), LinkStatus::AwaitsCustomer).await;
    world.journal.fail();
    let error = world.act(&aws(1), CustomerAct::Accept).await.unwrap_err();
    assert_eq!(error.code, "InternalError");
    world.journal.heal();
    world.clouds.advance(world.now).await.unwrap();
    world.reopen().await;
    assert_eq!(world.status(&aws(1)).await, Some(LinkStatus::Finishing));
}

#[tokio::test]
async fn a_look_that_finds_nothing_new_saves_nothing() {
    let mut world = World::new(CustomerMode::Accept).await;
    world.active(&aws(1)).await;
    let saves = world.journal.saves();
    world.look(&aws(1)).await;
    world.ensure(&aws(1)).await.unwrap();
    world.pass(SECOND);
    world.clouds.advance(world.now).await.unwrap();
    world.reopen().await;
    world.look(&aws(1)).await;
    assert_eq!(world.journal.saves(), saves);
}

#[tokio::test]
async fn what_another_version_wrote_is_refused() {
    let mut world = World::new(CustomerMode::Accept).await;
    world.active(&aws(1)).await;
    for (name, bytes) in world.journal.objects() {
        for damaged in [
            String::from_utf8(bytes).unwrap().replace("\"v\":1", "\"v\":2").into_bytes(),
            b"{".to_vec(),
        ] {
            let journal = MemoryJournal::new();
            journal.save(vec![(name.clone(), Some(damaged))]).await.unwrap();
            let opened = Emulated::open(Arc::new(journal), world.options.clone()).await;
            assert!(opened.unwrap_err().to_string().contains(&name));
        }
    }
    let journal = MemoryJournal::new();
    journal.save(vec![("cloud/9".into(), Some(b"{}".to_vec()))]).await.unwrap();
    assert!(Emulated::open(Arc::new(journal), world.options.clone()).await.is_err());
}

/// A journal that saves when it is let.
#[derive(Clone, Default)]
struct Slow {
    inner: MemoryJournal,
    gate: Arc<Gate>,
}

struct Gate {
    open: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: Semaphore::new(0) }
    }
}

#[async_trait]
impl Journal for Slow {
    async fn load(&self, take: &mut Take<'_>) -> Result<(), JournalError> {
        self.inner.load(take).await
    }

    async fn read(&self, names: Vec<String>) -> Result<Vec<Saved>, JournalError> {
        self.inner.read(names).await
    }

    async fn save(&self, changes: Vec<Saved>) -> Result<(), JournalError> {
        self.gate.open.acquire().await.map_err(JournalError::new)?.forget();
        self.inner.save(changes).await
    }
}

async fn slow() -> (Slow, Arc<Emulated>, World) {
    let world = World::new(CustomerMode::Accept).await;
    let journal = Slow::default();
    let clouds = Emulated::open(Arc::new(journal.clone()), world.options.clone()).await.unwrap();
    (journal, Arc::new(clouds), world)
}

#[tokio::test]
async fn many_callers_are_kept_at_once() {
    let (journal, clouds, world) = slow().await;
    let now = world.now;
    let callers: Vec<_> = (1..=100)
        .map(|number| {
            let request = network_request(&request(Provider::Aws, 1, number, "10.8.0.0/21", 1));
            let clouds = clouds.clone();
            tokio::spawn(async move { clouds.ensure_network(&request, now).await.unwrap() })
        })
        .collect();
    while journal.gate.open.available_permits() == 0 {
        // Everybody has come as far as it gets before the first save is let.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        journal.gate.open.add_permits(2);
    }
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(journal.inner.saves() <= 2, "{} saves", journal.inner.saves());
    assert_eq!(journal.inner.objects().len(), 101);
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_no_change_along() {
    let (journal, clouds, world) = slow().await;
    let (wanted, now) = (network_request(&aws(1)), world.now);
    let caller = {
        let (clouds, wanted) = (clouds.clone(), wanted.clone());
        tokio::spawn(async move { clouds.ensure_network(&wanted, now).await })
    };
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert!(journal.inner.objects().is_empty());
    journal.gate.open.add_permits(1);
    clouds.advance(now).await.unwrap();
    assert_eq!(journal.inner.objects().len(), 2);
}
