//! Those who have no right to come in, and what they try: answers to a challenge that do not fit,
//! tokens that are none, other addresses, guesses.

mod answers;
mod guesses;
mod places;
mod secrets;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ::http::Method;
use axum::body::Body;
use peerage::http::Peer;
use peerage_core::time::Timestamp;

use crate::support::{Answer, World};

/// A time at which a test may begin.
const START_MS: i64 = 1_750_000_000_000;

/// The time of a machine, moved by hand.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    async fn world() -> (World, Self) {
        let hand = Self(Arc::new(AtomicI64::new(START_MS)));
        let shown = hand.clone();
        let show = move || Timestamp::from_millis(shown.0.load(Ordering::Relaxed));
        (World::on(show).await, hand)
    }

    fn advance_ms(&self, span_ms: i64) {
        self.0.fetch_add(span_ms, Ordering::Relaxed);
    }
}

/// A request with these credentials, from this address.
async fn from(world: &World, address: &str, credentials: &str, target: &str) -> Answer {
    let client = world.anonymous();
    let address = SocketAddr::new(address.parse().unwrap(), 1);
    let request = client.request(Method::GET, target).header("authorization", credentials);
    client.send(request.extension(Peer { address, is_tls: false }), Body::empty()).await
}

/// The header that answers a fresh challenge.
async fn signed(world: &World, (user, key): (&str, &str), target: &str) -> String {
    let challenge = world.anonymous().get(target).await;
    let challenge = challenge.header("www-authenticate");
    crate::support::digest::answer((user, key), challenge, &Method::GET, target, "00000001")
}
