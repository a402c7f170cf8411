//! How the network provider shows a network, a subnet and a peering.
//!
//! Source: `virtualNetwork.json` of azure-rest-api-specs. Shown are the fields that peering is
//! about and those that clients miss otherwise.

use serde_json::{Map, Value, json};

use super::object::{Group, Network, Peering, PeeringState, Subnet};
use super::place::NetworkId;
use super::world::World;

pub(super) fn group(group: &Group) -> Value {
    json!({
        "id": group.id.path(),
        "name": group.id.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": group.tags,
        "properties": { "provisioningState": group.provisioning.word() },
    })
}

pub(super) fn network(world: &World, network: &Network) -> Value {
    let id = &network.id;
    let subnets: Vec<Value> = network.subnets.iter().map(|one| subnet(id, one)).collect();
    let peerings: Vec<Value> = world.peerings_of(id).map(|one| peering(world, one)).collect();
    let mut shown = json!({
        "id": id.path(),
        "name": id.name,
        "type": "Microsoft.Network/virtualNetworks",
        "etag": network.etag,
        "location": network.location,
        "tags": network.tags,
        "properties": {
            "provisioningState": network.provisioning.word(),
            "resourceGuid": network.guid,
            "addressSpace": space(&network.prefixes),
            "subnets": subnets,
            "virtualNetworkPeerings": peerings,
            "enableDdosProtection": false,
            "privateEndpointVNetPolicies": "Disabled",
        },
    });
    if let Some(servers) = &network.dns_servers {
        shown["properties"]["dhcpOptions"] = json!({ "dnsServers": servers });
    }
    if let Some(minutes) = network.flow_timeout {
        shown["properties"]["flowTimeoutInMinutes"] = minutes.into();
    }
    shown
}

/// A network among the resources of its group.
pub(super) fn resource(network: &Network) -> Value {
    let mut shown = json!({
        "id": network.id.path(),
        "name": network.id.name,
        "type": "Microsoft.Network/virtualNetworks",
        "location": network.location,
    });
    if !network.tags.is_empty() {
        shown["tags"] = json!(network.tags);
    }
    shown
}

pub(super) fn subnet(network: &NetworkId, subnet: &Subnet) -> Value {
    let mut properties = Map::new();
    match subnet.prefixes.as_slice() {
        [one] => properties.insert("addressPrefix".to_owned(), one.as_str().into()),
        several => properties.insert("addressPrefixes".to_owned(), several.into()),
    };
    properties.insert("provisioningState".to_owned(), subnet.provisioning.word().into());
    properties.insert("delegations".to_owned(), json!([]));
    properties.insert("privateEndpointNetworkPolicies".to_owned(), "Disabled".into());
    properties.insert("privateLinkServiceNetworkPolicies".to_owned(), "Enabled".into());
    json!({
        "id": network.subnet_path(&subnet.name),
        "name": subnet.name,
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "etag": subnet.etag,
        "properties": properties,
    })
}

pub(super) fn peering(world: &World, peering: &Peering) -> Value {
    let own = world.network(&peering.network).map_or(&[][..], |one| &one.prefixes);
    let remote = world.network(&peering.remote);
    let remote_prefixes = remote.map_or(&peering.remote_prefixes, |one| &one.prefixes);
    let peered = connected_reverse(world, peering).map_or(own, |one| &one.remote_prefixes);
    let mut properties = match serde_json::to_value(&peering.flags) {
        Ok(Value::Object(flags)) => flags,
        _ => Map::new(),
    };
    let shown = [
        ("provisioningState", peering.provisioning.word().into()),
        ("resourceGuid", peering.guid.as_str().into()),
        ("peeringState", peering.state.word().into()),
        ("peeringSyncLevel", sync_level(world, peering).into()),
        ("remoteVirtualNetwork", json!({ "id": peering.remote.path() })),
        ("remoteAddressSpace", space(&peering.remote_prefixes)),
        ("remoteVirtualNetworkAddressSpace", space(remote_prefixes)),
        ("localAddressSpace", space(peered)),
        ("localVirtualNetworkAddressSpace", space(own)),
    ];
    properties.extend(shown.map(|(name, value)| (name.to_owned(), value)));
    json!({
        "id": peering.network.peering_path(&peering.name),
        "name": peering.name,
        "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
        "etag": peering.etag,
        "properties": properties,
    })
}

/// Source: the scenario test of Azure PowerShell for `Sync-AzVirtualNetworkPeering`: after the
/// space of one network has changed, its own peering is `RemoteNotInSync` and that of the other
/// network `LocalNotInSync`; a sync of the latter makes both `FullyInSync`. A peering without its
/// other side is `RemoteNotInSync`, as `az network vnet peering create` shows it.
fn sync_level(world: &World, peering: &Peering) -> &'static str {
    let prefixes = |id: &NetworkId| world.network(id).map(|one| &one.prefixes);
    let is_local = prefixes(&peering.remote).is_none_or(|now| *now == peering.remote_prefixes);
    let is_remote = connected_reverse(world, peering)
        .is_some_and(|other| Some(&other.remote_prefixes) == prefixes(&peering.network));
    match (is_local, is_remote) {
        (true, true) => "FullyInSync",
        (true, false) => "RemoteNotInSync",
        (false, true) => "LocalNotInSync",
        (false, false) => "LocalAndRemoteNotInSync",
    }
}

fn connected_reverse<'a>(world: &'a World, peering: &Peering) -> Option<&'a Peering> {
    let reverse = world.reverse(peering)?;
    let is_connected = |one: &Peering| one.state == PeeringState::Connected;
    (is_connected(peering) && is_connected(reverse)).then_some(reverse)
}

fn space(prefixes: &[String]) -> Value {
    json!({ "addressPrefixes": prefixes })
}
