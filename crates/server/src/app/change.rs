//! Reading and changing the store in terms of records.

use std::sync::Arc;
use std::time::Duration;

use peerage_core::error::Refusal;
use peerage_core::id::Id;
use peerage_core::reconcile::Fence;
use peerage_store::record::{self, EventRecord, MarkRecord, Record};
use peerage_store::{
    Commit, Entry, ErrorKind, Key, ListRequest, Precondition, Revision, StoreError, Txn, Write,
};

use super::{ATTEMPTS_MAX, App, Failure};
use crate::replica;

/// The most objects of one kind that a use case reads at once.
const READ_MAX: usize = 10_000;

/// Entries of one read of a list.
const PAGE: usize = 500;

/// A record and the revision at which it was last written.
#[derive(Clone, Debug)]
pub(crate) struct Stored<R> {
    pub(crate) value: R,
    pub(crate) revision: Revision,
}

/// A change that is being put together: all of it happens, or none. It has an event, or a reason
/// for having none.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(super) preconditions: Vec<Precondition>,
    pub(super) writes: Vec<Write>,
    pub(super) events: Vec<EventRecord>,
    untold: Option<&'static str>,
}

impl Change {
    /// A change that leaves no event, and why.
    pub(crate) fn untold(why: &'static str) -> Self {
        Self { untold: Some(why), ..Self::default() }
    }

    /// Whether nothing was said to have happened so far.
    pub(crate) fn tells_nothing(&self) -> bool {
        self.events.is_empty()
    }

    /// Only if nobody wrote the key since `seen`; `None`: only if it is still absent.
    pub(crate) fn require(&mut self, key: Key, seen: Option<Revision>) -> &mut Self {
        self.preconditions.push(match seen {
            Some(revision) => Precondition::ModifiedAt(key, revision),
            None => Precondition::Absent(key),
        });
        self
    }

    /// Only if whoever decided still may: this is looked at before everything else.
    pub(crate) fn fence(&mut self, fence: Option<Fence>) -> &mut Self {
        if let Some(fence) = fence {
            self.preconditions.insert(0, replica::stands(fence));
        }
        self
    }

    /// Only if the key exists.
    pub(crate) fn require_exists(&mut self, key: Key) -> &mut Self {
        self.preconditions.push(Precondition::Exists(key));
        self
    }

    /// Writes a record.
    pub(crate) fn put<R: Record>(&mut self, key: Key, value: &R) -> Result<&mut Self, Failure> {
        let bytes = record::encode(value).map_err(|error| damaged(&error))?;
        self.writes.push(Write::put(key, bytes));
        Ok(self)
    }

    /// Writes an index entry that says no more than its key.
    pub(crate) fn mark(&mut self, key: Key) -> Result<&mut Self, Failure> {
        self.put(key, &MarkRecord::default())
    }

    /// Takes a key away; an absent one is fine.
    pub(crate) fn delete(&mut self, key: Key) -> &mut Self {
        self.writes.push(Write::delete(key));
        self
    }
}

/// What became of one try to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// It is durable.
    Done(Revision),
    /// Somebody else was first: the precondition of that number did not hold.
    Lost(usize),
}

impl App {
    /// Reads one record.
    pub(crate) async fn read<R: Record>(&self, key: &Key) -> Result<Option<Stored<R>>, Failure> {
        let found = self.look::<R>(key).await?;
        Ok(found.map(|Stored { value, revision }| Stored {
            value: Arc::unwrap_or_clone(value),
            revision,
        }))
    }

    /// Reads one record that is only looked at.
    pub(crate) async fn look<R: Record>(
        &self,
        key: &Key,
    ) -> Result<Option<Stored<Arc<R>>>, Failure> {
        match self.store.get(key).await.map_err(|error| unavailable(&error))? {
            Some(entry) => self.decoded(&entry).map(Some),
            None => Ok(None),
        }
    }

