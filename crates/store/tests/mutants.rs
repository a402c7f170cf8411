//! The book of laws catches wrong stores: each of these breaks one law, and the book says which.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use peerage_store::conformance::{self, Subject};
use peerage_store::memory::MemoryStore;
use peerage_store::{
    Answer, Commit, Entry, Key, LeaseClock, LeaseId, LeaseState, ListRequest, Page, Revision,
    Snapshot, Store, Txn, Watch, WatchBatch, Write,
};

/// A watch that says nothing shows as a law that takes too long.
const LAW_TIME_MAX: Duration = Duration::from_secs(1);

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    IgnoresLastPrecondition,
    SplitsCommits,
    LostRaceIsError,
    CountsLostRaces,
    ListsPresentForPast,
    PrefixTakesOneMore,
    PageForgetsMore,
    WatchSkipsFirst,
    WatchTellsOthers,
    WatchTellsTwice,
    KeepsCompacted,
    ReadsStale,
    TakesLongKeys,
    ForgetsLeases,
    NeverCloses,
}

struct Mutant {
    inner: MemoryStore,
    wrong: Wrong,
    stale: std::sync::Mutex<Option<Entry>>,
}

struct Mutants {
    clock: LeaseClock,
    wrong: Wrong,
}

#[async_trait]
impl Subject for Mutants {
    async fn fresh(&self) -> Arc<dyn Store> {
        let inner = MemoryStore::with_clock(self.clock.clone());
        Arc::new(Mutant { inner, wrong: self.wrong, stale: std::sync::Mutex::default() })
    }

    async fn reopen(&self, _store: &Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        None
    }

    async fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }
}

#[async_trait]
impl Store for Mutant {
    async fn commit(&self, mut txn: Txn) -> Answer<Commit> {
        match self.wrong {
            Wrong::IgnoresLastPrecondition => {
                txn.check()?;
                txn.preconditions.pop();
            }
            Wrong::SplitsCommits if txn.writes.len() > 1 => {
                txn.check()?;
                let rest = txn.writes.split_off(1);
                self.inner.commit(txn).await?;
                return self.inner.commit(Txn::of(rest)).await;
            }
            Wrong::TakesLongKeys => {
                txn.writes.iter_mut().for_each(shorten);
            }
            Wrong::ForgetsLeases => txn.writes.iter_mut().for_each(|write| {
                if let Write::Put { lease, .. } = write {
                    *lease = None;
                }
            }),
            _ => {}
        }
        let commit = self.inner.commit(txn).await?;
        if matches!(commit, Commit::Lost { .. }) {
            match self.wrong {
                Wrong::LostRaceIsError => self.inner.list(none()).await.map(drop)?,
                Wrong::CountsLostRaces => {
                    self.inner.commit(Txn::of(vec![Write::put("~", "")])).await?;
                }
                _ => {}
            }
        }
        Ok(commit)
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        let now = self.inner.get(key).await?;
        if self.wrong != Wrong::ReadsStale || now.is_none() {
            return Ok(now);
        }
        let mut stale = self.stale.lock().expect("nobody panics");
        let before = std::mem::replace(&mut *stale, now.clone());
        Ok(before.filter(|entry| entry.key == *key).or(now))
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        self.inner.get_many(keys).await
    }

    async fn list(&self, mut request: ListRequest) -> Answer<Page> {
        let at = request.at;
        if self.wrong == Wrong::ListsPresentForPast {
            request.at = None;
        }
        if self.wrong == Wrong::PrefixTakesOneMore && request.prefix.as_bytes().ends_with(b"/") {
            let bytes = request.prefix.as_bytes();
            request.prefix = Key::from(&bytes[..bytes.len() - 1]);
        }
        let mut page = self.inner.list(request).await?;
        page.revision = at.unwrap_or(page.revision);
        page.more &= self.wrong != Wrong::PageForgetsMore;
        Ok(page)
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        self.inner.count(prefix).await
    }

    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>> {
        let others = self.wrong == Wrong::WatchTellsOthers;
        let prefix = if others { Key::default() } else { prefix.clone() };
        let from = if self.wrong == Wrong::WatchSkipsFirst { from.next() } else { from };
        let inner = self.inner.watch(&prefix, from).await?;
        let twice = self.wrong == Wrong::WatchTellsTwice;
        Ok(Box::new(MutantWatch { inner, twice, last: None }))
    }

