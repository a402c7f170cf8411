//! Service accounts: wire to domain and back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::app::records::{CredentialAddress, SecretRecord, ServiceAccountRecord};
use ::http::StatusCode;
use peerage_core::authz::{Action, GroupRole, OrgRole};
use peerage_core::error::Refusal;
use peerage_core::id::ServiceAccountId;
use peerage_wire::access_list::{AccountEntry, Target, read_targets};
use peerage_wire::service_account::{
    AccountGroup, NewSecret, NewServiceAccount, Secret, ServiceAccount, ServiceAccountChange,
    read_assignment,
};

use super::api_keys::path_block;
use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;
use crate::app::service_accounts::{AccountPlace, MadeSecret, NewAccount};

/// The operations on service accounts.
pub(super) fn operations() -> Vec<Operation> {
    [of_orgs(), of_groups()].concat()
}

const MEDIA: Media = Media::Atlas(&["2024-08-05"]);

fn of_orgs() -> Vec<Operation> {
    table! { MEDIA, Bucket::Organization;
        "listOrgServiceAccounts" GET "/api/atlas/v2/orgs/{orgId}/serviceAccounts" list_in_org;
        "createOrgServiceAccount" POST "/api/atlas/v2/orgs/{orgId}/serviceAccounts" create_in_org;
        "getOrgServiceAccount" GET "/api/atlas/v2/orgs/{orgId}/serviceAccounts/{clientId}"
            get_in_org;
        "updateOrgServiceAccount" PATCH "/api/atlas/v2/orgs/{orgId}/serviceAccounts/{clientId}"
            update_in_org;
        "deleteOrgServiceAccount" DELETE "/api/atlas/v2/orgs/{orgId}/serviceAccounts/{clientId}"
            delete;
        "getOrgServiceAccountGroups" GET
            "/api/atlas/v2/orgs/{orgId}/serviceAccounts/{clientId}/groups" list_groups;
        "createOrgServiceAccountSecret" POST
            "/api/atlas/v2/orgs/{orgId}/serviceAccounts/{clientId}/secrets" add_secret;
        "deleteOrgServiceAccountSecret" DELETE
            "/api/atlas/v2/orgs/{orgId}/serviceAccounts/{clientId}/secrets/{secretId}"
            delete_secret;
        "listOrgServiceAccountAccessList" GET
            "/api/atlas/v2/orgs/{orgId}/serviceAccounts/{clientId}/accessList" list_addresses;
        "createOrgServiceAccountAccessList" POST
            "/api/atlas/v2/orgs/{orgId}/serviceAccounts/{clientId}/accessList" add_addresses;
        "deleteOrgServiceAccountAccessListEntry" DELETE
            "/api/atlas/v2/orgs/{orgId}/serviceAccounts/{clientId}/accessList/{ipAddress}"
            remove_address;
    }
}

fn of_groups() -> Vec<Operation> {
    table! { MEDIA, Bucket::Project;
        "listGroupServiceAccounts" GET "/api/atlas/v2/groups/{groupId}/serviceAccounts"
            list_in_group;
        "createGroupServiceAccount" POST "/api/atlas/v2/groups/{groupId}/serviceAccounts"
            create_in_group;
        "getGroupServiceAccount" GET "/api/atlas/v2/groups/{groupId}/serviceAccounts/{clientId}"
            get_in_group;
        "updateGroupServiceAccount" PATCH
            "/api/atlas/v2/groups/{groupId}/serviceAccounts/{clientId}" update_in_group;
        "deleteGroupServiceAccount" DELETE
            "/api/atlas/v2/groups/{groupId}/serviceAccounts/{clientId}" delete;
        "inviteGroupServiceAccount" POST
            "/api/atlas/v2/groups/{groupId}/serviceAccounts/{clientId}:invite" invite;
        "createGroupServiceAccountSecret" POST
            "/api/atlas/v2/groups/{groupId}/serviceAccounts/{clientId}/secrets" add_secret;
        "deleteGroupServiceAccountSecret" DELETE
            "/api/atlas/v2/groups/{groupId}/serviceAccounts/{clientId}/secrets/{secretId}"
            delete_secret;
        "listGroupServiceAccountAccessList" GET
            "/api/atlas/v2/groups/{groupId}/serviceAccounts/{clientId}/accessList" list_addresses;
        "createGroupServiceAccountAccessList" POST
            "/api/atlas/v2/groups/{groupId}/serviceAccounts/{clientId}/accessList" add_addresses;
        "deleteGroupServiceAccountAccessListEntry" DELETE
            "/api/atlas/v2/groups/{groupId}/serviceAccounts/{clientId}/accessList/{ipAddress}"
            remove_address;
    }
}

