//! Virtual networks.
//!
//! Sources: the reference of `virtualNetworks`; that a network can be deleted while it is peered is
//! what the words of `RemotePeeringIsDisconnected` say ("when remote vnet or remote peering is
//! deleted") and issue 2638 of cluster-api-provider-azure shows.

use std::net::IpAddr;

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::access::check;
use super::answer::{Answered, bare, follow, json_answer, operation_url, page, wait_seconds};
use super::call::{Call, part};
use super::groups;
use super::object::{Network, PeeringState, Provisioning, Subnet, Work};
use super::peerings;
use super::place::{GroupId, NetworkId};
use super::refusal::{self, Refusal, peering as overlapping};
use super::show;
use super::space;
use super::subnets;
use super::world::World;

const KIND: &str = "Microsoft.Network/virtualNetworks";

/// Name servers of one network. Source: Azure's limits.
const DNS_SERVERS_MAX: usize = 20;

pub(super) fn list(call: &mut Call<'_>, subscription: &str, group: Option<&GroupId>) -> Answered {
    let scope = group.map_or_else(|| format!("/subscriptions/{subscription}"), GroupId::path);
    check(call, &format!("{KIND}/read"), &scope)?;
    let under = match group {
        None => format!("{}/", subscription.to_lowercase()),
        Some(group) if call.world.groups.has(&group.key()) => format!("{}/", group.key()),
        Some(group) => return Err(refusal::no_group(group)),
    };
    let networks = call.world.networks.under(&under);
    let networks = networks.map(|(key, one)| (key.clone(), show::network(call.world, one)));
    let networks = networks.collect();
    page(call, networks)
}

pub(super) fn answer(call: &mut Call<'_>, id: &NetworkId) -> Answered {
    match *call.method() {
        Method::GET => get(call, id),
        Method::PUT => put(call, id),
        Method::PATCH => patch(call, id),
        Method::DELETE => delete(call, id),
        _ => Err(refusal::no_such_verb(call.method().as_str(), &id.path())),
    }
}

/// A network whose child is asked for.
pub(super) fn parent<'a>(world: &'a World, id: &NetworkId) -> Result<&'a Network, Refusal> {
    if !world.groups.has(&id.in_group().key()) {
        return Err(refusal::no_group(&id.in_group()));
    }
    world.network(id).ok_or_else(|| refusal::no_parent(id))
}

/// Refuses a change while another one of the same network runs.
///
/// Source: see [`refusal::busy`].
pub(super) fn check_idle(call: &Call<'_>, network: &Network) -> Result<(), Refusal> {
    let Some(id) = &network.operation else { return Ok(()) };
    let Some(operation) = call.world.operations.get(id) else { return Ok(()) };
    let url = operation_url(call, operation, id, "operations");
    Err(refusal::busy(&url, wait_seconds(operation.due, call.world.now())))
}

/// The network is there.
pub(super) fn made(world: &mut World, key: &str) {
    let etag = world.ids.etag();
    let Some(network) = world.networks.edit(key) else { return };
    (network.provisioning, network.etag) = (Provisioning::Succeeded, etag);
    for subnet in &mut network.subnets {
        subnet.provisioning = Provisioning::Succeeded;
    }
    peerings::settle(world, key);
}

/// The network is gone with its peerings; the other sides of those are disconnected.
pub(super) fn gone(world: &mut World, key: &str) {
    let Some(network) = world.networks.remove(key) else { return };
    let inside = format!("{key}/");
    let own: Vec<String> = world.peerings.under(&inside).map(|(name, _)| name.clone()).collect();
    for name in own {
        world.peerings.remove(&name);
    }
    for name in world.peerings.names_of(|one| one.remote.key() == key) {
        peerings::set_state(world, &name, PeeringState::Disconnected);
    }
    forget_roles(world, &network.id.path());
}

/// Assignments at a scope that is gone are gone, too.
pub(super) fn forget_roles(world: &mut World, scope: &str) {
    for name in world.assignments.names_of(|one| super::access::covers(scope, &one.scope)) {
        world.assignments.remove(&name);
    }
}

