//! Access tokens in the document: forms are taken here, and errors are OAuth's own.

use serde_json::{Value, json};

use super::details::{Details, read, write};
use super::shape::{Named, answer, any_text, object, one_of};
use crate::app::credentials::TOKEN_LIFE;
use crate::authn::form::CLIENT_ID_BYTES_MAX;

/// The statuses whose bodies are OAuth's.
pub(super) const ERRORS: [&str; 2] = ["400", "401"];

/// The details of an operation on tokens.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "createToken" => {
            write("Make an access token for a service account", "TokenRequest", &["Token"])
        }
        "revokeToken" => Details {
            request: Some("RevokeRequest"),
            ..read("Make an access token useless", &["Empty"])
        },
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    vec![
        ("TokenRequest", token_request()),
        ("RevokeRequest", revoke_request()),
        ("Token", token()),
        ("TokenError", token_error()),
    ]
}

/// A form, in which no field comes twice.
fn form(required: &[&str], mut own: Value) -> Value {
    own["client_id"] = json!({
        "type": "string",
        "description": "The service account, unless Basic credentials name it.",
        "maxLength": CLIENT_ID_BYTES_MAX,
    });
    own["client_secret"] = any_text("Its secret, unless Basic credentials have it.");
    let mut form = object(required, own);
    form["additionalProperties"] = json!({ "type": "string" });
    form
}

fn token_request() -> Value {
    let grants = ["client_credentials"];
    let own = json!({
        "grant_type": one_of("The one way to a token.", &grants),
        "scope": any_text("What it should be good for; it is good for everything."),
    });
    form(&["grant_type"], own)
}

fn revoke_request() -> Value {
    let own = json!({
        "token": { "type": "string", "description": "The token.", "minLength": 1 },
        "token_type_hint": any_text("Ignored: there is one kind of token."),
    });
    form(&["token"], own)
}

fn token() -> Value {
    let properties = json!({
        "access_token": any_text("What is sent as a Bearer token."),
        "expires_in": {
            "type": "integer",
            "description": "Seconds that it counts for.",
            "enum": [TOKEN_LIFE.as_secs()],
        },
        "token_type": one_of("How it is sent.", &["Bearer"]),
    });
    answer(&[], properties)
}

fn token_error() -> Value {
    let codes = ["invalid_request", "invalid_client", "unsupported_grant_type"];
    let properties = json!({
        "error": one_of("The name that programs compare.", &codes),
        "error_description": any_text("What is wrong, in a sentence."),
    });
    answer(&[], properties)
}
