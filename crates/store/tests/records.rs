//! Records at rest: what is written comes back, and what an earlier version wrote is still read.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{Drift, Link, LinkStatus, Network, NetworkNames, Observed};
use peerage_core::container::{Container, ContainerSpec};
use peerage_core::id::{GroupId, Id};
use peerage_core::peering::{
    AwsNetwork, AzureNetwork, CustomerNetwork, GcpNetwork, Peering, Phase, aws, azure, gcp,
};
use peerage_core::region::{AwsRegion, AzureRegion, GcpRegion};
use peerage_core::time::Timestamp;
use peerage_store::record::{
    self, ApiKeyRecord, ContainerRecord, EventRecord, Grants, GroupRecord, OrgRecord,
    PeeringRecord, RecordError, ServiceAccountRecord, TokenRecord,
};

fn id<K>(byte: u8) -> Id<K> {
    Id::from_bytes([byte; 12])
}

fn block(text: &str) -> AddressBlock {
    AddressBlock::parse(text).unwrap()
}

fn phases() -> Vec<(CustomerNetwork, Phase)> {
    let on_aws = CustomerNetwork::Aws(AwsNetwork {
        account_id: "012345678901".into(),
        vpc_id: "vpc-0123456789abcdef0".into(),
        region: "us-east-1".into(),
        block: block("10.0.0.7/16"),
    });
    let on_azure = CustomerNetwork::Azure(AzureNetwork {
        directory_id: "d".into(),
        subscription_id: "s".into(),
        resource_group: "Group".into(),
        vnet_name: "Net".into(),
    });
    let on_gcp = CustomerNetwork::Gcp(GcpNetwork {
        project_id: "project-1".into(),
        network_name: "default".into(),
    });
    let failed = |state| aws::Phase::Failed(aws::Failure { state, message: "words".into() });
    let of_aws = [
        aws::Phase::Initiating,
        aws::Phase::PendingAcceptance,
        aws::Phase::Finalizing,
        aws::Phase::Available,
        aws::Phase::Terminating,
        failed(aws::ErrorState::Rejected),
        failed(aws::ErrorState::Expired),
        failed(aws::ErrorState::InvalidArgument),
    ];
    let of_azure = [
        azure::Phase::AddingPeer,
        azure::Phase::Available,
        azure::Phase::Failed("words".into()),
        azure::Phase::Deleting,
        azure::Phase::DeletionFailed("words".into()),
    ];
    let of_gcp = [
        gcp::Phase::AddingPeer,
        gcp::Phase::WaitingForUser,
        gcp::Phase::Available,
        gcp::Phase::Failed("words".into()),
        gcp::Phase::Deleting,
    ];
    let mut all = Vec::new();
    all.extend(of_aws.map(|phase| (on_aws.clone(), Phase::Aws(phase))));
    all.extend(of_azure.map(|phase| (on_azure.clone(), Phase::Azure(phase))));
    all.extend(of_gcp.map(|phase| (on_gcp.clone(), Phase::Gcp(phase))));
    all
}

fn observations() -> Vec<Observed<Link>> {
    let drift = || Drift { what: "rtb-1 has no route to 10.0.0.0/16".into(), repair: true };
    let statuses = [
        LinkStatus::Requested,
        LinkStatus::AwaitsCustomer,
        LinkStatus::Finishing,
        LinkStatus::Active,
        LinkStatus::Rejected,
        LinkStatus::Expired,
        LinkStatus::Refused,
        LinkStatus::Severed,
        LinkStatus::Removing,
    ];
    let found = statuses.map(|status| {
        Observed::Found(Link {
            handshake: 3,
            connection_id: "pcx-0123456789abcdef0".into(),
            status,
            route: Some("10.0.0.7/16".into()),
            message: None,
            drift: Some(drift()),
        })
    });
    [Observed::Nothing, Observed::Unknown].into_iter().chain(found).collect()
}

#[test]
fn every_peering_comes_back_as_it_was() {
    for (customer, phase) in phases() {
        for observed in observations() {
            let peering = Peering {
                id: id(1),
                group: id(2),
                container: id(3),
                customer: customer.clone(),
                phase: phase.clone(),
                generation: 7,
                handshake: 3,
                observed,
                connection: Some("pcx-0123456789abcdef0".into()),
                created: Timestamp::from_millis(1_790_000_000_123),
                since: Timestamp::from_millis(1_790_000_000_456),
            };
            let bytes = record::encode(&PeeringRecord(peering.clone())).unwrap();
            assert_eq!(record::decode::<PeeringRecord>(&bytes).unwrap().0, peering);
        }
    }
}

