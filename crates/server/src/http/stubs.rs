//! What a project or an organization of the contract has and Peerage does not provide: the empty
//! page or the default object that clients expect, for callers who may see the place.
//!
//! One table, so that it can be read at a glance what is not real.

use std::sync::Arc;

use ::http::Method;
use peerage_core::authz::{Action, Resource};
use peerage_wire::page::Link;
use peerage_wire::role::RoleAssignment;
use peerage_wire::status::{AppName, StatusKey, SystemStatus};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Access, Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;
use crate::context::{Context, Credential};

/// The operations that are answered without anything behind them.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = [pages(), objects(), of_orgs(), private()].concat();
    all.extend(root());
    all
}

const OLD: Media = Media::Atlas(&["2023-01-01"]);

/// Empty pages of a project.
fn pages() -> Vec<Operation> {
    let mut pages = table! { OLD, Bucket::Project;
        "listGroupAlertConfigs" GET "/api/atlas/v2/groups/{groupId}/alertConfigs" page;
        "listGroupIntegrations" GET "/api/atlas/v2/groups/{groupId}/integrations" page;
        "listGroupDatabaseUsers" GET "/api/atlas/v2/groups/{groupId}/databaseUsers" page;
        "listGroupServerless" GET "/api/atlas/v2/groups/{groupId}/serverless" page;
        "listGroupStreamWorkspaces" GET "/api/atlas/v2/groups/{groupId}/streams" page;
        "getGroupMongoDbVersions" GET "/api/atlas/v2/groups/{groupId}/mongoDBVersions" page;
        "listGroupClusterProviderRegions" GET
            "/api/atlas/v2/groups/{groupId}/clusters/provider/regions" page;
        "listGroupCustomDbRoleRoles" GET "/api/atlas/v2/groups/{groupId}/customDBRoles/roles"
            list;
        "listGroupDataFederation" GET "/api/atlas/v2/groups/{groupId}/dataFederation" list;
        "listGroupPrivateEndpointEndpointService" GET
            "/api/atlas/v2/groups/{groupId}/privateEndpoint/{cloudProvider}/endpointService"
            list;
    };
    pages.extend(table! { Media::Atlas(&["2023-01-01", "2023-02-01", "2024-08-05"]),
        Bucket::Project;
        "listGroupClusters" GET "/api/atlas/v2/groups/{groupId}/clusters" page;
    });
    pages.extend(table! { Media::Atlas(&["2024-11-13"]), Bucket::Project;
        "listGroupFlexClusters" GET "/api/atlas/v2/groups/{groupId}/flexClusters" page;
    });
    pages
}

/// Default objects of a project.
fn objects() -> Vec<Operation> {
    let mut objects = table! { OLD, Bucket::Project;
        "getGroupAuditLog" GET "/api/atlas/v2/groups/{groupId}/auditLog" audit_log;
        "getGroupEncryptionAtRest" GET "/api/atlas/v2/groups/{groupId}/encryptionAtRest"
            encryption;
        "getGroupMaintenanceWindow" GET "/api/atlas/v2/groups/{groupId}/maintenanceWindow"
            maintenance;
        "listGroupCloudProviderAccess" GET "/api/atlas/v2/groups/{groupId}/cloudProviderAccess"
            provider_access;
    };
    objects.extend(table! { Media::Atlas(&["2023-01-01", "2023-10-01"]), Bucket::Project;
        "getGroupBackupCompliancePolicy" GET
            "/api/atlas/v2/groups/{groupId}/backupCompliancePolicy" empty;
    });
    objects
}

fn of_orgs() -> Vec<Operation> {
    table! { OLD, Bucket::Organization;
        "getOrgFederationSettings" GET "/api/atlas/v2/orgs/{orgId}/federationSettings"
            federation;
    }
}

/// What clients ask outside the contract.
fn private() -> Vec<Operation> {
    let anyone = |id, path, handler| Operation {
        id,
        method: Method::GET,
        path,
        media: Media::Plain,
        access: Access::Anyone,
        bucket: Bucket::Other,
        handler,
    };
    vec![
        anyone("getIpInfo", "/api/private/ipinfo", |app, call| Box::pin(ip_info(app, call))),
        anyone(
            "getDefaultMongoDbMajorVersion",
            "/api/private/unauth/nds/defaultMongoDBMajorVersion",
            |app, call| Box::pin(major_version(app, call)),
        ),
    ]
}

