//! The errors about peerings and addresses.

use super::Refusal;
use crate::azure::place::NetworkId;
use peerage_fabric::rules::azure::{FULL, FULL_CODE};

/// Source: issue 18091 of Terraform, letter by letter.
pub(in crate::azure) fn remote_disconnected(peering: &str, remote: &str, own: &str) -> Refusal {
    let message = format!(
        "Cannot create or update peering {peering} because remote peering {remote} referencing \
         parent virtual network {own} is in Disconnected state. Update or re-create the remote \
         peering to get it back to Initiated state. Peering gets Disconnected when remote vnet or \
         remote peering is deleted and re-created."
    );
    Refusal::new(400, "RemotePeeringIsDisconnected", message)
}

/// Source: Azure's error of that code; clients that know it: kyma's cloud-manager, hazelcast.
pub(in crate::azure) fn referenced(other: &str, remote: &str, peering: &str) -> Refusal {
    let message = format!(
        "Peering {other} already references remote virtual network {remote}. Cannot add another \
         peering {peering} referencing the same remote virtual network."
    );
    Refusal::new(400, "AnotherPeeringAlreadyReferencesRemoteVnet", message)
}

/// Source: Azure's error of that code (notes of the spoke templates that met it).
pub(in crate::azure) fn other_remote(peering: &str, has: &str, wanted: &str) -> Refusal {
    let message = format!(
        "Changing the remote virtual network of peering {peering} from {has} to {wanted} is not \
         allowed."
    );
    Refusal::new(400, "ChangingRemoteVirtualNetworkNotAllowed", message)
}

/// Source: Azure's error of that code, as `az network vnet peering create` shows it.
pub(in crate::azure) fn overlap(peering: &str, own: &str, remote: &str, both: &str) -> Refusal {
    let message = format!(
        "Cannot create or update peering {peering}. Virtual networks {own} and {remote} cannot be \
         peered because their address spaces overlap. Overlapping address prefixes: {both}."
    );
    Refusal::new(400, "VnetAddressSpacesOverlap", message)
}

/// Whose addresses overlap with those of a third network.
#[derive(Clone, Copy)]
pub(in crate::azure) enum Side {
    First,
    Second,
}

/// Source: issue 1927 of AzureTRE, letter by letter.
pub(in crate::azure) fn overlap_with_peered(
    peering: &str,
    networks: (&str, &str),
    side: Side,
    third: &str,
    both: &str,
) -> Refusal {
    let (own, remote) = networks;
    let (whose, with) = match side {
        Side::First => ("first", "second"),
        Side::Second => ("second", "first"),
    };
    let message = format!(
        "Cannot create or update peering {peering}. Virtual networks {own} and {remote} cannot be \
         peered because address space of the {whose} virtual network overlaps with address space \
         of virtual network {third} already peered with the {with} virtual network. Overlapping \
         address prefixes: {both}."
    );
    Refusal::new(400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet", message)
}

/// As above, for a network that grows into the addresses of one that it is peered with.
pub(in crate::azure) fn grown_overlap(network: &str, third: &str, both: &str) -> Refusal {
    let message = format!(
        "Cannot update address space of virtual network {network} because it overlaps with \
         address space of virtual network {third} already peered with it. Overlapping address \
         prefixes: {both}."
    );
    Refusal::new(400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet", message)
}

/// Source: Azure's error of that code; the feature is that of Azure's guide "How to configure
/// subnet peering".
pub(in crate::azure) fn feature_missing(subscription: &str) -> Refusal {
    let message = format!(
        "Subscription {subscription} is not registered for feature \
         Microsoft.Network/AllowMultiplePeeringLinksBetweenVnets required to carry out the \
         requested operation."
    );
    Refusal::new(400, "SubscriptionNotRegisteredForFeature", message)
}

/// Source: Azure's limits.
pub(in crate::azure) fn full() -> Refusal {
    Refusal::new(400, FULL_CODE, FULL)
}

/// Source: issue 30569 of Terraform, letter by letter.
pub(in crate::azure) fn no_gateway(peering: &str, remote: &str) -> Refusal {
    let message = format!(
        "Peering {peering} cannot have UseRemoteGateway flag set to true because remote virtual \
         network {remote} referenced by the peering does not have any gateways."
    );
    Refusal::new(400, "RemoteVnetHasNoGateways", message)
}

/// Source of the rule: the reference of `useRemoteGateways` ("Only one peering can have this flag
/// set to true"). Its code is in no document that we found: `BadRequest` stands for it.
pub(in crate::azure) fn second_remote_gateway(peering: &str, other: &str) -> Refusal {
    let message = format!(
        "Peering {peering} cannot have UseRemoteGateway flag set to true because peering {other} \
         already has UseRemoteGateway flag set to true."
    );
    Refusal::new(400, "BadRequest", message)
}

/// Source of the rule: the reference of `useRemoteGateways` ("This flag cannot be set if virtual
/// network already has a gateway"); the code as above.
pub(in crate::azure) fn own_gateway(peering: &str, network: &str) -> Refusal {
    let message = format!(
        "Peering {peering} cannot have UseRemoteGateway flag set to true because virtual network \
         {network} has a gateway."
    );
    Refusal::new(400, "BadRequest", message)
}

/// Source: Azure's error of that code.
pub(in crate::azure) fn bad_cidr(prefix: &str, path: &str, should: &str) -> Refusal {
    let message = format!(
        "The address prefix {prefix} in resource {path} has an invalid CIDR notation. For the \
         given prefix length, the address prefix should be {should}."
    );
    Refusal::new(400, "InvalidCIDRNotation", message)
}

/// Source: Azure's error of that code.
pub(in crate::azure) fn bad_prefix(prefix: &str, path: &str) -> Refusal {
    let message = format!(
        "Address prefix {prefix} of resource {path} is not formatted correctly. It should follow \
         CIDR notation, for example 10.0.0.0/24."
    );
    Refusal::new(400, "InvalidAddressPrefixFormat", message)
}

/// Source: `az network vnet subnet create`, letter by letter.
pub(in crate::azure) fn subnet_outside(subnet: &str, network: &NetworkId) -> Refusal {
    let message = format!(
        "Subnet '{subnet}' is not valid because its IP address range is outside the IP address \
         range of virtual network '{}'.",
        network.name
    );
    Refusal::new(400, "NetcfgSubnetRangeOutsideVnet", message)
}

/// Source: Azure's error of that code.
pub(in crate::azure) fn subnets_overlap(subnet: &str, network: &NetworkId) -> Refusal {
    let message = format!(
        "Subnet '{subnet}' is not valid because its IP address range overlaps with that of an \
         existing subnet in virtual network '{}'.",
        network.name
    );
    Refusal::new(400, "NetcfgSubnetRangesOverlap", message)
}

/// Source: Azure's error of that code; the smallest subnet is a /29.
pub(in crate::azure) fn bad_subnet(subnet: &str, network: &NetworkId) -> Refusal {
    let message = format!("Subnet '{subnet}' is not valid in virtual network '{}'.", network.name);
    Refusal::new(400, "NetcfgInvalidSubnet", message)
}
