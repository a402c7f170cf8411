//! The store in an etcd cluster: the engine for several replicas.
//!
//! The port has etcd's own model, so each call is one request; what this module owns is what a
//! request may not leave open. Every call ends within a deadline. A call that reads, or one that
//! certainly did not happen, goes to another member; a write that may have happened is never sent
//! twice. All keys lie below a prefix, so that several installations can share a cluster. What was
//! read lately is kept, and served after asking only how new it has to be.

mod cache;
mod cluster;
mod error;
mod lease;
mod mirror;
mod options;
mod range;
mod txn;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use self::options::{EtcdOptions, EtcdTls, EtcdUser};

use self::cluster::{Cluster, Effect};
use self::error::Refusal;
use self::mirror::Mirror;
use self::range::Space;
use crate::lease::{LeaseId, LeaseState, check_ttl};
use crate::open::OpenError;
use crate::port::{
    Answer, Commit, Entry, Key, KeyRange, ListRequest, Page, Revision, Snapshot, Store, StoreError,
    Txn, Watch, check_keys,
};

/// A store in an etcd cluster.
pub struct EtcdStore {
    cluster: Arc<Cluster>,
    space: Space,
    mirror: Mirror,
}

impl EtcdStore {
    /// A store in the cluster of `options`. The first call connects.
    ///
    /// # Errors
    /// A file of a certificate, key or password that cannot be read.
    pub fn open(options: &EtcdOptions) -> Result<Self, OpenError> {
        let space = Space::below(&options.prefix);
        let cluster = Arc::new(Cluster::new(options)?);
        Ok(Self { mirror: Mirror::new(cluster.clone(), space.clone()), cluster, space })
    }

    /// How many reads were answered from what is kept here.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.mirror.hits()
    }

    /// Turns the refusal of a past or future revision into what the port says of it.
    async fn refused_revision(&self, refusal: Refusal, asked: Revision) -> StoreError {
        match refusal {
            Refusal::Compacted => match watch::oldest_kept(&self.cluster, &self.space, asked).await
            {
                Ok(oldest) => StoreError::compacted(oldest),
                Err(error) => error,
            },
            Refusal::Future => match self.revision().await {
                Ok(current) => StoreError::ahead(asked, current),
                Err(error) => error,
            },
            other => other.into_error(self.cluster.name()),
        }
    }
}

impl fmt::Debug for EtcdStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdStore").field("cluster", &self.cluster.name()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for EtcdStore {
    async fn commit(&self, txn: Txn) -> Answer<Commit> {
        txn.check()?;
        txn::commit(&self.cluster, &self.space, &txn).await
    }

    async fn get(&self, key: &Key) -> Answer<Option<Entry>> {
        if let Some(found) = self.mirror.read(|kept, least| kept.get(key, least)).await {
            return Ok(found);
        }
        let ticket = self.mirror.cache().ticket();
        let (found, at) = range::get(&self.cluster, &self.space, key).await?;
        self.mirror.cache().offer(ticket, at, [(key, found.clone())]);
        Ok(found)
    }

    async fn get_many(&self, keys: &[Key]) -> Answer<Snapshot> {
        check_keys(keys)?;
        if let Some(found) = self.mirror.read(|kept, least| kept.get_many(keys, least)).await {
            return Ok(found);
        }
        let ticket = self.mirror.cache().ticket();
        let found = txn::get_many(&self.cluster, &self.space, keys).await?;
        let entries = keys.iter().zip(found.entries.iter().cloned());
        self.mirror.cache().offer(ticket, found.revision, entries);
        Ok(found)
    }

    async fn list(&self, request: ListRequest) -> Answer<Page> {
        request.room()?;
        if let Some(page) = self.mirror.read(|kept, least| kept.list(&request, least)).await {
            return Ok(page);
        }
        let ticket = self.mirror.cache().ticket();
        match range::list(&self.cluster, &self.space, &request).await {
            Ok(page) => {
                let page = page?;
                self.mirror.cache().offer_list(ticket, &request, &page);
                Ok(page)
            }
            Err(refusal) => {
                let asked = request.at.unwrap_or(Revision::ZERO);
                Err(self.refused_revision(refusal, asked).await)
            }
        }
    }

    async fn count(&self, prefix: &Key) -> Answer<(u64, Revision)> {
        range::count(&self.cluster, &self.space, &KeyRange::below(prefix)).await
    }

    async fn watch(&self, prefix: &Key, from: Revision) -> Answer<Box<dyn Watch>> {
        let watch = watch::start(&self.cluster, &self.space, prefix, from).await?;
        Ok(Box::new(watch))
    }

    async fn compact(&self, revision: Revision) -> Answer<()> {
        let at = range::wire_revision(revision);
        let compacted = self
            .cluster
            .call(Effect::Repeatable, |clients| async move { clients.kv().compact(at, None).await })
            .await;
        match compacted {
            Ok(_) | Err(Refusal::Compacted) => Ok(()),
            Err(refusal) => Err(self.refused_revision(refusal, revision).await),
        }
    }

    async fn revision(&self) -> Answer<Revision> {
        range::newest(&self.cluster, &self.space).await
    }

    async fn grant(&self, ttl: Duration) -> Answer<LeaseId> {
        check_ttl(ttl)?;
        lease::grant(&self.cluster, ttl).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Answer<LeaseState> {
        lease::keep_alive(&self.cluster, lease).await
    }

    async fn revoke(&self, lease: LeaseId) -> Answer<()> {
        lease::revoke(&self.cluster, lease).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn close(&self) {
        self.cluster.close();
    }
}
