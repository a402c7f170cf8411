//! Remembers which counts of which nonces were used, so that no answer is accepted twice.
//!
//! Owns the only state of HTTP Digest. Must not see a nonce that was not authenticated, nor a
//! count whose response was not verified: strangers cannot fill it. Its size is bounded, and when
//! it forgets a nonce it raises a floor below which it accepts none, so forgetting costs a client
//! one more challenge and never admits a replay. Each replica has its own window: a recorded
//! answer could be played to another replica within the nonce's life, which TLS is there to
//! prevent.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::nonce::Nonce;

const SHARDS: usize = 16;
/// How far counts may arrive out of order.
const WINDOW_BITS: u32 = u128::BITS;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The first use.
    Fresh,
    /// Used before, or too far behind the highest count to be told apart from that.
    Replayed,
    /// The nonce was forgotten, or is from before the window's time.
    Forgotten,
}

/// The counts in use, by nonce.
#[derive(Debug)]
pub struct NonceWindow {
    shards: [Mutex<Shard>; SHARDS],
    shard_len_max: usize,
    not_before_ms: u64,
}

#[derive(Debug, Default)]
struct Shard {
    counts: BTreeMap<Nonce, Counts>,
    floor: Option<Nonce>,
}

#[derive(Clone, Copy, Debug)]
struct Counts {
    highest: u32,
    /// Bit `n` is set when `highest - n` was used.
    used: u128,
}

impl NonceWindow {
    /// Remembers about `nonces_max` nonces; takes none that was issued before `not_before_ms`.
    pub fn new(nonces_max: usize, not_before_ms: u64) -> Self {
        Self {
            shards: Default::default(),
            shard_len_max: nonces_max.div_ceil(SHARDS).max(1),
            not_before_ms,
        }
    }

    /// Uses the count `nc` of `nonce` up. Nonces issued before `expired_ms` are forgotten.
    pub fn claim(&self, nonce: Nonce, nc: u32, expired_ms: u64) -> Claim {
        if nonce.issued_ms() < self.not_before_ms {
            return Claim::Forgotten;
        }
        let shard = &self.shards[nonce.spread() % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let claim = shard.claim(nonce, nc);
        shard.forget(|oldest, len| len > self.shard_len_max || oldest.issued_ms() < expired_ms);
        claim
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap().counts.len()).sum()
    }
}

impl Shard {
    fn claim(&mut self, nonce: Nonce, nc: u32) -> Claim {
        if self.floor.is_some_and(|floor| nonce <= floor) {
            return Claim::Forgotten;
        }
        let Some(counts) = self.counts.get_mut(&nonce) else {
            self.counts.insert(nonce, Counts { highest: nc, used: 1 });
            return Claim::Fresh;
        };
        if counts.claim(nc) { Claim::Fresh } else { Claim::Replayed }
    }

    fn forget(&mut self, is_due: impl Fn(&Nonce, usize) -> bool) {
        while let Some((&oldest, _)) = self.counts.first_key_value()
            && is_due(&oldest, self.counts.len())
        {
            self.counts.remove(&oldest);
            self.floor = Some(oldest);
        }
    }
}

