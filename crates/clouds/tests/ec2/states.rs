//! The states of a connection: what leads where, and when.

use std::time::Duration;

use super::support::{Cloud, HOUR, OURS, OURS_WEST, PACE, THEIRS, THEIRS_WEST};

const OVERLAP: &str = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";

/// Amazon VPC Peering Guide, "VPC peering connection lifecycle".
#[test]
fn a_request_goes_step_by_step_from_initiating_to_active() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.request((OURS, &ours), (THEIRS, &theirs));
    let steps = [
        ("initiating-request", "Initiating Request to 123456789012", PACE.aws_initiating),
        ("pending-acceptance", "Pending Acceptance by 123456789012", Duration::ZERO),
        ("provisioning", "Provisioning", PACE.aws_provisioning),
        ("active", "Active", Duration::ZERO),
    ];
    for (code, message, wait) in steps {
        if code == "provisioning" {
            cloud.on(THEIRS, "AcceptVpcPeeringConnection", &id).ok();
        }
        let seen = cloud.describe(OURS, &id).ok();
        assert_eq!((seen.get("code"), seen.get("message")), (code.into(), message.into()));
        cloud.pass(wait.saturating_sub(Duration::from_millis(1)));
        assert_eq!(cloud.status(OURS, &id), code);
        cloud.pass(Duration::from_millis(1));
    }
}

/// Amazon VPC Peering Guide, "Limitations": matching or overlapping blocks forbid it, whichever of
/// a VPC's blocks they are.
#[test]
fn an_overlap_of_any_block_fails_the_request() {
    let cloud = Cloud::new();
    let ours = cloud.vpc(OURS, "10.8.0.0/21");
    let theirs = cloud.vpc(THEIRS, "172.31.0.0/16");
    let more = [("VpcId", theirs.as_str()), ("CidrBlock", "10.8.4.0/24")];
    cloud.call(THEIRS, "AssociateVpcCidrBlock", &more).ok();
    let same = cloud.vpc(THEIRS, "10.8.0.0/21");
    for peer in [&theirs, &same] {
        let id = cloud.request((OURS, &ours), (THEIRS, peer));
        assert_eq!(cloud.status(OURS, &id), "initiating-request");
        cloud.pass(PACE.aws_initiating);
        let seen = cloud.describe(OURS, &id).ok();
        assert_eq!((seen.get("code"), seen.get("message")), ("failed".into(), OVERLAP.into()));
    }
    let id = cloud.request((OURS, &ours), (OURS, &ours));
    cloud.pass(PACE.aws_initiating);
    assert_eq!(cloud.status(OURS, &id), "failed");
}

/// The status message of EC2 itself: "Failed due to incorrect VPC-ID, Account ID, …".
#[test]
fn a_vpc_that_is_not_there_fails_the_request() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let peers = [
        (THEIRS, "vpc-00000000000000000"),
        (OURS, theirs.as_str()),
        (THEIRS_WEST, theirs.as_str()),
    ];
    for peer in peers {
        let id = cloud.request((OURS, &ours), peer);
        cloud.pass(PACE.aws_initiating);
        assert_eq!(cloud.status(OURS, &id), "failed", "{peer:?}");
    }
}

/// Amazon VPC Peering Guide, "Failed": it cannot be accepted, rejected or deleted, and is visible
/// to the requester for 2 hours.
#[test]
fn a_failed_request_takes_nothing_and_is_seen_by_its_requester_for_two_hours() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "10.8.0.0/21"));
    let id = cloud.request((OURS, &ours), (THEIRS, &theirs));
    cloud.pass(PACE.aws_initiating);
    let words = format!(
        "Invalid state transition for {id}, attempted to transition from failed to deleting"
    );
    cloud.on(OURS, "DeleteVpcPeeringConnection", &id).refuses("InvalidStateTransition", &words);
    assert_eq!(cloud.on(OURS, "AcceptVpcPeeringConnection", &id).code(), "OperationNotPermitted");
    for action in ["Accept", "Reject", "Delete"] {
        let answer = cloud.on(THEIRS, &format!("{action}VpcPeeringConnection"), &id);
        assert_eq!(answer.code(), "InvalidVpcPeeringConnectionID.NotFound");
    }
    cloud.pass(HOUR * 2 - Duration::from_millis(1));
    assert_eq!(cloud.status(OURS, &id), "failed");
    cloud.pass(Duration::from_millis(1));
    assert_eq!(cloud.status(OURS, &id), "InvalidVpcPeeringConnectionID.NotFound");
}

