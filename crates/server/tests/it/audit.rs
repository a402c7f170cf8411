//! The audit trail: every change leaves an event that says who, from where and what, and nothing
//! of a trail can be edited, dropped, moved or made up unseen.

mod every;
mod hand;

use peerage::app::audit::verify::{End, Known, Report};
use peerage_core::id::GroupId;
use peerage_store::{Entry, Key, ListRequest, Store, Txn, Write, keys};
use serde_json::{Value, json};

use crate::support::{Client, World};

/// A world with some changes in it.
async fn world() -> (World, Client) {
    let world = World::new().await;
    let owner = world.owner().await;
    for number in 1..=6 {
        let body = json!([{ "cidrBlock": format!("10.{number}.0.0/16"), "comment": "office" }]);
        owner.post(&world.in_group("/accessList"), &body).await.ok(200);
        let team = json!({ "name": format!("team {number}"), "usernames": [] });
        owner.post(&world.in_org("/teams"), &team).await.ok(201);
    }
    (world, owner)
}

async fn report(world: &World) -> Report {
    world.app.verify_trails(&Known::default()).await.unwrap()
}

/// The events of the project's trail, in the order in which they were written.
async fn trail(store: &dyn Store, group: GroupId) -> Vec<Entry> {
    let request = ListRequest { limit: 1000, ..ListRequest::prefix(keys::group_events(group)) };
    let mut entries = store.list(request).await.unwrap().entries;
    entries.sort_by_key(|entry| number(&value(entry)));
    entries
}

fn value(entry: &Entry) -> Value {
    serde_json::from_slice(entry.value.as_bytes()).unwrap()
}

fn number(event: &Value) -> u64 {
    event["link"]["number"].as_u64().unwrap()
}

async fn put(store: &dyn Store, key: &Key, value: &Value) {
    let bytes = serde_json::to_vec(value).unwrap();
    store.commit(Txn::of(vec![Write::put(key.clone(), bytes)])).await.unwrap();
}

async fn delete(store: &dyn Store, key: &Key) {
    store.commit(Txn::of(vec![Write::delete(key.clone())])).await.unwrap();
}

fn head(group: GroupId) -> Key {
    keys::trail_head(&format!("group-event/{group}"))
}

#[tokio::test]
async fn an_event_says_who_from_where_and_what() {
    let (world, owner) = world().await;
    let target = world.in_group("/peers");
    let place = json!({ "providerName": "AWS", "regionName": "US_EAST_1",
        "atlasCidrBlock": "192.168.248.0/21" });
    let container = owner.post(&world.in_group("/containers"), &place).await.ok(200);
    let peer = json!({ "providerName": "AWS", "containerId": container["id"],
        "accepterRegionName": "us-east-1", "awsAccountId": "123456789012",
        "vpcId": "vpc-00000000000000001", "routeTableCidrBlock": "10.0.0.0/16" });
    let made = owner.post(&target, &peer).await.ok(200);
    let own = format!("{target}/{}", made["id"].as_str().unwrap());
    let change = json!({ "providerName": "AWS", "routeTableCidrBlock": "10.7.0.0/16" });
    owner.patch(&own, &change).await.ok(200);
    let events = trail(&*world.store, world.group()).await;
    let is = |event: &Value| event["is"].clone();
    let last = is(&value(events.last().unwrap()));
    assert_eq!(last["kind"], "PEER_UPDATED");
    assert_eq!(last["actor"]["kind"], "service-account");
    assert!(last["remote"].is_string(), "{last}");
    let (before, after) = (&last["changes"][0]["before"], &last["changes"][0]["after"]);
    assert!(before.to_string().contains("10.0.0.0/16"), "{last}");
    assert!(after.to_string().contains("10.7.0.0/16"), "{last}");
    assert!(after.get("created").is_none(), "what is the same is left out: {last}");
    let first = is(&value(&events[events.len() - 2]));
    let changes = first["changes"].as_array().unwrap();
    let made = changes.iter().find(|it| it["object"].as_str().unwrap().contains("/peer/")).unwrap();
    assert_eq!((&first["kind"], &made["before"]), (&"PEER_CREATED".into(), &Value::Null));
    // The contract has no name for a new container, so its clients are not told of one.
    let kinds: Vec<Value> = events.iter().map(|event| is(&value(event))["kind"].clone()).collect();
    assert!(kinds.contains(&"PEERAGE_CONTAINER_CREATED".into()), "{kinds:?}");
    let shown = owner.events(&world.in_group("")).await;
    assert!(shown.iter().all(|kind| !kind.starts_with("PEERAGE")), "{shown:?}");
}

