//! What of a connected pair is put right, and what is read about one that Azure could not make.

use peerage_core::cloud::{Drift, LinkStatus};
use peerage_fabric::Fabric;
use serde_json::{Value, json};

use crate::azure::driver::fake::{Asked, Fake, Said};
use crate::azure::driver::pair::{World, ensured, forbidden, puts, seen};
use crate::azure::driver::stage::{
    SUBSCRIPTION, at, driver, half, link_request, our_network, reporter, their_network,
};

fn with(pointer: &str, value: Value) -> Value {
    let mut changed = half("Connected", "Succeeded");
    *changed.pointer_mut(pointer).unwrap() = value;
    changed
}

/// Our half when the customer's network has grown and nobody has synced.
fn behind(level: &str) -> Value {
    let mut behind = with("/properties/peeringSyncLevel", level.into());
    behind["properties"]["remoteVirtualNetworkAddressSpace"]["addressPrefixes"] =
        json!(["172.16.1.0/24", "172.16.2.0/24"]);
    behind
}

#[tokio::test]
async fn a_changed_switch_is_told_and_put_back_or_only_told() {
    let changed = with("/properties/allowVirtualNetworkAccess", false.into());
    let fake = World::new(Some(changed), Ok(Some(half("Connected", "Succeeded")))).start().await;
    let link = seen(&driver(&fake)).await.unwrap();
    let drift = link.drift.clone().unwrap();
    assert_eq!((link.status, drift.repair), (LinkStatus::Finishing, true));
    assert!(drift.what.contains("allowVirtualNetworkAccess false"), "{drift:?}");
    let told = ensured(&reporter(&fake)).await;
    assert_eq!((told.status, told.needs_repair()), (LinkStatus::Active, false));
    assert_eq!(told.drift, Some(Drift { repair: false, ..drift }));
    assert!(puts(&fake).is_empty(), "it was only to be told");
    let mended = ensured(&driver(&fake)).await;
    assert_eq!((mended.status, mended.drift), (LinkStatus::Active, None));
    assert_eq!(puts(&fake).len(), 1);
    assert!(!puts(&fake)[0].target.contains("syncRemoteAddressSpace"));
}

#[tokio::test]
async fn each_sync_level_but_the_full_one_is_synced_from_both_sides() {
    for level in ["LocalNotInSync", "RemoteNotInSync", "LocalAndRemoteNotInSync"] {
        let theirs = Ok(Some(half("Connected", "Succeeded")));
        let fake = World::new(Some(behind(level)), theirs).start().await;
        let link = seen(&driver(&fake)).await.unwrap();
        assert_eq!(link.status, LinkStatus::Finishing, "{level}");
        assert!(link.drift.is_some_and(|drift| drift.repair && drift.what.contains(level)));
        let mended = ensured(&driver(&fake)).await;
        assert_eq!((mended.status, mended.drift), (LinkStatus::Active, None), "{level}");
        let puts = puts(&fake);
        assert_eq!(puts.len(), 2, "{level}");
        for put in &puts {
            assert!(put.target.ends_with("&syncRemoteAddressSpace=true"), "{}", put.target);
        }
        assert!(puts[1].path().starts_with(&their_network()));
    }
    let whole = half("Connected", "Succeeded");
    let fake = World::new(Some(whole), Ok(None)).start().await;
    assert_eq!(seen(&driver(&fake)).await.unwrap().drift, None);
}

#[tokio::test]
async fn a_customer_that_has_to_sync_its_own_half_is_told_and_not_waited_for() {
    let lagging = with("/properties/peeringSyncLevel", "LocalNotInSync".into());
    let fake = World::new(Some(lagging), Err(forbidden())).start().await;
    let link = seen(&driver(&fake)).await.unwrap();
    let drift = link.drift.clone().unwrap();
    assert_eq!((link.status, drift.repair), (LinkStatus::Active, false));
    assert!(drift.what.contains("the customer has to sync"), "{drift:?}");
    assert_eq!(ensured(&driver(&fake)).await, link);
    assert!(puts(&fake).is_empty());
}

