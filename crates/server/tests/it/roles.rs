//! Every operation, for every role, in one's own and in somebody else's place; and what somebody
//! else's place looks like from outside: exactly as if it were not there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ::http::Method;
use peerage::http::operation::Operation;
use peerage::http::operations;
use peerage_core::authz::{Action, Decision, GroupRole, OrgRole, Resource, Roles, Scope};
use peerage_core::id::{GroupId, OrgId};
use peerage_store::record::{Grants, GroupGrant};

use crate::support::{Answer, Client, Counts, World, check_golden};

/// An id that nothing has.
const NOTHING: &str = "0123456789abcdef01234567";

/// Another one, where a project or an organization would be.
const NOWHERE: &str = "fedcba9876543210fedcba98";

/// A role, in the organization or in the project.
#[derive(Clone, Copy, Debug)]
enum Role {
    Org(OrgRole),
    Group(GroupRole),
}

fn roles() -> Vec<Role> {
    let org = OrgRole::ALL.iter().map(|role| Role::Org(*role));
    org.chain(GroupRole::ALL.iter().map(|role| Role::Group(*role))).collect()
}

/// The operations in a project or an organization, with a path in which these stand.
fn placed(group: &str, org: &str) -> Vec<(Operation, String)> {
    let fill = |operation: &Operation| {
        let mut path = String::new();
        for (at, part) in operation.path.split(['{', '}']).enumerate() {
            path.push_str(match part {
                _ if at % 2 == 0 => part,
                "groupId" => group,
                "orgId" => org,
                "clientId" => "mdb_sa_id_0123456789abcdef01234567",
                "entryValue" | "ipAddress" => "192.0.2.1",
                _ => NOTHING,
            });
        }
        path
    };
    let rows = operations::all().into_iter();
    let rows = rows.filter(|row| row.path.contains("{groupId}") || row.path.contains("{orgId}"));
    rows.map(|row| (fill(&row), row)).map(|(path, row)| (row, path)).collect()
}

async fn send(client: &Client, operation: &Operation, path: &str) -> Answer {
    let method = operation.method.clone();
    let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
    let request = client.request(method, path).header("content-type", "application/json");
    client.send(request, if has_body { "{}" } else { "" }).await
}

/// A credential that has one role.
async fn holder(world: &World, role: Role) -> Client {
    let org = OrgId::parse(&world.installed.org_id).unwrap();
    let grants = match role {
        Role::Org(role) => Grants { org: BTreeSet::from([role]), groups: vec![] },
        Role::Group(role) => {
            let roles = BTreeSet::from([role]);
            Grants {
                org: BTreeSet::new(),
                groups: vec![GroupGrant { group: world.group(), roles }],
            }
        }
    };
    world.account(org, grants).await
}

/// What a caller was told: allowed, forbidden, or not even that the place exists.
fn verdict(answer: &Answer) -> char {
    let code = answer.body.first().map_or(String::new(), |_| {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        body["errorCode"].as_str().unwrap_or_default().to_owned()
    });
    match (answer.status.as_u16(), code.as_str()) {
        (401, _) => panic!("the credential does not work"),
        (500.., _) => panic!("{}", answer.text()),
        (403, _) => '-',
        (404, "GROUP_NOT_FOUND" | "ORG_NOT_FOUND") => '.',
        _ => '+',
    }
}

/// The rows of the domain's table of authorization for what is in a project, or in an organization,
/// each with the least role that it asks for.
fn table(group: GroupId, org: OrgId, in_group: bool) -> Vec<(String, String)> {
    let scope = if in_group { Scope::Group { group, org } } else { Scope::Org(org) };
    let mut rows = Vec::new();
    for resource in Resource::ALL {
        for action in Action::ALL {
            let needed = format!("{:?}", peerage_core::authz::requirement(action, resource));
            if in_group || needed.starts_with("Org") {
                let row = roles().into_iter().map(|role| {
                    let mut held = Roles::default();
                    match role {
                        Role::Org(role) => held.org = Some((org, BTreeSet::from([role]))),
                        Role::Group(role) => {
                            // Whoever has a role in a project belongs to its organization.
                            held.org = Some((org, BTreeSet::new()));
                            held.groups.insert(group, BTreeSet::from([role]));
                        }
                    }
                    match held.decide(action, resource, scope) {
                        Decision::Allowed => '+',
                        Decision::Forbidden => '-',
                        Decision::Hidden => '.',
                    }
                });
                rows.push((row.collect(), needed));
            }
        }
    }
    rows
}

