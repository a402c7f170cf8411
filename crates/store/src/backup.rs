//! Copies of a store in a file: of a running one into a backup, and of a backup into a new store.
//!
//! A copy is made beside its place, read back and compared with what was copied, and only then
//! given its name: what stands at the place is always whole. A backup carries the number of its
//! entries and their digest, so that damage is found when it is restored and not after. These are
//! SQLite's own files: a backup opens with the `sqlite3` shell as well. A file is copied as it is;
//! any other store is read and written through the port, by [`port`].

mod contents;
pub mod port;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

pub use self::contents::Contents;
use self::contents::{Reading, add_bytes};
use crate::open::OpenError;
use crate::port::{Revision, StoreError};
use crate::sqlite::file::{self, FileLock, beside};
use crate::sqlite::{mark, reader, row, schema};

/// Pages copied between two reports.
const STEP_PAGES: i32 = 1024;
/// How long to wait when another program is in the way.
const BUSY: Duration = Duration::from_millis(50);
/// How far a restored store is moved ahead: more than was ever written after the backup. Whoever
/// remembers a revision that the restored store never reached is told to list again.
const REVISIONS_AHEAD: u64 = 1_000_000_000;

/// What to do about a file that stands where the copy is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Keep,
    /// Replace it. A store that is replaced stays beside the new one, as `….replaced`.
    Replace,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Pages of a file, or entries of another store, are copied.
    Copying {
        /// So far.
        done: u64,
        /// In all.
        total: u64,
    },
    /// The copy is read back.
    Verifying,
    /// It stands in its place.
    Done,
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The revision that it shows.
    pub revision: Revision,
    /// How many entries.
    pub entries: u64,
    /// The SHA-256 of all entries in order, in hexadecimal digits.
    pub digest: String,
    /// What is in it whatever the engine.
    pub contents: Contents,
}

/// Why a copy was not made. What stood in its place is as it was.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is there already.
    #[error(
        "{} exists already: choose another file, or say that it is to be replaced",
        .path.display()
    )]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// The source is not a backup but a store in use, or an unfinished file.
    #[error("{} was not made by a backup: it carries no digest", .path.display())]
    NotABackup {
        /// Which file.
        path: PathBuf,
    },
    /// The copy, or the backup, does not hold what it should.
    #[error("{} is damaged: {detail}", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The store that is to be made holds something.
    #[error("the store holds {entries} entries already: say that they are to be replaced")]
    NotEmpty {
        /// How many.
        entries: u64,
    },
    /// What the store holds now is not what was written to it.
    #[error(
        "the store holds {} entries ({}) where {} ({}) were written: is something else using it?",
        .found.entries, .found.digest, .expected.entries, .expected.digest
    )]
    Different {
        /// What was written.
        expected: Contents,
        /// What is there.
        found: Contents,
    },
    /// Somebody took the mark of this restore away.
    #[error("another restore into the same store ended meanwhile: stop it, and try again")]
    Interfered,
    /// The history was compacted while the store was copied.
    #[error(
        "the store was compacted while it was copied: let etcd keep its history for longer \
         (--auto-compaction-retention) and try again"
    )]
    Compacted,
    /// A file could not be read or written.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies a store, running or not, into a backup. Blocks until it is done.
///
/// **Guarantees.** The copy is of one revision; commits go on meanwhile.
///
/// # Errors
/// See [`BackupError`].
pub fn backup(
    store: &Path,
    to: &Path,
    existing: Existing,
    mut progress: impl FnMut(Progress),
) -> Result<Summary, BackupError> {
    let to = vacant(to, existing)?;
    let source = open_source(store)?;
    // The transaction holds the source at one revision until all is copied and compared.
    source.execute_batch("BEGIN").map_err(at(store))?;
    let summary = summarize(&source).map_err(at(store))?;
    let copy = Unfinished::new(&to)?;
    let mut target = Connection::open(&copy.path).map_err(at(&copy.path))?;
    copy_pages(&source, &mut target, &mut progress).map_err(at(&copy.path))?;
    schema::settle(&target).map_err(at(&copy.path))?;
    conclude(target, copy, &to, &summary, &mut progress)?;
    Ok(summary)
}

