//! The embedded store: SQLite, one file, one process.
//!
//! A single writer thread commits many callers at once; readers work beside it on connections of
//! their own. The library is compiled in (older ones lose data in write-ahead mode), nothing is
//! mapped into memory (an error of the disk must be an error, not a signal), and every commit waits
//! for the disk. Only this module and its children name SQL.

mod apply;
mod cache;
mod checkpoint;
pub(crate) mod error;
pub(crate) mod file;
mod health;
pub(crate) mod mark;
mod merged;
mod overlay;
mod past;
pub(crate) mod reader;
pub(crate) mod row;
pub(crate) mod schema;
mod trouble;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use self::apply::Standing;
use self::cache::Cache;
use self::checkpoint::Checkpoint;
use self::file::FileLock;
use self::health::{Checking, Health};
use self::mark::Mark;
use self::overlay::Overlay;
use self::reader::Readers;
use self::trouble::Trouble;
use self::writer::{Job, Keep, Message, Writer};
use crate::hub::{Bounds, Hub, Watcher};
use crate::lease::{LeaseClock, LeaseId, LeaseState, Moves, check_ttl};
use crate::open::OpenError;
use crate::port::{
    Answer, Commit, Entry, ErrorKind, Key, ListRequest, Page, Revision, Snapshot, Store,
    StoreError, Txn, Watch, check_keys,
};

pub use schema::FORMAT;

/// Callers that wait for the writer; more wait for room.
const QUEUE_MAX: usize = 1024;
/// What the hub keeps of the recent past for watches.
const RECENT: Bounds = Bounds { batches: 8192, bytes: 16 * 1024 * 1024 };
/// Pages that the writer keeps, in KiB.
const CACHE_KIB: i64 = 64 * 1024;
/// How long the writer waits for another program, say a person's shell, to end its transaction.
pub(super) const BUSY: Duration = Duration::from_secs(2);
/// Prepared statements that the writer keeps.
const STATEMENTS: usize = 64;

/// How a file is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// Where the file is, or is to be.
    pub path: PathBuf,
    /// How many transactions of history are kept.
    pub history_revisions_max: u64,
    /// How many bytes of history are kept.
    pub history_bytes_max: u64,
    /// How many bytes of changes lie in the log only before they are moved into the table of what
    /// is. They are in memory, too, up to twice as many.
    pub gathered_bytes: usize,
    /// How large the file may grow, in pages of 4 KiB; as large as the disk if `None`.
    pub pages_max: Option<u32>,
    /// What ends leases.
    pub clock: LeaseClock,
}

impl SqliteOptions {
    /// A file with the usual bounds.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            history_revisions_max: 100_000,
            history_bytes_max: 256 * 1024 * 1024,
            gathered_bytes: 8 * 1024 * 1024,
            pages_max: None,
            clock: LeaseClock::system(),
        }
    }
}

/// A store in a file of SQLite.
pub struct SqliteStore {
    path: PathBuf,
    readers: Arc<Readers>,
    hub: Arc<Hub>,
    room: Arc<Semaphore>,
    messages: Sender<Message>,
    #[expect(dead_code, reason = "held for its drop")]
    moves: Option<Moves>,
    health: Health,
    trouble: Trouble,
    held: Mutex<Option<Held>>,
}

/// What closing lets go of, in this order: the threads, then the lock.
struct Held {
    thread: JoinHandle<()>,
    checking: Option<Checking>,
    lock: FileLock,
}

impl SqliteStore {
    /// Opens a file, or makes it. Blocks for some milliseconds.
    ///
    /// # Errors
    /// When another process has it, when it is not a store or one of a newer version, and when the
    /// disk fails.
    pub fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let path = file::resolve(&options.path)?;
        let lock = FileLock::take(&path)?;
        file::make(&path)?;
        let place = path.display().to_string();
        let failed = |error: rusqlite::Error| OpenError::sqlite(&place, &error);

