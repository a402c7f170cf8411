//! The Resource Manager: one request, its tokens and bounds, and its answer as JSON. Nothing is
//! sent twice, but for a request whose token was not taken: that one certainly did nothing.
//!
//! Addresses that Azure gives (next pages, operations) are followed by path and query only: no
//! token ever goes anywhere but to the configured endpoint.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Method};
use peerage_core::time::Timestamp;
use serde_json::Value;

use super::failure::Failure;
use super::resource::{RESOURCES_VERSION, segment};
use super::token::Tokens;
use crate::remote::{Bucket, Http, Meaning, Reply};

/// Pages of one list.
const PAGES_MAX: usize = 100;

/// Subscriptions with a bucket of their own; one more, and all begin anew.
const PLACES_MAX: usize = 1024;

/// The token of the other directory, where a change concerns two.
/// Source: Azure docs, "Authenticate requests across tenants".
const AUXILIARY: &str = "x-ms-authorization-auxiliary";

/// The client.
#[derive(Debug)]
pub(super) struct Arm {
    pub(super) http: Http,
    pub(super) endpoint: String,
    pub(super) tokens: Tokens,
    pub(super) requests_per_second: u32,
    pub(super) buckets: Mutex<BTreeMap<String, Arc<Bucket>>>,
    pub(super) seed: u64,
}

/// A request.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    method: Method,
    /// Path and query.
    target: String,
    /// The directory whose token it carries.
    tenant: &'a str,
    /// The other directory that it concerns.
    auxiliary: Option<&'a str>,
    etag: Option<String>,
    body: Option<Value>,
}

/// An answer of success.
#[derive(Debug)]
pub(super) struct Done {
    /// Null when there was none.
    pub(super) body: Value,
    /// Path and query of the operation that goes on.
    pub(super) operation: Option<String>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: Method, path: &str, version: &str, tenant: &'a str) -> Self {
        let target = format!("{path}?api-version={version}");
        Self { method, target, tenant, auxiliary: None, etag: None, body: None }
    }

    pub(super) fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Only if it still is what had this tag.
    pub(super) fn only_if(self, etag: Option<String>) -> Self {
        Self { etag, ..self }
    }

    /// It concerns another directory, too, if that is another one.
    pub(super) fn across(self, tenant: &'a str) -> Self {
        let auxiliary = (!tenant.eq_ignore_ascii_case(self.tenant)).then_some(tenant);
        Self { auxiliary, ..self }
    }

    pub(super) fn with(self, parameter: &str) -> Self {
        Self { target: format!("{}&{parameter}", self.target), ..self }
    }

    fn changes(&self) -> bool {
        self.method != Method::GET
    }
}

impl Arm {
    /// Makes sure that there is a token of a directory.
    pub(super) async fn enter(&self, tenant: &str, now: Timestamp) -> Result<(), Failure> {
        self.tokens.of(tenant, now).await.map(drop)
    }

    /// Sends a request.
    pub(super) async fn send(&self, ask: &Ask<'_>, now: Timestamp) -> Result<Done, Failure> {
        let sent = self.once(ask, now).await;
        let Err(failure) = &sent else { return sent };
        if !is_stale(failure) {
            return sent;
        }
        self.tokens.forget(ask.tenant);
        if let Some(tenant) = ask.auxiliary {
            self.tokens.forget(tenant);
        }
        self.once(ask, now).await
    }

    /// Every entry of a list, in all its pages.
    pub(super) async fn list(&self, ask: Ask<'_>, now: Timestamp) -> Result<Vec<Value>, Failure> {
        let (mut entries, mut ask) = (Vec::new(), ask);
        for _ in 0..PAGES_MAX {
            let mut page = self.send(&ask, now).await?.body;
            match page.get_mut("value").map(Value::take) {
                Some(Value::Array(values)) => entries.extend(values),
                _ => return Err(Failure::unreadable("a list has no values").of_a_look()),
            }
            let Some(next) = page.get("nextLink").and_then(Value::as_str) else {
                return Ok(entries);
            };
            let Some(target) = target_of(next) else {
                return Err(Failure::unreadable("a list leads nowhere").of_a_look());
            };
            ask = Ask { target, ..ask };
        }
        let words = format!("a list has more than {PAGES_MAX} pages");
        Err(Failure::unreadable(words).of_a_look())
    }

    /// What became of an operation: its error, if it failed, or why it cannot be read.
    pub(super) async fn failure_of(
        &self,
        operation: &str,
        tenant: &str,
        now: Timestamp,
    ) -> Option<Failure> {
        let ask = Ask {
            method: Method::GET,
            target: operation.to_owned(),
            tenant,
            auxiliary: None,
            etag: None,
            body: None,
        };
        let done = match self.send(&ask, now).await {
            Err(failure) if failure.is_missing() => return None,
            // Why it cannot be read is not why it failed: that refuses nothing for good.
            Err(failure) if failure.meaning == Meaning::Refused => {
                return Some(Failure { meaning: Meaning::NotNow, ..failure });
            }
            Err(failure) => return Some(failure),
            Ok(done) => done,
        };
        let error = done.body.get("error")?;
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        // Words without a code are no reason that anybody knows.
        if text("code").is_empty() {
            return None;
        }
        let meaning = super::codes::meaning(400, text("code"));
        Some(Failure::new(text("code"), text("message"), meaning))
    }

