//! The life of a peering, both sides.

use serde_json::{Value, json};

use super::support::{CUSTOMER, STEP, Who, World, peering, states, toward, vnet};

/// Source: the reference of `peeringState`; the sync level as `az network vnet peering create`
/// shows it.
#[test]
fn one_side_alone_is_initiated() {
    let world = World::of_two();
    let made = world.put(&peering("a", "b"), &toward(&vnet(CUSTOMER, "b")));
    assert_eq!(made.status, 201);
    assert_eq!(states(&made), ["Initiated", "RemoteNotInSync", "Updating"]);
    assert_eq!(world.states("a", "b"), ["Initiated", "RemoteNotInSync", "Updating"]);
    world.pass(STEP);
    assert_eq!(world.states("a", "b"), ["Initiated", "RemoteNotInSync", "Succeeded"]);
}

/// Source: the reference of `peeringState`.
#[test]
fn both_sides_are_connected_when_the_second_is_done() {
    let world = World::of_two();
    world.peer("a", "b");
    world.put(&peering("b", "a"), &toward(&vnet(CUSTOMER, "a")));
    assert_eq!(world.states("a", "b")[0], "Initiated");
    world.pass(STEP);
    for (from, to) in [("a", "b"), ("b", "a")] {
        assert_eq!(world.states(from, to), ["Connected", "FullyInSync", "Succeeded"]);
    }
    let shown = world.get(&peering("a", "b"));
    let space = json!({ "addressPrefixes": ["10.1.0.0/16"] });
    assert_eq!(*shown.property("remoteAddressSpace"), space);
    assert_eq!(*shown.property("remoteVirtualNetworkAddressSpace"), space);
    assert_eq!(*shown.property("peerCompleteVnets"), Value::Bool(true));
    assert_eq!(*shown.property("allowForwardedTraffic"), Value::Bool(false));
}

/// Source: the reference of `peeringState`; Azure's guide to deleting a peering.
#[test]
fn the_other_side_of_a_deleted_peering_is_disconnected() {
    let world = World::connected();
    assert_eq!(world.delete(&peering("a", "b")).status, 202);
    assert_eq!(world.states("a", "b")[2], "Deleting");
    assert_eq!(world.states("b", "a")[0], "Connected");
    world.pass(STEP);
    assert_eq!(world.get(&peering("a", "b")).status, 404);
    assert_eq!(world.states("b", "a"), ["Disconnected", "RemoteNotInSync", "Succeeded"]);
    assert_eq!(world.delete(&peering("a", "b")).status, 204);
}

/// Source: issue 18091 of Terraform, the whole sentence.
#[test]
fn beside_a_disconnected_side_none_is_made() {
    let world = World::connected();
    world.delete(&peering("a", "b"));
    world.pass(STEP);
    let refused = world.put(&peering("a", "b"), &toward(&vnet(CUSTOMER, "b")));
    refused.refused(400, "RemotePeeringIsDisconnected");
    let expected = format!(
        "Cannot create or update peering {} because remote peering {} referencing parent virtual \
         network {} is in Disconnected state. Update or re-create the remote peering to get it \
         back to Initiated state. Peering gets Disconnected when remote vnet or remote peering is \
         deleted and re-created.",
        peering("a", "b"),
        peering("b", "a"),
        vnet(CUSTOMER, "a")
    );
    assert_eq!(refused.message(), expected);
}

/// Source: Azure's guide: both are deleted and made anew.
#[test]
fn what_was_disconnected_is_deleted_and_made_anew() {
    let world = World::connected();
    for (from, to) in [("a", "b"), ("b", "a")] {
        assert_eq!(world.delete(&peering(from, to)).status, 202);
        world.pass(STEP);
    }
    assert_eq!(world.peer("a", "b").status, 201);
    assert_eq!(world.peer("b", "a").status, 201);
    assert_eq!(world.states("a", "b")[0], "Connected");
}

