//! An emulated cloud that speaks its own protocol on a port of its own: the time of its requests,
//! and where its world is kept. Every change is in the store before its request is answered.

use std::sync::Arc;

use async_trait::async_trait;
use peerage_clouds::kept::{self, Objects};
use peerage_clouds::serve::{Handler, not_kept};
use peerage_clouds::{CloudApi, Request, Response};
use peerage_core::id::PeerId;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerError};
use peerage_store::{Commit, ListRequest, Store, StoreError, Txn, Write, keys};
use tokio::sync::Mutex;

use crate::clock::Clock;

/// Changes in one transaction.
const CHANGES_MAX: usize = 100;

/// One emulated cloud behind its own protocol.
pub struct Spoken {
    provider: Provider,
    api: Arc<dyn CloudApi>,
    clock: Clock,
    store: Arc<dyn Store>,
    /// What is in the store, and up to which version of the world.
    kept: Mutex<(Objects, u64)>,
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
        if !objects.is_empty() {
            api.restore(kept::state(&objects)?)?;
        }
        let kept = Mutex::new((objects, api.version()));
        Ok(Self { provider, api, clock, store, kept })
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

    /// Keeps what changed since the last time. What cannot be kept is kept with the next change.
    async fn keep(&self) -> Result<(), StoreError> {
        let mut kept = self.kept.lock().await;
        let version = self.api.version();
        if kept.1 == version {
            return Ok(());
        }
        let objects = kept::objects(&self.api.state());
        let writes: Vec<Write> = kept::changes(&kept.0, &objects)
            .into_iter()
            .map(|(name, value)| {
                let key = keys::cloud(self.provider, &name);
                match value {
                    Some(value) => Write::put(key, value),
                    None => Write::delete(key),
                }
            })
            .collect();
        for part in writes.chunks(CHANGES_MAX) {
            match self.store.commit(Txn::of(part.to_vec())).await? {
                Commit::Done(_) | Commit::Lost { .. } => {}
            }
        }
        *kept = (objects, version);
        Ok(())
    }
}

#[async_trait]
impl Handler for Spoken {
    async fn handle(&self, request: Request) -> Response {
        let response = self.api.answer(&request, self.clock.now());
        match self.keep().await {
            Ok(()) => response,
            Err(error) => {
                tracing::error!(provider = %self.provider, %error, "emulated.change_not_kept");
                not_kept()
            }
        }
    }
}
