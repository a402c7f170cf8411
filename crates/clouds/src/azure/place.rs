//! What a resource's id names, read from a path and written as Azure writes it. Ids do not regard
//! case but keep it: a place is compared by its key and shown as it was given.

use serde::{Deserialize, Serialize};

/// A resource group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GroupId {
    pub(super) subscription: String,
    pub(super) name: String,
}

/// A virtual network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NetworkId {
    pub(super) subscription: String,
    pub(super) group: String,
    pub(super) name: String,
}

impl GroupId {
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.subscription, self.name).to_lowercase()
    }

    pub(super) fn path(&self) -> String {
        format!("/subscriptions/{}/resourceGroups/{}", self.subscription, self.name)
    }
}

impl NetworkId {
    pub(super) fn new(subscription: &str, group: &str, name: &str) -> Self {
        let [subscription, group, name] = [subscription, group, name].map(str::to_owned);
        Self { subscription, group, name }
    }

    /// Its name in the tables; that of a child is this, a slash and the child's name.
    pub(super) fn key(&self) -> String {
        format!("{}/{}/{}", self.subscription, self.group, self.name).to_lowercase()
    }

    pub(super) fn child(&self, name: &str) -> String {
        format!("{}/{}", self.key(), name.to_lowercase())
    }

    pub(super) fn in_group(&self) -> GroupId {
        GroupId { subscription: self.subscription.clone(), name: self.group.clone() }
    }

    pub(super) fn path(&self) -> String {
        let group = self.in_group().path();
        format!("{group}/providers/Microsoft.Network/virtualNetworks/{}", self.name)
    }

    pub(super) fn peering_path(&self, name: &str) -> String {
        format!("{}/virtualNetworkPeerings/{name}", self.path())
    }

    pub(super) fn subnet_path(&self, name: &str) -> String {
        format!("{}/subnets/{name}", self.path())
    }

    /// Reads a resource id.
    pub(super) fn parse(id: &str) -> Option<Self> {
        match Target::of(&segments(id)) {
            Some(Target::Network(network)) if id.starts_with('/') => Some(network),
            _ => None,
        }
    }
}

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Subscriptions,
    Subscription(String),
    Tenants,
    Locations(String),
    Providers(String),
    Provider(String, String),
    Groups(String),
    Group(GroupId),
    /// What is in a resource group.
    Resources(GroupId),
    NetworksOfSubscription(String),
    NetworksOfGroup(GroupId),
    Network(NetworkId),
    Subnets(NetworkId),
    Subnet(NetworkId, String),
    Peerings(NetworkId),
    Peering(NetworkId, String),
    Operation(String, String),
    OperationResult(String, String),
    /// Definitions of roles at a scope.
    Roles(String),
    Role(String, String),
    /// Assignments of roles at a scope.
    Assignments(String),
    Assignment(String, String),
}

impl Target {
    pub(super) fn of(path: &[String]) -> Option<Self> {
        authorization(path).or_else(|| resource(path))
    }
}

/// The parts of a path, without the empty ones.
pub(super) fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn authorization(path: &[String]) -> Option<Target> {
    let at = path.windows(2).rposition(|pair| {
        pair[0].eq_ignore_ascii_case("providers")
            && pair[1].eq_ignore_ascii_case("Microsoft.Authorization")
    })?;
    let scope: String = path[..at].iter().map(|part| format!("/{part}")).collect();
    let rest: Vec<&str> = path[at + 2..].iter().map(String::as_str).collect();
    let (kind, name) = match rest.as_slice() {
        [kind] => (kind.to_lowercase(), None),
        [kind, name] => (kind.to_lowercase(), Some((*name).to_owned())),
        _ => return None,
    };
    match (kind.as_str(), name) {
        ("roledefinitions", None) => Some(Target::Roles(scope)),
        ("roledefinitions", Some(name)) => Some(Target::Role(scope, name)),
        ("roleassignments", None) => Some(Target::Assignments(scope)),
        ("roleassignments", Some(name)) => Some(Target::Assignment(scope, name)),
        _ => None,
    }
}

