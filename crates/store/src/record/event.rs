//! Events of the audit trail, at rest.

use std::collections::BTreeMap;

use peerage_core::id::{ApiKeyId, EventId, GroupId, OrgId, ServiceAccountId};
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{FORMAT, Record, RecordError, text};

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
    /// What became of each object that it was done to.
    #[serde(default)]
    pub changes: Vec<ObjectChange>,
}

/// What became of one object: the fields that differ, or all of them where there was or is
/// nothing. What is secret is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectChange {
    /// Its key in the store.
    pub object: String,
    /// As it was; nothing if it was made.
    pub before: Option<Value>,
    /// As it is; nothing if it was taken away.
    pub after: Option<Value>,
}

/// Where an event stands in its trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLink {
    /// Its number, from 1.
    pub number: u64,
    /// What authenticates it and everything before it, hexadecimal.
    pub mac: String,
}

/// How far a trail goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailHeadRecord {
    /// How many events it has.
    pub count: u64,
    /// What authenticates the last of them.
    pub last: String,
    /// What authenticates that it is the last.
    pub mac: String,
}

/// An event as it is stored: what is authenticated, byte for byte, and what authenticates it.
#[derive(Clone, Copy, Debug)]
pub struct LinkedEvent<'a> {
    /// The event.
    pub body: &'a str,
    /// Its link; events of versions before the chain have none.
    pub link: Option<&'a str>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: u16,
    is: &'a RawValue,
    link: &'a EventLink,
}

#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow)]
    is: &'a RawValue,
    #[serde(borrow, default)]
    link: Option<&'a RawValue>,
}

impl EventRecord {
    /// What is authenticated of it: give this to [`EventRecord::seal`].
    ///
    /// # Errors
    /// When it cannot be written as JSON, which no event's can.
    pub fn body(&self) -> Result<Box<RawValue>, RecordError> {
        serde_json::value::to_raw_value(self)
            .map_err(|source| RecordError::Damaged { noun: Self::NOUN, source })
    }

    /// The bytes at rest of a body with its link.
    ///
    /// # Errors
    /// As [`EventRecord::body`].
    pub fn seal(body: &RawValue, link: &EventLink) -> Result<Vec<u8>, RecordError> {
        serde_json::to_vec(&Written { format: FORMAT, is: body, link })
            .map_err(|source| RecordError::Damaged { noun: Self::NOUN, source })
    }
}

impl<'a> LinkedEvent<'a> {
    /// Reads an event's bytes without losing what was authenticated.
    ///
    /// # Errors
    /// They are damaged.
    pub fn read(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let noun = EventRecord::NOUN;
        let read: Read<'a> = serde_json::from_slice(bytes)
            .map_err(|source| RecordError::Damaged { noun, source })?;
        Ok(Self { body: read.is.get(), link: read.link.map(RawValue::get) })
    }

    /// Its link; `None` if it has none that can be read.
    #[must_use]
    pub fn link(&self) -> Option<EventLink> {
        serde_json::from_str(self.link?).ok()
    }
}

impl Record for TrailHeadRecord {
    const NOUN: &'static str = "head of an audit trail";
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
