//! Signing in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use peerage_clouds::azure::{CUSTOMER_TENANT, SERVICE_TENANT};
use peerage_fabric::emulated::CustomerMode;
use serde_json::{Value, json};

use super::support::{Answer, CLIENT, SECRET, Who, World};

const ELSEWHERE: &str = "00000000-0000-0000-0000-000000000001";

fn world() -> World {
    let world = World::new(CustomerMode::Manual);
    world.arm.add_client(SERVICE_TENANT, CLIENT, SECRET);
    world
}

fn refused(answer: &Answer, status: u16, error: &str, code: u32) {
    assert_eq!((answer.status, answer.body["error"].as_str()), (status, Some(error)), "{answer:?}");
    assert_eq!(answer.body["error_codes"], json!([code]));
    let words = answer.body["error_description"].as_str().unwrap();
    assert!(words.starts_with(&format!("AADSTS{code}: ")), "{words}");
}

/// Source: the Microsoft identity platform's guide to client credentials.
#[test]
fn a_secret_gives_a_token_for_an_hour() {
    let answer = world().sign_in(SERVICE_TENANT, CLIENT, SECRET);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 3600);
    let token = answer.body["access_token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(
        (claims["tid"].as_str(), claims["appid"].as_str()),
        (Some(SERVICE_TENANT), Some(CLIENT))
    );
    assert_eq!(claims["aud"], "https://management.azure.com");
}

/// Source: the same for version 1 of the endpoint: numbers as texts.
#[test]
fn the_old_endpoint_gives_one_as_well() {
    let form = format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_secret=a+secret&\
         resource=https%3A%2F%2Fmanagement.azure.com%2F"
    );
    let answer = world().form(&format!("/{SERVICE_TENANT}/oauth2/token"), &form);
    assert_eq!(answer.body["expires_in"], "3600");
    assert_eq!(answer.body["expires_on"], "1700003600");
}

/// Source: the list of AADSTS codes.
#[test]
fn who_cannot_sign_in_is_told_why() {
    let world = world();
    let wrong = world.sign_in(SERVICE_TENANT, CLIENT, "wrong");
    refused(&wrong, 401, "invalid_client", 7_000_215);
    assert!(!wrong.body.to_string().contains("wrong\""));
    let unknown = world.sign_in(SERVICE_TENANT, "unknown", SECRET);
    refused(&unknown, 400, "unauthorized_client", 700_016);
    let nowhere = world.sign_in(ELSEWHERE, CLIENT, SECRET);
    refused(&nowhere, 400, "invalid_request", 90_002);
    let path = format!("/{SERVICE_TENANT}/oauth2/v2.0/token");
    refused(&world.form(&path, "grant_type=password"), 400, "unsupported_grant_type", 70_003);
    refused(&world.form(&path, ""), 400, "invalid_request", 900_144);
    let form = format!("grant_type=client_credentials&client_id={CLIENT}&scope=x");
    refused(&world.form(&path, &form), 401, "invalid_client", 7_000_218);
    let request = http::Request::builder().uri(&path);
    refused(&world.send(request, &Value::Null), 400, "invalid_request", 900_561);
}

/// Source: Azure's guide to applications of several directories: `az ad sp create`.
#[test]
fn an_application_is_known_where_it_was_made() {
    let world = world();
    world.arm.add_subscription("00000000-0000-0000-0000-0000000000bb", ELSEWHERE);
    refused(&world.sign_in(ELSEWHERE, CLIENT, SECRET), 400, "unauthorized_client", 700_016);
    world.arm.add_service_principal(ELSEWHERE, CLIENT);
    assert_eq!(world.sign_in(ELSEWHERE, CLIENT, SECRET).status, 200);
    assert_eq!(world.sign_in(CUSTOMER_TENANT, CLIENT, SECRET).status, 200);
}

/// A test cloud: where nobody is registered, everybody may be the service.
#[test]
fn where_nobody_is_registered_any_secret_works() {
    let world = World::new(CustomerMode::Manual);
    for tenant in [SERVICE_TENANT, CUSTOMER_TENANT] {
        assert_eq!(world.sign_in(tenant, "anybody", "anything").status, 200);
    }
    world.arm.add_client(SERVICE_TENANT, CLIENT, SECRET);
    refused(
        &world.sign_in(SERVICE_TENANT, "anybody", "anything"),
        400,
        "unauthorized_client",
        700_016,
    );
}

/// Azure's identifiers are UUIDs; the bound is ours, for they are kept.
#[test]
fn an_application_has_an_identifier_of_64_characters_at_most() {
    let world = World::new(CustomerMode::Manual);
    let sign_in = |length: usize| world.sign_in(SERVICE_TENANT, &"a".repeat(length), "anything");
    assert_eq!(sign_in(64).status, 200);
    refused(&sign_in(65), 400, "unauthorized_client", 700_016);
    let made = |length: usize| {
        let body = json!({ "appId": "a".repeat(length) });
        world.ask(&Who::customer(), "POST", "/v1.0/servicePrincipals", &body)
    };
    made(65).refused(400, "InvalidRequestContent");
    made(0).refused(400, "InvalidRequestContent");
    assert_eq!(made(64).status, 201);
}

