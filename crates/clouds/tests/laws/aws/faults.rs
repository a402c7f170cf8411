//! What the cloud says when it does not work: what is passed on, and for how long it is left alone.

use peerage_core::cloud::{Certainty, LinkStatus, Remedy};
use peerage_fabric::Fabric;
use peerage_fabric::aws::Form;
use peerage_fabric::emulated::CustomerMode;

use crate::aws::world::{Hand, World, link_request, network_request, with_block};
use crate::proxy::Rates;

#[tokio::test]
async fn a_throttled_cloud_is_left_alone_for_a_while() {
    let world = World::new(CustomerMode::Accept).await;
    let driver = world.driver();
    world.ec2.throttle(1);
    let seen = driver.ensure_network(&network_request(1), world.clock.now()).await;
    let error = seen.unwrap_err();
    assert_eq!(error.code, "RequestLimitExceeded");
    assert_eq!(error.certainty, Certainty::Definite);
    assert!(matches!(error.remedy, Remedy::Retry { after_ms: Some(1..) }), "{error:?}");
    Hand { world: &world, fabric: &driver }.network(&network_request(1)).await;
}

#[tokio::test]
async fn a_lost_answer_to_a_change_leaves_doubt_and_one_to_a_look_does_not() {
    let silent = Rates { unanswered: 100, ..Rates::default() };
    let world = World::with(CustomerMode::Accept, Some((1, silent))).await;
    let driver = world.driver();
    let now = world.clock.now();
    let looked = driver.observe_link(&link_request(1), now).await.unwrap_err();
    assert_eq!((looked.certainty, looked.code.as_str()), (Certainty::Definite, "NoAnswer"));
    let cut = Rates { truncated: 100, ..Rates::default() };
    let world = World::with(CustomerMode::Accept, Some((1, cut))).await;
    let looked = world.driver().observe_link(&link_request(1), now).await.unwrap_err();
    assert_eq!(looked.certainty, Certainty::Definite);
}

#[tokio::test]
async fn a_refusal_after_half_of_the_work_leaves_doubt() {
    let world = World::new(CustomerMode::Accept).await;
    let driver = world.driver();
    let request = network_request(1);
    let asked = || driver.ensure_network(&request, world.clock.now());
    world.ec2.deny("ec2:CreateVpc");
    let refused = asked().await.unwrap_err();
    assert_eq!(refused.certainty, Certainty::Definite, "nothing was done: {refused}");
    world.ec2.allow_all();
    Hand { world: &world, fabric: &driver }.network(&request).await;
    // Names can be put right, a subnet cannot.
    let subnets = world.list(Form::look("DescribeSubnets"), "subnetSet", "subnetId").await;
    world.ours(Form::change("DeleteSubnet").with("SubnetId", &subnets[0])).await;
    let off = Form::change("ModifyVpcAttribute").with("VpcId", world.vpcs().await.remove(0));
    world.ours(off.with("EnableDnsHostnames.Value", "false")).await;
    world.ec2.deny("ec2:CreateSubnet");
    let half = asked().await.unwrap_err();
    assert_eq!(half.certainty, Certainty::Indefinite, "half was done: {half}");
    let again = asked().await.unwrap_err();
    assert_eq!(again.certainty, Certainty::Definite, "only the rest was left: {again}");
}

#[tokio::test]
async fn nobody_at_the_other_end_is_no_doubt() {
    let world = World::new(CustomerMode::Accept).await;
    let driver = world.driver_with(|options| {
        options.endpoint = Some("http://127.0.0.1:1".to_owned());
    });
    let error = driver.ensure_network(&network_request(1), world.clock.now()).await.unwrap_err();
    assert_eq!((error.certainty, error.code.as_str()), (Certainty::Definite, "NoConnection"));
}

/// Source: the Amazon VPC Peering Guide: overlapping blocks fail.
#[tokio::test]
async fn overlapping_addresses_are_refused_in_the_clouds_words() {
    let world = World::new(CustomerMode::Accept).await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    world.ec2.add_vpc("123456789012", "us-east-1", "vpc-000000000000000ff", "10.1.4.0/24");
    hand.network(&network_request(1)).await;
    let mut request = with_block(&link_request(1), "10.1.4.0/24");
    if let peerage_core::peering::CustomerNetwork::Aws(network) = &mut request.customer {
        network.vpc_id = "vpc-000000000000000ff".to_owned();
    }
    let link = hand.until(&request, LinkStatus::Refused).await;
    assert!(link.message.unwrap().contains("overlapping CIDR range"));
    hand.clear(&request).await;
}

#[tokio::test]
async fn a_vpc_whose_addresses_are_not_the_containers_is_never_ready() {
    let world = World::new(CustomerMode::Accept).await;
    let driver = world.driver();
    let hand = Hand { world: &world, fabric: &driver };
    hand.network(&network_request(1)).await;
    let mut other = network_request(1);
    other.spec = network_request(2).spec;
    let seen = driver.ensure_network(&other, world.clock.now()).await.unwrap().found.unwrap();
    assert!(!seen.ready);
    assert!(seen.drift.unwrap().what.contains("has 10.1.0.0/21, not 10.2.0.0/21"));
}
