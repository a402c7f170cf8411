//! The names that the emulated clouds give, from one seed. The place in the sequence is kept with
//! everything else: a name is never given twice, not even after a restart.

use serde::{Deserialize, Serialize};

/// A source of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ids {
    v: u8,
    state: u64,
}

const HEX: &[u8] = b"0123456789abcdef";
const WORD: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self { v: super::object::FORMAT, state: seed }
    }

    pub(super) fn format(&self) -> u8 {
        self.v
    }

    /// Hexadecimal digits.
    pub(super) fn hex(&mut self, length: usize) -> String {
        self.text(HEX, length)
    }

    /// Digits and lower-case letters.
    pub(super) fn word(&mut self, length: usize) -> String {
        self.text(WORD, length)
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        let pick = |number: u64| char::from(alphabet[(number % alphabet.len() as u64) as usize]);
        (0..length).map(|_| pick(self.next())).collect()
    }

    /// The next number of the sequence.
    fn next(&mut self) -> u64 {
        crate::dice::next(&mut self.state)
    }
}
