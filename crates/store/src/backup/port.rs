//! Backups of any store through the port, and stores made of them: how an installation moves from
//! one engine to another.
//!
//! A restore writes a mark first and takes it away last, after everything was read back and
//! compared: a store with the mark is not whole, and nobody may serve it. Entries under a lease
//! stay behind, because the process that they speak of does.

use std::path::Path;

use rusqlite::{Connection, Statement};

use super::{
    BackupError, Contents, Existing, Progress, Reading, Summary, Unfinished, at, conclude,
    open_source, summarize, vacant, verify,
};
use crate::keys;
use crate::port::{
    Commit, Entry, Key, ListRequest, OPERATIONS_MAX, Page, Precondition, Revision, Store,
    StoreError, Txn, Write,
};
use crate::sqlite::{row, schema};

/// Entries of one read, and at most of one write.
const BATCH: usize = OPERATIONS_MAX;

/// Bytes of keys and values in one write, so that it stays small for every engine.
const BATCH_BYTES: usize = 256 * 1024;

/// Copies a store into a backup, at one revision; commits go on meanwhile.
///
/// # Errors
/// See [`BackupError`].
pub async fn backup(
    store: &dyn Store,
    to: &Path,
    existing: Existing,
    mut progress: impl FnMut(Progress),
) -> Result<Summary, BackupError> {
    let to = vacant(to, existing)?;
    let copy = Unfinished::new(&to)?;
    let mut target = Connection::open(&copy.path).map_err(at(&copy.path))?;
    schema::prepare(&mut target)?;
    let contents = copy_out(store, &target, &copy.path, &mut progress).await?;
    let summary = summarize(&target).map_err(at(&copy.path))?;
    if summary.contents != contents {
        return Err(BackupError::Different { expected: contents, found: summary.contents });
    }
    conclude(target, copy, &to, &summary, &mut progress)?;
    Ok(summary)
}

/// Makes an empty store hold what a backup holds.
///
/// # Errors
/// See [`BackupError`]. After an error that is not about the backup itself the store keeps the
/// mark of an unfinished restore.
pub async fn restore(
    from: &Path,
    store: &dyn Store,
    existing: Existing,
    mut progress: impl FnMut(Progress),
) -> Result<Summary, BackupError> {
    progress(Progress::Verifying);
    let expected = verify(from)?;
    let source = open_source(from)?;
    let entries = store.count(&Key::default()).await?.0;
    if entries > 0 && existing == Existing::Keep {
        return Err(BackupError::NotEmpty { entries });
    }
    write(store, vec![Write::put(keys::unfinished_restore(), "{}")]).await?;
    empty(store).await?;
    copy_in(store, &source, from, expected.contents.entries, &mut progress).await?;
    progress(Progress::Verifying);
    let found = contents(store).await?;
    if found != expected.contents {
        return Err(BackupError::Different { expected: expected.contents, found });
    }
    write(store, vec![Write::delete(keys::unfinished_restore())]).await?;
    progress(Progress::Done);
    Ok(Summary { revision: store.revision().await?, ..expected })
}

/// What is in a store.
///
/// # Errors
/// See [`BackupError`].
pub async fn contents(store: &dyn Store) -> Result<Contents, BackupError> {
    let mut reading = Reading::default();
    let mut pages = Pages::default();
    while let Some(page) = pages.next(store).await? {
        page.entries.iter().filter(|entry| !is_mark(entry)).for_each(|entry| reading.add(entry));
    }
    Ok(reading.finish())
}

/// Whether a restore into the store was begun and not finished.
///
/// # Errors
/// The store could not be asked.
pub async fn is_unfinished(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(store.get(&keys::unfinished_restore()).await?.is_some())
}

fn is_mark(entry: &Entry) -> bool {
    entry.key == keys::unfinished_restore()
}

/// All pages of a store at one revision.
#[derive(Default)]
struct Pages {
    after: Option<Key>,
    at: Option<Revision>,
    over: bool,
}

