//! What Azure does not take.

use peerage_clouds::azure::SERVICE_SUBSCRIPTION;
use serde_json::{Value, json};

use super::support::{Answer, CUSTOMER, STEP, Who, World, peering, toward, vnet};

fn put(world: &World, from: &str, name: &str, remote: &str) -> Answer {
    let path = format!("{}/virtualNetworkPeerings/{name}", vnet(CUSTOMER, from));
    let answer = world.put(&path, &toward(remote));
    world.pass(STEP);
    answer
}

/// Source: Azure's error of that code, as `az network vnet peering create` shows it.
#[test]
fn spaces_of_peered_networks_do_not_overlap() {
    let world = World::of_two();
    world.arm.add_vnet(CUSTOMER, "rg", "c", &["10.9.0.0/16", "10.0.128.0/24"]);
    let refused = world.peer("a", "c");
    refused.refused(400, "VnetAddressSpacesOverlap");
    let end = "cannot be peered because their address spaces overlap. Overlapping address \
               prefixes: 10.0.0.0/16.";
    assert!(refused.message().ends_with(end), "{refused:?}");
    assert_eq!(world.get(&peering("a", "c")).status, 404);
}

/// Source: issue 1927 of AzureTRE.
#[test]
fn nor_with_the_space_of_a_network_that_the_other_is_peered_with() {
    let world = World::connected();
    world.arm.add_vnet(CUSTOMER, "rg", "c", &["10.0.0.0/24"]);
    let refused = world.peer("c", "b");
    refused.refused(400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet");
    let words = "because address space of the first virtual network overlaps with address space \
                 of virtual network";
    assert!(refused.message().contains(words), "{refused:?}");
    let refused = world.peer("b", "c");
    refused.refused(400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet");
    let words = "because address space of the second virtual network overlaps";
    assert!(refused.message().contains(words), "{refused:?}");
}

/// Source: notes of operators: "A disconnected peering still counts for the overlap check".
#[test]
fn a_disconnected_side_still_counts_for_the_overlap() {
    let world = World::connected();
    world.delete(&vnet(CUSTOMER, "a"));
    world.pass(STEP * 2);
    world.arm.add_vnet(CUSTOMER, "rg", "c", &["10.0.0.0/16"]);
    world.peer("c", "b").refused(400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet");
    world.delete(&peering("b", "a"));
    world.pass(STEP);
    assert_eq!(world.peer("c", "b").status, 201);
}

/// Source: Azure's error `AnotherPeeringAlreadyReferencesRemoteVnet`.
#[test]
fn a_remote_network_is_referenced_once() {
    let world = World::connected();
    let refused = put(&world, "a", "twin", &vnet(CUSTOMER, "b"));
    refused.refused(400, "AnotherPeeringAlreadyReferencesRemoteVnet");
    assert!(
        refused.message().starts_with(&format!("Peering {}", peering("a", "b"))),
        "{refused:?}"
    );
}

/// Source: Azure's error `ChangingRemoteVirtualNetworkNotAllowed`.
#[test]
fn the_remote_network_of_a_peering_cannot_be_changed() {
    let world = World::connected();
    world.arm.add_vnet(CUSTOMER, "rg", "c", &["10.2.0.0/16"]);
    let refused = put(&world, "a", "a-b", &vnet(CUSTOMER, "c"));
    refused.refused(400, "ChangingRemoteVirtualNetworkNotAllowed");
    assert_eq!(world.states("a", "b")[0], "Connected");
}

/// Source: Azure's limits: 500 peerings of one network.
#[test]
fn a_network_has_at_most_500_peerings() {
    let world = World::of_two();
    for number in 0..501 {
        let (name, block) =
            (format!("n{number}"), format!("172.{}.{}.0/24", 16 + number / 256, number % 256));
        world.arm.add_vnet(CUSTOMER, "rg", &name, &[&block]);
    }
    for number in 0..500 {
        assert_eq!(world.peer("a", &format!("n{number}")).status, 201, "{number}");
    }
    world.peer("a", "n500").refused(400, "PeeringsPerVirtualNetworkLimitExceeded");
    assert_eq!(world.peer("a", "n499").status, 200);
}

/// Source: issue 30569 of Terraform.
#[test]
fn remote_gateways_are_used_only_where_there_are_some() {
    let world = World::of_two();
    let mut body = toward(&vnet(CUSTOMER, "b"));
    body["properties"]["useRemoteGateways"] = true.into();
    let refused = world.put(&peering("a", "b"), &body);
    refused.refused(400, "RemoteVnetHasNoGateways");
    let words = "cannot have UseRemoteGateway flag set to true because remote virtual network";
    assert!(refused.message().contains(words), "{refused:?}");
    assert!(world.arm.add_gateway(CUSTOMER, "rg", "b"));
    assert_eq!(world.put(&peering("a", "b"), &body).status, 201);
}

/// Source: the reference of `useRemoteGateways`: one peering only, and not with an own gateway.
#[test]
fn remote_gateways_are_used_by_one_peering_and_not_beside_an_own_one() {
    let world = World::of_two();
    world.arm.add_vnet(CUSTOMER, "rg", "c", &["10.2.0.0/16"]);
    for name in ["b", "c"] {
        assert!(world.arm.add_gateway(CUSTOMER, "rg", name));
    }
    let using = |from: &str, to: &str| {
        let mut body = toward(&vnet(CUSTOMER, to));
        body["properties"]["useRemoteGateways"] = true.into();
        let answer = world.put(&peering(from, to), &body);
        world.pass(STEP);
        answer
    };
    assert_eq!(using("a", "b").status, 201);
    assert!(using("a", "c").message().contains("already has UseRemoteGateway"));
    assert!(using("c", "b").message().contains("has a gateway"));
}

/// Source: Azure's guide "How to configure subnet peering": a feature has to be registered first.
#[test]
fn a_part_of_a_network_is_not_peered() {
    let world = World::of_two();
    let put = |name: &str, value: Value| {
        let mut body = toward(&vnet(CUSTOMER, "b"));
        body["properties"][name] = value;
        world.put(&peering("a", "b"), &body)
    };
    let parts = [
        ("peerCompleteVnets", json!(false)),
        ("localSubnetNames", json!(["s"])),
        ("remoteSubnetNames", json!(["s"])),
        ("enableOnlyIPv6Peering", json!(true)),
    ];
    let words = format!(
        "Subscription {CUSTOMER} is not registered for feature \
         Microsoft.Network/AllowMultiplePeeringLinksBetweenVnets required to carry out the \
         requested operation."
    );
    for (name, value) in parts {
        let refused = put(name, value);
        refused.refused(400, "SubscriptionNotRegisteredForFeature");
        assert_eq!(refused.message(), words);
    }
    assert_eq!(world.get(&peering("a", "b")).status, 404);
    let wholes = [
        ("peerCompleteVnets", json!(true)),
        ("localSubnetNames", json!([])),
        ("remoteSubnetNames", Value::Null),
        ("enableOnlyIPv6Peering", json!(false)),
    ];
    for (name, value) in wholes {
        let answer = put(name, value);
        assert!(matches!(answer.status, 200 | 201), "{name}: {answer:?}");
        world.pass(STEP);
    }
}

/// Source: Azure's list of common deployment errors.
#[test]
fn what_is_referenced_has_to_be_there() {
    let world = World::of_two();
    world.peer("a", "nowhere").refused(400, "InvalidResourceReference");
    put(&world, "nowhere", "x", &vnet(CUSTOMER, "a")).refused(404, "ParentResourceNotFound");
    put(&world, "a", "x", "vnet").refused(400, "LinkedInvalidPropertyId");
    world
        .put(&peering("a", "b"), &json!({ "properties": {} }))
        .refused(400, "InvalidRequestFormat");
    world.put(&peering("a", "b"), &Value::Null).refused(400, "InvalidRequestContent");
    put(&world, "a", "-x", &vnet(CUSTOMER, "b")).refused(400, "InvalidResourceName");
    let wrong = json!({ "properties": {
        "remoteVirtualNetwork": { "id": vnet(CUSTOMER, "b") }, "allowForwardedTraffic": "no",
    } });
    world.put(&peering("a", "b"), &wrong).refused(400, "InvalidRequestContent");
}

/// Source: the codes that Resource Manager documents for requests as such.
#[test]
fn a_request_says_its_version_and_names_something() {
    let world = World::of_two();
    let bare = |path: &str| {
        let request = http::Request::builder().uri(path).header("authorization", "Bearer x");
        world.send(request, &Value::Null)
    };
    let path = vnet(CUSTOMER, "a");
    bare(&path).refused(400, "MissingApiVersionParameter");
    bare(&format!("{path}?api-version=latest")).refused(400, "InvalidApiVersionParameter");
    assert_eq!(bare(&format!("{path}?api-version=2016-06-01-preview")).status, 200);
    world.get(&format!("{path}/taps/x")).refused(404, "InvalidResourceType");
    world.get("/nothing").refused(404, "InvalidResourceType");
    world.get("/subscriptions/x/resourcegroups").refused(400, "InvalidSubscriptionId");
    world.ask(&Who::customer(), "POST", &path, &Value::Null).refused(405, "MethodNotAllowed");
    world.get(&vnet(CUSTOMER, "c")).refused(404, "ResourceNotFound");
    world.get(&peering("a", "c")).refused(404, "NotFound");
    world.get(&vnet(SERVICE_SUBSCRIPTION, "a")).refused(403, "AuthorizationFailed");
}

/// Source: Azure's guide to throttling.
#[test]
fn throttled_requests_are_told_when_to_come_back() {
    let world = World::of_two();
    world.arm.throttle(2);
    for _ in 0..2 {
        let refused = world.get(&vnet(CUSTOMER, "a"));
        refused.refused(429, "SubscriptionRequestsThrottled");
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert_eq!(world.get(&vnet(CUSTOMER, "a")).status, 200);
}
