//! Where tokens come from: the token endpoint of service accounts, the exchange of workload
//! identity, impersonation, and the metadata server of a machine.
//!
//! Signatures and times of assertions are not looked at: the clock of an emulated world is not that
//! of who signs. A token itself is kept nowhere, only its digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::answer::{self, Query};
use super::world::World;
use super::{SERVICE_ACCOUNT, SERVICE_PROJECT};
use crate::calendar;
use crate::{Request, Response};

/// How the tokens begin that are made here.
pub(super) const TOKEN_FRONT: &str = "ya29.emulated-";

/// How long a token lasts.
const LIFE_SECONDS: u32 = 3_600;

/// Tokens at one time; the oldest end first.
const TOKENS_MAX: usize = 1_000;

/// The longest name of whoever gets a token: it is kept. The bound is ours.
const NAME_MAX: usize = 2_048;

/// A token, in the table of their digests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    account: String,
    ends_ms: i64,
}

/// Answers what is asked of the token endpoints; `None` if something else is asked.
pub(super) fn answer(world: &mut World, request: &Request) -> Option<Response> {
    let path = request.uri().path();
    if let Some(item) = path.strip_prefix("/computeMetadata/v1/") {
        return Some(metadata(world, request, item));
    }
    match (request.method().as_str(), path) {
        ("GET", "/" | "/computeMetadata") => Some(flavoured(Response::default())),
        ("POST", "/token") => Some(grant(world, request)),
        ("POST", "/v1/token") => Some(exchange(world, request)),
        ("POST", path) => {
            let account = path.strip_prefix("/v1/projects/-/serviceAccounts/")?;
            let account = account.strip_suffix(":generateAccessToken")?;
            Some(impersonate(world, account))
        }
        _ => None,
    }
}

/// The claims of a JWT.
pub(super) fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&claims).ok()
}

/// Whether a name of somebody can be kept.
pub(super) fn is_short(name: &str) -> bool {
    name.chars().count() <= NAME_MAX
}

/// `POST /token` with a JWT bearer assertion (RFC 7523).
fn grant(world: &mut World, request: &Request) -> Response {
    let form = Query::parse(&String::from_utf8_lossy(request.body()));
    if form.get("grant_type") != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
        let words = "Invalid grant_type";
        return refused("unsupported_grant_type", words);
    }
    let claims = form.get("assertion").and_then(claims);
    let issuer = claims.as_ref().and_then(|claims| claims["iss"].as_str());
    let Some(account) = issuer.filter(|account| is_short(account)) else {
        return refused("invalid_grant", "Invalid JWT Signature.");
    };
    if !world.knows(account) {
        return refused("invalid_grant", "Invalid grant: account not found");
    }
    let token = world.issue(account);
    let body = json!({ "access_token": token, "expires_in": LIFE_SECONDS, "token_type": "Bearer" });
    answer::json(StatusCode::OK, &body)
}

/// `POST /v1/token`: the Security Token Service of workload identity.
fn exchange(world: &mut World, request: &Request) -> Response {
    let text = String::from_utf8_lossy(request.body());
    let form = Query::parse(&text);
    let json: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let field = |form_name: &str, json_name: &str| {
        form.get(form_name).or_else(|| json[json_name].as_str()).map(str::to_owned)
    };
    if field("subject_token", "subjectToken").is_none_or(|token| token.is_empty()) {
        return refused("invalid_request", "The subject token is missing.");
    }
    let Some(audience) = field("audience", "audience") else {
        return refused("invalid_request", "The audience is missing.");
    };
    if !is_short(&audience) {
        return refused("invalid_request", "Invalid value for \"audience\".");
    }
    let token = world.issue(&format!("principal:{audience}"));
    let body = json!({
        "access_token": token,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": LIFE_SECONDS,
    });
    answer::json(StatusCode::OK, &body)
}