/// The place that the path names.
fn place(call: &Call) -> Result<AccountPlace, Fault> {
    if call.text("orgId").is_empty() {
        Ok(AccountPlace::Group(call.id("groupId")?))
    } else {
        Ok(AccountPlace::Org(call.id("orgId")?))
    }
}

fn account(call: &Call) -> Result<ServiceAccountId, Fault> {
    let text = call.text("clientId");
    let unknown = || Refusal::ServiceAccountNotFound(text.to_owned()).into();
    ServiceAccountId::parse_client_id(text).ok_or_else(unknown)
}

/// What is asked for, and its roles.
pub(super) fn new_account<R>(new: NewServiceAccount<R>) -> (NewAccount, BTreeSet<R>) {
    let NewServiceAccount { name, description, roles, secret_hours } = new;
    (NewAccount { name, description, secret_life: hours(secret_hours) }, roles)
}

fn hours(hours: u32) -> Duration {
    Duration::from_hours(u64::from(hours))
}

async fn list_in_org(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let place = place(&call)?;
    call.page()?;
    call.flag("includeSystemManaged", false)?;
    let found = app.list_accounts(call.caller()?, place).await?;
    call.list(&found, &["includeSystemManaged"], |account| org_view(account, None))
}

async fn list_in_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let place = place(&call)?;
    call.page()?;
    call.flag("includeSystemManaged", false)?;
    let found = app.list_accounts(call.caller()?, place).await?;
    call.list(&found, &["includeSystemManaged"], |account| group_view(account, place, None))
}

async fn get_in_org(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let found = app.get_account(call.caller()?, place(&call)?, account(&call)?).await?;
    Reply::ok(&org_view(&found, None))
}

async fn get_in_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let place = place(&call)?;
    let found = app.get_account(call.caller()?, place, account(&call)?).await?;
    Reply::ok(&group_view(&found, place, None))
}

async fn create_in_org(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    app.may_accounts(call.caller()?, AccountPlace::Org(org), Action::Create).await?;
    let (new, roles) = new_account(NewServiceAccount::<OrgRole>::read(&call.body)?);
    let (made, secret) = app.create_org_account(call.caller()?, org, &new, roles).await?;
    Reply::with(StatusCode::CREATED, &org_view(&made, Some(&secret)))
}

async fn create_in_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    let place = AccountPlace::Group(group);
    app.may_accounts(call.caller()?, place, Action::Create).await?;
    let (new, roles) = new_account(NewServiceAccount::<GroupRole>::read(&call.body)?);
    let (made, secret) = app.create_group_account(call.caller()?, group, &new, roles).await?;
    Reply::with(StatusCode::CREATED, &group_view(&made, place, Some(&secret)))
}

async fn update_in_org(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let place = place(&call)?;
    app.may_accounts(call.caller()?, place, Action::Change).await?;
    let wanted = ServiceAccountChange::<OrgRole>::read(&call.body)?;
    let edit = |account: &mut ServiceAccountRecord| {
        account.name = wanted.name.clone().unwrap_or_else(|| account.name.clone());
        let description = wanted.description.clone();
        account.description = description.unwrap_or_else(|| account.description.clone());
        if let Some(roles) = &wanted.roles {
            account.grants.org.clone_from(roles);
        }
    };
    let account = app.change_account(call.caller()?, place, account(&call)?, edit).await?;
    Reply::ok(&org_view(&account, None))
}

async fn update_in_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    let place = AccountPlace::Group(group);
    app.may_accounts(call.caller()?, place, Action::Change).await?;
    let wanted = ServiceAccountChange::<GroupRole>::read(&call.body)?;
    let edit = |account: &mut ServiceAccountRecord| {
        account.name = wanted.name.clone().unwrap_or_else(|| account.name.clone());
        let description = wanted.description.clone();
        account.description = description.unwrap_or_else(|| account.description.clone());
        if let Some(roles) = &wanted.roles {
            account.grants.set_in_group(group, roles.clone());
        }
    };
    let account = app.change_account(call.caller()?, place, account(&call)?, edit).await?;
    Reply::ok(&group_view(&account, place, None))
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.delete_account(call.caller()?, place(&call)?, account(&call)?).await?;
    Ok(Reply::no_content())
}