impl Counts {
    fn claim(&mut self, nc: u32) -> bool {
        if nc > self.highest {
            self.used = self.used.checked_shl(nc - self.highest).unwrap_or(0) | 1;
            self.highest = nc;
            return true;
        }
        let behind = self.highest - nc;
        if behind >= WINDOW_BITS || self.used >> behind & 1 == 1 {
            return false;
        }
        self.used |= 1 << behind;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::nonce::NonceKey;
    use super::*;
    use crate::authn::master_key::SecretKey;
    use crate::authn::secret::OsRandom;

    fn nonce(issued_ms: u64) -> Nonce {
        let key = NonceKey::new(SecretKey::from_bytes([1; 32]));
        Nonce::issue(&key, issued_ms, &mut OsRandom)
    }

    fn check(counts: &[u32], expected: &[Claim]) {
        let (window, nonce) = (NonceWindow::new(64, 0), nonce(1_000));
        let claims: Vec<_> = counts.iter().map(|&nc| window.claim(nonce, nc, 0)).collect();
        assert_eq!(claims, expected, "{counts:?}");
    }

    #[test]
    fn each_count_is_taken_once_in_any_order() {
        use Claim::{Fresh, Replayed};
        check(&[1, 1], &[Fresh, Replayed]);
        check(&[1, 2, 3, 2], &[Fresh, Fresh, Fresh, Replayed]);
        check(&[5, 3, 4, 3, 5], &[Fresh, Fresh, Fresh, Replayed, Replayed]);
    }

    #[test]
    fn a_first_count_above_one_and_gaps_are_taken() {
        check(&[2, 7, 4_000_000_000, u32::MAX], &[Claim::Fresh; 4]);
    }

    #[test]
    fn a_count_too_far_behind_is_refused_even_if_unused() {
        use Claim::{Fresh, Replayed};
        check(&[1_000, 1_000 - 127, 1_000 - 128], &[Fresh, Fresh, Replayed]);
        check(&[1, 129, 1], &[Fresh, Fresh, Replayed]);
        check(&[1, 128, 1], &[Fresh, Fresh, Replayed]);
    }

    #[test]
    fn counts_of_different_nonces_do_not_touch() {
        let window = NonceWindow::new(64, 0);
        for _ in 0..10 {
            assert_eq!(window.claim(nonce(1_000), 1, 0), Claim::Fresh);
        }
    }

    #[test]
    fn the_window_never_outgrows_its_bound_and_never_admits_what_it_forgot() {
        let window = NonceWindow::new(64, 0);
        let nonces: Vec<_> = (0..2_000).map(nonce).collect();
        for &nonce in &nonces {
            assert_eq!(window.claim(nonce, 1, 0), Claim::Fresh);
            assert!(window.len() <= 64);
        }
        for &nonce in &nonces {
            assert_ne!(window.claim(nonce, 1, 0), Claim::Fresh);
        }
    }

    #[test]
    fn an_expired_nonce_makes_room_and_stays_refused_if_the_clock_goes_back() {
        let window = NonceWindow::new(1_000, 0);
        let old = nonce(1_000);
        assert_eq!(window.claim(old, 1, 0), Claim::Fresh);
        for _ in 0..500 {
            window.claim(nonce(9_000), 1, 5_000);
        }
        assert_eq!(window.claim(old, 2, 0), Claim::Forgotten);
        assert_eq!(window.len(), 500);
    }

    #[test]
    fn a_nonce_from_before_the_start_is_not_taken() {
        let window = NonceWindow::new(64, 5_000);
        assert_eq!(window.claim(nonce(4_999), 1, 0), Claim::Forgotten);
        assert_eq!(window.claim(nonce(5_000), 1, 0), Claim::Fresh);
    }

    #[test]
    fn of_many_threads_with_one_count_exactly_one_gets_it() {
        let (window, nonce) = (NonceWindow::new(64, 0), nonce(1_000));
        let fresh = std::thread::scope(|scope| {
            let claims: Vec<_> =
                (0..8).map(|_| scope.spawn(|| window.claim(nonce, 1, 0))).collect();
            claims
                .into_iter()
                .filter_map(|claim| claim.join().ok())
                .filter(|c| *c == Claim::Fresh)
                .count()
        });
        assert_eq!(fresh, 1);
    }

    proptest! {
        #[test]
        fn no_count_is_ever_taken_twice(
            counts in prop::collection::vec(prop_oneof![1_u32..300, any::<u32>()], 0..400)
        ) {
            let (window, nonce) = (NonceWindow::new(64, 0), nonce(1_000));
            let mut taken = BTreeSet::new();
            for nc in counts {
                if window.claim(nonce, nc, 0) == Claim::Fresh {
                    prop_assert!(taken.insert(nc));
                }
            }
        }
    }
}
