//! Who may do what: one table of action × resource × role, and what a refusal may tell.
//!
//! Source of the table: the roles that the published document names for each operation. A caller
//! who may not even know of a project or an organization learns nothing: [`Decision::Hidden`].

use alloc::collections::{BTreeMap, BTreeSet};

use crate::id::{GroupId, OrgId};

mod role;
mod table;

pub use role::{GroupRole, OrgRole};
pub use table::{Requirement, requirement};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Look at one or list them.
    Read,
    /// Make one.
    Create,
    /// Change one.
    Change,
    /// Take one away.
    Delete,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Change, Self::Delete];
}

/// What it is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A network peering connection.
    Peering,
    /// A network container.
    Container,
    /// Whether a project can be reached through peerings only.
    PrivateIpMode,
    /// A project.
    Group,
    /// The settings of a project.
    GroupSettings,
    /// The limits of a project.
    GroupLimit,
    /// The IP access list of a project.
    AccessList,
    /// The teams of a project.
    GroupTeam,
    /// The users of a project.
    GroupUser,
    /// The invitations to a project.
    GroupInvitation,
    /// The API keys of a project.
    GroupApiKey,
    /// An organization's API key in a project.
    GroupApiKeyAssignment,
    /// The service accounts of a project.
    GroupServiceAccount,
    /// The access lists of a project's service accounts.
    GroupServiceAccountAccessList,
    /// An organization's service account in a project.
    GroupServiceAccountAssignment,
    /// The events of a project.
    GroupEvent,
    /// What a project has that Peerage does not provide: always empty.
    GroupOther,
    /// An organization.
    Org,
    /// The settings of an organization.
    OrgSettings,
    /// The users of an organization.
    OrgUser,
    /// The teams of an organization.
    Team,
    /// A new project in an organization.
    OrgGroup,
    /// The API keys of an organization.
    OrgApiKey,
    /// The service accounts of an organization.
    OrgServiceAccount,
    /// The events of an organization.
    OrgEvent,
    /// What an organization has that Peerage does not provide: always empty.
    OrgOther,
}

/// Where it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a project of an organization.
    Group {
        /// The project.
        group: GroupId,
        /// The organization that owns it.
        org: OrgId,
    },
    /// In an organization.
    Org(OrgId),
}

/// What the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead.
    Allowed,
    /// The caller belongs there and lacks the role.
    Forbidden,
    /// The caller does not belong there and must not learn whether it exists.
    Hidden,
}

/// The roles that a caller holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// In its organization.
    pub org: Option<(OrgId, BTreeSet<OrgRole>)>,
    /// In projects.
    pub groups: BTreeMap<GroupId, BTreeSet<GroupRole>>,
}

impl Roles {
    /// Whether the caller may do `action` to `resource` in `scope`.
    #[must_use]
    pub fn decide(&self, action: Action, resource: Resource, scope: Scope) -> Decision {
        let needed = requirement(action, resource);
        let (org, group) = match scope {
            Scope::Group { group, org } => (org, Some(group)),
            Scope::Org(org) => (org, None),
        };
        let org_roles = self.in_org(org);
        let group_roles = group.and_then(|group| self.groups.get(&group));
        let by_org = org_roles.is_some_and(|held| held.iter().any(|role| needed.allows_org(*role)));
        let by_group =
            group_roles.is_some_and(|held| held.iter().any(|role| needed.allows_group(*role)));
        if by_org || by_group {
            Decision::Allowed
        } else if self.belongs(scope) {
            Decision::Forbidden
        } else {
            Decision::Hidden
        }
    }

    /// Whether the caller may know that `scope` exists.
    #[must_use]
    pub fn belongs(&self, scope: Scope) -> bool {
        match scope {
            Scope::Org(org) => self.in_org(org).is_some(),
            Scope::Group { group, org } => {
                self.groups.contains_key(&group)
                    || self
                        .in_org(org)
                        .is_some_and(|held| held.iter().any(|role| role.sees_groups()))
            }
        }
    }

    /// Whether the caller owns the organization, and so each of its projects.
    #[must_use]
    pub fn owns_org(&self, org: OrgId) -> bool {
        self.in_org(org).is_some_and(|held| held.contains(&OrgRole::Owner))
    }

    fn in_org(&self, org: OrgId) -> Option<&BTreeSet<OrgRole>> {
        self.org.as_ref().filter(|(home, _)| *home == org).map(|(_, held)| held)
    }
}
