//! Invitations to a project that nobody has taken up.
//!
//! One person has one invitation to a project: an index by mail address keeps that true under
//! races. An invitation that is over does not exist any more; its place is cleared by the next one.

use std::collections::BTreeSet;
use std::time::Duration;

use peerage_core::authz::{Action, GroupRole, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, InvitationId};
use peerage_store::keys;
use peerage_store::record::{GroupInvitationRecord, GroupRecord, InvitedRecord, UserRecord};

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::{App, Failure};
use crate::app::events::kind;
use crate::context::{Context, Credential};

/// How long an invitation counts.
const LIFE: Duration = Duration::from_hours(30 * 24);

/// The most invitations of one project that wait.
const INVITATIONS_PER_GROUP: usize = 500;

/// How many that are over one new invitation clears away.
const CLEARED_AT_ONCE: usize = 20;

/// An invitation with the name of its project.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The invitation.
    pub record: GroupInvitationRecord,
    /// What its project is called now.
    pub group_name: String,
}

impl App {
    /// The invitations to a project that wait, oldest first.
    ///
    /// # Errors
    /// The project is not the caller's to see, or the caller lacks the role.
    pub async fn list_invitations(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<Vec<Invitation>, Failure> {
        let project = self.in_invitations(context, group, Action::Read).await?;
        let now = self.clock.now();
        let all = self.read_all::<GroupInvitationRecord>(&keys::group_invitations(group)).await?;
        let waiting = all.into_iter().map(|found| found.value).filter(|one| one.expires > now);
        Ok(waiting.map(|record| named(record, &project)).collect())
    }

    /// One invitation to a project.
    ///
    /// # Errors
    /// No such invitation, or the caller lacks the role.
    pub async fn get_invitation(
        &self,
        context: &Context,
        group: GroupId,
        id: InvitationId,
    ) -> Result<Invitation, Failure> {
        let project = self.in_invitations(context, group, Action::Read).await?;
        Ok(named(self.invitation(group, id).await?.value, &project))
    }

    async fn in_invitations(
        &self,
        context: &Context,
        group: GroupId,
        action: Action,
    ) -> Result<GroupRecord, Failure> {
        Ok(self.in_group(context, group, action, Resource::GroupInvitation).await?.value)
    }

    /// An invitation that still counts.
    async fn invitation(
        &self,
        group: GroupId,
        id: InvitationId,
    ) -> Result<Stored<GroupInvitationRecord>, Failure> {
        let refusal = || Refusal::InvitationNotFound(id);
        let key = keys::group_invitation(group, id);
        let found: Stored<GroupInvitationRecord> = self.read_or(&key, refusal).await?;
        if found.value.expires > self.clock.now() { Ok(found) } else { Err(refusal().into()) }
    }

    /// Invites a person to a project.
    ///
    /// # Errors
    /// The person is invited or has roles there already, too many wait, or the caller lacks the
    /// role.
    pub async fn create_invitation(
        &self,
        context: &Context,
        group: GroupId,
        username: &str,
        roles: &BTreeSet<GroupRole>,
    ) -> Result<Invitation, Failure> {
        let mut tries = Tries::default();
        loop {
            let project = self.in_invitations(context, group, Action::Create).await?;
            let mut change = Change::default();
            change.require_exists(keys::group(group));
            self.refuse_member(&project, username).await?;
            self.make_room(&mut change, group).await?;
            let index = keys::group_invited(group, username);
            let before: Option<Stored<InvitedRecord>> = self.read(&index).await?;
            if let Some(before) = &before {
                self.refuse_invited(&mut change, group, before.value, username).await?;
            }
            let now = self.clock.now();
            let record = GroupInvitationRecord {
                id: self.randomness.id(now),
                group,
                username: username.to_owned(),
                roles: roles.clone(),
                inviter: inviter(context),
                created: now,
                expires: now.after(LIFE),
            };
            change.require(index.clone(), before.map(|before| before.revision));
            change.put(index, &InvitedRecord { invitation: record.id })?;
            change.put(keys::group_invitation(group, record.id), &record)?;
            let news = News::in_group(kind::INVITED_TO_GROUP, project.org, group)
                .with("targetUsername", username);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(named(record, &project));
            }
        }
    }

