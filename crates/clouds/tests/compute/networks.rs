//! Networks. Source where none is named: the reference of `networks`.

use serde_json::{Value, json};

use crate::bench::{BASE, Bench, STEP, path, refusal, refused};

const LIST: &str = "projects/ours/global/networks";

fn custom(name: &str) -> Value {
    json!({ "name": name, "autoCreateSubnetworks": false })
}

#[test]
fn a_network_is_shown_as_compute_engine_shows_it() {
    let mut bench = Bench::new();
    let written = json!({
        "name": "a", "autoCreateSubnetworks": false, "description": "ours", "mtu": 1500,
        "routingConfig": { "routingMode": "GLOBAL" },
    });
    bench.done("POST", LIST, &written);
    let mut shown = bench.shown(&path(("ours", "a")));
    let id = shown["id"].as_str().unwrap().to_owned();
    assert!(id.len() == 19 && id.parse::<u64>().is_ok(), "{id}");
    assert_eq!(shown["selfLinkWithId"], format!("{BASE}{LIST}/{id}"));
    for field in ["id", "selfLinkWithId"] {
        shown[field] = Value::Null;
    }
    let expected = json!({
        "kind": "compute#network", "id": null, "selfLinkWithId": null, "name": "a",
        "creationTimestamp": "2026-03-02T15:50:39.800-08:00",
        "selfLink": format!("{BASE}{LIST}/a"),
        "description": "ours", "autoCreateSubnetworks": false, "mtu": 1500,
        "routingConfig": { "routingMode": "GLOBAL", "bgpBestPathSelectionMode": "LEGACY" },
        "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
    });
    assert_eq!(shown, expected);
    assert_eq!(bench.shown(&format!("{LIST}/{id}"))["name"], "a");
}

/// Source: lists of Compute Engine lag behind what it accepted.
#[test]
fn a_network_is_shown_once_it_is_there() {
    let mut bench = Bench::new();
    let operation = bench.begin("POST", LIST, &custom("a"));
    let words = "The resource 'projects/ours/global/networks/a' was not found";
    refused(bench.get(&path(("ours", "a"))), 404, "notFound", words);
    assert!(bench.shown(LIST)["items"].is_null());
    bench.end(&operation);
    assert_eq!(bench.shown(LIST)["items"][0]["name"], "a");
}

#[test]
fn a_name_is_given_once_even_while_its_network_is_made() {
    let mut bench = Bench::new();
    let words = "The resource 'projects/ours/global/networks/a' already exists";
    bench.begin("POST", LIST, &custom("a"));
    refused(bench.post(LIST, &custom("a")), 409, "alreadyExists", words);
    bench.pass(STEP);
    refused(bench.post(LIST, &custom("a")), 409, "alreadyExists", words);
    bench.done("POST", "projects/theirs/global/networks", &custom("a"));
}

#[test]
fn what_is_no_network_is_refused() {
    let bench = Bench::new();
    let regex = "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'";
    let words = format!("Invalid value for field 'resource.name': 'A'. {regex}");
    refused(bench.post(LIST, &custom("A")), 400, "invalid", &words);
    let check = |body: Value, reason: &str| {
        let (status, found, words) = refusal(bench.post(LIST, &body));
        assert_eq!((status, found.as_str()), (400, reason), "{body}: {words}");
    };
    check(custom(&"a".repeat(64)), "invalid");
    check(json!({ "autoCreateSubnetworks": false }), "required");
    check(json!({ "name": "a" }), "required");
    check(json!({ "name": "a", "IPv4Range": "10.0.0.0/8" }), "invalid");
    check(json!({ "name": "a", "autoCreateSubnetworks": false, "mtu": 1299 }), "invalid");
    check(json!({ "name": "a", "autoCreateSubnetworks": false, "mtu": 8897 }), "invalid");
    check(json!({ "name": 7 }), "parseError");
    let long = "d".repeat(2_049);
    check(json!({ "name": "a", "autoCreateSubnetworks": false, "description": long }), "invalid");
    let mode = json!({ "routingMode": "LOCAL" });
    check(json!({ "name": "a", "autoCreateSubnetworks": false, "routingConfig": mode }), "invalid");
    let fits = "d".repeat(2_048);
    bench.begin("POST", LIST, &json!({
        "name": "a".repeat(63), "autoCreateSubnetworks": false, "description": fits, "mtu": 8896,
    }));
}

#[test]
fn nothing_is_done_with_a_network_that_is_not_there_yet() {
    let bench = Bench::new();
    bench.begin("POST", LIST, &custom("a"));
    let words = "The resource 'projects/ours/global/networks/a' is not ready";
    let answer = bench.call("DELETE", &path(("ours", "a")), &Value::Null);
    refused(answer, 400, "resourceNotReady", words);
}

/// Source: "Error waiting for Deleting Network: The network resource … is already being used by",
/// murphye/cheap-gke-cluster#8.
#[test]
fn the_deletion_of_a_network_that_is_used_fails() {
    let mut bench = Bench::new();
    bench.connect();
    let network = path(("ours", "a"));
    let code = "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE";
    let failed = |bench: &mut Bench, user: &str| {
        let words = format!("The network resource '{network}' is already being used by '{user}'");
        let (found, message) = bench.fails("DELETE", &network, &Value::Null);
        assert_eq!((found.as_str(), message), (code, words));
    };
    let subnetwork = "projects/ours/regions/africa-south1/subnetworks/a-0";
    failed(&mut bench, subnetwork);
    let route = "projects/ours/global/routes/r";
    let hop = json!({ "name": "r", "network": network, "destRange": "172.16.0.0/12",
        "nextHopIp": "10.8.0.9" });
    bench.done("POST", "projects/ours/global/routes", &hop);
    bench.done("DELETE", subnetwork, &Value::Null);
    failed(&mut bench, route);
    bench.done("DELETE", route, &Value::Null);
    failed(&mut bench, "ab");
    bench.done("POST", &format!("{network}/removePeering"), &json!({ "name": "ab" }));
    bench.done("DELETE", &network, &Value::Null);
    assert_eq!(bench.get(&network).0, 404);
    assert!(bench.shown("projects/ours/global/routes")["items"].is_null());
}

