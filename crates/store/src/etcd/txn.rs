//! Transactions: all the writes if all the preconditions hold; if not, the keys that they name are
//! read in the same transaction, to say which of them did not.

use etcd_client::{Compare, CompareOp, GetOptions, PutOptions, TxnOp, TxnOpResponse, TxnResponse};

use super::cluster::{Cluster, Effect};
use super::error::Refusal;
use super::lease::{is_alive, wire_lease};
use super::range::{Space, own_revision, revision, strange, wire_revision};
use crate::lease::LeaseId;
use crate::port::{
    Answer, Commit, ErrorKind, Key, Limit, Precondition, Snapshot, StoreError, TXN_BYTES_MAX, Txn,
    Write,
};

/// Commits a transaction that was checked.
pub(super) async fn commit(cluster: &Cluster, space: &Space, txn: &Txn) -> Answer<Commit> {
    let effect = if txn.writes.is_empty() { Effect::Reads } else { Effect::Writes };
    let request = etcd_client::Txn::new()
        .when(txn.preconditions.iter().map(|it| compare(space, it)).collect::<Vec<_>>())
        .and_then(txn.writes.iter().map(|it| write(space, it)).collect::<Vec<_>>())
        .or_else(txn.preconditions.iter().map(|it| look(space, it)).collect::<Vec<_>>());
    let answer = cluster
        .call(effect, |clients| {
            let request = request.clone();
            async move { clients.kv().txn(request).await }
        })
        .await;
    match answer {
        Ok(answer) if answer.succeeded() => Ok(Commit::Done(revision(answer.header())?)),
        Ok(answer) => Ok(Commit::Lost { failed: first_failed(&txn.preconditions, &answer)? }),
        Err(Refusal::LeaseGone) => Err(lease_gone(cluster, &txn.writes).await),
        Err(Refusal::TooLarge) => Err(StoreError::definite(ErrorKind::TooLarge {
            limit: Limit::TxnBytes,
            actual: txn.bytes(),
            max: TXN_BYTES_MAX,
        })),
        Err(refusal) => Err(refusal.into_error(cluster.name())),
    }
}

/// Reads several keys at one revision.
pub(super) async fn get_many(cluster: &Cluster, space: &Space, keys: &[Key]) -> Answer<Snapshot> {
    let gets: Vec<_> = keys.iter().map(|key| TxnOp::get(space.key(key), None)).collect();
    let request = etcd_client::Txn::new().and_then(gets);
    let answer = cluster
        .call(Effect::Reads, |clients| {
            let request = request.clone();
            async move { clients.kv().txn(request).await }
        })
        .await;
    let answer = answer.map_err(|refusal| refusal.into_error(cluster.name()))?;
    let entry = |found: TxnOpResponse| match found {
        TxnOpResponse::Get(found) => found.kvs().first().map(|kv| space.entry(kv)).transpose(),
        _ => Err(strange("something that was not asked for")),
    };
    let entries = answer.op_responses().into_iter().map(entry).collect::<Answer<Vec<_>>>()?;
    Ok(Snapshot { entries, revision: revision(answer.header())? })
}

fn compare(space: &Space, precondition: &Precondition) -> Compare {
    let key = space.key(precondition.key());
    match precondition {
        Precondition::Absent(_) => Compare::version(key, CompareOp::Equal, 0),
        Precondition::Exists(_) => Compare::version(key, CompareOp::Greater, 0),
        Precondition::ModifiedAt(_, at) => {
            Compare::mod_revision(key, CompareOp::Equal, wire_revision(*at))
        }
    }
}

fn write(space: &Space, write: &Write) -> TxnOp {
    match write {
        Write::Put { key, value, lease } => {
            let options = lease.map(|lease| PutOptions::new().with_lease(wire_lease(lease)));
            TxnOp::put(space.key(key), value.as_bytes(), options)
        }
        Write::Delete { key } => TxnOp::delete(space.key(key), None),
    }
}

fn look(space: &Space, precondition: &Precondition) -> TxnOp {
    TxnOp::get(space.key(precondition.key()), Some(GetOptions::new().with_keys_only()))
}

fn first_failed(preconditions: &[Precondition], answer: &TxnResponse) -> Answer<usize> {
    for (index, found) in answer.op_responses().into_iter().enumerate() {
        let TxnOpResponse::Get(found) = found else { break };
        let modified = found.kvs().first().map(|kv| own_revision(kv.mod_revision()));
        if preconditions.get(index).is_some_and(|it| !it.holds(modified)) {
            return Ok(index);
        }
    }
    Err(strange("no precondition that failed, and yet the transaction did not happen"))
}

/// Which of the leases has ended.
async fn lease_gone(cluster: &Cluster, writes: &[Write]) -> StoreError {
    let lease = |write: &Write| match write {
        Write::Put { lease, .. } => *lease,
        Write::Delete { .. } => None,
    };
    let mut leases: Vec<LeaseId> = writes.iter().filter_map(lease).collect();
    leases.sort_unstable();
    leases.dedup();
    let last = leases.pop();
    for lease in leases {
        match is_alive(cluster, lease).await {
            Ok(true) => {}
            Ok(false) => return StoreError::definite(ErrorKind::LeaseGone(lease)),
            Err(error) => return error,
        }
    }
    match last {
        Some(lease) => StoreError::definite(ErrorKind::LeaseGone(lease)),
        None => strange("a lease that was not named"),
    }
}