    /// The record of an entry.
    pub(crate) fn decoded<R: Record>(&self, entry: &Entry) -> Result<Stored<Arc<R>>, Failure> {
        let value = self.decoded.record(entry).map_err(|error| damaged(&error))?;
        Ok(Stored { value, revision: entry.modified })
    }

    /// Reads one record, or refuses.
    pub(crate) async fn read_or<R: Record>(
        &self,
        key: &Key,
        refusal: impl FnOnce() -> Refusal,
    ) -> Result<Stored<R>, Failure> {
        self.read(key).await?.ok_or_else(|| Failure::Refused(refusal()))
    }

    /// Reads every record below a prefix, in the order of the keys, as of one revision.
    pub(crate) async fn read_all<R: Record>(
        &self,
        prefix: &Key,
    ) -> Result<Vec<Stored<R>>, Failure> {
        let found = self.look_all::<R>(prefix).await?;
        let own =
            |Stored { value, revision }| Stored { value: Arc::unwrap_or_clone(value), revision };
        Ok(found.into_iter().map(own).collect())
    }

    /// The same, only to look at them.
    pub(crate) async fn look_all<R: Record>(
        &self,
        prefix: &Key,
    ) -> Result<Vec<Stored<Arc<R>>>, Failure> {
        self.entries(prefix).await?.iter().map(|entry| self.decoded(entry)).collect()
    }

    /// Reads every entry below a prefix, in the order of the keys, as of one revision.
    pub(crate) async fn entries(&self, prefix: &Key) -> Result<Vec<Entry>, Failure> {
        self.entries_up_to(prefix, READ_MAX).await
    }

    /// The same for what may be as many as there are peerings: for the reconciler's sweep.
    pub(crate) async fn entries_unbounded(&self, prefix: &Key) -> Result<Vec<Entry>, Failure> {
        self.entries_up_to(prefix, usize::MAX).await
    }

    async fn entries_up_to(&self, prefix: &Key, most: usize) -> Result<Vec<Entry>, Failure> {
        let mut found: Vec<Entry> = Vec::new();
        let mut at = None;
        loop {
            let request = ListRequest {
                prefix: prefix.clone(),
                after: found.last().map(|entry| entry.key.clone()),
                limit: PAGE,
                at,
                ..ListRequest::default()
            };
            let page = self.store.list(request).await.map_err(|error| unavailable(&error))?;
            at = Some(page.revision);
            found.extend(page.entries);
            if !page.more {
                return Ok(found);
            }
            if found.len() >= most {
                return Err(Failure::Internal("more objects of one kind than Peerage reads"));
            }
        }
    }

    /// The ids that end the keys of an index, in order.
    pub(crate) async fn ids_below<K>(&self, prefix: &Key) -> Result<Vec<Id<K>>, Failure> {
        let id = |entry: &Entry| {
            let text = std::str::from_utf8(&entry.key.as_bytes()[prefix.as_bytes().len()..]);
            text.ok().and_then(|text| Id::parse(text).ok())
        };
        Ok(self.entries(prefix).await?.iter().filter_map(id).collect())
    }

    /// Tries to commit a change once.
    pub(crate) async fn commit(&self, change: Change) -> Result<Tried, Failure> {
        if !change.events.is_empty() {
            return self.commit_told(change).await;
        }
        if change.untold.is_none() {
            return Err(Failure::Internal("a change that leaves no event"));
        }
        let Change { preconditions, writes, .. } = change;
        self.commit_txn(Txn { preconditions, writes }).await
    }

