//! What has to hold once everything is healed and nobody asks for anything.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::client::Client;
use crate::report::say;
use crate::wait::{Seen, until};
use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use serde_json::Value;

use peerage_sim::linear::Verdict;

use super::linear;
use super::load::Load;
use super::nodes::Cluster;

/// The longest until everything is settled after the last fault.
const SETTLE: Duration = Duration::from_secs(90);
/// The stack for the search: it goes as deep as a history is long.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// Every peering is available or gone, and the clouds have exactly those that there are.
pub(crate) async fn quiet(
    cluster: &Cluster,
    load: &Load,
    client: &mut Client,
) -> anyhow::Result<()> {
    let mut peers = BTreeMap::new();
    for project in &load.projects {
        let listed = settled(load, client, project).await?;
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

async fn settled(
    load: &Load,
    client: &mut Client,
    project: &super::load::Project,
) -> anyhow::Result<Vec<Value>> {
    let client = tokio::sync::Mutex::new(client);
    until("every peering is settled", SETTLE, || async {
        let mut client = client.lock().await;
        let Some(peers) = load.listed(&mut client, project).await else {
            return Ok(Seen::NotYet("no list".to_owned()));
        };
        let open: Vec<_> = peers.iter().filter(|peer| peer["statusName"] != "AVAILABLE").collect();
        if open.is_empty() {
            return Ok(Seen::Holds(peers.clone()));
        }
        let first = open.first().map(ToString::to_string).unwrap_or_default();
        Ok(Seen::NotYet(format!("{} of {} are not: {first}", open.len(), peers.len())))
    })
    .await
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

/// What clients were told of each peering has an order that explains it.
pub(crate) fn linearizable(load: &Load) -> anyhow::Result<()> {
    let histories: Vec<_> =
        load.projects.iter().flat_map(super::load::Project::histories).collect();
    let search = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let (mut events, mut open) = (0, 0);
        for (number, history) in &histories {
            events += history.len();
            open += history.iter().filter(|event| event.returned.is_none()).count();
            let verdict = linear::judge(history);
            if verdict != Verdict::Linearizable {
                let mut history = history.clone();
                history.sort_by_key(|event| event.invoked);
                bail!("{verdict:?} is what was told of vpc-{number:017x}: {history:#?}");
            }
        }
        Ok((histories.len(), events, open))
    })?;
    let found = search.join().map_err(|_| anyhow::anyhow!("the search failed"))?;
    let (peerings, events, open) = found?;
    say(format!("linearizable: {events} operations on {peerings} peerings, {open} left open"));
    Ok(())
}
