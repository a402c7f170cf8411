//! One request: who calls, where its path leads, and what is answered. Knows no rule of peering.

use http::{Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::access::Principal;
use super::refusal::Refusal;
use super::world::World;
use super::{network, operation, peering, project, region, route, subnetwork, tokens};
use crate::{Request, Response};

/// A call of the API.
#[derive(Debug)]
pub(super) struct Call {
    /// The project of the path.
    pub(super) project: String,
    pub(super) principal: Principal,
    pub(super) query: Query,
    body: bytes::Bytes,
}

impl Call {
    /// The body as what it has to be.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let words = format!("Invalid JSON payload received. {error}");
            Refusal::new(400, "parseError", words)
        })
    }
}

/// Answers one request; whatever is due has happened.
pub(super) fn answer(world: &mut World, request: &Request) -> Response {
    let path = request.uri().path();
    if let Some(response) = tokens::answer(world, request) {
        return response;
    }
    match compute(world, request, path) {
        Ok(body) => json(StatusCode::OK, &body),
        Err(refusal) => refused(&refusal),
    }
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    json(status, &refusal.body())
}

fn compute(world: &mut World, request: &Request, path: &str) -> Result<Value, Refusal> {
    let path = path.strip_prefix("/compute/v1").unwrap_or(path);
    let rest = path.strip_prefix("/projects/").ok_or_else(Refusal::no_such_url)?;
    let parts: Vec<String> = rest
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (project, target) = parts.split_first().ok_or_else(Refusal::no_such_url)?;
    if !super::links::is_project(project) {
        return Err(Refusal::invalid("project", project, "Not a project id."));
    }
    let call = Call {
        project: (*project).to_owned(),
        principal: Principal::of(request, world)?,
        query: Query::parse(request.uri().query().unwrap_or("")),
        body: request.body().clone(),
    };
    world.throttle()?;
    dispatch(world, request.method(), &call, target)
}

/// The method at a path.
fn dispatch(
    world: &mut World,
    method: &Method,
    call: &Call,
    target: &[&str],
) -> Result<Value, Refusal> {
    match (method.as_str(), target) {
        ("GET", []) => project::get(world, call),
        ("GET", ["regions"]) => region::list(world, call),
        ("GET", ["regions", name]) => region::get(world, call, name),
        ("GET", ["aggregated", "subnetworks"]) => subnetwork::aggregated_list(world, call),
        (_, ["global", "networks", rest @ ..]) => networks(world, method, call, rest),
        (_, ["global", "routes", rest @ ..]) => routes(world, method, call, rest),
        (_, ["regions", region, "subnetworks", rest @ ..]) => {
            subnetworks(world, method, call, region, rest)
        }
        (_, ["global", "operations", rest @ ..]) => operations(world, method, call, None, rest),
        (_, ["regions", region, "operations", rest @ ..]) => {
            operations(world, method, call, Some(region), rest)
        }
        _ => Err(Refusal::no_such_url()),
    }
}

fn networks(
    world: &mut World,
    method: &Method,
    call: &Call,
    rest: &[&str],
) -> Result<Value, Refusal> {
    match (method.as_str(), rest) {
        ("GET", []) => network::list(world, call),
        ("POST", []) => network::insert(world, call),
        ("GET", [name]) => network::get(world, call, name),
        ("PATCH", [name]) => network::patch(world, call, name),
        ("DELETE", [name]) => network::delete(world, call, name),
        ("POST", [name, "switchToCustomMode"]) => network::switch_to_custom_mode(world, call, name),
        ("POST", [name, "addPeering"]) => peering::add_peering(world, call, name),
        ("PATCH", [name, "updatePeering"]) => peering::update_peering(world, call, name),
        ("POST", [name, "removePeering"]) => peering::remove_peering(world, call, name),
        ("POST", [name, "requestRemovePeering"]) => {
            peering::request_remove_peering(world, call, name)
        }
        ("POST", [name, "cancelRequestRemovePeering"]) => {
            peering::cancel_request_remove_peering(world, call, name)
        }
        ("GET", [name, "listPeeringRoutes"]) => peering::list_peering_routes(world, call, name),
        _ => Err(Refusal::no_such_url()),
    }
}

fn routes(
    world: &mut World,
    method: &Method,
    call: &Call,
    rest: &[&str],
) -> Result<Value, Refusal> {
    match (method.as_str(), rest) {
        ("GET", []) => route::list(world, call),
        ("POST", []) => route::insert(world, call),
        ("GET", [name]) => route::get(world, call, name),
        ("DELETE", [name]) => route::delete(world, call, name),
        _ => Err(Refusal::no_such_url()),
    }
}

fn subnetworks(
    world: &mut World,
    method: &Method,
    call: &Call,
    region: &str,
    rest: &[&str],
) -> Result<Value, Refusal> {
    match (method.as_str(), rest) {
        ("GET", []) => subnetwork::list(world, call, region),
        ("POST", []) => subnetwork::insert(world, call, region),
        ("GET", [name]) => subnetwork::get(world, call, region, name),
        ("DELETE", [name]) => subnetwork::delete(world, call, region, name),
        _ => Err(Refusal::no_such_url()),
    }
}

fn operations(
    world: &mut World,
    method: &Method,
    call: &Call,
    region: Option<&str>,
    rest: &[&str],
) -> Result<Value, Refusal> {
    match (method.as_str(), rest) {
        ("GET", []) => operation::list(world, call, region),
        ("GET", [name]) => operation::get(world, call, region, name),
        ("POST", [name, "wait"]) => operation::wait(world, call, region, name),
        _ => Err(Refusal::no_such_url()),
    }
}

/// The query of a request, or a body in the same form. Of a name that is there twice, the first
/// counts.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        let plain = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.map(|(name, value)| (plain(name), plain(value))).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
