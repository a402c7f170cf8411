//! What the reconciler reads and writes: the durable half of its commands.

use std::time::Duration;

use peerage_core::cloud::{Drift, Observed};
use peerage_core::container::Container;
use peerage_core::error::Refusal;
use peerage_core::id::{ContainerId, GroupId, OrgId, PeerId};
use peerage_core::peering::Peering;
use peerage_core::provider::Provider;
use peerage_core::reconcile::{Fence, Key, Object, Snapshot, WriteResult};
use peerage_store::record::{ContainerRecord, GroupRecord, PeeringRecord};
use peerage_store::{Key as StoreKey, ListRequest, Revision, Txn, Watch, WatchEvent, Write, keys};

use super::change::{Change, Stored, Tried, unavailable};
use super::containers::put_container;
use super::events::News;
use super::peerings::{of, put_peering};
use super::{App, Failure};
use crate::app::events::kind;

/// Objects that were left unsettled, as it happens.
pub struct Unsettled(Box<dyn Watch>);

impl Unsettled {
    /// The objects of the next transaction that left any, and its revision.
    ///
    /// # Errors
    /// The store could not be asked, or some were missed: look at all of them.
    pub async fn next(&mut self) -> Result<(u64, Vec<Key>), Failure> {
        let batch = self.0.next().await.map_err(|error| unavailable(&error))?;
        let object = |event: &WatchEvent| match event {
            WatchEvent::Put(entry) if entry.key == keys::nudge() => {
                keys::parse_unsettled(&StoreKey::from(entry.value.as_bytes()))
            }
            WatchEvent::Put(entry) => keys::parse_unsettled(&entry.key),
            WatchEvent::Deleted(_) => None,
        };
        Ok((batch.revision.0, batch.events.iter().filter_map(object).collect()))
    }
}

