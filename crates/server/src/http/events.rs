//! The audit trail: events of projects and organizations, and the kinds of them.

use std::sync::Arc;

use crate::app::records::{Actor, EventRecord};
use peerage_core::time::Timestamp;
use peerage_wire::event::{Event, EventTarget, EventType, RawEvent, Severity};
use peerage_wire::page::Link;

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;
use crate::app::audit::EventFilter;
use crate::app::events::kind;

/// The operations on events.
pub(super) fn operations() -> Vec<Operation> {
    table! { Media::Atlas(&["2023-01-01"]), Bucket::Other;
        "listEventTypes" GET "/api/atlas/v2/eventTypes" list_types;
        "listGroupEvents" GET "/api/atlas/v2/groups/{groupId}/events" list_of_group;
        "getGroupEvent" GET "/api/atlas/v2/groups/{groupId}/events/{eventId}" get_of_group;
        "listOrgEvents" GET "/api/atlas/v2/orgs/{orgId}/events" list_of_org;
        "getOrgEvent" GET "/api/atlas/v2/orgs/{orgId}/events/{eventId}" get_of_org;
    }
}

/// The parameters that choose events: links repeat them.
const FILTERS: &[&str] = &["eventType", "excludedEventType", "minDate", "maxDate", "includeRaw"];

async fn list_types(_app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    call.caller()?;
    call.list(kind::ALL, &[], |kind| EventType {
        alertable: false,
        description: kind.description,
        event_type: kind.name,
    })
}

async fn list_of_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    let (filter, raw) = (filter(&call)?, call.flag("includeRaw", false)?);
    call.page()?;
    let events = app.list_group_events(call.caller()?, group, &filter).await?;
    call.list(&events, FILTERS, |event| view(&call, event, raw))
}

async fn get_of_group(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, event) = (call.id("groupId")?, call.id("eventId")?);
    let raw = call.flag("includeRaw", false)?;
    let event = app.get_group_event(call.caller()?, group, event).await?;
    Reply::ok(&view(&call, &event, raw))
}

async fn list_of_org(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let org = call.id("orgId")?;
    let (filter, raw) = (filter(&call)?, call.flag("includeRaw", false)?);
    call.page()?;
    let events = app.list_org_events(call.caller()?, org, &filter).await?;
    call.list(&events, FILTERS, |event| view(&call, event, raw))
}

async fn get_of_org(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (org, event) = (call.id("orgId")?, call.id("eventId")?);
    let raw = call.flag("includeRaw", false)?;
    let event = app.get_org_event(call.caller()?, org, event).await?;
    Reply::ok(&view(&call, &event, raw))
}

fn filter(call: &Call) -> Result<EventFilter, Fault> {
    // A parameter may come several times, or hold several kinds with commas between them.
    let kinds = |name: &str| -> Vec<String> {
        let all = call.query_all(name).flat_map(|text| text.split(','));
        all.map(str::trim).filter(|kind| !kind.is_empty()).map(str::to_owned).collect()
    };
    Ok(EventFilter {
        kinds: kinds("eventType"),
        excluded: kinds("excludedEventType"),
        from: date(call, "minDate")?,
        to: date(call, "maxDate")?,
    })
}

fn date(call: &Call, name: &'static str) -> Result<Option<Timestamp>, Fault> {
    let Some(text) = call.query(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let bad = |_| Fault::QueryParameter {
        name: name.to_owned(),
        value: text.to_owned(),
        expected: "a date such as 2026-11-23T22:44:19Z",
    };
    peerage_wire::date::parse(text).map(Some).map_err(bad)
}

fn view(call: &Call, record: &EventRecord, raw: bool) -> Event {
    let EventRecord { id, created, kind, org, group, actor, remote, details, .. } = record;
    let (api_key_id, public_key) = match actor {
        Actor::ApiKey { id, public_key } => (Some(*id), Some(public_key.clone())),
        Actor::System | Actor::ServiceAccount { .. } => (None, None),
    };
    let place = match group {
        Some(group) => format!("groups/{group}"),
        None => format!("orgs/{org}"),
    };
    let own = format!("{}/api/atlas/v2/{place}/events/{id}", call.base_url);
    Event {
        api_key_id,
        created: *created,
        event_type_name: kind.clone(),
        group_id: *group,
        id: *id,
        is_global_admin: false,
        links: vec![Link::new(own, "self")],
        org_id: Some(*org),
        public_key,
        raw: raw.then(|| raw_event(record)),
        remote_address: remote.as_deref().and_then(|text| text.parse().ok()),
        user_id: None,
        username: None,
        target: target(details),
    }
}

fn target(details: &std::collections::BTreeMap<String, String>) -> EventTarget {
    let entry = details.get("whitelistEntry").cloned();
    match (details.get("targetPublicKey"), entry) {
        (Some(key), whitelist_entry) => {
            EventTarget::ApiKey { target_public_key: key.clone(), whitelist_entry }
        }
        (None, Some(whitelist_entry)) => EventTarget::AccessList { whitelist_entry },
        (None, None) => EventTarget::Place,
    }
}

fn raw_event(record: &EventRecord) -> RawEvent {
    let description = kind::find(&record.kind).map(|kind| kind.description);
    RawEvent {
        kind: record.kind.clone(),
        created: record.created,
        description: description.unwrap_or(&record.kind).to_owned(),
        group_name: None,
        id: record.id,
        org_id: Some(record.org),
        severity: Severity::Info,
    }
}
