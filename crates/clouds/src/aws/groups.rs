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

const GROUP_FILTERS: &[&str] = &[
    "description",
    "egress.ip-permission.cidr",
    "egress.ip-permission.from-port",
    "egress.ip-permission.group-id",
    "egress.ip-permission.group-name",
    "egress.ip-permission.ipv6-cidr",
    "egress.ip-permission.prefix-list-id",
    "egress.ip-permission.protocol",
    "egress.ip-permission.to-port",
    "egress.ip-permission.user-id",
    "group-id",
    "group-name",
    "ip-permission.cidr",
    "ip-permission.from-port",
    "ip-permission.group-id",
    "ip-permission.group-name",
    "ip-permission.ipv6-cidr",
    "ip-permission.prefix-list-id",
    "ip-permission.protocol",
    "ip-permission.to-port",
    "ip-permission.user-id",
    "owner-id",
    "vpc-id",
];

/// Every protocol, and every address, in the rules of groups and ACLs.
const ANY_PROTOCOL: &str = "-1";
const ANYWHERE: &str = "0.0.0.0/0";

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
        let vpc = vpc_of(&own, id);
        filters.admit(&turn.tags_of(id), |name| group_values(&turn.caller.account, vpc, id, name))
    })?;
    let mut xml = Xml::default();
    xml.items("securityGroupInfo", &found.ids, |xml, id| {
        write_group(turn, xml, vpc_of(&own, id), id);
    });
    found.end(&mut xml);
    Ok(xml)
}

fn group_values(account: &str, vpc: &str, id: &str, name: &str) -> Vec<String> {
    let value = match name {
        "description" => GROUP_WORDS,
        "egress.ip-permission.cidr" => ANYWHERE,
        "egress.ip-permission.protocol" | "ip-permission.protocol" => ANY_PROTOCOL,
        "group-id" | "ip-permission.group-id" => id,
        "group-name" | "ip-permission.group-name" => GROUP_NAME,
        "owner-id" | "ip-permission.user-id" => account,
        "vpc-id" => vpc,
        // The others are of rules that a default group does not have.
        _ => return Vec::new(),
    };
    vec![value.to_owned()]
}

fn write_group(turn: &Turn<'_>, xml: &mut Xml, vpc: &str, id: &str) {
    let (account, region) = (&turn.caller.account, &turn.caller.region);
    let arn = format!("arn:{}:ec2:{region}:{account}:security-group/{id}", partition(region));
    xml.text("ownerId", account).text("groupId", id).text("groupName", GROUP_NAME);
    xml.text("groupDescription", GROUP_WORDS).text("vpcId", vpc).text("securityGroupArn", arn);
    // Members of the group reach each other, and everything outside.
    xml.items("ipPermissions", [()], |xml, ()| {
        xml.text("ipProtocol", ANY_PROTOCOL).items("groups", [()], |xml, ()| {
            xml.text("userId", account).text("groupId", id);
        });
        for name in ["ipRanges", "ipv6Ranges", "prefixListIds"] {
            xml.block(name, |_| ());
        }
    });
    xml.items("ipPermissionsEgress", [()], |xml, ()| {
        xml.text("ipProtocol", ANY_PROTOCOL).block("groups", |_| ());
        xml.items("ipRanges", [ANYWHERE], |xml, block| {
            xml.text("cidrIp", block);
        });
        xml.block("ipv6Ranges", |_| ()).block("prefixListIds", |_| ());
    });
    tags::write(xml, &turn.tags_of(id));
}

const ACL_FILTERS: &[&str] = &[
    "association.association-id",
    "association.network-acl-id",
    "association.subnet-id",
    "default",
    "entry.cidr",
    "entry.egress",
    "entry.icmp.code",
    "entry.icmp.type",
    "entry.ipv6-cidr",
    "entry.port-range.from",
    "entry.port-range.to",
    "entry.protocol",
    "entry.rule-action",
    "entry.rule-number",
    "network-acl-id",
    "owner-id",
    "vpc-id",
];

/// Numbers and actions of a default ACL's rules, which it has for both directions.
const ACL_RULES: [(u16, &str); 2] = [(100, "allow"), (32767, "deny")];

/// `DescribeNetworkAcls`.
pub(super) fn describe_acls(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, ACL_FILTERS)?;
    let own = own(turn, |vpc| &vpc.acl);
    let visible = own.iter().map(|(id, _)| id.clone()).collect();
    let found = listing::find(turn, &ACL, visible, |turn, id| {
        let vpc = vpc_of(&own, id);
        filters.admit(&turn.tags_of(id), |name| acl_values(turn, vpc, id, name))
    })?;
    let mut xml = Xml::default();
    xml.items("networkAclSet", &found.ids, |xml, id| {
        write_acl(turn, xml, vpc_of(&own, id), id);
    });
    found.end(&mut xml);
    Ok(xml)
}

fn acl_values(turn: &Turn<'_>, vpc: &str, id: &str, name: &str) -> Vec<String> {
    let subnets = || subnets(turn, vpc);
    match name {
        "association.association-id" => subnets().iter().map(|it| association(it)).collect(),
        "association.network-acl-id" if subnets().is_empty() => Vec::new(),
        "association.network-acl-id" | "network-acl-id" => vec![id.to_owned()],
        "association.subnet-id" => subnets(),
        "default" => vec!["true".to_owned()],
        "entry.cidr" => vec![ANYWHERE.to_owned()],
        "entry.egress" => Vec::from(["true", "false"].map(str::to_owned)),
        "entry.protocol" => vec![ANY_PROTOCOL.to_owned()],
        "entry.rule-action" => Vec::from(ACL_RULES.map(|(_, action)| action.to_owned())),
        "entry.rule-number" => Vec::from(ACL_RULES.map(|(number, _)| number.to_string())),
        "owner-id" => vec![turn.caller.account.clone()],
        "vpc-id" => vec![vpc.to_owned()],
        // The others are of rules that a default ACL does not have.
        _ => Vec::new(),
    }
}

fn write_acl(turn: &Turn<'_>, xml: &mut Xml, vpc: &str, id: &str) {
    xml.text("networkAclId", id).text("vpcId", vpc);
    xml.text("ownerId", &turn.caller.account).text("default", true);
    let rules = ACL_RULES
        .into_iter()
        .flat_map(|(number, action)| [(number, action, true), (number, action, false)]);
    xml.items("entrySet", rules, |xml, (number, action, egress)| {
        xml.text("ruleNumber", number).text("protocol", ANY_PROTOCOL).text("ruleAction", action);
        xml.text("egress", egress).text("cidrBlock", ANYWHERE);
    });
    xml.items("associationSet", subnets(turn, vpc), |xml, subnet| {
        xml.text("networkAclAssociationId", association(&subnet));
        xml.text("networkAclId", id).text("subnetId", &subnet);
    });
    tags::write(xml, &turn.tags_of(id));
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
    "attachment.instance-owner-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "description",
    "group-id",
    "interface-type",
    "ipv6-addresses.ipv6-address",
    "mac-address",
    "network-interface-id",
    "operator.managed",
    "operator.principal",
    "owner-id",
    "private-dns-name",
    "private-ip-address",
    "requester-id",
    "requester-managed",
    "source-dest-check",
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
