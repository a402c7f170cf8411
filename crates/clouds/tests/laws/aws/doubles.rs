//! Never two of anything: requests that were sent twice, answers that were late, what others made.

use std::sync::atomic::Ordering;
use std::time::Duration;

use peerage_clouds::CloudApi;
use peerage_core::cloud::{LinkRequest, LinkStatus, NetworkNames};
use peerage_fabric::Fabric;
use peerage_fabric::aws::Form;
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::tags;

use crate::aws::world::{Hand, World, link_request, network_request, vpc_of_customer};
use crate::proxy::Rates;

/// A VPC with the tags of our first container, as a request makes it that was sent twice.
fn double() -> Form {
    let made = [
        (tags::INSTALLATION, crate::aws::world::INSTALLATION.to_owned()),
        (tags::CONTAINER, network_request(1).container.to_string()),
    ];
    Form::change("CreateVpc").with("CidrBlock", "10.1.0.0/21").tagged("vpc", &made)
}

#[tokio::test]
async fn of_two_vpcs_of_one_container_the_one_in_use_stays() {
    let world = World::new(CustomerMode::Accept).await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (request, link) = hand.active(1).await;
    let used = world.vpcs().await;
    for _ in 0..8 {
        world.ours(double()).await;
    }
    let seen = hand.look_at_network(&network_request(1)).await.unwrap();
    assert_eq!(seen.names, NetworkNames::Aws { vpc_id: used[0].clone() });
    assert!(seen.drift.unwrap().what.contains("is a double of"));
    hand.network(&network_request(1)).await;
    assert_eq!(world.vpcs().await, used);
    assert_eq!(hand.look(&request).await, Some(link));
}

#[tokio::test]
async fn of_two_fresh_vpcs_every_process_takes_the_same() {
    let world = World::new(CustomerMode::Accept).await;
    for _ in 0..3 {
        world.ours(double()).await;
    }
    let smallest = world.vpcs().await.into_iter().min().unwrap();
    for _ in 0..2 {
        let driver = world.driver();
        let hand = Hand { world: &world, fabric: &driver };
        let names = hand.network(&network_request(1)).await.names;
        assert_eq!(names, NetworkNames::Aws { vpc_id: smallest.clone() });
    }
    assert_eq!(world.vpcs().await, [smallest]);
}

/// How many VPCs of ours there are, shown or not.
fn vpcs_there(world: &World) -> usize {
    let state = world.ec2.state();
    let vpcs = state["vpcs"].as_object().unwrap().values();
    vpcs.filter(|vpc| vpc["account"] == peerage_clouds::aws::SERVICE).count()
}

#[tokio::test]
async fn what_is_not_shown_yet_is_not_made_again() {
    let world = World::new(CustomerMode::Accept).await;
    let driver = world.driver();
    world.ec2.hide_new(6);
    let mut waited = Vec::new();
    for _ in 0..100 {
        let seen = driver.ensure_network(&network_request(1), world.clock.now()).await;
        assert_eq!(vpcs_there(&world), 1);
        match seen {
            Ok(sighting) if sighting.found.as_ref().is_some_and(|network| network.ready) => break,
            Ok(_) => {}
            Err(error) => waited.push(error.code),
        }
        world.clock.pass(Duration::from_secs(1));
    }
    assert!(waited.contains(&"InvalidVpcID.NotFound".to_owned()), "{waited:?}");
    let hand = Hand { world: &world, fabric: &driver };
    let (request, _) = hand.active(1).await;
    assert_eq!(world.ec2.connections_made(request.peering, 1), 1);
}

#[tokio::test]
async fn a_look_that_knows_less_than_the_one_before_is_no_loss() {
    let world = World::new(CustomerMode::Manual).await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    hand.network(&network_request(1)).await;
    let request = link_request(1);
    let link = hand.until(&request, LinkStatus::AwaitsCustomer).await;
    let network = hand.look_at_network(&network_request(1)).await;
    assert!(network.is_some());
    world.lags.store(true, Ordering::SeqCst);
    assert_eq!(hand.look(&request).await, Some(link));
    assert_eq!(hand.look_at_network(&network_request(1)).await, network);
    driver.remove_link(&request, world.clock.now()).await.unwrap();
    assert_eq!(world.living(), [""; 0]);
}

