//! Subnets. Sources: EC2 API Reference (`CreateSubnet`), Amazon VPC User Guide ("Subnet sizing").

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::blocks::{self, overlap};
use super::caller::partition;
use super::filters::Filters;
use super::listing::{self, SUBNET, VPC};
use super::refusal::{Refusal, invalid};
use super::turn::{Outcome, Turn};
use super::xml::Xml;
use super::{tags, zones};

/// The most subnets of a VPC (Amazon VPC quotas).
const SUBNETS_MAX: usize = 200;

/// The addresses of a subnet that AWS keeps: the first four and the last (Amazon VPC User Guide,
/// "Subnet sizing").
const RESERVED: u64 = 5;

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subnet {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) vpc: String,
    #[serde(with = "blocks::text")]
    pub(super) block: Ipv4Net,
    zone: String,
}

impl Subnet {
    fn available(&self) -> u64 {
        (1 << (32 - u64::from(self.block.prefix_len()))) - RESERVED
    }
}

/// `CreateSubnet`.
pub(super) fn create(turn: &mut Turn<'_>) -> Outcome {
    let vpc_id = VPC.need(turn)?;
    let text = turn.input.need("CidrBlock")?;
    let block = blocks::read("CidrBlock", text)?;
    let vpc = turn.vpc(vpc_id).ok_or_else(|| VPC.not_found(vpc_id))?;
    let is_inside = vpc.blocks.iter().any(|own| own.block.contains(&block));
    if !blocks::fits(block) || !is_inside {
        return Err(Refusal::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let siblings = turn.world.tables.subnets.values().filter(|it| it.vpc == vpc_id);
    let siblings: Vec<Ipv4Net> = siblings.map(|it| it.block).collect();
    if siblings.iter().any(|other| overlap(*other, block)) {
        let words = format!("The CIDR '{text}' conflicts with another subnet");
        return Err(Refusal::new("InvalidSubnet.Conflict", words));
    }
    if siblings.len() >= SUBNETS_MAX {
        let words = "The maximum number of subnets has been reached.";
        return Err(Refusal::new("SubnetLimitExceeded", words));
    }
    let zone = zone(turn)?;
    let id = turn.world.tables.ids.resource("subnet");
    let (account, region) = (turn.caller.account.clone(), turn.caller.region.clone());
    let subnet = Subnet { account, region, vpc: vpc_id.to_owned(), block, zone };
    turn.world.tables.subnets.insert(id.clone(), subnet);
    turn.world.hide_made(&id);
    tags::put_specified(turn, &id);
    let mut xml = Xml::default();
    xml.block("subnet", |xml| write(turn, xml, &id));
    Ok(xml)
}

/// The zone that was asked for by its name or its id, else the region's first.
fn zone(turn: &Turn<'_>) -> Result<String, Refusal> {
    let zones = zones::of(&turn.caller.region);
    let names = || zones.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>().join(", ");
    let why = || {
        format!(
            "Subnets can currently only be created in the following availability zones: {}.",
            names()
        )
    };
    let (name, id) = (turn.input.get("AvailabilityZone"), turn.input.get("AvailabilityZoneId"));
    let found = match (name, id) {
        (None, None) => zones.first().ok_or(("AvailabilityZone", "")),
        (Some(name), _) => {
            zones.iter().find(|zone| zone.name == name).ok_or(("AvailabilityZone", name))
        }
        (None, Some(id)) => {
            zones.iter().find(|zone| zone.id == id).ok_or(("AvailabilityZoneId", id))
        }
    };
    match found {
        Ok(zone) => Ok(zone.name.clone()),
        Err((parameter, value)) => Err(invalid(parameter, value, &why())),
    }
}

const FILTERS: &[&str] = &[
    "availability-zone",
    "availabilityZone",
    "availability-zone-id",
    "availabilityZoneId",
    "available-ip-address-count",
    "cidr",
    "cidr-block",
    "cidrBlock",
    "customer-owned-ipv4-pool",
    "default-for-az",
    "defaultForAz",
    "enable-dns64",
    "enable-lni-at-device-index",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.state",
    "ipv6-native",
    "map-customer-owned-ip-on-launch",
    "map-public-ip-on-launch",
    "outpost-arn",
    "owner-id",
    "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
    "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
    "private-dns-name-options-on-launch.hostname-type",
    "state",
    "subnet-arn",
    "subnet-id",
    "vpc-id",
];

/// `DescribeSubnets`.
pub(super) fn describe(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, FILTERS)?;
    let own = turn.world.tables.subnets.iter().filter(|(_, it)| turn.owns(&it.account, &it.region));
    let visible = own.map(|(id, _)| id.clone()).collect();
    let found = listing::find(turn, &SUBNET, visible, |turn, id| {
        let values = |name: &str| match turn.world.tables.subnets.get(id) {
            Some(subnet) => values(subnet, id, name),
            None => Vec::new(),
        };
        filters.admit(&turn.tags_of(id), values)
    })?;
    let mut xml = Xml::default();
    xml.items("subnetSet", &found.ids, |xml, id| write(turn, xml, id));
    found.end(&mut xml);
    Ok(xml)
}

fn values(subnet: &Subnet, id: &str, name: &str) -> Vec<String> {
    vec![match name {
        "availability-zone" | "availabilityZone" => subnet.zone.clone(),
        "availability-zone-id" | "availabilityZoneId" => zones::id_of(&subnet.zone),
        "available-ip-address-count" => subnet.available().to_string(),
        "cidr" | "cidr-block" | "cidrBlock" => subnet.block.to_string(),
        "default-for-az"
        | "defaultForAz"
        | "enable-dns64"
        | "ipv6-native"
        | "map-customer-owned-ip-on-launch"
        | "map-public-ip-on-launch"
        | "private-dns-name-options-on-launch.enable-resource-name-dns-a-record"
        | "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record" => {
            "false".to_owned()
        }
        "owner-id" => subnet.account.clone(),
        "private-dns-name-options-on-launch.hostname-type" => "ip-name".to_owned(),
        "state" => "available".to_owned(),
        "subnet-arn" => arn(subnet, id),
        "subnet-id" => id.to_owned(),
        "vpc-id" => subnet.vpc.clone(),
        // The others are of what there is none of here.
        _ => return Vec::new(),
    }]
}

fn arn(subnet: &Subnet, id: &str) -> String {
    let (region, account) = (&subnet.region, &subnet.account);
    format!("arn:{}:ec2:{region}:{account}:subnet/{id}", partition(region))
}

fn write(turn: &Turn<'_>, xml: &mut Xml, id: &str) {
    let Some(subnet) = turn.world.tables.subnets.get(id) else { return };
    xml.text("subnetId", id).text("subnetArn", arn(subnet, id)).text("state", "available");
    xml.text("ownerId", &subnet.account).text("vpcId", &subnet.vpc);
    xml.text("cidrBlock", subnet.block).block("ipv6CidrBlockAssociationSet", |_| ());
    xml.text("availableIpAddressCount", subnet.available());
    xml.text("availabilityZone", &subnet.zone);
    xml.text("availabilityZoneId", zones::id_of(&subnet.zone));
    xml.text("defaultForAz", false).text("mapPublicIpOnLaunch", false);
    xml.text("mapCustomerOwnedIpOnLaunch", false).text("assignIpv6AddressOnCreation", false);
    xml.text("enableDns64", false).text("ipv6Native", false);
    xml.block("privateDnsNameOptionsOnLaunch", |xml| {
        xml.text("hostnameType", "ip-name").text("enableResourceNameDnsARecord", false);
        xml.text("enableResourceNameDnsAAAARecord", false);
    });
    tags::write(xml, &turn.tags_of(id));
}

/// `DeleteSubnet`: what it was associated with lets it go.
pub(super) fn delete(turn: &mut Turn<'_>) -> Outcome {
    let id = SUBNET.need(turn)?;
    let found = turn.world.tables.subnets.get(id);
    found.filter(|it| turn.owns(&it.account, &it.region)).ok_or_else(|| SUBNET.not_found(id))?;
    let tables = &mut turn.world.tables;
    tables.subnets.remove(id);
    for table in tables.route_tables.values_mut() {
        table.associations.retain(|_, subnet| subnet != id);
    }
    tables.tags.remove(&turn.caller.key(id));
    turn.world.unhide(id);
    Ok(Xml::done())
}
