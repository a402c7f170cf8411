//! What the customer does by itself, and what it is told to do. Source where none is named: guide
//! to VPC Network Peering.

use peerage_clouds::CloudApi;
use peerage_clouds::gcp::SERVICE_PROJECT;
use peerage_core::id::PeerId;
use peerage_fabric::emulated::{CustomerAct, CustomerMode};
use peerage_fabric::tags;
use serde_json::json;

use crate::bench::{BUSY, Bench, STEP, half, path, verb};

const OURS: (&str, &str) = (SERVICE_PROJECT, "nt");
const B: (&str, &str) = ("theirs", "b");

fn peering(number: u8) -> PeerId {
    PeerId::from_bytes([number; 12])
}

fn name(number: u8) -> String {
    tags::link_name(peering(number), 1)
}

fn world(customer: CustomerMode) -> Bench {
    let bench = Bench::with(customer);
    bench.network(SERVICE_PROJECT, "nt", &["10.8.0.0/18"]);
    bench.network("theirs", "b", &["10.72.0.0/18"]);
    bench
}

fn act(bench: &Bench, act: CustomerAct) -> Result<(), String> {
    bench.api.customer(peering(1), act, bench.now).map_err(|error| error.code)
}

fn run_out(bench: &mut Bench) {
    for _ in 0..200 {
        let Some(next) = bench.api.next_event() else { return };
        bench.now = bench.now.max(next);
        bench.api.pass(bench.now);
    }
    panic!("it never comes to rest");
}

#[test]
fn a_customer_who_agrees_makes_its_half() {
    let mut bench = world(CustomerMode::Accept);
    bench.peer(OURS, &name(1), B);
    assert_eq!(bench.state(OURS, &name(1)), "INACTIVE");
    bench.pass(STEP);
    assert_eq!(bench.state(OURS, &name(1)), "INACTIVE");
    bench.pass(STEP);
    assert_eq!(bench.state(OURS, &name(1)), "ACTIVE");
    let theirs = bench.shown(&path(B));
    assert!(theirs["peerings"][0]["name"].as_str().unwrap().starts_with("peerage-"));
    assert_eq!(bench.api.next_event(), None);
}

#[test]
fn a_customer_answers_only_the_service() {
    let mut bench = world(CustomerMode::Accept);
    bench.peer(OURS, "somebodys", B);
    assert_eq!(bench.api.next_event(), None);
    assert_eq!(bench.state(OURS, "somebodys"), "INACTIVE");
}

/// Source: an inactive peering has no end of its own, and nobody can reject it.
#[test]
fn a_customer_who_does_not_agree_does_nothing() {
    for mode in [CustomerMode::Manual, CustomerMode::Reject, CustomerMode::Ignore] {
        let mut bench = world(mode);
        bench.peer(OURS, &name(1), B);
        assert_eq!(bench.api.next_event(), None, "{mode:?}");
        assert_eq!(bench.state(OURS, &name(1)), "INACTIVE", "{mode:?}");
    }
}

/// Source: one peering operation at a time: the customer has to try again, and does.
#[test]
fn a_customer_tries_again_while_an_operation_runs() {
    let mut bench = world(CustomerMode::Accept);
    bench.network("theirs", "c", &["10.73.0.0/18"]);
    bench.peer(OURS, &name(1), B);
    bench.pass(STEP / 2);
    bench.begin("POST", &verb(OURS, "addPeering"), &half(&name(2), ("theirs", "c")));
    run_out(&mut bench);
    assert_eq!(bench.state(OURS, &name(1)), "ACTIVE");
    assert_eq!(bench.state(OURS, &name(2)), "ACTIVE");
}

#[test]
fn a_storm_of_peerings_comes_to_rest() {
    let mut bench = world(CustomerMode::Accept);
    let mut busy = 0;
    for number in 1..=20 {
        let body = half(&name(number), ("theirs", &format!("c{number}")));
        while bench.post(&verb(OURS, "addPeering"), &body).0 == 400 {
            busy += 1;
            bench.now = bench.now.max(bench.api.next_event().expect("something runs"));
        }
    }
    assert!((19..1_000).contains(&busy), "{busy}");
    run_out(&mut bench);
    for number in 1..=20 {
        assert_eq!(bench.state(OURS, &name(number)), "ACTIVE", "{number}");
    }
}

#[test]
fn a_network_that_the_customer_lacks_is_made_for_it() {
    let mut bench = world(CustomerMode::Accept);
    bench.peer(OURS, &name(1), ("theirs", "fresh"));
    run_out(&mut bench);
    assert_eq!(bench.state(OURS, &name(1)), "ACTIVE");
    assert_eq!(bench.shown(&path(("theirs", "fresh")))["autoCreateSubnetworks"], false);
}

#[test]
fn a_customer_takes_its_half_away_after_ours() {
    let mut bench = world(CustomerMode::Accept);
    bench.peer(OURS, &name(1), B);
    run_out(&mut bench);
    bench.done("POST", &verb(OURS, "removePeering"), &json!({ "name": name(1) }));
    assert_eq!(bench.shown(&path(B))["peerings"][0]["state"], "INACTIVE");
    run_out(&mut bench);
    assert!(bench.shown(&path(B))["peerings"].is_null());
}

