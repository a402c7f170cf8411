//! What the driver's service account may do: each permission with its reason, and the role that
//! has them and no others.
//!
//! Source: "IAM permissions" in the reference of each method of Compute Engine.

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Its name.
    pub name: &'static str,
    /// The methods that need it.
    pub methods: &'static [&'static str],
    /// What does not work without it.
    pub why: &'static str,
}

/// The permissions, on the project that holds the service's networks.
#[must_use]
pub const fn permissions() -> &'static [Permission] {
    &PERMISSIONS
}

/// The role in the form that `gcloud iam roles create peerage --project=<project> --file=<file>`
/// takes.
#[must_use]
pub fn role() -> String {
    let mut text = String::from(
        "title: Peerage\ndescription: Makes the service's networks and our halves of peerings.\n\
         stage: GA\nincludedPermissions:\n",
    );
    for permission in permissions() {
        text.push_str("# ");
        text.push_str(permission.why);
        text.push_str("\n- ");
        text.push_str(permission.name);
        text.push('\n');
    }
    text
}

const PERMISSIONS: [Permission; 13] = [
    Permission {
        name: "compute.globalOperations.list",
        methods: &["globalOperations.list"],
        why: "What runs on a network, and how it ended",
    },
    Permission {
        name: "compute.networks.addPeering",
        methods: &["networks.addPeering"],
        why: "Our half of a peering is made",
    },
    Permission {
        name: "compute.networks.create",
        methods: &["networks.insert"],
        why: "A container's network is made",
    },
    Permission {
        name: "compute.networks.delete",
        methods: &["networks.delete"],
        why: "A container's network is taken away",
    },
    Permission {
        name: "compute.networks.get",
        methods: &["networks.get"],
        why: "The halves of a network and their states",
    },
    Permission {
        name: "compute.networks.list",
        methods: &["networks.list"],
        why: "A network is found by its container and never made twice",
    },
    Permission {
        name: "compute.networks.removePeering",
        methods: &["networks.removePeering"],
        why: "Our half of a peering is taken away",
    },
    Permission {
        name: "compute.networks.updatePeering",
        methods: &["networks.updatePeering"],
        why: "Routes that somebody switched are put right",
    },
    Permission {
        name: "compute.networks.updatePolicy",
        methods: &["subnetworks.insert", "subnetworks.delete"],
        why: "A network's subnets are made and taken away",
    },
    Permission {
        name: "compute.regionOperations.get",
        methods: &["regionOperations.get"],
        why: "How the making of a subnet ended",
    },
    Permission {
        name: "compute.subnetworks.create",
        methods: &["subnetworks.insert"],
        why: "A network's subnets are made",
    },
    Permission {
        name: "compute.subnetworks.delete",
        methods: &["subnetworks.delete"],
        why: "A network's subnets are taken away",
    },
    Permission {
        name: "compute.subnetworks.get",
        methods: &["subnetworks.get"],
        why: "A lost subnet is made again beside the others",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_has_every_permission_once_and_in_order() {
        let role = role();
        let listed: Vec<&str> = role.lines().filter_map(|line| line.strip_prefix("- ")).collect();
        let names: Vec<&str> = permissions().iter().map(|permission| permission.name).collect();
        assert_eq!(listed, names);
        assert!(names.is_sorted() && names.windows(2).all(|two| two[0] != two[1]));
    }

    #[test]
    fn nothing_is_asked_for_that_is_not_of_networks() {
        let kinds = ["compute.networks.", "compute.subnetworks.", "Operations."];
        for permission in permissions() {
            assert!(kinds.iter().any(|kind| permission.name.contains(kind)), "{permission:?}");
            assert!(!permission.methods.is_empty() && !permission.why.is_empty());
        }
    }
}