#[tokio::test]
async fn why_azure_failed_is_read_from_the_operation() {
    let check = async |code: &'static str, expected: LinkStatus, repair: bool| {
        let mut ours = None;
        let fake = Fake::start(move |asked: &Asked| {
            if asked.path().contains("/operations/") {
                let error = json!({ "code": code, "message": "why it failed" });
                return Said::json(200, json!({ "status": "Failed", "error": error }));
            }
            if !asked.path().starts_with(&our_network()) {
                return Said::error(429, "AnotherOperationInProgress", "busy");
            }
            match (asked.method.as_str(), &ours) {
                ("PUT", _) => {
                    ours = Some(half("Initiated", "Failed"));
                    let operation = format!(
                        "https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers\
                         /Microsoft.Network/locations/eastus2/operations/7?api-version=2024-05-01"
                    );
                    let said = Said::json(201, half("Initiated", "Updating"));
                    said.header("azure-asyncoperation", &operation)
                }
                (_, _) if asked.path().ends_with("/virtualNetworkPeerings") => {
                    Said::json(200, json!({ "value": Vec::from_iter(ours.clone()) }))
                }
                (_, Some(half)) => Said::json(200, half.clone()),
                (_, None) => Said::error(404, "NotFound", "not found"),
            }
        })
        .await;
        let azure = driver(&fake);
        azure.ensure_link(&link_request(), at(0)).await.unwrap_err();
        let link = seen(&azure).await.unwrap();
        assert_eq!((link.status, link.needs_repair()), (expected, repair), "{code}");
        let words = link.message.or(link.drift.map(|drift| drift.what)).unwrap();
        assert_eq!(words, "why it failed");
    };
    check("VnetAddressSpacesOverlap", LinkStatus::Refused, false).await;
    check("InternalServerError", LinkStatus::Requested, true).await;
    check("RetryableErrorDueToAnotherOperation", LinkStatus::Requested, true).await;
    // An operator may put these right: the peering goes on then.
    check("AuthorizationFailed", LinkStatus::Requested, true).await;
    check("QuotaExceeded", LinkStatus::Requested, true).await;
}

#[tokio::test]
async fn a_half_that_failed_for_no_known_reason_is_asked_for_again_whatever_the_policy() {
    let failed = half("Initiated", "Failed");
    let fake = World::new(Some(failed), Ok(Some(half("Initiated", "Succeeded")))).start().await;
    // Neither driver made it: they know no operation that would tell why.
    for azure in [driver(&fake), reporter(&fake)] {
        let link = seen(&azure).await.unwrap();
        assert_eq!((link.status, link.needs_repair()), (LinkStatus::Requested, true), "{link:?}");
        assert!(link.drift.is_some_and(|drift| drift.what.contains("Failed")));
    }
    assert!(puts(&fake).is_empty(), "a look changes nothing");
    let made = ensured(&reporter(&fake)).await;
    assert_eq!((made.status, made.drift), (LinkStatus::Active, None));
    assert!(puts(&fake)[0].path().starts_with(&our_network()));
}

#[tokio::test]
async fn an_operation_that_may_not_be_read_is_named() {
    let action = "Microsoft.Network/locations/operations/read";
    let words = format!("… does not have authorization to perform action '{action}' …");
    let mut ours = None;
    let fake = Fake::start(move |asked: &Asked| {
        if asked.path().contains("/operations/") {
            return Said::error(403, "AuthorizationFailed", &words);
        }
        match (asked.method.as_str(), &ours) {
            ("PUT", None) => {
                ours = Some(half("Initiated", "Failed"));
                let said = Said::json(201, half("Initiated", "Updating"));
                let at = "https://x/subscriptions/s/providers/p/locations/l/operations/7?a=b";
                said.header("azure-asyncoperation", at)
            }
            ("PUT", Some(_)) => Said::error(429, "AnotherOperationInProgress", "busy"),
            (_, Some(half)) if !asked.path().ends_with("Peerings") => Said::json(200, half.clone()),
            _ => Said::json(200, json!({ "value": Vec::from_iter(ours.clone()) })),
        }
    })
    .await;
    let azure = driver(&fake);
    azure.ensure_link(&link_request(), at(0)).await.unwrap_err();
    let link = seen(&azure).await.unwrap();
    assert_eq!((link.status, link.needs_repair()), (LinkStatus::Requested, true));
    assert!(link.drift.unwrap().what.contains(action));
}
