//! What others did to our side of AWS is seen, and put right or told as the operator decided.

use std::time::Duration;

use peerage_clouds::CloudApi;
use peerage_core::cloud::{LinkStatus, Network};
use peerage_fabric::Fabric;
use peerage_fabric::aws::{Aws, Form};
use peerage_fabric::emulated::{CustomerAct, CustomerMode};
use peerage_fabric::remote::DriftPolicy;

use crate::aws::world::{Hand, World, network_request, vpc_of_customer, with_block};

async fn world() -> World {
    World::new(CustomerMode::Accept).await
}

fn reporter(world: &World) -> Aws {
    world.driver_with(|options| options.remote.drift = DriftPolicy::Report)
}

/// The one route table of our one VPC, and its routes that are not local.
async fn table(world: &World) -> (String, Vec<String>) {
    let mut tables = world.tables().await;
    assert_eq!(tables.len(), 1, "{tables:?}");
    tables.remove(0)
}

async fn delete_route(world: &World) {
    let (id, _) = table(world).await;
    let form = Form::change("DeleteRoute").with("RouteTableId", id);
    world.ours(form.with("DestinationCidrBlock", "172.16.1.0/24")).await;
}

#[tokio::test]
async fn a_route_that_somebody_deleted_is_put_right() {
    let world = world().await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (request, link) = hand.active(1).await;
    delete_route(&world).await;
    let seen = hand.look(&request).await.unwrap();
    assert_eq!((seen.status, seen.route.clone()), (LinkStatus::Finishing, None));
    let drift = seen.drift.clone().unwrap();
    let (id, _) = table(&world).await;
    assert_eq!(drift.what, format!("{id} has no route to 172.16.1.0/24"));
    assert!(drift.repair);
    assert_eq!(hand.ensure(&request).await.unwrap(), Some(link.clone()));
    assert_eq!(hand.look(&request).await, Some(link.clone()));
    let route = format!("172.16.1.0/24 {} active", link.connection_id);
    assert_eq!(table(&world).await.1, [route]);
}

#[tokio::test]
async fn a_route_that_somebody_deleted_is_only_told_where_that_is_the_policy() {
    let world = world().await;
    let driver = reporter(&world);
    let hand = Hand { world: &world, fabric: &driver };
    let (request, link) = hand.active(1).await;
    delete_route(&world).await;
    for _ in 0..2 {
        let seen = hand.look(&request).await.unwrap();
        assert_eq!((seen.status, seen.route), (LinkStatus::Active, None));
        assert!(!seen.drift.unwrap().repair);
        let asked = hand.ensure(&request).await.unwrap().unwrap();
        assert!(asked.drift.is_some_and(|drift| !drift.repair));
        assert_eq!(asked.status, LinkStatus::Active);
    }
    assert_eq!(table(&world).await.1, Vec::<String>::new());
    // What the owner changes is work, whatever the policy about drift.
    let changed = with_block(&request, "172.20.0.0/16");
    assert!(hand.look(&changed).await.unwrap().needs_repair());
    let done = hand.ensure(&changed).await.unwrap().unwrap();
    assert_eq!((done.route.as_deref(), done.drift), (Some("172.20.0.0/16"), None));
    assert_eq!(done.connection_id, link.connection_id);
}

#[tokio::test]
async fn the_first_routes_are_made_whatever_the_policy() {
    let world = world().await;
    let driver = reporter(&world);
    let hand = Hand { world: &world, fabric: &driver };
    hand.network(&network_request(1)).await;
    let request = crate::aws::world::link_request(1);
    hand.ensure(&request).await.unwrap();
    world.clock.pass(std::time::Duration::from_secs(600));
    let seen = hand.look(&request).await.unwrap();
    assert_eq!(seen.status, LinkStatus::Finishing);
    assert!(seen.needs_repair(), "{seen:?}");
    let made = hand.ensure(&request).await.unwrap().unwrap();
    assert_eq!((made.status, made.drift), (LinkStatus::Active, None));
}

