//! What carries our tag is listed and can be taken away; what carries another installation's is not
//! even seen.

use peerage_core::id::GroupId;
use peerage_fabric::Inventory;
use peerage_fabric::aws::{Form, RegionOptions};
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::inventory::{Owner, Tagged};

use crate::aws::world::{Hand, World, link_request, network_request};

fn owners(found: &[Tagged]) -> Vec<Owner> {
    found.iter().map(|tagged| tagged.owner).collect()
}

#[tokio::test]
async fn everything_of_ours_is_listed_and_can_be_taken_away() {
    let world = World::new(CustomerMode::Accept).await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (request, link) = hand.active(1).await;
    world.ours(Form::change("CreateVpc").with("CidrBlock", "10.9.0.0/16")).await;
    let found = driver.list_tagged().await.unwrap();
    let container = network_request(1).container;
    assert_eq!(owners(&found), [Owner::Link(request.peering), Owner::Network(container)]);
    assert_eq!(found[0].group, Some(request.group));
    assert_eq!(
        (found[0].place.as_str(), &found[0].id),
        ("999988887777 us-east-1", &link.connection_id)
    );
    // A network goes only after its connections.
    let refused = driver.remove_tagged(&found[1]).await.unwrap_err();
    assert_eq!(refused.code, "DependencyViolation");
    assert!(driver.remove_tagged(&found[0]).await.unwrap());
    assert!(driver.remove_tagged(&found[1]).await.unwrap());
    assert!(driver.remove_tagged(&found[1]).await.unwrap(), "twice is no error");
    assert_eq!(driver.list_tagged().await.unwrap(), []);
    assert_eq!(world.vpcs().await.len(), 1, "what is not ours is left");
    assert_eq!(hand.look(&request).await, None, "its end was our own doing");
}

#[tokio::test]
async fn what_another_installation_made_is_never_touched() {
    let world = World::new(CustomerMode::Accept).await;
    let other = world.driver_with(|options| options.remote.installation = "there".to_owned());
    let theirs = Hand { world: &world, fabric: &other };
    let (request, link) = theirs.active(1).await;
    let driver = world.driver();
    let ours = Hand { world: &world, fabric: &driver };
    assert_eq!(driver.list_tagged().await.unwrap(), []);
    assert_eq!(ours.look(&request).await, None);
    ours.clear(&request).await;
    ours.clear_network(&network_request(1)).await;
    let mut strange = other.list_tagged().await.unwrap();
    assert!(driver.remove_tagged(&strange.remove(0)).await.unwrap(), "nothing of ours is there");
    assert_eq!(theirs.look(&request).await, Some(link));
}

#[tokio::test]
async fn every_configured_region_is_searched_and_each_account_once() {
    let world = World::new(CustomerMode::Accept).await;
    let regions = ["us-east-1", "eu-west-1"];
    let driver = world.driver_with(|options| {
        options.regions = regions.map(|name| (name.to_owned(), RegionOptions::default())).into();
    });
    let lines = driver.whoami().await.unwrap();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("eu-west-1: arn:aws:iam::999988887777:"), "{lines:?}");
    let everywhere = world.driver().whoami().await.unwrap();
    assert!(everywhere.len() > 2, "{everywhere:?}");
    let nowhere = Tagged {
        provider: peerage_core::provider::Provider::Aws,
        owner: Owner::Link(link_request(1).peering),
        group: Some(GroupId::from_bytes([1; 12])),
        place: "111111111111 mars".to_owned(),
        id: "pcx-1".to_owned(),
    };
    assert_eq!(driver.remove_tagged(&nowhere).await.unwrap_err().code, "PlaceNotConfigured");
}
