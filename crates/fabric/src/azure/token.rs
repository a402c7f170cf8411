//! Access tokens of each directory, kept until shortly before they expire.
//!
//! Source: the OAuth 2.0 client credentials flow of the Microsoft identity platform. Each directory
//! has a lock of its own: one that does not answer holds nobody else up, and a token that many wait
//! for is asked for once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use peerage_core::time::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::credential::Credential;
use super::failure::Failure;
use super::resource::segment;
use crate::remote::{Bucket, Http, Meaning};

/// How long before its end a token is given up.
const EARLY: Duration = Duration::from_secs(300);

/// Directories whose tokens are kept; one more, and all are asked for anew.
const DIRECTORIES_MAX: usize = 1024;

/// The largest file of a federated token, in bytes.
const FEDERATED_MAX: u64 = 64 * 1024;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A token; it is never shown.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: Arc<str>,
    expires: Timestamp,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(.., {:?})", self.expires)
    }
}

/// The place of one directory's token.
type Place = Arc<tokio::sync::Mutex<Option<Token>>>;

/// Where tokens come from.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) http: Http,
    pub(super) authority: String,
    pub(super) scope: String,
    pub(super) client_id: String,
    pub(super) credential: Credential,
    pub(super) bucket: Bucket,
    pub(super) kept: Mutex<BTreeMap<String, Place>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// Seconds, as a number or as text: directories have sent both.
    expires_in: serde_json::Value,
}

impl Tokens {
    /// A token of a directory.
    pub(super) async fn of(&self, tenant: &str, now: Timestamp) -> Result<Token, Failure> {
        let place = self.place(tenant);
        let mut kept = place.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| now.after(EARLY) < token.expires) {
            return Ok(token.clone());
        }
        *kept = None;
        let token = self.ask(tenant, now).await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    /// A directory's token is not taken any more.
    pub(super) fn forget(&self, tenant: &str) {
        self.places(|places| drop(places.remove(&tenant.to_lowercase())));
    }

    fn place(&self, tenant: &str) -> Place {
        self.places(|places| {
            let tenant = tenant.to_lowercase();
            if places.len() >= DIRECTORIES_MAX && !places.contains_key(&tenant) {
                places.clear();
            }
            places.entry(tenant).or_default().clone()
        })
    }

    fn places<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Place>) -> T) -> T {
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn ask(&self, tenant: &str, now: Timestamp) -> Result<Token, Failure> {
        let endpoint = format!("{}/{}/oauth2/v2.0/token", self.authority, segment(tenant));
        let (name, proof) = self.proof(&endpoint, now).await?;
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("scope", &self.scope),
            (name, &proof),
        ];
        if name == "client_assertion" {
            form.push(("client_assertion_type", ASSERTION_TYPE));
        }
        let request = http::Request::post(&endpoint)
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(http::header::ACCEPT, "application/json")
            .body(Bytes::from(encode(&form)))
            .map_err(|error| {
                Failure::new("InvalidAuthority", error.to_string(), Meaning::Denied)
            })?;
        self.bucket.take().await.map_err(Failure::held_back)?;
        let reply = self.http.send(request).await;
        let reply = reply.map_err(|lost| Failure::unanswered(lost).of_a_look())?;
        if !reply.is_success() {
            let failure = Failure::of_directory(&reply);
            if failure.meaning == Meaning::Throttled {
                let wait = Some(self.bucket.throttled(failure.wait));
                return Err(Failure { wait, ..failure });
            }
            self.bucket.answered();
            return Err(failure);
        }
        self.bucket.answered();
        granted(&reply.body, now)
    }

    /// What proves that we are the application: the name of a field, and its value.
    async fn proof(
        &self,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<(&'static str, String), Failure> {
        let unusable = |words: String| Failure::new("CredentialUnusable", words, Meaning::Denied);
        match &self.credential {
            Credential::Secret(secret) => Ok(("client_secret", secret.to_string())),
            Credential::Certificate(certificate) => {
                let signed = certificate.assertion(&self.client_id, endpoint, now);
                Ok(("client_assertion", signed.map_err(unusable)?))
            }
            Credential::FederatedToken(file) => {
                let words = |error: &dyn fmt::Display| {
                    format!("the federated token {}: {error}", file.display())
                };
                let size = tokio::fs::metadata(file).await.map(|data| data.len());
                match size {
                    Err(error) => Err(unusable(words(&error))),
                    Ok(size) if size > FEDERATED_MAX => {
                        Err(unusable(words(&format!("is longer than {FEDERATED_MAX} bytes"))))
                    }
                    Ok(_) => match tokio::fs::read_to_string(file).await {
                        Ok(text) if text.trim().is_empty() => Err(unusable(words(&"is empty"))),
                        Ok(text) => Ok(("client_assertion", text.trim().to_owned())),
                        Err(error) => Err(unusable(words(&error))),
                    },
                }
            }
        }
    }
}

/// Reads what a directory granted; its error says nothing of the answer, which may hold a token.
fn granted(body: &[u8], now: Timestamp) -> Result<Token, Failure> {
    let unreadable = || Failure::unreadable("it grants no token").of_a_look();
    let granted: Granted = serde_json::from_slice(body).map_err(|_| unreadable())?;
    let seconds = match &granted.expires_in {
        serde_json::Value::Number(number) => number.as_u64(),
        serde_json::Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let fits = http::HeaderValue::try_from(&granted.access_token).is_ok();
    match seconds {
        Some(seconds) if fits && !granted.access_token.is_empty() => {
            let expires = now.after(Duration::from_secs(seconds.min(24 * 3600)));
            Ok(Token { text: granted.access_token.into(), expires })
        }
        _ => Err(unreadable()),
    }
}

fn encode(form: &[(&str, &str)]) -> String {
    let escape = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let fields = form.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    fields.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_read_and_anything_else_is_not_shown() {
        let now = Timestamp::from_millis(1000);
        let good = [
            r#"{"token_type":"Bearer","expires_in":3599,"access_token":"secret"}"#,
            r#"{"expires_in":"3599","access_token":"secret"}"#,
        ];
        for body in good {
            let token = granted(body.as_bytes(), now).unwrap();
            assert_eq!(&*token.text, "secret");
            assert_eq!(token.expires, Timestamp::from_millis(3_600_000));
            assert!(!format!("{token:?}").contains("secret"));
        }
        let bad = [
            r#"{"access_token":"secret"}"#,
            r#"{"expires_in":3599,"access_token":""}"#,
            r#"{"expires_in":3599,"access_token":"sec\nret"}"#,
            r#"{"expires_in":-1,"access_token":"secret"}"#,
            r#""secret"#,
        ];
        for body in bad {
            let failure = granted(body.as_bytes(), now).unwrap_err();
            assert!(!format!("{failure:?}").contains("sec"), "{failure:?}");
            assert_eq!(failure.meaning, Meaning::NotNow);
        }
    }

    #[test]
    fn a_form_is_escaped() {
        assert_eq!(encode(&[("a", "b&c=d e"), ("f", "+")]), "a=b%26c%3Dd%20e&f=%2B");
    }
}
