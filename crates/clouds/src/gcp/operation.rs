//! Operations: what was asked for and is not done yet, or was done, or failed.
//!
//! An operation that ended stays in its list, as long as there are at most [`ENDED_MAX`] of them;
//! the oldest go first. A request with the `requestId` of one that is there is that one.

mod effect;

use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use self::effect::Effect;
use super::answer::Call;
use super::links::{NetworkKey, link};
use super::page;
use super::refusal::{Failure, Refusal};
use super::world::World;
use crate::calendar;

/// Operations that ended and are still shown.
pub(super) const ENDED_MAX: usize = 1_000;

/// Operations that run at one time; one more is refused.
pub(super) const RUNNING_MAX: usize = 1_000;

/// One operation.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Operation {
    id: u64,
    name: String,
    project: String,
    region: Option<String>,
    /// Which one it is of all that were begun.
    pub(super) order: u64,
    /// `operationType`.
    verb: String,
    /// The path of what it changes, and its id.
    target: String,
    target_id: u64,
    user: String,
    request: Option<String>,
    inserted_ms: i64,
    pub(super) due_ms: i64,
    ended_ms: Option<i64>,
    failure: Option<Failure>,
    lock: Option<Lock>,
    /// What it does in the end; gone once it is done.
    effect: Option<Effect>,
}

/// What an operation keeps others from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Lock {
    pub(super) kind: LockKind,
    pub(super) networks: Vec<NetworkKey>,
}

/// Which words the others are refused with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum LockKind {
    Peering,
    Route,
}

/// What is to be begun.
pub(super) struct Draft {
    pub(super) verb: &'static str,
    pub(super) region: Option<String>,
    /// The path of what it changes, and its id.
    pub(super) target: String,
    pub(super) target_id: u64,
    pub(super) lock: Option<Lock>,
    pub(super) effect: Effect,
    pub(super) takes: std::time::Duration,
}

impl Operation {
    pub(super) fn runs(&self) -> bool {
        self.ended_ms.is_none()
    }

    fn path(&self) -> String {
        path(&self.project, self.region.as_deref(), &self.name)
    }

    fn body(&self, now: Timestamp) -> Value {
        let text = |millis: i64| calendar::pacific(Timestamp::from_millis(millis));
        let begun = self.ended_ms.is_some() || now.as_millis() > self.inserted_ms;
        let status = match (self.ended_ms, begun) {
            (Some(_), _) => "DONE",
            (None, true) => "RUNNING",
            (None, false) => "PENDING",
        };
        let mut body = json!({
            "kind": "compute#operation",
            "id": self.id.to_string(),
            "name": self.name,
            "operationType": self.verb,
            "targetLink": link(&self.target),
            "targetId": self.target_id.to_string(),
            "status": status,
            "user": self.user,
            "progress": if self.ended_ms.is_some() { 100 } else { 0 },
            "insertTime": text(self.inserted_ms),
            "selfLink": link(&self.path()),
        });
        if begun {
            body["startTime"] = text(self.inserted_ms).into();
        }
        if let Some(ended_ms) = self.ended_ms {
            body["endTime"] = text(ended_ms).into();
        }
        if let Some(request) = &self.request {
            body["clientOperationId"] = request.as_str().into();
        }
        if let Some(region) = &self.region {
            body["region"] = link(&format!("projects/{}/regions/{region}", self.project)).into();
        }
        if let Some(failure) = &self.failure {
            let error = json!({ "code": failure.code, "message": failure.message });
            body["error"] = json!({ "errors": [error] });
            body["httpErrorStatusCode"] = failure.status.into();
            body["httpErrorMessage"] = failure.status_words().into();
        }
        body
    }
}

fn path(project: &str, region: Option<&str>, name: &str) -> String {
    match region {
        Some(region) => format!("projects/{project}/regions/{region}/operations/{name}"),
        None => format!("projects/{project}/global/operations/{name}"),
    }
}

