//! Reads `Authorization: Bearer` (RFC 6750).
//!
//! Owns the character set and the bound; must not know which tokens exist, or that ours have a
//! prefix: a token of another form is simply one that nobody issued.

use super::secret::Token;

/// The longest token that is read.
pub const TOKEN_BYTES_MAX: usize = 1024;

/// Why the header was not read. Nothing in it comes from the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// Longer than [`TOKEN_BYTES_MAX`].
    #[error("the token is longer than {TOKEN_BYTES_MAX} bytes")]
    TooLong,
    /// Empty, or with a character that no token has.
    #[error("the header is not a token")]
    Syntax,
}

impl Token {
    /// Reads what follows the scheme name: a `token68`.
    ///
    /// # Errors
    ///
    /// When the text is empty, too long, or has other characters.
    pub fn parse(text: &str) -> Result<Self, BearerError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(BearerError::TooLong);
        }
        let body = text.trim_end_matches('=');
        let is_token = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
        };
        if body.is_empty() || !body.bytes().all(is_token) {
            return Err(BearerError::Syntax);
        }
        Ok(Self::new(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::authn::secret::{OsRandom, generate};

    #[test]
    fn the_tokens_that_we_issue_are_read() {
        let token = generate::access_token(&mut OsRandom);
        assert_eq!(Token::parse(token.expose()).unwrap().hash(), token.hash());
    }

    #[test]
    fn padding_ends_a_token_and_occurs_nowhere_else() {
        assert!(Token::parse("a-._~+/9==").is_ok());
        for text in ["", "=", "a=b", "a b", "a,b", "a\"", "é", "a\n"] {
            assert_eq!(Token::parse(text).unwrap_err(), BearerError::Syntax, "{text}");
        }
    }

    #[test]
    fn a_token_beyond_the_bound_is_refused() {
        assert!(Token::parse(&"a".repeat(TOKEN_BYTES_MAX)).is_ok());
        let error = Token::parse(&"a".repeat(TOKEN_BYTES_MAX + 1)).unwrap_err();
        assert_eq!(error, BearerError::TooLong);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = Token::parse(&text);
        }
    }
}
