//! Peerings. Source where none is named: guide to VPC Network Peering.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{BASE, BUSY, Bench, STEP, half, path, refusal, refused, verb};

const A: (&str, &str) = ("ours", "a");
const B: (&str, &str) = ("theirs", "b");

#[test]
fn a_half_is_inactive_until_the_other_half_is_made() {
    let mut bench = Bench::new();
    bench.two_networks();
    bench.peer(A, "ab", B);
    bench.pass(Duration::from_hours(10_000));
    let waiting = bench.half(A, "ab").unwrap();
    assert_eq!(waiting["state"], "INACTIVE");
    let words = "[2026-03-02T15:50:49.800-08:00]: Waiting for peer network to connect.";
    assert_eq!(waiting["stateDetails"], words);
    assert_eq!(bench.state(B, "ba"), "none");
    bench.peer(B, "ba", A);
    let (ours, theirs) = (bench.half(A, "ab").unwrap(), bench.half(B, "ba").unwrap());
    assert_eq!((&ours["state"], &theirs["state"]), (&json!("ACTIVE"), &json!("ACTIVE")));
    assert_eq!(ours["stateDetails"], theirs["stateDetails"]);
    assert!(ours["stateDetails"].as_str().unwrap().ends_with("]: Connected."));
}

/// Source: a network as Compute Engine showed it on 2026-03-02, in the tests of
/// kyma-project/cloud-manager.
#[test]
fn a_half_is_shown_as_compute_engine_shows_it() {
    let mut bench = Bench::new();
    bench.connect();
    let shown = bench.half(A, "ab").unwrap();
    let expected = json!({
        "name": "ab",
        "network": format!("{BASE}projects/theirs/global/networks/b"),
        "state": "ACTIVE",
        "stateDetails": "[2026-03-02T15:50:59.800-08:00]: Connected.",
        "autoCreateRoutes": true,
        "exchangeSubnetRoutes": true,
        "exportCustomRoutes": false,
        "importCustomRoutes": false,
        "exportSubnetRoutesWithPublicIp": true,
        "importSubnetRoutesWithPublicIp": false,
        "stackType": "IPV4_ONLY",
        "updateStrategy": "INDEPENDENT",
        "peerMtu": 1460,
        "connectionStatus": {
            "trafficConfiguration": {
                "exportCustomRoutesToPeer": false,
                "exportSubnetRoutesWithPublicIpToPeer": false,
                "importCustomRoutesFromPeer": false,
                "importSubnetRoutesWithPublicIpFromPeer": false,
                "stackType": "IPV4_ONLY",
            },
            "updateStrategy": "INDEPENDENT",
        },
    });
    assert_eq!(shown, expected);
}

#[test]
fn a_half_is_there_when_its_operation_has_ended() {
    let mut bench = Bench::new();
    bench.two_networks();
    let operation = bench.begin("POST", &verb(A, "addPeering"), &half("ab", B));
    assert_eq!(operation["operationType"], "addPeering");
    assert_eq!(operation["targetLink"], format!("{BASE}{}", path(A)));
    assert_eq!(bench.state(A, "ab"), "none");
    bench.end(&operation);
    assert_eq!(bench.state(A, "ab"), "INACTIVE");
}

#[test]
fn without_the_other_half_a_half_is_inactive_again() {
    let mut bench = Bench::new();
    bench.connect();
    bench.done("POST", &verb(B, "removePeering"), &json!({ "name": "ba" }));
    let ours = bench.half(A, "ab").unwrap();
    assert_eq!(ours["state"], "INACTIVE");
    assert!(
        ours["stateDetails"].as_str().unwrap().ends_with("Waiting for peer network to connect.")
    );
    assert!(ours["connectionStatus"].is_null() && ours["peerMtu"].is_null(), "{ours}");
    bench.peer(B, "again", A);
    assert_eq!(bench.state(A, "ab"), "ACTIVE");
}

/// Source: guide to VPC Network Peering: requests cannot be listed by the other side. Stuck for
/// years in `WAITING_FOR_USER`: mongodb/terraform-provider-mongodbatlas#16.
#[test]
fn a_network_that_nobody_has_can_be_peered_with_and_is_waited_for() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    bench.peer(A, "ab", B);
    assert_eq!(bench.state(A, "ab"), "INACTIVE");
    bench.network("theirs", "b", &["10.72.0.0/18"]);
    assert!(bench.shown(&path(B))["peerings"].is_null());
    bench.peer(B, "ba", A);
    assert_eq!(bench.state(A, "ab"), "ACTIVE");
}