    pub(super) async fn commit_txn(&self, txn: Txn) -> Result<Tried, Failure> {
        match self.store.commit(txn).await {
            Ok(Commit::Done(revision)) => Ok(Tried::Done(revision)),
            Ok(Commit::Lost { failed }) => Ok(Tried::Lost(failed)),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Commits a change, or says that it has to be decided anew because a race was lost. Call it
    /// in a loop that reads everything anew each time:
    /// `loop { …; if self.committed(&mut tries, change).await? { break answer } }`.
    ///
    /// # Errors
    /// The store could not be asked, or the race was lost too often.
    pub(crate) async fn committed(
        &self,
        tries: &mut Tries,
        change: Change,
    ) -> Result<bool, Failure> {
        if let Tried::Done(_) = self.commit(change).await? {
            return Ok(true);
        }
        tries.lost += 1;
        if tries.lost < ATTEMPTS_MAX {
            return Ok(false);
        }
        Err(Failure::Unavailable {
            reason: "too many changes of the same object at one time",
            retry_after: Duration::from_secs(1),
        })
    }
}

/// Counts the races that one request lost.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    lost: usize,
}

/// Reads an entry as a record.
pub(crate) fn stored<R: Record>(entry: &Entry) -> Result<Stored<R>, Failure> {
    let value = record::decode(entry.value.as_bytes()).map_err(|error| damaged(&error))?;
    Ok(Stored { value, revision: entry.modified })
}

pub(super) fn damaged(error: &record::RecordError) -> Failure {
    tracing::error!(%error, "store.record_unreadable");
    Failure::Internal("a stored record cannot be read")
}

/// When a store that has to be mended first is worth asking again.
const RETRY_OPERATOR: Duration = Duration::from_secs(10);

/// What a failing store means for a caller. An indefinite failure is not tried again here: the
/// caller has to look at what became of it. The log has the place and the cause; callers are
/// strangers, and get neither.
pub(crate) fn unavailable(error: &StoreError) -> Failure {
    tracing::error!(%error, definite = error.is_definite(), "store.failed");
    explained(error)
}

/// The same, for who only asks how the store is.
pub(super) fn explained(error: &StoreError) -> Failure {
    if !error.is_definite() {
        let reason = "the store did not say whether it took the request: read before trying again";
        return Failure::Unavailable { reason, retry_after: Duration::from_secs(1) };
    }
    let (reason, retry_after) = match error.kind() {
        ErrorKind::Unavailable { retry_after, .. } => {
            ("the store did not take the request", *retry_after)
        }
        ErrorKind::Full { .. } => {
            ("the store has no room for a change; what it holds can be read", RETRY_OPERATOR)
        }
        ErrorKind::Corrupt { .. } => ("what is stored is damaged", RETRY_OPERATOR),
        ErrorKind::Closed => ("the service is stopping", Duration::from_secs(1)),
        ErrorKind::Compacted { .. } => {
            ("the list changed too often while it was read", Duration::from_secs(1))
        }
        ErrorKind::TooLarge { .. } | ErrorKind::Invalid(_) | ErrorKind::LeaseGone(_) => {
            return Failure::Internal("a request that the store does not take");
        }
    };
    Failure::Unavailable { reason, retry_after: retry_after.max(Duration::from_secs(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: &StoreError, expect: &str, seconds: u64) {
        let Failure::Unavailable { reason, retry_after } = unavailable(error) else {
            panic!("{error}")
        };
        assert!(reason.contains(expect), "{reason}");
        assert_eq!(retry_after, Duration::from_secs(seconds), "{reason}");
    }

    #[test]
    fn a_failing_store_is_explained_without_naming_it() {
        let place = || "etcd at 10.0.0.1:2379".to_owned();
        let kind = ErrorKind::Unavailable { reason: place(), retry_after: Duration::from_secs(3) };
        check(&StoreError::definite(kind.clone()), "did not take", 3);
        check(&StoreError::indefinite(kind), "read before trying again", 1);
        let full = ErrorKind::Full { place: place(), detail: String::new() };
        check(&StoreError::definite(full), "no room", 10);
        let corrupt = ErrorKind::Corrupt { place: place(), detail: String::new() };
        check(&StoreError::definite(corrupt), "damaged", 10);
        check(&StoreError::definite(ErrorKind::Closed), "stopping", 1);
    }
}
