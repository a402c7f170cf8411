//! What the store in memory holds: for each key its versions, oldest first, as far back as the
//! history goes. Plain data; it must not know locks, watches or clocks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::time::Duration;

use crate::lease::{LeaseId, LeaseState};
use crate::port::{
    Answer, Entry, ErrorKind, Key, KeyRange, Order, Page, PageRoom, Precondition, Revision,
    StoreError, Value, WatchBatch, WatchEvent, Write,
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) revision: Revision,
    pub(super) closed: bool,
    compacted: Revision,
    versions: BTreeMap<Key, Vec<Version>>,
    /// Which keys left an older version behind, and when.
    superseded: VecDeque<(Revision, Key)>,
    leases: BTreeMap<LeaseId, Lease>,
    leases_granted: u64,
}

/// A key from one revision on; without an entry it is deleted.
#[derive(Debug)]
struct Version {
    since: Revision,
    entry: Option<Entry>,
}

#[derive(Debug)]
struct Lease {
    ttl: Duration,
    deadline: Duration,
    keys: BTreeSet<Key>,
}

impl State {
    pub(super) fn get(&self, key: &Key) -> Option<&Entry> {
        self.versions.get(key)?.last()?.entry.as_ref()
    }

    pub(super) fn first_failed(&self, preconditions: &[Precondition]) -> Option<usize> {
        preconditions.iter().position(|precondition| {
            !precondition.holds(self.get(precondition.key()).map(|entry| entry.modified))
        })
    }

    pub(super) fn check_readable(&self, revision: Revision) -> Answer<()> {
        if revision > self.revision {
            return Err(StoreError::ahead(revision, self.revision));
        }
        if revision < self.compacted {
            return Err(StoreError::compacted(self.compacted));
        }
        Ok(())
    }

    pub(super) fn list(&self, range: &KeyRange, order: Order, at: Revision, room: usize) -> Page {
        let visible = self.range(range).filter_map(|(_, versions)| visible(versions, at));
        match order {
            Order::Ascending => page(visible, at, room),
            Order::Descending => page(visible.rev(), at, room),
        }
    }

    pub(super) fn count(&self, range: &KeyRange) -> u64 {
        self.range(range).filter(|(_, versions)| visible(versions, self.revision).is_some()).count()
            as u64
    }

    fn range(
        &self,
        range: &KeyRange,
    ) -> impl DoubleEndedIterator<Item = (&Key, &Vec<Version>)> + use<'_> {
        // An empty range is one that a map would refuse.
        let start = Key::from(range.start.as_slice());
        let end = Key::from(range.end.as_slice().max(&range.start));
        self.versions.range((Bound::Included(start), Bound::Excluded(end)))
    }

    /// Makes the writes; nothing, and no revision, if they change nothing.
    pub(super) fn write(&mut self, writes: Vec<Write>) -> Option<WatchBatch> {
        let revision = self.revision.next();
        let events: Vec<WatchEvent> = writes
            .into_iter()
            .filter_map(|write| match write {
                Write::Put { key, value, lease } => Some(self.put(key, value, lease, revision)),
                Write::Delete { key } => self.delete(key, revision),
            })
            .collect();
        if events.is_empty() {
            return None;
        }
        self.revision = revision;
        Some(WatchBatch { revision, events })
    }

    fn put(
        &mut self,
        key: Key,
        value: Value,
        lease: Option<LeaseId>,
        revision: Revision,
    ) -> WatchEvent {
        let before = self.get(&key).map(|entry| (entry.created, entry.version, entry.lease));
        let (created, version, old_lease) = before.unwrap_or((revision, 0, None));
        self.detach(&key, old_lease);
        if let Some(lease) = lease.and_then(|lease| self.leases.get_mut(&lease)) {
            lease.keys.insert(key.clone());
        }
        let version = version + 1;
        let entry = Entry { key: key.clone(), value, created, modified: revision, version, lease };
        self.supersede(key, revision, Some(entry.clone()));
        WatchEvent::Put(entry)
    }

    fn delete(&mut self, key: Key, revision: Revision) -> Option<WatchEvent> {
        let lease = self.get(&key)?.lease;
        self.detach(&key, lease);
        self.supersede(key.clone(), revision, None);
        Some(WatchEvent::Deleted(key))
    }

    fn supersede(&mut self, key: Key, since: Revision, entry: Option<Entry>) {
        let versions = self.versions.entry(key.clone()).or_default();
        if !versions.is_empty() {
            self.superseded.push_back((since, key));
        }
        versions.push(Version { since, entry });
    }

    fn detach(&mut self, key: &Key, lease: Option<LeaseId>) {
        if let Some(lease) = lease.and_then(|lease| self.leases.get_mut(&lease)) {
            lease.keys.remove(key);
        }
    }

    /// Forgets every version that was superseded up to `revision`.
    pub(super) fn compact(&mut self, revision: Revision) {
        self.compacted = self.compacted.max(revision);
        while self.superseded.front().is_some_and(|(since, _)| *since <= revision) {
            let Some((since, key)) = self.superseded.pop_front() else { break };
            let Some(versions) = self.versions.get_mut(&key) else { continue };
            versions.retain(|version| version.since >= since);
            if let [Version { entry: None, .. }] = versions.as_slice() {
                self.versions.remove(&key);
            }
        }
    }

    pub(super) fn grant(&mut self, ttl: Duration, now: Duration) -> LeaseId {
        self.leases_granted += 1;
        let id = LeaseId(self.leases_granted);
        self.leases.insert(id, Lease { ttl, deadline: now + ttl, keys: BTreeSet::new() });
        id
    }

    pub(super) fn keep_alive(&mut self, lease: LeaseId, now: Duration) -> LeaseState {
        let Some(lease) = self.leases.get_mut(&lease) else { return LeaseState::Ended };
        lease.deadline = now + lease.ttl;
        LeaseState::Alive { ttl: lease.ttl }
    }

    pub(super) fn check_leases(&self, writes: &[Write]) -> Answer<()> {
        for write in writes {
            if let Write::Put { lease: Some(lease), .. } = write
                && !self.leases.contains_key(lease)
            {
                return Err(StoreError::definite(ErrorKind::LeaseGone(*lease)));
            }
        }
        Ok(())
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.leases.values().map(|lease| lease.deadline).min()
    }

    pub(super) fn leases_due(&self, now: Duration) -> Vec<LeaseId> {
        let due = self.leases.iter().filter(|(_, lease)| lease.deadline <= now);
        due.map(|(id, _)| *id).collect()
    }

    /// Ends a lease and deletes the keys under it.
    pub(super) fn end_lease(&mut self, lease: LeaseId) -> Option<WatchBatch> {
        let ended = self.leases.remove(&lease)?;
        self.write(ended.keys.into_iter().map(Write::delete).collect())
    }
}

/// The entry that a reader at `at` sees.
fn visible(versions: &[Version], at: Revision) -> Option<&Entry> {
    versions.iter().rev().find(|version| version.since <= at)?.entry.as_ref()
}

fn page<'a>(mut visible: impl Iterator<Item = &'a Entry>, at: Revision, limit: usize) -> Page {
    let mut room = PageRoom::new(limit);
    let mut entries = Vec::new();
    while !room.is_full() {
        let Some(entry) = visible.next() else { break };
        room.take(entry);
        entries.push(entry.clone());
    }
    Page { entries, revision: at, more: visible.next().is_some() }
}
