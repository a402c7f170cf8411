//! Random lives of many peerings: a restart at any time changes nothing, and what is told of the
//! future is true.

use peerage_core::cloud::{LinkRequest, LinkStatus, Sighting};
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{CustomerAct, CustomerMode, EmulatedOptions, Pace};

use crate::support::{World, network_request, options, request, with_aws};

const SEEDS: u64 = 40;
const STEPS: usize = 250;

/// A fixed sequence of numbers (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

#[derive(Clone, Debug)]
enum Step {
    EnsureNetwork(LinkRequest),
    RemoveNetwork(LinkRequest),
    Ensure(LinkRequest),
    Look(LinkRequest),
    Remove(LinkRequest),
    Act(LinkRequest, CustomerAct),
    Pass(i64),
}

/// Nine peerings of two projects in three clouds, to two customers, with some handshakes.
fn step(dice: &mut Dice) -> Step {
    let cloud = Provider::ALL[dice.throw(3) as usize];
    let (peering, customer) = (dice.throw(3) as u32, dice.throw(2) as u32);
    let project = peering % 2;
    let block = ["10.8.0.0/21", "10.8.4.0/22"][dice.throw(2) as usize];
    let number = peering + 10 * (cloud as u32);
    let mut request = request(cloud, number, project + 10 * (cloud as u32), block, customer);
    request.handshake = dice.throw(2) as u32;
    if cloud == Provider::Aws && dice.throw(2) == 0 {
        request = with_aws(&request, |vpc| vpc.region = "eu-west-1".into());
    }
    match dice.throw(12) {
        0 | 1 => Step::EnsureNetwork(request),
        2 => Step::RemoveNetwork(request),
        3..=5 => Step::Ensure(request),
        6 => Step::Look(request),
        7 => Step::Remove(request),
        8 => Step::Act(request, CustomerAct::Accept),
        9 => {
            let acts = [CustomerAct::Reject, CustomerAct::Delete];
            Step::Act(request, acts[dice.throw(2) as usize])
        }
        10 => Step::Pass([1, 50, 5_000, 90_000][dice.throw(4) as usize]),
        _ => Step::Pass([0, 3_600_000, 100 * 3_600_000][dice.throw(3) as usize]),
    }
}

/// What a step answers, as text.
async fn perform(world: &mut World, step: &Step) -> String {
    match step {
        Step::EnsureNetwork(request) => {
            let request = network_request(request);
            format!("{:?}", world.clouds.ensure_network(&request, world.now).await)
        }
        Step::RemoveNetwork(request) => format!("{:?}", world.remove_network(request).await),
        Step::Ensure(request) => {
            format!("{:?}", world.clouds.ensure_link(request, world.now).await)
        }
        Step::Look(request) => format!("{:?}", world.look(request).await),
        Step::Remove(request) => {
            format!("{:?}", world.clouds.remove_link(request, world.now).await)
        }
        Step::Act(request, act) => format!("{:?}", world.act(request, *act).await),
        Step::Pass(millis) => {
            world.now = Timestamp::from_millis(world.now.as_millis() + millis);
            let next = world.clouds.advance(world.now).await.map(drop);
            format!("{next:?}, next {:?}", world.clouds.next_event())
        }
    }
}

fn world_of(dice: &mut Dice) -> EmulatedOptions {
    let modes =
        [CustomerMode::Accept, CustomerMode::Manual, CustomerMode::Reject, CustomerMode::Ignore];
    let paces = [Pace::instant(), Pace::fast(), Pace::realistic()];
    options(modes[dice.throw(4) as usize], paces[dice.throw(3) as usize].clone())
}

#[tokio::test]
async fn a_restart_at_any_time_is_not_noticed() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let options = world_of(&mut dice);
        let mut steady = World::with(options.clone()).await;
        let mut restarted = World::with(options.clone()).await;
        for number in 0..STEPS {
            let step = step(&mut dice);
            let (one, other) =
                (perform(&mut steady, &step).await, perform(&mut restarted, &step).await);
            assert_eq!(one, other, "seed {seed}, step {number}: {step:?}, {options:?}");
            restarted.reopen().await;
        }
        assert_eq!(steady.journal.objects(), restarted.journal.objects(), "seed {seed}");
    }
}

