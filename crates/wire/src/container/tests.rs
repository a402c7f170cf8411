//! What is taken, what is refused and what is answered, for each provider.

use peerage_core::cloud::{Network, NetworkNames, Observed};
use peerage_core::container::Container;
use peerage_core::error::{FaultKind, Refusal};
use peerage_core::id::{ContainerId, GroupId};
use peerage_core::time::Timestamp;

use super::*;

fn read(body: &str) -> Result<ContainerSpec, ReadError> {
    NewContainer::read(body.as_bytes()).map(|new| new.spec)
}

fn change(body: &str, old: &ContainerSpec) -> Result<ContainerSpec, ReadError> {
    ContainerChange::read(body.as_bytes(), old).map(|change| change.spec)
}

fn faults(result: Result<ContainerSpec, ReadError>) -> Vec<(String, FaultKind)> {
    match result {
        Err(ReadError::Fields(Refusal::BadFields(faults))) => {
            faults.into_iter().map(|f| (f.field, f.kind)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn aws() -> ContainerSpec {
    read(r#"{"regionName":"US_EAST_1"}"#).unwrap()
}

fn azure() -> ContainerSpec {
    read(r#"{"providerName":"Azure","region":"us-east-2","atlasCidrBlock":"10.8.0.0/21"}"#).unwrap()
}

fn gcp() -> ContainerSpec {
    read(r#"{"providerName":"gcp","atlasCidrBlock":"10.8.0.0/18"}"#).unwrap()
}

/// CONTRACT §3: the default block; regions in the spellings that clients send.
#[test]
fn a_request_is_read_for_each_provider() {
    assert_eq!(aws().block().as_str(), "192.168.248.0/21");
    let given = read(
        r#"{"providerName":"AWS","regionName":"us-east-1","atlasCidrBlock":"10.8.0.1/21","provisioned":7}"#,
    );
    assert_eq!(given.unwrap().block().as_str(), "10.8.0.1/21");
    let ContainerSpec::Azure { region, .. } = azure() else {
        panic!("not on Azure");
    };
    assert_eq!(region.name(), "US_EAST_2");
    assert!(matches!(gcp(), ContainerSpec::Gcp { regions, .. } if regions.is_empty()));
    let some = read(
        r#"{"providerName":"GCP","atlasCidrBlock":"10.8.0.0/21","regions":["western_europe","US_EAST_4"]}"#,
    );
    let ContainerSpec::Gcp { regions, .. } = some.unwrap() else {
        panic!("not on GCP");
    };
    assert_eq!(
        regions.iter().map(|r| r.name()).collect::<Vec<_>>(),
        ["WESTERN_EUROPE", "US_EAST_4"]
    );
}

/// The Atlas CLI sends an empty block when its flag is not given.
#[test]
fn an_empty_block_is_no_block() {
    assert_eq!(read(r#"{"regionName":"US_EAST_1","atlasCidrBlock":""}"#), Ok(aws()));
    let azure = read(r#"{"providerName":"AZURE","region":"US_EAST","atlasCidrBlock":""}"#);
    assert_eq!(faults(azure), [("atlasCidrBlock".into(), FaultKind::Missing)]);
}

#[test]
fn each_wrong_field_is_named() {
    let cases: [(&str, &[(&str, FaultKind)]); 8] = [
        ("{}", &[("regionName", FaultKind::Missing)]),
        (
            r#"{"atlasCidrBlock":"x","regionName":"MARS_1","regions":[]}"#,
            &[
                ("regions", FaultKind::Invalid),
                ("atlasCidrBlock", FaultKind::Invalid),
                ("regionName", FaultKind::NotInEnum),
            ],
        ),
        (
            r#"{"providerName":"TENANT","regionName":"US_EAST_1"}"#,
            &[("providerName", FaultKind::NotInEnum)],
        ),
        (
            r#"{"providerName":"AZURE","regionName":"US_EAST_1"}"#,
            &[
                ("regionName", FaultKind::Invalid),
                ("atlasCidrBlock", FaultKind::Missing),
                ("region", FaultKind::Missing),
            ],
        ),
        (
            r#"{"providerName":"AZURE","region":"US_EAST_1","atlasCidrBlock":1}"#,
            &[("atlasCidrBlock", FaultKind::Invalid), ("region", FaultKind::NotInEnum)],
        ),
        (r#"{"providerName":"GCP"}"#, &[("atlasCidrBlock", FaultKind::Missing)]),
        (
            r#"{"providerName":"GCP","atlasCidrBlock":"10.0.0.0/18","regions":["US_EAST_4","MARS",null]}"#,
            &[("regions[1]", FaultKind::NotInEnum), ("regions[2]", FaultKind::Missing)],
        ),
        (
            r#"{"providerName":"GCP","atlasCidrBlock":"10.0.0.0/18","regions":"US_EAST_4"}"#,
            &[("regions", FaultKind::Invalid)],
        ),
    ];
    for (body, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|(n, k)| ((*n).to_owned(), *k)).collect();
        assert_eq!(faults(read(body)), expected, "{body}");
    }
}

#[test]
fn a_message_about_a_region_is_short() {
    let Err(ReadError::Fields(Refusal::BadFields(faults))) = read(r#"{"regionName":"MARS_1"}"#)
    else {
        panic!("it was read");
    };
    assert_eq!(
        faults[0].description,
        "The value MARS_1 of regionName is none of: \
         US_EAST_1, US_EAST_2, US_WEST_1, US_WEST_2 and 35 more."
    );
}

#[test]
fn a_change_keeps_what_it_leaves_out() {
    assert_eq!(change("{}", &aws()), Ok(aws()));
    let moved = change(
        r#"{"providerName":"AWS","regionName":"US_EAST_2","atlasCidrBlock":"10.9.0.0/21"}"#,
        &aws(),
    );
    let expected = read(r#"{"regionName":"US_EAST_2","atlasCidrBlock":"10.9.0.0/21"}"#);
    assert_eq!(moved, expected);
    let moved = change(r#"{"region":"US_EAST"}"#, &azure()).unwrap();
    assert_eq!(moved.block().as_str(), "10.8.0.0/21");
    let moved = change(r#"{"regions":["US_EAST_4"]}"#, &gcp()).unwrap();
    assert!(matches!(moved, ContainerSpec::Gcp { regions, .. } if regions.len() == 1));
}

#[test]
fn a_change_to_another_provider_is_refused() {
    let refused = change(r#"{"providerName":"GCP","regions":[]}"#, &aws());
    let expected = ["providerName", "regions"].map(|name| (name.to_owned(), FaultKind::Invalid));
    assert_eq!(faults(refused), expected);
}

fn container(spec: ContainerSpec, names: Option<NetworkNames>) -> Container {
    Container {
        id: ContainerId::from_bytes([1; 12]),
        group: GroupId::from_bytes([2; 12]),
        spec,
        peerings: 0,
        observed: match names {
            Some(names) => Observed::Found(Network { names, ready: true, drift: None }),
            None => Observed::Nothing,
        },
        created: Timestamp::ZERO,
    }
}

fn check(spec: ContainerSpec, names: Option<NetworkNames>, expect: &str) {
    let container = container(spec, names);
    let answer = ContainerView::of(&container);
    assert_eq!(serde_json::to_string(&answer).unwrap(), expect);
}

#[test]
fn an_answer_before_anything_exists() {
    check(
        aws(),
        None,
        r#"{"id":"010101010101010101010101","providerName":"AWS","provisioned":false,"atlasCidrBlock":"192.168.248.0/21","regionName":"US_EAST_1","vpcId":null}"#,
    );
    check(
        azure(),
        None,
        r#"{"id":"010101010101010101010101","providerName":"AZURE","provisioned":false,"atlasCidrBlock":"10.8.0.0/21","azureSubscriptionId":null,"region":"US_EAST_2","vnetName":null}"#,
    );
    check(
        gcp(),
        None,
        r#"{"id":"010101010101010101010101","providerName":"GCP","provisioned":false,"atlasCidrBlock":"10.8.0.0/18","gcpProjectId":null,"networkName":null,"regions":[]}"#,
    );
}

#[test]
fn an_answer_once_the_cloud_has_named_it() {
    check(
        aws(),
        Some(NetworkNames::Aws { vpc_id: "vpc-0abc123def4567890".into() }),
        r#"{"id":"010101010101010101010101","providerName":"AWS","provisioned":true,"atlasCidrBlock":"192.168.248.0/21","regionName":"US_EAST_1","vpcId":"vpc-0abc123def4567890"}"#,
    );
    check(
        azure(),
        Some(NetworkNames::Azure { subscription_id: "s".into(), vnet_name: "v".into() }),
        r#"{"id":"010101010101010101010101","providerName":"AZURE","provisioned":true,"atlasCidrBlock":"10.8.0.0/21","azureSubscriptionId":"s","region":"US_EAST_2","vnetName":"v"}"#,
    );
    let some = change(r#"{"regions":["WESTERN_US","US_EAST_4"]}"#, &gcp()).unwrap();
    check(
        some,
        Some(NetworkNames::Gcp { project_id: "p".into(), network_name: "n".into() }),
        r#"{"id":"010101010101010101010101","providerName":"GCP","provisioned":true,"atlasCidrBlock":"10.8.0.0/18","gcpProjectId":"p","networkName":"n","regions":["WESTERN_US","US_EAST_4"]}"#,
    );
}
