//! What the book of laws is held against: a store in memory, and one in a file.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use peerage_store::conformance::Subject;
use peerage_store::memory::MemoryStore;
use peerage_store::sqlite::{SqliteOptions, SqliteStore};
use peerage_store::{LeaseClock, Store};
use tempfile::TempDir;

pub(crate) struct Memory {
    clock: LeaseClock,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self { clock: LeaseClock::by_hand() }
    }
}

#[async_trait]
impl Subject for Memory {
    async fn fresh(&self) -> Arc<dyn Store> {
        Arc::new(MemoryStore::with_clock(self.clock.clone()))
    }

    async fn reopen(&self, _store: &Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        None
    }

    async fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }
}

/// Files in a directory that goes with it; the last one made is the one that is opened again.
pub(crate) struct Sqlite {
    clock: LeaseClock,
    directory: TempDir,
    made: AtomicU32,
}

impl Sqlite {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self { clock: LeaseClock::by_hand(), directory, made: AtomicU32::new(0) }
    }

    fn path(&self, number: u32) -> PathBuf {
        self.directory.path().join(format!("{number}.db"))
    }

    fn open(&self, number: u32) -> Arc<dyn Store> {
        let clock = self.clock.clone();
        let options = SqliteOptions { clock, ..SqliteOptions::new(self.path(number)) };
        Arc::new(SqliteStore::open(options).expect("a store"))
    }
}

#[async_trait]
impl Subject for Sqlite {
    async fn fresh(&self) -> Arc<dyn Store> {
        self.open(self.made.fetch_add(1, Ordering::SeqCst) + 1)
    }

    async fn reopen(&self, _store: &Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        Some(self.open(self.made.load(Ordering::SeqCst)))
    }

    async fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }
}
