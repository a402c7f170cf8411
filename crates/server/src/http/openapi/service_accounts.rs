//! Service accounts and their secrets in the document.

use peerage_wire::service_account::{SECRET_HOURS_MAX, SECRET_HOURS_MIN};
use serde_json::{Value, json};

use super::api_keys::roles;
use super::details::{Details, list, make, quiet, read, write};
use super::shape::{
    Named, all_of, answer, any_text, boolean, date, number, object, page, reference, request, text,
};
use super::text::account_text;

/// The form of the id of a service account.
pub(super) const CLIENT_ID: &str = "^mdb_sa_id_[0-9a-fA-F]{24}$";

/// The details of an operation on service accounts.
pub(super) fn details(id: &str) -> Option<Details> {
    of_orgs(id).or_else(|| of_groups(id))
}

fn of_orgs(id: &str) -> Option<Details> {
    Some(match id {
        "listOrgServiceAccounts" => {
            list("List the service accounts of an organization", &["OrgServiceAccounts"])
                .query(&["includeSystemManaged"])
        }
        "createOrgServiceAccount" => make(
            "Make a service account of an organization",
            "NewOrgServiceAccount",
            &["OrgServiceAccount"],
        ),
        "getOrgServiceAccount" => {
            read("Show a service account of an organization", &["OrgServiceAccount"])
        }
        "updateOrgServiceAccount" => write(
            "Change a service account of an organization",
            "OrgServiceAccountChange",
            &["OrgServiceAccount"],
        ),
        "deleteOrgServiceAccount" => quiet("Delete a service account of an organization"),
        "getOrgServiceAccountGroups" => {
            list("List the projects of a service account", &["AccountGroups"])
        }
        "createOrgServiceAccountSecret" => {
            make("Add a secret to a service account", "NewSecret", &["Secret"])
        }
        "deleteOrgServiceAccountSecret" => quiet("Delete a secret of a service account"),
        "listOrgServiceAccountAccessList" => {
            list("List the addresses that may use a service account", &["AccountAddresses"])
        }
        "createOrgServiceAccountAccessList" => {
            write("Let addresses use a service account", "NewAddresses", &["AccountAddresses"])
                .pages()
        }
        "deleteOrgServiceAccountAccessListEntry" => {
            quiet("Take an address off a service account's list")
        }
        _ => return None,
    })
}

fn of_groups(id: &str) -> Option<Details> {
    Some(match id {
        "listGroupServiceAccounts" => {
            list("List the service accounts with roles in a project", &["GroupServiceAccounts"])
                .query(&["includeSystemManaged"])
        }
        "createGroupServiceAccount" => make(
            "Make a service account with roles in a project",
            "NewGroupServiceAccount",
            &["GroupServiceAccount"],
        ),
        "getGroupServiceAccount" => {
            read("Show a service account in a project", &["GroupServiceAccount"])
        }
        "updateGroupServiceAccount" => write(
            "Change a service account in a project",
            "GroupServiceAccountChange",
            &["GroupServiceAccount"],
        ),
        "deleteGroupServiceAccount" => quiet("Take a service account out of a project"),
        "inviteGroupServiceAccount" => write(
            "Give a service account roles in a project",
            "GroupRolesOfAccount",
            &["GroupServiceAccount"],
        ),
        "createGroupServiceAccountSecret" => {
            make("Add a secret to a service account in a project", "NewSecret", &["Secret"])
        }
        "deleteGroupServiceAccountSecret" => {
            quiet("Delete a secret of a service account in a project")
        }
        "listGroupServiceAccountAccessList" => {
            let summary = "List the addresses that may use a service account of a project";
            list(summary, &["AccountAddresses"])
        }
        "createGroupServiceAccountAccessList" => {
            let summary = "Let addresses use a service account of a project";
            write(summary, "NewAddresses", &["AccountAddresses"]).pages()
        }
        "deleteGroupServiceAccountAccessListEntry" => {
            quiet("Take an address off the list of a service account of a project")
        }
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    let assignment = object(&["roles"], json!({ "roles": roles("GroupRole") }));
    let secret = json!({ "secretExpiresAfterHours": hours() });
    vec![
        ("NewOrgServiceAccount", new_account("OrgRole")),
        ("NewGroupServiceAccount", new_account("GroupRole")),
        ("OrgServiceAccountChange", request(&[], fields("OrgRole"))),
        ("GroupServiceAccountChange", request(&[], fields("GroupRole"))),
        ("OrgServiceAccount", account("OrgRole")),
        ("GroupServiceAccount", account("GroupRole")),
        ("OrgServiceAccounts", page("OrgServiceAccount")),
        ("GroupServiceAccounts", page("GroupServiceAccount")),
        ("GroupRolesOfAccount", assignment),
        ("AccountGroup", account_group()),
        ("AccountGroups", page("AccountGroup")),
        ("NewSecret", object(&["secretExpiresAfterHours"], secret)),
        ("Secret", one_secret()),
    ]
}

fn hours() -> Value {
    number("Hours that its secret counts for.", SECRET_HOURS_MIN, SECRET_HOURS_MAX)
}

fn fields(role: &str) -> Value {
    json!({
        "description": account_text("What it is for.", 250),
        "name": account_text("Its name.", 64),
        "roles": roles(role),
    })
}

fn new_account(role: &str) -> Value {
    let mut fields = fields(role);
    fields["secretExpiresAfterHours"] = hours();
    object(&["description", "name", "roles", "secretExpiresAfterHours"], fields)
}

fn account(role: &str) -> Value {
    let properties = json!({
        "clientId": text("Its id.", CLIENT_ID),
        "createdAt": date("When it was made."),
        "description": any_text("What it is for."),
        "name": any_text("Its name."),
        "roles": all_of(reference(role)),
        "secrets": all_of(reference("Secret")),
        "systemManaged": boolean("Whether the service made it for itself."),
    });
    answer(&[], properties)
}

fn account_group() -> Value {
    let properties = json!({
        "groupId": reference("Id"), "roles": all_of(reference("GroupRole")),
    });
    answer(&[], properties)
}

fn one_secret() -> Value {
    let properties = json!({
        "createdAt": date("When it was made."),
        "expiresAt": date("Until when it counts."),
        "id": reference("Id"),
        "lastUsedAt": date("When it was last used."),
        "maskedSecretValue": any_text("What is shown of it later."),
        "secret": any_text("The secret, when it was just made."),
    });
    answer(&["lastUsedAt", "maskedSecretValue", "secret"], properties)
}
