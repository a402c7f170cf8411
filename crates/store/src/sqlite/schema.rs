//! The tables, their format number, and how a file of an older format is brought up to date.
//!
//! People may look at a store with the `sqlite3` shell: the views `entries` and `history` show keys
//! and values as text. The view `state` is what is: the table `current`, and over it what lies in
//! the log only.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::error::place_of;
use super::row;
use crate::open::OpenError;
use crate::port::Revision;

/// Brings a file of format `n` to `n + 1`; the first entry is for format 1.
const UPGRADES: &[fn(&Transaction<'_>) -> rusqlite::Result<()>] = &[checksums, apart];

/// The format that this version writes.
pub const FORMAT: u32 = 1 + UPGRADES.len() as u32;

/// Marks a SQLite file as a store of Peerage: "Peer".
pub(super) const APPLICATION_ID: i32 = 0x5065_6572;

/// Bytes of a page; also how much a commit writes for each page that it touches.
const PAGE_BYTES: u32 = 4096;

const TABLES: &str = "
-- Numbers about the whole store: format, revision (of the last transaction), compacted (the oldest
-- revision that can be read), purged (up to where the log is deleted), history_bytes (of the log),
-- lease (the last one granted), batch (of commits made together), fence (written to settle one
-- that failed), applied (up to where everything is in `current`).
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- What was, at `applied` or later; the log has what happened since. Times are revisions. `sum` is the CRC-32 of all the rest: SQLite itself does not notice a
-- bit that is no longer what it was. Rows that a version before checksums wrote have none.
CREATE TABLE current (
  key      BLOB    NOT NULL PRIMARY KEY,
  created  INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  version  INTEGER NOT NULL,
  lease    INTEGER,
  value    BLOB    NOT NULL,
  sum      INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX current_lease ON current (lease) WHERE lease IS NOT NULL;

-- What happened: each change with the entry after it (no value: deleted) and the one before it (no
-- old value: absent). Watches read forwards, reads of the past undo backwards.
CREATE TABLE log (
  revision     INTEGER NOT NULL,
  seq          INTEGER NOT NULL,
  key          BLOB    NOT NULL,
  created      INTEGER,
  version      INTEGER,
  lease        INTEGER,
  old_created  INTEGER,
  old_modified INTEGER,
  old_version  INTEGER,
  old_lease    INTEGER,
  value        BLOB,
  old_value    BLOB,
  sum          INTEGER,
  old_sum      INTEGER,
  PRIMARY KEY (revision, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (id INTEGER PRIMARY KEY, ttl_ms INTEGER NOT NULL) STRICT;

CREATE VIEW history AS SELECT revision, CAST(key AS TEXT) AS key,
  CASE WHEN value IS NULL THEN 'deleted' WHEN old_value IS NULL THEN 'created' ELSE 'changed' END
  AS what, CAST(value AS TEXT) AS value FROM log ORDER BY revision, seq;

INSERT INTO meta VALUES ('revision', 0), ('compacted', 0), ('purged', 0), ('history_bytes', 0),
  ('lease', 0), ('batch', 0), ('fence', 0), ('applied', 0);
";

/// What is, for whoever reads a file without the program that has it open.
const STATE: &str = "
CREATE VIEW state AS
  WITH recent AS (
    SELECT max(revision) AS modified, key, created, version, lease, value, sum FROM log
    WHERE revision > (SELECT value FROM meta WHERE name = 'applied') GROUP BY key
  )
  SELECT key, created, modified, version, lease, value, sum FROM recent WHERE value IS NOT NULL
  UNION ALL
  SELECT key, created, modified, version, lease, value, sum FROM current
  WHERE key NOT IN (SELECT key FROM recent);
CREATE VIEW entries AS SELECT CAST(key AS TEXT) AS key, created, modified, version, lease,
  CAST(value AS TEXT) AS value FROM state ORDER BY state.key;
";

/// Makes the tables of an empty file, or brings an older one up to date; refuses any other.
pub(crate) fn prepare(connection: &mut Connection) -> Result<(), OpenError> {
    let place = place_of(connection);
    let failed = |error| OpenError::sqlite(&place, &error);
    if is_empty(connection).map_err(failed)? {
        return create(connection).map_err(failed);
    }
    check_application(connection)?;
    upgrade(connection, found_format(connection)?)
}

/// Gives every row room for its checksum.
fn checksums(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "ALTER TABLE current ADD COLUMN sum INTEGER;
         ALTER TABLE log ADD COLUMN sum INTEGER;
         ALTER TABLE log ADD COLUMN old_sum INTEGER;",
    )
}

/// Lets the table be behind the log.
fn apart(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "INSERT INTO meta SELECT 'applied', value FROM meta WHERE name = 'revision';
         DROP VIEW entries;",
    )?;
    transaction.execute_batch(STATE)
}

/// Lets the history of a file begin at a revision, at which everything is in the table.
pub(crate) fn begin_at(connection: &Connection, revision: Revision) -> rusqlite::Result<()> {
    let names = ["revision", "compacted", "purged", "applied"];
    names.into_iter().try_for_each(|name| row::set_meta(connection, name, revision.0))
}

/// What a file of a format calls the checksum of an entry, and the table that says what is.
pub(crate) const fn state(format: u64) -> (&'static str, &'static str) {
    match format {
        0 | 1 => ("NULL", "current"),
        2 => ("sum", "current"),
        _ => ("sum", "state"),
    }
}

/// Brings the table of a file that nobody has open up to the log.
pub(crate) fn settle(connection: &Connection) -> rusqlite::Result<()> {
    if state(row::meta(connection, "format")?).1 == "current" {
        return Ok(());
    }
    connection.execute_batch(
        "BEGIN;
         CREATE TEMP TABLE recent AS SELECT * FROM state
         WHERE modified > (SELECT value FROM meta WHERE name = 'applied');
         DELETE FROM current WHERE key IN (
           SELECT key FROM log WHERE revision > (SELECT value FROM meta WHERE name = 'applied'));
         INSERT INTO current (key, created, modified, version, lease, value, sum)
           SELECT key, created, modified, version, lease, value, sum FROM recent;
         DROP TABLE recent;
         UPDATE meta SET value = (SELECT value FROM meta WHERE name = 'revision')
         WHERE name = 'applied';
         COMMIT",
    )
}

/// Refuses a file that this version cannot read; for those that only read it. Answers its format.
pub(crate) fn check(connection: &Connection) -> Result<u32, OpenError> {
    check_application(connection)?;
    let found = found_format(connection)?;
    if found <= FORMAT {
        return Ok(found);
    }
    Err(OpenError::Format { path: place_of(connection).into(), found, known: FORMAT })
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.execute_batch(TABLES)?;
    transaction.execute_batch(STATE)?;
    transaction.execute("INSERT INTO meta VALUES ('format', ?1)", [FORMAT])?;
    transaction.commit()
}

fn check_application(connection: &Connection) -> Result<(), OpenError> {
    let place = place_of(connection);
    let found: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| OpenError::sqlite(&place, &error))?;
    if found == APPLICATION_ID {
        return Ok(());
    }
    let detail = "it is a SQLite file, but another program's".to_owned();
    Err(OpenError::NotAStore { path: place.into(), detail })
}

fn found_format(connection: &Connection) -> Result<u32, OpenError> {
    let place = place_of(connection);
    connection
        .query_row("SELECT value FROM meta WHERE name = 'format'", [], |row| row.get(0))
        .optional()
        .map_err(|error| OpenError::sqlite(&place, &error))?
        .filter(|format| *format > 0)
        .ok_or_else(|| OpenError::NotAStore {
            path: place.clone().into(),
            detail: "it does not say its format".to_owned(),
        })
}

fn upgrade(connection: &mut Connection, found: u32) -> Result<(), OpenError> {
    let place = place_of(connection);
    let Some(steps) = UPGRADES.get(found as usize - 1..) else {
        return Err(OpenError::Format { path: place.into(), found, known: FORMAT });
    };
    run(connection, steps).map_err(|error| OpenError::sqlite(&place, &error))
}

fn run(
    connection: &mut Connection,
    steps: &[fn(&Transaction<'_>) -> rusqlite::Result<()>],
) -> rusqlite::Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for step in steps {
        step(&transaction)?;
    }
    transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'format'", [FORMAT])?;
    transaction.commit()
}
