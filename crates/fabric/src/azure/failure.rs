//! Why a request to Azure brought nothing, read out of whatever the Resource Manager or a directory
//! answered.

use std::time::Duration;

use peerage_core::cloud::CallError;
use serde_json::Value;

use super::codes::{NO_ANSWER, meaning};
use super::resource::is_uuid;
use crate::remote::{Meaning, Reply, Unanswered};

/// The longest message that is kept, in characters.
const MESSAGE_MAX: usize = 2000;

/// A request that brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) meaning: Meaning,
    /// How long to leave Azure alone.
    pub(super) wait: Option<Duration>,
    /// The directory that a challenge names: the one that the subscription belongs to.
    pub(super) tenant: Option<String>,
}

impl Failure {
    pub(super) fn new(code: &str, message: impl Into<String>, meaning: Meaning) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { code, message, meaning, wait: None, tenant: None }
    }

    /// There was no whole answer.
    pub(super) fn unanswered(lost: Unanswered) -> Self {
        let meaning = if lost.in_doubt { Meaning::InDoubt } else { Meaning::NotNow };
        Self::new(NO_ANSWER, lost.words, meaning)
    }

    /// An answer of success that nobody can read.
    pub(super) fn unreadable(words: impl std::fmt::Display) -> Self {
        let message = format!("the answer cannot be read: {words}");
        Self::new(NO_ANSWER, message, Meaning::InDoubt)
    }

    /// We hold ourselves back for that long.
    pub(super) fn held_back(wait: Duration) -> Self {
        let words = "too many requests of ours are waiting for this subscription";
        let failure = Self::new("TooManyRequests", words, Meaning::Throttled);
        Self { wait: Some(wait), ..failure }
    }

    /// What the Resource Manager refused.
    pub(super) fn of_manager(reply: &Reply) -> Self {
        let body = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        let error = body.get("error").unwrap_or(&body);
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let status = reply.status;
        let (code, message, meaning) = match (text("code"), text("message")) {
            ("", "") => (format!("Http{status}"), "the answer has no error", uncoded(status)),
            ("", message) => (format!("Http{status}"), message, uncoded(status)),
            (code, message) => (code.to_owned(), message, meaning(status, code)),
        };
        let tenant = challenged(reply).or_else(|| needed(&code, message));
        let failure = Self::new(&code, cut(message), meaning);
        Self { wait: reply.retry_after(), tenant, ..failure }
    }

    /// What a directory refused.
    pub(super) fn of_directory(reply: &Reply) -> Self {
        let body = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let description = text("error_description");
        let coded = description.split_once(':').filter(|(code, _)| code.starts_with("AADSTS"));
        let status = reply.status;
        let (code, message, meaning) = match (coded, text("error")) {
            (Some((code, message)), _) => (code.to_owned(), message.trim(), meaning(status, code)),
            (None, "") => (format!("Http{status}"), description, uncoded(status)),
            (None, error) => (error.to_owned(), description, meaning(status, error)),
        };
        // Trace ids and times follow: they differ each time and tell nobody anything.
        let message = message.split(" Trace ID:").next().unwrap_or_default();
        let message = message.lines().next().unwrap_or_default();
        let failure = Self::new(&code, cut(message), meaning);
        // Asking for a token changes nothing: it certainly brought none.
        let failure = Self { wait: reply.retry_after(), ..failure };
        failure.of_a_look()
    }

    /// The same of a request that changes nothing: what is lost of it leaves no doubt.
    pub(super) fn of_a_look(self) -> Self {
        let meaning = match self.meaning {
            Meaning::InDoubt => Meaning::NotNow,
            Meaning::Refused
            | Meaning::NotNow
            | Meaning::Throttled
            | Meaning::Denied
            | Meaning::Quota
            | Meaning::Missing => self.meaning,
        };
        Self { meaning, ..self }
    }

    pub(super) fn is_missing(&self) -> bool {
        self.meaning == Meaning::Missing
    }

    /// Whether it may be otherwise in a moment, with nobody doing anything about it.
    pub(super) fn passes(&self) -> bool {
        matches!(self.meaning, Meaning::NotNow | Meaning::Throttled | Meaning::InDoubt)
    }

    /// The error of a call.
    pub(super) fn error(self) -> CallError {
        self.meaning.error(&self.code, self.message, self.wait)
    }
}

/// What an answer without a code of Azure's means: something between us, as a proxy, may have said
/// it. So it neither refuses anything for good nor tells that something is not there.
fn uncoded(status: u16) -> Meaning {
    match meaning(status, "") {
        Meaning::Refused | Meaning::Missing => Meaning::InDoubt,
        other => other,
    }
}

/// The directory of `authorization_uri="https://login.windows.net/<directory>"`.
fn challenged(reply: &Reply) -> Option<String> {
    let challenge = reply.headers.get(http::header::WWW_AUTHENTICATE)?.to_str().ok()?;
    let (_, rest) = challenge.split_once("authorization_uri=\"")?;
    let (uri, _) = rest.split_once('"')?;
    let tenant = uri.trim_end_matches('/').rsplit('/').find(|part| is_uuid(part))?;
    Some(tenant.to_owned())
}

