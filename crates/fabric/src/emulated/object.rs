//! What exists in the emulated clouds, and how it is kept: JSON with a format number.
//!
//! A connection is one object that holds both sides, ours and the customer's, in its own cloud's
//! words ([`Sides`]); what all clouds have in common stands beside them.

use peerage_core::cloud::{Link, LinkRequest, LinkStatus, NetworkNames};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, PeerId};
use peerage_core::peering::CustomerNetwork;
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::Ids;
use super::index::Rank;
use super::row::Customer;
use super::{aws, azure, gcp};

/// The format of what is kept. Another number is another program's.
pub(super) const FORMAT: u8 = 1;

/// A network of the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct NetworkObject {
    pub(super) v: u8,
    pub(super) names: Names,
    pub(super) state: NetworkState,
    pub(super) due: Option<i64>,
}

impl NetworkObject {
    /// Whether it is ready and nothing will become of it by itself.
    pub(super) fn rests(&self) -> bool {
        self.state == NetworkState::Ready && self.due.is_none()
    }
}

/// Where a network of the service stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum NetworkState {
    Creating,
    Ready,
    Removing,
}

/// The names that a cloud gave to a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Names {
    Aws { vpc: String },
    Azure { subscription: String, vnet: String },
    Gcp { project: String, network: String },
}

impl Names {
    /// Names that no other network has.
    pub(super) fn give(spec: &ContainerSpec, ids: &mut Ids) -> Self {
        match spec {
            ContainerSpec::Aws { .. } => Self::Aws { vpc: format!("vpc-{}", ids.hex(17)) },
            ContainerSpec::Azure { .. } => Self::Azure {
                subscription: ids.hex(24),
                vnet: format!("vnet_{}_{}", ids.hex(24), ids.word(8)),
            },
            ContainerSpec::Gcp { .. } => Self::Gcp {
                project: format!("p-{}", ids.word(24)),
                network: format!("nt-{}-{}", ids.hex(24), ids.word(8)),
            },
        }
    }

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

/// A connection: what was asked for, and both sides of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LinkObject {
    pub(super) v: u8,
    pub(super) group: String,
    #[serde(with = "id_text")]
    pub(super) container: ContainerId,
    pub(super) handshake: u32,
    /// The connection's id in its cloud.
    pub(super) connection: String,
    /// Which network of which customer, as one word.
    pub(super) customer: String,
    pub(super) our_block: String,
    /// The words with which a planted fault makes it fail.
    pub(super) planted: Option<String>,
    /// The cloud's words on where it stands, where they are not the usual ones.
    pub(super) message: Option<String>,
    pub(super) due: Option<i64>,
    pub(super) sides: Sides,
}

/// Both sides of a connection, as its cloud sees them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sides {
    Aws(aws::Connection),
    Azure(azure::Pair),
    Gcp(gcp::Pair),
}

impl LinkObject {
    pub(super) fn new(
        request: &LinkRequest,
        connection: String,
        planted: Option<String>,
        sides: Sides,
    ) -> Self {
        Self {
            v: FORMAT,
            group: request.group.to_string(),
            container: request.container,
            handshake: request.handshake,
            connection,
            customer: customer_word(&request.customer),
            our_block: request.our_block().net().to_string(),
            planted,
            message: None,
            due: None,
            sides,
        }
    }

    pub(super) fn value(&self) -> Link {
        let usual = match &self.sides {
            Sides::Aws(connection) => Some(connection.words()),
            Sides::Azure(_) => None,
            Sides::Gcp(pair) => pair.words().map(str::to_owned),
        };
        let route = match &self.sides {
            Sides::Aws(connection) => connection.route.as_ref().map(|route| route.block.clone()),
            Sides::Azure(_) | Sides::Gcp(_) => None,
        };
        Link {
            handshake: self.handshake,
            connection_id: self.connection.clone(),
            status: self.status(),
            route,
            message: self.message.clone().or(usual),
            drift: None,
        }
    }

    pub(super) fn status(&self) -> LinkStatus {
        match &self.sides {
            Sides::Aws(connection) => connection.status(),
            Sides::Azure(pair) => pair.status(),
            Sides::Gcp(pair) => pair.status(),
        }
    }

    /// Whether nothing of it exists: the cloud only remembers it, or never made it.
    pub(super) fn is_memory(&self) -> bool {
        match &self.sides {
            Sides::Aws(connection) => connection.is_memory(),
            Sides::Azure(pair) => pair.is_memory(),
            Sides::Gcp(pair) => pair.is_memory(),
        }
    }

    /// How it counts for its two networks.
    pub(super) fn rank(&self) -> Rank {
        match &self.sides {
            Sides::Aws(connection) => connection.rank(),
            Sides::Azure(pair) => pair.rank(),
            Sides::Gcp(pair) => pair.rank(),
        }
    }

    /// The block that counts for the customer's network: what this connection told us of it on AWS,
    /// ours elsewhere.
    pub(super) fn counted_block(&self) -> &str {
        match &self.sides {
            Sides::Aws(connection) => &connection.block,
            Sides::Azure(_) | Sides::Gcp(_) => &self.our_block,
        }
    }

    /// The customer's network, as the index has it.
    pub(super) fn customer(&self) -> Customer {
        Customer::of(&self.customer)
    }

    /// Whether nothing will become of it by itself.
    pub(super) fn rests(&self) -> bool {
        self.due.is_none()
    }

    /// The same connection with its sides changed, and its next step at `due`.
    pub(super) fn with(self, sides: Sides, due: Option<Timestamp>) -> Self {
        Self { sides, due: due.map(Timestamp::as_millis), ..self }
    }

    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.map(Timestamp::from_millis)
    }
}

/// What a step makes of a connection.
#[derive(Debug)]
pub(super) enum Fate {
    /// This.
    Becomes(Box<LinkObject>),
    /// Nothing: it is gone.
    Gone,
}

impl From<LinkObject> for Fate {
    fn from(link: LinkObject) -> Self {
        Self::Becomes(Box::new(link))
    }
}

/// One object by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tag {
    Ids,
    Faults,
    Network(ContainerId),
    Link(PeerId),
}

impl Tag {
    pub(super) fn name(self) -> String {
        match self {
            Self::Ids => "ids".to_owned(),
            Self::Faults => "faults".to_owned(),
            Self::Network(id) => format!("network/{id}"),
            Self::Link(id) => format!("link/{id}"),
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        match name.split_once('/') {
            None if name == "ids" => Some(Self::Ids),
            None if name == "faults" => Some(Self::Faults),
            Some(("network", id)) => ContainerId::parse(id).ok().map(Self::Network),
            Some(("link", id)) => PeerId::parse(id).ok().map(Self::Link),
            None | Some(_) => None,
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

/// An id as its text.
mod id_text {
    use peerage_core::id::ContainerId;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &ContainerId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ContainerId, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        ContainerId::parse(&text).map_err(D::Error::custom)
    }
}
