//! Who belongs to a team.

use crate::app::events::kind::{self, Kind};
use std::collections::BTreeSet;

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{OrgId, TeamId, UserId};
use peerage_store::keys;
use peerage_store::record::{TeamRecord, UserRecord, UsernameRecord};

use crate::app::change::{Change, Stored, Tries};
use crate::app::events::News;
use crate::app::users::Person;
use crate::app::{App, Failure};
use crate::context::Context;

/// The most people of one team.
const MEMBERS_PER_TEAM: usize = 250;

/// The most people or teams that one request moves: each has its event in the same transaction.
const MOVED_MAX: usize = 50;

impl App {
    /// The people of a team, oldest first.
    ///
    /// # Errors
    /// No such team, or an organization that is not the caller's to see.
    pub async fn list_team_users(
        &self,
        context: &Context,
        org: OrgId,
        team: TeamId,
    ) -> Result<Vec<Person>, Failure> {
        let members = self.get_team(context, org, team).await?.usernames;
        let mut people = self.people_of(org).await?;
        people.retain(|person| is_named(&members, &person.user.username));
        Ok(people)
    }

    /// Adds people to a team; who belongs to it already stays.
    ///
    /// # Errors
    /// No such team or person, too many people, or the caller lacks the role.
    pub async fn add_team_users(
        &self,
        context: &Context,
        org: OrgId,
        team: TeamId,
        users: &[UserId],
    ) -> Result<TeamRecord, Failure> {
        let users: BTreeSet<UserId> = users.iter().copied().collect();
        if users.len() > MOVED_MAX {
            return Err(Refusal::TooMany { what: "users in one request", limit: MOVED_MAX }.into());
        }
        let mut tries = Tries::default();
        loop {
            self.in_org(context, org, Action::Change, Resource::Team).await?;
            let found = self.team(org, team).await?;
            let mut next = found.value;
            let mut change = Change::default();
            for id in &users {
                let user = self.user_of(org, *id).await?.value;
                change.require_exists(keys::org_user(org, *id));
                if !is_named(&next.usernames, &user.username) {
                    self.tell_member(&mut change, context, kind::JOINED_TEAM, team, &user);
                    next.usernames.push(user.username);
                }
            }
            refuse_full(&next)?;
            if change.tells_nothing() {
                return Ok(next);
            }
            let key = keys::team(org, team);
            change.require(key.clone(), Some(found.revision)).put(key, &next)?;
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }

    /// Takes a person out of a team.
    ///
    /// # Errors
    /// No such team, nobody such in it, or the caller lacks the role.
    pub async fn remove_team_user(
        &self,
        context: &Context,
        org: OrgId,
        team: TeamId,
        user: UserId,
    ) -> Result<TeamRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            self.in_org(context, org, Action::Change, Resource::Team).await?;
            let found = self.team(org, team).await?;
            let user = self.user_of(org, user).await?.value;
            let mut next = found.value;
            if !is_named(&next.usernames, &user.username) {
                return Err(Refusal::UserNotFound(user.id).into());
            }
            next.usernames.retain(|member| !is_same(member, &user.username));
            let mut change = Change::default();
            let key = keys::team(org, team);
            change.require(key.clone(), Some(found.revision)).put(key, &next)?;
            self.tell_member(&mut change, context, kind::REMOVED_FROM_TEAM, team, &user);
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }

    /// Puts a person into exactly these teams, as part of a change to that person.
    pub(in crate::app) async fn put_teams(
        &self,
        change: &mut Change,
        context: &Context,
        user: &UserRecord,
        wanted: &[TeamId],
    ) -> Result<(), Failure> {
        let teams = self.read_all::<TeamRecord>(&keys::teams(user.org)).await?;
        let unknown = wanted.iter().find(|team| teams.iter().all(|found| found.value.id != **team));
        if let Some(team) = unknown {
            return Err(Refusal::TeamNotFound(*team).into());
        }
        let mut moved = 0;
        for Stored { value: mut team, revision } in teams {
            let (is, should) =
                (is_named(&team.usernames, &user.username), wanted.contains(&team.id));
            if is == should {
                continue;
            }
            moved += 1;
            let kind = if should { kind::JOINED_TEAM } else { kind::REMOVED_FROM_TEAM };
            if should {
                team.usernames.push(user.username.clone());
                refuse_full(&team)?;
            } else {
                team.usernames.retain(|member| !is_same(member, &user.username));
            }
            let key = keys::team(user.org, team.id);
            change.require(key.clone(), Some(revision)).put(key, &team)?;
            self.tell_member(change, context, kind, team.id, user);
        }
        let too_many = Refusal::TooMany { what: "teams in one request", limit: MOVED_MAX };
        if moved > MOVED_MAX { Err(too_many.into()) } else { Ok(()) }
    }

    fn tell_member(
        &self,
        change: &mut Change,
        context: &Context,
        kind: Kind,
        team: TeamId,
        user: &UserRecord,
    ) {
        let news = News::in_org(kind, user.org).with("teamId", team);
        self.record(change, Some(context), news.with("targetUsername", &user.username));
    }

    /// Lets a change through only while everybody named belongs to the organization.
    pub(super) async fn require_people(
        &self,
        change: &mut Change,
        org: OrgId,
        usernames: &[String],
    ) -> Result<(), Failure> {
        let named: BTreeSet<String> = usernames.iter().map(|name| name.to_lowercase()).collect();
        if named.len() > MOVED_MAX {
            return Err(Refusal::TooMany { what: "users in one request", limit: MOVED_MAX }.into());
        }
        for name in named {
            let index = keys::username(org, &name);
            if self.read::<UsernameRecord>(&index).await?.is_none() {
                return Err(Refusal::UsernameNotFound(name).into());
            }
            change.require_exists(index);
        }
        Ok(())
    }
}

fn refuse_full(team: &TeamRecord) -> Result<(), Refusal> {
    let full = team.usernames.len() > MEMBERS_PER_TEAM;
    let refusal = Refusal::TooMany { what: "users of a team", limit: MEMBERS_PER_TEAM };
    if full { Err(refusal) } else { Ok(()) }
}

/// Whether a person is among the members of a team.
pub(in crate::app) fn is_named(members: &[String], username: &str) -> bool {
    members.iter().any(|member| is_same(member, username))
}

/// Mail addresses name people whatever their case.
fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
