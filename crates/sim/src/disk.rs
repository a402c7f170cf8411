//! The store as one replica reaches it: the real one in memory, over a wire that refuses, loses,
//! delays and forgets to answer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use peerage_core::cloud::Observed;
use peerage_store::memory::MemoryStore;
use peerage_store::record::{self, PeeringRecord};
use peerage_store::{
    Answer, Commit, Entry, ErrorKind, Key, LeaseId, LeaseState, ListRequest, Page, Precondition,
    Revision, Snapshot, Store, StoreError, Txn, Watch, WatchBatch, Write, keys,
};
use tokio::time::{sleep, timeout};

use crate::bug::Bug;
use crate::wire::Wire;

/// The longest until the end of a lease is noticed.
const LEASES_MAX: Duration = Duration::from_millis(500);

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Done,
    Refused,
    Lost,
    Late,
    Untold,
}

/// A replica's way to the store.
pub struct Disk {
    wire: Arc<Wire>,
    store: MemoryStore,
}

impl Disk {
    /// The way of one life of a replica.
    #[must_use]
    pub fn new(wire: Arc<Wire>) -> Self {
        let store = wire.world.store.clone();
        Self { wire, store }
    }

    fn fate(&self) -> Fate {
        let rates = self.wire.world.plan.rates;
        let late = if self.store.is_shared() { rates.store_is_late } else { 0 };
        let fates = [
            (rates.store_refuses, Fate::Refused),
            (rates.store_loses, Fate::Lost),
            (late, Fate::Late),
            (rates.store_forgets_to_say, Fate::Untold),
        ];
        let struck = fates.into_iter().find(|(rate, _)| self.wire.strikes(*rate));
        struck.map_or(Fate::Done, |(_, fate)| fate)
    }

    /// A call that only reads.
    async fn read<T>(&self, read: impl Future<Output = Answer<T>>) -> Answer<T> {
        self.wire.cross("a read").await;
        if self.wire.strikes(self.wire.world.plan.rates.store_refuses) {
            return Err(StoreError::definite(trouble()));
        }
        let answer = read.await;
        self.wire.cross("what was read").await;
        answer
    }

    /// A call that writes something else than a transaction.
    async fn write<T>(&self, write: impl Future<Output = Answer<T>>) -> Answer<T> {
        self.wire.cross("a write").await;
        match self.fate() {
            Fate::Refused => return Err(StoreError::definite(trouble())),
            Fate::Lost | Fate::Late => return Err(StoreError::indefinite(trouble())),
            Fate::Done => {}
            Fate::Untold => {
                let _ = write.await;
                return Err(StoreError::indefinite(trouble()));
            }
        }
        let answer = write.await;
        self.wire.cross("what was written").await;
        answer
    }

    async fn apply(&self, txn: Txn) -> Answer<Commit> {
        let answer = self.store.commit(txn.clone()).await;
        self.wire.world.committed(&txn, &answer, &self.wire.to_string());
        answer
    }

    /// Takes the write some time later, whatever becomes of the replica.
    fn apply_later(&self, txn: Txn) {
        let later = Self { wire: Arc::clone(&self.wire), store: self.store.clone() };
        let span = self.wire.throw(|dice| dice.span(Duration::ZERO, Duration::from_secs(5)));
        tokio::spawn(async move {
            sleep(span).await;
            let _ = later.apply(txn).await;
        });
    }

    async fn mistaken(&self, txn: Txn) -> Answer<Commit> {
        match self.wire.world.bug {
            Some(Bug::EarlyAnswer) if !self.store.is_shared() => {
                let now = self.store.revision().await?;
                let later = Self { wire: Arc::clone(&self.wire), store: self.store.clone() };
                tokio::spawn(self.wire.task(async move {
                    later.wire.cross("the disk").await;
                    sleep(Duration::from_millis(20)).await;
                    let _ = later.apply(txn).await;
                }));
                Ok(Commit::Done(now.next()))
            }
            Some(Bug::NoDoubt) if is_doubt(&txn) => {
                let key = txn.preconditions.iter().map(Precondition::key).find(|key| is_peer(key));
                let found = match key {
                    Some(key) => self.store.get(key).await?,
                    None => None,
                };
                Ok(Commit::Done(found.map_or(Revision::ZERO, |entry| entry.modified)))
            }
            _ => self.apply(txn).await,
        }
    }
}

/// What a planted bug makes of a transaction.
fn twist(bug: Option<Bug>, mut txn: Txn) -> Txn {
    let starts = |key: &Key, with: &[u8]| key.as_bytes().starts_with(with);
    let is_guard = |key: &Key| key.as_bytes().ends_with(b"/guard") && starts(key, b"net/");
    // Asks only whether the key is there, in the same place: what failed is told by its number.
    let loosen = |precondition: &mut Precondition| {
        if let Precondition::ModifiedAt(key, _) = precondition {
            *precondition = Precondition::Exists(key.clone());
        }
    };
    let mut loosen_all = |is_wanted: &dyn Fn(&Key) -> bool| {
        txn.preconditions.iter_mut().filter(|it| is_wanted(it.key())).for_each(loosen);
    };
    match bug {
        Some(Bug::NoFence) => loosen_all(&|key| starts(key, b"replica/shard/")),
        Some(Bug::NoGuard) => txn.preconditions.retain(|it| !is_guard(it.key())),
        Some(Bug::NoTurn) => loosen_all(&|key| *key == keys::emulated_guard()),
        Some(Bug::NoStamp) => loosen_all(&is_peer),
        Some(Bug::ForgottenIndex) => {
            txn.writes.retain(|it| !(starts(it.key(), b"todo/peer") && is_put(it)));
        }
        Some(Bug::NoCount) if txn.writes.iter().any(|it| is_peer(it.key())) => {
            txn.writes.retain(|it| !is_container(it.key()));
        }
        Some(Bug::NoEvent) => txn.writes.retain(|it| !starts(it.key(), b"group-event/")),
        _ => {}
    }
    txn
}

