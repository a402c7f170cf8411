//! Connections that both sides have to change and to end. Source: the reference of `networks`
//! (`updateStrategy`, `consensusState`), the page on peering connections, `gcloud compute networks
//! peerings request-delete`.

use serde_json::{Value, json};

use crate::bench::{BUSY, Bench, half, refusal, refused, verb};

const A: (&str, &str) = ("ours", "a");
const B: (&str, &str) = ("theirs", "b");

fn written(name: &str, to: (&str, &str)) -> Value {
    let mut body = half(name, to);
    body["networkPeering"]["updateStrategy"] = "CONSENSUS".into();
    body["networkPeering"]["exportSubnetRoutesWithPublicIp"] = false.into();
    body
}

fn connected() -> Bench {
    let mut bench = Bench::new();
    bench.two_networks();
    bench.done("POST", &verb(A, "addPeering"), &written("ab", B));
    bench.done("POST", &verb(B, "addPeering"), &written("ba", A));
    bench
}

fn consensus(bench: &Bench) -> [Value; 2] {
    [(A, "ab"), (B, "ba")].map(|(network, name)| {
        bench.half(network, name).unwrap()["connectionStatus"]["consensusState"].clone()
    })
}

fn update(name: &str, flag: &str) -> Value {
    json!({ "networkPeering": { "name": name, (flag): true } })
}

#[test]
fn both_halves_are_of_one_strategy() {
    let mut bench = Bench::new();
    bench.two_networks();
    bench.done("POST", &verb(A, "addPeering"), &written("ab", B));
    bench.peer(B, "ba", A);
    assert_eq!(
        (bench.state(A, "ab"), bench.state(B, "ba")),
        ("INACTIVE".into(), "INACTIVE".into())
    );
    let mut body = json!({ "networkPeering": { "name": "ba", "updateStrategy": "CONSENSUS" } });
    bench.done("PATCH", &verb(B, "updatePeering"), &body);
    assert_eq!(bench.state(A, "ab"), "INACTIVE");
    body["networkPeering"]["exportSubnetRoutesWithPublicIp"] = false.into();
    bench.done("PATCH", &verb(B, "updatePeering"), &body);
    let ours = bench.half(A, "ab").unwrap();
    assert_eq!(ours["state"], "ACTIVE");
    assert_eq!(ours["connectionStatus"]["updateStrategy"], "CONSENSUS");
}

#[test]
fn an_update_counts_once_both_sides_made_it() {
    let mut bench = connected();
    let idle = json!({ "updateStatus": "IN_SYNC", "deleteStatus": "DELETE_STATUS_UNSPECIFIED" });
    assert_eq!(consensus(&bench), [idle.clone(), idle.clone()]);
    bench.done("PATCH", &verb(A, "updatePeering"), &update("ab", "exportCustomRoutes"));
    let [ours, theirs] = consensus(&bench);
    assert_eq!(ours["updateStatus"], "PENDING_PEER_ACKNOWLEDGEMENT");
    assert_eq!(theirs["updateStatus"], "PENDING_LOCAL_ACKNOWLEDMENT");
    let exported = |bench: &Bench| {
        let half = bench.half(A, "ab").unwrap();
        assert_eq!(half["exportCustomRoutes"], true);
        half["connectionStatus"]["trafficConfiguration"]["exportCustomRoutesToPeer"].clone()
    };
    assert_eq!(exported(&bench), false);
    bench.done("PATCH", &verb(B, "updatePeering"), &update("ba", "importCustomRoutes"));
    assert_eq!(consensus(&bench), [idle.clone(), idle]);
    assert_eq!(exported(&bench), true);
}

#[test]
fn what_one_side_takes_back_stays_in_force_until_the_other_agrees() {
    let mut bench = connected();
    bench.done("PATCH", &verb(A, "updatePeering"), &update("ab", "exportCustomRoutes"));
    bench.done("PATCH", &verb(B, "updatePeering"), &update("ba", "importCustomRoutes"));
    let exported = |bench: &Bench| {
        let half = bench.half(A, "ab").unwrap();
        half["connectionStatus"]["trafficConfiguration"]["exportCustomRoutesToPeer"].clone()
    };
    let back = |name, flag: &str| json!({ "networkPeering": { "name": name, (flag): false } });
    bench.done("PATCH", &verb(A, "updatePeering"), &back("ab", "exportCustomRoutes"));
    assert_eq!(exported(&bench), true);
    bench.done("PATCH", &verb(B, "updatePeering"), &back("ba", "importCustomRoutes"));
    assert_eq!(exported(&bench), false);
}

