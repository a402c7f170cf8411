//! Answers as Resource Manager gives them: JSON, its errors, lists in pages, and what it says about
//! operations that run.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use peerage_core::time::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::call::Call;
use super::object::Operation;
use super::refusal::{self, Refusal};
use crate::Response;

/// Entries of one page, where the client does not ask for less.
pub(super) const PAGE_MAX: usize = 100;

/// What a request is answered with.
pub(super) type Answered = Result<Response, Refusal>;

pub(super) fn json_answer(status: u16, body: &Value) -> Response {
    let mut response = bare(status);
    *response.body_mut() = Bytes::from(body.to_string());
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// An answer without a body.
pub(super) fn bare(status: u16) -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
}

pub(super) fn error(refusal: &Refusal) -> Response {
    let Refusal { status, code, message, retry_after } = refusal;
    let body = json!({ "error": { "code": code, "message": message, "details": [] } });
    let mut response = json_answer(*status, &body);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

pub(super) fn put_header(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// One page of a list whose entries have names in ascending order.
pub(super) fn page(call: &Call<'_>, entries: Vec<(String, Value)>) -> Answered {
    let size = match call.parameter("$top").map(str::parse::<usize>) {
        None => PAGE_MAX,
        Some(Ok(top)) if top > 0 => top.min(PAGE_MAX),
        Some(_) => return Err(refusal::bad_content("$top is no positive number")),
    };
    let after = match call.parameter("$skiptoken") {
        None => None,
        Some(token) => Some(read_token(token)?),
    };
    let rest = entries.into_iter().filter(|(name, _)| after.as_ref().is_none_or(|at| name > at));
    let mut rest: Vec<_> = rest.collect();
    let more = rest.len() > size;
    rest.truncate(size);
    let mut body = json!({});
    if let Some((last, _)) = rest.last().filter(|_| more) {
        body["nextLink"] = next_link(call, last).into();
    }
    body["value"] = rest.into_iter().map(|(_, entry)| entry).collect();
    Ok(json_answer(200, &body))
}

fn read_token(token: &str) -> Result<String, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| refusal::bad_content("$skiptoken is none that was given"))
}

fn next_link(call: &Call<'_>, last: &str) -> String {
    let version = utf8_percent_encode(call.api_version(), NON_ALPHANUMERIC);
    let token = URL_SAFE_NO_PAD.encode(last);
    let mut link = format!("{}{}?api-version={version}", call.origin(), call.request.uri().path());
    for name in ["$top", "$filter"] {
        if let Some(value) = call.parameter(name) {
            link.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
    }
    format!("{link}&$skiptoken={token}")
}

/// Says in the headers which operation runs and how to follow it.
pub(super) fn follow(call: &Call<'_>, response: &mut Response, id: &str) {
    let Some(operation) = call.world.operations.get(id) else { return };
    let status = operation_url(call, operation, id, "operations");
    let result = operation_url(call, operation, id, "operationResults");
    let wait = wait_seconds(operation.due, call.world.now());
    let headers = response.headers_mut();
    put_header(headers, "azure-asyncoperation", &status);
    put_header(headers, "location", &result);
    headers.insert(RETRY_AFTER, HeaderValue::from(wait));
}

/// Where an operation can be looked at.
pub(super) fn operation_url(
    call: &Call<'_>,
    operation: &Operation,
    id: &str,
    kind: &str,
) -> String {
    format!(
        "{}/subscriptions/{}/providers/Microsoft.Network/locations/{}/{kind}/{id}?api-version={}",
        call.origin(),
        operation.subscription,
        operation.location,
        call.api_version()
    )
}

/// Whole seconds until then, at least one: clients take none for "ask me in half a minute".
pub(super) fn wait_seconds(due: i64, now: Timestamp) -> u64 {
    let span = Timestamp::from_millis(due).since(now);
    span.as_secs().saturating_add(u64::from(span.subsec_millis() > 0)).max(1)
}
