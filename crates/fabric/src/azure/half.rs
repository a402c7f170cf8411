//! One half of a peering: the object `virtualNetworkPeerings` that lies in one of the two networks,
//! as Azure shows it and as we make it.
//!
//! Source: the reference of `virtualNetworkPeerings`.

use peerage_core::id::PeerId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::resource::VnetId;
use super::{ForwardedTraffic, failure::Failure};
use crate::tags;

/// A half, whoever made it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Half {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) properties: Properties,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Properties {
    pub(super) peering_state: PeeringState,
    pub(super) peering_sync_level: Option<SyncLevel>,
    pub(super) provisioning_state: ProvisioningState,
    allow_virtual_network_access: bool,
    allow_forwarded_traffic: bool,
    allow_gateway_transit: bool,
    use_remote_gateways: bool,
    remote_virtual_network: Option<Reference>,
    /// The other network's addresses that this half sends there.
    remote_address_space: Option<AddressSpace>,
    /// The addresses that the other network has.
    remote_virtual_network_address_space: Option<AddressSpace>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    id: String,
}

/// Addresses of a network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AddressSpace {
    pub(super) address_prefixes: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum PeeringState {
    Initiated,
    Connected,
    Disconnected,
    /// One that this program does not know.
    #[default]
    #[serde(other)]
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum SyncLevel {
    FullyInSync,
    LocalNotInSync,
    RemoteNotInSync,
    LocalAndRemoteNotInSync,
    /// One that this program does not know.
    #[serde(other)]
    Other,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum ProvisioningState {
    Succeeded,
    Failed,
    Deleting,
    /// At work, whatever Azure calls it.
    #[default]
    #[serde(other)]
    Updating,
}

impl Half {
    pub(super) fn read(body: Value) -> Result<Self, Failure> {
        serde_json::from_value(body).map_err(|error| Failure::unreadable(error).of_a_look())
    }

    /// The peering and the handshake in its name, if it is one of ours.
    pub(super) fn tag(&self) -> Option<(PeerId, u32)> {
        tags::parse_link_name(&self.name)
    }

    /// The handshake, if it is that peering's.
    pub(super) fn handshake(&self, peering: PeerId) -> Option<u32> {
        self.tag().filter(|(id, _)| *id == peering).map(|(_, handshake)| handshake)
    }

    /// The network on the other side.
    pub(super) fn remote(&self) -> Option<VnetId> {
        VnetId::parse(&self.properties.remote_virtual_network.as_ref()?.id)
    }

    pub(super) fn state(&self) -> PeeringState {
        self.properties.peering_state
    }

    pub(super) fn provisioning(&self) -> ProvisioningState {
        self.properties.provisioning_state
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.provisioning() == ProvisioningState::Deleting
    }

    /// What of its switches is not as we make them, in words.
    pub(super) fn wrong_switches(&self, forwarded: ForwardedTraffic) -> Vec<String> {
        let properties = &self.properties;
        let switches = [
            ("allowVirtualNetworkAccess", properties.allow_virtual_network_access, true),
            (
                "allowForwardedTraffic",
                properties.allow_forwarded_traffic,
                forwarded == ForwardedTraffic::Allowed,
            ),
            ("allowGatewayTransit", properties.allow_gateway_transit, false),
            ("useRemoteGateways", properties.use_remote_gateways, false),
        ];
        let wrong = switches.iter().filter(|(_, is, should)| is != should);
        wrong.map(|(name, is, _)| format!("{} has {name} {is}", self.name)).collect()
    }

    /// The sync level, if it is not that of a whole.
    pub(super) fn lag(&self) -> Option<SyncLevel> {
        let level = self.properties.peering_sync_level?;
        (level != SyncLevel::FullyInSync).then_some(level)
    }

    /// Whether this half already knows the addresses that the other network has: then only the
    /// other half can lag behind. `false` when Azure does not show both.
    pub(super) fn knows_the_other(&self) -> bool {
        let sorted = |space: &Option<AddressSpace>| {
            let mut prefixes = space.as_ref()?.address_prefixes.clone();
            prefixes.sort();
            Some(prefixes)
        };
        let known = sorted(&self.properties.remote_address_space);
        known.is_some() && known == sorted(&self.properties.remote_virtual_network_address_space)
    }
}

/// A half as we make it.
pub(super) fn made(remote: &VnetId, forwarded: ForwardedTraffic) -> Value {
    json!({ "properties": {
        "remoteVirtualNetwork": { "id": remote.to_string() },
        "allowVirtualNetworkAccess": true,
        "allowForwardedTraffic": forwarded == ForwardedTraffic::Allowed,
        "allowGatewayTransit": false,
        "useRemoteGateways": false,
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    const REMOTE: &str = "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/g\
                          /providers/Microsoft.Network/virtualNetworks/v";

    fn half(properties: Value) -> Half {
        let peering = PeerId::from_bytes([7; 12]);
        let name = tags::link_name(peering, 3);
        Half::read(json!({ "name": name, "properties": properties })).unwrap()
    }

    #[test]
    fn what_we_make_has_no_wrong_switch() {
        for forwarded in [ForwardedTraffic::Blocked, ForwardedTraffic::Allowed] {
            let remote = VnetId::parse(REMOTE).unwrap();
            let made = half(made(&remote, forwarded)["properties"].clone());
            assert!(made.wrong_switches(forwarded).is_empty());
            assert_eq!(made.remote(), Some(remote));
            assert_eq!(made.handshake(PeerId::from_bytes([7; 12])), Some(3));
            assert_eq!(made.handshake(PeerId::from_bytes([8; 12])), None);
        }
    }

    #[test]
    fn each_switch_is_looked_at() {
        let check = |name: &str, value: bool| {
            let remote = VnetId::parse(REMOTE).unwrap();
            let mut made = made(&remote, ForwardedTraffic::Blocked)["properties"].clone();
            made[name] = value.into();
            let wrong = half(made).wrong_switches(ForwardedTraffic::Blocked);
            assert_eq!(wrong.len(), 1, "{name}: {wrong:?}");
            assert!(wrong[0].contains(name), "{wrong:?}");
        };
        check("allowVirtualNetworkAccess", false);
        check("allowForwardedTraffic", true);
        check("allowGatewayTransit", true);
        check("useRemoteGateways", true);
    }

    #[test]
    fn all_sync_levels_are_told_apart() {
        let lag = |level: &str| half(json!({ "peeringSyncLevel": level })).lag();
        assert_eq!(lag("FullyInSync"), None);
        assert_eq!(lag("LocalNotInSync"), Some(SyncLevel::LocalNotInSync));
        assert_eq!(lag("RemoteNotInSync"), Some(SyncLevel::RemoteNotInSync));
        assert_eq!(lag("LocalAndRemoteNotInSync"), Some(SyncLevel::LocalAndRemoteNotInSync));
        assert_eq!(lag("SomethingElse"), Some(SyncLevel::Other));
        assert_eq!(half(json!({})).lag(), None);
    }

    #[test]
    fn a_half_that_shows_too_little_may_lag_behind() {
        let space = |prefixes: &[&str]| json!({ "addressPrefixes": prefixes });
        let knows = |known: Value, real: Value| {
            half(json!({ "remoteAddressSpace": known, "remoteVirtualNetworkAddressSpace": real }))
                .knows_the_other()
        };
        assert!(knows(
            space(&["10.1.0.0/16", "10.2.0.0/16"]),
            space(&["10.2.0.0/16", "10.1.0.0/16"])
        ));
        assert!(!knows(space(&["10.1.0.0/16"]), space(&["10.1.0.0/16", "10.2.0.0/16"])));
        assert!(!knows(space(&["10.1.0.0/16"]), Value::Null));
        assert!(!knows(Value::Null, Value::Null));
    }

    #[test]
    fn words_that_nobody_knows_are_read() {
        let odd = half(json!({ "peeringState": "Odd", "provisioningState": "Odd", "x": 1 }));
        assert_eq!(odd.state(), PeeringState::Other);
        assert_eq!(odd.provisioning(), ProvisioningState::Updating);
        assert!(Half::read(json!({ "properties": 7 })).is_err());
    }
}
