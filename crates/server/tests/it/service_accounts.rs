//! Service accounts: made, given secrets and roles, invited into projects, taken away.

use serde_json::{Value, json};

use crate::support::{Client, World};

const UNKNOWN: &str = "mdb_sa_id_0123456789abcdef01234567";

struct Account {
    client_id: String,
    secret: String,
    secret_id: String,
}

fn account(made: &Value) -> Account {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let secret = &made["secrets"][0];
    Account {
        client_id: text(&made["clientId"]),
        secret: text(&secret["secret"]),
        secret_id: text(&secret["id"]),
    }
}

fn wish(role: &str) -> Value {
    let (name, description) = ("robot", "does things");
    json!({ "name": name, "description": description, "roles": [role],
        "secretExpiresAfterHours": 8 })
}

async fn make(client: &Client, target: &str, role: &str) -> Account {
    account(&client.post(target, &wish(role)).await.ok(201))
}

async fn bearer(world: &World, made: &Account) -> Client {
    world.bearer(made.client_id.clone(), made.secret.clone()).await
}

#[tokio::test]
async fn a_secret_is_shown_once() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/serviceAccounts");
    let made = owner.post(&target, &wish("ORG_READ_ONLY")).await.ok(201);
    assert!(made["clientId"].as_str().unwrap().starts_with("mdb_sa_id_"), "{made}");
    assert!(made["secrets"][0]["secret"].as_str().unwrap().starts_with("mdb_sa_sk_"), "{made}");
    assert!(made["secrets"][0].get("maskedSecretValue").is_none(), "{made}");
    let made = account(&made);
    let own = format!("{target}/{}", made.client_id);
    let caller = bearer(&world, &made).await;
    for target in [&target, &own] {
        let answer = caller.get(target).await.ok(200).to_string();
        assert!(answer.contains(&made.client_id) && !answer.contains(&made.secret), "{answer}");
        assert!(answer.contains("maskedSecretValue"), "{answer}");
    }
    let used = caller.get(&own).await.ok(200)["secrets"][0]["lastUsedAt"].clone();
    assert!(used.is_string(), "{used}");
    let (secrets, body) = (format!("{own}/secrets"), json!({ "secretExpiresAfterHours": 9 }));
    let second = owner.post(&secrets, &body).await.ok(201);
    assert!(second["secret"].as_str().unwrap().starts_with("mdb_sa_sk_"), "{second}");
    let third = owner.post(&secrets, &body).await;
    third.refused(409, "SERVICE_ACCOUNT_SECRET_MAXIMUM_REACHED");
}

#[tokio::test]
async fn a_token_dies_with_its_secret_and_no_other() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/serviceAccounts");
    let first = make(&owner, &target, "ORG_READ_ONLY").await;
    let own = format!("{target}/{}", first.client_id);
    let body = json!({ "secretExpiresAfterHours": 8 });
    let second = owner.post(&format!("{own}/secrets"), &body).await.ok(201);
    let second = Account {
        client_id: first.client_id.clone(),
        secret: second["secret"].as_str().unwrap().to_owned(),
        secret_id: second["id"].as_str().unwrap().to_owned(),
    };
    let (by_first, by_second) = (bearer(&world, &first).await, bearer(&world, &second).await);
    let secret = format!("{own}/secrets/{}", first.secret_id);
    owner.delete(&secret).await.ok(204);
    by_first.get(&own).await.refused(401, "UNEXPECTED_ERROR");
    assert_eq!(by_second.get(&own).await.ok(200)["secrets"].as_array().unwrap().len(), 1);
    owner.delete(&secret).await.refused(404, "SERVICE_ACCOUNT_SECRET_NOT_FOUND");
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        first.client_id, first.secret
    );
    let answer = world.anonymous().form("/api/oauth/token", &form).await;
    assert_eq!(answer.status.as_u16(), 401);
    owner.delete(&own).await.ok(204);
    by_second.get(&own).await.refused(401, "UNEXPECTED_ERROR");
    owner.get(&own).await.refused(404, "SERVICE_ACCOUNT_NOT_FOUND");
    let expected = [
        "SERVICE_ACCOUNT_DELETED",
        "SERVICE_ACCOUNT_SECRET_DELETED",
        "SERVICE_ACCOUNT_SECRET_ADDED",
        "SERVICE_ACCOUNT_CREATED",
    ];
    assert_eq!(owner.events(&world.in_org("")).await[..4], expected);
    let last = format!("{}/secrets/{}", second.client_id, second.secret_id);
    let answer = owner.delete(&format!("{target}/{last}")).await;
    answer.refused(404, "SERVICE_ACCOUNT_NOT_FOUND");
}

#[tokio::test]
async fn a_caller_does_not_shut_itself_out() {
    let world = World::new().await;
    let owner = world.owner().await;
    let own = world.in_org(&format!("/serviceAccounts/{}", world.installed.client_id));
    let secret = owner.get(&own).await.ok(200)["secrets"][0]["id"].as_str().unwrap().to_owned();
    let code = "CANNOT_REMOVE_OWN_CREDENTIAL";
    owner.delete(&own).await.refused(409, code);
    owner.delete(&format!("{own}/secrets/{secret}")).await.refused(409, code);
    owner.patch(&own, &json!({ "roles": ["ORG_READ_ONLY"] })).await.refused(409, code);
    owner.patch(&own, &json!({ "name": "same roles" })).await.ok(200);
}

