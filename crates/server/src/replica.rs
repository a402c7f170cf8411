//! Several processes over one shared store: which of them works on which objects, and how one that
//! lost its part is kept from acting.
//!
//! All objects of a project are in one shard; a shard is owned by whoever put its key under a lease
//! that is alive. The revision of that put is the owner's *fence*: every write of its reconciler
//! names it as a precondition, so that a write decided before the shard was lost cannot happen
//! after. A store that is not shared has one process, which owns everything.

mod lessee;
mod ownership;
mod round;

use std::time::Duration;

use peerage_core::id::GroupId;
use peerage_core::reconcile::Fence;
use peerage_store::{Precondition, Revision, keys};

pub use lessee::Lessee;
pub use ownership::{Ownership, Work};

/// How many shards there are. All replicas of an installation have to agree, so it never changes.
pub const SHARDS: u16 = 16;

/// The shortest lease: etcd counts in seconds, and grants no less.
pub const LEASE_MIN: Duration = Duration::from_secs(2);
/// The longest lease: so long nobody works on the objects of a replica that died.
pub const LEASE_MAX: Duration = Duration::from_mins(10);

/// Which shard a project's objects are in.
#[must_use]
pub fn shard_of(group: GroupId) -> u16 {
    // FNV-1a: ids made one after the other differ in few bits only.
    let mixed = group
        .as_bytes()
        .iter()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    u16::try_from((mixed ^ (mixed >> 16)) % u32::from(SHARDS)).unwrap_or(0)
}

/// What has to hold for a commit under a fence: nobody took the shard since.
#[must_use]
pub fn stands(fence: Fence) -> Precondition {
    Precondition::ModifiedAt(keys::shard(fence.shard), Revision(fence.revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_one_after_the_other_spread_over_the_shards() {
        let mut counts = [0_u32; SHARDS as usize];
        for number in 0..1600_u32 {
            let mut id = [7; 12];
            id[8..].copy_from_slice(&number.to_be_bytes());
            counts[usize::from(shard_of(GroupId::from_bytes(id)))] += 1;
        }
        assert!(counts.iter().all(|count| (50..=200).contains(count)), "{counts:?}");
    }
}
