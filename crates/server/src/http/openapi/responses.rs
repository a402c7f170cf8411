//! The answers of operations in the document: their statuses, media types and bodies, bare and in
//! an envelope.

use serde_json::{Map, Value, json};

use super::details::{Details, Paging, Quiet};
use super::oauth;
use super::shape::{Named, answer, reference};
use super::{Media, Operation, media_types};

/// The errors that any operation may answer with: status and when.
const ERRORS: [(u16, &str); 12] = [
    (400, "A parameter or the body cannot be read, or a field of it is at fault."),
    (401, "Nobody proved who they are: the challenge says how to."),
    (403, "The caller lacks the role, or calls from an address that is not allowed."),
    (404, "There is no such object, or none that the caller may know of."),
    (405, "The path has other methods."),
    (406, "No version that the client accepts is served."),
    (408, "The body did not arrive whole."),
    (409, "The state of the object, or of its neighbours, forbids it."),
    (415, "The body is no JSON."),
    (429, "Too many requests: Retry-After says when to come back."),
    (500, "It failed, and it is the service's fault."),
    (503, "It cannot be done now: Retry-After says when to come back."),
];

const JSON: &str = "application/json";

/// The answers of one operation.
pub(super) fn of(operation: &Operation, details: Option<&Details>) -> Value {
    let mut responses = errors_of(operation);
    let Some(details) = details else { return Value::Object(responses) };
    let bare = Map::from_iter(bare(operation, details));
    if matches!(operation.media, Media::Plain) {
        responses.insert(details.status.to_string(), done(bare));
        return Value::Object(responses);
    }
    let mut enveloped = enveloped(operation, details);
    if details.status == 200 {
        for (media, content) in bare {
            let either = json!([content["schema"], enveloped[&media]["schema"]]);
            enveloped.insert(media, json!({ "schema": { "anyOf": either } }));
        }
    } else {
        responses.insert(details.status.to_string(), done(bare));
    }
    if details.quiet == Quiet::Sometimes {
        responses.insert("204".to_owned(), done(Map::new()));
    }
    responses.insert("200".to_owned(), done(enveloped));
    Value::Object(responses)
}

fn errors_of(operation: &Operation) -> Map<String, Value> {
    let is_oauth = operation.path.starts_with("/api/oauth/");
    let error = |(status, _): (u16, &str)| {
        let status = status.to_string();
        let name = match oauth::ERRORS.contains(&status.as_str()) {
            true if is_oauth => format!("oauth{status}"),
            true | false => status.clone(),
        };
        (status, json!({ "$ref": format!("#/components/responses/{name}") }))
    };
    ERRORS.into_iter().map(error).collect()
}

fn done(content: Map<String, Value>) -> Value {
    let mut done = json!({ "description": "Done.", "headers": answer_headers() });
    if !content.is_empty() {
        done["content"] = content.into();
    }
    done
}

/// The media types of a success, each with its body.
fn bare(operation: &Operation, details: &Details) -> Vec<(String, Value)> {
    let types = match operation.media {
        Media::Plain => vec![JSON.to_owned()],
        Media::Atlas(_) => media_types(operation),
    };
    let of_version = |(at, media)| {
        let schema = reference(details.response_at(at)?);
        Some((media, json!({ "schema": schema })))
    };
    types.into_iter().enumerate().filter_map(of_version).collect()
}

/// With `envelope=true` every answer but 401 is a 200: a success in the media type of its version,
/// an error in plain JSON.
fn enveloped(operation: &Operation, details: &Details) -> Map<String, Value> {
    let of_version = |(at, media)| {
        let mut schema = in_envelope(details, details.response_at(at));
        if details.quiet == Quiet::Sometimes {
            schema = json!({ "anyOf": [schema, around(204, reference("Empty"))] });
        }
        (media, json!({ "schema": schema }))
    };
    let successes = media_types(operation).into_iter().enumerate().map(of_version);
    let error = (JSON.to_owned(), json!({ "schema": reference("ErrorInEnvelope") }));
    successes.chain([error]).collect()
}

/// Of a page, the status is beside its fields.
fn in_envelope(details: &Details, schema: Option<&str>) -> Value {
    let status = details.status;
    match (schema, details.paging) {
        (Some(schema), Paging::Pages) => json!({
            "allOf": [reference(schema), {
                "type": "object",
                "properties": { "status": { "type": "integer", "enum": [status] } },
                "required": ["status"],
            }],
        }),
        (Some(schema), Paging::Whole) => around(status, reference(schema)),
        (None, Paging::Pages | Paging::Whole) => around(status, reference("Empty")),
    }
}

fn around(status: u16, content: Value) -> Value {
    let status = json!({ "type": "integer", "enum": [status] });
    answer(&[], json!({ "content": content, "status": status }))
}

pub(super) fn schemas() -> Vec<Named> {
    let statuses: Vec<u16> = ERRORS.iter().map(|(status, _)| *status).collect();
    let status = json!({ "type": "integer", "enum": statuses });
    let properties = json!({ "content": reference("ApiError"), "status": status });
    vec![("ErrorInEnvelope", answer(&[], properties))]
}

/// The errors, by status.
pub(super) fn errors() -> Value {
    let mut responses = Map::new();
    for (status, when) in ERRORS {
        let mut headers = answer_headers();
        if matches!(status, 429 | 503) {
            headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
        }
        responses.insert(status.to_string(), error(when, &headers, "ApiError"));
        if oauth::ERRORS.contains(&status.to_string().as_str()) {
            let response = error(when, &headers, "TokenError");
            responses.insert(format!("oauth{status}"), response);
        }
    }
    Value::Object(responses)
}

fn error(when: &str, headers: &Value, schema: &str) -> Value {
    json!({
        "description": when,
        "headers": headers,
        "content": { JSON: { "schema": reference(schema) } },
    })
}

fn answer_headers() -> Value {
    json!({
        "RateLimit-Limit": { "$ref": "#/components/headers/RateLimitLimit" },
        "RateLimit-Remaining": { "$ref": "#/components/headers/RateLimitRemaining" },
    })
}

/// The headers of answers.
pub(super) fn headers() -> Value {
    let number = |description: &str| {
        json!({
            "description": description, "schema": { "type": "integer", "minimum": 0 },
        })
    };
    json!({
        "RateLimitLimit": number("Requests that the bucket holds."),
        "RateLimitRemaining": number("Requests that are left in the bucket."),
        "RetryAfter": number("Seconds after which a request may be served."),
    })
}
