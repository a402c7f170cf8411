//! Projects: list, create, get, rename, label, close; their settings and limits.

mod forget;

use std::collections::BTreeSet;

use peerage_core::authz::{Action, GroupRole, Resource, Scope};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, OrgId};
use peerage_store::keys;
use peerage_store::record::{
    ApiKeyRecord, GroupIndexRecord, GroupRecord, MarkRecord, ServiceAccountRecord, Tag,
};

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::{App, Failure};
use crate::app::events::kind::{self, Kind};
use crate::context::{Context, Credential};

/// The most projects of one organization.
const GROUPS_PER_ORG: usize = 250;

/// Deletions of one transaction when what is left of a project is cleared.
const BATCH: usize = 100;

/// What a new project is to be.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// The organization that is to own it.
    pub org: OrgId,
    /// Whether it gets the default alerts.
    pub with_default_alerts_settings: bool,
    /// Its labels.
    pub tags: Vec<Tag>,
    /// Which regions it may use, where that is regulated.
    pub region_usage_restrictions: Option<String>,
}

/// What is to be different about a project. What is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ProjectChange {
    /// Another name.
    pub name: Option<String>,
    /// Other labels.
    pub tags: Option<Vec<Tag>>,
    /// Whether it has the default alerts.
    pub with_default_alerts_settings: Option<bool>,
}

