//! The one clock of the server. It can be frozen and moved forward, for the emulated clouds; the
//! only place, with the driver, that reads the machine's time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use peerage_core::time::Timestamp;
use tokio::sync::watch;

/// Where a clock takes the machine's time from.
type Machine = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A shared clock; clones show the same time.
#[derive(Clone)]
pub struct Clock {
    machine: Machine,
    state: Arc<Mutex<State>>,
    moved: watch::Sender<u64>,
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock").field("state", &*self.lock()).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug)]
struct State {
    ahead: Duration,
    frozen_at: Option<Timestamp>,
}

/// What a clock shows and how it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The time.
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
    /// How far it was ahead of the machine's time when it last ran.
    pub ahead: Duration,
    /// Where it stands, if it stands still.
    pub frozen_at: Option<Timestamp>,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that shows the machine's time.
    #[must_use]
    pub fn new() -> Self {
        Self::over(machine_time)
    }

    /// A clock over a machine whose time is what `machine` says: for a world that is not real.
    #[must_use]
    pub fn over(machine: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let state = Arc::new(Mutex::new(State { ahead: Duration::ZERO, frozen_at: None }));
        Self { machine: Arc::new(machine), state, moved: watch::Sender::new(0) }
    }

    /// The time of the machine, however far ahead this clock is.
    #[must_use]
    pub fn machine(&self) -> Timestamp {
        (self.machine)()
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.read().now
    }

    /// The time and how the clock runs.
    #[must_use]
    pub fn read(&self) -> Reading {
        let state = *self.lock();
        Reading {
            now: state.frozen_at.unwrap_or_else(|| self.machine().after(state.ahead)),
            frozen: state.frozen_at.is_some(),
            ahead: state.ahead,
            frozen_at: state.frozen_at,
        }
    }

    /// Makes it stand still.
    pub fn freeze(&self) {
        let now = self.now();
        self.lock().frozen_at = Some(now);
        self.announce();
    }

    /// Lets it run again from the time that it shows.
    pub fn thaw(&self) {
        let now = self.now();
        let mut state = self.lock();
        if state.frozen_at.take().is_some() {
            state.ahead = now.since(self.machine());
        }
        drop(state);
        self.announce();
    }

    /// Moves it forward.
    pub fn advance(&self, span: Duration) {
        let mut state = self.lock();
        match &mut state.frozen_at {
            Some(at) => *at = at.after(span),
            None => state.ahead = state.ahead.saturating_add(span),
        }
        drop(state);
        self.announce();
    }

    /// Makes it show what another clock shows: so far ahead of the machine's, or standing still.
    pub fn follow(&self, ahead: Duration, frozen_at: Option<Timestamp>) {
        *self.lock() = State { ahead, frozen_at };
        self.announce();
    }

    /// Tells when the clock was moved, frozen or thawed, so that waits can be worked out anew.
    #[must_use]
    pub fn moves(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// How long to sleep until the clock shows `at`; `None` while it stands still before that.
    #[must_use]
    pub fn until(&self, at: Timestamp) -> Option<Duration> {
        let reading = self.read();
        let wait = at.since(reading.now);
        (!reading.frozen || wait.is_zero()).then_some(wait)
    }

    fn announce(&self) {
        self.moved.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of the machine, whatever the clock of the emulated clouds shows.
#[must_use]
pub fn machine_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_by_hand() {
        let clock = Clock::new();
        clock.freeze();
        let start = clock.now();
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_hours(168));
        assert_eq!(clock.now().since(start), Duration::from_hours(168));
        assert_eq!(clock.until(clock.now().after(Duration::from_secs(1))), None);
    }

    #[test]
    fn a_thawed_clock_goes_on_from_what_it_showed() {
        let clock = Clock::new();
        clock.freeze();
        clock.advance(Duration::from_hours(1));
        let shown = clock.now();
        clock.thaw();
        assert!(clock.now() >= shown);
        assert!(clock.now().since(shown) < Duration::from_mins(5));
    }
}
