//! Network peering connections: wire to domain and back.

use std::sync::Arc;

use peerage_core::provider::Provider;
use peerage_wire::peer::{EqualRegion, NewPeer, Peer, PeerChange};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;
use crate::app::peerings::Update;

const MEDIA: Media = Media::Atlas(&["2023-01-01"]);

/// The operations on peerings.
pub(super) fn operations() -> Vec<Operation> {
    table! { MEDIA, Bucket::Peering;
        "listGroupPeers" GET "/api/atlas/v2/groups/{groupId}/peers" list;
        "createGroupPeer" POST "/api/atlas/v2/groups/{groupId}/peers" create;
        "getGroupPeer" GET "/api/atlas/v2/groups/{groupId}/peers/{peerId}" get;
        "updateGroupPeer" PATCH "/api/atlas/v2/groups/{groupId}/peers/{peerId}" update;
        "deleteGroupPeer" DELETE "/api/atlas/v2/groups/{groupId}/peers/{peerId}" delete;
    }
}

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    let provider = provider(&call)?.unwrap_or(Provider::Aws);
    call.page()?;
    let seen = app.see_peerings(call.caller()?, group).await?;
    call.remembered(seen.version(), || {
        let show = |peering| Peer::of(peering, EqualRegion::AsSent);
        call.list(&seen.on(provider)?, &["providerName"], show)
    })
}

async fn create(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.may_create_peering(call.caller()?, group).await?;
    let NewPeer { container, customer } = NewPeer::read(&call.body)?;
    let peering = app.create_peering(call.caller()?, group, container, customer).await?;
    Reply::ok(&Peer::of(&peering, EqualRegion::AsSent))
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, peer) = (call.id("groupId")?, call.id("peerId")?);
    let seen = app.see_peering(call.caller()?, group, peer).await?;
    call.remembered(seen.version(), || match seen.read()?.first() {
        Some(peering) => Reply::ok(&Peer::of(peering, EqualRegion::AsSent)),
        None => Err(Fault::Internal("a peering that was seen cannot be shown")),
    })
}

async fn update(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, peer) = (call.id("groupId")?, call.id("peerId")?);
    let provider = app.provider_to_change(call.caller()?, group, peer).await?;
    let PeerChange { container, change } = PeerChange::read(&call.body, provider)?;
    let update = Update { container, change };
    let peering = app.update_peering(call.caller()?, group, peer, &update).await?;
    Reply::ok(&Peer::of(&peering, EqualRegion::AsSent))
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let (group, peer) = (call.id("groupId")?, call.id("peerId")?);
    app.delete_peering(call.caller()?, group, peer).await?;
    Ok(Reply::accepted())
}

/// `providerName` of the query, in any case; an empty one is none.
pub(super) fn provider(call: &Call) -> Result<Option<Provider>, Fault> {
    match call.query("providerName").filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => Provider::parse(text).map(Some).ok_or_else(|| Fault::QueryParameter {
            name: "providerName".to_owned(),
            value: text.to_owned(),
            expected: "AWS, AZURE or GCP",
        }),
    }
}
