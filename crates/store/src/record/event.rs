//! Events of the audit trail, at rest.

use std::collections::BTreeMap;

use peerage_core::id::{ApiKeyId, EventId, GroupId, OrgId, ServiceAccountId};
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, text};

/// One event: something was changed, by somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventRecord {
    /// Its id.
    #[serde(with = "text::display")]
    pub id: EventId,
    /// When.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
    /// The contract's `eventTypeName`.
    pub kind: String,
    /// In which organization.
    #[serde(with = "text::display")]
    pub org: OrgId,
    /// In which project.
    #[serde(default, with = "text::display_option")]
    pub group: Option<GroupId>,
    /// Who did it.
    pub actor: Actor,
    /// From where.
    #[serde(default)]
    pub remote: Option<String>,
    /// What it was done to and how, by field name.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
}

/// Who did something.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Actor {
    /// Peerage itself, after what a cloud said.
    System,
    /// An API key.
    ApiKey {
        /// Which.
        #[serde(with = "text::display")]
        id: ApiKeyId,
        /// Its public half.
        public_key: String,
    },
    /// A service account.
    ServiceAccount {
        /// Which.
        #[serde(with = "text::display")]
        id: ServiceAccountId,
    },
}

impl Record for EventRecord {
    const NOUN: &'static str = "event";
}
