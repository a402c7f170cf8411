//! Reads the parameters of `Authorization: Digest`.
//!
//! Owns what the parameters mean (RFC 7616, section 3.4), their bounds, and which answers can be
//! verified at all: `qop=auth` with MD5, which may be left unsaid. Must not know a secret, a clock
//! or the request. Parameters that we do not know are skipped, as the RFC asks.

use std::fmt;

use super::parameters;

/// The longest value of the header that is read.
pub const HEADER_BYTES_MAX: usize = 4096;
/// The most parameters that are read.
pub const PARAMETERS_MAX: usize = 16;
/// The longest user name that is read.
pub const USERNAME_BYTES_MAX: usize = 128;
/// The longest client nonce that is read.
pub const CNONCE_BYTES_MAX: usize = 256;

const NC_DIGITS: usize = 8;
const RESPONSE_DIGITS: usize = 32;

/// A client's answer to a challenge: well formed, not yet verified.
#[derive(Clone)]
pub struct Answer {
    pub(super) username: String,
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) uri: String,
    pub(super) cnonce: String,
    pub(super) nc: u32,
    pub(super) nc_text: String,
    pub(super) response: [u8; 16],
}

impl Answer {
    /// Reads what follows the scheme name.
    ///
    /// # Errors
    ///
    /// When the text breaks the grammar or a bound, lacks a parameter, or answers something that
    /// we do not offer.
    pub fn parse(text: &str) -> Result<Self, AnswerError> {
        if text.len() > HEADER_BYTES_MAX {
            return Err(AnswerError::TooLong);
        }
        let mut parameters = Parameters(parameters::split(text)?);
        parameters.refuse_what_we_do_not_offer()?;
        let nc_text = parameters.take(Parameter::Nc)?;
        Ok(Self {
            username: parameters.take_bounded(Parameter::Username, USERNAME_BYTES_MAX)?,
            realm: parameters.take(Parameter::Realm)?,
            nonce: parameters.take(Parameter::Nonce)?,
            uri: parameters.take(Parameter::Uri)?,
            cnonce: parameters.take_bounded(Parameter::Cnonce, CNONCE_BYTES_MAX)?,
            nc: parse_nc(&nc_text)?,
            nc_text,
            response: parse_response(&parameters.take(Parameter::Response)?)?,
        })
    }

    /// Who the client says it is: the public key to look up. Unproven.
    pub fn username(&self) -> &str {
        &self.username
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A parameter of the header that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `username`
    Username,
    /// `realm`
    Realm,
    /// `nonce`
    Nonce,
    /// `uri`
    Uri,
    /// `response`
    Response,
    /// `cnonce`
    Cnonce,
    /// `nc`
    Nc,
    /// `qop`
    Qop,
}

impl Parameter {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Realm => "realm",
            Self::Nonce => "nonce",
            Self::Uri => "uri",
            Self::Response => "response",
            Self::Cnonce => "cnonce",
            Self::Nc => "nc",
            Self::Qop => "qop",
        }
    }
}

/// Why an answer was not read. Nothing in it comes from the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Longer than [`HEADER_BYTES_MAX`].
    #[error("the header is longer than {HEADER_BYTES_MAX} bytes")]
    TooLong,
    /// More parameters than [`PARAMETERS_MAX`].
    #[error("the header has more than {PARAMETERS_MAX} parameters")]
    TooManyParameters,
    /// Not `name=value` pairs with a comma between each two.
    #[error("the header is not a list of parameters")]
    Syntax,
    /// The same parameter twice.
    #[error("a parameter is given twice")]
    Duplicate,
    /// A parameter that we need is absent. Without `qop` an answer could be replayed (RFC 2069).
    #[error("the parameter `{}` is missing", .0.name())]
    Missing(Parameter),
    /// A parameter that we need is empty, too long, or not of its form.
    #[error("the parameter `{}` is malformed", .0.name())]
    Malformed(Parameter),
    /// Another algorithm than the challenge offered.
    #[error("the algorithm is not the one of the challenge")]
    AlgorithmNotOffered,
    /// Another `qop` than the challenge offered.
    #[error("the qop is not the one of the challenge")]
    QopNotOffered,
    /// A hashed or extended user name, which the challenge did not offer.
    #[error("a hashed or extended user name was not offered")]
    UsernameFormNotOffered,
}

