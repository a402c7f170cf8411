//! The customer, by its own hand and by itself.

use peerage_clouds::CloudApi;
use peerage_core::id::PeerId;
use peerage_fabric::emulated::{CustomerAct, CustomerMode};

use super::support::{Cloud, OURS, PACE, THEIRS, Who};

const PEERING: PeerId = PeerId::from_bytes([7; 12]);

/// The accepter's refusals are EC2's own.
#[test]
fn the_customer_acts_on_the_connection_of_a_peering() {
    let cloud = Cloud::new();
    let act = |act| cloud.ec2.customer(PEERING, act, cloud.now()).map_err(|error| error.code);
    assert_eq!(act(CustomerAct::Accept), Err("NotFound".to_owned()));
    let id = tagged(&cloud, 1);
    let not_arrived = "InvalidVpcPeeringConnectionID.NotFound".to_owned();
    assert_eq!(act(CustomerAct::Accept), Err(not_arrived));
    cloud.pass(PACE.aws_initiating);
    assert_eq!(act(CustomerAct::Delete), Err("OperationNotPermitted".to_owned()));
    assert_eq!(act(CustomerAct::Accept), Ok(()));
    assert_eq!(act(CustomerAct::Reject), Err("InvalidStateTransition".to_owned()));
    cloud.pass(PACE.aws_provisioning);
    assert_eq!(act(CustomerAct::Delete), Ok(()));
    assert_eq!(cloud.status(OURS, &id), "deleted");
    assert_eq!(act(CustomerAct::Accept), Err("InvalidStateTransition".to_owned()));
    // The next handshake's connection is the one that counts.
    let next = tagged(&cloud, 2);
    cloud.pass(PACE.aws_initiating);
    assert_eq!(act(CustomerAct::Reject), Ok(()));
    assert_eq!(cloud.status(OURS, &next), "rejected");
}

/// Connections are counted by peering and handshake, and one that is answered again is not made.
#[test]
fn connections_that_were_made_are_counted() {
    let cloud = Cloud::new();
    let one = tagged(&cloud, 1);
    assert_eq!(tagged(&cloud, 1), one);
    assert_eq!(cloud.ec2.connections_made(PEERING, 1), 1);
    cloud.pass(PACE.aws_initiating);
    cloud.on(OURS, "DeleteVpcPeeringConnection", &one).ok();
    assert_ne!(tagged(&cloud, 1), one);
    assert_eq!(cloud.ec2.connections_made(PEERING, 1), 2);
    assert_eq!(cloud.ec2.connections_made(PEERING, 2), 0);
}

/// What the customer does by itself, after its time.
#[test]
fn a_customer_can_act_by_itself() {
    let modes = [
        (CustomerMode::Accept, "provisioning"),
        (CustomerMode::Reject, "rejected"),
        (CustomerMode::Ignore, "pending-acceptance"),
        (CustomerMode::Manual, "pending-acceptance"),
    ];
    for (mode, then) in modes {
        let cloud = Cloud::with(mode);
        let id = tagged(&cloud, 1);
        cloud.pass(PACE.aws_initiating);
        assert_eq!(cloud.status(OURS, &id), "pending-acceptance");
        cloud.pass(PACE.customer);
        assert_eq!(cloud.status(OURS, &id), then, "{mode:?}");
        let due = cloud.ec2.next_event();
        assert!(due.is_some_and(|due| due > cloud.now()), "{mode:?}");
    }
}

/// A customer who agrees to everything is not the service: its own requests wait for it.
#[test]
fn the_service_does_not_act_by_itself() {
    let cloud = Cloud::with(CustomerMode::Accept);
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((THEIRS, &theirs), (OURS, &ours));
    cloud.pass(PACE.customer);
    assert_eq!(cloud.status(OURS, &id), "pending-acceptance");
}

/// A customer who cannot agree leaves the request to expire.
#[test]
fn a_customer_with_no_room_lets_a_request_wait() {
    let cloud = Cloud::with(CustomerMode::Accept);
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let first = cloud.pending((THEIRS, &theirs), (OURS, &ours));
    cloud.on(OURS, "AcceptVpcPeeringConnection", &first).ok();
    let second = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    cloud.pass(PACE.customer);
    assert_eq!(cloud.status(OURS, &second), "pending-acceptance");
    let due = cloud.ec2.next_event().unwrap();
    cloud.pass(due.since(cloud.now()));
    assert_eq!(cloud.status(OURS, &second), "expired");
}

/// The service's connection for the peering, to a customer's VPC of its own.
fn tagged(cloud: &Cloud, handshake: u32) -> String {
    let customer = Who { account: "123456789012", region: "us-east-1" };
    let (ours, theirs) = ("vpc-00000000000000001", "vpc-00000000000000002");
    cloud.ec2.add_vpc(OURS.account, OURS.region, ours, "10.8.0.0/21");
    cloud.ec2.add_vpc(customer.account, customer.region, theirs, "172.16.1.0/24");
    let (peering, handshake) = (PEERING.to_string(), handshake.to_string());
    let parameters = [
        ("VpcId", ours),
        ("PeerVpcId", theirs),
        ("PeerOwnerId", customer.account),
        ("TagSpecification.1.ResourceType", "vpc-peering-connection"),
        ("TagSpecification.1.Tag.1.Key", "peerage:peering"),
        ("TagSpecification.1.Tag.1.Value", peering.as_str()),
        ("TagSpecification.1.Tag.2.Key", "peerage:handshake"),
        ("TagSpecification.1.Tag.2.Value", handshake.as_str()),
    ];
    let made = cloud.call(OURS, "CreateVpcPeeringConnection", &parameters).ok();
    made.get("vpcPeeringConnectionId")
}
