//! Addresses that networks of one group must not share. Source where none is named: guide to VPC
//! Network Peering: "At the time of peering, Google Cloud checks to see if there are any subnets
//! with overlapping IP ranges between the two VPC networks or any of their peered networks".

use serde_json::json;

use crate::bench::{Bench, half, verb};

const A: (&str, &str) = ("ours", "a");
const B: (&str, &str) = ("theirs", "b");

/// Source of the words: troubleshooting of terraform-google-modules' network modules.
#[test]
fn two_networks_that_overlap_are_not_peered() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    bench.network("theirs", "b", &["10.72.0.0/18", "10.8.32.0/20"]);
    let (code, words) = bench.fails("POST", &verb(A, "addPeering"), &half("ab", B));
    let expected = "An IP range in the peer network (10.8.32.0/20) overlaps with an IP range in \
                    the local network (10.8.0.0/18) allocated by resource \
                    (projects/ours/regions/africa-south1/subnetworks/a-0).";
    assert_eq!((code.as_str(), words.as_str()), ("INVALID_USAGE", expected));
    assert_eq!(bench.state(A, "ab"), "none");
}

/// Source: as above; two networks in auto mode always overlap.
#[test]
fn two_networks_in_auto_mode_are_not_peered() {
    let mut bench = Bench::new();
    for project in ["ours", "theirs"] {
        let auto = json!({ "name": "auto", "autoCreateSubnetworks": true });
        bench.done("POST", &format!("projects/{project}/global/networks"), &auto);
    }
    let add = verb(("ours", "auto"), "addPeering");
    let (code, words) = bench.fails("POST", &add, &half("x", ("theirs", "auto")));
    assert_eq!(code, "INVALID_USAGE");
    assert!(words.starts_with("An IP range in the peer network (10."), "{words}");
}

#[test]
fn two_networks_that_overlap_do_not_share_a_peer() {
    let mut bench = Bench::new();
    bench.connect();
    bench.network("ours", "c", &["10.8.0.0/18"]);
    let add = verb(("ours", "c"), "addPeering");
    let (code, words) = bench.fails("POST", &add, &half("cb", B));
    assert_eq!(code, "INVALID_USAGE");
    assert!(words.starts_with("An IP range in the peer network (10.8.0.0/18) overlaps"), "{words}");
    let (code, words) = bench.fails("POST", &verb(B, "addPeering"), &half("bc", ("ours", "c")));
    assert_eq!(code, "INVALID_USAGE");
    let expected = "An IP range in the peer network (10.8.0.0/18) overlaps with an IP range \
                    (10.8.0.0/18) in an active peer (ba) of the local network.";
    assert_eq!(words, expected);
    bench.network("ours", "d", &["10.9.0.0/18"]);
    bench.peer(("ours", "d"), "db", B);
    bench.peer(B, "bd", ("ours", "d"));
    assert_eq!(bench.state(A, "ab"), "ACTIVE");
}

/// Source: what waits is no peer yet.
#[test]
fn a_half_that_waits_takes_no_addresses() {
    let mut bench = Bench::new();
    bench.two_networks();
    bench.network("ours", "c", &["10.8.0.0/18"]);
    bench.network("theirs", "e", &["10.72.0.0/20"]);
    bench.peer(A, "ab", B);
    bench.peer(A, "ae", ("theirs", "e"));
    bench.peer(("ours", "c"), "cb", B);
    bench.peer(B, "ba", A);
    let late = bench.fails("POST", &verb(("theirs", "e"), "addPeering"), &half("ea", A));
    assert_eq!(late.0, "INVALID_USAGE");
    let (code, _) = bench.fails("POST", &verb(B, "addPeering"), &half("bc", ("ours", "c")));
    assert_eq!(code, "INVALID_USAGE");
}

/// Source: networks as Compute Engine showed them: "Peer network tried to connect and failed."
#[test]
fn who_waits_is_told_that_the_other_tried_and_failed() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    bench.peer(A, "ab", B);
    bench.network("theirs", "b", &["10.8.0.0/20"]);
    bench.fails("POST", &verb(B, "addPeering"), &half("ba", A));
    let ours = bench.half(A, "ab").unwrap();
    assert_eq!(ours["state"], "INACTIVE");
    let words = ours["stateDetails"].as_str().unwrap();
    assert!(words.ends_with("]: Peer network tried to connect and failed."), "{words}");
}

/// Source: guide to VPC Network Peering: "When a VPC subnet is created … Google Cloud performs a
/// check to make sure the new subnet range does not overlap with IP ranges of subnets in the same
/// VPC network or in directly peered VPC networks"; nor with those of a common peer.
#[test]
fn a_subnetwork_that_overlaps_with_a_peer_is_not_made() {
    let mut bench = Bench::new();
    bench.connect();
    bench.network("ours", "c", &["10.9.0.0/18"]);
    bench.peer(("ours", "c"), "cb", B);
    bench.peer(B, "bc", ("ours", "c"));
    let list = "projects/ours/regions/us-east1/subnetworks";
    let written = |block: &str| {
        json!({ "name": "s", "network": "global/networks/a",
        "ipCidrRange": block })
    };
    let (code, words) = bench.fails("POST", list, &written("10.72.0.0/20"));
    assert_eq!(code, "INVALID_USAGE");
    assert!(words.contains("in an active peer (ab) of the network"), "{words}");
    let (_, words) = bench.fails("POST", list, &written("10.9.0.0/20"));
    assert!(words.contains("in a peer of an active peer (ab) of the network"), "{words}");
    bench.done("POST", list, &written("10.10.0.0/20"));
}

/// Source: troubleshooting of terraform-google-modules' network modules: "A subnet CIDR range in
/// one peered VPC network cannot overlap with a static route in another peered network".
#[test]
fn a_static_route_into_the_other_network_keeps_them_apart() {
    let mut bench = Bench::new();
    bench.two_networks();
    let route = json!({ "name": "r", "network": "global/networks/a",
        "destRange": "10.72.0.0/20", "nextHopIp": "10.8.0.9" });
    bench.done("POST", "projects/ours/global/routes", &route);
    for (from, to) in [(A, B), (B, A)] {
        let (code, _) = bench.fails("POST", &verb(from, "addPeering"), &half("x", to));
        assert_eq!(code, "INVALID_USAGE", "{from:?}");
    }
    bench.done("DELETE", "projects/ours/global/routes/r", &serde_json::Value::Null);
    bench.peer(A, "ab", B);
}