fn get(call: &mut Call<'_>, id: &NetworkId) -> Answered {
    check(call, &format!("{KIND}/read"), &id.path())?;
    let network = found(call.world, id)?;
    Ok(json_answer(200, &show::network(call.world, network)))
}

fn found<'a>(world: &'a World, id: &NetworkId) -> Result<&'a Network, Refusal> {
    if !world.groups.has(&id.in_group().key()) {
        return Err(refusal::no_group(&id.in_group()));
    }
    world.network(id).ok_or_else(|| refusal::no_network(id))
}

/// A subnet or peering inside the body of a network.
#[derive(Deserialize)]
struct Child {
    name: String,
    #[serde(default)]
    properties: Value,
}

fn put(call: &mut Call<'_>, id: &NetworkId) -> Answered {
    check(call, &format!("{KIND}/write"), &id.path())?;
    let group = groups::living(call.world, &id.in_group())?.id.clone();
    check_name(&id.name)?;
    let body = call.body()?;
    let location = groups::location(&body)?.ok_or_else(refusal::no_location)?;
    let has = call.world.network(id).cloned();
    call.check_conditions(has.as_ref().map(|one| one.etag.as_str()), &id.path())?;
    if let Some(has) = &has {
        check_idle(call, has)?;
        if has.location != location {
            return Err(refusal::other_location(id, &has.location, &location));
        }
    }
    let shown = NetworkId::new(&group.subscription, &group.name, &id.name);
    let network = described(call, has.as_ref(), shown, location, &body)?;
    check_peered(call.world, &network)?;
    put_peerings(call, &network, &body)?;
    call.world.networks.put(id.key(), network.clone());
    let (work, span) = (Work::PutNetwork(id.key()), call.options.pace.network);
    let operation = call.world.begin(work, &network, span);
    let status = if has.is_some() { 200 } else { 201 };
    let mut answer = json_answer(status, &show::network(call.world, &network));
    follow(call, &mut answer, &operation);
    Ok(answer)
}

/// The network as a body describes it. Subnets that the body does not mention stay: "updates
/// without subnet property" of Azure Virtual Network.
fn described(
    call: &mut Call<'_>,
    has: Option<&Network>,
    id: NetworkId,
    location: String,
    body: &Value,
) -> Result<Network, Refusal> {
    let prefixes: Vec<String> = part(body, "/properties/addressSpace/addressPrefixes")?;
    if prefixes.is_empty() {
        return Err(refusal::bad_format("The address space has no prefix."));
    }
    let parsed = space::parse(&prefixes, &id.path())?;
    let subnets = described_subnets(call, has, body)?;
    space::check_subnets(&id, &parsed, &subnets)?;
    let guid = has.map_or_else(|| call.world.ids.guid(), |one| one.guid.clone());
    Ok(Network {
        id: has.map_or(id, |one| one.id.clone()),
        guid,
        etag: call.world.ids.etag(),
        location,
        tags: part(body, "/tags")?,
        prefixes,
        dns_servers: dns_servers(body)?,
        flow_timeout: flow_timeout(body)?,
        subnets,
        provisioning: Provisioning::Updating,
        gateway: has.is_some_and(|one| one.gateway),
        operation: None,
    })
}

fn described_subnets(
    call: &mut Call<'_>,
    has: Option<&Network>,
    body: &Value,
) -> Result<Vec<Subnet>, Refusal> {
    let listed: Option<Vec<Child>> = part(body, "/properties/subnets")?;
    let before = has.map_or(&[][..], |one| &one.subnets);
    match listed {
        None => Ok(before.to_vec()),
        Some(listed) => listed.iter().map(|one| read_subnet(call, before, one)).collect(),
    }
}

fn dns_servers(body: &Value) -> Result<Option<Vec<IpAddr>>, Refusal> {
    let servers: Option<Vec<IpAddr>> = part(body, "/properties/dhcpOptions/dnsServers")?;
    if servers.as_ref().is_some_and(|servers| servers.len() > DNS_SERVERS_MAX) {
        return Err(refusal::bad_format("A network has at most 20 DNS servers."));
    }
    Ok(servers)
}

