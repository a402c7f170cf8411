//! Routes. Source where none is named: the reference of `routes`.

use serde_json::{Value, json};

use crate::bench::{BASE, BUSY, Bench, half, refusal, refused, verb};

const LIST: &str = "projects/ours/global/routes";

fn written(name: &str, block: &str) -> Value {
    json!({ "name": name, "network": "global/networks/a", "destRange": block,
        "nextHopIp": "10.8.0.9" })
}

/// Source: routes of VPC networks: a default route, and one for each subnetwork.
#[test]
fn a_network_has_a_route_to_the_internet_and_to_its_subnetworks() {
    let bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    let routes = bench.shown(LIST);
    let routes = routes["items"].as_array().unwrap();
    let to = |block: &str| routes.iter().find(|route| route["destRange"] == block).unwrap();
    let internet = to("0.0.0.0/0");
    let gateway = format!("{BASE}projects/ours/global/gateways/default-internet-gateway");
    assert_eq!(
        (&internet["nextHopGateway"], &internet["priority"]),
        (&json!(gateway), &json!(1000))
    );
    let local = to("10.8.0.0/18");
    let network = format!("{BASE}projects/ours/global/networks/a");
    assert_eq!((&local["nextHopNetwork"], &local["priority"]), (&json!(network), &json!(0)));
    assert!(local["name"].as_str().unwrap().starts_with("default-route-"));
    let path = format!("{LIST}/{}", local["name"].as_str().unwrap());
    assert_eq!(bench.shown(&path), *local);
    let words = "The local route cannot be deleted.";
    refused(bench.call("DELETE", &path, &Value::Null), 400, "badRequest", words);
}

/// Source: routes of VPC networks: a peering brings routes whose next hop is the peering.
#[test]
fn a_connection_brings_routes() {
    let mut bench = Bench::new();
    bench.connect();
    let routes = bench.shown(LIST);
    let routes = routes["items"].as_array().unwrap();
    let route = routes.iter().find(|route| route["destRange"] == "10.72.0.0/18").unwrap();
    assert_eq!((&route["nextHopPeering"], &route["priority"]), (&json!("ab"), &json!(0)));
    bench.done("POST", &verb(("theirs", "b"), "removePeering"), &json!({ "name": "ba" }));
    let routes = bench.shown(LIST);
    let routes = routes["items"].as_array().unwrap();
    assert!(routes.iter().all(|route| route["nextHopPeering"].is_null()));
}

#[test]
fn a_route_is_made_and_deleted() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    bench.done("POST", LIST, &written("r", "172.16.0.0/12"));
    let shown = bench.shown(&format!("{LIST}/r"));
    assert_eq!((&shown["kind"], &shown["routeType"]), (&json!("compute#route"), &json!("STATIC")));
    assert_eq!((&shown["nextHopIp"], &shown["priority"]), (&json!("10.8.0.9"), &json!(1000)));
    let words = "The resource 'projects/ours/global/routes/r' already exists";
    refused(bench.post(LIST, &written("r", "172.16.0.0/12")), 409, "alreadyExists", words);
    bench.done("DELETE", &format!("{LIST}/r"), &Value::Null);
    assert_eq!(bench.get(&format!("{LIST}/r")).0, 404);
}

#[test]
fn what_is_no_route_is_refused() {
    let bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    let check = |field: &str, value: Value, expected: (u16, &str)| {
        let mut body = written("r", "172.16.0.0/12");
        body[field] = value;
        let (status, reason, words) = refusal(bench.post(LIST, &body));
        assert_eq!((status, reason.as_str()), expected, "{field}: {words}");
    };
    check("name", json!("R"), (400, "invalid"));
    check("destRange", json!("172.16.0.1/12"), (400, "invalid"));
    check("priority", json!(65_536), (400, "invalid"));
    check("network", json!("global/networks/none"), (404, "notFound"));
    check("nextHopIp", json!("10.9.0.1"), (400, "invalid"));
    check("nextHopIp", Value::Null, (400, "invalid"));
    check("nextHopGateway", json!("global/gateways/default-internet-gateway"), (400, "invalid"));
    check("nextHopInstance", json!("projects/ours/zones/z/instances/i"), (404, "notFound"));
}