impl App {
    /// Everything that is not settled: what to work on after a start, and what a lost nudge left.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn unsettled(&self) -> Result<Vec<Key>, Failure> {
        let entries = self.entries_unbounded(&keys::all_unsettled()).await?;
        Ok(entries.iter().filter_map(|entry| keys::parse_unsettled(&entry.key)).collect())
    }

    /// Some objects, settled or not, and where to go on after them; nowhere after the last.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn objects_after(
        &self,
        after: Option<StoreKey>,
        most: usize,
    ) -> Result<(Vec<Key>, Option<StoreKey>), Failure> {
        let below = ListRequest::prefix(keys::all_networks());
        let request = ListRequest { after, limit: most, ..below };
        let page = self.store.list(request).await.map_err(|error| unavailable(&error))?;
        let last = page.entries.last().map(|entry| entry.key.clone());
        let objects = page.entries.iter().filter_map(|entry| keys::parse_network(&entry.key));
        Ok((objects.collect(), last.filter(|_| page.more)))
    }

    /// Hears of every object that somebody leaves unsettled from here on, whichever process does.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn hear_unsettled(&self) -> Result<Unsettled, Failure> {
        let from = self.store.revision().await.map_err(|error| unavailable(&error))?.next();
        let watch = self.store.watch(&keys::all_unsettled(), from).await;
        Ok(Unsettled(watch.map_err(|error| unavailable(&error))?))
    }

    /// Tells whichever process works on an object that it changed behind the store's back. For
    /// latency only: what cannot be told is found by the next look.
    pub async fn announce(&self, object: Key) {
        self.nudge(object);
        if !self.store.is_shared() {
            return;
        }
        let put = Write::put(keys::nudge(), keys::unsettled(object).as_bytes());
        if let Err(error) = self.store.commit(Txn::of(vec![put])).await {
            tracing::warn!(%error, "reconcile.not_announced");
        }
    }

    /// Reads one object for a run; `None` when it is gone.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn load(&self, key: Key) -> Result<Option<Snapshot>, Failure> {
        match key {
            Key::Network(group, id) => self.load_container(group, id).await,
            Key::Peering(group, id) => self.load_peering(group, id).await,
        }
    }

    async fn load_container(
        &self,
        group: GroupId,
        id: ContainerId,
    ) -> Result<Option<Snapshot>, Failure> {
        let found = self.read::<ContainerRecord>(&keys::container(group, id)).await?;
        Ok(found.map(|found| Snapshot {
            object: Object::Network(Box::new(found.value.0)),
            stamp: found.revision.0,
        }))
    }

    async fn load_peering(&self, group: GroupId, id: PeerId) -> Result<Option<Snapshot>, Failure> {
        let Some(found) = self.read::<PeeringRecord>(&keys::peering(group, id)).await? else {
            return Ok(None);
        };
        let peering = found.value.0;
        let home = self.container(group, peering.container).await?;
        let object = Object::Peering(Box::new((peering, home.value.0)));
        Ok(Some(Snapshot { object, stamp: found.revision.0 }))
    }

    /// The peerings of a container.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn peerings_in(
        &self,
        group: GroupId,
        container: ContainerId,
    ) -> Result<Vec<Key>, Failure> {
        let peerings = self.peerings_of(group).await?;
        let peerings = peerings.iter().map(of);
        let of_container = peerings.filter(|peering| peering.container == container);
        Ok(of_container.map(|peering| Key::Peering(group, peering.id)).collect())
    }

    /// Writes what the reconciler decided, if the object is as it was when that was decided and
    /// this process still works on it.
    ///
    /// # Errors
    /// The store could not be asked, or the fence has fallen.
    pub async fn write(
        &self,
        stamp: u64,
        before: &Object,
        after: Option<&Object>,
        fence: Option<Fence>,
    ) -> Result<WriteResult, Failure> {
        let seen = Some(Revision(stamp));
        let mut change = Change::untold("what is seen of a cloud is nobody's doing");
        match (before, after) {
            (Object::Network(old), Some(Object::Network(next))) => {
                change.require(keys::container(next.group, next.id), seen);
                put_container(&mut change, next)?;
                if let Some(news) = network_drift(old, next) {
                    self.tell_seen(&mut change, next.group, news).await?;
                }
            }
            (Object::Peering(old), Some(Object::Peering(next))) => {
                change.require(keys::peering(next.0.group, next.0.id), seen);
                put_peering(&mut change, &next.0)?;
                if next.0.phase.is_pending() && !old.0.phase.is_pending() {
                    // Who counted those that wait without this one counts again.
                    change.mark(keys::network_guard(next.0.group))?;
                }
                self.tell_milestone(&mut change, &old.0, &next.0).await?;
                if let Some(drift) = link_drift(&old.0, &next.0) {
                    let news = |org| {
                        News::in_group(kind::PEERAGE_PEER_DRIFTED, org, next.0.group)
                            .with("peerId", next.0.id)
                            .with("drift", &drift.what)
                            .with("repaired", drift.repair)
                    };
                    self.tell_seen(&mut change, next.0.group, news).await?;
                }
            }
            (Object::Peering(old), None) => return self.erase(seen, &old.0, fence).await,
            (Object::Network(_) | Object::Peering(_), _) => {
                return Err(Failure::Internal("a run turned one object into another"));
            }
        }
        self.write_once(change, fence).await
    }

    /// Puts an event about a project's object into a change, if there is such a project.
    async fn tell_seen(
        &self,
        change: &mut Change,
        group: GroupId,
        news: impl FnOnce(OrgId) -> News,
    ) -> Result<(), Failure> {
        if let Some(project) = self.read::<GroupRecord>(&keys::group(group)).await? {
            self.record(change, None, news(project.value.org));
        }
        Ok(())
    }

    async fn write_once(
        &self,
        mut change: Change,
        fence: Option<Fence>,
    ) -> Result<WriteResult, Failure> {
        change.fence(fence);
        match self.commit(change).await? {
            Tried::Done(revision) => Ok(WriteResult::Done(revision.0)),
            Tried::Lost(0) if fence.is_some() => Err(Failure::Unavailable {
                reason: "another process works on this object",
                retry_after: Duration::from_secs(1),
            }),
            Tried::Lost(_) => Ok(WriteResult::Lost),
        }
    }

    /// Takes a peering away of which nothing is left in its cloud.
    async fn erase(
        &self,
        seen: Option<Revision>,
        old: &Peering,
        fence: Option<Fence>,
    ) -> Result<WriteResult, Failure> {
        let guard = self.guard(old.group).await?;
        let home = match self.container(old.group, old.container).await {
            Ok(home) => home,
            Err(Failure::Refused(Refusal::ContainerNotFound(_))) => return Ok(WriteResult::Lost),
            Err(failure) => return Err(failure),
        };
        let mut change = self.network_change(old.group, guard)?;
        let key = keys::peering(old.group, old.id);
        change.require(key.clone(), seen).delete(key);
        change.delete(keys::unsettled(Key::Peering(old.group, old.id)));
        self.count_peerings(&mut change, &home, -1)?;
        let refusal = || Refusal::GroupNotFound(old.group);
        let project: Stored<GroupRecord> = self.read_or(&keys::group(old.group), refusal).await?;
        let news = News::in_group(kind::PEERAGE_PEER_REMOVED, project.value.org, old.group)
            .with("peerId", old.id);
        self.record(&mut change, None, news);
        self.write_once(change, fence).await
    }

    /// The events for what a cloud did: that a peering began to work, and that it stopped.
    async fn tell_milestone(
        &self,
        change: &mut Change,
        before: &Peering,
        after: &Peering,
    ) -> Result<(), Failure> {
        let was = before.phase.is_available();
        let is = after.phase.is_available();
        let kind = match (after.provider(), was, is) {
            (Provider::Azure, false, true) => kind::AZURE_PEER_ACTIVE,
            (Provider::Gcp, false, true) => kind::GCP_PEER_ACTIVE,
            (Provider::Gcp, true, false) if !after.phase.is_deleting() => kind::GCP_PEER_INACTIVE,
            // The contract has no name for the others.
            (_, false, true) => kind::PEERAGE_PEER_ACTIVE,
            (_, true, false) if !after.phase.is_deleting() => kind::PEERAGE_PEER_INACTIVE,
            _ => return Ok(()),
        };
        let Some(group) = self.read::<GroupRecord>(&keys::group(after.group)).await? else {
            return Ok(());
        };
        let news = News::in_group(kind, group.value.org, after.group)
            .with("peerId", after.id)
            .with("containerId", after.container);
        self.record(change, None, news);
        Ok(())
    }
}

