//! Where identifiers and secrets get their randomness: the operating system, or one seed so that
//! `peerage dev --seed` makes the same ids in every run.

use std::sync::{Arc, Mutex, PoisonError};

use peerage_core::id::Id;
use peerage_core::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::authn::RandomSource;

/// The time that every seeded id shows: 2026-01-01T00:00:00Z.
const SEEDED_TIME: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// A shared source of randomness.
#[derive(Clone)]
pub struct Randomness(Arc<Mutex<Source>>);

struct Source {
    generator: ChaCha20Rng,
    /// The time that ids show in place of the real one, so that a seed decides them whole.
    always: Option<Timestamp>,
    process: [u8; 5],
    count: u32,
}

impl std::fmt::Debug for Randomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Randomness")
    }
}

impl Randomness {
    /// Unpredictable: seeded by the operating system.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn from_system() -> std::io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(std::io::Error::other)?;
        Ok(Self::over(ChaCha20Rng::from_seed(seed), None))
    }

    /// The same in every run: for tests and `dev --seed`, never for a service.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::over(ChaCha20Rng::seed_from_u64(seed), Some(SEEDED_TIME))
    }

    fn over(mut generator: ChaCha20Rng, always: Option<Timestamp>) -> Self {
        let mut process = [0; 5];
        generator.fill_bytes(&mut process);
        let count = generator.next_u32() >> 9;
        Self(Arc::new(Mutex::new(Source { generator, always, process, count })))
    }

    /// A new identifier: the second, a part of this process's own, and a count, so that what one
    /// process makes sorts in the order in which it was made.
    #[must_use]
    pub fn id<K>(&self, now: Timestamp) -> Id<K> {
        let mut source = self.lock();
        source.count = source.count.wrapping_add(1);
        let [_, count @ ..] = source.count.to_be_bytes();
        let mut tail = [0; 8];
        tail[..5].copy_from_slice(&source.process);
        tail[5..].copy_from_slice(&count);
        Id::generate(source.always.unwrap_or(now), tail)
    }

    /// A random number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.lock().generator.next_u64()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Source> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RandomSource for Randomness {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.lock().generator.fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use peerage_core::id::{Peer, PeerId};

    use super::*;

    #[test]
    fn ids_sort_in_the_order_in_which_they_were_made() {
        let randomness = Randomness::seeded(7);
        let now = Timestamp::from_millis(1_790_000_000_000);
        let ids: Vec<PeerId> = (0..1000).map(|_| randomness.id::<Peer>(now)).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn one_seed_makes_the_same_ids() {
        let make = || Randomness::seeded(7).id::<Peer>(Timestamp::ZERO);
        assert_eq!(make(), make());
    }
}
