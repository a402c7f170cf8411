//! The switches and limits of a project.

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::GroupId;
use peerage_store::record::GroupRecord;

use super::{App, Failure};
use crate::app::events::kind;
use crate::context::Context;

/// A limit that every project has. Source: the published document's table of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitRule {
    /// Its name.
    pub name: &'static str,
    /// Its value unless it was set; `None`: there is no limit unless it was set.
    pub default: Option<i64>,
    /// The largest value that may be set.
    pub maximum: i64,
}

const fn limit(name: &'static str, default: i64, maximum: i64) -> LimitRule {
    LimitRule { name, default: Some(default), maximum }
}

const fn unlimited(name: &'static str) -> LimitRule {
    LimitRule { name, default: None, maximum: i64::MAX }
}

const ACCESS_LIST_ENTRIES: LimitRule =
    limit("atlas.project.security.networkAccess.entries", 200, 200);

/// Every limit. Where the document's largest value is below its default, the default is the
/// largest.
pub const LIMITS: [LimitRule; 13] = [
    limit("atlas.project.security.databaseAccess.users", 100, 100),
    limit("atlas.project.deployment.clusters", 25, 100),
    limit("atlas.project.deployment.serverlessMTMs", 100, 100),
    limit("atlas.project.security.databaseAccess.customRoles", 100, 1400),
    ACCESS_LIST_ENTRIES,
    limit("atlas.project.security.networkAccess.crossRegionEntries", 40, 220),
    limit("atlas.project.deployment.nodesPerPrivateLinkRegion", 50, 90),
    unlimited("dataFederation.bytesProcessed.query"),
    unlimited("dataFederation.bytesProcessed.daily"),
    unlimited("dataFederation.bytesProcessed.weekly"),
    unlimited("dataFederation.bytesProcessed.monthly"),
    limit("atlas.project.deployment.privateServiceConnectionsPerRegionGroup", 50, 100),
    limit("atlas.project.deployment.privateServiceConnectionsSubnetMask", 27, 27),
];

/// A limit as it stands in one project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitState {
    /// Which.
    pub rule: LimitRule,
    /// Its value.
    pub value: i64,
}

/// How many entries the access list of a project may have.
pub(crate) fn access_list_entries(group: &GroupRecord) -> i64 {
    state(group, ACCESS_LIST_ENTRIES).map_or(0, |state| state.value)
}

fn state(group: &GroupRecord, rule: LimitRule) -> Option<LimitState> {
    let value = group.limits.get(rule.name).copied().or(rule.default)?;
    Some(LimitState { rule, value })
}

fn rule(name: &str) -> Result<LimitRule, Refusal> {
    let found = LIMITS.into_iter().find(|rule| rule.name == name);
    found.ok_or_else(|| Refusal::LimitNotFound(name.to_owned()))
}

impl App {
    /// The limits of a project.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn list_limits(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<Vec<LimitState>, Failure> {
        let group = self.in_group(context, group, Action::Read, Resource::GroupLimit).await?;
        Ok(LIMITS.into_iter().filter_map(|rule| state(&group.value, rule)).collect())
    }

    /// One limit of a project.
    ///
    /// # Errors
    /// No such limit, one that is not set, or a project that is not the caller's to see.
    pub async fn get_limit(
        &self,
        context: &Context,
        group: GroupId,
        name: &str,
    ) -> Result<LimitState, Failure> {
        let group = self.in_group(context, group, Action::Read, Resource::GroupLimit).await?;
        let found = state(&group.value, rule(name)?);
        found.ok_or_else(|| Refusal::LimitNotFound(name.to_owned()).into())
    }

    /// Sets a limit of a project.
    ///
    /// # Errors
    /// No such limit, or a value that it does not allow.
    pub async fn set_limit(
        &self,
        context: &Context,
        group: GroupId,
        name: &str,
        value: i64,
    ) -> Result<LimitState, Failure> {
        self.in_group(context, group, Action::Change, Resource::GroupLimit).await?;
        let rule = rule(name)?;
        if value > rule.maximum {
            let (name, maximum) = (name.to_owned(), rule.maximum);
            return Err(Refusal::LimitOutOfRange { name, maximum }.into());
        }
        self.change_limit(context, group, |group| {
            group.limits.insert(rule.name.to_owned(), value);
        })
        .await?;
        Ok(LimitState { rule, value })
    }

    /// Takes a limit back to its default.
    ///
    /// # Errors
    /// No such limit, or a project that is not the caller's to change.
    pub async fn reset_limit(
        &self,
        context: &Context,
        group: GroupId,
        name: &str,
    ) -> Result<(), Failure> {
        self.in_group(context, group, Action::Delete, Resource::GroupLimit).await?;
        let rule = rule(name)?;
        self.change_limit(context, group, |group| {
            group.limits.remove(rule.name);
        })
        .await
    }

    async fn change_limit(
        &self,
        context: &Context,
        group: GroupId,
        edit: impl Fn(&mut GroupRecord),
    ) -> Result<(), Failure> {
        let (resource, action) = (Resource::GroupLimit, Action::Change);
        self.change_group(context, group, resource, action, kind::PROJECT_LIMIT_UPDATED, edit)
            .await
            .map(drop)
    }

    /// The record of a project whose settings the caller may see.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn group_settings(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<GroupRecord, Failure> {
        Ok(self.in_group(context, group, Action::Read, Resource::GroupSettings).await?.value)
    }

    /// Sets switches of a project, by their names on the wire.
    ///
    /// # Errors
    /// The project is not the caller's to change.
    pub async fn set_group_settings(
        &self,
        context: &Context,
        group: GroupId,
        switches: &[(&'static str, bool)],
    ) -> Result<GroupRecord, Failure> {
        let (resource, action) = (Resource::GroupSettings, Action::Change);
        let kind = kind::USER_SECURITY_SETTINGS_UPDATED;
        self.change_group(context, group, resource, action, kind, |group| {
            for (name, on) in switches {
                group.settings.insert((*name).to_owned(), *on);
            }
        })
        .await
    }

    /// Says whether slow operations of a project are found by a threshold that moves.
    ///
    /// # Errors
    /// The project is not the caller's to change.
    pub async fn set_managed_slow_ms(
        &self,
        context: &Context,
        group: GroupId,
        on: bool,
    ) -> Result<(), Failure> {
        let (resource, action) = (Resource::GroupSettings, Action::Change);
        let kind = kind::FTDC_SETTINGS_UPDATED;
        let edit = |group: &mut GroupRecord| group.managed_slow_ms = on;
        self.change_group(context, group, resource, action, kind, edit).await.map(drop)
    }
}
