//! How tokens are asked for, kept and given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use peerage_core::cloud::{Certainty, LinkStatus};
use peerage_fabric::azure::{Azure, AzureOptions, Credential};
use peerage_fabric::{Fabric, Inventory};
use serde_json::json;

use crate::azure::driver::fake::{Fake, Said};
use crate::azure::driver::stage::{
    CLIENT, CUSTOMER, TENANT, at, driver, link_request, network_request, options,
};

fn empty_list() -> Said {
    Said::json(200, json!({ "value": [] }))
}

#[tokio::test]
async fn a_secret_is_sent_as_the_form_says_and_never_shown() {
    let fake = Fake::start(|_| empty_list()).await;
    let audience = Some("https://management.azure.com/".to_owned());
    let azure = Azure::new(AzureOptions { audience, ..options(&fake) }).unwrap();
    azure.observe_network(&network_request(), at(0)).await.unwrap();
    let asked = fake.token_requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path(), format!("/{TENANT}/oauth2/v2.0/token"));
    let expected = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", "canary"),
        ("scope", "https://management.azure.com/.default"),
    ];
    for (name, value) in expected {
        assert_eq!(asked[0].field(name).as_deref(), Some(value), "{name}");
    }
    let calls = fake.calls();
    assert_eq!(calls[0].header("authorization"), Some(&*format!("Bearer token-of-{TENANT}")));
    let shown = format!("{azure:?}");
    assert!(!shown.contains("canary") && !shown.contains("token-of"), "{shown}");
}

#[tokio::test]
async fn a_token_is_for_the_endpoint_unless_another_audience_is_named() {
    let fake = Fake::start(|_| empty_list()).await;
    driver(&fake).observe_network(&network_request(), at(0)).await.unwrap();
    let scope = fake.token_requests()[0].field("scope").unwrap();
    assert_eq!(scope, format!("{}/.default", fake.address));
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let fake = Fake::start(|_| empty_list()).await;
    let azure = driver(&fake);
    for (seconds, requests) in [(0, 1), (1, 1), (3299, 1), (3301, 2), (3302, 2)] {
        azure.observe_network(&network_request(), at(seconds)).await.unwrap();
        assert_eq!(fake.token_requests().len(), requests, "after {seconds} s");
    }
}

#[tokio::test]
async fn many_who_wait_for_one_token_ask_for_it_once() {
    let fake = Fake::start(|_| empty_list()).await;
    let azure = Arc::new(driver(&fake));
    let mut running = Vec::new();
    for _ in 0..16 {
        let azure = azure.clone();
        running.push(tokio::spawn(async move {
            azure.observe_network(&network_request(), at(0)).await.unwrap();
        }));
    }
    for one in running {
        one.await.unwrap();
    }
    assert_eq!(fake.token_requests().len(), 1);
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_asked_for_anew_once() {
    let fake = Fake::start(|_| Said::error(401, "ExpiredAuthenticationToken", "expired")).await;
    let error = driver(&fake).observe_network(&network_request(), at(0)).await.unwrap_err();
    assert_eq!(error.code, "ExpiredAuthenticationToken");
    assert_eq!((fake.token_requests().len(), fake.calls().len()), (2, 2));

    let calls = AtomicU32::new(0);
    let fake = Fake::start(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Said::error(401, "ExpiredAuthenticationToken", "expired"),
        _ => empty_list(),
    })
    .await;
    driver(&fake).observe_network(&network_request(), at(0)).await.unwrap();
    assert_eq!((fake.token_requests().len(), fake.calls().len()), (2, 2));
}

