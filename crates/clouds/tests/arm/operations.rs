//! What takes its time, and what is refused meanwhile.

use serde_json::Value;

use super::support::{Answer, CUSTOMER, STEP, Who, World, peering, toward, vnet};

fn follow(world: &World, url: &str) -> Answer {
    let path = url.strip_prefix("https://127.0.0.1:9").unwrap();
    let request = http::Request::builder().uri(path).header("authorization", "Bearer x");
    world.send(request.header("host", "127.0.0.1:9"), &Value::Null)
}

/// Source: Azure's guide to asynchronous operations.
#[test]
fn a_put_can_be_followed_until_it_is_done() {
    let world = World::of_two();
    let made = world.put(&peering("a", "b"), &toward(&vnet(CUSTOMER, "b")));
    assert_eq!((made.status, made.header("retry-after")), (201, "10"));
    let (status, result) = (made.header("azure-asyncoperation"), made.header("location"));
    assert_eq!(follow(&world, status).body["status"], "InProgress");
    assert_eq!(follow(&world, result).status, 202);
    world.pass(STEP);
    assert_eq!(follow(&world, status).body["status"], "Succeeded");
    assert_eq!(follow(&world, result).body["id"], peering("a", "b"));
}

/// Source: as above.
#[test]
fn a_deletion_can_be_followed_until_it_is_done() {
    let world = World::connected();
    let goes = world.delete(&peering("a", "b"));
    assert_eq!(goes.status, 202);
    let (status, result) = (goes.header("azure-asyncoperation"), goes.header("location"));
    assert_eq!(follow(&world, status).body["status"], "InProgress");
    assert_eq!(follow(&world, result).status, 202);
    world.pass(STEP);
    assert_eq!(follow(&world, status).body["status"], "Succeeded");
    assert_eq!(follow(&world, result).status, 204);
    let unknown = status.replace("/operations/", "/operations/x");
    assert_eq!(follow(&world, &unknown).status, 404);
}

/// Source: the reference of resource groups: `Location` answers 202 until the group is gone.
#[test]
fn the_deletion_of_a_group_is_followed_by_its_location() {
    let world = World::of_two();
    let goes = world.delete(&format!("/subscriptions/{CUSTOMER}/resourceGroups/rg"));
    assert_eq!((goes.status, goes.header("azure-asyncoperation")), (202, ""));
    assert_eq!(follow(&world, goes.header("location")).status, 202);
    world.pass(STEP * 2);
    assert_eq!(follow(&world, goes.header("location")).status, 200);
}

/// Source: issue 1001 of azure-libraries-for-net: 429 while an operation works on the resource or
/// one that it depends on.
#[test]
fn one_operation_of_a_network_at_a_time() {
    let world = World::of_two();
    world.arm.add_vnet(CUSTOMER, "rg", "c", &["10.2.0.0/16"]);
    world.put(&peering("a", "b"), &toward(&vnet(CUSTOMER, "b")));
    let refused = world.put(&peering("a", "c"), &toward(&vnet(CUSTOMER, "c")));
    refused.refused(429, "AnotherOperationInProgress");
    assert_eq!(refused.header("retry-after"), "10");
    assert!(refused.message().contains("/operations/"), "{refused:?}");
    for path in [peering("a", "b"), vnet(CUSTOMER, "a")] {
        world.delete(&path).refused(429, "AnotherOperationInProgress");
    }
    world.readdress("a", &["10.0.0.0/16"]).refused(429, "AnotherOperationInProgress");
    assert_eq!(world.peer("a", "c").status, 201);
}

/// Source: the comment in Terraform's `azurerm_virtual_network_peering`: so it is refused "if the
/// Vnet was just created or another peering was just initiated".
#[test]
fn a_remote_network_under_work_is_not_referenced() {
    let world = World::of_two();
    world.put(&peering("a", "b"), &toward(&vnet(CUSTOMER, "b")));
    let refused = world.put(&peering("b", "a"), &toward(&vnet(CUSTOMER, "a")));
    refused.refused(400, "ReferencedResourceNotProvisioned");
    world.pass(STEP);
    assert_eq!(world.peer("b", "a").status, 201);
}

/// Source: Azure's guide to asynchronous operations, of what reads them: only the directory has to
/// be the right one.
#[test]
fn an_operation_is_looked_at_in_its_own_subscription() {
    let world = World::of_two();
    let made = world.put(&peering("a", "b"), &toward(&vnet(CUSTOMER, "b")));
    let other = made.header("azure-asyncoperation").replace(CUSTOMER, &CUSTOMER.replace('a', "b"));
    assert_eq!(follow(&world, &other).status, 404);
    let path = made.header("location").strip_prefix("https://127.0.0.1:9").unwrap().to_owned();
    let path = path.split_once('?').unwrap().0.to_owned();
    assert_eq!(world.ask(&Who::customer(), "PUT", &path, &Value::Null).status, 405);
}