#[tokio::test]
async fn no_secret_is_in_a_trail() {
    let (world, owner) = world().await;
    let body = json!({ "desc": "a key", "roles": ["ORG_MEMBER"] });
    let made = owner.post(&world.in_org("/apiKeys"), &body).await.ok(200);
    let body = json!({ "name": "sa", "description": "d", "roles": ["ORG_MEMBER"],
        "secretExpiresAfterHours": 8 });
    let account = owner.post(&world.in_org("/serviceAccounts"), &body).await.ok(201);
    let secrets = [
        made["privateKey"].as_str().unwrap().to_owned(),
        account["secrets"][0]["secret"].as_str().unwrap().to_owned(),
    ];
    let request = ListRequest { limit: 1000, ..ListRequest::prefix(keys::all_trails()[1].clone()) };
    let page = world.store.list(request).await.unwrap();
    let all: String =
        page.entries.iter().map(|it| String::from_utf8_lossy(it.value.as_bytes())).collect();
    assert!(all.contains("API_KEY_CREATED") && all.contains("SERVICE_ACCOUNT_CREATED"));
    assert!(all.contains(r#""sealed_ha1":"(secret)""#) && all.contains(r#""hash":"(secret)""#));
    assert!(secrets.iter().all(|secret| !all.contains(secret.as_str())));
}

#[tokio::test]
async fn a_trail_that_nobody_touched_fits() {
    let (world, owner) = world().await;
    let whole = report(&world).await;
    assert_eq!((whole.wrong, whole.findings.len(), whole.uncovered), (0, 0, 0), "{whole:?}");
    assert!(whole.events >= 12, "{whole:?}");
    // It goes on from where it was, and not from where it never was.
    let body = json!([{ "cidrBlock": "10.99.0.0/16" }]);
    owner.post(&world.in_group("/accessList"), &body).await.ok(200);
    let later = world.app.verify_trails(&whole.clone().into()).await.unwrap();
    assert_eq!(later.wrong, 0, "{later:?}");
    assert!(later.events > whole.events);
    let mut other = Known::from(whole);
    let end = End { count: 3, last: "00".to_owned(), uncovered: 0 };
    other.trails.insert("org-event/elsewhere".to_owned(), end);
    assert_eq!(world.app.verify_trails(&other).await.unwrap().wrong, 1);
}

/// What is done to a trail, and what is said of it.
const TAMPERS: [(&str, &str); 13] = [
    ("an edited body", "was changed"),
    ("an edited link", "was changed"),
    ("an event from the middle dropped", "missing"),
    ("the first event dropped", "missing"),
    ("the last events dropped", "missing"),
    ("two events in the other order", "was changed"),
    ("an event written twice", "number"),
    ("an event made up", "no link"),
    ("the end put back with the tail dropped", "end was changed"),
    ("the end dropped", "end is missing"),
    ("the whole trail dropped", "missing"),
    ("the project and its trail dropped", "its organization tells of it"),
    ("every link taken away, as if older than the chain", "have no link"),
];

async fn tamper(world: &World, events: &[Entry], how: &str) {
    let store = &*world.store;
    let mut event = value(&events[2]);
    let other = peerage_core::id::Id::from_bytes([0xff; 12]);
    let elsewhere = keys::group_event(world.group(), other);
    match how {
        "an edited body" => {
            event["is"]["remote"] = "192.0.2.66".into();
            put(store, &events[2].key, &event).await;
        }
        "an edited link" => {
            event["link"]["mac"] = "00".repeat(32).into();
            put(store, &events[2].key, &event).await;
        }
        "an event from the middle dropped" => delete(store, &events[2].key).await,
        "the first event dropped" => delete(store, &events[0].key).await,
        "two events in the other order" => {
            let mut next = value(&events[3]);
            let (first, second) = (event["link"].take(), next["link"].take());
            (event["link"], next["link"]) = (second, first);
            put(store, &events[2].key, &event).await;
            put(store, &events[3].key, &next).await;
        }
        "an event written twice" => {
            event["is"]["id"] = other.to_string().into();
            put(store, &elsewhere, &event).await;
        }
        "an event made up" => {
            event["is"]["id"] = other.to_string().into();
            event.as_object_mut().expect("an event").remove("link");
            put(store, &elsewhere, &event).await;
        }
        _ => tamper_with_the_end(world, events, how).await,
    }
}

async fn tamper_with_the_end(world: &World, events: &[Entry], how: &str) {
    let (store, head) = (&*world.store, head(world.group()));
    let [.., before, last] = events else { panic!("a short trail") };
    match how {
        "the last events dropped" => {
            delete(store, &before.key).await;
            delete(store, &last.key).await;
        }
        "the end put back with the tail dropped" => {
            delete(store, &last.key).await;
            let before = value(before);
            let entry = store.get(&head).await.expect("a store").expect("an end");
            let mut end = value(&entry);
            end["is"]["count"] = number(&before).into();
            end["is"]["last"] = before["link"]["mac"].clone();
            put(store, &head, &end).await;
        }
        "the end dropped" => delete(store, &head).await,
        "every link taken away, as if older than the chain" => {
            delete(store, &head).await;
            for event in events {
                let mut bare = value(event);
                bare.as_object_mut().expect("an event").remove("link");
                put(store, &event.key, &bare).await;
            }
        }
        "the whole trail dropped" | "the project and its trail dropped" => {
            if how.starts_with("the project") {
                delete(store, &keys::group(world.group())).await;
            }
            delete(store, &head).await;
            for event in events {
                delete(store, &event.key).await;
            }
        }
        _ => panic!("nobody knows how to do {how}"),
    }
}

#[tokio::test]
async fn what_is_done_to_a_trail_is_found() {
    for (how, expected) in TAMPERS {
        let (world, _) = world().await;
        let events = trail(&*world.store, world.group()).await;
        tamper(&world, &events, how).await;
        let report = report(&world).await;
        assert!(report.wrong > 0, "{how}");
        let told: Vec<&str> = report.findings.iter().map(|it| it.what.as_str()).collect();
        assert!(told.iter().any(|what| what.contains(expected)), "{how}: {told:?}");
    }
}

#[tokio::test]
async fn events_from_before_the_chain_count_as_long_as_they_are_known_of() {
    let (world, owner) = world().await;
    let events = trail(&*world.store, world.group()).await;
    // As a version without the chain left it; then comes one that has it.
    tamper(&world, &events, "every link taken away, as if older than the chain").await;
    let body = json!([{ "cidrBlock": "10.97.0.0/16" }]);
    owner.post(&world.in_group("/accessList"), &body).await.ok(200);
    let old = u64::try_from(events.len()).unwrap();
    let wrong = async |known: &Known| world.app.verify_trails(known).await.unwrap().wrong;
    let known = |uncovered| Known { uncovered, ..Known::default() };
    assert_eq!(wrong(&known(old)).await, 0);
    for other in [0, old - 1, old + 1] {
        assert!(wrong(&known(other)).await > 0, "{other}");
    }
    let then = Known::from(world.app.verify_trails(&known(old)).await.unwrap());
    assert_eq!(wrong(&then).await, 0);
    delete(&*world.store, &events[0].key).await;
    assert!(wrong(&then).await > 0);
}

/// Whoever kept the end of one trail can put it back with what it had: only what is kept elsewhere
/// tells.
#[tokio::test]
async fn one_trail_put_back_to_an_earlier_time_is_found_by_what_was_kept() {
    let (world, owner) = world().await;
    let store = &*world.store;
    let earlier = trail(store, world.group()).await;
    let end = value(&store.get(&head(world.group())).await.unwrap().unwrap());
    let body = json!([{ "cidrBlock": "10.97.0.0/16" }]);
    owner.post(&world.in_group("/accessList"), &body).await.ok(200);
    let kept = Known::from(report(&world).await);
    let last = trail(store, world.group()).await.pop().unwrap();
    assert_eq!(trail(store, world.group()).await.len(), earlier.len() + 1);
    delete(store, &last.key).await;
    put(store, &head(world.group()), &end).await;
    assert_eq!(report(&world).await.wrong, 0);
    assert_eq!(world.app.verify_trails(&kept).await.unwrap().wrong, 1);
}

#[tokio::test]
async fn an_event_of_another_trail_does_not_fit() {
    let (world, owner) = world().await;
    let body = json!({ "name": "other", "orgId": world.installed.org_id });
    let other = owner.post("/api/atlas/v2/groups", &body).await.ok(201)["id"].clone();
    let other = GroupId::parse(other.as_str().unwrap()).unwrap();
    let own = trail(&*world.store, world.group()).await;
    let theirs = trail(&*world.store, other).await;
    delete(&*world.store, &theirs[0].key).await;
    let moved = value(&own[0]);
    let id = peerage_core::id::Id::parse(moved["is"]["id"].as_str().unwrap()).unwrap();
    put(&*world.store, &keys::group_event(other, id), &moved).await;
    assert!(report(&world).await.wrong > 0);
}

#[tokio::test]
async fn what_cannot_be_told_does_not_happen() {
    let (world, owner) = world().await;
    let before = owner.get(&world.in_group("/accessList")).await.ok(200);
    put(&*world.store, &head(world.group()), &json!({ "format": 1, "is": 7 })).await;
    let body = json!([{ "cidrBlock": "10.98.0.0/16" }]);
    let answer = owner.post(&world.in_group("/accessList"), &body).await;
    assert_eq!(answer.status.as_u16(), 500);
    assert_eq!(owner.get(&world.in_group("/accessList")).await.ok(200), before);
}

#[tokio::test]
async fn a_project_that_is_closed_leaves_its_trail() {
    let (world, owner) = world().await;
    let count = trail(&*world.store, world.group()).await.len();
    owner.delete(&world.in_group("")).await.ok(202);
    assert_eq!(trail(&*world.store, world.group()).await.len(), count);
    let whole = report(&world).await;
    assert_eq!(whole.wrong, 0, "{whole:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_at_one_time_are_in_one_order() {
    let (world, owner) = world().await;
    let mut tasks = Vec::new();
    for number in 0..40 {
        let (owner, target) = (owner.clone(), world.in_org("/teams"));
        tasks.push(tokio::spawn(async move {
            let team = json!({ "name": format!("at once {number}"), "usernames": [] });
            owner.post(&target, &team).await.ok(201);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let whole = report(&world).await;
    assert_eq!(whole.wrong, 0, "{whole:?}");
    assert!(whole.events >= 52, "{whole:?}");
}
