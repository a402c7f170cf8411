//! People, in an organization and in a project.
//!
//! Answers have two shapes: the one of 2023-01-01 lists every role of a person with its place; the
//! one of 2025-02-19 says how a person belongs to the organization, invited people included.

mod answer;

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::id::{GroupId, TeamId};

use crate::fields::{Field, Fields, ReadError};
use crate::form;
use crate::role::{group_role, group_roles, org_role, org_roles};

pub use answer::{AppUser, GroupRoleAssignment, GroupUser, Membership, OrgUser, OrgUserRoles};
pub use answer::{Person, UserGroupRoles};

/// The most teams or projects that one request may name.
const PLACES_MAX: usize = 250;

/// The roles of a person, as a request gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRoles {
    /// In the organization.
    pub org: BTreeSet<OrgRole>,
    /// In its projects; none: nothing is said about them.
    pub groups: Option<BTreeMap<GroupId, BTreeSet<GroupRole>>>,
}

/// A request to add a person to an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrgUser {
    /// The person's address.
    pub username: String,
    /// The roles.
    pub roles: NewRoles,
    /// The teams.
    pub teams: Vec<TeamId>,
}

impl NewOrgUser {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let username = fields.required("username").text(form::EMAIL);
        let roles = fields.required("roles").object(|fields| new_roles(fields, true));
        let teams = teams(&mut fields);
        let build =
            || Some(Self { username: username?, roles: roles?, teams: teams.unwrap_or_default() });
        Ok(fields.finish_with(build)?)
    }
}

/// A request to change a person in an organization. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgUserChange {
    /// All of the roles.
    pub roles: Option<NewRoles>,
    /// All of the teams.
    pub teams: Option<Vec<TeamId>>,
}

impl OrgUserChange {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let roles = fields.optional("roles").object(|fields| new_roles(fields, false));
        let teams = teams(&mut fields);
        fields.finish()?;
        Ok(Self { roles, teams })
    }
}

/// A request to add a person to a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGroupUser {
    /// The person's address.
    pub username: String,
    /// The roles.
    pub roles: BTreeSet<GroupRole>,
}

impl NewGroupUser {
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

/// Reads all roles that a person is to have in a project.
///
/// # Errors
/// What the body is not, or every field at fault.
pub fn read_group_roles(body: &[u8]) -> Result<BTreeSet<GroupRole>, ReadError> {
    let mut fields = Fields::parse(body)?;
    let roles = group_roles(fields.required("groupRoles"));
    Ok(fields.finish_with(|| roles)?)
}

/// Reads one role that a person gets or loses in a project.
///
/// # Errors
/// What the body is not, or the field at fault.
pub fn read_group_role(body: &[u8]) -> Result<GroupRole, ReadError> {
    let mut fields = Fields::parse(body)?;
    let role = group_role(fields.required("groupRole"));
    Ok(fields.finish_with(|| role)?)
}

/// Reads one role that a person gets or loses in an organization.
///
/// # Errors
/// What the body is not, or the field at fault.
pub fn read_org_role(body: &[u8]) -> Result<OrgRole, ReadError> {
    let mut fields = Fields::parse(body)?;
    let role = org_role(fields.required("orgRole"));
    Ok(fields.finish_with(|| role)?)
}

fn new_roles(fields: &mut Fields, org_required: bool) -> Option<NewRoles> {
    let org = org_roles(if org_required {
        fields.required("orgRoles")
    } else {
        fields.optional("orgRoles")
    });
    let groups = fields.optional("groupRoleAssignments").list(0..=PLACES_MAX, group_assignment);
    Some(NewRoles {
        org: org.unwrap_or_default(),
        groups: groups.map(|groups| groups.into_iter().collect()),
    })
}

fn group_assignment(field: Field<'_>) -> Option<(GroupId, BTreeSet<GroupRole>)> {
    field.object(|fields| {
        let group = fields.required("groupId").id();
        let roles = group_roles(fields.required("groupRoles"));
        Some((group?, roles?))
    })
}

fn teams(fields: &mut Fields) -> Option<Vec<TeamId>> {
    fields.optional("teamIds").list(0..=PLACES_MAX, |team| team.id())
}

#[cfg(test)]
mod tests;