#[tokio::test]
async fn that_objects_sleep_is_not_noticed() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let options = world_of(&mut dice);
        let mut steady = World::with(options.clone()).await;
        let mut sleepy = Vec::new();
        for awake_max in [0, 2] {
            sleepy.push(World::with(EmulatedOptions { awake_max, ..options.clone() }).await);
        }
        for number in 0..STEPS {
            let step = step(&mut dice);
            let one = perform(&mut steady, &step).await;
            for world in &mut sleepy {
                let other = perform(world, &step).await;
                assert_eq!(one, other, "seed {seed}, step {number}: {step:?}, {options:?}");
                let kept = world.journal.objects();
                assert_eq!(kept, steady.journal.objects(), "seed {seed}, step {number}: {step:?}");
                assert_eq!(world.journal.saves(), steady.journal.saves(), "seed {seed}");
            }
            if dice.throw(20) == 0 {
                sleepy[1].reopen().await;
            }
        }
    }
}

/// What there is to see of all peerings.
async fn everything(world: &World, at: Timestamp) -> Vec<Sighting<peerage_core::cloud::Link>> {
    let mut seen = Vec::new();
    for cloud in Provider::ALL {
        for peering in 0..3 {
            let number = peering + 10 * (cloud as u32);
            let request = request(cloud, number, 0, "10.8.0.0/21", 0);
            seen.push(world.clouds.observe_link(&request, at).await.unwrap());
        }
    }
    seen
}

#[tokio::test]
async fn what_is_told_of_the_future_is_true() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let options = world_of(&mut dice);
        let mut world = World::with(options).await;
        for number in 0..STEPS {
            let step = step(&mut dice);
            perform(&mut world, &step).await;
            let seen = everything(&world, world.now).await;
            let Some(next) = seen.iter().filter_map(|it| it.recheck_at).min() else { continue };
            assert!(next > world.now, "seed {seed}, step {number}: {seen:?}");
            if dice.throw(4) > 0 {
                continue;
            }
            let before = Timestamp::from_millis(next.as_millis() - 1);
            assert_eq!(everything(&world, before).await, seen, "seed {seed}, step {number}");
            let then = everything(&world, next).await;
            for (seen, then) in seen.iter().zip(&then) {
                let changes = seen.recheck_at == Some(next);
                assert!(!changes || seen != then, "seed {seed}, step {number}: {seen:?}");
            }
            world.now = next;
        }
    }
}

/// Four peerings of GCP: two projects, each with the same two customers.
fn crossed(peering: u32) -> LinkRequest {
    let block = ["10.8.0.0/18", "10.72.0.0/18"][(peering / 2) as usize];
    request(Provider::Gcp, peering, peering / 2, block, peering % 2)
}

/// Source: Compute API: one peering operation at a time on the local and the peer network.
#[tokio::test]
async fn no_network_of_gcp_ever_has_two_operations() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let options = EmulatedOptions { pace: Pace::realistic(), ..world_of(&mut dice) };
        let mut world = World::with(options).await;
        world.network(&crossed(0)).await;
        world.network(&crossed(2)).await;
        let mut operations = 0;
        for number in 0..STEPS {
            let request = crossed(dice.throw(4) as u32);
            let step = match dice.throw(6) {
                0 | 1 => Step::Ensure(request),
                2 => Step::Remove(request),
                3 => Step::Act(request, CustomerAct::Accept),
                4 => Step::Act(request, CustomerAct::Delete),
                _ => Step::Pass([1_000, 20_000, 90_000][dice.throw(3) as usize]),
            };
            perform(&mut world, &step).await;
            let mut busy = std::collections::BTreeSet::new();
            for peering in 0..4 {
                let status = world.status(&crossed(peering)).await;
                if matches!(status, Some(LinkStatus::Requested | LinkStatus::Removing)) {
                    operations += 1;
                    let ours = busy.insert(("project", peering / 2));
                    let theirs = busy.insert(("customer", peering % 2));
                    assert!(ours && theirs, "seed {seed}, step {number}: {step:?}, {busy:?}");
                }
            }
        }
        assert!(operations > 0, "seed {seed}");
    }
}
