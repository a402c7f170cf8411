//! The directory: who signs in with what, and the little of Microsoft Graph by which a customer
//! makes a service principal of somebody else's application (`az ad sp create --id`).
//!
//! Source: the Microsoft identity platform's guide to client credentials and its list of AADSTS
//! codes.

use http::Method;
use serde_json::{Value, json};

use super::CUSTOMER_TENANT;
use super::answer::{Answered, json_answer};
use super::bearer::{self, Caller, LIFE};
use super::call::{Call, fields, part};
use super::ids::{digest, guid_of};
use super::object::Principal;
use super::refusal::{self, Refusal};
use super::subscriptions::all_tenants;
use super::world::World;
use crate::Response;
use crate::calendar;

/// The audience of a token for a workload that signs in with one of its cluster.
const EXCHANGE: &str = "api://AzureADTokenExchange";

/// The longest identifier of an application. Azure's are UUIDs; other ones are names of tests.
const CLIENT_MAX: usize = 64;

/// The digest that is kept of a secret.
pub(super) fn kept_secret(secret: &str) -> String {
    digest(&["secret", secret]).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the directory answers at that path; `None`: it is none of its paths.
pub(super) fn answer(call: &mut Call<'_>) -> Option<Answered> {
    let path: Vec<String> = call.path.iter().map(|part| part.to_lowercase()).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [tenant, "oauth2", "v2.0", "token"] => Some(Ok(token(call, tenant, Version::Two))),
        [tenant, "oauth2", "token"] => Some(Ok(token(call, tenant, Version::One))),
        [tenant, "v2.0", ".well-known", "openid-configuration"]
        | [tenant, ".well-known", "openid-configuration"] => Some(Ok(configuration(call, tenant))),
        ["common", "discovery", "instance"] => Some(Ok(instance(call))),
        ["v1.0", "serviceprincipals"] => Some(principals(call)),
        ["v1.0", one] => {
            let client = one.strip_prefix("serviceprincipals(appid='")?.strip_suffix("')")?;
            Some(principal(call, client))
        }
        _ => None,
    }
}

/// Which form of the token endpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The directory says no.
struct Denial {
    status: u16,
    error: &'static str,
    code: u32,
    words: String,
}

impl Denial {
    fn new(status: u16, error: &'static str, code: u32, words: impl Into<String>) -> Self {
        Self { status, error, code, words: words.into() }
    }
}

fn token(call: &mut Call<'_>, tenant: &str, version: Version) -> Response {
    match granted(call, tenant, version) {
        Ok(body) => json_answer(200, &body),
        Err(denial) => denied(call, &denial),
    }
}

fn granted(call: &mut Call<'_>, tenant: &str, version: Version) -> Result<Value, Denial> {
    if *call.method() != Method::POST {
        let words = "Endpoint only accepts POST requests. Received a GET request.";
        return Err(Denial::new(400, "invalid_request", 900561, words));
    }
    let form = Form::of(call);
    let grant = form.needed("grant_type")?;
    if grant != "client_credentials" {
        let words = format!("The app requested an unsupported grant type '{grant}'.");
        return Err(Denial::new(400, "unsupported_grant_type", 70_003, words));
    }
    let audience = match version {
        Version::One => form.needed("resource")?,
        Version::Two => form.needed("scope")?,
    };
    let audience = audience.strip_suffix("/.default").unwrap_or(audience);
    let principal = sign_in(call, tenant, &form)?;
    let token = bearer::sign(call.world, &principal, audience);
    let now = call.world.now().as_millis().div_euclid(1000);
    Ok(match version {
        Version::Two => json!({
            "token_type": "Bearer", "expires_in": LIFE, "ext_expires_in": LIFE,
            "access_token": token,
        }),
        Version::One => json!({
            "token_type": "Bearer",
            "expires_in": LIFE.to_string(),
            "ext_expires_in": LIFE.to_string(),
            "expires_on": now.saturating_add(LIFE).to_string(),
            "not_before": now.to_string(),
            "resource": audience,
            "access_token": token,
        }),
    })
}

/// The fields of a request for a token.
struct Form(Vec<(String, String)>);

