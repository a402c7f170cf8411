//! Who may do what, and how many.

use super::support::{Cloud, HOUR, OURS, OURS_WEST, PACE, THEIRS, THEIRS_WEST, Who};

const STRANGER: Who = Who { account: "210987654321", region: "us-east-1" };
const GONE: &str = "InvalidVpcPeeringConnectionID.NotFound";

/// Amazon VPC Peering Guide, "Accept a VPC peering connection": the owner of the accepter VPC
/// accepts; the words as clients report them (LANDSCAPE: "User A cannot accept peering pcx").
#[test]
fn only_the_accepter_accepts_or_rejects() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    for (action, verb) in [("Accept", "accept"), ("Reject", "reject")] {
        let answer = cloud.on(OURS, &format!("{action}VpcPeeringConnection"), &id);
        let words = format!("User 999988887777 cannot {verb} peering {id}");
        answer.refuses("OperationNotPermitted", &words);
    }
    cloud.on(THEIRS, "AcceptVpcPeeringConnection", &id).ok();
}

/// Amazon VPC Peering Guide, "Pending-acceptance": the accepter can accept or reject, no more.
#[test]
fn the_accepter_cannot_delete_a_request() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    let words = format!("User 123456789012 cannot delete peering {id}");
    cloud.on(THEIRS, "DeleteVpcPeeringConnection", &id).refuses("OperationNotPermitted", &words);
    assert_eq!(cloud.status(OURS, &id), "pending-acceptance");
}

/// Amazon VPC Peering Guide, "Create and accept": an inter-Region request must be accepted in the
/// Region of the accepter VPC; the words as moto recorded them from EC2.
#[test]
fn a_request_is_accepted_in_the_accepters_region_and_nowhere_else() {
    let cloud = Cloud::new();
    let (one, other) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS_WEST, "10.9.0.0/21"));
    let id = cloud.pending((OURS, &one), (OURS_WEST, &other));
    for (action, how) in [("Accept", "accepted"), ("Reject", "accepted or rejected")] {
        let words = format!(
            "Incorrect region (us-east-1) specified for this request. VPC peering connection {id} \
             must be {how} in region us-west-2"
        );
        let answer = cloud.on(OURS, &format!("{action}VpcPeeringConnection"), &id);
        answer.refuses("OperationNotPermitted", &words);
    }
    cloud.on(OURS_WEST, "AcceptVpcPeeringConnection", &id).ok();
}

/// EC2 API Reference: an id that is not the caller's does not exist.
#[test]
fn a_stranger_sees_nothing() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    let words = format!("The vpcPeeringConnection ID '{id}' does not exist");
    for action in ["Accept", "Reject", "Delete"] {
        let answer = cloud.on(STRANGER, &format!("{action}VpcPeeringConnection"), &id);
        answer.refuses(GONE, &words);
    }
    let all = cloud.call(STRANGER, "DescribeVpcPeeringConnections", &[]).ok();
    assert_eq!(all.all("vpcPeeringConnectionId"), Vec::<String>::new());
    for (action, vpc) in [("DeleteVpc", &ours), ("CreateSubnet", &ours)] {
        let parameters: &[(&str, &str)] = &[("VpcId", vpc), ("CidrBlock", "10.8.0.0/24")];
        let used = if action == "DeleteVpc" { &parameters[..1] } else { parameters };
        let words = format!("The vpc ID '{vpc}' does not exist");
        cloud.call(STRANGER, action, used).refuses("InvalidVpcID.NotFound", &words);
    }
}

/// The answers of EC2: the accepter's blocks are with the requester once the request is accepted.
#[test]
fn the_requester_learns_the_accepters_blocks_when_it_agrees() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    let blocks = |who| {
        let info = cloud.describe(who, &id).get("accepterVpcInfo");
        info.contains(
            "<cidrBlockSet><item><cidrBlock>172.31.0.0/16</cidrBlock></item></cidrBlockSet>",
        )
    };
    assert_eq!((blocks(OURS), blocks(THEIRS)), (false, true));
    cloud.on(THEIRS, "AcceptVpcPeeringConnection", &id).ok();
    assert!(blocks(OURS));
}

