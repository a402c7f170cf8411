//! VPCs: making, describing and removing them. Sources: EC2 API Reference (`CreateVpc`,
//! `DeleteVpc`), Amazon VPC User Guide ("VPC CIDR blocks").

mod attributes;
mod ranges;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::connections::{self, State};
use super::filters::Filters;
use super::ids::derived;
use super::listing::{self, VPC};
use super::refusal::{Refusal, depended_on};
use super::turn::{Outcome, Turn};
use super::world::World;
use super::xml::Xml;
use super::{blocks, tables, tags};

pub(super) use attributes::{describe_attribute, modify_attribute};
pub(super) use ranges::{associate_block, disassociate_block};

/// The most VPCs of the whole world. Above it EC2's `VpcLimitExceeded` is answered; EC2's own quota
/// of five in a region can be raised and is not kept here.
const VPCS_MAX: usize = 50_000;

/// A VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vpc {
    pub(super) account: String,
    pub(super) region: String,
    /// The first is the primary one.
    pub(super) blocks: Vec<VpcBlock>,
    pub(super) dns_support: bool,
    pub(super) dns_hostnames: bool,
    usage_metrics: bool,
    /// The default security group.
    pub(super) group: String,
    /// The default network ACL.
    pub(super) acl: String,
    /// When it becomes available; `None` once it is.
    pub(super) due: Option<i64>,
}

/// A block of a VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct VpcBlock {
    pub(super) association: String,
    #[serde(with = "blocks::text")]
    pub(super) block: Ipv4Net,
}

impl Vpc {
    fn state(&self) -> &'static str {
        if self.due.is_some() { "pending" } else { "available" }
    }

    /// Whether names of instances resolve to private addresses over a peering.
    pub(super) fn has_dns(&self) -> bool {
        self.dns_support && self.dns_hostnames
    }
}

/// `CreateVpc`.
pub(super) fn create(turn: &mut Turn<'_>) -> Outcome {
    let text = turn.input.need("CidrBlock")?;
    let block = blocks::read("CidrBlock", text)?;
    if !blocks::fits(block) || blocks::is_reserved(block) {
        return Err(Refusal::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
    }
    if turn.world.tables.vpcs.len() >= VPCS_MAX {
        let words = "The maximum number of VPCs has been reached.";
        return Err(Refusal::new("VpcLimitExceeded", words));
    }
    let id = turn.world.tables.ids.resource("vpc");
    let due = turn.now().after(turn.world.pace.network);
    let (account, region) = (turn.caller.account.clone(), turn.caller.region.clone());
    let vpc = Vpc { due: Some(due.as_millis()), ..fresh(turn.world, account, region, block) };
    put(turn.world, &id, vpc);
    turn.world.hide_made(&id);
    tags::put_specified(turn, &id);
    let mut xml = Xml::default();
    xml.block("vpc", |xml| write(turn, xml, &id));
    Ok(xml)
}

/// A VPC with that very id, available and with both DNS attributes; `false`: `block` is none.
pub(super) fn add(world: &mut World, account: &str, region: &str, id: &str, block: &str) -> bool {
    let Ok(block) = block.parse::<Ipv4Net>() else { return false };
    if !world.tables.vpcs.contains_key(id) {
        let vpc = fresh(world, account.to_owned(), region.to_owned(), block.trunc());
        put(world, id, Vpc { dns_hostnames: true, ..vpc });
        world.touch();
    }
    true
}

fn fresh(world: &mut World, account: String, region: String, block: Ipv4Net) -> Vpc {
    let ids = &mut world.tables.ids;
    Vpc {
        account,
        region,
        blocks: vec![VpcBlock { association: ids.resource("vpc-cidr-assoc"), block }],
        // As EC2 makes them (Amazon VPC User Guide, "DNS attributes for your VPC").
        dns_support: true,
        dns_hostnames: false,
        usage_metrics: false,
        group: ids.resource("sg"),
        acl: ids.resource("acl"),
        due: None,
    }
}

/// A VPC, and the main route table that comes with it.
fn put(world: &mut World, id: &str, vpc: Vpc) {
    tables::put_main(world, id, &vpc);
    world.agenda.set(id, vpc.due);
    world.tables.vpcs.insert(id.to_owned(), vpc);
}

/// A VPC's time has come: it is available.
pub(super) fn step(world: &mut World, id: &str) {
    if let Some(vpc) = world.tables.vpcs.get_mut(id) {
        vpc.due = None;
    }
}

const FILTERS: &[&str] = &[
    "cidr",
    "cidr-block-association.association-id",
    "cidr-block-association.cidr-block",
    "cidr-block-association.state",
    "dhcp-options-id",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.ipv6-pool",
    "ipv6-cidr-block-association.state",
    "is-default",
    "isDefault",
    "owner-id",
    "state",
    "vpc-id",
];

/// `DescribeVpcs`.
pub(super) fn describe(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, FILTERS)?;
    let own = turn.world.tables.vpcs.iter().filter(|(_, vpc)| turn.owns(&vpc.account, &vpc.region));
    let visible = own.map(|(id, _)| id.clone()).collect();
    let found = listing::find(turn, &VPC, visible, |turn, id| {
        let values = |name: &str| match turn.vpc(id) {
            Some(vpc) => values(vpc, id, name),
            None => Vec::new(),
        };
        filters.admit(&turn.tags_of(id), values)
    })?;
    let mut xml = Xml::default();
    xml.items("vpcSet", &found.ids, |xml, id| write(turn, xml, id));
    found.end(&mut xml);
    Ok(xml)
}