/// EC2 API Reference, `CreateVpcPeeringConnection`: it expires after 7 days; Amazon VPC Peering
/// Guide, "Expired": nothing can be done with it, and both see it for 2 days.
#[test]
fn a_request_expires_after_168_hours_and_both_see_it_for_two_days() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    cloud.pass(HOUR * 168 - PACE.aws_initiating - Duration::from_millis(1));
    assert_eq!(cloud.status(THEIRS, &id), "pending-acceptance");
    cloud.pass(Duration::from_millis(1));
    assert_eq!(cloud.status(THEIRS, &id), "expired");
    assert_eq!(cloud.describe(OURS, &id).get("message"), "Expired");
    for (who, action) in [(THEIRS, "Accept"), (THEIRS, "Reject"), (OURS, "Delete")] {
        let answer = cloud.on(who, &format!("{action}VpcPeeringConnection"), &id);
        assert_eq!(answer.code(), "InvalidStateTransition", "{action}");
    }
    seen_for(&cloud, &id, "expired", (48, 48));
}

/// EC2 API Reference, `VpcPeeringConnection.expirationTime`.
#[test]
fn a_request_says_when_it_expires_as_long_as_it_can() {
    let cloud = Cloud::new();
    let ours = cloud.vpc(OURS, "10.8.0.0/21");
    let theirs = cloud.vpc(THEIRS, "172.31.0.0/16");
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    // The world begins on 2026-01-01; each VPC takes a second.
    assert_eq!(cloud.describe(OURS, &id).get("expirationTime"), "2026-01-08T00:00:02.000Z");
    cloud.on(THEIRS, "AcceptVpcPeeringConnection", &id).ok();
    assert_eq!(cloud.describe(OURS, &id).all("expirationTime"), Vec::<String>::new());
}

/// Amazon VPC Peering Guide, "Rejected": visible to the requester for 2 days, to the accepter for 2
/// hours; within one account for 2 hours.
#[test]
fn a_rejected_request_is_seen_for_two_days_or_for_two_hours() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    cloud.on(THEIRS, "RejectVpcPeeringConnection", &id).ok();
    assert_eq!(cloud.describe(OURS, &id).get("message"), "Rejected by 123456789012");
    seen_for(&cloud, &id, "rejected", (48, 2));

    let own = cloud.vpc(OURS, "10.9.0.0/21");
    let id = cloud.pending((OURS, &ours), (OURS, &own));
    cloud.on(OURS, "RejectVpcPeeringConnection", &id).ok();
    cloud.pass(HOUR * 2 - Duration::from_millis(1));
    assert_eq!(cloud.status(OURS, &id), "rejected");
    cloud.pass(Duration::from_millis(1));
    assert_eq!(cloud.status(OURS, &id), "InvalidVpcPeeringConnectionID.NotFound");
}

/// As Terraform's AWS provider reports it: `InvalidStateTransition: Invalid state transition for
/// pcx-…, attempted to transition from … to deleting`.
#[test]
fn a_rejected_request_cannot_be_accepted_rejected_or_deleted() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    cloud.on(THEIRS, "RejectVpcPeeringConnection", &id).ok();
    let refused = [
        (OURS, "Delete", "deleting"),
        (THEIRS, "Delete", "deleting"),
        (THEIRS, "Accept", "provisioning"),
        (THEIRS, "Reject", "rejected"),
    ];
    for (who, action, target) in refused {
        let answer = cloud.on(who, &format!("{action}VpcPeeringConnection"), &id);
        let words = format!(
            "Invalid state transition for {id}, attempted to transition from rejected to {target}"
        );
        answer.refuses("InvalidStateTransition", &words);
    }
}

