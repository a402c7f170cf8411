//! Tokens: what the directory signs and Resource Manager reads. A token is a JSON Web Token whose
//! signature is a digest over the world's seed: nothing has to be remembered about it. A token that
//! nobody here has signed is that of the customers' administrator.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::call::Call;
use super::ids::digest;
use super::object::Principal;
use super::refusal::{Refusal, access};
use super::world::World;
use crate::calendar;
use peerage_core::time::Timestamp;

/// How long a token works, in seconds.
pub(super) const LIFE: i64 = 3600;

/// The name of the key in a token's head: who claims it has to have been signed here.
const KEY: &str = "peerage-emulated";

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// Of all customers' directories.
    Administrator,
    /// An application that signed in here.
    Application(Principal),
}

/// A new token of an application for an audience.
pub(super) fn sign(world: &World, principal: &Principal, audience: &str) -> String {
    let issued = world.now().as_millis().div_euclid(1000);
    let head = json!({ "typ": "JWT", "alg": "RS256", "kid": KEY });
    let claims = json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{}/", principal.tenant),
        "iat": issued,
        "nbf": issued,
        "exp": issued.saturating_add(LIFE),
        "appid": principal.client,
        "idtyp": "app",
        "oid": principal.object,
        "tid": principal.tenant,
        "ver": "1.0",
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&head), part(&claims));
    let signature = signature(world, &signed);
    format!("{signed}.{signature}")
}

/// Who sends the request.
pub(super) fn caller(call: &Call<'_>) -> Result<Caller, Refusal> {
    let token = call.header("authorization").ok_or_else(access::unauthenticated)?;
    let token = bearer(token).ok_or_else(access::bad_token)?;
    read(call.world, token)
}

/// The applications whose tokens come along: `x-ms-authorization-auxiliary`. One that does not
/// work is as if it were not there.
pub(super) fn auxiliaries(call: &Call<'_>) -> Vec<Principal> {
    let listed = call.header("x-ms-authorization-auxiliary").unwrap_or_default();
    let tokens = listed.split([',', ';']).filter_map(|one| bearer(one.trim()));
    let callers = tokens.filter_map(|token| read(call.world, token).ok());
    callers
        .filter_map(|caller| match caller {
            Caller::Application(principal) => Some(principal),
            Caller::Administrator => None,
        })
        .collect()
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn read(world: &World, token: &str) -> Result<Caller, Refusal> {
    let Some((signed, signature_given)) = token.rsplit_once('.') else {
        return Ok(Caller::Administrator);
    };
    let parts = signed.split_once('.').and_then(|(head, claims)| Some((json_of(head)?, claims)));
    let Some((head, claims)) = parts else { return Ok(Caller::Administrator) };
    if head["kid"] != KEY {
        return Ok(Caller::Administrator);
    }
    if signature(world, signed) != signature_given {
        return Err(access::bad_token());
    }
    let claims = json_of(claims).ok_or_else(access::bad_token)?;
    let (now, end) = (world.now(), claims["exp"].as_i64().unwrap_or(0));
    if now.as_millis().div_euclid(1000) >= end {
        let end = Timestamp::from_millis(end.saturating_mul(1000));
        return Err(access::expired(&calendar::utc(end), &calendar::utc(now)));
    }
    let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let (tenant, client, object) = (text("tid"), text("appid"), text("oid"));
    Ok(Caller::Application(Principal { tenant, client, object }))
}

/// The claims of any token, unproven.
pub(super) fn claims_of(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    json_of(claims)
}

fn json_of(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn signature(world: &World, signed: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&["token", &world.seed.to_string(), signed]))
}
