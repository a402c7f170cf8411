//! One answer or more of each kind, such that every property that we ever answer is in one.

mod events;

use std::collections::BTreeSet;

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::cloud::{Network, NetworkNames, Observed};
use peerage_core::container::{Container, ContainerSpec};
use peerage_core::id::{ApiKeyId, Id};
use peerage_core::peering::{Peering, Phase, aws, azure, gcp};
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::access_list::{AccountEntry, Entry, EntryState, EntryStatus, KeyEntry, Target};
use crate::api_key::ApiKey;
use crate::container::{ContainerView, NewContainer};
use crate::error::{ApiError, BadRequestDetail};
use crate::group::{Group, RegionUsage, Tag};
use crate::invitation::{GroupInvitation, InvitedGroupRole, OrgInvitation};
use crate::ip_addresses::{ClusterIpAddresses, GroupIpAddresses, GroupServices};
use crate::limit::Limit;
use crate::org::{CreatedOrg, Org, OrgSettings};
use crate::page::{Link, Page, PageQuery};
use crate::peer::{EqualRegion, NewPeer, Peer};
use crate::private_ip_mode::PrivateIpMode;
use crate::role::RoleAssignment;
use crate::service_account::{AccountGroup, Secret, ServiceAccount};
use crate::settings::GroupSettings;
use crate::status::{AppName, ControlPlaneAddresses, StatusEntry, StatusKey, SystemStatus};
use crate::user::UserGroupRoles;

/// Answers by the name of their schema.
pub(super) fn all() -> Vec<(&'static str, Vec<Value>)> {
    let mut all = peers();
    all.extend(containers());
    all.extend(projects());
    all.extend(credentials());
    all.extend(organizations());
    all.extend(others());
    all.extend(events::all());
    all
}

