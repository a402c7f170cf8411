//! What holds for every operation in the table: a new one is tested here without being named.

use ::http::Method;
use peerage::http::operation::{Access, Media, Operation};
use peerage::http::operations;

use crate::support::{Answer, Client, World};

/// An id that nothing has.
const NOTHING: &str = "0123456789abcdef01234567";

/// The contract's operations, with a path in which `group` and `org` stand for theirs.
fn contract(group: &str, org: &str) -> Vec<(Operation, String)> {
    let fill = |operation: &Operation| {
        let mut path = String::new();
        for (at, part) in operation.path.split(['{', '}']).enumerate() {
            path.push_str(match part {
                _ if at % 2 == 0 => part,
                "groupId" => group,
                "orgId" => org,
                "clientId" => "mdb_sa_id_0123456789abcdef01234567",
                "entryValue" | "ipAddress" => "192.0.2.1",
                _ => NOTHING,
            });
        }
        path
    };
    let rows = operations::all().into_iter();
    let rows = rows.filter(|operation| matches!(operation.media, Media::Atlas(_)));
    rows.map(|operation| {
        let path = fill(&operation);
        (operation, path)
    })
    .collect()
}

async fn send(client: &Client, method: &Method, target: &str, header: (&str, &str)) -> Answer {
    let request = client.request(method.clone(), target).header(header.0, header.1);
    let body = if has_body(method) { "{}" } else { "" };
    client.send(request, body).await
}

fn has_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn nobody_gets_in_without_credentials() {
    let world = World::new().await;
    let anonymous = world.anonymous();
    for (operation, path) in contract(&world.installed.project_id, &world.installed.org_id) {
        let answer = send(&anonymous, &operation.method, &path, JSON).await;
        match operation.access {
            Access::Anyone => assert_ne!(answer.status.as_u16(), 401, "{}", operation.id),
            Access::Caller => assert_eq!(answer.status.as_u16(), 401, "{}", operation.id),
        }
    }
}

#[tokio::test]
async fn form_version_and_media_type_are_checked() {
    let world = World::new().await;
    let owner = world.owner().await;
    for (operation, path) in contract(&world.installed.project_id, &world.installed.org_id) {
        let (id, method) = (operation.id, &operation.method);
        let answer = send(&owner, method, &format!("{path}?pretty=maybe"), JSON).await;
        assert_eq!(answer.json()["errorCode"], "INVALID_QUERY_PARAMETER", "{id}");
        let early = ("accept", "application/vnd.atlas.2000-01-01+json");
        let answer = send(&owner, method, &path, early).await;
        assert_eq!(answer.json()["errorCode"], "VERSION_UNSUPPORTED", "{id}");
        if has_body(method) {
            let answer = send(&owner, method, &path, ("content-type", "text/plain")).await;
            assert_eq!(answer.status.as_u16(), 415, "{id}");
        }
    }
}

#[tokio::test]
async fn a_malformed_id_of_a_project_or_an_organization_is_named() {
    let world = World::new().await;
    let owner = world.owner().await;
    for (operation, path) in contract("xyz", "xyz") {
        if !path.contains("xyz") {
            continue;
        }
        let answer = send(&owner, &operation.method, &path, JSON).await;
        let found = (answer.status.as_u16(), answer.json()["errorCode"].clone());
        assert_eq!(found, (400, "PATH_PARAM_PARSE_ERROR".into()), "{}", operation.id);
    }
}

#[tokio::test]
async fn what_belongs_to_others_does_not_exist() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let mut others = Vec::new();
    for (operation, path) in contract(&world.installed.project_id, &world.installed.org_id) {
        let expected = match operation.path {
            path if path.contains("{groupId}") => "GROUP_NOT_FOUND",
            path if path.contains("{orgId}") => "ORG_NOT_FOUND",
            _ => continue,
        };
        let answer = send(&stranger, &operation.method, &path, JSON).await;
        let found = (answer.status.as_u16(), answer.json()["errorCode"].clone());
        if found != (404, expected.into()) {
            others.push((operation.id, found));
        }
    }
    assert!(others.is_empty(), "{others:#?}");
}
