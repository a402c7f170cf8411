//! Who has to go when every place is taken and somebody else comes: of the address that has most
//! connections without work, the one that has been without work the longest.
//!
//! By address, because who keeps many connections open for nothing is then the first to lose some,
//! and whoever has a few keeps them. A connection is without work from its beginning, after each
//! answer, and while the service waits for the body of its request; a turn says since when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The connections without work.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    idle: Mutex<Idle>,
    /// One more is without work.
    more: Notify,
}

#[derive(Debug, Default)]
struct Idle {
    turn: u64,
    sources: BTreeMap<IpAddr, BTreeMap<u64, Arc<Notify>>>,
    /// The addresses by the number of their connections.
    sizes: BTreeSet<(usize, IpAddr)>,
}

impl Crowd {
    /// A connection from `source` is without work; `go` is how it is told to end. Gives its turn.
    pub(super) fn add(&self, source: IpAddr, go: &Arc<Notify>) -> u64 {
        let turn = self.lock().add(source, go.clone());
        self.more.notify_one();
        turn
    }

    /// The connection has work, or has ended.
    pub(super) fn remove(&self, source: IpAddr, turn: u64) {
        self.lock().remove(source, turn);
    }

    /// Tells the one that has to go to end; whether there is one.
    pub(super) fn send_one_away(&self) -> bool {
        let found = self.lock().pop();
        if let Some(go) = &found {
            go.notify_one();
        }
        found.is_some()
    }

    /// Waits until one more is without work.
    pub(super) async fn grown(&self) {
        self.more.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    fn add(&mut self, source: IpAddr, go: Arc<Notify>) -> u64 {
        self.turn += 1;
        let turns = self.sources.entry(source).or_default();
        self.sizes.remove(&(turns.len(), source));
        turns.insert(self.turn, go);
        self.sizes.insert((turns.len(), source));
        self.turn
    }

    fn remove(&mut self, source: IpAddr, turn: u64) -> Option<Arc<Notify>> {
        let turns = self.sources.get_mut(&source)?;
        let before = turns.len();
        let found = turns.remove(&turn)?;
        self.sizes.remove(&(before, source));
        if turns.is_empty() {
            self.sources.remove(&source);
        } else {
            self.sizes.insert((before - 1, source));
        }
        Some(found)
    }

    fn pop(&mut self) -> Option<Arc<Notify>> {
        let (_, source) = *self.sizes.last()?;
        let turn = *self.sources.get(&source)?.first_key_value()?.0;
        self.remove(source, turn)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn at(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// Sends one away, and says which of them it was.
    fn sent(crowd: &Crowd, all: &[(&'static str, Arc<Notify>)]) -> Option<&'static str> {
        crowd.send_one_away().then_some(())?;
        let told = all.iter().find(|(_, go)| go.notified().now_or_never().is_some());
        told.map(|(name, _)| *name)
    }

    #[test]
    fn the_address_with_most_loses_the_one_that_waits_the_longest() {
        let crowd = Crowd::default();
        let all = ["few", "old", "middle", "young"].map(|name| (name, Arc::new(Notify::new())));
        let few = crowd.add(at(1), &all[0].1);
        crowd.add(at(2), &all[1].1);
        let middle = crowd.add(at(2), &all[2].1);
        crowd.add(at(2), &all[3].1);
        assert_eq!(sent(&crowd, &all), Some("old"));
        // Work, and then none: it is the youngest.
        crowd.remove(at(2), middle);
        crowd.add(at(2), &all[2].1);
        assert_eq!(sent(&crowd, &all), Some("young"));
        crowd.remove(at(1), few);
        assert_eq!(sent(&crowd, &all), Some("middle"));
        assert_eq!(sent(&crowd, &all), None);
    }

    #[test]
    fn nothing_is_kept_of_who_left() {
        let crowd = Crowd::default();
        let go = Arc::new(Notify::new());
        let turn = crowd.add(at(1), &go);
        crowd.remove(at(1), turn);
        crowd.remove(at(1), turn);
        assert!(!crowd.send_one_away());
        let idle = crowd.lock();
        assert!(idle.sources.is_empty() && idle.sizes.is_empty());
    }
}
