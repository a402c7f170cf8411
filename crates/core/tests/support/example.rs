//! Small objects for tests: containers, networks of customers, peerings.
#![allow(dead_code, reason = "every test binary takes what it needs")]
#![allow(clippy::unwrap_used, reason = "what cannot be made is a failed test")]

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::Observed;
use peerage_core::container::{Container, ContainerSpec};
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::{
    AwsNetwork, AzureNetwork, CustomerNetwork, Event, GcpNetwork, Peering, Phase, aws, azure, gcp,
};
use peerage_core::provider::Provider;
use peerage_core::region::{AwsRegion, AzureRegion};
use peerage_core::time::Timestamp;

pub(crate) const GROUP: GroupId = GroupId::from_bytes([1; 12]);

pub(crate) fn block(text: &str) -> AddressBlock {
    AddressBlock::parse(text).unwrap()
}

/// The peering number `number`.
pub(crate) fn peer_id(number: u16) -> PeerId {
    let mut bytes = [3; 12];
    bytes[10..].copy_from_slice(&number.to_be_bytes());
    PeerId::from_bytes(bytes)
}

/// An empty container of `provider`, the `number`th.
pub(crate) fn container(provider: Provider, number: u8) -> Container {
    let spec = match provider {
        Provider::Aws => ContainerSpec::Aws {
            region: AwsRegion::all().nth(usize::from(number)).unwrap(),
            block: block("10.8.0.0/21"),
        },
        Provider::Azure => ContainerSpec::Azure {
            region: AzureRegion::all().nth(usize::from(number)).unwrap(),
            block: block("10.8.0.0/21"),
        },
        Provider::Gcp => ContainerSpec::Gcp { regions: Vec::new(), block: block("10.0.0.0/18") },
    };
    Container {
        id: ContainerId::from_bytes([2, provider as u8, number, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        group: GROUP,
        spec,
        peerings: 0,
        observed: Observed::Nothing,
        created: Timestamp::ZERO,
    }
}

/// The customer's network number `number`; each has its own addresses.
pub(crate) fn customer(provider: Provider, number: u16) -> CustomerNetwork {
    match provider {
        Provider::Aws => aws_customer(number, &format!("172.16.{number}.0/24")),
        Provider::Azure => CustomerNetwork::Azure(AzureNetwork {
            directory_id: "b5c1a9d4-0000-4000-8000-000000000001".into(),
            subscription_id: "b5c1a9d4-0000-4000-8000-00000000abcd".into(),
            resource_group: "orders".into(),
            vnet_name: format!("vnet-{number}"),
        }),
        Provider::Gcp => CustomerNetwork::Gcp(GcpNetwork {
            project_id: "orders-prod".into(),
            network_name: format!("net-{number}"),
        }),
    }
}

pub(crate) fn aws_customer(number: u16, route: &str) -> CustomerNetwork {
    CustomerNetwork::Aws(AwsNetwork {
        account_id: "123456789012".into(),
        vpc_id: format!("vpc-{number:017x}"),
        region: "us-east-1".into(),
        block: block(route),
    })
}

/// Peering number `number` in `container` with the customer's network of that number.
pub(crate) fn peering(container: &Container, number: u16) -> Peering {
    let provider = container.spec.provider();
    let network = customer(provider, number);
    let id = peer_id(number);
    Peering::request(id, container, network, [].iter(), Timestamp::ZERO).unwrap()
}

pub(crate) fn in_phase(peering: &Peering, phase: Phase) -> Peering {
    Peering { phase, ..peering.clone() }
}

/// Every phase of `provider`, in the order of its life.
pub(crate) fn phases(provider: Provider) -> Vec<Phase> {
    let words = || String::from("because");
    let failure =
        || aws::Failure { state: aws::ErrorState::InvalidArgument, message: "because".into() };
    match provider {
        Provider::Aws => [
            aws::Phase::Initiating,
            aws::Phase::PendingAcceptance,
            aws::Phase::Finalizing,
            aws::Phase::Available,
            aws::Phase::Failed(failure()),
            aws::Phase::Terminating,
        ]
        .map(Phase::Aws)
        .to_vec(),
        Provider::Azure => [
            azure::Phase::AddingPeer,
            azure::Phase::Available,
            azure::Phase::Failed(words()),
            azure::Phase::Deleting,
            azure::Phase::DeletionFailed(words()),
        ]
        .map(Phase::Azure)
        .to_vec(),
        Provider::Gcp => [
            gcp::Phase::AddingPeer,
            gcp::Phase::WaitingForUser,
            gcp::Phase::Available,
            gcp::Phase::Failed(words()),
            gcp::Phase::Deleting,
        ]
        .map(Phase::Gcp)
        .to_vec(),
    }
}

/// Every event, with its name.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    vec![
        ("Requested", Event::Requested),
        ("AwaitsCustomer", Event::AwaitsCustomer),
        ("Accepted", Event::Accepted),
        ("Active", Event::Active),
        ("Rejected", Event::Rejected),
        ("Expired", Event::Expired),
        ("Refused", Event::Refused("because".into())),
        ("Lost", Event::Lost),
        ("NetworkChanged", Event::NetworkChanged),
        ("RouteChanged", Event::RouteChanged),
        ("DeleteRequested", Event::DeleteRequested),
        ("RemovalFailed", Event::RemovalFailed("because".into())),
        ("Removed", Event::Removed),
    ]
}

/// The phase in the words of the wire, a failure with its state.
pub(crate) fn phase_name(phase: &Phase) -> String {
    match phase {
        Phase::Aws(aws::Phase::Failed(failure)) => format!("FAILED {}", failure.state.name()),
        Phase::Aws(phase) => phase.name().into(),
        Phase::Azure(phase) => phase.name().into(),
        Phase::Gcp(phase) => phase.name().into(),
    }
}
