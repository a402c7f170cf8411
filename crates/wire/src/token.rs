//! The answers of the token endpoint, as RFC 6749 has them: its errors are not those of the rest.

use core::fmt;

use serde::Serialize;

/// An access token that was just made.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenAnswer {
    /// The token.
    pub access_token: String,
    /// How long it counts, in seconds.
    pub expires_in: u64,
    /// How it is sent.
    pub token_type: TokenType,
}

/// How a token is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum TokenType {
    /// In `Authorization: Bearer`.
    #[default]
    Bearer,
}

impl TokenAnswer {
    /// The answer with `access_token`, which counts for `expires_in` seconds.
    #[must_use]
    pub fn new(access_token: String, expires_in: u64) -> Self {
        Self { access_token, expires_in, token_type: TokenType::Bearer }
    }
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Why no token was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenError {
    /// The name that programs compare, such as `invalid_client`.
    pub error: &'static str,
    /// What is wrong, in a sentence.
    pub error_description: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_answered_and_never_logged() {
        let answer = TokenAnswer::new("hidden".into(), 3600);
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"access_token":"hidden","expires_in":3600,"token_type":"Bearer"}"#
        );
        assert!(!format!("{answer:?}").contains("hidden"));
        let error = TokenError { error: "invalid_client", error_description: "x".into() };
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"error":"invalid_client","error_description":"x"}"#
        );
    }
}
