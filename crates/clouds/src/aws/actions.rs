//! Every action of EC2 that there is here, and which parameters it takes. What it does not take is
//! refused: a parameter that is ignored would be a promise that nobody keeps.

use super::caller::{Caller, partition};
use super::parameters::Parameters;
use super::refusal::{Refusal, invalid};
use super::turn::{Outcome, Turn};
use super::{account, connections, groups, routes, subnets, tables, tags, vpcs, zones};

/// The forms of parameters, `N` for a number: `Filter.N.Name`.
pub(super) type Forms = &'static [&'static [&'static str]];

/// An action.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) name: &'static str,
    pub(super) effect: Effect,
    /// What it works on: the kind as ARNs and tags name it, and the parameter with its id.
    pub(super) on: Option<On>,
    takes: Forms,
    /// Parameters that can have this one value, which asks for nothing.
    only: &'static [(&'static str, &'static str)],
    pub(super) run: fn(&mut Turn<'_>) -> Outcome,
}

/// What an action works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct On {
    pub(super) kind: &'static str,
    /// Empty for what is to be made.
    parameter: &'static str,
}

/// Whether an action changes the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    Changes,
}

/// Parameters of the protocol itself, in the header or in the query of a presigned request.
const COMMON: [&str; 9] = [
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// The action of that name.
pub(super) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

impl Action {
    pub(super) fn check_parameters(&self, input: &Parameters) -> Result<(), Refusal> {
        for name in input.names() {
            if name == "DryRun" || is_taken(self.takes, name) {
                continue;
            }
            let Some((_, only)) = self.only.iter().find(|(known, _)| *known == name) else {
                return Err(unknown_parameter(name));
            };
            if let Some(value) = input.get(name)
                && value != *only
            {
                let why = format!("The emulated EC2 has nothing but `{only}`.");
                return Err(invalid(name, value, &why));
            }
        }
        Ok(())
    }

    /// The ARN of what it works on.
    pub(super) fn resource(&self, input: &Parameters, caller: &Caller) -> Option<String> {
        let On { kind, parameter } = self.on?;
        let id = input.get(parameter).unwrap_or("*");
        let (region, account) = (&caller.region, &caller.account);
        Some(format!("arn:{}:ec2:{region}:{account}:{kind}/{id}", partition(region)))
    }
}

/// Whether a parameter has one of those forms, or is the protocol's own.
pub(super) fn is_taken(takes: Forms, name: &str) -> bool {
    let mut forms = takes.iter().copied().flatten();
    COMMON.contains(&name) || forms.any(|form| fits(form, name))
}

pub(super) fn unknown_parameter(name: &str) -> Refusal {
    Refusal::new("UnknownParameter", format!("The parameter {name} is not recognized"))
}

/// Whether a parameter has that form: `N` stands for a number.
fn fits(pattern: &str, name: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (mut forms, mut parts) = (pattern.split('.'), name.split('.'));
    loop {
        match (forms.next(), parts.next()) {
            (None, None) => return true,
            (Some("N"), Some(part)) if number(part) => {}
            (Some(form), Some(part)) if form == part => {}
            _ => return false,
        }
    }
}

const fn reads(name: &'static str, takes: Forms, run: fn(&mut Turn<'_>) -> Outcome) -> Action {
    Action { name, effect: Effect::Reads, on: None, takes, only: &[], run }
}

