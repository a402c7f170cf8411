//! Named places at which the process kills itself, for trials of what a crash leaves behind.
//!
//! Only in programs built with the feature `failpoints`, which the released one is not. The
//! environment arms one place: `PEERAGE_FAILPOINT=store.commit.after:7` ends the process at the
//! seventh time that it gets there, with the signal that nothing can catch. And it plants mistakes
//! that trials have to find: with `PEERAGE_FORGETS=20` every twentieth transaction is said to be
//! done and is not; with `PEERAGE_STALE_READS=5` every fifth read of a peering is answered with
//! what this process saw of it the time before. Decorators around the ports, so that no room knows
//! of them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use peerage_core::cloud::{CallError, Link, LinkRequest, Network, NetworkRequest, Sighting};
use peerage_core::reconcile::Key as Object;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{Journal, JournalError, Saved, SharedJournal, Take};
use peerage_store::{
    Answer, Commit, Entry, Key, LeaseId, LeaseState, ListRequest, Page, Revision, Snapshot, Store,
    StoreError, Txn, Watch, keys,
};

/// What names the place and the hit.
pub const VARIABLE: &str = "PEERAGE_FAILPOINT";

/// What says which transactions are forgotten.
pub const FORGETS: &str = "PEERAGE_FORGETS";

/// What says which reads of peerings are answered from the past.
pub const STALE_READS: &str = "PEERAGE_STALE_READS";

/// A place at which the process can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before a transaction is handed to the store.
    StoreCommitBefore,
    /// After the store said what became of it, before anybody hears.
    StoreCommitAfter,
    /// Before a cloud is called.
    FabricCallBefore,
    /// After a cloud answered: the answer is lost.
    FabricCallAfter,
    /// Before the emulated clouds keep changes.
    JournalSaveBefore,
    /// After they are kept.
    JournalSaveAfter,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 6] = [
        Self::StoreCommitBefore,
        Self::StoreCommitAfter,
        Self::FabricCallBefore,
        Self::FabricCallAfter,
        Self::JournalSaveBefore,
        Self::JournalSaveAfter,
    ];

    /// How the environment calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StoreCommitBefore => "store.commit.before",
            Self::StoreCommitAfter => "store.commit.after",
            Self::FabricCallBefore => "fabric.call.before",
            Self::FabricCallAfter => "fabric.call.after",
            Self::JournalSaveBefore => "journal.save.before",
            Self::JournalSaveAfter => "journal.save.after",
        }
    }
}

/// The place that is armed, and how often it is still passed.
#[derive(Debug)]
pub struct Armed {
    place: Place,
    left: AtomicU64,
}

/// A text that arms nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{VARIABLE} is `{0}`: write a place and a hit, such as store.commit.after:7")]
pub struct NotAFailpoint(String);

impl FromStr for Armed {
    type Err = NotAFailpoint;

    fn from_str(text: &str) -> Result<Self, NotAFailpoint> {
        let refused = || NotAFailpoint(text.to_owned());
        let (name, hit) = text.split_once(':').ok_or_else(refused)?;
        let place = Place::ALL.into_iter().find(|place| place.name() == name);
        let hit = hit.parse().ok().filter(|hit| *hit > 0);
        Ok(Self {
            place: place.ok_or_else(refused)?,
            left: AtomicU64::new(hit.ok_or_else(refused)?),
        })
    }
}

/// What the environment arms; shared by all decorators.
#[derive(Clone, Debug, Default)]
pub struct Failpoints {
    armed: Option<Arc<Armed>>,
    /// Of so many transactions the last is forgotten.
    forgets: Option<u64>,
    /// Of so many reads of peerings the last is stale.
    stale_reads: Option<u64>,
}

impl Failpoints {
    /// Reads the environment.
    ///
    /// # Errors
    /// It names no place, or no hit.
    pub fn from_environment() -> Result<Self, NotAFailpoint> {
        let armed = match std::env::var(VARIABLE) {
            Ok(text) => Some(Arc::new(text.parse()?)),
            Err(_) => None,
        };
        Ok(Self { armed, forgets: every(FORGETS), stale_reads: every(STALE_READS) })
    }

    /// The same store, which may be the last thing that the process used.
    pub fn store(&self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(FailingStore {
            inner,
            points: self.clone(),
            commits: AtomicU64::new(1),
            reads: AtomicU64::new(1),
            seen: Mutex::default(),
        })
    }

    /// The same cloud, likewise.
    pub fn fabric(&self, inner: Arc<dyn Fabric>) -> Arc<dyn Fabric> {
        Arc::new(FailingFabric { inner, points: self.clone() })
    }

    /// The same journal, likewise.
    pub fn journal(&self, inner: Arc<dyn Journal>) -> Arc<dyn Journal> {
        Arc::new(FailingJournal { inner, points: self.clone() })
    }

