//! Filters and pages.

use super::support::{Cloud, OURS, PACE, THEIRS};

/// EC2 API Reference, `DescribeVpcPeeringConnections`: every filter of it counts.
#[test]
fn every_filter_of_connections_counts() {
    let cloud = Cloud::new();
    let (ours, other) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS, "10.9.0.0/21"));
    let (theirs, own) = (cloud.vpc(THEIRS, "172.31.0.0/16"), cloud.vpc(OURS, "10.10.0.0/21"));
    let active = cloud.active((OURS, &ours), (THEIRS, &theirs));
    let pending = cloud.pending((OURS, &other), (OURS, &own));
    let tag = [("ResourceId.1", active.as_str()), ("Tag.1.Key", "stage"), ("Tag.1.Value", "prod")];
    cloud.call(OURS, "CreateTags", &tag).ok();
    let cases = [
        ("accepter-vpc-info.cidr-block", "172.31.0.0/16", &active),
        ("accepter-vpc-info.owner-id", "123456789012", &active),
        ("accepter-vpc-info.vpc-id", own.as_str(), &pending),
        ("expiration-time", "2026-*", &pending),
        ("requester-vpc-info.cidr-block", "10.8.0.0/21", &active),
        ("requester-vpc-info.vpc-id", other.as_str(), &pending),
        ("status-code", "active", &active),
        ("status-message", "Pending*", &pending),
        ("vpc-peering-connection-id", active.as_str(), &active),
        ("tag:stage", "pr?d", &active),
        ("tag-key", "stage", &active),
        ("tag-value", "prod", &active),
    ];
    let find = |name: &str, value: &str| {
        let filter = [("Filter.1.Name", name), ("Filter.1.Value.1", value)];
        let found = cloud.call(OURS, "DescribeVpcPeeringConnections", &filter).ok();
        found.all("vpcPeeringConnectionId")
    };
    for (name, value, expected) in cases {
        assert_eq!(find(name, value), [expected.as_str()], "{name}");
    }
    assert_eq!(find("requester-vpc-info.owner-id", OURS.account).len(), 2);
    assert!(find("status-code", "rejected").is_empty());
}

/// EC2 refuses a filter that it does not know.
#[test]
fn a_filter_that_nobody_knows_is_refused() {
    let cloud = Cloud::new();
    let actions = [
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeRouteTables",
        "DescribeVpcPeeringConnections",
        "DescribeTags",
        "DescribeSecurityGroups",
        "DescribeNetworkAcls",
        "DescribeNetworkInterfaces",
        "DescribeAvailabilityZones",
        "DescribeRegions",
    ];
    for action in actions {
        let filter = [("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")];
        let refused = cloud.call(OURS, action, &filter);
        refused.refuses("InvalidParameterValue", "The filter 'colour' is invalid");
        let nothing = cloud.call(OURS, action, &[("Filter.1.Name", "vpc-id")]);
        assert_ne!(nothing.status, 200, "{action}");
    }
}

