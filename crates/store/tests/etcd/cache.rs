//! What is kept of recent reads is never older than an answer that somebody had: not when another
//! store writes, not when a lease ends, not when the watch breaks, falls silent or has nothing to
//! tell. Who serves it without asking is caught.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use peerage_store::etcd::{EtcdOptions, EtcdStore};
use peerage_store::{Entry, Key, ListRequest, Revision, Store, Txn, WatchEvent, Write};
use tokio::task::JoinSet;

use super::link::Link;
use super::server::Server;

const REGISTERS: usize = 8;
const READERS: usize = 16;
/// The least that each reader reads, and all writers together write.
const READS: usize = 400;
const WRITES: u64 = 2_000;
/// A call's deadline and the wait before it, and room for a machine that is busy.
const READ_MAX: Duration = Duration::from_secs(12);
/// Half of what a read waits before it asks the cluster itself: who waits anew each time takes
/// longer on average.
const MEAN_MAX: Duration = Duration::from_millis(100);
/// How long it may take until a watch stands again: it is silent twice, and a member is tried.
const WARM_MAX: Duration = Duration::from_secs(40);

/// How registers are read.
#[derive(Clone, Copy, Debug)]
enum By {
    Key,
    Keys,
    List,
}

fn register(index: usize) -> Key {
    Key::from(format!("r/{index}"))
}

/// What always has the value of its register.
fn twin(index: usize) -> Key {
    Key::from(format!("r/{index}/twin"))
}

fn put(index: usize, value: u64) -> Txn {
    let both = [register(index), twin(index)];
    Txn::of(both.map(|key| Write::put(key, value.to_be_bytes().to_vec())).into())
}

fn number(entry: &Entry) -> u64 {
    u64::from_be_bytes(entry.value.as_bytes().try_into().expect("a number"))
}

/// Whoever is asked for registers.
#[async_trait]
trait Reads: Send + Sync + 'static {
    async fn entry(&self, index: usize, by: By) -> Option<Entry>;
}

#[async_trait]
impl Reads for EtcdStore {
    async fn entry(&self, index: usize, by: By) -> Option<Entry> {
        let key = register(index);
        match by {
            By::Key => self.get(&key).await.expect("a read"),
            By::Keys => {
                let found = self.get_many(&[key, twin(index)]).await.expect("a read");
                let [one, other] = &found.entries[..] else { panic!("{found:?}") };
                assert_eq!(one.as_ref().map(number), other.as_ref().map(number));
                assert!(one.as_ref().is_none_or(|entry| entry.modified <= found.revision));
                one.clone()
            }
            By::List => {
                let page = self.list(ListRequest::prefix("r/")).await.expect("a page");
                assert!(page.entries.iter().all(|entry| entry.modified <= page.revision));
                let find = |key| page.entries.iter().find(|entry| entry.key == key);
                let (one, other) = (find(key), find(twin(index)));
                assert_eq!(one.map(number), other.map(number));
                one.cloned()
            }
        }
    }
}

/// Registers that one store counts up, and what is known to others of each: written and answered,
/// or read.
struct Registers {
    known: [AtomicU64; REGISTERS],
    over: AtomicBool,
}

impl Registers {
    async fn count_up(&self, store: &dyn Store, index: usize) {
        let mut value = 0;
        while !self.over.load(Ordering::SeqCst) {
            value += 1;
            store.commit(put(index, value)).await.expect("a commit");
            self.known[index].fetch_max(value, Ordering::SeqCst);
        }
    }

    /// Reads again and again; gives back the first read that was older than what was known before.
    async fn check(&self, store: &impl Reads, from: usize) -> Option<String> {
        let written = || self.known.iter().map(|it| it.load(Ordering::SeqCst)).sum::<u64>();
        for turn in from.. {
            if turn >= from + READS && written() >= WRITES {
                break;
            }
            let index = turn % REGISTERS;
            let by = [By::Key, By::Keys, By::List][turn % 3];
            let known = self.known[index].load(Ordering::SeqCst);
            let value = store.entry(index, by).await.as_ref().map_or(0, number);
            if value < known {
                return Some(format!("{by:?}: {value} after {known} was known"));
            }
            self.known[index].fetch_max(value, Ordering::SeqCst);
        }
        None
    }
}

/// Whether what `writer` was answered is read from `reader` at once, under concurrency.
async fn stale_reads(writer: &Arc<EtcdStore>, reader: &Arc<impl Reads>) -> Vec<String> {
    let registers = Arc::new(Registers { known: Default::default(), over: AtomicBool::new(false) });
    let (mut writing, mut reading) = (JoinSet::new(), JoinSet::new());
    for index in 0..REGISTERS {
        let (registers, store) = (registers.clone(), writer.clone());
        writing.spawn(async move { registers.count_up(&*store, index).await });
    }
    for from in 0..READERS {
        let (registers, store) = (registers.clone(), reader.clone());
        reading.spawn(async move { registers.check(&*store, from).await });
    }
    let stale = reading.join_all().await.into_iter().flatten().collect();
    registers.over.store(true, Ordering::SeqCst);
    writing.join_all().await;
    stale
}

/// Waits until reads are served from what is kept.
async fn warm(store: &EtcdStore, key: &Key) {
    let (since, before) = (Instant::now(), store.hits());
    while store.hits() == before {
        store.get(key).await.expect("a read");
        assert!(since.elapsed() < WARM_MAX, "it keeps nothing");
    }
}

