//! The roles of the contract and their names on the wire.

macro_rules! roles {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $role:ident = $wire:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$item])* $role,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$role,)*];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$role => $wire,)*
                }
            }

            /// The role of that name, or none.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|role| role.name() == text)
            }
        }
    };
}

roles! {
    /// A role in an organization.
    OrgRole {
        /// May do everything in the organization and its projects.
        Owner = "ORG_OWNER",
        /// May make projects.
        GroupCreator = "ORG_GROUP_CREATOR",
        /// May change billing.
        BillingAdmin = "ORG_BILLING_ADMIN",
        /// May see billing.
        BillingReadOnly = "ORG_BILLING_READ_ONLY",
        /// May administer stream processing.
        StreamProcessingAdmin = "ORG_STREAM_PROCESSING_ADMIN",
        /// May see everything in the organization and its projects.
        ReadOnly = "ORG_READ_ONLY",
        /// Belongs to the organization.
        Member = "ORG_MEMBER",
    }
}

roles! {
    /// A role in a project. The names of the two managers of access are inferred from the titles
    /// under which the contract speaks of them.
    GroupRole {
        /// May do everything in the project.
        Owner = "GROUP_OWNER",
        /// May see everything in the project.
        ReadOnly = "GROUP_READ_ONLY",
        /// May change peerings and the IP access list.
        NetworkAccessManager = "GROUP_NETWORK_ACCESS_MANAGER",
        /// May change API keys and who may use them.
        AccessManager = "GROUP_ACCESS_MANAGER",
        /// May change clusters.
        ClusterManager = "GROUP_CLUSTER_MANAGER",
        /// May change database users and data.
        DataAccessAdmin = "GROUP_DATA_ACCESS_ADMIN",
        /// May read and write data.
        DataAccessReadWrite = "GROUP_DATA_ACCESS_READ_WRITE",
        /// May read data.
        DataAccessReadOnly = "GROUP_DATA_ACCESS_READ_ONLY",
        /// May change database users.
        DatabaseAccessAdmin = "GROUP_DATABASE_ACCESS_ADMIN",
        /// May change backups.
        BackupManager = "GROUP_BACKUP_MANAGER",
        /// May change search indexes.
        SearchIndexEditor = "GROUP_SEARCH_INDEX_EDITOR",
        /// May change stream processing.
        StreamProcessingOwner = "GROUP_STREAM_PROCESSING_OWNER",
        /// May see metrics.
        ObservabilityViewer = "GROUP_OBSERVABILITY_VIEWER",
    }
}

impl OrgRole {
    /// Whether its holder sees every project of the organization.
    #[must_use]
    pub const fn sees_groups(self) -> bool {
        match self {
            Self::Owner | Self::ReadOnly => true,
            Self::GroupCreator
            | Self::BillingAdmin
            | Self::BillingReadOnly
            | Self::StreamProcessingAdmin
            | Self::Member => false,
        }
    }
}