/// The parameters of a header, by name.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn refuse_what_we_do_not_offer(&self) -> Result<(), AnswerError> {
        if self.get("algorithm").is_some_and(|name| !name.eq_ignore_ascii_case("MD5")) {
            return Err(AnswerError::AlgorithmNotOffered);
        }
        let is_hashed =
            self.get("userhash").is_some_and(|flag| !flag.eq_ignore_ascii_case("false"));
        if is_hashed || self.get("username*").is_some() {
            return Err(AnswerError::UsernameFormNotOffered);
        }
        match self.get("qop") {
            Some("auth") => Ok(()),
            Some(_) => Err(AnswerError::QopNotOffered),
            None => Err(AnswerError::Missing(Parameter::Qop)),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, parameter: Parameter) -> Result<String, AnswerError> {
        let place = self.0.iter().position(|(name, _)| name == parameter.name());
        place.map(|place| self.0.swap_remove(place).1).ok_or(AnswerError::Missing(parameter))
    }

    fn take_bounded(&mut self, parameter: Parameter, max: usize) -> Result<String, AnswerError> {
        let value = self.take(parameter)?;
        let fits = (1..=max).contains(&value.len());
        if fits { Ok(value) } else { Err(AnswerError::Malformed(parameter)) }
    }
}

fn parse_nc(text: &str) -> Result<u32, AnswerError> {
    let is_hex = text.len() == NC_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let nc = if is_hex { u32::from_str_radix(text, 16).unwrap_or(0) } else { 0 };
    if nc == 0 { Err(AnswerError::Malformed(Parameter::Nc)) } else { Ok(nc) }
}

