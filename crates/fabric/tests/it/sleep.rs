//! What is kept and rests need not be in memory: nobody notices, whoever comes in between and
//! whatever fails.

use std::sync::Arc;

use async_trait::async_trait;
use peerage_core::cloud::{Certainty, LinkRequest, LinkStatus};
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{
    CustomerAct, CustomerMode, Effect, Emulated, EmulatedOptions, Journal, JournalError,
    MemoryJournal, Pace, Saved, Take,
};
use tokio::sync::Semaphore;

use crate::support::{World, fault, network_request, options, request};

fn aws(peering: u32) -> LinkRequest {
    request(Provider::Aws, peering, 1, "10.8.0.0/21", peering)
}

/// A world in which everything sleeps that may.
fn sleepy(customer: CustomerMode) -> EmulatedOptions {
    EmulatedOptions { awake_max: 0, ..options(customer, Pace::instant()) }
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_a_doubt_and_loses_nothing() {
    for cloud in Provider::ALL {
        let mut world = World::with(sleepy(CustomerMode::Accept)).await;
        let request = request(cloud, 1, 1, "10.8.0.0/18", 1);
        let made = world.active(&request).await;
        let kept = world.journal.objects();
        world.journal.fail();
        let errors = [
            world.clouds.observe_link(&request, world.now).await.unwrap_err(),
            world.clouds.ensure_link(&request, world.now).await.unwrap_err(),
            world.clouds.remove_link(&request, world.now).await.unwrap_err(),
            world.remove_network(&request).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.certainty, Certainty::Indefinite, "{cloud}");
        }
        assert_eq!(world.refused(&request, CustomerAct::Delete).await, "InternalError");
        world.journal.heal();
        assert_eq!(world.journal.objects(), kept, "{cloud}");
        assert_eq!(world.look(&request).await.found, Some(made), "{cloud}");
        world.clear(&request).await;
    }
}

#[tokio::test]
async fn a_fault_does_not_strike_a_call_that_could_not_be_made() {
    let mut world = World::with(sleepy(CustomerMode::Accept)).await;
    world.active(&aws(1)).await;
    world.clouds.add_fault(fault(Effect::LoseRequest)).await.unwrap();
    world.journal.fail();
    world.clouds.observe_link(&aws(1), world.now).await.unwrap_err();
    assert_eq!(world.clouds.faults().len(), 1);
    world.journal.heal();
    world.clouds.observe_link(&aws(1), world.now).await.unwrap_err();
    assert!(world.clouds.faults().is_empty());
    world.clouds.observe_link(&aws(1), world.now).await.unwrap();
}

#[tokio::test]
async fn an_object_that_is_gone_from_where_it_was_kept_is_an_error() {
    let mut world = World::with(sleepy(CustomerMode::Accept)).await;
    world.active(&aws(1)).await;
    let name = format!("link/{}", aws(1).peering);
    world.journal.save(vec![(name.clone(), None)]).await.unwrap();
    let error = world.clouds.observe_link(&aws(1), world.now).await.unwrap_err();
    assert!(error.message.contains(&name), "{error:?}");
    world.journal.save(vec![(name.clone(), Some(b"{".to_vec()))]).await.unwrap();
    let error = world.clouds.observe_link(&aws(1), world.now).await.unwrap_err();
    assert!(error.message.contains(&name), "{error:?}");
}

#[tokio::test]
async fn the_twin_of_a_connection_is_named_though_it_sleeps() {
    let mut world = World::with(sleepy(CustomerMode::Accept)).await;
    let made = world.active(&aws(1)).await;
    let twin = LinkRequest { peering: aws(2).peering, ..aws(1) };
    let error = world.ensure(&twin).await.unwrap_err();
    assert_eq!(error.code, "VpcPeeringConnectionAlreadyExists");
    assert!(error.message.contains(&made.connection_id), "{error:?}");
}

/// A journal that saves when it is let, and whose readers get what they read when they are let.
struct Slow {
    inner: MemoryJournal,
    reads: Arc<Semaphore>,
    saves: Arc<Semaphore>,
}

#[async_trait]
impl Journal for Slow {
    async fn load(&self, take: &mut Take<'_>) -> Result<(), JournalError> {
        self.inner.load(take).await
    }

    async fn read(&self, names: Vec<String>) -> Result<Vec<Saved>, JournalError> {
        let read = self.inner.read(names).await;
        self.reads.acquire().await.map_err(JournalError::new)?.forget();
        read
    }

    async fn save(&self, changes: Vec<Saved>) -> Result<(), JournalError> {
        self.saves.acquire().await.map_err(JournalError::new)?.forget();
        self.inner.save(changes).await
    }
}

