//! Roles and who has them, at any scope.
//!
//! Source: the reference of `Microsoft.Authorization`.

use http::Method;
use serde_json::{Value, json};

use super::access::{BUILT_IN, check, covers};
use super::answer::{Answered, bare, json_answer, page};
use super::call::{Call, part};
use super::ids::is_guid;
use super::object::{Assignment, Permissions, Role};
use super::refusal::{self, Refusal, access};
use crate::calendar;
use peerage_core::time::Timestamp;

const DEFINITION: &str = "Microsoft.Authorization/roleDefinitions";
const ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";

pub(super) fn list_roles(call: &mut Call<'_>, scope: &str) -> Answered {
    check(call, &format!("{DEFINITION}/read"), scope)?;
    let wanted = filter(call, "roleName");
    let built_in = BUILT_IN.iter().map(|(name, ..)| ((*name).to_owned(), built_in(name)));
    let custom = call.world.roles.iter().filter(|(_, role)| {
        role.assignable_scopes.iter().any(|one| covers(one, scope) || covers(scope, one))
    });
    let custom = custom.map(|(name, role)| (name.clone(), shown_role(scope, name, role)));
    let mut roles: Vec<_> = built_in
        .filter_map(|(name, role)| Some((name, role?)))
        .chain(custom)
        .filter(|(_, role)| {
            let name = role["properties"]["roleName"].as_str();
            wanted.as_ref().is_none_or(|wanted| name == Some(wanted))
        })
        .collect();
    roles.sort_by(|(one, _), (other, _)| one.cmp(other));
    page(call, roles)
}

pub(super) fn role(call: &mut Call<'_>, scope: &str, name: &str) -> Answered {
    let (name, path) = (name.to_lowercase(), format!("{scope}/providers/{DEFINITION}/{name}"));
    match *call.method() {
        Method::GET => {
            check(call, &format!("{DEFINITION}/read"), scope)?;
            let custom = call.world.roles.get(&name).map(|role| shown_role(scope, &name, role));
            let shown = custom.or_else(|| built_in(&name));
            Ok(json_answer(200, &shown.ok_or_else(|| access::no_role(&name))?))
        }
        Method::PUT => put_role(call, scope, &name),
        Method::DELETE => {
            check(call, &format!("{DEFINITION}/delete"), scope)?;
            if !call.world.assignments.names_of(|one| one.role == name).is_empty() {
                return Err(access::role_in_use());
            }
            let gone = call.world.roles.remove(&name);
            Ok(gone.map_or_else(
                || bare(204),
                |role| json_answer(200, &shown_role(scope, &name, &role)),
            ))
        }
        _ => Err(refusal::no_such_verb(call.method().as_str(), &path)),
    }
}

fn put_role(call: &mut Call<'_>, scope: &str, name: &str) -> Answered {
    check(call, &format!("{DEFINITION}/write"), scope)?;
    check_name(name)?;
    let body = call.body()?;
    let permissions: Vec<Permissions> = part(&body, "/properties/permissions")?;
    let scopes: Vec<String> = part(&body, "/properties/assignableScopes")?;
    let role = Role {
        name: part(&body, "/properties/roleName")?,
        description: part(&body, "/properties/description")?,
        permissions,
        assignable_scopes: if scopes.is_empty() { vec![scope.to_owned()] } else { scopes },
    };
    if role.name.is_empty() {
        return Err(refusal::bad_content("properties.roleName is empty"));
    }
    let tenant = |scopes: &[String]| {
        let first = scopes.first().and_then(|one| one.split('/').nth(2));
        call.world.tenant_of(first.unwrap_or_default())
    };
    let own = tenant(&role.assignable_scopes);
    let same = |one: &Role| one.name == role.name && tenant(&one.assignable_scopes) == own;
    if call.world.roles.names_of(same).iter().any(|other| other != name) {
        return Err(access::role_name_taken(&role.name));
    }
    let answer = json_answer(201, &shown_role(scope, name, &role));
    call.world.roles.put(name.to_owned(), role);
    Ok(answer)
}

pub(super) fn list_assignments(call: &mut Call<'_>, scope: &str) -> Answered {
    check(call, &format!("{ASSIGNMENT}/read"), scope)?;
    let principal = filter(call, "principalId");
    let at_scope = call.parameter("$filter").is_some_and(|text| text.contains("atScope()"));
    let assignments = call.world.assignments.iter().filter(|(_, one)| {
        let fits = covers(&one.scope, scope) || (!at_scope && covers(scope, &one.scope));
        fits && principal.as_ref().is_none_or(|id| one.principal.eq_ignore_ascii_case(id))
    });
    let assignments = assignments.map(|(name, one)| (name.clone(), shown_assignment(name, one)));
    let assignments = assignments.collect();
    page(call, assignments)
}