#[tokio::test]
async fn roles_decide_and_strangers_learn_nothing() {
    let world = World::new().await;
    let owner = world.owner().await;
    let (viewer, stranger) = (world.viewer().await, world.stranger().await);
    let target = world.in_org("/serviceAccounts");
    let made = make(&owner, &target, "ORG_MEMBER").await;
    let own = format!("{target}/{}", made.client_id);
    viewer.get(&target).await.refused(403, "USER_UNAUTHORIZED");
    for target in [&target, &format!("{own}/secrets"), &format!("{own}/accessList")] {
        viewer.post(target, &json!({})).await.refused(403, "USER_UNAUTHORIZED");
        stranger.post(target, &json!({})).await.refused(404, "ORG_NOT_FOUND");
    }
    let theirs =
        format!("/api/atlas/v2/orgs/abababababababababababab/serviceAccounts/{}", made.client_id);
    stranger.get(&theirs).await.refused(404, "SERVICE_ACCOUNT_NOT_FOUND");
    stranger.delete(&theirs).await.refused(404, "SERVICE_ACCOUNT_NOT_FOUND");
    let body = json!({ "secretExpiresAfterHours": 8 });
    let answer = stranger.post(&format!("{theirs}/secrets"), &body).await;
    answer.refused(404, "SERVICE_ACCOUNT_NOT_FOUND");
    for id in [UNKNOWN, "mdb_sa_id_x", "x"] {
        owner.get(&format!("{target}/{id}")).await.refused(404, "SERVICE_ACCOUNT_NOT_FOUND");
    }
    bearer(&world, &made).await.get(&target).await.refused(403, "USER_UNAUTHORIZED");
}

#[tokio::test]
async fn faults_of_a_request_are_named() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/serviceAccounts");
    owner.post(&target, &json!({})).await.refused(400, "MISSING_ATTRIBUTE");
    for hours in [json!(7), json!(8761), json!("8")] {
        let mut body = wish("ORG_MEMBER");
        body["secretExpiresAfterHours"] = hours;
        owner.post(&target, &body).await.refused(400, "INVALID_ATTRIBUTE");
    }
    owner.post(&target, &wish("GROUP_OWNER")).await.refused(400, "INVALID_ENUM_VALUE");
    let limit = json!({ "maxServiceAccountSecretValidityInHours": 24 });
    owner.patch(&world.in_org("/settings"), &limit).await.ok(200);
    let mut body = wish("ORG_MEMBER");
    body["secretExpiresAfterHours"] = json!(25);
    let told = owner.post(&target, &body).await.refused(400, "INVALID_ATTRIBUTE");
    assert!(told.to_string().contains("24 hours"), "{told}");
    let mut body = wish("GROUP_OWNER");
    body["secretExpiresAfterHours"] = json!(25);
    let target = world.in_group("/serviceAccounts");
    owner.post(&target, &body).await.refused(400, "INVALID_ATTRIBUTE");
    make(&owner, &target, "GROUP_OWNER").await;
}

#[tokio::test]
async fn an_account_of_a_project_lives_in_it() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_group("/serviceAccounts");
    let boss = make(&owner, &target, "GROUP_OWNER").await;
    let boss = bearer(&world, &boss).await;
    let made = make(&boss, &target, "GROUP_READ_ONLY").await;
    let own = format!("{target}/{}", made.client_id);
    let caller = bearer(&world, &made).await;
    assert_eq!(caller.get(&own).await.ok(200)["roles"], json!(["GROUP_READ_ONLY"]));
    caller.patch(&own, &json!({})).await.refused(403, "USER_UNAUTHORIZED");
    let change = json!({ "name": "other", "roles": ["GROUP_NETWORK_ACCESS_MANAGER"] });
    let changed = boss.patch(&own, &change).await.ok(200);
    assert_eq!(changed["roles"], json!(["GROUP_NETWORK_ACCESS_MANAGER"]));
    let body = json!({ "secretExpiresAfterHours": 8 });
    let secret = boss.post(&format!("{own}/secrets"), &body).await.ok(201);
    let secret = format!("{own}/secrets/{}", secret["id"].as_str().unwrap());
    boss.delete(&secret).await.ok(204);
    boss.delete(&own).await.ok(204);
    caller.get(&own).await.refused(401, "UNEXPECTED_ERROR");
    let of_org = world.in_org(&format!("/serviceAccounts/{}", made.client_id));
    owner.get(&of_org).await.refused(404, "SERVICE_ACCOUNT_NOT_FOUND");
}