/// `generateAccessToken` of the IAM credentials API.
fn impersonate(world: &mut World, account: &str) -> Response {
    let account = percent_encoding::percent_decode_str(account).decode_utf8_lossy().into_owned();
    if !is_short(&account) {
        let error = json!({ "code": 400, "message": "Request contains an invalid argument.",
            "status": "INVALID_ARGUMENT" });
        return answer::json(StatusCode::BAD_REQUEST, &json!({ "error": error }));
    }
    if !world.knows(&account) {
        let error = json!({ "code": 404, "message": "Requested entity was not found.",
            "status": "NOT_FOUND" });
        return answer::json(StatusCode::NOT_FOUND, &json!({ "error": error }));
    }
    let token = world.issue(&account);
    let ends = world.now.after(std::time::Duration::from_secs(LIFE_SECONDS.into()));
    let body = json!({ "accessToken": token, "expireTime": calendar::pacific(ends) });
    answer::json(StatusCode::OK, &body)
}

/// The metadata server of a machine that runs as the service's account.
fn metadata(world: &mut World, request: &Request, item: &str) -> Response {
    let flavour = request.headers().get("metadata-flavor");
    if flavour.is_none_or(|value| value != "Google") {
        let mut response = Response::new("Missing Metadata-Flavor:Google header.\n".into());
        *response.status_mut() = StatusCode::FORBIDDEN;
        return response;
    }
    let account = item
        .strip_prefix("instance/service-accounts/default")
        .map(|rest| rest.trim_end_matches('/'));
    let response = match (account, item) {
        (Some("/token"), _) => {
            let token = world.issue(SERVICE_ACCOUNT);
            let body = json!({ "access_token": token, "expires_in": LIFE_SECONDS,
                "token_type": "Bearer" });
            answer::json(StatusCode::OK, &body)
        }
        (Some(""), _) => {
            let scopes = ["https://www.googleapis.com/auth/cloud-platform"];
            let body =
                json!({ "aliases": ["default"], "email": SERVICE_ACCOUNT, "scopes": scopes });
            answer::json(StatusCode::OK, &body)
        }
        (Some("/email"), _) => Response::new(SERVICE_ACCOUNT.into()),
        (_, "project/project-id") => Response::new(SERVICE_PROJECT.into()),
        (_, "project/numeric-project-id") => Response::new("222222222222".into()),
        (_, "universe/universe-domain" | "universe/universe_domain") => {
            Response::new("googleapis.com".into())
        }
        _ => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    };
    flavoured(response)
}

fn flavoured(mut response: Response) -> Response {
    response.headers_mut().insert("metadata-flavor", HeaderValue::from_static("Google"));
    response
}

/// A refusal as OAuth has it (RFC 6749, section 5.2).
fn refused(error: &str, words: &str) -> Response {
    let body = json!({ "error": error, "error_description": words });
    answer::json(StatusCode::BAD_REQUEST, &body)
}

impl World {
    /// Makes an account known; from then on only known accounts get tokens.
    pub(super) fn add_account(&mut self, account: &str) {
        if self.tables.accounts.insert(account.to_owned()) {
            self.touch();
        }
    }

    fn knows(&self, account: &str) -> bool {
        let accounts = &self.tables.accounts;
        accounts.is_empty() || account == SERVICE_ACCOUNT || accounts.contains(account)
    }

    /// Whose token that is, if it was made here and has not ended.
    pub(super) fn account_of(&self, token: &str) -> Option<String> {
        let kept = self.tables.tokens.get(&digest(token))?;
        (kept.ends_ms > self.now.as_millis()).then(|| kept.account.clone())
    }

    fn issue(&mut self, account: &str) -> String {
        let now_ms = self.now.as_millis();
        let token = format!("{TOKEN_FRONT}{}", self.tables.ids.hex(48));
        let ends_ms = now_ms.saturating_add(i64::from(LIFE_SECONDS) * 1_000);
        let tokens = &mut self.tables.tokens;
        tokens.retain(|_, kept| kept.ends_ms > now_ms);
        while tokens.len() >= TOKENS_MAX {
            let oldest = tokens.iter().min_by_key(|(_, kept)| kept.ends_ms);
            let Some(oldest) = oldest.map(|(digest, _)| digest.clone()) else { break };
            tokens.remove(&oldest);
        }
        tokens.insert(digest(&token), Token { account: account.to_owned(), ends_ms });
        self.touch();
        token
    }
}

fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}
