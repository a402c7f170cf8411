//! People of an organization, and those who have roles in a project.

use peerage_core::authz::{Action, Resource};
use peerage_core::error::{FieldFault, Refusal};
use peerage_core::id::{GroupId, OrgId, TeamId, UserId};
use peerage_store::keys;
use peerage_store::record::{Grants, GroupRecord, TeamRecord, UserRecord, UsernameRecord};

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::teams::members::is_named;
use super::{App, Failure};
use crate::app::events::kind;
use crate::context::Context;

/// The most people of one organization.
pub(super) const USERS_PER_ORG: usize = 500;

/// The most projects in which one request gives a person roles.
const GROUPS_MAX: usize = 50;

/// A person of an organization.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person.
    pub user: UserRecord,
    /// The teams of that person.
    pub teams: Vec<TeamId>,
}

impl Person {
    fn new(user: UserRecord, teams: &[Stored<TeamRecord>]) -> Self {
        let of = |team: &&Stored<TeamRecord>| is_named(&team.value.usernames, &user.username);
        let teams = teams.iter().filter(of).map(|team| team.value.id).collect();
        Self { user, teams }
    }
}

impl App {
    /// The people of an organization, oldest first.
    ///
    /// # Errors
    /// The organization is not the caller's to see.
    pub async fn list_org_users(
        &self,
        context: &Context,
        org: OrgId,
    ) -> Result<Vec<Person>, Failure> {
        self.in_org(context, org, Action::Read, Resource::OrgUser).await?;
        self.people_of(org).await
    }

    async fn users_of(&self, org: OrgId) -> Result<Vec<UserRecord>, Failure> {
        let users = self.read_all::<UserRecord>(&keys::org_users(org)).await?;
        Ok(users.into_iter().map(|user| user.value).collect())
    }

    pub(super) async fn people_of(&self, org: OrgId) -> Result<Vec<Person>, Failure> {
        let teams = self.read_all::<TeamRecord>(&keys::teams(org)).await?;
        let users = self.users_of(org).await?.into_iter();
        Ok(users.map(|user| Person::new(user, &teams)).collect())
    }

    async fn person(&self, user: UserRecord) -> Result<Person, Failure> {
        Ok(Person::new(user.clone(), &self.read_all(&keys::teams(user.org)).await?))
    }

    pub(super) async fn user_of(
        &self,
        org: OrgId,
        user: UserId,
    ) -> Result<Stored<UserRecord>, Failure> {
        self.read_or(&keys::org_user(org, user), || Refusal::UserNotFound(user)).await
    }

    /// The people who have roles in a project, oldest first.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn list_group_users(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<Vec<Person>, Failure> {
        let project = self.in_group(context, group, Action::Read, Resource::GroupUser).await?;
        let mut users = self.people_of(project.value.org).await?;
        users.retain(|person| person.user.grants.in_group(group).is_some());
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
    ) -> Result<Person, Failure> {
        self.in_org(context, org, Action::Read, Resource::OrgUser).await?;
        self.person(self.user_of(org, user).await?.value).await
    }

    /// Invites a person into an organization.
    ///
    /// # Errors
    /// The person belongs to it already, too many people, no such project or team, or the caller
    /// lacks the role.
    pub async fn create_org_user(
        &self,
        context: &Context,
        org: OrgId,
        username: &str,
        grants: &Grants,
        teams: &[TeamId],
    ) -> Result<Person, Failure> {
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
            self.require_groups(&mut change, org, grants).await?;
            self.put_teams(&mut change, context, &user, teams).await?;
            let news = News::in_org(kind::INVITED_TO_ORG, org).with("targetUsername", username);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return self.person(user).await;
            }
        }
    }

    /// Roles in projects are in projects of the organization, or there are no such projects.
    async fn require_groups(
        &self,
        change: &mut Change,
        org: OrgId,
        grants: &Grants,
    ) -> Result<(), Failure> {
        if grants.groups.len() > GROUPS_MAX {
            let what = "projects in one request";
            return Err(Refusal::TooMany { what, limit: GROUPS_MAX }.into());
        }
        for grant in &grants.groups {
            let refusal = || Refusal::GroupNotFound(grant.group);
            let key = keys::group(grant.group);
            let found: Stored<GroupRecord> = self.read_or(&key, refusal).await?;
            if found.value.org != org {
                return Err(refusal().into());
            }
            change.require_exists(key);
        }
        Ok(())
    }

    /// Changes the roles of a person, and with `teams` the teams; `edit` says how.
    ///
    /// # Errors
    /// No such person, project or team, no role left, or the caller lacks the role.
    pub async fn change_org_user(
        &self,
        context: &Context,
        org: OrgId,
        user: UserId,
        teams: Option<&[TeamId]>,
        edit: impl Fn(&mut Grants),
    ) -> Result<Person, Failure> {
        let mut tries = Tries::default();
        loop {
            self.in_org(context, org, Action::Change, Resource::OrgUser).await?;
            let found = self.user_of(org, user).await?;
            let mut next = found.value;
            let held: Vec<_> = next.grants.groups.iter().map(|grant| grant.group).collect();
            edit(&mut next.grants);
            if next.grants.org.is_empty() {
                let why = "A person of an organization has a role in it.";
                let fault = FieldFault::invalid("orgRole", why);
                return Err(Refusal::BadFields(vec![fault]).into());
            }
            let mut change = Change::default();
            let key = keys::org_user(org, user);
            change.require(key.clone(), Some(found.revision)).put(key, &next)?;
            let mut new = next.grants.clone();
            new.groups.retain(|grant| !held.contains(&grant.group));
            self.require_groups(&mut change, org, &new).await?;
            if let Some(teams) = teams {
                self.put_teams(&mut change, context, &next, teams).await?;
            }
            let news = News::in_org(kind::USER_ROLES_CHANGED_AUDIT, org);
            let news = news.with("targetUsername", &next.username);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return self.person(next).await;
            }
        }
    }

    /// Takes a person out of an organization and its teams.
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
            let found = self.user_of(org, user).await?;
            let mut change = Change::default();
            change.require(key.clone(), Some(found.revision)).delete(key);
            change.delete(keys::username(org, &found.value.username));
            self.put_teams(&mut change, context, &found.value, &[]).await?;
            let news = News::in_org(kind::REMOVED_FROM_ORG, org)
                .with("targetUsername", &found.value.username);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(());
            }
        }
    }
}