pub(super) fn assignment(call: &mut Call<'_>, scope: &str, name: &str) -> Answered {
    let (name, path) = (name.to_lowercase(), format!("{scope}/providers/{ASSIGNMENT}/{name}"));
    match *call.method() {
        Method::GET => {
            check(call, &format!("{ASSIGNMENT}/read"), scope)?;
            let one = call.world.assignments.get(&name);
            let one = one.ok_or_else(|| access::no_assignment(&name))?;
            Ok(json_answer(200, &shown_assignment(&name, one)))
        }
        Method::PUT => put_assignment(call, scope, &name),
        Method::DELETE => {
            check(call, &format!("{ASSIGNMENT}/delete"), scope)?;
            let gone = call.world.assignments.remove(&name);
            Ok(gone
                .map_or_else(|| bare(204), |one| json_answer(200, &shown_assignment(&name, &one))))
        }
        _ => Err(refusal::no_such_verb(call.method().as_str(), &path)),
    }
}

fn put_assignment(call: &mut Call<'_>, scope: &str, name: &str) -> Answered {
    check(call, &format!("{ASSIGNMENT}/write"), scope)?;
    check_name(name)?;
    let body = call.body()?;
    let id: String = part(&body, "/properties/roleDefinitionId")?;
    let role = id.rsplit('/').next().unwrap_or_default().to_lowercase();
    if !call.world.roles.has(&role) && built_in(&role).is_none() {
        return Err(access::no_role(&role));
    }
    let principal: String = part(&body, "/properties/principalId")?;
    if !is_guid(&principal) {
        return Err(refusal::bad_content("properties.principalId is no UUID"));
    }
    let kind: String = part(&body, "/properties/principalType")?;
    let same = |one: &Assignment| {
        one.role == role
            && one.scope.eq_ignore_ascii_case(scope)
            && one.principal.eq_ignore_ascii_case(&principal)
    };
    if call.world.assignments.has(name) || !call.world.assignments.names_of(same).is_empty() {
        return Err(access::already_assigned());
    }
    let given = Assignment {
        scope: scope.to_owned(),
        principal,
        principal_type: if kind.is_empty() { "ServicePrincipal".to_owned() } else { kind },
        role,
        created: call.world.now().as_millis(),
        lag: call.faults.role_lag(),
    };
    let answer = json_answer(201, &shown_assignment(name, &given));
    call.world.assignments.put(name.to_owned(), given);
    Ok(answer)
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if is_guid(name) { Ok(()) } else { Err(refusal::bad_content("the name is no UUID")) }
}

/// What `$filter=name eq 'value'` asks for.
fn filter(call: &Call<'_>, name: &str) -> Option<String> {
    let (_, rest) = call.parameter("$filter")?.split_once(&format!("{name} eq '"))?;
    rest.split_once('\'').map(|(value, _)| value.to_owned())
}

fn built_in(name: &str) -> Option<Value> {
    let (name, title, actions, not) = BUILT_IN.iter().find(|(one, ..)| *one == name)?;
    Some(json!({
        "id": format!("/providers/{DEFINITION}/{name}"),
        "name": name,
        "type": DEFINITION,
        "properties": {
            "roleName": title,
            "type": "BuiltInRole",
            "assignableScopes": ["/"],
            "permissions": [{
                "actions": actions, "notActions": not, "dataActions": [], "notDataActions": [],
            }],
        },
    }))
}

fn shown_role(scope: &str, name: &str, role: &Role) -> Value {
    json!({
        "id": format!("{}/providers/{DEFINITION}/{name}", subscription(scope)),
        "name": name,
        "type": DEFINITION,
        "properties": {
            "roleName": role.name,
            "description": role.description,
            "type": "CustomRole",
            "assignableScopes": role.assignable_scopes,
            "permissions": role.permissions,
        },
    })
}

fn shown_assignment(name: &str, one: &Assignment) -> Value {
    let scope = &one.scope;
    let of = if built_in(&one.role).is_some() { "" } else { subscription(scope) };
    json!({
        "id": format!("{scope}/providers/{ASSIGNMENT}/{name}"),
        "name": name,
        "type": ASSIGNMENT,
        "properties": {
            "scope": scope,
            "principalId": one.principal,
            "principalType": one.principal_type,
            "roleDefinitionId": format!("{of}/providers/{DEFINITION}/{}", one.role),
            "createdOn": calendar::utc(Timestamp::from_millis(one.created)),
        },
    })
}

/// Custom roles are shown as those of the subscription.
fn subscription(scope: &str) -> &str {
    scope.match_indices('/').nth(2).map_or(scope, |(at, _)| &scope[..at])
}
