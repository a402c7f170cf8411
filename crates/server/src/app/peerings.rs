//! Network peering connections: list, create, get, update, delete.

use std::sync::Arc;

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{ContainerId, GroupId, OrgId, PeerId};
use peerage_core::peering::{CustomerNetwork, Peering, PeeringChange};
use peerage_core::provider::Provider;
use peerage_core::reconcile::Key as ReconcileKey;
use peerage_store::keys;
use peerage_store::record::{ContainerRecord, MarkRecord, PeeringRecord};

use super::change::{Change, Stored, Tries, unavailable};
use super::events::News;
use super::{App, Failure, PeeringsSeen};
use crate::app::events::kind::{self, Kind};
use crate::context::Context;

/// What an owner asks to be different about a peering.
#[derive(Clone, Debug)]
pub struct Update {
    /// The container that the request names; it must be the peering's own.
    pub container: Option<ContainerId>,
    /// The fields to change.
    pub change: PeeringChange,
}

impl App {
    /// The peerings of a project, to be read.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn see_peerings(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<PeeringsSeen<'_>, Failure> {
        self.may_in_group(context, group, Action::Read, Resource::Peering).await?;
        let entries = self.entries(&keys::peerings(group)).await?;
        Ok(PeeringsSeen::new(self, entries))
    }

    /// The peerings of a project on one provider, oldest first.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn list_peerings(
        &self,
        context: &Context,
        group: GroupId,
        provider: Provider,
    ) -> Result<Vec<Peering>, Failure> {
        self.see_peerings(context, group).await?.on(provider)
    }

    /// One peering, to be read.
    ///
    /// # Errors
    /// No such peering, or none that the caller may see.
    pub async fn see_peering(
        &self,
        context: &Context,
        group: GroupId,
        peer: PeerId,
    ) -> Result<PeeringsSeen<'_>, Failure> {
        self.may_in_group(context, group, Action::Read, Resource::Peering).await?;
        let found = self.store.get(&keys::peering(group, peer)).await;
        match found.map_err(|error| unavailable(&error))? {
            Some(entry) => Ok(PeeringsSeen::new(self, vec![entry])),
            None => Err(Refusal::PeerNotFound { peer, group }.into()),
        }
    }

    /// One peering.
    ///
    /// # Errors
    /// No such peering, or none that the caller may see.
    pub async fn get_peering(
        &self,
        context: &Context,
        group: GroupId,
        peer: PeerId,
    ) -> Result<Peering, Failure> {
        self.may_in_group(context, group, Action::Read, Resource::Peering).await?;
        Ok(self.peering(group, peer).await?.value.0)
    }

    /// Says no unless the caller may ask for a peering: before its body is looked at.
    ///
    /// # Errors
    /// The project is not the caller's to see, or the caller lacks the role.
    pub async fn may_create_peering(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<(), Failure> {
        self.may_in_group(context, group, Action::Create, Resource::Peering).await
    }

    /// The provider of a peering that the caller may change: what its body has to fit.
    ///
    /// # Errors
    /// No such peering, or none that the caller may change.
    pub async fn provider_to_change(
        &self,
        context: &Context,
        group: GroupId,
        peer: PeerId,
    ) -> Result<Provider, Failure> {
        self.may_in_group(context, group, Action::Change, Resource::Peering).await?;
        Ok(self.peering(group, peer).await?.value.0.provider())
    }

    /// Asks for a peering. It is on disk when this returns; the reconciler makes it.
    ///
    /// # Errors
    /// What [`Peering::request`] refuses, or a container that is not the project's.
    pub async fn create_peering(
        &self,
        context: &Context,
        group: GroupId,
        container: ContainerId,
        customer: CustomerNetwork,
    ) -> Result<Peering, Failure> {
        let project = self.in_group(context, group, Action::Create, Resource::Peering).await?;
        let _turn = self.one_at_a_time(group).await;
        let mut tries = Tries::default();
        let peering = loop {
            let home = self.container(group, container).await?;
            let guard = self.guard(group).await?;
            let siblings = self.peerings_of(group).await?;
            let now = self.clock.now();
            let id = self.randomness.id(now);
            let peering = Peering::request(
                id,
                &home.value.0,
                customer.clone(),
                siblings.iter().map(of),
                now,
            )?;
            let mut change = self.network_change(group, guard)?;
            self.count_peerings(&mut change, &home, 1)?;
            change.require(keys::peering(group, peering.id), None);
            put_peering(&mut change, &peering)?;
            self.tell(&mut change, context, project.value.org, CREATED, &peering);
            if self.committed(&mut tries, change).await? {
                break peering;
            }
        };
        self.nudge(ReconcileKey::Network(group, container));
        self.nudge(ReconcileKey::Peering(group, peering.id));
        Ok(peering)
    }

    /// Changes a peering.
    ///
    /// # Errors
    /// What [`Peering::change`] refuses, or another container than its own.
    pub async fn update_peering(
        &self,
        context: &Context,
        group: GroupId,
        peer: PeerId,
        update: &Update,
    ) -> Result<Peering, Failure> {
        let project = self.in_group(context, group, Action::Change, Resource::Peering).await?;
        let _turn = self.one_at_a_time(group).await;
        let mut tries = Tries::default();
        let peering = loop {
            let before = self.peering(group, peer).await?;
            let guard = self.guard(group).await?;
            let current = &before.value.0;
            if update.container.is_some_and(|named| named != current.container) {
                return Err(Refusal::field("containerId").into());
            }
            let home = self.container(group, current.container).await?.value.0;
            let siblings = self.peerings_of(group).await?;
            let now = self.clock.now();
            let Some(next) = current.change(&update.change, &home, siblings.iter().map(of), now)?
            else {
                return Ok(current.clone());
            };
            let mut change = self.network_change(group, guard)?;
            change.require(keys::peering(group, peer), Some(before.revision));
            put_peering(&mut change, &next)?;
            self.tell(&mut change, context, project.value.org, UPDATED, &next);
            if self.committed(&mut tries, change).await? {
                break next;
            }
        };
        self.nudge(ReconcileKey::Peering(group, peer));
        Ok(peering)
    }

    /// Marks a peering for deletion; the reconciler takes it away.
    ///
    /// # Errors
    /// No such peering, or one that is on its way out already.
    pub async fn delete_peering(
        &self,
        context: &Context,
        group: GroupId,
        peer: PeerId,
    ) -> Result<(), Failure> {
        let project = self.in_group(context, group, Action::Delete, Resource::Peering).await?;
        let mut tries = Tries::default();
        loop {
            let before = self.peering(group, peer).await?;
            let next = before.value.0.delete(self.clock.now())?;
            let mut change = Change::default();
            change.require(keys::peering(group, peer), Some(before.revision));
            put_peering(&mut change, &next)?;
            self.tell(&mut change, context, project.value.org, DELETED, &next);
            if self.committed(&mut tries, change).await? {
                break;
            }
        }
        self.nudge(ReconcileKey::Peering(group, peer));
        Ok(())
    }

    /// One peering of a project, as stored.
    pub(crate) async fn peering(
        &self,
        group: GroupId,
        peer: PeerId,
    ) -> Result<Stored<PeeringRecord>, Failure> {
        let refusal = || Refusal::PeerNotFound { peer, group };
        self.read_or(&keys::peering(group, peer), refusal).await
    }

    /// All peerings of a project, oldest first.
    pub(crate) async fn peerings_of(
        &self,
        group: GroupId,
    ) -> Result<Vec<Stored<Arc<PeeringRecord>>>, Failure> {
        self.look_all(&keys::peerings(group)).await
    }

    /// The state on which a change of a project's network is decided; read it first.
    pub(crate) async fn guard(
        &self,
        group: GroupId,
    ) -> Result<Option<Stored<MarkRecord>>, Failure> {
        self.read(&keys::network_guard(group)).await
    }

    /// A change of a project's set of peerings and containers: only if nobody else changed it
    /// since `guard` was read, and only while the project exists.
    pub(crate) fn network_change(
        &self,
        group: GroupId,
        guard: Option<Stored<MarkRecord>>,
    ) -> Result<Change, Failure> {
        let mut change = Change::default();
        let key = keys::network_guard(group);
        change.require(key.clone(), guard.map(|guard| guard.revision));
        change.require_exists(keys::group(group));
        change.mark(key)?;
        Ok(change)
    }

    /// Counts a peering of a container in or out.
    pub(crate) fn count_peerings(
        &self,
        change: &mut Change,
        home: &Stored<ContainerRecord>,
        by: i32,
    ) -> Result<(), Failure> {
        let mut container = home.value.0.clone();
        container.peerings = container.peerings.saturating_add_signed(by);
        let key = keys::container(container.group, container.id);
        change.require(key, Some(home.revision));
        super::containers::put_container(change, &container)
    }

    fn tell(
        &self,
        change: &mut Change,
        context: &Context,
        org: OrgId,
        kinds: Kinds,
        peering: &Peering,
    ) {
        let kind = match peering.provider() {
            Provider::Aws => kinds.aws,
            Provider::Azure => kinds.azure,
            Provider::Gcp => kinds.gcp,
        };
        let news = News::in_group(kind, org, peering.group)
            .with("peerId", peering.id)
            .with("containerId", peering.container);
        self.record(change, Some(context), news);
    }
}

