//! The numbers and names that the emulated Compute Engine gives, from one seed. The place in the
//! sequence is kept with everything else: nothing is given twice, not even after a restart.

use serde::{Deserialize, Serialize};

/// A source of numbers and names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ids(u64);

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The id of a resource: 19 decimal digits, as Compute Engine's are.
    pub(super) fn number(&mut self) -> u64 {
        1_000_000_000_000_000_000 + self.next() % 8_000_000_000_000_000_000
    }

    /// Lower-case hexadecimal digits.
    pub(super) fn hex(&mut self, length: usize) -> String {
        const DIGITS: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        (0..length).map(|_| DIGITS[usize::from(self.next().to_be_bytes()[0] & 0xf)]).collect()
    }

    /// The next number of the sequence.
    fn next(&mut self) -> u64 {
        peerage_fabric::dice::next(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_and_never_the_same_twice() {
        let (mut one, mut other) = (Ids::new(7), Ids::new(7));
        let first = one.number();
        assert_eq!(first, other.number());
        assert_ne!(first, one.number());
        assert_eq!(first.to_string().len(), 19);
        assert_eq!(one.hex(8).len(), 8);
    }
}
