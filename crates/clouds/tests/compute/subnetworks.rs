//! Subnetworks. Source where none is named: the reference of `subnetworks`.

use serde_json::{Value, json};

use crate::bench::{BASE, Bench, refusal, refused};

const LIST: &str = "projects/ours/regions/us-east1/subnetworks";

fn written(name: &str, block: &str) -> Value {
    json!({ "name": name, "network": "projects/ours/global/networks/a", "ipCidrRange": block })
}

#[test]
fn a_subnetwork_is_shown_as_compute_engine_shows_it() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    let mut body = written("s", "10.0.0.0/18");
    body["secondaryIpRanges"] = json!([{ "rangeName": "pods", "ipCidrRange": "10.1.0.0/16" }]);
    let operation = bench.begin("POST", LIST, &body);
    assert_eq!(operation["region"], format!("{BASE}projects/ours/regions/us-east1"));
    assert_eq!(bench.get(&format!("{LIST}/s")).0, 404);
    bench.end(&operation);
    let mut shown = bench.shown(&format!("{LIST}/s"));
    for field in ["id", "fingerprint"] {
        assert!(shown[field].is_string(), "{shown}");
        shown[field] = Value::Null;
    }
    let expected = json!({
        "kind": "compute#subnetwork", "id": null, "fingerprint": null, "name": "s",
        "creationTimestamp": "2026-03-02T15:50:39.800-08:00",
        "network": format!("{BASE}projects/ours/global/networks/a"),
        "ipCidrRange": "10.0.0.0/18", "gatewayAddress": "10.0.0.1",
        "region": format!("{BASE}projects/ours/regions/us-east1"),
        "selfLink": format!("{BASE}{LIST}/s"),
        "secondaryIpRanges": [{ "rangeName": "pods", "ipCidrRange": "10.1.0.0/16" }],
        "privateIpGoogleAccess": false, "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
        "purpose": "PRIVATE", "stackType": "IPV4_ONLY", "enableFlowLogs": false,
        "allowSubnetCidrRoutesOverlap": false,
    });
    assert_eq!(shown, expected);
    assert_eq!(bench.shown(LIST)["items"].as_array().unwrap().len(), 1);
    let network = bench.shown("projects/ours/global/networks/a");
    assert_eq!(network["subnetworks"], json!([format!("{BASE}{LIST}/s")]));
    let regions = bench.shown("projects/ours/aggregated/subnetworks");
    let here = &regions["items"]["regions/us-east1"]["subnetworks"];
    assert_eq!(here[0]["name"], "s");
}

/// Source: type and format summary of Google's discovery documents: `byte` is base64 of the
/// alphabet for URLs.
#[test]
fn a_fingerprint_is_base64_of_the_alphabet_for_urls() {
    let mut bench = Bench::new();
    let auto = json!({ "name": "a", "autoCreateSubnetworks": true });
    bench.done("POST", "projects/ours/global/networks", &auto);
    let regions = bench.shown("projects/ours/aggregated/subnetworks");
    for scope in regions["items"].as_object().unwrap().values() {
        let fingerprint = scope["subnetworks"][0]["fingerprint"].as_str().unwrap();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_=".contains(c);
        assert!(fingerprint.len() == 12 && fingerprint.chars().all(fits), "{fingerprint}");
    }
}

/// Source: "Invalid IPCidrRange: 192.168.4.0/24 conflicts with existing subnetwork", code
/// `INVALID_USAGE` of the operation, as public clients know it.
#[test]
fn blocks_of_one_network_do_not_overlap() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    bench.done("POST", LIST, &written("one", "10.0.0.0/18"));
    let west = "projects/ours/regions/us-west1/subnetworks";
    let (code, words) = bench.fails("POST", west, &written("two", "10.0.32.0/20"));
    let expected = "Invalid IPCidrRange: 10.0.32.0/20 conflicts with existing subnetwork 'one' in \
                    region 'us-east1'.";
    assert_eq!((code.as_str(), words.as_str()), ("INVALID_USAGE", expected));
    assert_eq!(bench.get(&format!("{west}/two")).0, 404);
    bench.done("POST", west, &written("two", "10.0.64.0/20"));
}

