//! Invitations to organizations and to projects.

use std::collections::BTreeSet;

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::id::{GroupId, InvitationId, OrgId, TeamId};
use peerage_core::time::Timestamp;
use serde::Serialize;

use crate::fields::{Fields, ReadError};
use crate::form;
use crate::page::Link;
use crate::role::group_roles;
use crate::show;

/// An invitation to a project, or another set of roles for one that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGroupInvitation {
    /// The person's address.
    pub username: String,
    /// The roles.
    pub roles: BTreeSet<GroupRole>,
}

impl NewGroupInvitation {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let username = fields.required("username").text(form::EMAIL);
        let roles = group_roles(fields.required("roles"));
        let build = || Some(Self { username: username?, roles: roles? });
        Ok(fields.finish_with(build)?)
    }
}

/// Reads other roles for an invitation to a project whose id is in the path.
///
/// # Errors
/// What the body is not, or every field at fault.
pub fn read_group_roles(body: &[u8]) -> Result<BTreeSet<GroupRole>, ReadError> {
    let mut fields = Fields::parse(body)?;
    let roles = group_roles(fields.required("roles"));
    Ok(fields.finish_with(|| roles)?)
}

/// An invitation to a project as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupInvitation {
    /// When it was sent.
    #[serde(serialize_with = "show::date")]
    pub created_at: Timestamp,
    /// Until when it counts.
    #[serde(serialize_with = "show::date")]
    pub expires_at: Timestamp,
    /// The project.
    #[serde(serialize_with = "show::text")]
    pub group_id: GroupId,
    /// The project's name.
    pub group_name: String,
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: InvitationId,
    /// Who sent it.
    pub inviter_username: String,
    /// Itself.
    pub links: Vec<Link>,
    /// The roles.
    #[serde(serialize_with = "show::names")]
    pub roles: BTreeSet<GroupRole>,
    /// The person's address.
    pub username: String,
}

/// An invitation to an organization as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrgInvitation {
    /// When it was sent.
    #[serde(serialize_with = "show::date")]
    pub created_at: Timestamp,
    /// Until when it counts.
    #[serde(serialize_with = "show::date")]
    pub expires_at: Timestamp,
    /// The roles in projects, one for each element.
    pub group_role_assignments: Vec<InvitedGroupRole>,
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: InvitationId,
    /// Who sent it.
    pub inviter_username: String,
    /// Itself.
    pub links: Vec<Link>,
    /// The organization.
    #[serde(serialize_with = "show::text")]
    pub org_id: OrgId,
    /// The organization's name.
    pub org_name: String,
    /// The roles in the organization.
    #[serde(serialize_with = "show::names")]
    pub roles: BTreeSet<OrgRole>,
    /// The teams.
    #[serde(serialize_with = "show::texts")]
    pub team_ids: Vec<TeamId>,
    /// The person's address.
    pub username: String,
}

/// One role that somebody is invited to in a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitedGroupRole {
    /// The project.
    #[serde(serialize_with = "show::text")]
    pub group_id: GroupId,
    /// The role.
    #[serde(serialize_with = "show::name")]
    pub group_role: GroupRole,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::faults;

    #[test]
    fn a_request_names_a_person_and_roles() {
        let body = br#"{"username":"a@b.c","roles":["GROUP_OWNER"]}"#;
        assert!(NewGroupInvitation::read(body).is_ok());
        assert!(read_group_roles(body).is_ok());
        assert_eq!(faults(NewGroupInvitation::read(b"{}")), ["username", "roles"]);
        assert_eq!(faults(read_group_roles(br#"{"roles":["X"]}"#)), ["roles[0]"]);
    }

    #[test]
    fn an_answer_about_an_invitation() {
        let invitation = GroupInvitation {
            created_at: Timestamp::ZERO,
            expires_at: Timestamp::ZERO,
            group_id: GroupId::from_bytes([1; 12]),
            group_name: "demo".into(),
            id: InvitationId::from_bytes([2; 12]),
            inviter_username: "i@b.c".into(),
            links: vec![],
            roles: BTreeSet::from([GroupRole::Owner]),
            username: "a@b.c".into(),
        };
        assert_eq!(
            serde_json::to_string(&invitation).unwrap(),
            r#"{"createdAt":"1970-01-01T00:00:00Z","expiresAt":"1970-01-01T00:00:00Z","groupId":"010101010101010101010101","groupName":"demo","id":"020202020202020202020202","inviterUsername":"i@b.c","links":[],"roles":["GROUP_OWNER"],"username":"a@b.c"}"#
        );
        let invitation = OrgInvitation {
            created_at: Timestamp::ZERO,
            expires_at: Timestamp::ZERO,
            group_role_assignments: vec![InvitedGroupRole {
                group_id: GroupId::from_bytes([1; 12]),
                group_role: GroupRole::Owner,
            }],
            id: InvitationId::from_bytes([2; 12]),
            inviter_username: "i@b.c".into(),
            links: vec![],
            org_id: OrgId::from_bytes([3; 12]),
            org_name: "Acme".into(),
            roles: BTreeSet::from([OrgRole::Member]),
            team_ids: vec![],
            username: "a@b.c".into(),
        };
        assert_eq!(
            serde_json::to_string(&invitation).unwrap(),
            r#"{"createdAt":"1970-01-01T00:00:00Z","expiresAt":"1970-01-01T00:00:00Z","groupRoleAssignments":[{"groupId":"010101010101010101010101","groupRole":"GROUP_OWNER"}],"id":"020202020202020202020202","inviterUsername":"i@b.c","links":[],"orgId":"030303030303030303030303","orgName":"Acme","roles":["ORG_MEMBER"],"teamIds":[],"username":"a@b.c"}"#
        );
    }
}
