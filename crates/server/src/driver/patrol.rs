//! Goes round everything, settled or not, to find what others did to it in the clouds. A few
//! objects at a time, so that however many there are, the round is never felt.

use std::sync::Arc;
use std::time::Duration;

use peerage_core::reconcile::Key;
use peerage_store::Key as StoreKey;
use tokio::time::Instant;

use crate::app::App;

/// Objects that are looked at together.
const PAGE: usize = 100;

/// Between two pages of one round.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Patrol {
    app: Arc<App>,
    /// Between the end of a round and the next one.
    rest: Duration,
    /// When the next page is due.
    next: Instant,
    /// Where this round has come to.
    after: Option<StoreKey>,
}

impl Patrol {
    /// Rounds that begin now, with so much time between them.
    pub(super) fn new(app: Arc<App>, rest: Duration) -> Self {
        Self { app, rest, next: Instant::now(), after: None }
    }

    /// When there is something to do.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// The objects whose turn it is.
    pub(super) async fn page(&mut self) -> Vec<Key> {
        match self.app.objects_after(self.after.take(), PAGE).await {
            Ok((objects, after)) => {
                let pause = if after.is_some() { PAUSE } else { self.rest };
                (self.next, self.after) = (Instant::now() + pause, after);
                objects
            }
            Err(failure) => {
                tracing::warn!(?failure, "driver.round_broken_off");
                self.next = Instant::now() + self.rest;
                Vec::new()
            }
        }
    }
}
