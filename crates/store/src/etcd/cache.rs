//! What is stored lately, exactly as it was at the revision that the watch has told: keys, present
//! and absent, and everything below small prefixes.
//!
//! The watch tells every transaction in order, and each is applied to what is kept. An answer of
//! the cluster may be older or newer than what was told: each thing kept carries the revision that
//! it is known of, takes only what happened after that, and is not found before the watch has told
//! as much. So whatever is found stands as it was at one revision, the last one told.

mod generation;

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;

use self::generation::{Generation, Known, LIST_BYTES, list_cost};
use crate::port::{
    Entry, Key, ListRequest, Order, Page, Revision, Snapshot, WatchBatch, WatchEvent,
};

/// Bytes of one generation; there are two.
const BYTES: usize = 16 * 1024 * 1024;
/// How many transactions are remembered by their keys. An answer that is further behind the watch
/// is not kept.
const RECENT: usize = 256;

/// See the head of this file.
pub(super) struct Cache {
    state: RwLock<State>,
    /// Up to where the watch has told; nothing while there is none.
    told: watch::Sender<Option<Revision>>,
}

/// During which watch a read began; nothing if what it reads may not be kept.
#[derive(Clone, Copy)]
pub(super) struct Ticket(Option<u64>);

#[derive(Default)]
struct State {
    /// Counts the watches.
    epoch: u64,
    told: Option<Revision>,
    /// The last transactions told, and the last one that is no longer among them.
    recent: VecDeque<(Revision, Vec<Key>)>,
    forgotten: Revision,
    /// What was used lately, and what was used before that: the second is forgotten when the first
    /// is full.
    young: Generation,
    old: Generation,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self { state: RwLock::default(), told: watch::Sender::new(None) }
    }

    /// What is under a key, if that is known here as of `least` or later.
    pub(super) fn get(&self, key: &Key, least: Revision) -> Option<Option<Entry>> {
        let state = self.read();
        let told = state.told.filter(|told| *told >= least)?;
        if let Some(found) = state.young.entries.get(key) {
            return found.by(told).cloned();
        }
        let found = state.old.entries.get(key)?.by(told)?.clone();
        drop(state);
        self.write().rejuvenate(key);
        Some(found)
    }

    /// What is under several keys at one revision, if all of it is known here.
    pub(super) fn get_many(&self, keys: &[Key], least: Revision) -> Option<Snapshot> {
        let state = self.read();
        let revision = state.told.filter(|told| *told >= least)?;
        let find = |key| state.young.entries.get(key).or_else(|| state.old.entries.get(key));
        let entries = keys.iter().map(|key| find(key)?.by(revision).cloned());
        Some(Snapshot { entries: entries.collect::<Option<Vec<_>>>()?, revision })
    }

    /// A page, if everything below its prefix is known here.
    pub(super) fn list(&self, request: &ListRequest, least: Revision) -> Option<Page> {
        let limit = request.room().ok().filter(|_| is_kept(request))?;
        let state = self.read();
        let revision = state.told.filter(|told| *told >= least)?;
        let lists = [&state.young.lists, &state.old.lists];
        let found = lists.into_iter().find_map(|lists| lists.get(&request.prefix))?;
        let all = found.by(revision)?;
        let (entries, more) = (all[..all.len().min(limit)].to_vec(), all.len() > limit);
        Some(Page { entries, revision, more })
    }

    /// To be taken before the cluster is asked.
    pub(super) fn ticket(&self) -> Ticket {
        let state = self.read();
        Ticket(state.told.map(|_| state.epoch))
    }

    /// Keeps what the cluster answered, as it was at a revision.
    pub(super) fn offer<'a>(
        &self,
        ticket: Ticket,
        at: Revision,
        found: impl IntoIterator<Item = (&'a Key, Option<Entry>)>,
    ) {
        let Some(mut state) = self.take(ticket) else { return };
        for (key, what) in found {
            if !state.touched_since(at, |touched| touched == key) {
                state.keep(key, Known { what, at });
            }
        }
    }

    /// Keeps a page that the cluster answered, if it is everything below its prefix.
    pub(super) fn offer_list(&self, ticket: Ticket, request: &ListRequest, page: &Page) {
        let bytes = list_cost(&page.entries);
        if page.more || bytes > LIST_BYTES || !is_kept(request) {
            return;
        }
        let Some(mut state) = self.take(ticket) else { return };
        let (at, prefix) = (page.revision, &request.prefix);
        if !state.touched_since(at, |touched| touched.starts_with(prefix)) {
            state.keep_list(prefix, Known { what: page.entries.clone(), at });
        }
    }

    /// A watch stands that tells everything after a revision.
    pub(super) fn stand(&self, at: Revision) {
        let mut state = self.write();
        let epoch = state.epoch + 1;
        *state = State { epoch, told: Some(at), forgotten: at, ..State::default() };
        drop(state);
        self.told.send_replace(Some(at));
    }

    /// The watch has ended: nothing is known.
    pub(super) fn fall(&self) {
        let mut state = self.write();
        *state = State { epoch: state.epoch, ..State::default() };
        drop(state);
        self.told.send_replace(None);
    }

    /// The watch has told a transaction.
    pub(super) fn tell(&self, batch: &WatchBatch) {
        let mut state = self.write();
        let at = batch.revision;
        state.told = Some(at);
        state.remember(at, batch.events.iter().map(|event| event.key().clone()).collect());
        batch.events.iter().for_each(|event| state.apply(event, at));
        drop(state);
        self.told.send_replace(Some(at));
    }

    /// Waits until the watch has told up to a revision; says no if there is no watch.
    pub(super) async fn told(&self, least: Revision) -> bool {
        let mut told = self.told.subscribe();
        let enough = told.wait_for(|told| told.is_none_or(|told| told >= least)).await;
        enough.is_ok_and(|told| told.is_some())
    }

    fn take(&self, ticket: Ticket) -> Option<RwLockWriteGuard<'_, State>> {
        let epoch = ticket.0?;
        let state = self.write();
        (state.told.is_some() && state.epoch == epoch).then_some(state)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remember(&mut self, at: Revision, keys: Vec<Key>) {
        self.recent.push_back((at, keys));
        if self.recent.len() > RECENT
            && let Some((gone, _)) = self.recent.pop_front()
        {
            self.forgotten = gone;
        }
    }

    /// Whether the watch has told of such a key after a revision, or may have.
    fn touched_since(&self, at: Revision, is: impl Fn(&Key) -> bool) -> bool {
        let since = self.recent.iter().rev().take_while(|(revision, _)| *revision > at);
        at < self.forgotten || since.flat_map(|(_, keys)| keys).any(is)
    }

    /// Applies what happened to a key to whatever is not known of a later revision.
    fn apply(&mut self, event: &WatchEvent, at: Revision) {
        let what = match event {
            WatchEvent::Put(entry) => Some(entry.clone()),
            WatchEvent::Deleted(_) => None,
        };
        let bytes = event.key().as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (slash, _) in slashes {
            self.young.change_list(&bytes[..=slash], event.key(), what.as_ref(), at);
            self.old.change_list(&bytes[..=slash], event.key(), what.as_ref(), at);
        }
        self.keep(event.key(), Known { what, at });
    }

    fn keep(&mut self, key: &Key, known: Known<Option<Entry>>) {
        let later = |it: &Generation| it.entries.get(key).is_some_and(|it| it.at >= known.at);
        if later(&self.young) || later(&self.old) {
            return;
        }
        self.old.forget(key);
        self.young.forget(key);
        self.young.bytes += generation::cost(key, known.what.as_ref());
        self.young.entries.insert(key.clone(), known);
        self.age();
    }

    fn keep_list(&mut self, prefix: &Key, known: Known<Vec<Entry>>) {
        let later = |it: &Generation| it.lists.get(prefix).is_some_and(|it| it.at >= known.at);
        if later(&self.young) || later(&self.old) {
            return;
        }
        self.old.forget_list(prefix.as_bytes());
        self.young.forget_list(prefix.as_bytes());
        self.young.bytes += list_cost(&known.what);
        self.young.lists.insert(prefix.clone(), known);
        self.age();
    }

    fn age(&mut self) {
        if self.young.bytes > BYTES {
            self.old = std::mem::take(&mut self.young);
        }
    }

    fn rejuvenate(&mut self, key: &Key) {
        if let Some(known) = self.old.forget(key) {
            self.keep(key, known);
        }
    }
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
    use super::generation::cost;
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

    fn tell(cache: &Cache, revision: u64, event: WatchEvent) {
        tell_all(cache, revision, vec![event]);
    }

    fn tell_all(cache: &Cache, revision: u64, events: Vec<WatchEvent>) {
        cache.tell(&WatchBatch { revision: Revision(revision), events });
    }

    fn standing(at: u64) -> Cache {
        let cache = Cache::new();
        cache.stand(Revision(at));
        cache
    }

    fn value(cache: &Cache, key: &str, least: u64) -> Option<Option<String>> {
        let found = cache.get(&key.into(), Revision(least))?;
        Some(found.map(|entry| entry.value.as_bytes().escape_ascii().to_string()))
    }

    fn keys(cache: &Cache, prefix: &str) -> Option<Vec<String>> {
        let page = cache.list(&ListRequest::prefix(prefix), Revision::ZERO)?;
        Some(page.entries.iter().map(|entry| entry.key.to_string()).collect())
    }

    #[test]
    fn an_answer_is_kept_unless_something_later_was_told_of_it() {
        let (cache, key) = (standing(1), Key::from("a"));
        let ticket = cache.ticket();
        tell(&cache, 2, WatchEvent::Put(entry("a", "2", 2)));
        tell(&cache, 3, WatchEvent::Deleted("a".into()));
        tell(&cache, 4, WatchEvent::Put(entry("b", "4", 4)));
        cache.offer(ticket, Revision(2), [(&key, Some(entry("a", "2", 2)))]);
        assert_eq!(value(&cache, "a", 4), Some(None));
        let other = Key::from("c");
        cache.offer(ticket, Revision(2), [(&other, Some(entry("c", "1", 1)))]);
        assert_eq!(value(&cache, "c", 4), Some(Some("1".to_owned())));
        assert_eq!(value(&cache, "c", 5), None, "as of what was not told");
    }

    #[test]
    fn an_answer_ahead_of_the_watch_is_found_when_the_watch_is_there() {
        let (cache, key) = (standing(1), Key::from("p/a"));
        let page = Page { entries: vec![], revision: Revision(3), more: false };
        cache.offer(cache.ticket(), Revision(3), [(&key, None)]);
        cache.offer_list(cache.ticket(), &ListRequest::prefix("p/"), &page);
        tell(&cache, 2, WatchEvent::Put(entry("p/a", "2", 2)));
        assert_eq!((value(&cache, "p/a", 2), keys(&cache, "p/")), (None, None));
        tell(&cache, 3, WatchEvent::Deleted("p/a".into()));
        assert_eq!((value(&cache, "p/a", 3), keys(&cache, "p/")), (Some(None), Some(vec![])));
        tell(&cache, 4, WatchEvent::Put(entry("p/a", "4", 4)));
        assert_eq!(keys(&cache, "p/"), Some(vec!["p/a".to_owned()]));
    }

    #[test]
    fn a_list_follows_what_happens_below_its_prefix() {
        let cache = standing(1);
        let entries = vec![entry("p/b", "1", 1), entry("p/d", "1", 1)];
        let page = Page { entries, revision: Revision(1), more: false };
        cache.offer_list(cache.ticket(), &ListRequest::prefix("p/"), &page);
        tell(&cache, 2, WatchEvent::Put(entry("p/c", "2", 2)));
        let both = vec![WatchEvent::Put(entry("p/b", "3", 3)), WatchEvent::Deleted("p/d".into())];
        tell_all(&cache, 3, both);
        tell(&cache, 5, WatchEvent::Put(entry("q/a", "5", 5)));
        assert_eq!(keys(&cache, "p/"), Some(vec!["p/b".to_owned(), "p/c".to_owned()]));
        let one = ListRequest { limit: 1, ..ListRequest::prefix("p/") };
        let page = cache.list(&one, Revision(5)).unwrap();
        assert_eq!((page.entries, page.revision), (vec![entry("p/b", "3", 3)], Revision(5)));
        assert!(page.more);
        let large = "x".repeat(LIST_BYTES);
        tell(&cache, 6, WatchEvent::Put(entry("p/large", &large, 6)));
        assert_eq!(keys(&cache, "p/"), None);
    }

    #[test]
    fn nothing_of_one_watch_is_known_to_the_next() {
        let (cache, key) = (Cache::new(), Key::from("a"));
        let offer = |ticket| cache.offer(ticket, Revision(9), [(&key, None)]);
        offer(cache.ticket());
        cache.stand(Revision(1));
        let early = cache.ticket();
        tell(&cache, 9, WatchEvent::Put(entry("a", "9", 9)));
        cache.fall();
        assert_eq!(value(&cache, "a", 0), None);
        offer(cache.ticket());
        cache.stand(Revision(9));
        offer(early);
        assert_eq!(value(&cache, "a", 0), None);
    }

    #[test]
    fn an_answer_from_too_long_ago_is_not_kept() {
        let (cache, key) = (standing(1), Key::from("a"));
        let ticket = cache.ticket();
        for number in 0..=RECENT as u64 {
            tell(&cache, 10 + number, WatchEvent::Put(entry("b", "1", 10 + number)));
        }
        cache.offer(ticket, Revision(9), [(&key, None)]);
        assert_eq!(value(&cache, "a", 0), None);
        cache.offer(ticket, Revision(10), [(&key, None)]);
        assert_eq!(value(&cache, "a", 0), Some(None));
    }

    #[test]
    fn its_size_is_bounded_and_what_is_used_stays() {
        let (cache, used) = (standing(1), Key::from("used"));
        cache.offer(cache.ticket(), Revision(1), [(&used, None)]);
        let large = "x".repeat(64 * 1024);
        for number in 2..2_000 {
            let key = format!("k{}", number % 1_500);
            tell(&cache, number, WatchEvent::Put(entry(&key, &large, number)));
            assert_eq!(value(&cache, "used", number), Some(None));
        }
        let state = cache.read();
        let real = |it: &Generation| {
            it.entries.iter().map(|(key, it)| cost(key, it.what.as_ref())).sum::<usize>()
        };
        assert_eq!((real(&state.young), real(&state.old)), (state.young.bytes, state.old.bytes));
        assert!(state.young.bytes + state.old.bytes <= 2 * (BYTES + 2 * large.len()));
    }
}
