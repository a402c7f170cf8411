//! Reads beside writes: whoever saw a value, or was told that it is stored, never reads an older
//! one, by whatever way it reads; and what was written together is read together.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use peerage_store::memory::MemoryStore;
use peerage_store::sqlite::{SqliteOptions, SqliteStore};
use peerage_store::{Entry, Key, ListRequest, Store, Txn, Write};

const PAIRS: usize = 3;
const WRITES: u64 = 400;
const READERS: usize = 4;

fn keys(pair: usize) -> [Key; 2] {
    [format!("pair/{pair}/a").into(), format!("pair/{pair}/b").into()]
}

fn number(entry: Option<&Entry>) -> u64 {
    let text = entry.map(|entry| entry.value.as_bytes().to_vec()).unwrap_or_default();
    String::from_utf8(text).unwrap().parse().unwrap_or(0)
}

/// One writer of a pair counts up in both keys; a count is raised when it is acknowledged.
async fn write(store: Arc<dyn Store>, pair: usize, least: Arc<AtomicU64>) {
    for count in 1..=WRITES {
        let writes = keys(pair).map(|key| Write::put(key, count.to_string()));
        store.commit(Txn::of(writes.to_vec())).await.unwrap();
        least.fetch_max(count, Ordering::SeqCst);
    }
}

/// What one read finds in both keys of a pair; the second is read after the first.
async fn look(store: &dyn Store, pair: usize, way: usize) -> [u64; 2] {
    let keys = keys(pair);
    match way % 3 {
        0 => {
            let first = number(store.get(&keys[0]).await.unwrap().as_ref());
            [first, number(store.get(&keys[1]).await.unwrap().as_ref())]
        }
        1 => {
            let snapshot = store.get_many(&keys).await.unwrap();
            let [first, second] = [0, 1].map(|at| number(snapshot.entries[at].as_ref()));
            assert_eq!(first, second, "a transaction was read in parts");
            [first, second]
        }
        _ => {
            let request = ListRequest::prefix(format!("pair/{pair}/"));
            let page = store.list(request).await.unwrap();
            let [first, second] = [0, 1].map(|at| number(page.entries.get(at)));
            assert_eq!(first, second, "a transaction was listed in parts");
            let newest = page.entries.iter().map(|entry| entry.modified).max();
            assert!(newest.is_none_or(|newest| newest <= page.revision));
            [first, second]
        }
    }
}

async fn read(
    store: Arc<dyn Store>,
    reader: usize,
    leasts: Vec<Arc<AtomicU64>>,
    stop: Arc<AtomicBool>,
) {
    for round in 0_usize.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let pair = (round / 3 + reader) % PAIRS;
        for least in look_at_least(&*store, pair, round + reader, &leasts[pair]).await {
            leasts[pair].fetch_max(least, Ordering::SeqCst);
        }
        tokio::task::yield_now().await;
    }
}

async fn look_at_least(store: &dyn Store, pair: usize, way: usize, least: &AtomicU64) -> [u64; 2] {
    let before = least.load(Ordering::SeqCst);
    let [first, second] = look(store, pair, way).await;
    assert!(first >= before, "{first} was read after {before} was known (way {})", way % 3);
    assert!(second >= first, "{second} was read after {first} was known (way {})", way % 3);
    [first, second]
}

async fn reads_are_fresh(store: Arc<dyn Store>) {
    let leasts: Vec<Arc<AtomicU64>> = (0..PAIRS).map(|_| Arc::default()).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|reader| tokio::spawn(read(store.clone(), reader, leasts.clone(), stop.clone())))
        .collect();
    let writers: Vec<_> = (0..PAIRS)
        .map(|pair| tokio::spawn(write(store.clone(), pair, leasts[pair].clone())))
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory() {
    reads_are_fresh(Arc::new(MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(directory.path().join("store.db"));
    reads_are_fresh(Arc::new(SqliteStore::open(options).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_file_that_moves_what_it_gathered_all_the_time() {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(directory.path().join("store.db"));
    let options = SqliteOptions { gathered_bytes: 1, ..options };
    reads_are_fresh(Arc::new(SqliteStore::open(options).unwrap())).await;
}
