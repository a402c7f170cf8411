//! A fabric that lies by a seed: what it was asked is done, done twice or not done, and its caller
//! is told or not.
//!
//! The same seed and the same calls in the same order give the same lies. It must not know what
//! the fabric behind it is, nor a clock: waiting is the caller's to do.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use peerage_core::cloud::{
    CallError, Certainty, Link, LinkRequest, Network, NetworkRequest, Remedy, Sighting,
};
use peerage_core::time::Timestamp;

use crate::port::Fabric;

/// The code of every error that is a lie.
pub const LIE: &str = "ConnectionLost";

/// How often a fabric lies, each out of a thousand calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRates {
    /// Calls that happen and are not told.
    pub done_untold: u32,
    /// Calls that do not happen, and it is said.
    pub undone_told: u32,
    /// Calls that do not happen and are not told.
    pub undone_untold: u32,
    /// Calls that happen twice; the second time is told.
    pub done_twice: u32,
    /// Calls that are made to wait first.
    pub delayed: u32,
    /// The longest such wait.
    pub delay_max: Duration,
}

impl FaultRates {
    /// No lies.
    pub const NONE: Self = Self {
        done_untold: 0,
        undone_told: 0,
        undone_untold: 0,
        done_twice: 0,
        delayed: 0,
        delay_max: Duration::ZERO,
    };

    /// Every kind of lie, often enough to meet each within a hundred calls.
    pub const OFTEN: Self = Self {
        done_untold: 80,
        undone_told: 80,
        undone_untold: 80,
        done_twice: 80,
        delayed: 200,
        delay_max: Duration::from_millis(20),
    };
}

/// How often each case has come up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Calls that were passed on and told.
    pub done_told: u64,
    /// Calls that happened and were not told.
    pub done_untold: u64,
    /// Calls that did not happen, and it was said.
    pub undone_told: u64,
    /// Calls that did not happen and were not told.
    pub undone_untold: u64,
    /// Calls that happened twice.
    pub done_twice: u64,
}

/// Waits for a span of the caller's own time.
pub type Delay = Box<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A fabric that lies.
pub struct FaultyFabric {
    inner: Arc<dyn Fabric>,
    state: Mutex<LiarState>,
    delay: Delay,
}

#[derive(Debug)]
struct LiarState {
    dice: u64,
    rates: FaultRates,
    counts: FaultCounts,
}

/// What is done with a call, and what is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    DoneTold,
    DoneTwice,
    DoneUntold,
    UndoneTold,
    UndoneUntold,
}

impl fmt::Debug for FaultyFabric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyFabric").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl FaultyFabric {
    /// A liar before a fabric. `delay` is called for each wait.
    #[must_use]
    pub fn new(inner: Arc<dyn Fabric>, seed: u64, rates: FaultRates, delay: Delay) -> Self {
        let state = LiarState { dice: seed, rates, counts: FaultCounts::default() };
        Self { inner, state: Mutex::new(state), delay }
    }

    /// A liar that never waits.
    #[must_use]
    pub fn without_delay(inner: Arc<dyn Fabric>, seed: u64, rates: FaultRates) -> Self {
        Self::new(inner, seed, rates, Box::new(|_| Box::pin(std::future::ready(()))))
    }

    /// Lies more or less from here on.
    pub fn set_rates(&self, rates: FaultRates) {
        self.with(|state| state.rates = rates);
    }

    /// How often each case has come up so far.
    #[must_use]
    pub fn counts(&self) -> FaultCounts {
        self.with(|state| state.counts)
    }

    /// Deals with one call. A look fails definitely: it cannot have changed anything.
    async fn deal<T, F>(&self, kind: Kind, call: impl Fn() -> F + Send) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>> + Send,
        T: Send,
    {
        let (wait, fate) = self.with(LiarState::next);
        if wait > Duration::ZERO {
            (self.delay)(wait).await;
        }
        let untold = match kind {
            Kind::Change => Certainty::Indefinite,
            Kind::Look => Certainty::Definite,
        };
        match fate {
            Fate::DoneTold => call().await,
            Fate::DoneTwice => {
                // The answer of the first time never arrives.
                let _ = call().await;
                call().await
            }
            Fate::DoneUntold => {
                let _ = call().await;
                Err(lie(untold))
            }
            Fate::UndoneTold => Err(lie(Certainty::Definite)),
            Fate::UndoneUntold => Err(lie(untold)),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut LiarState) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a call may change the cloud.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Change,
    Look,
}

impl LiarState {
    /// How long the next call waits and what becomes of it. Always the same number of throws, so
    /// that a changed rate does not change the fate of later calls.
    fn next(&mut self) -> (Duration, Fate) {
        let (late, span, lot) = (self.throw() % 1000, self.throw(), self.throw() % 1000);
        let rates = self.rates;
        let longest = u64::try_from(rates.delay_max.as_millis()).unwrap_or(u64::MAX);
        let wait = if late < u64::from(rates.delayed) && longest > 0 {
            Duration::from_millis(1 + span % longest)
        } else {
            Duration::ZERO
        };
        let counts = &mut self.counts;
        let mut bound = 0;
        let cases = [
            (rates.done_untold, Fate::DoneUntold, &mut counts.done_untold),
            (rates.undone_told, Fate::UndoneTold, &mut counts.undone_told),
            (rates.undone_untold, Fate::UndoneUntold, &mut counts.undone_untold),
            (rates.done_twice, Fate::DoneTwice, &mut counts.done_twice),
        ];
        for (rate, fate, count) in cases {
            bound += u64::from(rate);
            if lot < bound {
                *count += 1;
                return (wait, fate);
            }
        }
        counts.done_told += 1;
        (wait, Fate::DoneTold)
    }

    /// The next number of the sequence.
    fn throw(&mut self) -> u64 {
        crate::dice::next(&mut self.dice)
    }
}

fn lie(certainty: Certainty) -> CallError {
    let remedy = Remedy::Retry { after_ms: None };
    let message = "The connection was lost.".to_owned();
    CallError { certainty, remedy, code: LIE.to_owned(), message }
}

#[async_trait]
impl Fabric for FaultyFabric {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.deal(Kind::Change, || self.inner.ensure_network(request, now)).await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.deal(Kind::Look, || self.inner.observe_network(request, now)).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.deal(Kind::Change, || self.inner.remove_network(request, now)).await
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.deal(Kind::Change, || self.inner.ensure_link(request, now)).await
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.deal(Kind::Look, || self.inner.observe_link(request, now)).await
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.deal(Kind::Change, || self.inner.remove_link(request, now)).await
    }
}
