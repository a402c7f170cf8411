//! A store that is full already: copies of one peering and its project, with other ids, as the
//! service itself wrote them. The events of the copies are left out.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hyper::Method;
use indicatif::ProgressBar;
use peerage_store::{Commit, Key, ListRequest, Store, Txn, Write};

use super::Run;
use super::generator::load;
use super::shape::{id, open};
use super::subject::{Project, Proof, Subject};
use crate::wait::{Seen, until};

/// Peerings of one project: a page of a list.
pub(crate) const EACH: usize = 100;
/// Rows of one transaction.
const ROWS: usize = 100;
/// Transactions under way.
const AT_ONCE: usize = 16;
/// How long one peering may take.
const SETTLE: Duration = Duration::from_secs(10);
/// Where the ids of copies begin: no service counts that far here.
const FIRST: usize = 0x40_0000;

/// The project and the peering that are copied, and every name that is unique to them.
#[derive(Clone, Debug)]
pub(crate) struct Original {
    /// The project.
    pub(crate) group: String,
    /// Its container.
    pub(crate) container: String,
    /// Its peering.
    pub(crate) peer: String,
    /// The network of the container.
    pub(crate) network: String,
    /// The connection.
    pub(crate) connection: String,
    /// The customer's network.
    pub(crate) customer: String,
    /// The customer's block.
    pub(crate) block: String,
}

/// Rows of the original.
struct Rows {
    project: Vec<(String, String)>,
    peering: Vec<(String, String)>,
}

/// Copies a peering until there are so many more, in projects of [`EACH`]. The service must have
/// stopped.
///
/// # Errors
/// The store cannot be written.
pub(crate) async fn fill(
    path: &Path,
    original: &Original,
    count: usize,
    progress: &ProgressBar,
) -> anyhow::Result<()> {
    let store = open(path)?;
    let rows = Rows::read(&store, original).await?;
    let mut waiting = Vec::new();
    for project in 0..count / EACH {
        waiting.extend(rows.copies(original, project));
        if waiting.len() >= ROWS * AT_ONCE {
            commit(&store, std::mem::take(&mut waiting)).await?;
        }
        progress.inc(EACH as u64);
    }
    commit(&store, waiting).await?;
    store.close().await;
    Ok(())
}

async fn commit(store: &dyn Store, rows: Vec<(String, String)>) -> anyhow::Result<()> {
    let write = |(key, value): &(String, String)| Write::put(key.clone(), value.clone());
    let txns = rows.chunks(ROWS).map(|rows| Txn::of(rows.iter().map(write).collect()));
    for committed in futures_util::future::join_all(txns.map(|txn| store.commit(txn))).await {
        ensure!(matches!(committed?, Commit::Done(_)), "a copy was not taken");
    }
    Ok(())
}

impl Rows {
    async fn read(store: &dyn Store, original: &Original) -> anyhow::Result<Self> {
        let (mut project, mut peering) = (Vec::new(), Vec::new());
        let mut request = ListRequest::prefix(Key::default());
        loop {
            let page = store.list(request.clone()).await?;
            for entry in &page.entries {
                let key = String::from_utf8(entry.key.as_bytes().to_vec())?;
                let value = String::from_utf8(entry.value.as_bytes().to_vec())?;
                if key.contains("-event/") {
                    continue;
                }
                if key.contains(&original.peer) {
                    peering.push((key, value));
                } else if key.contains(&original.group) || key.contains(&original.container) {
                    project.push((key, value));
                }
            }
            request.after = page.entries.last().map(|entry| entry.key.clone());
            if !page.more {
                break;
            }
        }
        ensure!(peering.len() >= 2, "the peering to copy was not found");
        Ok(Self { project, peering })
    }

