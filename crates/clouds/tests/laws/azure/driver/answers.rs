//! What the driver makes of answers that do not come, come broken, or say no.

use std::time::Duration;

use peerage_core::cloud::{CallError, Certainty, LinkStatus, Remedy};
use peerage_fabric::Fabric;
use serde_json::json;

use crate::azure::driver::fake::{Fake, Said};
use crate::azure::driver::stage::{
    VNET, at, driver, half, link_request, network, network_request, options, our_network,
};

/// The error of making a network when the PUT of it is answered so.
async fn put_answered(said: Said) -> CallError {
    let fake = Fake::start(move |asked| match asked.method.as_str() {
        "GET" => Said::json(200, json!({ "value": [] })),
        _ => said.clone(),
    })
    .await;
    driver(&fake).ensure_network(&network_request(), at(0)).await.unwrap_err()
}

/// The error of looking at a network when the list is answered so.
async fn list_answered(said: Said) -> CallError {
    let fake = Fake::start(move |_| said.clone()).await;
    driver(&fake).observe_network(&network_request(), at(0)).await.unwrap_err()
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_in_doubt_and_a_look_is_not() {
    let whole = network(VNET);
    let broken = [
        ("cut short", Said::json(201, whole.clone()).cut_after(20)),
        ("cut at once", Said::json(201, whole.clone()).cut_after(0)),
        ("no JSON", Said::text(200, "<html>sorry</html>")),
        ("half of it", Said::text(201, r#"{"name":"nt"#)),
        ("another shape", Said::json(200, json!({ "name": 7 }))),
        ("failed inside", Said::error(500, "InternalServerError", "oops")),
        ("no gateway", Said::text(502, "bad gateway")),
        ("no service", Said::error(503, "ServerTimeout", "later")),
    ];
    for (how, said) in broken {
        let change = put_answered(said.clone()).await;
        assert_eq!(change.certainty, Certainty::Indefinite, "{how}: {change:?}");
        assert!(matches!(change.remedy, Remedy::Retry { .. }), "{how}: {change:?}");
        let look = list_answered(said).await;
        assert_eq!(look.certainty, Certainty::Definite, "{how}: {look:?}");
        assert!(matches!(look.remedy, Remedy::Retry { .. }), "{how}: {look:?}");
    }
}

#[tokio::test]
async fn a_timeout_is_in_doubt_and_a_refused_connection_is_not() {
    let fake = Fake::start(|asked| {
        if asked.method == "PUT" {
            std::thread::sleep(Duration::from_millis(400));
        }
        Said::json(200, json!({ "value": [] }))
    })
    .await;
    let mut slow = options(&fake);
    slow.remote.timeout = Duration::from_millis(100);
    let slow = peerage_fabric::azure::Azure::new(slow).unwrap();
    let error = slow.ensure_network(&network_request(), at(0)).await.unwrap_err();
    assert_eq!(error.certainty, Certainty::Indefinite, "{error:?}");

    let mut nobody = options(&fake);
    nobody.endpoint = "http://127.0.0.1:1".into();
    let nobody = peerage_fabric::azure::Azure::new(nobody).unwrap();
    let error = nobody.ensure_network(&network_request(), at(0)).await.unwrap_err();
    assert_eq!(error.certainty, Certainty::Definite, "{error:?}");
}

#[tokio::test]
async fn a_refusal_leaves_no_doubt_and_says_when_to_come_back() {
    let cases = [
        (403, "AuthorizationFailed", Remedy::Retry { after_ms: Some(30_000) }),
        (429, "AnotherOperationInProgress", Remedy::Retry { after_ms: Some(7_000) }),
        (400, "QuotaExceeded", Remedy::Retry { after_ms: Some(7_000) }),
        (400, "SomethingNobodyKnows", Remedy::GiveUp),
    ];
    for (status, code, remedy) in cases {
        let mut said = Said::error(status, code, "the words");
        if code != "AuthorizationFailed" {
            said = said.header("retry-after", "7");
        }
        let error = put_answered(said).await;
        assert_eq!((&*error.code, &*error.message), (code, "the words"));
        assert_eq!((error.certainty, error.remedy), (Certainty::Definite, remedy), "{code}");
    }
    let throttled = Said::error(429, "SubscriptionRequestsThrottled", "slow");
    let error = put_answered(throttled.header("retry-after", "90")).await;
    let Remedy::Retry { after_ms: Some(wait) } = error.remedy else { panic!("{error:?}") };
    assert!(wait >= 90_000, "{wait}");
}

/// What a proxy says that stands before Azure.
fn of_a_proxy(status: u16) -> Said {
    Said::text(status, "<html>nothing here</html>")
}

#[tokio::test]
async fn an_answer_that_is_not_azures_does_not_say_that_a_connection_is_gone() {
    for status in [400, 404, 410] {
        let mut looks = 0;
        let fake = Fake::start(move |_| {
            looks += 1;
            if looks == 1 {
                return Said::json(200, half("Connected", "Succeeded"));
            }
            of_a_proxy(status)
        })
        .await;
        let azure = driver(&fake);
        let link = azure.observe_link(&link_request(), at(0)).await.unwrap().found.unwrap();
        assert_eq!(link.status, LinkStatus::Active);
        let error = azure.observe_link(&link_request(), at(1)).await.unwrap_err();
        assert_eq!(error.certainty, Certainty::Definite, "{error:?}");
        assert!(matches!(error.remedy, Remedy::Retry { .. }), "{error:?}");
        azure.observe_network(&network_request(), at(1)).await.unwrap_err();
        let made = azure.ensure_link(&link_request(), at(1)).await.unwrap_err();
        assert!(matches!(made.remedy, Remedy::Retry { .. }), "{made:?}");
    }
}

#[tokio::test]
async fn a_change_that_is_not_answered_by_azure_is_in_doubt() {
    for status in [400, 404, 410] {
        let error = put_answered(of_a_proxy(status)).await;
        assert_eq!(error.certainty, Certainty::Indefinite, "{error:?}");
        assert!(matches!(error.remedy, Remedy::Retry { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_azures_does_not_end_a_removal() {
    // Nothing is Azure's; then only the answer to the removal of our half is not.
    for first in ["GET", "DELETE"] {
        let fake = Fake::start(move |asked| {
            let path = asked.path();
            if asked.method == first {
                return of_a_proxy(404);
            }
            if path.ends_with("/virtualNetworkPeerings") && path.starts_with(&our_network()) {
                return Said::json(200, json!({ "value": [half("Connected", "Succeeded")] }));
            }
            Said::error(404, "ResourceNotFound", "not found")
        })
        .await;
        let azure = driver(&fake);
        let error = azure.remove_link(&link_request(), at(0)).await.unwrap_err();
        assert!(matches!(error.remedy, Remedy::Retry { .. }), "{error:?}");
        let in_doubt = error.certainty == Certainty::Indefinite;
        assert_eq!(in_doubt, first == "DELETE", "{error:?}");
    }
}

#[tokio::test]
async fn a_directory_that_does_not_answer_itself_does_not_say_that_a_connection_is_gone() {
    let fake = Fake::raw(|_| of_a_proxy(404)).await;
    let error = driver(&fake).observe_link(&link_request(), at(0)).await.unwrap_err();
    assert_eq!(error.certainty, Certainty::Definite, "{error:?}");
    assert!(matches!(error.remedy, Remedy::Retry { .. }), "{error:?}");
}

#[tokio::test]
async fn pages_are_followed_at_our_own_endpoint_only() {
    let fake = Fake::start(|asked| {
        if asked.target.contains("skipToken") {
            return Said::json(200, json!({ "value": [network(VNET)] }));
        }
        let next = format!("https://elsewhere.example{}&$skipToken=2", asked.target);
        Said::json(200, json!({ "value": [], "nextLink": next }))
    })
    .await;
    let found = driver(&fake).observe_network(&network_request(), at(0)).await.unwrap().found;
    assert!(found.is_some_and(|network| network.ready));
    assert_eq!(fake.calls().len(), 2);
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let fake = Fake::start(|asked| {
        let next = format!("https://x.example{}", asked.target);
        Said::json(200, json!({ "value": [], "nextLink": next }))
    })
    .await;
    let error = driver(&fake).observe_network(&network_request(), at(0)).await.unwrap_err();
    assert!(error.message.contains("100 pages"), "{error}");
    assert_eq!(fake.calls().len(), 100);
}

#[tokio::test]
async fn a_list_that_leads_away_is_not_followed() {
    let fake = Fake::start(|_| {
        Said::json(200, json!({ "value": [], "nextLink": "https://x.example/oauth2/token" }))
    })
    .await;
    let error = driver(&fake).observe_network(&network_request(), at(0)).await.unwrap_err();
    assert!(error.message.contains("leads nowhere"), "{error}");
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn a_customers_names_cannot_lead_out_of_their_place() {
    let fake = Fake::start(|_| Said::json(200, json!({ "value": [] }))).await;
    let mut request = link_request();
    if let peerage_core::peering::CustomerNetwork::Azure(network) = &mut request.customer {
        network.resource_group = "group/providers/Microsoft.Network/virtualNetworks/x".into();
    }
    let link = driver(&fake).ensure_link(&request, at(0)).await.unwrap().found.unwrap();
    assert_eq!(link.status, LinkStatus::Refused);
    assert!(fake.calls().iter().all(|asked| asked.method == "GET"), "{:?}", fake.calls());
}
