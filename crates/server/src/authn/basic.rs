//! Reads `Authorization: Basic`, with which service accounts ask for a token.
//!
//! Owns the decoding; must not know whether the credentials are right. OAuth clients escape id and
//! secret like a form before they join them (RFC 6749, section 2.3.1), others do not: a half that
//! is no valid escape is taken as it is. What we issue contains neither `%` nor `+`, so both
//! readings of it are the same.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::form;
use super::secret::Secret;

/// The longest value of the header that is read.
pub const BASIC_BYTES_MAX: usize = 2048;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A user name and what is presented as its password.
#[derive(Clone, Debug)]
pub struct BasicCredentials {
    /// Who the client says it is: a service account's client id. Unproven.
    pub username: String,
    /// What it presents as proof.
    pub password: Secret,
}

/// Why the header was not read. Nothing in it comes from the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BasicError {
    /// Longer than [`BASIC_BYTES_MAX`].
    #[error("the header is longer than {BASIC_BYTES_MAX} bytes")]
    TooLong,
    /// Not the Base64 form of printable text.
    #[error("the header is not Base64 text")]
    Encoding,
    /// No colon, or nothing before it.
    #[error("the header is not a user name, a colon and a password")]
    Syntax,
}

impl BasicCredentials {
    /// Reads what follows the scheme name.
    ///
    /// # Errors
    ///
    /// When the text is too long, not Base64, or not two parts.
    pub fn parse(text: &str) -> Result<Self, BasicError> {
        if text.len() > BASIC_BYTES_MAX {
            return Err(BasicError::TooLong);
        }
        let decoded = LENIENT.decode(text).map_err(|_| BasicError::Encoding)?;
        let decoded = Zeroizing::new(decoded);
        let joined = std::str::from_utf8(&decoded).map_err(|_| BasicError::Encoding)?;
        if joined.chars().any(char::is_control) {
            return Err(BasicError::Encoding);
        }
        let (username, password) = joined.split_once(':').ok_or(BasicError::Syntax)?;
        let username = unescape(username).expose().to_owned();
        if username.is_empty() {
            return Err(BasicError::Syntax);
        }
        Ok(Self { username, password: unescape(password) })
    }
}

fn unescape(text: &str) -> Secret {
    form::decode(text.as_bytes()).unwrap_or_else(|| Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose;
    use proptest::prelude::*;

    use super::*;

    fn check(joined: &str, expected: Result<(&str, &str), BasicError>) {
        let outcome = BasicCredentials::parse(&general_purpose::STANDARD.encode(joined));
        let parts =
            outcome.as_ref().map(|parts| (parts.username.as_str(), parts.password.expose()));
        assert_eq!(parts.map_err(|error| *error), expected, "{joined}");
    }

    #[test]
    fn plain_and_escaped_credentials_read_the_same() {
        check("mdb_sa_id_1:mdb_sa_sk_a-b_c", Ok(("mdb_sa_id_1", "mdb_sa_sk_a-b_c")));
        check("mdb%5Fsa%5fid_1:mdb_sa_sk_a%2Db_c", Ok(("mdb_sa_id_1", "mdb_sa_sk_a-b_c")));
        check("id:p%3Aq", Ok(("id", "p:q")));
    }

    #[test]
    fn a_half_that_is_no_escape_is_taken_as_it_is() {
        check("id:100%", Ok(("id", "100%")));
        check("id:%zz", Ok(("id", "%zz")));
    }

    #[test]
    fn the_first_colon_divides_and_the_password_may_be_empty() {
        check("id:a:b", Ok(("id", "a:b")));
        check("id:", Ok(("id", "")));
    }

    #[test]
    fn padding_may_be_left_out() {
        assert_eq!(BasicCredentials::parse("aWQ6cw==").unwrap().password.expose(), "s");
        assert_eq!(BasicCredentials::parse("aWQ6cw").unwrap().username, "id");
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        check("id", Err(BasicError::Syntax));
        check(":secret", Err(BasicError::Syntax));
        check("", Err(BasicError::Syntax));
        check("id:a\nb", Err(BasicError::Encoding));
        let parse = |text: &str| BasicCredentials::parse(text).unwrap_err();
        assert_eq!(parse("a b"), BasicError::Encoding);
        assert_eq!(parse("/w=="), BasicError::Encoding);
        assert_eq!(parse(&"A".repeat(BASIC_BYTES_MAX + 1)), BasicError::TooLong);
    }

    #[test]
    fn debug_shows_no_password() {
        let text = format!("{:?}", BasicCredentials::parse("aWQ6aHVzaA==").unwrap());
        assert_eq!(text, "BasicCredentials { username: \"id\", password: [redacted] }");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = BasicCredentials::parse(&text);
            let _ = BasicCredentials::parse(&general_purpose::STANDARD.encode(&text));
        }
    }
}
