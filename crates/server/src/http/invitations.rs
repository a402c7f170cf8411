//! Invitations to a project: wire to domain and back.

use std::sync::Arc;

use peerage_core::authz::{Action, Resource};
use peerage_core::id::GroupId;
use peerage_wire::invitation::{GroupInvitation, NewGroupInvitation, read_group_roles};
use peerage_wire::page::Link;

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;
use crate::app::invitations::Invitation;

/// The operations on invitations to a project.
pub(super) fn operations() -> Vec<Operation> {
    table! { Media::Atlas(&["2023-01-01"]), Bucket::Project;
        "listGroupInvites" GET "/api/atlas/v2/groups/{groupId}/invites" list;
        "createGroupInvite" POST "/api/atlas/v2/groups/{groupId}/invites" create;
        "updateGroupInvites" PATCH "/api/atlas/v2/groups/{groupId}/invites" update_by_name;
        "getGroupInvite" GET "/api/atlas/v2/groups/{groupId}/invites/{invitationId}" get;
        "updateGroupInviteById" PATCH "/api/atlas/v2/groups/{groupId}/invites/{invitationId}"
            update;
        "deleteGroupInvite" DELETE "/api/atlas/v2/groups/{groupId}/invites/{invitationId}" delete;
    }
}

/// The contract answers a bare array here, without pages.
async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let mut found = app.list_invitations(call.caller()?, call.id("groupId")?).await?;
    if let Some(name) = call.query("username").filter(|name| !name.is_empty()) {
        found.retain(|invitation| invitation.record.username.eq_ignore_ascii_case(name));
    }
    Reply::ok(&found.iter().map(|invitation| view(&call, invitation)).collect::<Vec<_>>())
}

async fn create(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    may(&app, &call, group, Action::Create).await?;
    let NewGroupInvitation { username, roles } = NewGroupInvitation::read(&call.body)?;
    let made = app.create_invitation(call.caller()?, group, &username, &roles).await?;
    Reply::ok(&view(&call, &made))
}

async fn update_by_name(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    may(&app, &call, group, Action::Change).await?;
    let NewGroupInvitation { username, roles } = NewGroupInvitation::read(&call.body)?;
    let next = app.update_invitation_of(call.caller()?, group, &username, &roles).await?;
    Reply::ok(&view(&call, &next))
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, id) = (call.id("groupId")?, call.id("invitationId")?);
    let found = app.get_invitation(call.caller()?, group, id).await?;
    Reply::ok(&view(&call, &found))
}

async fn update(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, id) = (call.id("groupId")?, call.id("invitationId")?);
    may(&app, &call, group, Action::Change).await?;
    let roles = read_group_roles(&call.body)?;
    let next = app.update_invitation(call.caller()?, group, id, &roles).await?;
    Reply::ok(&view(&call, &next))
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, id) = (call.id("groupId")?, call.id("invitationId")?);
    app.delete_invitation(call.caller()?, group, id).await?;
    Ok(Reply::no_content())
}

async fn may(app: &App, call: &Call, group: GroupId, action: Action) -> Result<(), Fault> {
    Ok(app.may_in_group(call.caller()?, group, action, Resource::GroupInvitation).await?)
}

fn view(call: &Call, Invitation { record, group_name }: &Invitation) -> GroupInvitation {
    let (group, id) = (record.group, record.id);
    let own = format!("{}/api/atlas/v2/groups/{group}/invites/{id}", call.base_url);
    GroupInvitation {
        created_at: record.created,
        expires_at: record.expires,
        group_id: group,
        group_name: group_name.clone(),
        id,
        inviter_username: record.inviter.clone(),
        links: vec![Link::new(own, "self")],
        roles: record.roles.clone(),
        username: record.username.clone(),
    }
}
