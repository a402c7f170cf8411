//! Every operation that changes something, done once: which events it leaves, whose they are, and
//! that they say what differs. An operation that is added has to be done here as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ::http::Method;
use peerage::http::operation::Operation;
use peerage::http::operations;
use peerage_store::record::{GroupRecord, decode, encode};
use peerage_store::{Key, ListRequest, Txn, Write, keys};
use serde_json::{Value, json};

use crate::support::{Client, World, check_golden};

/// What changes nothing of a tenant.
const UNTOLD: [(&str, &str); 8] = [
    ("createToken", "proves who one is"),
    ("revokeToken", "ends a proof"),
    ("moveClock", "the hand on the emulated clouds"),
    ("addFault", "the hand on the emulated clouds"),
    ("clearFaults", "the hand on the emulated clouds"),
    ("customerAccept", "the hand on the emulated clouds"),
    ("customerDelete", "the hand on the emulated clouds"),
    ("customerReject", "the hand on the emulated clouds"),
];

/// One walk through all operations.
struct Walk {
    world: World,
    owner: Client,
    rows: BTreeMap<&'static str, Operation>,
    told: BTreeMap<&'static str, Vec<String>>,
}

impl Walk {
    async fn new() -> Self {
        let world = World::new().await;
        let owner = world.owner().await;
        let rows = operations::all().into_iter().filter(|row| row.method != Method::GET);
        let rows = rows.map(|row| (row.id, row)).collect();
        Self { world, owner, rows, told: BTreeMap::new() }
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

    /// Does one operation; `with` are the parameters of its path, in their order.
    async fn act(&mut self, id: &'static str, with: &[&str], body: Value) -> Value {
        let path = self.path(id, with);
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

    fn path(&self, id: &str, with: &[&str]) -> String {
        let mut with = with.iter();
        let parts = self.rows[id].path.split(['{', '}']).enumerate();
        let part = |(at, part)| match part {
            _ if at % 2 == 0 => part,
            "groupId" => self.world.installed.project_id.as_str(),
            "orgId" => self.world.installed.org_id.as_str(),
            _ => with.next().expect("a parameter of the path"),
        };
        parts.map(part).collect()
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

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn networks(walk: &mut Walk) {
    let place = |block: &str, region: &str| json!({ "providerName": "AWS", "regionName": region, "atlasCidrBlock": block });
    let first = place("192.168.248.0/21", "US_EAST_1");
    let first = text(&walk.act("createGroupContainer", &[], first).await["id"]);
    let second = place("192.168.240.0/21", "US_WEST_2");
    let second = text(&walk.act("createGroupContainer", &[], second).await["id"]);
    let moved = json!({ "providerName": "AWS", "atlasCidrBlock": "192.168.232.0/21" });
    walk.act("updateGroupContainer", &[&second], moved).await;
    walk.act("deleteGroupContainer", &[&second], Value::Null).await;
    let peer = json!({ "providerName": "AWS", "containerId": first,
        "accepterRegionName": "us-east-1", "awsAccountId": "123456789012",
        "vpcId": "vpc-00000000000000001", "routeTableCidrBlock": "10.0.0.0/16" });
    let peer = text(&walk.act("createGroupPeer", &[], peer).await["id"]);
    let change = json!({ "providerName": "AWS", "routeTableCidrBlock": "10.7.0.0/16" });
    walk.act("updateGroupPeer", &[&peer], change).await;
    walk.act("deleteGroupPeer", &[&peer], Value::Null).await;
    // No operation switches this on.
    let key = keys::group(walk.world.group());
    let kept = walk.world.store.get(&key).await.unwrap().unwrap();
    let mut project: GroupRecord = decode(kept.value.as_bytes()).unwrap();
    project.private_ip_mode = true;
    let put = Write::put(key, encode(&project).unwrap());
    walk.world.store.commit(Txn::of(vec![put])).await.unwrap();
    let off = json!({ "enabled": false });
    walk.act("disableGroupPrivateIpModePeering", &[], off).await;
}

async fn project(walk: &mut Walk) {
    let entry = json!([{ "ipAddress": "192.0.2.1" }]);
    walk.act("createGroupAccessListEntry", &[], entry).await;
    walk.act("deleteGroupAccessListEntry", &["192.0.2.1"], Value::Null).await;
    let limit = "atlas.project.security.networkAccess.entries";
    walk.act("setGroupLimit", &[limit], json!({ "value": 100 })).await;
    walk.act("deleteGroupLimit", &[limit], Value::Null).await;
    let settings = json!({ "isDataExplorerEnabled": false });
    walk.act("updateGroupSettings", &[], settings).await;
    walk.act("disableGroupManagedSlowMs", &[], Value::Null).await;
    walk.act("enableGroupManagedSlowMs", &[], Value::Null).await;
    let invitation = |role: &str| json!({ "username": "d@example.org", "roles": [role] });
    let made = walk.act("createGroupInvite", &[], invitation("GROUP_OWNER")).await;
    let id = text(&made["id"]);
    walk.act("updateGroupInvites", &[], invitation("GROUP_READ_ONLY")).await;
    let roles = json!({ "roles": ["GROUP_OWNER"] });
    walk.act("updateGroupInviteById", &[&id], roles).await;
    walk.act("deleteGroupInvite", &[&id], Value::Null).await;
    walk.act("updateGroup", &[], json!({ "name": "renamed" })).await;
}

async fn people(walk: &mut Walk) {
    let body = json!({ "username": "a@example.org", "roles": { "orgRoles": ["ORG_MEMBER"] } });
    let user = text(&walk.act("createOrgUser", &[], body).await["id"]);
    let roles = json!({ "roles": { "orgRoles": ["ORG_READ_ONLY"] } });
    walk.act("updateOrgUser", &[&user], roles).await;
    let role = json!({ "orgRole": "ORG_MEMBER" });
    walk.act("addOrgUserRole", &[&user], role.clone()).await;
    walk.act("removeOrgUserRole", &[&user], role).await;
    let body = json!({ "username": "b@example.org", "roles": ["GROUP_READ_ONLY"] });
    walk.act("addGroupAccessUser", &[], body).await;
    let body = json!({ "username": "a@example.org", "roles": ["GROUP_READ_ONLY"] });
    walk.act("addGroupUsers", &[], body).await;
    let role = json!({ "groupRole": "GROUP_OWNER" });
    walk.act("addGroupUserRole", &[&user], role.clone()).await;
    walk.act("removeGroupUserRole", &[&user], role).await;
    let roles = json!({ "groupRoles": ["GROUP_OWNER"] });
    walk.act("updateGroupUserRoles", &[&user], roles).await;
    walk.act("removeGroupUser", &[&user], Value::Null).await;
    teams(walk, &user).await;
    walk.act("removeOrgUser", &[&user], Value::Null).await;
}

async fn teams(walk: &mut Walk, user: &str) {
    let body = json!({ "name": "ops", "usernames": [] });
    let team = text(&walk.act("createOrgTeam", &[], body).await["id"]);
    walk.act("renameOrgTeam", &[&team], json!({ "name": "new" })).await;
    walk.act("addOrgTeamUsers", &[&team], json!([{ "id": user }])).await;
    walk.act("deleteOrgTeamUser", &[&team, user], Value::Null).await;
    walk.act("addOrgTeamUser", &[&team], json!({ "id": user })).await;
    walk.act("removeOrgTeamUser", &[&team], json!({ "id": user })).await;
    let body = json!([{ "teamId": team, "roleNames": ["GROUP_OWNER"] }]);
    walk.act("addGroupTeams", &[], body).await;
    let roles = json!({ "roleNames": ["GROUP_READ_ONLY"] });
    walk.act("updateGroupTeam", &[&team], roles).await;
    walk.act("removeGroupTeam", &[&team], Value::Null).await;
    walk.act("deleteOrgTeam", &[&team], Value::Null).await;
}

async fn api_keys(walk: &mut Walk) {
    let body = json!({ "desc": "a key", "roles": ["ORG_MEMBER"] });
    let key = text(&walk.act("createOrgApiKey", &[], body).await["id"]);
    walk.act("updateOrgApiKey", &[&key], json!({ "desc": "renamed" })).await;
    let entry = json!([{ "ipAddress": "192.0.2.1" }]);
    walk.act("createOrgApiKeyAccessListEntry", &[&key], entry).await;
    walk.act("deleteOrgApiKeyAccessListEntry", &[&key, "192.0.2.1"], Value::Null).await;
    let assigned = json!([{ "roles": ["GROUP_READ_ONLY"] }]);
    walk.act("addGroupApiKey", &[&key], assigned).await;
    let roles = json!({ "roles": ["GROUP_OWNER"] });
    walk.act("updateGroupApiKeyRoles", &[&key], roles).await;
    walk.act("removeGroupApiKey", &[&key], Value::Null).await;
    walk.act("deleteOrgApiKey", &[&key], Value::Null).await;
    let body = json!({ "desc": "of the project", "roles": ["GROUP_OWNER"] });
    walk.act("createGroupApiKey", &[], body).await;
}

async fn service_accounts(walk: &mut Walk) {
    let wish = |role: &str| {
        json!({ "name": "robot", "description": "does things", "roles": [role],
            "secretExpiresAfterHours": 8 })
    };
    let entry = || json!([{ "ipAddress": "192.0.2.1" }]);
    let hours = || json!({ "secretExpiresAfterHours": 8 });
    let id = walk.act("createOrgServiceAccount", &[], wish("ORG_MEMBER")).await;
    let id = text(&id["clientId"]);
    walk.act("updateOrgServiceAccount", &[&id], json!({ "name": "other" })).await;
    let secret = walk.act("createOrgServiceAccountSecret", &[&id], hours()).await;
    let secret = text(&secret["id"]);
    walk.act("deleteOrgServiceAccountSecret", &[&id, &secret], Value::Null).await;
    walk.act("createOrgServiceAccountAccessList", &[&id], entry()).await;
    let gone = "deleteOrgServiceAccountAccessListEntry";
    walk.act(gone, &[&id, "192.0.2.1"], Value::Null).await;
    let roles = json!({ "roles": ["GROUP_READ_ONLY"] });
    walk.act("inviteGroupServiceAccount", &[&id], roles).await;
    walk.act("deleteOrgServiceAccount", &[&id], Value::Null).await;
    let id = walk.act("createGroupServiceAccount", &[], wish("GROUP_OWNER")).await;
    let id = text(&id["clientId"]);
    walk.act("updateGroupServiceAccount", &[&id], json!({ "name": "other" })).await;
    let secret = walk.act("createGroupServiceAccountSecret", &[&id], hours()).await;
    let secret = text(&secret["id"]);
    walk.act("deleteGroupServiceAccountSecret", &[&id, &secret], Value::Null).await;
    walk.act("createGroupServiceAccountAccessList", &[&id], entry()).await;
    let gone = "deleteGroupServiceAccountAccessListEntry";
    walk.act(gone, &[&id, "192.0.2.1"], Value::Null).await;
    walk.act("deleteGroupServiceAccount", &[&id], Value::Null).await;
}

async fn places(walk: &mut Walk) {
    walk.act("updateOrg", &[], json!({ "name": "Other" })).await;
    walk.act("updateOrgSettings", &[], json!({ "securityContact": "s@example.org" })).await;
    let body = json!({ "name": "second", "orgId": walk.world.installed.org_id });
    let second = text(&walk.act("createGroup", &[], body).await["id"]);
    let first = std::mem::replace(&mut walk.world.installed.project_id, second);
    walk.act("deleteGroup", &[], Value::Null).await;
    walk.world.installed.project_id = first;
    let account = json!({ "name": "robot", "description": "first", "roles": ["ORG_OWNER"],
        "secretExpiresAfterHours": 8 });
    let body = json!({ "name": "Second", "serviceAccount": account });
    let made = walk.act("createOrg", &[], body).await;
    let account = &made["serviceAccount"];
    let secret = text(&account["secrets"][0]["secret"]);
    walk.owner = walk.world.bearer(text(&account["clientId"]), secret).await;
    walk.world.installed.org_id = text(&made["organization"]["id"]);
    walk.act("deleteOrg", &[], Value::Null).await;
}

#[tokio::test]
async fn every_operation_that_changes_something_leaves_its_events() {
    let mut walk = Walk::new().await;
    networks(&mut walk).await;
    project(&mut walk).await;
    people(&mut walk).await;
    api_keys(&mut walk).await;
    service_accounts(&mut walk).await;
    places(&mut walk).await;
    let untold = UNTOLD.iter().map(|(id, _)| *id);
    let done: BTreeSet<&str> = walk.told.keys().copied().chain(untold).collect();
    let wanted: BTreeSet<&str> = walk.rows.keys().copied().collect();
    assert_eq!(wanted.difference(&done).collect::<Vec<_>>(), Vec::<&&str>::new(), "not done here");
    assert_eq!(done.difference(&wanted).collect::<Vec<_>>(), Vec::<&&str>::new(), "unknown");
    check_golden("operation_events.txt", &walk.rendered());
    let report = super::report(&walk.world).await;
    assert_eq!(report.wrong, 0, "{report:?}");
}