fn parse_response(text: &str) -> Result<[u8; RESPONSE_DIGITS / 2], AnswerError> {
    let mut response = [0; RESPONSE_DIGITS / 2];
    hex::decode_to_slice(text, &mut response)
        .map_err(|_| AnswerError::Malformed(Parameter::Response))?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: [(&str, &str); 9] = [
        ("username", "\"abcdefgh\""),
        ("realm", "\"MMS Public API\""),
        ("nonce", "\"n0\""),
        ("uri", "\"/a?b=c\""),
        ("response", "\"0123456789abcdef0123456789abcdef\""),
        ("algorithm", "MD5"),
        ("qop", "auth"),
        ("nc", "0000000a"),
        ("cnonce", "\"c\""),
    ];

    /// The good header with one parameter left out or replaced.
    fn with(name: &str, value: Option<&str>) -> String {
        let parameters = GOOD
            .iter()
            .map(|&(other, good)| if other == name { (other, value) } else { (other, Some(good)) });
        let parameters: Vec<_> =
            parameters.filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
        parameters.join(", ")
    }

    fn check(text: &str, expected: AnswerError) {
        assert_eq!(Answer::parse(text).unwrap_err(), expected, "{text}");
    }

    #[test]
    fn a_good_answer_is_read() {
        let answer = Answer::parse(&with("", None)).unwrap();
        assert_eq!(answer.username(), "abcdefgh");
        assert_eq!(answer.realm, "MMS Public API");
        assert_eq!((answer.uri.as_str(), answer.nc), ("/a?b=c", 10));
        assert_eq!(answer.response[..2], [0x01, 0x23]);
    }

    #[test]
    fn space_case_and_quotes_may_vary() {
        let text = "\tUSERNAME = \"a\\bc\" ,realm=\"\",nonce=n,  uri=\"/\",qop=\"auth\",\
            \tnc=00000001,\
            cnonce=c,response=0123456789abcdef0123456789abcdef,algorithm=\"md5\",opaque=\"\" ";
        assert_eq!(Answer::parse(text).unwrap().username(), "abc");
    }

    #[test]
    fn each_needed_parameter_is_missed_by_name() {
        use Parameter::{Cnonce, Nc, Nonce, Qop, Realm, Response, Uri, Username};
        for parameter in [Username, Realm, Nonce, Uri, Response, Cnonce, Nc, Qop] {
            check(&with(parameter.name(), None), AnswerError::Missing(parameter));
        }
    }

    #[test]
    fn the_algorithm_may_be_absent_but_not_another() {
        assert!(Answer::parse(&with("algorithm", None)).is_ok());
        for algorithm in ["SHA-256", "\"SHA-256\"", "MD5-sess", "\"\"", "none"] {
            check(&with("algorithm", Some(algorithm)), AnswerError::AlgorithmNotOffered);
        }
    }

    #[test]
    fn what_the_challenge_did_not_offer_is_refused() {
        check(&with("qop", Some("auth-int")), AnswerError::QopNotOffered);
        check(&with("qop", Some("\"auth,auth-int\"")), AnswerError::QopNotOffered);
        let good = with("", None);
        check(&format!("{good}, userhash=true"), AnswerError::UsernameFormNotOffered);
        check(&format!("{good}, username*=UTF-8''a"), AnswerError::UsernameFormNotOffered);
        assert!(Answer::parse(&format!("{good}, userhash=false")).is_ok());
    }

    #[test]
    fn malformed_values_are_named() {
        for nc in ["1", "00000000", "0000000g", "+0000001", "000000001", "\"\""] {
            check(&with("nc", Some(nc)), AnswerError::Malformed(Parameter::Nc));
        }
        for response in ["\"\"", "0123", "\"0123456789abcdef0123456789abcdeg\""] {
            check(&with("response", Some(response)), AnswerError::Malformed(Parameter::Response));
        }
        let long = "c".repeat(CNONCE_BYTES_MAX + 1);
        for cnonce in ["\"\"", &long] {
            check(&with("cnonce", Some(cnonce)), AnswerError::Malformed(Parameter::Cnonce));
        }
        check(&with("username", Some("\"\"")), AnswerError::Malformed(Parameter::Username));
    }

    #[test]
    fn a_parameter_given_twice_is_refused_even_if_unknown() {
        let good = with("", None);
        check(&format!("{good}, NC=00000002"), AnswerError::Duplicate);
        check(&format!("{good}, x=1, X=1"), AnswerError::Duplicate);
    }

    #[test]
    fn the_bounds_hold() {
        check(&"a".repeat(HEADER_BYTES_MAX + 1), AnswerError::TooLong);
        let many: Vec<_> = (0..=PARAMETERS_MAX).map(|n| format!("a{n}=1")).collect();
        check(&many.join(","), AnswerError::TooManyParameters);
    }

    #[test]
    fn debug_shows_no_response() {
        let text = format!("{:?}", Answer::parse(&with("", None)).unwrap());
        assert_eq!(text, "Answer { username: \"abcdefgh\", .. }");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = Answer::parse(&text);
        }

        #[test]
        fn no_text_that_looks_like_a_header_makes_the_parser_panic(
            text in "([a-z*]{0,3}[ \t]?=[ \t]?(\"[a-z\\\\\"é]{0,4}\"|[a-z]{0,8})[ ,]{0,3}){0,20}"
        ) {
            let _ = Answer::parse(&text);
        }

        #[test]
        fn a_good_header_cut_or_changed_anywhere_does_not_panic(
            place in 0_usize..200, byte in any::<char>()
        ) {
            let good = with("", None);
            let place = place.min(good.len());
            let _ = Answer::parse(&good[..place]);
            let _ = Answer::parse(&format!("{}{byte}{}", &good[..place], &good[place..]));
        }
    }
}
