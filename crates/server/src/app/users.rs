//! People of an organization, and those who have roles in a project.

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, OrgId, UserId};
use peerage_store::keys;
use peerage_store::record::{Grants, UserRecord, UsernameRecord};

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::{App, Failure};
use crate::context::Context;

/// The most people of one organization.
const USERS_PER_ORG: usize = 500;

impl App {
    /// The people of an organization, oldest first.
    ///
    /// # Errors
    /// The organization is not the caller's to see.
    pub async fn list_org_users(
        &self,
        context: &Context,
        org: OrgId,
    ) -> Result<Vec<UserRecord>, Failure> {
        self.in_org(context, org, Action::Read, Resource::OrgUser).await?;
        self.users_of(org).await
    }

    async fn users_of(&self, org: OrgId) -> Result<Vec<UserRecord>, Failure> {
        let users = self.read_all::<UserRecord>(&keys::org_users(org)).await?;
        Ok(users.into_iter().map(|user| user.value).collect())
    }

    /// The people who have roles in a project, oldest first.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn list_group_users(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<Vec<UserRecord>, Failure> {
        let project = self.in_group(context, group, Action::Read, Resource::GroupUser).await?;
        let mut users = self.users_of(project.value.org).await?;
        users.retain(|user| user.grants.in_group(group).is_some());
        Ok(users)
    }

    /// One person of an organization.
    ///
    /// # Errors
    /// No such person, or an organization that is not the caller's to see.
    pub async fn get_org_user(
        &self,
        context: &Context,
        org: OrgId,
        user: UserId,
    ) -> Result<UserRecord, Failure> {
        self.in_org(context, org, Action::Read, Resource::OrgUser).await?;
        let refusal = || Refusal::UserNotFound(user);
        let found: Stored<UserRecord> = self.read_or(&keys::org_user(org, user), refusal).await?;
        Ok(found.value)
    }

    /// Invites a person into an organization.
    ///
    /// # Errors
    /// The person belongs to it already, too many people, or the caller lacks the role.
    pub async fn create_org_user(
        &self,
        context: &Context,
        org: OrgId,
        username: &str,
        grants: &Grants,
    ) -> Result<UserRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            self.in_org(context, org, Action::Create, Resource::OrgUser).await?;
            let index = keys::username(org, username);
            if self.read::<UsernameRecord>(&index).await?.is_some() {
                return Err(Refusal::UserExists(username.to_owned()).into());
            }
            if self.entries(&keys::org_users(org)).await?.len() >= USERS_PER_ORG {
                return Err(Refusal::TooMany { what: "users", limit: USERS_PER_ORG }.into());
            }
            let now = self.clock.now();
            let user = UserRecord {
                id: self.randomness.id(now),
                org,
                username: username.to_owned(),
                created: now,
                grants: grants.clone(),
            };
            let mut change = Change::default();
            change.require(index.clone(), None).require_exists(keys::org(org));
            change.put(index, &UsernameRecord { user: user.id })?;
            change.put(keys::org_user(org, user.id), &user)?;
            let news = News::in_org("INVITED_TO_ORG", org).with("targetUsername", username);
            self.record(&mut change, Some(context), news)?;
            if self.committed(&mut tries, change).await? {
                return Ok(user);
            }
        }
    }

    /// Takes a person out of an organization.
    ///
    /// # Errors
    /// No such person, or the caller lacks the role.
    pub async fn delete_org_user(
        &self,
        context: &Context,
        org: OrgId,
        user: UserId,
    ) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            self.in_org(context, org, Action::Delete, Resource::OrgUser).await?;
            let key = keys::org_user(org, user);
            let refusal = || Refusal::UserNotFound(user);
            let found: Stored<UserRecord> = self.read_or(&key, refusal).await?;
            let mut change = Change::default();
            change.require(key.clone(), Some(found.revision)).delete(key);
            change.delete(keys::username(org, &found.value.username));
            let news =
                News::in_org("REMOVED_FROM_ORG", org).with("targetUsername", &found.value.username);
            self.record(&mut change, Some(context), news)?;
            if self.committed(&mut tries, change).await? {
                return Ok(());
            }
        }
    }
}
