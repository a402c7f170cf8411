//! One look at who is there and who owns what, and what follows from it for one replica.

use std::collections::{BTreeMap, BTreeSet};

use peerage_store::record::{ReplicaRecord, decode};
use peerage_store::{Entry, Revision, keys};

use super::SHARDS;

/// Who is there and who owns what, at one revision.
#[derive(Debug, Default)]
pub(super) struct Round {
    members: BTreeSet<String>,
    shards: BTreeMap<u16, (String, Revision)>,
}

/// What a replica does about its shards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Those that it holds, and since when.
    pub(super) held: BTreeMap<u16, Revision>,
    /// Free ones to take.
    pub(super) take: Vec<u16>,
    /// Those to give up, so that others get their share.
    pub(super) release: Vec<u16>,
}

impl Round {
    /// Reads the entries below [`keys::all_replicas`].
    pub(super) fn read(entries: &[Entry]) -> Self {
        let mut round = Self::default();
        for entry in entries {
            let Ok(record) = decode::<ReplicaRecord>(entry.value.as_bytes()) else { continue };
            if keys::is_replica(&entry.key) {
                round.members.insert(record.id);
            } else if let Some(shard) = keys::parse_shard(&entry.key) {
                round.shards.insert(shard, (record.id, entry.modified));
            }
        }
        round
    }

    /// Whether a replica is among the members.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.members.contains(id)
    }

    /// When a shard was taken by whoever owns it.
    pub(super) fn taken(&self, shard: u16) -> Option<Revision> {
        self.shards.get(&shard).map(|(_, taken)| *taken)
    }

    /// What one replica does. Nobody takes more than its share, rounded up, so that a shard moves
    /// only when somebody comes or goes.
    pub(super) fn plan(&self, id: &str) -> Plan {
        let share = usize::from(SHARDS).div_ceil(self.members.len().max(1));
        let mine = self.shards.iter().filter(|(_, (owner, _))| owner == id);
        let mut held: BTreeMap<u16, Revision> =
            mine.map(|(shard, (_, taken))| (*shard, *taken)).collect();
        let surplus = held.len().saturating_sub(share);
        let release: Vec<u16> = held.keys().rev().take(surplus).copied().collect();
        for shard in &release {
            held.remove(shard);
        }
        let free = (0..SHARDS).filter(|shard| !self.shards.contains_key(shard));
        // Each begins at another place, so that they seldom reach for the same one.
        let start = self.members.iter().position(|member| member == id).unwrap_or(0) * share;
        let mut take: Vec<u16> = free.collect();
        let turn = take.iter().position(|shard| usize::from(*shard) >= start).unwrap_or(0);
        take.rotate_left(turn);
        take.truncate(share - held.len());
        Plan { held, take, release }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(members: &[&str], owners: &[(&str, std::ops::Range<u16>)]) -> Round {
        let mut round = Round::default();
        round.members.extend(members.iter().map(|&id| id.to_owned()));
        for (id, shards) in owners {
            for shard in shards.clone() {
                round.shards.insert(shard, ((*id).to_owned(), Revision(u64::from(shard) + 1)));
            }
        }
        round
    }

    fn check(round: &Round, id: &str, held: usize, take: &[u16], release: &[u16]) {
        let plan = round.plan(id);
        assert_eq!((plan.held.len(), &*plan.take, &*plan.release), (held, take, release));
    }

    #[test]
    fn who_is_alone_takes_everything() {
        let all: Vec<u16> = (0..SHARDS).collect();
        check(&round(&["a"], &[]), "a", 0, &all, &[]);
        check(&round(&["a"], &[("a", 0..16)]), "a", 16, &[], &[]);
    }

    #[test]
    fn who_comes_second_gets_half_and_begins_elsewhere() {
        let two = round(&["a", "b"], &[("a", 0..16)]);
        check(&two, "a", 8, &[], &[15, 14, 13, 12, 11, 10, 9, 8]);
        check(&two, "b", 0, &[], &[]);
        let freed = round(&["a", "b"], &[("a", 0..8)]);
        check(&freed, "b", 0, &[8, 9, 10, 11, 12, 13, 14, 15], &[]);
        let start = round(&["a", "b"], &[]);
        check(&start, "b", 0, &[8, 9, 10, 11, 12, 13, 14, 15], &[]);
    }

    #[test]
    fn three_share_with_one_to_spare() {
        let three = round(&["a", "b", "c"], &[("a", 0..6), ("b", 6..12)]);
        check(&three, "a", 6, &[], &[]);
        check(&three, "c", 0, &[12, 13, 14, 15], &[]);
    }

    #[test]
    fn what_a_dead_replica_left_is_taken() {
        let left = round(&["b"], &[("b", 8..16)]);
        check(&left, "b", 8, &[0, 1, 2, 3, 4, 5, 6, 7], &[]);
    }
}
