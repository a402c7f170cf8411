//! `peerage gc`: finds what carries our tag in a real cloud and belongs to nothing in the store,
//! and takes it away.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use peerage_core::id::{ContainerId, PeerId};
use peerage_core::reconcile::Key as ReconcileKey;
use peerage_fabric::Inventory;
use peerage_fabric::inventory::{Owner, Tagged};
use peerage_store::backup::{self, Existing};
use peerage_store::{LeaseClock, ListRequest, Store, StoreUrl, keys};

use super::backup::in_runtime;
use super::terminal::say;
use crate::authn::MasterKey;
use crate::clouds::Drivers;
use crate::config::Config;

/// How often an orphan is looked at again while it is on its way out.
const TRIES_MAX: u32 = 60;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// Find what this installation made in the real clouds and no longer knows, and take it away.
#[derive(Debug, Args)]
#[command(after_help = "\
An orphan carries the tag of this installation ([clouds] installation) and names a peering or a
container that is not in the store. The clouds are listed first and the store is read afterwards, so
that what the service makes meanwhile is never one: it may run. Connections go before networks. Ends
with 1 if something could not be taken away.")]
pub(super) struct Gc {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG")]
    config: PathBuf,
    /// Only say what would be taken away.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(command: &Gc) -> anyhow::Result<()> {
    let config = Config::read(&command.config)?;
    config.check()?;
    in_runtime(async {
        let master = MasterKey::load(&config.key_file)
            .with_context(|| format!("the key file {}", config.key_file.display()))?;
        let drivers = Drivers::connect(&config.clouds, None, master.external_ids()).await?;
        anyhow::ensure!(
            !drivers.inventories.is_empty(),
            "every cloud of this configuration is emulated: there is nothing to look for"
        );
        let mut all = Vec::new();
        for (provider, inventory) in &drivers.inventories {
            let tagged = inventory.list_tagged().await;
            let tagged = tagged.with_context(|| format!("{provider} could not be listed"))?;
            all.push((provider, inventory, tagged));
        }
        let known = Known::of(StoreUrl::parse(&config.store)?).await?;
        let mut left = 0;
        for (provider, inventory, tagged) in all {
            let orphans = known.orphans(tagged);
            if orphans.is_empty() {
                say(format!("{provider}: no orphans"));
            }
            for orphan in orphans {
                left += collect(&**inventory, &orphan, command.dry_run).await;
            }
        }
        anyhow::ensure!(left == 0, "{left} of them are left: see above");
        Ok(())
    })
}

/// Takes one away, or only names it; answers how many are left that should not be.
async fn collect(inventory: &dyn Inventory, orphan: &Tagged, dry_run: bool) -> u32 {
    if dry_run {
        say(format!("orphan   {orphan}"));
        return 0;
    }
    for _ in 0..TRIES_MAX {
        match inventory.remove_tagged(orphan).await {
            Ok(true) => {
                say(format!("removed  {orphan}"));
                return 0;
            }
            Ok(false) => tokio::time::sleep(PAUSE).await,
            Err(error) => {
                say(format!("left     {orphan}: {error}"));
                return 1;
            }
        }
    }
    say(format!(
        "left     {orphan}: still there after {} s",
        PAUSE.as_secs() * u64::from(TRIES_MAX)
    ));
    1
}

/// Every peering and container in the store.
#[derive(Debug, Default)]
struct Known {
    peerings: BTreeSet<PeerId>,
    containers: BTreeSet<ContainerId>,
}

impl Known {
    /// Reads them. A file, which the service may have open, is read from a copy.
    async fn of(url: StoreUrl) -> anyhow::Result<Self> {
        let StoreUrl::Sqlite { path, .. } = &url else { return Self::read_and_close(url).await };
        let near = path.parent().filter(|near| *near != Path::new("")).unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new().prefix("peerage-gc-").tempdir_in(near);
        let folder =
            folder.with_context(|| format!("a copy of the store in {}", near.display()))?;
        let copy = folder.path().join("copy.db");
        backup::backup(path, &copy, Existing::Keep, |_| {})?;
        Self::read_and_close(StoreUrl::Sqlite { path: copy, history: None }).await
    }

    async fn read_and_close(url: StoreUrl) -> anyhow::Result<Self> {
        let store = url.open(LeaseClock::system())?;
        let known = Self::read(&*store).await;
        store.close().await;
        known
    }

