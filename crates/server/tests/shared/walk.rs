//! Each operation that changes something of a tenant, done once, with calls that succeed.
//!
//! Owns the calls and their order; who sends them and what is made of the answers is the walker's.

use peerage::http::operation::Operation;
use serde_json::{Value, json};

/// Where the calls are made.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) org: String,
    pub(crate) group: String,
}

/// Who makes the calls.
pub(crate) trait Walk {
    /// Where the next call is made.
    fn place(&mut self) -> &mut Place;

    /// Does one operation; `with` are the other parameters of its path, in their order.
    async fn act(&mut self, id: &'static str, with: &[&str], body: Value) -> Value;

    /// Does what no operation can: only then there is something to switch off.
    async fn switch_private_ip_mode_on(&mut self);

    /// The next calls are made by this service account.
    async fn call_as(&mut self, client_id: String, secret: String);
}

/// The path of an operation.
pub(crate) fn path(row: &Operation, place: &Place, with: &[&str]) -> String {
    let mut with = with.iter();
    let parts = row.path.split(['{', '}']).enumerate();
    let part = |(at, part)| match part {
        _ if at % 2 == 0 => part,
        "groupId" => place.group.as_str(),
        "orgId" => place.org.as_str(),
        _ => with.next().expect("a parameter of the path"),
    };
    parts.map(part).collect()
}

/// Does them all; the organization of the last ones is gone afterwards.
pub(crate) async fn every_operation(walk: &mut impl Walk) {
    networks(walk).await;
    project(walk).await;
    people(walk).await;
    api_keys(walk).await;
    service_accounts(walk).await;
    places(walk).await;
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn networks(walk: &mut impl Walk) {
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
    walk.switch_private_ip_mode_on().await;
    let off = json!({ "enabled": false });
    walk.act("disableGroupPrivateIpModePeering", &[], off).await;
}

async fn project(walk: &mut impl Walk) {
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

async fn people(walk: &mut impl Walk) {
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

async fn teams(walk: &mut impl Walk, user: &str) {
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

async fn api_keys(walk: &mut impl Walk) {
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

async fn service_accounts(walk: &mut impl Walk) {
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

async fn places(walk: &mut impl Walk) {
    walk.act("updateOrg", &[], json!({ "name": "Other" })).await;
    walk.act("updateOrgSettings", &[], json!({ "securityContact": "s@example.org" })).await;
    let body = json!({ "name": "second", "orgId": walk.place().org });
    let second = text(&walk.act("createGroup", &[], body).await["id"]);
    let first = std::mem::replace(&mut walk.place().group, second);
    walk.act("deleteGroup", &[], Value::Null).await;
    walk.place().group = first;
    let account = json!({ "name": "robot", "description": "first", "roles": ["ORG_OWNER"],
        "secretExpiresAfterHours": 8 });
    let body = json!({ "name": "Second", "serviceAccount": account });
    let made = walk.act("createOrg", &[], body).await;
    let account = &made["serviceAccount"];
    let secret = text(&account["secrets"][0]["secret"]);
    walk.call_as(text(&account["clientId"]), secret).await;
    walk.place().org = text(&made["organization"]["id"]);
    walk.act("deleteOrg", &[], Value::Null).await;
}
