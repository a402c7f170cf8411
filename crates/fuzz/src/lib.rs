//! What strangers send, read by whatever reads it: one function for each kind of input, which
//! panics when something is wrong with how it was read.
//!
//! Owns what must hold for any bytes. The fuzzer's programs are in `fuzz/`; a test reads every
//! input of `corpus/` again. For development only.
#![expect(clippy::unwrap_used, reason = "a panic is how a finding is told")]

mod bodies;
mod records;
mod requests;
mod snapshots;

use peerage_core::cidr::AddressBlock;

/// A kind of input: its name, and what reads it.
pub type Target = (&'static str, fn(&[u8]));

/// Every kind; the name is that of its corpus and of its fuzzer's program.
pub const TARGETS: [Target; 7] = [
    ("bodies", bodies::read),
    ("blocks", blocks),
    ("requests", requests::serve),
    ("accept", requests::accept),
    ("digest", requests::digest),
    ("records", records::read),
    ("snapshots", snapshots::read),
];

/// Reads an input as the kind of that name.
///
/// # Panics
/// Something is wrong with how it was read, or there is no such kind.
pub fn run(name: &str, data: &[u8]) {
    let (_, read) = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    read(data);
}

/// A block is written as it was read, and holds itself.
fn blocks(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(block) = AddressBlock::parse(text) else { return };
    let again = AddressBlock::parse(block.as_str()).unwrap();
    assert_eq!(again.as_str(), block.as_str());
    assert_eq!(again.net(), block.net());
    assert!(block.overlaps(&again));
}

/// The first byte chooses among so many, the rest is for what was chosen.
fn choose(data: &[u8], among: usize) -> Option<(usize, &[u8])> {
    let (first, rest) = data.split_first()?;
    Some((usize::from(*first) % among, rest))
}
