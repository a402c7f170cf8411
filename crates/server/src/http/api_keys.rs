//! Programmatic API keys: wire to domain and back.

use std::sync::Arc;

use crate::app::records::{ApiKeyRecord, CredentialAddress, Grants};
use peerage_core::authz::{Action, GroupRole, OrgRole, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::OrgId;
use peerage_wire::access_list::{KeyEntry, Target, read_targets};
use peerage_wire::api_key::{ApiKey, ApiKeyChange, NewApiKey, read_assignment};
use peerage_wire::page::Link;
use peerage_wire::role::RoleAssignment;

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;
use crate::app::api_keys::NewKey;

/// The operations on API keys.
pub(super) fn operations() -> Vec<Operation> {
    table! { Media::Atlas(&["2023-01-01"]), Bucket::Organization;
        "listOrgApiKeys" GET "/api/atlas/v2/orgs/{orgId}/apiKeys" list_of_org;
        "createOrgApiKey" POST "/api/atlas/v2/orgs/{orgId}/apiKeys" create_in_org;
        "getOrgApiKey" GET "/api/atlas/v2/orgs/{orgId}/apiKeys/{apiUserId}" get;
        "updateOrgApiKey" PATCH "/api/atlas/v2/orgs/{orgId}/apiKeys/{apiUserId}" update;
        "deleteOrgApiKey" DELETE "/api/atlas/v2/orgs/{orgId}/apiKeys/{apiUserId}" delete;
        "listOrgApiKeyAccessListEntries" GET
            "/api/atlas/v2/orgs/{orgId}/apiKeys/{apiUserId}/accessList" list_addresses;
        "createOrgApiKeyAccessListEntry" POST
            "/api/atlas/v2/orgs/{orgId}/apiKeys/{apiUserId}/accessList" add_addresses;
        "getOrgApiKeyAccessListEntry" GET
            "/api/atlas/v2/orgs/{orgId}/apiKeys/{apiUserId}/accessList/{ipAddress}" get_address;
        "deleteOrgApiKeyAccessListEntry" DELETE
            "/api/atlas/v2/orgs/{orgId}/apiKeys/{apiUserId}/accessList/{ipAddress}"
            remove_address;
        "listGroupApiKeys" GET "/api/atlas/v2/groups/{groupId}/apiKeys" list_of_group;
        "createGroupApiKey" POST "/api/atlas/v2/groups/{groupId}/apiKeys" create_in_group;
        "addGroupApiKey" POST "/api/atlas/v2/groups/{groupId}/apiKeys/{apiUserId}" assign;
        "updateGroupApiKeyRoles" PATCH "/api/atlas/v2/groups/{groupId}/apiKeys/{apiUserId}"
            update_in_group;
        "removeGroupApiKey" DELETE "/api/atlas/v2/groups/{groupId}/apiKeys/{apiUserId}" unassign;
    }
}

async fn list_of_org(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    call.page()?;
    let found = app.list_org_keys(call.caller()?, org).await?;
    call.list(&found, &[], |key| masked(&call, key))
}

async fn list_of_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    call.page()?;
    let found = app.list_group_keys(call.caller()?, group).await?;
    call.list(&found, &[], |key| masked(&call, key))
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, id) = (call.id("orgId")?, call.id("apiUserId")?);
    Reply::ok(&masked(&call, &app.get_org_key(call.caller()?, org, id).await?))
}

async fn create_in_org(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    app.may_in_org(call.caller()?, org, Action::Create, Resource::OrgApiKey).await?;
    let NewApiKey { description, roles } = NewApiKey::<OrgRole>::read(&call.body)?;
    let new = app.create_org_key(call.caller()?, org, description, roles).await?;
    Reply::ok(&shown_once(&call, &new))
}

async fn create_in_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.may_in_group(call.caller()?, group, Action::Create, Resource::GroupApiKey).await?;
    let NewApiKey { description, roles } = NewApiKey::<GroupRole>::read(&call.body)?;
    let new = app.create_group_key(call.caller()?, group, description, roles).await?;
    Reply::ok(&shown_once(&call, &new))
}

async fn update(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, id) = (call.id("orgId")?, call.id("apiUserId")?);
    app.may_in_org(call.caller()?, org, Action::Change, Resource::OrgApiKey).await?;
    let ApiKeyChange { description, roles } = ApiKeyChange::<OrgRole>::read(&call.body)?;
    let key = app.update_org_key(call.caller()?, org, id, description, roles).await?;
    Reply::ok(&masked(&call, &key))
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.delete_org_key(call.caller()?, call.id("orgId")?, call.id("apiUserId")?).await?;
    Ok(Reply::no_content())
}

