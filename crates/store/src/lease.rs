//! Leases: their names, and the clock that ends them. The clock is handed in, so that tests and
//! the simulator move time by hand; nothing else in this crate reads a clock to decide.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::port::{Answer, ErrorKind, Invalid, StoreError};

/// The longest lease: far beyond use, and far from the end of what can be counted.
const TTL_MAX: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);
const TTL_MIN: Duration = Duration::from_millis(1);

/// The name of a lease; never used twice by one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub u64);

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What became of keeping a lease alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// It lasts this long from now on.
    Alive {
        /// How long.
        ttl: Duration,
    },
    /// It has ended.
    Ended,
}

/// What is called when a clock was moved by hand.
type OnMove = Box<dyn Fn() + Send + Sync>;

/// The clock of leases: the machine's, or one moved by hand. Clones are the same clock.
#[derive(Clone)]
pub struct LeaseClock(Arc<Source>);

enum Source {
    System { since: Instant },
    Hand(Mutex<Hand>),
}

#[derive(Default)]
struct Hand {
    now: Duration,
    on_move: Vec<std::sync::Weak<OnMove>>,
}

/// Keeps a store told of a clock moved by hand; dropping it ends that.
pub(crate) struct Moves(#[expect(dead_code, reason = "held for its drop")] Arc<OnMove>);

impl LeaseClock {
    /// The machine's clock, which no change of the date moves.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Source::System { since: Instant::now() }))
    }

    /// A clock that stands still until it is moved.
    #[must_use]
    pub fn by_hand() -> Self {
        Self(Arc::new(Source::Hand(Mutex::default())))
    }

    /// Moves a clock that is moved by hand; the machine's goes its own way.
    pub fn advance(&self, span: Duration) {
        let Source::Hand(hand) = &*self.0 else { return };
        let woken: Vec<_> = {
            let mut hand = hand.lock().unwrap_or_else(PoisonError::into_inner);
            hand.now = hand.now.saturating_add(span);
            hand.on_move.retain(|wake| wake.strong_count() > 0);
            hand.on_move.iter().filter_map(std::sync::Weak::upgrade).collect()
        };
        for wake in woken {
            wake();
        }
    }

    /// The time since the clock's own beginning.
    pub(crate) fn now(&self) -> Duration {
        match &*self.0 {
            Source::System { since } => since.elapsed(),
            Source::Hand(hand) => hand.lock().unwrap_or_else(PoisonError::into_inner).now,
        }
    }

    /// How long to wait for `deadline`; `None` for a clock that tells when it was moved.
    pub(crate) fn wait(&self, deadline: Duration) -> Option<Duration> {
        match &*self.0 {
            Source::System { since } => Some(deadline.saturating_sub(since.elapsed())),
            Source::Hand(_) => None,
        }
    }

    /// Asks to be told when the clock was moved by hand.
    pub(crate) fn on_move(&self, wake: impl Fn() + Send + Sync + 'static) -> Option<Moves> {
        let Source::Hand(hand) = &*self.0 else { return None };
        let wake: Arc<OnMove> = Arc::new(Box::new(wake));
        hand.lock().unwrap_or_else(PoisonError::into_inner).on_move.push(Arc::downgrade(&wake));
        Some(Moves(wake))
    }
}

impl Default for LeaseClock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for LeaseClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LeaseClock").field(&self.now()).finish()
    }
}

/// Refuses a length that no lease can have.
pub(crate) fn check_ttl(ttl: Duration) -> Answer<()> {
    if (TTL_MIN..=TTL_MAX).contains(&ttl) {
        return Ok(());
    }
    Err(StoreError::definite(ErrorKind::Invalid(Invalid::LeaseTtl)))
}