fn is_put(write: &Write) -> bool {
    matches!(write, Write::Put { .. })
}

fn is_peer(key: &Key) -> bool {
    contains(key, b"/peer/") && key.as_bytes().starts_with(b"net/")
}

fn is_container(key: &Key) -> bool {
    contains(key, b"/container/") && key.as_bytes().starts_with(b"net/")
}

fn contains(key: &Key, part: &[u8]) -> bool {
    key.as_bytes().windows(part.len()).any(|window| window == part)
}

/// Whether a transaction writes down nothing but that a peering's connection is in doubt.
fn is_doubt(txn: &Txn) -> bool {
    let doubts = |write: &Write| match write {
        Write::Put { key, value, .. } if is_peer(key) => {
            let record = record::decode::<PeeringRecord>(value.as_bytes());
            record.is_ok_and(|record| record.0.observed == Observed::Unknown)
        }
        Write::Put { .. } | Write::Delete { .. } => false,
    };
    let told = txn.writes.iter().any(|it| it.key().as_bytes().starts_with(b"group-event/"));
    txn.writes.iter().any(doubts) && !told
}

fn trouble() -> ErrorKind {
    ErrorKind::Unavailable {
        reason: "the simulated store is in trouble".to_owned(),
        retry_after: Duration::from_millis(100),
    }
}

#[async_trait]
impl Store for Disk {
    async fn commit(&self, txn: Txn) -> Answer<Commit> {
        self.wire.cross("a commit").await;
        let txn = twist(self.wire.world.bug, txn);
        match self.fate() {
            Fate::Refused => return Err(StoreError::definite(trouble())),
            Fate::Lost => return Err(StoreError::indefinite(trouble())),
            Fate::Late => {
                self.apply_later(txn);
                return Err(StoreError::indefinite(trouble()));
            }
            Fate::Untold if self.wire.world.bug == Some(Bug::BlindRetry) => {
                let _ = self.apply(txn.clone()).await;
                return self.apply(txn).await;
            }
            Fate::Untold => {
                let _ = self.apply(txn).await;
                return Err(StoreError::indefinite(trouble()));
            }
            Fate::Done => {}
        }
        let answer = self.mistaken(txn).await;
        self.wire.cross("the answer to a commit").await;
        answer
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        let stale = self.wire.world.bug == Some(Bug::StaleReads) && is_peer(key);
        if stale && self.wire.throw(|dice| dice.chance(2_000)) {
            return self.read(self.wire.world.get_before(key)).await;
        }
        self.read(self.store.get(key)).await
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        self.read(self.store.get_many(keys)).await
    }

    async fn list(&self, request: ListRequest) -> Answer<Page> {
        let bug = self.wire.world.bug;
        let sweeps = [keys::all_unsettled(), keys::all_networks()];
        if bug == Some(Bug::DeafReconciler) && sweeps.contains(&request.prefix) {
            let entries = Vec::new();
            return Ok(Page { entries, more: false, revision: self.store.revision().await? });
        }
        if bug == Some(Bug::OpenList) && request.prefix.as_bytes().ends_with(b"/peer/") {
            return self.read(self.wire.world.list_every_peer()).await;
        }
        self.read(self.store.list(request)).await
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        self.read(self.store.count(prefix)).await
    }

    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>> {
        let inner = self.read(self.store.watch(prefix, from)).await?;
        Ok(Box::new(Told { inner, wire: Arc::clone(&self.wire), broken: false }))
    }

    async fn compact(&self, revision: Revision) -> Answer<()> {
        self.write(self.store.compact(revision)).await
    }

    async fn revision(&self) -> Answer<Revision> {
        self.read(self.store.revision()).await
    }

    async fn grant(&self, ttl: Duration) -> Answer<LeaseId> {
        self.write(self.store.grant(ttl)).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState> {
        self.write(self.store.keep_alive(lease)).await
    }

    async fn revoke(&self, lease: LeaseId) -> Answer<()> {
        self.write(self.store.revoke(lease)).await
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    async fn close(&self) {}
}

/// A watch over the wire.
struct Told {
    inner: Box<dyn Watch>,
    wire: Arc<Wire>,
    broken: bool,
}

#[async_trait]
impl Watch for Told {
    async fn next(&mut self) -> Answer<WatchBatch> {
        // Everything that may end early comes before the batch is taken, so that giving up the
        // wait loses nothing.
        self.broken |= self.wire.strikes(self.wire.world.plan.rates.watch_breaks);
        self.wire.cross("a watch").await;
        if self.broken {
            return Err(StoreError::definite(trouble()));
        }
        loop {
            // Those who wait on one watch channel are woken in an order that no seed decides, so
            // the store is only asked, and waiting is done in the order of coming.
            let news = self.wire.world.news.notified();
            if let Some(batch) = self.inner.next().now_or_never() {
                return batch;
            }
            // A lease ends without anybody's doing.
            let _ = timeout(LEASES_MAX, news).await;
        }
    }
}
