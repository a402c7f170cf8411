//! Teams: made, named, filled, given roles in projects, taken away.

use serde_json::{Value, json};

use crate::support::{Client, World};

const NOTHING: &str = "0123456789abcdef01234567";

async fn make(owner: &Client, world: &World, name: &str) -> String {
    let body = json!({ "name": name, "usernames": [] });
    let made = owner.post(&world.in_org("/teams"), &body).await.ok(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn invite(owner: &Client, world: &World, name: &str) -> Value {
    let body = json!({ "username": name, "roles": { "orgRoles": ["ORG_MEMBER"] } });
    owner.post(&world.in_org("/users"), &body).await.ok(201)["id"].clone()
}

#[tokio::test]
async fn a_team_is_made_found_renamed_and_taken_away() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/teams");
    let own = format!("{target}/{}", make(&owner, &world, "ops").await);
    let one = owner.get(&own).await.ok(200);
    assert_eq!(one["name"], "ops");
    assert_eq!(owner.get(&format!("{target}/byName/ops")).await.ok(200), one);
    let other = owner.get(&format!("{target}/byName/dev")).await;
    other.refused(404, "TEAM_NAME_NOT_FOUND");
    let same = json!({ "name": "ops", "usernames": [] });
    owner.post(&target, &same).await.refused(409, "TEAM_ALREADY_EXISTS");
    make(&owner, &world, "dev").await;
    let taken = owner.patch(&own, &json!({ "name": "dev" })).await;
    taken.refused(409, "TEAM_ALREADY_EXISTS");
    assert_eq!(owner.patch(&own, &json!({ "name": "new" })).await.ok(200)["name"], "new");
    make(&owner, &world, "ops").await;
    let page = owner.get(&format!("{target}?itemsPerPage=2&pageNum=2")).await.ok(200);
    assert_eq!((&page["totalCount"], page["results"].as_array().unwrap().len()), (&json!(3), 1));
    owner.delete(&own).await.ok(204);
    owner.get(&own).await.refused(404, "TEAM_NOT_FOUND");
    owner.delete(&own).await.refused(404, "TEAM_NOT_FOUND");
    make(&owner, &world, "new").await;
    let events = owner.events(&world.in_org("")).await;
    let expected = ["TEAM_CREATED", "TEAM_DELETED", "TEAM_CREATED", "TEAM_NAME_CHANGED"];
    assert_eq!(events[..4], expected);
}

#[tokio::test]
async fn people_join_and_leave() {
    let world = World::new().await;
    let owner = world.owner().await;
    let (ann, bob) = (
        invite(&owner, &world, "ann@example.org").await,
        invite(&owner, &world, "bob@example.org").await,
    );
    let own = world.in_org(&format!("/teams/{}", make(&owner, &world, "ops").await));
    let users = format!("{own}/users");
    let both = json!([{ "id": ann }, { "id": bob }]);
    for _ in 0..2 {
        assert_eq!(owner.post(&users, &both).await.ok(200)["totalCount"], 2);
    }
    let found = owner.get(&format!("{users}?username=BOB@example.org")).await.ok(200);
    assert_eq!((&found["totalCount"], &found["results"][0]["id"]), (&json!(1), &bob));
    owner.delete(&format!("{users}/{}", bob.as_str().unwrap())).await.ok(204);
    let gone = owner.delete(&format!("{users}/{}", bob.as_str().unwrap())).await;
    gone.refused(404, "USER_NOT_FOUND");
    let added = owner.post(&format!("{own}:addUser"), &json!({ "id": bob })).await.ok(200);
    assert_eq!(added["teamIds"].as_array().unwrap().len(), 1);
    let removed = owner.post(&format!("{own}:removeUser"), &json!({ "id": bob })).await.ok(200);
    assert_eq!(removed["teamIds"], json!([]));
    let unknown = owner.post(&users, &json!([{ "id": NOTHING }])).await;
    unknown.refused(404, "USER_NOT_FOUND");
    let body = json!({ "name": "x", "usernames": ["nobody@example.org"] });
    owner.post(&world.in_org("/teams"), &body).await.refused(404, "USERNAME_NOT_FOUND");
    let expected = ["REMOVED_FROM_TEAM", "JOINED_TEAM", "REMOVED_FROM_TEAM", "JOINED_TEAM"];
    assert_eq!(owner.events(&world.in_org("")).await[..4], expected);
}

#[tokio::test]
async fn a_team_has_roles_in_a_project() {
    let world = World::new().await;
    let owner = world.owner().await;
    let (first, second) =
        (make(&owner, &world, "first").await, make(&owner, &world, "second").await);
    let target = world.in_group("/teams");
    let assign = |team: &str, role: &str| json!({ "teamId": team, "roleNames": [role] });
    let all_or_none = json!([assign(&first, "GROUP_OWNER"), assign(NOTHING, "GROUP_OWNER")]);
    owner.post(&target, &all_or_none).await.refused(404, "TEAM_NOT_FOUND");
    assert_eq!(owner.get(&target).await.ok(200)["totalCount"], 0);
    let both = json!([assign(&first, "GROUP_OWNER"), assign(&second, "GROUP_READ_ONLY")]);
    assert_eq!(owner.post(&target, &both).await.ok(200)["totalCount"], 2);
    let own = format!("{target}/{first}");
    let change = json!({ "roleNames": ["GROUP_READ_ONLY"] });
    let changed = owner.patch(&own, &change).await.ok(200);
    assert_eq!(changed["results"][0]["roleNames"], json!(["GROUP_READ_ONLY"]));
    owner.delete(&own).await.ok(204);
    owner.delete(&own).await.refused(404, "TEAM_NOT_IN_GROUP");
    owner.patch(&own, &change).await.refused(404, "TEAM_NOT_IN_GROUP");
    // A team that is taken away leaves its projects.
    owner.delete(&world.in_org(&format!("/teams/{second}"))).await.ok(204);
    assert_eq!(owner.get(&target).await.ok(200)["totalCount"], 0);
    let events = owner.events(&world.in_group("")).await;
    assert_eq!(events[..2], ["TEAM_REMOVED_FROM_GROUP", "TEAM_ROLES_MODIFIED"]);
}

#[tokio::test]
async fn roles_decide_and_strangers_learn_nothing() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/teams");
    let own = format!("{target}/{}", make(&owner, &world, "ops").await);
    let (viewer, stranger) = (world.viewer().await, world.stranger().await);
    viewer.get(&own).await.ok(200);
    for target in [&target, &format!("{own}/users"), &format!("{own}:addUser")] {
        viewer.post(target, &json!({})).await.refused(403, "USER_UNAUTHORIZED");
        stranger.post(target, &json!({})).await.refused(404, "ORG_NOT_FOUND");
    }
    viewer.patch(&own, &json!({})).await.refused(403, "USER_UNAUTHORIZED");
    viewer.delete(&own).await.refused(403, "USER_UNAUTHORIZED");
    let assignment = viewer.post(&world.in_group("/teams"), &json!([])).await;
    assignment.refused(403, "USER_UNAUTHORIZED");
    let theirs = own.replace(&world.installed.org_id, "abababababababababababab");
    stranger.get(&theirs).await.refused(404, "TEAM_NOT_FOUND");
    stranger.get(&own).await.refused(404, "ORG_NOT_FOUND");
    owner.post(&target, &json!({})).await.refused(400, "MISSING_ATTRIBUTE");
}

