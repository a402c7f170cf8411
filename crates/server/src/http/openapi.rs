//! The description of what is served, made from the table of operations: an OpenAPI document for
//! programs, and a page for people that needs no other server.
//!
//! Each noun says what its operations take and answer. Lists of words, patterns and bounds come
//! from the types that read and write them, so that the document cannot say otherwise. What is
//! answered has exactly the fields that are described; what clients send may have more.

mod access_list;
mod api_keys;
mod containers;
mod control;
mod details;
mod events;
mod groups;
mod guide;
mod invitations;
mod oauth;
mod orgs;
mod parameters;
mod peers;
mod responses;
mod service_accounts;
mod settings;
mod shape;
mod stubs;
mod teams;
mod text;
mod users;

use serde_json::{Map, Value, json};

use super::operation::{Access, Bucket, Media, Operation};
use details::{Details, details};
use shape::{Named, reference};

pub(super) use guide::guide;

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
            "schemas": schemas(),
            "parameters": parameters::all(),
            "headers": responses::headers(),
            "responses": responses::errors(),
            "securitySchemes": security(),
        },
    });
    // A value made of texts, numbers and maps can always be written.
    serde_json::to_vec(&document).unwrap_or_default()
}

/// Every schema, by name.
fn schemas() -> Value {
    let nouns: [fn() -> Vec<Named>; 17] = [
        shape::schemas,
        responses::schemas,
        peers::schemas,
        containers::schemas,
        groups::schemas,
        settings::schemas,
        access_list::schemas,
        events::schemas,
        api_keys::schemas,
        service_accounts::schemas,
        orgs::schemas,
        teams::schemas,
        users::schemas,
        invitations::schemas,
        stubs::schemas,
        control::schemas,
        oauth::schemas,
    ];
    let all = nouns.into_iter().flat_map(|noun| noun());
    all.map(|(name, schema)| (name.to_owned(), schema)).collect::<Map<_, _>>().into()
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

/// What an operation does; its name where nobody describes it.
fn summary(operation: &Operation) -> &'static str {
    details(operation.id).map_or(operation.id, |details| details.summary)
}

/// One operation.
fn describe(operation: &Operation) -> Value {
    let details = details(operation.id);
    let mut described = json!({
        "operationId": operation.id,
        "tags": [tag(operation)],
        "summary": summary(operation),
        "parameters": parameters::of(operation, details.as_ref()),
        "responses": responses::of(operation, details.as_ref()),
    });
    described["security"] = match operation.access {
        Access::Anyone => json!([]),
        Access::Caller => json!([{ "apiKey": [] }, { "accessToken": [] }]),
    };
    if let Some(schema) = details.and_then(|Details { request, .. }| request) {
        let bodies = media_types(operation)
            .into_iter()
            .map(|media| (media, json!({ "schema": reference(schema) })));
        described["requestBody"] =
            json!({ "required": true, "content": bodies.collect::<Map<_, _>>() });
    }
    described
}

/// The media types that a body is taken in.
fn media_types(operation: &Operation) -> Vec<String> {
    let dated = |version: &&str| format!("application/vnd.atlas.{version}+json");
    match operation.media {
        Media::Plain if operation.path.starts_with("/api/oauth/") => {
            vec!["application/x-www-form-urlencoded".to_owned()]
        }
        Media::Plain => vec!["application/json".to_owned()],
        Media::Atlas(versions) => versions.iter().map(dated).collect(),
    }
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
