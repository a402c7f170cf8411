//! A store in a file: who may open it, which files are refused, what it says when there is no
//! room, and that files of earlier formats still open.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use peerage_store::sqlite::{FORMAT, SqliteOptions, SqliteStore};
use peerage_store::{
    ErrorKind, Key, LeaseClock, ListRequest, OpenError, Revision, Store, Txn, Write,
};
use rusqlite::Connection;

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(SqliteOptions::new(path))
}

async fn put(store: &dyn Store, key: &str, value: impl Into<peerage_store::Value>) {
    store.commit(Txn::of(vec![Write::put(key, value)])).await.expect("a commit");
}

fn refusal(path: &Path) -> String {
    open(path).expect_err("a refusal").to_string()
}

#[tokio::test]
async fn a_file_is_opened_by_one_store_at_a_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = open(&path).expect("a store");
    let refused = refusal(&path);
    let pid = std::process::id().to_string();
    assert!(refused.contains("store.db") && refused.contains(&pid), "{refused}");
    let link = directory.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    assert!(refusal(&link).contains("in use"));
    store.close().await;
    open(&path).expect("a store");
}

#[tokio::test]
async fn only_the_owner_may_read_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = open(&path).expect("a store");
    put(&store, "a", "1").await;
    for file in fs::read_dir(directory.path()).expect("the files") {
        let file = file.expect("a file");
        let mode = file.metadata().expect("its mode").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
}

#[tokio::test]
async fn people_can_read_it_with_the_shell_while_it_runs() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = open(&path).expect("a store");
    put(&store, "group/1", "{\"name\":\"one\"}").await;
    let shell = Connection::open(&path).expect("a connection");
    let found: (String, String) = shell
        .query_row("SELECT key, json_extract(value, '$.name') FROM entries", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a row");
    assert_eq!(found, ("group/1".to_owned(), "one".to_owned()));
    let what: String =
        shell.query_row("SELECT what FROM history", [], |row| row.get(0)).expect("a row");
    assert_eq!(what, "created");
}

#[test]
fn what_is_not_a_store_is_refused_by_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = directory.path().join("text.db");
    fs::write(&text, "this is not a database at all").expect("a file");
    let refused = refusal(&text);
    assert!(refused.contains("text.db") && refused.contains("not a SQLite file"), "{refused}");

    let other = directory.path().join("other.db");
    Connection::open(&other).and_then(|it| it.execute_batch("CREATE TABLE t (x)")).expect("a file");
    let refused = refusal(&other);
    assert!(refused.contains("other.db") && refused.contains("another program"), "{refused}");

    let refused = refusal(&directory.path().join("missing/store.db"));
    assert!(refused.contains("missing"), "{refused}");
}

#[tokio::test]
async fn a_newer_format_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    open(&path).expect("a store").close().await;
    let newer = format!("UPDATE meta SET value = {} WHERE name = 'format'", FORMAT + 1);
    Connection::open(&path).and_then(|it| it.execute_batch(&newer)).expect("a change");
    let refused = refusal(&path);
    assert!(refused.contains("store.db") && refused.contains("version"), "{refused}");
}

#[tokio::test]
async fn a_damaged_file_says_so_with_its_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = open(&path).expect("a store");
    for index in 0..200 {
        put(&store, &format!("k{index:03}"), vec![7; 500]).await;
    }
    store.close().await;
    let mut bytes = fs::read(&path).expect("the file");
    bytes[8 * 4096..].fill(0xa5);
    fs::write(&path, bytes).expect("the file");
    let error = match open(&path) {
        Err(OpenError::Store(error)) => error,
        Err(error) => panic!("{error}"),
        Ok(store) => store.list(ListRequest::default()).await.expect_err("damage"),
    };
    let named = matches!(error.kind(), ErrorKind::Corrupt { place, .. } if place.contains("store"));
    assert!(named, "{error}");
}

/// What a process that is killed leaves behind: the files as they are while the store is open.
fn left_behind(path: &Path, to: &Path) {
    for suffix in ["", "-wal", "-acknowledged"] {
        let name = |path: &Path| std::path::PathBuf::from(format!("{}{suffix}", path.display()));
        fs::copy(name(path), name(to)).expect("a copy");
    }
}

