//! Orphans: what carries our tag in a real cloud and belongs to nothing in the store. Finds them
//! and tells of them; must not take anything away, which is for `peerage gc` on request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use peerage_core::id::{ContainerId, PeerId};
use peerage_core::provider::Provider;
use peerage_core::reconcile::Key as ReconcileKey;
use peerage_fabric::Inventory;
use peerage_fabric::inventory::{Owner, Tagged};
use peerage_store::{ListRequest, Store, keys};
use tokio::sync::watch;

use crate::replica::Ownership;
use crate::telemetry::Metrics;

/// How long after the start they are looked for first, at the latest.
const FIRST: Duration = Duration::from_secs(60);

/// How many of one cloud are named in the log.
const NAMED_MAX: usize = 20;

/// Every peering and container in the store.
#[derive(Debug, Default)]
pub struct Known {
    pub(crate) peerings: BTreeSet<PeerId>,
    pub(crate) containers: BTreeSet<ContainerId>,
}

impl Known {
    /// Reads them. **Whoever compares them with a cloud has listed the cloud before**: what is made
    /// there has been written down earlier, and is never an orphan then.
    ///
    /// # Errors
    /// The store cannot be read, or is none that anything in a cloud could be compared with.
    pub async fn read(store: &dyn Store) -> anyhow::Result<Self> {
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
    #[must_use]
    pub fn orphans(&self, tagged: Vec<Tagged>) -> Vec<Tagged> {
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

/// Looks for orphans now and then, and tells of them in the log and in `/metrics`.
pub struct Lookout {
    /// What the clouds are compared with.
    pub store: Arc<dyn Store>,
    /// The clouds.
    pub inventories: BTreeMap<Provider, Arc<dyn Inventory>>,
    /// How often.
    pub every: Duration,
    /// Of several replicas, one looks.
    pub owned: watch::Receiver<Ownership>,
    /// Where they are counted.
    pub metrics: Metrics,
}

impl Lookout {
    /// Looks until it is told to stop; ends at once where no cloud can be looked at.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        if self.inventories.is_empty() {
            return;
        }
        let mut wait = self.every.min(FIRST);
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = tokio::time::sleep(wait) => {}
            }
            wait = self.every;
            if !self.owned.borrow().is_first() {
                continue;
            }
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = self.look() => {}
            }
        }
    }

    async fn look(&self) {
        for (&provider, inventory) in &self.inventories {
            match self.orphans(&**inventory).await {
                Ok(orphans) => {
                    self.metrics.orphans_found(provider, orphans.len());
                    tell(provider, &orphans);
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(%provider, error, "orphans.not_looked_for");
                }
            }
        }
    }

    async fn orphans(&self, inventory: &dyn Inventory) -> anyhow::Result<Vec<Tagged>> {
        let tagged = inventory.list_tagged().await?;
        Ok(Known::read(&*self.store).await?.orphans(tagged))
    }
}

fn tell(provider: Provider, orphans: &[Tagged]) {
    for orphan in orphans.iter().take(NAMED_MAX) {
        tracing::warn!(%orphan, "orphan: it belongs to nothing here; `peerage gc` takes it away");
    }
    if let Some(more) = orphans.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        tracing::warn!(%provider, more, "orphans: more of them are not named here");
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use peerage_core::cloud::CallError;
    use peerage_core::id::{GroupId, OrgId};
    use peerage_store::{Txn, Write};

    use super::*;
    use crate::driver::Gauges;

    const KEPT: PeerId = PeerId::from_bytes([2; 12]);
    const LOST: PeerId = PeerId::from_bytes([3; 12]);
    const HOME: ContainerId = ContainerId::from_bytes([4; 12]);
    const GONE: ContainerId = ContainerId::from_bytes([5; 12]);

    fn tagged(owner: Owner) -> Tagged {
        let (place, id) = ("here".to_owned(), format!("{owner:?}"));
        Tagged { provider: Provider::Aws, owner, group: None, place, id }
    }

    async fn store() -> Arc<dyn Store> {
        let store = peerage_store::open("memory:").unwrap();
        let group = GroupId::from_bytes([1; 12]);
        let org = keys::org(OrgId::from_bytes([6; 12]));
        let all = [org, keys::peering(group, KEPT), keys::container(group, HOME)];
        let writes = all.map(|key| Write::put(key, "{}"));
        store.commit(Txn::of(writes.into())).await.unwrap();
        store
    }

    struct Cloud;

    #[async_trait]
    impl Inventory for Cloud {
        async fn list_tagged(&self) -> Result<Vec<Tagged>, CallError> {
            let owners =
                [Owner::Network(GONE), Owner::Link(KEPT), Owner::Link(LOST), Owner::Network(HOME)];
            Ok(owners.map(tagged).into())
        }

        async fn remove_tagged(&self, tagged: &Tagged) -> Result<bool, CallError> {
            panic!("{tagged} is taken away");
        }

        async fn whoami(&self) -> Result<Vec<String>, CallError> {
            Ok(Vec::new())
        }
    }

    #[tokio::test]
    async fn an_orphan_is_what_nothing_in_the_store_is_known_for() {
        let known = Known::read(&*store().await).await.unwrap();
        let found = known.orphans(Cloud.list_tagged().await.unwrap());
        let owners: Vec<Owner> = found.iter().map(|tagged| tagged.owner).collect();
        assert_eq!(owners, [Owner::Link(LOST), Owner::Network(GONE)]);
    }

    #[tokio::test]
    async fn a_store_that_holds_nothing_makes_no_orphans() {
        let store = peerage_store::open("memory:").unwrap();
        let refused = Known::read(&*store).await.unwrap_err().to_string();
        assert!(refused.contains("no organization"), "{refused}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_owns_the_first_shard_counts_them_now_and_then() {
        let metrics = Metrics::new(watch::channel(Gauges::default()).1);
        let owned = watch::Sender::new(Ownership::nothing());
        let inventory: Arc<dyn Inventory> = Arc::new(Cloud);
        let lookout = Lookout {
            store: store().await,
            inventories: BTreeMap::from([(Provider::Aws, inventory)]),
            every: Duration::from_secs(3_600),
            owned: owned.subscribe(),
            metrics: metrics.clone(),
        };
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(lookout.run(stop.subscribe()));
        let counted = || metrics.text().unwrap().contains("peerage_orphans{provider=\"AWS\"} 2");
        tokio::time::sleep(Duration::from_secs(7_000)).await;
        assert!(!counted());
        owned.send_replace(Ownership::Sole);
        tokio::time::sleep(Duration::from_secs(3_601)).await;
        assert!(counted());
        stop.send_replace(true);
        running.await.unwrap();
    }
}
