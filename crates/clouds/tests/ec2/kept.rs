//! A world is kept, comes back as it was, and is the same for the same seed.

use peerage_clouds::{CloudApi, kept};

use super::support::{Answer, Cloud, HOUR, OURS, PACE, THEIRS};

/// A world with something of everything.
fn filled() -> (Cloud, String) {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let block = [("VpcId", ours.as_str()), ("CidrBlock", "10.8.0.0/24")];
    cloud.call(OURS, "CreateSubnet", &block).ok();
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    let route = [
        ("RouteTableId", &*cloud.table(OURS, &ours)),
        ("DestinationCidrBlock", "172.31.0.0/16"),
        ("VpcPeeringConnectionId", &id),
    ];
    cloud.call(OURS, "CreateRoute", &route).ok();
    let tag =
        [("ResourceId.1", id.as_str()), ("Tag.1.Key", "peerage:peering"), ("Tag.1.Value", "x/y")];
    cloud.call(OURS, "CreateTags", &tag).ok();
    let role = [("RoleArn", "arn:aws:iam::123456789012:role/a"), ("RoleSessionName", "session")];
    cloud.call(OURS, "AssumeRole", &role).ok();
    cloud.ec2.add_role("arn:aws:iam::123456789012:role/b", Some("id"));
    cloud.ec2.deny("ec2:DeleteVpc");
    cloud.on(THEIRS, "DeleteVpcPeeringConnection", &id).ok();
    cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.9.0.0/21")]).ok();
    (cloud, id)
}

/// Through the objects that a store keeps, too.
#[test]
fn a_world_comes_back_as_it_was() {
    let (cloud, id) = filled();
    let state = cloud.ec2.state();
    let objects = kept::objects(&state);
    let fresh = Cloud::new();
    fresh.ec2.restore(kept::state(&objects).unwrap()).unwrap();
    assert_eq!(fresh.ec2.state(), state);
    assert_eq!(fresh.ec2.next_event(), cloud.ec2.next_event());
    fresh.pass(cloud.now().since(fresh.now()));
    let described = |cloud: &Cloud| {
        let text = cloud.describe(OURS, &id).ok().text;
        text.split("</requestId>").nth(1).unwrap().to_owned()
    };
    assert_eq!(described(&fresh), described(&cloud));
    let made = |cloud: &Cloud| cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.1.0.0/16")]).ok();
    assert_eq!(made(&fresh).get("vpcId"), made(&cloud).get("vpcId"));
    for cloud in [&fresh, &cloud] {
        cloud.pass(HOUR * 100);
        assert_eq!(cloud.status(OURS, &id), "InvalidVpcPeeringConnectionID.NotFound");
        assert_eq!(cloud.ec2.state()["connections"], serde_json::json!({}));
    }
}

/// An empty table leaves no object behind, and is empty again.
#[test]
fn an_empty_world_comes_back_too() {
    let cloud = Cloud::new();
    let state = kept::state(&kept::objects(&cloud.ec2.state())).unwrap();
    cloud.ec2.restore(state).unwrap();
    cloud.vpc(OURS, "10.8.0.0/21");
}

/// What is no world changes nothing.
#[test]
fn a_state_that_is_none_is_refused() {
    let (cloud, _) = filled();
    let before = cloud.ec2.state();
    let mut newer = before.clone();
    newer["v"] = 2.into();
    let mut odd = before.clone();
    odd["vpcs"] = serde_json::json!({"vpc-1": {"account": 5}});
    for state in [serde_json::Value::Null, serde_json::json!({}), serde_json::json!([]), newer, odd]
    {
        assert!(cloud.ec2.restore(state).is_err());
        assert_eq!(cloud.ec2.state(), before);
    }
}

/// The same seed and the same calls at the same times give the same answers.
#[test]
fn the_same_seed_gives_the_same_world() {
    let (one, other) = (filled(), filled());
    assert_eq!(one.0.ec2.state(), other.0.ec2.state());
    let ask = |cloud: &Cloud| -> Answer { cloud.call(OURS, "DescribeVpcs", &[]) };
    assert_eq!(ask(&one.0), ask(&other.0));
}

/// What changes is counted, what only is read is not.
#[test]
fn a_version_moves_with_every_change_and_with_nothing_else() {
    let cloud = Cloud::new();
    let mut last = cloud.ec2.version();
    let mut moved = || {
        let version = cloud.ec2.version();
        let moved = version != last;
        last = version;
        moved
    };
    let vpc = cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.8.0.0/21")]).ok().get("vpcId");
    assert!(moved(), "a VPC was made");
    cloud.call(OURS, "DescribeVpcs", &[]).ok();
    cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.8.0.0/2")]).code();
    cloud.call(OURS, "GetCallerIdentity", &[]).ok();
    assert!(!moved(), "nothing changed");
    cloud.pass(PACE.network);
    cloud.ec2.pass(cloud.now());
    assert!(moved(), "it is available");
    cloud.call(OURS, "DeleteVpc", &[("VpcId", &vpc)]).ok();
    assert!(moved(), "it is gone");
    cloud.ec2.throttle(1);
    assert!(moved(), "a fault was planted");
    cloud.call(OURS, "DescribeVpcs", &[]).code();
    assert!(moved(), "it happened");
}

/// An earlier time counts as the last one.
#[test]
fn time_never_runs_back() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let early = cloud.now();
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    cloud.ec2.pass(early);
    let due = cloud.ec2.next_event().unwrap();
    assert_eq!(due.since(early), HOUR * 168);
    assert_eq!(cloud.status(THEIRS, &id), "pending-acceptance");
}

/// What ended leaves nothing behind: neither its connection nor anybody's tags.
#[test]
fn nothing_is_left_of_what_nobody_remembers() {
    let cloud = Cloud::new();
    let empty = cloud.ec2.state();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    for who in [OURS, THEIRS] {
        let tag = [("ResourceId.1", id.as_str()), ("Tag.1.Key", "a"), ("Tag.1.Value", "b")];
        cloud.call(who, "CreateTags", &tag).ok();
    }
    cloud.call(OURS, "DeleteVpc", &[("VpcId", &ours)]).ok();
    cloud.call(THEIRS, "DeleteVpc", &[("VpcId", &theirs)]).ok();
    cloud.pass(HOUR * 48);
    cloud.ec2.pass(cloud.now());
    let left = cloud.ec2.state();
    for (table, rows) in empty.as_object().unwrap() {
        if !matches!(table.as_str(), "ids" | "now") {
            assert_eq!(&left[table], rows, "{table}");
        }
    }
    assert_eq!(cloud.ec2.next_event(), None);
}
