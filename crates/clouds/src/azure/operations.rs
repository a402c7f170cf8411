//! Operations that run: where a client looks how far they are.
//!
//! Source: Azure's guide to asynchronous operations: `Azure-AsyncOperation` answers a status,
//! `Location` 202 until the end.

use http::Method;
use serde_json::json;

use super::access::check;
use super::answer::{Answered, bare, follow, json_answer, put_header, wait_seconds};
use super::call::Call;
use super::object::{Operation, Work};
use super::refusal::{self, Refusal};
use super::show;

pub(super) fn status(call: &mut Call<'_>, subscription: &str, id: &str) -> Answered {
    let (operation, id) = found(call, subscription, id)?;
    let status = if operation.ended { "Succeeded" } else { "InProgress" };
    let mut answer = json_answer(200, &json!({ "status": status }));
    if !operation.ended {
        let wait = wait_seconds(operation.due, call.world.now());
        put_header(answer.headers_mut(), "retry-after", &wait.to_string());
    }
    call.world.operations.get(&id).map(|_| answer).ok_or_else(|| refusal::no_child(&id))
}

pub(super) fn result(call: &mut Call<'_>, subscription: &str, id: &str) -> Answered {
    let (operation, id) = found(call, subscription, id)?;
    if !operation.ended {
        let mut answer = bare(202);
        follow(call, &mut answer, &id);
        answer.headers_mut().remove("azure-asyncoperation");
        return Ok(answer);
    }
    let world = &*call.world;
    let shown = match &operation.work {
        Work::PutNetwork(key) => world.networks.get(key).map(|one| show::network(world, one)),
        Work::PutPeering(key) => world.peerings.get(key).map(|one| show::peering(world, one)),
        Work::PutSubnet(key) => key.rsplit_once('/').and_then(|(network, name)| {
            let network = world.networks.get(network)?;
            let mut subnets = network.subnets.iter();
            let subnet = subnets.find(|one| one.name.to_lowercase() == name)?;
            Some(show::subnet(&network.id, subnet))
        }),
        Work::DeleteNetwork(_) | Work::DeleteSubnet(_) | Work::DeletePeering(_) => None,
        // Source: the reference of resource groups: 200 once the group is gone.
        Work::DeleteGroup(_) => return Ok(bare(200)),
    };
    Ok(shown.map_or_else(|| bare(204), |shown| json_answer(200, &shown)))
}

fn found(
    call: &mut Call<'_>,
    subscription: &str,
    id: &str,
) -> Result<(Operation, String), Refusal> {
    if *call.method() != Method::GET {
        let path = call.request.uri().path();
        return Err(refusal::no_such_verb(call.method().as_str(), path));
    }
    let scope = format!("/subscriptions/{subscription}");
    let id = id.to_lowercase();
    let operation = call.world.operations.get(&id).cloned();
    let operation = operation.filter(|one| one.subscription.eq_ignore_ascii_case(subscription));
    let operation = operation.ok_or_else(|| refusal::no_child(&format!("{scope}/{id}")));
    // Whoever began it may follow it, whatever else it may: only the directory has to fit.
    match check(call, "Microsoft.Network/locations/operations/read", &scope) {
        Err(refused) if refused.status == 401 => Err(refused),
        Ok(()) | Err(_) => operation.map(|operation| (operation, id)),
    }
}
