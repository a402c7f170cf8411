//! The emulated AWS against the VPC Peering Guide and the EC2 API reference.

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{LinkRequest, LinkStatus, Remedy};
use peerage_core::provider::Provider;
use peerage_fabric::emulated::{CustomerAct, CustomerMode};

use crate::support::{HOUR, MILLI, World, request, with_aws};

fn aws(peering: u32) -> LinkRequest {
    request(Provider::Aws, peering, 1, "10.8.0.0/21", peering)
}

async fn pending(peering: u32) -> (World, LinkRequest) {
    let mut world = World::new(CustomerMode::Manual).await;
    let request = aws(peering);
    world.make(&request).await;
    world.until(&request, LinkStatus::AwaitsCustomer).await;
    (world, request)
}

/// Source: VPC Peering Guide, "VPC peering connection lifecycle": initiating-request,
/// pending-acceptance, provisioning, active.
#[tokio::test]
async fn an_accepted_request_passes_through_every_state() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = aws(1);
    world.make(&request).await;
    let pace = world.options.pace.clone();
    let steps = [
        (LinkStatus::Requested, pace.aws_initiating),
        (LinkStatus::AwaitsCustomer, pace.customer),
        (LinkStatus::Finishing, pace.aws_provisioning),
    ];
    for (status, span) in steps {
        let seen = world.look(&request).await;
        assert_eq!(seen.found.map(|link| link.status), Some(status));
        assert_eq!(seen.recheck_at, Some(world.now.after(span)), "{status:?}");
        world.pass(span);
    }
    assert_eq!(world.status(&request).await, Some(LinkStatus::Active));
    assert_eq!(world.look(&request).await.recheck_at, None);
}

/// Source: VPC Peering Guide, "VPC peering connection lifecycle": a request that nobody accepts
/// expires after 7 days (168 hours) and is visible to both for 2 days.
#[tokio::test]
async fn a_request_expires_after_168_hours_and_is_forgotten_after_two_days() {
    let (mut world, request) = pending(1).await;
    world.pass(168 * HOUR - MILLI);
    assert_eq!(world.status(&request).await, Some(LinkStatus::AwaitsCustomer));
    world.pass(MILLI);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Expired));
    world.pass(48 * HOUR - MILLI);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Expired));
    world.pass(MILLI);
    assert_eq!(world.status(&request).await, None);
}

/// Source: VPC Peering Guide, "VPC peering connection lifecycle": a rejected request is visible to
/// its requester for 2 days.
#[tokio::test]
async fn a_rejected_request_is_forgotten_after_two_days() {
    let (mut world, request) = pending(1).await;
    world.act(&request, CustomerAct::Reject).await.unwrap();
    world.pass(48 * HOUR - MILLI);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Rejected));
    world.pass(MILLI);
    assert_eq!(world.status(&request).await, None);
}

/// Source: VPC Peering Guide, "VPC peering connection lifecycle": a failed request is visible to
/// its requester for 2 hours; "Unsupported configurations": overlapping blocks fail at once, also
/// when it is another block of the VPC than the one that is to be used.
#[tokio::test]
async fn an_overlap_with_any_block_of_the_vpc_fails_and_is_forgotten_after_two_hours() {
    let mut world = World::new(CustomerMode::Accept).await;
    let told = request(Provider::Aws, 1, 1, "10.8.0.0/21", 1);
    let told = with_aws(&told, |vpc| vpc.block = AddressBlock::parse("10.64.0.0/16").unwrap());
    world.active(&told).await;
    // Another project, whose own addresses lie in the block that we were told of before.
    let unlucky = request(Provider::Aws, 2, 2, "10.64.8.0/21", 1);
    world.make(&unlucky).await;
    world.pass(world.options.pace.aws_initiating);
    let failed = world.look(&unlucky).await.found.unwrap();
    assert_eq!(failed.status, LinkStatus::Refused);
    let words = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
    assert_eq!(failed.message.as_deref(), Some(words));
    assert_eq!(world.refused(&unlucky, CustomerAct::Accept).await, NOT_FOUND);
    world.pass(2 * HOUR - MILLI);
    assert_eq!(world.status(&unlucky).await, Some(LinkStatus::Refused));
    world.pass(MILLI);
    assert_eq!(world.status(&unlucky).await, None);
    assert_eq!(world.status(&told).await, Some(LinkStatus::Active));
}

