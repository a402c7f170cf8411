//! The roles of people in a project: wire to domain and back.

use std::collections::BTreeSet;
use std::sync::Arc;

use peerage_core::authz::{Action, GroupRole, Resource};
use peerage_core::id::{GroupId, InvitationId};
use peerage_wire::invitation::{InvitedGroupRole, NewGroupInvitation, OrgInvitation};
use peerage_wire::page::Link;
use peerage_wire::user::{NewGroupUser, UserGroupRoles, read_group_role, read_group_roles};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use super::users::{INVITATION_LIFE, group_view};
use crate::app::App;
use crate::app::group_users::Added;
use crate::app::records::UserRecord;

/// The operations on people of a project, but for their list.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = table! { Media::Atlas(&["2023-02-01"]), Bucket::Project;
        "addGroupAccessUser" POST "/api/atlas/v2/groups/{groupId}/access" add_access;
    };
    all.extend(table! { Media::Atlas(&["2023-01-01"]), Bucket::Project;
        "updateGroupUserRoles" PUT "/api/atlas/v2/groups/{groupId}/users/{userId}/roles" set_roles;
    });
    all.extend(table! { Media::Atlas(&["2025-02-19"]), Bucket::Project;
        "addGroupUsers" POST "/api/atlas/v2/groups/{groupId}/users" add;
        "getGroupUser" GET "/api/atlas/v2/groups/{groupId}/users/{userId}" get;
        "removeGroupUser" DELETE "/api/atlas/v2/groups/{groupId}/users/{userId}" remove;
        "addGroupUserRole" POST "/api/atlas/v2/groups/{groupId}/users/{userId}:addRole" add_role;
        "removeGroupUserRole" POST "/api/atlas/v2/groups/{groupId}/users/{userId}:removeRole"
            remove_role;
    });
    all
}

/// Who belongs to the organization has the roles at once; anybody else is shown the invitation.
async fn add_access(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    may(&app, &call, group, Action::Create).await?;
    let NewGroupInvitation { username, roles } = NewGroupInvitation::read(&call.body)?;
    match app.add_group_user(call.caller()?, group, &username, &roles).await? {
        Added::Member(_) => Ok(Reply::no_content()),
        Added::Invited { user, org_name } => Reply::ok(&invitation(&call, &user, org_name)),
    }
}

async fn add(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    may(&app, &call, group, Action::Create).await?;
    let NewGroupUser { username, roles } = NewGroupUser::read(&call.body)?;
    let (Added::Member(user) | Added::Invited { user, org_name: _ }) =
        app.add_group_user(call.caller()?, group, &username, &roles).await?;
    let place = format!("/api/atlas/v2/groups/{group}/users/{}", user.id);
    Reply::created(&group_view(&user, group), place)
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, user) = (call.id("groupId")?, call.id("userId")?);
    let user = app.get_group_user(call.caller()?, group, user).await?;
    Reply::ok(&group_view(&user, group))
}

async fn set_roles(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, user) = (call.id("groupId")?, call.id("userId")?);
    may(&app, &call, group, Action::Change).await?;
    let wanted = read_group_roles(&call.body)?;
    let edit = |roles: &mut BTreeSet<GroupRole>| roles.clone_from(&wanted);
    let user = app.change_group_user(call.caller()?, group, user, Action::Change, edit).await?;
    let own = call.target.split('?').next().unwrap_or_default();
    Reply::ok(&UserGroupRoles {
        group_roles: user.grants.in_group(group).cloned().unwrap_or_default(),
        links: vec![Link::new(format!("{}{own}", call.base_url), "self")],
    })
}

async fn add_role(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, user) = (call.id("groupId")?, call.id("userId")?);
    may(&app, &call, group, Action::Change).await?;
    let role = read_group_role(&call.body)?;
    let edit = |roles: &mut BTreeSet<GroupRole>| {
        roles.insert(role);
    };
    let user = app.change_group_user(call.caller()?, group, user, Action::Change, edit).await?;
    Reply::ok(&group_view(&user, group))
}

async fn remove_role(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, user) = (call.id("groupId")?, call.id("userId")?);
    may(&app, &call, group, Action::Change).await?;
    let role = read_group_role(&call.body)?;
    let edit = |roles: &mut BTreeSet<GroupRole>| {
        roles.remove(&role);
    };
    let user = app.change_group_user(call.caller()?, group, user, Action::Change, edit).await?;
    Reply::ok(&group_view(&user, group))
}

async fn remove(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, user) = (call.id("groupId")?, call.id("userId")?);
    let edit = |roles: &mut BTreeSet<GroupRole>| roles.clear();
    app.change_group_user(call.caller()?, group, user, Action::Delete, edit).await?;
    Ok(Reply::no_content())
}

async fn may(app: &App, call: &Call, group: GroupId, action: Action) -> Result<(), Fault> {
    Ok(app.may_in_group(call.caller()?, group, action, Resource::GroupUser).await?)
}

/// A person who was invited is the invitation: both have one id.
fn invitation(call: &Call, user: &UserRecord, org_name: String) -> OrgInvitation {
    let own = format!("{}/api/atlas/v2/orgs/{}/users/{}", call.base_url, user.org, user.id);
    let in_group = |grant: &crate::app::records::GroupGrant| {
        let group_id = grant.group;
        let role = |role: &GroupRole| InvitedGroupRole { group_id, group_role: *role };
        grant.roles.iter().map(role).collect::<Vec<_>>()
    };
    OrgInvitation {
        created_at: user.created,
        expires_at: user.created.after(INVITATION_LIFE),
        group_role_assignments: user.grants.groups.iter().flat_map(in_group).collect(),
        id: InvitationId::from_bytes(*user.id.as_bytes()),
        inviter_username: String::new(),
        links: vec![Link::new(own, "self")],
        org_id: user.org,
        org_name,
        roles: user.grants.org.clone(),
        team_ids: Vec::new(),
        username: user.username.clone(),
    }
}
