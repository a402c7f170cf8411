//! The description of what is served, made from the table of operations: an OpenAPI document for
//! programs, and a page for people that needs no other server.
//!
//! Network peering is described in full. Other operations are described by their paths, parameters
//! and errors, with any JSON as their bodies.

mod guide;
mod peering;
mod schemas;

use serde_json::{Map, Value, json};

use super::operation::{Access, Bucket, Media, Operation};

pub(super) use guide::guide;

/// The errors that any operation may answer with: status and when.
const ERRORS: [(&str, &str); 12] = [
    ("400", "A parameter or the body cannot be read, or a field of it is at fault."),
    ("401", "Nobody proved who they are: the challenge says how to."),
    ("403", "The caller lacks the role, or calls from an address that is not allowed."),
    ("404", "There is no such object, or none that the caller may know of."),
    ("405", "The path has other methods."),
    ("406", "No version that the client accepts is served."),
    ("408", "The body did not arrive whole."),
    ("409", "The state of the object, or of its neighbours, forbids it."),
    ("415", "The body is no JSON."),
    ("429", "Too many requests: Retry-After says when to come back."),
    ("500", "It failed, and it is the service's fault."),
    ("503", "It cannot be done now: Retry-After says when to come back."),
];

/// The document about `operations`, as JSON.
pub(super) fn document(operations: &[Operation]) -> Vec<u8> {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = describe(operation);
    }
    let document = json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Peerage",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Network peering between the networks of a service and those of its \
                customers, over the Atlas Administration API v2.",
            "license": { "name": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(operations),
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "parameters": parameters(),
            "headers": headers(),
            "responses": errors(),
            "securitySchemes": security(),
        },
    });
    // A value made of texts, numbers and maps can always be written.
    serde_json::to_vec(&document).unwrap_or_default()
}

/// The group of operations that one belongs to.
fn tag(operation: &Operation) -> &'static str {
    let path = operation.path;
    let has = |part: &str| path.contains(part);
    match operation.bucket {
        Bucket::Peering => "Network Peering",
        _ if has("/api/oauth/") => "Tokens",
        _ if has("/api/peerage/") => "Emulated Clouds",
        _ if has("/apiKeys") => "Programmatic API Keys",
        _ if has("/serviceAccounts") => "Service Accounts",
        _ if has("/accessList") => "Project IP Access List",
        _ if has("/events") || has("/eventTypes") => "Events",
        _ if has("/teams") => "Teams",
        _ if has("/api/atlas/v2/groups") => "Projects",
        _ if has("/api/atlas/v2/orgs") => "Organizations",
        _ => "Root",
    }
}

fn tags(operations: &[Operation]) -> Value {
    let mut tags: Vec<&str> = operations.iter().map(tag).collect();
    tags.sort_unstable();
    tags.dedup();
    tags.into_iter().map(|name| json!({ "name": name })).collect()
}

/// One operation.
fn describe(operation: &Operation) -> Value {
    let details = peering::details(operation.id);
    let mut described = json!({
        "operationId": operation.id,
        "tags": [tag(operation)],
        "summary": details.as_ref().map_or_else(|| words(operation.id), |it| it.summary.to_owned()),
        "parameters": parameters_of(operation, details.as_ref()),
        "responses": responses(operation, details.as_ref()),
    });
    described["security"] = match operation.access {
        Access::Anyone => json!([]),
        Access::Caller => json!([{ "apiKey": [] }, { "accessToken": [] }]),
    };
    let has_body = !matches!(operation.method.as_str(), "GET" | "DELETE");
    let schema = match &details {
        Some(details) => details.request.map(reference),
        None => has_body.then(|| reference("Any")),
    };
    if let Some(schema) = schema {
        described["requestBody"] = json!({
            "required": details.is_some(),
            "content": bodies(operation, &schema),
        });
    }
    described
}

/// `listGroupPeers` as words.
fn words(id: &str) -> String {
    let mut words = String::new();
    for (at, letter) in id.chars().enumerate() {
        match letter {
            _ if at == 0 => words.push(letter.to_ascii_uppercase()),
            'A'..='Z' => words.extend([' ', letter.to_ascii_lowercase()]),
            _ => words.push(letter),
        }
    }
    words
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// A body in every media type that it is taken in.
fn bodies(operation: &Operation, schema: &Value) -> Value {
    let mut content = Map::new();
    for media in media_types(operation) {
        content.insert(media, json!({ "schema": schema }));
    }
    Value::Object(content)
}

fn media_types(operation: &Operation) -> Vec<String> {
    match operation.media {
        Media::Plain if operation.path.starts_with("/api/oauth/") => {
            vec!["application/x-www-form-urlencoded".to_owned()]
        }
        Media::Plain => vec!["application/json".to_owned()],
        Media::Atlas(versions) => versions.iter().map(|version| dated(version)).collect(),
    }
}

fn dated(version: &str) -> String {
    format!("application/vnd.atlas.{version}+json")
}

fn parameters_of(operation: &Operation, details: Option<&peering::Details>) -> Value {
    let names = operation.path.split(['{', '}']).skip(1).step_by(2);
    let in_path = names.map(|name| match name {
        "groupId" | "peerId" | "containerId" | "orgId" => {
            json!({ "$ref": format!("#/components/parameters/{name}") })
        }
        _ => json!({
            "name": name, "in": "path", "required": true, "schema": { "type": "string" },
        }),
    });
    let form: &[&str] = match operation.media {
        Media::Atlas(_) => &["envelope", "pretty"],
        Media::Plain => &["pretty"],
    };
    let generic: &[&str] = &[];
    let in_query = details.map_or(generic, |details| details.query).iter().chain(form);
    let in_query =
        in_query.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }));
    in_path.chain(in_query).collect()
}

