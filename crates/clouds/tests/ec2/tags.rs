//! Tags.

use super::support::{Cloud, OURS, OURS_WEST, PACE, THEIRS};

/// Amazon VPC Peering Guide, "Limitations": tags are only applied in the account or Region in which
/// they are created.
#[test]
fn tags_of_a_connection_are_seen_where_they_were_made() {
    let cloud = Cloud::new();
    let (one, other) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS_WEST, "10.9.0.0/21"));
    let theirs = cloud.vpc(THEIRS, "172.31.0.0/16");
    for (who, vpc) in [(THEIRS, &theirs), (OURS_WEST, &other)] {
        let parameters = [
            ("VpcId", one.as_str()),
            ("PeerVpcId", vpc),
            ("PeerOwnerId", who.account),
            ("PeerRegion", who.region),
            ("TagSpecification.1.ResourceType", "vpc-peering-connection"),
            ("TagSpecification.1.Tag.1.Key", "Name"),
            ("TagSpecification.1.Tag.1.Value", "<a & b>"),
        ];
        let made = cloud.call(OURS, "CreateVpcPeeringConnection", &parameters).ok();
        assert_eq!(made.get("value"), "&lt;a &amp; b&gt;");
        let id = made.get("vpcPeeringConnectionId");
        cloud.pass(PACE.aws_initiating);
        assert_eq!(cloud.describe(who, &id).ok().all("key"), Vec::<String>::new());
        let own =
            [("ResourceId.1", id.as_str()), ("Tag.1.Key", "Side"), ("Tag.1.Value", "accepter")];
        cloud.call(who, "CreateTags", &own).ok();
        assert_eq!(cloud.describe(who, &id).ok().all("key"), ["Side"]);
        assert_eq!(cloud.describe(OURS, &id).ok().all("key"), ["Name"]);
    }
}

/// Amazon EC2 User Guide, "Tag restrictions": 50 tags, keys of 128 and values of 256 characters,
/// `aws:` is reserved.
#[test]
fn tags_have_their_limits() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc(OURS, "10.8.0.0/21");
    let create = |key: &str, value: &str| {
        let parameters =
            [("ResourceId.1", vpc.as_str()), ("Tag.1.Key", key), ("Tag.1.Value", value)];
        cloud.call(OURS, "CreateTags", &parameters)
    };
    for number in 0..50 {
        create(&format!("key{number}"), "value").ok();
    }
    create("key7", "other").ok();
    assert_eq!(create("key50", "value").code(), "TagLimitExceeded");
    assert_eq!(create("aws:x", "value").code(), "InvalidParameterValue");
    assert_eq!(create(&"k".repeat(129), "value").code(), "InvalidParameterValue");
    assert_eq!(create("key7", &"v".repeat(257)).code(), "InvalidParameterValue");
    create("key7", &"v".repeat(256)).ok();
}

/// EC2 API Reference, `CreateTags`, `TagSpecification`.
#[test]
fn what_is_tagged_has_to_be_there_and_of_its_kind() {
    let cloud = Cloud::new();
    let create = |id: &str| {
        let tag = [("ResourceId.1", id), ("Tag.1.Key", "a"), ("Tag.1.Value", "b")];
        cloud.call(OURS, "CreateTags", &tag).code()
    };
    assert_eq!(create("vpc-00000000000000000"), "InvalidVpcID.NotFound");
    assert_eq!(create("nonsense"), "InvalidID");
    let theirs = cloud.vpc(THEIRS, "10.8.0.0/21");
    assert_eq!(create(&theirs), "InvalidVpcID.NotFound");
    let specified = |kind: &str, keys: [&str; 2]| {
        let tags = [
            ("CidrBlock", "10.0.0.0/16"),
            ("TagSpecification.1.ResourceType", kind),
            ("TagSpecification.1.Tag.1.Key", keys[0]),
            ("TagSpecification.1.Tag.2.Key", keys[1]),
        ];
        cloud.call(OURS, "CreateVpc", &tags).words()
    };
    let words = "'subnet' is not a valid taggable resource type for this operation.";
    assert_eq!(specified("subnet", ["a", "b"]), ("InvalidParameterValue".into(), words.into()));
    let words = "Duplicate tag keys 'a' specified.";
    assert_eq!(specified("vpc", ["a", "a"]), ("InvalidParameterValue".into(), words.into()));
    let empty = [("CidrBlock", "10.0.0.0/16"), ("TagSpecification.1.ResourceType", "vpc")];
    assert_eq!(cloud.call(OURS, "CreateVpc", &empty).code(), "InvalidParameterValue");
    assert!(cloud.call(OURS, "DescribeVpcs", &[]).ok().all("vpcId").is_empty());
}