fn values(vpc: &Vpc, id: &str, name: &str) -> Vec<String> {
    let blocks = vpc.blocks.iter();
    match name {
        "cidr" => blocks.take(1).map(|it| it.block.to_string()).collect(),
        "cidr-block-association.association-id" => {
            blocks.map(|it| it.association.clone()).collect()
        }
        "cidr-block-association.cidr-block" => blocks.map(|it| it.block.to_string()).collect(),
        "cidr-block-association.state" => vec!["associated".to_owned()],
        "dhcp-options-id" => vec![dhcp(vpc)],
        "is-default" | "isDefault" => vec!["false".to_owned()],
        "owner-id" => vec![vpc.account.clone()],
        "state" => vec![vpc.state().to_owned()],
        "vpc-id" => vec![id.to_owned()],
        // The others are of what there is none of here.
        _ => Vec::new(),
    }
}

/// The DHCP options that all VPCs of an account and region share.
fn dhcp(vpc: &Vpc) -> String {
    derived("dopt", &format!("{}/{}", vpc.account, vpc.region))
}

fn write(turn: &Turn<'_>, xml: &mut Xml, id: &str) {
    let Some(vpc) = turn.vpc(id) else { return };
    xml.text("vpcId", id).text("ownerId", &vpc.account).text("state", vpc.state());
    xml.maybe("cidrBlock", vpc.blocks.first().map(|it| it.block));
    xml.items("cidrBlockAssociationSet", &vpc.blocks, |xml, it| {
        ranges::write(xml, it, "associated")
    });
    xml.block("ipv6CidrBlockAssociationSet", |_| ());
    xml.text("dhcpOptionsId", dhcp(vpc));
    tags::write(xml, &turn.tags_of(id));
    xml.text("instanceTenancy", "default").text("isDefault", false);
}

/// `DeleteVpc`. The default security group, the default ACL and the main route table go with it,
/// and so do its peerings, except a request of another account that waits: that one has to be
/// rejected first (Amazon VPC Peering Guide, "Delete a VPC peering connection").
pub(super) fn delete(turn: &mut Turn<'_>) -> Outcome {
    let id = VPC.need(turn)?;
    let account = turn.vpc(id).ok_or_else(|| VPC.not_found(id))?.account.clone();
    let world = &mut *turn.world;
    let has_subnets = world.tables.subnets.values().any(|subnet| subnet.vpc == id);
    let own = |table: &&tables::RouteTable| table.vpc == id;
    let has_tables = world.tables.route_tables.values().filter(own).any(|it| it.main.is_none());
    if has_subnets || has_tables || !peerings_let_go(world, id, &account) {
        return Err(depended_on("vpc", id));
    }
    connections::decide::sever(world, id);
    let main = world.tables.route_tables.iter().find(|(_, table)| table.vpc == id);
    let main = main.map(|(id, _)| id.clone());
    let gone = world.tables.vpcs.remove(id);
    world.agenda.set(id, None);
    let defaults = gone.map(|vpc| [vpc.group, vpc.acl]).into_iter().flatten();
    for object in defaults.chain(main).chain([id.to_owned()]) {
        world.tables.route_tables.remove(&object);
        world.unhide(&object);
        world.tables.tags.remove(&turn.caller.key(&object));
    }
    Ok(Xml::done())
}

/// Whether each living peering of a VPC can be deleted with it.
fn peerings_let_go(world: &World, id: &str, account: &str) -> bool {
    world.tables.connections.values().filter(|it| it.touches(id)).all(|it| match it.state {
        State::InitiatingRequest | State::Provisioning => false,
        State::PendingAcceptance => it.requester.account == account,
        _ => true,
    })
}

/// The blocks of a VPC that is there, else `None`.
pub(super) fn blocks_of(world: &World, id: &str) -> Option<Vec<Ipv4Net>> {
    let vpc = world.tables.vpcs.get(id)?;
    Some(vpc.blocks.iter().map(|it| it.block).collect())
}
