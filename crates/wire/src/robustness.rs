//! Every reader, fed with JSON that nobody would send: it may refuse, it may not panic.
//!
//! The names and many of the values are the contract's own, so that readers get past the first
//! field.

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::container::ContainerSpec;
use peerage_core::error::Refusal;
use peerage_core::provider::Provider;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::access_list::{NewEntry, read_targets};
use crate::api_key::{self, ApiKeyChange, NewApiKey};
use crate::container::{ContainerChange, NewContainer};
use crate::fields::ReadError;
use crate::group::{GroupChange, NewGroup};
use crate::invitation::{self, NewGroupInvitation};
use crate::limit::LimitChange;
use crate::org::{NewOrg, OrgChange, OrgSettingsChange};
use crate::peer::{NewPeer, PeerChange};
use crate::private_ip_mode::PrivateIpMode;
use crate::service_account::{self, NewSecret, NewServiceAccount, ServiceAccountChange};
use crate::settings::GroupSettingsChange;
use crate::team::{self, NewGroupTeam, NewTeam};
use crate::user::{self, NewGroupUser, NewOrgUser, OrgUserChange};

const NAMES: [&str; 28] = [
    "containerId",
    "providerName",
    "accepterRegionName",
    "awsAccountId",
    "routeTableCidrBlock",
    "vpcId",
    "azureDirectoryId",
    "vnetName",
    "gcpProjectId",
    "networkName",
    "atlasCidrBlock",
    "regionName",
    "region",
    "regions",
    "name",
    "orgId",
    "tags",
    "roles",
    "roleNames",
    "username",
    "usernames",
    "teamIds",
    "ipAddress",
    "cidrBlock",
    "deleteAfterDate",
    "desc",
    "apiKey",
    "enabled",
];

fn any_json() -> impl Strategy<Value = Value> {
    let known = proptest::sample::select(vec![
        json!("AWS"),
        json!("GCP"),
        json!("32b6e34b3d91647abb20e7b8"),
        json!("10.0.0.0/8"),
        json!("10.0.0.1"),
        json!("US_EAST_1"),
        json!("GROUP_OWNER"),
        json!("ORG_OWNER"),
        json!("a@b.c"),
        json!("2026-08-10T03:05:16Z"),
        json!(1.5),
        json!(u64::MAX),
        json!(null),
        json!(true),
        json!([]),
    ]);
    let leaf = prop_oneof![
        3 => known,
        1 => any::<i64>().prop_map(Value::from),
        1 => ".{0,30}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        9 => proptest::sample::select(NAMES.map(str::to_owned).to_vec()),
        1 => ".{0,8}",
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..8)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// A refusal always says what is wrong.
fn check<T>(result: Result<T, ReadError>) {
    match result {
        Ok(_) | Err(ReadError::Body(_)) => {}
        Err(ReadError::Fields(Refusal::BadFields(faults))) => assert!(!faults.is_empty()),
        Err(ReadError::Fields(other)) => panic!("a reader answered {other:?}"),
    }
}

fn check_all(body: &[u8]) {
    check(NewPeer::read(body));
    for provider in Provider::ALL {
        check(PeerChange::read(body, provider));
    }
    check(NewContainer::read(body));
    for old in containers() {
        check(ContainerChange::read(body, &old));
    }
    check(NewGroup::read(body));
    check(GroupChange::read(body));
    check(GroupSettingsChange::read(body));
    check(LimitChange::read(body));
    check(PrivateIpMode::read(body));
    check(NewEntry::read_all(body));
    check(read_targets(body));
    check_credentials(body);
    check_people(body);
}

fn check_credentials(body: &[u8]) {
    check(NewApiKey::<OrgRole>::read(body));
    check(NewApiKey::<GroupRole>::read(body));
    check(ApiKeyChange::<OrgRole>::read(body));
    check(ApiKeyChange::<GroupRole>::read(body));
    check(api_key::read_assignment(body));
    check(NewServiceAccount::<OrgRole>::read(body));
    check(NewServiceAccount::<GroupRole>::read(body));
    check(ServiceAccountChange::<OrgRole>::read(body));
    check(ServiceAccountChange::<GroupRole>::read(body));
    check(service_account::read_assignment(body));
    check(NewSecret::read(body));
}

fn check_people(body: &[u8]) {
    check(NewOrg::read(body));
    check(OrgChange::read(body));
    check(OrgSettingsChange::read(body));
    check(NewTeam::read(body));
    check(team::read_name(body));
    check(team::read_members(body));
    check(NewGroupTeam::read_all(body));
    check(team::read_group_roles(body));
    check(NewOrgUser::read(body));
    check(OrgUserChange::read(body));
    check(NewGroupUser::read(body));
    check(user::read_group_roles(body));
    check(user::read_group_role(body));
    check(user::read_org_role(body));
    check(NewGroupInvitation::read(body));
    check(invitation::read_group_roles(body));
}

fn containers() -> [ContainerSpec; 3] {
    let bodies = [
        r#"{"regionName":"US_EAST_1"}"#,
        r#"{"providerName":"AZURE","region":"US_EAST","atlasCidrBlock":"10.0.0.0/21"}"#,
        r#"{"providerName":"GCP","atlasCidrBlock":"10.0.0.0/18"}"#,
    ];
    bodies.map(|body| NewContainer::read(body.as_bytes()).unwrap().spec)
}

proptest! {
    #[test]
    fn no_json_makes_a_reader_panic(body in any_json()) {
        check_all(body.to_string().as_bytes());
    }

    #[test]
    fn no_bytes_make_a_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..100)) {
        check_all(&body);
    }
}
