//! What a create leaves in the store, and copies of it with other ids: so that an engine alone can
//! be given the same rows.

use anyhow::bail;
use peerage_store::{Key, Revision, Store, WatchEvent};

use crate::stock::id;

/// Length of an id.
const ID: usize = 24;

/// One transaction that made a peering.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    group: String,
    rows: Vec<Row>,
}

/// A row that it wrote.
#[derive(Clone, Debug)]
struct Row {
    key: String,
    value: Vec<u8>,
    is_new: bool,
}

impl Shape {
    /// That of the first peering of a store.
    ///
    /// # Errors
    /// There is none, or the store's past is gone.
    pub(crate) async fn of_create(store: &dyn Store) -> anyhow::Result<Self> {
        let mut watch = store.watch(&Key::default(), Revision(1)).await?;
        let last = store.revision().await?;
        loop {
            let batch = watch.next().await?;
            let rows: Vec<Row> = batch.events.iter().filter_map(row).collect();
            let made = rows.iter().find(|row| row.is_new && row.key.contains("/peer/"));
            if let Some(group) = made.and_then(|row| row.key.split('/').nth(1)) {
                return Ok(Self { group: group.to_owned(), rows: rows.clone() });
            }
            if batch.revision >= last {
                bail!("no peering was made in this store");
            }
        }
    }

    /// How many rows it wrote, and their bytes.
    #[must_use]
    pub(crate) fn size(&self) -> (usize, usize) {
        let bytes = self.rows.iter().map(|row| row.key.len() + row.value.len());
        (self.rows.len(), bytes.sum())
    }

    /// The same rows for another peering, in one of so many projects. The key of a row that a
    /// create makes ends in an id of its own; the others are written again and again.
    #[must_use]
    pub(crate) fn copy(&self, number: usize, projects: usize) -> Vec<(String, Vec<u8>)> {
        let group = id(number % projects);
        let copy = |row: &Row| {
            let mut key = row.key.replace(&self.group, &group);
            if row.is_new {
                key.truncate(key.len().saturating_sub(ID));
                key.push_str(&id(projects + number));
            }
            (key, row.value.clone())
        };
        self.rows.iter().map(copy).collect()
    }
}

fn row(event: &WatchEvent) -> Option<Row> {
    let WatchEvent::Put(entry) = event else { return None };
    let key = std::str::from_utf8(entry.key.as_bytes()).ok()?.to_owned();
    let value = entry.value.as_bytes().to_vec();
    let is_new = entry.version == 1 && ends_in_id(&key);
    Some(Row { key, value, is_new })
}

fn ends_in_id(key: &str) -> bool {
    let last = key.rsplit('/').next().unwrap_or_default();
    last.len() == ID && last.bytes().all(|byte| byte.is_ascii_hexdigit())
}
