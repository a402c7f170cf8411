//! People of organizations and projects: wire to domain and back.

use std::sync::Arc;
use std::time::Duration;

use crate::app::records::{Grants, UserRecord};
use peerage_core::authz::{Action, OrgRole, Resource};
use peerage_core::id::GroupId;
use peerage_wire::page::Link;
use peerage_wire::user::{
    AppUser, GroupRoleAssignment, GroupUser, Membership, NewOrgUser, NewRoles, OrgUser,
    OrgUserChange, OrgUserRoles, read_org_role,
};

use super::api_keys::assignments;
use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;
use crate::app::users::Person;

/// How long an invitation can be taken up.
pub(super) const INVITATION_LIFE: Duration = Duration::from_hours(30 * 24);

/// The operations on people.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = table! { BOTH_SHAPES, Bucket::Organization;
        "listOrgUsers" GET "/api/atlas/v2/orgs/{orgId}/users" list;
        "listGroupUsers" GET "/api/atlas/v2/groups/{groupId}/users" list_of_group;
    };
    all.extend(table! { Media::Atlas(&["2025-02-19"]), Bucket::Organization;
        "createOrgUser" POST "/api/atlas/v2/orgs/{orgId}/users" create;
        "getOrgUser" GET "/api/atlas/v2/orgs/{orgId}/users/{userId}" get;
        "updateOrgUser" PATCH "/api/atlas/v2/orgs/{orgId}/users/{userId}" update;
        "addOrgUserRole" POST "/api/atlas/v2/orgs/{orgId}/users/{userId}:addRole" add_role;
        "removeOrgUserRole" POST "/api/atlas/v2/orgs/{orgId}/users/{userId}:removeRole"
            remove_role;
        "removeOrgUser" DELETE "/api/atlas/v2/orgs/{orgId}/users/{userId}" delete;
    });
    all
}

/// Lists of people have the shape of 2023-01-01, which older clients ask for, or the newer one.
pub(super) const BOTH_SHAPES: Media = Media::Atlas(&[OLD_SHAPE, "2025-02-19"]);

const OLD_SHAPE: &str = "2023-01-01";

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    call.page()?;
    let mut users = app.list_org_users(call.caller()?, org).await?;
    if let Some(name) = call.query("username") {
        users.retain(|person| person.user.username.eq_ignore_ascii_case(name));
    }
    // Nobody can take an invitation up yet.
    if call.query("orgMembershipStatus").is_some_and(|status| status == "ACTIVE") {
        users.clear();
    }
    list_people(&call, &users, &["username", "orgMembershipStatus"])
}

async fn list_of_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    call.page()?;
    let users = app.list_group_users(call.caller()?, group).await?;
    if call.version == OLD_SHAPE {
        return call.list(&users, &[], |person| old_view(&call, person));
    }
    call.list(&users, &[], |person| group_view(&person.user, group))
}

/// Answers a list of people in the shape that is asked for.
pub(super) fn list_people(
    call: &Call,
    people: &[Person],
    filters: &[&'static str],
) -> Result<Reply, Fault> {
    if call.version == OLD_SHAPE {
        return call.list(people, filters, |person| old_view(call, person));
    }
    call.list(people, filters, view)
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let user = app.get_org_user(call.caller()?, call.id("orgId")?, call.id("userId")?).await?;
    Reply::ok(&view(&user))
}

async fn create(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    app.may_in_org(call.caller()?, org, Action::Create, Resource::OrgUser).await?;
    let NewOrgUser { username, roles, teams } = NewOrgUser::read(&call.body)?;
    let mut grants = Grants { org: roles.org, groups: Vec::new() };
    for (group, roles) in roles.groups.unwrap_or_default() {
        grants.set_in_group(group, roles);
    }
    let made = app.create_org_user(call.caller()?, org, &username, &grants, &teams).await?;
    Reply::created(&view(&made), format!("/api/atlas/v2/orgs/{org}/users/{}", made.user.id))
}

async fn update(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, user) = (call.id("orgId")?, call.id("userId")?);
    app.may_in_org(call.caller()?, org, Action::Change, Resource::OrgUser).await?;
    let OrgUserChange { roles, teams } = OrgUserChange::read(&call.body)?;
    let NewRoles { org: in_org, groups } = roles.unwrap_or_default();
    let edit = |grants: &mut Grants| {
        if !in_org.is_empty() {
            grants.org.clone_from(&in_org);
        }
        if let Some(groups) = &groups {
            grants.groups.clear();
            for (group, roles) in groups {
                grants.set_in_group(*group, roles.clone());
            }
        }
    };
    let teams = teams.as_deref();
    let changed = app.change_org_user(call.caller()?, org, user, teams, edit).await?;
    Reply::ok(&view(&changed))
}

async fn add_role(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    change_role(&app, &call, |grants, role| {
        grants.org.insert(role);
    })
    .await
}

async fn remove_role(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    change_role(&app, &call, |grants, role| {
        grants.org.remove(&role);
    })
    .await
}

async fn change_role(
    app: &App,
    call: &Call,
    edit: impl Fn(&mut Grants, OrgRole),
) -> Result<Reply, Fault> {
    let (org, user) = (call.id("orgId")?, call.id("userId")?);
    app.may_in_org(call.caller()?, org, Action::Change, Resource::OrgUser).await?;
    let role = read_org_role(&call.body)?;
    let edit = |grants: &mut Grants| edit(grants, role);
    let changed = app.change_org_user(call.caller()?, org, user, None, edit).await?;
    Reply::ok(&view(&changed))
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

pub(super) fn view(person: &Person) -> OrgUser {
    let Person { user, teams } = person;
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
        team_ids: teams.clone(),
        username: user.username.clone(),
    }
}

/// Nobody has said a name: there is no way for people to sign in.
fn old_view(call: &Call, person: &Person) -> AppUser {
    let Person { user, teams } = person;
    let own = format!("{}/api/atlas/v2/orgs/{}/users/{}", call.base_url, user.org, user.id);
    AppUser {
        person: peerage_wire::user::Person {
            country: None,
            created_at: user.created,
            first_name: String::new(),
            last_auth: None,
            last_name: String::new(),
        },
        email_address: user.username.clone(),
        id: user.id,
        links: vec![Link::new(own, "self")],
        mobile_number: String::new(),
        roles: assignments(user.org, &user.grants),
        team_ids: teams.clone(),
        username: user.username.clone(),
    }
}

pub(super) fn group_view(user: &UserRecord, group: GroupId) -> GroupUser {
    GroupUser {
        id: user.id,
        membership: membership(user),
        roles: user.grants.in_group(group).cloned().unwrap_or_default(),
        username: user.username.clone(),
    }
}
