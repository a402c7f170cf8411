//! Nonces that prove by themselves when they were issued, so that no replica stores them.
//!
//! Owns their form: 24 bytes in 32 URL-safe characters, `milliseconds since 1970 (6) | salt (6) |
//! HMAC-SHA256, cut (12)`. Must not know how often one was used. The salt makes each nonce unique:
//! Go clients answer every challenge with count 1, and two of them that shared a nonce would look
//! like a replay. The time comes first, so that nonces order by age.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::authn::master_key::SecretKey;
use crate::authn::secret::RandomSource;

const TIME_BYTES: usize = 6;
const HEAD_BYTES: usize = 12;
const NONCE_BYTES: usize = 24;
const LABEL: &[u8] = b"peerage digest nonce v1";

/// Authenticates nonces. All replicas of one control plane share it.
#[derive(Clone, Debug)]
pub struct NonceKey(SecretKey);

/// A nonce that this control plane issued: it exists only with a valid MAC. Older is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nonce([u8; NONCE_BYTES]);

impl NonceKey {
    /// Uses `key` for nonces, and for nothing else.
    pub fn new(key: SecretKey) -> Self {
        Self(key)
    }

    fn tag(&self, head: &[u8]) -> [u8; NONCE_BYTES - HEAD_BYTES] {
        let mut tag = [0; NONCE_BYTES - HEAD_BYTES];
        tag.copy_from_slice(&self.0.mac(&[LABEL, head])[..NONCE_BYTES - HEAD_BYTES]);
        tag
    }
}

impl Nonce {
    /// A new nonce that carries the given time.
    pub fn issue(key: &NonceKey, now_ms: u64, random: &mut dyn RandomSource) -> Self {
        let mut bytes = [0; NONCE_BYTES];
        bytes[..TIME_BYTES].copy_from_slice(&now_ms.to_be_bytes()[8 - TIME_BYTES..]);
        random.fill(&mut bytes[TIME_BYTES..HEAD_BYTES]);
        let tag = key.tag(&bytes[..HEAD_BYTES]);
        bytes[HEAD_BYTES..].copy_from_slice(&tag);
        Self(bytes)
    }

    /// Reads a nonce back; nothing when it was not issued under `key`.
    pub fn authenticate(key: &NonceKey, text: &str) -> Option<Self> {
        let mut bytes = [0; NONCE_BYTES];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(NONCE_BYTES) => {}
            _ => return None,
        }
        let authentic = key.tag(&bytes[..HEAD_BYTES]).ct_eq(&bytes[HEAD_BYTES..]);
        bool::from(authentic).then_some(Self(bytes))
    }

    /// When it was issued, in milliseconds since 1970.
    pub fn issued_ms(&self) -> u64 {
        let mut time = [0; 8];
        time[8 - TIME_BYTES..].copy_from_slice(&self.0[..TIME_BYTES]);
        u64::from_be_bytes(time)
    }

    /// The 32 characters of the challenge.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Bits that spread evenly over nonces.
    pub(super) fn spread(&self) -> usize {
        usize::from(self.0[NONCE_BYTES - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::secret::OsRandom;

    const NOW_MS: u64 = 1_750_000_000_000;

    fn key(byte: u8) -> NonceKey {
        NonceKey::new(SecretKey::from_bytes([byte; 32]))
    }

    #[test]
    fn a_nonce_has_32_characters_and_carries_its_time() {
        for now_ms in [0, NOW_MS, (1 << 48) - 1] {
            let nonce = Nonce::issue(&key(1), now_ms, &mut OsRandom);
            assert_eq!(nonce.encode().len(), 32);
            assert_eq!(Nonce::authenticate(&key(1), &nonce.encode()), Some(nonce));
            assert_eq!(nonce.issued_ms(), now_ms);
        }
    }

    #[test]
    fn two_nonces_of_one_moment_differ() {
        let nonces = [0, 1].map(|_| Nonce::issue(&key(1), NOW_MS, &mut OsRandom));
        assert_ne!(nonces[0], nonces[1]);
    }

    #[test]
    fn an_older_nonce_is_less() {
        let old = Nonce::issue(&key(1), NOW_MS, &mut OsRandom);
        let new = Nonce::issue(&key(1), NOW_MS + 1, &mut OsRandom);
        assert!(old < new);
    }

    #[test]
    fn a_nonce_of_another_key_or_with_any_changed_character_is_not_ours() {
        let nonce = Nonce::issue(&key(1), NOW_MS, &mut OsRandom).encode();
        assert_eq!(Nonce::authenticate(&key(2), &nonce), None);
        for place in 0..nonce.len() {
            let other = if &nonce[place..=place] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &nonce[..place], &nonce[place + 1..]);
            assert_eq!(Nonce::authenticate(&key(1), &changed), None, "{place}");
        }
    }

    #[test]
    fn text_that_is_no_nonce_is_not_ours() {
        for text in ["", "A", &"A".repeat(31), &"A".repeat(33), &"!".repeat(32), &"A".repeat(999)] {
            assert_eq!(Nonce::authenticate(&key(1), text), None);
        }
    }
}
