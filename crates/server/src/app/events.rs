//! The audit trail: every change leaves an event in its own transaction, linked to the one before.

mod chain;
mod difference;
pub mod kind;

use std::collections::BTreeMap;

use peerage_core::id::{GroupId, OrgId};
use peerage_store::record::{Actor, EventRecord, ObjectChange};
use peerage_store::{Key, keys};

use self::kind::Kind;
use super::App;
use super::change::Change;
use crate::context::{Context, Credential};

/// An event that is about to be written.
#[derive(Clone, Debug)]
pub(crate) struct News {
    kind: Kind,
    org: OrgId,
    group: Option<GroupId>,
    details: BTreeMap<String, String>,
    changes: Vec<ObjectChange>,
}

impl News {
    /// Something happened in a project.
    pub(crate) fn in_group(kind: Kind, org: OrgId, group: GroupId) -> Self {
        Self { kind, org, group: Some(group), details: BTreeMap::new(), changes: Vec::new() }
    }

    /// Something happened in an organization.
    pub(crate) fn in_org(kind: Kind, org: OrgId) -> Self {
        Self { kind, org, group: None, details: BTreeMap::new(), changes: Vec::new() }
    }

    /// What it was done to, or how.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.details.insert(name.to_owned(), value.to_string());
        self
    }

    /// What becomes of an object that the change itself does not write.
    #[must_use]
    pub(crate) fn changing(mut self, change: ObjectChange) -> Self {
        self.changes.extend(difference::between(change));
        self
    }
}

impl App {
    /// Puts an event into a change, as done by the caller; by Peerage itself without one.
    pub(crate) fn record(&self, change: &mut Change, context: Option<&Context>, news: News) {
        let now = self.clock.now();
        let News { kind, org, group, details, changes } = news;
        let event = EventRecord {
            id: self.randomness.id(now),
            created: now,
            kind: kind.name.to_owned(),
            org,
            group,
            actor: context.map_or(Actor::System, actor),
            remote: context.map(|context| context.remote.to_string()),
            details,
            changes,
        };
        change.events.push(event);
    }
}

/// Where an event is kept.
pub(super) fn place(event: &EventRecord) -> Key {
    match event.group {
        Some(group) => keys::group_event(group, event.id),
        None => keys::org_event(event.org, event.id),
    }
}

fn actor(context: &Context) -> Actor {
    match &context.caller.credential {
        Credential::ApiKey { id, public_key } => {
            Actor::ApiKey { id: *id, public_key: public_key.clone() }
        }
        Credential::ServiceAccount { id } => Actor::ServiceAccount { id: *id },
    }
}
