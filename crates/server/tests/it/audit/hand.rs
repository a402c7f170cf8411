//! The hand on the emulated world leaves its events, says in them what it did, and does nothing
//! that it cannot tell of.

use peerage::clock::machine_time;
use peerage_core::cloud::{LinkRequest, NetworkRequest};
use peerage_core::id::PeerId;
use peerage_fabric::Fabric as _;
use peerage_store::record::{ContainerRecord, PeeringRecord, decode};
use peerage_store::{ListRequest, keys};
use serde_json::{Value, json};

use super::{head, put, trail, value};
use crate::support::{Client, World};

const HAND: &str = "/api/peerage/v1";

/// A peering that waits for its customer, in its cloud as well: nothing drives the clouds here.
pub(super) async fn waiting(world: &World, owner: &Client, number: usize) -> String {
    let containers = owner.get(&world.in_group("/containers")).await.ok(200);
    let container = match containers["results"].as_array().and_then(|all| all.first()) {
        Some(container) => container["id"].clone(),
        None => {
            let place = json!({ "providerName": "AWS", "regionName": "EU_WEST_1",
                "atlasCidrBlock": "192.168.224.0/21" });
            owner.post(&world.in_group("/containers"), &place).await.ok(200)["id"].clone()
        }
    };
    let peer = json!({ "providerName": "AWS", "containerId": container,
        "accepterRegionName": "eu-west-1", "awsAccountId": "123456789012",
        "vpcId": format!("vpc-{number:017}"),
        "routeTableCidrBlock": format!("10.1{number}.0.0/16") });
    let made = owner.post(&world.in_group("/peers"), &peer).await.ok(200);
    let peer = made["id"].as_str().unwrap().to_owned();
    let request = request(world, PeerId::parse(&peer).unwrap()).await;
    world.clouds.ensure_link(&request, machine_time()).await.unwrap();
    peer
}

/// What the driver would ask the cloud for.
async fn request(world: &World, peer: PeerId) -> LinkRequest {
    let group = world.group();
    let entry = world.store.get(&keys::peering(group, peer)).await.unwrap().unwrap();
    let PeeringRecord(peering) = decode(entry.value.as_bytes()).unwrap();
    let home = keys::container(group, peering.container);
    let entry = world.store.get(&home).await.unwrap().unwrap();
    let ContainerRecord(container) = decode(entry.value.as_bytes()).unwrap();
    let (id, spec) = (container.id, container.spec);
    let network = NetworkRequest { group, container: id, spec: spec.clone() };
    let network = world.clouds.ensure_network(&network, machine_time()).await.unwrap();
    LinkRequest {
        group,
        peering: peer,
        container: id,
        handshake: peering.handshake,
        ours: spec,
        names: network.found.map(|network| network.names),
        customer: peering.customer,
    }
}

async fn act(world: &World, owner: &Client, peer: &str, act: &str) -> crate::support::Answer {
    let path = format!("{HAND}/groups/{}/peers/{peer}/customer:{act}", world.installed.project_id);
    owner.call(::http::Method::POST, &path).await
}

/// The organization's events, in the order in which they were written.
async fn of_org(world: &World) -> Vec<Value> {
    let org = peerage_core::id::OrgId::parse(&world.installed.org_id).unwrap();
    let request = ListRequest { limit: 1000, ..ListRequest::prefix(keys::org_events(org)) };
    let page = world.store.list(request).await.unwrap();
    let mut events: Vec<Value> = page.entries.iter().map(value).collect();
    events.sort_by_key(super::number);
    events
}