    fn pass(&self, place: Place) {
        let Some(armed) = self.armed.as_ref().filter(|armed| armed.place == place) else { return };
        if armed.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let me = rustix::process::getpid();
            // A process may always signal itself; were it not so, the trial would see no death.
            let _ = rustix::process::kill_process(me, rustix::process::Signal::KILL);
        }
    }
}

/// A variable that says how often something happens; none and nought mean never.
fn every(variable: &str) -> Option<u64> {
    let every = std::env::var(variable).ok()?.parse().ok()?;
    (every > 0).then_some(every)
}

struct FailingStore {
    inner: Arc<dyn Store>,
    points: Failpoints,
    commits: AtomicU64,
    reads: AtomicU64,
    /// What the last read of each peering found.
    seen: Mutex<BTreeMap<Key, Option<Entry>>>,
}

impl FailingStore {
    fn is_forgotten(&self) -> bool {
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        self.points.forgets.is_some_and(|every| number.is_multiple_of(every))
    }

    /// What a read of `key` is answered that found `found`.
    fn answered(&self, key: &Key, found: Option<Entry>) -> Option<Entry> {
        let is_peering = matches!(keys::parse_network(key), Some(Object::Peering(..)));
        let Some(every) = self.points.stale_reads.filter(|_| is_peering) else { return found };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if self.reads.fetch_add(1, Ordering::SeqCst).is_multiple_of(every)
            && let Some(before) = seen.get(key)
        {
            return before.clone();
        }
        seen.insert(key.clone(), found.clone());
        found
    }
}

impl fmt::Debug for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailingStore")
    }
}

#[async_trait]
impl Store for FailingStore {
    async fn commit(&self, txn: Txn) -> Answer<Commit> {
        self.points.pass(Place::StoreCommitBefore);
        if self.is_forgotten() {
            return Ok(Commit::Done(self.inner.revision().await?.next()));
        }
        let answer = self.inner.commit(txn).await;
        self.points.pass(Place::StoreCommitAfter);
        answer
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        Ok(self.answered(key, self.inner.get(key).await?))
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        self.inner.get_many(keys).await
    }

    async fn list(&self, request: ListRequest) -> Answer<Page> {
        self.inner.list(request).await
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        self.inner.count(prefix).await
    }

    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>> {
        self.inner.watch(prefix, from).await
    }

    async fn compact(&self, revision: Revision) -> Answer<()> {
        self.inner.compact(revision).await
    }

    async fn revision(&self) -> Answer<Revision> {
        self.inner.revision().await
    }

    async fn grant(&self, ttl: Duration) -> Answer<LeaseId> {
        self.inner.grant(ttl).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState> {
        self.inner.keep_alive(lease).await
    }

    async fn revoke(&self, lease: LeaseId) -> Answer<()> {
        self.inner.revoke(lease).await
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

struct FailingFabric {
    inner: Arc<dyn Fabric>,
    points: Failpoints,
}

impl FailingFabric {
    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        self.points.pass(Place::FabricCallBefore);
        let answer = call.await;
        self.points.pass(Place::FabricCallAfter);
        answer
    }
}

#[async_trait]
impl Fabric for FailingFabric {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.around(self.inner.ensure_network(request, now)).await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.around(self.inner.observe_network(request, now)).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.around(self.inner.remove_network(request, now)).await
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.around(self.inner.ensure_link(request, now)).await
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.around(self.inner.observe_link(request, now)).await
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.around(self.inner.remove_link(request, now)).await
    }
}

struct FailingJournal {
    inner: Arc<dyn Journal>,
    points: Failpoints,
}

#[async_trait]
impl Journal for FailingJournal {
    async fn load(&self, take: &mut Take<'_>) -> Result<(), JournalError> {
        self.inner.load(take).await
    }

    async fn read(&self, names: Vec<String>) -> Result<Vec<Saved>, JournalError> {
        self.inner.read(names).await
    }

    async fn save(&self, changes: Vec<Saved>) -> Result<(), JournalError> {
        self.points.pass(Place::JournalSaveBefore);
        let kept = self.inner.save(changes).await;
        self.points.pass(Place::JournalSaveAfter);
        kept
    }

    // Each turn of a shared world is one commit, which has its own places.
    fn shared(&self) -> Option<&dyn SharedJournal> {
        self.inner.shared()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_armed_by_its_name_and_hit() {
        for place in Place::ALL {
            let armed: Armed = format!("{}:3", place.name()).parse().unwrap();
            assert_eq!((armed.place, armed.left.into_inner()), (place, 3));
        }
        for bad in ["", "store.commit.after", "store.commit.after:0", "nowhere:1"] {
            assert!(bad.parse::<Armed>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_armed_is_passed() {
        let armed: Armed = "fabric.call.after:2".parse().unwrap();
        let points = Failpoints { armed: Some(Arc::new(armed)), ..Failpoints::default() };
        points.pass(Place::FabricCallBefore);
        points.pass(Place::FabricCallAfter);
        assert_eq!(points.armed.unwrap().left.load(Ordering::SeqCst), 1);
    }
}