#[test]
fn the_strategy_changes_once_both_sides_changed_it() {
    let mut bench = connected();
    let strategy =
        |bench: &Bench| bench.half(A, "ab").unwrap()["connectionStatus"]["updateStrategy"].clone();
    let body =
        |name| json!({ "networkPeering": { "name": name, "updateStrategy": "INDEPENDENT" } });
    bench.done("PATCH", &verb(A, "updatePeering"), &body("ab"));
    assert_eq!(strategy(&bench), "CONSENSUS");
    bench.done("PATCH", &verb(B, "updatePeering"), &body("ba"));
    assert_eq!(strategy(&bench), "INDEPENDENT");
}

#[test]
fn a_connection_ends_once_both_sides_asked_for_it() {
    let mut bench = connected();
    let ours = json!({ "name": "ab" });
    let theirs = json!({ "name": "ba" });
    let (status, _, words) = refusal(bench.post(&verb(A, "removePeering"), &ours));
    assert!(status == 400 && words.contains("CONSENSUS"), "{words}");
    bench.done("POST", &verb(A, "requestRemovePeering"), &ours);
    let [mine, other] = consensus(&bench);
    assert_eq!(mine["deleteStatus"], "LOCAL_DELETE_REQUESTED");
    assert_eq!(other["deleteStatus"], "PEER_DELETE_REQUESTED");
    assert_eq!(bench.post(&verb(A, "removePeering"), &ours).0, 400);
    bench.done("POST", &verb(B, "requestRemovePeering"), &theirs);
    let [mine, other] = consensus(&bench);
    assert_eq!(mine["deleteStatus"], "DELETE_ACKNOWLEDGED");
    assert_eq!(other["deleteStatus"], "DELETE_ACKNOWLEDGED");
    bench.done("POST", &verb(A, "removePeering"), &ours);
    assert_eq!((bench.state(A, "ab"), bench.state(B, "ba")), ("none".into(), "INACTIVE".into()));
    bench.done("POST", &verb(B, "removePeering"), &theirs);
    assert_eq!(bench.state(B, "ba"), "none");
}

#[test]
fn a_request_to_end_it_can_be_withdrawn() {
    let mut bench = connected();
    let (ours, theirs) = (json!({ "name": "ab" }), json!({ "name": "ba" }));
    let status = |bench: &Bench| consensus(bench).map(|state| state["deleteStatus"].clone());
    bench.done("POST", &verb(A, "requestRemovePeering"), &ours);
    bench.done("POST", &verb(A, "cancelRequestRemovePeering"), &ours);
    assert_eq!(status(&bench), ["DELETE_STATUS_UNSPECIFIED"; 2]);
    bench.done("POST", &verb(A, "requestRemovePeering"), &ours);
    bench.done("POST", &verb(B, "requestRemovePeering"), &theirs);
    bench.done("POST", &verb(B, "cancelRequestRemovePeering"), &theirs);
    assert_eq!(status(&bench), ["PEER_CANCEL_REQUESTED", "LOCAL_CANCEL_REQUESTED"]);
    assert_eq!(bench.post(&verb(A, "removePeering"), &ours).0, 400);
    bench.done("POST", &verb(A, "cancelRequestRemovePeering"), &ours);
    assert_eq!(status(&bench), ["DELETE_STATUS_UNSPECIFIED"; 2]);
    let (_, _, words) = refusal(bench.post(&verb(A, "cancelRequestRemovePeering"), &ours));
    assert!(words.contains("was not requested"), "{words}");
}

#[test]
fn only_where_both_have_to_agree_they_can_be_asked_to() {
    let mut bench = Bench::new();
    bench.connect();
    for call in ["requestRemovePeering", "cancelRequestRemovePeering"] {
        let (status, _, words) = refusal(bench.post(&verb(A, call), &json!({ "name": "ab" })));
        assert!(status == 400 && words.contains("CONSENSUS"), "{words}");
        let words = "There is no peering (x) for the network.";
        refused(bench.post(&verb(A, call), &json!({ "name": "x" })), 400, "invalid", words);
    }
}

#[test]
fn a_request_to_end_it_is_an_operation_like_any_other() {
    let bench = connected();
    bench.begin("POST", &verb(A, "requestRemovePeering"), &json!({ "name": "ab" }));
    let theirs = json!({ "name": "ba" });
    refused(bench.post(&verb(B, "requestRemovePeering"), &theirs), 400, "badRequest", BUSY);
}
