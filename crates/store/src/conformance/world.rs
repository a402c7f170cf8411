//! What a law works with: a store of its own and short ways to use it.

use std::sync::Arc;

use super::{Breach, Subject};
use crate::port::{
    Answer, Commit, Entry, ErrorKind, Key, ListRequest, Order, Page, Precondition, Revision, Store,
    Txn, Watch, WatchBatch, WatchEvent, Write,
};

pub(crate) struct World<'a> {
    pub(super) store: Arc<dyn Store>,
    pub(super) subject: &'a dyn Subject,
}

impl World<'_> {
    /// Commits writes that nothing stands in the way of.
    pub(super) async fn write(&self, writes: Vec<Write>) -> Result<Revision, Breach> {
        self.write_if(Vec::new(), writes).await
    }

    /// Commits writes whose preconditions hold.
    pub(super) async fn write_if(
        &self,
        preconditions: Vec<Precondition>,
        writes: Vec<Write>,
    ) -> Result<Revision, Breach> {
        match self.commit(preconditions, writes).await? {
            Commit::Done(revision) => Ok(revision),
            Commit::Lost { failed } => Err(Breach(format!("lost at precondition {failed}"))),
        }
    }

    pub(super) async fn commit(
        &self,
        preconditions: Vec<Precondition>,
        writes: Vec<Write>,
    ) -> Answer<Commit> {
        self.store.commit(Txn { preconditions, writes }).await
    }

    pub(super) async fn put(&self, key: &str, value: &str) -> Result<Revision, Breach> {
        self.write(vec![Write::put(key, value)]).await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<Revision, Breach> {
        self.write(vec![Write::delete(key)]).await
    }

    pub(super) async fn get(&self, key: &str) -> Answer<Option<Entry>> {
        self.store.get(&Key::from(key)).await
    }

    /// An entry that has to be there.
    pub(super) async fn entry(&self, key: &str) -> Result<Entry, Breach> {
        self.get(key).await?.ok_or_else(|| Breach(format!("{key} is not there")))
    }

    pub(super) async fn revision(&self) -> Answer<Revision> {
        self.store.revision().await
    }

    /// All entries below a prefix, page by page at one revision.
    pub(super) async fn list_all(
        &self,
        prefix: &str,
        order: Order,
        limit: usize,
        at: Option<Revision>,
    ) -> Result<Vec<Entry>, Breach> {
        let first = ListRequest { limit, order, at, ..ListRequest::prefix(prefix) };
        let page = self.store.list(first.clone()).await?;
        self.list_rest(first, page).await
    }

    /// The entries of a page and of all that follow it.
    pub(super) async fn list_rest(
        &self,
        request: ListRequest,
        first: Page,
    ) -> Result<Vec<Entry>, Breach> {
        let Page { mut entries, revision, mut more } = first;
        while more {
            let after = entries.last().map(|entry| entry.key.clone());
            let request = ListRequest { after, at: Some(revision), ..request.clone() };
            let page = self.store.list(request).await?;
            if page.entries.is_empty() {
                return Err(Breach("a page that was to come is empty".to_owned()));
            }
            if page.revision != revision {
                return Err(Breach("a page shows another revision than asked".to_owned()));
            }
            entries.extend(page.entries);
            more = page.more;
        }
        Ok(entries)
    }

    /// Entries as `key=value`, in the order listed.
    pub(super) async fn shown(&self, prefix: &str, at: Option<Revision>) -> Result<String, Breach> {
        Ok(show(&self.list_all(prefix, Order::Ascending, 1000, at).await?))
    }

    pub(super) async fn watch(&self, prefix: &str, from: Revision) -> Answer<Box<dyn Watch>> {
        self.store.watch(&Key::from(prefix), from).await
    }

    /// What a watch answers first, whether it fails when it is started or when it is read.
    pub(super) async fn first_told(&self, prefix: &str, from: Revision) -> Answer<WatchBatch> {
        self.watch(prefix, from).await?.next().await
    }
}

/// Entries as `key=value`.
pub(super) fn show(entries: &[Entry]) -> String {
    let text = |entry: &Entry| format!("{}={}", entry.key, entry.value.as_bytes().escape_ascii());
    entries.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// Events as `key=value` and `-key`.
pub(super) fn told(batch: &WatchBatch) -> String {
    let text = |event: &WatchEvent| match event {
        WatchEvent::Put(entry) => show(std::slice::from_ref(entry)),
        WatchEvent::Deleted(key) => format!("-{key}"),
    };
    batch.events.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// The kind of an error that has to be there and be definite.
pub(super) fn refusal<T>(answer: Answer<T>) -> Result<ErrorKind, Breach> {
    match answer {
        Ok(_) => Err(Breach("it was not refused".to_owned())),
        Err(error) if !error.is_definite() => Err(Breach(format!("not definite: {error}"))),
        Err(error) => Ok(error.kind().clone()),
    }
}
