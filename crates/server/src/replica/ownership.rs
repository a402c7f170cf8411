//! What this process owns, as the driver sees it, and what of it is in work.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use peerage_core::id::GroupId;
use peerage_core::reconcile::Fence;
use peerage_store::Revision;
use tokio::time::Instant;

use super::{SHARDS, shard_of};

/// What this process may work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Everything: the store is its own.
    Sole,
    /// The shards that it holds, for as long as its lease lasts.
    Shared {
        /// When each shard was taken.
        taken: Arc<[Option<Revision>; SHARDS as usize]>,
        /// When the lease may end, by the clock of this machine.
        until: Instant,
    },
}

impl Ownership {
    /// Of a shared store, and nothing of it so far.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Shared { taken: Arc::new([None; SHARDS as usize]), until: Instant::now() }
    }

    /// Under which fence the objects of a project are worked on; `None` for who is alone, and for
    /// who does not own them.
    #[must_use]
    pub fn fence(&self, group: GroupId) -> Option<Fence> {
        let shard = shard_of(group);
        self.taken(shard).map(|taken| Fence { shard, revision: taken.0 })
    }

    /// Whether what was decided under a fence may still be done at a time.
    #[must_use]
    pub fn may_act(&self, group: GroupId, fence: Option<Fence>, now: Instant) -> bool {
        match self {
            Self::Sole => true,
            Self::Shared { until, .. } => {
                fence.is_some() && self.fence(group) == fence && now < *until
            }
        }
    }

    /// Whether the first shard is owned: of several processes, this is true for one.
    #[must_use]
    pub fn is_first(&self) -> bool {
        match self {
            Self::Sole => true,
            Self::Shared { taken, until } => taken[0].is_some() && Instant::now() < *until,
        }
    }

    /// How many shards are owned; all of them by who is alone.
    #[must_use]
    pub fn shards(&self) -> u16 {
        match self {
            Self::Sole => SHARDS,
            Self::Shared { taken, .. } => {
                u16::try_from(taken.iter().flatten().count()).unwrap_or(SHARDS)
            }
        }
    }

    /// When a shard was taken, if it is held.
    #[must_use]
    pub fn taken(&self, shard: u16) -> Option<Revision> {
        match self {
            Self::Sole => None,
            Self::Shared { taken, .. } => taken[usize::from(shard)],
        }
    }

    /// The shards that are not held as they were before: lost, gained, or taken anew.
    #[must_use]
    pub fn changed(&self, before: &Self) -> Vec<u16> {
        (0..SHARDS).filter(|shard| self.taken(*shard) != before.taken(*shard)).collect()
    }
}

/// How many commands are in work for each shard, so that one that is given up is first let go of.
#[derive(Clone, Debug, Default)]
pub struct Work(Arc<[AtomicUsize; SHARDS as usize]>);

/// One command in work.
#[derive(Debug)]
pub struct Working(Work, u16);

impl Work {
    /// Counts a command about a project until it is dropped.
    #[must_use]
    pub fn begin(&self, group: GroupId) -> Working {
        let shard = shard_of(group);
        self.0[usize::from(shard)].fetch_add(1, Ordering::SeqCst);
        Working(self.clone(), shard)
    }

    pub(super) fn is_idle(&self, shard: u16) -> bool {
        self.0[usize::from(shard)].load(Ordering::SeqCst) == 0
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.0[usize::from(self.1)].fetch_sub(1, Ordering::SeqCst);
    }
}
