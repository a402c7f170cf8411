//! Network peering connections: wire to domain and back.

use std::sync::Arc;

use ::http::Method;
use peerage_core::provider::Provider;
use peerage_wire::peer::{EqualRegion, NewPeer, Peer, PeerChange};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Access, Bucket, Media, Operation};
use super::reply::Reply;
use crate::app::App;
use crate::app::peerings::Update;

const MEDIA: Media = Media::Atlas(&["2023-01-01"]);

/// The operations on peerings.
pub(super) fn operations() -> Vec<Operation> {
    let operation = |id, method, path, handler| Operation {
        id,
        method,
        path,
        media: MEDIA,
        access: Access::Caller,
        bucket: Bucket::Peering,
        handler,
    };
    let all = "/api/atlas/v2/groups/{groupId}/peers";
    let one = "/api/atlas/v2/groups/{groupId}/peers/{peerId}";
    vec![
        operation("listGroupPeers", Method::GET, all, |app, call| Box::pin(list(app, call))),
        operation("createGroupPeer", Method::POST, all, |app, call| Box::pin(create(app, call))),
        operation("getGroupPeer", Method::GET, one, |app, call| Box::pin(get(app, call))),
        operation("updateGroupPeer", Method::PATCH, one, |app, call| Box::pin(update(app, call))),
        operation("deleteGroupPeer", Method::DELETE, one, |app, call| Box::pin(delete(app, call))),
    ]
}

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    let provider = provider(&call)?.unwrap_or(Provider::Aws);
    call.page()?;
    let peerings = app.list_peerings(call.caller()?, group, provider).await?;
    call.list(&peerings, &["providerName"], |peering| Peer::of(peering, EqualRegion::AsSent))
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
    let peering = app.get_peering(call.caller()?, group, peer).await?;
    Reply::ok(&Peer::of(&peering, EqualRegion::AsSent))
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
