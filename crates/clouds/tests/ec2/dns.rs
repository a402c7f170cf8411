//! The options of a connection.

use super::support::{Answer, Cloud, OURS, OURS_WEST, THEIRS, THEIRS_WEST, Who};

const REQUESTER: &str = "RequesterPeeringConnectionOptions";
const ACCEPTER: &str = "AccepterPeeringConnectionOptions";
const DNS: &str = "AllowDnsResolutionFromRemoteVpc";
const CLASSIC: &str = "AllowEgressFromLocalVpcToRemoteClassicLink";

/// cloudposse/terraform-aws-vpc-peering-multi-account#8, EC2's own words.
#[test]
fn options_are_for_active_connections_only() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    let words = format!(
        "Peering {id} is not active. Peering options can be added only to active peerings."
    );
    let refused = || set(&cloud, OURS, &id, REQUESTER, DNS, "true");
    refused().refuses("OperationNotPermitted", &words);
    cloud.on(THEIRS, "AcceptVpcPeeringConnection", &id).ok();
    refused().refuses("OperationNotPermitted", &words);
}

/// Amazon VPC Peering Guide, "Enable DNS resolution": each owner sets its own side; the words as
/// clients report them (LANDSCAPE).
#[test]
fn each_side_sets_its_own_options() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    let words = "User 999988887777 does not have permission to modify the accepter side peering \
                 options";
    set(&cloud, OURS, &id, ACCEPTER, DNS, "true").refuses("OperationNotPermitted", words);
    let words = "User 123456789012 does not have permission to modify the requester side peering \
                 options";
    set(&cloud, THEIRS, &id, REQUESTER, DNS, "true").refuses("OperationNotPermitted", words);
    assert_eq!(options(&cloud, OURS, &id), ["false", "false"]);
    let made = set(&cloud, OURS, &id, REQUESTER, DNS, "true").ok();
    assert_eq!(made.get("allowDnsResolutionFromRemoteVpc"), "true");
    assert!(made.text.contains("requesterPeeringConnectionOptions"));
    assert!(!made.text.contains("accepterPeeringConnectionOptions"));
    set(&cloud, THEIRS, &id, ACCEPTER, DNS, "true").ok();
    assert_eq!(options(&cloud, OURS, &id), ["true", "true"]);
    set(&cloud, OURS, &id, REQUESTER, DNS, "false").ok();
    assert_eq!(options(&cloud, THEIRS, &id), ["false", "true"]);
}

/// Amazon VPC Peering Guide: both VPCs must be enabled for DNS hostnames and DNS resolution; EC2's
/// error codes, `InvalidVpcPeeringConnectionState.DnsHostnamesDisabled`.
#[test]
fn dns_resolution_needs_both_vpcs_to_have_support_and_names() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    for (who, vpc) in [(OURS, &ours), (THEIRS, &theirs)] {
        for attribute in ["EnableDnsHostnames", "EnableDnsSupport"] {
            let attribute = format!("{attribute}.Value");
            let modify = |value: &str| {
                let parameters = [("VpcId", vpc.as_str()), (attribute.as_str(), value)];
                cloud.call(who, "ModifyVpcAttribute", &parameters).ok()
            };
            modify("false");
            let refused = set(&cloud, OURS, &id, REQUESTER, DNS, "true").code();
            assert_eq!(refused, "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled");
            modify("true");
        }
    }
    set(&cloud, OURS, &id, REQUESTER, DNS, "true").ok();
}

/// Amazon VPC Peering Guide: between Regions each side is set in its own; hashicorp/
/// terraform-provider-aws#6730 for the options of `ClassicLink`.
#[test]
fn between_regions_each_side_is_set_in_its_own() {
    let cloud = Cloud::new();
    let (one, other) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(OURS_WEST, "10.9.0.0/21"));
    let id = cloud.active((OURS, &one), (OURS_WEST, &other));
    assert_eq!(set(&cloud, OURS, &id, ACCEPTER, DNS, "true").code(), "OperationNotPermitted");
    set(&cloud, OURS_WEST, &id, ACCEPTER, DNS, "true").ok();
    assert_eq!(options(&cloud, OURS, &id), ["false", "true"]);
    let words = format!(
        "Modifying VPC peering connection options {CLASSIC} is not supported for cross-region VPC \
         peering connections"
    );
    let classic = set(&cloud, OURS, &id, REQUESTER, CLASSIC, "false");
    classic.refuses("OperationNotPermitted", &words);
    assert_eq!(
        cloud.describe(OURS, &id).all("allowEgressFromLocalVpcToRemoteClassicLink").len(),
        0
    );
}

/// EC2-Classic is retired: its options can be said to be off, and not turned on.
#[test]
fn options_that_nobody_knows_are_refused() {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    set(&cloud, OURS, &id, REQUESTER, CLASSIC, "false").ok();
    assert_eq!(set(&cloud, OURS, &id, REQUESTER, CLASSIC, "true").code(), "UnsupportedOperation");
    assert_eq!(set(&cloud, OURS, &id, REQUESTER, "AllowAll", "true").code(), "UnknownParameter");
    assert_eq!(set(&cloud, OURS, &id, REQUESTER, DNS, "yes").code(), "InvalidParameterValue");
    let nothing = cloud.on(OURS, "ModifyVpcPeeringConnectionOptions", &id);
    assert_eq!(nothing.code(), "MissingParameter");
    let stranger = set(&cloud, THEIRS_WEST, &id, ACCEPTER, DNS, "true");
    assert_eq!(stranger.code(), "InvalidVpcPeeringConnectionID.NotFound");
}

fn set(cloud: &Cloud, who: Who, id: &str, side: &str, option: &str, value: &str) -> Answer {
    let name = format!("{side}.{option}");
    let parameters = [("VpcPeeringConnectionId", id), (name.as_str(), value)];
    cloud.call(who, "ModifyVpcPeeringConnectionOptions", &parameters)
}

/// Of the requester and of the accepter.
fn options(cloud: &Cloud, who: Who, id: &str) -> Vec<String> {
    cloud.describe(who, id).ok().all("allowDnsResolutionFromRemoteVpc")
}
