//! Teams of an organization, and the roles that they have in projects.

use std::collections::BTreeSet;

use peerage_core::authz::GroupRole;
use peerage_core::id::{TeamId, UserId};
use serde::Serialize;

use crate::fields::{Fields, ReadError, read_list};
use crate::form;
use crate::page::Link;
use crate::role::group_roles;
use crate::show;

/// The most users that a team may have, and teams that one request may name.
pub const MEMBERS_MAX: usize = 250;

/// A request for a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTeam {
    /// Its name.
    pub name: String,
    /// The names of its users.
    pub usernames: Vec<String>,
}

impl NewTeam {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let name = fields.required("name").text(form::TEAM_NAME);
        let usernames = fields
            .required("usernames")
            .list(0..=MEMBERS_MAX, |username| username.text(form::EMAIL));
        let build = || Some(Self { name: name?, usernames: usernames? });
        Ok(fields.finish_with(build)?)
    }
}

/// Reads another name for a team.
///
/// # Errors
/// What the body is not, or the field at fault.
pub fn read_name(body: &[u8]) -> Result<String, ReadError> {
    let mut fields = Fields::parse(body)?;
    let name = fields.required("name").text(form::TEAM_NAME);
    Ok(fields.finish_with(|| name)?)
}

/// Reads a request that names one user.
///
/// # Errors
/// What the body is not, or every field at fault.
pub fn read_member(body: &[u8]) -> Result<UserId, ReadError> {
    let mut fields = Fields::parse(body)?;
    let user = fields.required("id").id();
    Ok(fields.finish_with(|| user)?)
}

/// Reads users to be added to a team: an array of objects with their ids.
///
/// # Errors
/// What the body is not, or every field at fault.
pub fn read_members(body: &[u8]) -> Result<Vec<UserId>, ReadError> {
    read_list(body, 1..=MEMBERS_MAX, |member| member.object(|fields| fields.required("id").id()))
}

/// The roles that a team is to have in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGroupTeam {
    /// The team.
    pub team: TeamId,
    /// Its roles there.
    pub roles: BTreeSet<GroupRole>,
}

impl NewGroupTeam {
    /// Reads a request, which may be for many teams.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read_all(body: &[u8]) -> Result<Vec<Self>, ReadError> {
        read_list(body, 1..=MEMBERS_MAX, |team| {
            team.object(|fields| {
                let team = fields.required("teamId").id();
                let roles = group_roles(fields.required("roleNames"));
                Some(Self { team: team?, roles: roles? })
            })
        })
    }
}

/// Reads other roles for a team in a project.
///
/// # Errors
/// What the body is not, or every field at fault.
pub fn read_group_roles(body: &[u8]) -> Result<BTreeSet<GroupRole>, ReadError> {
    let mut fields = Fields::parse(body)?;
    let roles = group_roles(fields.required("roleNames"));
    Ok(fields.finish_with(|| roles)?)
}

/// A team as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Team {
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: TeamId,
    /// Itself.
    pub links: Vec<Link>,
    /// Its name.
    pub name: String,
    /// The names of its users; only in the answer to its making.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usernames: Option<Vec<String>>,
}

/// A team in a project as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupTeam {
    /// Itself.
    pub links: Vec<Link>,
    /// Its roles there.
    #[serde(serialize_with = "show::names")]
    pub role_names: BTreeSet<GroupRole>,
    /// The team.
    #[serde(serialize_with = "show::text")]
    pub team_id: TeamId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::faults;

    const ID: &str = "32b6e34b3d91647abb20e7b8";

    #[test]
    fn a_request_names_the_team_and_its_users() {
        let team = NewTeam::read(br#"{"name":"ops","usernames":["a@b.c"]}"#).unwrap();
        assert_eq!((team.name.as_str(), team.usernames.len()), ("ops", 1));
        assert_eq!(faults(NewTeam::read(b"{}")), ["name", "usernames"]);
        let wrong = NewTeam::read(br#"{"name":" ","usernames":["x",1]}"#);
        assert_eq!(faults(wrong), ["name", "usernames[0]", "usernames[1]"]);
        assert_eq!(read_name(br#"{"name":"new"}"#).as_deref(), Ok("new"));
        assert_eq!(faults(read_name(b"{}")), ["name"]);
    }

    #[test]
    fn lists_of_users_and_of_teams_are_read() {
        let body = format!(r#"[{{"id":"{ID}"}}]"#);
        assert_eq!(read_members(body.as_bytes()).unwrap().len(), 1);
        assert_eq!(faults(read_members(br#"[{"id":"x"},{}]"#)), ["[0].id", "[1].id"]);
        assert_eq!(faults(read_member(b"{}")), ["id"]);
        let body = format!(r#"[{{"teamId":"{ID}","roleNames":["GROUP_OWNER"]}}]"#);
        assert_eq!(NewGroupTeam::read_all(body.as_bytes()).unwrap().len(), 1);
        let wrong = NewGroupTeam::read_all(br#"[{"roleNames":["ORG_OWNER"]}]"#);
        assert_eq!(faults(wrong), ["[0].teamId", "[0].roleNames[0]"]);
        assert!(read_group_roles(br#"{"roleNames":["GROUP_READ_ONLY"]}"#).is_ok());
        assert_eq!(faults(read_group_roles(b"{}")), ["roleNames"]);
    }

    #[test]
    fn an_answer_about_a_team() {
        let team = Team {
            id: TeamId::from_bytes([1; 12]),
            links: vec![],
            name: "ops".into(),
            usernames: None,
        };
        assert_eq!(
            serde_json::to_string(&team).unwrap(),
            r#"{"id":"010101010101010101010101","links":[],"name":"ops"}"#
        );
        let team = GroupTeam {
            links: vec![],
            role_names: BTreeSet::from([GroupRole::Owner]),
            team_id: TeamId::from_bytes([1; 12]),
        };
        assert_eq!(
            serde_json::to_string(&team).unwrap(),
            r#"{"links":[],"roleNames":["GROUP_OWNER"],"teamId":"010101010101010101010101"}"#
        );
    }
}
