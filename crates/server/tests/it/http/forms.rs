//! Envelope, indentation, compression: about form only.

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
async fn an_envelope_is_around_objects_and_inside_lists() {
    let (_world, owner) = world().await;
    let body = owner.get("/api/atlas/v2/test/x?envelope=true").await.ok(200);
    assert_eq!((&body["status"], &body["content"]["name"]), (&json!(200), &json!("x")));
    let body = owner.get("/api/atlas/v2/test?envelope=true&itemsPerPage=1").await.ok(200);
    assert_eq!(body, json!({ "results": [{ "n": 0 }], "status": 200 }));
    let answer = owner.call(Method::DELETE, "/api/atlas/v2/test/x?envelope=true").await;
    assert_eq!(answer.ok(200), json!({ "status": 204, "content": {} }));
    let answer = owner.call(Method::PUT, "/api/atlas/v2/test/x?envelope=true").await;
    assert_eq!(answer.ok(200), json!({ "status": 201, "content": {} }));
    assert_eq!(answer.header("location"), "http://localhost/api/atlas/v2/test/x");
}

#[tokio::test]
async fn errors_are_in_an_envelope_too_but_for_401() {
    let (world, owner) = world().await;
    for (target, status, code) in [
        ("/api/atlas/v2/test?itemsPerPage=no&envelope=true", 400, "INVALID_QUERY_PARAMETER"),
        ("/api/atlas/v2/nothing?envelope=true", 404, "RESOURCE_NOT_FOUND"),
        ("/api/atlas/v2/test/x/panic?envelope=true", 500, "UNEXPECTED_ERROR"),
    ] {
        let body = owner.get(target).await.ok(200);
        assert_eq!(body["status"], status, "{target}");
        assert_eq!(body["content"]["errorCode"], code);
        assert_eq!(body["content"]["error"], status);
    }
    let answer = world.anonymous().get("/api/atlas/v2/test/x?envelope=true").await;
    answer.refused(401, "UNEXPECTED_ERROR");
    assert!(answer.header("www-authenticate").starts_with("Digest "));
}

#[tokio::test]
async fn a_malformed_form_is_named_before_other_errors() {
    let (world, owner) = world().await;
    for name in ["envelope", "pretty"] {
        for rest in ["test/x", "test?itemsPerPage=0", "test/x/panic"] {
            let sign = if rest.contains('?') { '&' } else { '?' };
            let target = format!("/api/atlas/v2/{rest}{sign}{name}=yes");
            let body = owner.get(&target).await.refused(400, "INVALID_QUERY_PARAMETER");
            assert_eq!(body["parameters"], json!([name, "true or false"]));
        }
        let target = format!("/api/atlas/v2/test/x?{name}=yes");
        owner.get_as(&target, "text/html").await.refused(400, "INVALID_QUERY_PARAMETER");
        world.anonymous().get(&target).await.refused(401, "UNEXPECTED_ERROR");
    }
}

#[tokio::test]
async fn pretty_changes_spaces_only() {
    let (_world, owner) = world().await;
    let compact = owner.get("/api/atlas/v2/test?itemsPerPage=2&pretty=false").await;
    assert!(!compact.text().contains('\n'));
    let pretty = owner.get("/api/atlas/v2/test?itemsPerPage=2&pretty=true").await;
    assert_eq!(pretty.text(), serde_json::to_string_pretty(&compact.json()).unwrap());
    let error = owner.get("/api/atlas/v2/nothing?pretty=true").await;
    assert!(error.text().contains("\n  \"errorCode\": \"RESOURCE_NOT_FOUND\""));
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_ask() {
    let (_world, owner) = world().await;
    let ask = |target: &'static str, method| {
        let request = owner.request(method, target).header("accept-encoding", "gzip");
        owner.send(request, Body::empty())
    };
    let plain = owner.get("/api/atlas/v2/test?itemsPerPage=500").await;
    let large = ask("/api/atlas/v2/test?itemsPerPage=500", Method::GET).await;
    assert_eq!(large.header("content-encoding"), "gzip");
    assert!(large.body.len() < plain.body.len() / 2);
    assert_eq!(&large.body[..3], [0x1f, 0x8b, 8], "the head of gzip with deflate");
    let small = ask("/api/atlas/v2/test/x", Method::GET).await;
    assert_eq!(small.header("content-encoding"), "");
    let head = ask("/api/atlas/v2/test?itemsPerPage=500", Method::HEAD).await;
    assert_eq!((head.header("content-encoding"), head.body.len()), ("gzip", 0));
    // Whoever keeps answers is told for whom they are.
    assert_eq!(
        (plain.header("vary"), large.header("vary")),
        ("accept-encoding", "accept-encoding")
    );
    assert_eq!(owner.get("/api/atlas/v2/test/x").await.header("vary"), "");
}
