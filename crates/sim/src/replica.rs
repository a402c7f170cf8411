//! One life of one replica: the product's parts put together as `serve` does it, over wires into
//! the simulated world, without HTTP.

use std::sync::Arc;

use peerage::app::App;
use peerage::clock::Clock;
use peerage::driver::{Driver, Fabrics, Share, nudges};
use peerage::emulation::{Emulation, StoreJournal};
use peerage::ids::Randomness;
use peerage::replica::Lessee;
use peerage::runtime::{KeySource, emulated_tempo, open_app};
use peerage_core::provider::Provider;
use peerage_core::reconcile::Tempo;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{Emulated, EmulatedOptions};
use peerage_store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, sleep};

use crate::bug::Bug;
use crate::cloud::Cloud;
use crate::disk::Disk;
use crate::plan::{Clouds, Plan};
use crate::wire::Wire;
use crate::world::World;

/// The key file that all replicas have.
const KEY: [u8; 32] = [7; 32];
/// The longest that a replica stays dead.
const DEAD_MAX: Duration = Duration::from_secs(25);

/// A replica while it lives.
pub struct Life {
    /// What it crosses to reach anything.
    pub wire: Arc<Wire>,
    /// Its use cases.
    pub app: Arc<App>,
    /// The clouds that it works in, reached without a wire: for whoever judges.
    pub clouds: Arc<Emulated>,
    /// Its clock.
    pub clock: Clock,
    tasks: Vec<JoinHandle<()>>,
    /// Its tasks end when this goes; nothing here ever asks them to.
    _stop: watch::Sender<bool>,
}

impl Drop for Life {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Lives one life after another until the world ends.
pub async fn keep_alive(world: Arc<World>, replica: usize) {
    let mut number = 0;
    loop {
        number += 1;
        let wire = Wire::new(Arc::clone(&world), replica, number);
        let begun = tokio::select! {
            biased;
            () = wire.died() => None,
            begun = begin(&wire) => Some(begun),
        };
        let down = wire.throw(|dice| dice.span(Duration::from_millis(50), DEAD_MAX));
        match begun {
            Some(Ok(life)) => {
                world.note(|| format!("{wire} is up"));
                world.enter(replica, Some(Arc::new(life)));
                wire.died().await;
                world.enter(replica, None);
            }
            Some(Err(error)) => {
                world.note(|| format!("{wire} does not come up: {error:#}"));
                wire.kill("a start that failed");
            }
            None => {}
        }
        // Once the world is quiet nothing keeps a replica down for long.
        sleep(if world.is_rough() { down } else { Duration::from_millis(100) }).await;
    }
}

async fn begin(wire: &Arc<Wire>) -> anyhow::Result<Life> {
    let world = &wire.world;
    let store: Arc<dyn Store> = Arc::new(Disk::new(Arc::clone(wire)));
    let clock = world.clock(wire.replica);
    let lives = wire.life * 16 + u64::try_from(wire.replica)?;
    let randomness = Randomness::seeded(world.plan.seed.wrapping_mul(0x9e37_79b9) ^ lives);
    let (nudge, nudged) = nudges();
    let deaf = world.bug == Some(Bug::DeafReconciler);
    let nudge = move |key| {
        if !deaf {
            nudge.nudge(key);
        }
    };
    let clouds = match &world.outside {
        Some((clouds, _)) => Arc::clone(clouds),
        None => {
            let journal = Arc::new(StoreJournal::new(Arc::clone(&store)));
            Arc::new(Emulated::open(journal, options(&world.plan)).await?)
        }
    };
    let seed = randomness.number();
    let app = open_app(store.clone(), KeySource::Held(KEY), clock.clone(), randomness, nudge)?;
    let emulation = Emulation::open(Arc::clone(&clouds), clock.clone(), Arc::clone(&store)).await;
    let emulation = emulation.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    let app = Arc::new(app.with_emulation(Some(emulation)));
    let cloud: Arc<dyn Fabric> = Arc::new(Cloud::new(Arc::clone(wire), clouds.clone()));
    let fabrics: Fabrics =
        Provider::ALL.into_iter().map(|provider| (provider, Arc::clone(&cloud))).collect();
    let (stop, stopped) = watch::channel(false);
    let mut tasks = Vec::new();
    let share = if store.is_shared() {
        let lessee = Lessee::new(store, wire.to_string(), world.plan.lease);
        let share = Share { owned: lessee.owned(), work: lessee.work() };
        tasks.push(tokio::spawn(wire.task(lessee.run(stopped.clone()))));
        share
    } else {
        Share::all()
    };
    let tempo = tempo(world);
    let driver = Driver::new(app.clone(), clock.clone(), fabrics, tempo, nudged, share, seed);
    tasks.push(tokio::spawn(wire.task(driver.run(stopped))));
    Ok(Life { wire: Arc::clone(wire), app, clouds, clock, tasks, _stop: stop })
}

/// How the clouds of a world behave.
#[must_use]
pub fn options(plan: &Plan) -> EmulatedOptions {
    let Plan { pace, customer, seed, awake_max, .. } = plan.clone();
    EmulatedOptions { pace, customer, seed, awake_max }
}

/// Clouds that are somewhere else change without telling us, so that we have to look again.
fn tempo(world: &World) -> Tempo {
    match world.plan.clouds {
        Clouds::Kept => emulated_tempo(),
        Clouds::Outside => Tempo::default(),
    }
}