async fn invite(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.may_invite_accounts(call.caller()?, group).await?;
    let roles = read_assignment(&call.body)?;
    let found = app.invite_account(call.caller()?, group, account(&call)?, roles).await?;
    Reply::ok(&group_view(&found, AccountPlace::Group(group), None))
}

async fn list_groups(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    call.page()?;
    let found = app.get_account(call.caller()?, place(&call)?, account(&call)?).await?;
    call.list(&found.grants.groups, &[], |grant| AccountGroup {
        group_id: grant.group,
        roles: grant.roles.clone(),
    })
}

async fn add_secret(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let place = place(&call)?;
    app.may_accounts(call.caller()?, place, Action::Change).await?;
    let NewSecret { secret_hours } = NewSecret::read(&call.body)?;
    let life = hours(secret_hours);
    let made = app.add_secret(call.caller()?, place, account(&call)?, life).await?;
    Reply::with(StatusCode::CREATED, &secret(&made.record, Some(&made)))
}

async fn delete_secret(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let secret = call.id("secretId")?;
    app.delete_secret(call.caller()?, place(&call)?, account(&call)?, secret).await?;
    Ok(Reply::no_content())
}

async fn list_addresses(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    call.page()?;
    let found = app.get_account(call.caller()?, place(&call)?, account(&call)?).await?;
    call.list(&found.access_list, &[], address)
}

async fn add_addresses(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let place = place(&call)?;
    call.page()?;
    app.may_account_addresses(call.caller()?, place, Action::Change).await?;
    let blocks: Vec<String> = read_targets(&call.body)?.iter().map(Target::canonical).collect();
    let id = account(&call)?;
    let found = app.add_account_addresses(call.caller()?, place, id, &blocks).await?;
    call.list(&found.access_list, &[], address)
}

async fn remove_address(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (place, id) = (place(&call)?, account(&call)?);
    app.remove_account_address(call.caller()?, place, id, &path_block(&call)?).await?;
    Ok(Reply::no_content())
}

fn address(entry: &CredentialAddress) -> AccountEntry {
    let target = Target::parse(&entry.block);
    AccountEntry {
        target: target.unwrap_or_else(|| Target::SecurityGroup(entry.block.clone())),
        created: entry.created,
        last_used_address: None,
        last_used: None,
        request_count: 0,
    }
}

pub(super) fn org_view(
    account: &ServiceAccountRecord,
    made: Option<&MadeSecret>,
) -> ServiceAccount<OrgRole> {
    ServiceAccount {
        client_id: account.id,
        created_at: account.created,
        description: account.description.clone(),
        name: account.name.clone(),
        roles: account.grants.org.clone(),
        secrets: account.secrets.iter().map(|record| secret(record, made)).collect(),
        system_managed: false,
    }
}

fn group_view(
    account: &ServiceAccountRecord,
    place: AccountPlace,
    made: Option<&MadeSecret>,
) -> ServiceAccount<GroupRole> {
    let roles = match place {
        AccountPlace::Group(group) => account.grants.in_group(group).cloned().unwrap_or_default(),
        AccountPlace::Org(_) => Default::default(),
    };
    ServiceAccount {
        client_id: account.id,
        created_at: account.created,
        description: account.description.clone(),
        name: account.name.clone(),
        roles,
        secrets: account.secrets.iter().map(|record| secret(record, made)).collect(),
        system_managed: false,
    }
}

/// A secret: its text only when it was just made.
fn secret(record: &SecretRecord, made: Option<&MadeSecret>) -> Secret {
    let text = made.filter(|made| made.record.id == record.id);
    Secret {
        created_at: record.created,
        expires_at: record.expires,
        id: record.id,
        last_used_at: record.last_used,
        masked_secret_value: text.is_none().then(|| record.masked.clone()),
        secret: text.map(|made| made.secret.expose().to_owned()),
    }
}