#[tokio::test]
async fn a_store_that_lost_what_was_acknowledged_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = open(&path).expect("a store");
    for index in 0..40 {
        put(&store, &format!("k{index}"), "v").await;
    }
    let whole = directory.path().join("whole.db");
    left_behind(&path, &whole);
    let found = open(&whole).expect("a store").revision().await.expect("a revision");
    assert_eq!(found, Revision(40));

    // Every page of the log, one after another; what it was once used for does not count.
    let log = fs::read(format!("{}-wal", path.display())).expect("the log");
    let frames = (log.len() - 32) / (24 + 4096);
    assert!(frames > 20, "{frames}");
    for frame in 0..frames {
        let damaged = directory.path().join(format!("damaged-{frame}.db"));
        left_behind(&path, &damaged);
        let mut log = log.clone();
        log[32 + frame * (24 + 4096) + 24 + 100] ^= 4;
        fs::write(format!("{}-wal", damaged.display()), log).expect("a damaged log");
        let mark = format!("{}-acknowledged", damaged.display());
        match open(&damaged) {
            Err(OpenError::Behind { found, acknowledged: 40, .. }) => {
                assert!(found < 40, "{found}");
                let refused = refusal(&damaged);
                assert!(refused.contains("restore") && refused.contains(&mark), "{refused}");
            }
            // The beginning of the log has what makes the file a store.
            Err(OpenError::NotAStore { .. } | OpenError::Store(_)) => {}
            Err(error) => panic!("frame {frame}: {error}"),
            Ok(store) => {
                let revision = store.revision().await.expect("a revision");
                assert_eq!(revision, Revision(40), "frame {frame}");
            }
        }
    }
    let last = directory.path().join(format!("damaged-{}.db", frames - 1));
    assert!(matches!(open(&last), Err(OpenError::Behind { .. })));
    fs::remove_file(format!("{}-acknowledged", last.display())).expect("a mark");
    open(&last).expect("what is left");
}

#[tokio::test]
async fn no_bit_that_turned_is_served() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = open(&path).expect("a store");
    for index in 0..60 {
        put(&store, &format!("key/{index:03}"), format!("the value of {index}")).await;
    }
    for index in (0..60).step_by(3) {
        put(&store, &format!("key/{index:03}"), vec![b'v'; 300]).await;
    }
    let truth = store.list(ListRequest::default()).await.expect("a page").entries;
    store.close().await;
    let whole = fs::read(&path).expect("the file");
    let (mut told, mut harmless) = (0, 0);
    for at in (0..whole.len()).step_by(61) {
        let damaged = directory.path().join("damaged.db");
        for suffix in ["", "-wal", "-shm", "-acknowledged"] {
            let _ = fs::remove_file(format!("{}{suffix}", damaged.display()));
        }
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&damaged, bytes).expect("the file");
        let Ok(store) = open(&damaged) else {
            told += 1;
            continue;
        };
        match store.list(ListRequest::default()).await {
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Corrupt { .. }), "byte {at}: {error}");
                told += 1;
            }
            Ok(page) => {
                assert!(page.entries == truth, "byte {at}: {} entries", page.entries.len());
                harmless += 1;
            }
        }
        store.close().await;
    }
    assert!(told > 100 && harmless > 100, "{told} told, {harmless} harmless");
}

#[tokio::test]
async fn a_large_file_is_checked_beside_the_work() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = open(&path).expect("a store");
    for index in 0..24 {
        put(&store, &format!("large/{index:03}"), vec![7; 1024 * 1024]).await;
    }
    for index in 0..200 {
        put(&store, &format!("small/{index:03}"), vec![7; 500]).await;
    }
    store.close().await;
    let mut bytes = fs::read(&path).expect("the file");
    // The number of entries of a page of small ones: half of them are hidden.
    let small = b"small/100";
    let entry = bytes.windows(small.len()).rposition(|window| window == small).expect("an entry");
    let page = entry / 4096 * 4096;
    bytes[page + 4] = 1;
    fs::write(&path, bytes).expect("the file");
    let store = open(&path).expect("a store that is large");
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let error = loop {
        match store.get(&Key::from("large/001")).await {
            Err(error) => break error,
            Ok(_) => tokio::task::yield_now().await,
        }
        assert!(std::time::Instant::now() < patience, "nobody noticed");
    };
    assert!(matches!(error.kind(), ErrorKind::Corrupt { .. }), "{error}");
    let refused = store.commit(Txn::of(vec![Write::put("a", "1")])).await.expect_err("damage");
    assert!(matches!(refused.kind(), ErrorKind::Corrupt { .. }), "{refused}");
}

