//! The kinds of events that Peerage writes, by the contract's names, and what each tells. An event
//! of another kind cannot be written, and what is written is what `listEventTypes` lists.

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The contract's `eventTypeName`.
    pub name: &'static str,
    /// What it tells, in a sentence.
    pub description: &'static str,
}

macro_rules! kinds {
    ($(#[$doc:meta])* $all:ident: $($kind:ident $description:literal;)*) => {
        $(
            #[doc = $description]
            pub(crate) const $kind: Kind =
                Kind { name: stringify!($kind), description: $description };
        )*

        $(#[$doc])*
        pub const $all: &[Kind] = &[$($kind,)*];
    };
}

kinds! {
    /// Those of the contract, by name.
    ALL:
    API_KEY_ACCESS_LIST_ENTRY_ADDED "An address was added to an API key's access list.";
    API_KEY_ACCESS_LIST_ENTRY_DELETED "An address was taken off an API key's access list.";
    API_KEY_ADDED_TO_GROUP "An API key was given roles in a project.";
    API_KEY_CREATED "An API key was made.";
    API_KEY_DELETED "An API key was deleted.";
    API_KEY_DESCRIPTION_CHANGED "The description of an API key was changed.";
    API_KEY_REMOVED_FROM_GROUP "An API key lost its roles in a project.";
    API_KEY_ROLES_CHANGED "The roles of an API key were changed.";
    AZURE_PEER_ACTIVE "A peering on Azure began to work.";
    AZURE_PEER_CREATED "A peering on Azure was asked for.";
    AZURE_PEER_DELETED "The deletion of a peering on Azure was asked for.";
    AZURE_PEER_UPDATED "A peering on Azure was changed.";
    CONTAINER_DELETED "A network container was deleted.";
    CONTAINER_SUBNETS_UPDATE_REQUESTED "A network container was changed.";
    FTDC_SETTINGS_UPDATED "The settings of diagnostics were changed.";
    GCP_PEER_ACTIVE "A peering on GCP began to work.";
    GCP_PEER_CREATED "A peering on GCP was asked for.";
    GCP_PEER_DELETED "The deletion of a peering on GCP was asked for.";
    GCP_PEER_INACTIVE "A peering on GCP stopped working.";
    GCP_PEER_UPDATED "A peering on GCP was changed.";
    GROUP_CREATED "A project was made.";
    GROUP_DELETED "A project was closed.";
    GROUP_INVITATION_DELETED "An invitation to a project was taken back.";
    GROUP_NAME_CHANGED "A project was renamed.";
    GROUP_TAGS_MODIFIED "The labels of a project were changed.";
    INVITED_TO_GROUP "A person was invited to a project.";
    INVITED_TO_ORG "A person was invited to an organization.";
    JOINED_GROUP "A person was given roles in a project.";
    JOINED_TEAM "A person was added to a team.";
    NETWORK_PERMISSION_ENTRY_ADDED "An entry was added to a project's IP access list.";
    NETWORK_PERMISSION_ENTRY_REMOVED "An entry was taken off a project's IP access list.";
    OPERATIONS_CONTACT_MODIFIED "The contact for operations was changed.";
    ORG_CREATED "An organization was made.";
    ORG_EMPLOYEE_ACCESS_RESTRICTED "The provider's staff was shut out of an organization.";
    ORG_EMPLOYEE_ACCESS_UNRESTRICTED "The provider's staff was let into an organization.";
    ORG_PUBLIC_API_ACCESS_LIST_NOT_REQUIRED "Credentials no longer need an access list.";
    ORG_PUBLIC_API_ACCESS_LIST_REQUIRED "Credentials need an access list.";
    ORG_RENAMED "An organization was renamed.";
    ORG_SERVICE_ACCOUNT_MAX_SECRET_VALIDITY_EDITED "The longest life of secrets was changed.";
    ORG_TWO_FACTOR_AUTH_OPTIONAL "People no longer need a second factor.";
    ORG_TWO_FACTOR_AUTH_REQUIRED "People need a second factor.";
    PEER_CREATED "A peering on AWS was asked for.";
    PEER_DELETED "The deletion of a peering on AWS was asked for.";
    PEER_UPDATED "A peering on AWS was changed.";
    PROJECT_LIMIT_UPDATED "A limit of a project was changed.";
    REMOVED_FROM_GROUP "A person lost the roles in a project.";
    REMOVED_FROM_ORG "A person was taken out of an organization.";
    REMOVED_FROM_TEAM "A person was taken out of a team.";
    SECURITY_CONTACT_MODIFIED "The contact for security was changed.";
    SERVICE_ACCOUNT_ACCESS_LIST_ENTRY_ADDED
        "An address was added to a service account's access list.";
    SERVICE_ACCOUNT_ACCESS_LIST_ENTRY_DELETED
        "An address was taken off a service account's access list.";
    SERVICE_ACCOUNT_ADDED_TO_GROUP "A service account was given roles in a project.";
    SERVICE_ACCOUNT_CREATED "A service account was made.";
    SERVICE_ACCOUNT_DELETED "A service account was deleted.";
    SERVICE_ACCOUNT_DETAILS_CHANGED "A service account was changed.";
    SERVICE_ACCOUNT_REMOVED_FROM_GROUP "A service account lost its roles in a project.";
    SERVICE_ACCOUNT_ROLES_CHANGED "The roles of a service account were changed.";
    SERVICE_ACCOUNT_SECRET_ADDED "A secret was added to a service account.";
    SERVICE_ACCOUNT_SECRET_DELETED "A secret of a service account was deleted.";
    TEAM_ADDED_TO_GROUP "A team was given roles in a project.";
    TEAM_CREATED "A team was made.";
    TEAM_DELETED "A team was deleted.";
    TEAM_NAME_CHANGED "A team was renamed.";
    TEAM_REMOVED_FROM_GROUP "A team lost its roles in a project.";
    TEAM_ROLES_MODIFIED "The roles of a team in a project were changed.";
    USER_ROLES_CHANGED_AUDIT "The roles of a person were changed.";
    USER_SECURITY_SETTINGS_UPDATED "The settings of a project were changed.";
}

kinds! {
    /// What the contract has no name for: kept in the trail, and not shown by its operations, whose
    /// readers know the contract's names only.
    OWN:
    PEERAGE_CLOCK_MOVED "The clock of the emulated clouds was moved, stopped or started.";
    PEERAGE_CONTAINER_CREATED "A network container was made.";
    PEERAGE_CONTAINER_DRIFTED "Something of a container's network was changed in its cloud.";
    PEERAGE_CONTAINER_LOST "A container's network was taken away in its cloud, and is made again.";
    PEERAGE_CREDENTIALS_FORGOT_GROUP "A credential lost its roles in a project that was closed.";
    PEERAGE_CUSTOMER_ACCEPTED "A caller accepted a peering in the emulated customer's place.";
    PEERAGE_CUSTOMER_DELETED "A caller deleted the emulated customer's side of a peering.";
    PEERAGE_CUSTOMER_REJECTED "A caller rejected a peering in the emulated customer's place.";
    PEERAGE_FAULTS_CLEARED "Every fault was taken out of the emulated clouds.";
    PEERAGE_FAULT_ADDED "A fault was planted in the emulated clouds.";
    PEERAGE_GROUP_CHANGED "Something else about a project was changed.";
    PEERAGE_ORG_CHANGED "Something else about an organization was changed.";
    PEERAGE_ORG_DELETED "An organization was closed.";
    PEERAGE_PEER_ACTIVE "A peering began to work.";
    PEERAGE_PEER_DRIFTED "Something of our side of a peering was changed in its cloud.";
    PEERAGE_PEER_INACTIVE "A peering stopped working.";
    PEERAGE_PEER_REMOVED "Nothing is left of a peering in its cloud, and it is gone.";
    PEERAGE_PRIVATE_IP_MODE_CHANGED "A project began or ceased to be reached through peerings only.";
    PEERAGE_RESTORED "The store was made from a backup.";
}

/// The contract's kind of that name.
#[must_use]
pub fn find(name: &str) -> Option<Kind> {
    ALL.iter().copied().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_listed_by_name_and_each_once() {
        for kinds in [ALL, OWN] {
            assert!(kinds.is_sorted_by(|earlier, later| earlier.name < later.name));
        }
        assert!(OWN.iter().all(|kind| kind.name.starts_with("PEERAGE_")));
        assert_eq!(find(PEERAGE_ORG_DELETED.name), None);
        assert_eq!(find("PEER_CREATED"), Some(PEER_CREATED));
        assert_eq!(find("peer_created"), None);
    }
}
