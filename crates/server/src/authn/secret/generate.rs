//! Makes new credentials in the shapes that clients of Atlas check for.
//!
//! Owns the shapes and their entropy; must not know whether a value is already taken: the caller
//! retries when the store reports a collision, which only the public key is short enough to have.
//! No generator loops on its source, so a constant source ends too.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{RandomSource, Secret, Token};

/// Start of each service account's secret.
pub const CLIENT_SECRET_PREFIX: &str = "mdb_sa_sk_";
/// Start of each access token, for people and scanners that find one where it should not be.
pub const ACCESS_TOKEN_PREFIX: &str = "peerage_at_";

const PUBLIC_KEY_LETTERS: usize = 8;

/// The public key of an API key: eight lower-case letters, 37 bits. A name, not a secret.
pub fn public_key(random: &mut dyn RandomSource) -> String {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    // 26^8 is so small beside 2^64 that the remainder favours no name measurably.
    let mut number = u64::from_be_bytes(bytes);
    (0..PUBLIC_KEY_LETTERS)
        .map(|_| {
            let letter = b"abcdefghijklmnopqrstuvwxyz"[(number % 26) as usize];
            number /= 26;
            char::from(letter)
        })
        .collect()
}

/// The private key of an API key: 128 random bits, written as a UUID is.
pub fn private_key(random: &mut dyn RandomSource) -> Secret {
    let mut bytes = Zeroizing::new([0; 16]);
    random.fill(&mut *bytes);
    let digits = Zeroizing::new(hex::encode(*bytes));
    let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Secret::new(groups.join("-"))
}

/// The secret of a service account: 240 random bits in 40 characters that need no escape in a URL.
pub fn client_secret(random: &mut dyn RandomSource) -> Secret {
    Secret::new(prefixed::<30>(CLIENT_SECRET_PREFIX, random))
}

/// An access token: 256 random bits. Opaque: everything about it is looked up by its hash.
pub fn access_token(random: &mut dyn RandomSource) -> Token {
    Token::new(prefixed::<32>(ACCESS_TOKEN_PREFIX, random))
}

fn prefixed<const N: usize>(prefix: &str, random: &mut dyn RandomSource) -> String {
    let mut bytes = Zeroizing::new([0; N]);
    random.fill(&mut *bytes);
    let mut text = String::with_capacity(prefix.len() + N.div_ceil(3) * 4);
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::secret::OsRandom;

    fn check(text: &str, prefix: &str, len: usize, allowed: impl Fn(char) -> bool) {
        let rest = text.strip_prefix(prefix).expect("starts with the prefix");
        assert_eq!(rest.len(), len, "{text}");
        assert!(rest.chars().all(allowed), "{text}");
    }

    fn is_lower_hex(c: char) -> bool {
        c.is_ascii_digit() || ('a'..='f').contains(&c)
    }

    fn is_url_safe(c: char) -> bool {
        c.is_ascii_alphanumeric() || c == '-' || c == '_'
    }

    #[test]
    fn each_credential_has_the_shape_that_clients_expect() {
        for _ in 0..100 {
            check(&public_key(&mut OsRandom), "", 8, |c| c.is_ascii_lowercase());
            check(client_secret(&mut OsRandom).expose(), "mdb_sa_sk_", 40, is_url_safe);
            check(access_token(&mut OsRandom).expose(), "peerage_at_", 43, is_url_safe);
        }
    }

    #[test]
    fn the_private_key_is_written_as_a_uuid() {
        let key = private_key(&mut OsRandom);
        let groups: Vec<_> = key.expose().split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(groups.concat().chars().all(is_lower_hex));
    }

    #[test]
    fn the_same_source_gives_the_same_credentials() {
        let seeded = || |bytes: &mut [u8]| bytes.fill(0xA5);
        assert_eq!(public_key(&mut seeded()), public_key(&mut seeded()));
        assert_eq!(private_key(&mut seeded()).expose(), "a5a5a5a5-a5a5-a5a5-a5a5-a5a5a5a5a5a5");
    }

    #[test]
    fn all_letters_occur_in_all_places_of_a_public_key() {
        let mut seen = [[false; 26]; 8];
        for _ in 0..2_000 {
            for (place, letter) in public_key(&mut OsRandom).bytes().enumerate() {
                seen[place][usize::from(letter - b'a')] = true;
            }
        }
        assert!(seen.iter().flatten().all(|&seen| seen));
    }
}
