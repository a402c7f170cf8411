//! The confused deputy: a role of a project is assumed with that project's external id and with no
//! other, so that nobody can have us use a role that trusts us for somebody else.

use peerage_core::cloud::{CallError, Certainty};
use peerage_core::id::GroupId;
use peerage_fabric::aws::{Aws, Form, Role};
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::{Fabric, Inventory};

use crate::aws::world::{Hand, World, network_request};

const ROLE: &str = "arn:aws:iam::222222222222:role/peerage";

fn with_role(world: &World, group: GroupId) -> Aws {
    world.driver_with(|options| {
        options.projects.insert(group, Role::parse(ROLE).unwrap());
    })
}

async fn ensure(world: &World, driver: &Aws) -> Result<(), CallError> {
    driver.ensure_network(&network_request(1), world.clock.now()).await.map(drop)
}

#[tokio::test]
async fn a_role_is_assumed_with_the_external_id_of_the_project_that_asks() {
    let world = World::new(CustomerMode::Accept).await;
    let group = network_request(1).group;
    world.ec2.add_role(ROLE, Some(&format!("external-{group}")));
    let driver = with_role(&world, group);
    Hand { world: &world, fabric: &driver }.network(&network_request(1)).await;
    // What was made is in the role's account, not in the service's.
    assert_eq!(world.vpcs().await, Vec::<String>::new());
    let seen = driver.whoami().await.unwrap();
    assert!(seen.iter().any(|line| line.contains("assumed-role/peerage/peerage-here")), "{seen:?}");
}

#[tokio::test]
async fn a_role_that_trusts_us_for_another_project_is_refused() {
    let world = World::new(CustomerMode::Accept).await;
    let (attacker, victim) = (network_request(1).group, GroupId::from_bytes([2; 12]));
    world.ec2.add_role(ROLE, Some(&format!("external-{victim}")));
    // The attacker names the victim's role as its own.
    let driver = with_role(&world, attacker);
    let refused = ensure(&world, &driver).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.certainty), ("AccessDenied", Certainty::Definite));
    assert!(refused.message.contains("sts:AssumeRole"), "{refused}");
    assert!(refused.message.contains(ROLE), "{refused}");
    assert!(!refused.message.contains("external-"), "the id is shown: {refused}");
}

#[tokio::test]
async fn a_forged_external_id_is_refused() {
    let world = World::new(CustomerMode::Accept).await;
    let group = network_request(1).group;
    world.ec2.add_role(ROLE, Some("made-by-another-installation"));
    let refused = ensure(&world, &with_role(&world, group)).await.unwrap_err();
    assert_eq!(refused.code, "AccessDenied");
}

#[tokio::test]
async fn a_role_is_assumed_once_an_hour_and_not_for_each_call() {
    let world = World::new(CustomerMode::Accept).await;
    let group = network_request(1).group;
    let id = format!("external-{group}");
    world.ec2.add_role(ROLE, Some(&id));
    let driver = with_role(&world, group);
    Hand { world: &world, fabric: &driver }.network(&network_request(1)).await;
    // Whoever owns the role takes the trust away: what was given is still good for its hour.
    world.ec2.add_role(ROLE, Some("revoked"));
    ensure(&world, &driver).await.unwrap();
    world.clock.pass(std::time::Duration::from_secs(3_300));
    let refused = ensure(&world, &driver).await.unwrap_err();
    assert_eq!(refused.code, "AccessDenied");
}

#[tokio::test]
async fn the_driver_never_accepts_for_anybody() {
    // A stranger asks our VPC for a connection; nothing of the driver ever says yes.
    let world = World::new(CustomerMode::Manual).await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    hand.network(&network_request(1)).await;
    let phish = Form::change("CreateVpcPeeringConnection")
        .with("VpcId", "vpc-00000000000000003")
        .with("PeerVpcId", world.vpcs().await.remove(0))
        .with("PeerOwnerId", peerage_clouds::aws::SERVICE);
    world.theirs(phish).await;
    world.clock.pass(std::time::Duration::from_secs(60));
    hand.network(&network_request(1)).await;
    hand.look_at_network(&network_request(1)).await;
    let states: Vec<String> =
        world.connections_now().into_iter().map(|connection| connection.state).collect();
    assert_eq!(states, ["pending-acceptance"]);
    // Nor does a stranger's request keep our network from going. Source: the Amazon VPC Peering
    // Guide: such a VPC cannot be deleted before somebody rejects it.
    hand.clear_network(&network_request(1)).await;
    assert_eq!(world.vpcs().await, Vec::<String>::new());
}
