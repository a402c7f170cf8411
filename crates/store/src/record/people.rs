//! People and teams, at rest.

use std::collections::BTreeSet;

use peerage_core::authz::GroupRole;
use peerage_core::id::{GroupId, InvitationId, OrgId, TeamId, UserId};
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Grants, Record, text};

/// A person of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserRecord {
    /// The id.
    #[serde(with = "text::display")]
    pub id: UserId,
    /// The organization.
    #[serde(with = "text::display")]
    pub org: OrgId,
    /// The mail address that the person signs in with.
    pub username: String,
    /// When the person was invited.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
    /// What the person may do.
    pub grants: Grants,
}

/// Which person has a name in an organization.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct UsernameRecord {
    /// The person.
    #[serde(with = "text::display")]
    pub user: UserId,
}

/// A team of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TeamRecord {
    /// The id.
    #[serde(with = "text::display")]
    pub id: TeamId,
    /// The organization.
    #[serde(with = "text::display")]
    pub org: OrgId,
    /// The name, unique in the organization.
    pub name: String,
    /// The mail addresses of its people.
    pub usernames: Vec<String>,
    /// When it was made.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
}

/// The roles of a team in a project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupTeamRecord {
    /// The team.
    #[serde(with = "text::display")]
    pub team: TeamId,
    /// The roles.
    #[serde(with = "text::roles")]
    pub roles: BTreeSet<GroupRole>,
}

/// An invitation to a project that nobody has taken up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupInvitationRecord {
    /// The id.
    #[serde(with = "text::display")]
    pub id: InvitationId,
    /// The project.
    #[serde(with = "text::display")]
    pub group: GroupId,
    /// The mail address of the person.
    pub username: String,
    /// The roles that it offers.
    #[serde(with = "text::roles")]
    pub roles: BTreeSet<GroupRole>,
    /// The credential that sent it: a public key or a client id.
    pub inviter: String,
    /// When it was sent.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
    /// Until when it counts.
    #[serde(with = "text::millis")]
    pub expires: Timestamp,
}

/// Which invitation to a project a person has.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct InvitedRecord {
    /// The invitation.
    #[serde(with = "text::display")]
    pub invitation: InvitationId,
}

impl Record for GroupInvitationRecord {
    const NOUN: &'static str = "invitation to a project";
}

impl Record for InvitedRecord {
    const NOUN: &'static str = "invited person";
}

impl Record for UserRecord {
    const NOUN: &'static str = "user";
}

impl Record for UsernameRecord {
    const NOUN: &'static str = "user name";
}

impl Record for TeamRecord {
    const NOUN: &'static str = "team";
}

impl Record for GroupTeamRecord {
    const NOUN: &'static str = "team of a project";
}
