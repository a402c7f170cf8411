//! Events in the document.

use serde_json::{Value, json};

use super::details::{Details, list, read};
use super::shape::{Named, answer, any_text, boolean, date, links, one_of, page, reference};
use super::text::address;
use crate::app::events::kind;

const FILTERS_OF_GROUP: &[&str] =
    &["eventType", "excludedEventType", "minDate", "maxDate", "includeRaw"];

/// The details of an operation on events.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "listEventTypes" => list("List the kinds of events", &["EventTypes"]),
        "listGroupEvents" => {
            list("List the events of a project", &["Events"]).query(FILTERS_OF_GROUP)
        }
        "listOrgEvents" => {
            list("List the events of an organization", &["Events"]).query(FILTERS_OF_GROUP)
        }
        "getGroupEvent" => read("Show an event of a project", &["Event"]).query(&["includeRaw"]),
        "getOrgEvent" => {
            read("Show an event of an organization", &["Event"]).query(&["includeRaw"])
        }
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    let names: Vec<&str> = kind::ALL.iter().map(|kind| kind.name).collect();
    let event_type = json!({
        "alertable": boolean("Whether an alert can wait for it."),
        "description": any_text("What it tells."),
        "eventType": reference("EventTypeName"),
    });
    vec![
        ("EventTypeName", one_of("A kind of event.", &names)),
        ("EventType", answer(&[], event_type)),
        ("EventTypes", page("EventType")),
        ("Event", event()),
        ("Events", page("Event")),
        ("RawEvent", raw_event()),
    ]
}

fn event() -> Value {
    let properties = json!({
        "apiKeyId": reference("Id"),
        "created": date("When."),
        "eventTypeName": reference("EventTypeName"),
        "groupId": reference("Id"),
        "id": reference("Id"),
        "isGlobalAdmin": boolean("Whether the operator of the service did it."),
        "links": links(),
        "orgId": reference("Id"),
        "publicKey": any_text("The public half of the API key that did it."),
        "raw": reference("RawEvent"),
        "remoteAddress": address("From where."),
        "targetPublicKey": any_text("The public half of the API key that it was done to."),
        "whitelistEntry": any_text("The entry of an access list that it was done to."),
    });
    let optional = [
        "apiKeyId",
        "groupId",
        "publicKey",
        "raw",
        "remoteAddress",
        "targetPublicKey",
        "whitelistEntry",
    ];
    answer(&optional, properties)
}

fn raw_event() -> Value {
    let properties = json!({
        "_t": reference("EventTypeName"),
        "cre": date("When."),
        "description": any_text("What happened, in a sentence."),
        "gn": any_text("The name of the project."),
        "id": reference("Id"),
        "orgId": reference("Id"),
        "severity": one_of("How much it matters.", &["INFO", "WARNING", "ERROR", "CRITICAL"]),
    });
    answer(&["gn", "orgId"], properties)
}
