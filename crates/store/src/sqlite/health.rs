//! Whether the file is whole: a page that points to the wrong place hides entries, and no checksum
//! of an entry that is not found can say so.
//!
//! SQLite's own quick check reads every page once. A small file is checked before it is opened for
//! work, a large one beside the work, once the start is over; when something is found, nothing of
//! the store is believed.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle};

use super::{error, reader};
use crate::open::OpenError;
use crate::port::{Answer, ErrorKind, StoreError};

/// The largest file that is checked before it is opened for work: some tens of milliseconds.
const SMALL_BYTES: u64 = 16 * 1024 * 1024;

/// How long a start has the processor and the disk to itself before a large file is checked.
const START_SPAN: Duration = Duration::from_secs(2);

/// What was found wrong, if anything was.
#[derive(Clone, Debug)]
pub(super) struct Health {
    place: String,
    damage: Arc<OnceLock<String>>,
}

/// A check that is under way.
pub(super) struct Checking {
    interrupt: InterruptHandle,
    /// Dropped when there is nothing to wait for any more.
    begin: Sender<()>,
    thread: JoinHandle<()>,
}

impl Health {
    /// Checks a file, or begins to.
    ///
    /// # Errors
    /// It is small and damaged, or cannot be read.
    pub(super) fn of(path: &Path) -> Result<(Self, Option<Checking>), OpenError> {
        let place = path.display().to_string();
        let health = Self { place: place.clone(), damage: Arc::default() };
        let failed = |error: rusqlite::Error| OpenError::sqlite(&place, &error);
        let connection = reader::connect(path).map_err(failed)?;
        let size = path.metadata().map_err(|source| OpenError::io(path, "read", source))?.len();
        if size <= SMALL_BYTES {
            health.look(&connection);
            health.check().map_err(OpenError::Store)?;
            return Ok((health, None));
        }
        let interrupt = connection.get_interrupt_handle();
        let checked = health.clone();
        let (begin, ended) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-health".to_owned())
            .spawn(move || {
                if ended.recv_timeout(START_SPAN) == Err(RecvTimeoutError::Timeout) {
                    checked.look(&connection);
                }
            })
            .map_err(|source| OpenError::io(path, "start the check of", source))?;
        Ok((health, Some(Checking { interrupt, begin, thread })))
    }

    fn look(&self, connection: &Connection) {
        let found = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
            .map_err(|failed| error::kind(&self.place, &failed));
        let damage = match found {
            Ok(verdict) if verdict == "ok" => return,
            Ok(verdict) => verdict,
            Err(ErrorKind::Corrupt { detail, .. }) => detail,
            // Interrupted, or the disk: whoever reads the page will hear of it.
            Err(_) => return,
        };
        tracing::error!(place = self.place, damage, "store.damaged");
        let _ = self.damage.set(damage);
    }

    /// Refuses once damage was found.
    pub(super) fn check(&self) -> Answer<()> {
        let Some(damage) = self.damage.get() else { return Ok(()) };
        let (place, detail) = (self.place.clone(), damage.clone());
        Err(StoreError::definite(ErrorKind::Corrupt { place, detail }))
    }
}

impl Checking {
    /// Ends the check.
    pub(super) fn stop(self) {
        drop(self.begin);
        self.interrupt.interrupt();
        if self.thread.join().is_err() {
            tracing::error!("store.check_panicked");
        }
    }
}