#[test]
fn a_customer_keeps_its_half_if_ours_comes_back() {
    let mut bench = world(CustomerMode::Accept);
    bench.peer(OURS, &name(1), B);
    run_out(&mut bench);
    bench.done("POST", &verb(OURS, "removePeering"), &json!({ "name": name(1) }));
    bench.begin("POST", &verb(OURS, "addPeering"), &half(&tags::link_name(peering(1), 2), B));
    run_out(&mut bench);
    assert_eq!(bench.state(OURS, &tags::link_name(peering(1), 2)), "ACTIVE");
}

#[test]
fn a_customer_keeps_its_half_if_ours_comes_back_as_another_kind() {
    let mut bench = world(CustomerMode::Accept);
    bench.peer(OURS, &name(1), B);
    run_out(&mut bench);
    let theirs = bench.shown(&path(B))["peerings"][0]["name"].clone();
    bench.done("POST", &verb(OURS, "removePeering"), &json!({ "name": name(1) }));
    let mut body = half(&tags::link_name(peering(1), 2), B);
    body["networkPeering"]["updateStrategy"] = "CONSENSUS".into();
    bench.begin("POST", &verb(OURS, "addPeering"), &body);
    run_out(&mut bench);
    assert_eq!(bench.state(OURS, &tags::link_name(peering(1), 2)), "INACTIVE");
    assert_eq!(bench.shown(&path(B))["peerings"][0]["name"], theirs);
}

#[test]
fn a_half_that_somebody_made_by_hand_is_left_alone() {
    let mut bench = world(CustomerMode::Accept);
    bench.peer(B, "by-hand", OURS);
    bench.peer(OURS, &name(1), B);
    assert_eq!(bench.state(OURS, &name(1)), "ACTIVE");
    bench.done("POST", &verb(OURS, "removePeering"), &json!({ "name": name(1) }));
    run_out(&mut bench);
    assert_eq!(bench.state(B, "by-hand"), "INACTIVE");
}

#[test]
fn a_customer_is_told_what_to_do() {
    let mut bench = world(CustomerMode::Manual);
    assert_eq!(act(&bench, CustomerAct::Accept), Err("NotFound".into()));
    bench.begin("POST", &verb(OURS, "addPeering"), &half(&name(1), B));
    assert_eq!(act(&bench, CustomerAct::Accept), Err(BUSY.into()));
    bench.pass(STEP);
    assert_eq!(act(&bench, CustomerAct::Delete), Err("RESOURCE_NOT_FOUND".into()));
    assert_eq!(act(&bench, CustomerAct::Accept), Ok(()));
    assert_eq!(act(&bench, CustomerAct::Accept), Err(BUSY.into()));
    run_out(&mut bench);
    assert_eq!(bench.state(OURS, &name(1)), "ACTIVE");
    assert_eq!(act(&bench, CustomerAct::Accept), Err("RESOURCE_ALREADY_EXISTS".into()));
    bench.begin("POST", &verb(OURS, "addPeering"), &half(&name(2), ("theirs", "c")));
    assert_eq!(act(&bench, CustomerAct::Delete), Err(BUSY.into()));
    run_out(&mut bench);
    assert_eq!(act(&bench, CustomerAct::Delete), Ok(()));
    run_out(&mut bench);
    assert_eq!(bench.state(OURS, &name(1)), "INACTIVE");
    assert!(bench.shown(&path(B))["peerings"].is_null());
}

/// Source: a request cannot be rejected, for the other side does not see it.
#[test]
fn nobody_can_reject() {
    let mut bench = world(CustomerMode::Manual);
    bench.peer(OURS, &name(1), B);
    assert_eq!(act(&bench, CustomerAct::Reject), Err("UNSUPPORTED_OPERATION".into()));
    assert_eq!(bench.state(OURS, &name(1)), "INACTIVE");
}

#[test]
fn a_customer_who_makes_an_overlapping_half_is_told() {
    let mut bench = world(CustomerMode::Manual);
    bench.peer(OURS, &name(1), ("theirs", "late"));
    bench.network("theirs", "late", &["10.8.0.0/20"]);
    assert_eq!(act(&bench, CustomerAct::Accept), Err("INVALID_USAGE".into()));
    assert_eq!(bench.api.next_event(), None);
}

#[test]
fn a_customer_whose_network_is_full_is_told() {
    let mut bench = world(CustomerMode::Manual);
    for number in 0..25 {
        bench.peer(B, &format!("x{number}"), ("others", &format!("x{number}")));
    }
    bench.peer(OURS, &name(1), B);
    assert_eq!(act(&bench, CustomerAct::Accept), Err("QUOTA_EXCEEDED".into()));
}

#[test]
fn the_newest_handshake_is_meant() {
    let mut bench = world(CustomerMode::Manual);
    bench.peer(OURS, &tags::link_name(peering(1), 1), ("theirs", "old"));
    bench.peer(OURS, &tags::link_name(peering(1), 10), B);
    act(&bench, CustomerAct::Accept).unwrap();
    run_out(&mut bench);
    assert_eq!(bench.state(OURS, &tags::link_name(peering(1), 10)), "ACTIVE");
}
