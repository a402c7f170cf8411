//! Linearizable reads of what is kept here: one question to the cluster for all who read at a time.
//!
//! The revision of a linearizable read counts every transaction of the cluster, whoever made it: a
//! replica of another version, the end of a lease. Once the watch has told that very revision or a
//! later one, what it fed is not older than the question. Transactions of others in the cluster
//! are never told, so that after one of them nothing is served from here until our next; who
//! waited in vain asks the cluster itself, and then nobody waits for some time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::cache::Cache;
use super::cluster::Cluster;
use super::range::{self, Space};
use super::watch;
use crate::port::{Answer, Key, Revision, Watch as _};

/// How long a read waits for the question and the watch before it asks the cluster itself.
const WAIT_MAX: Duration = Duration::from_millis(200);
/// For how long nobody waits after somebody did in vain; twice as long each time that it happens
/// again soon after.
const REST: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));
/// After a watch has ended.
const PAUSE: Duration = Duration::from_millis(100);

/// See the head of this file. What runs in the background ends with it.
pub(super) struct Mirror {
    shared: Arc<Shared>,
    running: Mutex<JoinSet<()>>,
    hits: AtomicU64,
}

struct Shared {
    cluster: Arc<Cluster>,
    space: Space,
    cache: Cache,
    /// Who waits for the next question.
    waiting: Mutex<Vec<oneshot::Sender<Revision>>>,
    asked: Notify,
    rest: Mutex<Rest>,
}

struct Rest {
    until: Instant,
    length: Duration,
}

impl Mirror {
    pub(super) fn new(cluster: Arc<Cluster>, space: Space) -> Self {
        let shared = Shared {
            cluster,
            space,
            cache: Cache::new(),
            waiting: Mutex::default(),
            asked: Notify::new(),
            rest: Mutex::new(Rest { until: Instant::now(), length: REST.0 }),
        };
        let (running, hits) = (Mutex::default(), AtomicU64::new(0));
        Self { shared: Arc::new(shared), running, hits }
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.shared.cache
    }

    /// How many reads were answered from here.
    pub(super) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// What `find` finds in the cache as of a revision that was the newest after this was called.
    pub(super) async fn read<T>(
        &self,
        find: impl Fn(&Cache, Revision) -> Option<T> + Send,
    ) -> Option<T> {
        self.run();
        // Nobody waits for what is not here.
        find(self.cache(), Revision::ZERO)?;
        let found = find(self.cache(), self.shared.newest().await?)?;
        self.hits.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    /// Begins the work in the background, where it has not begun or ended with its runtime.
    fn run(&self) {
        let mut running = lock(&self.running);
        while running.try_join_next().is_some() {}
        if running.is_empty() && self.shared.cluster.check_open().is_ok() {
            let (feeding, asking) = (self.shared.clone(), self.shared.clone());
            running.spawn(async move { feeding.feed().await });
            running.spawn(async move { asking.ask().await });
        }
    }
}

impl Shared {
    /// The newest revision, once the watch has told it.
    async fn newest(&self) -> Option<Revision> {
        if Instant::now() < lock(&self.rest).until {
            return None;
        }
        let told = timeout(WAIT_MAX, async {
            let (sender, answer) = oneshot::channel();
            lock(&self.waiting).push(sender);
            self.asked.notify_one();
            let newest = answer.await.ok()?;
            self.cache.told(newest).await.then_some(newest)
        });
        if let Ok(newest) = told.await {
            return newest;
        }
        lock(&self.rest).begin();
        None
    }

    /// Asks for the newest revision as long as somebody waits for it. Who comes while a question is
    /// on its way gets the answer to the next: this one may have been answered already.
    async fn ask(&self) {
        let mut closing = self.cluster.closing();
        loop {
            tokio::select! {
                () = watch::closed(&mut closing) => return lock(&self.waiting).clear(),
                () = self.asked.notified() => {}
            }
            let waiting = std::mem::take(&mut *lock(&self.waiting));
            if waiting.is_empty() {
                continue;
            }
            let newest = timeout(WAIT_MAX, range::newest(&self.cluster, &self.space)).await;
            let Ok(Ok(newest)) = newest else { continue };
            for one in waiting {
                // Who is gone needs no answer.
                let _ = one.send(newest);
            }
        }
    }

    /// Keeps the cache exact while a watch stands, and empty while none does.
    async fn feed(&self) {
        while self.cluster.check_open().is_ok() {
            if let Err(error) = self.follow().await {
                tracing::debug!(%error, "etcd.watch_ended");
            }
            sleep(PAUSE).await;
        }
    }

    async fn follow(&self) -> Answer<()> {
        let from = range::newest(&self.cluster, &self.space).await?;
        let all = Key::default();
        let mut told = watch::start(&self.cluster, &self.space, &all, from.next()).await?;
        let _falls = Falls(&self.cache);
        self.cache.stand(from);
        loop {
            self.cache.tell(&told.next().await?);
        }
    }
}

impl Rest {
    fn begin(&mut self) {
        let now = Instant::now();
        if now < self.until {
            return;
        }
        let soon = now < self.until + 2 * self.length;
        self.length = if soon { REST.1.min(2 * self.length) } else { REST.0 };
        self.until = now + self.length;
    }
}

/// Empties the cache when its watch ends, in whatever way.
struct Falls<'a>(&'a Cache);

impl Drop for Falls<'_> {
    fn drop(&mut self) {
        self.0.fall();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
