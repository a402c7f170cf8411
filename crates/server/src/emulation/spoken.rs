//! An emulated cloud that speaks its own protocol on a port of its own: the time of its requests,
//! and where its world is kept. Every change is in the store before its request is answered.

use std::sync::Arc;

use async_trait::async_trait;
use peerage_clouds::kept::{self, Objects};
use peerage_clouds::serve::{Handler, not_kept, too_large};
use peerage_clouds::{CloudApi, Request, Response};
use peerage_core::id::PeerId;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerError};
use peerage_store::{Commit, ErrorKind, ListRequest, Store, StoreError, Txn, Write, keys};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::clock::Clock;

/// Changes in one transaction.
const CHANGES_MAX: usize = 100;

/// Bytes in one transaction; a change that has more has one of its own.
const BYTES_MAX: usize = 1024 * 1024;

/// One emulated cloud behind its own protocol.
pub struct Spoken {
    provider: Provider,
    api: Arc<dyn CloudApi>,
    clock: Clock,
    store: Arc<dyn Store>,
    /// What is in the store, and up to which version of the world.
    kept: Mutex<(Objects, u64)>,
    /// The world before anything happened in it.
    first: Value,
}

impl std::fmt::Debug for Spoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spoken").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl Spoken {
    /// Takes the world up where the store has it.
    ///
    /// # Errors
    /// The store cannot be read, or holds what this version does not understand.
    pub async fn open(
        provider: Provider,
        api: Arc<dyn CloudApi>,
        clock: Clock,
        store: Arc<dyn Store>,
    ) -> anyhow::Result<Self> {
        let prefix = keys::cloud(provider, "");
        let mut objects = Objects::new();
        let mut request = ListRequest::prefix(prefix.clone());
        loop {
            let page = store.list(request.clone()).await?;
            for entry in &page.entries {
                let name = entry.key.as_bytes().get(prefix.as_bytes().len()..).unwrap_or_default();
                let name = String::from_utf8_lossy(name).into_owned();
                objects.insert(name, entry.value.as_bytes().to_vec());
            }
            request.after = page.entries.last().map(|entry| entry.key.clone());
            request.at = Some(page.revision);
            if !page.more {
                break;
            }
        }
        let first = api.state();
        if !objects.is_empty() {
            api.restore(kept::state(&objects)?)?;
        }
        let kept = Mutex::new((objects, api.version()));
        Ok(Self { provider, api, clock, store, kept, first })
    }

    /// The cloud that it is.
    pub(super) fn provider(&self) -> Provider {
        self.provider
    }

    /// When something happens next by itself.
    pub(super) fn next_event(&self) -> Option<Timestamp> {
        self.api.next_event()
    }

    /// Lets everything happen that is due, and keeps it.
    pub(super) async fn advance(&self) -> Result<(), StoreError> {
        self.api.pass(self.clock.now());
        self.keep().await
    }

    /// Acts as the other party of a peering, and keeps what became of it.
    pub(super) async fn customer(
        &self,
        peering: PeerId,
        act: CustomerAct,
    ) -> Result<(), CustomerError> {
        let acted = self.api.customer(peering, act, self.clock.now());
        let kept = self.keep().await;
        acted?;
        kept.map_err(|error| CustomerError::new("InternalError", error.to_string()))
    }

    /// Keeps what changed since the last time. What cannot be kept now is kept with the next
    /// change; what no store takes is undone.
    async fn keep(&self) -> Result<(), StoreError> {
        let mut kept = self.kept.lock().await;
        let version = self.api.version();
        if kept.1 == version {
            return Ok(());
        }
        let objects = kept::objects(&self.api.state());
        let writes = kept::changes(&kept.0, &objects).into_iter().map(|(name, value)| {
            let key = keys::cloud(self.provider, &name);
            match value {
                Some(value) => Write::put(key, value),
                None => Write::delete(key),
            }
        });
        let parts = parts(writes).inspect_err(|_| {
            self.undo(&kept.0);
            kept.1 = self.api.version();
        })?;
        for part in parts {
            match self.store.commit(Txn::of(part)).await? {
                Commit::Done(_) | Commit::Lost { .. } => {}
            }
        }
        *kept = (objects, version);
        Ok(())
    }

    /// Makes the world again what is kept of it.
    fn undo(&self, kept: &Objects) {
        let state = if kept.is_empty() { Ok(self.first.clone()) } else { kept::state(kept) };
        if let Err(error) = state.and_then(|state| self.api.restore(state)) {
            tracing::error!(provider = %self.provider, %error, "emulated.not_undone");
        }
    }
}

