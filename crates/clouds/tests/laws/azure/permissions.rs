//! Each permission is taken away in turn: from us, and from the role that the customer gives. What
//! is missing is named, and what does not need it goes on.

use peerage_core::cloud::{CallError, Certainty, LinkStatus};
use peerage_fabric::Fabric;
use peerage_fabric::azure::permissions::{CUSTOMER_PERMISSIONS, customer_role, permissions};
use peerage_fabric::emulated::CustomerMode;
use serde_json::{Value, json};

use crate::azure::hand::Hand;
use crate::azure::world::{
    CLIENT, GROUP, SUBSCRIPTION, World, group, link_request, network_request, their_network,
};
use peerage_clouds::azure::{CUSTOMER_TENANT, SERVICE_SUBSCRIPTION};

const RESOURCE_GROUP: &str = "Microsoft.Resources/subscriptions/resourceGroups/write";
const SUBNET: &str = "Microsoft.Network/virtualNetworks/subnets/write";
const PEER: &str = "Microsoft.Network/virtualNetworks/peer/action";
const OPERATION: &str = "Microsoft.Network/locations/operations/read";

/// The errors of every call that may change something or look, without a permission of ours.
async fn errors_without(action: &str) -> Vec<CallError> {
    let world = World::new(CustomerMode::Accept).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    if action == RESOURCE_GROUP {
        world.arm.deny(action);
        let made = azure.ensure_network(&network_request(1), world.clock.now()).await;
        return made.err().into_iter().collect();
    }
    hand.network(&network_request(1)).await;
    if action == PEER {
        // Our half is made, and the customer's refers to our network: there we may not peer.
        half_made(&hand).await;
        world.arm.deny(action);
        let made = azure.ensure_link(&link_request(1), world.clock.now()).await;
        return made.err().into_iter().collect();
    }
    hand.until(&link_request(1), LinkStatus::Active).await;
    if action == SUBNET {
        let subnet = format!("{}/subnets/default", world.our_network());
        world.change("DELETE", &subnet, &Value::Null);
    }
    world.arm.deny(action);
    let (link, other) = (link_request(1), link_request(2));
    let (network, fresh) = (network_request(1), network_request(2));
    let now = world.clock.now();
    let mut errors = Vec::new();
    errors.extend(azure.ensure_network(&network, now).await.err());
    errors.extend(azure.ensure_network(&fresh, now).await.err());
    errors.extend(azure.observe_network(&network, now).await.err());
    errors.extend(azure.observe_link(&link, now).await.err());
    errors.extend(azure.ensure_link(&other, now).await.err());
    errors.extend(azure.remove_link(&link, now).await.err());
    world.settle();
    let nobody = network_request(2);
    errors.extend(azure.remove_network(&nobody, world.clock.now()).await.err());
    errors
}

