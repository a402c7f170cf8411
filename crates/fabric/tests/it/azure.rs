//! The emulated Azure against its reference of virtual network peerings.

use peerage_core::cloud::{LinkRequest, LinkStatus, Remedy};
use peerage_core::peering::CustomerNetwork;
use peerage_core::provider::Provider;
use peerage_fabric::emulated::{AZURE_OVERLAP, CustomerAct, CustomerMode};

use crate::support::{HOUR, World, request};

fn azure(peering: u32, project: u32, customer: u32) -> LinkRequest {
    request(Provider::Azure, peering, project, "10.8.0.0/21", customer)
}

/// Whether some kept object says all of this.
fn kept(world: &World, words: &[&str]) -> bool {
    let objects = world.journal.objects().into_values();
    let objects = objects.map(|object| String::from_utf8(object).unwrap());
    objects.into_iter().any(|object| words.iter().all(|word| object.contains(word)))
}

/// Source: Azure's guide to creating a peering: nobody accepts; both objects are there and
/// `Connected` once whoever makes them has the role on both networks.
#[tokio::test]
async fn with_the_role_both_sides_connect() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = azure(1, 1, 1);
    let made = world.make(&request).await;
    assert_eq!(made.status, LinkStatus::Requested);
    assert!(kept(&world, &["Initiated", "Updating"]));
    world.pass(world.options.pace.azure_connecting);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Active));
    assert!(kept(&world, &["Connected", "FullyInSync", "Succeeded"]));
}

/// Source: Azure's guide to peerings across directories: the customer assigns a role to the
/// service's principal; without it nothing is made.
#[tokio::test]
async fn without_the_role_the_customer_is_awaited() {
    let mut world = World::new(CustomerMode::Manual).await;
    let request = azure(1, 1, 1);
    world.make(&request).await;
    world.pass(1000 * HOUR);
    let seen = world.look(&request).await;
    assert_eq!(seen.found.map(|link| link.status), Some(LinkStatus::AwaitsCustomer));
    assert_eq!(seen.recheck_at, None);
    assert_eq!(world.clouds.next_event(), None);
    world.act(&request, CustomerAct::Accept).await.unwrap();
    assert_eq!(world.status(&request).await, Some(LinkStatus::Requested));
    assert_eq!(world.refused(&request, CustomerAct::Accept).await, "RoleAssignmentExists");
    world.until(&request, LinkStatus::Active).await;
}

/// There is no rejection on Azure: to deny the role is one, and only before it was used.
#[tokio::test]
async fn a_denied_role_is_a_rejection() {
    let mut world = World::new(CustomerMode::Manual).await;
    let (denied, connected) = (azure(1, 1, 1), azure(2, 1, 2));
    world.make(&denied).await;
    world.act(&denied, CustomerAct::Reject).await.unwrap();
    assert_eq!(world.status(&denied).await, Some(LinkStatus::Rejected));
    assert_eq!(world.refused(&denied, CustomerAct::Accept).await, "Conflict");
    world.make(&connected).await;
    world.act(&connected, CustomerAct::Accept).await.unwrap();
    world.until(&connected, LinkStatus::Active).await;
    assert_eq!(world.refused(&connected, CustomerAct::Reject).await, "Conflict");
}

/// A customer who rejects by itself denies the role after its own delay.
#[tokio::test]
async fn a_rejecting_customer_denies_the_role() {
    let mut world = World::new(CustomerMode::Reject).await;
    world.make(&azure(1, 1, 1)).await;
    world.until(&azure(1, 1, 1), LinkStatus::Rejected).await;
}

/// Source: Azure's reference: `Disconnected` when the other side was deleted; it stays so, and
/// both are deleted and made anew.
#[tokio::test]
async fn what_was_disconnected_stays_so_until_it_is_made_anew() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = azure(1, 1, 1);
    world.active(&request).await;
    world.act(&request, CustomerAct::Delete).await.unwrap();
    assert!(kept(&world, &["Disconnected"]));
    world.pass(1000 * HOUR);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Severed));
    assert_eq!(world.ensure(&request).await.unwrap().status, LinkStatus::Severed);
    assert_eq!(world.refused(&request, CustomerAct::Delete).await, "ResourceNotFound");
    assert_eq!(world.refused(&request, CustomerAct::Accept).await, "Conflict");
    world.clear(&request).await;
    world.ensure(&request).await.unwrap();
    world.until(&request, LinkStatus::Active).await;
}

