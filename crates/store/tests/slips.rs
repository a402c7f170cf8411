//! The book of laws catches what a translation to another engine gets wrong: revisions taken for
//! versions, commits sent again, watches in parts, leases that do not end as told.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use peerage_store::conformance::{self, Subject};
use peerage_store::memory::MemoryStore;
use peerage_store::{
    Answer, Commit, Entry, Key, LeaseClock, LeaseId, LeaseState, ListRequest, Page, Precondition,
    Revision, Snapshot, Store, Txn, Watch, WatchBatch, WatchEvent, Write,
};

/// A watch that says nothing shows as a law that takes too long.
const LAW_TIME_MAX: Duration = Duration::from_secs(1);

/// What is got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    ComparesVersions,
    CommitsAgain,
    CreatedIsModified,
    CountsEverything,
    CompactsOneMore,
    WatchTellsInParts,
    WatchTellsWhatIsNow,
    LeaseEndsKeyByKey,
    RevokesNothing,
    KeepsTheDeadAlive,
    ForgetsDeletions,
}

struct Slipped {
    inner: Arc<MemoryStore>,
    slip: Slip,
}

struct Engine {
    clock: LeaseClock,
    slip: Slip,
}

#[async_trait]
impl Subject for Engine {
    async fn fresh(&self) -> Arc<dyn Store> {
        let inner = Arc::new(MemoryStore::with_clock(self.clock.clone()));
        Arc::new(Slipped { inner, slip: self.slip })
    }

    async fn reopen(&self, _store: &Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        None
    }

    async fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }
}

impl Slipped {
    /// The version of a key at a revision says nothing once the key was deleted and put again.
    async fn by_version(&self, txn: &mut Txn) -> Answer<()> {
        for precondition in &mut txn.preconditions {
            let Precondition::ModifiedAt(key, _) = &*precondition else { continue };
            let now = self.inner.get(key).await?;
            if now.is_some_and(|entry| entry.version == 1) {
                *precondition = Precondition::Exists(key.clone());
            }
        }
        Ok(())
    }

    fn told(&self, mut entry: Entry) -> Entry {
        if self.slip == Slip::CreatedIsModified {
            entry.created = entry.modified;
        }
        entry
    }
}

#[async_trait]
impl Store for Slipped {
    async fn commit(&self, mut txn: Txn) -> Answer<Commit> {
        match self.slip {
            Slip::ComparesVersions => self.by_version(&mut txn).await?,
            Slip::CommitsAgain => {
                self.inner.commit(txn.clone()).await?;
            }
            Slip::ForgetsDeletions if txn.writes.len() > 1 => {
                txn.writes.retain(|write| matches!(write, Write::Put { .. }));
            }
            _ => {}
        }
        self.inner.commit(txn).await
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        Ok(self.inner.get(key).await?.map(|entry| self.told(entry)))
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        self.inner.get_many(keys).await
    }

    async fn list(&self, request: ListRequest) -> Answer<Page> {
        self.inner.list(request).await
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        let all = Key::default();
        let everything = self.slip == Slip::CountsEverything;
        self.inner.count(if everything { &all } else { prefix }).await
    }

    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>> {
        let watch = self.inner.watch(prefix, from).await?;
        let (inner, slip) = (Arc::clone(&self.inner), self.slip);
        Ok(Box::new(SlippedWatch { watch, inner, slip, rest: Vec::new() }))
    }

    async fn compact(&self, revision: Revision) -> Answer<()> {
        let now = self.inner.revision().await?;
        let more = self.slip == Slip::CompactsOneMore && revision < now;
        self.inner.compact(if more { revision.next() } else { revision }).await
    }

    async fn revision(&self) -> Answer<Revision> {
        self.inner.revision().await
    }

    async fn grant(&self, ttl: Duration) -> Answer<LeaseId> {
        self.inner.grant(ttl).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState> {
        let state = self.inner.keep_alive(lease).await?;
        if self.slip == Slip::KeepsTheDeadAlive {
            return Ok(LeaseState::Alive { ttl: Duration::from_secs(1) });
        }
        Ok(state)
    }

    async fn revoke(&self, lease: LeaseId) -> Answer<()> {
        match self.slip {
            Slip::RevokesNothing => return Ok(()),
            Slip::LeaseEndsKeyByKey => {
                let all = self.inner.list(ListRequest::default()).await?;
                for entry in all.entries.into_iter().filter(|entry| entry.lease == Some(lease)) {
                    self.inner.commit(Txn::of(vec![Write::delete(entry.key)])).await?;
                }
            }
            _ => {}
        }
        self.inner.revoke(lease).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

struct SlippedWatch {
    watch: Box<dyn Watch>,
    inner: Arc<MemoryStore>,
    slip: Slip,
    rest: Vec<WatchBatch>,
}

#[async_trait]
impl Watch for SlippedWatch {
    async fn next(&mut self) -> Answer<WatchBatch> {
        if let Some(part) = self.rest.pop() {
            return Ok(part);
        }
        let mut batch = self.watch.next().await?;
        if self.slip == Slip::WatchTellsInParts && batch.events.len() > 1 {
            let rest = batch.events.split_off(1);
            self.rest.push(WatchBatch { revision: batch.revision, events: rest });
        }
        if self.slip == Slip::WatchTellsWhatIsNow {
            for event in &mut batch.events {
                if let Some(now) = self.inner.get(event.key()).await? {
                    *event = WatchEvent::Put(now);
                }
            }
        }
        Ok(batch)
    }
}

async fn check(slip: Slip, law: &str) {
    let engine = Engine { clock: LeaseClock::by_hand(), slip };
    let broken = conformance::run_one(&engine, law, LAW_TIME_MAX).await;
    assert!(broken.is_err(), "{slip:?} keeps `{law}`");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_catches_slips_of_commits() {
    check(Slip::ComparesVersions, "modified-at holds at that revision only").await;
    check(Slip::CommitsAgain, "a commit happens if all its preconditions hold").await;
    check(Slip::ForgetsDeletions, "several keys change together").await;
    let overwrite = "an overwrite keeps created, moves modified and counts the version";
    check(Slip::CreatedIsModified, overwrite).await;
    check(Slip::CountsEverything, "a count is of the entries below the prefix").await;
    check(Slip::CompactsOneMore, "a compacted revision stays readable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_catches_slips_of_watches_and_leases() {
    check(Slip::WatchTellsInParts, "a watch tells a commit whole").await;
    let as_written = "a watch tells entries as they were written, not as they are";
    check(Slip::WatchTellsWhatIsNow, as_written).await;
    let revoked = "a lease that is revoked ends at once, in one commit";
    check(Slip::RevokesNothing, revoked).await;
    check(Slip::KeepsTheDeadAlive, "a lease that has ended says so").await;
    check(Slip::LeaseEndsKeyByKey, revoked).await;
}
