//! A running store is copied to a file and back; what is damaged or in the way is refused.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use peerage_store::backup::{Existing, Progress, backup, restore, verify};
use peerage_store::sqlite::{SqliteOptions, SqliteStore};
use peerage_store::{Commit, Key, ListRequest, Revision, Store, Txn, Write};

fn open(path: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(SqliteOptions::new(path)).expect("a store"))
}

async fn put(store: &SqliteStore, key: String, value: &str) -> Revision {
    match store.commit(Txn::of(vec![Write::put(key, value)])).await.expect("a commit") {
        Commit::Done(revision) => revision,
        Commit::Lost { .. } => panic!("nothing to lose"),
    }
}

async fn filled(path: &Path, entries: usize) -> Arc<SqliteStore> {
    let store = open(path);
    for index in 0..entries {
        put(&store, format!("k{index:04}"), "v").await;
    }
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_backed_up_while_it_is_written_and_restored_elsewhere() {
    let directory = tempfile::tempdir().expect("a directory");
    let (store_path, copy) = (directory.path().join("a.db"), directory.path().join("a.backup"));
    let store = filled(&store_path, 300).await;
    let stop = Arc::new(AtomicBool::new(false));
    let (writer, stopped) = (Arc::clone(&store), Arc::clone(&stop));
    let writing = tokio::spawn(async move {
        let mut last = Revision::ZERO;
        while !stopped.load(Ordering::Relaxed) {
            last = put(&writer, "hot".to_owned(), &"x".repeat(2000)).await;
        }
        last
    });
    let mut reports = Vec::new();
    let (from, to) = (store_path.clone(), copy.clone());
    let (summary, reports) = tokio::task::spawn_blocking(move || {
        let summary = backup(&from, &to, Existing::Keep, |report| reports.push(report));
        (summary.expect("a backup"), reports)
    })
    .await
    .expect("a thread");
    stop.store(true, Ordering::Relaxed);
    let last = writing.await.expect("a task");
    assert!(matches!(reports[0], Progress::Copying { .. }) && reports.ends_with(&[Progress::Done]));
    assert_eq!(verify(&copy).expect("a whole backup"), summary);

    let elsewhere = directory.path().join("b.db");
    let restored = restore(&copy, &elsewhere, Existing::Keep, |_| ()).expect("a store");
    assert_eq!((restored.entries, &restored.digest), (summary.entries, &summary.digest));
    assert!(restored.revision > last, "a revision is given out twice");
    let restored = open(&elsewhere);
    assert_eq!(restored.count(&Key::from("k")).await.expect("a count").0, 300);
    let remembered = restored.watch(&Key::default(), last).await.expect("a watch").next().await;
    assert!(remembered.expect_err("compacted").is_compacted());
    put(&restored, "k0000".to_owned(), "2").await;
}

#[tokio::test]
async fn nothing_is_overwritten_unless_told_to() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, copy) = (directory.path().join("a.db"), directory.path().join("a.backup"));
    let store = filled(&path, 3).await;
    backup(&path, &copy, Existing::Keep, |_| ()).expect("a backup");
    let refused = backup(&path, &copy, Existing::Keep, |_| ()).expect_err("it exists");
    assert!(refused.to_string().contains("a.backup"), "{refused}");
    put(&store, "later".to_owned(), "1").await;
    let second = backup(&path, &copy, Existing::Replace, |_| ()).expect("a backup");
    assert_eq!(second.entries, 4);

    let refused = restore(&copy, &path, Existing::Keep, |_| ()).expect_err("it exists");
    assert!(refused.to_string().contains("exists"), "{refused}");
    let refused = restore(&copy, &path, Existing::Replace, |_| ()).expect_err("it is open");
    assert!(refused.to_string().contains("in use"), "{refused}");
    put(&store, "after".to_owned(), "1").await;
    store.close().await;
    restore(&copy, &path, Existing::Replace, |_| ()).expect("a store");
    let names = async |path: &Path| {
        let page = open(path).list(ListRequest::default()).await.expect("a page");
        page.entries.len()
    };
    assert_eq!(names(&path).await, 4);
    assert_eq!(names(&directory.path().join("a.db.replaced")).await, 5);
}

#[tokio::test]
async fn a_damaged_backup_is_not_restored() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, copy) = (directory.path().join("a.db"), directory.path().join("a.backup"));
    filled(&path, 50).await.close().await;
    backup(&path, &copy, Existing::Keep, |_| ()).expect("a backup");
    let target = directory.path().join("b.db");

    for (change, expected) in [
        ("UPDATE current SET value = x'00' WHERE version = 1", "checksum"),
        ("UPDATE current SET sum = NULL", "digest"),
    ] {
        let changed = rusqlite::Connection::open(&copy).and_then(|it| it.execute_batch(change));
        changed.expect("a change");
        let refused = restore(&copy, &target, Existing::Keep, |_| ()).expect_err("it is damaged");
        assert!(refused.to_string().contains(expected), "{refused}");
    }

    let bytes = fs::read(&copy).expect("the backup");
    fs::write(&copy, &bytes[..bytes.len() / 2]).expect("the backup");
    let refused = restore(&copy, &target, Existing::Keep, |_| ()).expect_err("it is damaged");
    assert!(refused.to_string().contains("a.backup"), "{refused}");
    let refused = restore(&path, &target, Existing::Keep, |_| ()).expect_err("it is a store");
    assert!(refused.to_string().contains("not made by a backup"), "{refused}");
    assert!(!target.exists(), "something was left");
    let left: Vec<_> = fs::read_dir(directory.path()).expect("the files").flatten().collect();
    assert!(left.iter().all(|file| !file.path().display().to_string().contains("unfinished")));
}
