//! Why a use case did not do what it was asked.

use std::time::Duration;

use peerage_core::error::Refusal;

/// Why a use case did not do what it was asked.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The domain says no.
    Refused(Refusal),
    /// It cannot be done now; trying again may help.
    Unavailable {
        /// Why, in words that may be shown.
        reason: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// It failed, and it is our fault.
    Internal(&'static str),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