/// Source: the reference of `virtualNetworks`: 4 to 30 minutes.
fn flow_timeout(body: &Value) -> Result<Option<u32>, Refusal> {
    let minutes: Option<u32> = part(body, "/properties/flowTimeoutInMinutes")?;
    if minutes.is_some_and(|minutes| !(4..=30).contains(&minutes)) {
        return Err(refusal::bad_format("The flow timeout is not between 4 and 30 minutes."));
    }
    Ok(minutes)
}

fn read_subnet(call: &mut Call<'_>, before: &[Subnet], child: &Child) -> Result<Subnet, Refusal> {
    check_name(&child.name)?;
    let prefixes = subnets::prefixes(&child.properties)?;
    let same = before.iter().find(|one| one.name.eq_ignore_ascii_case(&child.name));
    Ok(match same {
        Some(same) if same.prefixes == prefixes => same.clone(),
        _ => Subnet {
            name: child.name.clone(),
            etag: call.world.ids.etag(),
            prefixes,
            provisioning: Provisioning::Updating,
        },
    })
}

/// A network does not grow into the addresses of one that it is peered with.
fn check_peered(world: &World, network: &Network) -> Result<(), Refusal> {
    for peering in world.peerings_of(&network.id) {
        let remote = world.network(&peering.remote);
        let prefixes = remote.map_or(&peering.remote_prefixes, |one| &one.prefixes);
        if let Some(both) = space::overlap(&network.prefixes, prefixes) {
            let third = peering.remote.path();
            return Err(overlapping::grown_overlap(&network.id.path(), &third, &both));
        }
    }
    Ok(())
}

/// Peerings in the body of a network: those that it has stay as they are, others are made, and
/// those that a list leaves out are taken away. Without a list they stay.
fn put_peerings(call: &mut Call<'_>, network: &Network, body: &Value) -> Result<(), Refusal> {
    let listed: Option<Vec<Child>> = part(body, "/properties/virtualNetworkPeerings")?;
    let Some(listed) = listed else { return Ok(()) };
    let listed: Vec<_> = listed.into_iter().map(|one| (one.name, one.properties)).collect();
    let before = call.world.peerings.clone();
    let put = peerings::put_listed(call, network, &listed);
    if put.is_err() {
        call.world.peerings = before;
    }
    put
}

fn patch(call: &mut Call<'_>, id: &NetworkId) -> Answered {
    check(call, &format!("{KIND}/write"), &id.path())?;
    let network = found(call.world, id)?;
    call.check_conditions(Some(&network.etag), &id.path())?;
    let body = call.body()?;
    let tags = part(&body, "/tags")?;
    let etag = call.world.ids.etag();
    if let Some(network) = call.world.networks.edit(&id.key()) {
        network.etag = etag;
        if body.get("tags").is_some() {
            network.tags = tags;
        }
    }
    let network = found(call.world, id)?;
    Ok(json_answer(200, &show::network(call.world, network)))
}

fn delete(call: &mut Call<'_>, id: &NetworkId) -> Answered {
    check(call, &format!("{KIND}/delete"), &id.path())?;
    let Some(network) = call.world.network(id).cloned() else { return Ok(bare(204)) };
    call.check_conditions(Some(&network.etag), &id.path())?;
    check_idle(call, &network)?;
    if let Some(network) = call.world.networks.edit(&id.key()) {
        network.provisioning = Provisioning::Deleting;
    }
    let (work, span) = (Work::DeleteNetwork(id.key()), call.options.pace.removal);
    let operation = call.world.begin(work, &network, span);
    let mut answer = bare(202);
    follow(call, &mut answer, &operation);
    Ok(answer)
}

/// Source: see [`refusal::bad_name`].
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let inside = |letter: char| word(letter) || matches!(letter, '.' | '-');
    let good = name.len() <= 80
        && name.starts_with(word)
        && name.ends_with(word)
        && name.chars().all(inside);
    if good { Ok(()) } else { Err(refusal::bad_name(name)) }
}
