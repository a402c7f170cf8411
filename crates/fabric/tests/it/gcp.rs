//! The emulated GCP against the guide to VPC Network Peering.

use peerage_core::cloud::{Certainty, LinkRequest, LinkStatus, Remedy};
use peerage_core::provider::Provider;
use peerage_fabric::emulated::{CustomerAct, CustomerMode, GCP_BUSY};

use crate::support::{HOUR, SECOND, World, request};

fn gcp(peering: u32, project: u32, customer: u32) -> LinkRequest {
    request(Provider::Gcp, peering, project, "10.8.0.0/18", customer)
}

/// Source: guide to VPC Network Peering: `INACTIVE` with its `stateDetails` until the other side
/// has a matching configuration, then `ACTIVE` on both.
#[tokio::test]
async fn a_half_is_inactive_until_the_other_half_is_made() {
    let mut world = World::new(CustomerMode::Manual).await;
    let request = gcp(1, 1, 1);
    world.make(&request).await;
    let waiting = world.until(&request, LinkStatus::AwaitsCustomer).await;
    assert_eq!(waiting.message.as_deref(), Some("Waiting for peer network to connect."));
    world.act(&request, CustomerAct::Accept).await.unwrap();
    assert_eq!(world.status(&request).await, Some(LinkStatus::AwaitsCustomer));
    world.pass(world.options.pace.customer);
    let active = world.look(&request).await.found.unwrap();
    assert_eq!(active.status, LinkStatus::Active);
    assert_eq!(active.message.as_deref(), Some("Connected."));
    assert_eq!(world.refused(&request, CustomerAct::Accept).await, "RESOURCE_ALREADY_EXISTS");
}

/// Source: guide to VPC Network Peering: either side may come first.
#[tokio::test]
async fn the_customers_half_may_come_first() {
    let mut world = World::new(CustomerMode::Manual).await;
    let request = gcp(1, 1, 1);
    world.make(&request).await;
    world.act(&request, CustomerAct::Accept).await.unwrap();
    world.pass(world.options.pace.gcp_operation);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Active));
}

/// Source: guide to VPC Network Peering: an inactive peering has no end of its own.
#[tokio::test]
async fn a_half_waits_for_ever() {
    for mode in [CustomerMode::Manual, CustomerMode::Reject, CustomerMode::Ignore] {
        let mut world = World::new(mode).await;
        let request = gcp(1, 1, 1);
        world.make(&request).await;
        world.until(&request, LinkStatus::AwaitsCustomer).await;
        world.pass(10_000 * HOUR);
        assert_eq!(world.status(&request).await, Some(LinkStatus::AwaitsCustomer), "{mode:?}");
        assert_eq!(world.clouds.next_event(), None, "{mode:?}");
    }
}

/// Source: guide to VPC Network Peering: a request cannot be rejected, for the other side does not
/// see it.
#[tokio::test]
async fn nobody_can_reject() {
    let mut world = World::new(CustomerMode::Manual).await;
    let request = gcp(1, 1, 1);
    world.make(&request).await;
    world.until(&request, LinkStatus::AwaitsCustomer).await;
    assert_eq!(world.refused(&request, CustomerAct::Reject).await, "UNSUPPORTED_OPERATION");
    assert_eq!(world.refused(&request, CustomerAct::Delete).await, "RESOURCE_NOT_FOUND");
}

/// Source: guide to VPC Network Peering: deleting one half makes the other inactive; made again, it
/// is active again.
#[tokio::test]
async fn without_the_other_half_it_is_inactive_again() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = gcp(1, 1, 1);
    world.active(&request).await;
    world.act(&request, CustomerAct::Delete).await.unwrap();
    let seen = world.look(&request).await;
    assert_eq!(seen.found.map(|link| link.status), Some(LinkStatus::AwaitsCustomer));
    assert_eq!(seen.recheck_at, None);
    world.act(&request, CustomerAct::Accept).await.unwrap();
    world.until(&request, LinkStatus::Active).await;
}

/// Source: Compute API: one peering operation at a time on the local and the peer network.
#[tokio::test]
async fn one_operation_runs_on_a_network_at_a_time() {
    let mut world = World::new(CustomerMode::Manual).await;
    world.make(&gcp(1, 1, 1)).await;
    let error = world.ensure(&gcp(2, 1, 2)).await.unwrap_err();
    let words = "There is a peering operation in progress on the local or peer network. Try \
                 again later.";
    assert_eq!((error.code.as_str(), error.message.as_str()), (words, words));
    assert_eq!(GCP_BUSY, words);
    assert_eq!(error.certainty, Certainty::Definite);
    assert_eq!(error.remedy, Remedy::Retry { after_ms: None });
    world.pass(world.options.pace.gcp_operation);
    world.ensure(&gcp(2, 1, 2)).await.unwrap();
}

/// Source: as above; the peer network counts, whoever's operation it is.
#[tokio::test]
async fn one_operation_runs_on_the_peer_network_at_a_time() {
    let mut world = World::new(CustomerMode::Manual).await;
    let other = request(Provider::Gcp, 2, 2, "10.72.0.0/18", 1);
    world.network(&other).await;
    world.make(&gcp(1, 1, 1)).await;
    assert_eq!(world.ensure(&other).await.unwrap_err().code, GCP_BUSY);
    world.pass(world.options.pace.gcp_operation);
    world.ensure(&other).await.unwrap();
}

