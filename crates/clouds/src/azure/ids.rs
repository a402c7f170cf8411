//! The names that the emulated Azure gives, from one seed. The place in the sequence is kept with
//! the world: a name is never given twice, not even after a restart. What names a request, and has
//! no life of its own, is a digest instead.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A source of names.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A random UUID in lower case.
    pub(super) fn guid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        written(bytes)
    }

    /// An ETag as the network provider writes them.
    pub(super) fn etag(&mut self) -> String {
        format!("W/\"{}\"", self.guid())
    }

    /// The next number of the sequence.
    fn next(&mut self) -> u64 {
        peerage_fabric::dice::next(&mut self.state)
    }
}

/// The UUID that always belongs to those parts.
pub(super) fn guid_of(parts: &[&str]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(parts)[..16]);
    written(bytes)
}

/// The digest of those parts, each with its end.
pub(super) fn digest(parts: &[&str]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part.as_bytes());
        sha.update([0]);
    }
    sha.finalize().into()
}

/// Whether a text is a UUID, in any case.
pub(super) fn is_guid(text: &str) -> bool {
    let hyphens = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| {
            if hyphens.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
        })
}

fn written(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_guids_and_differ() {
        let mut ids = Ids::new(1);
        let (first, second) = (ids.guid(), ids.guid());
        assert!(is_guid(&first) && is_guid(&second));
        assert_ne!(first, second);
        assert_eq!(first, Ids::new(1).guid());
    }

    #[test]
    fn a_digest_tells_its_parts_apart() {
        assert_ne!(guid_of(&["a", "bc"]), guid_of(&["ab", "c"]));
        assert!(is_guid(&guid_of(&[])));
        assert!(!is_guid("11111111-1111-1111-1111-11111111111"));
    }
}
