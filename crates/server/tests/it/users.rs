//! People of an organization: invited, given roles, taken out.

use serde_json::{Value, json};

use crate::support::{Client, World};

const NEW: &str = "application/vnd.atlas.2025-02-19+json";
const NOTHING: &str = "0123456789abcdef01234567";

async fn invite(owner: &Client, world: &World, name: &str) -> String {
    let body = json!({ "username": name, "roles": { "orgRoles": ["ORG_MEMBER"] } });
    let made = owner.post(&world.in_org("/users"), &body).await.ok(201);
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_is_invited_with_roles_and_teams() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/users");
    let team = json!({ "name": "ops", "usernames": [] });
    let team = owner.post(&world.in_org("/teams"), &team).await.ok(201)["id"].clone();
    let group = &world.installed.project_id;
    let body = json!({
        "username": "Ann@example.org", "teamIds": [team],
        "roles": { "orgRoles": ["ORG_READ_ONLY"],
            "groupRoleAssignments": [{ "groupId": group, "groupRoles": ["GROUP_OWNER"] }] },
    });
    let answer = owner.post(&target, &body).await;
    let made = answer.ok(201);
    assert!(answer.header("location").ends_with(made["id"].as_str().unwrap()));
    assert_eq!(made["orgMembershipStatus"], "PENDING");
    assert_eq!(made["roles"]["orgRoles"], json!(["ORG_READ_ONLY"]));
    assert_eq!(made["roles"]["groupRoleAssignments"][0]["groupId"], json!(group));
    assert_eq!(made["teamIds"], json!([team]));
    let own = format!("{target}/{}", made["id"].as_str().unwrap());
    assert_eq!(owner.get(&own).await.ok(200), made);
    for (query, count) in [
        ("?username=ann@example.org", 1),
        ("?username=bob@example.org", 0),
        ("?orgMembershipStatus=ACTIVE", 0),
        ("?orgMembershipStatus=PENDING", 1),
    ] {
        let target = format!("{target}{query}");
        assert_eq!(owner.get_as(&target, NEW).await.ok(200)["totalCount"], count);
    }
    assert_eq!(owner.get_as(&target, NEW).await.ok(200)["results"], json!([made]));
    let of_group = owner.get_as(&world.in_group("/users"), NEW).await.ok(200);
    assert_eq!(of_group["results"][0]["roles"], json!(["GROUP_OWNER"]));
    // Older clients read another shape.
    for target in [&target, &world.in_group("/users")] {
        let old = owner.get(target).await.ok(200)["results"][0].clone();
        assert_eq!(old["emailAddress"], "Ann@example.org");
        assert_eq!((&old["id"], &old["teamIds"]), (&made["id"], &made["teamIds"]));
        let roles = json!([
            { "orgId": world.installed.org_id, "roleName": "ORG_READ_ONLY" },
            { "groupId": group, "roleName": "GROUP_OWNER" },
        ]);
        assert_eq!(old["roles"], roles);
    }
    let told = owner.post(&target, &body).await.refused(409, "USER_ALREADY_EXISTS");
    assert!(told["detail"].as_str().unwrap().contains("Ann@example.org"), "{told}");
    assert_eq!(owner.events(&world.in_org("")).await[..2], ["INVITED_TO_ORG", "JOINED_TEAM"]);
}

#[tokio::test]
async fn faults_of_a_request_are_named() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/users");
    owner.post(&target, &json!({})).await.refused(400, "MISSING_ATTRIBUTE");
    let roles = |group: &str, teams: Value| {
        json!({
            "username": "a@example.org", "teamIds": teams,
            "roles": { "orgRoles": ["ORG_MEMBER"],
                "groupRoleAssignments": [{ "groupId": group, "groupRoles": ["GROUP_OWNER"] }] },
        })
    };
    let body = roles(NOTHING, json!([]));
    owner.post(&target, &body).await.refused(404, "GROUP_NOT_FOUND");
    let body = roles(&world.installed.project_id, json!([NOTHING]));
    owner.post(&target, &body).await.refused(404, "TEAM_NOT_FOUND");
    assert_eq!(owner.get(&target).await.ok(200)["totalCount"], 0);
    // A project of another organization is no project.
    let stranger = world.stranger().await;
    let theirs = "/api/atlas/v2/orgs/abababababababababababab/users";
    let body = roles(&world.installed.project_id, json!([]));
    stranger.post(theirs, &body).await.refused(404, "GROUP_NOT_FOUND");
    let one = format!("{target}/{NOTHING}");
    owner.get(&one).await.refused(404, "USER_NOT_FOUND");
    owner.delete(&one).await.refused(404, "USER_NOT_FOUND");
    owner.patch(&one, &json!({})).await.refused(404, "USER_NOT_FOUND");
}

