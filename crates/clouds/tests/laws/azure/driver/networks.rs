//! How a container's network is made, found, put right and taken away.

use peerage_core::cloud::NetworkNames;
use peerage_fabric::Fabric;
use serde_json::{Value, json};

use crate::azure::driver::fake::{Asked, Fake, Said};
use crate::azure::driver::stage::{
    SUBSCRIPTION, VNET, at, driver, half, network, network_request, our_network, reporter,
};

fn missing() -> Said {
    Said::error(404, "ResourceNotFound", "not found")
}

/// A resource group that holds these networks.
async fn holding(networks: Vec<Value>) -> Fake {
    Fake::start(move |asked: &Asked| match asked.method.as_str() {
        "GET" if asked.path().ends_with("/virtualNetworks") => {
            Said::json(200, json!({ "value": networks }))
        }
        "GET" => {
            let name = asked.path().rsplit('/').next().unwrap();
            let found = networks.iter().find(|network| network["name"] == name);
            found.map_or_else(missing, |network| Said::json(200, network.clone()))
        }
        "DELETE" => Said::text(204, ""),
        _ => Said::json(200, networks.first().cloned().unwrap_or_default()),
    })
    .await
}

fn changes(fake: &Fake) -> Vec<Asked> {
    fake.calls().into_iter().filter(|asked| asked.method != "GET").collect()
}

#[tokio::test]
async fn a_network_is_made_with_its_block_its_subnet_and_its_tags() {
    let fake = Fake::start(|asked| match asked.method.as_str() {
        "GET" => Said::json(200, json!({ "value": [] })),
        _ => {
            let mut made = asked.json();
            made["name"] = asked.path().rsplit('/').next().unwrap().into();
            made["properties"]["provisioningState"] = "Updating".into();
            Said::json(201, made)
        }
    })
    .await;
    let azure = driver(&fake);
    let made = azure.ensure_network(&network_request(), at(0)).await.unwrap().found.unwrap();
    assert!(!made.ready && made.drift.is_none(), "{made:?}");
    let NetworkNames::Azure { subscription_id, vnet_name } = made.names else { panic!() };
    assert_eq!(subscription_id, SUBSCRIPTION);
    assert!(vnet_name.starts_with("nt-030303030303030303030303-"), "{vnet_name}");
    let put = &changes(&fake)[0];
    let body = put.json();
    assert_eq!(body["location"], "eastus2");
    assert_eq!(body["properties"]["addressSpace"]["addressPrefixes"], json!(["10.8.0.0/21"]));
    assert_eq!(body["properties"]["subnets"][0]["name"], "default");
    assert_eq!(body["tags"]["peerage:installation"], "test");
    assert!(put.target.ends_with("?api-version=2024-05-01"), "{}", put.target);
}

#[tokio::test]
async fn one_whose_answer_was_lost_is_asked_for_by_the_same_name() {
    let fake = Fake::start(|asked| match asked.method.as_str() {
        "GET" => Said::json(200, json!({ "value": [] })),
        _ => Said::text(200, "lost"),
    })
    .await;
    let azure = driver(&fake);
    for _ in 0..2 {
        azure.ensure_network(&network_request(), at(0)).await.unwrap_err();
    }
    // Once it is certain that nothing is left, the next one is another one.
    azure.remove_network(&network_request(), at(0)).await.unwrap();
    azure.ensure_network(&network_request(), at(0)).await.unwrap_err();
    let paths: Vec<_> = changes(&fake).iter().map(|put| put.path().to_owned()).collect();
    assert_eq!(paths[0], paths[1]);
    assert_ne!(paths[1], paths[2]);
}

