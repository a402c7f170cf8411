//! How patient the controller is: every wait and every bound, in one place.

use core::time::Duration;

/// The least wait after an answer that named a time which was over: time has to pass, so that a
/// cloud which names the present does not keep one object running for ever.
const OVERDUE_MIN: Duration = Duration::from_millis(1);

/// Waits and bounds of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tempo {
    /// Between two looks at something that is under way, when the cloud names no time.
    pub poll: Duration,
    /// The first wait after a failed call; doubled with each failure in a row.
    pub backoff_min: Duration,
    /// The longest wait after a failed call.
    pub backoff_max: Duration,
    /// Objects that are worked on at one time.
    pub in_flight_max: usize,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(5),
            backoff_min: Duration::from_millis(200),
            backoff_max: Duration::from_mins(2),
            in_flight_max: 128,
        }
    }
}

impl Tempo {
    /// The wait after `failures` failures in a row (1 or more): full jitter over a doubling
    /// ceiling, so that many objects that failed together do not come back together. `dice` is
    /// any random number.
    #[must_use]
    pub fn backoff(&self, failures: u32, dice: u32) -> Duration {
        self.wait(self.backoff_min, failures, dice)
    }

    /// The wait after `times` answers in a row (1 or more) that named a time to look again which
    /// was over. One is nothing: the answer was under way for longer than what it waited for. So it
    /// begins at `OVERDUE_MIN`, and grows like the wait after a failure.
    #[must_use]
    pub fn overdue(&self, times: u32, dice: u32) -> Duration {
        self.wait(OVERDUE_MIN, times, dice).max(OVERDUE_MIN)
    }

    fn wait(&self, first: Duration, times: u32, dice: u32) -> Duration {
        let doublings = times.saturating_sub(1).min(20);
        let ceiling = first.saturating_mul(1 << doublings).min(self.backoff_max);
        let spread = ceiling.saturating_sub(first / 2);
        let share = u64::from(dice) * u64::try_from(spread.as_millis()).unwrap_or(u64::MAX >> 32);
        first / 2 + Duration::from_millis(share >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_grows_with_each_failure_and_stays_within_its_bounds() {
        let tempo = Tempo::default();
        for failures in 1..64 {
            for dice in [0, 1 << 16, u32::MAX] {
                let wait = tempo.backoff(failures, dice);
                assert!(wait >= tempo.backoff_min / 2, "{failures} {dice}");
                assert!(wait <= tempo.backoff_max, "{failures} {dice}");
                let wait = tempo.overdue(failures, dice);
                assert!(wait >= OVERDUE_MIN && wait <= tempo.backoff_max, "{failures} {dice}");
            }
        }
        assert_eq!(tempo.overdue(1, u32::MAX), OVERDUE_MIN);
        assert!(tempo.backoff(9, u32::MAX) > tempo.backoff(2, u32::MAX));
    }
}
