//! Who may do what: the customers' administrator everything at home, an application everything in
//! the directory where it is at home, and elsewhere what roles give it.
//!
//! Source: Azure's guide to role-based access: a role's actions less its not-actions, at the scope
//! of its assignment and below; to peering across directories: `peer/action` on the other network.

use super::bearer::{Caller, auxiliaries};
use super::call::Call;
use super::object::{Permissions, Principal};
use super::place::NetworkId;
use super::refusal::Refusal;
use super::refusal::access::{Client, forbidden, linked, linked_tenant, wrong_tenant};
use super::world::World;
use super::{ADMINISTRATOR, SERVICE_TENANT};

/// To peer with a network from another one.
pub(super) const PEER: &str = "Microsoft.Network/virtualNetworks/peer/action";

/// The roles that are there already: name, title, actions, not-actions.
pub(super) const BUILT_IN: [(&str, &str, &[&str], &[&str]); 4] = [
    ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", &["*"], &[]),
    (
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        &["*"],
        &["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"],
    ),
    ("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", &["*/read"], &[]),
    (
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Network/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ],
        &[],
    ),
];

/// Refuses the call unless its sender may do that there.
pub(super) fn check(call: &mut Call<'_>, action: &str, scope: &str) -> Result<(), Refusal> {
    let tenant = call.world.tenant_of(subscription(scope));
    match call.caller.clone() {
        Caller::Administrator if tenant == SERVICE_TENANT => {
            let who = Client { client: ADMINISTRATOR, object: ADMINISTRATOR };
            Err(forbidden(&who, action, scope))
        }
        Caller::Administrator => Ok(()),
        Caller::Application(principal) if principal.tenant != tenant => {
            Err(wrong_tenant(&principal.tenant, &tenant))
        }
        Caller::Application(principal) if may(call, &principal, action, scope) => Ok(()),
        Caller::Application(principal) => Err(forbidden(&client(&principal), action, scope)),
    }
}

/// Refuses the call unless its sender may peer with the remote network, too.
pub(super) fn check_linked(
    call: &mut Call<'_>,
    action: &str,
    scope: &str,
    remote: &NetworkId,
) -> Result<(), Refusal> {
    let tenant = call.world.tenant_of(&remote.subscription);
    let own = match call.caller.clone() {
        Caller::Administrator if tenant != SERVICE_TENANT => return Ok(()),
        Caller::Administrator => None,
        Caller::Application(principal) => Some(principal),
    };
    let along = auxiliaries(call);
    let able = own.iter().chain(&along).find(|one| one.tenant == tenant).cloned();
    let Some(able) = able else {
        let current = call.world.tenant_of(subscription(scope));
        return Err(linked_tenant(PEER, scope, &current, &remote.subscription));
    };
    let remote = remote.path();
    if may(call, &able, PEER, &remote) {
        return Ok(());
    }
    Err(linked(&client(&able), (action, scope), (PEER, &remote)))
}

/// Whether an application is the service's.
pub(super) fn is_service(world: &World, principal: &Principal) -> bool {
    world.home_of(&principal.client) == SERVICE_TENANT
}

/// Whether an application may do that there. Uses up a look at a role that takes effect late.
pub(super) fn may(call: &mut Call<'_>, principal: &Principal, action: &str, scope: &str) -> bool {
    if is_service(call.world, principal) && call.faults.is_denied(action) {
        return false;
    }
    if call.world.home_of(&principal.client) == principal.tenant {
        return true;
    }
    let giving = giving(call.world, principal, action, scope);
    let lag = |name: &String| call.world.assignments.get(name).is_some_and(|one| one.lag > 0);
    if giving.iter().any(|name| !lag(name)) {
        return true;
    }
    for name in &giving {
        if let Some(assignment) = call.world.assignments.edit(name) {
            assignment.lag = assignment.lag.saturating_sub(1);
        }
    }
    false
}

/// The assignments by which a principal may do that there, late ones included.
pub(super) fn giving(
    world: &World,
    principal: &Principal,
    action: &str,
    scope: &str,
) -> Vec<String> {
    let of_principal = world.assignments.iter().filter(|(_, one)| {
        one.principal.eq_ignore_ascii_case(&principal.object) && covers(&one.scope, scope)
    });
    let giving = of_principal.filter(|(_, one)| allows(world, &one.role, action));
    giving.map(|(name, _)| name.clone()).collect()
}

/// Whether one scope is another one or above it.
pub(super) fn covers(above: &str, scope: &str) -> bool {
    let (above, scope) = (above.to_lowercase(), scope.to_lowercase());
    let above = above.trim_end_matches('/');
    scope.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn allows(world: &World, role: &str, action: &str) -> bool {
    let listed = |list: &[&str]| list.iter().any(|pattern| matches(pattern, action));
    if let Some((_, _, actions, not)) = BUILT_IN.iter().find(|(name, ..)| *name == role) {
        return listed(actions) && !listed(not);
    }
    let custom = world.roles.get(role);
    custom.is_some_and(|role| role.permissions.iter().any(|one| allowed_by(one, action)))
}

fn allowed_by(permissions: &Permissions, action: &str) -> bool {
    let listed = |list: &[String]| list.iter().any(|pattern| matches(pattern, action));
    listed(&permissions.actions) && !listed(&permissions.not_actions)
}

/// Whether a pattern, in which `*` stands for anything, fits an action. Case does not matter.
fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    let (last, middle) = match parts.split_last() {
        Some((last, middle)) => (*last, middle),
        None => ("", &[][..]),
    };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn client(principal: &Principal) -> Client<'_> {
    Client { client: &principal.client, object: &principal.object }
}

fn subscription(scope: &str) -> &str {
    scope.split('/').nth(2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        let fits = [
            ("*", "Microsoft.Network/virtualNetworks/read"),
            ("*/read", "Microsoft.Network/virtualNetworks/read"),
            ("Microsoft.Network/*", "microsoft.network/virtualNetworks/peer/action"),
            ("Microsoft.Network/*/write", "Microsoft.Network/virtualNetworks/write"),
            (PEER, PEER),
        ];
        for (pattern, action) in fits {
            assert!(matches(pattern, action), "{pattern} {action}");
        }
        let differ = [
            ("*/read", "Microsoft.Network/virtualNetworks/write"),
            ("Microsoft.Network/*/write", "Microsoft.Network/write"),
            ("Microsoft.Network", "Microsoft.Network/virtualNetworks/read"),
            ("", "Microsoft.Network/virtualNetworks/read"),
            ("Microsoft.Compute/*", "Microsoft.Network/virtualNetworks/read"),
        ];
        for (pattern, action) in differ {
            assert!(!matches(pattern, action), "{pattern} {action}");
        }
    }

    #[test]
    fn a_scope_covers_itself_and_what_is_below() {
        let scope = "/subscriptions/s/resourceGroups/r/providers/p/virtualNetworks/v";
        for above in ["/", "/subscriptions/S", "/subscriptions/s/resourcegroups/R", scope] {
            assert!(covers(above, scope), "{above}");
        }
        for beside in ["/subscriptions/s/resourceGroups/rr", "/subscriptions/s/resourceGroups/r/x"]
        {
            assert!(!covers(beside, scope), "{beside}");
        }
        assert!(!covers("/subscriptions/s/resourceGroups/r", "/subscriptions/s/resourceGroups/rr"));
    }
}
