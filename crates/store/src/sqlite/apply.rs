//! What one transaction of a caller does inside a transaction of SQLite: it goes into the log, from
//! which the table of what is gets it later. It reads what earlier callers of the same batch wrote;
//! whether any of it stays is for the writer to settle.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::cache::Cache;
use super::overlay::{Overlay, State, Step};
use super::row::{self, int, int_of};
use crate::lease::{LeaseId, LeaseState};
use crate::port::{
    Answer, Commit, Entry, ErrorKind, Key, Precondition, Revision, StoreError, Txn, Value,
    WatchBatch, WatchEvent, Write,
};

/// What a row of the log takes besides its key and values, roughly.
const LOG_ROW_BYTES: u64 = 32;

/// The store as a batch leaves it; nothing of it counts before the batch is committed.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    pub(super) revision: Revision,
    pub(super) compacted: Revision,
    pub(super) purged: Revision,
    pub(super) history_bytes: u64,
    /// The last lease granted.
    pub(super) lease: u64,
    /// The last batch that wrote anything: tells whether one was committed.
    pub(super) batch: u64,
    /// Up to where everything is in the table.
    pub(super) applied: Revision,
    /// The last key of the overlay's frozen part that is in the table; `None` before the first.
    pub(super) moved: Option<Key>,
    pub(super) leases: BTreeMap<LeaseId, Lease>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) ttl: Duration,
    pub(super) deadline: Duration,
}

/// A batch under way.
pub(super) struct Batch<'a> {
    pub(super) connection: &'a Connection,
    overlay: &'a Overlay,
    cache: &'a Cache,
    /// What it did so far.
    pending: HashMap<Key, State>,
    pub(super) standing: Standing,
    pub(super) told: Vec<WatchBatch>,
    /// Whether anything was written, also what takes no revision.
    pub(super) wrote: bool,
}

impl Standing {
    /// What the file says; leases get their whole time again.
    pub(super) fn load(connection: &Connection, now: Duration) -> rusqlite::Result<Self> {
        let leases = connection
            .prepare_cached("SELECT id, ttl_ms FROM lease")?
            .query_map([], |row| {
                let ttl = Duration::from_millis(row::number(row, 1)?);
                Ok((LeaseId(row::number(row, 0)?), Lease { ttl, deadline: now + ttl }))
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            revision: Revision(row::meta(connection, "revision")?),
            compacted: Revision(row::meta(connection, "compacted")?),
            purged: Revision(row::meta(connection, "purged")?),
            history_bytes: row::meta(connection, "history_bytes")?,
            lease: row::meta(connection, "lease")?,
            batch: row::meta(connection, "batch")?,
            applied: Revision(row::meta(connection, "applied")?),
            moved: None,
            leases,
        })
    }