fn resource(path: &[String]) -> Option<Target> {
    // The names of kinds at even places, those of things between them.
    let kinds: Vec<String> = path.iter().map(|part| part.to_lowercase()).collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let at = |place: usize| path[place].clone();
    match kinds.as_slice() {
        ["tenants"] => Some(Target::Tenants),
        ["subscriptions"] => Some(Target::Subscriptions),
        ["subscriptions", _] => Some(Target::Subscription(at(1))),
        ["subscriptions", _, "locations"] => Some(Target::Locations(at(1))),
        ["subscriptions", _, "providers"] => Some(Target::Providers(at(1))),
        ["subscriptions", _, "providers", _] | ["subscriptions", _, "providers", _, "register"] => {
            Some(Target::Provider(at(1), at(3)))
        }
        ["subscriptions", _, "resourcegroups"] => Some(Target::Groups(at(1))),
        ["subscriptions", _, "resourcegroups", _] => Some(Target::Group(group(path))),
        ["subscriptions", _, "resourcegroups", _, "resources"] => {
            Some(Target::Resources(group(path)))
        }
        ["subscriptions", _, "providers", "microsoft.network", "virtualnetworks"] => {
            Some(Target::NetworksOfSubscription(at(1)))
        }
        ["subscriptions", _, "providers", "microsoft.network", "locations", _, rest @ ..] => {
            match rest {
                ["operations", _] => Some(Target::Operation(at(1), at(7))),
                ["operationresults", _] => Some(Target::OperationResult(at(1), at(7))),
                _ => None,
            }
        }
        ["subscriptions", _, "operationresults", _] => Some(Target::OperationResult(at(1), at(3))),
        ["subscriptions", _, "resourcegroups", _, "providers", "microsoft.network", rest @ ..] => {
            networks(path, rest)
        }
        _ => None,
    }
}

fn networks(path: &[String], rest: &[&str]) -> Option<Target> {
    let network = |name: usize| {
        let group = group(path);
        NetworkId { subscription: group.subscription, group: group.name, name: path[name].clone() }
    };
    match rest {
        ["virtualnetworks"] => Some(Target::NetworksOfGroup(group(path))),
        ["virtualnetworks", _] => Some(Target::Network(network(7))),
        ["virtualnetworks", _, "subnets"] => Some(Target::Subnets(network(7))),
        ["virtualnetworks", _, "subnets", _] => Some(Target::Subnet(network(7), path[9].clone())),
        ["virtualnetworks", _, "virtualnetworkpeerings"] => Some(Target::Peerings(network(7))),
        ["virtualnetworks", _, "virtualnetworkpeerings", _] => {
            Some(Target::Peering(network(7), path[9].clone()))
        }
        _ => None,
    }
}

fn group(path: &[String]) -> GroupId {
    GroupId { subscription: path[1].clone(), name: path[3].clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: &str =
        "/subscriptions/S/resourceGroups/Rg/providers/Microsoft.Network/virtualNetworks/V";

    #[test]
    fn an_id_does_not_regard_case_and_keeps_it() {
        let network = NetworkId::new("S", "Rg", "V");
        assert_eq!(NetworkId::parse(NETWORK), Some(network.clone()));
        let other = NetworkId::parse(&NETWORK.to_uppercase()).unwrap();
        assert_eq!(other.key(), network.key());
        assert_eq!(other.name, "V");
        assert_eq!(network.path(), NETWORK);
        let outside = ["", "/", "V", &NETWORK[1..], "/subscriptions/S/resourceGroups/Rg"];
        for id in outside {
            assert_eq!(NetworkId::parse(id), None, "{id}");
        }
    }

    #[test]
    fn what_a_path_names_is_read() {
        let network = NetworkId::new("S", "Rg", "V");
        let peering = format!("{NETWORK}/virtualNetworkPeerings/P");
        let role = format!("{NETWORK}/providers/Microsoft.Authorization/roleAssignments/A");
        let targets = [
            ("/subscriptions", Target::Subscriptions),
            (&peering, Target::Peering(network.clone(), "P".to_owned())),
            (&role, Target::Assignment(NETWORK.to_owned(), "A".to_owned())),
            (
                "/subscriptions/S/providers/Microsoft.Network/locations/L/operations/O",
                Target::Operation("S".to_owned(), "O".to_owned()),
            ),
        ];
        for (path, target) in targets {
            assert_eq!(Target::of(&segments(path)), Some(target), "{path}");
        }
        for path in ["", "/subscriptions/S/x", "/x", "/subscriptions/S/resourceGroups/R/y/z"] {
            assert_eq!(Target::of(&segments(path)), None, "{path}");
        }
    }
}
