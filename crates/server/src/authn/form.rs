//! The bodies of the token and revocation requests (RFC 6749, RFC 7009), and their error codes.
//!
//! Owns the bounded reader of `application/x-www-form-urlencoded` and the rules on where a client
//! may put its credentials: in `Authorization: Basic` or in the form, not in both. Must not know
//! whether credentials are right, nor HTTP statuses. Each value is held as a [`Secret`] from the
//! moment it is decoded, as any of them may be one.

mod fields;

use super::basic::BasicCredentials;
use super::secret::{Secret, Token};
use fields::Fields;
pub(super) use fields::decode;

/// The longest body that is read.
pub const BODY_BYTES_MAX: usize = 8192;
/// The most fields that are read.
pub const FIELDS_MAX: usize = 16;
/// The longest client id that is read.
pub const CLIENT_ID_BYTES_MAX: usize = 128;

/// A client's id and the secret that it claims to have.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    /// Which service account; unproven.
    pub client_id: String,
    /// What it presents as proof.
    pub client_secret: Secret,
}

/// A request for an access token with the grant `client_credentials`.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// Who asks.
    pub client: ClientCredentials,
    /// What the token should be good for, as sent.
    pub scope: Option<String>,
}

impl TokenRequest {
    /// Reads the body, with the credentials of the header if there were any.
    ///
    /// # Errors
    ///
    /// The code that RFC 6749, section 5.2, gives to the fault.
    pub fn parse(body: &[u8], header: Option<BasicCredentials>) -> Result<Self, OAuthError> {
        let mut fields = Fields::parse(body)?;
        let grant_type = fields.take("grant_type").ok_or(FormFault::GrantTypeMissing)?;
        if grant_type.expose() != "client_credentials" {
            return Err(OAuthError::UnsupportedGrantType);
        }
        let scope = fields.take("scope").map(|scope| scope.expose().to_owned());
        match ClientProof::find(&mut fields, header)? {
            ClientProof::Full(client) => Ok(Self { client, scope }),
            ClientProof::IdOnly(_) | ClientProof::None => Err(OAuthError::InvalidClient),
        }
    }
}

/// A request to revoke a token. `token_type_hint` is read and ignored, as RFC 7009 allows: there
/// is one kind of token.
#[derive(Clone, Debug)]
pub struct RevokeRequest {
    /// What to revoke.
    pub token: Token,
    /// Who asks.
    pub client: ClientProof,
}

impl RevokeRequest {
    /// Reads the body, with the credentials of the header if there were any.
    ///
    /// # Errors
    ///
    /// The code that RFC 7009, section 2.2.1, gives to the fault.
    pub fn parse(body: &[u8], header: Option<BasicCredentials>) -> Result<Self, OAuthError> {
        let mut fields = Fields::parse(body)?;
        let token = fields.take("token").ok_or(FormFault::TokenMissing)?;
        let client = ClientProof::find(&mut fields, header)?;
        Ok(Self { token: Token::new(token.expose().to_owned()), client })
    }
}

/// How much a client said about itself.
#[derive(Clone, Debug)]
pub enum ClientProof {
    /// Nothing.
    None,
    /// Its id without a secret, as a public client does.
    IdOnly(String),
    /// Its id and secret.
    Full(ClientCredentials),
}

impl ClientProof {
    fn find(fields: &mut Fields, header: Option<BasicCredentials>) -> Result<Self, OAuthError> {
        let form_id = fields.take("client_id");
        let form_secret = fields.take("client_secret");
        if let Some(BasicCredentials { username, password }) = header {
            let agrees = form_id.is_none_or(|id| id.expose() == username);
            if form_secret.is_some() || !agrees {
                return Err(FormFault::CredentialsTwice.into());
            }
            return Ok(Self::full(username, password)?);
        }
        match (form_id, form_secret) {
            (Some(id), Some(secret)) => Ok(Self::full(id.expose().to_owned(), secret)?),
            (Some(id), None) => Ok(Self::IdOnly(bounded_id(id.expose().to_owned())?)),
            (None, Some(_)) => Err(FormFault::ClientIdMissing.into()),
            (None, None) => Ok(Self::None),
        }
    }

    fn full(client_id: String, client_secret: Secret) -> Result<Self, FormFault> {
        let client_id = bounded_id(client_id)?;
        Ok(Self::Full(ClientCredentials { client_id, client_secret }))
    }
}

fn bounded_id(id: String) -> Result<String, FormFault> {
    if id.len() > CLIENT_ID_BYTES_MAX { Err(FormFault::ClientIdTooLong) } else { Ok(id) }
}

/// What the token and revocation endpoints answer in `error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The request breaks a rule of form.
    #[error("{0}")]
    InvalidRequest(FormFault),
    /// The client is unknown, or did not prove to be who it says.
    #[error("the client is not known or its secret is wrong")]
    InvalidClient,
    /// Another grant than `client_credentials`.
    #[error("the only grant type is client_credentials")]
    UnsupportedGrantType,
}

impl OAuthError {
    /// The code of RFC 6749, section 5.2.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        }
    }
}

impl From<FormFault> for OAuthError {
    fn from(fault: FormFault) -> Self {
        Self::InvalidRequest(fault)
    }
}

