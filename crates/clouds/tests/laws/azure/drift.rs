//! What others do to our networks and peerings behind our back is seen by the next look, and put
//! right or told, as the operator decided.

use peerage_core::cloud::{Link, LinkRequest, LinkStatus, NetworkNames, Remedy};
use peerage_fabric::azure::{Azure, AzureOptions};
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::remote::DriftPolicy;
use peerage_fabric::tags;
use peerage_fabric::{Fabric, Inventory};
use serde_json::{Value, json};

use crate::azure::hand::Hand;
use crate::azure::world::{World, addresses, link_request, network_request, their_network, word};

/// Tells of drift and leaves it.
fn report(options: &mut AzureOptions) {
    options.remote.drift = DriftPolicy::Report;
}

/// The path of our half of the first peering.
fn our_half(world: &World) -> String {
    let name = tags::link_name(link_request(1).peering, 1);
    format!("{}/virtualNetworkPeerings/{name}", world.our_network())
}

/// The words about what is wrong with our network, if anything is.
async fn told(world: &World, azure: &Azure) -> Option<(String, bool)> {
    let seen = azure.observe_network(&network_request(1), world.clock.now()).await.unwrap();
    seen.found.unwrap().drift.map(|drift| (drift.what, drift.repair))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_somebody_changed_is_put_right() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    hand.active(1).await;
    let network = world.our_network();
    let (_, whole) = world.ask_at_home("GET", &network, &Value::Null);

    world.change("DELETE", &format!("{network}/subnets/default"), &Value::Null);
    let (what, repair) = told(&world, &azure).await.unwrap();
    assert!(repair && what.contains("subnet"), "{what}");

    let mut grown = whole.clone();
    grown["properties"]["addressSpace"]["addressPrefixes"] = json!(["10.1.0.0/21", "10.77.0.0/24"]);
    grown["properties"]["subnets"] = json!([]);
    world.change("PUT", &network, &grown);
    let (what, _) = told(&world, &azure).await.unwrap();
    assert!(what.contains("addresses") && what.contains("subnet"), "{what}");

    let kept = json!({ "tags": {
        "mine": "kept",
        tags::INSTALLATION: whole["tags"][tags::INSTALLATION],
        tags::CONTAINER: whole["tags"][tags::CONTAINER],
    }});
    world.change("PATCH", &network, &kept);
    let (what, _) = told(&world, &azure).await.unwrap();
    assert!(what.contains(tags::GROUP), "{what}");

    hand.network(&network_request(1)).await;
    let (_, mended) = world.ask_at_home("GET", &network, &Value::Null);
    assert_eq!(mended["properties"]["addressSpace"], whole["properties"]["addressSpace"]);
    assert_eq!(mended["properties"]["subnets"][0]["name"], "default");
    assert_eq!(mended["properties"]["virtualNetworkPeerings"].as_array().unwrap().len(), 1);
    assert_eq!(mended["tags"]["mine"], "kept");
    assert_eq!(mended["tags"][tags::GROUP], whole["tags"][tags::GROUP]);
    hand.until(&link_request(1), LinkStatus::Active).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_drift_is_only_told_nothing_is_touched() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver_with(report);
    let hand = Hand { world: &world, fabric: &azure };
    hand.active(1).await;
    let network = world.our_network();
    world.change("DELETE", &format!("{network}/subnets/default"), &Value::Null);
    let half = our_half(&world);
    let (_, mut changed) = world.ask_at_home("GET", &half, &Value::Null);
    changed["properties"]["allowVirtualNetworkAccess"] = false.into();
    world.change("PUT", &half, &changed);

    let before = world.networks();
    let seen = azure.ensure_network(&network_request(1), world.clock.now()).await.unwrap();
    let drift = seen.found.unwrap().drift.unwrap();
    assert!(!drift.repair && drift.what.contains("subnet"), "{drift:?}");
    let link = azure.ensure_link(&link_request(1), world.clock.now()).await.unwrap().found.unwrap();
    let drift = link.drift.clone().unwrap();
    assert_eq!((link.status, drift.repair), (LinkStatus::Active, false));
    assert!(drift.what.contains("allowVirtualNetworkAccess"), "{drift:?}");
    assert_eq!(world.networks(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_somebody_deleted_is_seen_as_gone_and_made_again() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    let first = hand.network(&network_request(1)).await;
    world.change("DELETE", &world.our_network(), &Value::Null);
    let seen = azure.observe_network(&network_request(1), world.clock.now()).await.unwrap();
    assert_eq!(seen.found, None);
    let second = hand.network(&network_request(1)).await;
    assert_ne!(first.names, second.names);
    assert_eq!(world.networks().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_whose_tags_somebody_took_is_known_by_its_name() {
    let world = World::new(CustomerMode::Accept).await;
    let first = world.driver();
    Hand { world: &world, fabric: &first }.network(&network_request(1)).await;
    let network = world.our_network();
    world.change("PATCH", &network, &json!({ "tags": {} }));
    // Another process: it has never seen the network.
    let azure = world.driver();
    let (what, repair) = told(&world, &azure).await.unwrap();
    assert!(repair && what.contains(tags::INSTALLATION), "{what}");
    assert_eq!(azure.list_tagged().await.unwrap(), [], "what has no tag is not ours to take away");
    Hand { world: &world, fabric: &azure }.network(&network_request(1)).await;
    assert_eq!(world.our_network(), network);
    assert_eq!(azure.list_tagged().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_at_a_connection_whose_network_is_gone_finds_nothing() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    let request = hand.active(1).await;
    let names = hand.network(&network_request(1)).await.names;
    let request = LinkRequest { names: Some(names), ..request };
    world.change("DELETE", &world.our_network(), &Value::Null);
    assert_eq!(hand.look(&request).await, None);
    let error = azure.ensure_link(&request, world.clock.now()).await.unwrap_err();
    assert!(matches!(error.remedy, Remedy::Retry { .. }), "{error:?}");
    // With the network made again the pair is, too: the rest of the old one goes.
    let names = hand.network(&network_request(1)).await.names;
    let request = LinkRequest { names: Some(names), ..request };
    hand.clear(&request).await;
    hand.until(&request, LinkStatus::Active).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_switch_of_our_half_is_put_back() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    let request = hand.active(1).await;
    let half = our_half(&world);
    for (switch, value) in [("allowVirtualNetworkAccess", false), ("allowForwardedTraffic", true)] {
        let (_, mut changed) = world.ask_at_home("GET", &half, &Value::Null);
        changed["properties"][switch] = value.into();
        world.change("PUT", &half, &changed);
        let link = hand.look(&request).await.unwrap();
        assert_eq!(link.status, LinkStatus::Finishing, "{switch}");
        assert!(link.drift.is_some_and(|drift| drift.repair && drift.what.contains(switch)));
        hand.until(&request, LinkStatus::Active).await;
        let (_, mended) = world.ask_at_home("GET", &half, &Value::Null);
        assert_eq!(mended["properties"][switch], !value, "{switch}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_half_that_somebody_deleted_is_seen_as_gone_and_made_again() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    let request = hand.active(1).await;
    world.change("DELETE", &our_half(&world), &Value::Null);
    assert_eq!(hand.look(&request).await, None);
    // The customer's half is disconnected now and in the way of a new pair.
    hand.until(&request, LinkStatus::Active).await;
    let theirs = world.peerings(&their_network(1));
    assert_eq!(theirs.len(), 1);
    assert_eq!(theirs[0]["properties"]["peeringState"], "Connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_that_the_customer_deleted_severs_the_pair_until_it_is_made_anew() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    let request = hand.active(1).await;
    let theirs = world.peerings(&their_network(1));
    world.change("DELETE", word(&theirs[0], "id"), &Value::Null);
    let link = hand.look(&request).await.unwrap();
    assert_eq!(link.status, LinkStatus::Severed);
    let again = azure.ensure_link(&request, world.clock.now()).await.unwrap().found.unwrap();
    assert_eq!(again, link, "what is severed stays so until it is removed");
    hand.clear(&request).await;
    hand.until(&request, LinkStatus::Active).await;
}

/// Our half's sync level.
fn level(world: &World) -> String {
    let (_, half) = world.ask_at_home("GET", &our_half(world), &Value::Null);
    word(&half["properties"], "peeringSyncLevel").to_owned()
}

/// The first peering, connected, after one or both networks have got other addresses.
async fn out_of_step(world: &World, azure: &Azure, ours: bool, theirs: bool) -> Link {
    let hand = Hand { world, fabric: azure };
    let request = hand.active(1).await;
    if theirs {
        let both = ["172.16.1.0/24", "172.17.1.0/24"];
        world.change("PUT", &their_network(1), &addresses(&both));
    }
    if ours {
        let network = world.our_network();
        let (_, mut grown) = world.ask_at_home("GET", &network, &Value::Null);
        grown["properties"]["addressSpace"]["addressPrefixes"] =
            json!(["10.1.0.0/21", "10.66.0.0/24"]);
        world.change("PUT", &network, &grown);
    }
    hand.look(&request).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_the_four_sync_levels_is_seen_and_brought_to_the_full_one() {
    for (ours, theirs, expected) in [
        (false, false, "FullyInSync"),
        (false, true, "LocalNotInSync"),
        (true, false, "RemoteNotInSync"),
        (true, true, "LocalAndRemoteNotInSync"),
    ] {
        let world = World::new(CustomerMode::Accept).await;
        let azure = world.driver();
        let link = out_of_step(&world, &azure, ours, theirs).await;
        assert_eq!(level(&world), expected);
        if expected == "FullyInSync" {
            assert_eq!((link.status, link.drift), (LinkStatus::Active, None));
            continue;
        }
        assert_eq!(link.status, LinkStatus::Finishing, "{expected}");
        assert!(link.drift.is_some_and(|drift| drift.repair && drift.what.contains(expected)));
        let hand = Hand { world: &world, fabric: &azure };
        hand.until(&link_request(1), LinkStatus::Active).await;
        world.settle();
        assert_eq!(level(&world), "FullyInSync", "after {expected}");
        // Addresses that our network has too many are another drift: they are taken back.
        hand.network(&network_request(1)).await;
        hand.until(&link_request(1), LinkStatus::Active).await;
        assert_eq!(level(&world), "FullyInSync", "after {expected} and the network");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_has_two_networks_keeps_the_one_in_use() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    hand.active(1).await;
    let used = world.our_network();
    let (_, mut twin) = world.ask_at_home("GET", &used, &Value::Null);
    let name = format!("{}00000000", tags::network_prefix(network_request(1).container));
    let path = used.replace(word(&twin, "name"), &name);
    twin = json!({
        "location": twin["location"], "tags": twin["tags"],
        "properties": { "addressSpace": twin["properties"]["addressSpace"] },
    });
    world.change("PUT", &path, &twin);
    assert_eq!(world.networks().len(), 2);
    // Another process knows neither of them.
    let other = world.driver();
    let hand = Hand { world: &world, fabric: &other };
    let kept = hand.network(&network_request(1)).await;
    world.settle();
    assert_eq!(world.our_network(), used);
    let NetworkNames::Azure { vnet_name, .. } = kept.names else { panic!() };
    assert!(used.ends_with(&vnet_name));
}
