//! VPCs and subnets, and what comes with them.

use super::support::{Cloud, OURS, OURS_WEST, PACE, THEIRS};

/// Amazon VPC User Guide, "VPC CIDR blocks": between /28 and /16.
#[test]
fn a_vpc_has_a_block_of_16_to_28_bits() {
    let cloud = Cloud::new();
    let create = |block: &str| cloud.call(OURS, "CreateVpc", &[("CidrBlock", block)]);
    for block in ["10.0.0.0/16", "10.0.0.0/28"] {
        create(block).ok();
    }
    for block in ["10.0.0.0/15", "10.0.0.0/29", "127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16"] {
        create(block).refuses("InvalidVpc.Range", &format!("The CIDR '{block}' is invalid."));
    }
    let words =
        "Value (10.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block.";
    create("10.0.0.0").refuses("InvalidParameterValue", words);
    let canonical = create("100.68.0.18/18").ok();
    assert_eq!(canonical.get("cidrBlock"), "100.68.0.0/18");
}

/// EC2 API Reference, `Vpc.state`: pending, then available.
#[test]
fn a_vpc_is_pending_and_then_available() {
    let cloud = Cloud::new();
    let made = cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.8.0.0/21")]).ok();
    assert_eq!(made.get("state"), "pending");
    cloud.pass(PACE.network);
    let seen = cloud.call(OURS, "DescribeVpcs", &[("VpcId.1", &made.get("vpcId"))]).ok();
    assert_eq!(seen.get("state"), "available");
    assert_eq!(
        (seen.get("isDefault"), seen.get("instanceTenancy")),
        ("false".into(), "default".into())
    );
}

/// Amazon VPC User Guide: every VPC comes with a main route table, a default security group and a
/// default network ACL, and they go with it.
#[test]
fn a_vpc_comes_and_goes_with_its_defaults() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc(OURS, "10.8.0.0/21");
    let filter = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc.as_str())];
    let count = |action: &str, name: &str| cloud.call(OURS, action, &filter).ok().all(name).len();
    let defaults = [
        ("DescribeSecurityGroups", "groupName"),
        ("DescribeNetworkAcls", "default"),
        ("DescribeRouteTables", "main"),
    ];
    for (action, name) in defaults {
        assert_eq!(count(action, name), 1, "{action}");
    }
    assert_eq!(cloud.routes(OURS, &cloud.table(OURS, &vpc)), ["10.8.0.0/21 local active"]);
    cloud.call(OURS, "DeleteVpc", &[("VpcId", &vpc)]).ok();
    for (action, name) in defaults {
        assert_eq!(count(action, name), 0, "{action}");
    }
    let words = format!("The vpc ID '{vpc}' does not exist");
    cloud.call(OURS, "DeleteVpc", &[("VpcId", &vpc)]).refuses("InvalidVpcID.NotFound", &words);
}

/// EC2's error codes, `DependencyViolation`.
#[test]
fn a_vpc_with_subnets_or_tables_of_its_own_stays() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc(OURS, "10.8.0.0/21");
    let delete = || cloud.call(OURS, "DeleteVpc", &[("VpcId", &vpc)]);
    let words = format!("The vpc '{vpc}' has dependencies and cannot be deleted.");
    let block = [("VpcId", vpc.as_str()), ("CidrBlock", "10.8.0.0/24")];
    let subnet = cloud.call(OURS, "CreateSubnet", &block).ok().get("subnetId");
    delete().refuses("DependencyViolation", &words);
    cloud.call(OURS, "DeleteSubnet", &[("SubnetId", &subnet)]).ok();
    let table = cloud.call(OURS, "CreateRouteTable", &[("VpcId", &vpc)]).ok().get("routeTableId");
    delete().refuses("DependencyViolation", &words);
    cloud.call(OURS, "DeleteRouteTable", &[("RouteTableId", &table)]).ok();
    delete().ok();
}