        let mut connection = Connection::open(&path).map_err(failed)?;
        configure(&connection, &options).map_err(failed)?;
        schema::prepare(&mut connection)?;
        require_log(&connection, &path)?;
        file::sync_parent(&path)?;
        let standing = Standing::load(&connection, options.clock.now()).map_err(failed)?;
        let mark = Mark::open(&path, standing.revision)?;
        let (health, checking) = Health::of(&path)?;
        let cache = Arc::new(Cache::at(standing.revision));
        let overlay = Arc::new(Overlay::new(options.gathered_bytes));
        overlay.load(&connection, standing.applied).map_err(failed)?;
        let readers =
            Readers::open(&path, health.clone(), Arc::clone(&cache), Arc::clone(&overlay));
        let readers = Arc::new(readers.map_err(failed)?);
        let hub = Arc::new(Hub::new(standing.revision, RECENT));
        let writer = Writer {
            connection,
            place: place.clone(),
            standing,
            hub: Arc::clone(&hub),
            cache,
            overlay,
            clock: options.clock.clone(),
            keep: Keep {
                revisions: options.history_revisions_max,
                bytes: options.history_bytes_max,
            },
            checkpoint: Checkpoint::beside(&path)
                .map_err(|source| OpenError::io(&path, "start the checkpoints of", source))?,
            mark,
            doubt: None,
            trouble: Trouble::default(),
            #[cfg(test)]
            fault: None,
        };
        Self::start(path, writer, readers, hub, (health, checking), lock, &options.clock)
    }

    fn start(
        path: PathBuf,
        writer: Writer,
        readers: Arc<Readers>,
        hub: Arc<Hub>,
        (health, checking): (Health, Option<Checking>),
        lock: FileLock,
        clock: &LeaseClock,
    ) -> Result<Self, OpenError> {
        let (messages, inbox) = mpsc::channel();
        let trouble = writer.trouble.clone();
        let wake = Mutex::new(messages.clone());
        let moves = clock.on_move(move || {
            // A writer that has ended has nothing left to end.
            let _ = wake.lock().unwrap_or_else(PoisonError::into_inner).send(Message::Wake);
        });
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&inbox))
            .map_err(|source| OpenError::io(&path, "start the writer of", source))?;
        let room = Arc::new(Semaphore::new(QUEUE_MAX));
        let held = Mutex::new(Some(Held { thread, checking, lock }));
        Ok(Self { path, readers, hub, room, messages, moves, health, trouble, held })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands a job to the writer and waits for what becomes of it.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Answer<T>>) -> Job) -> Answer<T> {
        self.health.check()?;
        let room = Arc::clone(&self.room).acquire_owned().await;
        let permit = room.map_err(|_| StoreError::closed())?;
        let (reply, answer) = oneshot::channel();
        self.messages.send(Message::Job(job(reply), permit)).map_err(|_| StoreError::closed())?;
        // The writer answers everything it takes, unless it ended in the middle.
        answer.await.unwrap_or_else(|_| Err(StoreError::indefinite(ErrorKind::Closed)))
    }

    /// Lets go of everything; true if this call did.
    fn let_go(&self) -> Option<Held> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        self.room.close();
        // A writer that has ended needs no telling.
        let _ = self.messages.send(Message::Close);
        self.hub.close();
        self.readers.close();
        Some(held)
    }
}

impl Held {
    fn wait(self) {
        if let Some(checking) = self.checking {
            checking.stop();
        }
        if self.thread.join().is_err() {
            tracing::error!("store.writer_panicked");
        }
        drop(self.lock);
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, txn: Txn) -> Answer<Commit> {
        txn.check()?;
        self.ask(|reply| Job::Commit { txn, reply }).await
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        self.readers.get(key)
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        check_keys(keys)?;
        self.readers.get_many(keys)
    }

    async fn list(&self, request: ListRequest) -> Answer<Page> {
        if Readers::is_long(&request, self.hub.newest()) {
            return reader::apart(&self.readers, move |readers| readers.list(&request)).await;
        }
        self.readers.list(&request)
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        let prefix = prefix.clone();
        reader::apart(&self.readers, move |readers| readers.count(&prefix)).await
    }

    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>> {
        // Asked so that a closed store says so here.
        self.readers.revision()?;
        let history = Arc::clone(&self.readers);
        Ok(Box::new(Watcher::new(&self.hub, history, prefix, from)))
    }

    async fn compact(&self, revision: Revision) -> Answer<()> {
        self.ask(|reply| Job::Compact { revision, reply }).await?;
        self.hub.forget(revision);
        Ok(())
    }

    async fn revision(&self) -> Answer<Revision> {
        self.readers.revision()
    }

    async fn grant(&self, ttl: Duration) -> Answer<LeaseId> {
        check_ttl(ttl)?;
        self.ask(|reply| Job::Grant { ttl, reply }).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState> {
        self.ask(|reply| Job::KeepAlive { lease, reply }).await
    }

    async fn revoke(&self, lease: LeaseId) -> Answer<()> {
        self.ask(|reply| Job::Revoke { lease, reply }).await
    }

    fn trouble(&self) -> Option<StoreError> {
        self.trouble.now()
    }

    async fn close(&self) {
        if let Some(held) = self.let_go() {
            // If the runtime ends before the thread does, the lock goes with the process.
            let _ = tokio::task::spawn_blocking(move || held.wait()).await;
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if let Some(held) = self.let_go() {
            held.wait();
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

fn configure(connection: &Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", checkpoint::LOG_BYTES)?;
    if let Some(pages) = options.pages_max {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// Makes sure that the file is in write-ahead mode, which readers beside the writer rest on.
fn require_log(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(|error| OpenError::sqlite(&path.display().to_string(), &error))?;
    if mode == "wal" {
        return Ok(());
    }
    let detail = format!("its file system has no shared memory (journal mode {mode})");
    Err(OpenError::NotAStore { path: path.to_owned(), detail })
}
