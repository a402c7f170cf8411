//! What EC2 and STS say when they refuse: the code, the words and the HTTP status of each. Sources:
//! the error codes in the Amazon EC2 API Reference; the words are those that its clients report.

use std::borrow::Cow;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: Cow<'static, str>,
    pub(super) message: String,
    /// The HTTP status.
    pub(super) status: u16,
}

impl Refusal {
    /// A client's mistake.
    pub(super) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400 }
    }

    /// The same with another HTTP status.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

/// A parameter that has to be there is not.
pub(super) fn missing(parameter: &str) -> Refusal {
    let words = format!("The request must contain the parameter {}", lower(parameter));
    Refusal::new("MissingParameter", words)
}

/// A parameter's value is not one that it can have.
pub(super) fn invalid(parameter: &str, value: &str, why: &str) -> Refusal {
    let parameter = lower(parameter);
    let words = format!("Value ({value}) for parameter {parameter} is invalid. {why}");
    Refusal::new("InvalidParameterValue", words)
}

/// `InvalidParameterValue` in other words.
pub(super) fn refused(words: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValue", words)
}

/// Something may not be done, by this caller or in this state.
pub(super) fn not_permitted(words: impl Into<String>) -> Refusal {
    Refusal::new("OperationNotPermitted", words)
}

/// Something else still needs it.
pub(super) fn depended_on(noun: &str, id: &str) -> Refusal {
    let words = format!("The {noun} '{id}' has dependencies and cannot be deleted.");
    Refusal::new("DependencyViolation", words)
}

/// Parameters as EC2 names them in words: `vpcId`.
fn lower(parameter: &str) -> String {
    let mut rest = parameter.chars();
    let first = rest.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}
