//! A peering as clients read it. What is not known yet, and an error that there is not, is `null`:
//! a non-empty error means "failed" to some clients, whatever the status.

use peerage_core::id::{ContainerId, PeerId};
use peerage_core::peering::{CustomerNetwork, Peering, Phase, aws, azure, gcp};
use peerage_core::provider::Provider;
use peerage_core::region::AwsRegion;
use serde::Serialize;

use crate::show;

/// How `accepterRegionName` is written when it is the container's own region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EqualRegion {
    /// As it was sent.
    AsSent,
    /// As `null`, which is how the service is documented to answer.
    Null {
        /// The region of the peering's container.
        container: AwsRegion,
    },
}

/// A peering as it is answered.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Peer<'a>(Shape<'a>);

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Shape<'a> {
    Aws(Aws<'a>),
    Azure(Azure<'a>),
    Gcp(Gcp<'a>),
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(serialize_with = "show::text")]
    id: PeerId,
    #[serde(serialize_with = "show::text")]
    container_id: ContainerId,
    #[serde(serialize_with = "show::text")]
    provider_name: Provider,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Aws<'a> {
    #[serde(flatten)]
    head: Head,
    accepter_region_name: Option<&'a str>,
    aws_account_id: &'a str,
    route_table_cidr_block: &'a str,
    vpc_id: &'a str,
    connection_id: Option<&'a str>,
    status_name: &'static str,
    error_state_name: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Azure<'a> {
    #[serde(flatten)]
    head: Head,
    azure_directory_id: &'a str,
    azure_subscription_id: &'a str,
    resource_group_name: &'a str,
    vnet_name: &'a str,
    status: &'static str,
    error_state: Option<&'a str>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Gcp<'a> {
    #[serde(flatten)]
    head: Head,
    gcp_project_id: &'a str,
    network_name: &'a str,
    status: &'static str,
    error_message: Option<&'a str>,
}

impl<'a> Peer<'a> {
    /// The answer about `peering`.
    #[must_use]
    pub fn of(peering: &'a Peering, equal_region: EqualRegion) -> Self {
        let Peering {
            id,
            group: _,
            container,
            customer,
            phase,
            generation: _,
            handshake: _,
            observed: _,
            connection: _,
            created: _,
            since: _,
        } = peering;
        let head = Head { id: *id, container_id: *container, provider_name: customer.provider() };
        Self(match customer {
            CustomerNetwork::Aws(network) => Shape::Aws(Aws {
                head,
                accepter_region_name: equal_region.shown(&network.region),
                aws_account_id: &network.account_id,
                route_table_cidr_block: network.block.as_str(),
                vpc_id: &network.vpc_id,
                connection_id: peering.connection_id(),
                status_name: status(phase),
                error_state_name: error_state_name(phase),
            }),
            CustomerNetwork::Azure(network) => Shape::Azure(Azure {
                head,
                azure_directory_id: &network.directory_id,
                azure_subscription_id: &network.subscription_id,
                resource_group_name: &network.resource_group,
                vnet_name: &network.vnet_name,
                status: status(phase),
                error_state: error_text(phase),
            }),
            CustomerNetwork::Gcp(network) => Shape::Gcp(Gcp {
                head,
                gcp_project_id: &network.project_id,
                network_name: &network.network_name,
                status: status(phase),
                error_message: error_text(phase),
            }),
        })
    }
}

impl EqualRegion {
    fn shown(self, region: &str) -> Option<&str> {
        match self {
            Self::Null { container } if container.is_cloud_name(region) => None,
            Self::Null { .. } | Self::AsSent => Some(region),
        }
    }
}

fn status(phase: &Phase) -> &'static str {
    match phase {
        Phase::Aws(phase) => phase.name(),
        Phase::Azure(phase) => phase.name(),
        Phase::Gcp(phase) => phase.name(),
    }
}

fn error_state_name(phase: &Phase) -> Option<&'static str> {
    match phase {
        Phase::Aws(aws::Phase::Failed(failure)) => Some(failure.state.name()),
        Phase::Aws(_) | Phase::Azure(_) | Phase::Gcp(_) => None,
    }
}

fn error_text(phase: &Phase) -> Option<&str> {
    match phase {
        Phase::Azure(azure::Phase::Failed(text) | azure::Phase::DeletionFailed(text))
        | Phase::Gcp(gcp::Phase::Failed(text)) => Some(text),
        Phase::Aws(_) | Phase::Azure(_) | Phase::Gcp(_) => None,
    }
}
