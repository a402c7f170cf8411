//! Rows to entries and numbers to columns.

use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use crate::lease::LeaseId;
use crate::port::{Entry, Key, Revision, Value};

/// A number as SQLite keeps it. Revisions and leases count up from one and never get there.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn int_of(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

pub(crate) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let found: i64 = row.get(column)?;
    u64::try_from(found).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, found))
}

pub(crate) fn revision(row: &Row<'_>, column: usize) -> rusqlite::Result<Revision> {
    number(row, column).map(Revision)
}

pub(crate) fn lease(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<LeaseId>> {
    let found: Option<i64> = row.get(column)?;
    found.map(|_| number(row, column).map(LeaseId)).transpose()
}

pub(crate) fn key(row: &Row<'_>, column: usize) -> rusqlite::Result<Key> {
    Ok(Key::from(blob(row, column)?))
}

pub(crate) fn value(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    Ok(Value::from(blob(row, column)?))
}

fn blob<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a [u8]> {
    row.get_ref(column)?.as_blob().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error))
    })
}

/// The entry of `created, modified, version, lease, value, sum` from a column on.
pub(crate) fn entry(key: Key, row: &Row<'_>, column: usize) -> rusqlite::Result<Entry> {
    let entry = Entry {
        key,
        created: revision(row, column)?,
        modified: revision(row, column + 1)?,
        version: number(row, column + 2)?,
        lease: lease(row, column + 3)?,
        value: value(row, column + 4)?,
    };
    verify(&entry, row, column + 5)?;
    Ok(entry)
}

/// What an entry has to add up to when it is read again.
pub(crate) fn sum(entry: &Entry) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    let lease = entry.lease.map_or(0, |lease| lease.0);
    let length = entry.key.as_bytes().len() as u64;
    for number in [length, entry.created.0, entry.modified.0, entry.version, lease] {
        crc.update(&number.to_be_bytes());
    }
    crc.update(entry.key.as_bytes());
    crc.update(entry.value.as_bytes());
    crc.finalize()
}

/// Refuses an entry that is not what was written.
pub(crate) fn verify(entry: &Entry, row: &Row<'_>, column: usize) -> rusqlite::Result<()> {
    let written: Option<u32> = row.get(column)?;
    if written.is_none_or(|written| written == sum(entry)) {
        return Ok(());
    }
    let key = &entry.key;
    let what = format!("the entry {key} is not what was written: its checksum differs");
    Err(rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, what.into()))
}

/// A number about the whole store.
pub(crate) fn meta(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| number(row, 0))
}

pub(crate) fn set_meta(connection: &Connection, name: &str, value: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE meta SET value = ?2 WHERE name = ?1")?
        .execute((name, int(value)))?;
    Ok(())
}
