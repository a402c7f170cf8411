//! How far callers were told that their commits are durable, in a small file beside the store.
//!
//! SQLite recovers its log up to the first page that is damaged and forgets the rest without a
//! word. The mark is written after a batch is on disk and before anybody hears of it, and not
//! waited for: it may be behind after the machine lost its power, never ahead. A store that is
//! behind its mark has lost what somebody was told is kept.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::file::{beside, private};
use crate::open::OpenError;
use crate::port::Revision;

/// The name of the mark, after the store's.
pub(crate) const SUFFIX: &str = "-acknowledged";

/// The mark of a store that is open.
#[derive(Debug)]
pub(super) struct Mark(File);

impl Mark {
    /// Opens the mark of a store that is at `found`, or makes it.
    ///
    /// # Errors
    /// [`OpenError::Behind`] if the store has lost something; the mark cannot be read.
    pub(super) fn open(store: &Path, found: Revision) -> Result<Self, OpenError> {
        let path = beside(store, SUFFIX);
        let failed = |doing| {
            let path = path.clone();
            move |source| OpenError::io(&path, doing, source)
        };
        let file = private().read(true).truncate(false).open(&path).map_err(failed("open"))?;
        let mut bytes = [0; 8];
        let length = file.read_at(&mut bytes, 0).map_err(failed("read"))?;
        let acknowledged = if length == bytes.len() { u64::from_be_bytes(bytes) } else { 0 };
        if acknowledged > found.0 {
            let (path, mark) = (store.to_owned(), path);
            return Err(OpenError::Behind { path, found: found.0, acknowledged, mark });
        }
        let mark = Self(file);
        if let Err(error) = mark.write(found) {
            // It is behind then, which it may be.
            tracing::warn!(%error, path = %path.display(), "store.mark_not_written");
        }
        Ok(mark)
    }

    /// Everything up to this revision is about to be acknowledged.
    pub(super) fn write(&self, revision: Revision) -> std::io::Result<()> {
        self.0.write_all_at(&revision.0.to_be_bytes(), 0)
    }
}
