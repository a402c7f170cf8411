//! The errors about who may do what.

use super::Refusal;

/// Who was refused.
pub(in crate::azure) struct Client<'a> {
    /// What it signed in with.
    pub(in crate::azure) client: &'a str,
    /// The object in its directory.
    pub(in crate::azure) object: &'a str,
}

/// Source: Resource Manager's answer without a token.
pub(in crate::azure) fn unauthenticated() -> Refusal {
    let message = "Authentication failed. The 'Authorization' header is missing.";
    Refusal::new(401, "AuthenticationFailed", message)
}

/// Source: Resource Manager's answer to a token that it cannot read or that was changed.
pub(in crate::azure) fn bad_token() -> Refusal {
    Refusal::new(401, "InvalidAuthenticationToken", "The access token is invalid.")
}

/// Source: Resource Manager's answer to a token of yesterday.
pub(in crate::azure) fn expired(at: &str, now: &str) -> Refusal {
    let message = format!(
        "The access token expiry UTC time '{at}' is earlier than current UTC time '{now}'."
    );
    Refusal::new(401, "ExpiredAuthenticationToken", message)
}

/// Source: Azure's list of common deployment errors; the words are Resource Manager's.
pub(in crate::azure) fn wrong_tenant(has: &str, needs: &str) -> Refusal {
    let message = format!(
        "The access token is from the wrong issuer 'https://sts.windows.net/{has}/'. It must \
         match the tenant 'https://sts.windows.net/{needs}/' associated with this subscription. \
         Please use the authority (URL) 'https://login.windows.net/{needs}' to get the token. \
         Note, if the subscription is transferred to another tenant there is no impact to the \
         services, but information about new tenant could take time to propagate (up to an hour). \
         If you just transferred your subscription and see this error message, please try back \
         later."
    );
    Refusal::new(401, "InvalidAuthenticationTokenTenant", message)
}

/// Source: Resource Manager's answer, letter by letter.
pub(in crate::azure) fn forbidden(who: &Client<'_>, action: &str, scope: &str) -> Refusal {
    let message = format!(
        "The client '{}' with object id '{}' does not have authorization to perform action \
         '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, \
         please refresh your credentials.",
        who.client, who.object
    );
    Refusal::new(403, "AuthorizationFailed", message)
}

/// Source: the answer to a peering whose remote network the caller may not peer with, as people
/// have quoted it letter by letter.
pub(in crate::azure) fn linked(
    who: &Client<'_>,
    (action, scope): (&str, &str),
    (linked_action, linked_scope): (&str, &str),
) -> Refusal {
    let message = format!(
        "The client '{}' with object id '{}' has permission to perform action '{action}' on scope \
         '{scope}'; however, it does not have permission to perform action(s) '{linked_action}' \
         on the linked scope(s) '{linked_scope}' (respectively) or the linked scope(s) are \
         invalid.",
        who.client, who.object
    );
    Refusal::new(403, "LinkedAuthorizationFailed", message)
}

/// Source: issue 16691 of azure-cli, letter by letter: there is no token of the other tenant.
pub(in crate::azure) fn linked_tenant(
    action: &str,
    scope: &str,
    tenant: &str,
    subscription: &str,
) -> Refusal {
    let message = format!(
        "The client has permission to perform action '{action}' on scope '{scope}', however the \
         current tenant '{tenant}' is not authorized to access linked subscription \
         '{subscription}'."
    );
    Refusal::new(403, "LinkedAuthorizationFailed", message)
}

/// Source: the answer of `Microsoft.Authorization` to a second assignment.
pub(in crate::azure) fn already_assigned() -> Refusal {
    Refusal::new(409, "RoleAssignmentExists", "The role assignment already exists.")
}

/// Source: the answer of `Microsoft.Authorization` about a role that is not there.
pub(in crate::azure) fn no_role(id: &str) -> Refusal {
    let message = format!("The specified role definition with ID '{id}' does not exist.");
    Refusal::new(404, "RoleDefinitionDoesNotExist", message)
}

/// Source: the answer of `Microsoft.Authorization` about an assignment that is not there.
pub(in crate::azure) fn no_assignment(id: &str) -> Refusal {
    let message = format!("The role assignment '{id}' is not found.");
    Refusal::new(404, "RoleAssignmentNotFound", message)
}

/// Source: the answer of `Microsoft.Authorization` to a second role of that name.
pub(in crate::azure) fn role_name_taken(name: &str) -> Refusal {
    let message = format!(
        "A custom role with the same name already exists in this directory. Use a different name: \
         '{name}'."
    );
    Refusal::new(409, "RoleDefinitionWithSameNameExists", message)
}

/// Source: the answer of `Microsoft.Authorization` to the deletion of a role that is in use.
pub(in crate::azure) fn role_in_use() -> Refusal {
    let message = "There are existing role assignments referencing role (code: \
         RoleDefinitionHasAssignments).";
    Refusal::new(400, "RoleDefinitionHasAssignments", message)
}
