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

#[tokio::test]
async fn the_document_describes_every_operation_and_resolves() {
    let world = World::new().await;
    let answer = world.anonymous().get("/openapi.json").await;
    let document = answer.ok(200);
    let mut described = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            described += 1;
            let names = operation["parameters"].as_array().unwrap();
            assert!(names.len() >= path.matches('{').count(), "{method} {path}");
            assert!(operation["responses"].as_object().unwrap().len() > 10, "{method} {path}");
        }
    }
    assert_eq!(described, peerage::http::operations::all().len());
    check_references(&document, &document);
}

/// Every reference in a part of the document leads somewhere.
fn check_references(document: &serde_json::Value, part: &serde_json::Value) {
    use serde_json::Value;
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|field| check_references(document, field));
        }
        Value::Array(elements) => {
            elements.iter().for_each(|element| check_references(document, element));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn the_page_for_people_needs_no_other_server() {
    let world = World::new().await;
    let answer = world.anonymous().get("/docs").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let text = answer.text();
    for operation in peerage::http::operations::all() {
        assert!(text.contains(&format!("<code>{}</code>", operation.id)), "{}", operation.id);
    }
    for elsewhere in ["src=", "http://", "https://", "<script", "@import", "url("] {
        assert!(!text.contains(elsewhere), "{elsewhere}");
    }
}
