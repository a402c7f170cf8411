//! A token bucket before one place of a cloud, which learns from being throttled.
//!
//! Each request takes a token; a bucket holds a second's worth. Each throttled answer halves the
//! rate, each second without one gives a tenth of the full rate back. The wait after a throttled
//! answer is full jitter over a doubling ceiling, so that callers do not come back together.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use peerage_core::reconcile::Tempo;
use tokio::time::Instant;

/// The longest wait for a token; who would wait longer is told to come back.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The waits after throttled answers.
const THROTTLED_MIN: Duration = Duration::from_millis(500);
const THROTTLED_MAX: Duration = Duration::from_secs(60);

/// Tokens for the requests to one place.
#[derive(Debug)]
pub struct Bucket {
    full_rate: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rate: f64,
    tokens: f64,
    filled: Instant,
    throttled: u32,
    dice: u64,
}

impl Bucket {
    /// A full bucket of so many requests a second, at least one. `seed` decides the jitter.
    #[must_use]
    pub fn new(requests_per_second: u32, seed: u64) -> Self {
        let full_rate = f64::from(requests_per_second.max(1));
        let state = State {
            rate: full_rate,
            tokens: full_rate,
            filled: Instant::now(),
            throttled: 0,
            dice: seed,
        };
        Self { full_rate, state: Mutex::new(state) }
    }

    /// Takes a token, after a wait if there is none.
    ///
    /// # Errors
    /// The wait would be longer than ten seconds: it is the error's value, and no token was taken.
    pub async fn take(&self) -> Result<(), Duration> {
        let wait = self.with(|state, full| {
            state.fill(full);
            let wait = Duration::from_secs_f64(((1.0 - state.tokens) / state.rate).max(0.0));
            if wait <= WAIT_MAX {
                state.tokens -= 1.0;
            }
            wait
        });
        if wait > WAIT_MAX {
            return Err(wait);
        }
        if wait > Duration::ZERO {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// The place was throttled; answers how long to leave it alone. `asked` is what it asked for.
    pub fn throttled(&self, asked: Option<Duration>) -> Duration {
        self.with(|state, full| {
            state.fill(full);
            state.rate = (state.rate / 2.0).max(full / 16.0).max(0.1);
            state.tokens = state.tokens.min(0.0);
            state.throttled = state.throttled.saturating_add(1);
            let tempo = Tempo {
                backoff_min: THROTTLED_MIN,
                backoff_max: THROTTLED_MAX,
                ..Tempo::default()
            };
            let dice = state.throw();
            tempo.backoff(state.throttled, dice).max(asked.unwrap_or_default())
        })
    }

    /// An answer came that was no throttling.
    pub fn answered(&self) {
        self.with(|state, _| state.throttled = 0);
    }

    fn with<T>(&self, act: impl FnOnce(&mut State, f64) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner), self.full_rate)
    }
}

impl State {
    fn fill(&mut self, full: f64) {
        let now = Instant::now();
        let span = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.tokens = (self.tokens + span * self.rate).min(self.rate.max(1.0));
        self.rate = (self.rate + span * full / 10.0).min(full);
    }

    fn throw(&mut self) -> u32 {
        u32::try_from(crate::dice::next(&mut self.dice) >> 32).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_a_second_passes_and_the_rest_waits() {
        let bucket = Bucket::new(5, 1);
        let start = Instant::now();
        for _ in 0..5 {
            bucket.take().await.unwrap();
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        bucket.take().await.unwrap();
        assert!(start.elapsed() >= Duration::from_millis(190), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_wait_too_long_is_sent_away() {
        let bucket = Bucket::new(1, 1);
        bucket.with(|state, _| state.tokens = -20.0);
        assert!(bucket.take().await.unwrap_err() > WAIT_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_halves_the_rate_and_time_gives_it_back() {
        let bucket = Bucket::new(16, 1);
        bucket.throttled(None);
        assert!((bucket.with(|state, _| state.rate) - 8.0).abs() < 0.01);
        tokio::time::advance(Duration::from_secs(10)).await;
        bucket.take().await.unwrap();
        assert!((bucket.with(|state, _| state.rate) - 16.0).abs() < 0.01);
    }

    #[tokio::test(start_paused = true)]
    async fn the_cloud_is_left_alone_as_long_as_it_asks() {
        let bucket = Bucket::new(1, 1);
        assert!(bucket.throttled(Some(Duration::from_secs(90))) >= Duration::from_secs(90));
    }
}
