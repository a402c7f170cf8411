//! The process dies at every command there is, before and after the command had its effect.

use peerage_core::peering::{AwsChange, PeeringChange};
use peerage_core::provider::Provider;

use crate::example::block;
use crate::world::World;

/// When the process dies, seen from the command at hand.
#[derive(Clone, Copy, Debug)]
enum Death {
    BeforeIt,
    AfterIt,
}

/// Does what `act` says, dies at each command in turn, and checks how it ends.
fn check(prepare: impl Fn(&mut World), act: impl Fn(&mut World), end: impl Fn(&mut World)) {
    for death in [Death::BeforeIt, Death::AfterIt] {
        let mut at = 0;
        loop {
            let mut world = World::new();
            prepare(&mut world);
            world.run();
            act(&mut world);
            let died = die_at(&mut world, at, death);
            world.run();
            end(&mut world);
            world.assert_at_rest();
            if !died {
                break;
            }
            at += 1;
        }
        assert!(at > 5, "only {at} commands");
    }
}

/// Performs `at` commands, then dies at the next one. Answers whether there was one.
fn die_at(world: &mut World, at: usize, death: Death) -> bool {
    let mut performed = 0;
    loop {
        while let Some(command) = world.poll() {
            if performed == at {
                if matches!(death, Death::AfterIt) {
                    world.perform(command);
                }
                world.crash();
                return true;
            }
            performed += 1;
            let outcome = world.perform(command);
            world.take(outcome);
        }
        match world.controller.poll_timeout() {
            Some(due) => world.now = world.now.max(due),
            None => return false,
        }
    }
}

#[test]
fn a_crash_at_any_command_of_a_creation_makes_nothing_twice() {
    for provider in Provider::ALL {
        check(
            |_| {},
            |world| {
                world.create(provider, 1);
            },
            |world| {
                let peering = world.peerings().next().unwrap();
                assert!(peering.phase.is_available(), "{:?}", peering.phase);
            },
        );
    }
}

#[test]
fn a_crash_at_any_command_of_a_deletion_leaves_nothing_behind() {
    for provider in Provider::ALL {
        check(
            |world| {
                world.create(provider, 1);
            },
            |world| world.delete(crate::example::peer_id(1)),
            |world| {
                assert_eq!(world.peerings().count(), 0);
                assert!(world.cloud.networks.is_empty());
            },
        );
    }
}

#[test]
fn a_crash_at_any_command_of_a_changed_network_ends_at_the_new_network() {
    check(
        |world| {
            world.create(Provider::Aws, 1);
        },
        |world| {
            let vpc_id = Some("vpc-0000000000000abcd".into());
            let change = PeeringChange::Aws(AwsChange { vpc_id, ..AwsChange::default() });
            world.change(crate::example::peer_id(1), &change).unwrap();
        },
        |world| {
            let peering = world.peerings().next().unwrap();
            assert!(peering.phase.is_available(), "{:?}", peering.phase);
            assert_eq!(world.cloud.links[&peering.id].customer, peering.customer);
        },
    );
}

#[test]
fn a_crash_at_any_command_of_a_changed_route_ends_at_the_new_route() {
    check(
        |world| {
            world.create(Provider::Aws, 1);
            world.create(Provider::Aws, 2);
        },
        |world| {
            for (number, text) in [(1, "172.17.0.0/16"), (2, "172.18.0.0/16")] {
                let block = Some(block(text));
                let change = PeeringChange::Aws(AwsChange { block, ..AwsChange::default() });
                world.change(crate::example::peer_id(number), &change).unwrap();
            }
        },
        |world| {
            for peering in world.peerings() {
                assert!(peering.phase.is_available(), "{:?}", peering.phase);
                assert!(!peering.has_stale_route());
            }
        },
    );
}
