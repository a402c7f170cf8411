//! A world, a clock that moves when a test says so, and requests as clients send them.

use std::time::Duration;

use bytes::Bytes;
use peerage_clouds::gcp::Compute;
use peerage_clouds::{CloudApi, Options, Request, Response};
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerMode, Pace};
use serde_json::{Value, json};

/// How long each step takes.
pub(crate) const STEP: Duration = Duration::from_secs(10);

pub(crate) const BUSY: &str = "There is a peering operation in progress on the local or peer \
                               network. Try again later.";

/// What every link begins with.
pub(crate) const BASE: &str = "https://www.googleapis.com/compute/v1/";

pub(crate) struct Bench {
    pub(crate) api: Compute,
    pub(crate) now: Timestamp,
}

/// A status, and a body in JSON.
pub(crate) type Answer = (u16, Value);

impl Bench {
    /// A world with a customer who does nothing, in which each step takes [`STEP`].
    pub(crate) fn new() -> Self {
        Self::with(CustomerMode::Manual)
    }

    pub(crate) fn with(customer: CustomerMode) -> Self {
        let api = Compute::new(options(customer, 7));
        Self { api, now: Timestamp::from_millis(1_772_495_439_800) }
    }

    pub(crate) fn pass(&mut self, span: Duration) {
        self.now = self.now.after(span);
    }

    pub(crate) fn send(&self, request: Request) -> Response {
        self.api.answer(&request, self.now)
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        read(&self.send(request(method, &format!("/compute/v1/{path}"), &body)))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null)
    }

    /// The body of a `GET` that is answered.
    pub(crate) fn shown(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, body)
    }

    /// Begins an operation.
    pub(crate) fn begin(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, operation) = self.call(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {operation}");
        assert_eq!(operation["kind"], "compute#operation");
        operation
    }

    /// Begins an operation and waits for its end.
    pub(crate) fn run(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let operation = self.begin(method, path, body);
        self.end(&operation)
    }

    /// Waits for the end of an operation that must not fail.
    pub(crate) fn done(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let operation = self.run(method, path, body);
        assert!(operation["error"].is_null(), "{method} {path}: {operation}");
        operation
    }

    /// Waits for an operation that must fail; answers code and message.
    pub(crate) fn fails(&mut self, method: &str, path: &str, body: &Value) -> (String, String) {
        let operation = self.run(method, path, body);
        let error = &operation["error"]["errors"][0];
        let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
        assert!(!error.is_null(), "{method} {path}: {operation}");
        (text("code"), text("message"))
    }

    /// Lets time pass until an operation has ended.
    pub(crate) fn end(&mut self, operation: &Value) -> Value {
        let link = operation["selfLink"].as_str().unwrap();
        let path = link.strip_prefix(BASE).unwrap();
        for _ in 0..1_000 {
            let now = self.shown(path);
            if now["status"] == "DONE" {
                return now;
            }
            let next = self.api.next_event().expect("something runs");
            self.now = self.now.max(next);
        }
        panic!("it never ends: {operation}");
    }

    /// A network in custom mode, with a subnetwork for each block.
    pub(crate) fn network(&self, project: &str, name: &str, blocks: &[&str]) {
        self.api.pass(self.now);
        self.api.add_network(project, name, blocks).unwrap();
    }

    /// Both networks that the tests of peerings begin with: `ours/a` and `theirs/b`.
    pub(crate) fn two_networks(&self) {
        self.network("ours", "a", &["10.8.0.0/18"]);
        self.network("theirs", "b", &["10.72.0.0/18"]);
    }

    /// Adds a half and waits for it.
    pub(crate) fn peer(&mut self, from: (&str, &str), name: &str, to: (&str, &str)) -> Value {
        self.done("POST", &verb(from, "addPeering"), &half(name, to))
    }

    /// Connects the two networks.
    pub(crate) fn connect(&mut self) {
        self.two_networks();
        self.peer(("ours", "a"), "ab", ("theirs", "b"));
        self.peer(("theirs", "b"), "ba", ("ours", "a"));
    }

    /// The half of that name.
    pub(crate) fn half(&self, network: (&str, &str), name: &str) -> Option<Value> {
        let network = self.shown(&path(network));
        let halves = network["peerings"].as_array()?;
        halves.iter().find(|half| half["name"] == name).cloned()
    }

    pub(crate) fn state(&self, network: (&str, &str), name: &str) -> String {
        let half = self.half(network, name);
        half.map_or("none".into(), |half| half["state"].as_str().unwrap().to_owned())
    }
}

pub(crate) fn options(customer: CustomerMode, seed: u64) -> Options {
    let pace = Pace {
        network: STEP,
        gcp_operation: STEP,
        removal: STEP,
        customer: STEP,
        ..Pace::instant()
    };
    Options { pace, customer, seed }
}

pub(crate) fn request(method: &str, path: &str, body: &str) -> Request {
    http::Request::builder()
        .method(method)
        .uri(path)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

pub(crate) fn read(response: &Response) -> Answer {
    let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    (response.status().as_u16(), body)
}

/// `projects/p/global/networks/n`.
pub(crate) fn path((project, name): (&str, &str)) -> String {
    format!("projects/{project}/global/networks/{name}")
}

pub(crate) fn verb(network: (&str, &str), verb: &str) -> String {
    format!("{}/{verb}", path(network))
}

/// The body of `addPeering`.
pub(crate) fn half(name: &str, to: (&str, &str)) -> Value {
    json!({ "networkPeering": {
        "name": name, "network": path(to), "exchangeSubnetRoutes": true,
    }})
}

/// The words of a refusal, and their reason.
pub(crate) fn refusal((status, body): Answer) -> (u16, String, String) {
    let error = &body["error"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(error["code"], status, "{body}");
    assert_eq!(error["errors"][0]["message"], error["message"], "{body}");
    (status, text(&error["errors"][0]["reason"]), text(&error["message"]))
}

/// That a call was refused so.
#[track_caller]
pub(crate) fn refused(answer: Answer, status: u16, reason: &str, words: &str) {
    assert_eq!(refusal(answer), (status, reason.to_owned(), words.to_owned()));
}