/// Source: valid and prohibited IPv4 ranges of subnetworks: /29 is the smallest.
#[test]
fn what_is_no_block_of_a_subnetwork_is_refused() {
    let bench = Bench::new();
    bench.network("ours", "a", &[]);
    for block in [
        "",
        "10.0.0.0",
        "10.0.0.1/18",
        "10.0.0.0/30",
        "0.0.0.0/0",
        "10.0.0.0/33",
        "127.0.0.0/16",
        "169.254.1.0/24",
        "224.0.0.0/8",
        "fd20::/64",
    ] {
        let (status, reason, words) = refusal(bench.post(LIST, &written("s", block)));
        assert_eq!((status, reason.as_str()), (400, "invalid"), "{block}: {words}");
        assert!(words.contains("resource.ipCidrRange"), "{words}");
    }
    bench.begin("POST", LIST, &written("s", "10.0.0.0/29"));
}

/// Only subnetworks of the usual kind are made here; others are not taken for those.
#[test]
fn a_subnetwork_of_another_kind_is_refused() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    let mut body = written("s", "10.0.0.0/18");
    for (field, other) in [
        ("stackType", "IPV4_IPV6".to_owned()),
        ("purpose", "PRIVATE_SERVICE_CONNECT".to_owned()),
        ("description", "d".repeat(2_049)),
    ] {
        let mut body = body.clone();
        body[field] = json!(other);
        let (status, reason, words) = refusal(bench.post(LIST, &body));
        assert_eq!((status, reason.as_str()), (400, "invalid"), "{words}");
        let front = format!("Invalid value for field 'resource.{field}': ");
        assert!(words.starts_with(&front), "{words}");
    }
    body["stackType"] = json!("IPV4_ONLY");
    body["purpose"] = json!("PRIVATE");
    bench.done("POST", LIST, &body);
}

#[test]
fn a_subnetwork_needs_a_region_and_a_network() {
    let bench = Bench::new();
    let words = "The resource 'projects/ours/global/networks/a' was not found";
    refused(bench.post(LIST, &written("s", "10.0.0.0/18")), 404, "notFound", words);
    bench.network("ours", "a", &[]);
    let mars = "projects/ours/regions/mars-north1/subnetworks";
    let words = "Invalid value for field 'region': 'mars-north1'. Unknown region.";
    refused(bench.post(mars, &written("s", "10.0.0.0/18")), 400, "invalid", words);
    refused(bench.get(mars), 400, "invalid", words);
    let mut foreign = written("s", "10.0.0.0/18");
    foreign["network"] = "projects/theirs/global/networks/a".into();
    let (status, _, words) = refusal(bench.post(LIST, &foreign));
    assert_eq!(status, 400, "{words}");
}

/// Source: cloudfoundry/bosh-google-cpi-release#262.
#[test]
fn a_network_in_auto_mode_keeps_its_block_for_itself() {
    let mut bench = Bench::new();
    let auto = json!({ "name": "a", "autoCreateSubnetworks": true });
    bench.done("POST", "projects/ours/global/networks", &auto);
    let words = "Invalid value for field 'resource.ipCidrRange': '10.150.0.0/16'. Extended \
                 subnetworks in auto subnet mode networks cannot overlap with 10.128.0.0/9.";
    refused(bench.post(LIST, &written("s", "10.150.0.0/16")), 400, "invalid", words);
    bench.done("POST", LIST, &written("s", "10.0.0.0/16"));
}

#[test]
fn a_subnetwork_is_deleted() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    bench.done("POST", LIST, &written("s", "10.0.0.0/18"));
    let subnetwork = format!("{LIST}/s");
    let operation = bench.begin("DELETE", &subnetwork, &Value::Null);
    assert_eq!(bench.get(&subnetwork).0, 200);
    let words = format!("The resource '{subnetwork}' is not ready");
    let again = bench.call("DELETE", &subnetwork, &Value::Null);
    refused(again, 400, "resourceNotReady", &words);
    bench.end(&operation);
    let words = format!("The resource '{subnetwork}' was not found");
    refused(bench.call("DELETE", &subnetwork, &Value::Null), 404, "notFound", &words);
    assert!(bench.shown("projects/ours/global/networks/a")["subnetworks"].is_null());
}

#[test]
fn a_network_has_at_most_300_subnetworks() {
    let mut bench = Bench::new();
    let blocks: Vec<String> =
        (0..299).map(|at| format!("10.{}.{}.0/24", at / 256, at % 256)).collect();
    bench.network("ours", "a", &blocks.iter().map(String::as_str).collect::<Vec<_>>());
    bench.done("POST", LIST, &written("last", "10.200.0.0/24"));
    let (code, words) = bench.fails("POST", LIST, &written("more", "10.200.1.0/24"));
    assert_eq!(code, "QUOTA_EXCEEDED");
    assert_eq!(words, "Quota 'SUBNET_RANGES_PER_NETWORK' exceeded.  Limit: 300.0 globally.");
}