#[tokio::test]
async fn every_operation_asks_every_role_for_what_the_table_says() {
    let mut world = World::new().await;
    let org = OrgId::parse(&world.installed.org_id).unwrap();
    let tables = [false, true].map(|in_group| table(world.group(), org, in_group));
    let mut found = String::from(
        "What each operation tells each role, in the columns of the domain's table: + allowed,\n\
         - forbidden, . hidden (not even told whether the place exists); and the least role there\n\
         that says the same.\n\n",
    );
    let count = placed("", "").len();
    for number in 0..count {
        let mut row = String::new();
        for role in roles() {
            let place = (world.installed.project_id.clone(), world.installed.org_id.clone());
            let (operation, path) = placed(&place.0, &place.1).swap_remove(number);
            let client = holder(&world, role).await;
            let answer = send(&client, &operation, &path).await;
            row.push(verdict(&answer));
            if operation.method != Method::GET && answer.status.is_success() {
                world = World::new().await;
            }
        }
        let (operation, _) = placed("", "").swap_remove(number);
        let in_group = operation.path.contains("{groupId}");
        let least: BTreeSet<&str> = tables[usize::from(in_group)]
            .iter()
            .filter(|(known, _)| *known == row)
            .map(|(_, needed)| needed.as_str())
            .collect();
        assert!(!least.is_empty(), "{} has a row of its own: {row}", operation.id);
        let least = least.into_iter().collect::<Vec<_>>().join(" or ");
        let (org_roles, group_roles) = row.split_at(OrgRole::ALL.len());
        let _ = writeln!(found, "{:44} {org_roles}  {group_roles}  {least}", operation.id);
    }
    check_golden("operation_roles.txt", &found);
}

/// An answer without what differs between any two: the id that was asked for.
fn masked(answer: &Answer, id: &str) -> (u16, String, Vec<(String, String)>) {
    let headers = answer.headers.iter().map(|(name, value)| {
        (name.to_string(), value.to_str().unwrap_or_default().replace(id, "ID"))
    });
    let headers = headers.filter(|(name, _)| name != "x-request-id" && name != "date").collect();
    (answer.status.as_u16(), answer.text().replace(id, "ID"), headers)
}

#[tokio::test]
async fn what_is_somebody_elses_looks_as_if_it_were_not_there() {
    let counts = Counts::default();
    let world = World::counted(&counts).await;
    let stranger = world.stranger().await;
    let (group, org) = (world.installed.project_id.clone(), world.installed.org_id.clone());
    let absent = placed(NOWHERE, NOWHERE);
    for ((operation, path), (_, nowhere)) in placed(&group, &org).into_iter().zip(absent) {
        let id = if operation.path.contains("{groupId}") { &group } else { &org };
        counts.reset();
        let theirs = send(&stranger, &operation, &path).await;
        let work_for_theirs = counts.reset();
        let nothing = send(&stranger, &operation, &nowhere).await;
        let work_for_nothing = counts.reset();
        assert_eq!(masked(&theirs, id), masked(&nothing, NOWHERE), "{}", operation.id);
        assert_eq!(theirs.status.as_u16(), 404, "{}", operation.id);
        // As much work is as much time.
        assert_eq!(work_for_theirs, work_for_nothing, "{}", operation.id);
    }
}

#[tokio::test]
async fn what_is_in_another_project_looks_as_if_it_were_not_there() {
    let world = World::new().await;
    let owner = world.owner().await;
    let body = serde_json::json!({ "name": "other", "orgId": world.installed.org_id });
    let other = owner.post("/api/atlas/v2/groups", &body).await.ok(201);
    let other = other["id"].as_str().unwrap().to_owned();
    let place = serde_json::json!({ "providerName": "AWS", "regionName": "US_EAST_1",
        "atlasCidrBlock": "192.168.248.0/21" });
    let containers = format!("/api/atlas/v2/groups/{other}/containers");
    let container = owner.post(&containers, &place).await.ok(200)["id"].clone();
    let peer = serde_json::json!({ "providerName": "AWS", "containerId": container,
        "accepterRegionName": "us-east-1", "awsAccountId": "123456789012",
        "vpcId": "vpc-00000000000000001", "routeTableCidrBlock": "10.0.0.0/16" });
    let peers = format!("/api/atlas/v2/groups/{other}/peers");
    let peer = owner.post(&peers, &peer).await.ok(200)["id"].clone();
    for (below, id) in [("containers", container), ("peers", peer)] {
        let id = id.as_str().unwrap();
        for method in [Method::GET, Method::DELETE] {
            let theirs = world.in_group(&format!("/{below}/{id}"));
            let theirs = owner.call(method.clone(), &theirs).await;
            let nothing = world.in_group(&format!("/{below}/{NOTHING}"));
            let nothing = owner.call(method, &nothing).await;
            assert_eq!(masked(&theirs, id), masked(&nothing, NOTHING), "{below}");
            assert_eq!(theirs.status.as_u16(), 404, "{below}");
        }
    }
}