/// Amazon VPC User Guide, "Subnet CIDR blocks", "Subnet sizing": inside the VPC, apart from each
/// other, five addresses reserved.
#[test]
fn subnets_are_inside_their_vpc_and_apart() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc(OURS, "10.8.0.0/21");
    let create =
        |block: &str| cloud.call(OURS, "CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", block)]);
    for block in ["10.9.0.0/24", "10.0.0.0/8", "10.8.0.0/29", "10.8.0.0/20"] {
        create(block).refuses("InvalidSubnet.Range", &format!("The CIDR '{block}' is invalid."));
    }
    let made = create("10.8.0.0/24").ok();
    assert_eq!(made.get("availableIpAddressCount"), "251");
    assert_eq!(made.get("availabilityZone"), "us-east-1a");
    let words = "The CIDR '10.8.0.128/25' conflicts with another subnet";
    create("10.8.0.128/25").refuses("InvalidSubnet.Conflict", words);
    assert_eq!(create("10.8.1.0/28").ok().get("availableIpAddressCount"), "11");
}

/// EC2 API Reference, `CreateSubnet`: a zone of the region, by its name or its id.
#[test]
fn a_subnet_is_in_a_zone_of_its_region() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc(OURS_WEST, "10.8.0.0/21");
    let create = |block: &str, name: &str, zone: &str| {
        let parameters = [("VpcId", vpc.as_str()), ("CidrBlock", block), (name, zone)];
        cloud.call(OURS_WEST, "CreateSubnet", &parameters)
    };
    let by_name = create("10.8.0.0/24", "AvailabilityZone", "us-west-2b").ok();
    assert_eq!(by_name.get("availabilityZoneId"), "usw2-az2");
    let by_id = create("10.8.1.0/24", "AvailabilityZoneId", "usw2-az3").ok();
    assert_eq!(by_id.get("availabilityZone"), "us-west-2c");
    let refused = create("10.8.2.0/24", "AvailabilityZone", "us-east-1a");
    let words = "Value (us-east-1a) for parameter availabilityZone is invalid. Subnets can \
                 currently only be created in the following availability zones: us-west-2a, \
                 us-west-2b, us-west-2c.";
    refused.refuses("InvalidParameterValue", words);
    let zones = cloud.call(OURS_WEST, "DescribeAvailabilityZones", &[]).ok();
    assert_eq!(zones.all("zoneName"), ["us-west-2a", "us-west-2b", "us-west-2c"]);
    let regions = cloud.call(OURS_WEST, "DescribeRegions", &[("RegionName.1", "eu-west-1")]).ok();
    assert_eq!(regions.all("regionEndpoint"), ["ec2.eu-west-1.amazonaws.com"]);
}

/// Amazon VPC User Guide, "VPC CIDR blocks": five blocks, apart from each other, from those of its
/// active peers, and with a local route to each.
#[test]
fn a_vpc_can_have_more_blocks() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let associate = |block: &str| {
        cloud.call(OURS, "AssociateVpcCidrBlock", &[("VpcId", &ours), ("CidrBlock", block)])
    };
    assert_eq!(associate("10.8.4.0/24").code(), "InvalidVpc.Range");
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    assert_eq!(associate("172.31.4.0/24").code(), "InvalidVpc.Range");
    let made = associate("10.20.0.0/16").ok();
    assert_eq!(made.get("state"), "associating");
    let table = cloud.table(OURS, &ours);
    let local = ["10.8.0.0/21 local active", "10.20.0.0/16 local active"];
    assert_eq!(cloud.routes(OURS, &table), local);
    let seen = cloud.describe(THEIRS, &id).get("requesterVpcInfo");
    assert!(seen.contains("10.20.0.0/16"), "{seen}");
    for number in 21..24 {
        associate(&format!("10.{number}.0.0/16")).ok();
    }
    assert_eq!(associate("10.24.0.0/16").code(), "CidrLimitExceeded");
    let association = made.get("associationId");
    let gone = || cloud.call(OURS, "DisassociateVpcCidrBlock", &[("AssociationId", &association)]);
    let subnet = [("VpcId", ours.as_str()), ("CidrBlock", "10.20.0.0/24")];
    let subnet = cloud.call(OURS, "CreateSubnet", &subnet).ok().get("subnetId");
    assert_eq!(gone().code(), "DependencyViolation");
    cloud.call(OURS, "DeleteSubnet", &[("SubnetId", &subnet)]).ok();
    assert_eq!(gone().ok().get("state"), "disassociating");
    assert_eq!(gone().code(), "InvalidVpcCidrBlockAssociationID.NotFound");
    let primary = cloud.call(OURS, "DescribeVpcs", &[("VpcId.1", &ours)]).get("associationId");
    let primary = cloud.call(OURS, "DisassociateVpcCidrBlock", &[("AssociationId", &primary)]);
    assert_eq!(primary.code(), "OperationNotPermitted");
}