/// Source: the words of `RemotePeeringIsDisconnected`: "Update or re-create the remote peering to
/// get it back to Initiated state"; so does the state module of idem-azurerm.
#[test]
fn an_update_takes_a_disconnected_side_back_to_initiated_and_no_further() {
    let world = World::connected();
    world.delete(&peering("a", "b"));
    world.pass(STEP);
    assert_eq!(world.peer("b", "a").status, 200);
    assert_eq!(world.states("b", "a")[0], "Initiated");
    assert_eq!(world.peer("a", "b").status, 201);
    assert_eq!(world.states("b", "a"), ["Connected", "FullyInSync", "Succeeded"]);
}

/// Source: issue 2638 of cluster-api-provider-azure: the peering of the other network is left
/// disconnected when a network is deleted.
#[test]
fn a_peered_network_can_be_deleted_and_leaves_the_other_side_disconnected() {
    let world = World::connected();
    assert_eq!(world.delete(&vnet(CUSTOMER, "a")).status, 202);
    world.pass(STEP * 2);
    assert_eq!(world.get(&vnet(CUSTOMER, "a")).status, 404);
    assert_eq!(world.states("b", "a")[0], "Disconnected");
    world.arm.add_vnet(CUSTOMER, "rg", "a", &["10.0.0.0/16"]);
    world.peer("a", "b").refused(400, "RemotePeeringIsDisconnected");
}

/// Source: as above, for the group that a network is in.
#[test]
fn a_deleted_group_takes_its_networks_along() {
    let world = World::connected();
    world.arm.add_vnet(CUSTOMER, "other", "c", &["10.2.0.0/16"]);
    let group = format!("/subscriptions/{CUSTOMER}/resourcegroups/RG");
    assert_eq!(world.delete(&group).status, 202);
    world.put(&vnet(CUSTOMER, "d"), &json!({})).refused(409, "ResourceGroupBeingDeleted");
    world.pass(STEP * 2);
    world.get(&vnet(CUSTOMER, "a")).refused(404, "ResourceGroupNotFound");
    let networks = format!("/subscriptions/{CUSTOMER}/providers/Microsoft.Network/virtualNetworks");
    assert_eq!(world.get(&networks).body["value"].as_array().unwrap().len(), 1);
}

/// Source: the scenario test of Azure PowerShell for `Sync-AzVirtualNetworkPeering`.
#[test]
fn a_changed_space_is_remote_for_its_own_side_and_local_for_the_other() {
    let world = World::connected();
    assert_eq!(world.readdress("a", &["10.0.0.0/16", "10.99.0.0/16"]).status, 200);
    assert_eq!(world.states("a", "b"), ["Connected", "RemoteNotInSync", "Succeeded"]);
    assert_eq!(world.states("b", "a"), ["Connected", "LocalNotInSync", "Succeeded"]);
    let shown = world.get(&peering("b", "a"));
    assert_eq!(
        *shown.property("remoteAddressSpace"),
        json!({ "addressPrefixes": ["10.0.0.0/16"] })
    );
    let now = json!({ "addressPrefixes": ["10.0.0.0/16", "10.99.0.0/16"] });
    assert_eq!(*shown.property("remoteVirtualNetworkAddressSpace"), now);
}

/// Source: as above: the sync of the other side brings both in sync; issue 24168 of Azure
/// PowerShell: that of the own side does not; issue 2621 of bicep-types-az: nor does a plain PUT.
#[test]
fn only_the_sync_of_the_other_side_takes_a_changed_space_up() {
    let world = World::connected();
    world.readdress("a", &["10.0.0.0/16", "10.99.0.0/16"]);
    let (own, other) = (peering("a", "b"), peering("b", "a"));
    let sync = |path: &str| format!("{path}?syncRemoteAddressSpace=true");
    for (path, remote) in [(sync(&own), "b"), (other.clone(), "a")] {
        assert_eq!(world.put(&path, &toward(&vnet(CUSTOMER, remote))).status, 200);
        world.pass(STEP);
        assert_eq!(world.states("b", "a")[1], "LocalNotInSync");
    }
    assert_eq!(world.put(&sync(&other), &toward(&vnet(CUSTOMER, "a"))).status, 200);
    world.pass(STEP);
    for (from, to) in [("a", "b"), ("b", "a")] {
        assert_eq!(world.states(from, to), ["Connected", "FullyInSync", "Succeeded"]);
    }
}

