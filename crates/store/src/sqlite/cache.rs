//! What was read or written lately, exactly as it is in the file: a read that finds its key here
//! does not ask SQLite.
//!
//! The writer takes away what a batch touches before it commits, and puts the new values in after
//! it. In between nobody may add anything, because what a reader brings may be from before: so
//! nobody finds an old value here after somebody saw the new one in the file, and whoever was
//! answered finds what was written.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::port::{
    Answer, Entry, Key, ListRequest, Order, Page, Revision, Snapshot, WatchBatch, WatchEvent,
};

/// Bytes of one generation; there are two.
const BYTES: usize = 16 * 1024 * 1024;
/// The largest list that is kept, in bytes.
const LIST_BYTES: usize = 128 * 1024;
/// What an entry takes beside its key and value, roughly.
const ENTRY: usize = 128;

/// See the head of this file.
#[derive(Default)]
pub(super) struct Cache(RwLock<State>);

/// When a reader began; nothing if what it reads may not be kept.
#[derive(Clone, Copy)]
pub(super) struct Ticket(Option<u64>);

#[derive(Default)]
struct State {
    /// Counts the writer's batches.
    epoch: u64,
    /// Whether a batch is being committed, or nobody knows what became of one.
    busy: bool,
    closed: bool,
    revision: Revision,
    /// What was used lately, and what was used before that: the second is forgotten when the first
    /// is full.
    young: Generation,
    old: Generation,
}

#[derive(Default)]
struct Generation {
    entries: HashMap<Key, Option<Entry>>,
    /// Everything below a prefix that ends in a slash, in order.
    lists: HashMap<Key, Arc<[Entry]>>,
    bytes: usize,
}

impl Cache {
    /// Of a file that stands at a revision.
    pub(super) fn at(revision: Revision) -> Self {
        Self(RwLock::new(State { revision, ..State::default() }))
    }

    /// What is under a key, if that is known here: an entry, or that there is none.
    pub(super) fn get(&self, key: &Key) -> Option<Option<Entry>> {
        let state = self.read();
        if let Some(found) = state.young.entries.get(key) {
            return Some(found.clone());
        }
        let found = state.old.entries.get(key)?.clone();
        drop(state);
        self.write().rejuvenate(key);
        Some(found)
    }

    /// What is under several keys at one revision, if all of it is known here. `newest` asks the
    /// file for its revision.
    pub(super) fn get_many(
        &self,
        keys: &[Key],
        newest: impl FnOnce() -> Answer<Revision>,
    ) -> Option<Answer<Snapshot>> {
        let state = self.read();
        let find = |key| state.young.entries.get(key).or_else(|| state.old.entries.get(key));
        let entries = keys.iter().map(|key| find(key).cloned()).collect::<Option<Vec<_>>>()?;
        Some(state.revision(newest).map(|revision| Snapshot { entries, revision }))
    }

    /// A page, if everything below its prefix is known here.
    pub(super) fn list(
        &self,
        request: &ListRequest,
        newest: impl FnOnce() -> Answer<Revision>,
    ) -> Option<Answer<Page>> {
        let limit = request.room().ok().filter(|_| is_kept(request))?;
        let state = self.read();
        let prefix = &request.prefix;
        let lists = [&state.young.lists, &state.old.lists];
        let all = lists.into_iter().find_map(|lists| lists.get(prefix))?;
        let (entries, more) = (all[..all.len().min(limit)].to_vec(), all.len() > limit);
        Some(state.revision(newest).map(|revision| Page { entries, revision, more }))
    }

    /// To be taken before the file is read.
    pub(super) fn ticket(&self) -> Ticket {
        let state = self.read();
        Ticket((!state.busy && !state.closed).then_some(state.epoch))
    }

    /// Keeps what was read from the file.
    pub(super) fn offer<'a>(
        &self,
        ticket: Ticket,
        found: impl IntoIterator<Item = (&'a Key, Option<Entry>)>,
    ) {
        let Some(mut state) = self.take(ticket) else { return };
        found.into_iter().for_each(|(key, entry)| state.keep(key.clone(), entry));
    }