#[tokio::test]
async fn a_project_is_no_way_to_an_organization() {
    let world = World::new().await;
    let owner = world.owner().await;
    let of_org = make(&owner, &world.in_org("/serviceAccounts"), "ORG_OWNER").await;
    let boss = make(&owner, &world.in_group("/serviceAccounts"), "GROUP_OWNER").await;
    let boss = bearer(&world, &boss).await;
    let own = world.in_group(&format!("/serviceAccounts/{}", of_org.client_id));
    let roles = json!({ "roles": ["GROUP_READ_ONLY"] });
    let answer = boss.post(&format!("{own}:invite"), &roles).await;
    answer.refused(403, "USER_UNAUTHORIZED");
    boss.get(&own).await.refused(404, "SERVICE_ACCOUNT_NOT_FOUND");
    let invited = owner.post(&format!("{own}:invite"), &roles).await.ok(200);
    assert_eq!(invited["roles"], json!(["GROUP_READ_ONLY"]));
    // The project's owner changes the roles in the project and nothing else.
    boss.patch(&own, &json!({ "roles": ["GROUP_OWNER"] })).await.ok(200);
    let body = json!({ "secretExpiresAfterHours": 8 });
    boss.post(&format!("{own}/secrets"), &body).await.refused(403, "USER_UNAUTHORIZED");
    let secret = format!("{own}/secrets/{}", of_org.secret_id);
    boss.delete(&secret).await.refused(403, "USER_UNAUTHORIZED");
    boss.patch(&own, &json!({ "name": "mine" })).await.refused(403, "USER_UNAUTHORIZED");
    let blocks = json!([{ "ipAddress": "203.0.113.9" }]);
    let answer = boss.post(&format!("{own}/accessList"), &blocks).await;
    answer.refused(403, "USER_UNAUTHORIZED");
    let groups = world.in_org(&format!("/serviceAccounts/{}/groups", of_org.client_id));
    let groups = owner.get(&groups).await.ok(200);
    assert_eq!(groups["results"][0]["groupId"], world.installed.project_id);
    // Taken out of the project, it is still an account of the organization.
    boss.delete(&own).await.ok(204);
    boss.get(&own).await.refused(404, "SERVICE_ACCOUNT_NOT_FOUND");
    let caller = bearer(&world, &of_org).await;
    caller.get(&world.in_org("/serviceAccounts")).await.ok(200);
    let events = owner.events(&world.in_group("")).await;
    let expected = [
        "SERVICE_ACCOUNT_REMOVED_FROM_GROUP",
        "SERVICE_ACCOUNT_ROLES_CHANGED",
        "SERVICE_ACCOUNT_ADDED_TO_GROUP",
        "SERVICE_ACCOUNT_CREATED",
    ];
    assert_eq!(events[..4], expected);
}

#[tokio::test]
async fn the_access_list_of_an_account_is_kept_and_obeyed() {
    let world = World::new().await;
    let owner = world.owner().await;
    let made = make(&owner, &world.in_org("/serviceAccounts"), "ORG_OWNER").await;
    let target = world.in_org(&format!("/serviceAccounts/{}/accessList", made.client_id));
    let caller = bearer(&world, &made).await;
    assert_eq!(caller.get(&target).await.ok(200)["totalCount"], 0);
    let blocks = json!([{ "cidrBlock": "198.51.100.0/24" }, { "cidrBlock": "2001:db8::/32" }]);
    assert_eq!(owner.post(&target, &blocks).await.ok(200)["totalCount"], 2);
    for allowed in ["198.51.100.7", "2001:db8:1::7", "::ffff:198.51.100.7"] {
        caller.get_from(allowed, &target).await.ok(200);
    }
    for other in ["198.51.101.7", "2001:db9::7", "127.0.0.1"] {
        let answer = caller.get_from(other, &target).await;
        answer.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST");
    }
    owner.delete(&format!("{target}/2001:db8::%2F32")).await.ok(204);
    let answer = caller.get_from("2001:db8:1::7", &target).await;
    answer.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST");
    let answer = owner.delete(&format!("{target}/2001:db8::%2F32")).await;
    answer.refused(404, "API_KEY_ACCESS_LIST_NOT_FOUND");
    let expected =
        ["SERVICE_ACCOUNT_ACCESS_LIST_ENTRY_DELETED", "SERVICE_ACCOUNT_ACCESS_LIST_ENTRY_ADDED"];
    assert_eq!(owner.events(&world.in_org("")).await[..2], expected);
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/serviceAccounts");
    for _ in 0..3 {
        make(&owner, &target, "ORG_MEMBER").await;
    }
    let page = owner.get(&format!("{target}?itemsPerPage=3&pageNum=2")).await.ok(200);
    assert_eq!(page["results"].as_array().unwrap().len(), 1);
    assert_eq!(page["results"][0]["systemManaged"], false);
}

#[tokio::test]
async fn a_flag_of_their_list_is_true_or_false() {
    let world = World::new().await;
    let owner = world.owner().await;
    for target in [world.in_org("/serviceAccounts"), world.in_group("/serviceAccounts")] {
        owner.get(&format!("{target}?includeSystemManaged=true")).await.ok(200);
        let answer = owner.get(&format!("{target}?includeSystemManaged=perhaps")).await;
        answer.refused(400, "INVALID_QUERY_PARAMETER");
    }
}
