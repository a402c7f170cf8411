//! What the driver makes in the cloud, from nothing to nothing.

use std::time::Duration;

use peerage_clouds::CloudApi;
use peerage_core::cloud::{LinkStatus, NetworkNames, NetworkRequest, Remedy};
use peerage_core::container::ContainerSpec;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{CustomerAct, CustomerMode};
use peerage_fabric::gcp::{CustomRoutes, Identity, codes};
use peerage_fabric::remote::Meaning;
use peerage_fabric::rules::gcp::{CONNECTED, WAITING};
use peerage_fabric::tags;
use serde_json::{Value, json};

use crate::gcp::world::{
    CUSTOMER, Hand, PROJECT, World, link_request, network_request, options, region, word,
};

#[tokio::test]
async fn a_container_is_a_network_of_custom_mode_with_a_subnet_in_each_region() {
    let world = World::new(CustomerMode::Manual).await;
    let gcp = world.driver().await;
    let request = network_request(1);
    let made = Hand { world: &world, fabric: &gcp }.network(&request).await;

    let NetworkNames::Gcp { project_id, network_name } = &made.names else { panic!("{made:?}") };
    assert_eq!(project_id, PROJECT);
    let (_, network) =
        world.ask("GET", &format!("{PROJECT}/global/networks/{network_name}"), &Value::Null);
    assert_eq!(network["autoCreateSubnetworks"], false);
    let label: Value = serde_json::from_str(word(&network, "description")).unwrap();
    let expect = json!({
        tags::INSTALLATION: "here",
        tags::GROUP: request.group.to_string(),
        tags::CONTAINER: request.container.to_string(),
    });
    assert_eq!(label, expect);
    for (region, range) in [("us-east1", "10.1.0.0/19"), ("europe-west1", "10.1.32.0/19")] {
        let path = format!("{PROJECT}/regions/{region}/subnetworks/{network_name}");
        let (status, subnet) = world.ask("GET", &path, &Value::Null);
        assert_eq!((status, word(&subnet, "ipCidrRange")), (200, range), "{subnet}");
    }
}

#[tokio::test]
async fn a_container_that_names_regions_has_subnets_there_and_nowhere_else() {
    let world = World::new(CustomerMode::Manual).await;
    let gcp = world.driver().await;
    let plain = network_request(1);
    let regions = ["US_EAST_4", "NORTHEASTERN_ASIA_PACIFIC", "EASTERN_US"].map(region).to_vec();
    let spec = ContainerSpec::Gcp { regions, block: plain.spec.block().clone() };
    let request = NetworkRequest { spec, ..plain };
    Hand { world: &world, fabric: &gcp }.network(&request).await;

    let network = world.networks().remove(0);
    let links: Vec<&str> = network["subnetworks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|link| link.as_str()?.split('/').rev().nth(2))
        .collect();
    let mut sorted = links.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["asia-northeast1", "us-east1", "us-east4"], "{links:?}");
}

#[tokio::test]
async fn a_peering_waits_for_its_customer_works_and_leaves_nothing_behind() {
    let world = World::new(CustomerMode::Manual).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    hand.network(&network_request(1)).await;
    let request = link_request(1);

    let first = hand.ensure(&request).await.unwrap().unwrap();
    assert_eq!(first.status, LinkStatus::Requested);
    let waits = hand.until(&request, LinkStatus::AwaitsCustomer).await;
    assert_eq!(waits.connection_id, tags::link_name(request.peering, 1));
    assert!(waits.message.is_some_and(|words| words.ends_with(WAITING)));
    world.compute.customer(request.peering, CustomerAct::Accept, world.clock.now()).unwrap();
    let works = hand.until(&request, LinkStatus::Active).await;
    assert!(works.message.is_some_and(|words| words.ends_with(CONNECTED)));

    let half = &world.networks()[0]["peerings"][0];
    let expect = format!("projects/{CUSTOMER}/global/networks/network1");
    assert!(word(half, "network").ends_with(&expect), "{half}");
    assert_eq!(half["exchangeSubnetRoutes"], true);
    assert_eq!(half["importCustomRoutes"], false);
    assert_eq!(half["exportCustomRoutes"], false);

    let refused = gcp.remove_network(&network_request(1), world.clock.now()).await.unwrap_err();
    assert_eq!(refused.code, "resourceInUseByAnotherResource");
    hand.clear(&request).await;
    hand.clear_network(&network_request(1)).await;
    assert_eq!(world.networks(), Vec::<Value>::new());
    let (_, subnets) = world.ask("GET", &format!("{PROJECT}/aggregated/subnetworks"), &Value::Null);
    assert!(!subnets.to_string().contains("nt-"), "{subnets}");
}

