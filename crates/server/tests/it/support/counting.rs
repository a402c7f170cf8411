//! A store that counts what it is asked: as much work is as much time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use peerage_store::memory::MemoryStore;
use peerage_store::{
    Answer, Commit, Entry, Key, LeaseId, LeaseState, ListRequest, Page, Revision, Snapshot, Store,
    Txn, Watch,
};

/// How often what was asked.
#[derive(Clone, Default)]
pub(crate) struct Counts(Arc<Mutex<BTreeMap<&'static str, usize>>>);

impl Counts {
    fn count(&self, what: &'static str) {
        *self.0.lock().expect("a lock").entry(what).or_default() += 1;
    }

    /// The counts since this was last asked.
    pub(crate) fn reset(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut *self.0.lock().expect("a lock"))
    }
}

/// A store in memory that counts.
pub(crate) struct CountingStore {
    store: MemoryStore,
    counts: Counts,
}

impl CountingStore {
    pub(crate) fn new(counts: &Counts) -> Self {
        Self { store: MemoryStore::new(), counts: counts.clone() }
    }
}

#[async_trait]
impl Store for CountingStore {
    async fn commit(&self, txn: Txn) -> Answer<Commit> {
        self.counts.count("commit");
        self.store.commit(txn).await
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        self.counts.count("get");
        self.store.get(key).await
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        self.counts.count("get_many");
        self.store.get_many(keys).await
    }

    async fn list(&self, request: ListRequest) -> Answer<Page> {
        self.counts.count("list");
        self.store.list(request).await
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        self.counts.count("count");
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

    async fn close(&self) {
        self.store.close().await;
    }
}