/// Source: the guide to certificates as credentials and to workload identity.
#[test]
fn an_assertion_is_looked_at() {
    let world = world();
    let at = |now: i64| now / 1000;
    let now = at(world.now.get().as_millis());
    let sign_in = |claims: Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let assertion = format!("{}.{}.c2ln", part(&json!({})), part(&claims));
        world.form(
            &format!("/{SERVICE_TENANT}/oauth2/v2.0/token"),
            &format!(
                "grant_type=client_credentials&client_id={CLIENT}&scope=x&\
                 client_assertion_type=urn&client_assertion={assertion}"
            ),
        )
    };
    let audience = format!("https://h/{SERVICE_TENANT}/oauth2/v2.0/token");
    let good = json!({ "iss": CLIENT, "sub": CLIENT, "aud": audience, "exp": now + 60 });
    assert_eq!(sign_in(good.clone()).status, 200);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        sign_in(claims)
    };
    refused(&with("exp", json!(now)), 401, "invalid_client", 700_024);
    refused(&with("sub", json!("x")), 401, "invalid_client", 700_023);
    refused(&with("aud", json!("https://h/other/oauth2")), 401, "invalid_client", 700_023);
    refused(&with("iss", json!("https://cluster")), 401, "invalid_client", 700_212);
    let federated = json!({
        "iss": "https://cluster", "sub": "system:serviceaccount:a:b",
        "aud": "api://AzureADTokenExchange", "exp": now + 60,
    });
    assert_eq!(sign_in(federated).status, 200);
    let form =
        format!("grant_type=client_credentials&client_id={CLIENT}&scope=x&client_assertion=x");
    let answer = world.form(&format!("/{SERVICE_TENANT}/oauth2/v2.0/token"), &form);
    refused(&answer, 400, "invalid_client", 50_027);
}

/// Source: OpenID Connect discovery as MSAL asks for it.
#[test]
fn clients_find_the_endpoints() {
    let world = world();
    let get = |path: &str| {
        let request = http::Request::builder().uri(path).header("host", "127.0.0.1:9");
        world.send(request, &Value::Null)
    };
    let found = get(&format!("/{SERVICE_TENANT}/v2.0/.well-known/openid-configuration"));
    let at = |path: &str| format!("https://127.0.0.1:9/{SERVICE_TENANT}/{path}");
    assert_eq!(found.body["token_endpoint"], at("oauth2/v2.0/token"));
    assert_eq!(found.body["issuer"], at("v2.0"));
    let asked = format!(
        "/common/discovery/instance?api-version=1.1&authorization_endpoint={}",
        at("oauth2/v2.0/authorize")
    );
    let found = get(&asked);
    let expected = at("v2.0/.well-known/openid-configuration");
    assert_eq!(found.body["tenant_discovery_endpoint"], expected);
    assert_eq!(found.body["metadata"][0]["aliases"], json!(["127.0.0.1:9"]));
    let request = http::Request::builder()
        .uri(format!("/{SERVICE_TENANT}/v2.0/.well-known/openid-configuration"))
        .header("host", "h:1")
        .header("x-forwarded-proto", "http");
    let found = world.send(request, &Value::Null);
    assert!(found.body["issuer"].as_str().unwrap().starts_with("http://h:1/"));
}

/// Source: Microsoft Graph's reference of service principals: what `az ad sp create` asks.
#[test]
fn a_customer_makes_the_services_principal() {
    let world = world();
    let who = Who::customer();
    let one = format!("/v1.0/servicePrincipals(appId='{CLIENT}')");
    world.ask(&who, "GET", &one, &Value::Null).refused(404, "Request_ResourceNotFound");
    let made = world.ask(&who, "POST", "/v1.0/servicePrincipals", &json!({ "appId": CLIENT }));
    assert_eq!(made.status, 201);
    let object = world.arm.add_service_principal(CUSTOMER_TENANT, CLIENT);
    assert_eq!(made.body["id"], object);
    assert_eq!(world.ask(&who, "GET", &one, &Value::Null).body["id"], object);
    let listed = format!("/v1.0/servicePrincipals?$filter=appId%20eq%20'{CLIENT}'");
    assert_eq!(world.ask(&who, "GET", &listed, &Value::Null).body["value"][0]["id"], object);
    let other = "/v1.0/servicePrincipals?$filter=appId%20eq%20'x'";
    assert_eq!(world.ask(&who, "GET", other, &Value::Null).body["value"], json!([]));
}