/// What of a working peering a look found changed that was as it should be before.
fn link_drift<'a>(before: &Peering, after: &'a Peering) -> Option<&'a Drift> {
    let was = before.observed.found()?;
    let drift = after.observed.found()?.drift.as_ref()?;
    (before.phase.is_available() && was.drift.as_ref() != Some(drift)).then_some(drift)
}

/// What a look found about a network that was as it should be before: that it is gone, or what of
/// it was changed.
fn network_drift(before: &Container, after: &Container) -> Option<impl FnOnce(OrgId) -> News> {
    let was = before.observed.found().filter(|was| was.ready && before.is_wanted())?;
    let (kind, drift) = match &after.observed {
        // Doubt without a reason for a change of ours: a look found nothing.
        Observed::Unknown if !was.needs_repair() && after.is_wanted() => {
            (kind::PEERAGE_CONTAINER_LOST, None)
        }
        Observed::Found(network) if network.drift != was.drift => {
            (kind::PEERAGE_CONTAINER_DRIFTED, Some(network.drift.clone()?))
        }
        Observed::Nothing | Observed::Unknown | Observed::Found(_) => return None,
    };
    let (group, container) = (after.group, after.id);
    Some(move |org| {
        let news = News::in_group(kind, org, group).with("containerId", container);
        match drift {
            Some(drift) => news.with("drift", drift.what).with("repaired", drift.repair),
            None => news,
        }
    })
}