/// Source: the references of `routes` and `instances`: a tag is a name, and a machine has 64.
#[test]
fn what_a_route_says_has_a_bound() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    let with = |field: &str, value: Value| {
        let mut body = written("r", "172.16.0.0/12");
        body[field] = value;
        body
    };
    let tags = |count: usize| json!((0..count).map(|at| format!("t{at}")).collect::<Vec<_>>());
    for (field, value) in [
        ("description", json!("d".repeat(2_049))),
        ("tags", tags(65)),
        ("tags", json!(["a".repeat(64)])),
        ("tags", json!(["a", "A"])),
    ] {
        let (status, reason, words) = refusal(bench.post(LIST, &with(field, value)));
        assert_eq!((status, reason.as_str()), (400, "invalid"), "{words}");
        assert!(words.contains(&format!("resource.{field}")), "{words}");
    }
    let mut fits = with("description", json!("d".repeat(2_048)));
    fits["tags"] = tags(64);
    bench.done("POST", LIST, &fits);
}

/// Source: routes of VPC networks, interactions of subnet and static routes.
#[test]
fn a_route_does_not_lead_into_a_subnetwork_of_the_group() {
    let mut bench = Bench::new();
    bench.connect();
    for block in ["10.8.16.0/20", "10.72.0.0/18"] {
        let (code, words) = bench.fails("POST", LIST, &written("r", block));
        assert_eq!(code, "INVALID_USAGE");
        assert!(words.contains("lies inside the range of the subnetwork"), "{words}");
    }
    bench.done("POST", LIST, &written("r", "10.72.0.0/16"));
}

/// Source: hashicorp/terraform-provider-google#6361.
#[test]
fn no_route_is_made_while_a_peering_is_worked_on() {
    let mut bench = Bench::new();
    bench.connect();
    bench.network("ours", "c", &["10.9.0.0/18"]);
    let adding =
        bench.begin("POST", &verb(("ours", "c"), "addPeering"), &half("cb", ("theirs", "b")));
    refused(bench.post(LIST, &written("r", "172.16.0.0/12")), 400, "badRequest", BUSY);
    bench.end(&adding);
    bench.done("POST", LIST, &written("r", "172.16.0.0/12"));
}

/// Source: hashicorp/terraform-provider-google#3034.
#[test]
fn no_peering_is_worked_on_while_a_route_is_made() {
    let mut bench = Bench::new();
    bench.two_networks();
    let words = "There is a route operation in progress on the local or peer network. Try again \
                 later.";
    let making = bench.begin("POST", LIST, &written("r", "172.16.0.0/12"));
    for (from, to) in [(("ours", "a"), ("theirs", "b")), (("theirs", "b"), ("ours", "a"))] {
        let answer = bench.post(&verb(from, "addPeering"), &half("x", to));
        refused(answer, 400, "badRequest", words);
    }
    bench.end(&making);
    bench.peer(("ours", "a"), "ab", ("theirs", "b"));
    let subnetwork = json!({ "name": "s", "network": "global/networks/a",
        "ipCidrRange": "10.200.0.0/18" });
    bench.begin("POST", "projects/ours/regions/us-east1/subnetworks", &subnetwork);
    let answer = bench.post(&verb(("ours", "a"), "removePeering"), &json!({ "name": "ab" }));
    refused(answer, 400, "badRequest", words);
}

/// Source: quotas of VPC networks.
#[test]
fn a_network_has_at_most_200_static_routes() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    for number in 0..200 {
        bench.begin(
            "POST",
            LIST,
            &written(&format!("r{number}"), &format!("172.16.{number}.0/24")),
        );
    }
    let last = bench.begin("POST", LIST, &written("more", "192.168.0.0/16"));
    let failed = bench.end(&last);
    assert_eq!(failed["error"]["errors"][0]["code"], "QUOTA_EXCEEDED");
    assert_eq!(bench.shown(&format!("{LIST}/r199"))["destRange"], "172.16.199.0/24");
}
