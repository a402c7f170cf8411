//! The events of projects and organizations, and the kinds of them.

use core::net::IpAddr;

use peerage_core::id::{ApiKeyId, EventId, GroupId, OrgId, TeamId, UserId};
use peerage_core::time::Timestamp;
use serde::Serialize;

use crate::page::Link;
use crate::show;

/// An event as it is answered. What does not apply is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The API key that did it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::text_or_null")]
    pub api_key_id: Option<ApiKeyId>,
    /// When.
    #[serde(serialize_with = "show::date")]
    pub created: Timestamp,
    /// What, such as `PEER_CREATED`.
    pub event_type_name: String,
    /// In which project.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::text_or_null")]
    pub group_id: Option<GroupId>,
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: EventId,
    /// Whether the operator of the service did it.
    pub is_global_admin: bool,
    /// Itself.
    pub links: Vec<Link>,
    /// In which organization.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::text_or_null")]
    pub org_id: Option<OrgId>,
    /// The public half of the API key that did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// More about it, when the query asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<RawEvent>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::text_or_null")]
    pub remote_address: Option<IpAddr>,
    /// The person who did it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::text_or_null")]
    pub user_id: Option<UserId>,
    /// That person's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// What it was done to, where the kind of event says so.
    #[serde(flatten)]
    pub target: EventTarget,
}

/// What an event was done to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum EventTarget {
    /// Its place says it all.
    #[default]
    #[serde(serialize_with = "no_fields")]
    Place,
    /// An API key, or an entry of its access list.
    ApiKey {
        /// The public half of the key.
        target_public_key: String,
        /// The entry.
        #[serde(skip_serializing_if = "Option::is_none")]
        whitelist_entry: Option<String>,
    },
    /// An entry of a project's access list.
    AccessList {
        /// The entry.
        whitelist_entry: String,
    },
    /// A person.
    User {
        /// The person's address.
        target_username: String,
    },
    /// A team.
    Team {
        /// The team.
        #[serde(serialize_with = "show::text")]
        team_id: TeamId,
    },
}

fn no_fields<S: serde::Serializer>(to: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap as _;
    to.serialize_map(Some(0))?.end()
}

/// More about an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RawEvent {
    /// Its kind inside the service.
    #[serde(rename = "_t")]
    pub kind: String,
    /// When.
    #[serde(rename = "cre", serialize_with = "show::date")]
    pub created: Timestamp,
    /// What happened, in a sentence.
    pub description: String,
    /// The name of the project.
    #[serde(rename = "gn", skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: EventId,
    /// The organization.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::text_or_null")]
    pub org_id: Option<OrgId>,
    /// How much it matters.
    pub severity: Severity,
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// It is good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Something does not work.
    Error,
    /// Much does not work.
    Critical,
}

/// A kind of event as it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventType {
    /// Whether an alert can wait for it.
    pub alertable: bool,
    /// What it means.
    pub description: &'static str,
    /// Its name, such as `PEER_CREATED`.
    pub event_type: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(target: EventTarget) -> Event {
        Event {
            api_key_id: None,
            created: Timestamp::ZERO,
            event_type_name: "PEER_CREATED".into(),
            group_id: Some(GroupId::from_bytes([1; 12])),
            id: EventId::from_bytes([2; 12]),
            is_global_admin: false,
            links: vec![],
            org_id: None,
            public_key: Some("abcdefgh".into()),
            raw: None,
            remote_address: Some(IpAddr::from([127, 0, 0, 1])),
            user_id: None,
            username: None,
            target,
        }
    }

    #[test]
    fn an_event_has_only_what_applies() {
        let head = r#"{"created":"1970-01-01T00:00:00Z","eventTypeName":"PEER_CREATED","groupId":"010101010101010101010101","id":"020202020202020202020202","isGlobalAdmin":false,"links":[],"publicKey":"abcdefgh","remoteAddress":"127.0.0.1""#;
        let check = |target, tail: &str| {
            let text = serde_json::to_string(&event(target)).unwrap();
            assert_eq!(text, format!("{head}{tail}}}"));
        };
        check(EventTarget::Place, "");
        let whitelist_entry = "10.0.0.0/8".to_owned();
        check(EventTarget::AccessList { whitelist_entry }, r#","whitelistEntry":"10.0.0.0/8""#);
        let target_username = "a@b.c".to_owned();
        check(EventTarget::User { target_username }, r#","targetUsername":"a@b.c""#);
    }

    #[test]
    fn more_about_an_event_has_the_services_own_short_names() {
        let raw = RawEvent {
            kind: "PEER_AUDIT".into(),
            created: Timestamp::ZERO,
            description: "A peering was asked for.".into(),
            group_name: Some("demo".into()),
            id: EventId::from_bytes([2; 12]),
            org_id: None,
            severity: Severity::Info,
        };
        assert_eq!(
            serde_json::to_string(&raw).unwrap(),
            r#"{"_t":"PEER_AUDIT","cre":"1970-01-01T00:00:00Z","description":"A peering was asked for.","gn":"demo","id":"020202020202020202020202","severity":"INFO"}"#
        );
        let kind = EventType { alertable: false, description: "x", event_type: "PEER_CREATED" };
        assert_eq!(
            serde_json::to_string(&kind).unwrap(),
            r#"{"alertable":false,"description":"x","eventType":"PEER_CREATED"}"#
        );
    }
}