/// Which rule of form a request breaks. Nothing in it comes from the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// Longer than [`BODY_BYTES_MAX`].
    #[error("the body is longer than {BODY_BYTES_MAX} bytes")]
    TooLong,
    /// More fields than [`FIELDS_MAX`].
    #[error("the body has more than {FIELDS_MAX} fields")]
    TooManyFields,
    /// A broken percent escape, or bytes that are not UTF-8.
    #[error("the body is not a form")]
    Encoding,
    /// The same field twice.
    #[error("a field is given twice")]
    Duplicate,
    /// No `grant_type`.
    #[error("the field grant_type is missing")]
    GrantTypeMissing,
    /// No `token`.
    #[error("the field token is missing")]
    TokenMissing,
    /// A secret without an id.
    #[error("the field client_id is missing")]
    ClientIdMissing,
    /// An id longer than [`CLIENT_ID_BYTES_MAX`].
    #[error("the client id is too long")]
    ClientIdTooLong,
    /// Credentials in the header and in the form.
    #[error("the client gave its credentials twice")]
    CredentialsTwice,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GRANT: &str = "grant_type=client_credentials";

    fn basic(id: &str, secret: &str) -> Option<BasicCredentials> {
        let password = Secret::new(secret.to_owned());
        Some(BasicCredentials { username: id.to_owned(), password })
    }

    fn check_token(
        body: &str,
        header: Option<BasicCredentials>,
        expected: Result<&str, OAuthError>,
    ) {
        let outcome = TokenRequest::parse(body.as_bytes(), header);
        let outcome = outcome.map(|request| {
            format!("{} {}", request.client.client_id, request.client.client_secret.expose())
        });
        assert_eq!(outcome.as_deref().map_err(|error| *error), expected, "{body}");
    }

    #[test]
    fn credentials_may_come_in_the_header_or_in_the_form() {
        check_token(GRANT, basic("id", "s"), Ok("id s"));
        check_token(&format!("{GRANT}&client_id=id&client_secret=s"), None, Ok("id s"));
        check_token(&format!("{GRANT}&client_id=id"), basic("id", "s"), Ok("id s"));
        check_token(&format!("client_secret=%73+%2B&{GRANT}&client_id=i%64"), None, Ok("id s +"));
    }

    #[test]
    fn credentials_in_both_places_are_refused() {
        let twice = Err(FormFault::CredentialsTwice.into());
        check_token(&format!("{GRANT}&client_secret=s"), basic("id", "s"), twice);
        check_token(&format!("{GRANT}&client_id=other"), basic("id", "s"), twice);
    }

    #[test]
    fn a_client_without_proof_is_no_client() {
        check_token(GRANT, None, Err(OAuthError::InvalidClient));
        check_token(&format!("{GRANT}&client_id=id"), None, Err(OAuthError::InvalidClient));
        check_token(
            &format!("{GRANT}&client_id=id&client_secret="),
            None,
            Err(OAuthError::InvalidClient),
        );
        check_token(
            &format!("{GRANT}&client_secret=s"),
            None,
            Err(FormFault::ClientIdMissing.into()),
        );
    }

    #[test]
    fn only_client_credentials_are_granted() {
        for body in ["", "scope=x", "grant_type="] {
            check_token(body, basic("id", "s"), Err(FormFault::GrantTypeMissing.into()));
        }
        for grant in ["password", "refresh_token", "CLIENT_CREDENTIALS"] {
            let body = format!("grant_type={grant}");
            check_token(&body, basic("id", "s"), Err(OAuthError::UnsupportedGrantType));
        }
    }

    #[test]
    fn a_broken_form_is_an_invalid_request() {
        let faults = [
            (format!("{GRANT}&{GRANT}"), FormFault::Duplicate),
            (format!("{GRANT}&x=%"), FormFault::Encoding),
            (format!("{GRANT}&client_id={}", "i".repeat(129)), FormFault::ClientIdTooLong),
        ];
        for (body, fault) in faults {
            check_token(&body, None, Err(fault.into()));
            assert_eq!(OAuthError::from(fault).code(), "invalid_request");
        }
    }

    #[test]
    fn a_scope_is_handed_on_and_unknown_fields_are_skipped() {
        let body = format!("{GRANT}&scope=a+b&audience=x&&flag");
        let request = TokenRequest::parse(body.as_bytes(), basic("id", "s")).unwrap();
        assert_eq!(request.scope.as_deref(), Some("a b"));
    }

    #[test]
    fn a_revocation_names_its_token_and_perhaps_its_client() {
        let parse = |body: &str, header| RevokeRequest::parse(body.as_bytes(), header);
        let request = parse("token=t&token_type_hint=access_token", basic("id", "s")).unwrap();
        assert_eq!(request.token.expose(), "t");
        assert!(matches!(request.client, ClientProof::Full(client) if client.client_id == "id"));
        let request = parse("token=t&client_id=id", None).unwrap();
        assert!(matches!(request.client, ClientProof::IdOnly(id) if id == "id"));
        assert!(matches!(parse("token=t", None).unwrap().client, ClientProof::None));
        let error = parse("token_type_hint=access_token", None).unwrap_err();
        assert_eq!(error, FormFault::TokenMissing.into());
    }

    #[test]
    fn debug_shows_no_secret() {
        let body = format!("{GRANT}&client_id=id&client_secret=hush");
        let text = format!("{:?}", TokenRequest::parse(body.as_bytes(), None).unwrap());
        assert!(text.contains("id") && !text.contains("hush"), "{text}");
    }

    proptest! {
        #[test]
        fn no_body_makes_the_parser_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = TokenRequest::parse(&body, None);
            let _ = RevokeRequest::parse(&body, None);
        }
    }
}
