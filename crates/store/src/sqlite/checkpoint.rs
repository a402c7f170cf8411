//! Moving what was committed from SQLite's log into its file. A thread of its own moves most of it
//! while commits go on; the writer moves the rest between two batches, which is when the log can
//! begin anew. No reader ever pays for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::port::WatchBatch;

/// Pages in the log before they are moved: 64 MiB.
const PAGES: u64 = 16_384;
/// How often the log is gone through before the writer moves the rest: what was added while it
/// took long the first time takes little the second.
const ROUNDS: usize = 2;
/// Pages in the log, held back by a long read, before readers are waited for: 256 MiB.
const PAGES_MAX: u64 = 65_536;
/// What the log is cut down to once it is empty.
pub(super) const LOG_BYTES: i64 = 64 * 1024 * 1024;
/// How long readers are waited for: they take microseconds, but a backup takes minutes.
const PATIENCE: Duration = Duration::from_millis(20);
/// How many writes a page of the log has room for, and how many pages a batch touches beside that,
/// roughly. An entry that is moved into the table touches one.
const WRITES_A_PAGE: usize = 2;
const PAGES_A_BATCH: u64 = 3;

/// How many pages lie in the log, roughly: SQLite says it only when it moves them.
#[derive(Debug, Default)]
pub(super) struct Checkpoint {
    pages: u64,
    asked_at: u64,
    mover: Option<Mover>,
}

/// The thread that moves pages beside the writer.
#[derive(Debug)]
struct Mover {
    ask: Sender<()>,
    /// Whether it was asked and has not ended.
    works: Arc<AtomicBool>,
    /// Whether it was asked since the writer last moved pages.
    was_asked: bool,
    thread: JoinHandle<()>,
}

impl Checkpoint {
    /// With a thread of its own on a file.
    pub(super) fn beside(path: &Path) -> std::io::Result<Self> {
        let (ask, asked) = mpsc::channel();
        let works = Arc::new(AtomicBool::new(false));
        let (file, done) = (path.to_owned(), Arc::clone(&works));
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || move_when_asked(&file, &asked, &done))?;
        let mover = Mover { ask, works, was_asked: false, thread };
        Ok(Self { mover: Some(mover), ..Self::default() })
    }

    /// Counts a batch, and the entries that were moved into the table along with it.
    pub(super) fn count(&mut self, told: &[WatchBatch], moved: usize) {
        let writes: usize = told.iter().map(|batch| batch.events.len()).sum();
        self.pages += PAGES_A_BATCH + (writes.div_ceil(WRITES_A_PAGE) + moved) as u64;
    }

    /// Moves the pages if there are enough and most of them were moved beside.
    pub(super) fn after_commit(&mut self, connection: &Connection, place: &str) {
        if self.pages < self.asked_at + PAGES || self.is_moved_beside() {
            return;
        }
        let moved =
            if self.pages < PAGES_MAX { run(connection, "PASSIVE") } else { restart(connection) };
        match moved {
            Ok((log, moved)) => {
                tracing::debug!(log, moved, estimated = self.pages, "store.checkpoint");
                // What a long read held back stays to be moved later.
                self.pages = log.saturating_sub(moved);
                self.asked_at = self.pages;
            }
            Err(error) => {
                self.asked_at = self.pages;
                tracing::warn!(%error, place, "store.checkpoint_failed");
            }
        }
    }

    /// Whether the thread has it in work; asks it if it was not asked yet.
    fn is_moved_beside(&mut self) -> bool {
        let Some(mover) = &mut self.mover else { return false };
        if !mover.was_asked {
            mover.works.store(true, Ordering::Release);
            mover.was_asked = mover.ask.send(()).is_ok();
            return mover.was_asked;
        }
        let works = mover.works.load(Ordering::Acquire);
        mover.was_asked = works;
        works
    }

    /// Moves everything and empties the log: the file can then be copied alone.
    pub(super) fn finish(&mut self, connection: &Connection) {
        if let Some(Mover { ask, thread, .. }) = self.mover.take() {
            drop(ask);
            if thread.join().is_err() {
                tracing::error!("store.checkpoint_panicked");
            }
        }
        if let Err(error) = run(connection, "TRUNCATE") {
            tracing::warn!(%error, "store.checkpoint_failed");
        }
    }
}

/// Goes through the log each time it is asked. What fails here the writer does, and says so.
fn move_when_asked(path: &Path, asked: &Receiver<()>, works: &AtomicBool) {
    while asked.recv().is_ok() {
        if let Err(error) = move_beside(path) {
            tracing::debug!(%error, "store.checkpoint_beside_failed");
        }
        works.store(false, Ordering::Release);
    }
}

fn move_beside(path: &Path) -> rusqlite::Result<()> {
    // A file that is gone is not made anew.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    (0..ROUNDS).try_for_each(|_| run(&connection, "PASSIVE").map(drop))
}

/// Moves everything and begins the log anew, if readers let it.
fn restart(connection: &Connection) -> rusqlite::Result<(u64, u64)> {
    connection.busy_timeout(PATIENCE)?;
    let moved = run(connection, "RESTART");
    connection.busy_timeout(super::BUSY)?;
    moved
}

fn run(connection: &Connection, mode: &str) -> rusqlite::Result<(u64, u64)> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        let (log, moved): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok((u64::try_from(log).unwrap_or(0), u64::try_from(moved).unwrap_or(0)))
    })
}
