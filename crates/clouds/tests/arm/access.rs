//! Who may do what, and across directories.

use peerage_clouds::azure::{CUSTOMER_TENANT, SERVICE_SUBSCRIPTION, SERVICE_TENANT};
use peerage_fabric::emulated::CustomerMode;
use serde_json::{Value, json};

use super::support::{
    CLIENT, CUSTOMER, SECRET, STEP, Story, Who, World, own_vnet, states, toward, vnet,
};

const PEERINGS: &str = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings";
const PEER: &str = "Microsoft.Network/virtualNetworks/peer/action";
const ROLE: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const GIVEN: &str = "aaaaaaaa-0000-4000-8000-000000000002";

/// Atlas's recipe: a custom role for the one network, given to the service's principal.
fn give(story: &Story, actions: &[&str]) {
    give_but(story, actions, &[]);
}

fn give_but(story: &Story, actions: &[&str], not: &[&str]) {
    let scope = vnet(CUSTOMER, "a");
    let roles = format!("{scope}/providers/Microsoft.Authorization");
    let definition = json!({ "properties": {
        "roleName": "AtlasPeering",
        "type": "CustomRole",
        "permissions": [{ "actions": actions, "notActions": not }],
        "assignableScopes": [scope],
    } });
    let made = story.world.put(&format!("{roles}/roleDefinitions/{ROLE}"), &definition);
    assert_eq!(made.status, 201, "{made:?}");
    let object = story.world.arm.add_service_principal(CUSTOMER_TENANT, CLIENT);
    let given = json!({ "properties": {
        "roleDefinitionId": made.body["id"],
        "principalId": object,
        "principalType": "ServicePrincipal",
    } });
    let made = story.world.put(&format!("{roles}/roleAssignments/{GIVEN}"), &given);
    assert_eq!(made.status, 201, "{made:?}");
}

fn all() -> Vec<String> {
    ["read", "write", "delete"]
        .map(|one| format!("{PEERINGS}/{one}"))
        .into_iter()
        .chain([PEER.to_owned()])
        .collect()
}