/// The directory whose token is needed: `… must match the tenant 'https://sts.windows.net/<it>/'`.
fn needed(code: &str, message: &str) -> Option<String> {
    let (_, rest) = message.split_once("must match the tenant")?;
    let is_about = code == "InvalidAuthenticationTokenTenant";
    let tenant = rest.split(['/', '\'']).find(|part| is_about && is_uuid(part))?;
    Some(tenant.to_owned())
}

fn cut(message: &str) -> String {
    message.chars().take(MESSAGE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use peerage_core::cloud::{Certainty, Remedy};
    use serde_json::json;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        let body = Bytes::from(body.to_owned());
        Reply { status, headers: HeaderMap::new(), body }
    }

    #[test]
    fn the_managers_code_and_words_are_kept_letter_by_letter() {
        let body = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' …"}}"#;
        let error = Failure::of_manager(&reply(403, body)).error();
        assert_eq!(error.code, "AuthorizationFailed");
        assert_eq!(error.message, "The client 'x' …");
        assert_eq!(error.remedy, Remedy::Retry { after_ms: Some(30_000) });
    }

    #[test]
    fn a_directorys_code_is_read_out_of_its_description() {
        let body = json!({
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: 1 \
                 Correlation ID: 2 Timestamp: 3",
            "error_codes": [7_000_215],
        });
        let failure = Failure::of_directory(&reply(401, &body.to_string()));
        assert_eq!(failure.code, "AADSTS7000215");
        assert_eq!(failure.message, "Invalid client secret provided.");
        assert_eq!(failure.meaning, Meaning::Denied);
    }

    #[test]
    fn an_answer_without_an_error_is_named_by_its_status() {
        for body in ["", "<html>", "[]", "7", "{}"] {
            assert_eq!(Failure::of_manager(&reply(502, body)).code, "Http502", "{body}");
            assert_eq!(Failure::of_manager(&reply(502, body)).meaning, Meaning::InDoubt);
            assert_eq!(Failure::of_directory(&reply(502, body)).code, "Http502", "{body}");
        }
    }

    #[test]
    fn a_refusal_without_azures_code_is_not_for_good() {
        let without = ["", "<html>not found</html>", "{}", r#"{"error":{"message":"no"}}"#];
        for status in [400, 404, 410] {
            for body in without {
                let change = Failure::of_manager(&reply(status, body));
                assert_eq!(change.meaning, Meaning::InDoubt, "{status} {body}");
                assert_eq!(change.of_a_look().meaning, Meaning::NotNow, "{status} {body}");
                let token = Failure::of_directory(&reply(status, body));
                assert_eq!(token.meaning, Meaning::NotNow, "{status} {body}");
            }
        }
        assert_eq!(Failure::of_manager(&reply(403, "")).meaning, Meaning::Denied);
        assert_eq!(Failure::of_manager(&reply(429, "")).meaning, Meaning::Throttled);
        let missing = r#"{"error":{"code":"NeverHeardOf","message":"…"}}"#;
        assert!(Failure::of_manager(&reply(404, missing)).is_missing());
    }

    #[test]
    fn only_a_change_that_was_lost_is_in_doubt() {
        let lost = Unanswered { in_doubt: true, words: "reset".to_owned() };
        let change = Failure::unanswered(lost.clone()).error();
        assert_eq!(change.certainty, Certainty::Indefinite);
        let look = Failure::unanswered(lost).of_a_look().error();
        assert_eq!(look.certainty, Certainty::Definite);
        let refused = Unanswered { in_doubt: false, words: "refused".to_owned() };
        assert_eq!(Failure::unanswered(refused).error().certainty, Certainty::Definite);
    }

    #[test]
    fn a_challenge_names_the_directory_and_nothing_else() {
        let tenant = "33333333-3333-3333-3333-333333333333";
        let check = |uri: &str, expected: Option<&str>| {
            let mut reply = reply(401, "{}");
            let header = format!("Bearer authorization_uri=\"{uri}\", error=\"invalid_token\"");
            reply.headers.insert(http::header::WWW_AUTHENTICATE, header.parse().unwrap());
            assert_eq!(Failure::of_manager(&reply).tenant.as_deref(), expected, "{uri}");
        };
        check(&format!("https://login.windows.net/{tenant}"), Some(tenant));
        check(&format!("https://login.windows.net/{tenant}/"), Some(tenant));
        check("https://login.windows.net/common", None);
        check("https://elsewhere/../../x", None);
    }

    #[test]
    fn a_wrong_token_is_told_which_one_is_right() {
        let (has, needs) =
            ["11111111-1111-1111-1111-111111111111", "33333333-3333-3333-3333-333333333333"].into();
        let words = format!(
            "The access token is from the wrong issuer 'https://sts.windows.net/{has}/'. It must \
             match the tenant 'https://sts.windows.net/{needs}/' associated with this subscription."
        );
        let body = |code: &str| json!({ "error": { "code": code, "message": words } }).to_string();
        let tenant = |code: &str| Failure::of_manager(&reply(401, &body(code))).tenant;
        assert_eq!(tenant("InvalidAuthenticationTokenTenant").as_deref(), Some(needs));
        assert_eq!(tenant("AuthenticationFailed"), None);
    }

    #[test]
    fn a_message_has_a_bound() {
        let body = format!(r#"{{"error":{{"code":"A","message":"{}"}}}}"#, "x".repeat(5000));
        assert_eq!(Failure::of_manager(&reply(400, &body)).message.len(), MESSAGE_MAX);
    }
}