#[tokio::test]
async fn a_look_repairs_nothing() {
    let world = world().await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (request, _) = hand.active(1).await;
    delete_route(&world).await;
    let before = world.ec2.version();
    hand.look(&request).await.unwrap();
    hand.look_at_network(&network_request(1)).await.unwrap();
    assert_eq!(world.ec2.version(), before);
}

#[tokio::test]
async fn a_second_table_gets_the_route_and_a_strange_route_goes() {
    let world = world().await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (request, link) = hand.active(1).await;
    let vpc = world.vpcs().await.remove(0);
    world.ours(Form::change("CreateRouteTable").with("VpcId", &vpc)).await;
    let (main, _) =
        world.tables().await.into_iter().find(|(_, routes)| !routes.is_empty()).unwrap();
    let strange = Form::change("CreateRoute")
        .with("RouteTableId", &main)
        .with("DestinationCidrBlock", "172.31.0.0/16")
        .with("VpcPeeringConnectionId", &link.connection_id);
    world.ours(strange).await;
    let what = hand.look(&request).await.unwrap().drift.unwrap().what;
    assert!(what.contains("has no route to 172.16.1.0/24"), "{what}");
    assert!(what.contains(&format!("{main} sends 172.31.0.0/16 through")), "{what}");
    assert_eq!(hand.ensure(&request).await.unwrap(), Some(link.clone()));
    let tables = world.tables().await;
    assert_eq!(tables.len(), 2);
    for (_, routes) in tables {
        assert_eq!(routes, [format!("172.16.1.0/24 {} active", link.connection_id)]);
    }
}

#[tokio::test]
async fn a_route_to_somebody_elses_connection_is_not_touched() {
    let world = world().await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (_, other) = hand.active(2).await;
    let (id, _) = table(&world).await;
    let taken = Form::change("CreateRoute")
        .with("RouteTableId", &id)
        .with("DestinationCidrBlock", "172.16.1.0/24")
        .with("VpcPeeringConnectionId", &other.connection_id);
    world.ours(taken).await;
    let request = crate::aws::world::link_request(1);
    let mut refused = None;
    for _ in 0..100 {
        if let Err(error) = hand.ensure(&request).await {
            refused = Some(error);
            break;
        }
        world.clock.pass(std::time::Duration::from_secs(5));
    }
    let refused = refused.expect("it is blocked");
    assert_eq!(refused.code, "RouteAlreadyExists");
    assert!(refused.message.contains(&other.connection_id), "{refused}");
    let routes = table(&world).await.1;
    assert!(routes.contains(&format!("172.16.1.0/24 {} active", other.connection_id)));
}

#[tokio::test]
async fn a_connection_that_our_side_deleted_is_seen_as_severed_and_its_dead_routes_go() {
    let world = world().await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (request, link) = hand.active(1).await;
    let form = Form::change("DeleteVpcPeeringConnection");
    world.ours(form.with("VpcPeeringConnectionId", &link.connection_id)).await;
    assert_eq!(hand.look(&request).await.unwrap().status, LinkStatus::Severed);
    let dead = format!("172.16.1.0/24 {} blackhole", link.connection_id);
    assert_eq!(table(&world).await.1, [dead]);
    hand.clear(&request).await;
    assert_eq!(table(&world).await.1, Vec::<String>::new());
}

/// Source: the Amazon VPC Peering Guide: a deleted connection is shown for two days at most; its
/// routes stay until somebody deletes them.
#[tokio::test]
async fn dead_routes_go_even_after_the_cloud_forgot_the_connection() {
    let world = world().await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (request, _) = hand.active(1).await;
    world.act(&request, CustomerAct::Delete);
    world.clock.pass(std::time::Duration::from_hours(49));
    assert_eq!(hand.look(&request).await, None);
    assert_eq!(table(&world).await.1.len(), 1);
    hand.clear(&request).await;
    assert_eq!(table(&world).await.1, Vec::<String>::new());
}

