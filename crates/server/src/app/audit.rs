//! Reading the audit trail of a project or an organization, and proving all of them.

pub mod verify;

use std::cmp::Reverse;

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{EventId, GroupId, OrgId};
use peerage_core::time::Timestamp;
use peerage_store::record::EventRecord;
use peerage_store::{Key, ListRequest, Order, keys};

use super::change::{Stored, stored, unavailable};
use super::events::kind;
use super::{App, Failure};
use crate::context::Context;

/// The most events that one question looks through.
const SCAN_MAX: usize = 100_000;

/// Which events are asked for.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only these kinds; empty: all.
    pub kinds: Vec<String>,
    /// None of these kinds.
    pub excluded: Vec<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
}

impl EventFilter {
    fn takes(&self, event: &EventRecord) -> bool {
        is_shown(event)
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && !self.excluded.contains(&event.kind)
            && self.from.is_none_or(|from| event.created >= from)
            && self.to.is_none_or(|to| event.created <= to)
    }
}

impl App {
    /// The events of a project, newest first.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn list_group_events(
        &self,
        context: &Context,
        group: GroupId,
        filter: &EventFilter,
    ) -> Result<Vec<EventRecord>, Failure> {
        self.in_group(context, group, Action::Read, Resource::GroupEvent).await?;
        self.events_below(keys::group_events(group), filter).await
    }

    /// The events of an organization, newest first.
    ///
    /// # Errors
    /// The organization is not the caller's to see.
    pub async fn list_org_events(
        &self,
        context: &Context,
        org: OrgId,
        filter: &EventFilter,
    ) -> Result<Vec<EventRecord>, Failure> {
        self.in_org(context, org, Action::Read, Resource::OrgEvent).await?;
        self.events_below(keys::org_events(org), filter).await
    }

    /// One event of a project.
    ///
    /// # Errors
    /// No such event, or a project that is not the caller's to see.
    pub async fn get_group_event(
        &self,
        context: &Context,
        group: GroupId,
        event: EventId,
    ) -> Result<EventRecord, Failure> {
        self.in_group(context, group, Action::Read, Resource::GroupEvent).await?;
        let key = keys::group_event(group, event);
        self.shown_event(&key, event).await
    }

    /// One event of an organization.
    ///
    /// # Errors
    /// No such event, or an organization that is not the caller's to see.
    pub async fn get_org_event(
        &self,
        context: &Context,
        org: OrgId,
        event: EventId,
    ) -> Result<EventRecord, Failure> {
        self.in_org(context, org, Action::Read, Resource::OrgEvent).await?;
        let key = keys::org_event(org, event);
        self.shown_event(&key, event).await
    }

    /// Looks through every trail for what was tampered with; see [`verify::verify`].
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn verify_trails(&self, known: &verify::Known) -> Result<verify::Report, Failure> {
        let report = verify::verify(&*self.store, &self.security.chain, known, |_| ()).await;
        report.map_err(|error| unavailable(&error))
    }

    async fn shown_event(&self, key: &Key, event: EventId) -> Result<EventRecord, Failure> {
        let refusal = || Refusal::EventNotFound(event);
        let found: Stored<EventRecord> = self.read_or(key, refusal).await?;
        if is_shown(&found.value) { Ok(found.value) } else { Err(refusal().into()) }
    }

    async fn events_below(
        &self,
        prefix: Key,
        filter: &EventFilter,
    ) -> Result<Vec<EventRecord>, Failure> {
        let mut found = Vec::new();
        let mut seen = 0;
        let mut request = ListRequest { order: Order::Descending, ..ListRequest::prefix(prefix) };
        loop {
            let page =
                self.store.list(request.clone()).await.map_err(|error| unavailable(&error))?;
            for entry in &page.entries {
                let event = stored::<EventRecord>(entry)?.value;
                if filter.takes(&event) {
                    found.push(event);
                }
            }
            seen += page.entries.len();
            if !page.more || seen >= SCAN_MAX {
                // Ids of one second that several replicas made follow each other in any order.
                found.sort_by_key(|event| Reverse(event.created));
                return Ok(found);
            }
            request.after = page.entries.last().map(|entry| entry.key.clone());
            request.at = Some(page.revision);
        }
    }
}

/// Whether the contract has a name for it.
fn is_shown(event: &EventRecord) -> bool {
    kind::find(&event.kind).is_some()
}
