//! What is kept, that the same calls give the same answers, and that no request breaks it.

use std::time::Duration;

use peerage_clouds::gcp::Compute;
use peerage_clouds::{CloudApi, kept};
use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerMode};
use peerage_fabric::tags;
use serde_json::{Value, json};

use crate::bench::{Bench, STEP, half, options, path, request, verb};

const A: (&str, &str) = ("peerage-service", "a");
const B: (&str, &str) = ("theirs", "b");

/// A world in which much is there and much is under way.
fn busy_world() -> Bench {
    let mut bench = Bench::with(CustomerMode::Accept);
    bench.network("peerage-service", "a", &["10.8.0.0/18"]);
    bench.network("theirs", "b", &["10.72.0.0/18"]);
    bench.api.deny("compute.networks.delete");
    bench.api.add_account("x@theirs.iam.gserviceaccount.com");
    bench.send(request("POST", "/v1/token", "audience=x&subject_token=y"));
    bench.peer(A, &tags::link_name(PeerId::from_bytes([1; 12]), 1), B);
    let list = "projects/theirs/global/networks";
    bench.begin("POST", list, &json!({ "name": "auto", "autoCreateSubnetworks": true }));
    let route = json!({ "name": "r", "network": path(("theirs", "c")),
        "destRange": "172.16.0.0/12", "nextHopIp": "10.99.0.9" });
    bench.network("theirs", "c", &["10.99.0.0/18"]);
    bench.begin("POST", "projects/theirs/global/routes", &route);
    bench.begin("PATCH", &path(("theirs", "c")), &json!({ "mtu": 1500 }));
    bench
}

/// What a client sees of a world.
fn seen(bench: &Bench) -> Vec<Value> {
    let mut seen = Vec::new();
    for project in ["peerage-service", "theirs"] {
        for list in ["networks", "routes", "operations"] {
            seen.push(bench.shown(&format!("projects/{project}/global/{list}")));
        }
        seen.push(bench.shown(&format!("projects/{project}/aggregated/subnetworks")));
    }
    seen
}

#[test]
fn a_world_that_was_kept_goes_on_as_the_one_that_was_not() {
    let mut first = busy_world();
    let objects = kept::objects(&first.api.state());
    let state = kept::state(&objects).unwrap();
    let api = Compute::new(options(CustomerMode::Accept, 99));
    api.restore(state).unwrap();
    let mut second = Bench { api, now: first.now };
    for _ in 0..8 {
        assert_eq!(seen(&first), seen(&second));
        assert_eq!(first.api.next_event(), second.api.next_event());
        for bench in [&mut first, &mut second] {
            bench.pass(STEP / 2);
            bench.api.pass(bench.now);
        }
        assert_eq!(first.api.state(), second.api.state());
    }
    let half = first.shown(&path(A))["peerings"][0].clone();
    assert_eq!(half["state"], "ACTIVE");
}

#[test]
fn what_is_no_state_leaves_the_world_as_it_was() {
    let bench = busy_world();
    let before = bench.api.state();
    let mut other = before.clone();
    other["format"] = 2.into();
    for state in [json!(null), json!({ "networks": 7 }), json!({ "vpcs": {} }), other, json!({})] {
        assert!(bench.api.restore(state.clone()).is_err(), "{state}");
    }
    assert_eq!(bench.api.state(), before);
}

#[test]
fn the_version_moves_with_every_change_and_with_nothing_else() {
    let mut bench = busy_world();
    for _ in 0..20 {
        let (version, state) = (bench.api.version(), bench.api.state());
        seen(&bench);
        assert_eq!((bench.api.version(), bench.api.state()), (version, state.clone()));
        let Some(next) = bench.api.next_event() else { return };
        bench.now = bench.now.max(next);
        bench.api.pass(bench.now);
        assert_ne!(bench.api.version(), version);
        assert_ne!(bench.api.state(), state);
    }
    panic!("it never comes to rest");
}