impl Pages {
    async fn next(&mut self, store: &dyn Store) -> Result<Option<Page>, BackupError> {
        if self.over {
            return Ok(None);
        }
        let request = ListRequest {
            after: self.after.take(),
            at: self.at,
            limit: BATCH,
            ..ListRequest::default()
        };
        let page = store.list(request).await.map_err(|error| match error.is_compacted() {
            true => BackupError::Compacted,
            false => BackupError::Store(error),
        })?;
        self.at = Some(page.revision);
        self.after = page.entries.last().map(|entry| entry.key.clone());
        self.over = !page.more;
        Ok(Some(page))
    }
}

async fn copy_out(
    store: &dyn Store,
    target: &Connection,
    path: &Path,
    progress: &mut impl FnMut(Progress),
) -> Result<Contents, BackupError> {
    let total = store.count(&Key::default()).await?.0;
    let mut reading = Reading::default();
    let mut pages = Pages::default();
    target.execute_batch("BEGIN").map_err(at(path))?;
    while let Some(page) = pages.next(store).await? {
        let mut insert = target
            .prepare_cached("INSERT INTO current VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6)")
            .map_err(at(path))?;
        for entry in page.entries.iter().filter(|entry| entry.lease.is_none()) {
            if is_mark(entry) {
                return Err(BackupError::Damaged {
                    path: path.to_owned(),
                    detail: "a restore into the store was not finished".to_owned(),
                });
            }
            reading.add(entry);
            insert_entry(&mut insert, entry).map_err(at(path))?;
        }
        let done = reading.entries;
        progress(Progress::Copying { done, total: total.max(done) });
    }
    let revision = pages.at.unwrap_or(Revision::ZERO);
    schema::begin_at(target, revision).map_err(at(path))?;
    target.execute_batch("COMMIT").map_err(at(path))?;
    Ok(reading.finish())
}

fn insert_entry(insert: &mut Statement<'_>, entry: &Entry) -> rusqlite::Result<()> {
    insert.execute((
        entry.key.as_bytes(),
        row::int(entry.created.0),
        row::int(entry.modified.0),
        row::int(entry.version),
        entry.value.as_bytes(),
        row::sum(entry),
    ))?;
    Ok(())
}

async fn copy_in(
    store: &dyn Store,
    source: &Connection,
    path: &Path,
    total: u64,
    progress: &mut impl FnMut(Progress),
) -> Result<(), BackupError> {
    let mut statement = source
        .prepare("SELECT key, value FROM current WHERE lease IS NULL ORDER BY key")
        .map_err(at(path))?;
    let mut rows = statement.query([]).map_err(at(path))?;
    let (mut batch, mut bytes, mut done) = (Vec::new(), 0, 0);
    while let Some(found) = rows.next().map_err(at(path))? {
        let key = row::key(found, 0).map_err(at(path))?;
        let value = row::value(found, 1).map_err(at(path))?;
        let size = key.as_bytes().len() + value.as_bytes().len();
        if batch.len() == BATCH || bytes + size > BATCH_BYTES {
            done += batch.len() as u64;
            write(store, std::mem::take(&mut batch)).await?;
            bytes = 0;
            progress(Progress::Copying { done, total });
        }
        bytes += size;
        batch.push(Write::Put { key, value, lease: None });
    }
    write(store, batch).await?;
    progress(Progress::Copying { done: total, total });
    Ok(())
}

/// Writes while the mark is there: whoever else restores takes it away, or serves without it.
async fn write(store: &dyn Store, writes: Vec<Write>) -> Result<(), BackupError> {
    let mark = keys::unfinished_restore();
    let begins = writes.iter().any(|it| matches!(it, Write::Put { key, .. } if *key == mark));
    let preconditions = if begins { vec![] } else { vec![Precondition::Exists(mark)] };
    match store.commit(Txn { preconditions, writes }).await? {
        Commit::Done(_) => Ok(()),
        Commit::Lost { .. } => Err(BackupError::Interfered),
    }
}

/// Takes everything but the mark away.
async fn empty(store: &dyn Store) -> Result<(), BackupError> {
    loop {
        let request = ListRequest { limit: BATCH, ..ListRequest::default() };
        let page = store.list(request).await?;
        let left = page.entries.iter().filter(|entry| !is_mark(entry));
        let writes: Vec<Write> = left.map(|entry| Write::delete(entry.key.clone())).collect();
        if writes.is_empty() && !page.more {
            return Ok(());
        }
        write(store, writes).await?;
    }
}
