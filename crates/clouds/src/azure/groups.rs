//! Resource groups. A group takes everything in it along when it is deleted.

use http::Method;
use serde_json::Value;

use super::access::check;
use super::answer::{Answered, bare, follow, json_answer, page};
use super::call::{Call, part};
use super::networks;
use super::object::{Group, Provisioning, Work};
use super::place::GroupId;
use super::refusal::{self, Refusal};
use super::show;
use super::world::World;

const KIND: &str = "Microsoft.Resources/subscriptions/resourceGroups";

/// The longest name. Source: Azure's rules for resource names.
const NAME_MAX: usize = 90;

pub(super) fn list(call: &mut Call<'_>, subscription: &str) -> Answered {
    check(call, &format!("{KIND}/read"), &format!("/subscriptions/{subscription}"))?;
    let under = format!("{}/", subscription.to_lowercase());
    let groups = call.world.groups.under(&under);
    let groups = groups.map(|(name, group)| (name.clone(), show::group(group))).collect();
    page(call, groups)
}

/// What is in a group: its networks, as resources of any kind are listed.
pub(super) fn resources(call: &mut Call<'_>, id: &GroupId) -> Answered {
    check(call, &format!("{KIND}/resources/read"), &id.path())?;
    if !call.world.groups.has(&id.key()) {
        return Err(refusal::no_group(id));
    }
    let networks = call.world.networks.under(&format!("{}/", id.key()));
    let networks = networks.map(|(key, one)| (key.clone(), show::resource(one))).collect();
    page(call, networks)
}

pub(super) fn answer(call: &mut Call<'_>, id: &GroupId) -> Answered {
    match *call.method() {
        Method::GET | Method::HEAD => get(call, id),
        Method::PUT => put(call, id),
        Method::PATCH => patch(call, id),
        Method::DELETE => delete(call, id),
        _ => Err(refusal::no_such_verb(call.method().as_str(), &id.path())),
    }
}

/// The group that a resource is to be in.
pub(super) fn living<'a>(world: &'a World, id: &GroupId) -> Result<&'a Group, Refusal> {
    match world.groups.get(&id.key()) {
        None => Err(refusal::no_group(id)),
        Some(group) if group.provisioning == Provisioning::Deleting => Err(refusal::group_goes(id)),
        Some(group) => Ok(group),
    }
}

/// The group is gone, and so is everything in it.
pub(super) fn gone(world: &mut World, key: &str) {
    let Some(group) = world.groups.remove(key) else { return };
    let inside = format!("{key}/");
    let networks: Vec<String> =
        world.networks.under(&inside).map(|(name, _)| name.clone()).collect();
    for network in networks {
        networks::gone(world, &network);
    }
    networks::forget_roles(world, &group.id.path());
}

fn get(call: &mut Call<'_>, id: &GroupId) -> Answered {
    check(call, &format!("{KIND}/read"), &id.path())?;
    let group = call.world.groups.get(&id.key());
    match (call.method() == Method::HEAD, group) {
        (true, Some(_)) => Ok(bare(204)),
        (true, None) => Ok(bare(404)),
        (false, Some(group)) => Ok(json_answer(200, &show::group(group))),
        (false, None) => Err(refusal::no_group(id)),
    }
}

fn put(call: &mut Call<'_>, id: &GroupId) -> Answered {
    check(call, &format!("{KIND}/write"), &id.path())?;
    check_name(&id.name)?;
    let body = call.body()?;
    let location = location(&body)?.ok_or_else(refusal::no_location)?;
    let has = call.world.groups.get(&id.key());
    if has.is_some() {
        let group = living(call.world, id)?;
        if group.location != location {
            return Err(refusal::other_group_location(&group.location, &location));
        }
    }
    let shown = has.map_or(id, |group| &group.id).clone();
    let status = if has.is_some() { 200 } else { 201 };
    let tags = part(&body, "/tags")?;
    let group = Group { id: shown, location, tags, provisioning: Provisioning::Succeeded };
    let answer = json_answer(status, &show::group(&group));
    call.world.groups.put(id.key(), group);
    Ok(answer)
}

fn patch(call: &mut Call<'_>, id: &GroupId) -> Answered {
    check(call, &format!("{KIND}/write"), &id.path())?;
    living(call.world, id)?;
    let body = call.body()?;
    let tags = part(&body, "/tags")?;
    let Some(group) = call.world.groups.edit(&id.key()) else {
        return Err(refusal::no_group(id));
    };
    if body.get("tags").is_some() {
        group.tags = tags;
    }
    Ok(json_answer(200, &show::group(group)))
}

fn delete(call: &mut Call<'_>, id: &GroupId) -> Answered {
    check(call, &format!("{KIND}/delete"), &id.path())?;
    let location = match call.world.groups.get(&id.key()) {
        None => return Err(refusal::no_group(id)),
        Some(group) if group.provisioning == Provisioning::Deleting => return Ok(bare(202)),
        Some(group) => group.location.clone(),
    };
    if let Some(group) = call.world.groups.edit(&id.key()) {
        group.provisioning = Provisioning::Deleting;
    }
    let (work, span) = (Work::DeleteGroup(id.key()), call.options.pace.removal);
    let subscription = id.subscription.clone();
    let operation = call.world.begin_at(work, subscription, location, span);
    let mut answer = bare(202);
    follow(call, &mut answer, &operation);
    answer.headers_mut().remove("azure-asyncoperation");
    Ok(answer)
}

/// Source: Azure's rules for resource names.
fn check_name(name: &str) -> Result<(), Refusal> {
    let length = name.chars().count();
    if length > NAME_MAX {
        return Err(refusal::long_group_name(name, length, NAME_MAX));
    }
    let fits = |letter: char| letter.is_alphanumeric() || "-_().".contains(letter);
    let others: String = name.chars().filter(|letter| !fits(*letter)).collect();
    if !others.is_empty() {
        return Err(refusal::bad_group_name(name, &others));
    }
    if name.ends_with('.') { Err(refusal::dotted_group_name(name)) } else { Ok(()) }
}

/// The location in a body, as Azure writes it: `West Europe` is `westeurope`.
pub(super) fn location(body: &Value) -> Result<Option<String>, Refusal> {
    let location: Option<String> = part(body, "/location")?;
    let location = location.map(|text| text.replace(' ', "").to_lowercase());
    Ok(location.filter(|text| !text.is_empty()))
}
