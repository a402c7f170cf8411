//! A client of HTTP/1.1 that keeps its connection, and says of each request that failed whether it
//! may have been served.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{HeaderMap, Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::digest::Exchange;

/// The longest that an answer is waited for, unless a client says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(30);

const ATLAS: &str = "application/vnd.atlas.2023-01-01+json";
const UNAUTHORIZED: u16 = 401;

/// How a client proves who it is.
#[derive(Clone)]
pub enum Auth {
    /// Not at all.
    Nobody,
    /// With an access token.
    Bearer(Arc<str>),
    /// With an API key: its public and its private half.
    Digest(Arc<str>, Arc<str>),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What `Retry-After` says.
    pub retry_after: Option<Duration>,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nothing was sent: it certainly was not served.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It was sent, or may have been, and nobody knows what became of it.
    #[error("no answer: {0}")]
    Unanswered(String),
}

/// A client.
pub struct Client {
    address: SocketAddr,
    auth: Auth,
    patience: Duration,
    exchange: Option<Exchange>,
    challenges: usize,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Answer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Whether it is a success.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The status and the body, for messages.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

impl Client {
    /// A client of the service at `address`.
    #[must_use]
    pub fn new(address: SocketAddr, auth: Auth) -> Self {
        let patience = PATIENCE;
        Self { address, auth, patience, exchange: None, challenges: 0, connection: None }
    }

    /// The same client, with what it was challenged with, of another service.
    #[must_use]
    pub fn to(self, address: SocketAddr) -> Self {
        Self { address, connection: None, ..self }
    }

    /// How often it was challenged anew.
    #[must_use]
    pub const fn challenges(&self) -> usize {
        self.challenges
    }

    /// The same, with another bound on how long an answer is waited for.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(
        &mut self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, SendError> {
        let body = body.map(|body| Bytes::from(body.to_string()));
        let (answer, challenge) = self.once(method, path, body.clone()).await?;
        let is_digest = matches!(self.auth, Auth::Digest(..));
        match challenge.as_deref().and_then(Exchange::read) {
            Some(exchange) if is_digest && answer.status == UNAUTHORIZED => {
                self.exchange = Some(exchange);
                self.challenges += 1;
                Ok(self.once(method, path, body).await?.0)
            }
            Some(_) | None => Ok(answer),
        }
    }

    /// A request that has to be answered with success; gives back the body.
    ///
    /// # Errors
    /// No answer, or another one.
    pub async fn ok(
        &mut self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let answer = self.send(method, path, body).await;
        let answer = answer.with_context(|| format!("{method} {path}"))?;
        ensure!(answer.is_success(), "{method} {path}: {}", answer.text());
        Ok(answer.json())
    }

    /// What a request without credentials is challenged with.
    ///
    /// # Errors
    /// It is not challenged.
    pub async fn challenge(&mut self, path: &str) -> anyhow::Result<String> {
        let (answer, challenge) = self.once(&Method::GET, path, None).await?;
        challenge.with_context(|| format!("{path} answered {}", answer.text()))
    }

    async fn once(
        &mut self,
        method: &Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<(Answer, Option<String>), SendError> {
        let request = self.request(method, path, body)?;
        let mut connection = match self.connection.take() {
            Some(connection) if !connection.is_closed() => connection,
            Some(_) | None => connect(self.address).await?,
        };
        // A connection takes its next request a moment after it gave its last answer, or never.
        if !matches!(timeout(self.patience, connection.ready()).await, Ok(Ok(()))) {
            connection = connect(self.address).await?;
        }
        let exchange = async {
            let answer = connection.send_request(request).await?;
            let (head, body) = answer.into_parts();
            Ok::<_, hyper::Error>((head.status.as_u16(), head.headers, body.collect().await?))
        };
        let (status, headers, body) = match timeout(self.patience, exchange).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => return Err(SendError::Unanswered(error.to_string())),
            Err(_) => return Err(SendError::Unanswered(format!("not in {:?}", self.patience))),
        };
        self.connection = Some(connection);
        let seconds = text(&headers, RETRY_AFTER.as_str()).and_then(|text| text.parse().ok());
        let retry_after = seconds.map(Duration::from_secs);
        let challenge = text(&headers, WWW_AUTHENTICATE.as_str());
        Ok((Answer { status, retry_after, body: body.to_bytes() }, challenge))
    }

    fn request(
        &mut self,
        method: &Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Request<Full<Bytes>>, SendError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.to_string())
            .header(ACCEPT, if path.starts_with("/api/atlas") { ATLAS } else { "*/*" });
        request = match (&self.auth, &mut self.exchange) {
            (Auth::Bearer(token), _) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            (Auth::Digest(user, key), Some(exchange)) => {
                let answer = exchange.answer(user, key, method.as_str(), path);
                request.header(AUTHORIZATION, answer)
            }
            (Auth::Digest(..), None) | (Auth::Nobody, _) => request,
        };
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body.unwrap_or_default()));
        request.map_err(|error| SendError::NotSent(error.to_string()))
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, SendError> {
    let stream = TcpStream::connect(address).await.map_err(not_sent)?;
    stream.set_nodelay(true).map_err(not_sent)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(not_sent)?;
    // It ends with its sender, or with the server; the sender then says so.
    tokio::spawn(connection);
    Ok(sender)
}

fn not_sent(error: impl std::fmt::Display) -> SendError {
    SendError::NotSent(error.to_string())
}

/// Gets an access token for a service account.
///
/// # Errors
/// It was not given.
pub async fn token(address: SocketAddr, id: &str, secret: &str) -> anyhow::Result<Auth> {
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    let request = Request::post("/api/oauth/token")
        .header(HOST, address.to_string())
        .header(AUTHORIZATION, format!("Basic {basic}"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from_static(b"grant_type=client_credentials")))?;
    let mut connection = connect(address).await?;
    let answer = timeout(PATIENCE, connection.send_request(request)).await??;
    let status = answer.status();
    let body = timeout(PATIENCE, answer.into_body().collect()).await??.to_bytes();
    ensure!(status.is_success(), "no token: {status}");
    let body: Value = serde_json::from_slice(&body)?;
    let token = body["access_token"].as_str().context("an answer without a token")?;
    Ok(Auth::Bearer(token.into()))
}
