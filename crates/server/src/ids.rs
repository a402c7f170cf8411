//! Where identifiers and secrets get their randomness: the operating system, or one seed so that
//! `peerage dev --seed` makes the same ids in every run.

use std::sync::{Arc, Mutex, PoisonError};

use peerage_core::id::Id;
use peerage_core::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::authn::RandomSource;

/// A shared source of randomness.
#[derive(Clone)]
pub struct Randomness(Arc<Mutex<ChaCha20Rng>>);

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
        Ok(Self(Arc::new(Mutex::new(ChaCha20Rng::from_seed(seed)))))
    }

    /// The same in every run: for tests and `dev --seed`, never for a service.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    /// A new identifier.
    #[must_use]
    pub fn id<K>(&self, now: Timestamp) -> Id<K> {
        Id::generate(now, self.number().to_be_bytes())
    }

    /// A random number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.lock().next_u64()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ChaCha20Rng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RandomSource for Randomness {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.lock().fill_bytes(bytes);
    }
}