const NOT_FOUND: &str = "InvalidVpcPeeringConnectionID.NotFound";

/// A block that a removed peering told of binds nobody.
#[tokio::test]
async fn what_is_known_of_a_customers_vpc_goes_with_the_last_peering() {
    let mut world = World::new(CustomerMode::Accept).await;
    let told = request(Provider::Aws, 1, 1, "10.8.0.0/21", 1);
    let told = with_aws(&told, |vpc| vpc.block = AddressBlock::parse("10.64.0.0/16").unwrap());
    world.active(&told).await;
    world.clear(&told).await;
    world.active(&request(Provider::Aws, 2, 2, "10.64.8.0/21", 1)).await;
}

/// Source: VPC Peering Guide, "VPC peering connection lifecycle": a connection that the other side
/// deleted is visible to us for 2 days. "Update your route tables": the route stays as a blackhole.
#[tokio::test]
async fn what_the_customer_deleted_is_severed_keeps_its_route_and_is_forgotten_after_two_days() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = aws(1);
    let active = world.active(&request).await;
    world.act(&request, CustomerAct::Delete).await.unwrap();
    let severed = world.look(&request).await.found.unwrap();
    assert_eq!((severed.status, &severed.route), (LinkStatus::Severed, &active.route));
    let kept = world.journal.objects().into_values().map(|it| String::from_utf8(it).unwrap());
    assert!(kept.into_iter().any(|object| object.contains("blackhole")));
    world.pass(48 * HOUR - MILLI);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Severed));
    world.pass(MILLI);
    assert_eq!(world.status(&request).await, None);
}

/// Source: VPC Peering Guide, "VPC peering connection lifecycle": `deleting` is what an
/// inter-region connection passes through.
#[tokio::test]
async fn between_regions_a_deletion_by_the_customer_takes_its_time() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = with_aws(&aws(1), |vpc| vpc.region = "eu-west-1".into());
    world.active(&request).await;
    world.act(&request, CustomerAct::Delete).await.unwrap();
    assert_eq!(world.status(&request).await, Some(LinkStatus::Removing));
    world.pass(world.options.pace.removal);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Severed));
}

/// Source: EC2 API reference, `RejectVpcPeeringConnection` (only while it is pending) and
/// `DeleteVpcPeeringConnection` (the accepter only while it is active).
#[tokio::test]
async fn the_customer_is_refused_what_the_state_forbids() {
    let mut world = World::new(CustomerMode::Manual).await;
    let request = aws(1);
    world.make(&request).await;
    assert_eq!(world.refused(&request, CustomerAct::Accept).await, NOT_FOUND);
    world.until(&request, LinkStatus::AwaitsCustomer).await;
    assert_eq!(world.refused(&request, CustomerAct::Delete).await, "OperationNotPermitted");
    world.act(&request, CustomerAct::Accept).await.unwrap();
    assert_eq!(world.refused(&request, CustomerAct::Delete).await, "InvalidStateTransition");
    let link = world.until(&request, LinkStatus::Active).await;
    for act in [CustomerAct::Accept, CustomerAct::Reject] {
        assert_eq!(world.refused(&request, act).await, "InvalidStateTransition");
    }
    let error = world.act(&request, CustomerAct::Reject).await.unwrap_err();
    let words = format!(
        "Invalid state transition for {}, attempted to transition from active to rejected",
        link.connection_id
    );
    assert_eq!(error.message, words);
}

/// Source: VPC Peering Guide: what was rejected cannot be deleted (`InvalidStateTransition`). For
/// our side it counts as nothing.
#[tokio::test]
async fn what_was_rejected_cannot_be_answered_again_and_is_nothing_to_remove() {
    let (world, request) = pending(1).await;
    world.act(&request, CustomerAct::Reject).await.unwrap();
    for act in [CustomerAct::Accept, CustomerAct::Reject, CustomerAct::Delete] {
        assert_eq!(world.refused(&request, act).await, "InvalidStateTransition");
    }
    assert_eq!(world.remove(&request).await, Ok(None));
}

