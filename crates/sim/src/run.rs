//! One seed, from its beginning to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::bug::Bug;
use crate::client::Client;
use crate::plan::Plan;
use crate::replica;
use crate::world::World;
use crate::{chaos, quiet};

/// The longest that a world may last, in its own time: nothing in it may hang.
const WORLD_MAX: Duration = Duration::from_hours(24);

/// What became of a seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What is wrong; the first thing first, nothing if all is well.
    pub wrongs: Vec<String>,
    /// How often what happened.
    pub counts: BTreeMap<&'static str, u64>,
    /// What was written down, if it was asked for.
    pub trace: Vec<String>,
}

/// Lives one seed.
///
/// # Errors
/// The world could not be made.
pub fn run(seed: u64, bug: Option<Bug>, trace: bool) -> anyhow::Result<Outcome> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let world = World::new(Plan::of(seed), bug, trace).await?;
        world.note(|| format!("{:?}", world.plan));
        let lived = tokio::time::timeout(WORLD_MAX, live(&world)).await;
        if lived.is_err() {
            world.accuse("the world came to no end".to_owned());
        }
        let wrongs = world.judge(|judge| judge.wrongs().to_vec());
        Ok(Outcome { seed, wrongs, counts: world.counts(), trace: world.trace() })
    })
}

async fn live(world: &Arc<World>) {
    let replicas: Vec<_> = (0..world.plan.replicas)
        .map(|number| tokio::spawn(replica::keep_alive(Arc::clone(world), number)))
        .collect();
    let harm = tokio::spawn(chaos::run(Arc::clone(world)));
    let mut clients = Vec::new();
    for tenant in 0..world.plan.tenants {
        for number in 0..world.plan.clients {
            clients.push(tokio::spawn(Client::new(Arc::clone(world), tenant, number).run()));
        }
    }
    for client in clients {
        if let Err(error) = client.await {
            world.accuse(format!("a client did not come to its end: {error}"));
        }
    }
    quiet::end(world).await;
    if let Err(error) = harm.await {
        world.accuse(format!("chaos did not come to its end: {error}"));
    }
    for replica in replicas {
        replica.abort();
    }
}