fn json(answer: impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

fn id<K>() -> Id<K> {
    Id::from_bytes([1; 12])
}

fn links() -> Vec<Link> {
    vec![Link::new("/", "self")]
}

fn peer(body: &Value, phase: Phase) -> Value {
    let NewPeer { container, customer } = NewPeer::read(body.to_string().as_bytes()).unwrap();
    let peering = Peering {
        id: id(),
        group: id(),
        container,
        customer,
        phase,
        generation: 1,
        handshake: 1,
        observed: Observed::Nothing,
        connection: None,
        created: Timestamp::ZERO,
        since: Timestamp::ZERO,
    };
    json(Peer::of(&peering, EqualRegion::AsSent))
}

fn peers() -> Vec<(&'static str, Vec<Value>)> {
    let container = "010101010101010101010101";
    let uuid = "6b4f0f5e-8d31-4b5f-9d0a-0f1e2d3c4b5a";
    let on_aws = json!({"containerId": container, "accepterRegionName": "us-east-1",
        "awsAccountId": "012345678901", "routeTableCidrBlock": "10.0.0.0/16",
        "vpcId": "vpc-0abc123def4567890"});
    let on_azure = json!({"containerId": container, "providerName": "AZURE",
        "azureDirectoryId": uuid, "azureSubscriptionId": uuid, "resourceGroupName": "g",
        "vnetName": "v"});
    let on_gcp = json!({"containerId": container, "providerName": "GCP",
        "gcpProjectId": "my-project-1", "networkName": "default"});
    let failed =
        [aws::ErrorState::Rejected, aws::ErrorState::Expired, aws::ErrorState::InvalidArgument]
            .map(|state| {
                let message = String::new();
                aws::Phase::Failed(aws::Failure { state, message })
            });
    let aws_phases = [
        aws::Phase::Initiating,
        aws::Phase::PendingAcceptance,
        aws::Phase::Finalizing,
        aws::Phase::Available,
        aws::Phase::Terminating,
    ];
    let azure_phases = [
        azure::Phase::AddingPeer,
        azure::Phase::Available,
        azure::Phase::Failed("no".into()),
        azure::Phase::Deleting,
        azure::Phase::DeletionFailed("no".into()),
    ];
    let gcp_phases = [
        gcp::Phase::AddingPeer,
        gcp::Phase::WaitingForUser,
        gcp::Phase::Available,
        gcp::Phase::Failed("no".into()),
        gcp::Phase::Deleting,
    ];
    let aws_phases = aws_phases.into_iter().chain(failed);
    let aws = aws_phases.map(|phase| peer(&on_aws, Phase::Aws(phase)));
    let azure = azure_phases.map(|phase| peer(&on_azure, Phase::Azure(phase)));
    let gcp = gcp_phases.map(|phase| peer(&on_gcp, Phase::Gcp(phase)));
    vec![
        ("AwsNetworkPeeringConnectionSettings", aws.collect()),
        ("AzureNetworkPeeringConnectionSettings", azure.to_vec()),
        ("GCPNetworkPeeringConnectionSettings", gcp.to_vec()),
    ]
}

fn container(body: &str, names: NetworkNames) -> Vec<Value> {
    let NewContainer { spec } = NewContainer::read(body.as_bytes()).unwrap();
    let view = |spec: &ContainerSpec, observed| {
        json(ContainerView::of(&Container {
            id: id(),
            group: id(),
            spec: spec.clone(),
            peerings: 0,
            observed,
            created: Timestamp::ZERO,
        }))
    };
    let found = Observed::Found(Network { names, ready: true, drift: None });
    vec![view(&spec, Observed::Nothing), view(&spec, found)]
}

fn containers() -> Vec<(&'static str, Vec<Value>)> {
    let name = |provider: Provider| match provider {
        Provider::Aws => "AWSCloudProviderContainer",
        Provider::Azure => "AzureCloudProviderContainer",
        Provider::Gcp => "GCPCloudProviderContainer",
    };
    let aws = NetworkNames::Aws { vpc_id: "vpc-0abc123def4567890".into() };
    let azure = NetworkNames::Azure { subscription_id: "s".into(), vnet_name: "v".into() };
    let gcp = NetworkNames::Gcp { project_id: "p".into(), network_name: "n".into() };
    let azure_body =
        r#"{"providerName":"AZURE","region":"US_EAST","atlasCidrBlock":"10.0.0.0/21"}"#;
    let gcp_body =
        r#"{"providerName":"GCP","regions":["US_EAST_4"],"atlasCidrBlock":"10.0.0.0/18"}"#;
    vec![
        (name(Provider::Aws), container(r#"{"regionName":"US_EAST_1"}"#, aws)),
        (name(Provider::Azure), container(azure_body, azure)),
        (name(Provider::Gcp), container(gcp_body, gcp)),
    ]
}

fn projects() -> Vec<(&'static str, Vec<Value>)> {
    let group = Group {
        cluster_count: 0,
        created: Timestamp::ZERO,
        id: id(),
        links: links(),
        name: "demo".into(),
        org_id: id(),
        region_usage: RegionUsage::Government,
        tags: vec![Tag { key: "k".into(), value: "v".into() }],
        with_default_alerts_settings: true,
    };
    let limit = Limit {
        current_usage: Some(0),
        default_limit: 1,
        maximum_limit: 2,
        name: "n".into(),
        value: 1,
    };
    let addresses = GroupIpAddresses {
        group_id: id(),
        services: GroupServices { clusters: vec![ClusterIpAddresses::default()] },
    };
    let page = Page::new(vec![json(&group)], 1, PageQuery::default(), "/", &[]);
    let entry = |text| {
        json(Entry {
            target: Target::parse(text).unwrap(),
            comment: Some("c".into()),
            delete_after: Some(Timestamp::ZERO),
            group: id(),
            links: links(),
        })
    };
    let status = EntryStatus { status: EntryState::Active };
    vec![
        ("Group", vec![json(&group)]),
        ("PaginatedAtlasGroupView", vec![json(page)]),
        ("GroupSettings", vec![json(GroupSettings::default())]),
        ("DefaultLimit", vec![json(limit)]),
        ("GroupIPAddresses", vec![json(addresses)]),
        ("NetworkPermissionEntry", vec![entry("10.0.0.1"), entry("sg-01")]),
        ("NetworkPermissionEntryStatus", vec![json(status)]),
        ("PrivateIPModeView", vec![json(PrivateIpMode { enabled: true })]),
    ]
}

fn key() -> ApiKey {
    let group = RoleAssignment::Group { group_id: id(), role_name: GroupRole::Owner };
    let org = RoleAssignment::Org { org_id: id(), role_name: OrgRole::Owner };
    ApiKey {
        desc: "d".into(),
        id: id(),
        links: links(),
        private_key: "p".into(),
        public_key: "abcdefgh".into(),
        roles: vec![group, org],
    }
}

fn account<R>(role: R) -> ServiceAccount<R>
where
    R: Ord,
{
    ServiceAccount {
        client_id: id(),
        created_at: Timestamp::ZERO,
        description: "d".into(),
        name: "n".into(),
        roles: BTreeSet::from([role]),
        secrets: vec![secret()],
        system_managed: false,
    }
}

fn secret() -> Secret {
    Secret {
        created_at: Timestamp::ZERO,
        expires_at: Timestamp::ZERO,
        id: id(),
        last_used_at: Some(Timestamp::ZERO),
        masked_secret_value: Some("m".into()),
        secret: Some("s".into()),
    }
}

fn credentials() -> Vec<(&'static str, Vec<Value>)> {
    let key_entry = KeyEntry {
        target: Target::parse("10.0.0.1").unwrap(),
        count: 1,
        created: Timestamp::ZERO,
        last_used: Some(Timestamp::ZERO),
        last_used_address: Some("10.0.0.1".into()),
        links: links(),
    };
    let account_entry = AccountEntry {
        target: Target::parse("10.0.0.1").unwrap(),
        created: Timestamp::ZERO,
        last_used_address: Some("10.0.0.1".into()),
        last_used: Some(Timestamp::ZERO),
        request_count: 1,
    };
    let group = AccountGroup { group_id: id(), roles: BTreeSet::from([GroupRole::Owner]) };
    vec![
        ("ApiKeyUserDetails", vec![json(key())]),
        ("UserAccessListResponse", vec![json(key_entry)]),
        ("OrgServiceAccount", vec![json(account(OrgRole::Owner))]),
        ("GroupServiceAccount", vec![json(account(GroupRole::Owner))]),
        ("ServiceAccountSecret", vec![json(secret())]),
        ("ServiceAccountIPAccessListEntry", vec![json(account_entry)]),
        ("ServiceAccountGroup", vec![json(group)]),
    ]
}

fn organizations() -> Vec<(&'static str, Vec<Value>)> {
    let organization = Org {
        id: id(),
        is_deleted: false,
        links: links(),
        name: "Acme".into(),
        skip_default_alerts_settings: false,
    };
    let created = CreatedOrg {
        api_key: Some(key()),
        org_owner_id: Some(id()),
        organization: organization.clone(),
        service_account: Some(account(OrgRole::Owner)),
        skip_default_alerts_settings: false,
    };
    let group_invitation = GroupInvitation {
        created_at: Timestamp::ZERO,
        expires_at: Timestamp::ZERO,
        group_id: id(),
        group_name: "demo".into(),
        id: id(),
        inviter_username: "i@b.c".into(),
        links: links(),
        roles: BTreeSet::from([GroupRole::Owner]),
        username: "a@b.c".into(),
    };
    let org_invitation = OrgInvitation {
        created_at: Timestamp::ZERO,
        expires_at: Timestamp::ZERO,
        group_role_assignments: vec![InvitedGroupRole {
            group_id: id(),
            group_role: GroupRole::Owner,
        }],
        id: id(),
        inviter_username: "i@b.c".into(),
        links: links(),
        org_id: id(),
        org_name: "Acme".into(),
        roles: BTreeSet::from([OrgRole::Member]),
        team_ids: vec![id()],
        username: "a@b.c".into(),
    };
    let roles = UserGroupRoles { group_roles: BTreeSet::from([GroupRole::Owner]), links: links() };
    vec![
        ("AtlasOrganization", vec![json(organization)]),
        ("OrganizationSettings", vec![json(OrgSettings::default())]),
        ("CreateOrganizationResponse", vec![json(created)]),
        ("GroupInvitation", vec![json(group_invitation)]),
        ("OrganizationInvitation", vec![json(org_invitation)]),
        ("UpdateGroupRolesForUser", vec![json(roles)]),
    ]
}

fn others() -> Vec<(&'static str, Vec<Value>)> {
    let fault = peerage_core::error::FieldFault::missing("vpcId");
    let error = ApiError {
        bad_request_detail: BadRequestDetail::of(&[fault]),
        detail: "d".into(),
        error: 400,
        error_code: "MISSING_ATTRIBUTE",
        parameters: vec![],
        reason: "Bad Request",
    };
    let api_key_id: ApiKeyId = id();
    let status = SystemStatus {
        api_key: Some(StatusKey {
            access_list: vec![StatusEntry {
                cidr_block: "10.0.0.1/32".into(),
                ip_address: "10.0.0.1".into(),
            }],
            id: api_key_id,
            public_key: "abcdefgh".into(),
            roles: vec![],
        }),
        app_name: AppName::Contract,
        build: "b".into(),
        links: links(),
        throttling: false,
    };
    vec![
        ("ApiError", vec![json(error)]),
        ("SystemStatus", vec![json(status)]),
        ("ControlPlaneIPAddresses", vec![json(ControlPlaneAddresses::default())]),
    ]
}
