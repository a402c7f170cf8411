//! Network containers: list, create, get, update, delete.

use peerage_core::authz::{Action, Resource};
use peerage_core::container::{Container, ContainerSpec};
use peerage_core::error::Refusal;
use peerage_core::id::{ContainerId, GroupId};
use peerage_core::reconcile::Key as ReconcileKey;
use peerage_store::keys;
use peerage_store::record::ContainerRecord;

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::{App, Failure};
use crate::app::events::kind;
use crate::context::Context;

impl App {
    /// The containers of a project, oldest first.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn list_containers(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<Vec<Container>, Failure> {
        self.in_group(context, group, Action::Read, Resource::Container).await?;
        self.containers_of(group).await
    }

    /// One container.
    ///
    /// # Errors
    /// No such container, or none that the caller may see.
    pub async fn get_container(
        &self,
        context: &Context,
        group: GroupId,
        container: ContainerId,
    ) -> Result<Container, Failure> {
        self.in_group(context, group, Action::Read, Resource::Container).await?;
        Ok(self.container(group, container).await?.value.0)
    }

    /// Says no unless the caller may make a container: before its body is looked at.
    ///
    /// # Errors
    /// The project is not the caller's to see, or the caller lacks the role.
    pub async fn may_create_container(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<(), Failure> {
        self.in_group(context, group, Action::Create, Resource::Container).await.map(drop)
    }

    /// A container that the caller may change: what its body has to fit.
    ///
    /// # Errors
    /// No such container, or none that the caller may change.
    pub async fn container_to_change(
        &self,
        context: &Context,
        group: GroupId,
        container: ContainerId,
    ) -> Result<Container, Failure> {
        self.in_group(context, group, Action::Change, Resource::Container).await?;
        Ok(self.container(group, container).await?.value.0)
    }

    /// Makes a container.
    ///
    /// # Errors
    /// What [`Container::create`] refuses.
    pub async fn create_container(
        &self,
        context: &Context,
        group: GroupId,
        spec: ContainerSpec,
    ) -> Result<Container, Failure> {
        let project = self.in_group(context, group, Action::Create, Resource::Container).await?;
        let _turn = self.one_at_a_time(group).await;
        let mut tries = Tries::default();
        loop {
            let guard = self.guard(group).await?;
            let siblings = self.containers_of(group).await?;
            let now = self.clock.now();
            let id = self.randomness.id(now);
            let container = Container::create(id, group, spec.clone(), &siblings, now)?;
            let mut change = self.network_change(group, guard)?;
            change.require(keys::container(group, id), None);
            put_container(&mut change, &container)?;
            let news = News::in_group(kind::PEERAGE_CONTAINER_CREATED, project.value.org, group)
                .with("containerId", id);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(container);
            }
        }
    }

    /// Moves an empty container to another place or block. `spec` says what it should be, given
    /// what it is.
    ///
    /// # Errors
    /// What [`Container::change`] refuses, or what `spec` does.
    pub async fn update_container(
        &self,
        context: &Context,
        group: GroupId,
        container: ContainerId,
        spec: impl Fn(&ContainerSpec) -> Result<ContainerSpec, Refusal>,
    ) -> Result<Container, Failure> {
        let project = self.in_group(context, group, Action::Change, Resource::Container).await?;
        let _turn = self.one_at_a_time(group).await;
        let mut tries = Tries::default();
        loop {
            let guard = self.guard(group).await?;
            let before = self.container(group, container).await?;
            let current = &before.value.0;
            let siblings = self.containers_of(group).await?;
            let wanted = spec(&current.spec)?;
            let next = current.change(wanted, &siblings)?;
            if next == *current {
                return Ok(next);
            }
            let mut change = self.network_change(group, guard)?;
            change.require(keys::container(group, container), Some(before.revision));
            put_container(&mut change, &next)?;
            let org = project.value.org;
            let news = News::in_group(kind::CONTAINER_SUBNETS_UPDATE_REQUESTED, org, group)
                .with("containerId", container);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }

    /// Takes an empty container away.
    ///
    /// # Errors
    /// No such container, or one that is in use.
    pub async fn delete_container(
        &self,
        context: &Context,
        group: GroupId,
        container: ContainerId,
    ) -> Result<(), Failure> {
        let project = self.in_group(context, group, Action::Delete, Resource::Container).await?;
        let _turn = self.one_at_a_time(group).await;
        let mut tries = Tries::default();
        loop {
            let guard = self.guard(group).await?;
            let before = self.container(group, container).await?;
            before.value.0.refuse_in_use()?;
            let mut change = self.network_change(group, guard)?;
            let key = keys::container(group, container);
            change.require(key.clone(), Some(before.revision)).delete(key);
            change.delete(keys::unsettled(ReconcileKey::Network(group, container)));
            let org = project.value.org;
            let news =
                News::in_group(kind::CONTAINER_DELETED, org, group).with("containerId", container);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(());
            }
        }
    }

    /// One container of a project, as stored.
    pub(crate) async fn container(
        &self,
        group: GroupId,
        container: ContainerId,
    ) -> Result<Stored<ContainerRecord>, Failure> {
        let refusal = || Refusal::ContainerNotFound(container);
        self.read_or(&keys::container(group, container), refusal).await
    }

    /// All containers of a project, oldest first.
    pub(crate) async fn containers_of(&self, group: GroupId) -> Result<Vec<Container>, Failure> {
        let records = self.read_all::<ContainerRecord>(&keys::containers(group)).await?;
        Ok(records.into_iter().map(|record| record.value.0).collect())
    }
}

/// Writes a container and whether the reconciler has work with it.
pub(crate) fn put_container(change: &mut Change, container: &Container) -> Result<(), Failure> {
    let mark = keys::unsettled(ReconcileKey::Network(container.group, container.id));
    let key = keys::container(container.group, container.id);
    change.put(key, &ContainerRecord(container.clone()))?;
    if container.is_settled() {
        change.delete(mark);
    } else {
        change.mark(mark)?;
    }
    Ok(())
}
