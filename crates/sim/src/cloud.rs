//! The clouds as one replica reaches them: over a wire that loses, doubles and delays, to clouds
//! that ask to come back later.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use peerage_core::cloud::{
    CallError, Certainty, Link, LinkRequest, Network, NetworkRequest, Remedy, Sighting,
};
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;

use crate::bug::Bug;
use crate::wire::Wire;

/// What was seen of a connection.
type Seen = Sighting<Link>;

/// A replica's way to the clouds.
pub struct Cloud {
    wire: Arc<Wire>,
    inner: Arc<dyn Fabric>,
}

impl Cloud {
    /// The way of one life of a replica to `inner`.
    #[must_use]
    pub fn new(wire: Arc<Wire>, inner: Arc<dyn Fabric>) -> Self {
        Self { wire, inner }
    }

    /// A call that may change the cloud, or one that only looks.
    async fn call<T, F>(
        &self,
        what: &str,
        changes: bool,
        call: impl Fn() -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let rates = self.wire.world.plan.rates;
        self.wire.cross(what).await;
        if self.wire.strikes(rates.cloud_refuses) {
            self.wire.world.count("refused calls");
            let after_ms = Some(self.wire.throw(|dice| dice.below(3_000)));
            return Err(error(Certainty::Definite, "RequestLimitExceeded", after_ms));
        }
        let doubt = if changes { Certainty::Indefinite } else { Certainty::Definite };
        if self.wire.strikes(rates.cloud_loses) {
            self.wire.world.count("lost calls");
            return Err(error(doubt, "ConnectionLost", None));
        }
        let mut answer = call().await;
        if self.wire.strikes(rates.cloud_hears_twice) {
            self.wire.world.count("doubled calls");
            self.wire.cross("a call that is heard twice").await;
            answer = call().await;
        }
        self.wire.cross("the answer of a cloud").await;
        if self.wire.strikes(rates.cloud_forgets_to_say) {
            self.wire.world.count("lost answers");
            return Err(error(doubt, "ConnectionLost", None));
        }
        answer
    }

    /// Notes what a call about a connection came to.
    fn told(
        &self,
        what: &str,
        request: &LinkRequest,
        answer: Result<Seen, CallError>,
    ) -> Result<Seen, CallError> {
        let (wire, id) = (&self.wire, request.peering);
        wire.world.note(|| {
            let seen = match &answer {
                Ok(seen) => format!("{:?}", seen.found.as_ref().map(|link| link.status)),
                Err(error) => format!("{} {:?}", error.code, error.certainty),
            };
            format!("{wire} {what} {id} try {}: {seen}", request.handshake)
        });
        if wire.world.bug != Some(Bug::OldAnswers) {
            return answer;
        }
        let current = |link| Link { handshake: request.handshake, ..link };
        answer.map(|seen| Seen { found: seen.found.map(current), ..seen })
    }
}

fn error(certainty: Certainty, code: &str, after_ms: Option<u64>) -> CallError {
    let message = "The simulated cloud is in trouble.".to_owned();
    CallError { certainty, remedy: Remedy::Retry { after_ms }, code: code.to_owned(), message }
}

#[async_trait]
impl Fabric for Cloud {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let call = || self.inner.ensure_network(request, now);
        self.call("making a network", true, call).await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let call = || self.inner.observe_network(request, now);
        self.call("looking at a network", false, call).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let call = || self.inner.remove_network(request, now);
        self.call("removing a network", true, call).await
    }

    async fn ensure_link(&self, request: &LinkRequest, now: Timestamp) -> Result<Seen, CallError> {
        let call = || self.inner.ensure_link(request, now);
        let answer = self.call("making a connection", true, call).await;
        self.told("makes", request, answer)
    }

    async fn observe_link(&self, request: &LinkRequest, now: Timestamp) -> Result<Seen, CallError> {
        let call = || self.inner.observe_link(request, now);
        let answer = self.call("looking at a connection", false, call).await;
        self.told("looks at", request, answer)
    }

    async fn remove_link(&self, request: &LinkRequest, now: Timestamp) -> Result<Seen, CallError> {
        if self.wire.world.bug == Some(Bug::BelievedRemoval) {
            return Ok(Sighting { found: None, recheck_at: None });
        }
        let call = || self.inner.remove_link(request, now);
        let answer = self.call("removing a connection", true, call).await;
        self.told("removes", request, answer)
    }
}