#[tokio::test]
async fn a_missing_resource_group_is_made_first() {
    let mut is_there = false;
    let fake = Fake::start(move |asked| {
        let is_group = asked.path().ends_with("/resourceGroups/peerage");
        match (asked.method.as_str(), is_group, is_there) {
            ("PUT", true, _) => {
                is_there = true;
                Said::json(201, json!({ "name": "peerage" }))
            }
            ("PUT", false, true) => {
                let mut made = network("nt-x");
                made["name"] = asked.path().rsplit('/').next().unwrap().into();
                Said::json(201, made)
            }
            _ => Said::error(404, "ResourceGroupNotFound", "could not be found"),
        }
    })
    .await;
    let azure = driver(&fake);
    assert!(azure.observe_network(&network_request(), at(0)).await.unwrap().found.is_none());
    assert!(changes(&fake).is_empty());
    let made = azure.ensure_network(&network_request(), at(0)).await.unwrap().found.unwrap();
    assert!(made.ready);
    let puts = changes(&fake);
    assert_eq!(puts[1].json()["location"], "eastus2");
    assert_eq!(puts[1].json()["tags"]["peerage:installation"], "test");
}

#[tokio::test]
async fn only_networks_of_this_installation_and_container_are_adopted() {
    let mut foreign = network("nt-foreign");
    foreign["tags"]["peerage:installation"] = "other".into();
    let mut other = network("nt-other");
    other["tags"]["peerage:container"] = "090909090909090909090909".into();
    let fake = holding(vec![foreign, other, json!({ "name": "plain" }), network(VNET)]).await;
    let found = driver(&fake).ensure_network(&network_request(), at(0)).await.unwrap().found;
    let NetworkNames::Azure { vnet_name, .. } = found.unwrap().names else { panic!() };
    assert_eq!(vnet_name, VNET);
    assert!(changes(&fake).is_empty());
}

#[tokio::test]
async fn of_several_the_one_with_peerings_is_kept_and_the_unused_go() {
    let mut used = network("nt-c");
    used["properties"]["virtualNetworkPeerings"] = json!([half("Connected", "Succeeded")]);
    let fake = holding(vec![network("nt-a"), network("nt-b"), used]).await;
    let found = driver(&fake).ensure_network(&network_request(), at(0)).await.unwrap().found;
    let NetworkNames::Azure { vnet_name, .. } = found.unwrap().names else { panic!() };
    assert_eq!(vnet_name, "nt-c");
    let gone: Vec<_> = changes(&fake)
        .iter()
        .map(|asked| (asked.method.clone(), asked.path().rsplit('/').next().unwrap().to_owned()))
        .collect();
    assert_eq!(gone, [("DELETE".into(), "nt-a".into()), ("DELETE".into(), "nt-b".into())]);
}

#[tokio::test]
async fn a_network_with_a_peering_stays() {
    let mut used = network(VNET);
    used["properties"]["virtualNetworkPeerings"] = json!([half("Connected", "Succeeded")]);
    let fake = holding(vec![used]).await;
    let error = driver(&fake).remove_network(&network_request(), at(0)).await.unwrap_err();
    assert_eq!(error.code, "InUseVirtualNetworkCannotBeDeleted");
    assert!(changes(&fake).is_empty());
}

#[tokio::test]
async fn a_look_spares_the_list_once_it_knows_the_name() {
    let fake = holding(vec![network(VNET)]).await;
    let azure = driver(&fake);
    for _ in 0..3 {
        azure.observe_network(&network_request(), at(0)).await.unwrap().found.unwrap();
    }
    let paths: Vec<_> = fake.calls().iter().map(|asked| asked.path().to_owned()).collect();
    let list = our_network().replace(&format!("/{VNET}"), "");
    assert_eq!(paths, [list, our_network(), our_network()]);
}

/// What is sent to put a network right that was changed so, and what is told of it.
async fn mended(pointer: &str, value: Value) -> (String, Option<Asked>) {
    let mut changed = network(VNET);
    *changed.pointer_mut(pointer).unwrap() = value;
    let fake = holding(vec![changed.clone()]).await;
    let seen = driver(&fake).observe_network(&network_request(), at(0)).await.unwrap();
    let drift = seen.found.unwrap().drift.unwrap();
    assert!(drift.repair);
    assert!(changes(&fake).is_empty(), "a look changes nothing");
    driver(&fake).ensure_network(&network_request(), at(0)).await.unwrap();
    let mend = changes(&fake).into_iter().next();
    let reported = reporter(&fake).ensure_network(&network_request(), at(0)).await.unwrap();
    assert!(reported.found.unwrap().drift.is_some_and(|drift| !drift.repair));
    assert_eq!(changes(&fake).len(), usize::from(mend.is_some()), "it was only to be told");
    (drift.what, mend)
}

