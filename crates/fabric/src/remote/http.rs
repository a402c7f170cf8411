//! One request to a cloud: sent once, bounded in time and size, and whether a missing answer leaves
//! doubt.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::RemoteOptions;

/// The largest answer that is read, in bytes.
pub const ANSWER_MAX: usize = 16 * 1024 * 1024;

const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A client for one cloud. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// There was no whole answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Unanswered {
    /// Whether the request can have arrived: `false` only when no connection was made.
    pub in_doubt: bool,
    /// What happened, without any secret.
    pub words: String,
}

/// Lets clients of TLS be made in this process: by *ring*, unless the program chose another before.
pub(crate) fn settle_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl Http {
    /// A client that follows no redirects and uses no proxy but the environment's.
    ///
    /// # Errors
    /// The extra certificates cannot be read, in words for people.
    pub fn new(options: &RemoteOptions) -> Result<Self, String> {
        settle_cryptography();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_MAX)
            .timeout(options.timeout)
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent(concat!("peerage/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = &options.extra_roots {
            for root in reqwest::Certificate::from_pem_bundle(pem).map_err(|e| words(&e))? {
                builder = builder.add_root_certificate(root);
            }
        }
        Ok(Self { client: builder.build().map_err(|error| words(&error))? })
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// [`Unanswered`] when there was no whole answer of at most [`ANSWER_MAX`] bytes.
    pub async fn send(&self, request: http::Request<Bytes>) -> Result<Reply, Unanswered> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| Unanswered { in_doubt: false, words: words(&error) })?;
        let mut response = self.client.execute(request).await.map_err(|error| Unanswered {
            in_doubt: !(error.is_connect() || error.is_builder()),
            words: words(&error),
        })?;
        let doubt = |words| Unanswered { in_doubt: true, words };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = BytesMut::new();
        while let Some(part) = response.chunk().await.map_err(|error| doubt(words(&error)))? {
            if body.len() + part.len() > ANSWER_MAX {
                return Err(doubt(format!("the answer is longer than {ANSWER_MAX} bytes")));
            }
            body.extend_from_slice(&part);
        }
        Ok(Reply { status, headers, body: body.freeze() })
    }
}

impl Reply {
    /// Whether the status is one of success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long the cloud asks to be left alone: `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
        text.trim().parse().ok().map(Duration::from_secs)
    }
}

/// The error and its causes, without the address: it may hold a token.
fn words(error: &reqwest::Error) -> String {
    let mut text = match error.url() {
        Some(url) => format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()),
        None => "the request".to_owned(),
    };
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    if error.is_timeout() {
        text.push_str(": no answer in time");
    } else if cause.is_none() {
        text.push_str(": could not be sent");
    }
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