impl App {
    /// The projects that the caller may see, oldest first.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn list_groups(&self, context: &Context) -> Result<Vec<GroupRecord>, Failure> {
        let mut groups = self.groups_of(context.caller.org).await?;
        groups.retain(|group| {
            let scope = Scope::Group { group: group.id, org: group.org };
            context.caller.roles.belongs(scope)
        });
        Ok(groups)
    }

    /// The projects of an organization that the caller may see, oldest first.
    ///
    /// # Errors
    /// The organization is not the caller's to see.
    pub async fn list_org_groups(
        &self,
        context: &Context,
        org: OrgId,
    ) -> Result<Vec<GroupRecord>, Failure> {
        self.in_org(context, org, Action::Read, Resource::OrgGroup).await?;
        self.list_groups(context).await
    }

    async fn groups_of(&self, org: OrgId) -> Result<Vec<GroupRecord>, Failure> {
        let mut groups = Vec::new();
        for id in self.ids_below(&keys::org_groups(org)).await? {
            if let Some(found) = self.read::<GroupRecord>(&keys::group(id)).await? {
                groups.push(found.value);
            }
        }
        Ok(groups)
    }

    /// One project.
    ///
    /// # Errors
    /// No such project, or none that the caller may see.
    pub async fn get_group(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<GroupRecord, Failure> {
        Ok(self.in_group(context, group, Action::Read, Resource::Group).await?.value)
    }

    /// The project of that name.
    ///
    /// # Errors
    /// No such project, or none that the caller may see.
    pub async fn get_group_by_name(
        &self,
        context: &Context,
        name: &str,
    ) -> Result<GroupRecord, Failure> {
        let unknown = || Refusal::GroupNameNotFound(name.to_owned());
        let key = keys::group_name(context.caller.org, name);
        let index: Stored<GroupIndexRecord> = self.read_or(&key, unknown).await?;
        match self.get_group(context, index.value.group).await {
            Err(Failure::Refused(Refusal::GroupNotFound(_))) => Err(unknown().into()),
            other => other,
        }
    }

    /// Makes a project. Whoever makes it owns it.
    ///
    /// # Errors
    /// The name is taken, the organization is full or not the caller's, or it lacks the role.
    pub async fn create_group(
        &self,
        context: &Context,
        new: &NewProject,
    ) -> Result<GroupRecord, Failure> {
        self.in_org(context, new.org, Action::Create, Resource::OrgGroup).await?;
        let _turn = self.one_at_a_time(new.org).await;
        let mut tries = Tries::default();
        loop {
            let org = self.in_org(context, new.org, Action::Create, Resource::OrgGroup).await?;
            let siblings: Vec<GroupId> = self.ids_below(&keys::org_groups(new.org)).await?;
            if siblings.len() >= GROUPS_PER_ORG {
                return Err(Refusal::GroupMaximum { limit: GROUPS_PER_ORG }.into());
            }
            let name = keys::group_name(new.org, &new.name);
            if self.read::<GroupIndexRecord>(&name).await?.is_some() {
                return Err(Refusal::GroupExists(new.name.clone()).into());
            }
            let now = self.clock.now();
            let group = GroupRecord {
                tags: new.tags.clone(),
                with_default_alerts_settings: new.with_default_alerts_settings,
                region_usage_restrictions: new.region_usage_restrictions.clone(),
                ..GroupRecord::new(self.randomness.id(now), new.org, new.name.clone(), now)
            };
            let mut change = Change::default();
            change.require(name.clone(), None).require(keys::group(group.id), None);
            // Written again as it is: an organization cannot be closed while a project is made.
            let home = keys::org(new.org);
            change.require(home.clone(), Some(org.revision)).put(home, &org.value)?;
            change.put(name, &GroupIndexRecord { group: group.id })?;
            change.put(keys::group(group.id), &group)?;
            change.mark(keys::org_group(new.org, group.id))?;
            self.make_owner(&mut change, context, group.id).await?;
            let news = News::in_group(kind::GROUP_CREATED, new.org, group.id);
            self.record(&mut change, Some(context), news);
            let news = News::in_org(kind::GROUP_CREATED, new.org).with("groupId", group.id);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(group);
            }
        }
    }

    /// Gives the caller's credential the project, unless its organization's role does already.
    async fn make_owner(
        &self,
        change: &mut Change,
        context: &Context,
        group: GroupId,
    ) -> Result<(), Failure> {
        if context.caller.roles.owns_org(context.caller.org) {
            return Ok(());
        }
        let owner = BTreeSet::from([GroupRole::Owner]);
        match &context.caller.credential {
            Credential::ApiKey { id, .. } => {
                let key = keys::api_key(*id);
                let refusal = || Refusal::ApiKeyNotFound(*id);
                let mut found: Stored<ApiKeyRecord> = self.read_or(&key, refusal).await?;
                found.value.grants.set_in_group(group, owner);
                change.require(key.clone(), Some(found.revision)).put(key, &found.value)?;
                change.mark(keys::group_api_key(group, *id))?;
            }
            Credential::ServiceAccount { id } => {
                let key = keys::service_account(*id);
                let refusal = || Refusal::ServiceAccountNotFound(id.to_string());
                let mut found: Stored<ServiceAccountRecord> = self.read_or(&key, refusal).await?;
                found.value.grants.set_in_group(group, owner);
                change.require(key.clone(), Some(found.revision)).put(key, &found.value)?;
                change.mark(keys::group_service_account(group, *id))?;
            }
        }
        Ok(())
    }

    /// Changes a project's name, labels or alerts.
    ///
    /// # Errors
    /// No such project, the name is taken, or the caller lacks the role.
    pub async fn update_group(
        &self,
        context: &Context,
        group: GroupId,
        wanted: &ProjectChange,
    ) -> Result<GroupRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            let before = self.in_group(context, group, Action::Change, Resource::Group).await?;
            let mut next = before.value.clone();
            let mut change = Change::default();
            change.require(keys::group(group), Some(before.revision));
            if let Some(name) = wanted.name.as_ref().filter(|name| **name != next.name) {
                self.rename(&mut change, &mut next, name).await?;
                let news = News::in_group(kind::GROUP_NAME_CHANGED, next.org, group)
                    .with("name", name)
                    .with("oldName", &before.value.name);
                self.record(&mut change, Some(context), news);
            }
            if let Some(tags) = wanted.tags.as_ref().filter(|tags| **tags != next.tags) {
                next.tags.clone_from(tags);
                let news = News::in_group(kind::GROUP_TAGS_MODIFIED, next.org, group);
                self.record(&mut change, Some(context), news);
            }
            if let Some(alerts) = wanted.with_default_alerts_settings {
                next.with_default_alerts_settings = alerts;
            }
            change.put(keys::group(group), &next)?;
            if change.tells_nothing() {
                let news = News::in_group(kind::PEERAGE_GROUP_CHANGED, next.org, group);
                self.record(&mut change, Some(context), news);
            }
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }

    async fn rename(
        &self,
        change: &mut Change,
        group: &mut GroupRecord,
        name: &str,
    ) -> Result<(), Failure> {
        let taken = keys::group_name(group.org, name);
        if self.read::<GroupIndexRecord>(&taken).await?.is_some() {
            return Err(Refusal::GroupExists(name.to_owned()).into());
        }
        change.require(taken.clone(), None);
        change.put(taken, &GroupIndexRecord { group: group.id })?;
        change.delete(keys::group_name(group.org, &group.name));
        name.clone_into(&mut group.name);
        Ok(())
    }

    /// Closes a project. Its empty containers go with it.
    ///
    /// # Errors
    /// No such project, it has peerings, or a container of it still exists in its cloud.
    pub async fn delete_group(&self, context: &Context, group: GroupId) -> Result<(), Failure> {
        let _turn = self.one_at_a_time(group).await;
        let mut tries = Tries::default();
        loop {
            let before = self.in_group(context, group, Action::Delete, Resource::Group).await?;
            let guard = self.guard(group).await?;
            let containers = self.containers_of(group).await?;
            let in_use = containers.iter().any(|container| container.refuse_in_use().is_err());
            if in_use || !self.peerings_of(group).await?.is_empty() {
                return Err(Refusal::GroupHasPeerings(group).into());
            }
            let GroupRecord { org, name, .. } = before.value;
            let mut change = Change::default();
            let key = keys::network_guard(group);
            change.require(key.clone(), guard.map(|guard: Stored<MarkRecord>| guard.revision));
            change.delete(key);
            change.require(keys::group(group), Some(before.revision)).delete(keys::group(group));
            change.delete(keys::group_name(org, &name)).delete(keys::org_group(org, group));
            for container in &containers {
                change.delete(keys::container(group, container.id));
            }
            let news =
                News::in_org(kind::GROUP_DELETED, org).with("groupId", group).with("name", name);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                self.forget_group(org, group).await?;
                return self.clear(group).await;
            }
        }
    }

    /// Clears what is left of a project that is gone already: nobody can reach it any more. Its
    /// trail stays.
    async fn clear(&self, group: GroupId) -> Result<(), Failure> {
        let left = [
            keys::access_list(group),
            keys::group_api_keys(group),
            keys::group_service_accounts(group),
            keys::group_teams(group),
            keys::group_invitations(group),
            keys::all_group_invited(group),
        ];
        for prefix in left {
            for batch in self.entries(&prefix).await?.chunks(BATCH) {
                let mut change = Change::untold("nobody can reach it any more");
                for entry in batch {
                    change.delete(entry.key.clone());
                }
                self.commit(change).await?;
            }
        }
        Ok(())
    }

    /// Changes something about a project's own record, with an event.
    pub(crate) async fn change_group(
        &self,
        context: &Context,
        group: GroupId,
        resource: Resource,
        action: Action,
        kind: Kind,
        edit: impl Fn(&mut GroupRecord),
    ) -> Result<GroupRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            let before = self.in_group(context, group, action, resource).await?;
            let mut next = before.value;
            edit(&mut next);
            let mut change = Change::default();
            let key = keys::group(group);
            change.require(key.clone(), Some(before.revision)).put(key, &next)?;
            self.record(&mut change, Some(context), News::in_group(kind, next.org, group));
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }
}
