//! Containers and peerings at rest, and their way from and to the domain.

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{Drift, Link, LinkStatus, Network, NetworkNames, Observed};
use peerage_core::container::{Container, ContainerSpec};
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::{
    AwsNetwork, AzureNetwork, CustomerNetwork, GcpNetwork, Peering, Phase, aws, azure, gcp,
};
use peerage_core::region::{AwsRegion, AzureRegion, GcpRegion};
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, text};

/// A container at rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "ContainerRow", into = "ContainerRow")]
pub struct ContainerRecord(pub Container);

/// A peering at rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "PeeringRow", into = "PeeringRow")]
pub struct PeeringRecord(pub Peering);

impl Record for ContainerRecord {
    const NOUN: &'static str = "container";
}

impl Record for PeeringRecord {
    const NOUN: &'static str = "peering";
}

/// A value inside a record that the domain does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown {what} `{value}`")]
struct Unknown {
    what: &'static str,
    value: String,
}

fn unknown(what: &'static str, value: &str) -> Unknown {
    Unknown { what, value: value.to_owned() }
}

fn block(text: &str) -> Result<AddressBlock, Unknown> {
    AddressBlock::parse(text).map_err(|_| unknown("address block", text))
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ContainerRow {
    #[serde(with = "text::display")]
    id: ContainerId,
    #[serde(with = "text::display")]
    group: GroupId,
    spec: SpecRow,
    peerings: u32,
    observed: ObservedRow<NetworkRow>,
    #[serde(with = "text::millis")]
    created: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "lowercase")]
