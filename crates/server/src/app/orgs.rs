//! Organizations and their settings.

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::OrgId;
use peerage_store::keys;
use peerage_store::record::{OrgRecord, OrgSettings};

use super::change::{Change, Tries};
use super::events::News;
use super::{App, Failure};
use crate::context::Context;

impl App {
    /// The organizations that the caller belongs to.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn list_orgs(&self, context: &Context) -> Result<Vec<OrgRecord>, Failure> {
        let found = self.read::<OrgRecord>(&keys::org(context.caller.org)).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    /// One organization.
    ///
    /// # Errors
    /// No such organization, or none that the caller may see.
    pub async fn get_org(&self, context: &Context, org: OrgId) -> Result<OrgRecord, Failure> {
        Ok(self.in_org(context, org, Action::Read, Resource::Org).await?.value)
    }

    /// The settings of an organization.
    ///
    /// # Errors
    /// No such organization, or none that the caller may see.
    pub async fn org_settings(
        &self,
        context: &Context,
        org: OrgId,
    ) -> Result<OrgSettings, Failure> {
        Ok(self.in_org(context, org, Action::Read, Resource::OrgSettings).await?.value.settings)
    }

    /// Changes an organization; `edit` says how.
    ///
    /// # Errors
    /// No such organization, or the caller lacks the role.
    pub async fn change_org(
        &self,
        context: &Context,
        org: OrgId,
        resource: Resource,
        edit: impl Fn(&mut OrgRecord),
    ) -> Result<OrgRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            let found = self.in_org(context, org, Action::Change, resource).await?;
            let mut next = found.value.clone();
            edit(&mut next);
            let mut change = Change::default();
            let key = keys::org(org);
            change.require(key.clone(), Some(found.revision)).put(key, &next)?;
            for kind in org_events(&found.value, &next) {
                self.record(&mut change, Some(context), News::in_org(kind, org))?;
            }
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }

    /// Closes an organization that has no projects. Its credentials stop working with it.
    ///
    /// # Errors
    /// It has projects, there is no such organization, or the caller lacks the role.
    pub async fn delete_org(&self, context: &Context, org: OrgId) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            let found = self.in_org(context, org, Action::Delete, Resource::Org).await?;
            if !self.entries(&keys::org_groups(org)).await?.is_empty() {
                return Err(Refusal::OrgHasGroups(org).into());
            }
            let mut change = Change::default();
            let key = keys::org(org);
            change.require(key.clone(), Some(found.revision)).delete(key);
            if self.committed(&mut tries, change).await? {
                return Ok(());
            }
        }
    }
}

/// The events that the contract has for what changed.
fn org_events(before: &OrgRecord, after: &OrgRecord) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    if before.name != after.name {
        kinds.push("ORG_RENAMED");
    }
    let (old, new) = (&before.settings, &after.settings);
    if old.api_access_list_required != new.api_access_list_required {
        let required = new.api_access_list_required;
        kinds.push(if required {
            "ORG_PUBLIC_API_ACCESS_LIST_REQUIRED"
        } else {
            "ORG_PUBLIC_API_ACCESS_LIST_NOT_REQUIRED"
        });
    }
    if old.multi_factor_auth_required != new.multi_factor_auth_required {
        let required = new.multi_factor_auth_required;
        kinds.push(if required {
            "ORG_TWO_FACTOR_AUTH_REQUIRED"
        } else {
            "ORG_TWO_FACTOR_AUTH_OPTIONAL"
        });
    }
    if old.max_secret_hours != new.max_secret_hours {
        kinds.push("ORG_SERVICE_ACCOUNT_MAX_SECRET_VALIDITY_EDITED");
    }
    kinds
}
