//! A process that is killed loses nothing that it was told: another process finds every commit
//! that was answered, each of them whole.
//!
//! The test runs itself as the process to be killed: the child is told by its environment.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use peerage_store::sqlite::{SqliteOptions, SqliteStore};
use peerage_store::{Commit, Key, Store, Txn, Write};

const ROUNDS: u32 = 20;
const CALLERS: u64 = 8;
const PATH: &str = "PEERAGE_TEST_STORE";
const ROUND: &str = "PEERAGE_TEST_ROUND";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_kill() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let mut answered = Vec::new();
    for round in 0..ROUNDS {
        answered.extend(live_and_die(&path, round));
        let store = SqliteStore::open(SqliteOptions::new(&path)).expect("a store");
        for key in &answered {
            check(&store, key).await;
        }
        store.close().await;
    }
    assert!(answered.len() > ROUNDS as usize, "the child hardly lived: {}", answered.len());
    let integrity: String = rusqlite::Connection::open(&path)
        .and_then(|it| it.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .expect("a check");
    assert_eq!(integrity, "ok");
}

/// A commit writes two keys and a value that names them: all three are there, or it was torn.
async fn check(store: &SqliteStore, name: &str) {
    let keys = [Key::from(format!("a/{name}")), Key::from(format!("b/{name}"))];
    let snapshot = store.get_many(&keys).await.expect("a read");
    let modified: Vec<_> =
        snapshot.entries.iter().map(|entry| entry.as_ref().expect(name).modified).collect();
    assert_eq!(modified[0], modified[1], "{name} was torn");
}

/// Runs a child until it is killed at some moment; what it was answered.
fn live_and_die(path: &Path, round: u32) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "the_child_that_is_killed", "--nocapture"])
        .env(PATH, path)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let reader = std::thread::spawn(move || {
        let named = |line: String| line.split_once("done ").map(|(_, name)| name.to_owned());
        lines.map_while(Result::ok).filter_map(named).collect::<Vec<_>>()
    });
    // Another moment in each round: from before the store is open to well into its work.
    std::thread::sleep(Duration::from_millis(10 + u64::from(round * 37 % 200)));
    child.kill().expect("a kill");
    child.wait().expect("its end");
    let mut answered = reader.join().expect("its lines");
    // The last line may be cut short.
    answered.retain(|name| name.ends_with('.'));
    answered
}

/// Does nothing by itself: it is the life of the child that the test above starts and kills.
#[tokio::test(flavor = "multi_thread")]
async fn the_child_that_is_killed() {
    let (Ok(path), Ok(round)) = (std::env::var(PATH), std::env::var(ROUND)) else { return };
    let store = Arc::new(SqliteStore::open(SqliteOptions::new(path)).expect("a store"));
    let live = |caller: u64| {
        let (store, round) = (Arc::clone(&store), round.clone());
        tokio::spawn(async move {
            for number in 0_u64.. {
                let name = format!("{round}-{caller}-{number}.");
                let writes = vec![
                    Write::put(format!("a/{name}"), vec![7; 700]),
                    Write::put(format!("b/{name}"), ""),
                ];
                let commit = store.commit(Txn::of(writes)).await.expect("a commit");
                assert!(matches!(commit, Commit::Done(_)));
                let mut out = std::io::stdout().lock();
                writeln!(out, "done {name}").and_then(|()| out.flush()).expect("a listener");
            }
        })
    };
    for caller in (0..CALLERS).map(live).collect::<Vec<_>>() {
        caller.await.expect("a life");
    }
}