/// Source: using VPC Network Peering: "Google Cloud allows only one peering operation at a time
/// across peered networks"; the words: hashicorp/terraform-provider-google#3026.
#[test]
fn one_operation_runs_on_a_network_at_a_time() {
    let mut bench = Bench::new();
    bench.two_networks();
    bench.network("theirs", "c", &["10.73.0.0/18"]);
    let first = bench.begin("POST", &verb(A, "addPeering"), &half("ab", B));
    let others = [
        bench.post(&verb(A, "addPeering"), &half("ac", ("theirs", "c"))),
        bench.post(&verb(A, "addPeering"), &half("ab", B)),
    ];
    for other in others {
        refused(other, 400, "badRequest", BUSY);
    }
    bench.end(&first);
    bench.peer(A, "ac", ("theirs", "c"));
}

/// Source: as above; whoever's operation it is.
#[test]
fn one_operation_runs_on_the_peer_network_at_a_time() {
    let mut bench = Bench::new();
    bench.two_networks();
    bench.network("ours", "c", &["10.9.0.0/18"]);
    let first = bench.begin("POST", &verb(A, "addPeering"), &half("ab", B));
    refused(bench.post(&verb(B, "addPeering"), &half("ba", A)), 400, "badRequest", BUSY);
    let other = bench.post(&verb(("ours", "c"), "addPeering"), &half("cb", B));
    refused(other, 400, "badRequest", BUSY);
    bench.network("ours", "d", &["10.10.0.0/18"]);
    bench.begin("POST", &verb(("ours", "d"), "addPeering"), &half("dc", ("ours", "c")));
    bench.end(&first);
}

/// Source: as above; a removal and an update are operations, too.
#[test]
fn a_removal_and_an_update_are_operations() {
    let mut bench = Bench::new();
    bench.connect();
    let body = json!({ "name": "ab" });
    let update = json!({ "networkPeering": { "name": "ab", "exportCustomRoutes": true } });
    let removal = bench.begin("POST", &verb(A, "removePeering"), &body);
    assert_eq!(bench.state(A, "ab"), "ACTIVE");
    for (method, call, body) in [
        ("POST", verb(A, "removePeering"), &body),
        ("PATCH", verb(A, "updatePeering"), &update),
        ("POST", verb(B, "removePeering"), &json!({ "name": "ba" })),
    ] {
        refused(bench.call(method, &call, body), 400, "badRequest", BUSY);
    }
    bench.end(&removal);
    assert_eq!((bench.state(A, "ab"), bench.state(B, "ba")), ("none".into(), "INACTIVE".into()));
}

/// Source: the words that kyma-project/cloud-manager looks for.
#[test]
fn a_pair_of_networks_is_peered_once() {
    let mut bench = Bench::new();
    bench.two_networks();
    bench.peer(A, "ab", B);
    let words = "There is already a peering (ab) with the same network. Select another network.";
    refused(bench.post(&verb(A, "addPeering"), &half("other", B)), 400, "invalid", words);
    let words = "The peering (ab) already exists in the network.";
    let again = half("ab", ("theirs", "c"));
    refused(bench.post(&verb(A, "addPeering"), &again), 409, "alreadyExists", words);
}

#[test]
fn what_is_no_peering_is_refused() {
    let bench = Bench::new();
    bench.two_networks();
    let check = |body: Value, expected: (u16, &str)| {
        let (status, reason, words) = refusal(bench.post(&verb(A, "addPeering"), &body));
        assert_eq!((status, reason.as_str()), expected, "{body}: {words}");
    };
    check(half("self", A), (400, "invalid"));
    check(half("AB", B), (400, "invalid"));
    check(half(&"a".repeat(64), B), (400, "invalid"));
    check(json!({ "networkPeering": { "name": "ab" } }), (400, "required"));
    check(json!({ "networkPeering": { "network": path(B) } }), (400, "required"));
    check(json!({ "networkPeering": { "name": "ab", "network": "x/y" } }), (400, "invalid"));
    let field = |field: &str, value: Value| {
        let mut body = half("ab", B);
        body["networkPeering"][field] = value;
        body
    };
    check(field("exchangeSubnetRoutes", json!(false)), (400, "invalid"));
    check(field("stackType", json!("IPV6_ONLY")), (400, "invalid"));
    check(field("updateStrategy", json!("ALONE")), (400, "invalid"));
    check(
        json!({ "name": "ab", "peerNetwork": path(B), "autoCreateRoutes": false }),
        (400, "invalid"),
    );
    let words = "The resource 'projects/ours/global/networks/none' was not found";
    let none = bench.post(&verb(("ours", "none"), "addPeering"), &half("ab", B));
    refused(none, 404, "notFound", words);
}

