//! Teams in the document: those of organizations, and their roles in projects.

use peerage_wire::team::MEMBERS_MAX;
use serde_json::{Value, json};

use super::api_keys::roles;
use super::details::{Details, list, make, quiet, read, write};
use super::shape::{Named, all_of, answer, any_text, links, list_of, object, page, reference};
use super::text::{email, team_name};

/// The details of an operation on teams.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "listOrgTeams" => list("List the teams of an organization", &["Teams"]),
        "createOrgTeam" => make("Make a team", "NewTeam", &["Team"]),
        "getOrgTeam" => read("Show a team", &["Team"]),
        "getOrgTeamByName" => read("Show the team of a name", &["Team"]),
        "renameOrgTeam" => write("Rename a team", "TeamName", &["Team"]),
        "deleteOrgTeam" => quiet("Delete a team"),
        "listOrgTeamUsers" => list("List the people of a team", &["AppUsers", "OrgUsers"])
            .query(&["username", "userId", "orgMembershipStatus"]),
        "addOrgTeamUsers" => write("Add people to a team", "TeamMembers", &["AppUsers"]).pages(),
        "deleteOrgTeamUser" => quiet("Take a person out of a team by the path"),
        "addOrgTeamUser" => write("Add a person to a team", "TeamMember", &["OrgUser"]),
        "removeOrgTeamUser" => write("Take a person out of a team", "TeamMember", &["OrgUser"]),
        "listGroupTeams" => list("List the teams with roles in a project", &["GroupTeams"]),
        "addGroupTeams" => {
            write("Give teams roles in a project", "NewGroupTeams", &["GroupTeams"]).pages()
        }
        "updateGroupTeam" => {
            write("Change the roles of a team in a project", "GroupTeamRoles", &["GroupTeams"])
                .pages()
        }
        "removeGroupTeam" => quiet("Take a team out of a project"),
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    let new_group_team = json!({ "roleNames": roles("GroupRole"), "teamId": reference("Id") });
    vec![
        ("NewTeam", new_team()),
        ("TeamName", object(&["name"], json!({ "name": team_name() }))),
        ("TeamMember", object(&["id"], json!({ "id": reference("Id") }))),
        ("TeamMembers", list_of(reference("TeamMember"), 1, MEMBERS_MAX)),
        ("Team", team()),
        ("Teams", page("Team")),
        ("NewGroupTeam", object(&["roleNames", "teamId"], new_group_team)),
        ("NewGroupTeams", list_of(reference("NewGroupTeam"), 1, MEMBERS_MAX)),
        ("GroupTeamRoles", object(&["roleNames"], json!({ "roleNames": roles("GroupRole") }))),
        ("GroupTeam", group_team()),
        ("GroupTeams", page("GroupTeam")),
    ]
}

fn new_team() -> Value {
    let usernames = list_of(email("A person's address."), 0, MEMBERS_MAX);
    object(&["name", "usernames"], json!({ "name": team_name(), "usernames": usernames }))
}

fn team() -> Value {
    let properties = json!({
        "id": reference("Id"),
        "links": links(),
        "name": any_text("Its name."),
        "usernames": all_of(any_text("A person's address.")),
    });
    answer(&["usernames"], properties)
}

fn group_team() -> Value {
    let properties = json!({
        "links": links(),
        "roleNames": all_of(reference("GroupRole")),
        "teamId": reference("Id"),
    });
    answer(&[], properties)
}