async fn assign(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, id) = (call.id("groupId")?, call.id("apiUserId")?);
    let (action, resource) = (Action::Change, Resource::GroupApiKeyAssignment);
    app.may_in_group(call.caller()?, group, action, resource).await?;
    let roles = read_assignment(&call.body)?;
    app.set_key_in_group(call.caller()?, group, id, None, Some(roles), false).await?;
    Ok(Reply::no_content())
}

async fn update_in_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, id) = (call.id("groupId")?, call.id("apiUserId")?);
    app.may_in_group(call.caller()?, group, Action::Change, Resource::GroupApiKey).await?;
    let ApiKeyChange { description, roles } = ApiKeyChange::<GroupRole>::read(&call.body)?;
    let key = app.set_key_in_group(call.caller()?, group, id, description, roles, true).await?;
    Reply::ok(&masked(&call, &key))
}

async fn unassign(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.remove_key_from_group(call.caller()?, call.id("groupId")?, call.id("apiUserId")?).await?;
    Ok(Reply::no_content())
}

async fn list_addresses(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, id) = (call.id("orgId")?, call.id("apiUserId")?);
    call.page()?;
    let key = app.get_org_key(call.caller()?, org, id).await?;
    call.list(&key.access_list, &[], |entry| address(&call, &key, entry))
}

async fn add_addresses(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, id) = (call.id("orgId")?, call.id("apiUserId")?);
    call.page()?;
    app.may_in_org(call.caller()?, org, Action::Change, Resource::OrgApiKey).await?;
    let blocks: Vec<String> = read_targets(&call.body)?.iter().map(Target::canonical).collect();
    let key = app.add_key_addresses(call.caller()?, org, id, &blocks).await?;
    call.list(&key.access_list, &[], |entry| address(&call, &key, entry))
}

async fn get_address(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, id) = (call.id("orgId")?, call.id("apiUserId")?);
    let key = app.get_org_key(call.caller()?, org, id).await?;
    let block = path_block(&call)?;
    let unknown = || Refusal::ApiKeyAccessListEntryNotFound(block.clone());
    let found = key.access_list.iter().find(|entry| entry.block == block).ok_or_else(unknown)?;
    Reply::ok(&address(&call, &key, found))
}

async fn remove_address(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, id) = (call.id("orgId")?, call.id("apiUserId")?);
    app.remove_key_address(call.caller()?, org, id, &path_block(&call)?).await?;
    Ok(Reply::no_content())
}

/// The entry that the path names.
pub(super) fn path_block(call: &Call) -> Result<String, Fault> {
    let text = call.text("ipAddress");
    let unknown = || Refusal::ApiKeyAccessListEntryNotFound(text.to_owned()).into();
    Target::parse(text).map(|target| target.canonical()).ok_or_else(unknown)
}

fn address(call: &Call, key: &ApiKeyRecord, entry: &CredentialAddress) -> KeyEntry {
    let target = Target::parse(&entry.block);
    let path = entry.block.replace('/', "%2F");
    let own = format!("{}/accessList/{path}", own_address(call, key));
    KeyEntry {
        target: target.unwrap_or_else(|| Target::SecurityGroup(entry.block.clone())),
        count: 0,
        created: entry.created,
        last_used: None,
        last_used_address: None,
        links: vec![Link::new(own, "self")],
    }
}

fn own_address(call: &Call, key: &ApiKeyRecord) -> String {
    format!("{}/api/atlas/v2/orgs/{}/apiKeys/{}", call.base_url, key.org, key.id)
}

fn masked(call: &Call, key: &ApiKeyRecord) -> ApiKey {
    view(call, key, key.masked_private_key.clone())
}

pub(super) fn shown_once(call: &Call, new: &NewKey) -> ApiKey {
    view(call, &new.key, new.private.expose().to_owned())
}

fn view(call: &Call, key: &ApiKeyRecord, private_key: String) -> ApiKey {
    ApiKey {
        desc: key.description.clone(),
        id: key.id,
        links: vec![Link::new(own_address(call, key), "self")],
        private_key,
        public_key: key.public_key.clone(),
        roles: assignments(key.org, &key.grants),
    }
}

/// Every role with its place.
pub(super) fn assignments(org_id: OrgId, grants: &Grants) -> Vec<RoleAssignment> {
    let in_org = grants.org.iter().map(|role| RoleAssignment::Org { org_id, role_name: *role });
    let in_groups = grants.groups.iter().flat_map(|grant| {
        let group_id = grant.group;
        grant.roles.iter().map(move |role| RoleAssignment::Group { group_id, role_name: *role })
    });
    in_org.chain(in_groups).collect()
}