fn responses(operation: &Operation, details: Option<&peering::Details>) -> Value {
    let mut responses = Map::new();
    for (status, _) in ERRORS {
        let response = json!({ "$ref": format!("#/components/responses/{status}") });
        responses.insert(status.to_owned(), response);
    }
    let (status, schema) = details.map_or(("2XX", Some("Any")), |it| (it.status, it.response));
    let mut done = json!({ "description": "Done.", "headers": answer_headers() });
    if let Some(schema) = schema {
        let plain = vec!["application/json".to_owned()];
        let types = if operation.media == Media::Plain { plain } else { media_types(operation) };
        let schema = match operation.media {
            Media::Atlas(_) => json!({ "anyOf": [reference(schema), reference("Envelope")] }),
            Media::Plain => reference(schema),
        };
        let content = types.into_iter().map(|media| (media, json!({ "schema": schema })));
        done["content"] = content.collect::<Map<_, _>>().into();
    }
    responses.insert(status.to_owned(), done);
    if let Media::Atlas(versions) = operation.media {
        add_envelope(&mut responses, versions);
    }
    Value::Object(responses)
}

/// With `envelope=true` every answer but 401 is a 200.
fn add_envelope(responses: &mut Map<String, Value>, versions: &[&str]) {
    let schema = json!({ "schema": reference("Envelope") });
    let enveloped = responses.entry("200").or_insert_with(|| {
        let content = versions.iter().map(|version| (dated(version), schema.clone()));
        json!({
            "description": "Any answer, when envelope is true.",
            "headers": answer_headers(),
            "content": content.collect::<Map<_, _>>(),
        })
    });
    enveloped["content"]["application/json"] = schema;
}

fn errors() -> Value {
    let mut responses = Map::new();
    for (status, when) in ERRORS {
        let mut headers = answer_headers();
        if matches!(status, "429" | "503") {
            headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
        }
        let response = json!({
            "description": when,
            "headers": headers,
            "content": { "application/json": { "schema": reference("ApiError") } },
        });
        responses.insert(status.to_owned(), response);
    }
    Value::Object(responses)
}

fn answer_headers() -> Value {
    json!({
        "RateLimit-Limit": { "$ref": "#/components/headers/RateLimitLimit" },
        "RateLimit-Remaining": { "$ref": "#/components/headers/RateLimitRemaining" },
    })
}

fn headers() -> Value {
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

fn parameters() -> Value {
    let id = |name: &str, what: &str| {
        json!({
            "name": name, "in": "path", "required": true, "schema": reference("Id"),
            "description": format!("The id of the {what}."),
        })
    };
    let query = |name: &str, description: &str, schema: Value| {
        json!({
            "name": name, "in": "query", "description": description, "schema": schema,
        })
    };
    let word = "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]";
    let flag = |default: bool, pattern: String| {
        let text = json!({ "type": "string", "pattern": pattern });
        json!({ "default": default, "anyOf": [{ "type": "boolean" }, text] })
    };
    // An empty one is false where it says how an answer looks, and is refused elsewhere.
    let look = || flag(false, format!("^({word})?$"));
    let counted = flag(true, format!("^({word})$"));
    let number = |default: u32, minimum: u32, maximum: u32| {
        json!({
            "type": "integer", "default": default, "minimum": minimum, "maximum": maximum,
        })
    };
    json!({
        "groupId": id("groupId", "project"),
        "orgId": id("orgId", "organization"),
        "peerId": id("peerId", "peering"),
        "containerId": id("containerId", "container"),
        "envelope": query("envelope", "Answers 200 with the status in the body.", look()),
        "pretty": query("pretty", "Spreads the answer over lines.", look()),
        "includeCount": query("includeCount", "Whether to tell how many there are.", counted),
        "itemsPerPage": query("itemsPerPage", "Elements of a page.", number(100, 1, 500)),
        "pageNum": query("pageNum", "Which page.", number(1, 0, i32::MAX.unsigned_abs())),
        "providerName": query(
            "providerName",
            "The cloud; in any case of letters, and an empty one is as none.",
            json!({ "type": "string", "default": "AWS", "anyOf": [
                { "enum": ["AWS", "AZURE", "GCP"] },
                { "pattern": "^([Aa][Ww][Ss]|[Aa][Zz][Uu][Rr][Ee]|[Gg][Cc][Pp])?$" },
            ] }),
        ),
    })
}

fn security() -> Value {
    json!({
        "apiKey": {
            "type": "http",
            "scheme": "digest",
            "description": "The public key is the user name, the private key the password.",
        },
        "accessToken": {
            "type": "oauth2",
            "description": "A service account's id and secret for a token that works an hour.",
            "flows": { "clientCredentials": { "tokenUrl": "/api/oauth/token", "scopes": {} } },
        },
    })
}
