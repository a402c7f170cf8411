//! The emulated clouds in a store that is reached across a network: a save of which nobody knows
//! what became may still arrive, and must not when it was found not to be there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use peerage::emulation::StoreJournal;
use peerage_fabric::emulated::{Journal, JournalError, News, Turn};
use peerage_store::memory::MemoryStore;
use peerage_store::{
    Answer, Commit, Entry, ErrorKind, Key, LeaseClock, LeaseId, LeaseState, ListRequest, Page,
    Revision, Snapshot, Store, StoreError, Txn, Watch,
};

/// A store across a network that can keep a commit on its way.
struct Slow {
    store: MemoryStore,
    slow: Mutex<bool>,
    on_its_way: Mutex<Vec<Txn>>,
}

impl Slow {
    fn new() -> Arc<Self> {
        let store = MemoryStore::shared(LeaseClock::system());
        Arc::new(Self { store, slow: Mutex::new(false), on_its_way: Mutex::default() })
    }

    fn is_slow(&self, slow: bool) {
        *self.slow.lock().expect("a lock") = slow;
    }

    /// Lets arrive what is on its way.
    async fn arrive(&self) -> Vec<Commit> {
        let txns = std::mem::take(&mut *self.on_its_way.lock().expect("a lock"));
        let mut came = Vec::new();
        for txn in txns {
            came.push(self.store.commit(txn).await.expect("a commit"));
        }
        came
    }
}

#[async_trait]
impl Store for Slow {
    async fn commit(&self, txn: Txn) -> Answer<Commit> {
        if *self.slow.lock().expect("a lock") {
            self.on_its_way.lock().expect("a lock").push(txn);
            let reason = "no answer in time".to_owned();
            let kind = ErrorKind::Unavailable { reason, retry_after: Duration::from_secs(1) };
            return Err(StoreError::indefinite(kind));
        }
        self.store.commit(txn).await
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        self.store.get(key).await
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        self.store.get_many(keys).await
    }

    async fn list(&self, request: ListRequest) -> Answer<Page> {
        self.store.list(request).await
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        self.store.count(prefix).await
    }

    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>> {
        self.store.watch(prefix, from).await
    }

    async fn compact(&self, revision: Revision) -> Answer<()> {
        self.store.compact(revision).await
    }

    async fn revision(&self) -> Answer<Revision> {
        self.store.revision().await
    }

    async fn grant(&self, ttl: Duration) -> Answer<LeaseId> {
        self.store.grant(ttl).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState> {
        self.store.keep_alive(lease).await
    }

    async fn revoke(&self, lease: LeaseId) -> Answer<()> {
        self.store.revoke(lease).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn close(&self) {
        self.store.close().await;
    }
}

fn change(name: &str) -> Vec<(String, Option<Vec<u8>>)> {
    vec![(name.to_owned(), Some(b"{}".to_vec()))]
}

/// What is read anew is nothing to these tests.
fn ignored(_part: Vec<(String, Vec<u8>)>) -> Result<(), JournalError> {
    Ok(())
}

/// A journal that saved one object, and after it one of which nobody knows what became.
async fn one_on_its_way() -> (Arc<Slow>, StoreJournal) {
    let slow = Slow::new();
    let journal = StoreJournal::new(slow.clone());
    let shared = journal.shared().expect("a shared one");
    shared.catch_up(&mut ignored).await.expect("news");
    assert_eq!(shared.save_next(change("link/a")).await.expect("a turn"), Turn::Kept);
    slow.is_slow(true);
    shared.save_next(change("link/b")).await.expect_err("an answer");
    slow.is_slow(false);
    (slow, journal)
}

#[tokio::test]
async fn what_was_found_not_to_be_saved_does_not_arrive_later() {
    let (slow, journal) = one_on_its_way().await;
    let shared = journal.shared().unwrap();
    assert_eq!(shared.catch_up(&mut ignored).await.unwrap(), News::Changes(vec![]));
    assert!(matches!(slow.arrive().await[..], [Commit::Lost { .. }]), "it came too late");
    assert_eq!(shared.catch_up(&mut ignored).await.unwrap(), News::Changes(vec![]));
    assert_eq!(shared.save_next(change("link/c")).await.unwrap(), Turn::Kept);
}

#[tokio::test]
async fn what_arrives_before_anybody_looks_is_found() {
    let (slow, journal) = one_on_its_way().await;
    let shared = journal.shared().unwrap();
    assert!(matches!(slow.arrive().await[..], [Commit::Done(_)]));
    assert_eq!(shared.catch_up(&mut ignored).await.unwrap(), News::Changes(change("link/b")));
    assert_eq!(shared.save_next(change("link/c")).await.unwrap(), Turn::Kept);
}

#[tokio::test]
async fn nothing_is_believed_while_it_cannot_be_settled() {
    let (slow, journal) = one_on_its_way().await;
    let shared = journal.shared().unwrap();
    slow.is_slow(true);
    shared.catch_up(&mut ignored).await.unwrap_err();
    slow.is_slow(false);
    assert_eq!(shared.catch_up(&mut ignored).await.unwrap(), News::Changes(vec![]));
    assert!(slow.arrive().await.iter().all(|came| matches!(came, Commit::Lost { .. })));
}