#[tokio::test]
async fn the_event_of_an_act_says_what_became_of_what() {
    let world = World::new().await;
    let owner = world.owner().await;
    let peer = waiting(&world, &owner, 1).await;
    act(&world, &owner, &peer, "accept").await.ok(202);
    let event = value(trail(&*world.store, world.group()).await.last().unwrap())["is"].clone();
    assert_eq!(event["kind"], "PEERAGE_CUSTOMER_ACCEPTED");
    assert_eq!(event["details"]["peerId"], peer.as_str());
    let change = &event["changes"][0];
    assert_eq!(change["object"], format!("emulated/link/{peer}"));
    let state = |side: &str| change[side]["sides"]["aws"]["state"].to_string();
    assert!(state("before").contains("pending"), "{change}");
    assert_ne!(state("before"), state("after"));

    owner.post(&format!("{HAND}/clock"), &json!({ "advance": "90s" })).await.ok(200);
    let fault = json!({ "effect": "loseAnswer", "provider": "AWS" });
    let number = owner.post(&format!("{HAND}/faults"), &fault).await.ok(201)["id"].clone();
    owner.delete(&format!("{HAND}/faults")).await.ok(204);
    let told = of_org(&world).await.split_off(1);
    let is = |at: usize| &told[at]["is"];
    assert_eq!(
        (&is(0)["kind"], &is(0)["details"]["how"]),
        (&"PEERAGE_CLOCK_MOVED".into(), &"advance".into())
    );
    assert_eq!(is(0)["changes"][0]["after"]["ahead_ms"], 90_000);
    assert_eq!(is(1)["changes"][0]["after"]["id"], number);
    assert_eq!(is(1)["changes"][0]["after"]["provider"], "AWS");
    assert_eq!(is(2)["changes"][0]["before"], json!({ "waiting": [number] }));
    // The contract has no name for these.
    let shown = owner.events(&world.in_org("")).await;
    assert!(shown.iter().all(|kind| !kind.starts_with("PEERAGE")), "{shown:?}");
    let kinds = owner.get("/api/atlas/v2/eventTypes?itemsPerPage=500").await.ok(200);
    assert!(!kinds.to_string().contains("PEERAGE"));
}

#[tokio::test]
async fn what_is_refused_leaves_no_event() {
    let world = World::new().await;
    let owner = world.owner().await;
    let (clock, faults) = (format!("{HAND}/clock"), format!("{HAND}/faults"));
    let before = of_org(&world).await.len();
    assert!(owner.post(&clock, &json!({ "nextEvent": true })).await.status.is_client_error());
    let unknown = json!({ "effect": "loseAnswer", "provider": "IBM" });
    assert!(owner.post(&faults, &unknown).await.status.is_client_error());
    let viewer = world.viewer().await;
    assert_eq!(viewer.delete(&faults).await.status.as_u16(), 403);
    assert_eq!(of_org(&world).await.len(), before);

    let peer = waiting(&world, &owner, 1).await;
    let before = trail(&*world.store, world.group()).await.len();
    assert!(act(&world, &owner, &peer, "delete").await.status.is_client_error());
    assert_eq!(trail(&*world.store, world.group()).await.len(), before);
}

#[tokio::test]
async fn an_act_that_cannot_be_told_is_not_done() {
    let world = World::new().await;
    let owner = world.owner().await;
    let peer = waiting(&world, &owner, 1).await;
    let (clock, faults) = (format!("{HAND}/clock"), format!("{HAND}/faults"));
    owner.post(&clock, &json!({ "freeze": true })).await.ok(200);
    owner.post(&faults, &json!({ "effect": "loseAnswer", "provider": "GCP" })).await.ok(201);
    let link = request(&world, PeerId::parse(&peer).unwrap()).await;
    let seen = async || {
        let link = world.clouds.observe_link(&link, machine_time()).await.unwrap();
        let clock = owner.get(&clock).await.ok(200);
        (format!("{link:?}"), clock, owner.get(&faults).await.ok(200))
    };
    let before = seen().await;
    let broken = json!({ "format": 1, "is": 7 });
    let org = keys::trail_head(&format!("org-event/{}", world.installed.org_id));
    for end in [head(world.group()), org] {
        put(&*world.store, &end, &broken).await;
    }
    for verb in ["accept", "reject"] {
        assert_eq!(act(&world, &owner, &peer, verb).await.status.as_u16(), 500, "{verb}");
    }
    for body in [json!({ "advance": "1h" }), json!({ "thaw": true })] {
        assert_eq!(owner.post(&clock, &body).await.status.as_u16(), 500, "{body}");
    }
    let fault = json!({ "effect": "loseRequest" });
    assert_eq!(owner.post(&faults, &fault).await.status.as_u16(), 500);
    assert_eq!(owner.delete(&faults).await.status.as_u16(), 500);
    assert_eq!(seen().await, before);
}
