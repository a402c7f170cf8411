//! Random people, random failures, random order: at the end all is settled and nothing doubled.

use peerage_core::cloud::{Certainty, Remedy};
use peerage_core::peering::{AwsChange, AzureChange, GcpChange, PeeringChange};
use peerage_core::provider::Provider;
use peerage_core::reconcile::{Command, Input};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::cloud::{RETRY, Verb};
use crate::example::{block, peer_id};
use crate::world::World;

/// Commands that may be in somebody's hands at one time.
const HELD_MAX: usize = 4;

#[derive(Clone, Debug)]
enum Move {
    Create(Provider, u16),
    ChangeNetwork(u16, u8),
    ChangeRoute(u16, u8),
    Delete(u16),
    /// Take a command of the controller.
    Poll,
    /// Let the command at hand with this number have its effect and answer it.
    Perform(usize),
    /// Let it have its effect or not, and say that the store failed if it was about the store.
    Break(usize, bool),
    Fail(Verb, Certainty, Remedy),
    Wait(u16),
    Crash,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let provider = prop::sample::select(Provider::ALL.to_vec());
    let verb = prop::sample::select(vec![
        Verb::EnsureNetwork,
        Verb::RemoveNetwork,
        Verb::EnsureLink,
        Verb::ObserveLink,
        Verb::RemoveLink,
    ]);
    let certainty = prop::sample::select(vec![Certainty::Definite, Certainty::Indefinite]);
    let remedy =
        prop::sample::select(vec![RETRY, Remedy::Retry { after_ms: Some(7_000) }, Remedy::GiveUp]);
    let number = 1..9_u16;
    vec(
        prop_oneof![
            2 => (provider, number.clone()).prop_map(|(provider, number)| {
                // One number, one provider: the ids of peerings are made of numbers.
                Move::Create(provider, number + 10 * (provider as u16))
            }),
            1 => (0..35_u16, 0..4_u8).prop_map(|(number, to)| Move::ChangeNetwork(number, to)),
            1 => (0..35_u16, 0..4_u8).prop_map(|(number, to)| Move::ChangeRoute(number, to)),
            1 => (0..35_u16).prop_map(Move::Delete),
            9 => Just(Move::Poll),
            8 => (0..HELD_MAX).prop_map(Move::Perform),
            1 => (0..HELD_MAX, any::<bool>()).prop_map(|(at, happens)| Move::Break(at, happens)),
            1 => (verb, certainty, remedy).prop_map(|(verb, certainty, remedy)| {
                Move::Fail(verb, certainty, remedy)
            }),
            2 => (1..6_000_u16).prop_map(Move::Wait),
            1 => Just(Move::Crash),
        ],
        1..400,
    )
}

/// Another network (`to`), in the words of the provider that the peering has.
fn another_network(provider: Provider, to: u8) -> PeeringChange {
    let name = Some(format!("another-{to}"));
    match provider {
        Provider::Aws => PeeringChange::Aws(AwsChange {
            vpc_id: Some(format!("vpc-00000000000000f{to:02x}")),
            ..AwsChange::default()
        }),
        Provider::Azure => {
            PeeringChange::Azure(AzureChange { vnet_name: name, ..AzureChange::default() })
        }
        Provider::Gcp => {
            PeeringChange::Gcp(GcpChange { network_name: name, ..GcpChange::default() })
        }
    }
}

fn make(world: &mut World, held: &mut Vec<Command>, step: &Move) {
    let deletable = |world: &World, number| {
        let found = world.store.peerings.get(&peer_id(number));
        found.is_some_and(|(it, _)| it.clone().delete(world.now).is_ok())
    };
    match step {
        Move::Create(provider, number) if !world.history.contains_key(&peer_id(*number)) => {
            world.create(*provider, *number);
        }
        Move::ChangeNetwork(number, to) if !world.is_gone(peer_id(*number)) => {
            let provider = world.peering(peer_id(*number)).provider();
            // A phase may forbid it: that is an answer too.
            let _ = world.change(peer_id(*number), &another_network(provider, *to));
        }
        Move::ChangeRoute(number, to) if !world.is_gone(peer_id(*number)) => {
            let block = Some(block(&format!("172.{}.{number}.7/24", 17 + to)));
            let change = PeeringChange::Aws(AwsChange { block, ..AwsChange::default() });
            let _ = world.change(peer_id(*number), &change);
        }
        Move::Delete(number) if deletable(world, *number) => world.delete(peer_id(*number)),
        Move::Poll if held.len() < HELD_MAX => held.extend(world.poll()),
        Move::Perform(at) if *at < held.len() => {
            let outcome = world.perform(held.remove(*at));
            world.take(outcome);
        }
        Move::Break(at, happens) if *at < held.len() => {
            fail(world, held.remove(*at), *happens);
        }
        Move::Fail(verb, certainty, remedy) => world.cloud.fail(*verb, *certainty, *remedy),
        Move::Wait(millis) => {
            world.now = world.now.after(core::time::Duration::from_millis((*millis).into()));
        }
        Move::Crash => {
            // What was under way may still have its effect, but nobody hears of it.
            for command in held.drain(..) {
                world.perform(command);
            }
            world.crash();
        }
        Move::Create(..)
        | Move::ChangeNetwork(..)
        | Move::ChangeRoute(..)
        | Move::Delete(_)
        | Move::Poll
        | Move::Perform(_)
        | Move::Break(..) => {}
    }
}

fn fail(world: &mut World, command: Command, happens: bool) {
    let key = match &command {
        Command::Load(key) | Command::Write { key, .. } => *key,
        Command::Call { .. } | Command::NudgePeeringsOf(..) => {
            let outcome = world.perform(command);
            return world.take(outcome);
        }
    };
    if happens {
        world.perform(command);
    }
    world.take(vec![Input::StoreFailed(key)]);
}

/// Everything heals: what is at hand is answered, what is not settled is nudged, as by a sweep.
fn heal(world: &mut World, held: Vec<Command>) {
    world.cloud.faults.clear();
    for command in held {
        let outcome = world.perform(command);
        world.take(outcome);
    }
    for key in world.unsettled() {
        world.nudge(key);
    }
    world.run();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_all_settles_and_nothing_is_doubled(moves in moves()) {
        let mut world = World::new();
        let mut held = Vec::new();
        for step in &moves {
            make(&mut world, &mut held, step);
        }
        heal(&mut world, held);
        world.assert_at_rest();
        let ids: Vec<_> = world.peerings().filter(|it| !it.phase.is_deleting())
            .map(|it| it.id).collect();
        for peering in world.peerings().filter(|it| it.phase.is_available()) {
            let made = &world.cloud.links[&peering.id];
            prop_assert!(made.customer.is_same_network(&peering.customer));
            prop_assert!(!peering.has_stale_route());
        }
        for id in ids {
            world.delete(id);
        }
        for id in world.peerings().filter(|it| it.phase.is_deletion_failed())
            .map(|it| it.id).collect::<Vec<_>>()
        {
            world.delete(id);
        }
        world.run();
        prop_assert_eq!(world.peerings().count(), 0);
        prop_assert!(world.cloud.links.is_empty());
        prop_assert!(world.cloud.networks.is_empty());
        world.assert_at_rest();
    }
}