/// botocore's words on `VpcPeeringConnection.AccepterVpcInfo`: "CIDR block information is only
/// returned when describing an active VPC peering connection". Without an owner the accepter's
/// account is the caller's, which does not make another account's VPC its own.
#[test]
fn a_vpc_that_is_named_without_its_owner_shows_no_blocks() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let peer = [("VpcId", ours.as_str()), ("PeerVpcId", theirs.as_str())];
    let made = cloud.call(OURS, "CreateVpcPeeringConnection", &peer).ok();
    let id = made.get("vpcPeeringConnectionId");
    assert!(!made.text.contains("172.31.0.0"), "{}", made.text);
    let filter =
        [("Filter.1.Name", "accepter-vpc-info.cidr-block"), ("Filter.1.Value.1", "172.31.0.0/16")];
    for state in ["initiating-request", "failed"] {
        assert_eq!(cloud.status(OURS, &id), state);
        let seen = cloud.describe(OURS, &id).ok().text;
        assert!(!seen.contains("172.31.0.0"), "{seen}");
        let found = cloud.call(OURS, "DescribeVpcPeeringConnections", &filter).ok();
        assert!(found.all("vpcPeeringConnectionId").is_empty(), "{state}");
        cloud.pass(PACE.aws_initiating);
    }
}

/// The same words: a request that was taken back was never agreed to.
#[test]
fn a_request_that_is_deleted_shows_no_blocks_of_the_accepter() {
    let cloud = Cloud::new();
    let ours = cloud.vpc(OURS, "10.8.0.0/21");
    for (who, state) in [(THEIRS, "deleted"), (THEIRS_WEST, "deleting")] {
        let theirs = cloud.vpc(who, "172.31.0.0/16");
        let id = cloud.pending((OURS, &ours), (who, &theirs));
        cloud.on(OURS, "DeleteVpcPeeringConnection", &id).ok();
        for state in [state, "deleted"] {
            assert_eq!(cloud.status(OURS, &id), state);
            let seen = cloud.describe(OURS, &id).ok().text;
            assert!(!seen.contains("172.31.0.0"), "{seen}");
            assert!(cloud.describe(who, &id).ok().text.contains("172.31.0.0"));
            cloud.pass(PACE.removal);
        }
    }
}

/// The same words: what a VPC gets after the end is not the former peer's to know.
#[test]
fn a_connection_that_is_over_shows_the_blocks_that_it_had() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    cloud.on(THEIRS, "DeleteVpcPeeringConnection", &id).ok();
    let more = [("VpcId", theirs.as_str()), ("CidrBlock", "10.20.0.0/16")];
    cloud.call(THEIRS, "AssociateVpcCidrBlock", &more).ok();
    let seen = cloud.describe(OURS, &id).ok().get("accepterVpcInfo");
    assert!(seen.contains("172.31.0.0/16") && !seen.contains("10.20.0.0"), "{seen}");
}

/// hashicorp/terraform-provider-aws#27750: AWS returns the connection that exists.
#[test]
fn a_second_request_of_the_pair_is_the_first_one() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let request = || cloud.request((OURS, &ours), (THEIRS, &theirs));
    let id = request();
    for _ in ["initiating-request", "pending-acceptance"] {
        assert_eq!(request(), id);
        cloud.pass(PACE.aws_initiating);
    }
    cloud.on(THEIRS, "AcceptVpcPeeringConnection", &id).ok();
    for _ in ["provisioning", "active"] {
        assert_eq!(request(), id);
        cloud.pass(PACE.aws_provisioning);
    }
    cloud.on(THEIRS, "DeleteVpcPeeringConnection", &id).ok();
    assert_ne!(request(), id);
}

/// hashicorp/terraform-provider-aws#44315 and ansible-collections/community.aws#580: the reversed
/// request is made, and cannot be accepted because the pair has a connection.
#[test]
fn a_reversed_request_is_made_and_cannot_be_accepted() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let first = cloud.active((OURS, &ours), (THEIRS, &theirs));
    let second = cloud.pending((THEIRS, &theirs), (OURS, &ours));
    let words = format!("The vpc peering connection identified by {second} already exists.");
    let accept = || cloud.on(OURS, "AcceptVpcPeeringConnection", &second);
    accept().refuses("VpcPeeringConnectionAlreadyExists", &words);
    cloud.on(OURS, "DeleteVpcPeeringConnection", &first).ok();
    accept().ok();
}

