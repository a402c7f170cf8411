//! What is taken, what is refused and what is answered.

use super::*;
use crate::testing::faults;

fn target_of(text: &str) -> Target {
    Target::parse(text).unwrap()
}

#[test]
fn a_request_names_one_target_for_each_entry() {
    let body =
        br#"[{"ipAddress":"10.0.0.1","comment":"me","deleteAfterDate":"2026-08-10T03:05:16Z"},
        {"cidrBlock":"10.0.0.0/8"},{"awsSecurityGroup":"sg-0026348ec11780bd1"},
        {"ipAddress":"10.0.0.1","cidrBlock":"10.0.0.1/32","groupId":"ignored"}]"#;
    let entries = NewEntry::read_all(body).unwrap();
    let targets: Vec<_> = entries.iter().map(|entry| entry.target.as_str()).collect();
    assert_eq!(targets, ["10.0.0.1", "10.0.0.0/8", "sg-0026348ec11780bd1", "10.0.0.1"]);
    assert_eq!(entries[0].comment.as_deref(), Some("me"));
    let date = Timestamp::from_millis(1_786_331_116_000);
    assert_eq!(entries[0].delete_after, Some(date));
}

#[test]
fn every_wrong_field_of_every_entry_is_named() {
    let long = "x".repeat(81);
    let body = format!(
        r#"[{{}},{{"ipAddress":"10.0.0.0/8","comment":"{long}","deleteAfterDate":"soon"}},
        {{"ipAddress":"10.0.0.1","cidrBlock":"10.0.0.0/8"}},
        {{"awsSecurityGroup":"sg-01","cidrBlock":"10.0.0.0/8"}},7]"#
    );
    assert_eq!(
        faults(NewEntry::read_all(body.as_bytes())),
        [
            "[0].ipAddress",
            "[1].ipAddress",
            "[1].comment",
            "[1].deleteAfterDate",
            "[2].cidrBlock",
            "[3].awsSecurityGroup",
            "[4]"
        ]
    );
    assert_eq!(faults(NewEntry::read_all(b"[]")), ["body"]);
    assert!(NewEntry::read_all(b"{}").is_err());
}

#[test]
fn a_key_takes_no_security_group() {
    let body = br#"[{"awsSecurityGroup":"sg-01"}]"#;
    assert_eq!(faults(read_targets(body)), ["[0].ipAddress"]);
    let body = br#"[{"cidrBlock":"10.0.0.0/8"}]"#;
    assert_eq!(read_targets(body), Ok(vec![target_of("10.0.0.0/8")]));
}

fn check(answer: &impl Serialize, expect: &str) {
    assert_eq!(serde_json::to_string(answer).unwrap(), expect);
}

#[test]
fn an_answer_names_an_address_and_its_block() {
    let entry = |text| Entry {
        target: target_of(text),
        comment: Some("me".into()),
        delete_after: None,
        group: GroupId::from_bytes([1; 12]),
        links: vec![Link::new("/e", "self")],
    };
    check(
        &entry("10.0.0.1"),
        r#"{"cidrBlock":"10.0.0.1/32","comment":"me","groupId":"010101010101010101010101","ipAddress":"10.0.0.1","links":[{"href":"/e","rel":"self"}]}"#,
    );
    check(
        &entry("10.0.0.7/8"),
        r#"{"cidrBlock":"10.0.0.7/8","comment":"me","groupId":"010101010101010101010101","links":[{"href":"/e","rel":"self"}]}"#,
    );
    check(
        &entry("sg-01"),
        r#"{"awsSecurityGroup":"sg-01","comment":"me","groupId":"010101010101010101010101","links":[{"href":"/e","rel":"self"}]}"#,
    );
    check(&EntryStatus { status: EntryState::Active }, r#"{"STATUS":"ACTIVE"}"#);
}

#[test]
fn an_answer_about_a_credential_says_when_it_was_used() {
    check(
        &KeyEntry {
            target: target_of("fd00::1"),
            count: 2,
            created: Timestamp::ZERO,
            last_used: Some(Timestamp::ZERO),
            last_used_address: Some("fd00::1".into()),
            links: vec![],
        },
        r#"{"cidrBlock":"fd00::1/128","count":2,"created":"1970-01-01T00:00:00Z","ipAddress":"fd00::1","lastUsed":"1970-01-01T00:00:00Z","lastUsedAddress":"fd00::1","links":[]}"#,
    );
    check(
        &AccountEntry {
            target: target_of("10.0.0.0/8"),
            created: Timestamp::ZERO,
            last_used_address: None,
            last_used: None,
            request_count: 0,
        },
        r#"{"cidrBlock":"10.0.0.0/8","createdAt":"1970-01-01T00:00:00Z","requestCount":0}"#,
    );
}
