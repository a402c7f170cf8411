//! A bounded map of what was used lately, for whatever is dear to make and cheap to check.
//!
//! Must not know what it holds. Whoever asks has to be able to tell whether what is found still
//! holds: nothing here is ever taken away because it is out of date.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

/// What was used lately, and what was used before that: the second is forgotten when the first is
/// full.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    generations: RwLock<Generations<K, V>>,
    /// How much one generation may weigh.
    most: usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
    /// Of the young.
    weight: usize,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// Holds at most twice `most`, in whatever [`Self::put`] is told that things weigh.
    pub(crate) fn new(most: usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new(), weight: 0 };
        Self { generations: RwLock::new(generations), most }
    }

    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let found = {
            let state = self.generations.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((value, _)) = state.young.get(key) {
                return Some(value.clone());
            }
            state.old.contains_key(key)
        };
        if !found {
            return None;
        }
        let mut state = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have been first.
        if let Some((key, (value, weight))) = state.old.remove_entry(key) {
            state.put(key, value, weight, self.most);
        }
        state.young.get(key).map(|(value, _)| value.clone())
    }

    /// Remembers something in place of what was remembered under its key. What weighs too much is
    /// not remembered.
    pub(crate) fn put(&self, key: K, value: V, weight: usize) {
        if weight <= self.most {
            let mut state = self.generations.write().unwrap_or_else(PoisonError::into_inner);
            state.put(key, value, weight, self.most);
        }
    }
}

impl<K: Eq + Hash, V> Generations<K, V> {
    fn put(&mut self, key: K, value: V, weight: usize, most: usize) {
        if self.weight + weight > most {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += weight;
        if let Some((_, before)) = self.young.insert(key, (value, weight)) {
            self.weight -= before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_forgotten() {
        let recent = Recent::new(100);
        recent.put("used".to_owned(), 0, 10);
        for number in 1..1_000 {
            recent.put(format!("{number}"), number, 10);
            assert_eq!(recent.get("used"), Some(0), "{number}");
        }
        assert_eq!(recent.get("1"), None);
        assert_eq!(recent.get("999"), Some(999));
        let state = recent.generations.read().unwrap();
        assert!(state.young.len() <= 10 && state.old.len() <= 10);
    }

    #[test]
    fn something_newer_takes_the_place_and_the_weight_of_what_was_there() {
        let recent = Recent::new(100);
        for number in 0..1_000 {
            recent.put("same", number, 60);
            recent.put("large", number, 101);
        }
        assert_eq!((recent.get("same"), recent.get("large")), (Some(999), None));
        assert!(recent.generations.read().unwrap().weight <= 60);
    }
}
