//! An installation moves from a file to a cluster and back, whole or not at all.

use std::path::Path;

use peerage_store::backup::{self, BackupError, Existing, Progress};
use peerage_store::sqlite::{SqliteOptions, SqliteStore};
use peerage_store::{Key, Store, Txn, Write, keys};

use super::server::Server;

const ENTRIES: usize = 10_000;

async fn fill(store: &dyn Store, entries: usize) {
    for start in (0..entries).step_by(100) {
        let put = |index| Write::put(format!("k/{index:06}"), vec![index as u8; index % 700]);
        let writes = (start..(start + 100).min(entries)).map(put).collect();
        store.commit(Txn::of(writes)).await.expect("a commit");
    }
}

fn file(path: &Path) -> SqliteStore {
    SqliteStore::open(SqliteOptions::new(path)).expect("a store")
}

#[tokio::test]
async fn a_store_moves_from_a_file_to_a_cluster_and_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let first = file(&path("first.db"));
    fill(&first, ENTRIES).await;
    let lease = first.grant(std::time::Duration::from_secs(600)).await.unwrap();
    first.commit(Txn::of(vec![Write::put_leased("replica/1", "here", lease)])).await.unwrap();
    let out = backup::backup(&path("first.db"), &path("out"), Existing::Keep, |_| ()).unwrap();
    assert_eq!((out.entries, out.contents.entries), (ENTRIES as u64 + 1, ENTRIES as u64));

    let server = Server::start().await;
    let cluster = server.store();
    let mut reports = Vec::new();
    let tell = |report| reports.push(report);
    let into = backup::port::restore(&path("out"), &cluster, Existing::Keep, tell).await.unwrap();
    assert_eq!(into.contents, out.contents);
    let total = ENTRIES as u64;
    assert!(reports.contains(&Progress::Copying { done: total, total }), "{reports:?}");
    assert!(!backup::port::is_unfinished(&cluster).await.unwrap());

    let to = path("back");
    let back = backup::port::backup(&cluster, &to, Existing::Keep, |_| ()).await.unwrap();
    assert_eq!(back.contents, out.contents);
    let last = backup::restore(&path("back"), &path("last.db"), Existing::Keep, |_| ()).unwrap();
    assert_eq!(last.contents, out.contents);
    let last = file(&path("last.db"));
    assert_eq!(backup::port::contents(&last).await.unwrap(), out.contents);
    assert!(last.get(&Key::from("replica/1")).await.unwrap().is_none(), "it is not here");
}

#[tokio::test]
async fn a_cluster_is_copied_at_one_revision_while_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    let store = server.store();
    fill(&store, 1_000).await;
    let writer = server.store();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    // Two keys that always change together.
    let writing = tokio::spawn(async move {
        let mut round = 0_u32;
        while !*stopped.borrow() {
            round += 1;
            let both = ["a", "z"].map(|key| Write::put(key, round.to_be_bytes().to_vec()));
            writer.commit(Txn::of(both.into())).await.unwrap();
        }
    });
    let copy = directory.path().join("copy");
    backup::port::backup(&store, &copy, Existing::Keep, |_| ()).await.unwrap();
    stop.send(true).unwrap();
    writing.await.unwrap();
    let restored = directory.path().join("restored.db");
    backup::restore(&copy, &restored, Existing::Keep, |_| ()).unwrap();
    let both = file(&restored).get_many(&[Key::from("a"), Key::from("z")]).await.unwrap();
    let value = |index: usize| both.entries[index].as_ref().map(|entry| entry.value.clone());
    assert_eq!(value(0), value(1));
}

#[tokio::test]
async fn a_cluster_that_holds_something_is_not_overwritten_unless_told_to() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let small = file(&path("small.db"));
    fill(&small, 250).await;
    backup::backup(&path("small.db"), &path("small"), Existing::Keep, |_| ()).unwrap();
    let server = Server::start().await;
    let store = server.store();
    fill(&store, 700).await;
    let from = path("small");
    let refused = backup::port::restore(&from, &store, Existing::Keep, |_| ()).await;
    assert!(matches!(refused, Err(BackupError::NotEmpty { entries: 700 })), "{refused:?}");
    let replaced = backup::port::restore(&from, &store, Existing::Replace, |_| ());
    assert_eq!(replaced.await.unwrap().contents.entries, 250);
    assert_eq!(store.count(&Key::default()).await.unwrap().0, 250);
}

#[tokio::test]
async fn an_interrupted_restore_leaves_its_mark_and_can_be_done_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let whole = file(&path("whole.db"));
    fill(&whole, 2_000).await;
    backup::backup(&path("whole.db"), &path("whole"), Existing::Keep, |_| ()).unwrap();
    let mut server = Server::start().await;
    let store = server.store();
    let (mut killed, from) = (false, path("whole"));
    let interrupted = backup::port::restore(&from, &store, Existing::Keep, |report| {
        if matches!(report, Progress::Copying { done: 500.., .. }) && !killed {
            killed = true;
            server.kill();
        }
    })
    .await;
    assert!(matches!(interrupted, Err(BackupError::Store(_))), "{interrupted:?}");
    server.restart();
    assert!(server.serves(&store).await);
    assert!(backup::port::is_unfinished(&store).await.unwrap());
    let copied = backup::port::backup(&store, &path("partial"), Existing::Keep, |_| ()).await;
    assert!(copied.is_err(), "half an installation was backed up");
    backup::port::restore(&from, &store, Existing::Replace, |_| ()).await.unwrap();
    assert!(store.get(&keys::unfinished_restore()).await.unwrap().is_none());
    assert_eq!(store.count(&Key::default()).await.unwrap().0, 2_000);
}