#[tokio::test]
async fn a_certificate_signs_an_assertion_for_the_endpoint_of_the_directory() {
    let fake = Fake::start(|_| empty_list()).await;
    let credential = Credential::certificate(include_str!(
        "../../../../../fabric/src/azure/assertion/certificate.pem"
    ))
    .unwrap();
    let azure = Azure::new(AzureOptions { credential, ..options(&fake) }).unwrap();
    azure.observe_network(&network_request(), at(0)).await.unwrap();
    let asked = &fake.token_requests()[0];
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(asked.field("client_assertion_type").as_deref(), Some(kind));
    assert_eq!(asked.field("client_secret"), None);
    let assertion = asked.field("client_assertion").unwrap();
    let claims = assertion.split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims);
    let claims: serde_json::Value = serde_json::from_slice(&claims.unwrap()).unwrap();
    assert_eq!(claims["aud"], format!("{}/{TENANT}/oauth2/v2.0/token", fake.address));
    assert_eq!(claims["iss"], CLIENT);
}

#[tokio::test]
async fn a_federated_token_is_read_anew_each_time() {
    let directory = std::env::temp_dir().join(format!("peerage-azure-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("token");
    let fake = Fake::start(|_| empty_list()).await;
    let credential = Credential::federated_token(&file);
    let azure = Azure::new(AzureOptions { credential, ..options(&fake) }).unwrap();
    let missing = azure.observe_network(&network_request(), at(0)).await.unwrap_err();
    assert_eq!(missing.code, "CredentialUnusable");
    for (seconds, token) in [(0, "first"), (4000, "second")] {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        azure.observe_network(&network_request(), at(seconds)).await.unwrap();
        let asked = fake.token_requests();
        let assertion = asked.last().unwrap().field("client_assertion");
        assert_eq!(assertion.as_deref(), Some(token));
    }
    std::fs::write(&file, " ").unwrap();
    let empty = azure.observe_network(&network_request(), at(8000)).await.unwrap_err();
    assert!(empty.message.contains("is empty"), "{empty}");
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn a_wrong_secret_is_told_in_the_directorys_code_and_leaves_no_doubt() {
    let body = json!({
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: 1",
    });
    let fake = Fake::raw(move |_| Said::json(401, body.clone())).await;
    let error = driver(&fake).ensure_network(&network_request(), at(0)).await.unwrap_err();
    assert_eq!((&*error.code, error.certainty), ("AADSTS7000215", Certainty::Definite));
    assert_eq!(error.message, "Invalid client secret provided.");
}

#[tokio::test]
async fn without_a_service_principal_the_customer_is_waited_for() {
    for (code, status) in [
        ("AADSTS7000229", LinkStatus::AwaitsCustomer),
        ("AADSTS700016", LinkStatus::AwaitsCustomer),
        ("AADSTS7000112", LinkStatus::Rejected),
        ("AADSTS90002", LinkStatus::Refused),
    ] {
        let fake = Fake::raw(move |asked| match asked.path().split('/').nth(1).unwrap() {
            CUSTOMER => Said::json(
                400,
                json!({
                    "error": "unauthorized_client",
                    "error_description": format!("{code}: Words of the directory. Trace ID: 7"),
                }),
            ),
            TENANT => Said::json(200, json!({ "access_token": "t", "expires_in": 3600 })),
            _ => empty_list(),
        })
        .await;
        let azure = driver(&fake);
        let made = azure.ensure_link(&link_request(), at(0)).await.unwrap().found.unwrap();
        assert_eq!(made.status, status, "{code}");
        let puts = fake.calls().iter().filter(|asked| asked.method == "PUT").count();
        assert_eq!(puts, 0, "{code}");
        let words = made.message.unwrap();
        match status {
            LinkStatus::AwaitsCustomer => assert!(words.contains("az ad sp create"), "{words}"),
            _ => assert_eq!(words, "Words of the directory."),
        }
    }
}

#[tokio::test]
async fn the_inventory_needs_no_time_of_its_caller() {
    let fake = Fake::start(|_| empty_list()).await;
    let azure = driver(&fake);
    assert_eq!(azure.list_tagged().await.unwrap(), []);
    let who = azure.whoami().await.unwrap();
    assert!(who[0].contains(CLIENT) && who[0].contains("0 networks"), "{who:?}");
}