    /// Keeps a page that was read from the file, if it is everything below its prefix.
    pub(super) fn offer_list(&self, ticket: Ticket, request: &ListRequest, page: &Page) {
        let bytes = list_cost(&page.entries);
        if page.more || bytes > LIST_BYTES || !is_kept(request) {
            return;
        }
        let Some(mut state) = self.take(ticket) else { return };
        let entries: Arc<[Entry]> = page.entries.iter().cloned().collect();
        state.young.bytes += bytes;
        if let Some(before) = state.young.lists.insert(request.prefix.clone(), entries) {
            state.young.bytes -= list_cost(&before);
        }
        state.age();
    }

    /// Before a batch is committed: what it touches is no longer known.
    pub(super) fn begin(&self, batches: &[WatchBatch]) {
        let mut state = self.write();
        state.busy = true;
        for event in batches.iter().flat_map(|batch| &batch.events) {
            state.forget(event.key());
        }
    }

    /// After it was committed: what it did is known.
    pub(super) fn end(&self, batches: &[WatchBatch], revision: Revision) {
        let mut state = self.write();
        state.settle(revision);
        for event in batches.iter().flat_map(|batch| &batch.events) {
            match event {
                WatchEvent::Put(entry) => state.keep(entry.key.clone(), Some(entry.clone())),
                WatchEvent::Deleted(key) => state.keep(key.clone(), None),
            }
        }
    }

    /// After a batch of which nothing is known but that it is settled, and where the file stands.
    pub(super) fn settled(&self, revision: Revision) {
        self.write().settle(revision);
    }

    /// Forgets everything, for good.
    pub(super) fn close(&self) {
        *self.write() = State { closed: true, ..State::default() };
    }

    fn take(&self, ticket: Ticket) -> Option<RwLockWriteGuard<'_, State>> {
        let epoch = ticket.0?;
        let state = self.write();
        (!state.busy && !state.closed && state.epoch == epoch).then_some(state)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The revision at which everything here is as it is. While a batch is being committed that is
    /// the file's, before or after it: nothing here is touched by the batch, and it cannot end
    /// before this reader does.
    fn revision(&self, newest: impl FnOnce() -> Answer<Revision>) -> Answer<Revision> {
        if self.busy { newest() } else { Ok(self.revision) }
    }

    fn settle(&mut self, revision: Revision) {
        self.busy = false;
        self.epoch += 1;
        self.revision = revision;
    }

    fn keep(&mut self, key: Key, entry: Option<Entry>) {
        if self.closed {
            return;
        }
        self.young.bytes += cost(&key, entry.as_ref());
        if let Some(before) = self.young.entries.insert(key.clone(), entry) {
            self.young.bytes -= cost(&key, before.as_ref());
        }
        self.age();
    }

    fn age(&mut self) {
        if self.young.bytes > BYTES {
            self.old = std::mem::take(&mut self.young);
        }
    }

    fn rejuvenate(&mut self, key: &Key) {
        if let Some(entry) = self.old.entries.remove(key) {
            self.old.bytes -= cost(key, entry.as_ref());
            self.keep(key.clone(), entry);
        }
    }

    fn forget(&mut self, key: &Key) {
        let bytes = key.as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for generation in [&mut self.young, &mut self.old] {
            if let Some(before) = generation.entries.remove(key) {
                generation.bytes -= cost(key, before.as_ref());
            }
            for (at, _) in slashes.clone() {
                if let Some(list) = generation.lists.remove(&bytes[..=at]) {
                    generation.bytes -= list_cost(&list);
                }
            }
        }
    }
}

/// The bytes that a known key takes, roughly.
fn cost(key: &Key, entry: Option<&Entry>) -> usize {
    key.as_bytes().len() + ENTRY + entry.map_or(0, |entry| entry.value.as_bytes().len())
}

/// The same of a list.
fn list_cost(entries: &[Entry]) -> usize {
    ENTRY + entries.iter().map(|entry| cost(&entry.key, Some(entry))).sum::<usize>()
}