/// Source: as above; the error is an operation's, with the status that it would have had.
#[test]
fn a_failed_operation_says_which_status_it_had() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    let failed = bench.run("DELETE", &path(("ours", "a")), &Value::Null);
    assert_eq!(failed["httpErrorStatusCode"], 400);
    assert_eq!(failed["httpErrorMessage"], "BAD REQUEST");
    assert_eq!(failed["status"], "DONE");
}

#[test]
fn a_network_is_deleted_once() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    let network = path(("ours", "a"));
    let operation = bench.begin("DELETE", &network, &Value::Null);
    let words = format!("The resource '{network}' is not ready");
    let again = bench.call("DELETE", &network, &Value::Null);
    refused(again, 400, "resourceNotReady", &words);
    assert_eq!(bench.get(&network).0, 200);
    bench.end(&operation);
    let words = format!("The resource '{network}' was not found");
    refused(bench.call("DELETE", &network, &Value::Null), 404, "notFound", &words);
}

/// Source: IPv4 ranges of auto mode VPC networks.
#[test]
fn a_network_in_auto_mode_has_a_subnetwork_in_each_region() {
    let mut bench = Bench::new();
    bench.done("POST", LIST, &json!({ "name": "a", "autoCreateSubnetworks": true }));
    let shown = bench.shown(&path(("ours", "a")));
    assert_eq!(shown["subnetworks"].as_array().unwrap().len(), 42);
    let iowa = "projects/ours/regions/us-central1/subnetworks/a";
    assert_eq!(bench.shown(iowa)["ipCidrRange"], "10.128.0.0/20");
    assert_eq!(bench.shown(iowa)["gatewayAddress"], "10.128.0.1");
    let (code, words) = bench.fails("DELETE", iowa, &Value::Null);
    assert_eq!(code, "INVALID_USAGE");
    let expected = "Invalid resource usage: 'Cannot delete auto subnetwork from an auto subnet \
                    mode network.'.";
    assert_eq!(words, expected);
    bench.done("POST", &format!("{LIST}/a/switchToCustomMode"), &Value::Null);
    bench.done("DELETE", iowa, &Value::Null);
    assert_eq!(bench.shown(&path(("ours", "a")))["autoCreateSubnetworks"], false);
}

/// Source: as above; what a network made itself does not keep it.
#[test]
fn a_network_in_auto_mode_goes_with_its_subnetworks() {
    let mut bench = Bench::new();
    bench.done("POST", LIST, &json!({ "name": "a", "autoCreateSubnetworks": true }));
    bench.done("DELETE", &path(("ours", "a")), &Value::Null);
    let regions = bench.shown("projects/ours/aggregated/subnetworks");
    let regions = regions["items"].as_object().unwrap();
    assert!(regions.values().all(|scope| scope["warning"]["code"] == "NO_RESULTS_ON_PAGE"));
}

#[test]
fn a_patch_changes_what_it_names() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    let network = path(("ours", "a"));
    let mode = json!({ "routingConfig": { "routingMode": "GLOBAL" } });
    bench.done("PATCH", &network, &mode);
    let shown = bench.shown(&network);
    assert_eq!(shown["routingConfig"]["routingMode"], "GLOBAL");
    assert_eq!(shown["mtu"], 1460);
    let mode = json!({ "routingConfig": { "routingMode": "LOCAL" } });
    assert_eq!(bench.call("PATCH", &network, &mode).0, 400);
}

#[test]
fn every_project_exists_and_has_its_regions() {
    let bench = Bench::new();
    bench.network("ours", "a", &[]);
    let project = bench.shown("projects/ours");
    assert_eq!((&project["kind"], &project["name"]), (&json!("compute#project"), &json!("ours")));
    let quota = &project["quotas"][0];
    assert_eq!((&quota["metric"], &quota["usage"]), (&json!("NETWORKS"), &json!(1)));
    let regions = bench.shown("projects/ours/regions");
    assert_eq!(regions["items"].as_array().unwrap().len(), 42);
    let region = bench.shown("projects/ours/regions/europe-west1");
    let zones =
        ["b", "c", "d"].map(|zone| format!("{BASE}projects/ours/zones/europe-west1-{zone}"));
    assert_eq!((&region["status"], &region["zones"]), (&json!("UP"), &json!(zones)));
    assert_eq!(bench.get("projects/ours/regions/mars-north1").0, 404);
}

#[test]
fn what_is_no_url_of_the_api_is_not_found() {
    let bench = Bench::new();
    for (method, path) in [
        ("GET", "projects/ours/zones"),
        ("PUT", "projects/ours/global/networks/a"),
        ("POST", "projects/ours/global/networks/a/peer"),
        ("GET", "organizations/ours"),
        ("DELETE", "projects/ours/global/operations/x"),
    ] {
        let words = "The requested URL was not found on this server.";
        refused(bench.call(method, path, &Value::Null), 404, "notFound", words);
    }
    assert_eq!(bench.get("projects/O%20O/global/networks").0, 400);
}
