//! The store in memory: the plainest thing that satisfies the port, and the model of the others.
//! One lock, no thread, no clock of its own; nothing survives it.

mod state;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use self::state::State;
use crate::hub::{Bounds, History, Hub, Stretch, Watcher};
use crate::lease::{LeaseClock, LeaseId, LeaseState, Moves, check_ttl};
use crate::port::{
    Answer, Commit, Entry, Key, KeyRange, ListRequest, Page, Revision, Snapshot, Store, StoreError,
    Txn, Watch, WatchBatch, check_keys,
};

/// How much history is kept by default.
const HISTORY: Bounds = Bounds { batches: 100_000, bytes: 64 * 1024 * 1024 };

/// A store in memory. Clones are the same store; it ends with the last of them.
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
    #[expect(dead_code, reason = "held for its drop")]
    life: Arc<Life>,
    is_shared: bool,
}

/// Ends every watch with the last clone.
struct Life {
    hub: Arc<Hub>,
    #[expect(dead_code, reason = "held for its drop")]
    moves: Option<Moves>,
}

struct Shared {
    state: Mutex<State>,
    hub: Arc<Hub>,
    clock: LeaseClock,
    /// When the next lease ends.
    deadline: watch::Sender<Option<Duration>>,
}

impl MemoryStore {
    /// An empty store on the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(LeaseClock::system())
    }

    /// An empty store whose leases end by `clock`.
    #[must_use]
    pub fn with_clock(clock: LeaseClock) -> Self {
        Self::with(clock, HISTORY)
    }

    /// An empty store that keeps only this many transactions of history.
    #[must_use]
    pub fn with_history(clock: LeaseClock, transactions_max: usize) -> Self {
        Self::with(clock, Bounds { batches: transactions_max, ..HISTORY })
    }

    /// An empty store that its owners treat as one that other processes have open too: for several
    /// replicas inside one process. Closing one clone closes all.
    #[must_use]
    pub fn shared(clock: LeaseClock) -> Self {
        Self { is_shared: true, ..Self::with_clock(clock) }
    }

    fn with(clock: LeaseClock, history: Bounds) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            hub: Arc::new(Hub::new(Revision::ZERO, history)),
            clock,
            deadline: watch::Sender::new(None),
        });
        let weak = Arc::downgrade(&shared);
        let moves = shared.clock.on_move(move || {
            if let Some(shared) = weak.upgrade() {
                drop(shared.open());
            }
        });
        let life = Arc::new(Life { hub: Arc::clone(&shared.hub), moves });
        Self { shared, life, is_shared: false }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.hub.close();
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Shared {
    /// The state, after every lease that is due has ended.
    fn open(&self) -> Answer<MutexGuard<'_, State>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(StoreError::closed());
        }
        for lease in state.leases_due(self.clock.now()) {
            let batch = state.end_lease(lease);
            self.tell(&mut state, batch);
        }
        self.deadline.send_if_modified(|deadline| {
            let before = std::mem::replace(deadline, state.next_deadline());
            before != *deadline
        });
        Ok(state)
    }

    /// Tells the watches what was just done, and forgets the history that no longer fits.
    fn tell(&self, state: &mut State, batch: Option<WatchBatch>) {
        let Some(batch) = batch else { return };
        self.hub.push(batch);
        self.hub.announce(state.revision);
        state.compact(self.hub.complete_after());
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, txn: Txn) -> Answer<Commit> {
        txn.check()?;
        let mut state = self.shared.open()?;
        if let Some(failed) = state.first_failed(&txn.preconditions) {
            return Ok(Commit::Lost { failed });
        }
        state.check_leases(&txn.writes)?;
        let batch = state.write(txn.writes);
        self.shared.tell(&mut state, batch);
        Ok(Commit::Done(state.revision))
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        Ok(self.shared.open()?.get(key).cloned())
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        check_keys(keys)?;
        let state = self.shared.open()?;
        let entries = keys.iter().map(|key| state.get(key).cloned()).collect();
        Ok(Snapshot { entries, revision: state.revision })
    }

    async fn list(&self, request: ListRequest) -> Answer<Page> {
        let room = request.room()?;
        let state = self.shared.open()?;
        let revision = request.at.unwrap_or(state.revision);
        state.check_readable(revision)?;
        Ok(state.list(&request.range(), request.order, revision, room))
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        let state = self.shared.open()?;
        Ok((state.count(&KeyRange::below(prefix)), state.revision))
    }

    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>> {
        let state = self.shared.open()?;
        let history = Arc::new(Forgotten(Arc::clone(&self.shared.hub)));
        let watcher = Watcher::new(&self.shared.hub, history, prefix, from);
        drop(state);
        let deadline = self.shared.deadline.subscribe();
        Ok(Box::new(MemoryWatch { watcher, deadline, shared: Arc::clone(&self.shared) }))
    }

    async fn compact(&self, revision: Revision) -> Answer<()> {
        let mut state = self.shared.open()?;
        if revision > state.revision {
            return Err(StoreError::ahead(revision, state.revision));
        }
        self.shared.hub.forget(revision);
        state.compact(revision);
        Ok(())
    }

    async fn revision(&self) -> Answer<Revision> {
        Ok(self.shared.open()?.revision)
    }

    async fn grant(&self, ttl: Duration) -> Answer<LeaseId> {
        check_ttl(ttl)?;
        let lease = self.shared.open()?.grant(ttl, self.shared.clock.now());
        drop(self.shared.open()?);
        Ok(lease)
    }

    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState> {
        Ok(self.shared.open()?.keep_alive(lease, self.shared.clock.now()))
    }

    async fn revoke(&self, lease: LeaseId) -> Answer<()> {
        let mut state = self.shared.open()?;
        let batch = state.end_lease(lease);
        self.shared.tell(&mut state, batch);
        Ok(())
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    async fn close(&self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.hub.close();
    }
}

