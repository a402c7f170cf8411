//! What is taken, what is refused and what is answered.

use super::*;
use crate::testing::faults;

#[test]
fn a_request_has_four_fields_and_all_of_them_are_required() {
    let body = br#"{"description":"for ci","name":"ci","roles":["ORG_MEMBER"],
        "secretExpiresAfterHours":8}"#;
    let new = NewServiceAccount::<OrgRole>::read(body).unwrap();
    assert_eq!((new.name.as_str(), new.secret_hours), ("ci", 8));
    let all = ["description", "name", "roles", "secretExpiresAfterHours"];
    assert_eq!(faults(NewServiceAccount::<GroupRole>::read(b"{}")), all);
    let body = br#"{"description":"!","name":"a@b","roles":["X"],"secretExpiresAfterHours":-1}"#;
    assert_eq!(
        faults(NewServiceAccount::<GroupRole>::read(body)),
        ["description", "name", "roles[0]", "secretExpiresAfterHours"]
    );
}

#[test]
fn a_change_and_a_secret_are_read() {
    let change = ServiceAccountChange::<GroupRole>::read(br#"{"name":"x"}"#).unwrap();
    assert_eq!((change.name.as_deref(), change.roles), (Some("x"), None));
    assert_eq!(
        faults(ServiceAccountChange::<OrgRole>::read(br#"{"name":"","roles":[]}"#)),
        ["name", "roles"]
    );
    assert!(NewSecret::read(br#"{"secretExpiresAfterHours":8760}"#).is_ok());
    assert_eq!(faults(NewSecret::read(b"{}")), ["secretExpiresAfterHours"]);
    assert!(read_assignment(br#"{"roles":["GROUP_OWNER"]}"#).is_ok());
    assert_eq!(faults(read_assignment(br#"{"roles":[]}"#)), ["roles"]);
}

#[test]
fn an_answer_about_a_service_account() {
    let account = ServiceAccount {
        client_id: ServiceAccountId::from_bytes([1; 12]),
        created_at: Timestamp::ZERO,
        description: "for ci".into(),
        name: "ci".into(),
        roles: BTreeSet::from([GroupRole::Owner]),
        secrets: vec![Secret {
            created_at: Timestamp::ZERO,
            expires_at: Timestamp::ZERO,
            id: SecretId::from_bytes([2; 12]),
            last_used_at: None,
            masked_secret_value: None,
            secret: Some("mdb_sa_sk_hidden".into()),
        }],
        system_managed: false,
    };
    assert_eq!(
        serde_json::to_string(&account).unwrap(),
        r#"{"clientId":"mdb_sa_id_010101010101010101010101","createdAt":"1970-01-01T00:00:00Z","description":"for ci","name":"ci","roles":["GROUP_OWNER"],"secrets":[{"createdAt":"1970-01-01T00:00:00Z","expiresAt":"1970-01-01T00:00:00Z","id":"020202020202020202020202","secret":"mdb_sa_sk_hidden"}],"systemManaged":false}"#
    );
    assert!(!format!("{account:?}").contains("hidden"));
    let group = AccountGroup {
        group_id: GroupId::from_bytes([3; 12]),
        roles: BTreeSet::from([GroupRole::ReadOnly]),
    };
    assert_eq!(
        serde_json::to_string(&group).unwrap(),
        r#"{"groupId":"030303030303030303030303","roles":["GROUP_READ_ONLY"]}"#
    );
}
