//! What a seed decides before anything happens: who takes part, and how bad the world is to them.

use std::time::Duration;

use peerage_fabric::emulated::{AWAKE_MAX, CustomerMode, Pace};

use crate::dice::Dice;

/// Where the clouds are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clouds {
    /// In the store of the control plane, as `peerage dev` and `peerage serve` emulate them.
    Kept,
    /// Somewhere else, as real ones are: no crash of ours touches them.
    Outside,
}

/// How often something goes wrong, out of ten thousand occasions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// A replica dies as it crosses a port.
    pub crash: u32,
    /// A call waits before it crosses.
    pub delay: u32,
    /// The store does not take a call, and says so.
    pub store_refuses: u32,
    /// The store takes a write, and does not say so.
    pub store_forgets_to_say: u32,
    /// The store does not take a write, and does not say so.
    pub store_loses: u32,
    /// The store takes a write later, and meanwhile says nothing. Only of a store across a network.
    pub store_is_late: u32,
    /// A watch breaks off.
    pub watch_breaks: u32,
    /// A cloud asks to come back later, or says no for now.
    pub cloud_refuses: u32,
    /// A cloud does it and the answer is lost.
    pub cloud_forgets_to_say: u32,
    /// A cloud does not do it and nobody says so.
    pub cloud_loses: u32,
    /// A request reaches a cloud twice.
    pub cloud_hears_twice: u32,
    /// A client gives up before it has its answer.
    pub gives_up: u32,
}

/// What one seed decides.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// How many replicas share the store; one has it for itself.
    pub replicas: usize,
    /// Where the clouds are.
    pub clouds: Clouds,
    /// How long a replica's lease lasts.
    pub lease: Duration,
    /// How long the clouds take for things.
    pub pace: Pace,
    /// What customers do by themselves.
    pub customer: CustomerMode,
    /// How many projects there are, each in an organization of its own.
    pub tenants: usize,
    /// How many clients each project has.
    pub clients: usize,
    /// How many things each client does.
    pub steps: u32,
    /// The longest pause of a client between two things.
    pub think: Duration,
    /// Whether clients try to get more peerings than a project may have.
    pub greedy: bool,
    /// How often something goes wrong.
    pub rates: Rates,
    /// The longest pause between two acts of chaos; `None`: there are none.
    pub chaos: Option<Duration>,
    /// How many objects of the clouds that rest are in memory.
    pub awake_max: usize,
}

impl Plan {
    /// What a seed decides.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0);
        let dice = &mut dice;
        let replicas = *dice.pick(&[1, 1, 2, 2, 3]).unwrap_or(&1);
        // A replica that wakes up late can only be stopped by a cloud that knows fences.
        let outside = replicas == 1 && dice.chance(5_000);
        let greedy = dice.chance(800);
        Self {
            seed,
            replicas,
            clouds: if outside { Clouds::Outside } else { Clouds::Kept },
            lease: dice.span(Duration::from_secs(4), Duration::from_secs(20)),
            pace: pace(dice),
            customer: customer(dice, greedy),
            tenants: 1 + usize::from(dice.chance(6_000)) + usize::from(dice.chance(2_000)),
            clients: if greedy { 3 } else { 1 + usize::from(dice.chance(7_000)) },
            steps: if greedy { 24 } else { 8 + u32::try_from(dice.below(14)).unwrap_or(0) },
            think: *dice.pick(&THINK).unwrap_or(&THINK[0]),
            greedy,
            rates: rates(dice),
            chaos: dice.chance(8_000).then(|| *dice.pick(&CHAOS).unwrap_or(&CHAOS[0])),
            awake_max: *dice.pick(&AWAKE).unwrap_or(&AWAKE[0]),
        }
    }
}

const THINK: [Duration; 4] = [
    Duration::from_millis(5),
    Duration::from_millis(300),
    Duration::from_secs(3),
    Duration::from_secs(40),
];

/// From a world in which everything sleeps at once to the one that is shipped.
const AWAKE: [usize; 4] = [0, 1, 2, AWAKE_MAX];

const CHAOS: [Duration; 3] =
    [Duration::from_millis(400), Duration::from_secs(4), Duration::from_secs(30)];

fn pace(dice: &mut Dice) -> Pace {
    match dice.below(4) {
        0 => Pace::instant(),
        1 => Pace::fast(),
        2 => Pace::realistic(),
        _ => {
            let mut step = || dice.span(Duration::ZERO, Duration::from_secs(20));
            Pace {
                network: step(),
                aws_initiating: step(),
                aws_provisioning: step(),
                azure_connecting: step(),
                gcp_operation: step(),
                removal: step(),
                customer: step(),
            }
        }
    }
}

fn customer(dice: &mut Dice, greedy: bool) -> CustomerMode {
    match dice.below(6) {
        _ if greedy => CustomerMode::Ignore,
        0 => CustomerMode::Manual,
        1 => CustomerMode::Reject,
        2 => CustomerMode::Ignore,
        _ => CustomerMode::Accept,
    }
}

fn rates(dice: &mut Dice) -> Rates {
    let mut up_to = |most: u64| {
        // Half of all seeds have nothing of a kind, so that the others are not drowned by it.
        let is_there = dice.chance(5_000);
        if is_there { u32::try_from(dice.below(most + 1)).unwrap_or(0) } else { 0 }
    };
    Rates {
        crash: up_to(60),
        delay: up_to(5_000),
        store_refuses: up_to(400),
        store_forgets_to_say: up_to(300),
        store_loses: up_to(300),
        store_is_late: up_to(200),
        watch_breaks: up_to(600),
        cloud_refuses: up_to(1_500),
        cloud_forgets_to_say: up_to(1_500),
        cloud_loses: up_to(1_500),
        cloud_hears_twice: up_to(1_000),
        gives_up: up_to(800),
    }
}
