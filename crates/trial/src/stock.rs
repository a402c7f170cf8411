//! A store that is full already: copies of one peering and its project, with other ids, as the
//! service itself wrote them. The events of the copies are left out. Nobody is to touch them, so
//! that they can be compared with what they were.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hyper::Method;
use indicatif::ProgressBar;
use md5::{Digest as _, Md5};
use peerage_store::sqlite::{SqliteOptions, SqliteStore};
use peerage_store::{Commit, Entry, Key, ListRequest, Store, Txn, Write};
use serde_json::{Value, json};

use crate::client::Client;
use crate::wait::{Seen, until};

/// The name of the project that is copied.
pub(crate) const NAME: &str = "project 0";
/// Peerings of one project: a page of a list.
pub(crate) const EACH: usize = 100;
/// Rows of one transaction.
const ROWS: usize = 100;
/// Transactions under way.
const AT_ONCE: usize = 16;
/// How long one peering may take.
const SETTLE: Duration = Duration::from_secs(10);
/// What ids of copies begin with: the time at which no service of a trial runs, and a process.
const COPIES: &str = "6b058a0953e1161f";
/// Where the ids of copied projects begin: no service counts that far here.
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

/// What a store has of copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// How many peerings.
    pub(crate) peerings: usize,
    /// How many entries, of which each peering has several.
    pub(crate) entries: usize,
    /// The MD5 of their keys and values, in order.
    pub(crate) digest: String,
}

/// Rows of the original.
struct Rows {
    project: Vec<(String, String)>,
    peering: Vec<(String, String)>,
}

