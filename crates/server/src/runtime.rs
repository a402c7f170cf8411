//! Puts the parts together and runs them: store, keys, clouds, use cases, driver, HTTP.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use peerage_core::provider::Provider;
use peerage_core::reconcile::Tempo;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{Emulated, EmulatedOptions};
use peerage_store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::{App, Security};
use crate::authn::{
    DigestPolicy, DigestVerifier, MasterKey, NonceKey, Sealer, Throttle, ThrottlePolicy,
};
use crate::clock::{Clock, machine_time};
use crate::config::Config;
use crate::driver::{Driver, Fabrics, nudges};
use crate::emulation::{Emulation, StoreJournal};
use crate::http;
use crate::ids::Randomness;
use crate::telemetry::Metrics;

/// Where the key that seals secrets comes from.
#[derive(Clone, Copy, Debug)]
pub enum KeySource<'a> {
    /// A file; it is made when it is absent.
    File(&'a Path),
    /// Nowhere: it is forgotten with the process.
    Ephemeral,
}

/// The running service.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The use cases.
    pub app: Arc<App>,
    stop: watch::Sender<bool>,
    http: JoinHandle<std::io::Result<()>>,
    driver: JoinHandle<()>,
}

/// Opens the store and everything that needs only it.
///
/// # Errors
/// What is wrong with the store or the key, in words for people.
pub fn open_app(
    store: Arc<dyn Store>,
    key: KeySource<'_>,
    clock: Clock,
    randomness: Randomness,
    nudge: impl Fn(peerage_core::reconcile::Key) + Send + Sync + 'static,
) -> anyhow::Result<App> {
    let security = security(key, randomness.clone())?;
    Ok(App::new(store, clock, randomness, security, nudge))
}

fn security(key: KeySource<'_>, mut randomness: Randomness) -> anyhow::Result<Security> {
    let master = match key {
        KeySource::File(path) => MasterKey::load_or_create(path, &mut randomness)
            .with_context(|| format!("the key file {}", path.display()))?,
        KeySource::Ephemeral => {
            let mut bytes = [0; 32];
            crate::authn::RandomSource::fill(&mut randomness, &mut bytes);
            MasterKey::from_bytes(bytes)
        }
    };
    let now = u64::try_from(machine_time().as_millis()).unwrap_or(0);
    let nonces = NonceKey::new(master.digest_nonce_key());
    Ok(Security {
        verifier: DigestVerifier::new(nonces, DigestPolicy::starting_at(now)),
        sealer: Sealer::new(&master.seal_key()),
        throttle: Throttle::new(ThrottlePolicy::default()),
    })
}

impl Running {
    /// Starts the service. It answers when this returns.
    ///
    /// # Errors
    /// What keeps it from starting, in words for people.
    pub async fn start(
        config: &Config,
        store: Arc<dyn Store>,
        key: KeySource<'_>,
        randomness: Randomness,
    ) -> anyhow::Result<Self> {
        config.check()?;
        #[cfg(feature = "failpoints")]
        let points = crate::failpoints::Failpoints::from_environment()?;
        #[cfg(feature = "failpoints")]
        let store = points.store(store);
        check_whole(&*store).await?;
        let clock = Clock::new();
        let (nudge, nudged) = nudges();
        let seed = randomness.number();
        let journal = Arc::new(StoreJournal::new(store.clone()));
        #[cfg(feature = "failpoints")]
        let journal = points.journal(journal);
        let options = EmulatedOptions {
            pace: config.clouds.emulated.pace.clone(),
            customer: config.clouds.emulated.customer,
            seed: randomness.number(),
        };
        let emulated =
            Arc::new(Emulated::open(journal, options).await.context("the emulated clouds")?);
        let nudges = nudge.clone();
        let app = open_app(store, key, clock.clone(), randomness, move |key| nudge.nudge(key))?;
        let emulation = config
            .clouds
            .emulated
            .control
            .then(|| Emulation::new(emulated.clone(), clock.clone(), nudges));
        let app = Arc::new(app.with_emulation(emulation));
        let fabrics: Fabrics = Provider::ALL
            .into_iter()
            .map(|provider| (provider, emulated.clone() as Arc<dyn Fabric>))
            .collect();
        #[cfg(feature = "failpoints")]
        let fabrics: Fabrics = fabrics
            .into_iter()
            .map(|(provider, fabric)| (provider, points.fabric(fabric)))
            .collect();
        let driver = Driver::new(app.clone(), clock, fabrics, emulated_tempo(), nudged, seed);
        let metrics = Metrics::new(driver.gauges());
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let driver = tokio::spawn(driver.run(stopped.clone()));
        let router = http::router(app.clone(), metrics, &config.limits);
        let http = tokio::spawn(http::serve::serve(listener, config.clone(), router, stopped));
        Ok(Self { address, app, stop, http, driver })
    }

    /// Stops: takes no new requests, lets those in flight finish, then ends.
    ///
    /// # Errors
    /// What the listener ended with.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.http.await??;
        self.driver.await?;
        Ok(())
    }
}

/// Refuses a store that a restore has not finished.
///
/// # Errors
/// It is one, or cannot be asked.
pub async fn check_whole(store: &dyn Store) -> anyhow::Result<()> {
    let unfinished = peerage_store::backup::port::is_unfinished(store).await?;
    anyhow::ensure!(
        !unfinished,
        "a restore into this store was begun and not finished: run `peerage restore --force` again"
    );
    Ok(())
}

/// The emulated clouds say by themselves when something changes: looking again is a safety net.
fn emulated_tempo() -> Tempo {
    Tempo {
        poll: std::time::Duration::from_secs(30),
        resync: None,
        backoff_min: std::time::Duration::from_millis(20),
        ..Tempo::default()
    }
}

/// Waits for a signal to stop: interrupt or terminate.
///
/// # Errors
/// When signals cannot be listened to.
pub async fn until_told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
