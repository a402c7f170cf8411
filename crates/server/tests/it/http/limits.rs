//! Rates, places, deadlines.

use std::time::Duration;

use ::http::Method;
use peerage::config::{Limits, Span};

use crate::support::{World, operations};

fn remaining(answer: &crate::support::Answer) -> (u32, u32) {
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
