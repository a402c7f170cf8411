//! Roles in requests and answers: sets of names, and a role together with where it is held.

use std::collections::BTreeSet;

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::id::{GroupId, OrgId};
use serde::Serialize;

use crate::fields::Field;
use crate::show::{self, Named};

/// The most roles that one request may give.
const ROLES_MAX: usize = 64;

/// A role and where it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum RoleAssignment {
    /// In a project.
    Group {
        /// The project.
        #[serde(serialize_with = "show::text")]
        group_id: GroupId,
        /// The role.
        #[serde(serialize_with = "show::name")]
        role_name: GroupRole,
    },
    /// In an organization.
    Org {
        /// The organization.
        #[serde(serialize_with = "show::text")]
        org_id: OrgId,
        /// The role.
        #[serde(serialize_with = "show::name")]
        role_name: OrgRole,
    },
}

/// Reads one role in an organization.
pub(crate) fn org_role(field: Field<'_>) -> Option<OrgRole> {
    field.one_of(OrgRole::parse, &names(OrgRole::ALL))
}

/// Reads one role in a project.
pub(crate) fn group_role(field: Field<'_>) -> Option<GroupRole> {
    field.one_of(GroupRole::parse, &names(GroupRole::ALL))
}

/// Reads one role or more in an organization; one that comes twice counts once.
pub(crate) fn org_roles(field: Field<'_>) -> Option<BTreeSet<OrgRole>> {
    Some(field.list(1..=ROLES_MAX, org_role)?.into_iter().collect())
}

/// Reads one role or more in a project; one that comes twice counts once.
pub(crate) fn group_roles(field: Field<'_>) -> Option<BTreeSet<GroupRole>> {
    Some(field.list(1..=ROLES_MAX, group_role)?.into_iter().collect())
}

fn names<T: Named>(roles: &[T]) -> String {
    let names: Vec<_> = roles.iter().map(Named::wire_name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_names_one_place() {
        let text = |assignment| serde_json::to_string(&assignment).unwrap();
        assert_eq!(
            text(RoleAssignment::Group {
                group_id: GroupId::from_bytes([1; 12]),
                role_name: GroupRole::Owner,
            }),
            r#"{"groupId":"010101010101010101010101","roleName":"GROUP_OWNER"}"#
        );
        assert_eq!(
            text(RoleAssignment::Org {
                org_id: OrgId::from_bytes([2; 12]),
                role_name: OrgRole::Member,
            }),
            r#"{"orgId":"020202020202020202020202","roleName":"ORG_MEMBER"}"#
        );
    }
}
