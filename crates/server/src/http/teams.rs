//! Teams, of organizations and in projects: wire to domain and back.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::records::{GroupTeamRecord, TeamRecord};
use peerage_core::authz::{Action, Resource};
use peerage_wire::page::Link;
use peerage_wire::team::{
    GroupTeam, NewGroupTeam, NewTeam, Team, read_group_roles, read_member, read_members, read_name,
};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use super::users;
use crate::app::App;

/// The operations on teams.
pub(super) fn operations() -> Vec<Operation> {
    [of_orgs(), members(), of_groups()].concat()
}

const MEDIA: Media = Media::Atlas(&["2023-01-01"]);

fn of_orgs() -> Vec<Operation> {
    table! { MEDIA, Bucket::Organization;
        "listOrgTeams" GET "/api/atlas/v2/orgs/{orgId}/teams" list;
        "createOrgTeam" POST "/api/atlas/v2/orgs/{orgId}/teams" create;
        "getOrgTeamByName" GET "/api/atlas/v2/orgs/{orgId}/teams/byName/{teamName}" get_by_name;
        "getOrgTeam" GET "/api/atlas/v2/orgs/{orgId}/teams/{teamId}" get;
        "renameOrgTeam" PATCH "/api/atlas/v2/orgs/{orgId}/teams/{teamId}" rename;
        "deleteOrgTeam" DELETE "/api/atlas/v2/orgs/{orgId}/teams/{teamId}" delete;
        "addOrgTeamUsers" POST "/api/atlas/v2/orgs/{orgId}/teams/{teamId}/users" add_users;
        "deleteOrgTeamUser" DELETE "/api/atlas/v2/orgs/{orgId}/teams/{teamId}/users/{userId}"
            delete_user;
    }
}

fn members() -> Vec<Operation> {
    let mut all = table! { users::BOTH_SHAPES, Bucket::Organization;
        "listOrgTeamUsers" GET "/api/atlas/v2/orgs/{orgId}/teams/{teamId}/users" list_users;
    };
    all.extend(table! { Media::Atlas(&["2025-02-19"]), Bucket::Organization;
        "addOrgTeamUser" POST "/api/atlas/v2/orgs/{orgId}/teams/{teamId}:addUser" add_user;
        "removeOrgTeamUser" POST "/api/atlas/v2/orgs/{orgId}/teams/{teamId}:removeUser"
            remove_user;
    });
    all
}

fn of_groups() -> Vec<Operation> {
    table! { MEDIA, Bucket::Organization;
        "listGroupTeams" GET "/api/atlas/v2/groups/{groupId}/teams" list_of_group;
        "addGroupTeams" POST "/api/atlas/v2/groups/{groupId}/teams" add_to_group;
        "updateGroupTeam" PATCH "/api/atlas/v2/groups/{groupId}/teams/{teamId}" update_in_group;
        "removeGroupTeam" DELETE "/api/atlas/v2/groups/{groupId}/teams/{teamId}"
            remove_from_group;
    }
}

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    call.page()?;
    let teams = app.list_teams(call.caller()?, org).await?;
    call.list(&teams, &[], |team| view(&call, team, None))
}

async fn create(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    app.may_in_org(call.caller()?, org, Action::Create, Resource::Team).await?;
    let NewTeam { name, usernames } = NewTeam::read(&call.body)?;
    let team = app.create_team(call.caller()?, org, &name, &usernames).await?;
    let place = format!("/api/atlas/v2/orgs/{org}/teams/{}", team.id);
    Reply::created(&view(&call, &team, Some(team.usernames.clone())), place)
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let team = app.get_team(call.caller()?, call.id("orgId")?, call.id("teamId")?).await?;
    Reply::ok(&view(&call, &team, None))
}

async fn get_by_name(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let name = call.text("teamName");
    let team = app.get_team_by_name(call.caller()?, call.id("orgId")?, name).await?;
    Reply::ok(&view(&call, &team, None))
}

