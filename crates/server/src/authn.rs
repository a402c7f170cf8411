//! Who is asking: reads credentials from a request and verifies them.
//!
//! Owns HTTP Digest for API keys, access tokens for service accounts, the access list and the
//! throttle that stand before both, and the keeping of secrets. Must not know the store, the HTTP
//! server, a clock or what a caller may do: records come in as values, time and randomness as
//! arguments, and what goes out says who it is or why not. Reasons are typed and hold nothing that
//! the client sent, so they are safe to log. Clients are told only what the protocol demands.

pub mod access;
pub mod basic;
pub mod bearer;
pub mod chain;
pub mod digest;
pub mod form;
pub mod ha1;
pub mod master_key;
pub mod seal;
pub mod secret;
pub mod throttle;

use ::http::HeaderMap;
use ::http::header::AUTHORIZATION;

pub use access::EmptyList;
pub use basic::{BasicCredentials, BasicError};
pub use bearer::BearerError;
pub use chain::{ChainKey, Link};
pub use digest::{
    Answer, AnswerError, DigestPolicy, DigestVerifier, InvalidReason, NonceKey, Outcome, REALM,
    SignedRequest, StaleReason, Staleness,
};
pub use form::{
    ClientCredentials, ClientProof, FormFault, OAuthError, RevokeRequest, TokenRequest,
};
pub use ha1::{Ha1, ha1};
pub use master_key::{KeyFileError, MasterKey, SecretKey};
pub use seal::{SealError, Sealer};
pub use secret::{OsRandom, RandomSource, Secret, Token, TokenHash};
pub use throttle::{Attempt, Throttle, ThrottlePolicy};

/// The credentials of a request, read and not yet verified.
#[derive(Clone, Debug)]
pub enum AuthHeader {
    /// No credentials: answer with a challenge.
    None,
    /// An API key's answer to a challenge.
    Digest(Box<Answer>),
    /// An access token.
    Bearer(Token),
    /// A service account's id and secret: for the token endpoint only.
    Basic(BasicCredentials),
    /// Credentials that cannot be read: answer with a challenge as well.
    Malformed(HeaderError),
}

/// Why a header was not read. Nothing in it comes from the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// More than one `Authorization`: another server on the way may have read the other one.
    #[error("the request has several Authorization headers")]
    Repeated,
    /// Bytes that are not printable ASCII.
    #[error("the Authorization header is not ASCII")]
    NotAscii,
    /// A scheme that we do not offer, or none.
    #[error("the Authorization header has an unknown scheme")]
    UnknownScheme,
    /// `Digest`, unreadable.
    #[error("Digest: {0}")]
    Digest(AnswerError),
    /// `Bearer`, unreadable.
    #[error("Bearer: {0}")]
    Bearer(BearerError),
    /// `Basic`, unreadable.
    #[error("Basic: {0}")]
    Basic(BasicError),
}

impl AuthHeader {
    /// Reads the one `Authorization` header of a request.
    pub fn parse(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Self::None;
        };
        if values.next().is_some() {
            return Self::Malformed(HeaderError::Repeated);
        }
        match value.to_str() {
            Ok(text) => Self::read(text).unwrap_or_else(Self::Malformed),
            Err(_) => Self::Malformed(HeaderError::NotAscii),
        }
    }

    fn read(text: &str) -> Result<Self, HeaderError> {
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim_matches([' ', '\t']);
        let is = |name: &str| scheme.eq_ignore_ascii_case(name);
        if is("bearer") {
            return Token::parse(rest).map(Self::Bearer).map_err(HeaderError::Bearer);
        }
        if is("digest") {
            let answer = Answer::parse(rest).map_err(HeaderError::Digest)?;
            return Ok(Self::Digest(Box::new(answer)));
        }
        if is("basic") {
            return BasicCredentials::parse(rest).map(Self::Basic).map_err(HeaderError::Basic);
        }
        Err(HeaderError::UnknownScheme)
    }
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn parse(values: &[&str]) -> AuthHeader {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        AuthHeader::parse(&headers)
    }

    fn check_malformed(values: &[&str], expected: HeaderError) {
        match parse(values) {
            AuthHeader::Malformed(error) => assert_eq!(error, expected),
            other => panic!("{values:?} was read as {other:?}"),
        }
    }

    #[test]
    fn each_scheme_is_told_by_its_name_in_any_case() {
        assert!(matches!(parse(&[]), AuthHeader::None));
        assert!(matches!(parse(&["Bearer abc"]), AuthHeader::Bearer(t) if t.expose() == "abc"));
        assert!(matches!(parse(&["BASIC aWQ6cw=="]), AuthHeader::Basic(b) if b.username == "id"));
        let digest = "digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\", qop=auth, \
            nc=00000001, cnonce=\"c\", response=\"0123456789abcdef0123456789abcdef\"";
        assert!(matches!(parse(&[digest]), AuthHeader::Digest(a) if a.username() == "u"));
    }

    #[test]
    fn two_headers_are_refused_even_if_equal() {
        check_malformed(&["Bearer abc", "Bearer abc"], HeaderError::Repeated);
    }

    #[test]
    fn what_cannot_be_read_says_why_and_never_what() {
        check_malformed(&[""], HeaderError::UnknownScheme);
        check_malformed(&["Negotiate abc"], HeaderError::UnknownScheme);
        check_malformed(&["Bearer é"], HeaderError::NotAscii);
        check_malformed(&["Bearer"], HeaderError::Bearer(BearerError::Syntax));
        check_malformed(&["Basic !"], HeaderError::Basic(BasicError::Encoding));
        check_malformed(&["Digest"], HeaderError::Digest(AnswerError::Syntax));
        let long = format!("Digest {}", "a".repeat(5_000));
        check_malformed(&[&long], HeaderError::Digest(AnswerError::TooLong));
    }

    proptest! {
        #[test]
        fn no_header_makes_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                AuthHeader::parse(&HeaderMap::from_iter([(AUTHORIZATION, value)]));
            }
        }
    }
}