/// Gives a copy its digest and, once that was found in it, its name.
fn conclude(
    target: Connection,
    copy: Unfinished,
    to: &Path,
    summary: &Summary,
    progress: &mut impl FnMut(Progress),
) -> Result<(), BackupError> {
    seal(&target, summary).map_err(at(&copy.path))?;
    target.close().map_err(|(_, error)| OpenError::sqlite(&name(&copy.path), &error))?;
    progress(Progress::Verifying);
    verify(&copy.path)?;
    copy.finish(to)?;
    progress(Progress::Done);
    Ok(())
}

/// Makes a store of a backup, where none is open. Blocks until it is done.
///
/// **Guarantees.** The store holds what the backup holds. Its revision is far ahead of the
/// backup's, and its history begins there, so that nobody mistakes it for what was written after
/// the backup was made.
///
/// # Errors
/// See [`BackupError`]; [`OpenError::InUse`] while the store at that place is open.
pub fn restore(
    from: &Path,
    store: &Path,
    existing: Existing,
    mut progress: impl FnMut(Progress),
) -> Result<Summary, BackupError> {
    let store = vacant(store, existing)?;
    let lock = FileLock::take(&store)?;
    progress(Progress::Verifying);
    let expected = verify(from)?;
    let source = open_source(from)?;
    let copy = Unfinished::new(&store)?;
    let mut target = Connection::open(&copy.path).map_err(at(&copy.path))?;
    copy_pages(&source, &mut target, &mut progress).map_err(at(&copy.path))?;
    target.close().map_err(|(_, error)| OpenError::sqlite(&name(&copy.path), &error))?;
    progress(Progress::Verifying);
    if verify(&copy.path)? != expected {
        return Err(damaged(&copy.path, "the copy differs from the backup"));
    }
    let target = Connection::open(&copy.path).map_err(at(&copy.path))?;
    let revision = unseal(&target, expected.revision).map_err(at(&copy.path))?;
    target.close().map_err(|(_, error)| OpenError::sqlite(&name(&copy.path), &error))?;
    set_aside(&store)?;
    copy.finish(&store)?;
    drop(lock);
    progress(Progress::Done);
    Ok(Summary { revision, ..expected })
}

/// Reads a backup through and compares it with the digest that it carries.
///
/// # Errors
/// [`BackupError::Damaged`], and what keeps a file from being read.
pub fn verify(backup: &Path) -> Result<Summary, BackupError> {
    let connection = open_source(backup)?;
    let check: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(at(backup))?;
    if check != "ok" {
        return Err(damaged(backup, &check));
    }
    let carried = carried(&connection).map_err(at(backup))?;
    let carried = carried.ok_or_else(|| BackupError::NotABackup { path: backup.to_owned() })?;
    let found = summarize(&connection).map_err(at(backup))?;
    if found.seal() != carried {
        return Err(damaged(backup, "its entries differ from the digest that it carries"));
    }
    Ok(found)
}

/// The place of a copy, if it may be used.
fn vacant(path: &Path, existing: Existing) -> Result<PathBuf, BackupError> {
    let path = file::resolve(path)?;
    // An unreadable place is found out when it is written.
    if existing == Existing::Keep && path.try_exists().unwrap_or(true) {
        return Err(BackupError::Exists { path });
    }
    Ok(path)
}

fn open_source(path: &Path) -> Result<Connection, BackupError> {
    let connection = reader::connect(path).map_err(at(path))?;
    schema::check(&connection)?;
    Ok(connection)
}

fn copy_pages(
    source: &Connection,
    target: &mut Connection,
    progress: &mut impl FnMut(Progress),
) -> rusqlite::Result<()> {
    let backup = Backup::new(source, target)?;
    loop {
        let step = backup.step(STEP_PAGES)?;
        let count = |pages: i32| u64::try_from(pages).unwrap_or(0);
        let at = backup.progress();
        let total = count(at.pagecount);
        progress(Progress::Copying { done: total.saturating_sub(count(at.remaining)), total });
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // Busy or locked; neither lasts.
            _ => std::thread::sleep(BUSY),
        }
    }
}

/// Makes the copy one file of its own that carries what it holds.
fn seal(target: &Connection, summary: &Summary) -> rusqlite::Result<()> {
    target.pragma_update(None, "journal_mode", "DELETE")?;
    target.execute_batch(
        "BEGIN; DROP TABLE IF EXISTS backup;
         CREATE TABLE backup (revision INTEGER, entries INTEGER, digest TEXT) STRICT",
    )?;
    target.execute(
        "INSERT INTO backup VALUES (?1, ?2, ?3)",
        (row::int(summary.revision.0), row::int(summary.entries), &summary.digest),
    )?;
    target.execute_batch("COMMIT")
}

