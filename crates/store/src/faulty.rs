//! A store that lies by a seed: what it was asked is done or not, and its caller is told or not.
//!
//! The four cases of a write: done and told; done and not told (an indefinite error); not done and
//! told (a definite error); not done and not told (an indefinite error). Reads fail definitely, a
//! watch breaks off. The same seed and the same calls in the same order give the same lies. It
//! must not know what the store behind it is, nor a clock: waiting is the caller's to do.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::lease::{LeaseId, LeaseState};
use crate::port::{
    Answer, Commit, Entry, ErrorKind, Key, ListRequest, Page, Revision, Snapshot, Store,
    StoreError, Txn, Watch, WatchBatch,
};

/// How often a store lies, each out of a thousand calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRates {
    /// Writes that happen and are not told.
    pub done_untold: u32,
    /// Writes and reads that do not happen, and it is said.
    pub undone_told: u32,
    /// Writes that do not happen and are not told.
    pub undone_untold: u32,
    /// Calls that are made to wait first.
    pub delayed: u32,
    /// The longest such wait.
    pub delay_max: Duration,
}

impl FaultRates {
    /// No lies.
    pub const NONE: Self = Self {
        done_untold: 0,
        undone_told: 0,
        undone_untold: 0,
        delayed: 0,
        delay_max: Duration::ZERO,
    };

    /// Every kind of lie, often enough to meet each within a hundred calls.
    pub const OFTEN: Self = Self {
        done_untold: 50,
        undone_told: 50,
        undone_untold: 50,
        delayed: 200,
        delay_max: Duration::from_millis(20),
    };
}

/// How often each case has come up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Calls that were passed on and told.
    pub done_told: u64,
    /// Writes that happened and were not told.
    pub done_untold: u64,
    /// Calls that did not happen, and it was said.
    pub undone_told: u64,
    /// Writes that did not happen and were not told.
    pub undone_untold: u64,
}

/// Waits for a span of the caller's own time.
pub type Delay = Box<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A store that lies. Clones share one seed.
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    liar: Arc<Liar>,
}

struct Liar {
    state: Mutex<LiarState>,
    delay: Delay,
}

struct LiarState {
    dice: Dice,
    rates: FaultRates,
    counts: FaultCounts,
}

/// What is done with a call, and what is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    DoneTold,
    DoneUntold,
    UndoneTold,
    UndoneUntold,
}

impl FaultyStore {
    /// A liar before a store. `delay` is called for each wait.
    pub fn new(inner: Arc<dyn Store>, seed: u64, rates: FaultRates, delay: Delay) -> Self {
        let state = LiarState { dice: Dice::new(seed), rates, counts: FaultCounts::default() };
        Self { inner, liar: Arc::new(Liar { state: Mutex::new(state), delay }) }
    }

    /// A liar that never waits.
    pub fn without_delay(inner: Arc<dyn Store>, seed: u64, rates: FaultRates) -> Self {
        Self::new(inner, seed, rates, Box::new(|_| Box::pin(std::future::ready(()))))
    }

    /// Lies more or less from now on.
    pub fn set_rates(&self, rates: FaultRates) {
        self.liar.with(|state| state.rates = rates);
    }

    /// How often each case has come up so far.
    #[must_use]
    pub fn counts(&self) -> FaultCounts {
        self.liar.with(|state| state.counts)
    }

    async fn write<T>(&self, call: impl Future<Output = Answer<T>> + Send) -> Answer<T> {
        match self.liar.next(true).await {
            Fate::DoneTold => call.await,
            Fate::UndoneTold => Err(StoreError::definite(lie())),
            Fate::UndoneUntold => Err(StoreError::indefinite(lie())),
            Fate::DoneUntold => match call.await {
                Ok(_) => Err(StoreError::indefinite(lie())),
                Err(error) => Err(error),
            },
        }
    }