/// Amazon VPC quotas: outstanding requests, 25.
#[test]
fn a_vpc_has_25_requests_open_and_no_more() {
    let cloud = Cloud::new();
    let ours = cloud.vpc(OURS, "10.8.0.0/21");
    let mut last = String::new();
    for number in 0..25 {
        let theirs = cloud.vpc(THEIRS, &format!("172.16.{number}.0/24"));
        last = cloud.request((OURS, &ours), (THEIRS, &theirs));
    }
    let theirs = cloud.vpc(THEIRS, "172.16.99.0/24");
    let more = [("VpcId", &*ours), ("PeerVpcId", &*theirs), ("PeerOwnerId", THEIRS.account)];
    let create = || cloud.call(OURS, "CreateVpcPeeringConnection", &more);
    assert_eq!(create().code(), "OutstandingVpcPeeringConnectionLimitExceeded");
    cloud.pass(PACE.aws_initiating);
    cloud.on(THEIRS, "RejectVpcPeeringConnection", &last).ok();
    create().ok();
}

/// Amazon VPC quotas: active connections per VPC, 50; counted for both VPCs.
#[test]
fn a_vpc_has_50_active_connections_and_no_more() {
    for reversed in [false, true] {
        let cloud = Cloud::new();
        let hub = cloud.vpc(OURS, "10.8.0.0/21");
        let mut pending = String::new();
        for number in 0..51 {
            let spoke = cloud.vpc(THEIRS, &format!("172.16.{number}.0/24"));
            let (from, to) = ((OURS, hub.as_str()), (THEIRS, spoke.as_str()));
            let (from, to) = if reversed { (to, from) } else { (from, to) };
            if number < 50 {
                cloud.active(from, to);
            } else {
                pending = cloud.pending(from, to);
            }
        }
        let accepter = if reversed { OURS } else { THEIRS };
        let answer = cloud.on(accepter, "AcceptVpcPeeringConnection", &pending);
        assert_eq!(answer.code(), "ActiveVpcPeeringConnectionPerVpcLimitExceeded");
        assert_eq!(cloud.status(OURS, &pending), "pending-acceptance");
    }
}

/// EC2 API Reference, `CreateVpcPeeringConnection`: what has to be there and what form it has.
#[test]
fn a_request_names_a_vpc_of_the_caller_and_a_peer() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let create = |parameters: &[(&str, &str)]| {
        cloud.call(OURS, "CreateVpcPeeringConnection", parameters).code()
    };
    assert_eq!(create(&[("PeerVpcId", &theirs)]), "MissingParameter");
    assert_eq!(create(&[("VpcId", &ours)]), "MissingParameter");
    assert_eq!(create(&[("VpcId", &theirs), ("PeerVpcId", &ours)]), "InvalidVpcID.NotFound");
    assert_eq!(create(&[("VpcId", &ours), ("PeerVpcId", "vpc-1")]), "InvalidVpcID.Malformed");
    let odd = [("VpcId", ours.as_str()), ("PeerVpcId", &theirs), ("PeerOwnerId", "me")];
    assert_eq!(create(&odd), "InvalidParameterValue");
    let long = format!("us-{}-1", "a".repeat(1_000));
    for region in ["US_EAST_1", long.as_str()] {
        let odd = [("VpcId", ours.as_str()), ("PeerVpcId", &theirs), ("PeerRegion", region)];
        assert_eq!(create(&odd), "InvalidParameterValue");
    }
}

/// A request to another region of the same account has both sides with one owner.
#[test]
fn without_an_owner_and_a_region_the_peer_is_the_callers_own() {
    let cloud = Cloud::new();
    let (one, other) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS, "10.9.0.0/21"));
    let peer = [("VpcId", one.as_str()), ("PeerVpcId", other.as_str())];
    let made = cloud.call(OURS, "CreateVpcPeeringConnection", &peer).ok();
    assert_eq!(made.all("ownerId"), ["999988887777"; 2]);
    assert_eq!(made.all("region"), ["us-east-1"; 2]);
    cloud.pass(PACE.aws_initiating);
    assert_eq!(cloud.status(OURS, &made.get("vpcPeeringConnectionId")), "pending-acceptance");
    cloud.pass(HOUR);
    let far = cloud.vpc(THEIRS_WEST, "172.31.0.0/16");
    assert_eq!(cloud.call(THEIRS, "DeleteVpc", &[("VpcId", &far)]).code(), "InvalidVpcID.NotFound");
}
