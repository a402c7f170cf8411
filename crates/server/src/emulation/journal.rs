//! Keeps the emulated world in the store, beside everything else: alone, or with other processes
//! that each hold the whole world and take turns in changing it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use peerage_core::reconcile::Fence;
use peerage_fabric::emulated::{
    Journal, JournalError, News, Saved, SharedJournal, TURN_CHANGES_MAX, Take, Turn,
};
use peerage_fabric::fence;
use peerage_store::{
    Answer, Commit, Entry, Key, ListRequest, Precondition, Revision, Store, StoreError, Txn, Watch,
    WatchBatch, WatchEvent, Write, keys,
};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::replica;

/// How long a watch may take to tell what is known to have happened, before everything is read.
const TOLD_MAX: Duration = Duration::from_secs(2);

/// What a guard holds: that it was written is all that counts.
const GUARD: &[u8] = b"{}";

/// The emulated world in a store.
pub struct StoreJournal {
    store: Arc<dyn Store>,
    seen: Mutex<Seen>,
}

/// How far this process has seen what is kept.
#[derive(Default)]
struct Seen {
    /// When the guard was last written, as far as seen; `None` before it was ever.
    guard: Option<Revision>,
    /// Tells what happens after that; `None` when everything has to be read.
    told: Option<Box<dyn Watch>>,
    /// What was told and is not yet taken up.
    news: Vec<Saved>,
    /// Whether a save went out, resting on `guard`, of which nobody knows what became: it may still
    /// arrive.
    unsure: bool,
}

impl StoreJournal {
    /// A journal in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, seen: Mutex::default() }
    }

    /// Gives everything to `take`; answers the guard's revision and the revision of it all.
    async fn everything(
        &self,
        take: &mut Take<'_>,
    ) -> Result<(Option<Revision>, Revision), JournalError> {
        let mut guard = None;
        let mut request = ListRequest::prefix(keys::all_emulated());
        let mut page = self.store.list(request.clone()).await.map_err(JournalError::new)?;
        loop {
            let mut found = Vec::with_capacity(page.entries.len());
            for entry in &page.entries {
                match name(&entry.key) {
                    Some(name) => found.push((name, entry.value.as_bytes().to_vec())),
                    None => guard = Some(entry.modified),
                }
            }
            if !page.more {
                take(found)?;
                return Ok((guard, page.revision));
            }
            request.after = page.entries.last().map(|entry| entry.key.clone());
            request.at = Some(page.revision);
            // The next part is read while this one is taken up: a start waits for both.
            let (store, wanted) = (self.store.clone(), request.clone());
            let next = tokio::spawn(async move { store.list(wanted).await });
            take(found)?;
            let next = next.await.map_err(JournalError::new)?;
            page = next.map_err(JournalError::new)?;
        }
    }

    /// Takes in what a watch tells until the guard's newest write is among it. Whatever ends this
    /// early, what was taken in is kept for the next time.
    async fn hear(&self, seen: &mut Seen, newest: Revision) -> Answer<()> {
        while seen.guard.is_none_or(|guard| guard < newest) {
            let Some(told) = &mut seen.told else { return Err(silent()) };
            let batch = timeout(TOLD_MAX, told.next()).await.map_err(|_| silent())??;
            seen.take_in(&batch);
        }
        Ok(())
    }

    /// Sees to it that no save of this process is still on its way: what is not found from here on
    /// does not appear later. Whoever moves the guard settles it, the save itself or somebody else.
    async fn settle(&self, seen: &mut Seen) -> Answer<()> {
        if seen.unsure {
            self.commit(seen, None, Vec::new()).await?;
        }
        Ok(())
    }

    /// Commits writes together with the guard's, if the guard is as it was seen.
    async fn commit(
        &self,
        seen: &mut Seen,
        fence: Option<Fence>,
        mut writes: Vec<Write>,
    ) -> Answer<Turn> {
        let key = keys::emulated_guard();
        writes.push(Write::put(key.clone(), GUARD));
        let mut preconditions: Vec<Precondition> = fence.map(replica::stands).into_iter().collect();
        preconditions.push(match seen.guard {
            Some(guard) => Precondition::ModifiedAt(key, guard),
            None => Precondition::Absent(key),
        });
        // Before the wait: whoever stops waiting does not know what became of it, either.
        let before = std::mem::replace(&mut seen.unsure, true);
        let answer = self.store.commit(Txn { preconditions, writes }).await;
        let known = answer.as_ref().map_or_else(StoreError::is_definite, |_| true);
        seen.unsure = before || !known;
        Ok(match answer? {
            Commit::Done(revision) => {
                seen.moved(Some(revision));
                Turn::Kept
            }
            Commit::Lost { failed: 0 } if fence.is_some() => Turn::Deposed,
            Commit::Lost { .. } => Turn::Behind,
        })
    }

    async fn start_over(&self, seen: &mut Seen, take: &mut Take<'_>) -> Result<News, JournalError> {
        (seen.told, seen.news) = (None, Vec::new());
        let (guard, revision) = self.everything(take).await?;
        let told = self.store.watch(&keys::all_emulated(), revision.next()).await;
        seen.told = Some(told.map_err(JournalError::new)?);
        seen.moved(guard);
        Ok(News::Everything)
    }
}