/// Source: EC2 API reference, `DeleteVpcPeeringConnection`: active or pending, nothing else. One
/// that is on its way there is waited for.
#[tokio::test]
async fn a_removal_waits_for_a_state_that_takes_it() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = aws(1);
    world.make(&request).await;
    let found = world.remove(&request).await.unwrap().unwrap();
    assert_eq!(found.status, LinkStatus::Requested);
    world.pass(world.options.pace.aws_initiating);
    let found = world.remove(&request).await.unwrap().unwrap();
    assert_eq!((found.status, found.route), (LinkStatus::Removing, None));
    world.pass(world.options.pace.removal);
    assert_eq!(world.remove(&request).await, Ok(None));
}

/// Source: VPC Peering Guide, "VPC peering limitations": one connection for a pair of VPCs. EC2
/// answers a second request with the first connection, which carries another tag.
#[tokio::test]
async fn a_pair_of_vpcs_has_one_connection() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = aws(1);
    let link = world.active(&request).await;
    let twin = LinkRequest { customer: request.customer.clone(), ..aws(2) };
    let error = world.ensure(&twin).await.unwrap_err();
    assert_eq!(error.code, "VpcPeeringConnectionAlreadyExists");
    assert!(error.message.contains(&link.connection_id), "{error}");
    assert_eq!(error.remedy, Remedy::Retry { after_ms: None });
}

/// Source: VPC Peering Guide, "Quotas": 25 outstanding requests; EC2 API reference, codes.
#[tokio::test]
async fn a_vpc_has_at_most_25_open_requests() {
    let mut world = World::new(CustomerMode::Manual).await;
    world.network(&aws(1)).await;
    for peering in 1..=25 {
        world.ensure(&aws(peering)).await.unwrap();
    }
    let error = world.ensure(&aws(26)).await.unwrap_err();
    assert_eq!(error.code, "OutstandingVpcPeeringConnectionLimitExceeded");
    assert_eq!(error.remedy, Remedy::GiveUp);
    world.until(&aws(1), LinkStatus::AwaitsCustomer).await;
    world.act(&aws(1), CustomerAct::Accept).await.unwrap();
    world.ensure(&aws(26)).await.unwrap();
}

/// Source: VPC Peering Guide, "Quotas": 50 active connections of one VPC, counted for both when a
/// request is accepted; EC2 API reference, codes.
#[tokio::test]
async fn a_vpc_has_at_most_50_active_connections() {
    let mut world = World::new(CustomerMode::Manual).await;
    let to_one = |number: u32| request(Provider::Aws, number, number, "10.8.0.0/21", 1);
    for number in 1..=51 {
        world.make(&to_one(number)).await;
        world.until(&to_one(number), LinkStatus::AwaitsCustomer).await;
    }
    for number in 1..=50 {
        world.act(&to_one(number), CustomerAct::Accept).await.unwrap();
    }
    let code = world.refused(&to_one(51), CustomerAct::Accept).await;
    assert_eq!(code, "ActiveVpcPeeringConnectionPerVpcLimitExceeded");
    world.clear(&to_one(1)).await;
    world.act(&to_one(51), CustomerAct::Accept).await.unwrap();
}

/// A customer who accepts by itself and is full leaves the request open and says why.
#[tokio::test]
async fn a_full_vpc_of_an_accepting_customer_says_why_it_waits() {
    let mut world = World::new(CustomerMode::Accept).await;
    let to_one = |number: u32| request(Provider::Aws, number, number, "10.8.0.0/21", 1);
    for number in 1..=50 {
        world.active(&to_one(number)).await;
    }
    world.make(&to_one(51)).await;
    world.pass(HOUR);
    let link = world.look(&to_one(51)).await.found.unwrap();
    assert_eq!(link.status, LinkStatus::AwaitsCustomer);
    assert!(link.message.unwrap().starts_with("You've reached the limit"));
}