impl Form {
    fn of(call: &Call<'_>) -> Self {
        Self(fields(&String::from_utf8_lossy(call.request.body())))
    }

    fn field(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    fn needed(&self, name: &str) -> Result<&str, Denial> {
        self.field(name).ok_or_else(|| {
            let words = format!("The request body must contain the following parameter: '{name}'.");
            Denial::new(400, "invalid_request", 900_144, words)
        })
    }
}

fn sign_in(call: &mut Call<'_>, tenant: &str, form: &Form) -> Result<Principal, Denial> {
    let client = form.needed("client_id")?;
    if !all_tenants(call.world).iter().any(|one| one == tenant) {
        let words = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and \
             are signing into the correct cloud. Check with your subscription administrator, this \
             may happen if there are no active subscriptions for the tenant."
        );
        return Err(Denial::new(400, "invalid_request", 90_002, words));
    }
    if !is_client(client) || !is_known(call.world, tenant, client) {
        let words = format!(
            "Application with identifier '{client}' was not found in the directory '{tenant}'. \
             This can happen if the application has not been installed by the administrator of \
             the tenant or consented to by any user in the tenant. You may have sent your \
             authentication request to the wrong tenant."
        );
        return Err(Denial::new(400, "unauthorized_client", 700_016, words));
    }
    match (form.field("client_secret"), form.field("client_assertion")) {
        (Some(secret), _) => check_secret(call, client, secret)?,
        (None, Some(assertion)) => check_assertion(call, tenant, client, assertion)?,
        (None, None) => {
            let words = "The request body must contain the following parameter: \
                 'client_assertion' or 'client_secret'.";
            return Err(Denial::new(401, "invalid_client", 7_000_218, words));
        }
    }
    Ok(call.world.principal(tenant, client))
}

fn check_secret(call: &Call<'_>, client: &str, secret: &str) -> Result<(), Denial> {
    let application = call.world.applications.get(&client.to_lowercase());
    if application.is_none_or(|one| one.secret == kept_secret(secret)) {
        return Ok(());
    }
    let words = format!(
        "Invalid client secret provided. Ensure the secret being sent in the request is the \
         client secret value, not the client secret ID, for a secret added to app '{client}'."
    );
    Err(Denial::new(401, "invalid_client", 7_000_215, words))
}

/// Whether a text can be an identifier of an application: it is kept.
fn is_client(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= CLIENT_MAX
}

/// Whether an application is in a directory: at home, made there, or by default the customer's.
/// Where nobody is registered, everybody is known.
fn is_known(world: &World, tenant: &str, client: &str) -> bool {
    let registered = world.applications.get(&client.to_lowercase());
    let at_home = match registered {
        Some(application) => application.tenant == tenant,
        None => world.applications.len() == 0 && world.home_of(client) == tenant,
    };
    let exists = registered.is_some() || world.applications.len() == 0;
    let made = world.principals.has(&format!("{tenant}/{client}").to_lowercase());
    at_home || (exists && (made || tenant == CUSTOMER_TENANT))
}

/// An assertion is read and its claims are checked. Its signature is not: the emulated directory
/// holds no certificates.
fn check_assertion(
    call: &Call<'_>,
    tenant: &str,
    client: &str,
    assertion: &str,
) -> Result<(), Denial> {
    let malformed =
        || Denial::new(400, "invalid_client", 50_027, "JWT token is invalid or malformed.");
    let claims = bearer::claims_of(assertion).ok_or_else(malformed)?;
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    if text("iss") == client {
        let audience = text("aud").to_lowercase();
        if text("sub") != client || !audience.contains(&format!("/{tenant}/")) {
            let words = "The audience or subject of the client assertion does not match.";
            return Err(Denial::new(401, "invalid_client", 700_023, words));
        }
    } else if text("aud") != EXCHANGE {
        let words = format!(
            "No matching federated identity record found for presented assertion audience '{}'.",
            text("aud")
        );
        return Err(Denial::new(401, "invalid_client", 700_212, words));
    }
    // Source: RFC 7519: a NumericDate may have a fraction; MSAL writes one.
    let end = claims["exp"].as_f64().map(|end| end * 1000.0);
    if end.is_none_or(|end| end <= call.world.now().as_millis() as f64) {
        let words = "Client assertion is not within its valid time range.";
        return Err(Denial::new(401, "invalid_client", 700_024, words));
    }
    Ok(())
}

