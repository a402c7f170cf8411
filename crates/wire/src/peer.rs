//! Peering connections: three shapes, told apart by `providerName`.
//!
//! What the server sets (`id`, statuses, errors, `connectionId`) is ignored in a request, however
//! it is written. A field that belongs to another provider is refused: it shows that the client
//! means another cloud than it names. Texts of the customer come back as they were sent.

mod answer;

use peerage_core::id::ContainerId;
use peerage_core::peering::{AwsChange, AwsNetwork, AzureChange, AzureNetwork, CustomerNetwork};
use peerage_core::peering::{GcpChange, GcpNetwork, PeeringChange};
use peerage_core::provider::Provider;

use crate::fields::{Fields, ReadError};
use crate::form;

pub use answer::{EqualRegion, Peer};

/// The names of the providers, for messages.
pub(crate) const PROVIDERS: &str = "AWS, AZURE, GCP";

const AWS_FIELDS: [&str; 4] =
    ["accepterRegionName", "awsAccountId", "routeTableCidrBlock", "vpcId"];
const AZURE_FIELDS: [&str; 4] =
    ["azureDirectoryId", "azureSubscriptionId", "resourceGroupName", "vnetName"];
const GCP_FIELDS: [&str; 2] = ["gcpProjectId", "networkName"];

/// A request for a peering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPeer {
    /// The container at our end.
    pub container: ContainerId,
    /// The network at the other end.
    pub customer: CustomerNetwork,
}

impl NewPeer {
    /// Reads a request. A provider in any case is taken; without one it is AWS.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let container = fields.required("containerId").id();
        let customer = match read_provider(&mut fields) {
            Some(provider) => {
                refuse_other_providers(&mut fields, provider);
                match provider {
                    Provider::Aws => new_aws(&mut fields).map(CustomerNetwork::Aws),
                    Provider::Azure => new_azure(&mut fields).map(CustomerNetwork::Azure),
                    Provider::Gcp => new_gcp(&mut fields).map(CustomerNetwork::Gcp),
                }
            }
            None => None,
        };
        let build = || Some(Self { container: container?, customer: customer? });
        Ok(fields.finish_with(build)?)
    }
}

/// A request to change a peering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerChange {
    /// The container that the client believes it to be in, when it says so.
    pub container: Option<ContainerId>,
    /// What is to be different.
    pub change: PeeringChange,
}

impl PeerChange {
    /// Reads a change to a peering of `provider`; a `providerName` has to be the same one.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8], provider: Provider) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let container = fields.optional("containerId").id();
        refuse_other_name(&mut fields, provider);
        refuse_other_providers(&mut fields, provider);
        let change = match provider {
            Provider::Aws => PeeringChange::Aws(AwsChange {
                region: fields.optional("accepterRegionName").text(form::CLOUD_REGION),
                account_id: fields.optional("awsAccountId").text(form::AWS_ACCOUNT_ID),
                block: fields.optional("routeTableCidrBlock").block(),
                vpc_id: fields.optional("vpcId").text(form::VPC_ID),
            }),
            Provider::Azure => PeeringChange::Azure(AzureChange {
                directory_id: fields.optional("azureDirectoryId").text(form::UUID),
                subscription_id: fields.optional("azureSubscriptionId").text(form::UUID),
                resource_group: fields.optional("resourceGroupName").text(form::AZURE_NAME),
                vnet_name: fields.optional("vnetName").text(form::AZURE_NAME),
            }),
            Provider::Gcp => PeeringChange::Gcp(GcpChange {
                project_id: fields.optional("gcpProjectId").text(form::GCP_PROJECT_ID),
                network_name: fields.optional("networkName").text(form::GCP_NETWORK_NAME),
            }),
        };
        fields.finish()?;
        Ok(Self { container, change })
    }
}

/// The provider of a new object: AWS when it is not named; none when its name was refused.
pub(crate) fn read_provider(fields: &mut Fields) -> Option<Provider> {
    if !fields.has("providerName") {
        return Some(Provider::Aws);
    }
    fields.optional("providerName").one_of(Provider::parse, PROVIDERS)
}

/// Refuses a `providerName` that is not the one that an object has.
pub(crate) fn refuse_other_name(fields: &mut Fields, provider: Provider) {
    let named = fields.optional("providerName").one_of(Provider::parse, PROVIDERS);
    if named.is_some_and(|named| named != provider) {
        let expects = format!("{provider}, which cannot be changed");
        fields.refuse("providerName", &expects);
    }
}

fn refuse_other_providers(fields: &mut Fields, provider: Provider) {
    let expects = format!("left out: {provider} has no such attribute");
    let all: [(Provider, &[&str]); 3] = [
        (Provider::Aws, &AWS_FIELDS),
        (Provider::Azure, &AZURE_FIELDS),
        (Provider::Gcp, &GCP_FIELDS),
    ];
    for (_, names) in all.into_iter().filter(|(owner, _)| *owner != provider) {
        fields.refuse_foreign(names, &expects);
    }
}

fn new_aws(fields: &mut Fields) -> Option<AwsNetwork> {
    let region = fields.required("accepterRegionName").text(form::CLOUD_REGION);
    let account_id = fields.required("awsAccountId").text(form::AWS_ACCOUNT_ID);
    let block = fields.required("routeTableCidrBlock").block();
    let vpc_id = fields.required("vpcId").text(form::VPC_ID);
    Some(AwsNetwork { account_id: account_id?, vpc_id: vpc_id?, region: region?, block: block? })
}

fn new_azure(fields: &mut Fields) -> Option<AzureNetwork> {
    let directory_id = fields.required("azureDirectoryId").text(form::UUID);
    let subscription_id = fields.required("azureSubscriptionId").text(form::UUID);
    let resource_group = fields.required("resourceGroupName").text(form::AZURE_NAME);
    let vnet_name = fields.required("vnetName").text(form::AZURE_NAME);
    Some(AzureNetwork {
        directory_id: directory_id?,
        subscription_id: subscription_id?,
        resource_group: resource_group?,
        vnet_name: vnet_name?,
    })
}

fn new_gcp(fields: &mut Fields) -> Option<GcpNetwork> {
    let project_id = fields.required("gcpProjectId").text(form::GCP_PROJECT_ID);
    let network_name = fields.required("networkName").text(form::GCP_NETWORK_NAME);
    Some(GcpNetwork { project_id: project_id?, network_name: network_name? })
}

#[cfg(test)]
mod tests;
