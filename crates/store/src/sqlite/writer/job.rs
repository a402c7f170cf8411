//! What callers ask of the writer: how much it is, how it is applied to a batch, and how its caller
//! hears. Must not know when a batch is committed.

use std::time::Duration;

use tokio::sync::oneshot;

use super::super::apply::Batch;
use crate::lease::{LeaseId, LeaseState};
use crate::port::{Answer, Commit, ErrorKind, Revision, StoreError, Txn};

/// What a caller asks, and where to answer.
pub(in super::super) enum Job {
    Commit { txn: Txn, reply: oneshot::Sender<Answer<Commit>> },
    Grant { ttl: Duration, reply: oneshot::Sender<Answer<LeaseId>> },
    KeepAlive { lease: LeaseId, reply: oneshot::Sender<Answer<LeaseState>> },
    Revoke { lease: LeaseId, reply: oneshot::Sender<Answer<()>> },
    Compact { revision: Revision, reply: oneshot::Sender<Answer<()>> },
}

/// Tells one caller: what was found out, or why nothing of the batch happened.
pub(super) type Tell = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;

impl Job {
    pub(super) fn writes(&self) -> usize {
        match self {
            Self::Commit { txn, .. } => txn.writes.len(),
            Self::Grant { .. }
            | Self::KeepAlive { .. }
            | Self::Revoke { .. }
            | Self::Compact { .. } => 0,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Commit { txn, .. } => txn.bytes(),
            Self::Grant { .. }
            | Self::KeepAlive { .. }
            | Self::Revoke { .. }
            | Self::Compact { .. } => 0,
        }
    }

    /// Does it inside the batch; what to tell the caller once the batch is settled.
    pub(super) fn apply(
        self,
        batch: &mut Batch<'_>,
        now: Duration,
    ) -> (Tell, rusqlite::Result<()>) {
        match self {
            Self::Commit { txn, reply } => tell(reply, batch.commit(txn)),
            Self::Grant { ttl, reply } => tell(reply, batch.grant(ttl, now).map(Ok)),
            Self::KeepAlive { lease, reply } => tell(reply, Ok(Ok(batch.keep_alive(lease, now)))),
            Self::Revoke { lease, reply } => tell(reply, batch.end_lease(lease).map(Ok)),
            Self::Compact { revision, reply } => tell(reply, Ok(batch.compact(revision))),
        }
    }

    /// What to tell the caller of a batch that was refused before its turn came.
    pub(super) fn into_tell(self) -> Tell {
        match self {
            Self::Commit { reply, .. } => tell_refusal(reply),
            Self::Grant { reply, .. } => tell_refusal(reply),
            Self::KeepAlive { reply, .. } => tell_refusal(reply),
            Self::Revoke { reply, .. } | Self::Compact { reply, .. } => tell_refusal(reply),
        }
    }

    pub(super) fn refuse(self, error: &StoreError) {
        self.into_tell()(Err(error));
    }
}

/// A caller who no longer listens is no reason to stop.
fn tell<T: Send + 'static>(
    reply: oneshot::Sender<Answer<T>>,
    done: rusqlite::Result<Answer<T>>,
) -> (Tell, rusqlite::Result<()>) {
    match done {
        Ok(answer) => {
            let tell: Tell = Box::new(move |settled| {
                let _ = reply.send(settled.map_err(Clone::clone).and(answer));
            });
            (tell, Ok(()))
        }
        Err(error) => (tell_refusal(reply), Err(error)),
    }
}

fn tell_refusal<T: Send + 'static>(reply: oneshot::Sender<Answer<T>>) -> Tell {
    Box::new(move |settled| {
        let refused =
            settled.err().cloned().unwrap_or_else(|| StoreError::definite(ErrorKind::Closed));
        let _ = reply.send(Err(refused));
    })
}
