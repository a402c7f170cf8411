//! Organizations and their settings: wire to domain and back.

use std::sync::Arc;

use crate::app::records::{OrgRecord, OrgSettings as StoredSettings};
use peerage_core::authz::{Action, Resource};
use peerage_wire::org::{CreatedOrg, NewOrg, Org, OrgChange, OrgSettings, OrgSettingsChange};
use peerage_wire::page::Link;

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use super::{api_keys, service_accounts};
use crate::app::App;
use crate::app::orgs::NewOrganization;

/// The operations on organizations.
pub(super) fn operations() -> Vec<Operation> {
    table! { Media::Atlas(&["2023-01-01"]), Bucket::Organization;
        "listOrgs" GET "/api/atlas/v2/orgs" list;
        "createOrg" POST "/api/atlas/v2/orgs" create;
        "getOrg" GET "/api/atlas/v2/orgs/{orgId}" get;
        "updateOrg" PATCH "/api/atlas/v2/orgs/{orgId}" update;
        "deleteOrg" DELETE "/api/atlas/v2/orgs/{orgId}" delete;
        "getOrgSettings" GET "/api/atlas/v2/orgs/{orgId}/settings" get_settings;
        "updateOrgSettings" PATCH "/api/atlas/v2/orgs/{orgId}/settings" update_settings;
    }
}

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    call.page()?;
    let mut orgs = app.list_orgs(call.caller()?).await?;
    if let Some(name) = call.query("name").filter(|name| !name.is_empty()) {
        orgs.retain(|org| org.name.to_lowercase().contains(&name.to_lowercase()));
    }
    call.list(&orgs, &["name"], |org| view(&call, org))
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    Reply::ok(&view(&call, &app.get_org(call.caller()?, call.id("orgId")?).await?))
}

async fn create(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let home = call.caller()?.caller.org;
    app.may_in_org(call.caller()?, home, Action::Create, Resource::Org).await?;
    let NewOrg { name, api_key, service_account, owner, skip_default_alerts_settings } =
        NewOrg::read(&call.body)?;
    let new = NewOrganization {
        name,
        skip_default_alerts_settings,
        key: api_key.map(|key| (key.description, key.roles)),
        account: service_account.map(service_accounts::new_account),
        owner,
    };
    let made = app.create_org(call.caller()?, &new).await?;
    let org = view(&call, &made.org);
    let place = format!("/api/atlas/v2/orgs/{}", org.id);
    let created = CreatedOrg {
        api_key: made.key.as_ref().map(|key| api_keys::shown_once(&call, key)),
        org_owner_id: owner,
        organization: org,
        service_account: made
            .account
            .as_ref()
            .map(|(account, secret)| service_accounts::org_view(account, Some(secret))),
        skip_default_alerts_settings,
    };
    Reply::created(&created, place)
}

async fn update(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    app.may_in_org(call.caller()?, org, Action::Change, Resource::Org).await?;
    let OrgChange { name, skip_default_alerts_settings: skip } = OrgChange::read(&call.body)?;
    let edit = |org: &mut OrgRecord| {
        org.name = name.clone().unwrap_or_else(|| org.name.clone());
        org.skip_default_alerts_settings = skip.unwrap_or(org.skip_default_alerts_settings);
    };
    Reply::ok(&view(&call, &app.change_org(call.caller()?, org, Resource::Org, edit).await?))
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.delete_org(call.caller()?, call.id("orgId")?).await?;
    Ok(Reply::no_content())
}

async fn get_settings(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    Reply::ok(&shown(app.org_settings(call.caller()?, call.id("orgId")?).await?))
}

async fn update_settings(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    app.may_in_org(call.caller()?, org, Action::Change, Resource::OrgSettings).await?;
    let wanted = OrgSettingsChange::read(&call.body)?;
    let edit = |org: &mut OrgRecord| {
        org.settings = kept(wanted.clone().apply(shown(org.settings.clone())));
    };
    let changed = app.change_org(call.caller()?, org, Resource::OrgSettings, edit).await?;
    Reply::ok(&shown(changed.settings))
}

fn view(call: &Call, org: &OrgRecord) -> Org {
    let own = format!("{}/api/atlas/v2/orgs/{}", call.base_url, org.id);
    Org {
        id: org.id,
        is_deleted: false,
        links: vec![Link::new(own, "self")],
        name: org.name.clone(),
        skip_default_alerts_settings: org.skip_default_alerts_settings,
    }
}

fn shown(settings: StoredSettings) -> OrgSettings {
    let StoredSettings {
        api_access_list_required,
        multi_factor_auth_required,
        restrict_employee_access,
        gen_ai_features_enabled,
        streams_cross_group_enabled,
        operations_contact,
        max_secret_hours,
        security_contact,
    } = settings;
    OrgSettings {
        api_access_list_required,
        gen_ai_features_enabled,
        max_service_account_secret_validity_in_hours: max_secret_hours,
        multi_factor_auth_required,
        operations_contact,
        restrict_employee_access,
        security_contact,
        streams_cross_group_enabled,
    }
}

fn kept(settings: OrgSettings) -> StoredSettings {
    let OrgSettings {
        api_access_list_required,
        gen_ai_features_enabled,
        max_service_account_secret_validity_in_hours,
        multi_factor_auth_required,
        operations_contact,
        restrict_employee_access,
        security_contact,
        streams_cross_group_enabled,
    } = settings;
    StoredSettings {
        api_access_list_required,
        multi_factor_auth_required,
        restrict_employee_access,
        gen_ai_features_enabled,
        streams_cross_group_enabled,
        operations_contact,
        max_secret_hours: max_service_account_secret_validity_in_hours,
        security_contact,
    }
}