/// The writes in transactions that every store takes.
///
/// # Errors
/// [`ErrorKind::TooLarge`]: no store takes one of them.
fn parts(writes: impl Iterator<Item = Write>) -> Result<Vec<Vec<Write>>, StoreError> {
    let (mut parts, mut bytes) = (Vec::<Vec<Write>>::new(), 0);
    for write in writes {
        let alone = Txn::of(vec![write]);
        alone.check()?;
        let more = alone.bytes();
        match parts.last_mut() {
            Some(part) if part.len() < CHANGES_MAX && bytes + more <= BYTES_MAX => {
                part.extend(alone.writes);
                bytes += more;
            }
            _ => {
                parts.push(alone.writes);
                bytes = more;
            }
        }
    }
    Ok(parts)
}

#[async_trait]
impl Handler for Spoken {
    async fn handle(&self, request: Request) -> Response {
        let response = self.api.answer(&request, self.clock.now());
        match self.keep().await {
            Ok(()) => response,
            Err(error) if matches!(error.kind(), ErrorKind::TooLarge { .. }) => too_large(),
            Err(error) => {
                tracing::error!(provider = %self.provider, %error, "emulated.change_not_kept");
                not_kept()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Shared;

    use bytes::Bytes;
    use serde_json::json;

    use super::*;

    const KIB: usize = 1024;

    /// A cloud in which each request leaves its body under its path.
    struct Shelf(Shared<(Value, u64)>);

    impl Shelf {
        fn empty() -> Arc<Self> {
            Arc::new(Self(Shared::new((json!({ "things": {} }), 0))))
        }
    }

    impl CloudApi for Shelf {
        fn answer(&self, request: &Request, _: Timestamp) -> Response {
            let body = String::from_utf8_lossy(request.body()).into_owned();
            let mut shelf = self.0.lock().unwrap();
            shelf.0["things"][request.uri().path()] = body.into();
            shelf.1 += 1;
            Response::new(Bytes::new())
        }

        fn pass(&self, _: Timestamp) {}

        fn next_event(&self) -> Option<Timestamp> {
            None
        }

        fn customer(&self, _: PeerId, _: CustomerAct, _: Timestamp) -> Result<(), CustomerError> {
            Ok(())
        }

        fn version(&self) -> u64 {
            self.0.lock().unwrap().1
        }

        fn state(&self) -> Value {
            self.0.lock().unwrap().0.clone()
        }

        fn restore(&self, state: Value) -> Result<(), serde_json::Error> {
            let mut shelf = self.0.lock().unwrap();
            *shelf = (state, shelf.1 + 1);
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_no_store_takes_is_undone_and_the_rest_goes_on() {
        let store = peerage_store::open("memory:").unwrap();
        let open = async |api| {
            Spoken::open(Provider::Azure, api, Clock::new(), store.clone()).await.unwrap()
        };
        let spoken = open(Shelf::empty()).await;
        let long = format!("/{}", "a".repeat(600));
        let requests = [
            (long.as_str(), 1, 413),
            ("/a", 1, 200),
            ("/b", 2 * KIB * KIB, 413),
            (&long, 1, 413),
            ("/c", 1, 200),
        ];
        for (path, bytes, status) in requests {
            let body = "x".repeat(bytes).into();
            let answer = spoken.handle(http::Request::put(path).body(body).unwrap()).await;
            assert_eq!(answer.status(), status, "{path:.4}");
        }
        let later = Shelf::empty();
        open(later.clone()).await;
        assert_eq!(later.state(), json!({ "things": { "/a": "x", "/c": "x" } }));
    }

    #[test]
    fn transactions_have_as_many_changes_as_stores_take() {
        let sizes = |count: usize, bytes: usize| {
            let write =
                |at| Write::put(keys::cloud(Provider::Aws, &format!("{at}")), vec![0; bytes]);
            let parts = parts((0..count).map(write)).unwrap();
            parts.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(0, 1), [0; 0]);
        assert_eq!(sizes(250, 1), [100, 100, 50]);
        assert_eq!(sizes(5, 400 * KIB), [2, 2, 1]);
    }
}