/// Asks until our half stands and the customer's does not.
async fn half_made(hand: &Hand<'_>) {
    for _ in 0..100 {
        let now = hand.world.clock.now();
        let _ = hand.fabric.ensure_link(&link_request(1), now).await;
        if !hand.world.peerings(&hand.world.our_network()).is_empty() {
            hand.world.settle();
            return;
        }
        hand.world.clock.pass(std::time::Duration::from_secs(1));
    }
    panic!("our half is never made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_of_ours_that_is_missing_is_named() {
    for permission in permissions() {
        if permission.action == OPERATION {
            // Without it a peering says why it cannot say why: proved at the driver itself.
            continue;
        }
        let errors = errors_without(permission.action).await;
        let naming = errors.iter().filter(|error| error.message.contains(permission.action));
        let naming: Vec<_> = naming.collect();
        assert!(!naming.is_empty(), "{}: {errors:?}", permission.action);
        for error in naming {
            let codes = ["AuthorizationFailed", "LinkedAuthorizationFailed"];
            assert!(codes.contains(&&*error.code), "{error:?}");
            let half_done = error.code == "LinkedAuthorizationFailed";
            assert_eq!(error.certainty == Certainty::Indefinite, half_done, "{error:?}");
        }
    }
}

/// What is not listed, and near to what is.
const NOT_NEEDED: [&str; 9] = [
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Network/virtualNetworks/subnets/read",
    "Microsoft.Network/virtualNetworks/subnets/delete",
    "Microsoft.Network/locations/operationResults/read",
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleAssignments/write",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_permissions_are_enough() {
    let world = World::new(CustomerMode::Manual).await;
    let take_the_rest = || {
        for action in NOT_NEEDED {
            assert!(permissions().iter().all(|listed| listed.action != action), "{action}");
            world.arm.deny(action);
        }
    };
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    take_the_rest();
    give_role(&world, &CUSTOMER_PERMISSIONS.map(|permission| permission.action));
    let request = hand.active(1).await;
    world.arm.allow_all();
    let subnet = format!("{}/subnets/default", world.our_network());
    world.change("DELETE", &subnet, &Value::Null);
    take_the_rest();
    hand.network(&network_request(1)).await;
    hand.clear(&request).await;
    hand.clear_network(&network_request(1)).await;
    let (status, _) = world.ask_at_home("GET", &group(), &Value::Null);
    assert_eq!(status, 403, "the permission to read {GROUP} was taken away");
}

/// The customer gives our application a role with these actions on its first network; answers the
/// path of the assignment.
pub(crate) fn give_role(world: &World, actions: &[&str]) -> String {
    let object = world.arm.add_service_principal(CUSTOMER_TENANT, CLIENT);
    let document = customer_role(SUBSCRIPTION, "group", "vnet1");
    let role = json!({ "properties": {
        "roleName": document["Name"],
        "type": "CustomRole",
        "permissions": [{ "actions": actions }],
        "assignableScopes": document["AssignableScopes"],
    }});
    let ask = |path: &str, body: &Value| world.ask("PUT", path, body);
    assign(&their_network(1), &role, &object, ask)
}

/// Gives a principal a role at a scope.
pub(crate) fn assign(
    scope: &str,
    role: &Value,
    object: &str,
    ask: impl Fn(&str, &Value) -> (u16, Value),
) -> String {
    let [role_id, id] = ["aaaaaaaa", "bbbbbbbb"].map(|head| format!("{head}{}", &object[8..]));
    let front = format!("{scope}/providers/Microsoft.Authorization");
    let (status, answer) = ask(&format!("{front}/roleDefinitions/{role_id}"), role);
    assert!(status == 200 || status == 201, "{answer}");
    let body = json!({ "properties": {
        "roleDefinitionId": answer["id"],
        "principalId": object,
        "principalType": "ServicePrincipal",
    }});
    let path = format!("{front}/roleAssignments/{id}");
    let (status, answer) = ask(&path, &body);
    assert!(status == 200 || status == 201, "{answer}");
    path
}

/// What becomes of a peering when the customer's role lacks one action: the link after many tries.
async fn without_theirs(action: &str) -> (World, peerage_core::cloud::Link) {
    let world = World::new(CustomerMode::Manual).await;
    let azure = world.driver();
    let hand = Hand { world: &world, fabric: &azure };
    let actions: Vec<_> = CUSTOMER_PERMISSIONS
        .iter()
        .map(|permission| permission.action)
        .filter(|listed| *listed != action)
        .collect();
    give_role(&world, &actions);
    hand.network(&network_request(1)).await;
    let mut last = None;
    for _ in 0..60 {
        let seen = azure.ensure_link(&link_request(1), world.clock.now()).await;
        last = seen.ok().and_then(|sighting| sighting.found).or(last);
        world.clock.pass(std::time::Duration::from_secs(10));
    }
    (world, last.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_of_the_customer_that_falls_short_is_waited_for_or_done_without() {
    let front = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings";
    let (world, link) = without_theirs(PEER).await;
    assert_eq!(link.status, LinkStatus::AwaitsCustomer);
    assert!(link.message.unwrap().contains(PEER));
    assert!(world.peerings(&world.our_network()).is_empty());

    let (world, link) = without_theirs(&format!("{front}/write")).await;
    assert_eq!(link.status, LinkStatus::AwaitsCustomer);
    let words = link.message.unwrap();
    assert!(words.contains(&world.our_network()) && words.contains("write"), "{words}");
    assert_eq!(world.peerings(&world.our_network()).len(), 1);

    // Without looking at the customer's half both are made all the same.
    let (_, link) = without_theirs(&format!("{front}/read")).await;
    assert_eq!(link.status, LinkStatus::Active);

    // Without deleting it, it stays with the customer.
    let (world, link) = without_theirs(&format!("{front}/delete")).await;
    assert_eq!(link.status, LinkStatus::Active);
    let azure = world.driver();
    Hand { world: &world, fabric: &azure }.clear(&link_request(1)).await;
    assert!(world.peerings(&world.our_network()).is_empty());
    let left = world.peerings(&their_network(1));
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["properties"]["peeringState"], "Disconnected");
}

#[test]
fn the_scope_of_our_role_is_the_subscription_that_the_tests_use() {
    let role = peerage_fabric::azure::permissions::role(SERVICE_SUBSCRIPTION);
    assert_eq!(role["AssignableScopes"][0], format!("/subscriptions/{SERVICE_SUBSCRIPTION}"));
}