#[test]
fn every_container_comes_back_as_it_was() {
    let aws = ContainerSpec::Aws {
        region: AwsRegion::parse("US_EAST_1").unwrap(),
        block: block("192.168.248.0/21"),
    };
    let azure = ContainerSpec::Azure {
        region: AzureRegion::parse("EUROPE_NORTH").unwrap(),
        block: block("10.1.0.0/21"),
    };
    let gcp = ContainerSpec::Gcp {
        regions: GcpRegion::all().take(3).collect(),
        block: block("10.128.0.0/18"),
    };
    let names = [
        NetworkNames::Aws { vpc_id: "vpc-1".into() },
        NetworkNames::Azure { subscription_id: "s".into(), vnet_name: "n".into() },
        NetworkNames::Gcp { project_id: "p".into(), network_name: "n".into() },
    ];
    for (spec, names) in [aws, azure, gcp].into_iter().zip(names) {
        let found = Observed::Found(Network {
            names,
            ready: true,
            drift: Some(Drift { what: "no subnet".into(), repair: false }),
        });
        for observed in [Observed::Nothing, Observed::Unknown, found] {
            let container = Container {
                id: id::<peerage_core::id::Container>(4),
                group: id(2),
                spec: spec.clone(),
                peerings: 2,
                observed,
                created: Timestamp::from_millis(5),
            };
            let bytes = record::encode(&ContainerRecord(container.clone())).unwrap();
            assert_eq!(record::decode::<ContainerRecord>(&bytes).unwrap().0, container);
        }
    }
}

/// The fixture was written by format 1 and must stay readable for ever: one record a line, its
/// noun before a tab.
#[test]
fn what_format_1_wrote_is_read() {
    let fixture = include_str!("fixtures/records-format-1.txt");
    let mut read = 0;
    for line in fixture.lines() {
        let (noun, json) = line.split_once('\t').unwrap();
        let bytes = json.as_bytes();
        match noun {
            "peering" => drop(record::decode::<PeeringRecord>(bytes).unwrap()),
            "container" => drop(record::decode::<ContainerRecord>(bytes).unwrap()),
            "organization" => drop(record::decode::<OrgRecord>(bytes).unwrap()),
            "project" => drop(record::decode::<GroupRecord>(bytes).unwrap()),
            "API key" => drop(record::decode::<ApiKeyRecord>(bytes).unwrap()),
            "service account" => drop(record::decode::<ServiceAccountRecord>(bytes).unwrap()),
            "access token" => drop(record::decode::<TokenRecord>(bytes).unwrap()),
            "event" => drop(record::decode::<EventRecord>(bytes).unwrap()),
            other => panic!("the fixture has a noun that this test does not know: {other}"),
        }
        read += 1;
    }
    assert_eq!(read, 8);
}

#[test]
fn a_newer_format_is_refused_with_what_to_do() {
    let newer = br#"{"format":2,"is":{"of":"tomorrow"}}"#;
    let error = record::decode::<OrgRecord>(newer).unwrap_err();
    assert!(matches!(error, RecordError::TooNew { format: 2, .. }), "{error}");
    assert!(error.to_string().contains("upgrade"), "{error}");
}

#[test]
fn a_damaged_record_is_never_taken_for_another() {
    for bytes in [&b""[..], b"{", b"{\"format\":1}", b"{\"format\":1,\"is\":{\"id\":\"x\"}}"] {
        let error = record::decode::<OrgRecord>(bytes).unwrap_err();
        assert!(matches!(error, RecordError::Damaged { noun: "organization", .. }), "{error}");
    }
}

#[test]
fn roles_in_a_project_are_set_and_taken_away() {
    let group: GroupId = id(9);
    let mut grants = Grants { org: BTreeSet::from([OrgRole::Member]), groups: Vec::new() };
    grants.set_in_group(group, BTreeSet::from([GroupRole::Owner]));
    assert!(grants.in_group(group).unwrap().contains(&GroupRole::Owner));
    grants.set_in_group(group, BTreeSet::new());
    assert_eq!(grants.in_group(group), None);
}
