//! `peerage gc`: finds what carries our tag in a real cloud and belongs to nothing in the store,
//! and takes it away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use peerage_fabric::Inventory;
use peerage_fabric::inventory::Tagged;
use peerage_store::backup::{self, Existing};
use peerage_store::{LeaseClock, StoreUrl};

use super::backup::in_runtime;
use super::terminal::say;
use crate::authn::MasterKey;
use crate::clouds::Drivers;
use crate::config::Config;
use crate::orphans::Known;

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
        let known = known(StoreUrl::parse(&config.store)?).await?;
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

/// What the store holds. A file, which the service may have open, is read from a copy.
async fn known(url: StoreUrl) -> anyhow::Result<Known> {
    let StoreUrl::Sqlite { path, .. } = &url else { return read(url).await };
    let near = path.parent().filter(|near| *near != Path::new("")).unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new().prefix("peerage-gc-").tempdir_in(near);
    let folder = folder.with_context(|| format!("a copy of the store in {}", near.display()))?;
    let copy = folder.path().join("copy.db");
    backup::backup(path, &copy, Existing::Keep, |_| {})?;
    read(StoreUrl::Sqlite { path: copy, history: None }).await
}

async fn read(url: StoreUrl) -> anyhow::Result<Known> {
    let store = url.open(LeaseClock::system())?;
    let known = Known::read(&*store).await;
    store.close().await;
    known
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use peerage_core::id::{GroupId, OrgId, PeerId};
    use peerage_store::{Txn, Write, keys};

    use super::*;

    #[tokio::test]
    async fn a_store_that_is_not_there_makes_no_orphans() {
        let nowhere = StoreUrl::parse("sqlite:///nowhere/peerage.db").unwrap();
        let refused = format!("{:#}", known(nowhere).await.unwrap_err());
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
        let known = known(StoreUrl::parse(&url).unwrap()).await.unwrap();
        assert_eq!(known.peerings, BTreeSet::from([PeerId::from_bytes([2; 12])]));
        store.close().await;
        let left = std::fs::read_dir(folder.path()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().contains("gc")), "{left:?}");
    }
}
