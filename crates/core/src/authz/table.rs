//! The table: which roles may do which action to which resource.

use super::{Action, GroupRole, OrgRole, Resource};

/// The least role that an action asks for, in the contract's words. Greater roles have it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Project Read Only: any role in the project.
    GroupReadOnly,
    /// Project Network Access Manager.
    GroupNetworkAccessManager,
    /// Project Access Manager.
    GroupAccessManager,
    /// Project Owner.
    GroupOwner,
    /// Organization Member: any role in the organization.
    OrgMember,
    /// Organization Read Only.
    OrgReadOnly,
    /// May make projects: Organization Project Creator.
    OrgGroupCreator,
    /// Organization Owner.
    OrgOwner,
}

impl Requirement {
    /// Whether a role in the organization satisfies it. Owners own every project; who may read the
    /// organization may read every project.
    #[must_use]
    pub fn allows_org(self, role: OrgRole) -> bool {
        if role == OrgRole::Owner {
            return true;
        }
        match self {
            Self::OrgMember => true,
            Self::OrgReadOnly | Self::GroupReadOnly => role == OrgRole::ReadOnly,
            Self::OrgGroupCreator => role == OrgRole::GroupCreator,
            Self::OrgOwner
            | Self::GroupOwner
            | Self::GroupNetworkAccessManager
            | Self::GroupAccessManager => false,
        }
    }

    /// Whether a role in the project satisfies it.
    #[must_use]
    pub fn allows_group(self, role: GroupRole) -> bool {
        match self {
            Self::GroupReadOnly => true,
            Self::GroupNetworkAccessManager => {
                matches!(role, GroupRole::Owner | GroupRole::NetworkAccessManager)
            }
            Self::GroupAccessManager => matches!(role, GroupRole::Owner | GroupRole::AccessManager),
            Self::GroupOwner => role == GroupRole::Owner,
            Self::OrgMember | Self::OrgReadOnly | Self::OrgGroupCreator | Self::OrgOwner => false,
        }
    }
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::Peering,
        Self::Container,
        Self::PrivateIpMode,
        Self::Group,
        Self::GroupSettings,
        Self::GroupLimit,
        Self::AccessList,
        Self::GroupTeam,
        Self::GroupUser,
        Self::GroupInvitation,
        Self::GroupApiKey,
        Self::GroupApiKeyAssignment,
        Self::GroupServiceAccount,
        Self::GroupServiceAccountAccessList,
        Self::GroupServiceAccountAssignment,
        Self::GroupEvent,
        Self::GroupOther,
        Self::Org,
        Self::OrgSettings,
        Self::OrgUser,
        Self::Team,
        Self::OrgGroup,
        Self::OrgApiKey,
        Self::OrgServiceAccount,
        Self::OrgEvent,
        Self::OrgOther,
    ];
}

/// The least role for `action` on `resource`.
#[must_use]
pub fn requirement(action: Action, resource: Resource) -> Requirement {
    let reading = action == Action::Read;
    match resource {
        Resource::Peering | Resource::AccessList => {
            read_or(reading, Requirement::GroupNetworkAccessManager)
        }
        Resource::GroupApiKey | Resource::GroupServiceAccountAccessList => {
            read_or(reading, Requirement::GroupAccessManager)
        }
        Resource::Container
        | Resource::PrivateIpMode
        | Resource::Group
        | Resource::GroupSettings
        | Resource::GroupLimit
        | Resource::GroupTeam
        | Resource::GroupUser
        | Resource::GroupApiKeyAssignment
        | Resource::GroupServiceAccount
        | Resource::GroupEvent
        | Resource::GroupOther => read_or(reading, Requirement::GroupOwner),
        Resource::GroupInvitation => Requirement::GroupOwner,
        Resource::GroupServiceAccountAssignment => Requirement::OrgOwner,
        Resource::OrgGroup if action == Action::Create => Requirement::OrgGroupCreator,
        Resource::OrgServiceAccount if reading => Requirement::OrgReadOnly,
        Resource::Org
        | Resource::OrgSettings
        | Resource::OrgUser
        | Resource::Team
        | Resource::OrgGroup
        | Resource::OrgApiKey
        | Resource::OrgServiceAccount
        | Resource::OrgEvent
        | Resource::OrgOther => {
            if reading {
                Requirement::OrgMember
            } else {
                Requirement::OrgOwner
            }
        }
    }
}

fn read_or(reading: bool, requirement: Requirement) -> Requirement {
    if reading { Requirement::GroupReadOnly } else { requirement }
}