#[tokio::test]
async fn custom_routes_are_exchanged_as_configured() {
    let world = World::new(CustomerMode::Accept).await;
    let routes = CustomRoutes { import: false, export: true };
    let gcp = world.driver_with(|options| options.custom_routes = routes).await;
    Hand { world: &world, fabric: &gcp }.active(1).await;
    let half = &world.networks()[0]["peerings"][0];
    assert_eq!(
        (&half["importCustomRoutes"], &half["exportCustomRoutes"]),
        (&json!(false), &json!(true))
    );
}

#[tokio::test]
async fn addresses_that_overlap_are_refused_in_the_clouds_words_and_known_after_a_restart() {
    let world = World::new(CustomerMode::Accept).await;
    world.compute.add_network(CUSTOMER, "network1", &["10.1.7.0/24"]).unwrap();
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    hand.network(&network_request(1)).await;
    let request = link_request(1);
    assert_eq!(hand.ensure(&request).await.unwrap().unwrap().status, LinkStatus::Requested);
    world.clock.pass(Duration::from_secs(20));

    let seen = hand.look(&request).await.unwrap();
    assert_eq!(seen.status, LinkStatus::Refused);
    let words = seen.message.clone().unwrap();
    assert!(words.contains("10.1.7.0/24") && words.contains("overlaps"), "{words}");
    let again = world.driver().await;
    let other = Hand { world: &world, fabric: &again };
    assert_eq!(other.look(&request).await.as_ref(), Some(&seen));
    assert_eq!(other.ensure(&request).await.unwrap(), Some(seen));
    // A later handshake is a new try; the old refusal is nothing to it.
    let next = peerage_core::cloud::LinkRequest { handshake: 2, ..request.clone() };
    assert_eq!(other.look(&next).await, None);
    hand.clear(&request).await;
}

#[tokio::test]
async fn a_network_is_full_for_good() {
    let world = World::new(CustomerMode::Manual).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    hand.network(&network_request(1)).await;
    for number in 1..=25 {
        hand.until(&link_request(number), LinkStatus::AwaitsCustomer).await;
    }
    world.compute.add_network(CUSTOMER, "network26", &["172.16.26.0/24"]).unwrap();
    let full = hand.until(&link_request(26), LinkStatus::Refused).await;
    let words = full.message.unwrap();
    assert!(words.contains("PEERINGS_PER_NETWORK"), "{words}");
}

#[tokio::test]
async fn a_customer_that_is_none_of_gcp_is_refused_before_anything_is_asked() {
    let world = World::new(CustomerMode::Manual).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    hand.network(&network_request(1)).await;
    let mut request = link_request(1);
    request.customer =
        peerage_core::peering::CustomerNetwork::Gcp(peerage_core::peering::GcpNetwork {
            project_id: "evil/global/networks/x".into(),
            network_name: "n".into(),
        });
    let error = hand.ensure(&request).await.unwrap_err();
    assert_eq!(error.remedy, Remedy::GiveUp);
    assert!(world.networks()[0]["peerings"].as_array().is_none_or(Vec::is_empty));
}

#[tokio::test]
async fn a_throttled_cloud_is_left_alone_for_a_while() {
    let world = World::new(CustomerMode::Manual).await;
    let gcp = world.driver().await;
    // Compute Engine has several ways to say so.
    for _ in 0..4 {
        world.compute.throttle(1);
        let seen = gcp.observe_network(&network_request(1), world.clock.now()).await;
        let error = seen.unwrap_err();
        let known = codes::meaning(&error.code, &error.message);
        assert_eq!(known, Some(Meaning::Throttled), "{error:?}");
        assert!(matches!(error.remedy, Remedy::Retry { after_ms: Some(_) }), "{error:?}");
    }
}

#[tokio::test]
async fn a_workload_identity_gets_its_token_and_is_who_it_says() {
    let world = World::new(CustomerMode::Manual).await;
    let place = std::env::temp_dir().join(format!("peerage-laws-gcp-{}", std::process::id()));
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("subject"), "a.b.c").unwrap();
    let pool = "projects/1/locations/global/workloadIdentityPools/p";
    let config = json!({
        "type": "external_account",
        "audience": format!("//iam.googleapis.com/{pool}/providers/q"),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("http://{}/v1/token", world.address),
        "credential_source": {"file": place.join("subject")},
    });
    std::fs::write(place.join("identity.json"), config.to_string()).unwrap();
    let mut options = options(world.address);
    options.identity = Identity::File(place.join("identity.json"));
    let gcp = peerage_fabric::gcp::Gcp::connect(options).await.unwrap();
    let seen = gcp.ensure_network(&network_request(1), world.clock.now()).await;
    std::fs::remove_dir_all(&place).unwrap();
    assert!(seen.is_ok(), "{seen:?}");
    let (_, list) = world.ask("GET", &format!("{PROJECT}/global/operations"), &Value::Null);
    let user = word(&list["items"][0], "user");
    assert!(user.contains("workloadIdentityPools"), "{list}");
}
