//! The line that each request leaves in the log.

use std::io;
use std::sync::{Arc, Mutex};

use ::http::Method;
use axum::body::Body;
use peerage::config::Limits;
use peerage::http::call::Call;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{World, operations};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_line_says_what_happened_and_holds_no_secret() {
    let world = World::with(&Limits::generous(), operations()).await;
    let owner = world.owner().await;
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    let logged = tracing::subscriber::set_default(subscriber);
    let target = "/api/atlas/v2/test/hush-path?token=hush-query";
    let request = owner.request(Method::GET, target).header("x-request-id", "request-1");
    owner.send(request, Body::from("hush-body")).await.ok(200);
    owner.get("/api/atlas/v2/test/x/panic").await.refused(500, "UNEXPECTED_ERROR");
    drop(logged);

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for secret in ["hush", "peerage_at_", "Bearer"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let find = |message: &str, operation: &str| {
        let is_it = |line: &&Value| line["message"] == message && line["operation"] == operation;
        lines.iter().find(is_it).cloned().unwrap_or_else(|| panic!("{operation}\n{text}"))
    };
    let line = find("http.request", "echo");
    assert_eq!((&line["http.status"], &line["request.id"]), (&200.into(), &"request-1".into()));
    assert_eq!(
        (&line["http.method"], &line["caller.kind"]),
        (&"GET".into(), &"service_account".into())
    );
    assert!(line["latency_us"].is_u64());
    let line = find("http.request", "panic");
    assert_eq!(
        (&line["http.status"], &line["error.code"]),
        (&500.into(), &"UNEXPECTED_ERROR".into())
    );
    let panicked = lines.iter().find(|line| line["message"] == "http.panicked").unwrap();
    assert_eq!(panicked["level"], "ERROR");
    assert_eq!(panicked["span"]["request.id"], find("http.request", "panic")["request.id"]);
}

/// What the types show that hold what a client sent.
#[test]
fn debug_of_a_call_shows_nothing_that_the_client_wrote() {
    let hush = || "hush".to_owned();
    let call = Call {
        context: None,
        remote: [192, 0, 2, 1].into(),
        path: vec![("groupId", hush())],
        query: vec![(hush(), hush())],
        body: "client_secret=hush".into(),
        content_type: Some(hush()),
        authorization: Some("Basic hush".to_owned()),
        version: "2023-01-01",
        base_url: "http://hush".to_owned(),
        target: "/hush?hush".to_owned(),
        answers: Arc::default(),
    };
    let shown = format!("{call:?}");
    assert!(shown.contains("192.0.2.1") && !shown.contains("hush"), "{shown}");
}
