//! OAuth 2.0 client credentials: tokens for service accounts (RFC 6749 §4.4, RFC 7009).
//!
//! Errors are OAuth's own JSON here, not the contract's: that is what OAuth clients read.

use std::sync::Arc;

use ::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use ::http::{HeaderValue, Method, StatusCode};
use peerage_wire::token::{TokenAnswer, TokenError};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Access, Bucket, Media, Operation};
use super::reply::Reply;
use crate::app::App;
use crate::app::credentials::{Denied, TOKEN_LIFE};
use crate::authn::{BasicCredentials, OAuthError, RevokeRequest, TokenRequest};

/// The operations on tokens.
pub(super) fn operations() -> Vec<Operation> {
    let operation = |id, path, handler| Operation {
        id,
        method: Method::POST,
        path,
        media: Media::Plain,
        access: Access::Anyone,
        bucket: Bucket::Other,
        handler,
    };
    vec![
        operation("createToken", "/api/oauth/token", |app, call| Box::pin(token(app, call))),
        operation("revokeToken", "/api/oauth/revoke", |app, call| Box::pin(revoke(app, call))),
    ]
}

async fn token(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let request = match basic(&call).and_then(|basic| TokenRequest::parse(&call.body, basic)) {
        Ok(request) => request,
        Err(error) => return refuse(error),
    };
    match app.issue_token(&request.client, call.remote).await {
        Ok(token) => {
            let answer = TokenAnswer::new(token.expose().to_owned(), TOKEN_LIFE.as_secs());
            Ok(not_kept(Reply::ok(&answer)?))
        }
        Err(Denied::Challenge(_) | Denied::AddressNotAllowed) => refuse(OAuthError::InvalidClient),
        Err(Denied::Throttled { retry_after }) => Err(Fault::RateLimited { limit: 0, retry_after }),
        Err(Denied::Unavailable { retry_after }) => {
            Err(Fault::Unavailable { reason: "the store could not be asked", retry_after })
        }
    }
}

async fn revoke(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let request = match basic(&call).and_then(|basic| RevokeRequest::parse(&call.body, basic)) {
        Ok(request) => request,
        Err(error) => return refuse(error),
    };
    // Whoever holds a token may make it useless: no further proof is asked for.
    app.revoke_token(&request.token).await?;
    Ok(not_kept(Reply::ok(&serde_json::json!({}))?))
}

/// The credentials of the header, when it has some.
fn basic(call: &Call) -> Result<Option<BasicCredentials>, OAuthError> {
    let Some(text) = &call.authorization else { return Ok(None) };
    match text.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => {
            BasicCredentials::parse(rest.trim()).map(Some).map_err(|_| OAuthError::InvalidClient)
        }
        _ => Ok(None),
    }
}

fn refuse(error: OAuthError) -> Result<Reply, Fault> {
    let invalid_client = matches!(error, OAuthError::InvalidClient);
    let body = TokenError { error: error.code(), error_description: error.to_string() };
    let status = if invalid_client { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let reply = not_kept(Reply::with(status, &body)?);
    if !invalid_client {
        return Ok(reply);
    }
    Ok(reply.header(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Peerage\"")))
}

/// Tokens are for nobody's cache.
fn not_kept(reply: Reply) -> Reply {
    reply.header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
