//! The table of errors, as clients see it.

use std::fmt::Write as _;
use std::time::Duration;

use peerage::authn::Staleness;
use peerage::http::error::{Told, table};
use peerage::http::fault::Fault;
use peerage_core::cidr::AddressBlock;
use peerage_core::error::{FieldFault, Refusal};
use peerage_core::id::Id;
use peerage_core::peering::{AwsNetwork, AzureNetwork, CustomerNetwork, GcpNetwork};
use peerage_wire::fields::BodyError;

use crate::support::check_golden;

/// The path that the samples are about.
const PATH: &str = "/api/atlas/v2/path";

fn id<K>(byte: u8) -> Id<K> {
    Id::from_bytes([byte; 12])
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn networks() -> [CustomerNetwork; 3] {
    [
        CustomerNetwork::Aws(AwsNetwork {
            account_id: text("123456789012"),
            vpc_id: text("vpc-0abc123def4567890"),
            region: text("us-east-1"),
            block: AddressBlock::parse("10.0.0.0/16").unwrap(),
        }),
        CustomerNetwork::Azure(AzureNetwork {
            directory_id: text("directory"),
            subscription_id: text("subscription"),
            resource_group: text("group"),
            vnet_name: text("vnet"),
        }),
        CustomerNetwork::Gcp(GcpNetwork {
            project_id: text("project"),
            network_name: text("network"),
        }),
    ]
}

fn refusals() -> Vec<Refusal> {
    use Refusal as R;
    let mut all = networks().map(R::PeerExists).to_vec();
    all.extend([
        R::BadFields(vec![FieldFault::missing("vpcId"), FieldFault::invalid("a", "It is not.")]),
        R::BadFields(vec![FieldFault::not_in_enum("providerName", "ORACLE", "AWS, AZURE, GCP")]),
        R::BadFields(vec![FieldFault::invalid("vpcId", "It is not.")]),
        R::Forbidden,
        R::OrgNotFound(id(1)),
        R::OrgHasGroups(id(1)),
        R::GroupNotFound(id(2)),
        R::GroupNameNotFound(text("name")),
        R::GroupExists(text("name")),
        R::GroupHasPeerings(id(2)),
        R::GroupMaximum { limit: 250 },
        R::PeerNotFound { peer: id(3), group: id(2) },
        R::PeerDeletionRequested(id(3)),
        R::PeerInvalidState { peer: id(3), group: id(2) },
        R::PeerMaximum { limit: 50 },
        R::OverlapsPeer { block: text("10.0.0.0/16") },
        R::OverlapsContainer { block: text("10.0.0.0/16") },
        R::ContainerNotFound(id(4)),
        R::ContainerExists { group: id(2), container: id(4) },
        R::ContainerInUse { container: id(4), peerings: 2 },
        R::ContainerMaximum { limit: 40 },
        R::PrivateIpModeCannotBeEnabled,
    ]);
    all.extend(neighbours());
    all
}

fn neighbours() -> [Refusal; 22] {
    use Refusal as R;
    [
        R::LimitNotFound(text("limit")),
        R::LimitOutOfRange { name: text("limit"), maximum: 90 },
        R::AccessListEntryNotFound { entry: text("10.0.0.1"), group: id(2) },
        R::AccessListFull { limit: 200 },
        R::UserNotFound(id(5)),
        R::UsernameNotFound(text("a@example.org")),
        R::UserExists(text("a@example.org")),
        R::TeamNotFound(id(6)),
        R::TeamNameNotFound(text("team")),
        R::TeamNotInGroup { team: id(6), group: id(2) },
        R::TeamExists(text("team")),
        R::InvitationNotFound(id(7)),
        R::InvitationExists(text("a@example.org")),
        R::ApiKeyNotFound(id(8)),
        R::ApiKeyAccessListEntryNotFound(text("10.0.0.1")),
        R::ServiceAccountNotFound(text("mdb_sa_id_x")),
        R::SecretNotFound(id(9)),
        R::SecretMaximum { limit: 2 },
        R::CannotRemoveOwnCredential,
        R::EventNotFound(id(10)),
        R::TooMany { what: "things", limit: 3 },
        R::BadFields(Vec::new()),
    ]
}

fn faults() -> Vec<Fault> {
    let retry_after = Duration::from_millis(1_500);
    let mut all = vec![
        Fault::Unauthenticated(Staleness::Initial),
        Fault::AddressNotAllowed([192, 0, 2, 1].into()),
        Fault::RateLimited { limit: 10, retry_after },
        Fault::PathParameter { name: "groupId", value: text("xyz") },
        Fault::QueryParameter { name: text("pretty"), value: text("x"), expected: "true or false" },
        Fault::Body(BodyError::Empty),
        Fault::Body(BodyError::NotJson { line: 1, column: 2 }),
        Fault::Body(BodyError::NotAnObject),
        Fault::Body(BodyError::NotAnArray),
        Fault::Body(BodyError::TooDeep),
        Fault::BodyTooLarge { limit: 1 << 20 },
        Fault::BodyIncomplete,
        Fault::UnsupportedMediaType(text("text/plain")),
        Fault::NotAcceptable(text("text/html")),
        Fault::UnknownPath,
        Fault::MethodNotAllowed { allowed: vec![::http::Method::GET, ::http::Method::POST] },
        Fault::Emulated { code: text("Gone"), message: text("It is gone.") },
        Fault::Unavailable { reason: "the store could not be asked", retry_after },
        Fault::Internal("internal text is never told"),
    ];
    all.extend(refusals().into_iter().map(Fault::Refused));
    all
}

#[test]
fn the_table_is_committed() {
    let mut lines: Vec<String> = Vec::new();
    for fault in faults() {
        let told = Told::of(&fault, PATH);
        let (row, status) = (told.row, told.status().as_u16());
        let mut line = format!("{status} {} {:?}\n    {}", row.code, row.evidence, told.detail);
        write!(line, "\n    parameters: {:?}", told.parameters).unwrap();
        for FieldFault { field, kind: _, description } in &told.fields {
            write!(line, "\n    {field}: {description}").unwrap();
        }
        lines.push(line + "\n");
    }
    lines.sort();
    check_golden("errors.txt", &lines.concat());
}

#[test]
fn every_row_has_a_sample_and_takes_as_many_values_as_it_has_places() {
    let told: Vec<Told> = faults().iter().map(|fault| Told::of(fault, PATH)).collect();
    for row in table() {
        assert!(told.iter().any(|told| std::ptr::eq(told.row, *row)), "{row:?} has no sample");
    }
    for Told { row, parameters, .. } in &told {
        assert_eq!(row.text.matches("%s").count(), parameters.len(), "{row:?}");
    }
}

#[test]
fn what_is_internal_is_never_told() {
    let told = Told::of(&Fault::Internal("internal text"), PATH);
    assert!(!serde_json::to_string(&told.body()).unwrap().contains("internal text"));
}