/// The filters of everything else, each with one object that it finds and one that it does not.
#[test]
fn every_filter_of_a_vpcs_surroundings_counts() {
    let cloud = Cloud::new();
    let (one, two) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS, "10.9.0.0/21"));
    let theirs = cloud.vpc(THEIRS, "172.31.0.0/16");
    let subnet = |vpc: &str, block: &str, zone: &str| {
        let parameters = [("VpcId", vpc), ("CidrBlock", block), ("AvailabilityZone", zone)];
        cloud.call(OURS, "CreateSubnet", &parameters).ok()
    };
    let (near, _) = (
        subnet(&one, "10.8.0.0/24", "us-east-1a").get("subnetId"),
        subnet(&two, "10.9.0.0/25", "us-east-1b"),
    );
    let table = cloud.call(OURS, "CreateRouteTable", &[("VpcId", &one)]).ok().get("routeTableId");
    let pair = [("RouteTableId", table.as_str()), ("SubnetId", near.as_str())];
    let association = cloud.call(OURS, "AssociateRouteTable", &pair).ok().get("associationId");
    let peering = cloud.active((OURS, &one), (THEIRS, &theirs));
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "172.31.0.0/16"),
        ("VpcPeeringConnectionId", &peering),
    ];
    cloud.call(OURS, "CreateRoute", &route).ok();
    let find = |action: &str, element: &str, name: &str, value: &str| {
        let filter = [("Filter.1.Name", name), ("Filter.1.Value.1", value)];
        cloud.call(OURS, action, &filter).ok().all(element)
    };
    for (name, value) in [
        ("vpc-id", one.as_str()),
        ("cidr", "10.8.0.0/21"),
        ("cidr-block-association.cidr-block", "10.8.*"),
    ] {
        assert_eq!(find("DescribeVpcs", "vpcId", name, value), [one.as_str()], "{name}");
    }
    for (name, value) in [
        ("subnet-id", near.as_str()),
        ("vpc-id", &one),
        ("cidr-block", "10.8.0.0/24"),
        ("availability-zone", "us-east-1a"),
        ("availabilityZoneId", "use1-az1"),
        ("available-ip-address-count", "251"),
        ("subnet-arn", &format!("*{near}")),
    ] {
        assert_eq!(find("DescribeSubnets", "subnetId", name, value), [near.as_str()], "{name}");
    }
    for (name, value) in [
        ("route-table-id", table.as_str()),
        ("association.subnet-id", &near),
        ("association.route-table-association-id", &association),
        ("association.main", "false"),
        ("route.vpc-peering-connection-id", &peering),
        ("route.destination-cidr-block", "172.31.0.0/16"),
        ("route.origin", "CreateRoute"),
    ] {
        let found = find("DescribeRouteTables", "propagatingVgwSet", name, value);
        assert_eq!(found.len(), 1, "{name}");
    }
    for (action, element) in
        [("DescribeSecurityGroups", "securityGroupArn"), ("DescribeNetworkAcls", "default")]
    {
        assert_eq!(find(action, element, "vpc-id", &one).len(), 1, "{action}");
    }
    assert_eq!(find("DescribeNetworkAcls", "default", "association.subnet-id", &near).len(), 1);
    assert_eq!(
        find("DescribeSecurityGroups", "securityGroupArn", "group-name", "default").len(),
        2
    );
}

/// botocore's documentation of `Filters`: these are of what is the same for all objects here.
#[test]
fn a_documented_filter_of_what_all_have_finds_it() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc(OURS, "10.8.0.0/21");
    let subnet = [("VpcId", vpc.as_str()), ("CidrBlock", "10.8.0.0/24")];
    cloud.call(OURS, "CreateSubnet", &subnet).ok();
    let names = "private-dns-name-options-on-launch";
    let records =
        ["a", "aaaa"].map(|kind| format!("{names}.enable-resource-name-dns-{kind}-record"));
    let hostnames = format!("{names}.hostname-type");
    let cases = [
        ("DescribeSubnets", "enable-dns64", "false"),
        ("DescribeSubnets", "ipv6-native", "false"),
        ("DescribeSubnets", "map-customer-owned-ip-on-launch", "false"),
        ("DescribeSubnets", records[0].as_str(), "false"),
        ("DescribeSubnets", records[1].as_str(), "false"),
        ("DescribeSubnets", hostnames.as_str(), "ip-name"),
        ("DescribeSecurityGroups", "egress.ip-permission.cidr", "0.0.0.0/0"),
        ("DescribeSecurityGroups", "egress.ip-permission.protocol", "-1"),
        ("DescribeSecurityGroups", "ip-permission.group-id", "sg-*"),
        ("DescribeSecurityGroups", "ip-permission.group-name", "default"),
        ("DescribeSecurityGroups", "ip-permission.protocol", "-1"),
        ("DescribeSecurityGroups", "ip-permission.user-id", OURS.account),
        ("DescribeNetworkAcls", "association.network-acl-id", "acl-*"),
        ("DescribeNetworkAcls", "entry.cidr", "0.0.0.0/0"),
        ("DescribeNetworkAcls", "entry.egress", "true"),
        ("DescribeNetworkAcls", "entry.protocol", "-1"),
        ("DescribeNetworkAcls", "entry.rule-action", "deny"),
        ("DescribeNetworkAcls", "entry.rule-number", "32767"),
        ("DescribeAvailabilityZones", "zone-type", "availability-zone"),
    ];
    for (action, name, value) in cases {
        let find = |value: &str| {
            let filter = [("Filter.1.Name", name), ("Filter.1.Value.1", value)];
            cloud.call(OURS, action, &filter).ok().text.contains("<item>")
        };
        assert_eq!((find(value), find("other")), (true, false), "{action} {name}");
    }
}