/// EC2 API Reference, `DeleteTags`: by key, by key and value, or all.
#[test]
fn tags_are_deleted_by_key_by_value_or_all() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc(OURS, "10.8.0.0/21");
    let id = ("ResourceId.1", vpc.as_str());
    let three = [
        id,
        ("Tag.1.Key", "a"),
        ("Tag.1.Value", "1"),
        ("Tag.2.Key", "b"),
        ("Tag.2.Value", "2"),
        ("Tag.3.Key", "c"),
        ("Tag.3.Value", "3"),
    ];
    cloud.call(OURS, "CreateTags", &three).ok();
    let left = |parameters: &[(&str, &str)]| {
        cloud.call(OURS, "DeleteTags", parameters).ok();
        cloud.call(OURS, "DescribeTags", &[]).ok().all("key")
    };
    assert_eq!(left(&[id, ("Tag.1.Key", "a"), ("Tag.1.Value", "other")]), ["a", "b", "c"]);
    assert_eq!(left(&[id, ("Tag.1.Key", "a"), ("Tag.1.Value", "1")]), ["b", "c"]);
    assert_eq!(left(&[id, ("Tag.1.Key", "b")]), ["c"]);
    assert_eq!(left(&[id]), Vec::<String>::new());
}

/// botocore's words on `DeleteTags.Tags`: "If you specify a tag key with an empty string as the tag
/// value, we delete the tag only if its value is an empty string".
#[test]
fn a_tag_is_deleted_by_an_empty_value_only_if_it_has_none() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc(OURS, "10.8.0.0/21");
    let id = ("ResourceId.1", vpc.as_str());
    let two = [id, ("Tag.1.Key", "a"), ("Tag.1.Value", "1"), ("Tag.2.Key", "b")];
    cloud.call(OURS, "CreateTags", &two).ok();
    let left = |key: &str| {
        let empty = [id, ("Tag.1.Key", key), ("Tag.1.Value", "")];
        cloud.call(OURS, "DeleteTags", &empty).ok();
        cloud.call(OURS, "DescribeTags", &[]).ok().all("key")
    };
    assert_eq!(left("a"), ["a", "b"]);
    assert_eq!(left("b"), ["a"]);
}

/// Amazon EC2 User Guide, "Tag restrictions": a value can be empty, so a filter can ask for it.
#[test]
fn a_filter_can_ask_for_a_tag_without_a_value() {
    let cloud = Cloud::new();
    let (one, two) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS, "10.9.0.0/21"));
    for (vpc, value) in [(&one, ""), (&two, "prod")] {
        let tag = [("ResourceId.1", vpc.as_str()), ("Tag.1.Key", "stage"), ("Tag.1.Value", value)];
        cloud.call(OURS, "CreateTags", &tag).ok();
    }
    let empty = [("Filter.1.Name", "tag:stage"), ("Filter.1.Value.1", "")];
    assert_eq!(cloud.call(OURS, "DescribeVpcs", &empty).ok().all("vpcId"), [one.as_str()]);
    let described = cloud.call(OURS, "DescribeTags", &empty).ok();
    assert_eq!(described.all("resourceId"), [one.as_str()]);
    let none = cloud.call(OURS, "DescribeVpcs", &empty[..1]);
    assert_eq!(none.code(), "MissingParameter");
}

/// EC2 API Reference, `DescribeTags`.
#[test]
fn tags_are_described_by_what_they_are_on() {
    let cloud = Cloud::new();
    let (one, two) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS, "10.9.0.0/21"));
    let subnet = [("VpcId", one.as_str()), ("CidrBlock", "10.8.0.0/24")];
    let subnet = cloud.call(OURS, "CreateSubnet", &subnet).ok().get("subnetId");
    for id in [&one, &two, &subnet] {
        let tag = [("ResourceId.1", id.as_str()), ("Tag.1.Key", "Name"), ("Tag.1.Value", id)];
        cloud.call(OURS, "CreateTags", &tag).ok();
    }
    let described = |name: &str, value: &str| {
        let filter = [("Filter.1.Name", name), ("Filter.1.Value.1", value)];
        cloud.call(OURS, "DescribeTags", &filter).ok().all("resourceId")
    };
    assert_eq!(described("resource-type", "subnet"), [subnet.as_str()]);
    assert_eq!(described("resource-id", &one), [one.as_str()]);
    assert_eq!(described("tag:Name", &two), [two.as_str()]);
    assert_eq!(described("key", "Na*").len(), 3);
    assert_eq!(cloud.call(THEIRS, "DescribeTags", &[]).ok().all("key").len(), 0);
    cloud.call(OURS, "DeleteSubnet", &[("SubnetId", &subnet)]).ok();
    assert_eq!(described("key", "Name").len(), 2);
}
