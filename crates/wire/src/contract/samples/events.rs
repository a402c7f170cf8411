//! Events of each kind that says what it was done to.

use peerage_core::time::Timestamp;
use serde_json::Value;

use super::{id, json, links};
use crate::event::{Event, EventTarget, EventType, RawEvent, Severity};

/// Events by the name of their schema.
pub(super) fn all() -> Vec<(&'static str, Vec<Value>)> {
    let event_type = EventType { alertable: false, description: "d", event_type: "PEER_CREATED" };
    let peers = ["PEER_CREATED", "AZURE_PEER_ACTIVE"];
    let entry = || "10.0.0.1".to_owned();
    let key = EventTarget::ApiKey {
        target_public_key: "abcdefgh".into(),
        whitelist_entry: Some(entry()),
    };
    let one = |name, target| vec![event(name, target)];
    vec![
        ("EventTypeDetails", vec![json(event_type)]),
        ("raw", vec![json(raw())]),
        ("DefaultEventViewForNdsGroup", peers.map(|name| event(name, EventTarget::Place)).to_vec()),
        ("DefaultEventViewForOrg", one("ORG_SETTINGS_UPDATED", EventTarget::Place)),
        ("ApiUserEventViewForOrg", one("API_KEY_CREATED", key)),
        (
            "NDSAuditViewForNdsGroup",
            one(
                "NETWORK_PERMISSION_ENTRY_ADDED",
                EventTarget::AccessList { whitelist_entry: entry() },
            ),
        ),
        (
            "UserEventViewForNdsGroup",
            one("JOINED_GROUP", EventTarget::User { target_username: "a@b.c".into() }),
        ),
        ("TeamEvent", one("TEAM_CREATED", EventTarget::Team { team_id: id() })),
    ]
}

fn event(event_type_name: &str, target: EventTarget) -> Value {
    json(Event {
        api_key_id: Some(id()),
        created: Timestamp::ZERO,
        event_type_name: event_type_name.into(),
        group_id: Some(id()),
        id: id(),
        is_global_admin: false,
        links: links(),
        org_id: Some(id()),
        public_key: Some("abcdefgh".into()),
        raw: Some(raw()),
        remote_address: Some([127, 0, 0, 1].into()),
        user_id: Some(id()),
        username: Some("a@b.c".into()),
        target,
    })
}

fn raw() -> RawEvent {
    RawEvent {
        kind: "AUDIT".into(),
        created: Timestamp::ZERO,
        description: "d".into(),
        group_name: Some("demo".into()),
        id: id(),
        org_id: Some(id()),
        severity: Severity::Info,
    }
}
