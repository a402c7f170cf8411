//! What goes wrong on purpose.

use super::support::{Cloud, OURS, THEIRS};

/// Amazon EC2 Developer Guide, "Request throttling": `RequestLimitExceeded`.
#[test]
fn so_many_requests_are_throttled_and_no_more() {
    let cloud = Cloud::new();
    cloud.ec2.throttle(2);
    let throttled = cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.8.0.0/21")]);
    assert_eq!(throttled.status, 503);
    throttled.refuses("RequestLimitExceeded", "Request limit exceeded.");
    let throttled = cloud.call(OURS, "GetCallerIdentity", &[]);
    throttled.refuses("Throttling", "Rate exceeded");
    assert!(cloud.call(OURS, "DescribeVpcs", &[]).ok().all("vpcId").is_empty());
}

/// Amazon EC2 Developer Guide, "Eventual consistency": what was made may not be described yet.
#[test]
fn what_is_made_is_missing_from_so_many_descriptions() {
    let cloud = Cloud::new();
    let old = cloud.vpc(OURS, "10.8.0.0/21");
    cloud.ec2.hide_new(2);
    let made = cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.9.0.0/21")]).ok().get("vpcId");
    let by_id = || cloud.call(OURS, "DescribeVpcs", &[("VpcId.1", &made)]);
    let words = format!("The vpc ID '{made}' does not exist");
    by_id().refuses("InvalidVpcID.NotFound", &words);
    assert_eq!(cloud.call(OURS, "DescribeVpcs", &[]).ok().all("vpcId"), [old.as_str()]);
    by_id().ok();
    // Others' descriptions are not its own: what is not asked for does not count.
    let made = cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.10.0.0/21")]).ok().get("vpcId");
    for _ in 0..5 {
        cloud.call(OURS, "DescribeVpcs", &[("VpcId.1", &old)]).ok();
    }
    assert_eq!(
        cloud.call(OURS, "DescribeVpcs", &[("VpcId.1", &made)]).code(),
        "InvalidVpcID.NotFound"
    );
    cloud.ec2.hide_new(0);
    let seen = cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.11.0.0/21")]).ok().get("vpcId");
    cloud.call(OURS, "DescribeVpcs", &[("VpcId.1", &seen)]).ok();
}

/// Amazon EC2 API Reference, `UnauthorizedOperation`: every permission is refused by its name, on
/// the object that it is about, and only to the service.
#[test]
fn a_permission_that_the_service_lacks_is_named() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let table = cloud.table(OURS, &ours);
    cloud.ec2.deny("ec2:CreateRoute");
    cloud.ec2.deny("ec2:DescribeVpcs");
    let route = [("RouteTableId", table.as_str()), ("DestinationCidrBlock", "172.31.0.0/16")];
    let refused = cloud.call(OURS, "CreateRoute", &route);
    assert_eq!(refused.status, 403);
    let words = format!(
        "You are not authorized to perform this operation. User: \
         arn:aws:iam::999988887777:user/peerage is not authorized to perform: ec2:CreateRoute on \
         resource: arn:aws:ec2:us-east-1:999988887777:route-table/{table} because no \
         identity-based policy allows the ec2:CreateRoute action"
    );
    refused.refuses("UnauthorizedOperation", &words);
    let refused = cloud.call(OURS, "DescribeVpcs", &[]);
    let words = "You are not authorized to perform this operation. User: \
                 arn:aws:iam::999988887777:user/peerage is not authorized to perform: \
                 ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs \
                 action";
    refused.refuses("UnauthorizedOperation", words);
    assert_eq!(cloud.call(THEIRS, "DescribeVpcs", &[]).ok().all("vpcId"), [theirs]);
    cloud.ec2.allow_all();
    cloud.call(OURS, "DescribeVpcs", &[]).ok();
}

/// Amazon EC2 User Guide, "Grant permission to tag resources during creation".
#[test]
fn making_something_with_tags_needs_the_permission_to_tag() {
    let cloud = Cloud::new();
    cloud.ec2.deny("ec2:CreateTags");
    let tagged = [
        ("CidrBlock", "10.8.0.0/21"),
        ("TagSpecification.1.ResourceType", "vpc"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
    ];
    let refused = cloud.call(OURS, "CreateVpc", &tagged);
    assert_eq!(refused.code(), "UnauthorizedOperation");
    assert!(refused.get("Message").contains("ec2:CreateTags on resource: arn:aws:ec2:"));
    cloud.call(OURS, "CreateVpc", &tagged[..1]).ok();
    assert_eq!(cloud.call(OURS, "DescribeVpcs", &[]).ok().all("vpcId").len(), 1);
}
