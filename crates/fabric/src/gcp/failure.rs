//! Why a request of the driver did not do what it was to: read off the official client's error or
//! off the end of an operation. Must not know what was asked; only whether it was to change
//! something.

use std::time::Duration;

use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::{Code, StatusDetails};
use peerage_core::cloud::CallError;

use super::codes;
use crate::remote::Meaning;

/// Our code where the cloud gave none: no answer came, or one that cannot be read.
pub(super) const NO_ANSWER: &str = "NoAnswer";

/// Our code where no connection was made.
const UNREACHABLE: &str = "Unreachable";

/// The longest text of a cloud that is passed on, in characters.
const WORDS_MAX: usize = 2_000;

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To see something: a failure changed nothing.
    Look,
    /// To change something: without an answer it may have.
    Change,
}

/// One failure, in the cloud's code and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) meaning: Meaning,
    pub(super) code: String,
    pub(super) words: String,
    /// How long the cloud is to be left alone, where that is known.
    pub(super) wait: Option<Duration>,
}

impl Failure {
    pub(super) fn new(meaning: Meaning, code: &str, words: impl Into<String>) -> Self {
        let words: String = words.into();
        let words = words.chars().take(WORDS_MAX).collect();
        Self { meaning, code: code.to_owned(), words, wait: None }
    }

    /// How an operation ended. It has ended, so nothing about it is in doubt.
    pub(super) fn of_operation(status: u16, code: &str, words: &str) -> Self {
        let known = codes::meaning(code, words).unwrap_or_else(|| Self::by_status(status));
        let meaning = if known == Meaning::InDoubt { Meaning::NotNow } else { known };
        Self::new(meaning, code, words)
    }

    /// What an error of the official client means.
    pub(super) fn of_request(error: &Error, purpose: Purpose) -> Self {
        let status = error.http_status_code();
        let failure = match (error.status(), status) {
            (Some(answer), _) => {
                let code = reason(&answer.details).unwrap_or_else(|| match answer.code {
                    Code::Unknown => format!("HTTP {}", status.unwrap_or(0)),
                    code => code.name().to_owned(),
                });
                let known = codes::meaning(&code, &answer.message);
                let by_status = Self::by_status(status.unwrap_or(0));
                // Whatever its code says: a cloud that failed inside may have done it.
                let inside = by_status == Meaning::InDoubt;
                let meaning = if inside { by_status } else { known.unwrap_or(by_status) };
                Self::new(meaning, &code, answer.message.clone())
            }
            (None, Some(status)) => {
                let meaning = match Self::by_status(status) {
                    // Without the cloud's own words something between us may have said it.
                    Meaning::Refused | Meaning::Missing => Meaning::NotNow,
                    other => other,
                };
                Self::new(meaning, &format!("HTTP {status}"), "An answer without an error's body.")
            }
            (None, None) => Self::unanswered(error),
        };
        failure.seen_from(purpose)
    }

    fn unanswered(error: &Error) -> Self {
        let words = chain(error);
        if error.is_connect() {
            return Self::new(Meaning::NotNow, UNREACHABLE, words);
        }
        if error.is_authentication() {
            return Self::new(Meaning::Denied, Code::Unauthenticated.name(), words);
        }
        if error.is_serialization() || error.is_binding() {
            return Self::new(Meaning::Refused, Code::InvalidArgument.name(), words);
        }
        Self::new(Meaning::InDoubt, NO_ANSWER, words)
    }

    fn by_status(status: u16) -> Meaning {
        match status {
            401 | 403 => Meaning::Denied,
            404 => Meaning::Missing,
            408 | 409 | 412 | 425 => Meaning::NotNow,
            429 => Meaning::Throttled,
            400..=499 => Meaning::Refused,
            500..=599 => Meaning::InDoubt,
            _ => Meaning::NotNow,
        }
    }

    /// A look leaves no doubt.
    pub(super) fn seen_from(self, purpose: Purpose) -> Self {
        match (purpose, self.meaning) {
            (Purpose::Look, Meaning::InDoubt) => Self { meaning: Meaning::NotNow, ..self },
            (Purpose::Look | Purpose::Change, _) => self,
        }
    }
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        let Failure { meaning, code, words, wait } = failure;
        meaning.error(&code, words, wait)
    }
}

