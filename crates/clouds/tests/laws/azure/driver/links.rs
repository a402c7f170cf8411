//! How a pair of halves is made, seen and put right, and whose tokens go where.

use peerage_core::cloud::{Certainty, LinkStatus};
use peerage_core::peering::CustomerNetwork;
use peerage_fabric::azure::{Azure, AzureOptions, ForwardedTraffic};
use peerage_fabric::{Fabric, Inventory};
use serde_json::json;

use crate::azure::driver::fake::{Asked, Fake, Said};
use crate::azure::driver::pair::{World, ensured, forbidden, puts, seen};
use crate::azure::driver::stage::{
    CUSTOMER, SUBSCRIPTION, TENANT, VNET, at, driver, half, link_name, link_request, network,
    options, our_network, reporter, their_network,
};

#[tokio::test]
async fn each_half_is_made_with_the_tokens_of_both_directories() {
    let fake = World::new(None, Ok(None)).start().await;
    let link = ensured(&driver(&fake)).await;
    assert_eq!((link.status, &*link.connection_id), (LinkStatus::Active, &*link_name()));
    let puts = puts(&fake);
    let [ours, theirs] = puts.as_slice() else { panic!("{puts:?}") };
    let bearer = |tenant: &str| format!("Bearer token-of-{tenant}");
    let check = |put: &Asked, network: String, remote: String, own: &str, other: &str| {
        assert_eq!(put.path(), format!("{network}/virtualNetworkPeerings/{}", link_name()));
        assert_eq!(put.header("authorization"), Some(&*bearer(own)));
        assert_eq!(put.header("x-ms-authorization-auxiliary"), Some(&*bearer(other)));
        assert_eq!(
            put.json(),
            json!({ "properties": {
                "remoteVirtualNetwork": { "id": remote },
                "allowVirtualNetworkAccess": true,
                "allowForwardedTraffic": false,
                "allowGatewayTransit": false,
                "useRemoteGateways": false,
            }})
        );
    };
    check(ours, our_network(), their_network(), TENANT, CUSTOMER);
    check(theirs, their_network(), our_network(), CUSTOMER, TENANT);
}

#[tokio::test]
async fn a_customer_of_our_own_directory_needs_no_second_token() {
    let fake = World::new(None, Ok(None)).start().await;
    let mut request = link_request();
    if let CustomerNetwork::Azure(network) = &mut request.customer {
        network.directory_id = TENANT.into();
    }
    driver(&fake).ensure_link(&request, at(0)).await.unwrap();
    let puts = puts(&fake);
    assert_eq!(puts.len(), 2);
    for put in puts {
        assert_eq!(put.header("x-ms-authorization-auxiliary"), None);
    }
}

#[tokio::test]
async fn forwarded_traffic_is_let_through_where_that_was_decided() {
    let fake = World::new(None, Ok(None)).start().await;
    let forwarded_traffic = ForwardedTraffic::Allowed;
    let azure = Azure::new(AzureOptions { forwarded_traffic, ..options(&fake) }).unwrap();
    azure.ensure_link(&link_request(), at(0)).await.unwrap();
    assert_eq!(puts(&fake)[0].json()["properties"]["allowForwardedTraffic"], true);
}

#[tokio::test]
async fn nobody_peers_with_the_services_own_networks() {
    let fake = World::new(None, Ok(None)).start().await;
    let azure = driver(&fake);
    let mut request = link_request();
    if let CustomerNetwork::Azure(network) = &mut request.customer {
        network.subscription_id = SUBSCRIPTION.to_uppercase();
        network.directory_id = TENANT.into();
        network.resource_group = "peerage".into();
        network.vnet_name = "nt-090909090909090909090909-a1b2c3d4".into();
    }
    let made = azure.ensure_link(&request, at(0)).await.unwrap().found.unwrap();
    assert_eq!(made.status, LinkStatus::Refused);
    let looked = azure.observe_link(&request, at(0)).await.unwrap().found.unwrap();
    assert_eq!(looked.status, LinkStatus::Refused);
    assert!(puts(&fake).is_empty());
}

#[tokio::test]
async fn what_stands_is_seen_as_it_stands() {
    let cases = [
        (half("Connected", "Succeeded"), LinkStatus::Active),
        (half("Connected", "Updating"), LinkStatus::Requested),
        (half("Initiated", "Updating"), LinkStatus::Requested),
        (half("Disconnected", "Succeeded"), LinkStatus::Severed),
        (half("Disconnected", "Updating"), LinkStatus::Severed),
        (half("Connected", "Deleting"), LinkStatus::Removing),
        (half("Initiated", "Failed"), LinkStatus::Requested),
    ];
    for (half, status) in cases {
        let fake = World::new(Some(half.clone()), Ok(None)).start().await;
        let azure = driver(&fake);
        let link = seen(&azure).await.unwrap();
        assert_eq!((link.status, link.handshake), (status, 1), "{half}");
        assert!(fake.calls().iter().all(|asked| asked.method == "GET"));
    }
}

