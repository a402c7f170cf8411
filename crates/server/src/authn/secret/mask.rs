//! What may be shown of a credential after it was shown once.
//!
//! Owns the masked forms. They must be made while the secret is at hand, and stored beside its
//! hash or seal: nothing here can be computed from those. Must not reveal more than a tail that
//! leaves the rest unguessable; a value of an unknown shape is masked whole.

use super::Secret;
use super::generate::CLIENT_SECRET_PREFIX;

const PRIVATE_KEY_TAIL: usize = 12;
const PRIVATE_KEY_LEN: usize = 36;
const CLIENT_SECRET_TAIL: usize = 4;
/// Characters that must stay hidden before a tail may be shown.
const HIDDEN_MIN: usize = 20;

/// The private key of an API key with its last group left readable: `********-****-****-` and
/// twelve digits, one group fewer than the key has, as Atlas prints it.
pub fn private_key(key: &Secret) -> String {
    let text = key.expose();
    let shaped = text.len() == PRIVATE_KEY_LEN && text.is_ascii();
    let tail = if shaped { &text[PRIVATE_KEY_LEN - PRIVATE_KEY_TAIL..] } else { "************" };
    format!("********-****-****-{tail}")
}

/// A service account's secret with its prefix and last four characters left readable.
pub fn client_secret(secret: &Secret) -> String {
    let hidden = secret.expose().strip_prefix(CLIENT_SECRET_PREFIX).unwrap_or_default();
    let shaped = hidden.len() >= HIDDEN_MIN + CLIENT_SECRET_TAIL && hidden.is_ascii();
    let tail = if shaped { &hidden[hidden.len() - CLIENT_SECRET_TAIL..] } else { "****" };
    format!("{CLIENT_SECRET_PREFIX}{}{tail}", "*".repeat(HIDDEN_MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_private_key_keeps_its_last_group() {
        let key = secret("55c3bbb6-b4bb-40be-9166-e66d20841f3e");
        assert_eq!(private_key(&key), "********-****-****-e66d20841f3e");
    }

    #[test]
    fn a_client_secret_keeps_its_prefix_and_four_characters() {
        let key = secret("mdb_sa_sk_0123456789012345678901234567890123456789");
        assert_eq!(client_secret(&key), "mdb_sa_sk_********************6789");
    }

    #[test]
    fn a_value_of_another_shape_is_masked_whole() {
        for text in ["", "short", "mdb_sa_sk_short", "ääääääääääääääääää"] {
            assert_eq!(private_key(&secret(text)), "********-****-****-************");
            assert_eq!(client_secret(&secret(text)), "mdb_sa_sk_************************");
        }
    }
}
