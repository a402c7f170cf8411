//! What other processes leave to be done in a store that is shared. A rumour is for latency: what
//! is missed, the sweep finds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use peerage_core::reconcile::Key;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::app::App;

/// How many of our own writes are remembered, so that we do not take them for news.
const OURS_MAX: usize = 1024;

/// Rumours that may wait for the driver; more wait in the store's history.
const WAITING_MAX: usize = 1024;

/// Between two tries to listen to a store that cannot be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// What was heard.
pub(super) enum Rumour {
    /// Listening began: what happened before was missed.
    Missed,
    /// A transaction of this revision left these objects to be done.
    Left(u64, Vec<Key>),
}

pub(super) struct Rumours {
    heard: mpsc::Receiver<Rumour>,
    ours: VecDeque<u64>,
}

impl Rumours {
    /// Listens from here on, in a task that ends with this.
    pub(super) fn of(app: Arc<App>) -> Self {
        let (tell, heard) = mpsc::channel(WAITING_MAX);
        tokio::spawn(listen(app, tell));
        Self { heard, ours: VecDeque::new() }
    }

    /// Nobody else is there to be heard.
    pub(super) fn none() -> Self {
        Self { heard: mpsc::channel(1).1, ours: VecDeque::new() }
    }

    /// Remembers a write of our own by its revision.
    pub(super) fn is_ours(&mut self, revision: u64) {
        if self.ours.len() == OURS_MAX {
            self.ours.pop_front();
        }
        self.ours.push_back(revision);
    }

    /// The objects that the next transaction of somebody else left to be done; `None` when some
    /// may have been missed. Waits for ever where nobody else is. Dropping the future loses
    /// nothing.
    pub(super) async fn next(&mut self) -> Option<Vec<Key>> {
        loop {
            match self.heard.recv().await {
                Some(Rumour::Missed) => return None,
                Some(Rumour::Left(revision, _)) if self.ours.contains(&revision) => {}
                Some(Rumour::Left(_, keys)) => return Some(keys),
                None => std::future::pending().await,
            }
        }
    }
}

async fn listen(app: Arc<App>, tell: mpsc::Sender<Rumour>) {
    while !tell.is_closed() {
        if let Err(failure) = listen_once(&app, &tell).await {
            tracing::warn!(?failure, "driver.not_listening");
            sleep(PAUSE).await;
        }
    }
}

/// Listens until the store fails or nobody wants to know.
async fn listen_once(app: &App, tell: &mpsc::Sender<Rumour>) -> Result<(), crate::app::Failure> {
    let mut heard = app.hear_unsettled().await?;
    let mut rumour = Rumour::Missed;
    while tell.send(rumour).await.is_ok() {
        let (revision, keys) = tokio::select! {
            biased;
            next = heard.next() => next?,
            () = tell.closed() => return Ok(()),
        };
        rumour = Rumour::Left(revision, keys);
    }
    Ok(())
}
