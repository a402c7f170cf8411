//! Lists in pages, in an order, and filtered. Source: the reference of `networks.list`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Bench, refusal};

const LIST: &str = "projects/ours/global/networks";

fn world() -> Bench {
    let mut bench = Bench::new();
    for name in ["c", "a", "e", "b", "d"] {
        bench.network("ours", name, &[]);
        bench.pass(Duration::from_secs(1));
    }
    bench.network("theirs", "a", &[]);
    bench
}

fn names(body: &Value) -> Vec<String> {
    let rows = body["items"].as_array().cloned().unwrap_or_default();
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

/// Every page of a list, each with its rows.
fn pages(bench: &Bench, query: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut token = String::new();
    for _ in 0..10 {
        let body = bench.shown(&format!("{LIST}?{query}{token}"));
        pages.push(names(&body));
        let Some(next) = body["nextPageToken"].as_str() else { return pages };
        token = format!("&pageToken={next}");
    }
    panic!("no end: {pages:?}");
}

#[test]
fn a_list_is_shown_in_pages_by_name() {
    let bench = world();
    let body = bench.shown(LIST);
    assert_eq!((&body["kind"], &body["id"]), (&json!("compute#networkList"), &json!(LIST)));
    assert_eq!(names(&body), ["a", "b", "c", "d", "e"]);
    assert!(body["nextPageToken"].is_null());
    assert_eq!(pages(&bench, "maxResults=2"), [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
    assert_eq!(pages(&bench, "maxResults=5").len(), 1);
    assert_eq!(pages(&bench, "maxResults=0").len(), 1);
}

#[test]
fn the_newest_can_come_first() {
    let bench = world();
    let newest = "orderBy=creationTimestamp%20desc&maxResults=3";
    assert_eq!(pages(&bench, newest), [vec!["d", "b", "e"], vec!["a", "c"]]);
}

#[test]
fn a_page_goes_on_where_it_was_whatever_went_meanwhile() {
    let mut bench = world();
    let first = bench.shown(&format!("{LIST}?maxResults=2"));
    let token = first["nextPageToken"].as_str().unwrap();
    bench.done("DELETE", &format!("{LIST}/b"), &Value::Null);
    bench.network("ours", "a1", &[]);
    let next = bench.shown(&format!("{LIST}?maxResults=2&pageToken={token}"));
    assert_eq!(names(&next), ["c", "d"]);
}

/// Source: the reference of `subnetworks.aggregatedList`.
#[test]
fn rows_of_one_name_are_each_shown_once() {
    let mut bench = Bench::new();
    let auto = json!({ "name": "a", "autoCreateSubnetworks": true });
    bench.done("POST", LIST, &auto);
    let list = "projects/ours/aggregated/subnetworks?maxResults=10";
    let mut links = Vec::new();
    let mut token = String::new();
    for _ in 0..5 {
        let body = bench.shown(&format!("{list}{token}"));
        for scope in body["items"].as_object().unwrap().values() {
            let rows = scope["subnetworks"].as_array().cloned().unwrap_or_default();
            links.extend(rows.iter().map(|row| row["selfLink"].as_str().unwrap().to_owned()));
        }
        let next = body["nextPageToken"].as_str();
        token = next.map_or_else(String::new, |next| format!("&pageToken={next}"));
    }
    assert_eq!(token, "");
    let different: BTreeSet<&String> = links.iter().collect();
    assert_eq!((links.len(), different.len()), (42, 42));
}

#[test]
fn a_filter_leaves_what_it_names() {
    let bench = world();
    let filtered = |filter: &str| {
        let filter = filter.replace(' ', "%20").replace('=', "%3D").replace('"', "%22");
        names(&bench.shown(&format!("{LIST}?filter={filter}")))
    };
    assert_eq!(filtered("name = a"), ["a"]);
    assert_eq!(filtered("name eq a"), ["a"]);
    assert_eq!(filtered("name = \"a\""), ["a"]);
    assert_eq!(filtered("name != a"), ["b", "c", "d", "e"]);
    assert_eq!(filtered("(name = a) (mtu = 1460)"), ["a"]);
    assert_eq!(filtered("name = none"), Vec::<String>::new());
    assert_eq!(pages(&bench, "filter=name%20ne%20c&maxResults=2"), [["a", "b"], ["d", "e"]]);
}

#[test]
fn what_is_no_list_is_refused() {
    let bench = world();
    for query in [
        "maxResults=501",
        "maxResults=-1",
        "maxResults=x",
        "orderBy=size",
        "pageToken=%21",
        "filter=name",
        "filter=name%20%3D",
        "filter=name%20eq%20(a%7Cb)",
        "filter=name%20eq%20a%2B",
    ] {
        let (status, reason, words) = refusal(bench.get(&format!("{LIST}?{query}")));
        assert_eq!((status, reason.as_str()), (400, "invalid"), "{query}: {words}");
    }
    bench.shown(&format!("{LIST}?maxResults=500&$alt=json&prettyPrint=false&fields=items"));
}