/// Source: Azure's reference: a disconnected peering is still an object of our VNet, which refers
/// to the remote one and keeps the VNet in use.
#[tokio::test]
async fn what_was_disconnected_is_in_the_way_until_it_is_deleted() {
    let mut world = World::new(CustomerMode::Accept).await;
    let severed = azure(1, 1, 1);
    world.active(&severed).await;
    world.act(&severed, CustomerAct::Delete).await.unwrap();
    let error = world.ensure(&azure(2, 1, 1)).await.unwrap_err();
    assert_eq!(error.code, "AnotherPeeringAlreadyReferencesRemoteVnet");
    assert_eq!(world.remove_network(&severed).await.unwrap_err().code, "DependencyViolation");
    // In the customer's VNet it is gone, and another project may peer from the same addresses.
    world.active(&azure(3, 2, 1)).await;
    world.clear(&severed).await;
    world.ensure(&azure(2, 1, 1)).await.unwrap();
}

/// Source: Azure's reference, overlap (`VnetAddressSpaceOverlapsWithAlreadyPeeredVnet`), in the
/// service's own words.
#[tokio::test]
async fn a_second_peering_from_overlapping_addresses_is_refused() {
    let mut world = World::new(CustomerMode::Accept).await;
    let (first, second) = (azure(1, 1, 1), azure(2, 2, 1));
    world.active(&first).await;
    world.make(&second).await;
    let refused = world.until(&second, LinkStatus::Refused).await;
    assert_eq!(refused.message.as_deref(), Some(AZURE_OVERLAP));
    assert_eq!(
        AZURE_OVERLAP,
        "Could not create peering connection in Atlas Azure account because a peer with an \
         overlapping CIDR block already exists."
    );
    assert_eq!(world.status(&first).await, Some(LinkStatus::Active));
}

/// Source: as above; what does not overlap is connected.
#[tokio::test]
async fn a_second_peering_from_other_addresses_connects() {
    let mut world = World::new(CustomerMode::Accept).await;
    world.active(&azure(1, 1, 1)).await;
    world.active(&request(Provider::Azure, 2, 2, "10.8.8.0/21", 1)).await;
}

/// Source: Azure's limits: 500 peerings of one virtual network.
#[tokio::test]
async fn a_virtual_network_has_at_most_500_peerings() {
    let mut world = World::new(CustomerMode::Manual).await;
    world.network(&azure(1, 1, 1)).await;
    for peering in 1..=500 {
        world.ensure(&azure(peering, 1, peering)).await.unwrap();
    }
    let error = world.ensure(&azure(501, 1, 501)).await.unwrap_err();
    assert_eq!(error.code, "PeeringsPerVirtualNetworkLimitExceeded");
    assert_eq!(error.remedy, Remedy::GiveUp);
}

/// Source: Azure's error `AnotherPeeringAlreadyReferencesRemoteVnet`.
#[tokio::test]
async fn a_remote_network_is_referenced_once() {
    let mut world = World::new(CustomerMode::Accept).await;
    world.active(&azure(1, 1, 1)).await;
    let error = world.ensure(&azure(2, 1, 1)).await.unwrap_err();
    assert_eq!(error.code, "AnotherPeeringAlreadyReferencesRemoteVnet");
    assert_eq!(error.remedy, Remedy::Retry { after_ms: None });
}

/// Source: Azure's names do not regard case.
#[tokio::test]
async fn the_customers_network_is_the_same_in_any_case() {
    let mut world = World::new(CustomerMode::Accept).await;
    world.active(&azure(1, 1, 1)).await;
    let mut shouted = azure(2, 2, 1);
    let CustomerNetwork::Azure(network) = &mut shouted.customer else { panic!("not Azure") };
    network.vnet_name = network.vnet_name.to_uppercase();
    world.make(&shouted).await;
    world.until(&shouted, LinkStatus::Refused).await;
}

/// Source: Azure's error `AnotherOperationInProgress`: what is being made is not deleted meanwhile.
#[tokio::test]
async fn a_removal_waits_until_the_two_are_connected() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = azure(1, 1, 1);
    world.make(&request).await;
    let error = world.remove(&request).await.unwrap_err();
    assert_eq!(error.code, "AnotherOperationInProgress");
    let after_ms = u64::try_from(world.options.pace.azure_connecting.as_millis()).ok();
    assert_eq!(error.remedy, Remedy::Retry { after_ms });
    world.pass(world.options.pace.azure_connecting);
    assert_eq!(world.remove(&request).await.unwrap().unwrap().status, LinkStatus::Removing);
    world.pass(world.options.pace.removal);
    assert_eq!(world.remove(&request).await, Ok(None));
}
