//! A request as it arrived: what the pipeline may change for its own use is kept here as sent, and
//! what it learns on the way is noted here for the log.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ::http::header::HOST;
use ::http::uri::Authority;
use ::http::{HeaderName, Method, Request};
use axum::body::Body;
use peerage_core::id::GroupId;

use super::door::Place;
use crate::context::Credential;

/// The id of a request, in and out.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a client.
const REQUEST_ID_MAX: usize = 64;

/// The other end of a connection. The listener puts it into each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its address; one of IPv4 is written as such.
    pub address: SocketAddr,
    /// Whether the connection speaks TLS.
    pub is_tls: bool,
}

/// A request that the door let in.
pub(super) struct Visit {
    /// The request, as it is to be served.
    pub(super) request: Request<Body>,
    /// The same as it arrived.
    pub(super) arrival: Arc<Arrival>,
    /// Its place among those in work.
    pub(super) place: Place,
}

/// A request as it arrived.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The method as sent: what HTTP Digest signs.
    pub(super) method: Method,
    /// Path and query as sent.
    pub(super) target: String,
    /// Where the path ends in it.
    path_end: usize,
    /// Where it came from.
    pub(super) remote: IpAddr,
    /// Scheme and authority as the client wrote them.
    pub(super) base_url: String,
    /// The id under which it is logged.
    pub(super) id: String,
    /// What was learnt of it.
    pub(super) notes: Notes,
}

/// What the pipeline learns of a request.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Learnt>);

/// See [`Notes`].
#[derive(Clone, Debug, Default)]
pub(super) struct Learnt {
    /// The operation.
    pub(super) operation: Option<&'static str>,
    /// The project.
    pub(super) group: Option<GroupId>,
    /// What the caller proved itself with.
    pub(super) caller: Option<Credential>,
}

impl Arrival {
    pub(super) fn of<B>(request: &Request<B>, ids: &RequestIds) -> Self {
        let peer = request.extensions().get::<Peer>().copied();
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        Self {
            method: request.method().clone(),
            target: target.to_owned(),
            path_end: target.find('?').unwrap_or(target.len()),
            remote: peer.map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.address.ip()),
            base_url: base_url(request, peer),
            id: request_id(request).unwrap_or_else(|| ids.next()),
            notes: Notes::default(),
        }
    }

    /// The path as sent.
    pub(super) fn path(&self) -> &str {
        &self.target[..self.path_end]
    }

    /// The query as sent; empty when there is none.
    pub(super) fn query(&self) -> &str {
        self.target.get(self.path_end + 1..).unwrap_or_default()
    }
}

impl Notes {
    pub(super) fn note(&self, write: impl FnOnce(&mut Learnt)) {
        write(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn read(&self) -> Learnt {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Makes ids of requests: unlike each other in all processes. They are no secrets.
#[derive(Debug)]
pub(super) struct RequestIds {
    process: String,
    next: AtomicU64,
}

impl RequestIds {
    pub(super) fn new() -> Self {
        let process = getrandom::u64().unwrap_or_default() >> 16;
        Self { process: format!("{process:012x}"), next: AtomicU64::new(1) }
    }

    fn next(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number:06x}", self.process)
    }
}

/// The client's own id, when it is safe to log.
fn request_id<B>(request: &Request<B>) -> Option<String> {
    let text = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_sane = (1..=REQUEST_ID_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_sane.then(|| text.to_owned())
}

fn base_url<B>(request: &Request<B>, peer: Option<Peer>) -> String {
    let scheme = if peer.is_some_and(|peer| peer.is_tls) { "https" } else { "http" };
    let host = || request.headers().get(HOST)?.to_str().ok()?.parse::<Authority>().ok();
    let authority = request.uri().authority().cloned().or_else(host);
    let authority = authority.filter(|authority| !authority.as_str().contains('@'));
    [scheme, "://", authority.as_ref().map_or("localhost", Authority::as_str)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(
        build: impl FnOnce(::http::request::Builder) -> ::http::request::Builder,
    ) -> Arrival {
        let request = build(Request::builder()).body(()).unwrap();
        Arrival::of(&request, &RequestIds::new())
    }

    #[test]
    fn a_sane_id_is_taken_over_and_others_are_not() {
        let id = |text: &str| arrival(|request| request.header(REQUEST_ID, text)).id;
        assert_eq!(id("abc-1_2.3"), "abc-1_2.3");
        for bad in ["", "a b", "a\"b", "é", &"x".repeat(65)] {
            assert_ne!(id(bad), bad);
        }
        let ids = RequestIds::new();
        assert_ne!(ids.next(), ids.next());
    }

    #[test]
    fn links_begin_as_the_client_wrote_the_address() {
        let url = |host: &str| arrival(|request| request.uri("/x?y").header(HOST, host)).base_url;
        assert_eq!(url("db.example:8080"), "http://db.example:8080");
        assert_eq!(url("[::1]:80"), "http://[::1]:80");
        assert_eq!(url("user@host"), "http://localhost");
        assert_eq!(url("a b"), "http://localhost");
        assert_eq!(
            arrival(|request| request.uri("https://h2.example/x")).base_url,
            "http://h2.example"
        );
    }

    #[test]
    fn path_and_query_are_kept_as_sent() {
        let arrival = arrival(|request| request.uri("/a%2fb/?x=%20&y"));
        assert_eq!((arrival.path(), arrival.query()), ("/a%2fb/", "x=%20&y"));
    }
}