fn root() -> Vec<Operation> {
    let mut root = table! { OLD, Bucket::Other;
        "getSystemStatus" GET "/api/atlas/v2" status;
    };
    root.push(Operation {
        id: "listControlPlaneIpAddresses",
        method: Method::GET,
        path: "/api/atlas/v2/unauth/controlPlaneIPAddresses",
        media: Media::Atlas(&["2023-11-15"]),
        access: Access::Anyone,
        bucket: Bucket::Other,
        handler: |app, call| Box::pin(control_plane(app, call)),
    });
    root
}

async fn seen(app: &App, call: &Call) -> Result<(), Fault> {
    let group = call.id("groupId")?;
    let (action, resource) = (Action::Read, Resource::GroupOther);
    Ok(app.may_in_group(call.caller()?, group, action, resource).await?)
}

async fn page(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    seen(&app, &call).await?;
    call.page_of(Vec::<()>::new(), 0, &[])
}

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    seen(&app, &call).await?;
    Reply::ok(&Vec::<()>::new())
}

async fn empty(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    object(&app, &call, serde_json::json!({})).await
}

async fn object(app: &App, call: &Call, body: serde_json::Value) -> Result<Reply, Fault> {
    seen(app, call).await?;
    Reply::ok(&body)
}

async fn audit_log(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let body = serde_json::json!({
        "auditAuthorizationSuccess": false, "configurationType": "NONE", "enabled": false,
    });
    object(&app, &call, body).await
}

async fn encryption(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let off = serde_json::json!({ "enabled": false, "valid": false });
    let body = serde_json::json!({
        "awsKms": off, "azureKeyVault": off, "googleCloudKms": off,
        "enabledForSearchNodes": false,
    });
    object(&app, &call, body).await
}

async fn maintenance(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let body = serde_json::json!({
        "autoDeferOnceEnabled": false, "dayOfWeek": 7, "hourOfDay": 0, "numberOfDeferrals": 0,
        "startASAP": false, "timeZoneId": "UTC",
    });
    object(&app, &call, body).await
}

async fn provider_access(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let body = serde_json::json!({
        "awsIamRoles": [], "azureServicePrincipals": [], "gcpServiceAccounts": [],
    });
    object(&app, &call, body).await
}

async fn federation(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    let (action, resource) = (Action::Read, Resource::OrgOther);
    app.may_in_org(call.caller()?, org, action, resource).await?;
    Reply::ok(&serde_json::json!({}))
}

async fn ip_info(_app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    Reply::ok(&peerage_wire::status::IpInfo { current_ipv4_address: call.remote })
}

async fn major_version(_app: Arc<App>, _call: Call) -> Result<Reply, Fault> {
    Reply::ok(&"8.0")
}

async fn control_plane(_app: Arc<App>, _call: Call) -> Result<Reply, Fault> {
    Reply::ok(&peerage_wire::status::ControlPlaneAddresses::default())
}

async fn status(_app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let context = call.caller()?;
    let api_key = match &context.caller.credential {
        Credential::ApiKey { id, public_key } => Some(StatusKey {
            access_list: Vec::new(),
            id: *id,
            public_key: public_key.clone(),
            roles: roles(context),
        }),
        Credential::ServiceAccount { .. } => None,
    };
    Reply::ok(&SystemStatus {
        api_key,
        app_name: AppName::Contract,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        links: vec![Link::new(format!("{}/api/atlas/v2", call.base_url), "self")],
        throttling: false,
    })
}

fn roles(context: &Context) -> Vec<RoleAssignment> {
    let in_org = context.caller.roles.org.iter().flat_map(|(org, roles)| {
        roles.iter().map(|role| RoleAssignment::Org { org_id: *org, role_name: *role })
    });
    let in_groups = context.caller.roles.groups.iter().flat_map(|(group, roles)| {
        roles.iter().map(|role| RoleAssignment::Group { group_id: *group, role_name: *role })
    });
    in_org.chain(in_groups).collect()
}
