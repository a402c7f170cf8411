//! Peerings: one object in each network. `peerings::rules` says which pairs are refused.
//!
//! Sources: the reference of `virtualNetworkPeerings`, Azure's guide to managing peerings. A
//! peering is `Initiated` until the other side is there, then both are `Connected`; when the other
//! side or its network goes, it is `Disconnected`. An update takes it back to `Initiated`, as the
//! words of `RemotePeeringIsDisconnected` say; it is never connected by that alone.

pub(super) mod rules;

use http::Method;
use serde_json::Value;

use super::access::{check, check_linked};
use super::answer::{Answered, bare, follow, json_answer, page};
use super::call::{Call, part};
use super::customer;
use super::networks::{check_idle, check_name, parent};
use super::object::{Flags, Network, Peering, PeeringState, Provisioning, Work};
use super::place::NetworkId;
use super::refusal::{self, Refusal};
use super::show;
use super::world::{World, connecting, disconnecting};

const KIND: &str = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings";

pub(super) fn list(call: &mut Call<'_>, id: &NetworkId) -> Answered {
    let checked = check(call, &format!("{KIND}/read"), &id.path());
    noted(call, id, "", checked)?;
    parent(call.world, id)?;
    let peerings = call.world.peerings_of(id);
    let peerings = peerings.map(|one| (one.name.to_lowercase(), show::peering(call.world, one)));
    let peerings = peerings.collect();
    page(call, peerings)
}

pub(super) fn answer(call: &mut Call<'_>, id: &NetworkId, name: &str) -> Answered {
    match *call.method() {
        Method::GET => get(call, id, name),
        Method::PUT => put(call, id, name),
        Method::DELETE => delete(call, id, name),
        _ => Err(refusal::no_such_verb(call.method().as_str(), &id.peering_path(name))),
    }
}

/// The peering is there; with its other side it is connected.
pub(super) fn made(world: &mut World, key: &str) {
    set_provisioning(world, key, Provisioning::Succeeded);
    let Some(peering) = world.peerings.get(key) else { return };
    let initiated = peering.state == PeeringState::Initiated;
    let reverse = world.reverse(peering).filter(|_| initiated);
    let Some(reverse) = reverse.filter(|one| one.state == PeeringState::Initiated) else { return };
    let reverse = reverse.network.child(&reverse.name);
    set_state(world, key, PeeringState::Connected);
    set_state(world, &reverse, PeeringState::Connected);
}

/// The peering is gone; its other side is disconnected.
pub(super) fn gone(world: &mut World, key: &str) {
    let Some(peering) = world.peerings.remove(key) else { return };
    if let Some(reverse) = world.reverse(&peering) {
        let reverse = reverse.network.child(&reverse.name);
        set_state(world, &reverse, PeeringState::Disconnected);
    }
}

pub(super) fn set_state(world: &mut World, key: &str, state: PeeringState) {
    let etag = world.ids.etag();
    if let Some(peering) = world.peerings.edit(key) {
        (peering.state, peering.etag) = (state, etag);
    }
}

fn set_provisioning(world: &mut World, key: &str, provisioning: Provisioning) {
    let etag = world.ids.etag();
    if let Some(peering) = world.peerings.edit(key) {
        (peering.provisioning, peering.etag) = (provisioning, etag);
    }
}

fn get(call: &mut Call<'_>, id: &NetworkId, name: &str) -> Answered {
    let path = id.peering_path(name);
    let checked = check(call, &format!("{KIND}/read"), &path);
    noted(call, id, name, checked)?;
    parent(call.world, id)?;
    let peering = call.world.peerings.get(&id.child(name));
    let peering = peering.ok_or_else(|| refusal::no_child(&path))?;
    Ok(json_answer(200, &show::peering(call.world, peering)))
}

/// A peering as a body asks for it.
pub(super) struct Wanted {
    pub(super) network: NetworkId,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) remote: NetworkId,
    pub(super) flags: Flags,
    pub(super) sync: Sync,
}

