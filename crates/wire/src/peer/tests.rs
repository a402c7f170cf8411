//! What is taken, what is refused and what is answered, for each provider.

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::Observed;
use peerage_core::error::{FaultKind, Refusal};
use peerage_core::id::{GroupId, PeerId};
use peerage_core::peering::{Peering, Phase, aws, azure, gcp};
use peerage_core::region::AwsRegion;
use peerage_core::time::Timestamp;
use serde_json::{Value, json};

use super::*;

const ID: &str = "32b6e34b3d91647abb20e7b8";
const UUID: &str = "6B4f0f5e-8d31-4b5f-9d0a-0f1e2d3c4b5a";

fn aws_body() -> Value {
    json!({"containerId": ID, "providerName": "aws", "accepterRegionName": "us-east-1",
        "awsAccountId": "012345678901", "routeTableCidrBlock": "10.0.0.7/16",
        "vpcId": "vpc-0abc123def4567890"})
}

fn azure_body() -> Value {
    json!({"containerId": ID, "providerName": "Azure", "azureDirectoryId": UUID,
        "azureSubscriptionId": UUID, "resourceGroupName": "My_group", "vnetName": "vNet(1)"})
}

fn gcp_body() -> Value {
    json!({"containerId": ID, "providerName": "GCP", "gcpProjectId": "my-project-1",
        "networkName": "default"})
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

fn read(body: &Value) -> Result<NewPeer, ReadError> {
    NewPeer::read(body.to_string().as_bytes())
}

fn faults<T: core::fmt::Debug>(result: Result<T, ReadError>) -> Vec<(String, FaultKind)> {
    match result {
        Err(ReadError::Fields(Refusal::BadFields(faults))) => {
            faults.into_iter().map(|f| (f.field, f.kind)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_read_for_each_provider() {
    let aws = read(&aws_body()).unwrap();
    assert_eq!(aws.container.to_string(), ID);
    assert_eq!(
        aws.customer,
        CustomerNetwork::Aws(AwsNetwork {
            account_id: "012345678901".into(),
            vpc_id: "vpc-0abc123def4567890".into(),
            region: "us-east-1".into(),
            block: AddressBlock::parse("10.0.0.7/16").unwrap(),
        })
    );
    assert_eq!(read(&without(aws_body(), "providerName")), Ok(aws.clone()));
    assert_eq!(read(&with(aws_body(), "providerName", Value::Null)), Ok(aws));
    assert_eq!(read(&azure_body()).unwrap().customer.provider(), Provider::Azure);
    assert_eq!(
        read(&gcp_body()).unwrap().customer,
        CustomerNetwork::Gcp(GcpNetwork {
            project_id: "my-project-1".into(),
            network_name: "default".into(),
        })
    );
}

#[test]
fn each_field_is_required_and_named_when_it_is_wrong() {
    for body in [aws_body(), azure_body(), gcp_body()] {
        for name in body.as_object().unwrap().keys() {
            let wrong = faults(read(&with(body.clone(), name, json!("!"))));
            let kind = match name.as_str() {
                "providerName" => FaultKind::NotInEnum,
                _ => FaultKind::Invalid,
            };
            assert_eq!(wrong[0], (name.clone(), kind));
            let mistyped = faults(read(&with(body.clone(), name, json!(7))));
            assert_eq!(mistyped[0], (name.clone(), FaultKind::Invalid));
            if name != "providerName" {
                let absent = faults(read(&without(body.clone(), name)));
                assert_eq!(absent, [(name.clone(), FaultKind::Missing)]);
            }
        }
    }
}

#[test]
fn several_faults_are_listed_at_once() {
    let body = json!({"providerName": "AWS", "vpcId": "x", "awsAccountId": null});
    let names: Vec<_> = faults(read(&body)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["containerId", "accepterRegionName", "awsAccountId", "routeTableCidrBlock", "vpcId"]
    );
}

/// CONTRACT §2: the server's own fields are ignored; §3 names no peering of a tenant.
#[test]
fn the_servers_own_fields_are_ignored_and_other_providers_are_refused() {
    let mut body = aws_body();
    for name in ["id", "connectionId", "statusName", "errorStateName", "status"] {
        body[name] = json!({"not": ["even", "text"]});
    }
    assert!(read(&body).is_ok());
    let tenant = faults(read(&with(aws_body(), "providerName", json!("TENANT"))));
    assert_eq!(tenant, [("providerName".into(), FaultKind::NotInEnum)]);
}

#[test]
fn a_field_of_another_provider_is_refused_unless_it_is_null() {
    let foreign = with(aws_body(), "vnetName", json!("x"));
    assert_eq!(faults(read(&foreign)), [("vnetName".into(), FaultKind::Invalid)]);
    assert!(read(&with(aws_body(), "vnetName", Value::Null)).is_ok());
    let foreign = with(gcp_body(), "vpcId", json!(1));
    assert_eq!(faults(read(&foreign)), [("vpcId".into(), FaultKind::Invalid)]);
}

#[test]
fn a_change_has_only_what_is_different() {
    let body = json!({"containerId": ID, "providerName": "AWS", "vpcId": null,
        "routeTableCidrBlock": "10.9.0.0/16"});
    let change = PeerChange::read(body.to_string().as_bytes(), Provider::Aws).unwrap();
    assert_eq!(change.container.map(|id| id.to_string()).as_deref(), Some(ID));
    let expected = AwsChange {
        block: Some(AddressBlock::parse("10.9.0.0/16").unwrap()),
        ..AwsChange::default()
    };
    assert_eq!(change.change, PeeringChange::Aws(expected));
    for provider in Provider::ALL {
        assert!(PeerChange::read(b"{}", provider).is_ok());
    }
}

#[test]
fn a_change_names_every_field_of_another_provider() {
    let body = with(azure_body(), "containerId", json!("x")).to_string();
    let names: Vec<_> = faults(PeerChange::read(body.as_bytes(), Provider::Gcp))
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "containerId",
            "providerName",
            "azureDirectoryId",
            "azureSubscriptionId",
            "resourceGroupName",
            "vnetName"
        ]
    );
}

fn peering(body: &Value, phase: Phase) -> Peering {
    let NewPeer { container, customer } = read(body).unwrap();
    Peering {
        id: PeerId::from_bytes([1; 12]),
        group: GroupId::from_bytes([2; 12]),
        container,
        customer,
        phase,
        generation: 1,
        handshake: 1,
        observed: Observed::Nothing,
        connection: None,
        created: Timestamp::ZERO,
        since: Timestamp::ZERO,
    }
}

fn check(peering: &Peering, equal_region: EqualRegion, expect: &str) {
    let answer = Peer::of(peering, equal_region);
    assert_eq!(serde_json::to_string(&answer).unwrap(), expect);
}

#[test]
fn an_answer_about_aws() {
    let mut peering = peering(&aws_body(), Phase::Aws(aws::Phase::Initiating));
    check(
        &peering,
        EqualRegion::AsSent,
        r#"{"id":"010101010101010101010101","containerId":"32b6e34b3d91647abb20e7b8","providerName":"AWS","accepterRegionName":"us-east-1","awsAccountId":"012345678901","routeTableCidrBlock":"10.0.0.7/16","vpcId":"vpc-0abc123def4567890","connectionId":null,"statusName":"INITIATING","errorStateName":null}"#,
    );
    peering.phase = Phase::Aws(aws::Phase::Failed(aws::Failure {
        state: aws::ErrorState::Rejected,
        message: "not shown".into(),
    }));
    peering.connection = Some("pcx-0123456789abcdef0".into());
    let container = AwsRegion::parse("US_EAST_1").unwrap();
    check(
        &peering,
        EqualRegion::Null { container },
        r#"{"id":"010101010101010101010101","containerId":"32b6e34b3d91647abb20e7b8","providerName":"AWS","accepterRegionName":null,"awsAccountId":"012345678901","routeTableCidrBlock":"10.0.0.7/16","vpcId":"vpc-0abc123def4567890","connectionId":"pcx-0123456789abcdef0","statusName":"FAILED","errorStateName":"REJECTED"}"#,
    );
}

#[test]
fn an_answer_about_azure() {
    let mut peering = peering(&azure_body(), Phase::Azure(azure::Phase::Available));
    let head = r#"{"id":"010101010101010101010101","containerId":"32b6e34b3d91647abb20e7b8","providerName":"AZURE","azureDirectoryId":"6B4f0f5e-8d31-4b5f-9d0a-0f1e2d3c4b5a","azureSubscriptionId":"6B4f0f5e-8d31-4b5f-9d0a-0f1e2d3c4b5a","resourceGroupName":"My_group","vnetName":"vNet(1)","#;
    let tail = r#""status":"AVAILABLE","errorState":null}"#;
    check(&peering, EqualRegion::AsSent, &format!("{head}{tail}"));
    peering.phase = Phase::Azure(azure::Phase::Failed("RETRYABLE".into()));
    let tail = r#""status":"FAILED","errorState":"RETRYABLE"}"#;
    check(&peering, EqualRegion::AsSent, &format!("{head}{tail}"));
}

#[test]
fn an_answer_about_gcp() {
    let mut peering = peering(&gcp_body(), Phase::Gcp(gcp::Phase::WaitingForUser));
    let head = r#"{"id":"010101010101010101010101","containerId":"32b6e34b3d91647abb20e7b8","providerName":"GCP","gcpProjectId":"my-project-1","networkName":"default","#;
    let tail = r#""status":"WAITING_FOR_USER","errorMessage":null}"#;
    check(&peering, EqualRegion::AsSent, &format!("{head}{tail}"));
    peering.phase = Phase::Gcp(gcp::Phase::Failed("no".into()));
    let tail = r#""status":"FAILED","errorMessage":"no"}"#;
    check(&peering, EqualRegion::AsSent, &format!("{head}{tail}"));
}