async fn list_users(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, team) = (call.id("orgId")?, call.id("teamId")?);
    call.page()?;
    let mut people = app.list_team_users(call.caller()?, org, team).await?;
    if let Some(name) = call.query("username") {
        people.retain(|person| person.user.username.eq_ignore_ascii_case(name));
    }
    if let Some(id) = call.query("userId") {
        people.retain(|person| person.user.id.to_string() == id);
    }
    users::list_people(&call, &people, &["username", "userId", "orgMembershipStatus"])
}

async fn add_users(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, team) = (call.id("orgId")?, call.id("teamId")?);
    call.page()?;
    app.may_in_org(call.caller()?, org, Action::Change, Resource::Team).await?;
    let wanted = read_members(&call.body)?;
    app.add_team_users(call.caller()?, org, team, &wanted).await?;
    let people = app.list_team_users(call.caller()?, org, team).await?;
    users::list_people(&call, &people, &[])
}

async fn delete_user(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, team, user) = (call.id("orgId")?, call.id("teamId")?, call.id("userId")?);
    app.remove_team_user(call.caller()?, org, team, user).await?;
    Ok(Reply::no_content())
}

async fn add_user(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, team) = (call.id("orgId")?, call.id("teamId")?);
    app.may_in_org(call.caller()?, org, Action::Change, Resource::Team).await?;
    let user = read_member(&call.body)?;
    app.add_team_users(call.caller()?, org, team, &[user]).await?;
    Reply::ok(&users::view(&app.get_org_user(call.caller()?, org, user).await?))
}

async fn remove_user(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, team) = (call.id("orgId")?, call.id("teamId")?);
    app.may_in_org(call.caller()?, org, Action::Change, Resource::Team).await?;
    let user = read_member(&call.body)?;
    app.remove_team_user(call.caller()?, org, team, user).await?;
    Reply::ok(&users::view(&app.get_org_user(call.caller()?, org, user).await?))
}

async fn rename(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, team) = (call.id("orgId")?, call.id("teamId")?);
    app.may_in_org(call.caller()?, org, Action::Change, Resource::Team).await?;
    let name = read_name(&call.body)?;
    let team = app.rename_team(call.caller()?, org, team, &name).await?;
    Reply::ok(&view(&call, &team, None))
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.delete_team(call.caller()?, call.id("orgId")?, call.id("teamId")?).await?;
    Ok(Reply::no_content())
}

async fn list_of_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    call.page()?;
    let teams = app.list_group_teams(call.caller()?, group).await?;
    call.list(&teams, &[], |team| group_view(&call, team))
}

async fn add_to_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    call.page()?;
    app.may_in_group(call.caller()?, group, Action::Create, Resource::GroupTeam).await?;
    let new: Vec<_> = NewGroupTeam::read_all(&call.body)?
        .into_iter()
        .map(|NewGroupTeam { team, roles }| (team, roles))
        .collect();
    let teams = app.add_group_teams(call.caller()?, group, &new).await?;
    call.list(&teams, &[], |team| group_view(&call, team))
}

async fn update_in_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, team) = (call.id("groupId")?, call.id("teamId")?);
    call.page()?;
    app.may_in_group(call.caller()?, group, Action::Change, Resource::GroupTeam).await?;
    let roles = read_group_roles(&call.body)?;
    let changed = [app.set_group_team(call.caller()?, group, team, roles).await?];
    call.list(&changed, &[], |team| group_view(&call, team))
}

async fn remove_from_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, team) = (call.id("groupId")?, call.id("teamId")?);
    app.set_group_team(call.caller()?, group, team, BTreeSet::new()).await?;
    Ok(Reply::no_content())
}

fn view(call: &Call, team: &TeamRecord, usernames: Option<Vec<String>>) -> Team {
    let own = format!("{}/api/atlas/v2/orgs/{}/teams/{}", call.base_url, team.org, team.id);
    Team { id: team.id, links: vec![Link::new(own, "self")], name: team.name.clone(), usernames }
}

fn group_view(call: &Call, team: &GroupTeamRecord) -> GroupTeam {
    let path = call.target.split('?').next().unwrap_or_default();
    let own = format!("{}{path}", call.base_url);
    GroupTeam {
        links: vec![Link::new(own, "self")],
        role_names: team.roles.clone(),
        team_id: team.team,
    }
}
