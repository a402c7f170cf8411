//! Subnets: parts of their network, changed one at a time.

use http::Method;
use serde_json::Value;

use super::access::check;
use super::answer::{Answered, bare, follow, json_answer, page};
use super::call::{Call, part};
use super::networks::{check_idle, check_name, parent};
use super::object::{Provisioning, Subnet, Work};
use super::place::NetworkId;
use super::refusal::{self, Refusal};
use super::show;
use super::space;
use super::world::World;

const KIND: &str = "Microsoft.Network/virtualNetworks/subnets";

pub(super) fn list(call: &mut Call<'_>, id: &NetworkId) -> Answered {
    check(call, &format!("{KIND}/read"), &id.path())?;
    let network = parent(call.world, id)?;
    let subnets = network.subnets.iter();
    let mut subnets: Vec<_> =
        subnets.map(|one| (one.name.to_lowercase(), show::subnet(&network.id, one))).collect();
    subnets.sort_by(|(one, _), (other, _)| one.cmp(other));
    page(call, subnets)
}

pub(super) fn answer(call: &mut Call<'_>, id: &NetworkId, name: &str) -> Answered {
    match *call.method() {
        Method::GET => get(call, id, name),
        Method::PUT => put(call, id, name),
        Method::DELETE => delete(call, id, name),
        _ => Err(refusal::no_such_verb(call.method().as_str(), &id.subnet_path(name))),
    }
}

/// The prefixes in the properties of a subnet: one, or several.
pub(super) fn prefixes(properties: &Value) -> Result<Vec<String>, Refusal> {
    let one: Option<String> = part(properties, "/addressPrefix")?;
    match one {
        Some(one) => Ok(vec![one]),
        None => part(properties, "/addressPrefixes"),
    }
}

/// The subnet is there.
pub(super) fn made(world: &mut World, key: &str) {
    let Some((network, name)) = key.rsplit_once('/') else { return };
    let Some(network) = world.networks.edit(network) else { return };
    for subnet in network.subnets.iter_mut().filter(|one| one.name.to_lowercase() == name) {
        subnet.provisioning = Provisioning::Succeeded;
    }
}

/// The subnet is gone.
pub(super) fn gone(world: &mut World, key: &str) {
    let Some((network, name)) = key.rsplit_once('/') else { return };
    if let Some(network) = world.networks.edit(network) {
        network.subnets.retain(|one| one.name.to_lowercase() != name);
    }
}

fn get(call: &mut Call<'_>, id: &NetworkId, name: &str) -> Answered {
    check(call, &format!("{KIND}/read"), &id.subnet_path(name))?;
    let network = parent(call.world, id)?;
    let subnet = named(&network.subnets, name);
    let subnet = subnet.ok_or_else(|| refusal::no_child(&id.subnet_path(name)))?;
    Ok(json_answer(200, &show::subnet(&network.id, subnet)))
}

fn put(call: &mut Call<'_>, id: &NetworkId, name: &str) -> Answered {
    let path = id.subnet_path(name);
    check(call, &format!("{KIND}/write"), &path)?;
    let network = parent(call.world, id)?.clone();
    check_name(name)?;
    let body = call.body()?;
    let has = named(&network.subnets, name);
    call.check_conditions(has.map(|one| one.etag.as_str()), &path)?;
    check_idle(call, &network)?;
    let prefixes = prefixes(body.get("properties").unwrap_or(&Value::Null))?;
    let subnet = Subnet {
        name: has.map_or(name, |one| &one.name).to_owned(),
        etag: call.world.ids.etag(),
        prefixes,
        provisioning: Provisioning::Updating,
    };
    let others = network.subnets.iter().filter(|one| !one.name.eq_ignore_ascii_case(name));
    let subnets: Vec<Subnet> = others.cloned().chain([subnet.clone()]).collect();
    space::check_subnets(id, &space::read(&network.prefixes), &subnets)?;
    let status = if has.is_some() { 200 } else { 201 };
    if let Some(network) = call.world.networks.edit(&id.key()) {
        network.subnets = subnets;
    }
    let (work, span) = (Work::PutSubnet(id.child(name)), call.options.pace.network);
    let operation = call.world.begin(work, &network, span);
    let mut answer = json_answer(status, &show::subnet(&network.id, &subnet));
    follow(call, &mut answer, &operation);
    Ok(answer)
}

fn delete(call: &mut Call<'_>, id: &NetworkId, name: &str) -> Answered {
    let path = id.subnet_path(name);
    check(call, &format!("{KIND}/delete"), &path)?;
    let Some(network) = call.world.network(id).cloned() else { return Ok(bare(204)) };
    let Some(subnet) = named(&network.subnets, name) else { return Ok(bare(204)) };
    call.check_conditions(Some(&subnet.etag), &path)?;
    check_idle(call, &network)?;
    if let Some(network) = call.world.networks.edit(&id.key()) {
        let one = network.subnets.iter_mut().find(|one| one.name.eq_ignore_ascii_case(name));
        if let Some(one) = one {
            one.provisioning = Provisioning::Deleting;
        }
    }
    let (work, span) = (Work::DeleteSubnet(id.child(name)), call.options.pace.network);
    let operation = call.world.begin(work, &network, span);
    let mut answer = bare(202);
    follow(call, &mut answer, &operation);
    Ok(answer)
}

fn named<'a>(subnets: &'a [Subnet], name: &str) -> Option<&'a Subnet> {
    subnets.iter().find(|one| one.name.eq_ignore_ascii_case(name))
}