/// Whether the remote address space is taken up anew.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    Remote,
    No,
}

fn put(call: &mut Call<'_>, id: &NetworkId, name: &str) -> Answered {
    let (action, path) = (format!("{KIND}/write"), id.peering_path(name));
    let checked = check(call, &action, &path);
    noted(call, id, name, checked)?;
    let network = parent(call.world, id)?.clone();
    let body = call.body()?;
    let sync = match call.parameter("syncremoteaddressspace") {
        Some(said) if said.eq_ignore_ascii_case("true") => Sync::Remote,
        _ => Sync::No,
    };
    let properties = body.get("properties").unwrap_or(&Value::Null);
    let wanted = wanted(network.id.clone(), name, properties, sync)?;
    let linked = check_linked(call, &action, &path, &wanted.remote);
    noted(call, &wanted.remote, name, linked)?;
    check_name(name)?;
    let has = call.world.peerings.get(&id.child(name)).cloned();
    call.check_conditions(has.as_ref().map(|one| one.etag.as_str()), &path)?;
    let remote = referenced(call.world, &wanted)?;
    check_idle(call, &network)?;
    let status = if has.is_some() { 200 } else { 201 };
    let peering = placed(call.world, wanted, has, &network, &remote)?;
    let (work, span) = (Work::PutPeering(id.child(name)), connecting(&call.options.pace));
    let operation = call.world.begin(work, &network, span);
    let mut answer = json_answer(status, &show::peering(call.world, &peering));
    follow(call, &mut answer, &operation);
    Ok(answer)
}

/// Begins to make the peerings that the body of their network lists, and to take away those that
/// it does not. The operation of the network ends both. What went before a refusal stays placed.
pub(super) fn put_listed(
    call: &mut Call<'_>,
    network: &Network,
    listed: &[(String, Value)],
) -> Result<(), Refusal> {
    for (name, properties) in listed {
        if call.world.peerings.has(&network.id.child(name)) {
            continue;
        }
        check_name(name)?;
        let wanted = wanted(network.id.clone(), name, properties, Sync::No)?;
        let action = "Microsoft.Network/virtualNetworks/write";
        check_linked(call, action, &wanted.path, &wanted.remote)?;
        let remote = referenced(call.world, &wanted)?;
        placed(call.world, wanted, None, network, &remote)?;
    }
    let is_listed =
        |one: &&Peering| !listed.iter().any(|(name, _)| name.eq_ignore_ascii_case(&one.name));
    let unlisted = call.world.peerings_of(&network.id).filter(is_listed);
    let unlisted: Vec<String> = unlisted.map(|one| one.network.child(&one.name)).collect();
    for key in unlisted {
        set_provisioning(call.world, &key, Provisioning::Deleting);
    }
    Ok(())
}

/// Ends what [`put_listed`] began in a network.
pub(super) fn settle(world: &mut World, network: &str) {
    let of_network = world.peerings.under(&format!("{network}/"));
    let open = of_network.filter(|(_, one)| one.provisioning != Provisioning::Succeeded);
    let open: Vec<_> = open.map(|(key, one)| (key.clone(), one.provisioning)).collect();
    for (key, provisioning) in open {
        if provisioning == Provisioning::Deleting {
            gone(world, &key);
        } else {
            made(world, &key);
        }
    }
}

/// The remote network, if it can be referred to.
fn referenced(world: &World, wanted: &Wanted) -> Result<Network, Refusal> {
    let Some(remote) = world.network(&wanted.remote) else {
        return Err(refusal::no_reference(&wanted.path, &wanted.remote.path()));
    };
    if remote.operation.is_some() && remote.id.key() != wanted.network.key() {
        return Err(refusal::not_provisioned(&remote.id.path(), &wanted.path));
    }
    Ok(remote.clone())
}

