//! Rates, places, deadlines.

use std::time::Duration;

use ::http::Method;
use axum::body::Body;
use futures_util::{StreamExt as _, stream};
use peerage::config::{Limits, Span};

use crate::support::{Answer, Client, World, operations};

fn remaining(answer: &Answer) -> (u32, u32) {
    let number = |name| answer.header(name).parse().unwrap();
    (number("ratelimit-limit"), number("ratelimit-remaining"))
}

#[tokio::test]
async fn every_answer_tells_the_rate_limit() {
    let limits = Limits { requests_per_minute: 60, burst: 10, ..Limits::default() };
    let world = World::with(&limits, operations()).await;
    let owner = world.owner().await;
    assert_eq!(remaining(&owner.get("/api/atlas/v2/test/x").await), (10, 9));
    assert_eq!(remaining(&owner.get("/api/atlas/v2/test?itemsPerPage=x").await), (10, 8));
    // Those who did not prove who they are draw from their address, and a first step from nothing.
    assert_eq!(remaining(&world.anonymous().get("/api/atlas/v2/test/x").await), (10, 10));
    assert_eq!(remaining(&world.anonymous().get("/nothing").await), (10, 9));
    assert_eq!(remaining(&world.anonymous().get("/healthz").await), (10, 10));
    let options = world.anonymous().call(Method::OPTIONS, "/api/atlas/v2/test").await;
    assert_eq!(remaining(&options), (10, 10));
}

#[tokio::test]
async fn who_comes_too_often_is_told_when_to_come_back() {
    let limits = Limits { requests_per_minute: 10, burst: 2, ..Limits::default() };
    let world = World::with(&limits, operations()).await;
    let owner = world.owner().await;
    for _ in 0..2 {
        owner.get("/api/atlas/v2/test/x").await.ok(200);
    }
    let answer = owner.get("/api/atlas/v2/test/x").await;
    answer.refused(429, "RATE_LIMITED");
    assert_eq!(remaining(&answer), (2, 0));
    assert_eq!(answer.header("retry-after"), "6");
    // Nobody else pays for it.
    world.stranger().await.get("/api/atlas/v2/test/x").await.ok(200);
    for _ in 0..2 {
        world.anonymous().get("/nothing").await.refused(404, "RESOURCE_NOT_FOUND");
    }
    world.anonymous().get("/nothing").await.refused(429, "RATE_LIMITED");
}

#[tokio::test]
async fn work_has_a_bound_and_a_deadline() {
    let request = Span(Duration::from_millis(100));
    let limits = Limits { concurrency: 1, request, ..Limits::generous() };
    let world = World::with(&limits, operations()).await;
    let owner = world.owner().await;
    let answer = owner.get("/api/atlas/v2/test/x/slow").await;
    answer.refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), "1");
    // The work goes on and keeps its place.
    let body = owner.get("/api/atlas/v2/test/x").await.refused(503, "SERVICE_UNAVAILABLE");
    assert!(body["detail"].as_str().unwrap().contains("too many requests"));
    owner.get("/healthz").await.ok(200);
}

/// Sends so many bytes and then nothing.
async fn stalled(client: Client, bytes: usize) -> Answer {
    let sent = stream::once(async move { Ok::<_, std::io::Error>(vec![b' '; bytes]) });
    let body = Body::from_stream(sent.chain(stream::pending()));
    client.send(client.request(Method::POST, "/api/atlas/v2/test"), body).await
}

/// Waits until so many requests are there, and all of them gave their places up.
async fn all_wait(world: &World, client: &Client, count: usize) {
    let line = format!("peerage_http_requests_in_flight {}", count + 1);
    for _ in 0..500 {
        let text = world.anonymous().get("/metrics").await.text();
        let is_free = client.get("/api/atlas/v2/test/x").await.status == 200;
        if is_free && text.lines().any(|found| found == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never {line}");
}

#[tokio::test]
async fn requests_that_wait_for_their_bodies_have_a_bound_of_their_own() {
    let limits = Limits { connections: 2, concurrency: 1, ..Limits::generous() };
    let world = World::with(&limits, operations()).await;
    let owner = world.owner().await;
    for number in 1..=2 {
        tokio::spawn(stalled(owner.clone(), 1));
        all_wait(&world, &owner, number).await;
    }
    let answer = stalled(owner.clone(), 1).await;
    let body = answer.refused(503, "SERVICE_UNAVAILABLE");
    assert!(body["detail"].as_str().unwrap().contains("wait for their bodies"), "{body}");
    assert_eq!(answer.header("retry-after"), "1");
    // What comes with its head does not wait.
    owner.post("/api/atlas/v2/test", &serde_json::json!({})).await.ok(200);
}

#[tokio::test]
async fn large_bodies_have_a_bound_and_small_ones_do_not_meet_it() {
    const LARGE: usize = (16 << 10) + 1;
    let limits = Limits { concurrency: 65, ..Limits::generous() };
    let world = World::with(&limits, operations()).await;
    let owner = world.owner().await;
    for _ in 0..64 {
        tokio::spawn(stalled(owner.clone(), LARGE));
    }
    tokio::spawn(stalled(owner.clone(), LARGE - 1));
    all_wait(&world, &owner, 65).await;
    let answer = stalled(owner.clone(), LARGE).await;
    let body = answer.refused(503, "SERVICE_UNAVAILABLE");
    assert!(body["detail"].as_str().unwrap().contains("large bodies"), "{body}");
    assert_eq!(answer.header("retry-after"), "1");
    owner.post("/api/atlas/v2/test", &serde_json::json!({})).await.ok(200);
}
