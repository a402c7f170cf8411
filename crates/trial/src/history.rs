//! What clients asked and were answered, with times of one clock that only goes forward: the
//! input of a checker of linearizability.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is known of what became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// It was done, and this was answered.
    Done(R),
    /// It certainly was not done.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// One operation of one client.
#[derive(Clone, Debug)]
pub struct Record<O, R> {
    /// Who asked.
    pub client: usize,
    /// What.
    pub operation: O,
    /// When it was sent, from the beginning of the history.
    pub invoked: Duration,
    /// When the client knew; nothing while it never will.
    pub returned: Option<Duration>,
    /// What became of it.
    pub outcome: Outcome<R>,
}

/// Collects the records of many clients.
#[derive(Debug)]
pub struct Recorder<O, R> {
    origin: Instant,
    records: Mutex<Vec<Record<O, R>>>,
}

impl<O, R> Default for Recorder<O, R> {
    fn default() -> Self {
        Self { origin: Instant::now(), records: Mutex::default() }
    }
}

impl<O, R> Recorder<O, R> {
    /// The time, as records have it.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Notes an operation that was sent at `invoked` and has ended. One whose outcome is unknown
    /// may still happen at any time after.
    pub fn note(&self, client: usize, operation: O, invoked: Duration, outcome: Outcome<R>) {
        let returned = (!matches!(outcome, Outcome::Unknown)).then(|| self.now());
        let record = Record { client, operation, invoked, returned, outcome };
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    /// Takes everything that was noted, in the order of the invocations.
    #[must_use]
    pub fn take(&self) -> Vec<Record<O, R>> {
        let mut records =
            std::mem::take(&mut *self.records.lock().unwrap_or_else(PoisonError::into_inner));
        records.sort_by_key(|record| record.invoked);
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_has_returned() {
        let recorder = Recorder::default();
        let (late, early) = (Duration::from_secs(2), Duration::from_secs(1));
        recorder.note(1, "put", late, Outcome::<u8>::Unknown);
        recorder.note(2, "get", early, Outcome::Done(7));
        let records = recorder.take();
        assert_eq!((records[0].client, records[1].client), (2, 1));
        assert!(records[0].returned.is_some() && records[1].returned.is_none());
        assert!(recorder.take().is_empty());
    }
}
