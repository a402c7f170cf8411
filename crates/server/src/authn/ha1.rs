//! `HA1`, what HTTP Digest keeps in place of a password.
//!
//! Owns the value and its computation. It is a password equivalent for one realm: whoever reads it
//! can answer challenges, so it is sealed at rest, wiped from memory, and never shown. Must not
//! know how it is stored. MD5 is what the clients of Atlas answer with; the strength of a key
//! rests on its 128 random bits, not on the hash.

use std::fmt;

use md5::{Digest as _, Md5};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// MD5 of `username:realm:password`. Wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Ha1([u8; 16]);

/// The `HA1` of a user in a realm.
pub fn ha1(username: &str, realm: &str, password: &str) -> Ha1 {
    let mut hash = Md5::new();
    for part in [username, ":", realm, ":", password] {
        hash.update(part);
    }
    Ha1(hash.finalize().into())
}

impl Ha1 {
    /// Stands in for a user that does not exist, so that refusing one takes as long as refusing a
    /// wrong password. A caller must never accept an answer that matches it.
    pub(super) const PLACEHOLDER: Self = Self([0; 16]);

    /// A value opened from its seal.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes to seal.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The `response` that proves knowledge of this value (RFC 7616, section 3.4.1, `qop=auth`).
    pub(super) fn response(&self, method: &str, uri: &str, counted: &Counted<'_>) -> [u8; 16] {
        let mut action = Md5::new();
        for part in [method, ":", uri] {
            action.update(part);
        }
        let mut ha1 = Zeroizing::new([0; 32]);
        let mut ha2 = [0; 32];
        write_hex(&self.0, &mut ha1);
        write_hex(&action.finalize().into(), &mut ha2);

        let mut proof = Md5::new();
        proof.update(*ha1);
        for part in [":", counted.nonce, ":", counted.nc, ":", counted.cnonce, ":auth:"] {
            proof.update(part);
        }
        proof.update(ha2);
        proof.finalize().into()
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The parts of an answer that make it the only one of its kind, exactly as sent.
pub(super) struct Counted<'a> {
    pub(super) nonce: &'a str,
    pub(super) nc: &'a str,
    pub(super) cnonce: &'a str,
}

fn write_hex(bytes: &[u8; 16], text: &mut [u8; 32]) {
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7616_gives_its_response() {
        let ha1 = ha1("Mufasa", "http-auth@example.org", "Circle of Life");
        let counted = Counted {
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            nc: "00000001",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        };
        let response = ha1.response("GET", "/dir/index.html", &counted);
        assert_eq!(hex::encode(response), "8ca523f5e9506fed4657c9700eebdbec");
    }

    #[test]
    fn the_example_of_rfc_2617_gives_its_response() {
        let ha1 = ha1("Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(hex::encode(ha1.as_bytes()), "939e7578ed9e3c518a452acee763bce9");
        let counted = Counted {
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            nc: "00000001",
            cnonce: "0a4f113b",
        };
        let response = ha1.response("GET", "/dir/index.html", &counted);
        assert_eq!(hex::encode(response), "6629fae49393a05397450978507c4ef1");
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        assert_eq!(format!("{:?}", ha1("u", "r", "p")), "[redacted]");
    }
}
