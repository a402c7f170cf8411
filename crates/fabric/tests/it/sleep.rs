//! What is kept and rests need not be in memory: nobody notices, whoever comes in between and
//! whatever fails.

use std::sync::Arc;

use async_trait::async_trait;
use peerage_core::cloud::{Certainty, LinkRequest, LinkStatus};
use peerage_core::provider::Provider;
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

/// A journal whose readers get what they read when they are let.
#[derive(Clone)]
struct Slow {
    inner: MemoryJournal,
    reads: Arc<Semaphore>,
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
        self.inner.save(changes).await
    }
}

/// Clouds with one connection, which sleeps.
async fn slow() -> (Arc<Emulated>, Arc<Semaphore>, World) {
    let mut world = World::with(sleepy(CustomerMode::Manual)).await;
    world.make(&request(Provider::Gcp, 1, 1, "10.8.0.0/18", 1)).await;
    let reads = Arc::new(Semaphore::new(0));
    let journal = Slow { inner: world.journal.clone(), reads: reads.clone() };
    let clouds = Emulated::open(Arc::new(journal), world.options.clone()).await.unwrap();
    (Arc::new(clouds), reads, world)
}

async fn settled() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_reads_slowly_sees_what_others_did_meanwhile() {
    let (clouds, reads, world) = slow().await;
    let (request, now) = (request(Provider::Gcp, 1, 1, "10.8.0.0/18", 1), world.now);
    // Both have read the request that waits; the one that is let first accepts it.
    let act = {
        let (clouds, peering) = (clouds.clone(), request.peering);
        tokio::spawn(async move { clouds.customer(peering, CustomerAct::Accept, now).await })
    };
    settled().await;
    let look = tokio::spawn(async move { clouds.observe_link(&request, now).await });
    settled().await;
    reads.add_permits(1);
    act.await.unwrap().unwrap();
    reads.add_permits(1);
    let seen = look.await.unwrap().unwrap().found.unwrap();
    assert_eq!(seen.status, LinkStatus::Active);
}

#[tokio::test]
async fn who_goes_away_while_it_reads_leaves_the_object_to_sleep() {
    let (clouds, reads, world) = slow().await;
    let (request, now) = (request(Provider::Gcp, 1, 1, "10.8.0.0/18", 1), world.now);
    let gone = {
        let (clouds, request) = (clouds.clone(), request.clone());
        tokio::spawn(async move { clouds.observe_link(&request, now).await })
    };
    settled().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    reads.add_permits(1);
    let found = clouds.observe_link(&request, now).await.unwrap().found.unwrap();
    assert_eq!(found.status, LinkStatus::AwaitsCustomer);
    // The one permit is spent: who looks again has to read again.
    let again = tokio::time::timeout(std::time::Duration::from_millis(1), async {
        clouds.observe_link(&request, now).await
    });
    assert!(again.await.is_err());
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
