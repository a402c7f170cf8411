//! Organizations: seen, made, renamed, set, closed, and what was done in them.

use std::sync::Arc;

use serde_json::json;

use crate::support::World;

const ORGS: &str = "/api/atlas/v2/orgs";

#[tokio::test]
async fn a_caller_sees_its_organization() {
    let world = World::new().await;
    let owner = world.owner().await;
    let id = &world.installed.org_id;
    let one = owner.get(&world.in_org("")).await.ok(200);
    assert_eq!((&one["id"], &one["name"]), (&json!(id), &json!("Org")));
    assert_eq!(
        (&one["isDeleted"], &one["skipDefaultAlertsSettings"]),
        (&json!(false), &json!(false))
    );
    for (query, count) in [("", 1), ("?name=", 1), ("?name=oRg", 1), ("?name=other", 0)] {
        let page = owner.get(&format!("{ORGS}{query}")).await.ok(200);
        assert_eq!(page["totalCount"], count, "{query}");
    }
    let groups = owner.get(&world.in_org("/groups")).await.ok(200);
    assert_eq!(groups["results"][0]["id"], world.installed.project_id);
    world.viewer().await.get(&world.in_org("")).await.ok(200);
    let stranger = world.stranger().await;
    stranger.get(&world.in_org("")).await.refused(404, "ORG_NOT_FOUND");
    stranger.get(&world.in_org("/groups")).await.refused(404, "ORG_NOT_FOUND");
    let page = stranger.get(ORGS).await.ok(200);
    assert_eq!((&page["totalCount"], &page["results"][0]["name"]), (&json!(1), &json!("Other")));
}

#[tokio::test]
async fn an_organization_is_renamed_and_set() {
    let world = World::new().await;
    let owner = world.owner().await;
    let renamed = owner.patch(&world.in_org(""), &json!({ "name": "New" })).await.ok(200);
    assert_eq!(renamed["name"], "New");
    owner.patch(&world.in_org(""), &json!({ "name": "" })).await.refused(400, "INVALID_ATTRIBUTE");
    let settings = world.in_org("/settings");
    let before = owner.get(&settings).await.ok(200);
    assert_eq!(before["apiAccessListRequired"], false);
    let change = json!({
        "multiFactorAuthRequired": true, "restrictEmployeeAccess": true,
        "maxServiceAccountSecretValidityInHours": 24, "securityContact": "s@example.org",
    });
    let after = owner.patch(&settings, &change).await.ok(200);
    assert_eq!(after, owner.get(&settings).await.ok(200));
    assert_eq!(after["maxServiceAccountSecretValidityInHours"], 24);
    assert_eq!(after["genAIFeaturesEnabled"], before["genAIFeaturesEnabled"]);
    let mut events = owner.events(&world.in_org("")).await[..5].to_vec();
    events.sort();
    let expected = [
        "ORG_EMPLOYEE_ACCESS_RESTRICTED",
        "ORG_RENAMED",
        "ORG_SERVICE_ACCOUNT_MAX_SECRET_VALIDITY_EDITED",
        "ORG_TWO_FACTOR_AUTH_REQUIRED",
        "SECURITY_CONTACT_MODIFIED",
    ];
    assert_eq!(events, expected);
    let (viewer, stranger) = (world.viewer().await, world.stranger().await);
    for target in [world.in_org(""), settings] {
        viewer.get(&target).await.ok(200);
        viewer.patch(&target, &json!({ "x": 1 })).await.refused(403, "USER_UNAUTHORIZED");
        stranger.patch(&target, &json!({})).await.refused(404, "ORG_NOT_FOUND");
    }
}

#[tokio::test]
async fn access_lists_are_required_by_who_has_one() {
    let world = World::new().await;
    let (owner, viewer) = (world.owner().await, world.viewer().await);
    let (settings, required) =
        (world.in_org("/settings"), json!({ "apiAccessListRequired": true }));
    let told = owner.patch(&settings, &required).await.refused(400, "INVALID_ATTRIBUTE");
    assert!(told.to_string().contains("shut out"), "{told}");
    let own = world.in_org(&format!("/serviceAccounts/{}/accessList", world.installed.client_id));
    owner.post(&own, &json!([{ "ipAddress": "127.0.0.1" }])).await.ok(200);
    viewer.get(&settings).await.ok(200);
    owner.patch(&settings, &required).await.ok(200);
    viewer.get(&settings).await.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST");
    let answer = owner.delete(&format!("{own}/127.0.0.1")).await;
    answer.refused(409, "CANNOT_REMOVE_OWN_CREDENTIAL");
    owner.patch(&settings, &json!({ "apiAccessListRequired": false })).await.ok(200);
    viewer.get(&settings).await.ok(200);
    owner.delete(&format!("{own}/127.0.0.1")).await.ok(204);
}

