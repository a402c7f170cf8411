//! Puts the parts together and runs them: store, keys, clouds, use cases, driver, HTTP.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use peerage_core::provider::Provider;
use peerage_core::reconcile::Tempo;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{AWAKE_MAX, Emulated, EmulatedOptions};
use peerage_store::record::{KeyCheckRecord, decode, encode};
use peerage_store::{Commit, Precondition, Store, Txn, Write, keys};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::{App, Security};
use crate::authn::{
    ChainKey, DigestPolicy, DigestVerifier, MasterKey, NonceKey, Sealer, Throttle, ThrottlePolicy,
};
use crate::clock::Clock;
use crate::clouds::Drivers;
use crate::config::{Clouds, Config};
use crate::driver::{Driver, Fabrics, ROUND, Share, nudges};
use crate::emulation::{Emulation, PlantedFabric, Port, Ports, StoreJournal};
use crate::http;
use crate::ids::Randomness;
use crate::orphans::Lookout;
use crate::replica::Lessee;
use crate::telemetry::Metrics;

/// Between two looks at what is under way in an emulated cloud that speaks its own protocol.
const SPOKEN_POLL: Duration = Duration::from_millis(100);

/// Where the key that seals secrets comes from.
#[derive(Clone, Copy)]
pub enum KeySource<'a> {
    /// A file; it is made when it is absent.
    File(&'a Path),
    /// Nowhere: it is forgotten with the process.
    Ephemeral,
    /// The caller: several processes of a world that is not real have the same.
    Held([u8; 32]),
}

/// The running service.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The use cases.
    pub app: Arc<App>,
    /// The emulated clouds on ports of their own.
    pub ports: Vec<Port>,
    /// The authority of those ports' certificates, in PEM.
    pub authority_pem: Option<String>,
    stop: watch::Sender<bool>,
    http: JoinHandle<std::io::Result<()>>,
    tasks: Vec<JoinHandle<()>>,
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
    let master = master_key(key, randomness.clone())?;
    let security = security(&master, &clock);
    Ok(App::new(store, clock, randomness, security, nudge))
}

fn master_key(key: KeySource<'_>, mut randomness: Randomness) -> anyhow::Result<MasterKey> {
    Ok(match key {
        KeySource::File(path) => MasterKey::load_or_create(path, &mut randomness)
            .with_context(|| format!("the key file {}", path.display()))?,
        KeySource::Held(bytes) => MasterKey::from_bytes(bytes),
        KeySource::Ephemeral => {
            let mut bytes = [0; 32];
            crate::authn::RandomSource::fill(&mut randomness, &mut bytes);
            MasterKey::from_bytes(bytes)
        }
    })
}

fn security(master: &MasterKey, clock: &Clock) -> Security {
    let now = u64::try_from(clock.machine().as_millis()).unwrap_or(0);
    let nonces = NonceKey::new(master.digest_nonce_key());
    Security {
        verifier: DigestVerifier::new(nonces, DigestPolicy::starting_at(now)),
        sealer: Sealer::new(&master.seal_key()),
        throttle: Throttle::new(ThrottlePolicy::default()),
        chain: ChainKey::new(master.audit_key()),
    }
}

