//! What has to hold once everything is healed and nobody asks for anything.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::client::Client;
use crate::report::say;
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use serde_json::Value;

use super::nodes::Cluster;
use crate::crowd::Crowd;

/// The longest until everything is settled after the last fault.
const SETTLE: Duration = Duration::from_secs(90);

/// Every peering is available or gone, and the clouds have exactly those that there are.
pub(crate) async fn quiet(
    cluster: &Cluster,
    crowd: &Crowd,
    client: &mut Client,
) -> anyhow::Result<()> {
    let mut peers = BTreeMap::new();
    for project in &crowd.projects {
        let listed = crowd.settled(client, project, SETTLE).await?;
        peers.extend(listed.into_iter().map(|peer| {
            let text = |name: &str| peer[name].as_str().unwrap_or_default().to_owned();
            (text("_id").max(text("id")), (text("connectionId"), text("vpcId")))
        }));
    }
    let links = links(cluster).await?;
    let of_peers: BTreeSet<&String> = peers.keys().collect();
    let of_links: BTreeSet<&String> = links.keys().collect();
    let lost: Vec<_> = of_peers.difference(&of_links).collect();
    let left: Vec<_> = of_links.difference(&of_peers).collect();
    ensure!(lost.is_empty(), "peerings without a connection in the cloud: {lost:?}");
    ensure!(left.is_empty(), "connections in the cloud without a peering: {left:?}");
    let networks: BTreeSet<_> = peers.values().map(|(_, vpc)| vpc).collect();
    let connections: BTreeSet<_> = links.values().collect();
    ensure!(connections.len() == links.len(), "one connection belongs to two peerings: {links:?}");
    for (id, (connection, _)) in &peers {
        ensure!(links.get(id) == Some(connection), "peering {id} shows another connection");
    }
    say(format!(
        "after quiet: {} peerings to {} networks, each with one connection in the cloud",
        peers.len(),
        networks.len()
    ));
    Ok(())
}

/// The connections that exist in the emulated cloud, by peering, as etcd has them.
async fn links(cluster: &Cluster) -> anyhow::Result<BTreeMap<String, String>> {
    let prefix = "peerage/emulated/link/";
    let arguments = ["get", "--prefix", prefix, "--write-out=json"];
    let found: Value = serde_json::from_str(&cluster.etcdctl(&arguments).await?)?;
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut links = BTreeMap::new();
    for entry in found["kvs"].as_array().cloned().unwrap_or_default() {
        let bytes = |name: &str| base64.decode(entry[name].as_str().unwrap_or_default());
        let key = String::from_utf8(bytes("key")?)?;
        let link: Value = serde_json::from_slice(&bytes("value")?)?;
        let state = &link["sides"]["aws"]["state"];
        let words = ["failed", "rejected", "expired", "deleted"];
        if state.as_str().is_some_and(|state| words.contains(&state)) {
            continue;
        }
        let id = key.rsplit('/').next().unwrap_or_default().to_owned();
        let connection = link["connection"].as_str().context("a link without a connection")?;
        links.insert(id, connection.to_owned());
    }
    Ok(links)
}
