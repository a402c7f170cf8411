//! The network at the other end of a peering, as its owner describes it.

use alloc::string::String;

use crate::cidr::AddressBlock;
use crate::provider::Provider;

/// A network of the customer: somebody else's, never made by us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerNetwork {
    /// A VPC on AWS.
    Aws(AwsNetwork),
    /// A VNet on Azure.
    Azure(AzureNetwork),
    /// A VPC network on GCP.
    Gcp(GcpNetwork),
}

/// A VPC of the customer on AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsNetwork {
    /// The account: twelve digits.
    pub account_id: String,
    /// The VPC: `vpc-` and 17 hexadecimal digits.
    pub vpc_id: String,
    /// The region in the cloud's own form, such as `us-east-1`, as it was given.
    pub region: String,
    /// The customer's addresses that our route tables send to it.
    pub block: AddressBlock,
}

/// A VNet of the customer on Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureNetwork {
    /// The directory, a UUID.
    pub directory_id: String,
    /// The subscription, a UUID.
    pub subscription_id: String,
    /// The resource group.
    pub resource_group: String,
    /// The VNet.
    pub vnet_name: String,
}

/// A VPC network of the customer on GCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GcpNetwork {
    /// The project.
    pub project_id: String,
    /// The network.
    pub network_name: String,
}

/// How two descriptions of a network differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkChange {
    /// They do not.
    None,
    /// Only in the block for our route tables.
    Route,
    /// They are different networks.
    Network,
}

impl CustomerNetwork {
    /// The cloud.
    #[must_use]
    pub fn provider(&self) -> Provider {
        match self {
            Self::Aws(_) => Provider::Aws,
            Self::Azure(_) => Provider::Azure,
            Self::Gcp(_) => Provider::Gcp,
        }
    }

    /// Whether both are one network of one owner. Azure's names are read without regard to case.
    #[must_use]
    pub fn is_same_network(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Aws(ours), Self::Aws(theirs)) => {
                ours.account_id == theirs.account_id && ours.vpc_id == theirs.vpc_id
            }
            (Self::Azure(ours), Self::Azure(theirs)) => {
                ours.subscription_id.eq_ignore_ascii_case(&theirs.subscription_id)
                    && ours.resource_group.eq_ignore_ascii_case(&theirs.resource_group)
                    && ours.vnet_name.eq_ignore_ascii_case(&theirs.vnet_name)
            }
            (Self::Gcp(ours), Self::Gcp(theirs)) => ours == theirs,
            (Self::Aws(_) | Self::Azure(_) | Self::Gcp(_), _) => false,
        }
    }

    /// How `other` differs from this one.
    #[must_use]
    pub fn difference(&self, other: &Self) -> NetworkChange {
        if self == other {
            return NetworkChange::None;
        }
        match (self, other) {
            (Self::Aws(ours), Self::Aws(theirs))
                if ours.vpc_id == theirs.vpc_id
                    && ours.account_id == theirs.account_id
                    && ours.region == theirs.region =>
            {
                NetworkChange::Route
            }
            (Self::Aws(_) | Self::Azure(_) | Self::Gcp(_), _) => NetworkChange::Network,
        }
    }
}