#[tokio::test]
async fn changed_addresses_are_put_back_with_everything_else_as_it_was() {
    let (what, mend) =
        mended("/properties/addressSpace/addressPrefixes", json!(["10.8.0.0/21", "10.99.0.0/16"]))
            .await;
    assert!(what.contains("10.8.0.0/21"), "{what}");
    let mend = mend.unwrap();
    let body = mend.json();
    assert_eq!(body["properties"]["addressSpace"]["addressPrefixes"], json!(["10.8.0.0/21"]));
    assert_eq!(body["properties"]["subnets"][0]["name"], "default");
    // Whoever lists them needs access to each network that they lead to.
    assert_eq!(body["properties"].get("virtualNetworkPeerings"), None);
    assert_eq!(mend.header("if-match"), Some("W/\"1\""));
}

#[tokio::test]
async fn a_lost_subnet_is_made_again() {
    let (what, mend) = mended("/properties/subnets", json!([])).await;
    assert!(what.contains("no subnet default"), "{what}");
    let mend = mend.unwrap();
    assert_eq!(mend.path(), format!("{}/subnets/default", our_network()));
    assert_eq!(mend.json()["properties"]["addressPrefix"], "10.8.0.0/21");
}

#[tokio::test]
async fn a_lost_tag_is_put_back_beside_those_of_others() {
    let tags = json!({
        "peerage:installation": "test",
        "peerage:container": "030303030303030303030303",
        "theirs": "kept",
    });
    let (what, mend) = mended("/tags", tags).await;
    assert!(what.contains("peerage:group"), "{what}");
    let mend = mend.unwrap();
    assert_eq!(mend.method, "PATCH");
    assert_eq!(mend.json()["tags"]["theirs"], "kept");
    assert_eq!(mend.json()["tags"]["peerage:group"], "010101010101010101010101");
}

#[tokio::test]
async fn a_network_that_azure_did_not_finish_is_asked_for_once_more() {
    let mut failed = network(VNET);
    failed["properties"]["provisioningState"] = "Failed".into();
    let fake = holding(vec![failed]).await;
    let azure = driver(&fake);
    let seen = azure.observe_network(&network_request(), at(0)).await.unwrap().found.unwrap();
    assert!(!seen.ready);
    azure.ensure_network(&network_request(), at(0)).await.unwrap();
    assert_eq!(changes(&fake)[0].method, "PUT");
}

#[tokio::test]
async fn a_network_that_azure_did_not_finish_keeps_its_addresses_where_drift_is_only_told() {
    let grown = json!(["10.8.0.0/21", "10.99.0.0/16"]);
    let mut failed = network(VNET);
    failed["properties"]["provisioningState"] = "Failed".into();
    failed["properties"]["addressSpace"]["addressPrefixes"] = grown.clone();
    failed["properties"]["virtualNetworkPeerings"] = json!([half("Connected", "Succeeded")]);
    let fake = holding(vec![failed]).await;
    reporter(&fake).ensure_network(&network_request(), at(0)).await.unwrap();
    driver(&fake).ensure_network(&network_request(), at(0)).await.unwrap();
    let changes = changes(&fake);
    let [kept, repaired] = changes.as_slice() else { panic!("{changes:?}") };
    for (put, prefixes) in [(kept, grown), (repaired, json!(["10.8.0.0/21"]))] {
        assert_eq!((&*put.method, put.path()), ("PUT", &*our_network()));
        let body = put.json();
        assert_eq!(body["properties"]["addressSpace"]["addressPrefixes"], prefixes);
        assert_eq!(body["properties"]["subnets"][0]["name"], "default");
        assert_eq!(body["properties"].get("virtualNetworkPeerings"), None);
    }
}