    async fn compact(&self, revision: Revision) -> Answer<()> {
        if self.wrong == Wrong::KeepsCompacted {
            return Ok(());
        }
        self.inner.compact(revision).await
    }

    async fn revision(&self) -> Answer<Revision> {
        self.inner.revision().await
    }

    async fn grant(&self, ttl: Duration) -> Answer<LeaseId> {
        self.inner.grant(ttl).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState> {
        self.inner.keep_alive(lease).await
    }

    async fn revoke(&self, lease: LeaseId) -> Answer<()> {
        self.inner.revoke(lease).await
    }

    async fn close(&self) {
        if self.wrong != Wrong::NeverCloses {
            self.inner.close().await;
        }
    }
}

struct MutantWatch {
    inner: Box<dyn Watch>,
    twice: bool,
    last: Option<WatchBatch>,
}

#[async_trait]
impl Watch for MutantWatch {
    async fn next(&mut self) -> Answer<WatchBatch> {
        if let Some(last) = self.last.take() {
            return Ok(last);
        }
        let batch = self.inner.next().await?;
        self.last = self.twice.then(|| batch.clone());
        Ok(batch)
    }
}

fn shorten(write: &mut Write) {
    let (Write::Put { key, .. } | Write::Delete { key }) = write;
    let bytes = key.as_bytes();
    *key = Key::from(&bytes[..bytes.len().min(512)]);
}

/// A list that is always refused.
fn none() -> ListRequest {
    ListRequest { limit: 0, ..ListRequest::default() }
}

async fn check(wrong: Wrong, law: &str) {
    let mutants = Mutants { clock: LeaseClock::by_hand(), wrong };
    let broken = conformance::run_one(&mutants, law, LAW_TIME_MAX).await;
    assert!(broken.is_err(), "{wrong:?} keeps `{law}`");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_catches_wrong_commits() {
    check(Wrong::IgnoresLastPrecondition, "of 64 commits that ask for an absent key one wins")
        .await;
    check(Wrong::SplitsCommits, "everything written by one commit has its revision").await;
    check(Wrong::LostRaceIsError, "a commit is lost at its first precondition that fails").await;
    check(Wrong::CountsLostRaces, "a lost commit takes no revision").await;
    check(Wrong::TakesLongKeys, "a key has at most 512 bytes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_catches_wrong_reads() {
    let pages = "pages at the first page's revision do not see what was written since";
    check(Wrong::ListsPresentForPast, pages).await;
    let bounds = "a list holds what begins with the prefix and nothing beside it";
    check(Wrong::PrefixTakesOneMore, bounds).await;
    check(Wrong::PageForgetsMore, "pages joined are the whole list, in either order").await;
    check(Wrong::ReadsStale, "a read after a commit was answered sees it").await;
    let compacted = "what lies before a compacted revision is refused with the oldest that is kept";
    check(Wrong::KeepsCompacted, compacted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_catches_wrong_watches_and_leases() {
    check(Wrong::WatchTellsOthers, "a watch tells what lies below its prefix only").await;
    check(Wrong::WatchTellsTwice, "a watch tells commits in order").await;
    check(Wrong::ForgetsLeases, "an entry says its lease").await;
    check(Wrong::NeverCloses, "a closed store says that it is closed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_catches_a_watch_that_skips() {
    check(Wrong::WatchSkipsFirst, "a watch can be resumed after the last commit it told").await;
}