/// Whether lists of this kind are kept: of what is now, from the beginning.
fn is_kept(request: &ListRequest) -> bool {
    let ListRequest { prefix, after, limit: _, at, order } = request;
    after.is_none()
        && at.is_none()
        && *order == Order::Ascending
        && prefix.as_bytes().last() == Some(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, value: &str, revision: u64) -> Entry {
        let revision = Revision(revision);
        Entry {
            key: key.into(),
            value: value.into(),
            created: revision,
            modified: revision,
            version: 1,
            lease: None,
        }
    }

    fn batch(entry: &Entry) -> Vec<WatchBatch> {
        let events = vec![WatchEvent::Put(entry.clone())];
        vec![WatchBatch { revision: entry.modified, events }]
    }

    fn never() -> Answer<Revision> {
        panic!("the file was asked")
    }

    #[test]
    fn what_is_read_before_a_batch_ends_is_not_kept_after_it() {
        let cache = Cache::at(Revision(1));
        let (old, new) = (entry("a/k", "old", 1), entry("a/k", "new", 2));
        let early = cache.ticket();
        cache.offer(early, [(&old.key, Some(old.clone()))]);
        assert_eq!(cache.get(&old.key), Some(Some(old.clone())));
        cache.begin(&batch(&new));
        assert_eq!(cache.get(&old.key), None);
        cache.offer(early, [(&old.key, Some(old.clone()))]);
        cache.offer(cache.ticket(), [(&old.key, Some(old.clone()))]);
        assert_eq!(cache.get(&old.key), None);
        cache.end(&batch(&new), Revision(2));
        cache.offer(early, [(&old.key, Some(old.clone()))]);
        assert_eq!(cache.get(&old.key), Some(Some(new)));
    }

    #[test]
    fn a_list_is_forgotten_when_anything_below_its_prefix_changes() {
        let cache = Cache::at(Revision(1));
        let request = ListRequest { limit: 1, ..ListRequest::prefix("a/") };
        let entries = vec![entry("a/1", "x", 1), entry("a/2", "x", 1)];
        let page = Page { entries, revision: Revision(1), more: false };
        cache.offer_list(cache.ticket(), &request, &page);
        let kept = cache.list(&request, never).unwrap().unwrap();
        assert_eq!((kept.entries.len(), kept.more), (1, true));
        let other = entry("b/1", "x", 2);
        cache.begin(&batch(&other));
        let kept = cache.list(&request, || Ok(Revision(2))).unwrap().unwrap();
        assert_eq!(kept.revision, Revision(2));
        cache.end(&batch(&other), Revision(2));
        assert_eq!(cache.list(&request, never).unwrap().unwrap().revision, Revision(2));
        cache.begin(&batch(&entry("a/b/c", "x", 3)));
        assert!(cache.list(&request, never).is_none());
    }

    #[test]
    fn its_size_is_bounded_and_what_is_used_stays() {
        let cache = Cache::at(Revision(1));
        let used = entry("used", "x", 1);
        cache.offer(cache.ticket(), [(&used.key, Some(used.clone()))]);
        let value = "x".repeat(64 * 1024);
        for number in 0..2_000 {
            let entry = entry(&format!("k{number}"), &value, 1);
            cache.offer(cache.ticket(), [(&entry.key, Some(entry.clone()))]);
            assert!(cache.get(&used.key).is_some(), "{number}");
        }
        let change = entry("used", &value, 2);
        let before = cache.read().young.bytes;
        for _ in 0..1_000 {
            cache.begin(&batch(&change));
            cache.end(&batch(&change), Revision(2));
        }
        assert!(cache.read().young.bytes <= before + 2 * value.len(), "a key is counted twice");
        let state = cache.read();
        let held = state.young.entries.len() + state.old.entries.len();
        assert!(held * value.len() <= 2 * (BYTES + value.len()), "{held}");
        drop(state);
        cache.close();
        assert_eq!(cache.get(&used.key), None);
        cache.offer(cache.ticket(), [(&used.key, Some(used.clone()))]);
        assert_eq!(cache.get(&used.key), None);
    }
}