#[tokio::test]
async fn a_role_that_lets_us_only_peer_leaves_the_other_half_to_the_customer() {
    let fake = World::new(None, Err(forbidden())).start().await;
    let azure = driver(&fake);
    let made = ensured(&azure).await;
    assert_eq!(made.status, LinkStatus::AwaitsCustomer);
    let words = made.message.clone().unwrap();
    assert!(words.contains(&our_network()) && words.contains(&their_network()), "{words}");
    assert_eq!(seen(&azure).await, Some(made));
}

#[tokio::test]
async fn without_a_role_nothing_is_made_and_the_words_say_what_is_missing() {
    let linked = "The client has permission to perform action …, however the current tenant …";
    let fake = Fake::start(move |asked: &Asked| {
        match (asked.method.as_str(), asked.path().starts_with(&our_network())) {
            ("GET", true) if asked.path().ends_with("/virtualNetworkPeerings") => {
                Said::json(200, json!({ "value": [] }))
            }
            ("GET", true) => Said::error(404, "NotFound", "not found"),
            ("PUT", true) => Said::error(403, "LinkedAuthorizationFailed", linked),
            _ => forbidden(),
        }
    })
    .await;
    let azure = driver(&fake);
    let made = ensured(&azure).await;
    assert_eq!(made.status, LinkStatus::AwaitsCustomer);
    let words = made.message.clone().unwrap();
    for part in ["virtualNetworks/peer/action", "virtualNetworkPeerings/write", CUSTOMER] {
        assert!(words.contains(part), "{words}");
    }
    // A look says the same, and after five minutes that it is time to try again.
    let look =
        async |seconds| azure.observe_link(&link_request(), at(seconds)).await.unwrap().found;
    assert_eq!(look(0).await.as_ref(), Some(&made));
    assert_eq!(look(299).await.as_ref(), Some(&made));
    assert_eq!(look(300).await, None);
    azure.ensure_link(&link_request(), at(300)).await.unwrap();
    assert_eq!(look(301).await.as_ref(), Some(&made));
}

#[tokio::test]
async fn a_denial_is_a_no_and_a_wrong_directory_is_refused() {
    let check = async |status: u16, code: &'static str, expected: LinkStatus| {
        let fake = World::new(None, Err(Said::error(status, code, "their words"))).start().await;
        let link = seen(&driver(&fake)).await.unwrap();
        assert_eq!(link.status, expected, "{code}");
        assert_eq!(link.message.as_deref(), Some("their words"));
    };
    check(403, "DenyAssignmentAuthorizationFailed", LinkStatus::Rejected).await;
    check(401, "InvalidAuthenticationTokenTenant", LinkStatus::Refused).await;
    check(404, "SubscriptionNotFound", LinkStatus::Refused).await;
}

#[tokio::test]
async fn our_own_missing_permission_is_an_error_that_names_it() {
    let words = "… does not have permission to perform action(s) \
                 'Microsoft.Network/virtualNetworks/peer/action' on the linked scope(s) …";
    let fake = Fake::start(move |asked: &Asked| {
        match (asked.method.as_str(), asked.path().starts_with(&our_network())) {
            ("GET", true) => Said::json(200, json!({ "value": [half("Initiated", "Succeeded")] })),
            _ => Said::error(403, "LinkedAuthorizationFailed", words),
        }
    })
    .await;
    let error = driver(&fake).ensure_link(&link_request(), at(0)).await.unwrap_err();
    assert_eq!(error.code, "LinkedAuthorizationFailed");
    assert!(error.message.contains("virtualNetworks/peer/action"), "{error}");
}

#[tokio::test]
async fn the_second_half_is_made_later_where_azure_is_busy() {
    let busy = "Another operation on this or dependent resource is in progress.";
    let mut ours = None;
    let fake = Fake::start(move |asked: &Asked| {
        match (asked.method.as_str(), asked.path().starts_with(&our_network())) {
            ("GET", true) => Said::json(200, json!({ "value": Vec::from_iter(ours.clone()) })),
            ("PUT", true) => {
                ours = Some(half("Initiated", "Updating"));
                Said::json(201, half("Initiated", "Updating"))
            }
            _ => Said::error(429, "AnotherOperationInProgress", busy).header("retry-after", "10"),
        }
    })
    .await;
    let azure = driver(&fake);
    for _ in 0..2 {
        let error = azure.ensure_link(&link_request(), at(0)).await.unwrap_err();
        assert_eq!(error.code, "AnotherOperationInProgress");
        assert_eq!(error.certainty, Certainty::Indefinite, "our half was made");
    }
    let ours = puts(&fake).iter().filter(|put| put.path().starts_with(&our_network())).count();
    assert_eq!(ours, 1, "our half was made twice");
}

