//! What is taken, what is refused and what is answered.

use peerage_core::id::UserId;
use peerage_core::time::Timestamp;

use super::*;
use crate::role::RoleAssignment;
use crate::testing::faults;

const ID: &str = "32b6e34b3d91647abb20e7b8";

#[test]
fn a_request_has_roles_in_the_organization_and_its_projects() {
    let body = format!(
        r#"{{"username":"a@b.c","teamIds":["{ID}"],"roles":{{"orgRoles":["ORG_MEMBER"],
        "groupRoleAssignments":[{{"groupId":"{ID}","groupRoles":["GROUP_OWNER"]}}]}}}}"#
    );
    let user = NewOrgUser::read(body.as_bytes()).unwrap();
    assert_eq!(user.roles.org, BTreeSet::from([OrgRole::Member]));
    assert_eq!((user.roles.groups.unwrap().len(), user.teams.len()), (1, 1));
    assert_eq!(faults(NewOrgUser::read(b"{}")), ["username", "roles"]);
    let body = br#"{"username":"x","teamIds":["x"],"roles":{"orgRoles":[],
        "groupRoleAssignments":[{"groupRoles":["X"]}]}}"#;
    assert_eq!(
        faults(NewOrgUser::read(body)),
        [
            "username",
            "roles.orgRoles",
            "roles.groupRoleAssignments[0].groupId",
            "roles.groupRoleAssignments[0].groupRoles[0]",
            "teamIds[0]"
        ]
    );
}

#[test]
fn changes_and_single_roles_are_read() {
    assert_eq!(OrgUserChange::read(b"{}"), Ok(OrgUserChange::default()));
    assert_eq!(faults(OrgUserChange::read(br#"{"roles":1}"#)), ["roles"]);
    let body = br#"{"username":"a@b.c","roles":["GROUP_OWNER"]}"#;
    assert!(NewGroupUser::read(body).is_ok());
    assert_eq!(faults(NewGroupUser::read(b"{}")), ["username", "roles"]);
    assert!(read_group_roles(br#"{"groupRoles":["GROUP_OWNER"]}"#).is_ok());
    assert_eq!(faults(read_group_roles(b"{}")), ["groupRoles"]);
    assert_eq!(read_group_role(br#"{"groupRole":"GROUP_OWNER"}"#), Ok(GroupRole::Owner));
    assert_eq!(faults(read_group_role(b"{}")), ["groupRole"]);
    assert_eq!(read_org_role(br#"{"orgRole":"ORG_OWNER"}"#), Ok(OrgRole::Owner));
    assert_eq!(faults(read_org_role(br#"{"orgRole":"X"}"#)), ["orgRole"]);
}

fn person() -> Person {
    Person {
        country: None,
        created_at: Timestamp::ZERO,
        first_name: "Ada".into(),
        last_auth: None,
        last_name: "L".into(),
    }
}

#[test]
fn an_answer_in_the_shape_of_2025() {
    let user = OrgUser {
        id: UserId::from_bytes([1; 12]),
        membership: Membership::Active(person()),
        roles: OrgUserRoles {
            group_role_assignments: vec![GroupRoleAssignment {
                group_id: GroupId::from_bytes([2; 12]),
                group_roles: BTreeSet::from([GroupRole::Owner]),
            }],
            org_roles: BTreeSet::from([OrgRole::Member]),
        },
        team_ids: vec![TeamId::from_bytes([3; 12])],
        username: "a@b.c".into(),
    };
    assert_eq!(
        serde_json::to_string(&user).unwrap(),
        r#"{"id":"010101010101010101010101","orgMembershipStatus":"ACTIVE","createdAt":"1970-01-01T00:00:00Z","firstName":"Ada","lastName":"L","roles":{"groupRoleAssignments":[{"groupId":"020202020202020202020202","groupRoles":["GROUP_OWNER"]}],"orgRoles":["ORG_MEMBER"]},"teamIds":["030303030303030303030303"],"username":"a@b.c"}"#
    );
    let user = GroupUser {
        id: UserId::from_bytes([1; 12]),
        membership: Membership::Pending {
            invitation_created_at: Timestamp::ZERO,
            invitation_expires_at: Timestamp::ZERO,
            inviter_username: "i@b.c".into(),
        },
        roles: BTreeSet::from([GroupRole::ReadOnly]),
        username: "a@b.c".into(),
    };
    assert_eq!(
        serde_json::to_string(&user).unwrap(),
        r#"{"id":"010101010101010101010101","orgMembershipStatus":"PENDING","invitationCreatedAt":"1970-01-01T00:00:00Z","invitationExpiresAt":"1970-01-01T00:00:00Z","inviterUsername":"i@b.c","roles":["GROUP_READ_ONLY"],"username":"a@b.c"}"#
    );
}

#[test]
fn an_answer_in_the_shape_of_2023() {
    let user = AppUser {
        person: person(),
        email_address: "a@b.c".into(),
        id: UserId::from_bytes([1; 12]),
        links: vec![],
        mobile_number: String::new(),
        roles: vec![RoleAssignment::Group {
            group_id: GroupId::from_bytes([2; 12]),
            role_name: GroupRole::Owner,
        }],
        team_ids: vec![],
        username: "a@b.c".into(),
    };
    assert_eq!(
        serde_json::to_string(&user).unwrap(),
        r#"{"createdAt":"1970-01-01T00:00:00Z","firstName":"Ada","lastName":"L","emailAddress":"a@b.c","id":"010101010101010101010101","links":[],"mobileNumber":"","roles":[{"groupId":"020202020202020202020202","roleName":"GROUP_OWNER"}],"teamIds":[],"username":"a@b.c"}"#
    );
    let roles = UserGroupRoles { group_roles: BTreeSet::from([GroupRole::Owner]), links: vec![] };
    assert_eq!(
        serde_json::to_string(&roles).unwrap(),
        r#"{"groupRoles":["GROUP_OWNER"],"links":[]}"#
    );
}
