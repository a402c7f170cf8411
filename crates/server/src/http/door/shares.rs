//! Places that addresses share: whoever has many leaves some to those who have few.
//!
//! An address may have three times as many places as are free when it asks. So one alone gets three
//! of four, several get the same each, and there is always room for one that comes anew: with
//! HTTP/2 a single connection asks for as much as hundreds, and would else keep everybody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

/// How many places an address may have for each that is free.
const GREED: usize = 3;

/// Between two looks for a place that somebody gave back.
const LOOK: Duration = Duration::from_millis(5);

/// All places of one kind.
#[derive(Debug)]
pub(super) struct Shares {
    max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    /// How many of them an address has; none that has none.
    sources: HashMap<IpAddr, usize>,
}

/// One place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    shares: Arc<Shares>,
    source: Option<IpAddr>,
    others: usize,
}

impl Shares {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, state: Mutex::default() })
    }

    /// A place, if there is one for this address. Who has no address comes from this process.
    pub(super) fn take(self: &Arc<Self>, source: Option<IpAddr>) -> Option<Share> {
        let mut state = self.lock();
        let free = self.max.saturating_sub(state.taken);
        let held = source.and_then(|source| state.sources.get(&source)).copied().unwrap_or(0);
        if free == 0 || (source.is_some() && held >= free.saturating_mul(GREED)) {
            return None;
        }
        state.taken += 1;
        if let Some(source) = source {
            state.sources.insert(source, held + 1);
        }
        Some(Share { shares: self.clone(), source, others: held })
    }

    /// The same, and waits until there is one.
    pub(super) async fn wait(self: &Arc<Self>, source: Option<IpAddr>) -> Share {
        loop {
            if let Some(share) = self.take(source) {
                return share;
            }
            sleep(LOOK).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// How many its address had when it took this one.
    pub(super) const fn others(&self) -> usize {
        self.others
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut state = self.shares.lock();
        state.taken = state.taken.saturating_sub(1);
        let Some(source) = self.source else { return };
        if let Some(held) = state.sources.get_mut(&source) {
            *held -= 1;
            if *held == 0 {
                state.sources.remove(&source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    /// As many places as it gets.
    fn all(shares: &Arc<Shares>, source: Option<IpAddr>) -> Vec<Share> {
        std::iter::from_fn(|| shares.take(source)).collect()
    }

    #[test]
    fn one_address_gets_three_of_four_and_the_next_three_of_four_of_the_rest() {
        let shares = Shares::new(64);
        let first = all(&shares, at(1));
        let second = all(&shares, at(2));
        assert_eq!((first.len(), second.len()), (48, 12));
        assert!(shares.take(at(3)).is_some());
        drop(first);
        assert_eq!(all(&shares, at(2)).len() + second.len(), 48);
    }

    #[test]
    fn the_last_place_is_given_to_whoever_has_none() {
        let shares = Shares::new(1);
        let only = shares.take(at(1));
        assert!(only.is_some() && shares.take(at(2)).is_none() && shares.take(None).is_none());
        drop(only);
        assert!(shares.take(at(2)).is_some());
    }

    #[test]
    fn this_process_gets_all_and_nothing_is_kept_of_who_left() {
        let shares = Shares::new(8);
        assert_eq!(all(&shares, None).len(), 8);
        drop(shares.take(at(1)));
        let state = shares.lock();
        assert!(state.taken == 0 && state.sources.is_empty());
    }
}
