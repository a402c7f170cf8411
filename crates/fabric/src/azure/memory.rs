//! What the driver remembers to spare requests. All of it may be forgotten at any time, and is when
//! it grows beyond its bound: then it is asked anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use peerage_core::id::{ContainerId, PeerId};
use peerage_core::time::Timestamp;

/// Entries of each kind.
const ENTRIES_MAX: usize = 10_000;

/// How long a customer who lets nobody look in is left alone before the door is tried again: a role
/// may let us peer without letting us look.
const KNOCK_AGAIN: Duration = Duration::from_secs(300);

/// What was seen and done last.
#[derive(Debug, Default)]
pub(super) struct Memory {
    networks: Table<ContainerId, String>,
    knocks: Table<PeerId, Timestamp>,
    operations: Table<String, String>,
    taken_away: Table<PeerId, ()>,
}

#[derive(Debug)]
struct Table<K, V>(Mutex<BTreeMap<K, V>>);

impl Memory {
    /// The name of a container's network, when it was last seen or asked for.
    pub(super) fn network(&self, container: ContainerId) -> Option<String> {
        self.networks.with(|names| names.get(&container).cloned())
    }

    pub(super) fn network_seen(&self, container: ContainerId, name: &str) {
        self.networks.put(container, name.to_owned());
    }

    pub(super) fn network_gone(&self, container: ContainerId) {
        self.networks.with(|names| drop(names.remove(&container)));
    }

    /// A customer's door was tried and is closed.
    pub(super) fn knocked(&self, peering: PeerId, now: Timestamp) {
        self.knocks.put(peering, now);
    }

    /// Whether it is time to try a closed door again. Of one that nobody remembers it is not: from
    /// now on it is remembered.
    pub(super) fn may_knock(&self, peering: PeerId, now: Timestamp) -> bool {
        match self.knocks.with(|knocks| knocks.get(&peering).copied()) {
            Some(at) => at.after(KNOCK_AGAIN) <= now,
            None => {
                self.knocked(peering, now);
                false
            }
        }
    }

    /// Whether a customer's door was found closed.
    pub(super) fn waits(&self, peering: PeerId) -> bool {
        self.knocks.with(|knocks| knocks.contains_key(&peering))
    }

    /// A customer's door is open.
    pub(super) fn let_in(&self, peering: PeerId) {
        self.knocks.with(|knocks| {
            knocks.remove(&peering);
        });
    }

    /// Nothing is left of a peering: nothing of it is waited for.
    pub(super) fn taken_away(&self, peering: PeerId) {
        self.let_in(peering);
        self.taken_away.put(peering, ());
    }

    /// A peering is asked for, perhaps once more.
    pub(super) fn asked_for(&self, peering: PeerId) {
        self.taken_away.with(|gone| {
            gone.remove(&peering);
        });
    }

    pub(super) fn is_taken_away(&self, peering: PeerId) -> bool {
        self.taken_away.with(|gone| gone.contains_key(&peering))
    }

    /// Where to hear what becomes of the half of that path.
    pub(super) fn began(&self, path: &str, operation: Option<&str>) {
        match operation {
            Some(operation) => self.operations.put(path.to_owned(), operation.to_owned()),
            None => self.operations.with(|operations| drop(operations.remove(path))),
        }
    }

    pub(super) fn operation(&self, path: &str) -> Option<String> {
        self.operations.with(|operations| operations.get(path).cloned())
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord, V> Table<K, V> {
    fn put(&self, key: K, value: V) {
        self.with(|entries| {
            if entries.len() >= ENTRIES_MAX && !entries.contains_key(&key) {
                entries.clear();
            }
            entries.insert(key, value);
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<K, V>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_door_is_tried_again_after_five_minutes() {
        let (memory, peering) = (Memory::default(), PeerId::from_bytes([1; 12]));
        let at = |seconds| Timestamp::ZERO.after(Duration::from_secs(seconds));
        assert!(!memory.may_knock(peering, at(0)));
        assert!(!memory.may_knock(peering, at(299)));
        assert!(memory.may_knock(peering, at(300)));
        memory.knocked(peering, at(300));
        assert!(!memory.may_knock(peering, at(301)));
    }

    #[test]
    fn a_table_has_a_bound() {
        let table = Table::default();
        for number in 0..ENTRIES_MAX {
            table.put(number, ());
        }
        table.put(0, ());
        assert_eq!(table.with(|entries| entries.len()), ENTRIES_MAX);
        table.put(ENTRIES_MAX, ());
        assert_eq!(table.with(|entries| entries.len()), 1);
    }
}
