//! The errors with which an emulated cloud answers a call.

use std::time::Duration;

use peerage_core::cloud::{CallError, Certainty, Remedy};

/// It did not happen; it may work later.
pub(super) fn retry(code: &str, message: impl Into<String>) -> CallError {
    error(Certainty::Definite, Remedy::Retry { after_ms: None }, code, message)
}

/// It did not happen; it may work after that span.
pub(super) fn retry_after(code: &str, message: impl Into<String>, span: Duration) -> CallError {
    let after_ms = u64::try_from(span.as_millis()).ok();
    error(Certainty::Definite, Remedy::Retry { after_ms }, code, message)
}

/// It did not happen and never will.
pub(super) fn give_up(code: &str, message: impl Into<String>) -> CallError {
    error(Certainty::Definite, Remedy::GiveUp, code, message)
}

/// Nobody knows whether it happened.
pub(super) fn in_doubt(code: &str, message: impl Into<String>) -> CallError {
    error(Certainty::Indefinite, Remedy::Retry { after_ms: None }, code, message)
}

fn error(
    certainty: Certainty,
    remedy: Remedy,
    code: &str,
    message: impl Into<String>,
) -> CallError {
    CallError { certainty, remedy, code: code.to_owned(), message: message.into() }
}