/// `globalOperations.list`, `regionOperations.list`.
pub(super) fn list(world: &World, call: &Call, region: Option<&str>) -> Result<Value, Refusal> {
    let permission = match region {
        Some(_) => "compute.regionOperations.list",
        None => "compute.globalOperations.list",
    };
    world.allow(call, permission, &format!("projects/{}", call.project))?;
    let front = format!("{}/", call.project);
    let rows = world.tables.operations.range(front.clone()..);
    let rows = rows.take_while(|(row, _)| row.starts_with(&front));
    let rows = rows.filter(|(_, operation)| operation.region.as_deref() == region);
    let rows = rows.map(|(_, operation)| operation.body(world.now)).collect();
    let path = path(&call.project, region, "");
    page::list(call, "compute#operationList", path.trim_end_matches('/'), rows)
}

/// `globalOperations.get`, `regionOperations.get`.
pub(super) fn get(
    world: &World,
    call: &Call,
    region: Option<&str>,
    name: &str,
) -> Result<Value, Refusal> {
    let path = path(&call.project, region, name);
    let permission = match region {
        Some(_) => "compute.regionOperations.get",
        None => "compute.globalOperations.get",
    };
    world.allow(call, permission, &path)?;
    let found = world.tables.operations.get(&format!("{}/{name}", call.project));
    let found = found.filter(|operation| operation.region.as_deref() == region);
    found.map(|operation| operation.body(world.now)).ok_or_else(|| Refusal::not_found(&path))
}

/// `globalOperations.wait`, `regionOperations.wait`. Compute Engine waits two minutes at most
/// before it answers an operation that still runs; here it answers at once.
pub(super) fn wait(
    world: &World,
    call: &Call,
    region: Option<&str>,
    name: &str,
) -> Result<Value, Refusal> {
    get(world, call, region, name)
}

/// The operation that a request with this `requestId` has begun before.
pub(super) fn replayed(
    world: &World,
    call: &Call,
    verb: &str,
    target: &str,
) -> Result<Option<Value>, Refusal> {
    let Some(request) = request_id(call)? else { return Ok(None) };
    let mut operations = world.tables.operations.values();
    let same =
        |one: &&Operation| one.project == call.project && one.request.as_deref() == Some(request);
    let Some(before) = operations.find(same) else { return Ok(None) };
    if before.verb != verb || before.target != target {
        let why = "The request id was used for another request.";
        return Err(Refusal::invalid("requestId", request, why));
    }
    Ok(Some(before.body(world.now)))
}

fn request_id(call: &Call) -> Result<Option<&str>, Refusal> {
    let Some(request) = call.query.get("requestId").filter(|request| !request.is_empty()) else {
        return Ok(None);
    };
    let groups: Vec<&str> = request.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    let digits = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let nil = groups.iter().all(|group| group.bytes().all(|byte| byte == b'0'));
    if !lengths.eq([8, 4, 4, 4, 12]) || !digits || nil {
        return Err(Refusal::invalid("requestId", request, "Must be a UUID that is not zero."));
    }
    Ok(Some(request))
}

/// Begins what a request asks for.
pub(super) fn begin(world: &mut World, call: &Call, draft: Draft) -> Result<Value, Refusal> {
    let request = request_id(call)?.map(str::to_owned);
    let row = start(world, &call.project, call.principal.name(), request, draft)?;
    let found = world.tables.operations.get(&row);
    Ok(found.map_or(Value::Null, |operation| operation.body(world.now)))
}

/// Begins an operation; answers its row.
pub(super) fn start(
    world: &mut World,
    project: &str,
    user: &str,
    request: Option<String>,
    draft: Draft,
) -> Result<String, Refusal> {
    if world.due.len() >= RUNNING_MAX {
        return Err(Refusal::too_many_operations());
    }
    let ids = &mut world.tables.ids;
    let id = ids.number();
    let now_ms = world.now.as_millis();
    let name = format!("operation-{now_ms}-{}-{}-{}", ids.hex(13), ids.hex(8), ids.hex(8));
    let order = world.tables.begun;
    let due_ms = world.now.after(draft.takes).as_millis();
    let row = format!("{project}/{name}");
    let operation = Operation {
        id,
        name,
        project: project.to_owned(),
        region: draft.region,
        order,
        verb: draft.verb.to_owned(),
        target: draft.target,
        target_id: draft.target_id,
        user: user.to_owned(),
        request,
        inserted_ms: now_ms,
        due_ms,
        ended_ms: None,
        failure: None,
        lock: draft.lock,
        effect: Some(draft.effect),
    };
    world.tables.begun += 1;
    world.due.insert((due_ms, order, row.clone()));
    world.tables.operations.insert(row.clone(), operation);
    world.touch();
    Ok(row)
}

