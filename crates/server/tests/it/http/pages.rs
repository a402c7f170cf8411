//! The pages for operators.

use ::http::Method;
use peerage::driver::Gauges;

use crate::support::World;

#[tokio::test]
async fn a_service_is_ready_once_its_driver_has_started() {
    let world = World::new().await;
    let anonymous = world.anonymous();
    anonymous.get("/healthz").await.ok(200);
    anonymous.get("/readyz").await.ok(200);
    world.driver.send_replace(Gauges::default());
    let answer = anonymous.get("/readyz").await;
    answer.refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), "1");
    anonymous.get("/healthz").await.ok(200);
    anonymous.call(Method::POST, "/healthz").await.refused(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn the_counts_show_operations_and_no_paths() {
    let world = World::new().await;
    let owner = world.owner().await;
    owner.get(&format!("/api/atlas/v2/groups/{}/peers", world.group())).await.ok(200);
    owner.get("/secret/path").await.refused(404, "RESOURCE_NOT_FOUND");
    let answer = owner.get("/metrics").await;
    let text = answer.text();
    let line =
        r#"peerage_http_requests_total{method="GET",operation="listGroupPeers",status="200"} 1"#;
    assert!(text.lines().any(|found| found == line), "{text}");
    assert!(text.contains(r#"operation="none",status="404""#));
    assert!(!text.contains("secret"));
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
}
