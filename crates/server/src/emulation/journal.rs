//! Keeps the emulated world in the store, beside everything else: alone, or with other processes
//! that each hold the whole world and take turns in changing it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use peerage_fabric::emulated::{
    Journal, JournalError, News, Saved, SharedJournal, TURN_CHANGES_MAX, Turn,
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
}

impl StoreJournal {
    /// A journal in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, seen: Mutex::default() }
    }

    /// Everything, with the guard's revision and the revision of it all.
    async fn everything(&self) -> Answer<(Vec<(String, Vec<u8>)>, Option<Revision>, Revision)> {
        let (mut found, mut guard) = (Vec::new(), None);
        let mut request = ListRequest::prefix(keys::all_emulated());
        loop {
            let page = self.store.list(request.clone()).await?;
            for entry in &page.entries {
                match name(&entry.key) {
                    Some(name) => found.push((name, entry.value.as_bytes().to_vec())),
                    None => guard = Some(entry.modified),
                }
            }
            if !page.more {
                return Ok((found, guard, page.revision));
            }
            request.after = page.entries.last().map(|entry| entry.key.clone());
            request.at = Some(page.revision);
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

    async fn start_over(&self, seen: &mut Seen) -> Answer<News> {
        (seen.told, seen.news) = (None, Vec::new());
        let (objects, guard, revision) = self.everything().await?;
        seen.told = Some(self.store.watch(&keys::all_emulated(), revision.next()).await?);
        seen.guard = guard;
        Ok(News::Everything(objects))
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
        self.guard = Some(batch.revision);
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
    async fn load(&self) -> Result<Vec<(String, Vec<u8>)>, JournalError> {
        Ok(self.everything().await.map_err(JournalError::new)?.0)
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
    async fn catch_up(&self) -> Result<News, JournalError> {
        let mut seen = self.seen.lock().await;
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
        self.start_over(&mut seen).await.map_err(JournalError::new)
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

    async fn save_next(&self, changes: Vec<Saved>) -> Result<Turn, JournalError> {
        let mut seen = self.seen.lock().await;
        let key = keys::emulated_guard();
        for mut writes in parts(changes) {
            writes.push(Write::put(key.clone(), GUARD));
            let mut preconditions: Vec<Precondition> =
                fence::current().map(replica::stands).into_iter().collect();
            let fenced = !preconditions.is_empty();
            preconditions.push(match seen.guard {
                Some(guard) => Precondition::ModifiedAt(key.clone(), guard),
                None => Precondition::Absent(key.clone()),
            });
            let saved = self.store.commit(Txn { preconditions, writes }).await;
            match saved.map_err(JournalError::new)? {
                Commit::Done(revision) => seen.guard = Some(revision),
                Commit::Lost { failed: 0 } if fenced => return Ok(Turn::Deposed),
                Commit::Lost { .. } => return Ok(Turn::Behind),
            }
        }
        Ok(Turn::Kept)
    }
}
