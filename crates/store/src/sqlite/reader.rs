//! Reading: a few connections, used where the caller stands. A point read takes some ten
//! microseconds, less than handing it to another thread would; what can take long goes to a thread
//! that may block. Each read is one transaction of SQLite, so it sees what was committed before it
//! began, all of it and nothing in between.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, OpenFlags, TransactionBehavior};

use super::cache::Cache;
use super::health::Health;
use super::row;
use super::{apply, error, past};
use crate::hub::{History, Stretch};
use crate::port::{
    Answer, Entry, Key, KeyRange, ListRequest, Order, Page, PageRoom, Revision, Snapshot,
    StoreError,
};

/// Connections that read. More would share the same few cores.
const READERS: usize = 4;
/// Pages that each of them keeps, in KiB.
const CACHE_KIB: i64 = 8 * 1024;
/// Prepared statements that each of them keeps.
const STATEMENTS: usize = 32;
/// How long a read waits for another program's lock; ours never hold one up.
const BUSY: Duration = Duration::from_secs(2);
/// A revision so far back that undoing what happened since may take long.
const LONG_PAST: u64 = 500;

/// The connections that read one file.
pub(super) struct Readers {
    place: String,
    health: Health,
    cache: Arc<Cache>,
    slots: Vec<Mutex<Option<Connection>>>,
    turn: AtomicUsize,
}

impl Readers {
    pub(super) fn open(path: &Path, health: Health, cache: Arc<Cache>) -> rusqlite::Result<Self> {
        let slots = (0..READERS).map(|_| Ok(Mutex::new(Some(connect(path)?))));
        Ok(Self {
            place: path.display().to_string(),
            health,
            cache,
            slots: slots.collect::<rusqlite::Result<_>>()?,
            turn: AtomicUsize::new(0),
        })
    }

    pub(super) fn close(&self) {
        self.cache.close();
        for slot in &self.slots {
            slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    pub(super) fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        self.health.check()?;
        if let Some(known) = self.cache.get(key) {
            return Ok(known);
        }
        let ticket = self.cache.ticket();
        let found = self.with(|connection| Ok(Ok(apply::read(connection, key)?)))?;
        self.cache.offer(ticket, [(key, found.clone())]);
        Ok(found)
    }

    pub(super) fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        self.health.check()?;
        if let Some(known) = self.cache.get_many(keys, || self.revision()) {
            return known;
        }
        let ticket = self.cache.ticket();
        let snapshot = self.at_one_revision(|connection, revision| {
            let entries = keys.iter().map(|key| apply::read(connection, key));
            Ok(Ok(Snapshot { entries: entries.collect::<rusqlite::Result<_>>()?, revision }))
        })?;
        self.cache.offer(ticket, keys.iter().zip(snapshot.entries.iter().cloned()));
        Ok(snapshot)
    }

    pub(super) fn revision(&self) -> Answer<Revision> {
        self.with(|connection| Ok(Ok(Revision(row::meta(connection, "revision")?))))
    }

    pub(super) fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        let range = KeyRange::below(prefix);
        self.at_one_revision(|connection, revision| {
            let count = connection
                .prepare_cached("SELECT count(*) FROM current WHERE key >= ?1 AND key < ?2")?
                .query_row((&range.start, &range.end), |row| row::number(row, 0))?;
            Ok(Ok((count, revision)))
        })
    }

    pub(super) fn list(&self, request: &ListRequest) -> Answer<Page> {
        self.health.check()?;
        if let Some(known) = self.cache.list(request, || self.revision()) {
            return known;
        }
        let ticket = self.cache.ticket();
        let page = self.page(request)?;
        self.cache.offer_list(ticket, request, &page);
        Ok(page)
    }

    fn page(&self, request: &ListRequest) -> Answer<Page> {
        let room = PageRoom::new(request.room()?);
        let range = request.range();
        self.at_one_revision(|connection, current| {
            let at = request.at.unwrap_or(current);
            if at > current {
                return Ok(Err(StoreError::ahead(at, current)));
            }
            let compacted = Revision(row::meta(connection, "compacted")?);
            if at < compacted {
                return Ok(Err(StoreError::compacted(compacted)));
            }
            let page = if at == current {
                page_now(connection, &range, request.order, at, room)?
            } else {
                past::page(connection, &range, request.order, at, room)?
            };
            Ok(Ok(page))
        })
    }

    /// Whether a list may take long enough to hold up others on the same thread.
    pub(super) const fn is_long(request: &ListRequest, current: Revision) -> bool {
        matches!(request.at, Some(at) if current.0.saturating_sub(at.0) > LONG_PAST)
    }

    fn at_one_revision<T>(
        &self,
        read: impl FnOnce(&Connection, Revision) -> rusqlite::Result<Answer<T>>,
    ) -> Answer<T> {
        self.with(|connection| {
            let transaction =
                rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
            let revision = Revision(row::meta(&transaction, "revision")?);
            read(&transaction, revision)
        })
    }

    fn with<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<Answer<T>>) -> Answer<T> {
        self.health.check()?;
        let slot = self.slot();
        let Some(connection) = slot.as_ref() else { return Err(StoreError::closed()) };
        read(connection).unwrap_or_else(|failed| Err(error::definite(&self.place, &failed)))
    }

    /// A connection that nobody uses, or the next in turn once it is free.
    fn slot(&self) -> MutexGuard<'_, Option<Connection>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        for step in 0..self.slots.len() {
            match self.slots[(turn + step) % self.slots.len()].try_lock() {
                Ok(slot) => return slot,
                Err(TryLockError::Poisoned(slot)) => return slot.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.slots[turn % self.slots.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl History for Readers {
    fn read(&self, range: &KeyRange, from: Revision) -> Answer<Stretch> {
        self.at_one_revision(|connection, current| past::stretch(connection, range, from, current))
    }
}

/// Opens a file to read it.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn page_now(
    connection: &Connection,
    range: &KeyRange,
    order: Order,
    revision: Revision,
    mut room: PageRoom,
) -> rusqlite::Result<Page> {
    let mut statement = in_order(connection, order)?;
    let mut rows = statement.query((&range.start, &range.end))?;
    let mut entries = Vec::new();
    while let Some(found) = rows.next()? {
        if room.is_full() {
            return Ok(Page { entries, revision, more: true });
        }
        let entry = row::entry(row::key(found, 0)?, found, 1)?;
        room.take(&entry);
        entries.push(entry);
    }
    Ok(Page { entries, revision, more: false })
}

/// The entries of a range as they are, in an order.
pub(super) fn in_order(
    connection: &Connection,
    order: Order,
) -> rusqlite::Result<CachedStatement<'_>> {
    connection.prepare_cached(match order {
        Order::Ascending => {
            "SELECT key, created, modified, version, lease, value, sum FROM current
             WHERE key >= ?1 AND key < ?2 ORDER BY key"
        }
        Order::Descending => {
            "SELECT key, created, modified, version, lease, value, sum FROM current
             WHERE key >= ?1 AND key < ?2 ORDER BY key DESC"
        }
    })
}

/// Runs what may take long on a thread that may block.
pub(super) async fn apart<T: Send + 'static>(
    readers: &Arc<Readers>,
    read: impl FnOnce(&Readers) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let readers = Arc::clone(readers);
    let done = tokio::task::spawn_blocking(move || read(&readers)).await;
    // The thread only ends early when the runtime does.
    done.unwrap_or_else(|_| Err(StoreError::closed()))
}