#[tokio::test]
async fn roles_are_changed_together_and_one_by_one() {
    let world = World::new().await;
    let owner = world.owner().await;
    let own = world.in_org(&format!("/users/{}", invite(&owner, &world, "a@example.org").await));
    let group = &world.installed.project_id;
    let assignment = json!([{ "groupId": group, "groupRoles": ["GROUP_READ_ONLY"] }]);
    let change = json!({ "roles": { "groupRoleAssignments": assignment } });
    let changed = owner.patch(&own, &change).await.ok(200);
    assert_eq!(changed["roles"]["groupRoleAssignments"], assignment);
    assert_eq!(changed["roles"]["orgRoles"], json!(["ORG_MEMBER"]));
    let change = json!({ "roles": { "orgRoles": ["ORG_OWNER"], "groupRoleAssignments": [] } });
    let changed = owner.patch(&own, &change).await.ok(200);
    assert_eq!(changed["roles"], json!({ "groupRoleAssignments": [], "orgRoles": ["ORG_OWNER"] }));
    let role = |name: &str| json!({ "orgRole": name });
    let add = format!("{own}:addRole");
    let changed = owner.post(&add, &role("ORG_READ_ONLY")).await.ok(200);
    assert_eq!(changed["roles"]["orgRoles"].as_array().unwrap().len(), 2);
    let remove = format!("{own}:removeRole");
    let changed = owner.post(&remove, &role("ORG_OWNER")).await.ok(200);
    assert_eq!(changed["roles"]["orgRoles"], json!(["ORG_READ_ONLY"]));
    let last = owner.post(&remove, &role("ORG_READ_ONLY")).await;
    last.refused(400, "INVALID_ATTRIBUTE");
    owner.post(&add, &role("GROUP_OWNER")).await.refused(400, "INVALID_ENUM_VALUE");
    assert_eq!(owner.events(&world.in_org("")).await[0], "USER_ROLES_CHANGED_AUDIT");
}

#[tokio::test]
async fn who_is_taken_out_leaves_the_teams() {
    let world = World::new().await;
    let owner = world.owner().await;
    let own = world.in_org(&format!("/users/{}", invite(&owner, &world, "a@example.org").await));
    let team = json!({ "name": "ops", "usernames": ["A@example.org"] });
    let team = owner.post(&world.in_org("/teams"), &team).await.ok(201);
    assert_eq!(owner.get(&own).await.ok(200)["teamIds"], json!([team["id"]]));
    owner.delete(&own).await.ok(204);
    owner.get(&own).await.refused(404, "USER_NOT_FOUND");
    let users = world.in_org(&format!("/teams/{}/users", team["id"].as_str().unwrap()));
    assert_eq!(owner.get(&users).await.ok(200)["totalCount"], 0);
    let mut events = owner.events(&world.in_org("")).await[..2].to_vec();
    events.sort();
    assert_eq!(events, ["REMOVED_FROM_ORG", "REMOVED_FROM_TEAM"]);
    // The name is free again, for somebody without the teams of the other.
    let again = world.in_org(&format!("/users/{}", invite(&owner, &world, "a@example.org").await));
    assert_eq!(owner.get(&again).await.ok(200)["teamIds"], json!([]));
}

#[tokio::test]
async fn roles_decide_and_lists_come_in_pages() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("/users");
    for name in ["a@example.org", "b@example.org", "c@example.org"] {
        invite(&owner, &world, name).await;
    }
    let page = owner.get(&format!("{target}?itemsPerPage=2&pageNum=2")).await.ok(200);
    assert_eq!((&page["totalCount"], page["results"].as_array().unwrap().len()), (&json!(3), 1));
    let own = format!("{target}/{}", page["results"][0]["id"].as_str().unwrap());
    let (viewer, stranger) = (world.viewer().await, world.stranger().await);
    viewer.get(&own).await.ok(200);
    viewer.post(&target, &json!({})).await.refused(403, "USER_UNAUTHORIZED");
    viewer.patch(&own, &json!({})).await.refused(403, "USER_UNAUTHORIZED");
    viewer.post(&format!("{own}:addRole"), &json!({})).await.refused(403, "USER_UNAUTHORIZED");
    viewer.delete(&own).await.refused(403, "USER_UNAUTHORIZED");
    stranger.get(&own).await.refused(404, "ORG_NOT_FOUND");
    stranger.delete(&own).await.refused(404, "ORG_NOT_FOUND");
}
