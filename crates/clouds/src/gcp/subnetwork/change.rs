//! Making and deleting subnetworks.
//!
//! A block that others have is not refused at once: the making fails in the end. Source: "Error
//! waiting for Creating Subnetwork: Invalid IPCidrRange: … conflicts with existing subnetwork".

use serde::Deserialize;
use serde_json::Value;

use super::{Secondary, Subnetwork, all_of, of_network, row};
use crate::gcp::answer::Call;
use crate::gcp::block::Block;
use crate::gcp::links::{NAME_RULE, NetworkKey, is_name, parse_network};
use crate::gcp::operation::{self, Draft, Effect, Lock, LockKind};
use crate::gcp::refusal::{Failure, Refusal};
use crate::gcp::region::{self, AUTO_BLOCK, REGIONS};
use crate::gcp::world::World;
use crate::gcp::{network, peering};

/// Subnetworks of one network. Source: quotas of VPC networks, subnetwork ranges per network.
const SUBNETWORKS_MAX: usize = 300;

/// Blocks that no subnetwork may have. Source: prohibited IPv4 subnet ranges.
const PROHIBITED: [&str; 6] = [
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "199.36.153.4/30",
    "199.36.153.8/30",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    name: Option<String>,
    description: Option<String>,
    network: Option<String>,
    ip_cidr_range: Option<String>,
    #[serde(default)]
    secondary_ip_ranges: Vec<WrittenRange>,
    private_ip_google_access: Option<bool>,
    stack_type: Option<String>,
    purpose: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenRange {
    range_name: Option<String>,
    ip_cidr_range: Option<String>,
}

/// `subnetworks.insert`.
pub(in crate::gcp) fn insert(
    world: &mut World,
    call: &Call,
    region: &str,
) -> Result<Value, Refusal> {
    let written: Written = call.read()?;
    let name = written.name.as_deref().ok_or_else(|| Refusal::required("resource.name"))?;
    let row = row(&call.project, region, name);
    let path = super::path(&call.project, region, name);
    world.allow(call, "compute.subnetworks.create", &path)?;
    region::find(region)?;
    if let Some(before) = operation::replayed(world, call, "insert", &path)? {
        return Ok(before);
    }
    let network = written.network.as_deref().unwrap_or("");
    let network = parse_network(network, &call.project)
        .filter(|network| network.project() == call.project)
        .ok_or_else(|| Refusal::invalid("resource.network", network, "The URL is malformed."))?;
    world.allow(call, "compute.networks.updatePolicy", &network.path())?;
    check_plain(name, &written)?;
    let (block, secondary) = blocks(&written)?;
    check_auto(world, &network, block)?;
    if world.tables.subnetworks.contains_key(&row) {
        return Err(Refusal::exists(&path));
    }
    let subnetwork = Subnetwork {
        description: written.description.clone().filter(|text| !text.is_empty()),
        secondary,
        private_access: written.private_ip_google_access.unwrap_or(false),
        ready: false,
        ..plain(world, &network, region, name, block)
    };
    let takes = world.pace.network;
    let body =
        begin(world, call, "insert", &subnetwork, Effect::CreateSubnetwork(row.clone()), takes)?;
    world.tables.subnetworks.insert(row, subnetwork);
    Ok(body)
}

/// Refuses what cannot be said of a subnetwork, and other kinds of it: none is made that looks like
/// what was asked for and is not.
fn check_plain(name: &str, written: &Written) -> Result<(), Refusal> {
    if !is_name(name) {
        return Err(Refusal::invalid("resource.name", name, NAME_RULE));
    }
    network::check_description(written.description.as_deref())?;
    let fields = [
        ("resource.stackType", &written.stack_type, "IPV4_ONLY"),
        ("resource.purpose", &written.purpose, "PRIVATE"),
    ];
    for (field, value, only) in fields {
        if let Some(other) = value.as_deref().filter(|value| *value != only) {
            return Err(Refusal::invalid(field, other, &format!("Must be {only} here.")));
        }
    }
    Ok(())
}

/// A network in auto mode keeps the block of such networks for what it makes itself.
fn check_auto(world: &World, network: &NetworkKey, block: Block) -> Result<(), Refusal> {
    let auto = network::usable(world, network)?.auto;
    if auto && AUTO_BLOCK.parse().is_ok_and(|all: Block| all.overlaps(block)) {
        let why = "Extended subnetworks in auto subnet mode networks cannot overlap with \
                   10.128.0.0/9.";
        return Err(Refusal::invalid("resource.ipCidrRange", &block.to_string(), why));
    }
    Ok(())
}

fn begin(
    world: &mut World,
    call: &Call,
    verb: &'static str,
    subnetwork: &Subnetwork,
    effect: Effect,
    takes: std::time::Duration,
) -> Result<Value, Refusal> {
    // Its route comes or goes with it.
    let networks = vec![subnetwork.network.clone()];
    let lock = Some(Lock { kind: LockKind::Route, networks });
    let region = Some(subnetwork.region.clone());
    let (target, target_id) = (subnetwork.path(), subnetwork.id);
    operation::begin(world, call, Draft { verb, region, target, target_id, lock, effect, takes })
}

fn blocks(written: &Written) -> Result<(Block, Vec<Secondary>), Refusal> {
    let range = written.ip_cidr_range.as_deref().unwrap_or("");
    let block = read_block("resource.ipCidrRange", range)?;
    let mut secondary = Vec::new();
    for (at, range) in written.secondary_ip_ranges.iter().enumerate() {
        let field = format!("resource.secondaryIpRanges[{at}]");
        let name = range.range_name.clone().unwrap_or_default();
        if !is_name(&name) {
            return Err(Refusal::invalid(&format!("{field}.rangeName"), &name, NAME_RULE));
        }
        let text = range.ip_cidr_range.as_deref().unwrap_or("");
        let block = read_block(&format!("{field}.ipCidrRange"), text)?;
        secondary.push(Secondary { range_name: name, ip_cidr_range: block });
    }
    Ok((block, secondary))
}

/// A block that a subnetwork can have: /4 to /29, and no host's bits.
fn read_block(field: &str, text: &str) -> Result<Block, Refusal> {
    let block = text.parse::<Block>().ok();
    let block = block.filter(|block| (4..=29).contains(&block.prefix_len()));
    let taken = |block: &Block| {
        let mut all = PROHIBITED.iter().filter_map(|text| text.parse::<Block>().ok());
        all.any(|prohibited| prohibited.overlaps(*block))
    };
    match block {
        Some(block) if !taken(&block) => Ok(block),
        Some(_) => Err(Refusal::invalid(field, text, "The range is prohibited.")),
        None => Err(Refusal::invalid(field, text, "Invalid CIDR range.")),
    }
}

fn plain(
    world: &mut World,
    network: &NetworkKey,
    region: &str,
    name: &str,
    block: Block,
) -> Subnetwork {
    Subnetwork {
        id: world.tables.ids.number(),
        created_ms: world.now.as_millis(),
        project: network.project().to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        description: None,
        network: network.clone(),
        block,
        secondary: Vec::new(),
        private_access: false,
        auto: false,
        ready: true,
    }
}

/// A subnetwork is there, if its blocks are nobody else's.
pub(in crate::gcp) fn created(world: &mut World, row: &str) -> Result<(), Failure> {
    let Some(subnetwork) = world.tables.subnetworks.get(row).cloned() else {
        return Err(Failure::not_found(row));
    };
    if let Some(failure) = conflict(world, &subnetwork) {
        world.tables.subnetworks.remove(row);
        return Err(failure);
    }
    if let Some(subnetwork) = world.tables.subnetworks.get_mut(row) {
        subnetwork.ready = true;
    }
    Ok(())
}

fn conflict(world: &World, subnetwork: &Subnetwork) -> Option<Failure> {
    let network = &subnetwork.network;
    if of_network(world, network).count() >= SUBNETWORKS_MAX {
        let words = "Quota 'SUBNET_RANGES_PER_NETWORK' exceeded.  Limit: 300.0 globally.";
        return Some(Failure::quota(words.to_owned()));
    }
    for block in subnetwork.blocks() {
        let mut others = of_network(world, network);
        let other = others.find(|other| other.blocks().any(|taken| taken.overlaps(block)));
        if let Some(other) = other {
            return Some(Failure::usage(format!(
                "Invalid IPCidrRange: {block} conflicts with existing subnetwork '{}' in region \
                 '{}'.",
                other.name, other.region
            )));
        }
        if let Some(words) = peering::overlap_with_group(world, network, block) {
            return Some(Failure::usage(words));
        }
    }
    None
}

/// `subnetworks.delete`.
pub(in crate::gcp) fn delete(
    world: &mut World,
    call: &Call,
    region: &str,
    name: &str,
) -> Result<Value, Refusal> {
    let path = super::path(&call.project, region, name);
    world.allow(call, "compute.subnetworks.delete", &path)?;
    region::find(region)?;
    if let Some(before) = operation::replayed(world, call, "delete", &path)? {
        return Ok(before);
    }
    let row = row(&call.project, region, name);
    let Some(subnetwork) = world.tables.subnetworks.get(&row).cloned() else {
        return Err(Refusal::not_found(&path));
    };
    world.allow(call, "compute.networks.updatePolicy", &subnetwork.network.path())?;
    if !subnetwork.ready {
        return Err(Refusal::not_ready(&path));
    }
    operation::refuse_if_changing(world, &path)?;
    let takes = world.pace.removal;
    begin(world, call, "delete", &subnetwork, Effect::DeleteSubnetwork(row), takes)
}

/// A subnetwork is gone, unless its network has it by itself.
pub(in crate::gcp) fn deleted(world: &mut World, row: &str) -> Result<(), Failure> {
    let Some(subnetwork) = world.tables.subnetworks.get(row) else {
        return Err(Failure::not_found(row));
    };
    let network = world.tables.networks.get(&subnetwork.network);
    if subnetwork.auto && network.is_some_and(|network| network.auto) {
        let words = "Invalid resource usage: 'Cannot delete auto subnetwork from an auto subnet \
                     mode network.'.";
        return Err(Failure::usage(words.to_owned()));
    }
    world.tables.subnetworks.remove(row);
    Ok(())
}

/// Adds a subnetwork that is there at once.
pub(in crate::gcp) fn add(
    world: &mut World,
    network: &NetworkKey,
    region: &str,
    name: &str,
    block: Block,
) {
    let subnetwork = plain(world, network, region, name, block);
    world.tables.subnetworks.insert(row(network.project(), region, name), subnetwork);
    world.touch();
}

/// The subnetworks of a network in auto mode: one in each region, of the network's name.
pub(in crate::gcp) fn add_to_all_regions(world: &mut World, network: &NetworkKey) {
    for region in &REGIONS {
        let Ok(block) = region.auto.parse() else { continue };
        let subnetwork =
            Subnetwork { auto: true, ..plain(world, network, region.name, network.name(), block) };
        let row = row(network.project(), region.name, network.name());
        world.tables.subnetworks.entry(row).or_insert(subnetwork);
    }
}

/// Takes the subnetworks away that go with their network.
pub(in crate::gcp) fn remove_all_of(world: &mut World, network: &NetworkKey) {
    let rows: Vec<String> = all_of(world, network)
        .map(|subnetwork| row(network.project(), &subnetwork.region, &subnetwork.name))
        .collect();
    for row in rows {
        world.tables.subnetworks.remove(&row);
    }
}
