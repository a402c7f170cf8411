//! The ids that this world gives. The place in the sequence is kept with everything else, so that
//! none is given twice, not even after a restart.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A source of ids from one seed.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// An id of EC2's long form: the prefix, a dash, a zero and sixteen hexadecimal digits.
    pub(super) fn resource(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{:016x}", self.number())
    }

    /// Capital letters and digits, as access keys have them.
    pub(super) fn capitals(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        (0..length).map(|_| char::from(ALPHABET[(self.number() % 32) as usize])).collect()
    }

    /// The next number of the sequence.
    fn number(&mut self) -> u64 {
        peerage_fabric::dice::next(&mut self.state)
    }
}

/// An id that follows from something else, and so needs no place in a table.
pub(super) fn derived(prefix: &str, from: &str) -> String {
    let digest = Sha256::digest(format!("{prefix}/{from}"));
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}-0{digits}")
}

/// The id of the request of that number, answered at that time: seeded, and not kept.
pub(super) fn request(seed: u64, now: i64, number: u64) -> String {
    let digest = Sha256::digest(format!("request/{seed}/{now}/{number}"));
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_of_ec2() {
        let mut ids = Ids::new(1);
        let (one, two) = (ids.resource("vpc"), ids.resource("vpc"));
        assert_ne!(one, two);
        assert_eq!(one.len(), "vpc-".len() + 17);
        assert_eq!(derived("dopt", "x").len(), "dopt-".len() + 17);
        assert_eq!(request(1, 2, 3).len(), 36);
        assert_eq!(request(1, 2, 3), request(1, 2, 3));
    }
}
