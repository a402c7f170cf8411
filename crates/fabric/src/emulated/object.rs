//! What exists in the emulated clouds, and how it is kept: JSON with a format number.

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{Link, LinkStatus, NetworkNames};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, PeerId};
use peerage_core::peering::CustomerNetwork;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A network of the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct NetworkObject {
    pub(super) v: u8,
    pub(super) names: Names,
    pub(super) ready: bool,
    pub(super) removing: bool,
    pub(super) due: Option<i64>,
}

/// The names that a cloud gave to a network.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Names {
    Aws { vpc: String },
    Azure { subscription: String, vnet: String },
    Gcp { project: String, network: String },
}

impl Names {
    pub(super) fn value(&self) -> NetworkNames {
        match self.clone() {
            Self::Aws { vpc } => NetworkNames::Aws { vpc_id: vpc },
            Self::Azure { subscription, vnet } => {
                NetworkNames::Azure { subscription_id: subscription, vnet_name: vnet }
            }
            Self::Gcp { project, network } => {
                NetworkNames::Gcp { project_id: project, network_name: network }
            }
        }
    }
}

/// Our side of a connection, and what the customer did on the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LinkObject {
    pub(super) v: u8,
    pub(super) group: String,
    pub(super) container: String,
    pub(super) handshake: u32,
    pub(super) provider: Cloud,
    /// The connection's id in its cloud.
    pub(super) connection: String,
    /// Which network of which customer, as one word.
    pub(super) customer: String,
    pub(super) our_block: String,
    pub(super) customer_block: Option<String>,
    pub(super) route: Option<String>,
    pub(super) status: Status,
    pub(super) message: Option<String>,
    /// Whether the customer has agreed: accepted, given the role, made its half.
    pub(super) agreed: bool,
    pub(super) due: Option<i64>,
    pub(super) expires: Option<i64>,
}

/// A cloud, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Cloud {
    Aws,
    Azure,
    Gcp,
}

impl From<Provider> for Cloud {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::Aws => Self::Aws,
            Provider::Azure => Self::Azure,
            Provider::Gcp => Self::Gcp,
        }
    }
}

/// Where a connection stands, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    Requested,
    AwaitsCustomer,
    Finishing,
    Active,
    Rejected,
    Expired,
    Refused,
    Severed,
    Removing,
}

impl Status {
    fn value(self) -> LinkStatus {
        match self {
            Self::Requested => LinkStatus::Requested,
            Self::AwaitsCustomer => LinkStatus::AwaitsCustomer,
            Self::Finishing => LinkStatus::Finishing,
            Self::Active => LinkStatus::Active,
            Self::Rejected => LinkStatus::Rejected,
            Self::Expired => LinkStatus::Expired,
            Self::Refused => LinkStatus::Refused,
            Self::Severed => LinkStatus::Severed,
            Self::Removing => LinkStatus::Removing,
        }
    }

    /// Whether the cloud only remembers it.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Rejected | Self::Expired | Self::Refused | Self::Severed)
    }
}

impl LinkObject {
    pub(super) fn value(&self) -> Link {
        Link {
            handshake: self.handshake,
            connection_id: self.connection.clone(),
            status: self.status.value(),
            route: self.route.clone(),
            message: self.message.clone(),
        }
    }

    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.map(Timestamp::from_millis)
    }
}

/// One object by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tag {
    Network(ContainerId),
    Link(PeerId),
}

impl Tag {
    pub(super) fn name(self) -> String {
        match self {
            Self::Network(id) => format!("network/{id}"),
            Self::Link(id) => format!("link/{id}"),
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        match name.split_once('/')? {
            ("network", id) => ContainerId::parse(id).ok().map(Self::Network),
            ("link", id) => PeerId::parse(id).ok().map(Self::Link),
            _ => None,
        }
    }
}

/// Which network of which customer, as one word; Azure's names do not regard case.
pub(super) fn customer_word(customer: &CustomerNetwork) -> String {
    match customer {
        CustomerNetwork::Aws(net) => format!("aws/{}/{}", net.account_id, net.vpc_id),
        CustomerNetwork::Azure(net) => {
            let name = format!("{}/{}/{}", net.subscription_id, net.resource_group, net.vnet_name);
            format!("azure/{}", name.to_lowercase())
        }
        CustomerNetwork::Gcp(net) => format!("gcp/{}/{}", net.project_id, net.network_name),
    }
}

/// Whether two blocks, as they are kept, share an address.
pub(super) fn overlap(left: &str, right: &str) -> bool {
    match (AddressBlock::parse(left), AddressBlock::parse(right)) {
        (Ok(left), Ok(right)) => left.overlaps(&right),
        _ => false,
    }
}

/// The provider's word for the kind of a container.
pub(super) fn cloud_of(spec: &ContainerSpec) -> Cloud {
    spec.provider().into()
}