    /// Who has roles in the project needs no invitation.
    async fn refuse_member(&self, project: &GroupRecord, username: &str) -> Result<(), Failure> {
        let found: Option<Stored<UserRecord>> = self.user_named(project.org, username).await?;
        match found.filter(|user| user.value.grants.in_group(project.id).is_some()) {
            Some(_) => Err(Refusal::UserExists(username.to_owned()).into()),
            None => Ok(()),
        }
    }

    /// Says no while the invitation that the index names still counts; clears it away otherwise.
    async fn refuse_invited(
        &self,
        change: &mut Change,
        group: GroupId,
        invited: InvitedRecord,
        username: &str,
    ) -> Result<(), Failure> {
        match self.invitation(group, invited.invitation).await {
            Ok(_) => Err(Refusal::InvitationExists(username.to_owned()).into()),
            Err(Failure::Refused(Refusal::InvitationNotFound(id))) => {
                change.delete(keys::group_invitation(group, id));
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Says no when too many wait. Some of those that are over go, but not their index entries: one
    /// of a newer invitation may be in the same place.
    async fn make_room(&self, change: &mut Change, group: GroupId) -> Result<(), Failure> {
        let now = self.clock.now();
        let all = self.read_all::<GroupInvitationRecord>(&keys::group_invitations(group)).await?;
        let over = all.iter().filter(|found| found.value.expires <= now);
        if all.len() - over.clone().count() >= INVITATIONS_PER_GROUP {
            let (what, limit) = ("invitations", INVITATIONS_PER_GROUP);
            return Err(Refusal::TooMany { what, limit }.into());
        }
        for found in over.take(CLEARED_AT_ONCE) {
            change.delete(keys::group_invitation(group, found.value.id));
        }
        Ok(())
    }

    /// Offers other roles with an invitation.
    ///
    /// # Errors
    /// No such invitation, or the caller lacks the role.
    pub async fn update_invitation(
        &self,
        context: &Context,
        group: GroupId,
        id: InvitationId,
        roles: &BTreeSet<GroupRole>,
    ) -> Result<Invitation, Failure> {
        let mut tries = Tries::default();
        loop {
            let project = self.in_invitations(context, group, Action::Change).await?;
            let found = self.invitation(group, id).await?;
            let record = GroupInvitationRecord { roles: roles.clone(), ..found.value };
            let mut change = Change::default();
            let key = keys::group_invitation(group, id);
            change.require(key.clone(), Some(found.revision)).put(key, &record)?;
            let news = News::in_group(kind::USER_ROLES_CHANGED_AUDIT, project.org, group)
                .with("targetUsername", &record.username);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(named(record, &project));
            }
        }
    }

    /// Offers other roles with the invitation that a person has.
    ///
    /// # Errors
    /// The person has none, or the caller lacks the role.
    pub async fn update_invitation_of(
        &self,
        context: &Context,
        group: GroupId,
        username: &str,
        roles: &BTreeSet<GroupRole>,
    ) -> Result<Invitation, Failure> {
        self.in_invitations(context, group, Action::Change).await?;
        let unknown = || Refusal::UsernameNotFound(username.to_owned());
        let key = keys::group_invited(group, username);
        let invited: Stored<InvitedRecord> = self.read_or(&key, unknown).await?;
        match self.update_invitation(context, group, invited.value.invitation, roles).await {
            Err(Failure::Refused(Refusal::InvitationNotFound(_))) => Err(unknown().into()),
            other => other,
        }
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// No such invitation, or the caller lacks the role.
    pub async fn delete_invitation(
        &self,
        context: &Context,
        group: GroupId,
        id: InvitationId,
    ) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            let project = self.in_invitations(context, group, Action::Delete).await?;
            let found = self.invitation(group, id).await?;
            let mut change = Change::default();
            let key = keys::group_invitation(group, id);
            change.require(key.clone(), Some(found.revision)).delete(key);
            change.delete(keys::group_invited(group, &found.value.username));
            let news = News::in_group(kind::GROUP_INVITATION_DELETED, project.org, group)
                .with("targetUsername", &found.value.username);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(());
            }
        }
    }
}

fn named(record: GroupInvitationRecord, project: &GroupRecord) -> Invitation {
    Invitation { record, group_name: project.name.clone() }
}

/// Credentials have no mail address: their public half stands for them.
fn inviter(context: &Context) -> String {
    match &context.caller.credential {
        Credential::ApiKey { id: _, public_key } => public_key.clone(),
        Credential::ServiceAccount { id } => id.client_id(),
    }
}