#[tokio::test]
async fn what_may_have_been_made_is_waited_for() {
    let world = World::with(CustomerMode::Accept, Some((1, Rates::default()))).await;
    let (driver, proxy) = (world.driver(), world.proxy.clone().unwrap());
    world.ec2.hide_new(3);
    proxy.suffer("Action=CreateVpc&", Rates { unanswered: 100, ..Rates::default() });
    let request = network_request(1);
    driver.ensure_network(&request, world.clock.now()).await.unwrap_err();
    proxy.suffer("", Rates::default());
    let mut waited = 0;
    while !driver
        .ensure_network(&request, world.clock.now())
        .await
        .is_ok_and(|seen| seen.found.is_some_and(|network| network.ready))
    {
        assert_eq!(vpcs_there(&world), 1);
        waited += 1;
        assert!(waited < 100);
        world.clock.pass(Duration::from_secs(1));
    }
    assert!(waited > 2);
    assert_eq!(vpcs_there(&world), 1);
}

#[tokio::test]
async fn the_pair_of_another_peering_is_not_taken_over() {
    let world = World::new(CustomerMode::Accept).await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    let (first, link) = hand.active(1).await;
    let twin = LinkRequest { customer: first.customer.clone(), ..link_request(2) };
    let refused = hand.ensure(&twin).await.unwrap_err();
    assert_eq!(refused.code, "VpcPeeringConnectionAlreadyExists");
    assert!(refused.message.contains(&link.connection_id), "{refused}");
    assert_eq!(world.ec2.connections_made(twin.peering, 1), 0);
}

#[tokio::test]
async fn what_was_made_by_hand_is_not_taken_over_either() {
    let world = World::new(CustomerMode::Manual).await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    hand.network(&network_request(1)).await;
    let by_hand = Form::change("CreateVpcPeeringConnection")
        .with("VpcId", world.vpcs().await.remove(0))
        .with("PeerVpcId", vpc_of_customer(1))
        .with("PeerOwnerId", "123456789012");
    world.ours(by_hand).await;
    let refused = hand.ensure(&link_request(1)).await.unwrap_err();
    assert_eq!(refused.code, "VpcPeeringConnectionAlreadyExists");
    let strange = world.living();
    assert!(driver_removes_nothing(&world, &strange).await);
}

/// A removal of a peering that has no connection leaves everything alone.
async fn driver_removes_nothing(world: &World, living: &[String]) -> bool {
    let driver = world.driver();
    let hand = Hand { world, fabric: &driver };
    hand.clear(&link_request(1)).await;
    world.living() == living
}

#[tokio::test]
async fn a_restart_in_the_middle_makes_nothing_twice() {
    let world = World::new(CustomerMode::Accept).await;
    let request = link_request(1);
    let mut made = None;
    // Each call is one of another process: none remembers what the others did.
    for _ in 0..100 {
        let driver = world.driver();
        let hand = Hand { world: &world, fabric: &driver };
        hand.network(&network_request(1)).await;
        made = hand.ensure(&request).await.ok().flatten();
        if made.as_ref().is_some_and(|link| link.status == LinkStatus::Active) {
            break;
        }
        world.clock.pass(Duration::from_secs(5));
    }
    assert_eq!(made.map(|link| link.status), Some(LinkStatus::Active));
    assert_eq!(world.vpcs().await.len(), 1);
    assert_eq!(world.ec2.connections_made(request.peering, 1), 1);
}

/// The whole life of some peerings behind a proxy that loses, delays, doubles and truncates.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_bad_network_no_second_peering_is_ever_made() {
    for seed in 1..=12 {
        let world = World::with(CustomerMode::Accept, Some((seed, Rates::OFTEN))).await;
        let driver = world.driver();
        let hand = Hand { world: &world, fabric: &driver };
        for number in 1..=4 {
            let (request, _) = hand.active(number).await;
            let made = world.ec2.connections_made(request.peering, 1);
            assert_eq!(made, 1, "seed {seed}, peering {number}");
            assert_eq!(world.living().len(), usize::from(number), "seed {seed}");
        }
        for number in 1..=4 {
            hand.clear(&link_request(number)).await;
        }
        hand.clear_network(&network_request(1)).await;
        // What was on its way may have arrived after everything else: a second try finds it.
        hand.clear_network(&network_request(1)).await;
        assert_eq!(world.living(), Vec::<String>::new(), "seed {seed}");
        let suffered = world.proxy.as_ref().unwrap().suffered.load(Ordering::SeqCst);
        assert!(suffered > 10, "seed {seed}: only {suffered} requests suffered anything");
    }
}
