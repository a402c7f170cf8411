//! Secret text in memory, the hash that stands for it at rest, and where randomness comes from.
//!
//! Owns the types that keep a credential out of logs: none of them has a `Display`, and `Debug`
//! shows nothing of the value. Must not know who a secret belongs to or where it is stored. A
//! stored secret is a plain SHA-256: every secret that we issue carries at least 128 random bits,
//! so a slow password hash would only help somebody who wants to keep the processor busy.

pub mod generate;
pub mod mask;

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Where random bytes come from: the operating system in service, a seed in a simulation.
pub trait RandomSource {
    /// Overwrites all of `bytes` with random ones.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> RandomSource for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl RandomSource for OsRandom {
    /// # Panics
    ///
    /// When the system has no randomness to give: nothing secret may be made then.
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Text that opens something: a private key, a client secret. Wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself: to show it once to its owner, or to compute with it. Never to log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored in its place.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An access token, as issued or as presented in `Authorization: Bearer`.
#[derive(Clone)]
pub struct Token(Secret);

impl Token {
    /// Takes the text over; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The text itself: only for the answer of the token endpoint.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored in its place, and looked up by.
    pub fn hash(&self) -> TokenHash {
        self.0.hash()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 of a secret or token. Equality takes the same time whether and wherever two differ.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// A hash read from a record.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash for a record or an index.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The same as text.
    pub fn to_hex(self) -> String {
        // `hex::encode` puts a text together digit by digit, which takes several times as long.
        let mut digits = [0; 64];
        let written = hex::encode_to_slice(self.0, &mut digits).is_ok();
        debug_assert!(written, "a byte has two digits");
        String::from_utf8(digits.to_vec()).unwrap_or_default()
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_secret() {
        let text = "mdb_sa_sk_0123456789";
        assert_eq!(format!("{:?}", Secret::new(text.into())), "[redacted]");
        assert_eq!(format!("{:?}", Some(Token::new(text.into()))), "Some([redacted])");
        assert_eq!(format!("{:?}", Secret::new(text.into()).hash()), "TokenHash([redacted])");
    }

    #[test]
    fn the_hash_is_sha_256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(Secret::new("abc".into()).hash().as_bytes()), expected);
    }

    #[test]
    fn hashes_are_equal_exactly_when_the_secrets_are() {
        let hash = Token::new("one".into()).hash();
        assert_eq!(hash, TokenHash::from_bytes(*hash.as_bytes()));
        assert_ne!(hash, Token::new("two".into()).hash());
    }

    #[test]
    fn the_operating_system_gives_different_bytes_each_time() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        OsRandom.fill(&mut first);
        OsRandom.fill(&mut second);
        assert_ne!(first, second);
    }
}
