//! API keys: made, shown once, assigned to projects, used over HTTP Digest, taken away.

use serde_json::{Value, json};

use crate::support::{Answer, World};

const NOTHING: &str = "0123456789abcdef01234567";

struct Key {
    id: String,
    public: String,
    private: String,
}

fn key(made: &Value) -> Key {
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Key { id: text("id"), public: text("publicKey"), private: text("privateKey") }
}

async fn make(world: &World, role: &str) -> Key {
    let body = json!({ "desc": "a key", "roles": [role] });
    key(&world.owner().await.post(&world.in_org("/apiKeys"), &body).await.ok(200))
}

async fn signed(world: &World, key: &Key, target: &str) -> Answer {
    world.anonymous().get_signed(&key.public, &key.private, target).await
}

#[tokio::test]
async fn a_key_is_shown_whole_once_and_works() {
    let world = World::new().await;
    let made = make(&world, "ORG_READ_ONLY").await;
    let target = world.in_org("/apiKeys");
    let list = signed(&world, &made, &target).await.ok(200);
    assert_eq!(list["totalCount"], 2);
    let one = signed(&world, &made, &format!("{target}/{}", made.id)).await;
    for answer in [list.to_string(), one.text()] {
        assert!(answer.contains(&made.public) && !answer.contains(&made.private), "{answer}");
    }
    let one = one.ok(200);
    let (_, end) = made.private.rsplit_once('-').unwrap();
    assert!(one["privateKey"].as_str().unwrap().starts_with("********-"), "{one}");
    assert!(one["privateKey"].as_str().unwrap().ends_with(end), "{one}");
    let roles = json!([{ "orgId": world.installed.org_id, "roleName": "ORG_READ_ONLY" }]);
    assert_eq!(one["roles"], roles);
    let wrong = Key { private: made.private.replace('-', "_"), ..made };
    signed(&world, &wrong, &target).await.refused(401, "UNEXPECTED_ERROR");
    let owner = world.owner().await;
    assert_eq!(owner.events(&world.in_org("")).await[0], "API_KEY_CREATED");
}

#[tokio::test]
async fn roles_decide_what_a_key_may() {
    let world = World::new().await;
    let member = make(&world, "ORG_MEMBER").await;
    let target = world.in_org("/apiKeys");
    signed(&world, &member, &target).await.ok(200);
    signed(&world, &member, &world.in_group("/peers")).await.refused(404, "GROUP_NOT_FOUND");
    let (viewer, stranger) = (world.viewer().await, world.stranger().await);
    let body = json!({ "desc": "x", "roles": ["ORG_OWNER"] });
    viewer.post(&target, &body).await.refused(403, "USER_UNAUTHORIZED");
    viewer.delete(&format!("{target}/{}", member.id)).await.refused(403, "USER_UNAUTHORIZED");
    stranger.post(&target, &json!({})).await.refused(404, "ORG_NOT_FOUND");
    // A key of another organization is no key of one's own.
    let own = "/api/atlas/v2/orgs/abababababababababababab/apiKeys";
    stranger.get(&format!("{own}/{}", member.id)).await.refused(404, "API_KEY_NOT_FOUND");
    stranger.delete(&format!("{own}/{}", member.id)).await.refused(404, "API_KEY_NOT_FOUND");
    signed(&world, &member, &target).await.ok(200);
}

#[tokio::test]
async fn faults_of_a_request_are_named() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/apiKeys");
    owner.post(&target, &json!({})).await.refused(400, "MISSING_ATTRIBUTE");
    let body = json!({ "desc": "x", "roles": ["GROUP_OWNER"] });
    owner.post(&target, &body).await.refused(400, "INVALID_ENUM_VALUE");
    owner.get(&format!("{target}/{NOTHING}")).await.refused(404, "API_KEY_NOT_FOUND");
    owner.delete(&format!("{target}/{NOTHING}")).await.refused(404, "API_KEY_NOT_FOUND");
    let change = json!({ "desc": "x" });
    owner.patch(&format!("{target}/{NOTHING}"), &change).await.refused(404, "API_KEY_NOT_FOUND");
}