    /// Writes the numbers that are others than `before`.
    pub(super) fn save(&self, connection: &Connection, before: &Self) -> rusqlite::Result<()> {
        let numbers = |standing: &Self| {
            [
                ("revision", standing.revision.0),
                ("compacted", standing.compacted.0),
                ("purged", standing.purged.0),
                ("history_bytes", standing.history_bytes),
                ("lease", standing.lease),
                ("batch", standing.batch),
                ("applied", standing.applied.0),
            ]
        };
        let changed = numbers(self).into_iter().zip(numbers(before));
        changed
            .filter(|(number, before)| number != before)
            .try_for_each(|((name, number), _)| row::set_meta(connection, name, number))
    }
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        (overlay, cache): (&'a Overlay, &'a Cache),
        standing: Standing,
    ) -> Self {
        let (pending, told) = (HashMap::new(), Vec::new());
        Self { connection, overlay, cache, pending, standing, told, wrote: false }
    }

    pub(super) fn commit(&mut self, txn: Txn) -> rusqlite::Result<Answer<Commit>> {
        let Txn { preconditions, writes } = txn;
        if let Some(failed) = self.first_failed(&preconditions)? {
            return Ok(Ok(Commit::Lost { failed }));
        }
        if let Some(lease) = self.lease_gone(&writes) {
            return Ok(Err(StoreError::definite(ErrorKind::LeaseGone(lease))));
        }
        self.write(writes)?;
        Ok(Ok(Commit::Done(self.standing.revision)))
    }

    pub(super) fn grant(&mut self, ttl: Duration, now: Duration) -> rusqlite::Result<LeaseId> {
        self.standing.lease += 1;
        let id = LeaseId(self.standing.lease);
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached("INSERT INTO lease (id, ttl_ms) VALUES (?1, ?2)")?
            .execute((int(id.0), ttl_ms))?;
        self.standing.leases.insert(id, Lease { ttl, deadline: now + ttl });
        self.wrote = true;
        Ok(id)
    }

    pub(super) fn keep_alive(&mut self, lease: LeaseId, now: Duration) -> LeaseState {
        let Some(lease) = self.standing.leases.get_mut(&lease) else { return LeaseState::Ended };
        lease.deadline = now + lease.ttl;
        LeaseState::Alive { ttl: lease.ttl }
    }

    /// Ends a lease and deletes the keys under it.
    pub(super) fn end_lease(&mut self, lease: LeaseId) -> rusqlite::Result<()> {
        if self.standing.leases.remove(&lease).is_none() {
            return Ok(());
        }
        self.wrote = true;
        self.connection
            .prepare_cached("DELETE FROM lease WHERE id = ?1")?
            .execute([int(lease.0)])?;
        let mut keys: Vec<Key> = self
            .connection
            .prepare_cached("SELECT key FROM current WHERE lease = ?1")?
            .query_map([int(lease.0)], |row| row::key(row, 0))?
            .collect::<rusqlite::Result<_>>()?;
        keys.extend(self.overlay.under(lease));
        keys.extend(self.pending.keys().cloned());
        keys.sort_unstable();
        keys.dedup();
        let mut deletes = Vec::new();
        for key in keys {
            if self.find(&key)?.is_some_and(|entry| entry.lease == Some(lease)) {
                deletes.push(Write::delete(key));
            }
        }
        self.write(deletes)
    }

    pub(super) fn compact(&mut self, revision: Revision) -> Answer<()> {
        if revision > self.standing.revision {
            return Err(StoreError::ahead(revision, self.standing.revision));
        }
        if revision > self.standing.compacted {
            self.standing.compacted = revision;
            self.wrote = true;
        }
        Ok(())
    }

    /// One entry as this batch left it so far.
    fn find(&self, key: &Key) -> rusqlite::Result<State> {
        if let Some(state) = self.pending.get(key) {
            return Ok(state.clone());
        }
        match self.overlay.get(key).or_else(|| self.cache.get(key)) {
            Some(state) => Ok(state),
            None => read(self.connection, key),
        }
    }

    fn first_failed(&self, preconditions: &[Precondition]) -> rusqlite::Result<Option<usize>> {
        for (index, precondition) in preconditions.iter().enumerate() {
            let modified = self.find(precondition.key())?.map(|entry| entry.modified);
            if !precondition.holds(modified) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn lease_gone(&self, writes: &[Write]) -> Option<LeaseId> {
        writes.iter().find_map(|write| match write {
            Write::Put { lease: Some(lease), .. } => {
                (!self.standing.leases.contains_key(lease)).then_some(*lease)
            }
            Write::Put { lease: None, .. } | Write::Delete { .. } => None,
        })
    }

    /// Makes the writes; nothing, and no revision, if they change nothing.
    fn write(&mut self, writes: Vec<Write>) -> rusqlite::Result<()> {
        let revision = self.standing.revision.next();
        let mut events = Vec::with_capacity(writes.len());
        for write in writes {
            let before = self.find(write.key())?;
            let event = match write {
                Write::Put { key, value, lease } => {
                    Some(put(key, value, lease, revision, before.as_ref()))
                }
                Write::Delete { key } => before.is_some().then_some(WatchEvent::Deleted(key)),
            };
            if let Some(event) = event {
                self.log(revision, events.len(), &event, before.as_ref())?;
                let state = match &event {
                    WatchEvent::Put(entry) => Some(entry.clone()),
                    WatchEvent::Deleted(_) => None,
                };
                self.pending.insert(event.key().clone(), state);
                events.push(event);
            }
        }
        if !events.is_empty() {
            self.wrote = true;
            self.standing.revision = revision;
            self.told.push(WatchBatch { revision, events });
        }
        Ok(())
    }

    fn log(
        &mut self,
        revision: Revision,
        seq: usize,
        event: &WatchEvent,
        before: Option<&Entry>,
    ) -> rusqlite::Result<()> {
        let after = match event {
            WatchEvent::Put(entry) => Some(entry),
            WatchEvent::Deleted(_) => None,
        };
        self.connection
            .prepare_cached(
                "INSERT INTO log (revision, seq, key, created, version, lease, value,
                 old_created, old_modified, old_version, old_lease, old_value, sum, old_sum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute((
                int(revision.0),
                int_of(seq),
                event.key().as_bytes(),
                after.map(|entry| int(entry.created.0)),
                after.map(|entry| int(entry.version)),
                after.and_then(|entry| entry.lease).map(|lease| int(lease.0)),
                after.map(|entry| entry.value.as_bytes()),
                before.map(|entry| int(entry.created.0)),
                before.map(|entry| int(entry.modified.0)),
                before.map(|entry| int(entry.version)),
                before.and_then(|entry| entry.lease).map(|lease| int(lease.0)),
                before.map(|entry| entry.value.as_bytes()),
                after.map(row::sum),
                before.map(row::sum),
            ))?;
        let values = after.map_or(0, value_bytes) + before.map_or(0, value_bytes);
        self.standing.history_bytes += values + key_bytes(event.key()) + LOG_ROW_BYTES;
        Ok(())
    }

    /// Moves some of what lies in the log only into the table.
    pub(super) fn move_down(&mut self, most: usize) -> rusqlite::Result<()> {
        let step = self.overlay.step(self.standing.moved.as_ref(), most);
        let Some(Step { entries, after, applied }) = step else { return Ok(()) };
        for (key, state) in &entries {
            move_one(self.connection, key, state)?;
        }
        self.standing.moved = after;
        if let Some(applied) = applied {
            self.standing.applied = applied;
        }
        self.wrote = true;
        Ok(())
    }

    /// Deletes the log up to a revision.
    pub(super) fn purge(&mut self, up_to: Revision) -> rusqlite::Result<()> {
        let freed: u64 = self
            .connection
            .prepare_cached(
                "SELECT ifnull(sum(length(key) + ifnull(length(value), 0)
                 + ifnull(length(old_value), 0) + ?2), 0) FROM log WHERE revision <= ?1",
            )?
            .query_row((int(up_to.0), int(LOG_ROW_BYTES)), |row| row::number(row, 0))?;
        self.connection
            .prepare_cached("DELETE FROM log WHERE revision <= ?1")?
            .execute([int(up_to.0)])?;
        self.standing.purged = up_to;
        self.standing.compacted = self.standing.compacted.max(up_to);
        self.standing.history_bytes = self.standing.history_bytes.saturating_sub(freed);
        self.wrote = true;
        Ok(())
    }
}