    async fn read<T>(&self, call: impl Future<Output = Answer<T>> + Send) -> Answer<T> {
        match self.liar.next(false).await {
            Fate::DoneTold => call.await,
            Fate::DoneUntold | Fate::UndoneTold | Fate::UndoneUntold => {
                Err(StoreError::definite(lie()))
            }
        }
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

fn lie() -> ErrorKind {
    let reason = "the seeded liar said so".to_owned();
    ErrorKind::Unavailable { reason, retry_after: Duration::from_millis(1) }
}

impl Liar {
    fn with<T>(&self, change: impl FnOnce(&mut LiarState) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn next(&self, writes: bool) -> Fate {
        let (fate, wait) = self.with(|state| state.draw(writes));
        if let Some(wait) = wait {
            (self.delay)(wait).await;
        }
        fate
    }
}

impl LiarState {
    fn draw(&mut self, writes: bool) -> (Fate, Option<Duration>) {
        let FaultRates { done_untold, undone_told, undone_untold, delayed, delay_max } = self.rates;
        let drawn = self.dice.below(1000);
        let untold = done_untold + undone_untold;
        let fate = if drawn < undone_told {
            Fate::UndoneTold
        } else if writes && drawn < undone_told + done_untold {
            Fate::DoneUntold
        } else if writes && drawn < undone_told + untold {
            Fate::UndoneUntold
        } else {
            Fate::DoneTold
        };
        match fate {
            Fate::DoneTold => self.counts.done_told += 1,
            Fate::DoneUntold => self.counts.done_untold += 1,
            Fate::UndoneTold => self.counts.undone_told += 1,
            Fate::UndoneUntold => self.counts.undone_untold += 1,
        }
        let waits = self.dice.below(1000) < delayed;
        let wait = waits.then(|| delay_max.mul_f64(f64::from(self.dice.below(1000)) / 1000.0));
        (fate, wait)
    }
}

/// A small generator of its own (`SplitMix64`), so that a seed means the same for ever.
struct Dice(u64);

impl Dice {
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, bound: u32) -> u32 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let drawn = (mixed ^ (mixed >> 31)) % u64::from(bound);
        u32::try_from(drawn).unwrap_or(0)
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn commit(&self, txn: Txn) -> Answer<Commit> {
        self.write(self.inner.commit(txn)).await
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        self.read(self.inner.get(key)).await
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        self.read(self.inner.get_many(keys)).await
    }

    async fn list(&self, request: ListRequest) -> Answer<Page> {
        self.read(self.inner.list(request)).await
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        self.read(self.inner.count(prefix)).await
    }

    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>> {
        let inner = self.read(self.inner.watch(prefix, from)).await?;
        Ok(Box::new(FaultyWatch { inner, liar: Arc::clone(&self.liar), broken: false }))
    }

    async fn compact(&self, revision: Revision) -> Answer<()> {
        self.write(self.inner.compact(revision)).await
    }

    async fn revision(&self) -> Answer<Revision> {
        self.read(self.inner.revision()).await
    }

    async fn grant(&self, ttl: Duration) -> Answer<LeaseId> {
        self.write(self.inner.grant(ttl)).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState> {
        self.write(self.inner.keep_alive(lease)).await
    }

    async fn revoke(&self, lease: LeaseId) -> Answer<()> {
        self.write(self.inner.revoke(lease)).await
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    fn trouble(&self) -> Option<StoreError> {
        self.inner.trouble()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// A watch that breaks off between two commits, never within one.
struct FaultyWatch {
    inner: Box<dyn Watch>,
    liar: Arc<Liar>,
    broken: bool,
}

#[async_trait]
impl Watch for FaultyWatch {
    async fn next(&mut self) -> Answer<WatchBatch> {
        // Drawn before the batch is taken, so that giving up the wait loses nothing.
        if !self.broken {
            self.broken = self.liar.next(false).await != Fate::DoneTold;
        }
        if self.broken {
            return Err(StoreError::definite(lie()));
        }
        self.inner.next().await
    }
}