#[tokio::test]
async fn an_older_file_in_the_place_of_a_store_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = open(&path).expect("a store");
    put(&store, "a", "1").await;
    store.close().await;
    let older = fs::read(&path).expect("the file");
    let store = open(&path).expect("a store");
    put(&store, "a", "2").await;
    store.close().await;
    fs::write(&path, older).expect("the older file");
    assert!(matches!(open(&path), Err(OpenError::Behind { found: 1, acknowledged: 2, .. })));
    fs::remove_file(&path).expect("no file");
    assert!(matches!(open(&path), Err(OpenError::Behind { found: 0, acknowledged: 2, .. })));
}

#[tokio::test]
async fn a_full_store_refuses_definitely_and_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = SqliteOptions {
        pages_max: Some(200),
        ..SqliteOptions::new(directory.path().join("store.db"))
    };
    let store = SqliteStore::open(options).expect("a store");
    put(&store, "small", "1").await;
    let large = Txn::of(vec![Write::put("large", vec![7; 1024 * 1024])]);
    let error = store.commit(large).await.expect_err("no room");
    assert!(error.is_definite() && matches!(error.kind(), ErrorKind::Full { .. }), "{error}");
    put(&store, "small", "2").await;
    assert!(store.get(&Key::from("large")).await.expect("an answer").is_none());
    assert_eq!(store.revision().await.expect("an answer"), Revision(2));
}

#[tokio::test]
async fn a_file_that_another_program_writes_to_is_waited_for_and_then_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = open(&path).expect("a store");
    put(&store, "a", "1").await;
    let shell = Connection::open(&path).expect("a connection");
    shell.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let blocked = Arc::new(store);
    let writer = Arc::clone(&blocked);
    let waiting =
        tokio::spawn(async move { writer.commit(Txn::of(vec![Write::put("b", "1")])).await });
    let error = waiting.await.expect("a task").expect_err("it is locked");
    assert!(error.is_definite(), "{error}");
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error}");
    shell.execute_batch("ROLLBACK").expect("an end");
    put(&*blocked, "b", "2").await;
}

/// Every format that was ever released opens: one fixture each, made of the statements of that
/// version, and what has to be found in it.
#[tokio::test]
async fn files_of_every_format_open() {
    let fixtures = [
        include_str!("fixtures/format-1.sql"),
        include_str!("fixtures/format-2.sql"),
        include_str!("fixtures/format-3.sql"),
    ];
    assert_eq!(fixtures.len(), FORMAT as usize, "a new format needs a fixture");
    for fixture in fixtures {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("store.db");
        Connection::open(&path).and_then(|it| it.execute_batch(fixture)).expect("the fixture");
        let clock = LeaseClock::by_hand();
        let options = SqliteOptions { clock: clock.clone(), ..SqliteOptions::new(&path) };
        let store = SqliteStore::open(options).expect("a store");
        check_fixture(&store, &clock).await;
    }
}

async fn check_fixture(store: &dyn Store, clock: &LeaseClock) {
    let shown = async |at| {
        let page = store.list(ListRequest { at, ..ListRequest::default() }).await.expect("a page");
        let text = |entry: &peerage_store::Entry| {
            format!("{}={}@{}", entry.key, entry.value.as_bytes().escape_ascii(), entry.version)
        };
        page.entries.iter().map(text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(store.revision().await.expect("a revision"), Revision(5));
    assert_eq!(shown(None).await, "a=2@2 leased=x@1 z=\\xff@1");
    assert_eq!(shown(Some(Revision(3))).await, "a=2@2 b=1@1");
    assert!(
        store
            .list(ListRequest { at: Some(Revision(1)), ..ListRequest::default() })
            .await
            .expect_err("compacted")
            .is_compacted()
    );
    let mut watch = store.watch(&Key::default(), Revision(4)).await.expect("a watch");
    for revision in [4, 5] {
        assert_eq!(watch.next().await.expect("a batch").revision, Revision(revision));
    }
    clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(watch.next().await.expect("the end of the lease").events.len(), 1);
    assert_eq!(shown(None).await, "a=2@2 z=\\xff@1");
}