/// What the hub forgot is forgotten.
struct Forgotten(Arc<Hub>);

impl History for Forgotten {
    fn read(&self, _range: &KeyRange, _from: Revision) -> Answer<Stretch> {
        Err(StoreError::compacted(self.0.complete_after()))
    }
}

/// A watch that also ends the leases that come due while it waits.
struct MemoryWatch {
    watcher: Watcher,
    deadline: watch::Receiver<Option<Duration>>,
    shared: Arc<Shared>,
}

#[async_trait]
impl Watch for MemoryWatch {
    async fn next(&mut self) -> Answer<WatchBatch> {
        loop {
            // Whether it is closed is for the watcher to say.
            drop(self.shared.open());
            let deadline = *self.deadline.borrow_and_update();
            let wait = deadline.and_then(|deadline| self.shared.clock.wait(deadline));
            tokio::select! {
                biased;
                batch = self.watcher.next() => return batch,
                _ = self.deadline.changed() => {}
                () = sleep(wait) => {}
            }
        }
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watch_falls_behind_what_a_short_history_keeps() {
        let store = MemoryStore::with_history(LeaseClock::by_hand(), 4);
        let mut watch = store.watch(&Key::default(), Revision(1)).await.unwrap();
        for round in 0..10_u8 {
            let txn = Txn::of(vec![crate::port::Write::put("k", vec![round])]);
            store.commit(txn).await.unwrap();
        }
        let error = watch.next().await.unwrap_err();
        assert_eq!(error, StoreError::compacted(Revision(6)));
        let at = |revision| ListRequest { at: Some(Revision(revision)), ..ListRequest::default() };
        assert!(store.list(at(5)).await.unwrap_err().is_compacted());
        let page = store.list(at(6)).await.unwrap();
        assert_eq!(page.entries[0].value.as_bytes(), [5]);
    }

    #[tokio::test]
    async fn clones_are_one_store_and_watches_end_with_the_last_of_them() {
        let store = MemoryStore::shared(LeaseClock::by_hand());
        assert!(store.is_shared() && !MemoryStore::new().is_shared());
        let mut watch = store.watch(&Key::default(), Revision(1)).await.unwrap();
        let other = store.clone();
        drop(store);
        other.commit(Txn::of(vec![crate::port::Write::put("k", "v")])).await.unwrap();
        assert_eq!(watch.next().await.unwrap().revision, Revision(1));
        drop(other);
        assert!(watch.next().await.is_err());
    }

    #[tokio::test]
    async fn a_lease_on_the_machines_clock_ends_while_a_watch_waits() {
        let store = MemoryStore::new();
        let mut watch = store.watch(&Key::default(), Revision(2)).await.unwrap();
        let lease = store.grant(Duration::from_millis(5)).await.unwrap();
        let put = crate::port::Write::put_leased("k", "v", lease);
        store.commit(Txn::of(vec![put])).await.unwrap();
        assert_eq!(watch.next().await.unwrap().revision, Revision(2));
        assert_eq!(store.get(&Key::from("k")).await.unwrap(), None);
    }
}
