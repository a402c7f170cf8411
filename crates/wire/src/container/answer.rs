//! A container as clients read it. `provisioned` is always there: clients fail without it. The
//! cloud's names are `null` until they are known.

use peerage_core::cloud::NetworkNames;
use peerage_core::container::{Container, ContainerSpec};
use peerage_core::id::ContainerId;
use peerage_core::provider::Provider;
use peerage_core::region::GcpRegion;
use serde::Serialize;

use crate::show;

/// A container as it is answered.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerView<'a> {
    #[serde(serialize_with = "show::text")]
    id: ContainerId,
    #[serde(serialize_with = "show::text")]
    provider_name: Provider,
    provisioned: bool,
    atlas_cidr_block: &'a str,
    #[serde(flatten)]
    shape: Shape<'a>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Shape<'a> {
    Aws {
        region_name: &'static str,
        vpc_id: Option<&'a str>,
    },
    Azure {
        azure_subscription_id: Option<&'a str>,
        region: &'static str,
        vnet_name: Option<&'a str>,
    },
    Gcp {
        gcp_project_id: Option<&'a str>,
        network_name: Option<&'a str>,
        #[serde(serialize_with = "show::texts")]
        regions: &'a [GcpRegion],
    },
}

impl<'a> ContainerView<'a> {
    /// The answer about `container`.
    #[must_use]
    pub fn of(container: &'a Container) -> Self {
        let Container { id, group: _, spec, peerings: _, observed: _, created: _ } = container;
        Self {
            id: *id,
            provider_name: spec.provider(),
            provisioned: container.shows_provisioned(),
            atlas_cidr_block: spec.block().as_str(),
            shape: shape(spec, container.names()),
        }
    }
}

fn shape<'a>(spec: &'a ContainerSpec, names: Option<&'a NetworkNames>) -> Shape<'a> {
    match spec {
        ContainerSpec::Aws { region, block: _ } => Shape::Aws {
            region_name: region.name(),
            vpc_id: match names {
                Some(NetworkNames::Aws { vpc_id }) => Some(vpc_id),
                Some(NetworkNames::Azure { .. } | NetworkNames::Gcp { .. }) | None => None,
            },
        },
        ContainerSpec::Azure { region, block: _ } => {
            let (subscription_id, vnet_name) = match names {
                Some(NetworkNames::Azure { subscription_id, vnet_name }) => {
                    (Some(subscription_id.as_str()), Some(vnet_name.as_str()))
                }
                Some(NetworkNames::Aws { .. } | NetworkNames::Gcp { .. }) | None => (None, None),
            };
            Shape::Azure {
                azure_subscription_id: subscription_id,
                region: region.name(),
                vnet_name,
            }
        }
        ContainerSpec::Gcp { regions, block: _ } => {
            let (project_id, network_name) = match names {
                Some(NetworkNames::Gcp { project_id, network_name }) => {
                    (Some(project_id.as_str()), Some(network_name.as_str()))
                }
                Some(NetworkNames::Aws { .. } | NetworkNames::Azure { .. }) | None => (None, None),
            };
            Shape::Gcp { gcp_project_id: project_id, network_name, regions }
        }
    }
}
