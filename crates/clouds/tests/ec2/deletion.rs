//! How a connection ends when somebody deletes it.

use std::time::Duration;

use super::support::{Cloud, HOUR, OURS, OURS_WEST, PACE, THEIRS, THEIRS_WEST, Who};

const GONE: &str = "InvalidVpcPeeringConnectionID.NotFound";

/// Amazon VPC Peering Guide, "Deleted": visible to the party that deleted it for 2 hours, to the
/// other for 2 days.
#[test]
fn a_deleted_connection_is_seen_two_hours_by_its_deleter_and_two_days_by_the_other() {
    for (deleter, other) in [(OURS, THEIRS), (THEIRS, OURS)] {
        let cloud = Cloud::new();
        let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
        let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
        cloud.on(deleter, "DeleteVpcPeeringConnection", &id).ok();
        let seen = cloud.describe(other, &id);
        assert_eq!(seen.get("code"), "deleted");
        assert_eq!(seen.get("message"), format!("Deleted by {}", deleter.account));
        sees_until(&cloud, deleter, &id, HOUR * 2);
        sees_until(&cloud, other, &id, HOUR * 46);
    }
}

/// Amazon VPC Peering Guide, "Deleted": within one account the request stays visible for 2 hours.
#[test]
fn a_deleted_connection_of_one_account_is_seen_for_two_hours() {
    let cloud = Cloud::new();
    let (one, other) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS, "10.9.0.0/21"));
    let id = cloud.active((OURS, &one), (OURS, &other));
    cloud.on(OURS, "DeleteVpcPeeringConnection", &id).ok();
    sees_until(&cloud, OURS, &id, HOUR * 2);
}

/// Amazon VPC Peering Guide, "Pending-acceptance": the requester can delete its request.
#[test]
fn the_requester_can_delete_a_request_that_waits() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    cloud.on(OURS, "DeleteVpcPeeringConnection", &id).ok();
    assert_eq!(cloud.status(THEIRS, &id), "deleted");
    for action in ["Accept", "Reject"] {
        let answer = cloud.on(THEIRS, &format!("{action}VpcPeeringConnection"), &id);
        assert_eq!(answer.code(), "InvalidStateTransition", "{action}");
    }
}

/// Amazon VPC Peering Guide, "Deleting": applies to an inter-Region connection.
#[test]
fn only_between_regions_a_deletion_takes_a_while() {
    let cloud = Cloud::new();
    let ours = cloud.vpc(OURS, "10.8.0.0/21");
    let (near, far) = (cloud.vpc(THEIRS, "172.30.0.0/16"), cloud.vpc(THEIRS_WEST, "172.31.0.0/16"));
    let id = cloud.active((OURS, &ours), (THEIRS, &near));
    cloud.on(OURS, "DeleteVpcPeeringConnection", &id).ok();
    assert_eq!(cloud.status(OURS, &id), "deleted");

    let id = cloud.active((OURS, &ours), (THEIRS_WEST, &far));
    cloud.on(THEIRS_WEST, "DeleteVpcPeeringConnection", &id).ok();
    assert_eq!(cloud.status(OURS, &id), "deleting");
    let again = cloud.on(OURS, "DeleteVpcPeeringConnection", &id);
    assert_eq!(again.code(), "InvalidStateTransition");
    cloud.pass(PACE.removal);
    assert_eq!(cloud.status(OURS, &id), "deleted");
    assert_eq!(cloud.describe(OURS, &id).get("message"), "Deleted by 123456789012");
}

/// Amazon VPC Peering Guide, "Deleted": it cannot be accepted or rejected; nor deleted again.
#[test]
fn a_deleted_connection_takes_nothing() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    cloud.on(THEIRS, "DeleteVpcPeeringConnection", &id).ok();
    for (who, action) in
        [(OURS, "Delete"), (THEIRS, "Delete"), (THEIRS, "Accept"), (THEIRS, "Reject")]
    {
        let answer = cloud.on(who, &format!("{action}VpcPeeringConnection"), &id);
        assert_eq!(answer.code(), "InvalidStateTransition", "{action}");
    }
}

/// Amazon VPC Peering Guide, "Delete a VPC peering connection": deleting a VPC deletes its active
/// connections and the requests that it made.
#[test]
fn a_vpc_takes_its_peerings_with_it() {
    let cloud = Cloud::new();
    let ours = cloud.vpc(OURS, "10.8.0.0/21");
    let (one, two) = (cloud.vpc(THEIRS, "172.30.0.0/16"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let active = cloud.active((OURS, &ours), (THEIRS, &one));
    let pending = cloud.pending((OURS, &ours), (THEIRS, &two));
    cloud.call(OURS, "DeleteVpc", &[("VpcId", &ours)]).ok();
    for id in [active, pending] {
        let seen = cloud.describe(THEIRS, &id).ok();
        assert_eq!(seen.get("message"), "Deleted by 999988887777");
        // It is remembered as it was.
        assert_eq!(seen.get("cidrBlock"), "10.8.0.0/21");
    }
}

/// Amazon VPC Peering Guide, "Delete a VPC peering connection": a VPC with a request of another
/// account cannot be deleted before that is rejected.
#[test]
fn a_vpc_that_is_asked_by_another_account_cannot_be_deleted() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    let words = format!("The vpc '{theirs}' has dependencies and cannot be deleted.");
    let delete = || cloud.call(THEIRS, "DeleteVpc", &[("VpcId", &theirs)]);
    delete().refuses("DependencyViolation", &words);
    cloud.on(THEIRS, "RejectVpcPeeringConnection", &id).ok();
    delete().ok();
}

/// Within one account each region has its own side.
#[test]
fn whoever_owns_both_sides_can_delete_from_either_region() {
    for who in [OURS, OURS_WEST] {
        let cloud = Cloud::new();
        let (one, other) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS_WEST, "10.9.0.0/21"));
        let id = cloud.pending((OURS, &one), (OURS_WEST, &other));
        cloud.on(who, "DeleteVpcPeeringConnection", &id).ok();
        assert_eq!(cloud.status(OURS, &id), "deleting");
    }
}

/// Somebody sees an ended connection for so long and no longer.
fn sees_until(cloud: &Cloud, who: Who, id: &str, span: Duration) {
    cloud.pass(span - Duration::from_millis(1));
    assert_eq!(cloud.status(who, id), "deleted", "{who:?}");
    cloud.pass(Duration::from_millis(1));
    assert_eq!(cloud.status(who, id), GONE, "{who:?}");
}
