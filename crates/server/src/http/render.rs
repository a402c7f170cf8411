//! Writes answers: replies and faults as status, headers and JSON in the form that was asked for.
//!
//! An envelope turns every status into 200 and tells it in the body, errors too, with one
//! exception: a 401 stays a 401, because a client that is never challenged cannot answer with HTTP
//! Digest. `Retry-After`, `Allow` and `Location` are headers in either form.

use ::http::header::{ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;

use super::error::{Told, seconds};
use super::fault::Fault;
use super::pretty;
use super::query::Form;
use super::rate_limit::Allowance;
use super::reply::Reply;
use super::version::{self, JSON};
use crate::app::App;

/// `RateLimit-Limit`: the size of the bucket.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");

/// `RateLimit-Remaining`: what is left in it.
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");

/// The code of an error, for the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct ErrorCode(pub(super) &'static str);

/// The answer of an operation.
pub(super) fn reply(reply: Reply, version: &str, form: Form, base_url: &str) -> Response {
    let Reply { status, body, is_list, location, headers } = reply;
    let mut response = json(status, body, is_list, version::content_type(version), form);
    response.headers_mut().extend(headers);
    if let Some(value) = location.and_then(|path| format!("{base_url}{path}").try_into().ok()) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

/// The answer to a request for `path` that was not served.
pub(super) fn fault(app: &App, fault: &Fault, path: &str, form: Form) -> Response {
    if let Fault::Internal(what) = fault {
        tracing::error!(what, "http.internal_error");
    }
    let told = Told::of(fault, path);
    let status = told.status();
    let form = if status == StatusCode::UNAUTHORIZED { form.without_envelope() } else { form };
    // The body of an error is made of texts and numbers: it can always be written.
    let body = serde_json::to_vec(&told.body()).unwrap_or_default();
    let mut response = json(status, body.into(), false, JSON, form);
    response.extensions_mut().insert(ErrorCode(told.row.code));
    headers_of(app, fault, response.headers_mut());
    response
}

/// 204 with the methods of a path.
pub(super) fn options(allowed: &[Method]) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, allow(allowed));
    response
}

/// Puts the state of the bucket into an answer that does not have it.
pub(super) fn rate_limit(headers: &mut HeaderMap, allowance: Allowance) {
    let Allowance { limit, remaining } = allowance;
    headers.entry(LIMIT).or_insert_with(|| limit.into());
    headers.entry(REMAINING).or_insert_with(|| remaining.into());
}

fn headers_of(app: &App, fault: &Fault, headers: &mut HeaderMap) {
    match fault {
        Fault::Unauthenticated(staleness) => {
            headers.insert(WWW_AUTHENTICATE, app.challenge(*staleness));
        }
        Fault::RateLimited { limit, retry_after } => {
            headers.insert(RETRY_AFTER, seconds(*retry_after).into());
            headers.insert(REMAINING, 0.into());
            if *limit > 0 {
                headers.insert(LIMIT, (*limit).into());
            }
        }
        Fault::Unavailable { reason: _, retry_after } => {
            headers.insert(RETRY_AFTER, seconds(*retry_after).into());
        }
        Fault::MethodNotAllowed { allowed } => {
            headers.insert(ALLOW, allow(allowed));
        }
        Fault::Refused(_)
        | Fault::AddressNotAllowed(_)
        | Fault::PathParameter { .. }
        | Fault::QueryParameter { .. }
        | Fault::Body(_)
        | Fault::BodyTooLarge { .. }
        | Fault::BodyIncomplete
        | Fault::UnsupportedMediaType(_)
        | Fault::NotAcceptable(_)
        | Fault::UnknownPath
        | Fault::Emulated { .. }
        | Fault::Internal(_) => {}
    }
}

fn allow(allowed: &[Method]) -> HeaderValue {
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

fn json(
    status: StatusCode,
    body: Bytes,
    is_list: bool,
    content_type: HeaderValue,
    form: Form,
) -> Response {
    let (status, body) = if form.envelope {
        (StatusCode::OK, enveloped(status, body.into(), is_list).into())
    } else {
        (status, body)
    };
    let body = if form.pretty { pretty::indent(&body).into() } else { body };
    let has_body = !body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if has_body {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

/// The status inside the body: beside the elements of a list, else beside the content.
fn enveloped(status: StatusCode, mut body: Vec<u8>, is_list: bool) -> Vec<u8> {
    let status = status.as_u16();
    if is_list && body.len() > 2 && body.pop_if(|last| *last == b'}').is_some() {
        body.extend(format!(",\"status\":{status}}}").bytes());
        return body;
    }
    let content: &[u8] = if body.is_empty() { b"{}" } else { &body };
    let open = format!("{{\"status\":{status},\"content\":");
    [open.as_bytes(), content, b"}"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONTRACT §5: `envelope=true`.
    #[test]
    fn an_envelope_tells_the_status_in_the_body() {
        let wrap = |status, body: &str, is_list| {
            String::from_utf8(enveloped(status, body.into(), is_list)).unwrap()
        };
        let ok = StatusCode::OK;
        assert_eq!(wrap(ok, r#"{"a":1}"#, false), r#"{"status":200,"content":{"a":1}}"#);
        assert_eq!(wrap(StatusCode::NO_CONTENT, "", false), r#"{"status":204,"content":{}}"#);
        assert_eq!(wrap(ok, r#"{"results":[]}"#, true), r#"{"results":[],"status":200}"#);
        assert_eq!(wrap(ok, "[1]", true), r#"{"status":200,"content":[1]}"#);
    }
}
