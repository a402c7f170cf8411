//! Why the domain says no. Transport-free: `server::http` owns the one table from these to HTTP
//! statuses, error codes and texts. A variant carries the values that a message needs, never a
//! finished message.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::id::{ApiKeyId, ContainerId, EventId, GroupId, InvitationId, OrgId, PeerId, SecretId};
use crate::id::{TeamId, UserId};
use crate::peering::CustomerNetwork;

/// One field of a request that is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The field's path in the body, such as `vpcId` or `regions[2]`.
    pub field: String,
    /// What is wrong with it.
    pub kind: FaultKind,
    /// The whole story in one sentence for the person who wrote the field.
    pub description: String,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is required and absent.
    Missing,
    /// Its value is not acceptable.
    Invalid,
    /// Its value is none of an enumeration's.
    NotInEnum,
}

impl FieldFault {
    /// A required field that is absent.
    #[must_use]
    pub fn missing(field: &str) -> Self {
        let description = alloc::format!("The required attribute {field} was not specified.");
        Self { field: field.to_owned(), kind: FaultKind::Missing, description }
    }

    /// A field whose value is not acceptable, with the reason.
    #[must_use]
    pub fn invalid(field: &str, description: impl Into<String>) -> Self {
        let kind = FaultKind::Invalid;
        Self { field: field.to_owned(), kind, description: description.into() }
    }

    /// A field whose value is none of `allowed`.
    #[must_use]
    pub fn not_in_enum(field: &str, value: &str, allowed: &str) -> Self {
        let shown: String = value.chars().take(64).collect();
        let description = alloc::format!("The value {shown} of {field} is none of: {allowed}.");
        Self { field: field.to_owned(), kind: FaultKind::NotInEnum, description }
    }
}

/// Why the domain refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Fields of the request are at fault; every one of them is listed.
    BadFields(Vec<FieldFault>),
    /// The caller may see the object and may not do this.
    Forbidden,

    /// No such organization, or none that the caller may know of.
    OrgNotFound(OrgId),
    /// No such project, or none that the caller may know of.
    GroupNotFound(GroupId),
    /// No project of that name.
    GroupNameNotFound(String),
    /// The organization has a project of that name.
    GroupExists(String),
    /// The project still has peerings.
    GroupHasPeerings(GroupId),
    /// The organization still has projects.
    OrgHasGroups(OrgId),
    /// The organization has as many projects as it may.
    GroupMaximum {
        /// The limit.
        limit: usize,
    },

    /// No such peering in the project.
    PeerNotFound {
        /// The peering asked for.
        peer: PeerId,
        /// The project asked in.
        group: GroupId,
    },
    /// The container is peered with that network already.
    PeerExists(CustomerNetwork),
    /// The peering is being deleted already.
    PeerDeletionRequested(PeerId),
    /// The phase of the peering forbids the change.
    PeerInvalidState {
        /// The peering.
        peer: PeerId,
        /// Its project.
        group: GroupId,
    },
    /// The project has as many peerings as it may, or as many that wait.
    PeerMaximum {
        /// The limit that was met.
        limit: usize,
    },
    /// The block overlaps the one of another peering of the same container.
    OverlapsPeer {
        /// The refused block.
        block: String,
    },
    /// The block overlaps the container's own.
    OverlapsContainer {
        /// The refused block.
        block: String,
    },

    /// No such container in the project, or none of that provider.
    ContainerNotFound(ContainerId),
    /// The project has a container in that place.
    ContainerExists {
        /// The project.
        group: GroupId,
        /// The container that is there.
        container: ContainerId,
    },
    /// The container is locked.
    ContainerInUse {
        /// The container.
        container: ContainerId,
        /// How many peerings live in it.
        peerings: u32,
    },
    /// The project has as many containers as it may.
    ContainerMaximum {
        /// The limit.
        limit: usize,
    },
    /// `privateIpMode` can be switched off and never on.
    PrivateIpModeCannotBeEnabled,

    /// No such limit.
    LimitNotFound(String),
    /// The value is outside what the limit allows.
    LimitOutOfRange {
        /// The limit's name.
        name: String,
        /// The largest value.
        maximum: i64,
    },
    /// No such access list entry in the project.
    AccessListEntryNotFound {
        /// The entry asked for.
        entry: String,
        /// The project asked in.
        group: GroupId,
    },
    /// The project's access list is full.
    AccessListFull {
        /// The limit.
        limit: usize,
    },
    /// No such user.
    UserNotFound(UserId),
    /// No user of that name.
    UsernameNotFound(String),
    /// The user belongs to it already.
    UserExists(String),
    /// No such team.
    TeamNotFound(TeamId),
    /// No team of that name.
    TeamNameNotFound(String),
    /// The team is not assigned to the project.
    TeamNotInGroup {
        /// The team.
        team: TeamId,
        /// The project.
        group: GroupId,
    },
    /// The organization has a team of that name.
    TeamExists(String),
    /// No such invitation.
    InvitationNotFound(InvitationId),
    /// The person was invited already.
    InvitationExists(String),
    /// No such API key.
    ApiKeyNotFound(ApiKeyId),
    /// The key's own access list has no such entry.
    ApiKeyAccessListEntryNotFound(String),
    /// No such service account.
    ServiceAccountNotFound(String),
    /// The service account has no such secret.
    SecretNotFound(SecretId),
    /// The service account has as many secrets as it may.
    SecretMaximum {
        /// The limit.
        limit: usize,
    },
    /// A caller cannot take away what it is using for this very request.
    CannotRemoveOwnCredential,
    /// No such event.
    EventNotFound(EventId),
    /// Too many of something that has a bound.
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl Refusal {
    /// One field with an unacceptable value and nothing more to say about it.
    #[must_use]
    pub fn field(field: &str) -> Self {
        let description = alloc::format!("Invalid attribute {field} specified.");
        Self::BadFields(alloc::vec![FieldFault::invalid(field, description)])
    }
}