#[tokio::test]
async fn who_asks_for_no_page_changes_nothing() {
    let world = World::new().await;
    let owner = world.owner().await;
    let ann = invite(&owner, &world, "ann@example.org").await;
    let team = make(&owner, &world, "ops").await;
    let (bad, code) = ("?itemsPerPage=0", "INVALID_QUERY_PARAMETER");
    let users = world.in_org(&format!("/teams/{team}/users"));
    owner.post(&format!("{users}{bad}"), &json!([{ "id": ann }])).await.refused(400, code);
    assert_eq!(owner.get(&users).await.ok(200)["totalCount"], 0);
    let teams = world.in_group("/teams");
    let read = json!([{ "teamId": team, "roleNames": ["GROUP_READ_ONLY"] }]);
    owner.post(&format!("{teams}{bad}"), &read).await.refused(400, code);
    assert_eq!(owner.get(&teams).await.ok(200)["totalCount"], 0);
    owner.post(&teams, &read).await.ok(200);
    let own = json!({ "roleNames": ["GROUP_OWNER"] });
    owner.patch(&format!("{teams}/{team}{bad}"), &own).await.refused(400, code);
    let roles = owner.get(&teams).await.ok(200)["results"][0]["roleNames"].clone();
    assert_eq!(roles, json!(["GROUP_READ_ONLY"]));
}
