//! Why a use case did not do what it was asked.

use std::time::Duration;

use peerage_core::error::Refusal;

/// Why a use case did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// The domain says no.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// It cannot be done now; trying again may help.
    #[error("not now: {reason}")]
    Unavailable {
        /// Why, in words that may be shown.
        reason: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// It failed, and it is our fault.
    #[error("{0}")]
    Internal(&'static str),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