/// Source: the reference of `peeringSyncLevel`: its four values.
#[test]
fn after_both_spaces_have_changed_each_side_has_to_be_synced() {
    let world = World::connected();
    world
        .readdress("a", &["10.0.0.0/15"])
        .refused(400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet");
    world.readdress("a", &["10.0.0.0/16", "10.99.0.0/16"]);
    world.readdress("b", &["10.1.0.0/16", "10.98.0.0/16"]);
    for (from, to) in [("a", "b"), ("b", "a")] {
        assert_eq!(world.states(from, to)[1], "LocalAndRemoteNotInSync");
    }
    let path = format!("{}?syncRemoteAddressSpace=true", peering("a", "b"));
    world.put(&path, &toward(&vnet(CUSTOMER, "b")));
    world.pass(STEP);
    assert_eq!(world.states("a", "b")[1], "RemoteNotInSync");
    assert_eq!(world.states("b", "a")[1], "LocalNotInSync");
}

/// Source: the rules for overlaps hold for a sync as for the making of a peering.
#[test]
fn a_space_that_overlaps_with_a_third_network_is_not_synced() {
    let world = World::connected();
    world.arm.add_vnet(CUSTOMER, "rg", "c", &["10.2.0.0/16"]);
    world.peer("b", "c");
    assert_eq!(world.readdress("a", &["10.0.0.0/16", "10.2.7.0/24"]).status, 200);
    let path = format!("{}?syncRemoteAddressSpace=true", peering("b", "a"));
    let refused = world.put(&path, &toward(&vnet(CUSTOMER, "a")));
    refused.refused(400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet");
    assert_eq!(world.put(&peering("b", "a"), &toward(&vnet(CUSTOMER, "a"))).status, 200);
    world.pass(STEP);
    assert_eq!(world.states("b", "a")[1], "LocalNotInSync");
}

/// Source: the reference: flags can be changed, and what a body does not say is as preset.
#[test]
fn flags_can_be_changed_while_connected() {
    let world = World::connected();
    let mut body = toward(&vnet(CUSTOMER, "b"));
    body["properties"]["allowForwardedTraffic"] = true.into();
    body["properties"]["useRemoteGateways"] = Value::Null;
    assert_eq!(world.put(&peering("a", "b"), &body).status, 200);
    world.pass(STEP);
    let shown = world.get(&peering("a", "b"));
    assert_eq!(*shown.property("allowForwardedTraffic"), Value::Bool(true));
    assert_eq!(*shown.property("useRemoteGateways"), Value::Bool(false));
    assert_eq!(world.states("b", "a")[0], "Connected");
}

/// Source: the reference: ids do not regard case and keep it.
#[test]
fn names_do_not_regard_case_and_keep_it() {
    let world = World::of_two();
    let remote = vnet(CUSTOMER, "b").to_uppercase().replace("/PROVIDERS/", "/providers/");
    assert_eq!(world.put(&peering("a", "b"), &toward(&remote)).status, 201);
    world.pass(STEP);
    world.peer("b", "a");
    let shouted = peering("a", "b").to_uppercase();
    let shown = world.ask(&Who::customer(), "GET", &shouted, &Value::Null);
    assert_eq!(shown.body["id"], peering("a", "b"));
    assert_eq!(states(&shown)[0], "Connected");
    assert_eq!(shown.property("remoteVirtualNetwork")["id"], vnet(CUSTOMER, "b"));
}
