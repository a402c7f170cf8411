//! `peerage gc`: finds what carries our tag in a real cloud and belongs to nothing in the store,
//! and takes it away.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use peerage_core::id::{ContainerId, PeerId};
use peerage_core::reconcile::Key as ReconcileKey;
use peerage_fabric::Inventory;
use peerage_fabric::inventory::{Owner, Tagged};
use peerage_store::{ListRequest, Store, keys};

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
that what the service makes meanwhile is never one. Connections go before networks. Ends with 1 if
something could not be taken away.

A store in a file is opened by one process at a time: stop the service first. Over etcd it may run.")]
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
        let store = peerage_store::open(&config.store)?;
        let drivers = Drivers::connect(&config.clouds, None, master.external_ids()).await?;
        anyhow::ensure!(
            !drivers.inventories.is_empty(),
            "every cloud of this configuration is emulated: there is nothing to look for"
        );
        let mut left = 0;
        for (provider, inventory) in &drivers.inventories {
            let tagged = inventory.list_tagged().await;
            let tagged = tagged.with_context(|| format!("{provider} could not be listed"))?;
            let orphans = orphans(&*store, tagged).await?;
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

/// Those that belong to nothing in the store, connections first.
async fn orphans(store: &dyn Store, tagged: Vec<Tagged>) -> anyhow::Result<Vec<Tagged>> {
    let (peerings, containers) = known(store).await?;
    let mut orphans: Vec<Tagged> = tagged
        .into_iter()
        .filter(|tagged| match tagged.owner {
            Owner::Link(peering) => !peerings.contains(&peering),
            Owner::Network(container) => !containers.contains(&container),
        })
        .collect();
    orphans.sort_by_key(|tagged| matches!(tagged.owner, Owner::Network(_)));
    Ok(orphans)
}

/// Every peering and container in the store.
async fn known(store: &dyn Store) -> anyhow::Result<(BTreeSet<PeerId>, BTreeSet<ContainerId>)> {
    let (mut peerings, mut containers) = (BTreeSet::new(), BTreeSet::new());
    let mut request = ListRequest::prefix(keys::all_networks());
    loop {
        let page = store.list(request.clone()).await?;
        for entry in &page.entries {
            match keys::parse_network(&entry.key) {
                Some(ReconcileKey::Peering(_, peering)) => drop(peerings.insert(peering)),
                Some(ReconcileKey::Network(_, container)) => drop(containers.insert(container)),
                None => {}
            }
        }
        if !page.more {
            return Ok((peerings, containers));
        }
        request.after = page.entries.last().map(|entry| entry.key.clone());
        request.at = Some(page.revision);
    }
}

#[cfg(test)]
mod tests {
    use peerage_core::id::GroupId;
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
        let put = |key| Write::put(key, "{}");
        let writes = vec![put(keys::peering(group, kept)), put(keys::container(group, home))];
        store.commit(Txn::of(writes)).await.unwrap();
        let all =
            [Owner::Network(gone), Owner::Link(kept), Owner::Link(lost), Owner::Network(home)];
        let found = orphans(&*store, all.map(tagged).into()).await.unwrap();
        let owners: Vec<Owner> = found.iter().map(|tagged| tagged.owner).collect();
        assert_eq!(owners, [Owner::Link(lost), Owner::Network(gone)]);
    }
}
