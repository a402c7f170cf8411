//! Bodies of requests: sizes, media types, faults.

use ::http::Method;
use axum::body::Body;
use futures_util::stream;
use peerage::config::Limits;
use serde_json::{Value, json};

use crate::support::{Client, World, operations};

const FIELDS: &str = "/api/atlas/v2/test/x/fields";

async fn world() -> (World, Client) {
    let limits = Limits { header_read: "200ms".parse().unwrap(), ..Limits::generous() };
    let world = World::with(&limits, operations()).await;
    let owner = world.owner().await;
    (world, owner)
}

fn fields(body: &Value) -> Vec<&str> {
    let fields = body["badRequestDetail"]["fields"].as_array().unwrap();
    fields.iter().map(|field| field["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_field_at_fault_is_listed() {
    let (_world, owner) = world().await;
    let body = owner.post(FIELDS, &json!({ "kind": "B" })).await.refused(400, "MISSING_ATTRIBUTE");
    assert_eq!(body["detail"], "The required attribute number was not specified.");
    assert_eq!((fields(&body), &body["parameters"]), (vec!["number", "kind"], &json!(["number"])));
    let body = owner.post(FIELDS, &json!({ "number": 10 })).await.refused(400, "INVALID_ATTRIBUTE");
    assert_eq!(body["detail"], "Invalid attribute number specified.");
    let wrong = json!({ "number": 1, "kind": "B" });
    owner.post(FIELDS, &wrong).await.refused(400, "INVALID_ENUM_VALUE");
    owner.post(FIELDS, &json!({ "number": 1, "kind": "A" })).await.ok(200);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_named() {
    let (_world, owner) = world().await;
    let send = |body: &'static str| owner.send(owner.request(Method::POST, FIELDS), body);
    for body in ["", "{", "nothing", "{\"a\": }"] {
        assert_eq!(fields(&send(body).await.refused(400, "MALFORMED_JSON")), ["body"]);
    }
    for body in ["[]", "\"text\"", "null"] {
        assert_eq!(fields(&send(body).await.refused(400, "INVALID_ATTRIBUTE")), ["body"]);
    }
}

#[tokio::test]
async fn a_body_has_a_largest_size() {
    let (_world, owner) = world().await;
    let send = |bytes: usize| {
        owner.send(owner.request(Method::POST, "/api/atlas/v2/test"), vec![b' '; bytes])
    };
    assert_eq!(send(1 << 20).await.ok(200)["bytes"], 1 << 20);
    let body = send((1 << 20) + 1).await.refused(400, "INVALID_ATTRIBUTE");
    assert_eq!(fields(&body), ["body"]);
    let parts = stream::iter((0..20).map(|_| Ok::<_, std::io::Error>(vec![b' '; 64 << 10])));
    let request = owner.request(Method::POST, "/api/atlas/v2/test");
    let answer = owner.send(request, Body::from_stream(parts)).await;
    answer.refused(400, "INVALID_ATTRIBUTE");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let (_world, owner) = world().await;
    let never = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let answer = owner.send(owner.request(Method::POST, "/api/atlas/v2/test"), never).await;
    answer.refused(408, "REQUEST_TIMEOUT");
}

#[tokio::test]
async fn a_body_is_json_in_any_spelling() {
    let (_world, owner) = world().await;
    let send = |target: &'static str, media: &'static str, body: &'static str| {
        owner.send(owner.request(Method::POST, target).header("content-type", media), body)
    };
    for media in [
        "application/json",
        "application/json; charset=utf-8",
        "application/vnd.atlas.2023-01-01+json",
        "text/json",
    ] {
        send(FIELDS, media, "{\"number\":1}").await.ok(200);
    }
    for media in ["text/plain", "application/x-www-form-urlencoded", "nonsense"] {
        let body = send(FIELDS, media, "{}").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
        assert_eq!(body["parameters"], json!([media]));
    }
    send("/api/atlas/v2/test", "text/plain", "").await.ok(200);
    send("/api/plain", "application/x-www-form-urlencoded", "a=b").await.ok(200);
}
