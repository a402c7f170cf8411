//! Every engine keeps every law.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use peerage_store::conformance::{self, Subject};
use peerage_store::memory::MemoryStore;
use peerage_store::sqlite::{SqliteOptions, SqliteStore};
use peerage_store::{LeaseClock, Store};
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_keeps_the_laws() {
    conformance::run(&Memory::new()).await.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_a_file_keeps_the_laws() {
    conformance::run(&Sqlite::gathering(USUAL)).await.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_a_file_keeps_the_laws_while_it_moves_what_it_gathered() {
    conformance::run(&Sqlite::gathering(1)).await.assert_kept();
}

/// How much a file gathers unless it is told otherwise.
const USUAL: usize = 8 * 1024 * 1024;

struct Memory {
    clock: LeaseClock,
}

impl Memory {
    fn new() -> Self {
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
struct Sqlite {
    clock: LeaseClock,
    directory: TempDir,
    made: AtomicU32,
    gathered_bytes: usize,
}

impl Sqlite {
    fn gathering(gathered_bytes: usize) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self { clock: LeaseClock::by_hand(), directory, made: AtomicU32::new(0), gathered_bytes }
    }

    fn path(&self, number: u32) -> PathBuf {
        self.directory.path().join(format!("{number}.db"))
    }

    fn open(&self, number: u32) -> Arc<dyn Store> {
        let (clock, gathered_bytes) = (self.clock.clone(), self.gathered_bytes);
        let options =
            SqliteOptions { clock, gathered_bytes, ..SqliteOptions::new(self.path(number)) };
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