/// botocore's documentation of `Filters`: a filter that it names is taken where there is nothing
/// here that it could find.
#[test]
fn a_documented_filter_of_what_is_not_here_finds_nothing() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc(OURS, "10.8.0.0/21");
    let subnet = [("VpcId", vpc.as_str()), ("CidrBlock", "10.8.0.0/24")];
    cloud.call(OURS, "CreateSubnet", &subnet).ok();
    for (action, names) in NOTHING {
        for name in names {
            let filter = [("Filter.1.Name", *name), ("Filter.1.Value.1", "*")];
            let found = cloud.call(OURS, action, &filter).ok().text;
            assert!(!found.contains("<item>"), "{action} {name}: {found}");
        }
    }
}

/// Filters by what does not exist here.
const NOTHING: [(&str, &[&str]); 7] = [
    (
        "DescribeVpcs",
        &[
            "ipv6-cidr-block-association.association-id",
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "ipv6-cidr-block-association.ipv6-pool",
            "ipv6-cidr-block-association.state",
        ],
    ),
    (
        "DescribeSubnets",
        &[
            "customer-owned-ipv4-pool",
            "enable-lni-at-device-index",
            "ipv6-cidr-block-association.association-id",
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "ipv6-cidr-block-association.state",
            "outpost-arn",
        ],
    ),
    (
        "DescribeRouteTables",
        &[
            "association.gateway-id",
            "route.destination-ipv6-cidr-block",
            "route.destination-prefix-list-id",
            "route.egress-only-internet-gateway-id",
            "route.instance-id",
            "route.nat-gateway-id",
            "route.transit-gateway-id",
        ],
    ),
    (
        "DescribeSecurityGroups",
        &[
            "egress.ip-permission.from-port",
            "egress.ip-permission.group-id",
            "egress.ip-permission.group-name",
            "egress.ip-permission.ipv6-cidr",
            "egress.ip-permission.prefix-list-id",
            "egress.ip-permission.to-port",
            "egress.ip-permission.user-id",
            "ip-permission.cidr",
            "ip-permission.from-port",
            "ip-permission.ipv6-cidr",
            "ip-permission.prefix-list-id",
            "ip-permission.to-port",
        ],
    ),
    (
        "DescribeNetworkAcls",
        &[
            "entry.icmp.code",
            "entry.icmp.type",
            "entry.ipv6-cidr",
            "entry.port-range.from",
            "entry.port-range.to",
        ],
    ),
    (
        "DescribeNetworkInterfaces",
        &[
            "addresses.association.owner-id",
            "addresses.association.public-ip",
            "addresses.primary",
            "addresses.private-ip-address",
            "association.allocation-id",
            "association.association-id",
            "association.ip-owner-id",
            "association.public-dns-name",
            "association.public-ip",
            "attachment.attach-time",
            "attachment.attachment-id",
            "attachment.delete-on-termination",
            "attachment.device-index",
            "attachment.instance-id",
            "availability-zone",
            "availability-zone-id",
            "ipv6-addresses.ipv6-address",
            "mac-address",
            "operator.managed",
            "operator.principal",
            "private-dns-name",
            "private-ip-address",
            "source-dest-check",
        ],
    ),
    (
        "DescribeAvailabilityZones",
        &["group-long-name", "message", "parent-zone-id", "parent-zone-name"],
    ),
];

/// EC2 API Reference, `MaxResults`, `NextToken`.
#[test]
fn pages_follow_each_other_to_the_end() {
    let cloud = Cloud::new();
    for number in 0..12 {
        cloud.vpc(OURS, &format!("10.{number}.0.0/16"));
    }
    let all = cloud.call(OURS, "DescribeVpcs", &[]).ok().all("vpcId");
    let (mut seen, mut token, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let mut parameters = vec![("MaxResults", "5")];
        if let Some(token) = &token {
            parameters.push(("NextToken", token.as_str()));
        }
        let page = cloud.call(OURS, "DescribeVpcs", &parameters).ok();
        seen.extend(page.all("vpcId"));
        pages += 1;
        token = page.all("nextToken").pop();
        if token.is_none() {
            break;
        }
        assert!(pages < 5, "no end of pages");
    }
    assert_eq!((seen, pages), (all, 3));
}