/// The time of an operation has come.
pub(super) fn finish(world: &mut World, row: &str) {
    world.due.pop_first();
    let operation = world.tables.operations.get_mut(row);
    let Some(effect) = operation.and_then(|operation| operation.effect.take()) else { return };
    let failure = effect.happen(world).err();
    let ended_ms = world.now.as_millis();
    if let Some(operation) = world.tables.operations.get_mut(row) {
        operation.ended_ms = Some(ended_ms);
        operation.failure = failure;
        operation.lock = None;
    }
    forget(world);
    world.touch();
}

/// Takes the oldest ended operations out of the list, some at a time.
fn forget(world: &mut World) {
    let ended = world.tables.operations.len() - world.due.len().min(world.tables.operations.len());
    if ended <= ENDED_MAX {
        return;
    }
    let rows = world.tables.operations.iter().filter(|(_, operation)| !operation.runs());
    let mut rows: Vec<_> = rows.map(|(row, operation)| (operation.order, row.clone())).collect();
    rows.sort_unstable();
    for (_, row) in rows.into_iter().take(ended - ENDED_MAX * 9 / 10) {
        world.tables.operations.remove(&row);
    }
}

/// Refuses while an operation about peerings or routes runs on one of these networks.
pub(super) fn refuse_if_busy(world: &World, networks: &[&NetworkKey]) -> Result<(), Refusal> {
    refuse_if_peering(world, networks)?;
    match locks(world, networks).next() {
        Some(_) => Err(Refusal::route_busy()),
        None => Ok(()),
    }
}

/// Refuses while an operation about peerings runs on one of these networks.
pub(super) fn refuse_if_peering(world: &World, networks: &[&NetworkKey]) -> Result<(), Refusal> {
    match locks(world, networks).any(|(kind, _)| kind == LockKind::Peering) {
        true => Err(Refusal::busy()),
        false => Ok(()),
    }
}

/// When the last operation ends that runs on one of these networks.
pub(super) fn free_at(world: &World, networks: &[&NetworkKey]) -> Option<i64> {
    locks(world, networks).map(|(_, at)| at).max()
}

/// The operations that run on one of these networks: their kind and when they end.
fn locks<'a>(
    world: &'a World,
    networks: &'a [&NetworkKey],
) -> impl Iterator<Item = (LockKind, i64)> + 'a {
    let running = world.due.iter().filter_map(|(at, _, row)| {
        world.tables.operations.get(row)?.lock.as_ref().map(|lock| (lock, *at))
    });
    let touching =
        running.filter(|(lock, _)| lock.networks.iter().any(|network| networks.contains(&network)));
    touching.map(|(lock, at)| (lock.kind, at))
}

/// Whether an operation runs that changes the resource of this path.
pub(super) fn refuse_if_changing(world: &World, path: &str) -> Result<(), Refusal> {
    let mut running = world.due.iter().filter_map(|(_, _, row)| world.tables.operations.get(row));
    match running.any(|operation| operation.target == path && operation.verb == "delete") {
        true => Err(Refusal::not_ready(path)),
        false => Ok(()),
    }
}

/// The peerings that running operations add to a network: their names.
pub(super) fn added_names<'a>(
    world: &'a World,
    network: &'a NetworkKey,
) -> impl Iterator<Item = &'a str> {
    let running = world.due.iter().filter_map(|(_, _, row)| world.tables.operations.get(row));
    running.filter_map(move |operation| operation.effect.as_ref()?.adds_to(network))
}
