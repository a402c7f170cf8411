//! The chain of the audit trail: what authenticates each event together with everything before it.
//!
//! Owns the two values that are kept: a *link* for each event and a *head* for each trail. Both are
//! HMAC-SHA256 under a key that is not in the store, so that whoever can write to the store can
//! neither make up an event nor take the last ones away unseen. Must not know what an event says.

use subtle::ConstantTimeEq as _;

use super::master_key::SecretKey;

/// What authenticates an event, or the end of a trail.
#[derive(Clone, Copy, Debug)]
pub struct Link([u8; 32]);

/// Makes links and heads.
#[derive(Clone, Debug)]
pub struct ChainKey(SecretKey);

impl ChainKey {
    /// A chain under this key.
    #[must_use]
    pub fn new(key: SecretKey) -> Self {
        Self(key)
    }

    /// The link of event number `number` (from 1) of a trail, after `before`; `body` is the event
    /// as it is stored.
    #[must_use]
    pub fn link(&self, trail: &str, number: u64, before: Link, body: &[u8]) -> Link {
        let number = number.to_be_bytes();
        Link(self.0.mac(&[b"event\0", &length(trail), trail.as_bytes(), &number, &before.0, body]))
    }

    /// What says that a trail has `count` events, the last of which has this link.
    #[must_use]
    pub fn head(&self, trail: &str, count: u64, last: Link) -> Link {
        let count = count.to_be_bytes();
        Link(self.0.mac(&[b"head\0", &length(trail), trail.as_bytes(), &count, &last.0]))
    }
}

fn length(text: &str) -> [u8; 8] {
    u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes()
}

impl Link {
    /// Before the first event.
    pub const START: Self = Self([0; 32]);

    /// As it is kept.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Reads what was kept; `None` if it is none.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let key = ChainKey::new(SecretKey::from_bytes([7; 32]));
        let first = key.link("group/a", 1, Link::START, b"body");
        assert_eq!(first, key.link("group/a", 1, Link::START, b"body"));
        let others = [
            key.link("group/b", 1, Link::START, b"body"),
            key.link("group/a", 2, Link::START, b"body"),
            key.link("group/a", 1, first, b"body"),
            key.link("group/a", 1, Link::START, b"Body"),
            key.head("group/a", 1, Link::START),
            ChainKey::new(SecretKey::from_bytes([8; 32])).link("group/a", 1, Link::START, b"body"),
        ];
        assert!(others.iter().all(|other| *other != first));
        assert_eq!(Link::from_hex(&first.to_hex()), Some(first));
        assert!(Link::from_hex("00").is_none());
    }
}
