//! API keys in the document.

use serde_json::{Value, json};

use super::details::{Details, list, quiet, read, write};
use super::shape::{
    Named, all_of, answer, any_text, links, list_of, object, page, reference, request,
};
use super::text::description;

/// The most roles or assignments that one request may give.
const ROLES_MAX: usize = 64;

/// The details of an operation on API keys.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "listOrgApiKeys" => list("List the API keys of an organization", &["ApiKeys"]),
        "createOrgApiKey" => {
            write("Make an API key of an organization", "NewOrgApiKey", &["ApiKey"])
        }
        "getOrgApiKey" => read("Show an API key", &["ApiKey"]),
        "updateOrgApiKey" => {
            write("Change an API key in its organization", "OrgApiKeyChange", &["ApiKey"])
        }
        "deleteOrgApiKey" => quiet("Delete an API key"),
        "listOrgApiKeyAccessListEntries" => {
            list("List the addresses that may use an API key", &["KeyAddresses"])
        }
        "createOrgApiKeyAccessListEntry" => {
            write("Let addresses use an API key", "NewAddresses", &["KeyAddresses"]).pages()
        }
        "getOrgApiKeyAccessListEntry" => {
            read("Show an address that may use an API key", &["KeyAddress"])
        }
        "deleteOrgApiKeyAccessListEntry" => quiet("Take an address off an API key's list"),
        "listGroupApiKeys" => list("List the API keys with roles in a project", &["ApiKeys"]),
        "createGroupApiKey" => {
            write("Make an API key with roles in a project", "NewGroupApiKey", &["ApiKey"])
        }
        "addGroupApiKey" => Details {
            request: Some("GroupRolesOfKey"),
            ..quiet("Give an API key roles in a project")
        },
        "updateGroupApiKeyRoles" => {
            write("Change an API key in a project", "GroupApiKeyChange", &["ApiKey"])
        }
        "removeGroupApiKey" => quiet("Take an API key's roles in a project away"),
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    let assignment = object(&["roles"], json!({ "roles": roles("GroupRole") }));
    vec![
        ("NewOrgApiKey", object(&["desc", "roles"], fields("OrgRole"))),
        ("NewGroupApiKey", object(&["desc", "roles"], fields("GroupRole"))),
        ("OrgApiKeyChange", request(&[], fields("OrgRole"))),
        ("GroupApiKeyChange", request(&[], fields("GroupRole"))),
        ("GroupRolesOfKey", list_of(assignment, 1, ROLES_MAX)),
        ("ApiKey", api_key()),
        ("ApiKeys", page("ApiKey")),
    ]
}

/// One role or more of a kind.
pub(super) fn roles(kind: &str) -> Value {
    list_of(reference(kind), 1, ROLES_MAX)
}

fn fields(role: &str) -> Value {
    json!({ "desc": description(), "roles": roles(role) })
}

fn api_key() -> Value {
    let properties = json!({
        "desc": any_text("What it is for."),
        "id": reference("Id"),
        "links": links(),
        "privateKey": any_text("Whole when it was just made, masked ever after."),
        "publicKey": any_text("What it is called in requests."),
        "roles": all_of(reference("RoleAssignment")),
    });
    answer(&[], properties)
}
