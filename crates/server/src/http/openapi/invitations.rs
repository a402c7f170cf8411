//! Invitations in the document.

use serde_json::{Value, json};

use super::api_keys::roles;
use super::details::{Details, quiet, read, write};
use super::shape::{Named, all_of, answer, any_text, date, links, object, reference};

/// The details of an operation on invitations to a project.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "listGroupInvites" => {
            read("List the invitations to a project", &["GroupInvitations"]).query(&["username"])
        }
        "createGroupInvite" => {
            write("Invite a person to a project", "PersonAndRoles", &["GroupInvitation"])
        }
        "updateGroupInvites" => {
            let summary = "Change the roles of the invitation of a person";
            write(summary, "PersonAndRoles", &["GroupInvitation"])
        }
        "getGroupInvite" => read("Show an invitation to a project", &["GroupInvitation"]),
        "updateGroupInviteById" => {
            let summary = "Change the roles of an invitation to a project";
            write(summary, "InvitationRoles", &["GroupInvitation"])
        }
        "deleteGroupInvite" => quiet("Take an invitation to a project back"),
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    vec![
        ("InvitationRoles", object(&["roles"], json!({ "roles": roles("GroupRole") }))),
        ("GroupInvitation", group_invitation()),
        ("GroupInvitations", all_of(reference("GroupInvitation"))),
        ("OrgInvitation", org_invitation()),
    ]
}

fn group_invitation() -> Value {
    let properties = json!({
        "createdAt": date("When it was sent."),
        "expiresAt": date("Until when it counts."),
        "groupId": reference("Id"),
        "groupName": any_text("The project's name."),
        "id": reference("Id"),
        "inviterUsername": any_text("Who sent it."),
        "links": links(),
        "roles": all_of(reference("GroupRole")),
        "username": any_text("The person's address."),
    });
    answer(&[], properties)
}

fn org_invitation() -> Value {
    let in_group = json!({ "groupId": reference("Id"), "groupRole": reference("GroupRole") });
    let properties = json!({
        "createdAt": date("When it was sent."),
        "expiresAt": date("Until when it counts."),
        "groupRoleAssignments": all_of(answer(&[], in_group)),
        "id": reference("Id"),
        "inviterUsername": any_text("Who sent it."),
        "links": links(),
        "orgId": reference("Id"),
        "orgName": any_text("The organization's name."),
        "roles": all_of(reference("OrgRole")),
        "teamIds": all_of(reference("Id")),
        "username": any_text("The person's address."),
    });
    answer(&[], properties)
}
