//! Network containers and the private IP mode: wire to domain and back.

use std::sync::Arc;

use peerage_core::error::Refusal;
use peerage_core::provider::Provider;
use peerage_wire::container::{ContainerChange, ContainerView, NewContainer};
use peerage_wire::fields::ReadError;
use peerage_wire::private_ip_mode::PrivateIpMode;

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::peers::provider;
use super::reply::Reply;
use crate::app::App;

const MEDIA: Media = Media::Atlas(&["2023-01-01"]);

/// The operations on containers and on the private IP mode.
pub(super) fn operations() -> Vec<Operation> {
    table! { MEDIA, Bucket::Peering;
        "listGroupContainers" GET "/api/atlas/v2/groups/{groupId}/containers" list;
        "listGroupContainerAll" GET "/api/atlas/v2/groups/{groupId}/containers/all" list_all;
        "createGroupContainer" POST "/api/atlas/v2/groups/{groupId}/containers" create;
        "getGroupContainer" GET "/api/atlas/v2/groups/{groupId}/containers/{containerId}" get;
        "updateGroupContainer" PATCH "/api/atlas/v2/groups/{groupId}/containers/{containerId}"
            update;
        "deleteGroupContainer" DELETE "/api/atlas/v2/groups/{groupId}/containers/{containerId}"
            delete;
        "verifyGroupPrivateIpMode" GET "/api/atlas/v2/groups/{groupId}/privateIpMode" get_mode;
        "disableGroupPrivateIpModePeering" PATCH "/api/atlas/v2/groups/{groupId}/privateIpMode"
            set_mode;
    }
}

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    let provider = provider(&call)?.unwrap_or(Provider::Aws);
    call.page()?;
    let mut containers = app.list_containers(call.caller()?, group).await?;
    containers.retain(|container| container.spec.provider() == provider);
    call.list(&containers, &["providerName"], ContainerView::of)
}

async fn list_all(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    call.page()?;
    let containers = app.list_containers(call.caller()?, group).await?;
    call.list(&containers, &[], ContainerView::of)
}

async fn create(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.may_create_container(call.caller()?, group).await?;
    let NewContainer { spec } = NewContainer::read(&call.body)?;
    let container = app.create_container(call.caller()?, group, spec).await?;
    Reply::ok(&ContainerView::of(&container))
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, container) = (call.id("groupId")?, call.id("containerId")?);
    let container = app.get_container(call.caller()?, group, container).await?;
    Reply::ok(&ContainerView::of(&container))
}

async fn update(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, container) = (call.id("groupId")?, call.id("containerId")?);
    let before = app.container_to_change(call.caller()?, group, container).await?;
    ContainerChange::read(&call.body, &before.spec)?;
    // Read again for each try: what the body leaves out is as it is when the change is made.
    let wanted = |old: &_| match ContainerChange::read(&call.body, old) {
        Ok(change) => Ok(change.spec),
        Err(ReadError::Fields(refusal)) => Err(refusal),
        Err(ReadError::Body(_)) => Err(Refusal::BadFields(Vec::new())),
    };
    let container = app.update_container(call.caller()?, group, container, wanted).await?;
    Reply::ok(&ContainerView::of(&container))
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, container) = (call.id("groupId")?, call.id("containerId")?);
    app.delete_container(call.caller()?, group, container).await?;
    Ok(Reply::no_content())
}

async fn get_mode(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let enabled = app.private_ip_mode(call.caller()?, call.id("groupId")?).await?;
    Reply::ok(&PrivateIpMode { enabled })
}

async fn set_mode(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.may_set_private_ip_mode(call.caller()?, group).await?;
    let PrivateIpMode { enabled } = PrivateIpMode::read(&call.body)?;
    let enabled = app.set_private_ip_mode(call.caller()?, group, enabled).await?;
    Reply::ok(&PrivateIpMode { enabled })
}
