//! What the driver remembers between two calls. All of it may be forgotten at any time: then a
//! failure is told once more, or the cloud is asked again for what it makes already and says so.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::seen::Work;

/// Entries of each kind that are remembered; at the bound all of that kind are forgotten.
const ENTRIES_MAX: usize = 4_096;

/// The driver's memory.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The failed operations that were told.
    told: Mutex<HashMap<String, ()>>,
    /// The last operation on a subnet, by region and name.
    subnets: Mutex<HashMap<(String, String), String>>,
    /// Regions in which a network has no room for a subnet, by region and network.
    full: Mutex<HashMap<(String, String), ()>>,
}

impl Memory {
    /// Whether the failure of an operation has not been told yet; it has from here on. What failed
    /// is told once, so that its reason is seen, and tried again the next time.
    pub(super) fn tell(&self, work: &Work) -> bool {
        with(&self.told, |told| told.insert(work.name.clone(), ()).is_none())
    }

    /// Whether there was no room for a network's subnet in a region when one was to be made.
    pub(super) fn is_full(&self, region: &str, network: &str) -> bool {
        let key = (region.to_owned(), network.to_owned());
        with(&self.full, |full| full.contains_key(&key))
    }

    pub(super) fn keep_full(&self, region: &str, network: &str) {
        with(&self.full, |full| full.insert((region.to_owned(), network.to_owned()), ()));
    }

    pub(super) fn subnet_work(&self, region: &str, name: &str) -> Option<String> {
        let key = (region.to_owned(), name.to_owned());
        with(&self.subnets, |subnets| subnets.get(&key).cloned())
    }

    pub(super) fn keep_subnet_work(&self, region: &str, name: &str, work: Option<&Work>) {
        let key = (region.to_owned(), name.to_owned());
        with(&self.subnets, |subnets| match work {
            Some(work) => subnets.insert(key, work.name.clone()),
            None => subnets.remove(&key),
        });
    }
}

fn with<K, V, T>(part: &Mutex<HashMap<K, V>>, act: impl FnOnce(&mut HashMap<K, V>) -> T) -> T {
    let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
    if part.len() >= ENTRIES_MAX {
        part.clear();
    }
    act(&mut part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcp::seen::{End, Kind};

    fn work(name: &str) -> Work {
        let (stamp, target, since_ms) = (None, String::new(), 0);
        Work { name: name.into(), kind: Kind::Insert, stamp, target, since_ms, end: End::Done }
    }

    #[test]
    fn a_failure_is_told_once() {
        let memory = Memory::default();
        assert!(memory.tell(&work("operation-1")));
        assert!(!memory.tell(&work("operation-1")));
        assert!(memory.tell(&work("operation-2")));
    }

    #[test]
    fn it_is_bounded() {
        let memory = Memory::default();
        for number in 0..=ENTRIES_MAX {
            memory.tell(&work(&number.to_string()));
        }
        assert_eq!(memory.told.lock().unwrap().len(), 1);
    }

    #[test]
    fn the_work_on_a_subnet_is_known_until_it_is_forgotten() {
        let memory = Memory::default();
        memory.keep_subnet_work("r", "n", Some(&work("operation-1")));
        assert_eq!(memory.subnet_work("r", "n").as_deref(), Some("operation-1"));
        assert_eq!(memory.subnet_work("s", "n"), None);
        memory.keep_subnet_work("r", "n", None);
        assert_eq!(memory.subnet_work("r", "n"), None);
    }
}
