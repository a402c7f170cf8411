//! Whole stories between two directories: the customer's recipe, a role that only lets us peer, a
//! change of network, orphans, and a cloud that has enough of us.

use std::sync::Arc;
use std::time::Duration;

use peerage_clouds::azure::{CUSTOMER_TENANT, SERVICE_TENANT};
use peerage_core::cloud::{LinkRequest, LinkStatus, Remedy};
use peerage_core::peering::CustomerNetwork;
use peerage_fabric::azure::permissions::CUSTOMER_PERMISSIONS;
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::inventory::Owner;
use peerage_fabric::{Fabric, Inventory, tags};
use serde_json::{Value, json};

use crate::azure::controller::{Controlled, Wanted};
use crate::azure::hand::Hand;
use crate::azure::permissions::{assign, give_role};
use crate::azure::world::{
    CLIENT, SECRET, SUBSCRIPTION, World, link_request, network_request, pace, their_network, word,
};
use crate::proxy::Rates;

/// A look that the controller would follow by asking again.
fn is_to_be_asked_for(link: Option<&peerage_core::cloud::Link>) -> bool {
    link.is_none_or(peerage_core::cloud::Link::needs_repair)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_of_another_directory_follows_the_recipe() {
    let world = World::new(CustomerMode::Manual).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    hand.network(&network_request(1)).await;
    let request = link_request(1);
    let waits = hand.until(&request, LinkStatus::AwaitsCustomer).await;
    let words = waits.message.clone().unwrap();
    for part in [CLIENT, CUSTOMER_TENANT, &their_network(1)] {
        assert!(words.contains(part), "{words}");
    }
    for permission in CUSTOMER_PERMISSIONS {
        assert!(words.contains(permission.action), "{words}");
    }
    assert_eq!(hand.look(&request).await, Some(waits.clone()));

    // The role takes a while to have effect: until then nothing changes, and nothing is an error.
    world.arm.lag_roles(3);
    give_role(&world, &CUSTOMER_PERMISSIONS.map(|permission| permission.action));
    let mut looks = 0;
    while !is_to_be_asked_for(hand.look(&request).await.as_ref()) {
        looks += 1;
        assert!(looks < 10, "the role never has effect");
        world.clock.pass(Duration::from_secs(10));
    }
    assert!(looks > 0, "there was no lag");
    let link = hand.until(&request, LinkStatus::Active).await;
    assert_eq!(link.connection_id, tags::link_name(request.peering, 1));

    let ours = world.peerings(&world.our_network());
    let theirs = world.peerings(&their_network(1));
    for (half, remote) in [(&ours[0], their_network(1)), (&theirs[0], world.our_network())] {
        let properties = &half["properties"];
        assert_eq!(properties["peeringState"], "Connected");
        assert_eq!(properties["peeringSyncLevel"], "FullyInSync");
        assert_eq!(word(&properties["remoteVirtualNetwork"], "id"), remote);
        assert_eq!(properties["allowForwardedTraffic"], false);
    }

    hand.clear(&request).await;
    assert!(world.peerings(&world.our_network()).is_empty());
    assert!(world.peerings(&their_network(1)).is_empty());
    hand.clear_network(&network_request(1)).await;
    assert!(world.networks().is_empty());
}

/// An application of the customer's makes a half to our network, where our operator lets it.
fn customers_half(world: &World, half: &str) {
    let (client, network) = ("88888888-8888-8888-8888-888888888888", world.our_network());
    world.arm.add_client(CUSTOMER_TENANT, client, SECRET);
    let object = world.arm.add_service_principal(SERVICE_TENANT, client);
    let role = json!({ "properties": {
        "roleName": "customers",
        "type": "CustomRole",
        "permissions": [{ "actions": ["Microsoft.Network/virtualNetworks/peer/action"] }],
        "assignableScopes": [network],
    }});
    assign(&network, &role, &object, |path, body| world.ask_at_home("PUT", path, body));
    let tokens = [CUSTOMER_TENANT, SERVICE_TENANT].map(|tenant| world.token(tenant, client));
    let body = json!({ "properties": {
        "remoteVirtualNetwork": { "id": network },
        "allowVirtualNetworkAccess": true,
    }});
    let (status, answer) = world.ask_as([&tokens[0], &tokens[1]], "PUT", half, &body);
    assert_eq!(status, 201, "{answer}");
    world.settle();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_that_only_lets_us_peer_makes_its_half_itself() {
    let world = World::new(CustomerMode::Manual).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    hand.network(&network_request(1)).await;
    let request = link_request(1);
    hand.until(&request, LinkStatus::AwaitsCustomer).await;
    let role = give_role(&world, &["Microsoft.Network/virtualNetworks/peer/action"]);
    // No look can tell: after five minutes it is time to ask again.
    world.clock.pass(Duration::from_secs(300));
    assert!(is_to_be_asked_for(hand.look(&request).await.as_ref()));
    let waits = hand.until(&request, LinkStatus::AwaitsCustomer).await;
    world.settle();
    let words = waits.message.unwrap();
    assert!(words.contains(&world.our_network()), "{words}");

    // Our operator lets the customer's own application refer to our network, and it does.
    let half = format!("{}/virtualNetworkPeerings/to-the-service", their_network(1));
    customers_half(&world, &half);
    assert_eq!(hand.look(&request).await.map(|link| link.status), Some(LinkStatus::Active));

    // The customer takes the role back: our half goes, its own stays with it.
    world.change("DELETE", &role, &Value::Null);
    hand.clear(&request).await;
    let (_, left) = world.ask("GET", &half, &Value::Null);
    assert_eq!(left["properties"]["peeringState"], "Disconnected");

    // Peering again waits for the customer to clear that away, and says so.
    give_role(&world, &CUSTOMER_PERMISSIONS.map(|permission| permission.action));
    let next = LinkRequest { handshake: 2, ..request };
    let waits = hand.until(&next, LinkStatus::AwaitsCustomer).await;
    assert!(waits.message.unwrap().contains("to-the-service"));
    world.change("DELETE", &half, &Value::Null);
    hand.until(&next, LinkStatus::Active).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_in_a_network_that_is_not_named_any_more() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    let request = hand.active(1).await;
    // The new network is another directory's: that of the old one is found out.
    let mut next = LinkRequest { handshake: 2, ..link_request(1) };
    if let CustomerNetwork::Azure(network) = &mut next.customer {
        network.vnet_name = "vnet2".into();
        network.subscription_id = crate::azure::world::LAW_SUBSCRIPTION.into();
        network.directory_id = crate::azure::world::LAW_TENANT.into();
    }
    let shown = azure.ensure_link(&next, world.clock.now()).await.unwrap().found.unwrap();
    assert_eq!((shown.handshake, shown.status), (1, LinkStatus::Active));
    hand.clear(&next).await;
    assert!(world.peerings(&their_network(1)).is_empty(), "the old half is left");
    hand.until(&next, LinkStatus::Active).await;
    assert_eq!(hand.look(&request).await.map(|link| link.handshake), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_directory_is_refused_with_azures_words() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    hand.network(&network_request(1)).await;
    let wrong = |directory: &str, subscription: &str, vnet: &str| {
        let mut request = link_request(1);
        if let CustomerNetwork::Azure(network) = &mut request.customer {
            network.directory_id = directory.into();
            network.subscription_id = subscription.into();
            network.vnet_name = vnet.into();
        }
        request
    };
    let nowhere = "99999999-9999-9999-9999-999999999999";
    let refused = hand.until(&wrong(nowhere, SUBSCRIPTION, "vnet1"), LinkStatus::Refused).await;
    assert!(refused.message.unwrap().contains(nowhere));
    // The customer's subscription under our own directory: a look tells that it is not there.
    let request = wrong(SERVICE_TENANT, SUBSCRIPTION, "vnet1");
    let seen = hand.look(&request).await.unwrap();
    assert_eq!(seen.status, LinkStatus::Refused);
    assert!(seen.message.unwrap().contains(CUSTOMER_TENANT));
    assert!(world.peerings(&world.our_network()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_addresses_are_refused_for_good_in_azures_words() {
    let world = World::new(CustomerMode::Accept).await;
    world.arm.add_vnet(SUBSCRIPTION, "group", "vnet1", &["10.1.0.0/16"]);
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    hand.network(&network_request(1)).await;
    let refused = hand.until(&link_request(1), LinkStatus::Refused).await;
    let words = refused.message.unwrap();
    assert!(words.contains("10.1.0.0/21") && words.contains("overlap"), "{words}");
    hand.clear(&link_request(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_call_says_when_to_come_back() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    let request = hand.active(1).await;
    world.arm.throttle(1);
    let error = azure.observe_link(&request, world.clock.now()).await.unwrap_err();
    assert_eq!(error.code, "SubscriptionRequestsThrottled");
    let Remedy::Retry { after_ms: Some(wait) } = error.remedy else { panic!("{error:?}") };
    assert!(wait >= 1000, "{wait}");
    assert_eq!(hand.look(&request).await.map(|link| link.status), Some(LinkStatus::Active));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_carries_our_tag_is_listed_and_taken_away_one_by_one() {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    let request = hand.active(1).await;
    hand.network(&network_request(2)).await;
    world.arm.add_vnet(
        peerage_clouds::azure::SERVICE_SUBSCRIPTION,
        "peerage",
        "other",
        &["10.99.0.0/24"],
    );
    world.settle();
    let tagged = azure.list_tagged().await.unwrap();
    let owners: Vec<_> = tagged.iter().map(|one| one.owner).collect();
    let expected = [
        Owner::Link(request.peering),
        Owner::Network(network_request(1).container),
        Owner::Network(network_request(2).container),
    ];
    assert_eq!(owners.len(), expected.len(), "{tagged:?}");
    assert!(expected.iter().all(|owner| owners.contains(owner)), "{owners:?}");
    assert!(tagged.iter().all(|one| one.group.is_some()));
    let another = world.driver_with(|options| options.remote.installation = "elsewhere".into());
    assert_eq!(another.list_tagged().await.unwrap(), []);

    for one in &tagged {
        let mut gone = false;
        for _ in 0..40 {
            gone = azure.remove_tagged(one).await.unwrap_or(false);
            if gone {
                break;
            }
            world.settle();
        }
        assert!(gone, "{one} never goes");
    }
    assert_eq!(azure.list_tagged().await.unwrap(), []);
    assert!(world.peerings(&their_network(1)).is_empty(), "the customer's half is left");
    assert_eq!(world.networks().len(), 1, "the network of others stays");
    assert_eq!(azure.remove_tagged(&tagged[0]).await, Ok(true));
    let who = azure.whoami().await.unwrap();
    assert!(who[0].contains(CLIENT) && who[0].contains(SERVICE_TENANT), "{who:?}");
}

/// A world behind a proxy, and a driver whose every call a guard looks at.
async fn guarded(seed: u64, rates: Rates) -> (Arc<World>, Controlled) {
    let world = World::with(CustomerMode::Accept, pace(), Some((seed, rates))).await;
    let world = Arc::new(world);
    (world.clone(), Controlled::new(world, Wanted::default()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_no_second_peering_is_ever_made() {
    for seed in 1..=8 {
        let (world, guarded) = guarded(seed, Rates::OFTEN).await;
        let hand = Hand { world: &world, fabric: &guarded };
        for round in 1..=2 {
            hand.network(&network_request(1)).await;
            for number in 1..=3 {
                let request = LinkRequest { handshake: round, ..link_request(number) };
                hand.until(&request, LinkStatus::Active).await;
                let ours = world.peerings(&world.our_network());
                let theirs = world.peerings(&their_network(number));
                assert_eq!((ours.len(), theirs.len()), (usize::from(number), 1), "seed {seed}");
            }
            for number in 1..=3 {
                let request = LinkRequest { handshake: round, ..link_request(number) };
                hand.clear(&request).await;
                assert!(world.peerings(&their_network(number)).is_empty(), "seed {seed}");
            }
            hand.clear_network(&network_request(1)).await;
            world.settle();
            assert!(world.networks().is_empty(), "seed {seed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_that_is_late_no_second_network_is_ever_made() {
    let rates = Rates { late: 40, ..Rates::default() };
    for seed in 1..=10 {
        let (world, guarded) = guarded(seed, rates).await;
        let hand = Hand { world: &world, fabric: &guarded };
        for number in 1..=8 {
            hand.network(&network_request(number)).await;
        }
        assert_eq!(world.networks().len(), 8, "seed {seed}");
    }
}