/// Puts a peering into its network, if Azure allows it; it is not done yet.
fn placed(
    world: &mut World,
    wanted: Wanted,
    has: Option<Peering>,
    network: &Network,
    remote: &Network,
) -> Result<Peering, Refusal> {
    rules::check(world, &wanted, has.as_ref(), network, remote)?;
    let peering = built(world, wanted, has, remote);
    world.peerings.put(peering.network.child(&peering.name), peering.clone());
    Ok(peering)
}

/// The object as it stands while it is made or changed.
fn built(world: &mut World, wanted: Wanted, has: Option<Peering>, remote: &Network) -> Peering {
    let stays = wanted.sync == Sync::No;
    let prefixes = has.as_ref().filter(|_| stays).map(|one| one.remote_prefixes.clone());
    let state = match &has {
        Some(has) if has.state == PeeringState::Connected => PeeringState::Connected,
        _ => PeeringState::Initiated,
    };
    Peering {
        network: wanted.network,
        name: has.as_ref().map_or(wanted.name, |one| one.name.clone()),
        guid: has.map_or_else(|| world.ids.guid(), |one| one.guid),
        etag: world.ids.etag(),
        remote: remote.id.clone(),
        state,
        provisioning: Provisioning::Updating,
        flags: wanted.flags,
        remote_prefixes: prefixes.unwrap_or_else(|| remote.prefixes.clone()),
    }
}

fn wanted(
    network: NetworkId,
    name: &str,
    properties: &Value,
    sync: Sync,
) -> Result<Wanted, Refusal> {
    let path = network.peering_path(name);
    let remote: Option<String> = part(properties, "/remoteVirtualNetwork/id")?;
    let Some(remote) = remote else {
        return Err(refusal::bad_format("The peering has no remote virtual network."));
    };
    let Some(remote) = NetworkId::parse(&remote) else {
        return Err(refusal::bad_reference(&remote));
    };
    let said = properties.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let said = said.map(|(name, value)| (name.clone(), value.clone())).collect();
    let flags: Flags = serde_json::from_value(Value::Object(said))
        .map_err(|error| refusal::bad_content(&error.to_string()))?;
    check_whole(&network, properties, &flags)?;
    Ok(Wanted { network, name: name.to_owned(), path, remote, flags, sync })
}

/// Whole networks are peered: for less a subscription has to register a feature, and none has.
///
/// Source: Azure's guide "How to configure subnet peering".
fn check_whole(network: &NetworkId, properties: &Value, flags: &Flags) -> Result<(), Refusal> {
    let local: Vec<String> = part(properties, "/localSubnetNames")?;
    let remote: Vec<String> = part(properties, "/remoteSubnetNames")?;
    let is_whole = flags.peer_complete_vnets && local.is_empty() && remote.is_empty();
    if is_whole && !flags.enable_only_ipv6_peering {
        return Ok(());
    }
    Err(refusal::peering::feature_missing(&network.subscription))
}

fn delete(call: &mut Call<'_>, id: &NetworkId, name: &str) -> Answered {
    let path = id.peering_path(name);
    let checked = check(call, &format!("{KIND}/delete"), &path);
    noted(call, id, name, checked)?;
    let Some(network) = call.world.network(id).cloned() else { return Ok(bare(204)) };
    let key = id.child(name);
    let Some(peering) = call.world.peerings.get(&key) else { return Ok(bare(204)) };
    call.check_conditions(Some(&peering.etag), &path)?;
    check_idle(call, &network)?;
    set_provisioning(call.world, &key, Provisioning::Deleting);
    let span = disconnecting(&call.options.pace);
    let operation = call.world.begin(Work::DeletePeering(key), &network, span);
    let mut answer = bare(202);
    follow(call, &mut answer, &operation);
    Ok(answer)
}

/// The customer learns of an attempt that was refused at its network.
fn noted(
    call: &mut Call<'_>,
    network: &NetworkId,
    name: &str,
    checked: Result<(), Refusal>,
) -> Result<(), Refusal> {
    if checked.as_ref().is_err_and(|refusal| refusal.status == 403) {
        customer::note_attempt(call, network, name);
    }
    checked
}
