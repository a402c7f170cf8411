//! Moving what was committed from SQLite's log into its file. The writer does it, between two
//! batches, so that no reader ever pays for it and no two checkpoints meet. A thread of its own
//! was measured and gains nothing: what commits wait for is the disk, which they share with it.

use std::time::Duration;

use rusqlite::Connection;

use crate::port::WatchBatch;

/// Pages in the log before they are moved: 64 MiB. Fewer make waits shorter and more frequent: at
/// 16 MiB one commit in fifty of 16 callers met one, at 64 MiB less than one in a hundred.
const PAGES: u64 = 16_384;
/// Pages in the log, held back by a long read, before readers are waited for: 256 MiB.
const PAGES_MAX: u64 = 65_536;
/// What the log is cut down to once it is empty.
pub(super) const LOG_BYTES: i64 = 64 * 1024 * 1024;
/// How long readers are waited for: they take microseconds, but a backup takes minutes.
const PATIENCE: Duration = Duration::from_millis(20);
/// What one write and one batch touch, roughly.
const PAGES_A_WRITE: u64 = 2;
const PAGES_A_BATCH: u64 = 3;

/// How many pages lie in the log, roughly: SQLite says it only when it moves them.
#[derive(Debug, Default)]
pub(super) struct Checkpoint {
    pages: u64,
    asked_at: u64,
}

impl Checkpoint {
    /// Counts a batch.
    pub(super) fn count(&mut self, told: &[WatchBatch]) {
        let writes: usize = told.iter().map(|batch| batch.events.len()).sum();
        self.pages += PAGES_A_BATCH + PAGES_A_WRITE * writes as u64;
    }

    /// Moves the pages if there are enough.
    pub(super) fn after_commit(&mut self, connection: &Connection, place: &str) {
        if self.pages < self.asked_at + PAGES {
            return;
        }
        let moved =
            if self.pages < PAGES_MAX { run(connection, "PASSIVE") } else { restart(connection) };
        match moved {
            Ok((log, moved)) => {
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

    /// Moves everything and empties the log: the file can then be copied alone.
    pub(super) fn finish(&mut self, connection: &Connection) {
        if let Err(error) = run(connection, "TRUNCATE") {
            tracing::warn!(%error, "store.checkpoint_failed");
        }
    }
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
