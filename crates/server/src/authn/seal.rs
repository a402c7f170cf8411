//! Seals small secrets for the store: whoever copies the store without the key file has nothing.
//!
//! Owns the sealed form: `version (1) | key id (4) | nonce (24) | ciphertext and tag`, under
//! XChaCha20-Poly1305, whose nonce is long enough to be drawn at random. Must not know what it
//! seals. The context, such as a record's id, is authenticated but not stored: a sealed value that
//! was moved to another record does not open. The key id lets an old key open what it sealed
//! while a new one seals.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::master_key::SecretKey;
use super::secret::RandomSource;

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// The largest secret that is sealed.
pub const PLAINTEXT_BYTES_MAX: usize = 4096;

/// Seals with one key and opens with that and older ones.
pub struct Sealer {
    active: SealingKey,
    retired: Vec<SealingKey>,
}

struct SealingKey {
    id: [u8; KEY_ID_BYTES],
    cipher: XChaCha20Poly1305,
}

impl Sealer {
    /// Seals and opens with `key`.
    pub fn new(key: &SecretKey) -> Self {
        Self { active: SealingKey::new(key), retired: Vec::new() }
    }

    /// Opens what `key` sealed as well, but never seals with it.
    #[must_use]
    pub fn with_retired(mut self, key: &SecretKey) -> Self {
        self.retired.push(SealingKey::new(key));
        self
    }

    /// Seals `plaintext` for the place that `context` names.
    ///
    /// # Errors
    ///
    /// [`SealError::TooLarge`] beyond [`PLAINTEXT_BYTES_MAX`].
    pub fn seal(
        &self,
        context: &str,
        plaintext: &[u8],
        random: &mut dyn RandomSource,
    ) -> Result<Vec<u8>, SealError> {
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(SealError::TooLarge);
        }
        let header = self.active.header();
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let aad = [&header, context.as_bytes()].concat();
        let ciphertext = self
            .active
            .cipher
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: plaintext, aad: &aad })
            .map_err(|_| SealError::TooLarge)?;
        Ok([header.as_slice(), &nonce, &ciphertext].concat())
    }

    /// Opens what was sealed for the same `context`.
    ///
    /// # Errors
    ///
    /// When the bytes were not sealed by this form, by a key at hand, or for this context.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let parts = Parts::split(sealed)?;
        let key = self.key(parts.key_id).ok_or(SealError::UnknownKey)?;
        let aad = [parts.header, context.as_bytes()].concat();
        key.cipher
            .decrypt(XNonce::from_slice(parts.nonce), Payload { msg: parts.ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| SealError::Refused)
    }

    /// Whether the value should be sealed anew, because its key is retired.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        Parts::split(sealed).is_ok_and(|parts| parts.key_id != self.active.id)
    }

    fn key(&self, id: &[u8]) -> Option<&SealingKey> {
        std::iter::once(&self.active).chain(&self.retired).find(|key| key.id == id)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("key", &hex::encode(self.active.id)).finish_non_exhaustive()
    }
}

impl SealingKey {
    fn new(key: &SecretKey) -> Self {
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&key.derive("seal key id").as_bytes()[..KEY_ID_BYTES]);
        let cipher = XChaCha20Poly1305::new(key.derive("seal cipher").as_bytes().into());
        Self { id, cipher }
    }

    fn header(&self) -> [u8; HEADER_BYTES] {
        let mut header = [VERSION; HEADER_BYTES];
        header[1..].copy_from_slice(&self.id);
        header
    }
}

/// Why a secret was not sealed or opened. Nothing in it comes from the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Too long for a secret.
    #[error("a secret of more than {PLAINTEXT_BYTES_MAX} bytes is not sealed")]
    TooLarge,
    /// Too short, or of a later version.
    #[error("the bytes are not a sealed secret of a known version")]
    NotSealed,
    /// None of the keys at hand made it.
    #[error("the secret was sealed with a key that is not at hand")]
    UnknownKey,
    /// Changed since, or sealed for another place.
    #[error("the sealed secret was changed or belongs to another record")]
    Refused,
}

struct Parts<'a> {
    header: &'a [u8],
    key_id: &'a [u8],
    nonce: &'a [u8],
    ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    fn split(sealed: &'a [u8]) -> Result<Self, SealError> {
        if sealed.len() < HEADER_BYTES + NONCE_BYTES + TAG_BYTES || sealed[0] != VERSION {
            return Err(SealError::NotSealed);
        }
        let (header, rest) = sealed.split_at(HEADER_BYTES);
        let (nonce, ciphertext) = rest.split_at(NONCE_BYTES);
        Ok(Self { header, key_id: &header[1..], nonce, ciphertext })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::secret::OsRandom;

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_bytes([byte; 32])
    }

    #[test]
    fn what_was_sealed_opens_for_its_context_only() {
        let sealer = Sealer::new(&key(1));
        let sealed = sealer.seal("api-key/1", b"secret", &mut OsRandom).unwrap();
        assert_eq!(sealer.open("api-key/1", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(sealer.open("api-key/2", &sealed), Err(SealError::Refused));
    }

    #[test]
    fn each_changed_byte_is_noticed() {
        let sealer = Sealer::new(&key(1));
        let sealed = sealer.seal("c", b"secret", &mut OsRandom).unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(sealer.open("c", &changed).is_err(), "byte {place}");
        }
    }

    #[test]
    fn each_shortened_value_is_refused() {
        let sealer = Sealer::new(&key(1));
        let sealed = sealer.seal("c", b"", &mut OsRandom).unwrap();
        for len in 0..sealed.len() {
            assert_eq!(sealer.open("c", &sealed[..len]), Err(SealError::NotSealed), "{len}");
        }
    }

    #[test]
    fn a_retired_key_opens_and_does_not_seal() {
        let old = Sealer::new(&key(1)).seal("c", b"secret", &mut OsRandom).unwrap();
        let sealer = Sealer::new(&key(2)).with_retired(&key(1));
        assert_eq!(sealer.open("c", &old).unwrap().as_slice(), b"secret");
        assert!(sealer.is_outdated(&old));
        let new = sealer.seal("c", b"secret", &mut OsRandom).unwrap();
        assert!(!sealer.is_outdated(&new));
        assert_eq!(Sealer::new(&key(1)).open("c", &new), Err(SealError::UnknownKey));
    }

    #[test]
    fn a_secret_beyond_the_bound_is_not_sealed() {
        let sealer = Sealer::new(&key(1));
        let outcome = sealer.seal("c", &[0; PLAINTEXT_BYTES_MAX + 1], &mut OsRandom);
        assert_eq!(outcome, Err(SealError::TooLarge));
    }

    #[test]
    fn debug_names_the_key_and_does_not_show_it() {
        let text = format!("{:?}", Sealer::new(&key(1)));
        assert!(text.starts_with("Sealer { key: \"") && text.len() < 40, "{text}");
    }
}
