//! People of organizations and projects: wire to domain and back.

use std::sync::Arc;
use std::time::Duration;

use peerage_core::authz::{Action, Resource};
use peerage_core::id::GroupId;
use crate::app::records::{Grants, UserRecord};
use peerage_wire::user::{
    GroupRoleAssignment, GroupUser, Membership, NewOrgUser, OrgUser, OrgUserRoles,
};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;

/// How long an invitation can be taken up.
const INVITATION_LIFE: Duration = Duration::from_hours(30 * 24);

/// The operations on people.
pub(super) fn operations() -> Vec<Operation> {
    table! { Media::Atlas(&["2025-02-19"]), Bucket::Organization;
        "listOrgUsers" GET "/api/atlas/v2/orgs/{orgId}/users" list;
        "createOrgUser" POST "/api/atlas/v2/orgs/{orgId}/users" create;
        "getOrgUser" GET "/api/atlas/v2/orgs/{orgId}/users/{userId}" get;
        "removeOrgUser" DELETE "/api/atlas/v2/orgs/{orgId}/users/{userId}" delete;
        "listGroupUsers" GET "/api/atlas/v2/groups/{groupId}/users" list_of_group;
    }
}

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    call.page()?;
    let mut users = app.list_org_users(call.caller()?, org).await?;
    if let Some(name) = call.query("username") {
        users.retain(|user| user.username.eq_ignore_ascii_case(name));
    }
    call.list(&users, &["username"], view)
}

async fn list_of_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    call.page()?;
    let users = app.list_group_users(call.caller()?, group).await?;
    call.list(&users, &[], |user| group_view(user, group))
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let user = app.get_org_user(call.caller()?, call.id("orgId")?, call.id("userId")?).await?;
    Reply::ok(&view(&user))
}

async fn create(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    app.may_in_org(call.caller()?, org, Action::Create, Resource::OrgUser).await?;
    let NewOrgUser { username, roles, teams: _ } = NewOrgUser::read(&call.body)?;
    let mut grants = Grants { org: roles.org, groups: Vec::new() };
    for (group, roles) in roles.groups {
        grants.set_in_group(group, roles);
    }
    let user = app.create_org_user(call.caller()?, org, &username, &grants).await?;
    Reply::created(&view(&user), format!("/api/atlas/v2/orgs/{org}/users/{}", user.id))
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    app.delete_org_user(call.caller()?, call.id("orgId")?, call.id("userId")?).await?;
    Ok(Reply::no_content())
}

/// Nobody can take an invitation up yet: there is no way for people to sign in.
fn membership(user: &UserRecord) -> Membership {
    Membership::Pending {
        invitation_created_at: user.created,
        invitation_expires_at: user.created.after(INVITATION_LIFE),
        inviter_username: String::new(),
    }
}

fn view(user: &UserRecord) -> OrgUser {
    let assignment = |grant: &crate::app::records::GroupGrant| GroupRoleAssignment {
        group_id: grant.group,
        group_roles: grant.roles.clone(),
    };
    OrgUser {
        id: user.id,
        membership: membership(user),
        roles: OrgUserRoles {
            group_role_assignments: user.grants.groups.iter().map(assignment).collect(),
            org_roles: user.grants.org.clone(),
        },
        team_ids: Vec::new(),
        username: user.username.clone(),
    }
}

fn group_view(user: &UserRecord, group: GroupId) -> GroupUser {
    GroupUser {
        id: user.id,
        membership: membership(user),
        roles: user.grants.in_group(group).cloned().unwrap_or_default(),
        username: user.username.clone(),
    }
}