/// The reason that Compute Engine gives beside its words: `badRequest`, `RATE_LIMIT_EXCEEDED`.
fn reason(details: &[StatusDetails]) -> Option<String> {
    details.iter().find_map(|detail| match detail {
        StatusDetails::ErrorInfo(info) if !info.reason.is_empty() => Some(info.reason.clone()),
        _ => None,
    })
}

/// The error and its causes in one line. None of them holds an address with a token in it: tokens
/// go in headers.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use google_cloud_gax::error::rpc::Status;
    use peerage_core::cloud::{Certainty, Remedy};

    use super::*;
    use crate::rules::gcp::BUSY;

    fn answered(status: u16, body: &str) -> Error {
        let body = bytes::Bytes::copy_from_slice(body.as_bytes());
        match Status::try_from(&body) {
            Ok(words) => Error::service_with_http_metadata(words, Some(status), None),
            Err(_) => Error::http(status, http::HeaderMap::new(), body),
        }
    }

    fn compute(code: u16, reason: &str, message: &str) -> Error {
        let errors = serde_json::json!([
            {"message": message, "domain": "global", "reason": reason}
        ]);
        let body = serde_json::json!({
            "error": {"code": code, "message": message, "errors": errors}
        });
        answered(code, &body.to_string())
    }

    #[test]
    fn a_busy_network_is_not_now_in_the_clouds_code_and_words() {
        let failure = Failure::of_request(&compute(400, "badRequest", BUSY), Purpose::Change);
        assert_eq!(failure, Failure::new(Meaning::NotNow, "badRequest", BUSY));
    }

    #[test]
    fn a_denial_names_the_permission() {
        let words = "Required 'compute.networks.addPeering' permission for 'projects/p/global/n'";
        let failure = Failure::of_request(&compute(403, "forbidden", words), Purpose::Change);
        let error = CallError::from(failure);
        assert!(error.message.contains("compute.networks.addPeering"), "{error}");
        assert_eq!(error.code, "forbidden");
        assert!(matches!(error.remedy, Remedy::Retry { after_ms: Some(_) }), "{error:?}");
    }

    #[test]
    fn only_a_change_can_be_in_doubt() {
        let broken = answered(503, "<html>busy</html>");
        let changed = CallError::from(Failure::of_request(&broken, Purpose::Change));
        assert_eq!(changed.certainty, Certainty::Indefinite);
        let looked = CallError::from(Failure::of_request(&broken, Purpose::Look));
        assert_eq!(looked.certainty, Certainty::Definite);
        let cut = Error::io(std::io::Error::other("cut"));
        let failure = Failure::of_request(&cut, Purpose::Change);
        assert_eq!((failure.meaning, failure.code.as_str()), (Meaning::InDoubt, NO_ANSWER));
        let unread = Error::deser(std::io::Error::other("half"));
        assert_eq!(Failure::of_request(&unread, Purpose::Change).meaning, Meaning::InDoubt);
    }

    #[test]
    fn what_was_never_sent_did_not_happen() {
        let refused = Error::connect(std::io::Error::other("refused"));
        let error = CallError::from(Failure::of_request(&refused, Purpose::Change));
        assert_eq!(error.certainty, Certainty::Definite);
    }

    #[test]
    fn a_cloud_that_fails_inside_may_have_done_it() {
        let failure = Failure::of_request(&compute(503, "backendError", "Try."), Purpose::Change);
        assert_eq!(failure.meaning, Meaning::InDoubt);
        let failure = Failure::of_request(&compute(500, "notFound", "Odd."), Purpose::Change);
        assert_eq!(failure.meaning, Meaning::InDoubt);
    }

    #[test]
    fn a_refusal_without_the_clouds_words_is_not_for_good() {
        let failure = Failure::of_request(&answered(404, "<html>"), Purpose::Look);
        assert_eq!(failure.meaning, Meaning::NotNow);
        assert_eq!(
            Failure::of_request(&answered(429, ""), Purpose::Look).meaning,
            Meaning::Throttled
        );
    }

    #[test]
    fn an_operation_that_has_ended_leaves_no_doubt() {
        assert_eq!(Failure::of_operation(500, "INTERNAL_ERROR", "Sorry.").meaning, Meaning::NotNow);
        assert_eq!(Failure::of_operation(400, "NEVER_SEEN", "No.").meaning, Meaning::Refused);
        let full = Failure::of_operation(403, "QUOTA_EXCEEDED", "Quota 'NETWORKS' exceeded.");
        assert_eq!(full.meaning, Meaning::Quota);
    }
}