/// Copies a peering until there are so many more, in whole projects of [`EACH`]. The service must
/// have stopped.
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
    for project in 0..count.div_ceil(EACH) {
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
        each(store, |entry| {
            let key = String::from_utf8(entry.key.as_bytes().to_vec())?;
            let value = String::from_utf8(entry.value.as_bytes().to_vec())?;
            if key.contains("-event/") {
                return Ok(());
            }
            if key.contains(&original.peer) {
                peering.push((key, value));
            } else if key.contains(&original.group) || key.contains(&original.container) {
                project.push((key, value));
            }
            Ok(())
        })
        .await?;
        ensure!(peering.len() >= 2, "the peering to copy was not found");
        Ok(Self { project, peering })
    }

    fn copies(&self, original: &Original, project: usize) -> Vec<(String, String)> {
        let group = group(project);
        let container = id(FIRST + 2 * project + 1);
        let network = format!("vpc-{:017x}", 0xf_0000_0000_usize + project);
        let name = format!("copy {project}");
        let named = |name: &str| format!("\"name\":\"{name}\"");
        let common = [
            (&original.group, &group),
            (&original.container, &container),
            (&original.network, &network),
        ];
        let mut rows: Vec<_> = self.project.iter().map(|row| exchanged(row, &common)).collect();
        for (key, value) in &mut rows {
            *value = value.replace("\"peerings\":1,", &format!("\"peerings\":{EACH},"));
            *value = value.replace(&named(NAME), &named(&name));
            *key = key.replace(&format!("/{NAME}"), &format!("/{name}"));
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

/// Reads the copies of a store whose service has stopped.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn kept(path: &Path) -> anyhow::Result<Kept> {
    let store = open(path)?;
    let (mut peerings, mut entries, mut digest) = (0, 0, Md5::new());
    each(&store, |entry| {
        let key = String::from_utf8_lossy(entry.key.as_bytes());
        if key.contains(COPIES) {
            peerings += usize::from(key.starts_with("net/") && key.contains("/peer/"));
            entries += 1;
            for bytes in [entry.key.as_bytes(), entry.value.as_bytes()] {
                digest.update((bytes.len() as u64).to_be_bytes());
                digest.update(bytes);
            }
        }
        Ok(())
    })
    .await?;
    store.close().await;
    Ok(Kept { peerings, entries, digest: hex::encode(digest.finalize()) })
}

/// Shows every entry of a store, in order.
async fn each(
    store: &dyn Store,
    mut show: impl FnMut(&Entry) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut request = ListRequest::prefix(Key::default());
    loop {
        let page = store.list(request.clone()).await?;
        page.entries.iter().try_for_each(&mut show)?;
        request.after = page.entries.last().map(|entry| entry.key.clone());
        if !page.more {
            return Ok(());
        }
    }
}

/// Opens the store of a service that has stopped.
///
/// # Errors
/// It cannot be opened.
pub(crate) fn open(path: &Path) -> anyhow::Result<SqliteStore> {
    let opened = SqliteStore::open(SqliteOptions::new(path));
    opened.with_context(|| path.display().to_string())
}

/// An id that nobody else has.
pub(crate) fn id(number: usize) -> String {
    format!("{COPIES}01{number:06x}")
}

/// The id of a copied project.
pub(crate) fn group(number: usize) -> String {
    id(FIRST + 2 * number)
}

/// The id of a copied peering.
pub(crate) fn peering(number: usize) -> String {
    format!("{COPIES}{number:08x}")
}

/// Whether an id is that of a copy.
pub(crate) fn is_copy(id: &str) -> bool {
    id.starts_with(COPIES)
}

fn exchanged((key, value): &(String, String), names: &[(&String, &String)]) -> (String, String) {
    let exchange =
        |text: &str| names.iter().fold(text.to_owned(), |text, (old, new)| text.replace(*old, new));
    (exchange(key), exchange(value))
}

impl Original {
    /// Makes one in an organization.
    ///
    /// # Errors
    /// The service refuses, or it does not work in time.
    pub(crate) async fn make(mut client: Client, org: &str) -> anyhow::Result<Self> {
        let mut made = async |path: &str, body: Value| {
            let made = client.ok(&Method::POST, path, Some(&body)).await?;
            anyhow::Ok(made["id"].as_str().context("something without an id")?.to_owned())
        };
        let group = json!({ "name": NAME, "orgId": org });
        let group = made("/api/atlas/v2/groups", group).await?;
        let path = format!("/api/atlas/v2/groups/{group}");
        let container = json!({
            "atlasCidrBlock": "10.8.0.0/21", "providerName": "AWS", "regionName": "US_EAST_1",
        });
        let container = made(&format!("{path}/containers"), container).await?;
        let peering = json!({
            "accepterRegionName": "us-east-1", "awsAccountId": "123456789012",
            "containerId": container, "providerName": "AWS",
            "routeTableCidrBlock": "192.168.0.0/29", "vpcId": "vpc-0abcdef0123456789",
        });
        made(&format!("{path}/peers"), peering).await?;
        Self::settled(client, &group, &container).await
    }

    /// Waits until the only peering of a project works, and reads the names from what the service
    /// answers.
    ///
    /// # Errors
    /// It does not work in time, or something is not told.
    pub(crate) async fn settled(
        client: Client,
        group: &str,
        container: &str,
    ) -> anyhow::Result<Self> {
        let path = &format!("/api/atlas/v2/groups/{group}");
        let client = &tokio::sync::Mutex::new(client);
        let peer = until("the peering is AVAILABLE", SETTLE, || async move {
            let list = client.lock().await.ok(&Method::GET, &format!("{path}/peers"), None).await?;
            let peer = list["results"][0].clone();
            let is_available = peer["statusName"] == "AVAILABLE";
            Ok(if is_available { Seen::Holds(peer) } else { Seen::NotYet(peer.to_string()) })
        })
        .await?;
        let network = format!("{path}/containers/{container}");
        let network = client.lock().await.ok(&Method::GET, &network, None).await?;
        let text = |of: &Value, name: &str| {
            let found = of[name].as_str().map(str::to_owned);
            found.with_context(|| format!("nothing says its {name}: {of}"))
        };
        Ok(Self {
            group: group.to_owned(),
            container: text(&peer, "containerId")?,
            peer: text(&peer, "id")?,
            network: text(&network, "vpcId")?,
            connection: text(&peer, "connectionId")?,
            customer: text(&peer, "vpcId")?,
            block: text(&peer, "routeTableCidrBlock")?,
        })
    }
}