const fn changes(
    name: &'static str,
    (kind, parameter): (&'static str, &'static str),
    takes: Forms,
    run: fn(&mut Turn<'_>) -> Outcome,
) -> Action {
    let on = Some(On { kind, parameter });
    Action { name, effect: Effect::Changes, on, takes, only: &[], run }
}

const fn only(action: Action, only: &'static [(&'static str, &'static str)]) -> Action {
    Action { only, ..action }
}

const VPC: (&str, &str) = ("vpc", "VpcId");
const TABLE: (&str, &str) = ("route-table", "RouteTableId");
const CONNECTION: (&str, &str) = ("vpc-peering-connection", "VpcPeeringConnectionId");

const FILTER: &[&str] = &["Filter.N.Name", "Filter.N.Value.N"];
const PAGE: &[&str] = &["MaxResults", "NextToken"];
const SPECIFIED: &[&str] = &[
    "TagSpecification.N.ResourceType",
    "TagSpecification.N.Tag.N.Key",
    "TagSpecification.N.Tag.N.Value",
];
const TAG: &[&str] = &["ResourceId.N", "Tag.N.Key", "Tag.N.Value"];
const PEERING: &[&str] = &["VpcPeeringConnectionId"];
const OPTIONS: &[&str] = &[
    "VpcPeeringConnectionId",
    "RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc",
    "RequesterPeeringConnectionOptions.AllowEgressFromLocalClassicLinkToRemoteVpc",
    "RequesterPeeringConnectionOptions.AllowEgressFromLocalVpcToRemoteClassicLink",
    "AccepterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc",
    "AccepterPeeringConnectionOptions.AllowEgressFromLocalClassicLinkToRemoteVpc",
    "AccepterPeeringConnectionOptions.AllowEgressFromLocalVpcToRemoteClassicLink",
];
const ATTRIBUTES: &[&str] = &[
    "VpcId",
    "EnableDnsHostnames.Value",
    "EnableDnsSupport.Value",
    "EnableNetworkAddressUsageMetrics.Value",
];

/// The targets that a route can name; only connections exist here.
const TARGETS: &[&str] = &[
    "RouteTableId",
    "DestinationCidrBlock",
    "VpcPeeringConnectionId",
    "GatewayId",
    "NatGatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "TransitGatewayId",
    "EgressOnlyInternetGatewayId",
    "VpcEndpointId",
];

const ACTIONS: &[Action] = &[
    only(
        changes("CreateVpc", ("vpc", ""), &[&["CidrBlock"], SPECIFIED], vpcs::create),
        &[("InstanceTenancy", "default"), ("AmazonProvidedIpv6CidrBlock", "false")],
    ),
    reads("DescribeVpcs", &[&["VpcId.N"], FILTER, PAGE], vpcs::describe),
    changes("DeleteVpc", VPC, &[&["VpcId"]], vpcs::delete),
    reads("DescribeVpcAttribute", &[&["VpcId", "Attribute"]], vpcs::describe_attribute),
    changes("ModifyVpcAttribute", VPC, &[ATTRIBUTES], vpcs::modify_attribute),
    only(
        changes("AssociateVpcCidrBlock", VPC, &[&["VpcId", "CidrBlock"]], vpcs::associate_block),
        &[("AmazonProvidedIpv6CidrBlock", "false")],
    ),
    changes(
        "DisassociateVpcCidrBlock",
        ("vpc", ""),
        &[&["AssociationId"]],
        vpcs::disassociate_block,
    ),
    only(
        changes(
            "CreateSubnet",
            ("subnet", ""),
            &[&["VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId"], SPECIFIED],
            subnets::create,
        ),
        &[("Ipv6Native", "false")],
    ),
    reads("DescribeSubnets", &[&["SubnetId.N"], FILTER, PAGE], subnets::describe),
    changes("DeleteSubnet", ("subnet", "SubnetId"), &[&["SubnetId"]], subnets::delete),
    reads(
        "DescribeAvailabilityZones",
        &[&["ZoneName.N", "ZoneId.N", "AllAvailabilityZones"], FILTER],
        zones::describe_zones,
    ),
    reads("DescribeRegions", &[&["RegionName.N", "AllRegions"], FILTER], zones::describe_regions),
    changes(
        "CreateRouteTable",
        ("route-table", ""),
        &[&["VpcId", "ClientToken"], SPECIFIED],
        tables::create,
    ),
    reads("DescribeRouteTables", &[&["RouteTableId.N"], FILTER, PAGE], tables::describe),
    changes("DeleteRouteTable", TABLE, &[&["RouteTableId"]], tables::delete),
    changes("AssociateRouteTable", TABLE, &[&["RouteTableId", "SubnetId"]], tables::associate),
    changes(
        "DisassociateRouteTable",
        ("route-table", ""),
        &[&["AssociationId"]],
        tables::disassociate,
    ),
    changes(
        "ReplaceRouteTableAssociation",
        TABLE,
        &[&["AssociationId", "RouteTableId"]],
        tables::replace_association,
    ),
    changes("CreateRoute", TABLE, &[TARGETS], routes::create),
    changes("ReplaceRoute", TABLE, &[TARGETS, &["LocalTarget"]], routes::replace),
    changes("DeleteRoute", TABLE, &[&["RouteTableId", "DestinationCidrBlock"]], routes::delete),
    changes(
        "CreateVpcPeeringConnection",
        ("vpc-peering-connection", ""),
        &[&["VpcId", "PeerVpcId", "PeerOwnerId", "PeerRegion"], SPECIFIED],
        connections::request::create,
    ),
    changes("AcceptVpcPeeringConnection", CONNECTION, &[PEERING], connections::decide::accept),
    changes("RejectVpcPeeringConnection", CONNECTION, &[PEERING], connections::decide::reject),
    changes("DeleteVpcPeeringConnection", CONNECTION, &[PEERING], connections::decide::delete),
    reads(
        "DescribeVpcPeeringConnections",
        &[&["VpcPeeringConnectionId.N"], FILTER, PAGE],
        connections::shown::describe,
    ),
    changes(
        "ModifyVpcPeeringConnectionOptions",
        CONNECTION,
        &[OPTIONS],
        connections::options::modify,
    ),
    changes("CreateTags", ("*", ""), &[TAG], tags::create),
    changes("DeleteTags", ("*", ""), &[TAG], tags::delete),
    reads("DescribeTags", &[FILTER, PAGE], tags::describe),
    reads(
        "DescribeSecurityGroups",
        &[&["GroupId.N", "GroupName.N"], FILTER, PAGE],
        groups::describe_groups,
    ),
    reads("DescribeNetworkAcls", &[&["NetworkAclId.N"], FILTER, PAGE], groups::describe_acls),
    reads(
        "DescribeNetworkInterfaces",
        &[&["NetworkInterfaceId.N"], FILTER, PAGE],
        groups::describe_interfaces,
    ),
    reads("DescribeAccountAttributes", &[&["AttributeName.N"]], account::describe_attributes),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_takes_nothing_that_it_does_not_know() {
        let action = find("CreateVpc").unwrap();
        let check = |form: &str| action.check_parameters(&Parameters::parse([form]));
        assert_eq!(check("Action=CreateVpc&CidrBlock=10.0.0.0/16&DryRun=true"), Ok(()));
        assert_eq!(check("InstanceTenancy=default&TagSpecification.1.Tag.1.Key=a"), Ok(()));
        for odd in ["Cidr=10.0.0.0/16", "CidrBlock.1=x", "TagSpecification.a.Tag.1.Key=b"] {
            assert_eq!(check(odd).unwrap_err().code, "UnknownParameter", "{odd}");
        }
        let refusal = check("InstanceTenancy=dedicated").unwrap_err();
        assert_eq!(refusal.code, "InvalidParameterValue");
    }

    #[test]
    fn no_action_is_there_twice() {
        for (at, action) in ACTIONS.iter().enumerate() {
            assert!(ACTIONS[at + 1..].iter().all(|other| other.name != action.name));
        }
    }
}
