//! The recent past, kept once for every watch of a store.
//!
//! The engine tells the hub each transaction after it is committed; each watch reads from its own
//! position. What the hub no longer holds, a watch reads from the engine's history, so a slow one
//! costs no memory and holds nobody up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::port::{Answer, Key, KeyRange, Revision, StoreError, Watch, WatchBatch, WatchEvent};

/// The most transactions that a watch takes at one time.
const TAKE_MAX: usize = 64;

/// How much of the past a hub keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Transactions.
    pub(crate) batches: usize,
    /// Bytes of keys and values.
    pub(crate) bytes: usize,
}

/// What comes next for a watch, and up to which revision that is everything.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) batches: Vec<WatchBatch>,
    pub(crate) up_to: Revision,
}

/// What the hub no longer holds.
pub(crate) trait History: Send + Sync {
    /// What happened in the range from a revision on, or that this is no longer kept.
    fn read(&self, range: &KeyRange, from: Revision) -> Answer<Stretch>;
}

#[derive(Debug)]
pub(crate) struct Hub {
    recent: Mutex<Recent>,
    newest: watch::Sender<Newest>,
    bounds: Bounds,
}

#[derive(Debug)]
struct Recent {
    batches: VecDeque<Arc<WatchBatch>>,
    /// Everything after this revision is in `batches`.
    complete_after: Revision,
    bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    revision: Revision,
    closed: bool,
}

impl Hub {
    /// A hub of a store that stands at `revision`.
    pub(crate) fn new(revision: Revision, bounds: Bounds) -> Self {
        let recent = Recent { batches: VecDeque::new(), complete_after: revision, bytes: 0 };
        Self {
            recent: Mutex::new(recent),
            newest: watch::Sender::new(Newest { revision, closed: false }),
            bounds,
        }
    }

    /// Keeps what was just committed; [`Self::announce`] then wakes the watches.
    pub(crate) fn push(&self, batch: WatchBatch) {
        let mut recent = self.recent();
        recent.bytes += bytes(&batch);
        recent.batches.push_back(Arc::new(batch));
        while recent.batches.len() > self.bounds.batches || recent.bytes > self.bounds.bytes {
            let Some(oldest) = recent.batches.pop_front() else { break };
            recent.bytes -= bytes(&oldest);
            recent.complete_after = oldest.revision;
        }
    }

    /// Wakes the watches: everything up to `revision` has been pushed.
    pub(crate) fn announce(&self, revision: Revision) {
        self.newest.send_modify(|newest| newest.revision = revision);
    }

    /// Forgets what happened up to a revision.
    pub(crate) fn forget(&self, revision: Revision) {
        let mut recent = self.recent();
        while recent.batches.front().is_some_and(|oldest| oldest.revision <= revision) {
            let Some(oldest) = recent.batches.pop_front() else { break };
            recent.bytes -= bytes(&oldest);
        }
        recent.complete_after = recent.complete_after.max(revision);
    }

    /// The revision after which nothing has been dropped.
    pub(crate) fn complete_after(&self) -> Revision {
        self.recent().complete_after
    }

    /// The revision that was last announced.
    pub(crate) fn newest(&self) -> Revision {
        self.newest.borrow().revision
    }

    /// Ends every watch.
    pub(crate) fn close(&self) {
        self.newest.send_modify(|newest| newest.closed = true);
    }

    /// The next transactions from a revision on; `None` if some of them are no longer held.
    fn take(&self, range: &KeyRange, from: Revision, newest: Revision) -> Option<Stretch> {
        let taken: Vec<Arc<WatchBatch>> = {
            let recent = self.recent();
            if from <= recent.complete_after {
                return None;
            }
            let start = recent.batches.partition_point(|batch| batch.revision < from);
            recent.batches.iter().skip(start).take(TAKE_MAX).cloned().collect()
        };
        let full = taken.len() == TAKE_MAX;
        let last = taken.last().map(|batch| batch.revision);
        let up_to = last.filter(|_| full).unwrap_or(newest).max(last.unwrap_or(Revision::ZERO));
        let batches = taken.iter().filter_map(|batch| within(batch, range)).collect();
        Some(Stretch { batches, up_to })
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of a transaction that lies in a range, if any.
fn within(batch: &WatchBatch, range: &KeyRange) -> Option<WatchBatch> {
    let inside = batch.events.iter().filter(|event| range.contains(event.key()));
    let events: Vec<WatchEvent> = inside.cloned().collect();
    (!events.is_empty()).then_some(WatchBatch { revision: batch.revision, events })
}

fn bytes(batch: &WatchBatch) -> usize {
    let of = |event: &WatchEvent| match event {
        WatchEvent::Put(entry) => entry.bytes(),
        WatchEvent::Deleted(key) => key.as_bytes().len(),
    };
    batch.events.iter().map(of).sum()
}

/// One watch: a position in the history.
pub(crate) struct Watcher {
    hub: Arc<Hub>,
    history: Arc<dyn History>,
    newest: watch::Receiver<Newest>,
    range: KeyRange,
    next: Revision,
    ready: VecDeque<WatchBatch>,
    ended: Option<StoreError>,
}

impl Watcher {
    pub(crate) fn new(
        hub: &Arc<Hub>,
        history: Arc<dyn History>,
        prefix: &Key,
        from: Revision,
    ) -> Self {
        Self {
            hub: Arc::clone(hub),
            history,
            newest: hub.newest.subscribe(),
            range: KeyRange::below(prefix),
            next: from.max(Revision::ZERO.next()),
            ready: VecDeque::new(),
            ended: None,
        }
    }

    fn read_on(&mut self, newest: Revision) -> Answer<()> {
        let stretch = match self.hub.take(&self.range, self.next, newest) {
            Some(stretch) => stretch,
            None => self.history.read(&self.range, self.next)?,
        };
        self.ready.extend(stretch.batches);
        self.next = self.next.max(stretch.up_to.next());
        Ok(())
    }
}

#[async_trait]
impl Watch for Watcher {
    async fn next(&mut self) -> Answer<WatchBatch> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(batch);
            }
            if let Some(error) = &self.ended {
                return Err(error.clone());
            }
            let newest = *self.newest.borrow_and_update();
            if newest.closed {
                self.ended = Some(StoreError::closed());
            } else if self.next <= newest.revision {
                self.ended = self.read_on(newest.revision).err();
            } else if self.newest.changed().await.is_err() {
                self.ended = Some(StoreError::closed());
            }
        }
    }
}
