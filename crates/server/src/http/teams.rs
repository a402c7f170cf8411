//! Teams, of organizations and in projects: wire to domain and back.

use std::collections::BTreeSet;
use std::sync::Arc;

use peerage_core::authz::{Action, Resource};
use crate::app::records::{GroupTeamRecord, TeamRecord};
use peerage_wire::page::Link;
use peerage_wire::team::{GroupTeam, NewGroupTeam, NewTeam, Team, read_group_roles, read_name};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;

/// The operations on teams.
pub(super) fn operations() -> Vec<Operation> {
    table! { Media::Atlas(&["2023-01-01"]), Bucket::Organization;
        "listOrgTeams" GET "/api/atlas/v2/orgs/{orgId}/teams" list;
        "createOrgTeam" POST "/api/atlas/v2/orgs/{orgId}/teams" create;
        "getOrgTeam" GET "/api/atlas/v2/orgs/{orgId}/teams/{teamId}" get;
        "renameOrgTeam" PATCH "/api/atlas/v2/orgs/{orgId}/teams/{teamId}" rename;
        "deleteOrgTeam" DELETE "/api/atlas/v2/orgs/{orgId}/teams/{teamId}" delete;
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
