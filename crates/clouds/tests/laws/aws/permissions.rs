//! Least privilege: whatever permission is taken away, the error names it; and nothing is listed
//! that is not needed.

use std::time::Duration;

use peerage_core::cloud::{CallError, Link, LinkStatus, Remedy};
use peerage_fabric::aws::{Aws, Form, permissions};
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::{Fabric, Inventory};

use crate::aws::world::{World, link_request, network_request, vpc_of_customer};

const STEP: Duration = Duration::from_secs(5);

/// Lives through everything that needs a permission, without one of them, and answers the first
/// error.
async fn life(world: &World, driver: &Aws, denied: Option<&str>) -> Result<(), CallError> {
    let (network, link) = (network_request(1), link_request(1));
    deny(world, denied);
    driver.list_tagged().await?;
    let now = || world.clock.now();
    while !driver.ensure_network(&network, now()).await?.found.is_some_and(|it| it.ready) {
        world.clock.pass(STEP);
    }
    let active = |link: Link| link.status == LinkStatus::Active;
    while !driver.ensure_link(&link, now()).await?.found.is_some_and(active) {
        world.clock.pass(STEP);
    }
    kill_route(world).await;
    deny(world, denied);
    driver.ensure_link(&link, now()).await?;
    while driver.remove_link(&link, now()).await?.found.is_some() {
        world.clock.pass(STEP);
    }
    // Our own hand on the cloud needs the permissions, too.
    world.ec2.allow_all();
    stranger_asks(world).await;
    deny(world, denied);
    while driver.remove_network(&network, now()).await?.found.is_some() {
        world.clock.pass(STEP);
    }
    Ok(())
}

fn deny(world: &World, permission: Option<&str>) {
    if let Some(permission) = permission {
        world.ec2.deny(permission);
    }
}

/// Puts a route in the place of ours that leads nowhere: to a connection that is gone.
async fn kill_route(world: &World) {
    world.ec2.allow_all();
    let vpc = world.vpcs().await.remove(0);
    let form = Form::change("CreateVpcPeeringConnection").with("VpcId", vpc);
    let form = form.with("PeerVpcId", vpc_of_customer(9)).with("PeerOwnerId", "123456789012");
    let made = world.ours(form).await;
    let dead = made.child("vpcPeeringConnection").unwrap();
    let dead = dead.text_of("vpcPeeringConnectionId").unwrap();
    // It has arrived, and its customer has not accepted yet.
    world.clock.pass(Duration::from_secs(16));
    let (table, _) = world.tables().await.remove(0);
    let form = Form::change("ReplaceRoute").with("RouteTableId", table);
    let form = form.with("DestinationCidrBlock", "172.16.1.0/24");
    world.ours(form.with("VpcPeeringConnectionId", dead)).await;
    let form = Form::change("DeleteVpcPeeringConnection");
    world.ours(form.with("VpcPeeringConnectionId", dead)).await;
}

/// Somebody asks our VPC for a connection, and waits.
async fn stranger_asks(world: &World) {
    let form = Form::change("CreateVpcPeeringConnection").with("VpcId", vpc_of_customer(8));
    let form = form.with("PeerVpcId", world.vpcs().await.remove(0));
    world.theirs(form.with("PeerOwnerId", peerage_clouds::aws::SERVICE)).await;
    // It has arrived.
    world.clock.pass(Duration::from_secs(16));
}

#[tokio::test]
async fn each_permission_is_needed_and_its_absence_is_named() {
    for permission in permissions() {
        let world = World::new(CustomerMode::Accept).await;
        let denied = life(&world, &world.driver(), Some(permission.action)).await;
        let denied = denied.expect_err(permission.action);
        assert!(denied.message.contains(permission.action), "{}: {denied}", permission.action);
        assert!(
            matches!(denied.remedy, Remedy::Retry { after_ms: Some(1_000..) }),
            "{}: {denied:?}",
            permission.action
        );
    }
}

#[tokio::test]
async fn with_all_of_them_everything_works_and_nothing_is_left() {
    let world = World::new(CustomerMode::Accept).await;
    life(&world, &world.driver(), None).await.unwrap();
    assert_eq!(world.vpcs().await, Vec::<String>::new());
    assert_eq!(world.living(), Vec::<String>::new());
}
