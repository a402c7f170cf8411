//! What others do behind our back is seen, told, and put right as the operator decided.

use peerage_clouds::CloudApi;
use peerage_core::cloud::LinkStatus;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{CustomerAct, CustomerMode};
use peerage_fabric::remote::DriftPolicy;
use serde_json::{Value, json};

use crate::gcp::world::{Hand, PROJECT, World, network_request, word};

/// Switches custom routes on, as somebody does who knows better.
fn import_routes(world: &World, half: &str) {
    let path = format!("{PROJECT}/global/networks/{}/updatePeering", world.network_name());
    let body = json!({"networkPeering": {"name": half, "importCustomRoutes": true}});
    world.sabotage("PATCH", &path, &body);
}

#[tokio::test]
async fn routes_that_somebody_switched_on_are_seen_and_switched_off_again() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    let (request, link) = hand.active(1).await;
    import_routes(&world, &link.connection_id);

    let seen = hand.look(&request).await.unwrap();
    assert_eq!(seen.status, LinkStatus::Finishing);
    let drift = seen.drift.unwrap();
    assert!(drift.repair && drift.what.contains("importCustomRoutes"), "{drift:?}");
    assert_eq!(world.networks()[0]["peerings"][0]["importCustomRoutes"], true, "a look looks");
    assert_eq!(hand.until(&request, LinkStatus::Active).await, link);
    assert_eq!(world.networks()[0]["peerings"][0]["importCustomRoutes"], false);
}

#[tokio::test]
async fn where_drift_is_only_reported_it_stays() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver_with(|options| options.remote.drift = DriftPolicy::Report).await;
    let hand = Hand { world: &world, fabric: &gcp };
    let (request, link) = hand.active(1).await;
    import_routes(&world, &link.connection_id);
    for _ in 0..3 {
        let seen = hand.ensure(&request).await.unwrap().unwrap();
        assert_eq!(seen.status, LinkStatus::Active);
        assert!(seen.drift.is_some_and(|drift| !drift.repair));
        world.clock.pass(std::time::Duration::from_secs(60));
    }
    assert_eq!(world.networks()[0]["peerings"][0]["importCustomRoutes"], true);
}

#[tokio::test]
async fn a_half_that_somebody_removed_is_missed_and_made_again() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    let (request, link) = hand.active(1).await;
    let path = format!("{PROJECT}/global/networks/{}/removePeering", world.network_name());
    world.sabotage("POST", &path, &json!({"name": link.connection_id}));
    assert_eq!(hand.look(&request).await, None);
    let again = hand.until(&request, LinkStatus::Active).await;
    assert_eq!(again.connection_id, link.connection_id);
}

#[tokio::test]
async fn a_customer_that_takes_its_half_away_is_waited_for_again() {
    let world = World::new(CustomerMode::Manual).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    hand.network(&network_request(1)).await;
    let request = crate::gcp::world::link_request(1);
    hand.until(&request, LinkStatus::AwaitsCustomer).await;
    for _ in 0..2 {
        world.compute.customer(request.peering, CustomerAct::Accept, world.clock.now()).unwrap();
        hand.until(&request, LinkStatus::Active).await;
        world.compute.customer(request.peering, CustomerAct::Delete, world.clock.now()).unwrap();
        hand.until(&request, LinkStatus::AwaitsCustomer).await;
    }
}

#[tokio::test]
async fn a_subnet_that_somebody_deleted_is_seen_and_made_again_with_its_addresses() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    hand.active(1).await;
    let path = format!("{PROJECT}/regions/us-east1/subnetworks/{}", world.network_name());
    let (_, before) = world.ask("GET", &path, &Value::Null);
    world.sabotage("DELETE", &path, &Value::Null);

    let request = network_request(1);
    let seen = gcp.observe_network(&request, world.clock.now()).await.unwrap().found.unwrap();
    assert!(seen.ready, "peerings depend on it");
    let drift = seen.drift.unwrap();
    assert!(drift.repair && drift.what.contains("us-east1"), "{drift:?}");
    hand.network(&request).await;
    let (_, after) = world.ask("GET", &path, &Value::Null);
    assert_eq!(word(&after, "ipCidrRange"), word(&before, "ipCidrRange"));
}

#[tokio::test]
async fn a_network_that_somebody_deleted_is_missed_and_made_again_under_another_name() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    let request = network_request(1);
    let before = hand.network(&request).await;
    let name = world.network_name();
    for region in ["us-east1", "europe-west1"] {
        world.sabotage(
            "DELETE",
            &format!("{PROJECT}/regions/{region}/subnetworks/{name}"),
            &Value::Null,
        );
    }
    world.sabotage("DELETE", &format!("{PROJECT}/global/networks/{name}"), &Value::Null);
    let seen = gcp.observe_network(&request, world.clock.now()).await.unwrap();
    assert_eq!(seen.found, None);
    let after = hand.network(&request).await;
    assert_ne!(after.names, before.names);
    hand.active(1).await;
}

#[tokio::test]
async fn what_is_not_ours_is_left_alone() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    // A network with a name like ours that another installation made.
    let elsewhere = world.driver_with(|options| options.remote.installation = "there".into()).await;
    let other = Hand { world: &world, fabric: &elsewhere };
    let request = network_request(1);
    let theirs = other.network(&request).await;
    assert_eq!(gcp.observe_network(&request, world.clock.now()).await.unwrap().found, None);
    let ours = hand.network(&request).await;
    assert_ne!(ours.names, theirs.names);
    hand.clear_network(&request).await;
    let left = elsewhere.observe_network(&request, world.clock.now()).await.unwrap();
    assert_eq!(left.found.map(|network| network.names), Some(theirs.names));
}

#[tokio::test]
async fn a_subnet_that_somebody_made_in_our_network_keeps_it() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    let request = network_request(1);
    Hand { world: &world, fabric: &gcp }.network(&request).await;
    let name = world.network_name();
    let body = json!({
        "name": "somebodys", "network": format!("projects/{PROJECT}/global/networks/{name}"),
        "ipCidrRange": "10.200.0.0/24",
    });
    world.sabotage("POST", &format!("{PROJECT}/regions/us-east1/subnetworks"), &body);
    let refused = gcp.remove_network(&request, world.clock.now()).await.unwrap_err();
    assert!(refused.message.contains("somebodys"), "{refused}");
    let path = format!("{PROJECT}/regions/us-east1/subnetworks/{name}");
    assert_eq!(world.ask("GET", &path, &Value::Null).0, 200, "nothing of it was touched");
}

#[tokio::test]
async fn a_region_that_comes_later_leaves_a_full_network_as_it_is() {
    let world = World::new(CustomerMode::Accept).await;
    let before = world.driver_with(|options| options.regions.truncate(1)).await;
    let (request, link) = Hand { world: &world, fabric: &before }.active(1).await;
    // Its one subnet has the whole block.
    let after = world.driver().await;
    let hand = Hand { world: &world, fabric: &after };
    let look = async || {
        let seen = after.observe_network(&network_request(1), world.clock.now()).await;
        seen.unwrap().found.unwrap()
    };
    assert!(look().await.drift.is_some_and(|drift| drift.what.contains("has no subnet")));
    assert_eq!(hand.network(&network_request(1)).await.drift, None);
    assert_eq!(look().await.drift, None);
    assert_eq!(hand.look(&request).await, Some(link));
}