/// EC2's error codes, `InvalidNextToken`; a page has 5 to 1000 objects, of route tables 100.
#[test]
fn a_page_and_its_token_have_their_bounds() {
    let cloud = Cloud::new();
    for number in 0..6 {
        cloud.vpc(OURS, &format!("10.{number}.0.0/16"));
    }
    let ask = |action: &str, parameters: &[(&str, &str)]| cloud.call(OURS, action, parameters);
    assert_eq!(ask("DescribeVpcs", &[("MaxResults", "4")]).code(), "InvalidParameterValue");
    assert_eq!(ask("DescribeVpcs", &[("MaxResults", "1001")]).code(), "InvalidParameterValue");
    assert_eq!(
        ask("DescribeRouteTables", &[("MaxResults", "101")]).code(),
        "InvalidParameterValue"
    );
    ask("DescribeVpcs", &[("MaxResults", "1000")]).ok();
    assert_eq!(ask("DescribeVpcs", &[("NextToken", "x")]).code(), "InvalidNextToken");
    let token = ask("DescribeVpcs", &[("MaxResults", "5")]).ok().get("nextToken");
    // A token of one request is none of another.
    let other = [("MaxResults", "5"), ("NextToken", token.as_str())];
    assert_eq!(ask("DescribeSubnets", &other).code(), "InvalidNextToken");
    assert_eq!(cloud.call(THEIRS, "DescribeVpcs", &other).code(), "InvalidNextToken");
    ask("DescribeVpcs", &other).ok();
}

/// EC2's error codes: an id that is not there, and one that is none.
#[test]
fn ids_that_are_asked_for_have_to_exist() {
    let cloud = Cloud::new();
    let cases = [
        ("DescribeVpcs", "VpcId.1", "vpc-", "InvalidVpcID.NotFound", "InvalidVpcID.Malformed"),
        (
            "DescribeSubnets",
            "SubnetId.1",
            "subnet-",
            "InvalidSubnetID.NotFound",
            "InvalidSubnetID.Malformed",
        ),
        (
            "DescribeRouteTables",
            "RouteTableId.1",
            "rtb-",
            "InvalidRouteTableID.NotFound",
            "InvalidRouteTableId.Malformed",
        ),
        (
            "DescribeVpcPeeringConnections",
            "VpcPeeringConnectionId.1",
            "pcx-",
            "InvalidVpcPeeringConnectionID.NotFound",
            "InvalidVpcPeeringConnectionId.Malformed",
        ),
        (
            "DescribeSecurityGroups",
            "GroupId.1",
            "sg-",
            "InvalidGroup.NotFound",
            "InvalidGroupId.Malformed",
        ),
        (
            "DescribeNetworkAcls",
            "NetworkAclId.1",
            "acl-",
            "InvalidNetworkAclID.NotFound",
            "InvalidNetworkAclId.Malformed",
        ),
    ];
    for (action, parameter, prefix, not_found, malformed) in cases {
        for digits in ["0badcafe", "00000000000000000"] {
            let id = format!("{prefix}{digits}");
            assert_eq!(cloud.call(OURS, action, &[(parameter, &id)]).code(), not_found);
        }
        for id in [format!("{prefix}1"), format!("x{prefix}0badcafe"), format!("{prefix}0BADCAFE")]
        {
            assert_eq!(cloud.call(OURS, action, &[(parameter, &id)]).code(), malformed, "{id}");
        }
    }
}

/// EC2 API Reference, `DescribeAccountAttributes`.
#[test]
fn an_account_has_its_attributes() {
    let cloud = Cloud::new();
    let all = cloud.call(OURS, "DescribeAccountAttributes", &[]).ok();
    assert!(all.all("attributeName").len() >= 6);
    let one = [("AttributeName.1", "supported-platforms")];
    let one = cloud.call(OURS, "DescribeAccountAttributes", &one).ok();
    assert_eq!(one.all("attributeValue"), ["VPC"]);
    let none = cloud.call(OURS, "DescribeAccountAttributes", &[("AttributeName.1", "x")]);
    assert_eq!(none.code(), "InvalidParameterValue");
    cloud.pass(PACE.network);
    let interfaces = cloud.call(OURS, "DescribeNetworkInterfaces", &[]).ok();
    assert_eq!(interfaces.get("networkInterfaceSet"), "");
}
