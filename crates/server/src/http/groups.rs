//! Projects, their settings, limits and addresses: wire to domain and back.

use std::sync::Arc;

use crate::app::records::{GroupRecord, Tag as StoredTag};
use peerage_core::authz::{Action, Resource};
use peerage_wire::group::{Group, GroupChange, NewGroup, RegionUsage, Tag, links};
use peerage_wire::ip_addresses::{GroupIpAddresses, GroupServices};
use peerage_wire::limit::{Limit, LimitChange};
use peerage_wire::settings::{GroupSettings, GroupSettingsChange};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;
use crate::app::group_settings::LimitState;
use crate::app::groups::{NewProject, ProjectChange};

const MEDIA: Media = Media::Atlas(&["2023-01-01"]);

/// The operations on projects.
pub(super) fn operations() -> Vec<Operation> {
    table! { MEDIA, Bucket::Project;
        "listGroups" GET "/api/atlas/v2/groups" list;
        "createGroup" POST "/api/atlas/v2/groups" create;
        "getGroupByName" GET "/api/atlas/v2/groups/byName/{groupName}" get_by_name;
        "getGroup" GET "/api/atlas/v2/groups/{groupId}" get;
        "updateGroup" PATCH "/api/atlas/v2/groups/{groupId}" update;
        "deleteGroup" DELETE "/api/atlas/v2/groups/{groupId}" delete;
        "getOrgGroups" GET "/api/atlas/v2/orgs/{orgId}/groups" list_of_org;
        "getGroupSettings" GET "/api/atlas/v2/groups/{groupId}/settings" get_settings;
        "updateGroupSettings" PATCH "/api/atlas/v2/groups/{groupId}/settings" update_settings;
        "listGroupLimits" GET "/api/atlas/v2/groups/{groupId}/limits" list_limits;
        "getGroupLimit" GET "/api/atlas/v2/groups/{groupId}/limits/{limitName}" get_limit;
        "setGroupLimit" PATCH "/api/atlas/v2/groups/{groupId}/limits/{limitName}" set_limit;
        "deleteGroupLimit" DELETE "/api/atlas/v2/groups/{groupId}/limits/{limitName}" reset_limit;
        "getGroupIpAddresses" GET "/api/atlas/v2/groups/{groupId}/ipAddresses" addresses;
        "getGroupManagedSlowMs" GET "/api/atlas/v2/groups/{groupId}/managedSlowMs" get_slow_ms;
        "enableGroupManagedSlowMs" POST "/api/atlas/v2/groups/{groupId}/managedSlowMs/enable"
            enable_slow_ms;
        "disableGroupManagedSlowMs" DELETE "/api/atlas/v2/groups/{groupId}/managedSlowMs/disable"
            disable_slow_ms;
    }
}

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    call.page()?;
    let groups = app.list_groups(call.caller()?).await?;
    call.list(&groups, &[], |group| view(&call, group))
}

async fn list_of_org(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    call.page()?;
    let mut groups = app.list_org_groups(call.caller()?, org).await?;
    if let Some(name) = call.query("name").filter(|name| !name.is_empty()) {
        groups.retain(|group| group.name.starts_with(name));
    }
    call.list(&groups, &["name"], |group| view(&call, group))
}

async fn create(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let new = NewGroup::read(&call.body)?;
    let region_usage_restrictions = match new.region_usage {
        RegionUsage::Commercial => None,
        RegionUsage::Government => Some(new.region_usage.name().to_owned()),
    };
    let new = NewProject {
        name: new.name,
        org: new.org,
        with_default_alerts_settings: new.with_default_alerts_settings,
        tags: new.tags.into_iter().map(stored_tag).collect(),
        region_usage_restrictions,
    };
    let group = app.create_group(call.caller()?, &new).await?;
    Reply::created(&view(&call, &group), format!("/api/atlas/v2/groups/{}", group.id))
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = app.get_group(call.caller()?, call.id("groupId")?).await?;
    Reply::ok(&view(&call, &group))
}

