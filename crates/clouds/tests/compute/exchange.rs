//! The routes that go through a connection. Source where none is named: guide to VPC Network
//! Peering, options for exchanging routes.

use serde_json::{Value, json};

use crate::bench::{Bench, refusal, refused, verb};

const A: (&str, &str) = ("ours", "a");
const B: (&str, &str) = ("theirs", "b");

fn exchanged(bench: &Bench, direction: &str) -> Vec<(String, String, bool)> {
    let query = format!("peeringName=ab&region=us-east1&direction={direction}");
    let body = bench.shown(&format!("{}?{query}", verb(A, "listPeeringRoutes")));
    assert_eq!(body["kind"], "compute#exchangedPeeringRoutesList");
    let rows = body["items"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        (text(&row["destRange"]), text(&row["type"]), row["imported"].as_bool().unwrap())
    };
    rows.iter().map(row).collect()
}

fn route(block: &str, kind: &str, imported: bool) -> (String, String, bool) {
    (block.to_owned(), kind.to_owned(), imported)
}

fn update(bench: &mut Bench, network: (&str, &str), name: &str, flag: &str) {
    let body = json!({ "networkPeering": { "name": name, (flag): true } });
    bench.done("PATCH", &verb(network, "updatePeering"), &body);
}

#[test]
fn subnet_routes_go_both_ways_once_connected() {
    let mut bench = Bench::new();
    bench.two_networks();
    bench.peer(A, "ab", B);
    assert_eq!(exchanged(&bench, "INCOMING"), []);
    assert_eq!(exchanged(&bench, "OUTGOING"), []);
    bench.peer(B, "ba", A);
    let subnet = "SUBNET_PEERING_ROUTE";
    assert_eq!(exchanged(&bench, "INCOMING"), [route("10.72.0.0/18", subnet, true)]);
    assert_eq!(exchanged(&bench, "OUTGOING"), [route("10.8.0.0/18", subnet, true)]);
}

/// Source: the reference of `networks`: `exportCustomRoutes`, `importCustomRoutes`.
#[test]
fn a_static_route_goes_where_one_exports_and_the_other_imports() {
    let mut bench = Bench::new();
    bench.connect();
    let written = json!({ "name": "r", "network": "global/networks/b",
        "destRange": "192.168.0.0/16", "nextHopIp": "10.72.0.9" });
    bench.done("POST", "projects/theirs/global/routes", &written);
    let (subnet, fixed) = ("SUBNET_PEERING_ROUTE", "STATIC_PEERING_ROUTE");
    let both = |imported| {
        vec![route("10.72.0.0/18", subnet, true), route("192.168.0.0/16", fixed, imported)]
    };
    assert_eq!(exchanged(&bench, "INCOMING").len(), 1);
    update(&mut bench, B, "ba", "exportCustomRoutes");
    assert_eq!(exchanged(&bench, "INCOMING"), both(false));
    update(&mut bench, A, "ab", "importCustomRoutes");
    assert_eq!(exchanged(&bench, "INCOMING"), both(true));
}

/// Two static routes may have one destination and priority; `listPeeringRoutes` tells no more.
#[test]
fn routes_that_look_the_same_are_each_shown() {
    let mut bench = Bench::new();
    bench.connect();
    update(&mut bench, B, "ba", "exportCustomRoutes");
    for (name, hop) in [("r", "10.72.0.9"), ("s", "10.72.0.10"), ("t", "10.72.0.11")] {
        let written = json!({ "name": name, "network": "global/networks/b",
            "destRange": "192.168.0.0/16", "nextHopIp": hop });
        bench.done("POST", "projects/theirs/global/routes", &written);
    }
    let query = "peeringName=ab&region=us-east1&direction=INCOMING&maxResults=1";
    let list = format!("{}?{query}", verb(A, "listPeeringRoutes"));
    let mut blocks = Vec::new();
    let mut token = String::new();
    for _ in 0..4 {
        let body = bench.shown(&format!("{list}{token}"));
        blocks.push(body["items"][0]["destRange"].as_str().unwrap().to_owned());
        let next = body["nextPageToken"].as_str();
        token = next.map_or_else(String::new, |next| format!("&pageToken={next}"));
    }
    assert_eq!(token, "");
    let same = "192.168.0.0/16";
    assert_eq!(blocks, ["10.72.0.0/18", same, same, same]);
}

/// Source: options for exchanging static routes: never those to the Internet, nor those with tags.
#[test]
fn some_static_routes_are_never_exchanged() {
    let mut bench = Bench::new();
    bench.connect();
    update(&mut bench, B, "ba", "exportCustomRoutes");
    update(&mut bench, A, "ab", "importCustomRoutes");
    let tagged = json!({ "name": "tagged", "network": "global/networks/b", "tags": ["x"],
        "destRange": "192.168.0.0/16", "nextHopIp": "10.72.0.9" });
    let internet = json!({ "name": "internet", "network": "global/networks/b",
        "destRange": "8.8.8.0/24",
        "nextHopGateway": "projects/theirs/global/gateways/default-internet-gateway" });
    for written in [tagged, internet] {
        bench.done("POST", "projects/theirs/global/routes", &written);
    }
    assert_eq!(exchanged(&bench, "INCOMING").len(), 1);
}

/// Source: the reference of `networks`: `exportSubnetRoutesWithPublicIp` is on by itself,
/// `importSubnetRoutesWithPublicIp` is off.
#[test]
fn subnet_routes_of_public_addresses_are_imported_on_request() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    bench.network("theirs", "b", &["8.8.8.0/24", "100.64.0.0/20"]);
    bench.peer(A, "ab", B);
    bench.peer(B, "ba", A);
    let subnet = "SUBNET_PEERING_ROUTE";
    let both = |imported| {
        vec![route("100.64.0.0/20", subnet, true), route("8.8.8.0/24", subnet, imported)]
    };
    assert_eq!(exchanged(&bench, "INCOMING"), both(false));
    update(&mut bench, A, "ab", "importSubnetRoutesWithPublicIp");
    assert_eq!(exchanged(&bench, "INCOMING"), both(true));
    let body = json!({ "networkPeering": { "name": "ba",
        "exportSubnetRoutesWithPublicIp": false } });
    bench.done("PATCH", &verb(B, "updatePeering"), &body);
    assert_eq!(exchanged(&bench, "INCOMING").len(), 1);
}

#[test]
fn a_list_of_exchanged_routes_is_about_one_peering_one_region_and_one_direction() {
    let mut bench = Bench::new();
    bench.connect();
    let list = |query: &str| bench.get(&format!("{}?{query}", verb(A, "listPeeringRoutes")));
    let check = |query: &str, expected: &str| {
        let (status, reason, words) = refusal(list(query));
        assert_eq!((status, reason.as_str()), (400, expected), "{query}: {words}");
    };
    check("region=us-east1&direction=INCOMING", "required");
    check("peeringName=ab&direction=INCOMING", "required");
    check("peeringName=ab&region=us-east1", "invalid");
    check("peeringName=ab&region=mars&direction=INCOMING", "invalid");
    let words = "There is no peering (x) for the network.";
    refused(list("peeringName=x&region=us-east1&direction=INCOMING"), 400, "invalid", words);
}
