//! The past, from the log: what happened from a revision on, read forwards for watches; and how a
//! range stood at a revision, by undoing what happened since.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use super::merged::{Merged, in_order, table};
use super::overlay::State;
use super::row::{self, int};
use crate::hub::Stretch;
use crate::port::{
    Answer, Entry, Key, KeyRange, Order, Page, PageRoom, Revision, StoreError, WatchBatch,
    WatchEvent,
};

/// A stretch ends after the transaction that brings it over either of these.
const STRETCH_ROWS_MAX: usize = 512;
const STRETCH_BYTES_MAX: usize = 1024 * 1024;

/// What happened in a range from a revision on.
pub(super) fn stretch(
    connection: &Connection,
    range: &KeyRange,
    from: Revision,
    current: Revision,
) -> rusqlite::Result<Answer<Stretch>> {
    let compacted = Revision(row::meta(connection, "compacted")?);
    if from <= compacted {
        return Ok(Err(StoreError::compacted(compacted)));
    }
    // What is committed and not yet shown to everybody is told later.
    let mut statement = connection.prepare_cached(
        "SELECT revision, key, created, version, lease, value, sum FROM log
         WHERE revision >= ?1 AND revision <= ?2 ORDER BY revision, seq",
    )?;
    let mut rows = statement.query([int(from.0), int(current.0)])?;
    let mut batches: Vec<WatchBatch> = Vec::new();
    let (mut seen, mut bytes, mut at) = (0, 0, from);
    while let Some(found) = rows.next()? {
        let revision = row::revision(found, 0)?;
        if revision != at && (seen >= STRETCH_ROWS_MAX || bytes >= STRETCH_BYTES_MAX) {
            return Ok(Ok(Stretch { batches, up_to: at }));
        }
        (at, seen) = (revision, seen + 1);
        let key = row::key(found, 1)?;
        if !range.contains(&key) {
            continue;
        }
        let event = event(key, revision, found)?;
        if let WatchEvent::Put(entry) = &event {
            bytes += entry.bytes();
        }
        match batches.last_mut() {
            Some(last) if last.revision == revision => last.events.push(event),
            Some(_) | None => batches.push(WatchBatch { revision, events: vec![event] }),
        }
    }
    Ok(Ok(Stretch { batches, up_to: current }))
}

/// Tells everything that happened after a revision, one transaction after the other.
pub(super) fn replay(
    connection: &Connection,
    after: Revision,
    mut tell: impl FnMut(WatchBatch),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT revision, key, created, version, lease, value, sum FROM log
         WHERE revision > ?1 ORDER BY revision, seq",
    )?;
    let mut rows = statement.query([int(after.0)])?;
    let mut batch = WatchBatch { revision: after, events: Vec::new() };
    while let Some(found) = rows.next()? {
        let revision = row::revision(found, 0)?;
        if revision != batch.revision && !batch.events.is_empty() {
            tell(std::mem::replace(&mut batch, WatchBatch { revision, events: Vec::new() }));
        }
        batch.revision = revision;
        batch.events.push(event(row::key(found, 1)?, revision, found)?);
    }
    if !batch.events.is_empty() {
        tell(batch);
    }
    Ok(())
}

fn event(key: Key, modified: Revision, found: &Row<'_>) -> rusqlite::Result<WatchEvent> {
    if found.get_ref(5)? == rusqlite::types::ValueRef::Null {
        return Ok(WatchEvent::Deleted(key));
    }
    let entry = Entry {
        key,
        created: row::revision(found, 2)?,
        modified,
        version: row::number(found, 3)?,
        lease: row::lease(found, 4)?,
        value: row::value(found, 5)?,
    };
    row::verify(&entry, found, 6)?;
    Ok(WatchEvent::Put(entry))
}

/// A page of a range as it stood at a revision, `current` being the last: the entries that were not
/// touched since, and between them the others as the log remembers them. `over` lies over the
/// table.
pub(super) fn page(
    connection: &Connection,
    range: &KeyRange,
    order: Order,
    (at, current): (Revision, Revision),
    mut room: PageRoom,
    over: Vec<(Key, State)>,
) -> rusqlite::Result<Page> {
    let mut touched = touched_since(connection, range, at, current)?;
    let mut statement = table(connection, order)?;
    let mut all = Merged::new(&mut statement, range, order, over)?;
    let mut entries = Vec::new();
    let mut untouched = next_untouched(&mut all, at)?;
    loop {
        let next = match (untouched.take(), first(&touched, order)) {
            (None, None) => return Ok(Page { entries, revision: at, more: false }),
            (Some(here), Some(there)) if is_before(&here.key, &there, order) => {
                untouched = next_untouched(&mut all, at)?;
                Some(here)
            }
            (Some(here), None) => {
                untouched = next_untouched(&mut all, at)?;
                Some(here)
            }
            (here, Some(there)) => {
                untouched = here;
                touched.remove(&there).flatten()
            }
        };
        let Some(entry) = next else { continue };
        if room.is_full() {
            return Ok(Page { entries, revision: at, more: true });
        }
        room.take(&entry);
        entries.push(entry);
    }
}

/// How each key of a range that was touched after a revision stood at it.
fn touched_since(
    connection: &Connection,
    range: &KeyRange,
    at: Revision,
    current: Revision,
) -> rusqlite::Result<BTreeMap<Key, Option<Entry>>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, old_created, old_modified, old_version, old_lease, old_value, old_sum
         FROM log WHERE revision > ?1 AND revision <= ?2 AND key >= ?3 AND key < ?4
         ORDER BY revision, seq",
    )?;
    let mut rows = statement.query((int(at.0), int(current.0), &range.start, &range.end))?;
    let mut touched = BTreeMap::new();
    while let Some(found) = rows.next()? {
        let key = row::key(found, 0)?;
        if touched.contains_key(&key) {
            continue;
        }
        let was_absent = found.get_ref(1)? == rusqlite::types::ValueRef::Null;
        let old = if was_absent { None } else { Some(row::entry(key.clone(), found, 1)?) };
        touched.insert(key, old);
    }
    Ok(touched)
}

fn next_untouched(all: &mut Merged<'_>, at: Revision) -> rusqlite::Result<Option<Entry>> {
    while let Some(entry) = all.next()? {
        if entry.modified <= at {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

fn first(touched: &BTreeMap<Key, Option<Entry>>, order: Order) -> Option<Key> {
    let first = match order {
        Order::Ascending => touched.first_key_value(),
        Order::Descending => touched.last_key_value(),
    };
    first.map(|(key, _)| key.clone())
}

fn is_before(here: &Key, there: &Key, order: Order) -> bool {
    in_order(here.cmp(there), order) == Ordering::Less
}
