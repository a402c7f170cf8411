//! What a file has gathered and not yet moved is seen by everybody, in every way to read: beside a
//! store in memory that is told the same, at any moment, after a kill, and in a backup.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::path::Path;

use peerage_store::backup::{self, Existing};
use peerage_store::memory::MemoryStore;
use peerage_store::sqlite::{SqliteOptions, SqliteStore};
use peerage_store::{Key, ListRequest, Order, Revision, Store, Txn, Write};
use rusqlite::Connection;

const ROUNDS: usize = 400;

/// Numbers that a seed decides (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn key(&mut self) -> Key {
        let (place, number) = (self.roll(4), self.roll(12));
        Key::from(format!("{}/{number:02}", ["a", "b", "c/d", "e"][place]))
    }

    fn txn(&mut self) -> Txn {
        let mut writes = Vec::new();
        for _ in 0..=self.roll(5) {
            let key = self.key();
            if writes.iter().all(|write: &Write| *write.key() != key) {
                writes.push(match self.roll(3) {
                    0 => Write::delete(key),
                    _ => Write::put(key, format!("{}", self.roll(1_000)).into_bytes()),
                });
            }
        }
        Txn::of(writes)
    }

    fn request(&mut self, newest: Revision) -> ListRequest {
        let back = self.roll(40) as u64;
        ListRequest {
            prefix: Key::from(["", "a/", "b/", "c", "e/0"][self.roll(5)]),
            after: (self.roll(3) == 0).then(|| self.key()),
            limit: 1 + self.roll(60),
            at: (self.roll(2) == 0).then(|| Revision(newest.0.saturating_sub(back))),
            order: [Order::Ascending, Order::Descending][self.roll(2)],
        }
    }
}

fn open(path: &Path, gathered_bytes: usize) -> SqliteStore {
    let options = SqliteOptions { gathered_bytes, ..SqliteOptions::new(path) };
    SqliteStore::open(options).unwrap()
}

/// Everything that a store shows, asked in a way that the dice decide.
async fn compare(file: &dyn Store, memory: &dyn Store, dice: &mut Dice) {
    let newest = memory.revision().await.unwrap();
    assert_eq!(file.revision().await.unwrap(), newest);
    let request = dice.request(newest);
    let expected = memory.list(request.clone()).await.unwrap();
    let found = file.list(request.clone()).await.unwrap();
    assert_eq!(found, expected, "{request:?}");
    let keys: Vec<Key> = (0..4).map(|_| dice.key()).collect();
    assert_eq!(file.get_many(&keys).await.unwrap(), memory.get_many(&keys).await.unwrap());
    assert_eq!(file.get(&keys[0]).await.unwrap(), memory.get(&keys[0]).await.unwrap());
    let counted = memory.count(&request.prefix).await.unwrap();
    assert_eq!(file.count(&request.prefix).await.unwrap(), counted);
}

/// What the `sqlite3` shell shows.
fn shown(path: &Path) -> Vec<(String, String)> {
    let shell = Connection::open(path).unwrap();
    let mut statement = shell.prepare("SELECT key, value FROM entries").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

async fn listed(store: &dyn Store) -> Vec<(String, String)> {
    let page = store.list(ListRequest::default()).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let pair =
        |entry: &peerage_store::Entry| (text(entry.key.as_bytes()), text(entry.value.as_bytes()));
    page.entries.iter().map(pair).collect()
}

/// Copies a store that is open, as it would be found after a kill.
fn kill(path: &Path, to: &Path) {
    for suffix in ["", "-wal", "-acknowledged"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(name(path), name(to)).unwrap();
    }
}

async fn check(gathered_bytes: usize, seed: u64) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let (file, memory) = (open(&path, gathered_bytes), MemoryStore::new());
    let mut dice = Dice(seed);
    for round in 0..ROUNDS {
        let txn = dice.txn();
        let expected = memory.commit(txn.clone()).await.unwrap();
        assert_eq!(file.commit(txn).await.unwrap(), expected);
        compare(&file, &memory, &mut dice).await;
        if round % 100 == 99 {
            assert_eq!(shown(&path), listed(&memory).await);
            let copy = directory.path().join(format!("killed-{round}.db"));
            kill(&path, &copy);
            let found = open(&copy, gathered_bytes);
            for _ in 0..20 {
                compare(&found, &memory, &mut dice).await;
            }
            found.close().await;
            assert_eq!(shown(&copy), listed(&memory).await);
            let backup = directory.path().join(format!("backup-{round}.db"));
            let (from, to) = (path.clone(), backup.clone());
            let copied = tokio::task::spawn_blocking(move || {
                backup::backup(&from, &to, Existing::Keep, |_| ())
            });
            let (entries, _) = memory.count(&Key::default()).await.unwrap();
            assert_eq!(copied.await.unwrap().unwrap().entries, entries);
            assert_eq!(shown(&backup), listed(&memory).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_is_moved() {
    check(usize::MAX, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_everything_is_moved_at_once() {
    check(1, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_some_is_moved() {
    check(4_000, 3).await;
    check(20_000, 4).await;
}

#[tokio::test]
async fn who_rests_moves_everything() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = open(&path, usize::MAX);
    for number in 0..1_000 {
        let write = Write::put(Key::from(format!("{number:04}")), "x");
        store.commit(Txn::of(vec![write])).await.unwrap();
    }
    let shell = Connection::open(&path).unwrap();
    let moved = || -> i64 {
        shell.query_row("SELECT count(*) FROM current", [], |row| row.get(0)).unwrap()
    };
    for _ in 0..200 {
        if moved() == 1_000 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{} of 1000 were moved", moved());
}