fn denied(call: &Call<'_>, denial: &Denial) -> Response {
    let Denial { status, error, code, words } = denial;
    let now = call.world.now();
    let trace = guid_of(&["trace", &now.as_millis().to_string(), words]);
    let correlation = guid_of(&["correlation", &now.as_millis().to_string(), words]);
    let written = calendar::utc(now).replace('T', " ");
    let body = json!({
        "error": error,
        "error_description": format!(
            "AADSTS{code}: {words} Trace ID: {trace} Correlation ID: {correlation} Timestamp: \
             {written}"
        ),
        "error_codes": [code],
        "timestamp": written,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("{}/error?code={code}", call.origin()),
    });
    json_answer(*status, &body)
}

fn configuration(call: &Call<'_>, tenant: &str) -> Response {
    let origin = call.origin();
    let at = |path: &str| format!("{origin}/{tenant}/{path}");
    let body = json!({
        "token_endpoint": at("oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": [
            "client_secret_post", "private_key_jwt", "client_secret_basic",
        ],
        "jwks_uri": at("discovery/v2.0/keys"),
        "authorization_endpoint": at("oauth2/v2.0/authorize"),
        "device_authorization_endpoint": at("oauth2/v2.0/devicecode"),
        "issuer": at("v2.0"),
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": null,
    });
    json_answer(200, &body)
}

/// Where sign-in clients learn which names an authority has: its own, here.
fn instance(call: &Call<'_>) -> Response {
    let asked = call.parameter("authorization_endpoint").unwrap_or_default();
    let tenant = asked.split('/').nth(3).unwrap_or("common");
    let origin = call.origin();
    let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host);
    let body = json!({
        "tenant_discovery_endpoint":
            format!("{origin}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{
            "preferred_network": host, "preferred_cache": host, "aliases": [host],
        }],
    });
    json_answer(200, &body)
}

/// The directory that a request to Graph is about.
fn own_tenant(call: &Call<'_>) -> String {
    match &call.caller {
        Caller::Administrator => CUSTOMER_TENANT.to_owned(),
        Caller::Application(principal) => principal.tenant.clone(),
    }
}

fn principals(call: &mut Call<'_>) -> Answered {
    call.caller = bearer::caller(call)?;
    let tenant = own_tenant(call);
    match *call.method() {
        Method::POST => {
            let body = call.body()?;
            let client: String = part(&body, "/appId")?;
            if !is_client(&client) {
                return Err(refusal::bad_content("appId is no identifier of an application"));
            }
            let principal = call.world.principal(&tenant, &client);
            Ok(json_answer(201, &shown(&principal)))
        }
        Method::GET => {
            let filter = call.parameter("$filter").unwrap_or_default();
            let wanted =
                filter.split_once("appId eq '").and_then(|(_, rest)| rest.split_once('\''));
            let found = call.world.principals.under(&format!("{tenant}/")).map(|(_, one)| one);
            let found = found.filter(|one| {
                wanted.is_none_or(|(client, _)| one.client.eq_ignore_ascii_case(client))
            });
            Ok(json_answer(200, &json!({ "value": found.map(shown).collect::<Vec<_>>() })))
        }
        _ => Err(refusal::no_such_verb(call.method().as_str(), "servicePrincipals")),
    }
}

fn principal(call: &mut Call<'_>, client: &str) -> Answered {
    call.caller = bearer::caller(call)?;
    let key = format!("{}/{client}", own_tenant(call));
    let found = call.world.principals.get(&key).map(shown);
    // Source: the error of Microsoft Graph about an object that is not there.
    let found = found.ok_or_else(|| {
        let words = format!(
            "Resource '{client}' does not exist or one of its queried \
             reference-property objects are not present."
        );
        Refusal::new(404, "Request_ResourceNotFound", words)
    });
    found.map(|shown| json_answer(200, &shown))
}

fn shown(principal: &Principal) -> Value {
    json!({
        "id": principal.object,
        "appId": principal.client,
        "displayName": principal.client,
        "servicePrincipalType": "Application",
    })
}
