//! The customer: by itself, and as it is told.

use peerage_clouds::CloudApi;
use peerage_fabric::emulated::{CustomerAct, CustomerMode};
use serde_json::{Value, json};

use super::support::{CUSTOMER, STEP, Story, Who, states, vnet};

fn connect(story: &Story) {
    assert_eq!(story.put_ours().status, 201);
    story.world.pass(STEP);
    assert_eq!(story.put_theirs().status, 201);
    story.world.pass(STEP);
    assert_eq!(story.see_ours()[0], "Connected");
}

#[test]
fn a_customer_who_agrees_gives_the_role_after_the_first_refusal() {
    let story = Story::new(CustomerMode::Accept);
    assert_eq!(story.world.arm.next_event(), None);
    story.put_ours().refused(403, "LinkedAuthorizationFailed");
    assert_eq!(story.world.arm.next_event(), Some(story.world.now.get().after(STEP)));
    story.put_theirs().refused(403, "AuthorizationFailed");
    story.world.pass(STEP / 2);
    story.put_ours().refused(403, "LinkedAuthorizationFailed");
    story.world.pass(STEP / 2);
    connect(&story);
}

#[test]
fn a_look_at_the_customers_side_is_an_attempt_as_well() {
    let story = Story::new(CustomerMode::Accept);
    let who = Who::abroad(&story.world);
    let look = || story.world.ask(&who, "GET", &story.theirs, &Value::Null);
    look().refused(403, "AuthorizationFailed");
    story.world.pass(STEP);
    look().refused(404, "NotFound");
}

#[test]
fn other_customers_give_no_role_by_themselves() {
    for mode in [CustomerMode::Manual, CustomerMode::Reject, CustomerMode::Ignore] {
        let story = Story::new(mode);
        story.put_ours().refused(403, "LinkedAuthorizationFailed");
        story.world.pass(STEP * 1000);
        story.put_ours().refused(403, "LinkedAuthorizationFailed");
        assert_eq!(story.world.arm.next_event(), None);
    }
}

#[test]
fn a_customer_is_told_to_give_the_role() {
    let story = Story::new(CustomerMode::Manual);
    assert_eq!(story.world.act(CustomerAct::Accept).unwrap_err(), "NotFound");
    story.put_ours().refused(403, "LinkedAuthorizationFailed");
    assert_eq!(story.world.act(CustomerAct::Delete).unwrap_err(), "ResourceNotFound");
    story.world.act(CustomerAct::Accept).unwrap();
    connect(&story);
    assert_eq!(story.world.act(CustomerAct::Accept).unwrap_err(), "RoleAssignmentExists");
    assert_eq!(story.world.act(CustomerAct::Reject).unwrap_err(), "Conflict");
}

#[test]
fn a_customer_is_told_to_take_the_role_back() {
    let story = Story::new(CustomerMode::Accept);
    story.put_ours().refused(403, "LinkedAuthorizationFailed");
    story.world.act(CustomerAct::Reject).unwrap();
    story.world.pass(STEP * 1000);
    story.put_ours().refused(403, "LinkedAuthorizationFailed");
    story.world.act(CustomerAct::Accept).unwrap();
    assert_eq!(story.put_ours().status, 201);
    story.world.act(CustomerAct::Reject).unwrap();
    story.world.pass(STEP);
    story.put_theirs().refused(403, "AuthorizationFailed");
}

/// Source: the reference of `peeringState`.
#[test]
fn a_customer_is_told_to_take_its_side_away() {
    let story = Story::new(CustomerMode::Manual);
    story.put_ours().refused(403, "LinkedAuthorizationFailed");
    story.world.act(CustomerAct::Accept).unwrap();
    connect(&story);
    story.world.act(CustomerAct::Delete).unwrap();
    assert_eq!(story.see_ours(), ["Disconnected", "RemoteNotInSync", "Succeeded"]);
    assert_eq!(story.world.act(CustomerAct::Delete).unwrap_err(), "ResourceNotFound");
    story.put_theirs().refused(400, "RemotePeeringIsDisconnected");
}

#[test]
fn a_customer_who_gives_no_more_than_the_link_makes_its_half_itself() {
    let story = Story::new(CustomerMode::Manual);
    let world = &story.world;
    let object = world
        .arm
        .add_service_principal(peerage_clouds::azure::CUSTOMER_TENANT, super::support::CLIENT);
    let roles = format!("{}/providers/Microsoft.Authorization", vnet(CUSTOMER, "a"));
    let role = "bbbbbbbb-0000-4000-8000-000000000001";
    let definition = json!({ "properties": {
        "roleName": "PeerOnly",
        "permissions": [{ "actions": ["Microsoft.Network/virtualNetworks/peer/action"] }],
    } });
    assert_eq!(world.put(&format!("{roles}/roleDefinitions/{role}"), &definition).status, 201);
    let given = json!({ "properties": {
        "roleDefinitionId": format!("/x/{role}"), "principalId": object,
    } });
    assert_eq!(world.put(&format!("{roles}/roleAssignments/{role}"), &given).status, 201);
    assert_eq!(story.put_ours().status, 201);
    world.pass(STEP);
    assert_eq!(story.see_ours()[0], "Initiated");
    world.act(CustomerAct::Accept).unwrap();
    assert_eq!(story.see_ours(), ["Connected", "FullyInSync", "Succeeded"]);
    assert_eq!(states(&world.get(&story.theirs))[0], "Connected");
}
