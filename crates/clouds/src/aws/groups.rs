//! What comes with every VPC: its default security group and its default network ACL, as clients
//! read them around a VPC. Neither can be changed here. Source: Amazon VPC User Guide, "Default
//! security groups", "Default network ACL".

use super::caller::partition;
use super::filters::Filters;
use super::ids::derived;
use super::listing::{self, ACL, GROUP, PAGE_MAX};
use super::refusal::Refusal;
use super::tags;
use super::turn::{Outcome, Turn};
use super::vpcs::Vpc;
use super::xml::Xml;

const GROUP_NAME: &str = "default";
const GROUP_WORDS: &str = "default VPC security group";

const GROUP_FILTERS: &[&str] = &["description", "group-id", "group-name", "owner-id", "vpc-id"];

/// Every VPC of the caller, by the id of a default object of it.
fn own(turn: &Turn<'_>, pick: fn(&Vpc) -> &str) -> Vec<(String, String)> {
    let vpcs = turn.world.tables.vpcs.iter();
    let own = vpcs.filter(|(_, vpc)| turn.owns(&vpc.account, &vpc.region));
    let mut own: Vec<_> = own.map(|(id, vpc)| (pick(vpc).to_owned(), id.clone())).collect();
    own.sort();
    own
}

fn vpc_of<'a>(own: &'a [(String, String)], id: &str) -> &'a str {
    let found = own.iter().find(|(object, _)| object == id);
    found.map(|(_, vpc)| vpc.as_str()).unwrap_or_default()
}

/// `DescribeSecurityGroups`.
pub(super) fn describe_groups(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, GROUP_FILTERS)?;
    let own = own(turn, |vpc| &vpc.group);
    let names = turn.input.list("GroupName")?;
    if let Some(other) = names.iter().find(|name| **name != GROUP_NAME) {
        let words = format!("The security group '{other}' does not exist");
        return Err(Refusal::new("InvalidGroup.NotFound", words));
    }
    let visible = own.iter().map(|(id, _)| id.clone()).collect();
    let found = listing::find(turn, &GROUP, visible, |turn, id| {
        filters.admit(&turn.tags_of(id), |name| {
            vec![match name {
                "description" => GROUP_WORDS.to_owned(),
                "group-id" => id.to_owned(),
                "group-name" => GROUP_NAME.to_owned(),
                "owner-id" => turn.caller.account.clone(),
                _ => vpc_of(&own, id).to_owned(),
            }]
        })
    })?;
    let mut xml = Xml::default();
    let (account, region) = (&turn.caller.account, &turn.caller.region);
    xml.items("securityGroupInfo", &found.ids, |xml, id| {
        let arn = format!("arn:{}:ec2:{region}:{account}:security-group/{id}", partition(region));
        xml.text("ownerId", account).text("groupId", id).text("groupName", GROUP_NAME);
        xml.text("groupDescription", GROUP_WORDS).text("vpcId", vpc_of(&own, id));
        xml.text("securityGroupArn", arn);
        // Members of the group reach each other, and everything outside.
        xml.items("ipPermissions", [()], |xml, ()| {
            xml.text("ipProtocol", "-1").items("groups", [()], |xml, ()| {
                xml.text("userId", account).text("groupId", id);
            });
            for name in ["ipRanges", "ipv6Ranges", "prefixListIds"] {
                xml.block(name, |_| ());
            }
        });
        xml.items("ipPermissionsEgress", [()], |xml, ()| {
            xml.text("ipProtocol", "-1").block("groups", |_| ());
            xml.items("ipRanges", ["0.0.0.0/0"], |xml, block| {
                xml.text("cidrIp", block);
            });
            xml.block("ipv6Ranges", |_| ()).block("prefixListIds", |_| ());
        });
        tags::write(xml, &turn.tags_of(id));
    });
    found.end(&mut xml);
    Ok(xml)
}

const ACL_FILTERS: &[&str] = &[
    "association.association-id",
    "association.network-acl-id",
    "association.subnet-id",
    "default",
    "network-acl-id",
    "owner-id",
    "vpc-id",
];

/// `DescribeNetworkAcls`.
pub(super) fn describe_acls(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, ACL_FILTERS)?;
    let own = own(turn, |vpc| &vpc.acl);
    let visible = own.iter().map(|(id, _)| id.clone()).collect();
    let found = listing::find(turn, &ACL, visible, |turn, id| {
        filters.admit(&turn.tags_of(id), |name| match name {
            "association.association-id" => {
                subnets(turn, vpc_of(&own, id)).iter().map(|it| association(it)).collect()
            }
            "association.network-acl-id" if subnets(turn, vpc_of(&own, id)).is_empty() => {
                Vec::new()
            }
            "association.subnet-id" => subnets(turn, vpc_of(&own, id)),
            "default" => vec!["true".to_owned()],
            "owner-id" => vec![turn.caller.account.clone()],
            "vpc-id" => vec![vpc_of(&own, id).to_owned()],
            _ => vec![id.to_owned()],
        })
    })?;
    let mut xml = Xml::default();
    xml.items("networkAclSet", &found.ids, |xml, id| {
        let vpc = vpc_of(&own, id);
        xml.text("networkAclId", id).text("vpcId", vpc);
        xml.text("ownerId", &turn.caller.account).text("default", true);
        let rules = [
            (100, "allow", true),
            (100, "allow", false),
            (32767, "deny", true),
            (32767, "deny", false),
        ];
        xml.items("entrySet", rules, |xml, (number, action, egress)| {
            xml.text("ruleNumber", number).text("protocol", "-1").text("ruleAction", action);
            xml.text("egress", egress).text("cidrBlock", "0.0.0.0/0");
        });
        xml.items("associationSet", subnets(turn, vpc), |xml, subnet| {
            xml.text("networkAclAssociationId", association(&subnet));
            xml.text("networkAclId", id).text("subnetId", &subnet);
        });
        tags::write(xml, &turn.tags_of(id));
    });
    found.end(&mut xml);
    Ok(xml)
}

/// All subnets of a VPC use its default ACL.
fn subnets(turn: &Turn<'_>, vpc: &str) -> Vec<String> {
    let own = turn.world.tables.subnets.iter().filter(|(_, subnet)| subnet.vpc == vpc);
    own.map(|(id, _)| id.clone()).collect()
}

fn association(subnet: &str) -> String {
    derived("aclassoc", subnet)
}

const INTERFACE_FILTERS: &[&str] = &[
    "attachment.instance-owner-id",
    "attachment.status",
    "description",
    "group-id",
    "interface-type",
    "network-interface-id",
    "owner-id",
    "requester-id",
    "requester-managed",
    "status",
    "subnet-id",
    "vpc-id",
];

/// `DescribeNetworkInterfaces`: nothing runs in this world, so there are none.
pub(super) fn describe_interfaces(turn: &mut Turn<'_>) -> Outcome {
    Filters::read(turn.input, INTERFACE_FILTERS)?;
    if let Some(id) = turn.input.list("NetworkInterfaceId")?.first() {
        let words = format!("The networkInterface ID '{id}' does not exist");
        return Err(Refusal::new("InvalidNetworkInterfaceID.NotFound", words));
    }
    let found = listing::page(turn, Vec::new(), PAGE_MAX)?;
    let mut xml = Xml::default();
    xml.block("networkInterfaceSet", |_| ());
    found.end(&mut xml);
    Ok(xml)
}
