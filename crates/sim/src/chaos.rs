//! Harm: replicas are killed and stopped, clocks jump, history is forgotten, and customers do to
//! their side of a peering what they like.

use std::sync::Arc;
use std::time::Duration;

use peerage_core::reconcile::Key;
use peerage_fabric::emulated::CustomerAct;
use peerage_store::{Revision, Store};

use crate::dice::Dice;
use crate::plan::Clouds;
use crate::replica::Life;
use crate::world::{World, wait};

/// The longest that a replica is stopped.
const STOP_MAX: Duration = Duration::from_secs(90);
/// The furthest that a clock jumps.
const JUMP_MAX: Duration = Duration::from_mins(2);

/// Does harm until the world is calm.
pub async fn run(world: Arc<World>) {
    let Some(pause) = world.plan.chaos else { return };
    let mut dice = Dice::new(world.plan.seed, 1);
    while world.is_rough() {
        wait(dice.span(Duration::ZERO, pause)).await;
        let alive = world.alive();
        let Some(life) = dice.pick(&alive) else { continue };
        if !world.is_rough() {
            return;
        }
        match dice.below(10) {
            0 => life.wire.kill("any moment"),
            1 | 2 => life.wire.stop_for(dice.span(Duration::from_secs(1), STOP_MAX)),
            3 => {
                let jump = dice.span(Duration::ZERO, JUMP_MAX).as_millis();
                let jump = i64::try_from(jump).unwrap_or(0);
                world.jump(life.wire.replica, if dice.chance(5_000) { jump } else { -jump });
            }
            4 => forget(&world, &mut dice).await,
            _ => customer(&world, life, &mut dice).await,
        }
    }
}

/// The store forgets what was overwritten some time ago.
async fn forget(world: &World, dice: &mut Dice) {
    let Ok(now) = world.store.revision().await else { return };
    let revision = Revision(now.0.saturating_sub(dice.below(20)));
    if world.store.compact(revision).await.is_ok() {
        world.note(|| format!("history before {revision} is forgotten"));
        world.count("compactions");
    }
}

/// A customer acts in its own cloud.
async fn customer(world: &World, life: &Life, dice: &mut Dice) {
    let peerings = world.judge(|judge| judge.peerings());
    let Some((peering, _)) = dice.pick(&peerings) else { return };
    let acts = [CustomerAct::Accept, CustomerAct::Accept, CustomerAct::Reject, CustomerAct::Delete];
    let act = *dice.pick(&acts).unwrap_or(&CustomerAct::Accept);
    let (group, id) = (peering.group, peering.id);
    let owner = world.tenants.iter().find(|tenant| tenant.group == group);
    let Some(owner) = owner.map(|tenant| tenant.owner.clone()) else { return };
    let told = match world.plan.clouds {
        // Nobody tells us.
        Clouds::Outside => {
            let acted = life.clouds.customer(id, act, life.clock.now()).await;
            acted.map_err(|error| error.to_string())
        }
        // Through the hand that `dev` gives, on one replica.
        Clouds::Kept => {
            let Some(hand) = life.app.emulation() else { return };
            tokio::select! {
                biased;
                () = life.wire.died() => Err("no answer".to_owned()),
                acted = hand.act(&life.app, &owner, group, id, act) => {
                    acted.map_err(|error| format!("{error:?}"))
                }
            }
        }
    };
    world.note(|| format!("the customer of {:?} does {act:?}: {told:?}", Key::Peering(group, id)));
    world.count(if told.is_ok() { "customer acts" } else { "customer acts refused" });
}
