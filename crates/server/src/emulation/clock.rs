//! The clock of the emulated clouds where it was moved: kept in the store, so that it goes on after
//! a restart and is the same for every process.

use std::sync::Arc;
use std::time::Duration;

use peerage_core::time::Timestamp;
use peerage_store::record::{self, ClockRecord};
use peerage_store::{Entry, Revision, Store, StoreError, WatchEvent, keys};
use tokio::sync::watch;

use super::{ADVANCE_MAX, ClockChange};
use crate::app::{App, Failure, Tried};
use crate::clock::{Clock, Reading};
use crate::context::Context;

/// How often a change that lost its race is made anew.
const TRIES_MAX: usize = 16;

/// Between two tries to follow a store that cannot be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// A clock, and the place in the store that says how it was moved.
#[derive(Clone)]
pub struct SharedClock {
    clock: Clock,
    store: Arc<dyn Store>,
}

impl SharedClock {
    /// The clock of this process over a store.
    #[must_use]
    pub fn new(clock: Clock, store: Arc<dyn Store>) -> Self {
        Self { clock, store }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn read(&self) -> Reading {
        self.clock.read()
    }

    /// Shows what the store says. Answers when that was written.
    pub(super) async fn catch_up(&self) -> Result<Option<Revision>, Failure> {
        let found = self.store.get(&keys::emulated_clock()).await;
        let found = found.map_err(|error| crate::app::unavailable(&error))?;
        if let Some(entry) = &found {
            self.show(entry);
        }
        Ok(found.map(|entry| entry.modified))
    }

    /// Changes the clock for everybody; `next` is when something will happen by itself.
    pub(super) async fn change(
        &self,
        app: &App,
        context: &Context,
        change: ClockChange,
        next: Option<Timestamp>,
    ) -> Result<(), Failure> {
        for _ in 0..TRIES_MAX {
            let seen = self.catch_up().await?;
            let (before, told) = (self.clock.read(), app.clock_moves(context, change));
            self.apply(change, next);
            match app.keep_clock(told, seen, &self.record()).await {
                Ok(Tried::Done(_)) => return Ok(()),
                Ok(Tried::Lost(_)) => {}
                Err(failure) => {
                    self.clock.follow(before.ahead, before.frozen_at);
                    return Err(failure);
                }
            }
        }
        Err(Failure::Unavailable {
            reason: "too many changes of the clock at one time",
            retry_after: Duration::from_secs(1),
        })
    }

    fn apply(&self, change: ClockChange, next: Option<Timestamp>) {
        match (change, next) {
            (ClockChange::Freeze, _) => self.clock.freeze(),
            (ClockChange::Thaw, _) => self.clock.thaw(),
            (ClockChange::Advance(span), _) => self.clock.advance(span.min(ADVANCE_MAX)),
            (ClockChange::NextEvent, Some(at)) => self.clock.advance(at.since(self.clock.now())),
            (ClockChange::NextEvent, None) => {}
        }
    }

    fn record(&self) -> ClockRecord {
        let Reading { ahead, frozen_at, .. } = self.clock.read();
        let ahead_ms = u64::try_from(ahead.as_millis()).unwrap_or(u64::MAX);
        ClockRecord { ahead_ms, frozen_at }
    }

    fn show(&self, entry: &Entry) {
        match record::decode::<ClockRecord>(entry.value.as_bytes()) {
            Ok(ClockRecord { ahead_ms, frozen_at }) => {
                let before = self.clock.read();
                let ahead = Duration::from_millis(ahead_ms);
                if (before.ahead, before.frozen_at) != (ahead, frozen_at) {
                    self.clock.follow(ahead, frozen_at);
                }
            }
            Err(error) => tracing::error!(%error, "emulated.clock_unreadable"),
        }
    }

    /// Follows what other processes do to the clock until `stop` turns true.
    pub async fn follow(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                Err(error) = self.follow_once() => {
                    tracing::warn!(%error, "emulated.clock_not_followed");
                    tokio::select! {
                        biased;
                        _ = stop.changed() => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
            }
        }
    }

    async fn follow_once(&self) -> Result<(), StoreError> {
        let key = keys::emulated_clock();
        let from = self.store.revision().await?.next();
        let mut told = self.store.watch(&key, from).await?;
        if let Some(entry) = self.store.get(&key).await? {
            self.show(&entry);
        }
        loop {
            for event in told.next().await?.events {
                if let WatchEvent::Put(entry) = event {
                    self.show(&entry);
                }
            }
        }
    }
}
