//! Paths and methods: what is routed where, and what is answered to the rest.

use ::http::Method;
use axum::body::Body;
use peerage::config::Limits;
use serde_json::json;

use crate::support::{Client, World, operations};

async fn world() -> (World, Client) {
    let world = World::with(&Limits::generous(), operations()).await;
    let owner = world.owner().await;
    (world, owner)
}

#[tokio::test]
async fn unknown_paths_are_404_in_json_whoever_asks() {
    let (world, owner) = world().await;
    for path in [
        "/api/atlas/v2/nothing",
        "/api/atlas/v1.0/groups",
        "/api/atlas/v1.0/groups/0123456789abcdef01234567/peers",
        "/api/atlas/v2/test//",
        "/favicon.ico",
        "/%ff",
    ] {
        for client in [&owner, &world.anonymous()] {
            let answer = client.get_as(path, "text/html").await;
            let body = answer.refused(404, "RESOURCE_NOT_FOUND");
            assert_eq!(body["parameters"], json!([path]));
        }
    }
}

#[tokio::test]
async fn another_method_is_405_and_names_the_right_ones() {
    let (world, owner) = world().await;
    for client in [&owner, &world.anonymous()] {
        let answer = client.call(Method::PATCH, "/api/atlas/v2/test/x").await;
        answer.refused(405, "METHOD_NOT_ALLOWED");
        assert_eq!(answer.header("allow"), "DELETE, GET, HEAD, OPTIONS, PUT");
    }
    let answer = owner.get("/api/atlas/v2/test/x:move").await;
    answer.refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(answer.header("allow"), "OPTIONS, POST");
}

#[tokio::test]
async fn options_needs_no_credentials() {
    let (world, _) = world().await;
    let answer = world.anonymous().call(Method::OPTIONS, "/api/atlas/v2/test/x").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    assert_eq!(answer.header("allow"), "DELETE, GET, HEAD, OPTIONS, PUT");
    let unknown = world.anonymous().call(Method::OPTIONS, "/nothing").await;
    assert_eq!(unknown.status.as_u16(), 404);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (_world, owner) = world().await;
    for target in ["/api/atlas/v2/test/x", "/api/atlas/v2/test/x/panic", "/nothing", "/healthz"] {
        let get = owner.get(target).await;
        let head = owner.call(Method::HEAD, target).await;
        assert_eq!(head.status, get.status);
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        assert_eq!(head.header("content-type"), get.header("content-type"));
    }
}

#[tokio::test]
async fn a_slash_at_the_end_and_a_verb_are_understood() {
    let (_world, owner) = world().await;
    let body = owner.get("/api/atlas/v2/test/x/?a=1").await.ok(200);
    assert_eq!(body["name"], "x");
    assert_eq!(body["target"], "/api/atlas/v2/test/x/?a=1");
    assert_eq!(body["query"], json!([["a", "1"]]));
    for path in ["/api/atlas/v2/test/x:move", "/api/atlas/v2/test/x%3Amove"] {
        assert_eq!(owner.call(Method::POST, path).await.ok(200)["name"], "x");
    }
    let body = owner.get("/api/atlas/v2/test/2001%3adb8::1").await.ok(200);
    assert_eq!(body["name"], "2001:db8::1");
}

#[tokio::test]
async fn parameters_are_decoded_once_and_must_be_text() {
    let (world, owner) = world().await;
    let body = owner.get("/api/atlas/v2/test/a%20b%2Fc%2525").await.ok(200);
    assert_eq!(body["name"], "a b/c%25");
    let body = owner.get("/api/atlas/v2/test/%ff").await.refused(400, "PATH_PARAM_PARSE_ERROR");
    assert_eq!(body["parameters"], json!(["%ff", "name"]));
    let body =
        owner.get("/api/atlas/v2/test/x?q=%ff").await.refused(400, "INVALID_QUERY_PARAMETER");
    assert_eq!(body["parameters"][0], "q");
    world.anonymous().get("/api/atlas/v2/test/%ff").await.refused(401, "UNEXPECTED_ERROR");
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let (world, owner) = world().await;
    let request = owner.request(Method::GET, "/nothing").header("x-request-id", "mine-1");
    let answer = owner.send(request, Body::empty()).await;
    assert_eq!(answer.header("x-request-id"), "mine-1");
    let anonymous = world.anonymous();
    let (one, other) = (anonymous.get("/healthz").await, anonymous.get("/api/atlas/v2/test").await);
    assert_ne!(one.header("x-request-id"), "");
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

/// Nothing of HTTP follows a success of CONNECT, and an envelope makes a success of everything.
#[tokio::test]
async fn connect_gets_no_body_with_a_success() {
    let (_world, owner) = world().await;
    for target in ["/api/atlas/v2/nothing?envelope=true", "/api/atlas/v2/test/x?envelope=true"] {
        let answer = owner.send(owner.request(Method::CONNECT, target), Body::empty()).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{target}");
        assert_eq!(answer.header("content-length"), "");
    }
    owner
        .send(owner.request(Method::CONNECT, "/nothing"), Body::empty())
        .await
        .refused(404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn a_panic_is_500_and_the_next_request_is_served() {
    let (_world, owner) = world().await;
    for target in ["/api/atlas/v2/test/x/panic", "/api/atlas/v2/test/x/panic-later"] {
        let body = owner.get(target).await.refused(500, "UNEXPECTED_ERROR");
        assert_eq!(body["detail"], "Unexpected error.");
    }
    owner.get("/api/atlas/v2/test/x").await.ok(200);
}
