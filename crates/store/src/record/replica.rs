//! What processes that share a store tell each other.

use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, text};

/// One of the processes that serve a shared store, or the owner of a shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaRecord {
    /// Its name, new in each of its lives.
    pub id: String,
}

/// A clock that was moved by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRecord {
    /// How far it is ahead of the machine's, in milliseconds.
    pub ahead_ms: u64,
    /// Where it stands, if it stands still.
    #[serde(default, with = "text::millis_option")]
    pub frozen_at: Option<Timestamp>,
}

/// Proof of a key file that does not give it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCheckRecord {
    /// A digest under the key, in hexadecimal digits.
    pub mac: String,
}

impl Record for ReplicaRecord {
    const NOUN: &'static str = "replica";
}

impl Record for ClockRecord {
    const NOUN: &'static str = "clock";
}

impl Record for KeyCheckRecord {
    const NOUN: &'static str = "key check";
}
