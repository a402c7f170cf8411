//! Between the model's words and the product's: what stands for a place, a customer, a change, and
//! what a peering that was seen stands for.

use peerage::app::peerings::Update;
use peerage_core::cidr::AddressBlock;
use peerage_core::container::{Container, ContainerSpec};
use peerage_core::peering::{
    AwsChange, AwsNetwork, AzureChange, AzureNetwork, CustomerNetwork, GcpChange, GcpNetwork,
    Peering, PeeringChange,
};
use peerage_core::provider::Provider;
use peerage_core::region::{AwsRegion, AzureRegion};

use crate::model::{Change, Customer, Place, Shown};

const ACCOUNT: &str = "123456789012";
const UUID: &str = "5f7c9a3e-0000-4000-8000-00000000cafe";

fn block(text: &str) -> AddressBlock {
    AddressBlock::parse(text).expect("a block that is written here")
}

/// A container in a place.
pub(super) fn container(place: Place) -> ContainerSpec {
    let region = usize::from(place.region);
    match place.provider {
        Provider::Aws => ContainerSpec::Aws {
            region: AwsRegion::all().nth(region).expect("a region"),
            block: block(&format!("10.{region}.0.0/21")),
        },
        Provider::Azure => ContainerSpec::Azure {
            region: AzureRegion::all().nth(region).expect("a region"),
            block: block(&format!("10.{}.0.0/21", 64 + region)),
        },
        Provider::Gcp => ContainerSpec::Gcp { regions: Vec::new(), block: block("10.128.0.0/18") },
    }
}

/// The place of a container; `None` if no client asked for such a one.
pub(super) fn place(container: &Container) -> Option<Place> {
    let provider = container.spec.provider();
    let places = (0..4).map(|region| Place { provider, region });
    places.into_iter().find(|place| self::container(*place) == container.spec)
}

fn route(number: u32) -> AddressBlock {
    let (high, low) = (16 + number / 256 % 16, number % 256);
    block(&format!("172.{high}.{low}.0/24"))
}

fn vpc(network: u32, version: u32) -> String {
    format!("vpc-{network:08x}{version:09x}")
}

fn name(network: u32, version: u32) -> String {
    format!("network-{network}-{version}")
}

/// A customer's network.
pub(super) fn customer(provider: Provider, customer: Customer) -> CustomerNetwork {
    let Customer { network, version, route: number } = customer;
    match provider {
        Provider::Aws => CustomerNetwork::Aws(AwsNetwork {
            account_id: ACCOUNT.to_owned(),
            vpc_id: vpc(network, version),
            region: "us-east-1".to_owned(),
            block: route(number),
        }),
        Provider::Azure => CustomerNetwork::Azure(AzureNetwork {
            directory_id: UUID.to_owned(),
            subscription_id: UUID.to_owned(),
            resource_group: "group".to_owned(),
            vnet_name: name(network, version),
        }),
        Provider::Gcp => CustomerNetwork::Gcp(GcpNetwork {
            project_id: "a-project".to_owned(),
            network_name: name(network, version),
        }),
    }
}

/// A change of a peering with a network.
pub(super) fn update(provider: Provider, network: u32, change: Change) -> Update {
    let change = match (provider, change) {
        (Provider::Aws, Change::Route(number)) => {
            PeeringChange::Aws(AwsChange { block: Some(route(number)), ..AwsChange::default() })
        }
        (Provider::Aws, Change::Version(version)) => PeeringChange::Aws(AwsChange {
            vpc_id: Some(vpc(network, version)),
            ..AwsChange::default()
        }),
        (Provider::Azure, Change::Route(version) | Change::Version(version)) => {
            let vnet_name = Some(name(network, version));
            PeeringChange::Azure(AzureChange { vnet_name, ..AzureChange::default() })
        }
        (Provider::Gcp, Change::Route(version) | Change::Version(version)) => {
            let network_name = Some(name(network, version));
            PeeringChange::Gcp(GcpChange { network_name, ..GcpChange::default() })
        }
    };
    Update { container: None, change }
}

/// What a peering stands for; `None` if no client asked for such a one.
pub(super) fn shown(peering: &Peering) -> Option<Shown> {
    let customer = match &peering.customer {
        CustomerNetwork::Aws(aws) => {
            let digits = aws.vpc_id.strip_prefix("vpc-")?;
            let route = (1..4096).find(|number| route(*number) == aws.block)?;
            let network = u32::from_str_radix(digits.get(..8)?, 16).ok()?;
            Customer { network, version: u32::from_str_radix(&digits[8..], 16).ok()?, route }
        }
        CustomerNetwork::Azure(azure) => unnamed(&azure.vnet_name)?,
        CustomerNetwork::Gcp(gcp) => unnamed(&gcp.network_name)?,
    };
    let leaving = peering.phase.is_deleting();
    Some(Shown { id: peering.id, container: peering.container, customer, leaving })
}

fn unnamed(name: &str) -> Option<Customer> {
    let (network, version) = name.strip_prefix("network-")?.split_once('-')?;
    let network = network.parse().ok()?;
    // Only AWS has a block; elsewhere it is what it was made with.
    Some(Customer { network, version: version.parse().ok()?, route: network })
}
