//! A writer whose commits fail as its tests say.

use std::path::Path;

use tokio::sync::oneshot;

use super::super::{RECENT, apply, row, schema};
use super::*;
use crate::port::{Certainty, Commit, Key, Txn, Write};

fn writer(directory: &Path) -> Writer {
    let mut connection = Connection::open(directory.join("store.db")).unwrap();
    schema::prepare(&mut connection).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    let standing = Standing::load(&connection, Duration::ZERO).unwrap();
    Writer {
        place: "store.db".to_owned(),
        hub: Arc::new(Hub::new(standing.revision, RECENT)),
        cache: Arc::new(Cache::at(standing.revision)),
        overlay: Arc::new(Overlay::new(1 << 20)),
        connection,
        standing,
        clock: LeaseClock::by_hand(),
        keep: Keep { revisions: 10, bytes: 1 << 20 },
        checkpoint: Checkpoint::default(),
        mark: Mark::open(&directory.join("store.db"), Revision::ZERO).unwrap(),
        doubt: None,
        trouble: Trouble::default(),
        fault: None,
    }
}

fn commit(writer: &mut Writer, value: &str) -> Answer<Commit> {
    let (reply, mut answer) = oneshot::channel();
    writer.serve(vec![Job::Commit { txn: Txn::of(vec![Write::put("k", value)]), reply }]);
    answer.try_recv().unwrap()
}

fn stored(writer: &Writer) -> Option<Vec<u8>> {
    let key = Key::from("k");
    let over = writer.overlay.get(&key);
    let entry = over.unwrap_or_else(|| apply::read(&writer.connection, &key).unwrap());
    entry.map(|entry| entry.value.as_bytes().to_vec())
}

fn disk_error() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR), None)
}

#[test]
fn a_commit_that_failed_without_happening_is_settled_as_not_happened() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = writer(directory.path());
    writer.fault = Some(Box::new(|connection| {
        connection.execute_batch("ROLLBACK")?;
        Err(disk_error())
    }));
    let error = commit(&mut writer, "lost").unwrap_err();
    assert!(error.is_definite(), "{error}");
    writer.fault = None;
    assert_eq!(commit(&mut writer, "kept").unwrap(), Commit::Done(Revision(1)));
    assert_eq!(stored(&writer).unwrap(), b"kept");
}

#[test]
fn a_commit_that_failed_after_happening_is_settled_as_done() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = writer(directory.path());
    writer.fault = Some(Box::new(|connection| {
        connection.execute_batch("COMMIT")?;
        Err(disk_error())
    }));
    assert_eq!(commit(&mut writer, "kept").unwrap(), Commit::Done(Revision(1)));
    assert_eq!(stored(&writer).unwrap(), b"kept");
}

#[test]
fn while_a_commit_cannot_be_settled_nothing_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = writer(directory.path());
    writer.fault = Some(Box::new(|connection| {
        connection.execute_batch("COMMIT; PRAGMA query_only = 1")?;
        Err(disk_error())
    }));
    assert!(!commit(&mut writer, "perhaps").unwrap_err().is_definite());
    assert!(commit(&mut writer, "refused").unwrap_err().is_definite());
    assert_eq!(writer.doubt.as_ref().unwrap().certainty(), Certainty::Indefinite);
    writer.probe();
    assert!(writer.trouble.now().is_some());
    writer.connection.execute_batch("PRAGMA query_only = 0").unwrap();
    writer.fault = None;
    writer.probe();
    assert!(writer.trouble.now().is_none());
    assert_eq!(commit(&mut writer, "next").unwrap(), Commit::Done(Revision(2)));
    assert_eq!(stored(&writer).unwrap(), b"next");
}

/// What is in doubt is read from the log again, and nothing of it counts as moved before it is.
#[test]
fn a_doubt_that_ends_in_the_middle_of_moving_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = writer(directory.path());
    writer.keep.revisions = 1_000;
    let fill = |writer: &mut Writer, numbers: std::ops::Range<usize>| {
        for number in numbers {
            let (reply, _) = oneshot::channel();
            let put = Write::put(Key::from(format!("{number:03}")), "x");
            writer.serve(vec![Job::Commit { txn: Txn::of(vec![put]), reply }]);
        }
    };
    fill(&mut writer, 0..100);
    while !writer.overlay.is_empty() {
        writer.rest();
    }
    let before = writer.standing.applied;
    fill(&mut writer, 100..200);
    writer.overlay.freeze();
    commit(&mut writer, "first").unwrap();
    assert!(writer.overlay.is_moving());
    writer.fault = Some(Box::new(|connection| {
        connection.execute_batch("COMMIT; PRAGMA query_only = 1")?;
        Err(disk_error())
    }));
    assert!(!commit(&mut writer, "perhaps").unwrap_err().is_definite());
    writer.fault = None;
    writer.connection.execute_batch("PRAGMA query_only = 0").unwrap();
    commit(&mut writer, "last").unwrap();
    let applied = row::meta(&writer.connection, "applied").unwrap();
    assert_eq!((Revision(applied), before), (writer.standing.applied, Revision(100)));
    assert!(writer.standing.applied >= before, "{applied}");
    writer.finish();
    assert_eq!(writer.standing.applied, writer.standing.revision);
    assert_eq!(stored(&writer).unwrap(), b"last");
    let rows = "SELECT count(*) FROM current";
    let rows: i64 = writer.connection.query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 201);
}

#[test]
fn history_beyond_its_bound_is_deleted_in_steps() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = writer(directory.path());
    for round in 0..30 {
        commit(&mut writer, &round.to_string()).unwrap();
    }
    while writer.is_due() {
        writer.serve(Vec::new());
    }
    assert_eq!(writer.standing.compacted, Revision(20));
    let rows = "SELECT min(revision), count(*) FROM log";
    let kept: (i64, i64) =
        writer.connection.query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(kept, (21, 10));
    let large = "x".repeat(200_000);
    for _ in 0..20 {
        commit(&mut writer, &large).unwrap();
    }
    assert!(writer.standing.history_bytes < 3 << 20, "{}", writer.standing.history_bytes);
}