/// What was said about a request that waits is not said of what became of it.
#[tokio::test]
async fn words_about_a_wait_end_with_it() {
    let mut world = World::new(CustomerMode::Accept).await;
    let to_one = |number: u32| request(Provider::Aws, number, number, "10.8.0.0/21", 1);
    for number in 1..=50 {
        world.active(&to_one(number)).await;
    }
    let (expires, rejected) = (to_one(51), to_one(52));
    for request in [&expires, &rejected] {
        world.make(request).await;
    }
    world.pass(HOUR);
    world.act(&rejected, CustomerAct::Reject).await.unwrap();
    world.pass(168 * HOUR);
    let expired = world.look(&expires).await.found.unwrap();
    assert_eq!((expired.status, expired.message.unwrap()), (LinkStatus::Expired, "Expired".into()));
    assert!(world.remove(&rejected).await.unwrap().is_none());
}

/// Source: VPC Peering Guide, "Unsupported configurations": a VPC may be peered with two whose
/// blocks are equal; where its answers go is a matter of its routes.
#[tokio::test]
async fn two_projects_with_equal_blocks_peer_with_one_vpc() {
    let mut world = World::new(CustomerMode::Manual).await;
    let pair = [1, 2].map(|number| request(Provider::Aws, number, number, "10.8.0.0/21", 1));
    for status in [LinkStatus::AwaitsCustomer, LinkStatus::Active] {
        for request in &pair {
            world.make(request).await;
            if status == LinkStatus::Active {
                world.act(request, CustomerAct::Accept).await.unwrap();
            }
            world.until(request, status).await;
        }
        let [first, second] = &pair;
        assert_eq!(world.status(first).await, world.status(second).await);
    }
}

/// Source: EC2 API reference, `CreateRoute`: a block is kept in its canonical form.
#[tokio::test]
async fn a_route_has_the_canonical_form_of_its_block() {
    let mut world = World::new(CustomerMode::Accept).await;
    let block = |text: &'static str| {
        with_aws(&aws(1), |vpc| vpc.block = AddressBlock::parse(text).unwrap())
    };
    let link = world.active(&block("172.31.5.9/16")).await;
    assert_eq!(link.route.as_deref(), Some("172.31.0.0/16"));
    let link = world.ensure(&block("172.31.128.1/20")).await.unwrap();
    assert_eq!(link.route.as_deref(), Some("172.31.128.0/20"));
}

/// A block that is changed before the connection works is the one that is routed then.
#[tokio::test]
async fn a_block_that_is_changed_early_is_the_one_that_is_routed() {
    let mut world = World::new(CustomerMode::Accept).await;
    world.make(&aws(1)).await;
    let changed =
        with_aws(&aws(1), |vpc| vpc.block = AddressBlock::parse("172.20.0.0/16").unwrap());
    assert_eq!(world.ensure(&changed).await.unwrap().route, None);
    let link = world.until(&changed, LinkStatus::Active).await;
    assert_eq!(link.route.as_deref(), Some("172.20.0.0/16"));
}

/// Source: VPC Peering Guide: the code of a connection is `pcx-` and 17 hexadecimal digits.
#[tokio::test]
async fn a_connection_is_named_like_one_of_aws() {
    let mut world = World::new(CustomerMode::Accept).await;
    let id = world.make(&aws(1)).await.connection_id;
    let digits = id.strip_prefix("pcx-").unwrap();
    assert!(digits.len() == 17 && digits.chars().all(|c| c.is_ascii_hexdigit()), "{id}");
}

/// A customer who rejects everything does so after its own delay.
#[tokio::test]
async fn a_rejecting_customer_rejects() {
    let mut world = World::new(CustomerMode::Reject).await;
    world.make(&aws(1)).await;
    let pace = world.options.pace.clone();
    world.pass(pace.aws_initiating + pace.customer - MILLI);
    assert_eq!(world.status(&aws(1)).await, Some(LinkStatus::AwaitsCustomer));
    world.pass(MILLI);
    assert_eq!(world.status(&aws(1)).await, Some(LinkStatus::Rejected));
}