/// Source: as above; a removal is an operation, too.
#[tokio::test]
async fn a_removal_is_an_operation() {
    let mut world = World::new(CustomerMode::Accept).await;
    let (first, second) = (gcp(1, 1, 1), gcp(2, 1, 2));
    world.active(&first).await;
    world.active(&second).await;
    assert_eq!(world.remove(&first).await.unwrap().unwrap().status, LinkStatus::Removing);
    assert_eq!(world.remove(&second).await.unwrap_err().code, GCP_BUSY);
    assert_eq!(world.remove(&first).await.unwrap().unwrap().status, LinkStatus::Removing);
    world.pass(world.options.pace.removal);
    assert_eq!(world.remove(&first).await, Ok(None));
    assert_eq!(world.remove(&second).await.unwrap().unwrap().status, LinkStatus::Removing);
}

/// Source: as above; the customer has to try again while an operation runs, and does.
#[tokio::test]
async fn a_customer_waits_for_an_operation_to_end() {
    let mut world = World::new(CustomerMode::Accept).await;
    let (first, second) = (gcp(1, 1, 1), gcp(2, 1, 2));
    world.make(&first).await;
    world.pass(world.options.pace.gcp_operation);
    world.ensure(&second).await.unwrap();
    let busy_until = world.now.after(world.options.pace.gcp_operation);
    world.pass(world.options.pace.customer);
    let seen = world.look(&first).await;
    assert_eq!(seen.found.map(|link| link.status), Some(LinkStatus::AwaitsCustomer));
    assert_eq!(seen.recheck_at, Some(busy_until));
    world.until(&first, LinkStatus::Active).await;
    world.until(&second, LinkStatus::Active).await;
}

/// Source: as above; the customer's removal of its half is an operation, too.
#[tokio::test]
async fn a_customer_cannot_delete_while_an_operation_runs() {
    let mut world = World::new(CustomerMode::Accept).await;
    world.active(&gcp(1, 1, 1)).await;
    world.ensure(&gcp(2, 1, 2)).await.unwrap();
    assert_eq!(world.refused(&gcp(1, 1, 1), CustomerAct::Delete).await, GCP_BUSY);
    world.until(&gcp(2, 1, 2), LinkStatus::Active).await;
    world.act(&gcp(1, 1, 1), CustomerAct::Delete).await.unwrap();
}

/// Source: guide to VPC Network Peering: no overlapping subnet ranges among peered networks.
#[tokio::test]
async fn overlapping_ranges_in_a_group_are_refused() {
    let mut world = World::new(CustomerMode::Accept).await;
    let (first, second) = (gcp(1, 1, 1), gcp(2, 2, 1));
    world.active(&first).await;
    world.make(&second).await;
    let refused = world.until(&second, LinkStatus::Refused).await;
    assert!(refused.message.unwrap().contains("overlaps"));
    assert_eq!(world.status(&first).await, Some(LinkStatus::Active));
    let apart = request(Provider::Gcp, 3, 3, "10.72.0.0/18", 1);
    world.active(&apart).await;
}

/// Source: as above; a customer who makes its half by hand is told so, and ours waits.
#[tokio::test]
async fn a_customer_who_makes_an_overlapping_half_is_told() {
    let mut world = World::new(CustomerMode::Manual).await;
    let (first, second) = (gcp(1, 1, 1), gcp(2, 2, 1));
    for request in [&first, &second] {
        world.make(request).await;
        world.until(request, LinkStatus::AwaitsCustomer).await;
    }
    world.act(&first, CustomerAct::Accept).await.unwrap();
    world.until(&first, LinkStatus::Active).await;
    assert_eq!(world.refused(&second, CustomerAct::Accept).await, "INVALID_USAGE");
    assert_eq!(world.status(&second).await, Some(LinkStatus::AwaitsCustomer));
}

/// Source: quotas of VPC networks: 25 peerings of one network.
#[tokio::test]
async fn a_network_has_at_most_25_peerings() {
    let mut world = World::new(CustomerMode::Manual).await;
    world.network(&gcp(1, 1, 1)).await;
    for peering in 1..=25 {
        world.ensure(&gcp(peering, 1, peering)).await.unwrap();
        world.pass(world.options.pace.gcp_operation + SECOND);
    }
    let error = world.ensure(&gcp(26, 1, 26)).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.remedy), ("QUOTA_EXCEEDED", Remedy::GiveUp));
}

/// Source: as above; the quota is the customer's too, whichever half is made first. Ours waits and
/// says why, and is matched once there is room.
#[tokio::test]
async fn a_full_network_of_the_customer_takes_no_early_half_either() {
    let mut world = World::new(CustomerMode::Manual).await;
    let to_one = |number: u32| request(Provider::Gcp, number, number, &block(number), 1);
    for number in 1..=26 {
        world.make(&to_one(number)).await;
        world.act(&to_one(number), CustomerAct::Accept).await.unwrap();
        world.pass(world.options.pace.gcp_operation);
    }
    let waits = world.look(&to_one(26)).await.found.unwrap();
    assert_eq!(waits.status, LinkStatus::AwaitsCustomer);
    assert!(waits.message.unwrap().starts_with("Quota"));
    assert_eq!(world.refused(&to_one(26), CustomerAct::Accept).await, "QUOTA_EXCEEDED");
    world.clear(&to_one(1)).await;
    world.act(&to_one(26), CustomerAct::Accept).await.unwrap();
    let matched = world.until(&to_one(26), LinkStatus::Active).await;
    assert_eq!(matched.message.as_deref(), Some("Connected."));
}

fn block(number: u32) -> String {
    format!("10.{number}.0.0/18")
}