#[test]
fn a_peering_can_be_asked_for_as_before_there_were_options() {
    let mut bench = Bench::new();
    bench.two_networks();
    let body = json!({ "name": "ab", "peerNetwork": format!("{BASE}{}", path(B)),
        "autoCreateRoutes": true });
    bench.done("POST", &verb(A, "addPeering"), &body);
    assert_eq!(bench.state(A, "ab"), "INACTIVE");
}

#[test]
fn an_update_changes_what_it_names() {
    let mut bench = Bench::new();
    bench.connect();
    let update = json!({ "networkPeering": { "name": "ab", "exportCustomRoutes": true } });
    let operation = bench.done("PATCH", &verb(A, "updatePeering"), &update);
    assert_eq!(operation["operationType"], "updatePeering");
    let ours = bench.half(A, "ab").unwrap();
    assert_eq!(ours["exportCustomRoutes"], true);
    assert_eq!(ours["exportSubnetRoutesWithPublicIp"], true);
    let traffic = &ours["connectionStatus"]["trafficConfiguration"];
    assert_eq!(traffic["exportCustomRoutesToPeer"], false);
    let update = json!({ "networkPeering": { "name": "ba", "importCustomRoutes": true } });
    bench.done("PATCH", &verb(B, "updatePeering"), &update);
    let ours = bench.half(A, "ab").unwrap();
    let traffic = &ours["connectionStatus"]["trafficConfiguration"];
    assert_eq!(traffic["exportCustomRoutesToPeer"], true);
    let other = json!({ "networkPeering": { "name": "ab", "network": path(("theirs", "c")) } });
    let (status, reason, _) = refusal(bench.call("PATCH", &verb(A, "updatePeering"), &other));
    assert_eq!((status, reason.as_str()), (400, "invalid"));
}

/// Source: "There is no peering (…) for the network.", hashicorp/terraform-provider-google#9105.
#[test]
fn a_peering_that_is_not_there_is_neither_updated_nor_removed() {
    let bench = Bench::new();
    bench.two_networks();
    let words = "There is no peering (ab) for the network.";
    let body = json!({ "name": "ab" });
    refused(bench.post(&verb(A, "removePeering"), &body), 400, "invalid", words);
    let body = json!({ "networkPeering": { "name": "ab" } });
    refused(bench.call("PATCH", &verb(A, "updatePeering"), &body), 400, "invalid", words);
}

/// Source: quotas of VPC networks: 25 peerings of one network; the form of the words: operations of
/// Compute Engine about other quotas.
#[test]
fn a_network_has_at_most_25_peerings() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    for number in 0..25 {
        let name = format!("b{number}");
        bench.peer(A, &name, ("theirs", &name));
    }
    let (code, words) = bench.fails("POST", &verb(A, "addPeering"), &half("more", B));
    let expected = "Quota 'PEERINGS_PER_NETWORK' exceeded.  Limit: 25.0 globally.";
    assert_eq!((code.as_str(), words.as_str()), ("QUOTA_EXCEEDED", expected));
    bench.done("POST", &verb(A, "removePeering"), &json!({ "name": "b7" }));
    bench.peer(A, "more", B);
}

#[test]
fn a_network_that_is_being_deleted_is_not_peered() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    bench.begin("DELETE", &path(A), &Value::Null);
    let words = "The resource 'projects/ours/global/networks/a' is not ready";
    refused(bench.post(&verb(A, "addPeering"), &half("ab", B)), 400, "resourceNotReady", words);
    bench.pass(STEP);
    assert_eq!(bench.get(&path(A)).0, 404);
}