    async fn read(store: &dyn Store) -> anyhow::Result<Self> {
        // To an empty or half restored store everything would be an orphan.
        crate::runtime::check_whole(store).await?;
        let (organizations, _) = store.count(&keys::orgs()).await?;
        anyhow::ensure!(
            organizations > 0,
            "the store holds no organization: is it the one of this installation?"
        );
        let mut known = Self::default();
        let mut request = ListRequest::prefix(keys::all_networks());
        loop {
            let page = store.list(request.clone()).await?;
            for entry in &page.entries {
                match keys::parse_network(&entry.key) {
                    Some(ReconcileKey::Peering(_, id)) => drop(known.peerings.insert(id)),
                    Some(ReconcileKey::Network(_, id)) => drop(known.containers.insert(id)),
                    None => {}
                }
            }
            if !page.more {
                return Ok(known);
            }
            request.after = page.entries.last().map(|entry| entry.key.clone());
            request.at = Some(page.revision);
        }
    }

    /// Those that belong to nothing known, connections first.
    fn orphans(&self, tagged: Vec<Tagged>) -> Vec<Tagged> {
        let mut orphans: Vec<Tagged> = tagged
            .into_iter()
            .filter(|tagged| match tagged.owner {
                Owner::Link(peering) => !self.peerings.contains(&peering),
                Owner::Network(container) => !self.containers.contains(&container),
            })
            .collect();
        orphans.sort_by_key(|tagged| matches!(tagged.owner, Owner::Network(_)));
        orphans
    }
}

#[cfg(test)]
mod tests {
    use peerage_core::id::{GroupId, OrgId};
    use peerage_core::provider::Provider;
    use peerage_store::{Txn, Write};

    use super::*;

    fn tagged(owner: Owner) -> Tagged {
        let (place, id) = ("here".to_owned(), format!("{owner:?}"));
        Tagged { provider: Provider::Aws, owner, group: None, place, id }
    }

    #[tokio::test]
    async fn an_orphan_is_what_nothing_in_the_store_is_known_for() {
        let store = peerage_store::open("memory:").unwrap();
        let group = GroupId::from_bytes([1; 12]);
        let (kept, lost) = (PeerId::from_bytes([2; 12]), PeerId::from_bytes([3; 12]));
        let (home, gone) = (ContainerId::from_bytes([4; 12]), ContainerId::from_bytes([5; 12]));
        let org = keys::org(OrgId::from_bytes([6; 12]));
        let all = [org, keys::peering(group, kept), keys::container(group, home)];
        let writes = all.map(|key| Write::put(key, "{}"));
        store.commit(Txn::of(writes.into())).await.unwrap();
        let all =
            [Owner::Network(gone), Owner::Link(kept), Owner::Link(lost), Owner::Network(home)];
        let found = Known::read(&*store).await.unwrap().orphans(all.map(tagged).into());
        let owners: Vec<Owner> = found.iter().map(|tagged| tagged.owner).collect();
        assert_eq!(owners, [Owner::Link(lost), Owner::Network(gone)]);
    }
    #[tokio::test]
    async fn a_store_that_holds_nothing_makes_no_orphans() {
        let store = peerage_store::open("memory:").unwrap();
        let refused = Known::read(&*store).await.unwrap_err().to_string();
        assert!(refused.contains("no organization"), "{refused}");
        let nowhere = StoreUrl::parse("sqlite:///nowhere/peerage.db").unwrap();
        let refused = format!("{:#}", Known::of(nowhere).await.unwrap_err());
        assert!(refused.contains("/nowhere"), "{refused}");
    }

    #[tokio::test]
    async fn a_store_that_is_open_is_read_and_no_copy_stays() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/peerage.db", folder.path().display());
        let store = peerage_store::open(&url).unwrap();
        let writes = vec![Write::put(keys::org(OrgId::from_bytes([6; 12])), "{}")];
        store.commit(Txn::of(writes)).await.unwrap();
        let peering = keys::peering(GroupId::from_bytes([1; 12]), PeerId::from_bytes([2; 12]));
        store.commit(Txn::of(vec![Write::put(peering, "{}")])).await.unwrap();
        let known = Known::of(StoreUrl::parse(&url).unwrap()).await.unwrap();
        assert_eq!(known.peerings, BTreeSet::from([PeerId::from_bytes([2; 12])]));
        store.close().await;
        let left = std::fs::read_dir(folder.path()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().contains("gc")), "{left:?}");
    }
}