    /// The directory that a subscription belongs to. Whoever asks without a token, or with that of
    /// `tenant`, is told where to get the right one.
    pub(super) async fn tenant_of(
        &self,
        subscription: &str,
        tenant: &str,
        now: Timestamp,
    ) -> Result<Option<String>, Failure> {
        let path = format!("/subscriptions/{}", segment(subscription));
        let url = format!("{}{path}?api-version={RESOURCES_VERSION}", self.endpoint);
        let request = http::Request::get(url).body(Bytes::new());
        let request = request.map_err(|error| unsendable(&error))?;
        let reply = self.ask(&path, request).await.map_err(Failure::of_a_look)?;
        if let Some(tenant) = Failure::of_manager(&reply).tenant {
            return Ok(Some(tenant));
        }
        let ask = Ask::new(Method::GET, &path, RESOURCES_VERSION, tenant);
        match self.send(&ask, now).await {
            Ok(_) => Ok(Some(tenant.to_owned())),
            Err(failure) if failure.passes() => Err(failure),
            Err(failure) => Ok(failure.tenant),
        }
    }

    async fn once(&self, ask: &Ask<'_>, now: Timestamp) -> Result<Done, Failure> {
        let request = self.request(ask, now).await?;
        let judged = |failure: Failure| {
            if ask.changes() { failure } else { failure.of_a_look() }
        };
        let reply = self.ask(&ask.target, request).await.map_err(judged)?;
        if !reply.is_success() {
            return Err(judged(Failure::of_manager(&reply)));
        }
        let operation = reply.headers.get("azure-asyncoperation");
        let operation = operation.and_then(|url| url.to_str().ok()).and_then(target_of);
        let body = match reply.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&reply.body)
                .map_err(|error| judged(Failure::unreadable(error)))?,
        };
        Ok(Done { body, operation })
    }

    async fn request(
        &self,
        ask: &Ask<'_>,
        now: Timestamp,
    ) -> Result<http::Request<Bytes>, Failure> {
        let mut request = http::Request::builder()
            .method(ask.method.clone())
            .uri(format!("{}{}", self.endpoint, ask.target))
            .header(http::header::ACCEPT, "application/json")
            .header(http::header::AUTHORIZATION, self.bearer(ask.tenant, now).await?);
        if let Some(tenant) = ask.auxiliary {
            request = request.header(AUXILIARY, self.bearer(tenant, now).await?);
        }
        if let Some(etag) = &ask.etag {
            request = request.header(http::header::IF_MATCH, etag);
        }
        let body = match &ask.body {
            None => Bytes::new(),
            Some(body) => {
                request = request.header(http::header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
        };
        request.body(body).map_err(|error| unsendable(&error))
    }

    async fn bearer(&self, tenant: &str, now: Timestamp) -> Result<HeaderValue, Failure> {
        let token = self.tokens.of(tenant, now).await?;
        let value = HeaderValue::try_from(format!("Bearer {}", token.text));
        let mut value = value.map_err(|error| unsendable(&error.into()))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Sends a request about the subscription in `path`, when its bucket lets us.
    async fn ask(&self, path: &str, request: http::Request<Bytes>) -> Result<Reply, Failure> {
        let bucket = self.bucket(path);
        bucket.take().await.map_err(Failure::held_back)?;
        let reply = self.http.send(request).await.map_err(Failure::unanswered)?;
        if !reply.is_success() {
            let failure = Failure::of_manager(&reply);
            if failure.meaning == Meaning::Throttled {
                let wait = Some(bucket.throttled(failure.wait));
                return Err(Failure { wait, ..failure });
            }
        }
        bucket.answered();
        Ok(reply)
    }

    fn bucket(&self, path: &str) -> Arc<Bucket> {
        let place = path.split(['/', '?']).nth(2).unwrap_or_default().to_lowercase();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= PLACES_MAX && !buckets.contains_key(&place) {
            buckets.clear();
        }
        let fresh = || Arc::new(Bucket::new(self.requests_per_second, self.seed));
        buckets.entry(place).or_insert_with(fresh).clone()
    }
}

/// A token that is not good any more: another one may be.
fn is_stale(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        "ExpiredAuthenticationToken" | "InvalidAuthenticationToken" | "AuthenticationFailed"
    )
}

/// Path and query of an address that Azure gave, if it is one of a subscription.
fn target_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let target = match url.query() {
        None => url.path().to_owned(),
        Some(query) => format!("{}?{query}", url.path()),
    };
    target.to_lowercase().starts_with("/subscriptions/").then_some(target)
}

fn unsendable(error: &http::Error) -> Failure {
    Failure::new("InvalidRequest", error.to_string(), Meaning::Denied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_followed_only_within_subscriptions() {
        let next = "https://elsewhere.example/subscriptions/1/x?api-version=2&$skipToken=a%2Fb";
        let target = target_of(next).unwrap();
        assert_eq!(target, "/subscriptions/1/x?api-version=2&$skipToken=a%2Fb");
        assert_eq!(target_of("https://management.azure.com/tenants"), None);
        assert_eq!(target_of("https://management.azure.com/subscriptions/../tenants"), None);
        assert_eq!(target_of("nowhere"), None);
    }

    #[test]
    fn one_directory_needs_no_second_token() {
        let ask = || Ask::new(Method::PUT, "/p", "v", "AA");
        assert_eq!(ask().across("aa").auxiliary, None);
        assert_eq!(ask().across("bb").auxiliary, Some("bb"));
        assert_eq!(ask().with("a=b").target, "/p?api-version=v&a=b");
    }
}