/// What is read, which has to be in time.
async fn in_time(store: &EtcdStore, key: &Key) -> Option<Entry> {
    tokio::time::timeout(READ_MAX, store.get(key)).await.expect("in time").expect("a read")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_store_was_answered_another_reads_at_once_from_what_it_keeps() {
    let server = Server::start().await;
    let (one, other) = (Arc::new(server.store()), Arc::new(server.store()));
    let stale = stale_reads(&one, &other).await;
    assert!(stale.is_empty(), "{stale:?}");
    let hits = other.hits();
    assert!(hits > (READERS * READS) as u64 / 2, "{hits} of {}", READERS * READS);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_serves_what_was_told_without_asking_is_caught() {
    let server = Server::start().await;
    let link = Link::to(server.address()).await;
    let late = EtcdStore::open(&EtcdOptions::new(vec![link.address()])).unwrap();
    let (one, other) = (Arc::new(server.store()), Arc::new(Unasked::of(late).await));
    link.hold(true);
    assert!(!stale_reads(&one, &other).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_lease_is_seen_at_once() {
    let server = Server::start().await;
    let (one, other) = (server.store(), server.store());
    let key = Key::from("leased/a");
    for _ in 0..50 {
        let lease = one.grant(Duration::from_secs(60)).await.unwrap();
        let leased = vec![Write::put_leased(key.clone(), "here", lease)];
        one.commit(Txn::of(leased)).await.unwrap();
        assert_eq!(other.get(&key).await.unwrap().unwrap().lease, Some(lease));
        one.revoke(lease).await.unwrap();
        assert_eq!(other.get(&key).await.unwrap(), None);
        assert!(other.list(ListRequest::prefix("leased/")).await.unwrap().entries.is_empty());
    }
    assert!(other.hits() > 50, "{}", other.hits());
    let lease = one.grant(Duration::from_secs(1)).await.unwrap();
    let mut told = one.watch(&key, one.revision().await.unwrap().next()).await.unwrap();
    one.commit(Txn::of(vec![Write::put_leased(key.clone(), "here", lease)])).await.unwrap();
    told.next().await.unwrap();
    assert!(other.get(&key).await.unwrap().is_some());
    told.next().await.unwrap();
    assert_eq!(other.get(&key).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_right_after_the_member_was_away_and_its_past_compacted() {
    let mut server = Server::start().await;
    let (one, other) = (server.store(), server.store());
    let key = register(0);
    for value in 1..=3 {
        one.commit(put(0, value)).await.unwrap();
        warm(&other, &key).await;
        server.restart();
        assert!(server.serves(&one).await);
        // Both stores find a dead connection only when they use it.
        while one.commit(put(0, 100 + value)).await.is_err() {}
        one.compact(one.revision().await.unwrap()).await.unwrap();
        let found = loop {
            if let Ok(found) = other.get(&key).await {
                break found;
            }
        };
        assert_eq!(found.as_ref().map(number), Some(100 + value));
    }
    warm(&other, &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_falls_silent_makes_no_read_wrong_or_late() {
    const SILENT: u64 = 300;
    let server = Server::start().await;
    let link = Link::to(server.address()).await;
    let one = server.store();
    let members = vec![link.address(), server.address()];
    let other = EtcdStore::open(&EtcdOptions::new(members)).unwrap();
    let key = register(0);
    one.commit(put(0, 1)).await.unwrap();
    warm(&other, &key).await;
    link.hold(true);
    let since = Instant::now();
    for value in 2..2 + SILENT {
        one.commit(put(0, value)).await.unwrap();
        assert_eq!(in_time(&other, &key).await.as_ref().map(number), Some(value));
    }
    assert!(since.elapsed() < SILENT as u32 * MEAN_MAX, "{:?}", since.elapsed());
    warm(&other, &key).await;
    link.hold(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_in_the_cluster_make_no_read_wrong_or_late() {
    const TURNS: u64 = 300;
    let server = Server::start().await;
    let one = server.store();
    let prefix = "somebody".to_owned();
    let other = EtcdOptions { prefix, ..EtcdOptions::new(vec![server.address()]) };
    let other = EtcdStore::open(&other).unwrap();
    let key = register(0);
    one.commit(put(0, 1)).await.unwrap();
    warm(&one, &key).await;
    let since = Instant::now();
    for value in 2..2 + TURNS {
        other.commit(put(0, 0)).await.unwrap();
        assert_eq!(in_time(&one, &key).await.as_ref().map(number), Some(value - 1));
        one.commit(put(0, value)).await.unwrap();
        other.commit(put(0, 0)).await.unwrap();
        assert_eq!(in_time(&one, &key).await.as_ref().map(number), Some(value));
    }
    assert!(since.elapsed() < 2 * TURNS as u32 * MEAN_MAX, "{:?}", since.elapsed());
}

/// Serves what a watch has told without asking whether there is more.
struct Unasked(Arc<Mutex<HashMap<Key, Entry>>>);

impl Unasked {
    async fn of(store: EtcdStore) -> Self {
        let told = Arc::new(Mutex::new(HashMap::new()));
        let mut watch = store.watch(&Key::from("r/"), Revision(1)).await.expect("a watch");
        let kept = told.clone();
        tokio::spawn(async move {
            while let Ok(batch) = watch.next().await {
                for event in batch.events {
                    let WatchEvent::Put(entry) = event else { continue };
                    kept.lock().expect("nobody panics").insert(entry.key.clone(), entry);
                }
            }
        });
        Self(told)
    }
}

#[async_trait]
impl Reads for Unasked {
    async fn entry(&self, index: usize, _by: By) -> Option<Entry> {
        tokio::task::yield_now().await;
        self.0.lock().expect("nobody panics").get(&register(index)).cloned()
    }
}