#[tokio::test]
async fn a_change_counts_for_the_next_request() {
    let world = World::new().await;
    let owner = world.owner().await;
    let made = make(&world, "ORG_MEMBER").await;
    let target = format!("{}/{}", world.in_org("/apiKeys"), made.id);
    let peers = world.in_group("/peers");
    signed(&world, &made, &peers).await.refused(404, "GROUP_NOT_FOUND");
    let change = json!({ "desc": "renamed", "roles": ["ORG_READ_ONLY"] });
    assert_eq!(owner.patch(&target, &change).await.ok(200)["desc"], "renamed");
    signed(&world, &made, &peers).await.ok(200);
    owner.patch(&target, &json!({ "desc": "again" })).await.ok(200);
    signed(&world, &made, &peers).await.ok(200);
    owner.delete(&target).await.ok(204);
    signed(&world, &made, &peers).await.refused(401, "UNEXPECTED_ERROR");
    owner.delete(&target).await.refused(404, "API_KEY_NOT_FOUND");
    let expected = [
        "API_KEY_DELETED",
        "API_KEY_DESCRIPTION_CHANGED",
        "API_KEY_ROLES_CHANGED",
        "API_KEY_CREATED",
    ];
    assert_eq!(owner.events(&world.in_org("")).await[..4], expected);
}

#[tokio::test]
async fn an_owner_always_stays() {
    let world = World::new().await;
    let owner = world.owner().await;
    let keys = world.in_org("/apiKeys");
    let list = owner.get(&keys).await.ok(200);
    let first = list["results"][0]["id"].as_str().unwrap().to_owned();
    let (user, key) = (&world.installed.public_key, &world.installed.private_key);
    // The first key takes the organization from the account, and cannot from itself.
    let account = world.in_org(&format!("/serviceAccounts/{}", world.installed.client_id));
    let anonymous = world.anonymous();
    let lower = json!({ "roles": ["ORG_MEMBER"] });
    let signed = anonymous.write_signed("PATCH", (user, key), &account, &lower).await;
    assert_eq!(signed.ok(200)["roles"], json!(["ORG_MEMBER"]));
    owner.patch(&format!("{keys}/{first}"), &lower).await.refused(403, "USER_UNAUTHORIZED");
    let own = format!("{keys}/{first}");
    let signed = anonymous.write_signed("PATCH", (user, key), &own, &lower).await;
    signed.refused(409, "CANNOT_REMOVE_OWN_CREDENTIAL");
    let signed = anonymous.write_signed("DELETE", (user, key), &own, &Value::Null).await;
    signed.refused(409, "CANNOT_REMOVE_OWN_CREDENTIAL");
}

#[tokio::test]
async fn a_key_of_a_project_sees_that_project() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_group("/apiKeys");
    let body = json!({ "desc": "of the project", "roles": ["GROUP_READ_ONLY"] });
    let made = key(&owner.post(&target, &body).await.ok(200));
    signed(&world, &made, &world.in_group("/peers")).await.ok(200);
    signed(&world, &made, &target).await.ok(200);
    let page = owner.get(&target).await.ok(200);
    assert!(page["results"].as_array().unwrap().iter().any(|found| found["id"] == made.id));
    let own = format!("{target}/{}", made.id);
    let roles = json!({ "roles": ["GROUP_NETWORK_ACCESS_MANAGER"] });
    let changed = owner.patch(&own, &roles).await.ok(200);
    assert!(changed.to_string().contains("GROUP_NETWORK_ACCESS_MANAGER"), "{changed}");
    owner.delete(&own).await.ok(204);
    signed(&world, &made, &target).await.refused(404, "GROUP_NOT_FOUND");
    owner.delete(&own).await.refused(404, "API_KEY_NOT_FOUND");
    owner.patch(&own, &roles).await.refused(404, "API_KEY_NOT_FOUND");
    let page = owner.get(&target).await.ok(200);
    assert!(page["results"].as_array().unwrap().iter().all(|found| found["id"] != made.id));
    let assignment = json!([{ "roles": ["GROUP_OWNER"] }]);
    owner.post(&own, &assignment).await.ok(204);
    signed(&world, &made, &target).await.ok(200);
    let expected =
        ["API_KEY_ADDED_TO_GROUP", "API_KEY_REMOVED_FROM_GROUP", "API_KEY_ROLES_CHANGED"];
    assert_eq!(owner.events(&world.in_group("")).await[..3], expected);
    let viewer = world.viewer().await;
    viewer.post(&own, &json!([])).await.refused(403, "USER_UNAUTHORIZED");
    viewer.post(&target, &json!({})).await.refused(403, "USER_UNAUTHORIZED");
    viewer.patch(&own, &roles).await.refused(403, "USER_UNAUTHORIZED");
    viewer.delete(&own).await.refused(403, "USER_UNAUTHORIZED");
    owner.post(&format!("{target}/{NOTHING}"), &assignment).await.refused(404, "API_KEY_NOT_FOUND");
}

