//! Keeps this process's lease and its share of the shards, and says what it owns.

use std::sync::Arc;
use std::time::Duration;

use peerage_store::record::{ReplicaRecord, encode};
use peerage_store::{
    Answer, Commit, LeaseId, LeaseState, ListRequest, Precondition, Revision, Store, Txn, Watch,
    Write, keys,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::SHARDS;
use super::ownership::{Ownership, Work};
use super::round::{Plan, Round};

/// A round comes at least this often in each lease, so that one lost answer loses no lease.
const ROUNDS_A_LEASE: u32 = 4;
/// This part of a lease is not used: work in flight ends in it.
const MARGIN: u32 = 4;
/// Between two rounds after one that failed, and between two looks at work that is let go of.
const PAUSE: Duration = Duration::from_millis(100);
/// The least time between two rounds: others coming and going must not keep us busy.
const ROUND_MIN: Duration = Duration::from_millis(20);

/// Holds a lease in a shared store.
pub struct Lessee {
    store: Arc<dyn Store>,
    id: String,
    ttl: Duration,
    work: Work,
    lease: Option<LeaseId>,
    owned: watch::Sender<Ownership>,
}

impl std::fmt::Debug for Lessee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lessee").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Lessee {
    /// A replica of that name, which no other life of any process may have.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, id: String, ttl: Duration) -> Self {
        let owned = watch::Sender::new(Ownership::nothing());
        Self { store, id, ttl, work: Work::default(), lease: None, owned }
    }

    /// What is owned, always the latest.
    #[must_use]
    pub fn owned(&self) -> watch::Receiver<Ownership> {
        self.owned.subscribe()
    }

    /// Where commands in work are counted.
    #[must_use]
    pub fn work(&self) -> Work {
        self.work.clone()
    }

    /// Keeps the lease and the share until `stop` turns true, then lets go of everything.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut told: Option<Box<dyn Watch>> = None;
        while !*stop.borrow() {
            let pause = match self.round(&mut told).await {
                Ok(()) if self.lease.is_none() => ROUND_MIN,
                Ok(()) => self.ttl / ROUNDS_A_LEASE,
                Err(error) => {
                    tracing::warn!(%error, "replica.round_failed");
                    told = None;
                    PAUSE
                }
            };
            self.expire();
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                () = news(&mut told) => sleep(ROUND_MIN).await,
                () = sleep(pause.min(self.time_left())) => {}
            }
        }
        self.leave().await;
    }

    /// Keeps the lease alive, looks who is there, takes and gives up shards.
    async fn round(&mut self, told: &mut Option<Box<dyn Watch>>) -> Answer<()> {
        let sent = Instant::now();
        if !self.keep_lease().await? {
            return Ok(());
        }
        let until = sent + (self.ttl - self.ttl / MARGIN);
        let entries = self.list().await?;
        let round = Round::read(&entries.0);
        if !round.knows(&self.id) {
            // Its shards may still stand under the old lease; they must not pass for the new one's.
            if let Some(lease) = self.lease {
                self.store.revoke(lease).await?;
            }
            self.lose("its member key is gone");
            return Ok(());
        }
        let mut plan = round.plan(&self.id);
        if !plan.release.is_empty() {
            self.publish(&plan, until);
            self.release(&round, &plan.release).await?;
        }
        for shard in std::mem::take(&mut plan.take) {
            if let Some(taken) = self.take(shard).await? {
                plan.held.insert(shard, taken);
            }
        }
        self.publish(&plan, until);
        if told.is_none() {
            *told = Some(self.store.watch(&keys::all_replicas(), entries.1.next()).await?);
        }
        Ok(())
    }

    /// Whether there is a lease that is alive; makes one if there was none.
    async fn keep_lease(&mut self) -> Answer<bool> {
        let Some(lease) = self.lease else {
            let lease = self.store.grant(self.ttl).await?;
            let put = Write::put_leased(keys::replica(&self.id), self.record(), lease);
            self.store.commit(Txn::of(vec![put])).await?;
            self.lease = Some(lease);
            return Ok(true);
        };
        match self.store.keep_alive(lease).await? {
            LeaseState::Alive { .. } => Ok(true),
            LeaseState::Ended => {
                self.lose("its lease ended");
                Ok(false)
            }
        }
    }

    async fn list(&self) -> Answer<(Vec<peerage_store::Entry>, Revision)> {
        let mut request = ListRequest::prefix(keys::all_replicas());
        let mut entries = Vec::new();
        loop {
            let page = self.store.list(request.clone()).await?;
            request.after = page.entries.last().map(|entry| entry.key.clone());
            request.at = Some(page.revision);
            entries.extend(page.entries);
            if !page.more {
                return Ok((entries, page.revision));
            }
        }
    }

    async fn take(&self, shard: u16) -> Answer<Option<Revision>> {
        let Some(lease) = self.lease else { return Ok(None) };
        let key = keys::shard(shard);
        let txn = Txn {
            preconditions: vec![
                Precondition::Absent(key.clone()),
                Precondition::Exists(keys::replica(&self.id)),
            ],
            writes: vec![Write::put_leased(key, self.record(), lease)],
        };
        Ok(match self.store.commit(txn).await? {
            Commit::Done(taken) => Some(taken),
            Commit::Lost { .. } => None,
        })
    }

    /// Gives shards up after what was in work for them has ended, or the lease would have.
    async fn release(&self, round: &Round, shards: &[u16]) -> Answer<()> {
        let since = Instant::now();
        while !shards.iter().all(|shard| self.work.is_idle(*shard)) {
            if since.elapsed() > self.ttl / MARGIN {
                break;
            }
            sleep(PAUSE / 10).await;
        }
        for shard in shards {
            let Some(taken) = round.taken(*shard) else { continue };
            let key = keys::shard(*shard);
            let txn = Txn {
                preconditions: vec![Precondition::ModifiedAt(key, taken)],
                writes: vec![Write::delete(keys::shard(*shard))],
            };
            self.store.commit(txn).await?;
        }
        tracing::info!(replica = %self.id, ?shards, "replica.released");
        Ok(())
    }

    fn publish(&self, plan: &Plan, until: Instant) {
        let mut taken = [None; SHARDS as usize];
        for (shard, revision) in &plan.held {
            taken[usize::from(*shard)] = Some(*revision);
        }
        let before = self.owned.borrow().shards();
        self.owned.send_replace(Ownership::Shared { taken: Arc::new(taken), until });
        let shards = plan.held.len();
        if usize::from(before) != shards {
            tracing::info!(replica = %self.id, shards, "replica.owns");
        }
    }

    /// Owns nothing any more; a new lease begins from nothing.
    fn lose(&mut self, why: &'static str) {
        tracing::warn!(replica = %self.id, why, "replica.deposed");
        self.lease = None;
        self.owned.send_replace(Ownership::nothing());
    }

    /// Lets go of everything when the lease may have ended, whatever the store says meanwhile.
    fn expire(&mut self) {
        if self.time_left().is_zero() {
            tracing::warn!(replica = %self.id, why = "its lease may have ended", "replica.deposed");
            self.owned.send_replace(Ownership::nothing());
        }
    }

    /// How long what is owned stays so without a sign from the store.
    fn time_left(&self) -> Duration {
        let owned = self.owned.borrow();
        match &*owned {
            Ownership::Shared { until, .. } if owned.shards() > 0 => {
                until.saturating_duration_since(Instant::now())
            }
            Ownership::Shared { .. } | Ownership::Sole => self.ttl,
        }
    }

    /// Ends the lease, so that others need not wait for its end.
    async fn leave(&mut self) {
        self.owned.send_replace(Ownership::nothing());
        let since = Instant::now();
        while !(0..SHARDS).all(|shard| self.work.is_idle(shard)) && since.elapsed() < self.ttl {
            sleep(PAUSE / 10).await;
        }
        if let Some(lease) = self.lease.take()
            && let Err(error) = self.store.revoke(lease).await
        {
            tracing::warn!(%error, "replica.lease_not_revoked");
        }
    }

    fn record(&self) -> Vec<u8> {
        encode(&ReplicaRecord { id: self.id.clone() }).unwrap_or_default()
    }
}

/// Waits until somebody comes, goes, takes or gives up. A watch that fails is news, too.
async fn news(told: &mut Option<Box<dyn Watch>>) {
    match told {
        Some(watch) => {
            if watch.next().await.is_err() {
                *told = None;
            }
        }
        None => std::future::pending().await,
    }
}
