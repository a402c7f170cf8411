//! What the drivers of real clouds share: one HTTP client with bounds on everything, a token bucket
//! before it, full jitter after it, and the common shape of their options.
//!
//! Nothing here retries: the controller does, and it knows whether the effect is in doubt. A
//! driver says for each failure whether it may have happened. Must not know any cloud.

mod bucket;
mod http;
mod meaning;

use std::time::Duration;

pub use bucket::Bucket;
#[cfg(feature = "gcp")]
pub(crate) use http::settle_cryptography;
pub use http::{ANSWER_MAX, Http, Reply, Unanswered};
pub use meaning::{Meaning, Row};

/// What is done about drift: something of ours that somebody changed behind our back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriftPolicy {
    /// It is put right, and told as an event.
    #[default]
    Repair,
    /// It is told as an event.
    Report,
}

impl DriftPolicy {
    /// A drift under this policy.
    #[must_use]
    pub fn drift(self, what: String) -> peerage_core::cloud::Drift {
        peerage_core::cloud::Drift { what, repair: self == Self::Repair }
    }
}

/// What every driver is told.
#[derive(Clone, Debug)]
pub struct RemoteOptions {
    /// The installation, written into every tag; one driver touches only its own.
    pub installation: String,
    /// What is done about drift.
    pub drift: DriftPolicy,
    /// Requests a second to one place (account and region, subscription, project) at most.
    pub requests_per_second: u32,
    /// How long one request may take.
    pub timeout: Duration,
    /// Certificates in PEM to trust beside the system's own.
    pub extra_roots: Option<Vec<u8>>,
}

impl RemoteOptions {
    /// The usual ones.
    #[must_use]
    pub fn new(installation: &str) -> Self {
        Self {
            installation: installation.to_owned(),
            drift: DriftPolicy::Repair,
            requests_per_second: 20,
            timeout: Duration::from_secs(20),
            extra_roots: None,
        }
    }
}