/// What a put makes of an entry.
fn put(
    key: Key,
    value: Value,
    lease: Option<LeaseId>,
    modified: Revision,
    before: Option<&Entry>,
) -> WatchEvent {
    let (created, version) = before.map_or((modified, 0), |old| (old.created, old.version));
    WatchEvent::Put(Entry { key, value, created, modified, version: version + 1, lease })
}

fn move_one(connection: &Connection, key: &Key, state: &State) -> rusqlite::Result<()> {
    let Some(entry) = state else {
        connection
            .prepare_cached("DELETE FROM current WHERE key = ?1")?
            .execute([key.as_bytes()])?;
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO current (key, created, modified, version, lease, value, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            key.as_bytes(),
            int(entry.created.0),
            int(entry.modified.0),
            int(entry.version),
            entry.lease.map(|lease| int(lease.0)),
            entry.value.as_bytes(),
            row::sum(entry),
        ))?;
    Ok(())
}

/// One entry of the table.
pub(super) fn read(connection: &Connection, key: &Key) -> rusqlite::Result<Option<Entry>> {
    connection
        .prepare_cached(
            "SELECT created, modified, version, lease, value, sum FROM current WHERE key = ?1",
        )?
        .query_row([key.as_bytes()], |row| row::entry(key.clone(), row, 0))
        .optional()
}

fn value_bytes(entry: &Entry) -> u64 {
    entry.value.as_bytes().len() as u64
}

fn key_bytes(key: &Key) -> u64 {
    key.as_bytes().len() as u64
}
