//! HTTP Digest, the client's side, as RFC 7616 writes it and the service asks for it (MD5, `auth`).

use md5::{Digest as _, Md5};

/// A challenge that was answered, and how often.
#[derive(Clone, Debug)]
pub struct Exchange {
    realm: String,
    nonce: String,
    count: u32,
}

impl Exchange {
    /// Reads the value of `WWW-Authenticate`.
    #[must_use]
    pub fn read(challenge: &str) -> Option<Self> {
        let rest = challenge.strip_prefix("Digest ")?;
        let realm = parameter(rest, "realm")?.to_owned();
        let nonce = parameter(rest, "nonce")?.to_owned();
        Some(Self { realm, nonce, count: 0 })
    }

    /// The value of `Authorization` for one more request.
    pub fn answer(&mut self, user: &str, key: &str, method: &str, target: &str) -> String {
        self.count += 1;
        let Self { realm, nonce, count } = self;
        let one = md5(&format!("{user}:{realm}:{key}"));
        let two = md5(&format!("{method}:{target}"));
        let response = md5(&format!("{one}:{nonce}:{count:08x}:trial:auth:{two}"));
        format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", \
             algorithm=MD5, response=\"{response}\", qop=auth, nc={count:08x}, cnonce=\"trial\""
        )
    }
}

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text))
}

/// The value between `name="` and the next quote.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_the_uses_of_its_nonce() {
        let challenge = "Digest realm=\"R\", nonce=\"N\", qop=\"auth\"";
        let mut exchange = Exchange::read(challenge).unwrap();
        let first = exchange.answer("u", "k", "GET", "/x");
        assert!(first.contains("nc=00000001") && first.contains("nonce=\"N\""), "{first}");
        let second = exchange.answer("u", "k", "GET", "/x");
        assert!(second.contains("nc=00000002") && first != second, "{second}");
        assert!(Exchange::read("Basic realm=\"R\"").is_none());
    }
}