#[tokio::test]
async fn a_new_organization_is_owned_by_its_first_credentials() {
    let world = World::new().await;
    let owner = world.owner().await;
    let body = json!({
        "name": "Second",
        "apiKey": { "desc": "first", "roles": ["ORG_OWNER"] },
        "serviceAccount": { "name": "robot", "description": "first", "roles": ["ORG_READ_ONLY"],
            "secretExpiresAfterHours": 8 },
    });
    let answer = owner.post(ORGS, &body).await;
    let made = answer.ok(201);
    let id = made["organization"]["id"].as_str().unwrap();
    let own = format!("{ORGS}/{id}");
    assert_eq!(answer.header("location").rsplit('/').next(), Some(id));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let key = (text(&made["apiKey"]["publicKey"]), text(&made["apiKey"]["privateKey"]));
    let anonymous = world.anonymous();
    let seen = anonymous.get_signed(&key.0, &key.1, &own).await.ok(200);
    assert_eq!(seen["name"], "Second");
    let account = &made["serviceAccount"];
    let account = (text(&account["clientId"]), text(&account["secrets"][0]["secret"]));
    let robot = world.bearer(account.0, account.1).await;
    robot.get(&own).await.ok(200);
    robot.get(&world.in_org("")).await.refused(404, "ORG_NOT_FOUND");
    owner.get(&own).await.refused(404, "ORG_NOT_FOUND");
    assert_eq!(robot.events(&own).await, ["ORG_CREATED"]);
    // Closed, it takes its credentials with it.
    let deleted = anonymous.write_signed("DELETE", (&key.0, &key.1), &own, &json!(null)).await;
    deleted.ok(204);
    robot.get(&own).await.refused(401, "UNEXPECTED_ERROR");
    anonymous.get_signed(&key.0, &key.1, &own).await.refused(401, "UNEXPECTED_ERROR");
}

#[tokio::test]
async fn a_new_organization_needs_an_owner() {
    let world = World::new().await;
    let owner = world.owner().await;
    owner.post(ORGS, &json!({ "name": "x" })).await.refused(400, "MISSING_ATTRIBUTE");
    let body = json!({ "name": "x", "apiKey": { "desc": "x", "roles": ["ORG_MEMBER"] } });
    owner.post(ORGS, &body).await.refused(400, "INVALID_ATTRIBUTE");
    let body = json!({
        "name": "x", "apiKey": { "desc": "x", "roles": ["ORG_OWNER"] },
        "orgOwnerId": "0123456789abcdef01234567",
    });
    owner.post(ORGS, &body).await.refused(404, "USER_NOT_FOUND");
    world.viewer().await.post(ORGS, &json!({})).await.refused(403, "USER_UNAUTHORIZED");
}

#[tokio::test]
async fn an_organization_with_projects_stays() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.in_org("");
    owner.delete(&target).await.refused(409, "CANNOT_DELETE_ORG_ACTIVE_GROUPS");
    world.viewer().await.delete(&target).await.refused(403, "USER_UNAUTHORIZED");
    world.stranger().await.delete(&target).await.refused(404, "ORG_NOT_FOUND");
    owner.delete(&world.in_group("")).await.ok(202);
    owner.delete(&target).await.ok(204);
    owner.get(&target).await.refused(401, "UNEXPECTED_ERROR");
}

#[tokio::test]
async fn events_of_an_organization_are_found() {
    let world = World::new().await;
    let owner = world.owner().await;
    for name in ["One", "Two", "Three"] {
        owner.patch(&world.in_org(""), &json!({ "name": name })).await.ok(200);
    }
    let events = world.in_org("/events");
    let page = owner.get(&format!("{events}?eventType=ORG_RENAMED&itemsPerPage=2")).await.ok(200);
    assert_eq!((&page["totalCount"], page["results"].as_array().unwrap().len()), (&json!(3), 2));
    let event = &page["results"][0];
    assert_eq!(
        (&event["orgId"], &event["remoteAddress"]),
        (&json!(world.installed.org_id), &json!("127.0.0.1"))
    );
    let one = format!("{events}/{}", event["id"].as_str().unwrap());
    assert_eq!(owner.get(&one).await.ok(200)["id"], event["id"]);
    let none = owner.get(&format!("{events}?maxDate=2020-01-01T00:00:00Z")).await.ok(200);
    assert_eq!(none["totalCount"], 0);
    let none = owner.get(&format!("{events}?eventType=PEER_CREATED")).await.ok(200);
    assert_eq!(none["totalCount"], 0);
    let answer = owner.get(&format!("{events}?minDate=yesterday")).await;
    answer.refused(400, "INVALID_QUERY_PARAMETER");
    let answer = owner.get(&format!("{events}/0123456789abcdef01234567")).await;
    answer.refused(404, "EVENT_NOT_FOUND");
    world.viewer().await.get(&events).await.ok(200);
    world.stranger().await.get(&one).await.refused(404, "ORG_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn projects_made_at_one_time_are_all_made_and_never_too_many() {
    let world = World::new().await;
    let owner = Arc::new(world.owner().await);
    let org = world.installed.org_id.clone();
    let make = |number: usize| {
        let (owner, body) = (owner.clone(), json!({ "name": format!("p{number}"), "orgId": org }));
        tokio::spawn(async move { owner.post("/api/atlas/v2/groups", &body).await.status })
    };
    let tasks: Vec<_> = (0..260).map(make).collect();
    let mut made = 0;
    for task in tasks {
        let status = task.await.unwrap();
        assert!([201, 409].contains(&status.as_u16()), "{status}");
        made += usize::from(status == 201);
    }
    // One more was there from the beginning.
    assert_eq!(made, 249);
    let groups = owner.get("/api/atlas/v2/groups").await.ok(200);
    assert_eq!(groups["totalCount"], 250);
}
