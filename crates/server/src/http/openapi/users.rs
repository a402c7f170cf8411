//! People in the document, in organizations and in projects.
//!
//! Lists of them have two shapes: that of 2023-01-01 names every role with its place, that of
//! 2025-02-19 says how a person belongs to the organization.

use serde_json::{Value, json};

use super::api_keys::roles;
use super::details::{Details, Quiet, list, make, quiet, read, write};
use super::shape::{
    Named, all_of, answer, any_text, date, links, list_of, object, one_of, page, reference, request,
};
use super::text::email;

/// The most teams or projects that one request may name.
const PLACES_MAX: usize = 250;

/// The details of an operation on people.
pub(super) fn details(id: &str) -> Option<Details> {
    of_orgs(id).or_else(|| of_groups(id))
}

fn of_orgs(id: &str) -> Option<Details> {
    Some(match id {
        "listOrgUsers" => list("List the people of an organization", &["AppUsers", "OrgUsers"])
            .query(&["username", "orgMembershipStatus"]),
        "createOrgUser" => make("Invite a person to an organization", "NewOrgUser", &["OrgUser"]),
        "getOrgUser" => read("Show a person of an organization", &["OrgUser"]),
        "updateOrgUser" => {
            write("Change the roles and teams of a person", "OrgUserChange", &["OrgUser"])
        }
        "addOrgUserRole" => {
            write("Give a person a role in an organization", "OneOrgRole", &["OrgUser"])
        }
        "removeOrgUserRole" => {
            write("Take a person's role in an organization away", "OneOrgRole", &["OrgUser"])
        }
        "removeOrgUser" => quiet("Take a person out of an organization"),
        _ => return None,
    })
}

fn of_groups(id: &str) -> Option<Details> {
    Some(match id {
        "listGroupUsers" => list("List the people of a project", &["AppUsers", "GroupUsers"]),
        "addGroupAccessUser" => Details {
            quiet: Quiet::Sometimes,
            ..write(
                "Give a person roles in a project, or invite",
                "PersonAndRoles",
                &["OrgInvitation"],
            )
        },
        "updateGroupUserRoles" => {
            write("Set the roles of a person in a project", "GroupRoles", &["UserGroupRoles"])
        }
        "addGroupUsers" => make("Add a person to a project", "PersonAndRoles", &["GroupUser"]),
        "getGroupUser" => read("Show a person of a project", &["GroupUser"]),
        "removeGroupUser" => quiet("Take a person out of a project"),
        "addGroupUserRole" => {
            write("Give a person a role in a project", "OneGroupRole", &["GroupUser"])
        }
        "removeGroupUserRole" => {
            write("Take a person's role in a project away", "OneGroupRole", &["GroupUser"])
        }
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    let person_and_roles =
        json!({ "roles": roles("GroupRole"), "username": email("The person's address.") });
    let group_roles = json!({ "groupRoles": roles("GroupRole") });
    let in_group = json!({ "groupId": reference("Id"), "groupRoles": roles("GroupRole") });
    vec![
        ("PersonAndRoles", object(&["roles", "username"], person_and_roles)),
        ("GroupRoles", object(&["groupRoles"], group_roles)),
        ("OneOrgRole", object(&["orgRole"], json!({ "orgRole": reference("OrgRole") }))),
        ("OneGroupRole", object(&["groupRole"], json!({ "groupRole": reference("GroupRole") }))),
        ("NewGroupAssignment", object(&["groupId", "groupRoles"], in_group)),
        ("NewOrgUser", new_org_user()),
        ("OrgUserChange", org_user_change()),
        ("UserGroupRoles", user_group_roles()),
        ("OrgUser", org_user()),
        ("OrgUsers", page("OrgUser")),
        ("GroupUser", person(json!({ "roles": all_of(reference("GroupRole")) }))),
        ("GroupUsers", page("GroupUser")),
        ("AppUser", app_user()),
        ("AppUsers", page("AppUser")),
    ]
}

fn new_roles(required: &[&str]) -> Value {
    let properties = json!({
        "groupRoleAssignments": list_of(reference("NewGroupAssignment"), 0, PLACES_MAX),
        "orgRoles": roles("OrgRole"),
    });
    request(required, properties)
}

fn new_org_user() -> Value {
    let properties = json!({
        "roles": new_roles(&["orgRoles"]),
        "teamIds": list_of(reference("Id"), 0, PLACES_MAX),
        "username": email("The person's address."),
    });
    request(&["roles", "username"], properties)
}

fn org_user_change() -> Value {
    let properties = json!({
        "roles": new_roles(&[]), "teamIds": list_of(reference("Id"), 0, PLACES_MAX),
    });
    request(&[], properties)
}

fn user_group_roles() -> Value {
    answer(&[], json!({ "groupRoles": all_of(reference("GroupRole")), "links": links() }))
}

/// A person in the shape of 2025-02-19, with the fields that only one place has.
fn person(own: Value) -> Value {
    let mut properties = json!({
        "country": any_text("The country, in two letters."),
        "createdAt": date("When the person joined."),
        "firstName": any_text("The first name."),
        "id": reference("Id"),
        "invitationCreatedAt": date("When the person was invited."),
        "invitationExpiresAt": date("Until when that can be taken up."),
        "inviterUsername": any_text("Who invited."),
        "lastAuth": date("When the person last signed in."),
        "lastName": any_text("The last name."),
        "orgMembershipStatus":
            one_of("How the person belongs to the organization.", &["ACTIVE", "PENDING"]),
        "username": any_text("The person's address."),
    });
    if let (Some(properties), Value::Object(own)) = (properties.as_object_mut(), own) {
        properties.extend(own);
    }
    let one_status_only = [
        "country",
        "createdAt",
        "firstName",
        "invitationCreatedAt",
        "invitationExpiresAt",
        "inviterUsername",
        "lastAuth",
        "lastName",
    ];
    answer(&one_status_only, properties)
}

fn org_user() -> Value {
    let in_group = json!({
        "groupId": reference("Id"), "groupRoles": all_of(reference("GroupRole")),
    });
    let roles = json!({
        "groupRoleAssignments": all_of(answer(&[], in_group)),
        "orgRoles": all_of(reference("OrgRole")),
    });
    person(json!({ "roles": answer(&[], roles), "teamIds": all_of(reference("Id")) }))
}

fn app_user() -> Value {
    let properties = json!({
        "country": any_text("The country, in two letters."),
        "createdAt": date("When the person joined."),
        "emailAddress": any_text("The person's address."),
        "firstName": any_text("The first name."),
        "id": reference("Id"),
        "lastAuth": date("When the person last signed in."),
        "lastName": any_text("The last name."),
        "links": links(),
        "mobileNumber": any_text("The telephone."),
        "roles": all_of(reference("RoleAssignment")),
        "teamIds": all_of(reference("Id")),
        "username": any_text("The person's address."),
    });
    answer(&["country", "lastAuth"], properties)
}