/// Amazon VPC Peering Guide, "Provisioning": it will soon be active; nothing else is said to work.
#[test]
fn a_connection_that_is_provisioned_is_waited_for() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    let accepted = cloud.on(THEIRS, "AcceptVpcPeeringConnection", &id).ok();
    assert_eq!(accepted.get("code"), "provisioning");
    for (who, action) in
        [(OURS, "Delete"), (THEIRS, "Delete"), (THEIRS, "Reject"), (THEIRS, "Accept")]
    {
        let answer = cloud.on(who, &format!("{action}VpcPeeringConnection"), &id);
        assert_eq!(answer.code(), "InvalidStateTransition", "{action}");
    }
    cloud.pass(PACE.aws_provisioning);
    assert_eq!(cloud.status(THEIRS, &id), "active");
}

/// Amazon VPC Peering Guide, "Active": either owner can delete it, but not reject it.
#[test]
fn an_active_connection_cannot_be_rejected_or_accepted_again() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    for (action, target) in [("Reject", "rejected"), ("Accept", "provisioning")] {
        let answer = cloud.on(THEIRS, &format!("{action}VpcPeeringConnection"), &id);
        let words = format!(
            "Invalid state transition for {id}, attempted to transition from active to {target}"
        );
        answer.refuses("InvalidStateTransition", &words);
    }
    cloud.pass(HOUR * 1_000);
    assert_eq!(cloud.status(OURS, &id), "active");
}

/// Amazon VPC Peering Guide, "Initiating-request": it is not with the accepter yet.
#[test]
fn a_request_that_is_initiated_is_not_with_its_accepter_and_takes_nothing() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.request((OURS, &ours), (THEIRS, &theirs));
    assert_eq!(cloud.status(THEIRS, &id), "InvalidVpcPeeringConnectionID.NotFound");
    let answer = cloud.on(OURS, "DeleteVpcPeeringConnection", &id);
    let words = format!(
        "Invalid state transition for {id}, attempted to transition from initiating-request to \
         deleting"
    );
    answer.refuses("InvalidStateTransition", &words);
    cloud.pass(PACE.aws_initiating);
    assert_eq!(cloud.status(THEIRS, &id), "pending-acceptance");
}

/// A block that came after the request: an active connection never joins blocks that overlap.
#[test]
fn a_request_whose_vpcs_overlap_by_now_fails_when_it_is_accepted() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    let more = [("VpcId", theirs.as_str()), ("CidrBlock", "10.8.0.0/24")];
    cloud.call(THEIRS, "AssociateVpcCidrBlock", &more).ok();
    let accepted = cloud.on(THEIRS, "AcceptVpcPeeringConnection", &id).ok();
    assert_eq!(accepted.get("code"), "failed");
    assert_eq!(cloud.status(OURS, &id), "failed");
}

/// Between regions everything is the same, with the region on each side.
#[test]
fn a_connection_can_join_two_regions() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS_WEST, "172.31.0.0/16"));
    let id = cloud.active((OURS, &ours), (THEIRS_WEST, &theirs));
    let seen = cloud.describe(THEIRS_WEST, &id).ok();
    assert_eq!(seen.all("region"), ["us-east-1", "us-west-2"]);
    assert_eq!(cloud.status(THEIRS, &id), "InvalidVpcPeeringConnectionID.NotFound");
    assert_eq!(cloud.status(OURS_WEST, &id), "InvalidVpcPeeringConnectionID.NotFound");
}

/// Passes so many hours in which the requester and the accepter see a connection, one after the
/// other, and looks at both just before and at the end.
fn seen_for(cloud: &Cloud, id: &str, state: &str, (requester, accepter): (u32, u32)) {
    let mut ends = [(requester, OURS), (accepter, THEIRS)];
    ends.sort_by_key(|(hours, _)| *hours);
    let mut passed = Duration::ZERO;
    for (hours, who) in ends {
        let end = HOUR * hours;
        if end > passed {
            cloud.pass(end - passed - Duration::from_millis(1));
            assert_eq!(cloud.status(who, id), state, "{who:?} just before {hours} h");
            cloud.pass(Duration::from_millis(1));
            passed = end;
        }
        assert_eq!(cloud.status(who, id), "InvalidVpcPeeringConnectionID.NotFound", "{who:?}");
    }
}