    fn copies(&self, original: &Original, project: usize) -> Vec<(String, String)> {
        let group = id(FIRST + 2 * project);
        let container = id(FIRST + 2 * project + 1);
        let network = format!("vpc-{:017x}", 0xf_0000_0000_usize + project);
        let name = format!("copy {project}");
        let common = [
            (&original.group, &group),
            (&original.container, &container),
            (&original.network, &network),
        ];
        let mut rows: Vec<_> = self.project.iter().map(|row| exchanged(row, &common)).collect();
        for (key, value) in &mut rows {
            *value = value.replace("\"peerings\":1,", &format!("\"peerings\":{EACH},"));
            *value = value.replace("\"name\":\"project 0\"", &format!("\"name\":\"{name}\""));
            *key = key.replace("/project 0", &format!("/{name}"));
        }
        for place in 0..EACH {
            let number = project * EACH + place;
            let peer = peering(number);
            let connection = format!("pcx-{:017x}", 0xf_0000_0000_usize + number);
            let customer = format!("vpc-{:017x}", 0xe_0000_0000_usize + number);
            let block = format!("172.20.{}.{}/29", place / 32, place % 32 * 8);
            let own = [
                (&original.peer, &peer),
                (&original.connection, &connection),
                (&original.customer, &customer),
                (&original.block, &block),
            ];
            let copy = |row| exchanged(&exchanged(row, &common), &own);
            rows.extend(self.peering.iter().map(copy));
        }
        rows
    }
}

/// The id of a copy.
fn peering(number: usize) -> String {
    format!("6b058a0953e1161f{number:08x}")
}

fn exchanged((key, value): &(String, String), names: &[(&String, &String)]) -> (String, String) {
    let exchange =
        |text: &str| names.iter().fold(text.to_owned(), |text, (old, new)| text.replace(*old, new));
    (exchange(key), exchange(value))
}

impl Original {
    /// Reads the names from what the service answers about them.
    ///
    /// # Errors
    /// Something is not told.
    pub(crate) fn of(group: &str, peer: &serde_json::Value, network: &str) -> anyhow::Result<Self> {
        let text = |name: &str| {
            let found = peer[name].as_str().map(str::to_owned);
            found.with_context(|| format!("a peering without {name}: {peer}"))
        };
        Ok(Self {
            group: group.to_owned(),
            container: text("containerId")?,
            peer: text("id")?,
            network: network.to_owned(),
            connection: text("connectionId")?,
            customer: text("vpcId")?,
            block: text("routeTableCidrBlock")?,
        })
    }
}

/// A running service with so many peerings more than it made itself, all of them settled, and
/// projects to work in. The last project of the copies is `listed`.
pub(crate) struct Stocked {
    /// The service.
    pub(crate) subject: Subject,
    /// A project with [`EACH`] peerings.
    pub(crate) listed: String,
    /// One of its peerings.
    pub(crate) one: String,
}

/// Makes one.
///
/// # Errors
/// The service fails, or does not take the copies.
pub(crate) async fn stocked(run: &Run, projects: usize, count: usize) -> anyhow::Result<Stocked> {
    let subject =
        Subject::start(&run.program, &run.scratch, "pace = \"instant\"", projects).await?;
    let Project { id: group, container } = subject.projects[0].clone();
    let scripts = subject.work().creates(Proof::Bearer, 1, 0, 1).await?;
    load(subject.server.address, scripts).await?;
    let path = format!("/api/atlas/v2/groups/{group}");
    let (client, path) = (&tokio::sync::Mutex::new(subject.client()), &path);
    let peer = until("the peering is AVAILABLE", SETTLE, || async move {
        let list = client.lock().await.ok(&Method::GET, &format!("{path}/peers"), None).await?;
        let peer = list["results"][0].clone();
        let is_available = peer["statusName"] == "AVAILABLE";
        Ok(if is_available { Seen::Holds(peer) } else { Seen::NotYet(peer.to_string()) })
    })
    .await?;
    let network = format!("{path}/containers/{container}");
    let network = client.lock().await.ok(&Method::GET, &network, None).await?;
    let network = network["vpcId"].as_str().context("a network without a name")?;
    let original = Original::of(&group, &peer, network)?;
    let progress = run.bar(count as u64, &format!("{count} peerings are stored"));
    let subject = subject.while_stopped(async |path| fill(path, &original, count, &progress).await);
    let subject = subject.await?;
    progress.finish_and_clear();
    let listed = id(FIRST + 2 * (count / EACH - 1));
    let one = peering(count - 1);
    Ok(Stocked { subject, listed, one })
}