/// Makes a store of the copy of a backup: its history begins ahead of every revision given out.
fn unseal(target: &Connection, backed_up: Revision) -> rusqlite::Result<Revision> {
    let revision = Revision(backed_up.0 + REVISIONS_AHEAD);
    target.execute_batch("BEGIN; DROP TABLE backup; DELETE FROM log")?;
    schema::begin_at(target, revision)?;
    row::set_meta(target, "history_bytes", 0)?;
    target.execute_batch("COMMIT")?;
    Ok(revision)
}

fn carried(connection: &Connection) -> rusqlite::Result<Option<Seal>> {
    let is_there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'backup'";
    if connection.query_row(is_there, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    connection
        .query_row("SELECT revision, entries, digest FROM backup", [], |found| {
            Ok((row::revision(found, 0)?, row::number(found, 1)?, found.get(2)?))
        })
        .optional()
}

/// Reads all entries in order.
fn summarize(connection: &Connection) -> rusqlite::Result<Summary> {
    let revision = Revision(row::meta(connection, "revision")?);
    let (sum, rows) = schema::state(row::meta(connection, "format")?);
    let mut statement = connection.prepare(&format!(
        "SELECT key, created, modified, version, lease, value, {sum} FROM {rows} ORDER BY key",
    ))?;
    let mut rows = statement.query([])?;
    let (mut entries, mut digest, mut contents) = (0, Sha256::new(), Reading::default());
    while let Some(found) = rows.next()? {
        let entry = row::entry(row::key(found, 0)?, found, 1)?;
        let lease = entry.lease.map_or(0, |lease| lease.0);
        for number in [entry.created.0, entry.modified.0, entry.version, lease] {
            digest.update(number.to_be_bytes());
        }
        add_bytes(&mut digest, &entry);
        contents.add(&entry);
        entries += 1;
    }
    let digest = format!("{:x}", digest.finalize());
    Ok(Summary { revision, entries, digest, contents: contents.finish() })
}

/// What a backup carries of its own summary: revision, entries and digest.
type Seal = (Revision, u64, String);

impl Summary {
    fn seal(&self) -> Seal {
        (self.revision, self.entries, self.digest.clone())
    }
}

/// Moves a store that is to be replaced aside, with what SQLite keeps beside it.
fn set_aside(store: &Path) -> Result<(), BackupError> {
    if store.exists() {
        // Brings what SQLite keeps beside it into the file. A damaged store is moved as it is.
        let merged = Connection::open(store)
            .and_then(|old| old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        if let Err(error) = merged {
            tracing::warn!(%error, place = %store.display(), "store.replaced_unmerged");
        }
    }
    for suffix in ["-wal", "-shm", mark::SUFFIX, ""] {
        let from = beside(store, suffix);
        let to = beside(&beside(store, ".replaced"), suffix);
        match fs::rename(&from, to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(OpenError::io(&from, "set aside", error).into());
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// A copy that has no name yet; it goes unless it is finished.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    fn new(place: &Path) -> Result<Self, BackupError> {
        let path = beside(place, ".unfinished");
        file::make_private(&path)?;
        Ok(Self { path })
    }

    /// Makes the copy last and gives it its name.
    fn finish(self, place: &Path) -> Result<(), BackupError> {
        let synced = fs::File::open(&self.path).and_then(|file| file.sync_all());
        synced.map_err(|error| OpenError::io(&self.path, "write", error))?;
        let named = fs::rename(&self.path, place);
        named.map_err(|error| OpenError::io(place, "write", error))?;
        Ok(file::sync_parent(place)?)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It has its name already, or nobody is helped by knowing that it could not be removed.
        let _ = fs::remove_file(&self.path);
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn at(path: &Path) -> impl Fn(rusqlite::Error) -> BackupError + use<'_> {
    move |error| OpenError::sqlite(&name(path), &error).into()
}

fn damaged(path: &Path, detail: &str) -> BackupError {
    BackupError::Damaged { path: path.to_owned(), detail: detail.to_owned() }
}