/// Refuses a key file that is not the one of the other processes over the same store: keys and
/// nonces that they made would not work here, and ours would not work there.
async fn check_key(store: &dyn Store, master: &MasterKey) -> anyhow::Result<()> {
    let (key, mac) = (keys::key_check(), master.check_value());
    let bytes = encode(&KeyCheckRecord { mac: mac.clone() })?;
    let preconditions = vec![Precondition::Absent(key.clone())];
    let first = Txn { preconditions, writes: vec![Write::put(key.clone(), bytes)] };
    if let Commit::Done(_) = store.commit(first).await? {
        return Ok(());
    }
    let found = store.get(&key).await?.context("the store has no key check")?;
    let found: KeyCheckRecord = decode(found.value.as_bytes())?;
    anyhow::ensure!(
        found.mac == mac,
        "this key file is not the one that the other processes over this store use: copy theirs"
    );
    Ok(())
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
        let options = emulated_options(config, &randomness);
        let emulated =
            Arc::new(Emulated::open(journal, options).await.context("the emulated clouds")?);
        let master = master_key(key, randomness.clone())?;
        if store.is_shared() {
            check_key(&*store, &master).await?;
        }
        let share = share(&store, &randomness, config.replica.lease.0);
        let security = security(&master, &clock);
        let external_ids = master.external_ids();
        let nudge = move |key| nudge.nudge(key);
        let app = App::new(store.clone(), clock.clone(), randomness, security, nudge);
        let (stop, stopped) = watch::channel(false);
        let mut ports = Ports::open(&config.clouds, seed, &clock, &store, &stopped).await?;
        let mut tasks = std::mem::take(&mut ports.tasks);
        let drivers = Drivers::connect(&config.clouds, Some(&ports), external_ids).await?;
        let emulation = emulation(config, &emulated, &clock, &store).await?;
        let emulation = emulation.map(|hand| hand.with_spoken(ports.spoken.clone()));
        if let Some(emulation) = emulation.as_ref().filter(|_| store.is_shared()) {
            tasks.push(tokio::spawn(emulation.shared_clock().follow(stopped.clone())));
        }
        let app = Arc::new(app.with_emulation(emulation));
        let fabrics = fabrics(&drivers, &ports, &emulated);
        #[cfg(feature = "failpoints")]
        let fabrics: Fabrics = fabrics
            .into_iter()
            .map(|(provider, fabric)| (provider, points.fabric(fabric)))
            .collect();
        let (owned, (share, lessee)) = (share.0.owned.clone(), share);
        let driver =
            Driver::new(app.clone(), clock, fabrics, tempo(&config.clouds), nudged, share, seed)
                .with_rounds(rounds(&config.clouds));
        let metrics = Metrics::new(driver.gauges());
        let listener = http::serve::listen(config.listen)
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let address = listener.local_addr()?;
        // The lease ends last: what is in work until then is still ours.
        tasks.push(tokio::spawn(driver.run(stopped.clone())));
        if let Some(lessee) = lessee {
            tasks.push(tokio::spawn(lessee.run(stopped.clone())));
        }
        let (inventories, every) = (drivers.inventories, config.clouds.orphans.0);
        let lookout = Lookout { store, inventories, every, owned, metrics: metrics.clone() };
        tasks.push(tokio::spawn(lookout.run(stopped.clone())));
        let router = http::router(app.clone(), metrics, &config.limits);
        let http = tokio::spawn(http::serve::serve(listener, config.clone(), router, stopped));
        let Ports { ports, authority_pem, .. } = ports;
        Ok(Self { address, app, ports, authority_pem, stop, http, tasks })
    }

    /// Stops: takes no new requests, lets those in flight finish, then ends.
    ///
    /// # Errors
    /// What the listener ended with.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.http.await??;
        for task in self.tasks {
            task.await?;
        }
        Ok(())
    }
}

fn emulated_options(config: &Config, randomness: &Randomness) -> EmulatedOptions {
    EmulatedOptions {
        pace: config.clouds.emulated.pace.clone(),
        customer: config.clouds.emulated.customer,
        seed: randomness.number(),
        awake_max: AWAKE_MAX,
    }
}

/// The hand on the emulated clouds, where the configuration allows it.
async fn emulation(
    config: &Config,
    emulated: &Arc<Emulated>,
    clock: &Clock,
    store: &Arc<dyn Store>,
) -> anyhow::Result<Option<Emulation>> {
    if !config.clouds.emulated.control {
        return Ok(None);
    }
    let opened = Emulation::open(emulated.clone(), clock.clone(), store.clone()).await;
    opened.map(Some).map_err(|failure| anyhow::anyhow!("the clock of the clouds: {failure:?}"))
}

/// What this process works on: everything, if the store is its own; otherwise what it leases.
fn share(
    store: &Arc<dyn Store>,
    randomness: &Randomness,
    lease: Duration,
) -> (Share, Option<Lessee>) {
    if !store.is_shared() {
        return (Share::all(), None);
    }
    let id = format!("{:016x}", randomness.number());
    let lessee = Lessee::new(store.clone(), id, lease);
    (Share { owned: lessee.owned(), work: lessee.work() }, Some(lessee))
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

/// What makes the peerings of each provider: its driver where there is one, else the model.
fn fabrics(drivers: &Drivers, ports: &Ports, emulated: &Arc<Emulated>) -> Fabrics {
    let fabric = |provider| match drivers.fabrics.get(&provider) {
        None => emulated.clone() as Arc<dyn Fabric>,
        Some(driver) if ports.of(provider).is_some() => {
            Arc::new(PlantedFabric::new(driver.clone(), emulated.clone()))
        }
        Some(driver) => driver.clone(),
    };
    Provider::ALL.into_iter().map(|provider| (provider, fabric(provider))).collect()
}

/// Real clouds do not say when something changes.
fn tempo(clouds: &Clouds) -> Tempo {
    if clouds.is_in_process() {
        return emulated_tempo();
    }
    let poll = if clouds.is_emulated() { SPOKEN_POLL } else { Tempo::default().poll };
    Tempo { poll, ..Tempo::default() }
}

/// Between two rounds over everything: within it, drift is found.
fn rounds(clouds: &Clouds) -> Duration {
    if clouds.is_in_process() { ROUND } else { clouds.poll.0.min(ROUND) }
}

/// The emulated clouds say by themselves when something changes: looking again is a safety net.
#[must_use]
pub fn emulated_tempo() -> Tempo {
    Tempo {
        poll: Duration::from_secs(30),
        backoff_min: Duration::from_millis(20),
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