#[tokio::test]
async fn a_project_that_is_gone_leaves_the_roles() {
    let world = World::new().await;
    let owner = world.owner().await;
    let body = json!({ "desc": "x", "roles": ["GROUP_OWNER"] });
    let made = key(&owner.post(&world.in_group("/apiKeys"), &body).await.ok(200));
    let account = json!({ "name": "x", "description": "x", "roles": ["GROUP_OWNER"],
        "secretExpiresAfterHours": 8 });
    let account = owner.post(&world.in_group("/serviceAccounts"), &account).await.ok(201);
    let person = json!({ "username": "a@example.org", "roles": { "orgRoles": ["ORG_MEMBER"],
        "groupRoleAssignments": [
            { "groupId": world.installed.project_id, "groupRoles": ["GROUP_OWNER"] },
        ] } });
    let person = owner.post(&world.in_org("/users"), &person).await.ok(201);
    owner.delete(&world.in_group("")).await.ok(202);
    let roles = &owner.get(&world.in_org(&format!("/apiKeys/{}", made.id))).await.ok(200)["roles"];
    assert_eq!(*roles, json!([{ "orgId": world.installed.org_id, "roleName": "ORG_MEMBER" }]));
    let groups = format!("/serviceAccounts/{}/groups", account["clientId"].as_str().unwrap());
    assert_eq!(owner.get(&world.in_org(&groups)).await.ok(200)["totalCount"], 0);
    let person = world.in_org(&format!("/users/{}", person["id"].as_str().unwrap()));
    assert_eq!(owner.get(&person).await.ok(200)["roles"]["groupRoleAssignments"], json!([]));
    signed(&world, &made, "/api/atlas/v2/groups").await.ok(200);
}

#[tokio::test]
async fn the_access_list_of_a_key_is_kept_and_obeyed() {
    let world = World::new().await;
    let owner = world.owner().await;
    let made = make(&world, "ORG_OWNER").await;
    let target = world.in_org(&format!("/apiKeys/{}/accessList", made.id));
    let blocks = json!([
        { "cidrBlock": "198.51.100.0/24" }, { "ipAddress": "2001:db8::7" },
        { "ipAddress": "203.0.113.9" }, { "ipAddress": "203.0.113.9" },
    ]);
    let page = owner.post(&target, &blocks).await.ok(200);
    assert_eq!(page["totalCount"], 3);
    let answer = signed(&world, &made, &target).await;
    let body = answer.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST");
    assert!(body["detail"].as_str().unwrap().contains("127.0.0.1"), "{body}");
    owner.get(&format!("{target}/203.0.113.9")).await.ok(200);
    owner.get(&format!("{target}/198.51.100.0%2F24")).await.ok(200);
    let unknown = "API_KEY_ACCESS_LIST_NOT_FOUND";
    owner.get(&format!("{target}/203.0.113.10")).await.refused(404, unknown);
    owner.delete(&format!("{target}/203.0.113.10")).await.refused(404, unknown);
    owner.delete(&format!("{target}/203.0.113.9")).await.ok(204);
    owner.delete(&format!("{target}/203.0.113.9")).await.refused(404, unknown);
    owner.post(&target, &json!([{ "ipAddress": "127.0.0.1" }])).await.ok(200);
    assert_eq!(signed(&world, &made, &target).await.ok(200)["totalCount"], 3);
    let viewer = world.viewer().await;
    viewer.post(&target, &json!([])).await.refused(403, "USER_UNAUTHORIZED");
    assert_eq!(viewer.get(&target).await.ok(200)["totalCount"], 3);
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let world = World::new().await;
    for _ in 0..4 {
        make(&world, "ORG_MEMBER").await;
    }
    let owner = world.owner().await;
    let mut seen = Vec::new();
    for page in 1..=3 {
        let target = world.in_org(&format!("/apiKeys?itemsPerPage=2&pageNum={page}"));
        let page = owner.get(&target).await.ok(200);
        assert_eq!(page["totalCount"], 5);
        seen.extend(page["results"].as_array().unwrap().iter().map(|key| key["id"].to_string()));
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((all, seen.len()), (5, 5));
}
