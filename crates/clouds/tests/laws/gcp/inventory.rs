//! What carries our name is listed, and can be taken away piece by piece.

use std::time::Duration;

use peerage_core::provider::Provider;
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::inventory::{Inventory, Owner, Tagged};
use serde_json::json;

use crate::gcp::world::{CUSTOMER, Hand, PROJECT, World, network_request};

async fn gone(world: &World, gcp: &dyn Inventory, tagged: &Tagged) {
    for _ in 0..100 {
        if gcp.remove_tagged(tagged).await.unwrap() {
            return;
        }
        world.clock.pass(Duration::from_secs(1));
    }
    panic!("{tagged} never goes");
}

#[tokio::test]
async fn what_we_made_is_listed_with_its_owners_and_nothing_else_is() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    assert_eq!(gcp.list_tagged().await.unwrap(), Vec::new());
    let hand = Hand { world: &world, fabric: &gcp };
    let (request, link) = hand.active(1).await;
    let elsewhere = world.driver_with(|options| options.remote.installation = "there".into()).await;
    Hand { world: &world, fabric: &elsewhere }.network(&network_request(2)).await;
    // A half that a person made in our network is nobody's.
    let name = match gcp.list_tagged().await.unwrap().as_slice() {
        [_, network] => network.id.clone(),
        other => panic!("{other:?}"),
    };
    let body = json!({"networkPeering": {
        "name": "by-hand", "network": format!("projects/{CUSTOMER}/global/networks/network9"),
        "exchangeSubnetRoutes": true,
    }});
    world.sabotage("POST", &format!("{PROJECT}/global/networks/{name}/addPeering"), &body);

    let group = Some(request.group);
    let tagged = |owner, id| Tagged {
        provider: Provider::Gcp,
        owner,
        group,
        place: format!("project {PROJECT}"),
        id,
    };
    let expect = [
        tagged(Owner::Link(request.peering), format!("{name}/{}", link.connection_id)),
        tagged(Owner::Network(request.container), name),
    ];
    assert_eq!(gcp.list_tagged().await.unwrap(), expect);
}

#[tokio::test]
async fn orphans_can_be_taken_away_connections_first() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    Hand { world: &world, fabric: &gcp }.active(1).await;
    let tagged = gcp.list_tagged().await.unwrap();
    let [link, network] = tagged.as_slice() else { panic!("{tagged:?}") };
    let refused = gcp.remove_tagged(network).await.unwrap_err();
    assert_eq!(refused.code, "resourceInUseByAnotherResource");
    gone(&world, &gcp, link).await;
    gone(&world, &gcp, network).await;
    assert_eq!(gcp.list_tagged().await.unwrap(), Vec::new());
    assert!(gcp.remove_tagged(link).await.unwrap(), "nothing is left of it");
}

#[tokio::test]
async fn an_orphan_of_another_project_or_name_is_left_alone() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    Hand { world: &world, fabric: &gcp }.active(1).await;
    let before = gcp.list_tagged().await.unwrap();
    for tagged in &before {
        let far = Tagged { place: "project elsewhere".into(), ..tagged.clone() };
        assert!(gcp.remove_tagged(&far).await.unwrap());
        let odd = Tagged { id: "default/by-hand".into(), ..tagged.clone() };
        assert!(gcp.remove_tagged(&odd).await.unwrap());
    }
    world.clock.pass(Duration::from_secs(60));
    assert_eq!(gcp.list_tagged().await.unwrap(), before);
}

#[tokio::test]
async fn it_says_who_it_is() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = world.driver().await;
    Hand { world: &world, fabric: &gcp }.network(&network_request(1)).await;
    let lines = gcp.whoami().await.unwrap();
    assert_eq!(lines, ["project peerage-service: nobody (anonymous); 1 networks of ours"]);
}