#[tokio::test]
async fn a_missing_second_half_that_is_ours_to_make_is_made_whatever_the_policy() {
    let fake = World::new(Some(half("Initiated", "Succeeded")), Ok(None)).start().await;
    for azure in [driver(&fake), reporter(&fake)] {
        let link = seen(&azure).await.unwrap();
        assert_eq!(link.status, LinkStatus::Requested);
        assert!(link.needs_repair(), "{link:?}");
    }
    assert_eq!(ensured(&reporter(&fake)).await.status, LinkStatus::Active);
}

#[tokio::test]
async fn the_rest_of_an_earlier_pair_is_taken_out_of_the_way() {
    let mut rest = half("Disconnected", "Succeeded");
    rest["properties"]["remoteVirtualNetwork"]["id"] = our_network().into();
    let mut theirs = Some(rest);
    let words = "Cannot create or update peering … is in Disconnected state.";
    let fake = Fake::start(move |asked: &Asked| {
        let is_ours = asked.path().starts_with(&our_network());
        match (asked.method.as_str(), is_ours) {
            ("GET", true) if asked.path().ends_with("/virtualNetworkPeerings") => {
                Said::json(200, json!({ "value": [] }))
            }
            ("GET", false) => Said::json(200, json!({ "value": Vec::from_iter(theirs.clone()) })),
            ("DELETE", false) => {
                theirs = None;
                Said::text(204, "")
            }
            ("PUT", true) => Said::error(400, "RemotePeeringIsDisconnected", words),
            _ => Said::error(404, "NotFound", "not found"),
        }
    })
    .await;
    let azure = driver(&fake);
    let error = azure.ensure_link(&link_request(), at(0)).await.unwrap_err();
    assert_eq!(error.code, "RemotePeeringIsDisconnected");
    // What is left after that is not ours: the customer has to take it away.
    let link = ensured(&azure).await;
    assert_eq!((link.status, link.message.as_deref()), (LinkStatus::AwaitsCustomer, Some(words)));
}

#[tokio::test]
async fn what_azure_refuses_about_a_pair_is_refused_in_its_words() {
    let words = "Cannot create or update peering … their address spaces overlap.";
    let fake = Fake::start(move |asked: &Asked| match asked.method.as_str() {
        "PUT" => Said::error(400, "VnetAddressSpacesOverlap", words),
        _ => Said::json(200, json!({ "value": [] })),
    })
    .await;
    let link = ensured(&driver(&fake)).await;
    assert_eq!((link.status, link.message.as_deref()), (LinkStatus::Refused, Some(words)));
}

#[tokio::test]
async fn an_orphan_of_an_unknown_directory_is_taken_away_from_both_sides() {
    let mut vnet = network(VNET);
    vnet["properties"]["virtualNetworkPeerings"] = json!([half("Connected", "Succeeded")]);
    let mut gone = false;
    let fake = Fake::start(move |asked: &Asked| {
        let is_subscription = asked.path().split('/').count() == 3;
        match asked.method.as_str() {
            // Whoever asks without a token hears where to get one.
            "GET" if is_subscription && asked.header("authorization").is_none() => {
                let uri = format!("https://login.windows.net/{CUSTOMER}");
                let challenge =
                    format!("Bearer authorization_uri=\"{uri}\", error=\"invalid_token\"");
                Said::error(401, "AuthenticationFailed", "no token")
                    .header("www-authenticate", &challenge)
            }
            "DELETE" => {
                gone = true;
                Said::text(204, "")
            }
            "GET" if asked.path().ends_with("/virtualNetworks") => {
                Said::json(200, json!({ "value": [vnet.clone()] }))
            }
            _ if gone => Said::error(404, "NotFound", "not found"),
            _ => Said::json(200, half("Connected", "Succeeded")),
        }
    })
    .await;
    let azure = driver(&fake);
    let tagged = azure.list_tagged().await.unwrap();
    assert_eq!(tagged.len(), 2, "{tagged:?}");
    assert!(azure.remove_tagged(&tagged[0]).await.unwrap());
    let deletes: Vec<_> =
        fake.calls().into_iter().filter(|asked| asked.method == "DELETE").collect();
    let [theirs, ours] = deletes.as_slice() else { panic!("{deletes:?}") };
    assert!(theirs.path().starts_with(&their_network()));
    assert_eq!(theirs.header("authorization"), Some(&*format!("Bearer token-of-{CUSTOMER}")));
    assert!(ours.path().starts_with(&our_network()));
    // A network that still has a peering is not torn down.
    let error = azure.remove_tagged(&tagged[1]).await.unwrap_err();
    assert_eq!(error.code, "InUseVirtualNetworkCannotBeDeleted");
}
