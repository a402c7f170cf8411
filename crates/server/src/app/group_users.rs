//! The roles of people in a project.

use std::collections::BTreeSet;

use peerage_core::authz::{Action, GroupRole, OrgRole, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, OrgId, UserId};
use peerage_store::keys;
use peerage_store::record::UsernameRecord;
use peerage_store::record::{Grants, GroupGrant, GroupRecord, OrgRecord, UserRecord};

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::users::USERS_PER_ORG;
use super::{App, Failure};
use crate::app::events::kind;
use crate::context::Context;

/// What became of a person who was to get roles in a project.
#[derive(Clone, Debug)]
pub enum Added {
    /// The person belongs to the organization and has the roles.
    Member(UserRecord),
    /// The person was invited to the organization, with the roles.
    Invited {
        /// The person.
        user: UserRecord,
        /// The organization's name.
        org_name: String,
    },
}

impl App {
    /// The person of that name in an organization.
    pub(crate) async fn user_named(
        &self,
        org: OrgId,
        username: &str,
    ) -> Result<Option<Stored<UserRecord>>, Failure> {
        match self.read::<UsernameRecord>(&keys::username(org, username)).await? {
            Some(index) => self.read(&keys::org_user(org, index.value.user)).await,
            None => Ok(None),
        }
    }

    /// One person of a project.
    ///
    /// # Errors
    /// No such person in the project, or a project that is not the caller's to see.
    pub async fn get_group_user(
        &self,
        context: &Context,
        group: GroupId,
        user: UserId,
    ) -> Result<UserRecord, Failure> {
        let project = self.in_group(context, group, Action::Read, Resource::GroupUser).await?;
        Ok(self.group_user(&project.value, user).await?.value)
    }

    async fn group_user(
        &self,
        project: &GroupRecord,
        user: UserId,
    ) -> Result<Stored<UserRecord>, Failure> {
        let refusal = || Refusal::UserNotFound(user);
        let key = keys::org_user(project.org, user);
        let found: Stored<UserRecord> = self.read_or(&key, refusal).await?;
        match found.value.grants.in_group(project.id) {
            Some(_) => Ok(found),
            None => Err(refusal().into()),
        }
    }

    /// Gives a person roles in a project. Who does not belong to the organization yet is invited
    /// to it.
    ///
    /// # Errors
    /// The person has roles there already, too many people, or the caller lacks the role.
    pub async fn add_group_user(
        &self,
        context: &Context,
        group: GroupId,
        username: &str,
        roles: &BTreeSet<GroupRole>,
    ) -> Result<Added, Failure> {
        let mut tries = Tries::default();
        loop {
            let resource = Resource::GroupUser;
            let project = self.in_group(context, group, Action::Create, resource).await?.value;
            let mut change = Change::default();
            change.require_exists(keys::group(group));
            let added = match self.user_named(project.org, username).await? {
                Some(found) => self.add_member(&mut change, context, &project, found, roles)?,
                None => self.add_invited(&mut change, context, &project, username, roles).await?,
            };
            if self.committed(&mut tries, change).await? {
                return Ok(added);
            }
        }
    }

    fn add_member(
        &self,
        change: &mut Change,
        context: &Context,
        project: &GroupRecord,
        found: Stored<UserRecord>,
        roles: &BTreeSet<GroupRole>,
    ) -> Result<Added, Failure> {
        let Stored { value: mut user, revision } = found;
        if user.grants.in_group(project.id).is_some() {
            return Err(Refusal::UserExists(user.username).into());
        }
        user.grants.set_in_group(project.id, roles.clone());
        let key = keys::org_user(project.org, user.id);
        change.require(key.clone(), Some(revision)).put(key, &user)?;
        let news = News::in_group(kind::JOINED_GROUP, project.org, project.id)
            .with("targetUsername", &user.username);
        self.record(change, Some(context), news);
        Ok(Added::Member(user))
    }

    async fn add_invited(
        &self,
        change: &mut Change,
        context: &Context,
        project: &GroupRecord,
        username: &str,
        roles: &BTreeSet<GroupRole>,
    ) -> Result<Added, Failure> {
        let GroupRecord { id: group, org, .. } = *project;
        if self.entries(&keys::org_users(org)).await?.len() >= USERS_PER_ORG {
            return Err(Refusal::TooMany { what: "users", limit: USERS_PER_ORG }.into());
        }
        let refusal = || Refusal::OrgNotFound(org);
        let of: Stored<OrgRecord> = self.read_or(&keys::org(org), refusal).await?;
        let now = self.clock.now();
        let groups = vec![GroupGrant { group, roles: roles.clone() }];
        let user = UserRecord {
            id: self.randomness.id(now),
            org,
            username: username.to_owned(),
            created: now,
            grants: Grants { org: BTreeSet::from([OrgRole::Member]), groups },
        };
        let index = keys::username(org, username);
        change.require(index.clone(), None).require_exists(keys::org(org));
        change.put(index, &UsernameRecord { user: user.id })?;
        change.put(keys::org_user(org, user.id), &user)?;
        let invited = News::in_org(kind::INVITED_TO_ORG, org).with("targetUsername", username);
        self.record(change, Some(context), invited);
        let invited = News::in_group(kind::INVITED_TO_GROUP, org, group);
        self.record(change, Some(context), invited.with("targetUsername", username));
        Ok(Added::Invited { user, org_name: of.value.name })
    }

    /// Changes the roles of a person in a project; none takes the person out of it. `edit` gets
    /// the roles that the person has.
    ///
    /// # Errors
    /// No such person in the project, or the caller lacks the role.
    pub async fn change_group_user(
        &self,
        context: &Context,
        group: GroupId,
        user: UserId,
        action: Action,
        edit: impl Fn(&mut BTreeSet<GroupRole>),
    ) -> Result<UserRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            let project = self.in_group(context, group, action, Resource::GroupUser).await?.value;
            let Stored { value: mut next, revision } = self.group_user(&project, user).await?;
            let mut roles = next.grants.in_group(group).cloned().unwrap_or_default();
            edit(&mut roles);
            let gone = roles.is_empty();
            let kind = if gone { kind::REMOVED_FROM_GROUP } else { kind::USER_ROLES_CHANGED_AUDIT };
            next.grants.set_in_group(group, roles);
            let mut change = Change::default();
            let key = keys::org_user(project.org, user);
            change.require(key.clone(), Some(revision)).put(key, &next)?;
            change.require_exists(keys::group(group));
            let news = News::in_group(kind, project.org, group);
            let news = news.with("targetUsername", &next.username);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }
}