#[tokio::test]
async fn a_vpc_that_somebody_deleted_is_missed_and_made_again() {
    let world = world().await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (request, link) = hand.active(1).await;
    let vpc = world.vpcs().await.remove(0);
    let subnets = world.list(Form::look("DescribeSubnets"), "subnetSet", "subnetId").await;
    for subnet in subnets {
        world.ours(Form::change("DeleteSubnet").with("SubnetId", subnet)).await;
    }
    world.ours(Form::change("DeleteVpc").with("VpcId", &vpc)).await;
    // Shortly after it was made that may be a look at an old state.
    world.clock.pass(Duration::from_secs(60));
    assert_eq!(hand.look_at_network(&network_request(1)).await, None);
    assert_eq!(hand.look(&request).await.unwrap().status, LinkStatus::Severed);
    hand.clear(&request).await;
    hand.network(&network_request(1)).await;
    assert_ne!(world.vpcs().await, [vpc]);
    let again = hand.until(&request, LinkStatus::Active).await;
    assert_ne!(again.connection_id, link.connection_id);
}

#[tokio::test]
async fn what_is_missing_in_a_network_is_put_right_or_told() {
    let world = world().await;
    let (driver, reporter) = (world.driver(), reporter(&world));
    let hand = Hand { world: &world, fabric: &driver };
    let request = network_request(1);
    hand.network(&request).await;
    let vpc = world.vpcs().await.remove(0);
    let subnets = world.list(Form::look("DescribeSubnets"), "subnetSet", "subnetId").await;
    assert_eq!(subnets.len(), 3);
    world.ours(Form::change("DeleteSubnet").with("SubnetId", &subnets[0])).await;
    let off = Form::change("ModifyVpcAttribute").with("VpcId", &vpc);
    world.ours(off.with("EnableDnsHostnames.Value", "false")).await;
    let told = |network: &Network| network.drift.clone().unwrap();
    for fabric in [&reporter as &dyn Fabric, &driver] {
        let seen = fabric.observe_network(&request, world.clock.now()).await.unwrap();
        let network = seen.found.unwrap();
        let what = told(&network).what;
        assert!(network.ready, "{network:?}");
        assert!(what.contains(&format!("{vpc} has no subnet 10.1.")), "{what}");
        assert!(what.contains("has enableDnsHostnames switched off"), "{what}");
    }
    let seen = reporter.ensure_network(&request, world.clock.now()).await.unwrap();
    assert!(!told(&seen.found.unwrap()).repair);
    let count = || world.list(Form::look("DescribeSubnets"), "subnetSet", "subnetId");
    assert_eq!(count().await.len(), 2);
    let seen = driver.ensure_network(&request, world.clock.now()).await.unwrap();
    assert_eq!(seen.found.unwrap().drift, None);
    assert_eq!(count().await.len(), 3);
    assert_eq!(hand.look_at_network(&request).await.unwrap().drift, None);
}

/// Source: the Amazon VPC Peering Guide: both VPCs need host names and resolution.
#[tokio::test]
async fn a_customer_without_names_is_told_of_and_keeps_nothing_else_from_working() {
    let world = world().await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let set = |value: &str| {
        let form = Form::change("ModifyVpcAttribute").with("VpcId", vpc_of_customer(1));
        form.with("EnableDnsHostnames.Value", value)
    };
    world.theirs(set("false")).await;
    let (request, link) = hand.active(1).await;
    let drift = link.drift.clone().unwrap();
    assert!(!drift.repair && drift.what.contains("does not resolve"), "{drift:?}");
    assert_eq!(hand.look(&request).await, Some(link), "a look says the same");
    world.theirs(set("true")).await;
    world.clock.pass(std::time::Duration::from_hours(2));
    let seen = hand.look(&request).await.unwrap();
    assert_eq!((seen.status, seen.needs_repair()), (LinkStatus::Active, true));
    assert_eq!(hand.ensure(&request).await.unwrap().unwrap().drift, None);
    assert_eq!(hand.look(&request).await.unwrap().drift, None);
}
