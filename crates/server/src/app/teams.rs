//! Teams of an organization, their people, and their roles in projects.

pub(super) mod members;

use std::collections::BTreeSet;

use peerage_core::authz::{Action, GroupRole, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{Group, GroupId, OrgId, TeamId};
use peerage_store::record::{GroupTeamRecord, TeamRecord};
use peerage_store::{Key, keys};

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::{App, Failure};
use crate::app::events::kind;
use crate::context::Context;

/// The most teams of one organization.
const TEAMS_PER_ORG: usize = 250;

/// Projects that a team leaves in the transaction that takes it away; more of them follow it.
const ASSIGNMENTS_CLEARED: usize = 100;

impl App {
    /// The teams of an organization, oldest first.
    ///
    /// # Errors
    /// The organization is not the caller's to see.
    pub async fn list_teams(
        &self,
        context: &Context,
        org: OrgId,
    ) -> Result<Vec<TeamRecord>, Failure> {
        self.in_org(context, org, Action::Read, Resource::Team).await?;
        let teams = self.read_all::<TeamRecord>(&keys::teams(org)).await?;
        Ok(teams.into_iter().map(|team| team.value).collect())
    }

    /// One team of an organization.
    ///
    /// # Errors
    /// No such team, or an organization that is not the caller's to see.
    pub async fn get_team(
        &self,
        context: &Context,
        org: OrgId,
        team: TeamId,
    ) -> Result<TeamRecord, Failure> {
        self.in_org(context, org, Action::Read, Resource::Team).await?;
        Ok(self.team(org, team).await?.value)
    }

    /// The team of that name.
    ///
    /// # Errors
    /// No such team, or an organization that is not the caller's to see.
    pub async fn get_team_by_name(
        &self,
        context: &Context,
        org: OrgId,
        name: &str,
    ) -> Result<TeamRecord, Failure> {
        let teams = self.list_teams(context, org).await?;
        let found = teams.into_iter().find(|team| team.name == name);
        found.ok_or_else(|| Refusal::TeamNameNotFound(name.to_owned()).into())
    }

    async fn team(&self, org: OrgId, team: TeamId) -> Result<Stored<TeamRecord>, Failure> {
        self.read_or(&keys::team(org, team), || Refusal::TeamNotFound(team)).await
    }

    /// Makes a team.
    ///
    /// # Errors
    /// The name is taken, too many teams, or the caller lacks the role.
    pub async fn create_team(
        &self,
        context: &Context,
        org: OrgId,
        name: &str,
        usernames: &[String],
    ) -> Result<TeamRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            self.in_org(context, org, Action::Create, Resource::Team).await?;
            let teams = self.read_all::<TeamRecord>(&keys::teams(org)).await?;
            if teams.iter().any(|team| team.value.name == name) {
                return Err(Refusal::TeamExists(name.to_owned()).into());
            }
            if teams.len() >= TEAMS_PER_ORG {
                return Err(Refusal::TooMany { what: "teams", limit: TEAMS_PER_ORG }.into());
            }
            let now = self.clock.now();
            let team = TeamRecord {
                id: self.randomness.id(now),
                org,
                name: name.to_owned(),
                usernames: usernames.to_vec(),
                created: now,
            };
            let mut change = Change::default();
            self.require_people(&mut change, org, usernames).await?;
            let index = keys::team_name(org, name);
            change.require(index.clone(), None).require_exists(keys::org(org));
            change.mark(index)?;
            change.put(keys::team(org, team.id), &team)?;
            let news = News::in_org(kind::TEAM_CREATED, org).with("teamId", team.id);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(team);
            }
        }
    }

    /// Renames a team.
    ///
    /// # Errors
    /// No such team, the name is taken, or the caller lacks the role.
    pub async fn rename_team(
        &self,
        context: &Context,
        org: OrgId,
        team: TeamId,
        name: &str,
    ) -> Result<TeamRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            self.in_org(context, org, Action::Change, Resource::Team).await?;
            let found = self.team(org, team).await?;
            if found.value.name == name {
                return Ok(found.value);
            }
            let mut change = Change::default();
            let index = keys::team_name(org, name);
            if self.read::<peerage_store::record::MarkRecord>(&index).await?.is_some() {
                return Err(Refusal::TeamExists(name.to_owned()).into());
            }
            change.require(index.clone(), None).mark(index)?;
            change.delete(keys::team_name(org, &found.value.name));
            let next = TeamRecord { name: name.to_owned(), ..found.value };
            let key = keys::team(org, team);
            change.require(key.clone(), Some(found.revision)).put(key, &next)?;
            let news = News::in_org(kind::TEAM_NAME_CHANGED, org).with("teamId", team);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }

    /// Takes a team away, out of its projects too.
    ///
    /// # Errors
    /// No such team, or the caller lacks the role.
    pub async fn delete_team(
        &self,
        context: &Context,
        org: OrgId,
        team: TeamId,
    ) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            self.in_org(context, org, Action::Delete, Resource::Team).await?;
            let found = self.team(org, team).await?;
            let mut change = Change::default();
            let key = keys::team(org, team);
            change.require(key.clone(), Some(found.revision)).delete(key);
            change.delete(keys::team_name(org, &found.value.name));
            let mut assigned = self.assignments(org, team).await?;
            let rest = assigned.split_off(assigned.len().min(ASSIGNMENTS_CLEARED));
            for place in assigned {
                change.delete(place);
            }
            let news = News::in_org(kind::TEAM_DELETED, org).with("teamId", team);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return self.clear_all(&rest).await;
            }
        }
    }

    /// Where a team has roles in projects.
    async fn assignments(&self, org: OrgId, team: TeamId) -> Result<Vec<Key>, Failure> {
        let mut found = Vec::new();
        for group in self.ids_below::<Group>(&keys::org_groups(org)).await? {
            let place = keys::group_team(group, team);
            if self.read::<GroupTeamRecord>(&place).await?.is_some() {
                found.push(place);
            }
        }
        Ok(found)
    }

    /// The teams of a project and their roles, oldest first.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn list_group_teams(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<Vec<GroupTeamRecord>, Failure> {
        self.in_group(context, group, Action::Read, Resource::GroupTeam).await?;
        let teams = self.read_all::<GroupTeamRecord>(&keys::group_teams(group)).await?;
        Ok(teams.into_iter().map(|team| team.value).collect())
    }

    /// Gives teams roles in a project. All or none.
    ///
    /// # Errors
    /// No such team, or the caller lacks the role.
    pub async fn add_group_teams(
        &self,
        context: &Context,
        group: GroupId,
        teams: &[(TeamId, BTreeSet<GroupRole>)],
    ) -> Result<Vec<GroupTeamRecord>, Failure> {
        let mut tries = Tries::default();
        loop {
            let (action, resource) = (Action::Create, Resource::GroupTeam);
            let project = self.in_group(context, group, action, resource).await?;
            let mut change = Change::default();
            change.require_exists(keys::group(group));
            let mut named = BTreeSet::new();
            for (team, roles) in teams.iter().take(50).filter(|(team, _)| named.insert(*team)) {
                self.team(project.value.org, *team).await?;
                change.require_exists(keys::team(project.value.org, *team));
                let record = GroupTeamRecord { team: *team, roles: roles.clone() };
                change.put(keys::group_team(group, *team), &record)?;
                let kind = kind::TEAM_ADDED_TO_GROUP;
                let news = News::in_group(kind, project.value.org, group).with("teamId", team);
                self.record(&mut change, Some(context), news);
            }
            if change.tells_nothing() || self.committed(&mut tries, change).await? {
                return self.list_group_teams(context, group).await;
            }
        }
    }

    /// Gives a team exactly these roles in a project; none takes it out.
    ///
    /// # Errors
    /// The team is not in the project, or the caller lacks the role.
    pub async fn set_group_team(
        &self,
        context: &Context,
        group: GroupId,
        team: TeamId,
        roles: BTreeSet<GroupRole>,
    ) -> Result<GroupTeamRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            let (action, resource) = (Action::Change, Resource::GroupTeam);
            let project = self.in_group(context, group, action, resource).await?;
            let key = keys::group_team(group, team);
            let refusal = || Refusal::TeamNotInGroup { team, group };
            let found: Stored<GroupTeamRecord> = self.read_or(&key, refusal).await?;
            let next = GroupTeamRecord { team, roles: roles.clone() };
            let mut change = Change::default();
            change.require(key.clone(), Some(found.revision));
            let kind = if roles.is_empty() {
                change.delete(key);
                kind::TEAM_REMOVED_FROM_GROUP
            } else {
                change.put(key, &next)?;
                kind::TEAM_ROLES_MODIFIED
            };
            let news = News::in_group(kind, project.value.org, group).with("teamId", team);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }
}
