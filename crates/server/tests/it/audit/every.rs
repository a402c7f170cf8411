//! Every operation that changes something, done once: which events it leaves, whose they are, and
//! that they say what differs. An operation that is added has to be done here as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ::http::Method;
use peerage::app::install::Installed;
use peerage::http::operation::Operation;
use peerage::http::operations;
use peerage_store::record::{GroupRecord, decode, encode};
use peerage_store::{Key, ListRequest, Txn, Write, keys};
use serde_json::{Value, json};

use super::hand;
use crate::support::{Client, World, check_golden};
use crate::walk::{Place, Walk, every_operation, path};

/// What changes nothing of a tenant.
const UNTOLD: [(&str, &str); 2] =
    [("createToken", "proves who one is"), ("revokeToken", "ends a proof")];

/// One walk through all operations.
struct Told {
    world: World,
    place: Place,
    owner: Client,
    rows: BTreeMap<&'static str, Operation>,
    told: BTreeMap<&'static str, Vec<String>>,
}

impl Told {
    async fn new() -> Self {
        let world = World::new().await;
        let owner = world.owner().await;
        let rows = operations::all().into_iter().filter(|row| row.method != Method::GET);
        let rows = rows.map(|row| (row.id, row)).collect();
        let Installed { org_id, project_id, .. } = &world.installed;
        let place = Place { org: org_id.clone(), group: project_id.clone() };
        Self { world, place, owner, rows, told: BTreeMap::new() }
    }

    /// Every event there is.
    async fn events(&self) -> BTreeMap<Key, Value> {
        let mut found = BTreeMap::new();
        for prefix in keys::all_trails() {
            let request = ListRequest { limit: 1000, ..ListRequest::prefix(prefix) };
            let page = self.world.store.list(request).await.unwrap();
            assert!(!page.more, "more events than one page has");
            for entry in page.entries {
                let event = serde_json::from_slice(entry.value.as_bytes()).unwrap();
                found.insert(entry.key, event);
            }
        }
        found
    }

    /// Notes which events are there that were not there before.
    async fn tell(&mut self, id: &'static str, before: &BTreeMap<Key, Value>) {
        let mut fresh: Vec<(String, Value)> = Vec::new();
        for (key, event) in self.events().await {
            if !before.contains_key(&key) {
                let trail = keys::trail_of(&key).unwrap().0.split('/').next().unwrap().to_owned();
                fresh.push((trail, event));
            }
        }
        fresh.sort_by_key(|(trail, event)| (trail.clone(), event["link"]["number"].as_u64()));
        for (_, event) in &fresh {
            let event = &event["is"];
            assert!(event["actor"]["kind"].is_string(), "{id}: {event}");
            assert_ne!(event["actor"]["kind"], "system", "{id}: {event}");
            assert!(event["remote"].is_string(), "{id}: {event}");
            let changes = event["changes"].as_array().unwrap();
            assert!(!changes.is_empty(), "{id}: {event}");
            assert!(changes.iter().all(|it| it["before"] != it["after"]), "{id}: {event}");
        }
        let name = |(trail, event): &(String, Value)| {
            format!("{trail}:{}", event["is"]["kind"].as_str().unwrap())
        };
        let told: Vec<String> = fresh.iter().map(name).collect();
        assert!(!told.is_empty(), "{id} leaves no event");
        self.told.insert(id, told);
    }

    fn rendered(&self) -> String {
        let mut found = String::from(
            "The events that each operation leaves when it is done once, with the trail they are in.\n\n",
        );
        for (id, told) in &self.told {
            let _ = writeln!(found, "{id:44} {}", told.join(" "));
        }
        for (id, why) in UNTOLD {
            let _ = writeln!(found, "{id:44} (none: {why})");
        }
        found
    }
}

impl Walk for Told {
    fn place(&mut self) -> &mut Place {
        &mut self.place
    }

    async fn act(&mut self, id: &'static str, with: &[&str], body: Value) -> Value {
        let path = path(&self.rows[id], &self.place, with);
        let method = self.rows[id].method.clone();
        let before = self.events().await;
        let answer = if body.is_null() {
            self.owner.call(method, &path).await
        } else {
            self.owner.write(method, &path, &body).await
        };
        assert!(answer.status.is_success(), "{id}: {} {}", answer.status, answer.text());
        self.tell(id, &before).await;
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    async fn switch_private_ip_mode_on(&mut self) {
        let key = keys::group(self.world.group());
        let kept = self.world.store.get(&key).await.unwrap().unwrap();
        let mut project: GroupRecord = decode(kept.value.as_bytes()).unwrap();
        project.private_ip_mode = true;
        let put = Write::put(key, encode(&project).unwrap());
        self.world.store.commit(Txn::of(vec![put])).await.unwrap();
    }

    async fn call_as(&mut self, client_id: String, secret: String) {
        self.owner = self.world.bearer(client_id, secret).await;
    }
}

/// What the contract lacks, under `/api/peerage/v1`.
async fn every_act_of_the_hand(walk: &mut Told) {
    for (number, acts) in
        [&["customerAccept", "customerDelete"][..], &["customerReject"]].into_iter().enumerate()
    {
        let peer = hand::waiting(&walk.world, &walk.owner, number).await;
        for act in acts {
            walk.act(act, &[&peer], Value::Null).await;
        }
    }
    walk.act("moveClock", &[], json!({ "advance": "1s" })).await;
    walk.act("addFault", &[], json!({ "effect": "loseAnswer" })).await;
    walk.act("clearFaults", &[], Value::Null).await;
}

#[tokio::test]
async fn every_operation_that_changes_something_leaves_its_events() {
    let mut walk = Told::new().await;
    every_act_of_the_hand(&mut walk).await;
    every_operation(&mut walk).await;
    let untold = UNTOLD.iter().map(|(id, _)| *id);
    let done: BTreeSet<&str> = walk.told.keys().copied().chain(untold).collect();
    let wanted: BTreeSet<&str> = walk.rows.keys().copied().collect();
    assert_eq!(wanted.difference(&done).collect::<Vec<_>>(), Vec::<&&str>::new(), "not done here");
    assert_eq!(done.difference(&wanted).collect::<Vec<_>>(), Vec::<&&str>::new(), "unknown");
    check_golden("operation_events.txt", &walk.rendered());
    let report = super::report(&walk.world).await;
    assert_eq!(report.wrong, 0, "{report:?}");
}
