//! Leases, which etcd counts in whole seconds.

use std::time::Duration;

use etcd_client::Error;

use super::cluster::{Cluster, Effect};
use super::error::Refusal;
use crate::lease::{LeaseId, LeaseState};
use crate::port::Answer;

/// A lease as etcd names it.
pub(super) fn wire_lease(lease: LeaseId) -> i64 {
    i64::try_from(lease.0).unwrap_or(i64::MAX)
}

/// Starts a lease. One whose answer is lost ends by itself, so it may be asked for again.
pub(super) async fn grant(cluster: &Cluster, ttl: Duration) -> Answer<LeaseId> {
    let seconds = i64::try_from(ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0));
    let seconds = seconds.unwrap_or(i64::MAX);
    let granted = cluster
        .call(
            Effect::Repeatable,
            |clients| async move { clients.lease().grant(seconds, None).await },
        )
        .await;
    let granted = granted.map_err(|refusal| refusal.into_error(cluster.name()))?;
    Ok(LeaseId(u64::try_from(granted.id()).unwrap_or(0)))
}

/// Starts the time of a lease anew.
pub(super) async fn keep_alive(cluster: &Cluster, lease: LeaseId) -> Answer<LeaseState> {
    let id = wire_lease(lease);
    let kept = cluster
        .call(Effect::Repeatable, |clients| async move {
            // The first answer only says that the lease is alive; the second says how long.
            let (mut keeper, mut answers) = match clients.lease().keep_alive(id).await {
                Err(Error::LeaseKeepAliveError(_)) => return Ok(0),
                started => started?,
            };
            keeper.keep_alive().await?;
            Ok(answers.message().await?.map_or(0, |answer| answer.ttl()))
        })
        .await;
    match kept {
        Err(Refusal::LeaseGone) => Ok(LeaseState::Ended),
        Err(refusal) => Err(refusal.into_error(cluster.name())),
        Ok(seconds) => Ok(match u64::try_from(seconds) {
            Ok(seconds @ 1..) => LeaseState::Alive { ttl: Duration::from_secs(seconds) },
            _ => LeaseState::Ended,
        }),
    }
}

/// Ends a lease.
pub(super) async fn revoke(cluster: &Cluster, lease: LeaseId) -> Answer<()> {
    let id = wire_lease(lease);
    let revoked = cluster
        .call(Effect::Repeatable, |clients| async move { clients.lease().revoke(id).await })
        .await;
    match revoked {
        Ok(_) | Err(Refusal::LeaseGone) => Ok(()),
        Err(refusal) => Err(refusal.into_error(cluster.name())),
    }
}

/// Whether a lease has not ended.
pub(super) async fn is_alive(cluster: &Cluster, lease: LeaseId) -> Answer<bool> {
    let id = wire_lease(lease);
    let left = cluster
        .call(Effect::Reads, |clients| async move { clients.lease().time_to_live(id, None).await })
        .await;
    match left {
        Ok(left) => Ok(left.ttl() > 0),
        Err(Refusal::LeaseGone) => Ok(false),
        Err(refusal) => Err(refusal.into_error(cluster.name())),
    }
}
