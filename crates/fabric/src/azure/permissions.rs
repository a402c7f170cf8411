//! The least that our application may, in our subscription and in a customer's network: each action
//! with its reason, and the two roles as `az role definition create --role-definition` takes them.
//!
//! The customer's role is that of Atlas's recipe.

use serde_json::{Value, json};

/// An action on Azure that a role has to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The action, letter by letter.
    pub action: &'static str,
    /// What goes wrong without it.
    pub why: &'static str,
    /// The call of the reconciler that needs it.
    pub call: &'static str,
}

const fn permission(action: &'static str, call: &'static str, why: &'static str) -> Permission {
    Permission { action, why, call }
}

/// What the application needs in our subscription.
#[must_use]
pub const fn permissions() -> &'static [Permission] {
    &PERMISSIONS
}

const PERMISSIONS: [Permission; 10] = [
    permission(
        "Microsoft.Resources/subscriptions/resourceGroups/write",
        "EnsureNetwork",
        "The resource group is made when it is not there. Who makes it beforehand may leave this \
         out and give the role on the group alone.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/read",
        "EnsureNetwork, ObserveNetwork, RemoveNetwork",
        "Networks are found by their tags.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/write",
        "EnsureNetwork",
        "Networks are made, and put right when somebody changed them.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/delete",
        "RemoveNetwork",
        "Networks that no peering needs are deleted.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/subnets/write",
        "EnsureNetwork",
        "A subnet that somebody deleted is made again.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/read",
        "EnsureLink, ObserveLink, RemoveLink",
        "Our half of a peering is looked at.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write",
        "EnsureLink",
        "Our half of a peering is made, and put right when somebody changed it.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete",
        "RemoveLink",
        "Our half of a peering is deleted.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/peer/action",
        "EnsureLink",
        "The customer's half of a peering refers to our network.",
    ),
    permission(
        "Microsoft.Network/locations/operations/read",
        "ObserveLink",
        "Why Azure could not make a peering is told by its operation. Without it the peering says \
         only that it failed.",
    ),
];

/// What the application needs in a customer's network.
pub const CUSTOMER_PERMISSIONS: [Permission; 4] = [
    permission(
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/read",
        "EnsureLink, ObserveLink, RemoveLink",
        "Whether the role is there is told by looking at the customer's half.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write",
        "EnsureLink",
        "The customer's half is made. Without it the customer makes it by itself.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete",
        "RemoveLink",
        "The customer's half is deleted. Without it it stays behind, disconnected.",
    ),
    permission(
        "Microsoft.Network/virtualNetworks/peer/action",
        "EnsureLink",
        "Our half refers to the customer's network.",
    ),
];

/// The role of our application in our subscription.
#[must_use]
pub fn role(subscription: &str) -> Value {
    let description = "Makes virtual networks and peerings for Peerage.";
    document("Peerage", description, &PERMISSIONS, &format!("/subscriptions/{subscription}"))
}

/// The role that a customer gives our application on its network.
#[must_use]
pub fn customer_role(subscription: &str, resource_group: &str, vnet: &str) -> Value {
    let name = format!("PeeragePeering/{subscription}/{resource_group}/{vnet}");
    let description = format!("Lets Peerage peer with {vnet}.");
    let scope = format!(
        "/subscriptions/{subscription}/resourceGroups/{resource_group}\
         /providers/Microsoft.Network/virtualNetworks/{vnet}"
    );
    document(&name, &description, &CUSTOMER_PERMISSIONS, &scope)
}

fn document(name: &str, description: &str, permissions: &[Permission], scope: &str) -> Value {
    let actions: Vec<_> = permissions.iter().map(|permission| permission.action).collect();
    json!({
        "Name": name,
        "IsCustom": true,
        "Description": description,
        "Actions": actions,
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [scope],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_customers_role_is_that_of_the_recipe() {
        let role = customer_role("s", "g", "v");
        let front = "Microsoft.Network/virtualNetworks/";
        let ends = [
            "virtualNetworkPeerings/read",
            "virtualNetworkPeerings/write",
            "virtualNetworkPeerings/delete",
            "peer/action",
        ];
        let actions = ends.map(|end| format!("{front}{end}"));
        assert_eq!(role["Actions"], json!(actions));
        let scope =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v";
        assert_eq!(role["AssignableScopes"], json!([scope]));
    }

    #[test]
    fn our_role_holds_each_permission_once_and_no_wildcard() {
        let role = role("s");
        let actions = role["Actions"].as_array().unwrap();
        assert_eq!(actions.len(), permissions().len());
        for (at, action) in actions.iter().enumerate() {
            assert!(!action.as_str().unwrap().contains('*'), "{action}");
            assert_eq!(actions.iter().position(|other| other == action), Some(at));
        }
        assert_eq!(role["AssignableScopes"], json!(["/subscriptions/s"]));
    }
}
