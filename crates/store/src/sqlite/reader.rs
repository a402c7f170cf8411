//! Reading: a few connections, used where the caller stands. A point read takes some ten
//! microseconds, less than handing it to another thread would; what can take long goes to a thread
//! that may block. Each read is one transaction of SQLite, so it sees what was committed before it
//! began, all of it and nothing in between.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::cache::Cache;
use super::health::Health;
use super::merged::{Merged, table};
use super::overlay::{Overlay, Reading, State};
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
    overlay: Arc<Overlay>,
    slots: Vec<Mutex<Option<Connection>>>,
    turn: AtomicUsize,
}

impl Readers {
    pub(super) fn open(
        path: &Path,
        health: Health,
        cache: Arc<Cache>,
        overlay: Arc<Overlay>,
    ) -> rusqlite::Result<Self> {
        let slots = (0..READERS).map(|_| Ok(Mutex::new(Some(connect(path)?))));
        Ok(Self {
            place: path.display().to_string(),
            health,
            cache,
            overlay,
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
        // What is not there is in the table as it was then, or as somebody made it since.
        let found = match self.overlay.get(key) {
            Some(state) => state,
            None => self.with(|connection| Ok(Ok(apply::read(connection, key)?)))?,
        };
        self.cache.offer(ticket, [(key, found.clone())]);
        Ok(found)
    }

    pub(super) fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        self.health.check()?;
        if let Some(known) = self.cache.get_many(keys, || self.revision()) {
            return known;
        }
        let ticket = self.cache.ticket();
        let over = |overlay: &Reading<'_>| -> Vec<Option<State>> {
            keys.iter().map(|key| overlay.get(key)).collect()
        };
        let snapshot = self.at_one_revision(over, |connection, revision, over| {
            let entry = |(key, over): (&Key, Option<State>)| {
                over.map_or_else(|| apply::read(connection, key), Ok)
            };
            let entries = keys.iter().zip(over).map(entry).collect::<rusqlite::Result<_>>()?;
            Ok(Ok(Snapshot { entries, revision }))
        })?;
        self.cache.offer(ticket, keys.iter().zip(snapshot.entries.iter().cloned()));
        Ok(snapshot)
    }

    pub(super) fn revision(&self) -> Answer<Revision> {
        self.with(|_| Ok(Ok(self.overlay.read().revision())))
    }

    pub(super) fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        let range = KeyRange::below(prefix);
        let over = |overlay: &Reading<'_>| overlay.slice(&range, Order::Ascending, usize::MAX);
        self.at_one_revision(over, |connection, revision, over| {
            let mut count: u64 = connection
                .prepare_cached("SELECT count(*) FROM current WHERE key >= ?1 AND key < ?2")?
                .query_row((&range.start, &range.end), |row| row::number(row, 0))?;
            let mut is_there =
                connection.prepare_cached("SELECT count(*) FROM current WHERE key = ?1")?;
            for (key, state) in over {
                let there = is_there.query_row([key.as_bytes()], |row| row::number(row, 0))?;
                count = count - there + u64::from(state.is_some());
            }
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
        let wanted = request.room()?;
        let (room, range, order) = (PageRoom::new(wanted), request.range(), request.order);
        let over = |overlay: &Reading<'_>| {
            let is_now = request.at.is_none_or(|at| at == overlay.revision());
            overlay.slice(&range, order, if is_now { wanted } else { usize::MAX })
        };
        self.at_one_revision(over, |connection, current, over| {
            let at = request.at.unwrap_or(current);
            if at > current {
                return Ok(Err(StoreError::ahead(at, current)));
            }
            let compacted = Revision(row::meta(connection, "compacted")?);
            if at < compacted {
                return Ok(Err(StoreError::compacted(compacted)));
            }
            let page = if at == current {
                page_now(connection, &range, order, at, room, over)?
            } else {
                past::page(connection, &range, order, (at, current), room, over)?
            };
            Ok(Ok(page))
        })
    }

    /// Whether a list may take long enough to hold up others on the same thread.
    pub(super) const fn is_long(request: &ListRequest, current: Revision) -> bool {
        matches!(request.at, Some(at) if current.0.saturating_sub(at.0) > LONG_PAST)
    }

    /// Reads what `pin` takes from the overlay, and the table, as both are at one revision: the
    /// table is pinned while nothing can be shown or forgotten above it.
    fn at_one_revision<P, T>(
        &self,
        pin: impl FnOnce(&Reading<'_>) -> P,
        read: impl FnOnce(&Connection, Revision, P) -> rusqlite::Result<Answer<T>>,
    ) -> Answer<T> {
        self.with(|connection| {
            let transaction =
                rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
            let overlay = self.overlay.read();
            row::meta(&transaction, "batch")?;
            let (revision, pinned) = (overlay.revision(), pin(&overlay));
            drop(overlay);
            read(&transaction, revision, pinned)
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
        self.at_one_revision(
            |_| (),
            |connection, current, ()| past::stretch(connection, range, from, current),
        )
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
    over: Vec<(Key, State)>,
) -> rusqlite::Result<Page> {
    let mut statement = table(connection, order)?;
    let mut all = Merged::new(&mut statement, range, order, over)?;
    let mut entries = Vec::new();
    while let Some(entry) = all.next()? {
        if room.is_full() {
            return Ok(Page { entries, revision, more: true });
        }
        room.take(&entry);
        entries.push(entry);
    }
    Ok(Page { entries, revision, more: false })
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