fn give_all(story: &Story) {
    let all = all();
    give(story, &all.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Source: the answer as people have quoted it letter by letter.
#[test]
fn without_a_role_the_remote_network_is_not_peered_with() {
    let story = Story::new(CustomerMode::Manual);
    let refused = story.put_ours();
    refused.refused(403, "LinkedAuthorizationFailed");
    let object = story.world.arm.add_service_principal(CUSTOMER_TENANT, CLIENT);
    let expected = format!(
        "The client '{CLIENT}' with object id '{object}' has permission to perform action \
         '{PEERINGS}/write' on scope '{}'; however, it does not have permission to perform \
         action(s) '{PEER}' on the linked scope(s) '{}' (respectively) or the linked scope(s) are \
         invalid.",
        story.ours,
        vnet(CUSTOMER, "a")
    );
    assert_eq!(refused.message(), expected);
    let refused = story.put_theirs();
    refused.refused(403, "AuthorizationFailed");
    let expected = format!(
        "The client '{CLIENT}' with object id '{object}' does not have authorization to perform \
         action '{PEERINGS}/write' over scope '{}' or the scope is invalid. If access was recently \
         granted, please refresh your credentials.",
        story.theirs
    );
    assert_eq!(refused.message(), expected);
}

/// Source: MongoDB Atlas's recipe for Azure.
#[test]
fn with_atlass_role_the_service_makes_both_sides() {
    let story = Story::new(CustomerMode::Manual);
    give_all(&story);
    assert_eq!(story.put_ours().status, 201);
    story.world.pass(STEP);
    assert_eq!(story.put_theirs().status, 201);
    story.world.pass(STEP);
    assert_eq!(story.see_ours(), ["Connected", "FullyInSync", "Succeeded"]);
    let theirs = story.world.get(&story.theirs);
    assert_eq!(states(&theirs)[0], "Connected");
    assert_eq!(theirs.property("remoteVirtualNetwork")["id"], own_vnet());
    let who = Who::abroad(&story.world);
    assert_eq!(story.world.ask(&who, "DELETE", &story.theirs, &Value::Null).status, 202);
    story.world.pass(STEP);
    assert_eq!(story.see_ours()[0], "Disconnected");
}

/// Source: issue 16691 of azure-cli, letter by letter.
#[test]
fn without_a_token_of_the_other_directory_nothing_is_linked() {
    let story = Story::new(CustomerMode::Manual);
    give_all(&story);
    let alone = Who { along: String::new(), ..Who::service(&story.world) };
    let body = toward(&vnet(CUSTOMER, "a"));
    let refused = story.world.ask(&alone, "PUT", &story.ours, &body);
    refused.refused(403, "LinkedAuthorizationFailed");
    let expected = format!(
        "The client has permission to perform action '{PEER}' on scope '{}', however the current \
         tenant '{SERVICE_TENANT}' is not authorized to access linked subscription '{CUSTOMER}'.",
        story.ours
    );
    assert_eq!(refused.message(), expected);
    let stranger = Who { along: "not.one.ofours".to_owned(), ..alone };
    story.world.ask(&stranger, "PUT", &story.ours, &body).refused(403, "LinkedAuthorizationFailed");
}

/// Source: Azure's guide to roles: only the actions that a role names.
#[test]
fn a_role_gives_what_it_names_and_no_more() {
    let story = Story::new(CustomerMode::Manual);
    give(&story, &[PEER]);
    assert_eq!(story.put_ours().status, 201);
    story.world.pass(STEP);
    story.put_theirs().refused(403, "AuthorizationFailed");
    let who = Who::abroad(&story.world);
    for method in ["GET", "DELETE"] {
        let refused = story.world.ask(&who, method, &story.theirs, &Value::Null);
        refused.refused(403, "AuthorizationFailed");
    }
    let network = story.world.ask(&who, "GET", &vnet(CUSTOMER, "a"), &Value::Null);
    network.refused(403, "AuthorizationFailed");
    assert!(network.message().contains("'Microsoft.Network/virtualNetworks/read'"));
}

/// Source: Azure's guide to roles: a role's not-actions are taken from its actions.
#[test]
fn what_a_role_excepts_it_does_not_give() {
    let story = Story::new(CustomerMode::Manual);
    give_but(&story, &["Microsoft.Network/*"], &["*/delete"]);
    let who = Who::abroad(&story.world);
    let network = vnet(CUSTOMER, "a");
    assert_eq!(story.world.ask(&who, "GET", &network, &Value::Null).status, 200);
    let refused = story.world.ask(&who, "DELETE", &network, &Value::Null);
    refused.refused(403, "AuthorizationFailed");
}

/// Source: Azure's guide to roles: an assignment at a scope goes with it.
#[test]
fn a_role_goes_with_the_network_that_it_was_given_for() {
    let story = Story::new(CustomerMode::Manual);
    give_all(&story);
    assert_eq!(story.world.delete(&vnet(CUSTOMER, "a")).status, 202);
    story.world.pass(STEP * 2);
    story.world.arm.add_vnet(CUSTOMER, "rg", "a", &["10.0.0.0/16"]);
    story.put_ours().refused(403, "LinkedAuthorizationFailed");
}

/// Source: Azure's guide to peering: a role is missed for a while after it was given.
#[test]
fn a_role_takes_effect_after_a_while() {
    let story = Story::new(CustomerMode::Manual);
    story.world.arm.lag_roles(2);
    give_all(&story);
    for _ in 0..2 {
        story.put_ours().refused(403, "LinkedAuthorizationFailed");
    }
    assert_eq!(story.put_ours().status, 201);
}

/// Source: Azure's list of common deployment errors: a token is of the directory that the
/// subscription belongs to.
#[test]
fn a_token_of_another_directory_is_refused() {
    let story = Story::new(CustomerMode::Manual);
    let who = Who::abroad(&story.world);
    let refused = story.world.ask(&who, "GET", &own_vnet(), &Value::Null);
    refused.refused(401, "InvalidAuthenticationTokenTenant");
    assert!(refused.message().contains(&format!("https://sts.windows.net/{SERVICE_TENANT}/")));
    let at_home = Who::service(&story.world);
    let refused = story.world.ask(&at_home, "GET", &vnet(CUSTOMER, "a"), &Value::Null);
    refused.refused(401, "InvalidAuthenticationTokenTenant");
    let other = "00000000-0000-0000-0000-0000000000bb";
    story.world.arm.add_subscription(other, "00000000-0000-0000-0000-000000000001");
    let path = format!("/subscriptions/{other}/resourcegroups");
    let refused = story.world.ask(&who, "GET", &path, &Value::Null);
    refused.refused(401, "InvalidAuthenticationTokenTenant");
}

/// Source: Resource Manager's answers about tokens.
#[test]
fn a_token_works_for_an_hour_and_not_when_it_was_changed() {
    let story = Story::new(CustomerMode::Manual);
    let world = &story.world;
    let request = http::Request::builder().uri(own_vnet() + "?api-version=2024-05-01");
    let refused = world.send(request, &Value::Null);
    refused.refused(401, "AuthenticationFailed");
    assert!(refused.header("www-authenticate").starts_with("Bearer authorization_uri="));
    let who = Who::service(world);
    let mut changed = who.token.clone();
    changed.pop();
    let changed = Who { token: changed, along: String::new() };
    world
        .ask(&changed, "GET", &own_vnet(), &Value::Null)
        .refused(401, "InvalidAuthenticationToken");
    world.pass(std::time::Duration::from_secs(3599));
    assert_eq!(world.ask(&who, "GET", &own_vnet(), &Value::Null).status, 200);
    world.pass(std::time::Duration::from_secs(1));
    world.ask(&who, "GET", &own_vnet(), &Value::Null).refused(401, "ExpiredAuthenticationToken");
}

/// The customers' administrator has nothing to say at the service's.
#[test]
fn the_administrator_of_customers_is_nobody_at_the_services() {
    let story = Story::new(CustomerMode::Manual);
    story.world.get(&own_vnet()).refused(403, "AuthorizationFailed");
    let body = toward(&own_vnet());
    story.world.put(&story.theirs, &body).refused(403, "LinkedAuthorizationFailed");
    assert_eq!(story.world.get("/subscriptions").body["value"][0]["subscriptionId"], CUSTOMER);
}

/// Each permission that is taken away is named.
#[test]
fn what_is_denied_is_named() {
    let story = Story::new(CustomerMode::Manual);
    give_all(&story);
    let (who, arm) = (Who::service(&story.world), &story.world.arm);
    let group = format!("/subscriptions/{SERVICE_SUBSCRIPTION}/resourcegroups/peerage");
    let cases = [
        ("Microsoft.Network/virtualNetworks/read", "GET", own_vnet()),
        ("Microsoft.Network/virtualNetworks/write", "PUT", own_vnet()),
        ("Microsoft.Network/virtualNetworks/delete", "DELETE", own_vnet()),
        (&format!("{PEERINGS}/read"), "GET", story.ours.clone()),
        (&format!("{PEERINGS}/delete"), "DELETE", story.ours.clone()),
        ("Microsoft.Resources/subscriptions/resourceGroups/write", "PUT", group),
    ];
    for (permission, method, path) in cases {
        arm.deny(&permission.to_uppercase());
        let refused = story.world.ask(&who, method, &path, &Value::Null);
        refused.refused(403, "AuthorizationFailed");
        assert!(refused.message().contains(&format!("'{permission}'")), "{refused:?}");
        arm.allow_all();
    }
    arm.deny(PEER);
    let refused = story.put_ours();
    refused.refused(403, "LinkedAuthorizationFailed");
    assert!(refused.message().contains(&format!("'{PEER}'")));
    arm.allow_all();
    assert_eq!(story.put_ours().status, 201);
}

/// Source: the reference of role definitions and assignments.
#[test]
fn roles_are_made_given_listed_and_taken_back() {
    let story = Story::new(CustomerMode::Manual);
    give_all(&story);
    let world = &story.world;
    let roles = format!("{}/providers/Microsoft.Authorization", vnet(CUSTOMER, "a"));
    let (role, given) =
        (format!("{roles}/roleDefinitions/{ROLE}"), format!("{roles}/roleAssignments/{GIVEN}"));
    assert_eq!(world.get(&role).property("permissions")[0]["actions"], json!(all()));
    let listed =
        world.get(&format!("{roles}/roleDefinitions?$filter=roleName%20eq%20'AtlasPeering'"));
    assert_eq!(listed.body["value"].as_array().unwrap().len(), 1);
    assert_eq!(
        world.get(&format!("{roles}/roleDefinitions")).body["value"].as_array().unwrap().len(),
        5
    );
    let object = world.get(&given).property("principalId").as_str().unwrap().to_owned();
    let listed =
        world.get(&format!("{roles}/roleAssignments?$filter=principalId%20eq%20'{object}'"));
    assert_eq!(listed.body["value"][0]["name"], GIVEN);
    let again = json!({ "properties": {
        "roleDefinitionId": world.get(&role).body["id"], "principalId": object,
    } });
    world.put(&given, &again).refused(409, "RoleAssignmentExists");
    world.put(&given.replace("0002", "0003"), &again).refused(409, "RoleAssignmentExists");
    world.delete(&role).refused(400, "RoleDefinitionHasAssignments");
    assert_eq!(world.delete(&given).status, 200);
    assert_eq!(world.delete(&given).status, 204);
    world.get(&given).refused(404, "RoleAssignmentNotFound");
    assert_eq!(world.delete(&role).status, 200);
    world.get(&role).refused(404, "RoleDefinitionDoesNotExist");
    world.put(&given, &again).refused(404, "RoleDefinitionDoesNotExist");
    story.put_ours().refused(403, "LinkedAuthorizationFailed");
}

/// Source: Azure's list of built-in roles, and scopes above.
#[test]
fn a_built_in_role_of_the_subscription_does_as_well() {
    let story = Story::new(CustomerMode::Manual);
    let object = story.world.arm.add_service_principal(CUSTOMER_TENANT, CLIENT);
    let network_contributor = "4d97b98b-1d4f-4787-a291-c67834d212e7";
    let path = format!(
        "/subscriptions/{CUSTOMER}/providers/Microsoft.Authorization/roleAssignments/{GIVEN}"
    );
    let body = json!({ "properties": {
        "roleDefinitionId":
            format!("/providers/Microsoft.Authorization/roleDefinitions/{network_contributor}"),
        "principalId": object,
    } });
    assert_eq!(story.world.put(&path, &body).status, 201);
    assert_eq!(story.put_ours().status, 201);
    let path = format!("/subscriptions/{CUSTOMER}/resourcegroups/other");
    let who = Who::abroad(&story.world);
    let refused = story.world.ask(&who, "PUT", &path, &json!({ "location": "eastus" }));
    refused.refused(403, "AuthorizationFailed");
}

/// What a person is given by the emulated directory at home is everything there.
#[test]
fn an_application_of_the_customers_is_at_home_there() {
    let world = World::of_two();
    world.arm.add_client(CUSTOMER_TENANT, "terraform", SECRET);
    let answer = world.sign_in(CUSTOMER_TENANT, "terraform", SECRET);
    let token = answer.body["access_token"].as_str().unwrap().to_owned();
    let who = Who { token, along: String::new() };
    assert_eq!(world.ask(&who, "GET", &vnet(CUSTOMER, "a"), &Value::Null).status, 200);
}
