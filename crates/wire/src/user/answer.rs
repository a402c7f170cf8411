//! A person as clients read it, in both shapes.

use std::collections::BTreeSet;

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::id::{GroupId, TeamId, UserId};
use peerage_core::time::Timestamp;
use serde::Serialize;

use crate::page::Link;
use crate::role::RoleAssignment;
use crate::show;

/// How a person belongs to an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "orgMembershipStatus", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Membership {
    /// As a member.
    Active(Person),
    /// As somebody who was invited.
    #[serde(rename_all = "camelCase")]
    Pending {
        /// When.
        #[serde(serialize_with = "show::date")]
        invitation_created_at: Timestamp,
        /// Until when.
        #[serde(serialize_with = "show::date")]
        invitation_expires_at: Timestamp,
        /// By whom.
        inviter_username: String,
    },
}

/// What is known of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The country, in two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// When the person joined.
    #[serde(serialize_with = "show::date")]
    pub created_at: Timestamp,
    /// The first name.
    pub first_name: String,
    /// When the person last signed in.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::date_or_null")]
    pub last_auth: Option<Timestamp>,
    /// The last name.
    pub last_name: String,
}

/// A person of an organization, in the shape of 2025-02-19.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrgUser {
    /// The person's id.
    #[serde(serialize_with = "show::text")]
    pub id: UserId,
    /// How the person belongs to the organization.
    #[serde(flatten)]
    pub membership: Membership,
    /// The roles.
    pub roles: OrgUserRoles,
    /// The teams.
    #[serde(serialize_with = "show::texts")]
    pub team_ids: Vec<TeamId>,
    /// The person's address.
    pub username: String,
}

/// The roles of a person of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrgUserRoles {
    /// In its projects.
    pub group_role_assignments: Vec<GroupRoleAssignment>,
    /// In the organization.
    #[serde(serialize_with = "show::names")]
    pub org_roles: BTreeSet<OrgRole>,
}

/// The roles of a person in one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRoleAssignment {
    /// The project.
    #[serde(serialize_with = "show::text")]
    pub group_id: GroupId,
    /// The roles.
    #[serde(serialize_with = "show::names")]
    pub group_roles: BTreeSet<GroupRole>,
}

/// A person of a project, in the shape of 2025-02-19.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupUser {
    /// The person's id.
    #[serde(serialize_with = "show::text")]
    pub id: UserId,
    /// How the person belongs to the organization.
    #[serde(flatten)]
    pub membership: Membership,
    /// The roles in the project.
    #[serde(serialize_with = "show::names")]
    pub roles: BTreeSet<GroupRole>,
    /// The person's address.
    pub username: String,
}

/// A person, in the shape of 2023-01-01.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppUser {
    /// What is known of the person.
    #[serde(flatten)]
    pub person: Person,
    /// The person's address.
    pub email_address: String,
    /// The person's id.
    #[serde(serialize_with = "show::text")]
    pub id: UserId,
    /// Itself.
    pub links: Vec<Link>,
    /// The telephone; Peerage knows none.
    pub mobile_number: String,
    /// Every role with its place.
    pub roles: Vec<RoleAssignment>,
    /// The teams.
    #[serde(serialize_with = "show::texts")]
    pub team_ids: Vec<TeamId>,
    /// The person's address again.
    pub username: String,
}

/// All roles of a person in a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserGroupRoles {
    /// The roles.
    #[serde(serialize_with = "show::names")]
    pub group_roles: BTreeSet<GroupRole>,
    /// Itself.
    pub links: Vec<Link>,
}