/// The peering of a record.
pub(crate) fn of(stored: &Stored<Arc<PeeringRecord>>) -> &Peering {
    &stored.value.0
}

/// The contract's names for one event, which differ by provider.
#[derive(Clone, Copy)]
struct Kinds {
    aws: Kind,
    azure: Kind,
    gcp: Kind,
}

const CREATED: Kinds =
    Kinds { aws: kind::PEER_CREATED, azure: kind::AZURE_PEER_CREATED, gcp: kind::GCP_PEER_CREATED };
const UPDATED: Kinds =
    Kinds { aws: kind::PEER_UPDATED, azure: kind::AZURE_PEER_UPDATED, gcp: kind::GCP_PEER_UPDATED };
const DELETED: Kinds =
    Kinds { aws: kind::PEER_DELETED, azure: kind::AZURE_PEER_DELETED, gcp: kind::GCP_PEER_DELETED };

/// Writes a peering and whether the reconciler has work with it.
pub(crate) fn put_peering(change: &mut Change, peering: &Peering) -> Result<(), Failure> {
    let mark = keys::unsettled(ReconcileKey::Peering(peering.group, peering.id));
    change.put(keys::peering(peering.group, peering.id), &PeeringRecord(peering.clone()))?;
    if peering.is_settled() {
        change.delete(mark);
    } else {
        change.mark(mark)?;
    }
    Ok(())
}