#[test]
fn time_never_runs_back() {
    let mut bench = busy_world();
    bench.pass(Duration::from_secs(60));
    bench.api.pass(bench.now);
    let before = seen(&bench);
    let latest = bench.now;
    bench.now = Timestamp::ZERO;
    assert_eq!(seen(&bench), before);
    let late = bench.begin("PATCH", &path(B), &json!({ "mtu": 1400 }));
    assert_eq!(late["insertTime"], "2026-03-02T15:51:49.800-08:00");
    assert_eq!(bench.api.next_event(), Some(latest.after(STEP)));
}

#[test]
fn the_same_seed_and_calls_give_the_same_answers() {
    assert_eq!(busy_world().api.state(), busy_world().api.state());
    assert_eq!(seen(&busy_world()), seen(&busy_world()));
}

/// Requests made of pieces that mean something here and pieces that do not, from a fixed seed.
#[test]
fn no_request_breaks_it() {
    let mut bench = busy_world();
    let mut random = Random(20_261_128);
    for _ in 0..4_000 {
        if let Some(request) = any_request(&mut random) {
            let response = bench.send(request);
            assert!(response.status().as_u16() < 500, "{response:?}");
        }
        bench.pass(Duration::from_millis(random.below(3_000)));
        let peering = PeerId::from_bytes([1; 12]);
        let act = *random.pick(&[CustomerAct::Accept, CustomerAct::Delete, CustomerAct::Reject]);
        let _ = bench.api.customer(peering, act, bench.now);
    }
    let api = Compute::new(options(CustomerMode::Accept, 1));
    api.restore(kept::state(&kept::objects(&bench.api.state())).unwrap()).unwrap();
    assert_eq!(api.state(), bench.api.state());
    assert_eq!(bench.post(&verb(A, "addPeering"), &Value::Null).0, 400);
}

const PIECES: [&str; 27] = [
    "compute",
    "v1",
    "projects",
    "peerage-service",
    "theirs",
    "global",
    "regions",
    "us-east1",
    "networks",
    "subnetworks",
    "routes",
    "operations",
    "aggregated",
    "a",
    "b",
    "auto",
    "wait",
    "addPeering",
    "removePeering",
    "updatePeering",
    "listPeeringRoutes",
    "%00",
    "%ff",
    "..",
    "",
    "computeMetadata",
    "token",
];

const QUERIES: [&str; 9] = [
    "",
    "?",
    "?maxResults=1&pageToken=YQ",
    "?filter=name%20eq%20((((",
    "?requestId=x",
    "?peeringName=x&region=us-east1&direction=INCOMING",
    "?orderBy=creationTimestamp%20desc",
    "?pageToken=99999999999999999999",
    "?%=%&=&&",
];

fn any_request(random: &mut Random) -> Option<peerage_clouds::Request> {
    let length = random.below(9) + 1;
    let path: Vec<&str> = (0..length).map(|_| *random.pick(&PIECES)).collect();
    let front = if random.below(4) == 0 { "" } else { "/compute/v1/projects/theirs" };
    let uri = format!("{front}/{}{}", path.join("/"), random.pick(&QUERIES));
    let method = *random.pick(&["GET", "POST", "PATCH", "DELETE", "PUT"]);
    let mut made = request(method, "/", &any_body(random));
    *made.uri_mut() = uri.parse().ok()?;
    Some(made)
}

fn any_body(random: &mut Random) -> String {
    let subnetwork = json!({ "name": "s", "network": "global/networks/a",
        "ipCidrRange": "10.8.0.0/18", "destRange": "0.0.0.0/0", "nextHopIp": "10.8.0.1" });
    match random.below(8) {
        0 => String::new(),
        1 => "{".to_owned(),
        2 => "[[[[[[[[".repeat(1_000),
        3 => json!({ "name": "ab", "peerNetwork": "b" }).to_string(),
        4 => json!({ "name": "a", "autoCreateSubnetworks": true }).to_string(),
        5 => json!({ "networkPeering": { "name": 7, "network": {} } }).to_string(),
        6 => half("x", B).to_string(),
        _ => subnetwork.to_string(),
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}
