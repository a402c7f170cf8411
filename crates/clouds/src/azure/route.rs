//! From a request to whoever answers it, and what every answer has. What comes first is checked
//! first, as Resource Manager does: the token, the throttle, the version, the path.

use super::answer::{Answered, error, put_header};
use super::bearer;
use super::call::Call;
use super::directory;
use super::faults::Faults;
use super::groups;
use super::ids::{guid_of, is_guid};
use super::networks;
use super::operations;
use super::peerings;
use super::place::Target;
use super::refusal::{self, Refusal};
use super::roles;
use super::subnets;
use super::subscriptions;
use super::world::World;
use crate::{Options, Request, Response};

/// Answers a request in the world as it stands.
pub(super) fn answer(
    request: &Request,
    world: &mut World,
    faults: &mut Faults,
    options: &Options,
) -> Response {
    let mut call = Call::new(request, world, faults, options);
    let answered = match directory::answer(&mut call) {
        Some(answered) => answered,
        None => resource_manager(&mut call),
    };
    let mut response = answered.unwrap_or_else(|refusal| refused(&call, &refusal));
    let now = call.world.now().as_millis().to_string();
    let (method, uri) = (request.method().as_str(), request.uri().to_string());
    let id = guid_of(&["request", &call.world.seed.to_string(), &now, method, &uri]);
    let headers = response.headers_mut();
    put_header(headers, "x-ms-request-id", &id);
    put_header(headers, "x-ms-correlation-request-id", &id);
    put_header(headers, "cache-control", "no-cache");
    response
}

fn refused(call: &Call<'_>, refusal: &Refusal) -> Response {
    let mut response = error(refusal);
    if refusal.status == 401 {
        let challenge = format!(
            "Bearer authorization_uri=\"{}/common\", error=\"invalid_token\", \
             error_description=\"{}\"",
            call.origin(),
            refusal.message
        );
        put_header(response.headers_mut(), "www-authenticate", &challenge);
    }
    put_header(response.headers_mut(), "x-ms-failure-cause", "gateway");
    response
}

fn resource_manager(call: &mut Call<'_>) -> Answered {
    call.caller = bearer::caller(call)?;
    let subscription = match call.path.as_slice() {
        [first, subscription, ..] if first.eq_ignore_ascii_case("subscriptions") => {
            Some(subscription.clone())
        }
        _ => None,
    };
    if let Some(subscription) = &subscription
        && !is_guid(subscription)
    {
        return Err(refusal::bad_subscription(subscription));
    }
    if call.faults.take_throttling() {
        return Err(refusal::throttled(subscription.as_deref().unwrap_or_default()));
    }
    check_version(call)?;
    let Some(target) = Target::of(&call.path) else {
        return Err(refusal::no_such_type(call.request.uri().path()));
    };
    target_answer(call, &target)
}

fn check_version(call: &Call<'_>) -> Result<(), Refusal> {
    let Some(version) = call.parameter("api-version").filter(|one| !one.is_empty()) else {
        return Err(refusal::no_api_version());
    };
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let good = date.len() == 10
        && date.bytes().enumerate().all(|(at, byte)| {
            if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
        });
    if good { Ok(()) } else { Err(refusal::bad_api_version(version)) }
}

fn target_answer(call: &mut Call<'_>, target: &Target) -> Answered {
    match target {
        Target::Group(id) => groups::answer(call, id),
        Target::Network(id) => networks::answer(call, id),
        Target::Subnet(id, name) => subnets::answer(call, id, name),
        Target::Peering(id, name) => peerings::answer(call, id, name),
        Target::Role(scope, name) => roles::role(call, scope, name),
        Target::Assignment(scope, name) => roles::assignment(call, scope, name),
        Target::Operation(subscription, id) => operations::status(call, subscription, id),
        Target::OperationResult(subscription, id) => operations::result(call, subscription, id),
        Target::Provider(subscription, name) => subscriptions::provider(call, subscription, name),
        list => {
            if *call.method() != http::Method::GET {
                let path = call.request.uri().path();
                return Err(refusal::no_such_verb(call.method().as_str(), path));
            }
            list_answer(call, list)
        }
    }
}

fn list_answer(call: &mut Call<'_>, target: &Target) -> Answered {
    match target {
        Target::Tenants => subscriptions::tenants(call),
        Target::Subscriptions => subscriptions::list(call),
        Target::Subscription(id) => subscriptions::get(call, id),
        Target::Locations(id) => subscriptions::locations(call, id),
        Target::Providers(id) => subscriptions::providers(call, id),
        Target::Groups(subscription) => groups::list(call, subscription),
        Target::Resources(group) => groups::resources(call, group),
        Target::NetworksOfSubscription(id) => networks::list(call, id, None),
        Target::NetworksOfGroup(group) => networks::list(call, &group.subscription, Some(group)),
        Target::Subnets(id) => subnets::list(call, id),
        Target::Peerings(id) => peerings::list(call, id),
        Target::Roles(scope) => roles::list_roles(call, scope),
        Target::Assignments(scope) => roles::list_assignments(call, scope),
        _ => Err(refusal::no_such_type(call.request.uri().path())),
    }
}
