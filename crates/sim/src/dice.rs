//! Chance, out of one seed. Everybody who throws has a stream of its own, so that one more throw
//! of one of them does not change what happens to the others by itself.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// One stream of throws.
#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of that number out of a seed.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below a bound; zero for a bound of zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias of the remainder is far below what anybody could notice here.
        self.number().checked_rem(bound).unwrap_or(0)
    }

    /// True so many times out of ten thousand.
    pub fn chance(&mut self, of_ten_thousand: u32) -> bool {
        self.below(10_000) < u64::from(of_ten_thousand)
    }

    /// A span from `least` up to `most`, in milliseconds.
    pub fn span(&mut self, least: Duration, most: Duration) -> Duration {
        let width = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or(u64::MAX);
        least + Duration::from_millis(self.below(width.saturating_add(1)))
    }

    /// One of these; `None` of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = usize::try_from(self.below(u64::try_from(of.len()).unwrap_or(0))).unwrap_or(0);
        of.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_every_time_and_like_no_other() {
        let throws = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            (0..50).map(|_| dice.number()).collect::<Vec<_>>()
        };
        assert_eq!(throws(1, 2), throws(1, 2));
        assert_ne!(throws(1, 2), throws(1, 3));
        assert_ne!(throws(1, 2), throws(2, 2));
    }

    #[test]
    fn chances_are_about_what_they_say() {
        let mut dice = Dice::new(7, 0);
        let hits = (0..10_000).filter(|_| dice.chance(2_500)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        let span = dice.span(Duration::from_secs(1), Duration::from_secs(2));
        assert!((1..=2).contains(&span.as_secs()));
        assert_eq!(dice.pick::<u8>(&[]), None);
    }
}
