//! What the world is made of: the rows of its tables, as they are kept.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::place::{GroupId, NetworkId};

/// Tags of a resource.
pub(super) type Tags = BTreeMap<String, String>;

/// Where a resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Provisioning {
    Updating,
    Succeeded,
    Deleting,
}

impl Provisioning {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Updating => "Updating",
            Self::Succeeded => "Succeeded",
            Self::Deleting => "Deleting",
        }
    }
}

/// A resource group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) id: GroupId,
    pub(super) location: String,
    pub(super) tags: Tags,
    pub(super) provisioning: Provisioning,
}

/// A virtual network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Network {
    pub(super) id: NetworkId,
    pub(super) guid: String,
    pub(super) etag: String,
    pub(super) location: String,
    pub(super) tags: Tags,
    /// Its address space, as it was written.
    pub(super) prefixes: Vec<String>,
    /// What changes nothing here, and is shown as it was given.
    #[serde(default)]
    pub(super) dns_servers: Option<Vec<IpAddr>>,
    /// As above, in minutes.
    #[serde(default)]
    pub(super) flow_timeout: Option<u32>,
    pub(super) subnets: Vec<Subnet>,
    pub(super) provisioning: Provisioning,
    /// Whether a gateway stands in it.
    pub(super) gateway: bool,
    /// The operation that works on it or on a child: one at a time.
    pub(super) operation: Option<String>,
}

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subnet {
    pub(super) name: String,
    pub(super) etag: String,
    pub(super) prefixes: Vec<String>,
    pub(super) provisioning: Provisioning,
}

/// One side of a peering: an object of its network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Peering {
    pub(super) network: NetworkId,
    pub(super) name: String,
    pub(super) guid: String,
    pub(super) etag: String,
    pub(super) remote: NetworkId,
    pub(super) state: PeeringState,
    pub(super) provisioning: Provisioning,
    pub(super) flags: Flags,
    /// The remote address space that it leads to: as of its making or last sync.
    pub(super) remote_prefixes: Vec<String>,
}

/// `peeringState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PeeringState {
    Initiated,
    Connected,
    Disconnected,
}

impl PeeringState {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Initiated => "Initiated",
            Self::Connected => "Connected",
            Self::Disconnected => "Disconnected",
        }
    }
}

/// What a peering lets pass. What a body does not say is as the provider presets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Flags {
    pub(super) allow_virtual_network_access: bool,
    pub(super) allow_forwarded_traffic: bool,
    pub(super) allow_gateway_transit: bool,
    pub(super) use_remote_gateways: bool,
    pub(super) do_not_verify_remote_gateways: bool,
    pub(super) peer_complete_vnets: bool,
    #[serde(rename = "enableOnlyIPv6Peering")]
    pub(super) enable_only_ipv6_peering: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            allow_virtual_network_access: true,
            allow_forwarded_traffic: false,
            allow_gateway_transit: false,
            use_remote_gateways: false,
            do_not_verify_remote_gateways: false,
            peer_complete_vnets: true,
            enable_only_ipv6_peering: false,
        }
    }
}

/// Something that takes its time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Operation {
    pub(super) work: Work,
    pub(super) subscription: String,
    pub(super) location: String,
    /// In milliseconds since the epoch.
    pub(super) due: i64,
    pub(super) ended: bool,
}

/// What an operation does when its time has come. Each names a row, a subnet as a child of its
/// network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "row", rename_all = "camelCase")]
pub(super) enum Work {
    PutNetwork(String),
    DeleteNetwork(String),
    PutSubnet(String),
    DeleteSubnet(String),
    PutPeering(String),
    DeletePeering(String),
    DeleteGroup(String),
}

impl Work {
    /// The key of the network that it works on.
    pub(super) fn network(&self) -> Option<String> {
        match self {
            Self::PutNetwork(key) | Self::DeleteNetwork(key) => Some(key.clone()),
            Self::PutSubnet(key)
            | Self::DeleteSubnet(key)
            | Self::PutPeering(key)
            | Self::DeletePeering(key) => key.rsplit_once('/').map(|(key, _)| key.to_owned()),
            Self::DeleteGroup(_) => None,
        }
    }
}

/// A custom role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) permissions: Vec<Permissions>,
    pub(super) assignable_scopes: Vec<String>,
}

/// What a role allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Permissions {
    pub(super) actions: Vec<String>,
    pub(super) not_actions: Vec<String>,
    pub(super) data_actions: Vec<String>,
    pub(super) not_data_actions: Vec<String>,
}

/// A role given to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Assignment {
    pub(super) scope: String,
    /// The object id of whom it is given to.
    pub(super) principal: String,
    pub(super) principal_type: String,
    /// The name of the definition: a UUID in lower case.
    pub(super) role: String,
    pub(super) created: i64,
    /// How many looks still miss it.
    pub(super) lag: u32,
}

/// An application that can sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Application {
    /// The directory where it is at home.
    pub(super) tenant: String,
    /// The digest of its secret.
    pub(super) secret: String,
}

/// An application in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Principal {
    pub(super) tenant: String,
    pub(super) client: String,
    /// Its object id there.
    pub(super) object: String,
}

/// Whose a subscription is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub(super) tenant: String,
}

/// The service was refused at a customer's network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) network: NetworkId,
    /// The names of the peerings that it tried, the last ones.
    pub(super) names: Vec<String>,
    pub(super) principal: Principal,
    pub(super) answer: CustomerAnswer,
    /// When the customer answers by itself, in milliseconds since the epoch.
    pub(super) due: Option<i64>,
}

/// What the customer said to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CustomerAnswer {
    Silent,
    Granted,
    Denied,
}