async fn get_by_name(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = app.get_group_by_name(call.caller()?, call.text("groupName")).await?;
    Reply::ok(&view(&call, &group))
}

async fn update(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.may_in_group(call.caller()?, group, Action::Change, Resource::Group).await?;
    let wanted = GroupChange::read(&call.body)?;
    let wanted = ProjectChange {
        name: wanted.name,
        tags: wanted.tags.map(|tags| tags.into_iter().map(stored_tag).collect()),
        with_default_alerts_settings: wanted.with_default_alerts_settings,
    };
    let group = app.update_group(call.caller()?, group, &wanted).await?;
    Reply::ok(&view(&call, &group))
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.delete_group(call.caller()?, call.id("groupId")?).await?;
    Ok(Reply::accepted())
}

async fn get_settings(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = app.group_settings(call.caller()?, call.id("groupId")?).await?;
    Reply::ok(&settings(&group))
}

async fn update_settings(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.may_in_group(call.caller()?, group, Action::Change, Resource::GroupSettings).await?;
    let switches = GroupSettingsChange::read(&call.body)?.switches();
    let group = app.set_group_settings(call.caller()?, group, &switches).await?;
    Reply::ok(&settings(&group))
}

async fn list_limits(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let limits = app.list_limits(call.caller()?, call.id("groupId")?).await?;
    Reply::ok(&limits.iter().map(limit).collect::<Vec<_>>())
}

async fn get_limit(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    let found = app.get_limit(call.caller()?, group, call.text("limitName")).await?;
    Reply::ok(&limit(&found))
}

async fn set_limit(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.may_in_group(call.caller()?, group, Action::Change, Resource::GroupLimit).await?;
    let LimitChange { value } = LimitChange::read(&call.body)?;
    let set = app.set_limit(call.caller()?, group, call.text("limitName"), value).await?;
    Reply::ok(&limit(&set))
}

async fn reset_limit(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.reset_limit(call.caller()?, call.id("groupId")?, call.text("limitName")).await?;
    Ok(Reply::no_content())
}

async fn addresses(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = app.get_group(call.caller()?, call.id("groupId")?).await?;
    Reply::ok(&GroupIpAddresses { group_id: group.id, services: GroupServices::default() })
}

async fn get_slow_ms(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = app.group_settings(call.caller()?, call.id("groupId")?).await?;
    Reply::ok(&group.managed_slow_ms)
}

async fn enable_slow_ms(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.set_managed_slow_ms(call.caller()?, call.id("groupId")?, true).await?;
    Ok(Reply::no_content())
}

async fn disable_slow_ms(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.set_managed_slow_ms(call.caller()?, call.id("groupId")?, false).await?;
    Ok(Reply::no_content())
}

fn view(call: &Call, group: &GroupRecord) -> Group {
    let usage = match group.region_usage_restrictions {
        Some(_) => RegionUsage::Government,
        None => RegionUsage::Commercial,
    };
    let tag = |tag: &StoredTag| Tag { key: tag.key.clone(), value: tag.value.clone() };
    Group {
        cluster_count: 0,
        created: group.created,
        id: group.id,
        links: links(&format!("{}/api/atlas/v2", call.base_url), group.id),
        name: group.name.clone(),
        org_id: group.org,
        region_usage: usage,
        tags: group.tags.iter().map(tag).collect(),
        with_default_alerts_settings: group.with_default_alerts_settings,
    }
}

fn stored_tag(tag: Tag) -> StoredTag {
    StoredTag { key: tag.key, value: tag.value }
}

fn settings(group: &GroupRecord) -> GroupSettings {
    let set = |name: &str| group.settings.get(name).copied();
    GroupSettingsChange::of(set).apply(&GroupSettings::default())
}

fn limit(LimitState { rule, value }: &LimitState) -> Limit {
    Limit {
        current_usage: None,
        default_limit: rule.default.unwrap_or(0),
        maximum_limit: rule.maximum,
        name: rule.name.to_owned(),
        value: *value,
    }
}
