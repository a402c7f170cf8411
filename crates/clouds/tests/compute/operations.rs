//! Operations. Source where none is named: the reference of `globalOperations`, and operations as
//! Compute Engine shows them.

use serde_json::{Value, json};

use crate::bench::{BASE, Bench, STEP, half, path, refusal, verb};

const LIST: &str = "projects/ours/global/networks";
const ID: &str = "2f1b2fc6-77de-4b4f-9a5d-0123456789ab";

fn custom(name: &str) -> Value {
    json!({ "name": name, "autoCreateSubnetworks": false })
}

#[test]
fn an_operation_is_shown_as_compute_engine_shows_it() {
    let mut bench = Bench::new();
    let mut begun = bench.begin("POST", &format!("{LIST}?requestId={ID}"), &custom("a"));
    let name = begun["name"].as_str().unwrap().to_owned();
    let front = "operation-1772495439800-";
    assert!(name.starts_with(front) && name.len() == front.len() + 13 + 1 + 8 + 1 + 8, "{name}");
    let link = format!("{BASE}projects/ours/global/operations/{name}");
    for field in ["id", "targetId", "name", "selfLink"] {
        assert!(begun[field].is_string(), "{begun}");
        begun[field] = Value::Null;
    }
    let expected = json!({
        "kind": "compute#operation", "id": null, "targetId": null, "name": null, "selfLink": null,
        "operationType": "insert", "targetLink": format!("{BASE}{LIST}/a"),
        "status": "PENDING", "progress": 0, "user": "anonymous",
        "insertTime": "2026-03-02T15:50:39.800-08:00", "clientOperationId": ID,
    });
    assert_eq!(begun, expected);
    bench.pass(STEP / 2);
    let path = link.strip_prefix(BASE).unwrap();
    let runs = bench.shown(path);
    assert_eq!((&runs["status"], &runs["selfLink"]), (&json!("RUNNING"), &json!(link)));
    assert_eq!(runs["startTime"], runs["insertTime"]);
    assert!(runs["endTime"].is_null());
    bench.pass(STEP / 2);
    let done = bench.post(&format!("{path}/wait"), &Value::Null).1;
    assert_eq!((&done["status"], &done["progress"]), (&json!("DONE"), &json!(100)));
    assert_eq!(done["endTime"], "2026-03-02T15:50:49.800-08:00");
    let network = bench.shown(&format!("{LIST}/a"));
    assert_eq!(done["targetId"], network["id"]);
}

#[test]
fn a_repeated_request_is_the_same_operation() {
    let mut bench = Bench::new();
    let url = format!("{LIST}?requestId={ID}");
    let first = bench.begin("POST", &url, &custom("a"));
    let again = bench.begin("POST", &url, &custom("a"));
    assert_eq!(first["name"], again["name"]);
    bench.pass(STEP);
    let later = bench.begin("POST", &url, &custom("a"));
    assert_eq!((&later["name"], &later["status"]), (&first["name"], &json!("DONE")));
    assert_eq!(bench.shown(LIST)["items"].as_array().unwrap().len(), 1);
    bench.two_networks();
    let add = format!(
        "{}?requestId=3f1b2fc6-77de-4b4f-9a5d-0123456789ab",
        verb(("ours", "a"), "addPeering")
    );
    let first = bench.begin("POST", &add, &half("ab", ("theirs", "b")));
    let again = bench.begin("POST", &add, &half("ab", ("theirs", "b")));
    assert_eq!(first["name"], again["name"]);
}

#[test]
fn a_request_id_is_a_uuid_and_for_one_request() {
    let bench = Bench::new();
    for id in ["x", "00000000-0000-0000-0000-000000000000", "2f1b2fc677de4b4f9a5d0123456789ab"] {
        let (status, reason, words) =
            refusal(bench.post(&format!("{LIST}?requestId={id}"), &custom("a")));
        assert_eq!((status, reason.as_str()), (400, "invalid"), "{id}: {words}");
    }
    bench.begin("POST", &format!("{LIST}?requestId={ID}"), &custom("a"));
    let (status, _, words) = refusal(bench.post(&format!("{LIST}?requestId={ID}"), &custom("b")));
    assert!(status == 400 && words.contains("another request"), "{words}");
    bench.begin("POST", &format!("projects/theirs/global/networks?requestId={ID}"), &custom("a"));
}

#[test]
fn operations_are_listed_where_they_belong() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    let subnetwork = json!({ "name": "s", "network": "global/networks/a",
        "ipCidrRange": "10.8.0.0/18" });
    bench.begin("POST", "projects/ours/regions/us-east1/subnetworks", &subnetwork);
    bench.begin("POST", LIST, &custom("b"));
    let kinds = |bench: &Bench, path: &str| {
        let body = bench.shown(path);
        assert_eq!(body["kind"], "compute#operationList");
        let rows = body["items"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["targetLink"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let global = "projects/ours/global/operations";
    assert_eq!(kinds(&bench, global), [format!("{BASE}{LIST}/b")]);
    let regional = "projects/ours/regions/us-east1/operations";
    let link = format!("{BASE}projects/ours/regions/us-east1/subnetworks/s");
    assert_eq!(kinds(&bench, regional), [link]);
    assert!(kinds(&bench, "projects/ours/regions/us-west1/operations").is_empty());
    assert!(kinds(&bench, "projects/theirs/global/operations").is_empty());
    let running = format!("{global}?filter=status%20!%3D%20DONE");
    assert_eq!(kinds(&bench, &running).len(), 1);
    bench.pass(STEP);
    assert!(kinds(&bench, &running).is_empty());
    let newest = format!("{global}?orderBy=creationTimestamp%20desc");
    assert_eq!(kinds(&bench, &newest).len(), 1);
    assert_eq!(bench.get(&format!("{global}/none")).0, 404);
}

#[test]
fn a_failed_operation_changed_nothing() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &["10.8.0.0/18"]);
    bench.network("theirs", "b", &["10.8.0.0/18"]);
    let before = bench.shown(&path(("ours", "a")));
    bench.fails("POST", &verb(("ours", "a"), "addPeering"), &half("ab", ("theirs", "b")));
    assert_eq!(bench.shown(&path(("ours", "a"))), before);
    let add = verb(("ours", "a"), "addPeering");
    bench.done("POST", &add, &half("ac", ("theirs", "c")));
}

#[test]
fn the_oldest_operations_are_forgotten() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    let patch = json!({ "mtu": 1500 });
    let first = bench.done("PATCH", &path(("ours", "a")), &patch);
    for _ in 0..999 {
        bench.begin("PATCH", &path(("ours", "a")), &patch);
    }
    bench.pass(STEP);
    let first = first["selfLink"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    assert_eq!(bench.get(&first).0, 200);
    let last = bench.done("PATCH", &path(("ours", "a")), &patch);
    assert_eq!(bench.get(&first).0, 404);
    let last = last["selfLink"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    assert_eq!(bench.get(&last).0, 200);
}

#[test]
fn more_than_1000_operations_do_not_run_at_one_time() {
    let mut bench = Bench::new();
    bench.network("ours", "a", &[]);
    let patch = json!({ "mtu": 1500 });
    for _ in 0..1_000 {
        bench.begin("PATCH", &path(("ours", "a")), &patch);
    }
    let (status, reason, _) = refusal(bench.call("PATCH", &path(("ours", "a")), &patch));
    assert_eq!((status, reason.as_str()), (403, "rateLimitExceeded"));
    bench.pass(STEP);
    bench.begin("PATCH", &path(("ours", "a")), &patch);
}