impl Seen {
    fn take_in(&mut self, batch: &WatchBatch) {
        // What this process saved itself is no news.
        if self.guard.is_some_and(|guard| batch.revision <= guard) {
            return;
        }
        for event in &batch.events {
            if let Some(name) = name(event.key()) {
                self.news.push((name, value(event)));
            }
        }
        self.moved(Some(batch.revision));
    }

    /// The guard is at this revision. A save that rested on an earlier one arrives too late.
    fn moved(&mut self, guard: Option<Revision>) {
        if self.guard != guard {
            (self.guard, self.unsure) = (guard, false);
        }
    }
}

fn value(event: &WatchEvent) -> Option<Vec<u8>> {
    match event {
        WatchEvent::Put(entry) => Some(entry.value.as_bytes().to_vec()),
        WatchEvent::Deleted(_) => None,
    }
}

/// The name of an object; `None` for the guard.
fn name(key: &Key) -> Option<String> {
    if *key == keys::emulated_guard() {
        return None;
    }
    let prefix = keys::all_emulated();
    let name = key.as_bytes().get(prefix.as_bytes().len()..).unwrap_or_default();
    Some(String::from_utf8_lossy(name).into_owned())
}

fn silent() -> StoreError {
    let reason = "the store does not tell what happened".to_owned();
    let retry_after = Duration::from_secs(1);
    StoreError::definite(peerage_store::ErrorKind::Unavailable { reason, retry_after })
}

fn write((name, value): Saved) -> Write {
    let key = keys::emulated(&name);
    match value {
        Some(value) => Write::put(key, value),
        None => Write::delete(key),
    }
}

/// The changes in parts that one transaction takes.
fn parts(changes: Vec<Saved>) -> Vec<Vec<Write>> {
    let mut parts = Vec::new();
    let mut writes: Vec<Write> = changes.into_iter().map(write).collect();
    while !writes.is_empty() {
        let rest = writes.split_off(writes.len().min(TURN_CHANGES_MAX));
        parts.push(std::mem::replace(&mut writes, rest));
    }
    parts
}

#[async_trait]
impl Journal for StoreJournal {
    async fn load(&self, take: &mut Take<'_>) -> Result<(), JournalError> {
        self.everything(take).await.map(|_| ())
    }

    async fn read(&self, names: Vec<String>) -> Result<Vec<Saved>, JournalError> {
        let mut found = Vec::with_capacity(names.len());
        for names in names.chunks(TURN_CHANGES_MAX) {
            let wanted: Vec<Key> = names.iter().map(|name| keys::emulated(name)).collect();
            let kept = self.store.get_many(&wanted).await.map_err(JournalError::new)?;
            let values = kept.entries.into_iter().map(|entry| {
                let entry: Option<Entry> = entry;
                entry.map(|entry| entry.value.as_bytes().to_vec())
            });
            found.extend(names.iter().cloned().zip(values));
        }
        Ok(found)
    }

    async fn save(&self, changes: Vec<Saved>) -> Result<(), JournalError> {
        for writes in parts(changes) {
            self.store.commit(Txn::of(writes)).await.map_err(JournalError::new)?;
        }
        Ok(())
    }

    fn shared(&self) -> Option<&dyn SharedJournal> {
        self.store.is_shared().then_some(self)
    }
}

#[async_trait]
impl SharedJournal for StoreJournal {
    async fn catch_up(&self, take: &mut Take<'_>) -> Result<News, JournalError> {
        let mut seen = self.seen.lock().await;
        self.settle(&mut seen).await.map_err(JournalError::new)?;
        if seen.told.is_some() {
            let guard = self.store.get(&keys::emulated_guard()).await.map_err(JournalError::new)?;
            let heard = match guard {
                Some(Entry { modified, .. }) => self.hear(&mut seen, modified).await,
                None => Ok(()),
            };
            match heard {
                Ok(()) => return Ok(News::Changes(std::mem::take(&mut seen.news))),
                Err(error) => tracing::debug!(%error, "emulated.read_anew"),
            }
        }
        self.start_over(&mut seen, take).await
    }

    async fn save_next(&self, changes: Vec<Saved>) -> Result<Turn, JournalError> {
        let mut seen = self.seen.lock().await;
        for writes in parts(changes) {
            let turn = self
                .commit(&mut seen, fence::current(), writes)
                .await
                .map_err(JournalError::new)?;
            if turn != Turn::Kept {
                return Ok(turn);
            }
        }
        Ok(Turn::Kept)
    }
}