/// Clouds with three networks and one connection, which sleep, and what lets their journal read
/// and save.
async fn slow() -> (Arc<Emulated>, [Arc<Semaphore>; 2], Timestamp) {
    let mut world = World::with(sleepy(CustomerMode::Manual)).await;
    world.make(&gcp(1)).await;
    world.network(&gcp(2)).await;
    world.network(&gcp(3)).await;
    let [reads, saves] = [(); 2].map(|()| Arc::new(Semaphore::new(0)));
    let inner = world.journal.clone();
    let journal = Arc::new(Slow { inner, reads: reads.clone(), saves: saves.clone() });
    let clouds = Emulated::open(journal, world.options.clone()).await.unwrap();
    (Arc::new(clouds), [reads, saves], world.now)
}

fn gcp(number: u32) -> LinkRequest {
    request(Provider::Gcp, number, number, "10.8.0.0/18", number)
}

type Task<T> = tokio::task::JoinHandle<T>;

fn look(clouds: &Arc<Emulated>, number: u32, now: Timestamp) -> Task<LinkStatus> {
    let clouds = clouds.clone();
    tokio::spawn(async move {
        let seen = clouds.observe_link(&gcp(number), now).await.unwrap();
        seen.found.unwrap().status
    })
}

fn accept(clouds: &Arc<Emulated>, number: u32, now: Timestamp) -> Task<()> {
    let clouds = clouds.clone();
    tokio::spawn(async move {
        clouds.customer(gcp(number).peering, CustomerAct::Accept, now).await.unwrap();
    })
}

async fn settled() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_reads_slowly_sees_what_others_did_meanwhile() {
    let (clouds, [reads, saves], now) = slow().await;
    saves.add_permits(1);
    // Both have read the request that waits; the one that is let first accepts it.
    let act = accept(&clouds, 1, now);
    settled().await;
    let seen = look(&clouds, 1, now);
    settled().await;
    reads.add_permits(1);
    act.await.unwrap();
    reads.add_permits(1);
    assert_eq!(seen.await.unwrap(), LinkStatus::Active);
}

#[tokio::test]
async fn what_is_not_kept_does_not_sleep() {
    let (clouds, [reads, saves], now) = slow().await;
    reads.add_permits(100);
    let make = |number: u32| {
        let clouds = clouds.clone();
        tokio::spawn(async move { clouds.ensure_link(&gcp(number), now).await.unwrap() })
    };
    // One is being kept, the other waits until that is done; who looks at a third goes away.
    let made = [make(2), make(3)];
    settled().await;
    let gone = look(&clouds, 1, now);
    settled().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let seen = [look(&clouds, 2, now), look(&clouds, 3, now)];
    settled().await;
    saves.add_permits(2);
    for (made, seen) in made.into_iter().zip(seen) {
        made.await.unwrap();
        assert_eq!(seen.await.unwrap(), LinkStatus::AwaitsCustomer);
    }
}

#[tokio::test]
async fn what_somebody_left_unkept_does_not_sleep() {
    let (clouds, [reads, saves], now) = slow().await;
    reads.add_permits(100);
    let act = accept(&clouds, 1, now);
    settled().await;
    act.abort();
    assert!(act.await.unwrap_err().is_cancelled());
    saves.add_permits(1);
    assert_eq!(look(&clouds, 1, now).await.unwrap(), LinkStatus::Active);
    assert_eq!(look(&clouds, 1, now).await.unwrap(), LinkStatus::Active);
}

#[tokio::test]
async fn who_goes_away_while_it_reads_leaves_the_object_to_sleep() {
    let (clouds, [reads, _saves], now) = slow().await;
    let gone = look(&clouds, 1, now);
    settled().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    reads.add_permits(1);
    assert_eq!(look(&clouds, 1, now).await.unwrap(), LinkStatus::AwaitsCustomer);
    // Nothing is left to read with: who looks again has to.
    let again = look(&clouds, 1, now);
    settled().await;
    assert!(!again.is_finished());
}

#[tokio::test]
async fn a_network_that_sleeps_can_be_peered_from_and_is_in_use() {
    let mut world = World::with(sleepy(CustomerMode::Accept)).await;
    let names = world.network(&aws(1)).await;
    world.ensure(&aws(1)).await.unwrap();
    assert_eq!(world.remove_network(&aws(1)).await.unwrap_err().code, "DependencyViolation");
    let again = world.clouds.ensure_network(&network_request(&aws(1)), world.now).await.unwrap();
    assert_eq!(again.found.unwrap().names, names);
}
