//! What a client of HTTP Digest answers to a challenge: written down from RFC 7616.

use ::http::Method;
use md5::{Digest as _, Md5};

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text))
}

/// The value between `name="` and the next quote.
fn parameter<'a>(challenge: &'a str, name: &str) -> &'a str {
    let (_, rest) = challenge.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap()
}

/// The value of the header that answers `challenge`.
pub(crate) fn answer(
    (user, key): (&str, &str),
    challenge: &str,
    method: &Method,
    target: &str,
    nc: &str,
) -> String {
    let (realm, nonce) = (parameter(challenge, "realm"), parameter(challenge, "nonce"));
    let one = md5(&format!("{user}:{realm}:{key}"));
    let two = md5(&format!("{method}:{target}"));
    let response = md5(&format!("{one}:{nonce}:{nc}:abcdef:auth:{two}"));
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", \
         algorithm=MD5, response=\"{response}\", qop=auth, nc={nc}, cnonce=\"abcdef\""
    )
}