enum SpecRow {
    Aws { region: String, block: String },
    Azure { region: String, block: String },
    Gcp { regions: Vec<String>, block: String },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ObservedRow<T> {
    Nothing,
    Unknown,
    Found(T),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct NetworkRow {
    names: NamesRow,
    ready: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drift: Option<DriftRow>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct DriftRow {
    what: String,
    repair: bool,
}

impl From<Drift> for DriftRow {
    fn from(Drift { what, repair }: Drift) -> Self {
        Self { what, repair }
    }
}

impl From<DriftRow> for Drift {
    fn from(DriftRow { what, repair }: DriftRow) -> Self {
        Self { what, repair }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "lowercase")]
enum NamesRow {
    Aws { vpc_id: String },
    Azure { subscription_id: String, vnet_name: String },
    Gcp { project_id: String, network_name: String },
}

impl<T> ObservedRow<T> {
    fn from<U>(observed: Observed<U>, row: impl FnOnce(U) -> T) -> Self {
        match observed {
            Observed::Nothing => Self::Nothing,
            Observed::Unknown => Self::Unknown,
            Observed::Found(found) => Self::Found(row(found)),
        }
    }

    fn into<U, E>(self, value: impl FnOnce(T) -> Result<U, E>) -> Result<Observed<U>, E> {
        Ok(match self {
            Self::Nothing => Observed::Nothing,
            Self::Unknown => Observed::Unknown,
            Self::Found(row) => Observed::Found(value(row)?),
        })
    }
}

impl From<ContainerRecord> for ContainerRow {
    fn from(ContainerRecord(container): ContainerRecord) -> Self {
        let Container { id, group, spec, peerings, observed, created } = container;
        let observed = ObservedRow::from(observed, NetworkRow::from);
        Self { id, group, spec: spec.into(), peerings, observed, created }
    }
}

impl TryFrom<ContainerRow> for ContainerRecord {
    type Error = Unknown;

    fn try_from(row: ContainerRow) -> Result<Self, Unknown> {
        let ContainerRow { id, group, spec, peerings, observed, created } = row;
        let observed = observed.into(|row| Ok::<_, Unknown>(Network::from(row)))?;
        Ok(Self(Container { id, group, spec: spec.try_into()?, peerings, observed, created }))
    }
}

impl From<ContainerSpec> for SpecRow {
    fn from(spec: ContainerSpec) -> Self {
        match spec {
            ContainerSpec::Aws { region, block } => {
                Self::Aws { region: region.name().into(), block: block.as_str().into() }
            }
            ContainerSpec::Azure { region, block } => {
                Self::Azure { region: region.name().into(), block: block.as_str().into() }
            }
            ContainerSpec::Gcp { regions, block } => Self::Gcp {
                regions: regions.into_iter().map(|region| region.name().into()).collect(),
                block: block.as_str().into(),
            },
        }
    }
}

impl TryFrom<SpecRow> for ContainerSpec {
    type Error = Unknown;

    fn try_from(row: SpecRow) -> Result<Self, Unknown> {
        Ok(match row {
            SpecRow::Aws { region, block: text } => Self::Aws {
                region: AwsRegion::parse(&region).ok_or_else(|| unknown("region", &region))?,
                block: block(&text)?,
            },
            SpecRow::Azure { region, block: text } => Self::Azure {
                region: AzureRegion::parse(&region).ok_or_else(|| unknown("region", &region))?,
                block: block(&text)?,
            },
            SpecRow::Gcp { regions, block: text } => {
                let parse = |region: &String| {
                    GcpRegion::parse(region).ok_or_else(|| unknown("region", region))
                };
                let regions = regions.iter().map(parse).collect::<Result<_, _>>()?;
                Self::Gcp { regions, block: block(&text)? }
            }
        })
    }
}

impl From<Network> for NetworkRow {
    fn from(Network { names, ready, drift }: Network) -> Self {
        let names = match names {
            NetworkNames::Aws { vpc_id } => NamesRow::Aws { vpc_id },
            NetworkNames::Azure { subscription_id, vnet_name } => {
                NamesRow::Azure { subscription_id, vnet_name }
            }
            NetworkNames::Gcp { project_id, network_name } => {
                NamesRow::Gcp { project_id, network_name }
            }
        };
        Self { names, ready, drift: drift.map(Into::into) }
    }
}

impl From<NetworkRow> for Network {
    fn from(NetworkRow { names, ready, drift }: NetworkRow) -> Self {
        let names = match names {
            NamesRow::Aws { vpc_id } => NetworkNames::Aws { vpc_id },
            NamesRow::Azure { subscription_id, vnet_name } => {
                NetworkNames::Azure { subscription_id, vnet_name }
            }
            NamesRow::Gcp { project_id, network_name } => {
                NetworkNames::Gcp { project_id, network_name }
            }
        };
        Self { names, ready, drift: drift.map(Into::into) }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PeeringRow {
    #[serde(with = "text::display")]
    id: PeerId,
    #[serde(with = "text::display")]
    group: GroupId,
    #[serde(with = "text::display")]
    container: ContainerId,
    customer: CustomerRow,
    phase: PhaseRow,
    generation: u64,
    handshake: u32,
    observed: ObservedRow<LinkRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(with = "text::millis")]
    created: Timestamp,
    #[serde(with = "text::millis")]
    since: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "lowercase")]
enum CustomerRow {
    Aws {
        account_id: String,
        vpc_id: String,
        region: String,
        block: String,
    },
    Azure {
        directory_id: String,
        subscription_id: String,
        resource_group: String,
        vnet_name: String,
    },
    Gcp {
        project_id: String,
        network_name: String,
    },
}

/// A phase by its name on the wire, and what it failed of.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PhaseRow {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct LinkRow {
    handshake: u32,
    connection_id: String,
    status: StatusRow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drift: Option<DriftRow>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StatusRow {
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

impl From<PeeringRecord> for PeeringRow {
    fn from(PeeringRecord(peering): PeeringRecord) -> Self {
        let Peering {
            id,
            group,
            container,
            customer,
            phase,
            generation,
            handshake,
            observed,
            connection,
            created,
            since,
        } = peering;
        Self {
            id,
            group,
            container,
            customer: customer.into(),
            phase: phase.into(),
            generation,
            handshake,
            observed: ObservedRow::from(observed, LinkRow::from),
            connection,
            created,
            since,
        }
    }
}

impl TryFrom<PeeringRow> for PeeringRecord {
    type Error = Unknown;

    fn try_from(row: PeeringRow) -> Result<Self, Unknown> {
        let customer = CustomerNetwork::try_from(row.customer)?;
        Ok(Self(Peering {
            id: row.id,
            group: row.group,
            container: row.container,
            phase: row.phase.into_phase(&customer)?,
            customer,
            generation: row.generation,
            handshake: row.handshake,
            observed: row.observed.into(|row| Ok::<_, Unknown>(Link::from(row)))?,
            connection: row.connection,
            created: row.created,
            since: row.since,
        }))
    }
}

impl From<CustomerNetwork> for CustomerRow {
    fn from(network: CustomerNetwork) -> Self {
        match network {
            CustomerNetwork::Aws(AwsNetwork { account_id, vpc_id, region, block }) => {
                Self::Aws { account_id, vpc_id, region, block: block.as_str().into() }
            }
            CustomerNetwork::Azure(AzureNetwork {
                directory_id,
                subscription_id,
                resource_group,
                vnet_name,
            }) => Self::Azure { directory_id, subscription_id, resource_group, vnet_name },
            CustomerNetwork::Gcp(GcpNetwork { project_id, network_name }) => {
                Self::Gcp { project_id, network_name }
            }
        }
    }
}

impl TryFrom<CustomerRow> for CustomerNetwork {
    type Error = Unknown;

    fn try_from(row: CustomerRow) -> Result<Self, Unknown> {
        Ok(match row {
            CustomerRow::Aws { account_id, vpc_id, region, block: text } => {
                Self::Aws(AwsNetwork { account_id, vpc_id, region, block: block(&text)? })
            }
            CustomerRow::Azure { directory_id, subscription_id, resource_group, vnet_name } => {
                Self::Azure(AzureNetwork {
                    directory_id,
                    subscription_id,
                    resource_group,
                    vnet_name,
                })
            }
            CustomerRow::Gcp { project_id, network_name } => {
                Self::Gcp(GcpNetwork { project_id, network_name })
            }
        })
    }
}

impl From<Phase> for PhaseRow {
    fn from(phase: Phase) -> Self {
        let name = match &phase {
            Phase::Aws(phase) => phase.name(),
            Phase::Azure(phase) => phase.name(),
            Phase::Gcp(phase) => phase.name(),
        };
        let (error, message) = match phase {
            Phase::Aws(aws::Phase::Failed(failure)) => {
                (Some(failure.state.name().to_owned()), Some(failure.message))
            }
            Phase::Azure(azure::Phase::Failed(text) | azure::Phase::DeletionFailed(text))
            | Phase::Gcp(gcp::Phase::Failed(text)) => (None, Some(text)),
            Phase::Aws(_) | Phase::Azure(_) | Phase::Gcp(_) => (None, None),
        };
        Self { name: name.to_owned(), error, message }
    }
}

impl PhaseRow {
    fn into_phase(self, customer: &CustomerNetwork) -> Result<Phase, Unknown> {
        let message = self.message.unwrap_or_default();
        let nobody = || unknown("phase", &self.name);
        Ok(match customer {
            CustomerNetwork::Aws(_) => Phase::Aws(match self.name.as_str() {
                "INITIATING" => aws::Phase::Initiating,
                "PENDING_ACCEPTANCE" => aws::Phase::PendingAcceptance,
                "FINALIZING" => aws::Phase::Finalizing,
                "AVAILABLE" => aws::Phase::Available,
                "TERMINATING" => aws::Phase::Terminating,
                "FAILED" => {
                    let state = match self.error.as_deref() {
                        Some("REJECTED") => aws::ErrorState::Rejected,
                        Some("EXPIRED") => aws::ErrorState::Expired,
                        Some("INVALID_ARGUMENT") => aws::ErrorState::InvalidArgument,
                        other => return Err(unknown("error state", other.unwrap_or_default())),
                    };
                    aws::Phase::Failed(aws::Failure { state, message })
                }
                _ => return Err(nobody()),
            }),
            CustomerNetwork::Azure(_) => Phase::Azure(match self.name.as_str() {
                "ADDING_PEER" => azure::Phase::AddingPeer,
                "AVAILABLE" => azure::Phase::Available,
                "FAILED" => azure::Phase::Failed(message),
                "DELETING" => azure::Phase::Deleting,
                "DELETION_FAILED" => azure::Phase::DeletionFailed(message),
                _ => return Err(nobody()),
            }),
            CustomerNetwork::Gcp(_) => Phase::Gcp(match self.name.as_str() {
                "ADDING_PEER" => gcp::Phase::AddingPeer,
                "WAITING_FOR_USER" => gcp::Phase::WaitingForUser,
                "AVAILABLE" => gcp::Phase::Available,
                "FAILED" => gcp::Phase::Failed(message),
                "DELETING" => gcp::Phase::Deleting,
                _ => return Err(nobody()),
            }),
        })
    }
}

macro_rules! same_names {
    ($($status:ident)*) => {
        impl From<LinkStatus> for StatusRow {
            fn from(status: LinkStatus) -> Self {
                match status { $(LinkStatus::$status => Self::$status,)* }
            }
        }
        impl From<StatusRow> for LinkStatus {
            fn from(row: StatusRow) -> Self {
                match row { $(StatusRow::$status => Self::$status,)* }
            }
        }
    };
}

same_names! {
    Requested AwaitsCustomer Finishing Active Rejected Expired Refused Severed Removing
}

impl From<Link> for LinkRow {
    fn from(link: Link) -> Self {
        let Link { handshake, connection_id, status, route, message, drift } = link;
        let drift = drift.map(Into::into);
        Self { handshake, connection_id, status: status.into(), route, message, drift }
    }
}

impl From<LinkRow> for Link {
    fn from(row: LinkRow) -> Self {
        let LinkRow { handshake, connection_id, status, route, message, drift } = row;
        let drift = drift.map(Into::into);
        Self { handshake, connection_id, status: status.into(), route, message, drift }
    }
}