/// Amazon VPC User Guide, "DNS attributes for your VPC"; EC2 API Reference, `ModifyVpcAttribute`.
#[test]
fn a_vpc_is_made_with_dns_support_and_without_names() {
    let cloud = Cloud::new();
    let made = cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.8.0.0/21")]).ok();
    let vpc = made.get("vpcId");
    let read = |name: &str| {
        let parameters = [("VpcId", vpc.as_str()), ("Attribute", name)];
        cloud.call(OURS, "DescribeVpcAttribute", &parameters).ok().get("value")
    };
    let modify = |parameters: &[(&str, &str)]| {
        let mut all = vec![("VpcId", vpc.as_str())];
        all.extend(parameters);
        cloud.call(OURS, "ModifyVpcAttribute", &all)
    };
    let names = ["enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"];
    assert_eq!(names.map(read), ["true", "false", "false"]);
    modify(&[("EnableDnsHostnames.Value", "true")]).ok();
    assert_eq!(names.map(read), ["true", "true", "false"]);
    let both = [("EnableDnsHostnames.Value", "true"), ("EnableDnsSupport.Value", "true")];
    assert_eq!(modify(&both).code(), "InvalidParameterCombination");
    assert_eq!(modify(&[]).code(), "MissingParameter");
    modify(&[("EnableDnsHostnames.Value", "false")]).ok();
    modify(&[("EnableDnsSupport.Value", "false")]).ok();
    assert_eq!(modify(&[("EnableDnsHostnames.Value", "true")]).code(), "InvalidParameterValue");
}

/// A customer's VPC that tests put there.
#[test]
fn an_added_vpc_is_there_at_once_under_its_own_id() {
    let cloud = Cloud::new();
    let id = "vpc-00000000000000007";
    cloud.ec2.add_vpc(THEIRS.account, THEIRS.region, id, "172.16.7.0/24");
    assert!(cloud.ec2.add_vpc(THEIRS.account, THEIRS.region, id, "172.16.8.0/24"));
    assert!(!cloud.ec2.add_vpc(THEIRS.account, THEIRS.region, "vpc-00000000000000008", "fd00::/8"));
    let seen = cloud.call(THEIRS, "DescribeVpcs", &[("VpcId.1", id)]).ok();
    assert_eq!(
        (seen.get("state"), seen.get("cidrBlock")),
        ("available".into(), "172.16.7.0/24".into())
    );
    for name in ["enableDnsSupport", "enableDnsHostnames"] {
        let value =
            cloud.call(THEIRS, "DescribeVpcAttribute", &[("VpcId", id), ("Attribute", name)]);
        assert_eq!(value.ok().get("value"), "true");
    }
    assert_eq!(
        cloud.call(OURS, "DescribeVpcs", &[("VpcId.1", id)]).code(),
        "InvalidVpcID.NotFound"
    );
}
