//! A real etcd keeps every law. Each law gets a member of its own, so that nobody else's
//! transactions count; leases last whole seconds there, so time passes for real.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use peerage_store::Store;
use peerage_store::conformance::{self, Subject};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::server::Server;

/// The longest law waits four times five seconds.
const LAW_TIME_MAX: Duration = Duration::from_secs(60);

/// Members that run at one time.
const MEMBERS_MAX: usize = 8;

struct Etcd(Server);

#[async_trait]
impl Subject for Etcd {
    async fn fresh(&self) -> Arc<dyn Store> {
        Arc::new(self.0.store())
    }

    async fn reopen(&self, _store: &Arc<dyn Store>) -> Option<Arc<dyn Store>> {
        Some(Arc::new(self.0.store()))
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_etcd_keeps_the_laws() {
    let room = Arc::new(Semaphore::new(MEMBERS_MAX));
    let mut laws = JoinSet::new();
    for says in conformance::sentences() {
        let room = room.clone();
        laws.spawn(async move {
            let _place = room.acquire().await.unwrap();
            let subject = Etcd(Server::start().await);
            let held = conformance::run_one(&subject, says, LAW_TIME_MAX).await;
            held.err().map(|how| format!("{says}: {how}"))
        });
    }
    let broken: Vec<String> = laws.join_all().await.into_iter().flatten().collect();
    assert!(broken.is_empty(), "{} laws broken\n{}", broken.len(), broken.join("\n"));
}
