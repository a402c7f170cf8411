//! Owners who change their minds while a call is in flight.

use peerage_core::cloud::{Answer, Certainty, Network, NetworkNames, Remedy, Sighting};
use peerage_core::peering::{AwsChange, AzureChange, PeeringChange};
use peerage_core::provider::Provider;
use peerage_core::reconcile::{Command, Input, Object};

use crate::cloud::{Customer, Verb, verb};
use crate::example::block;
use crate::world::{World, peer};

fn is_call(wanted: Verb) -> impl Fn(&Command) -> bool {
    move |command| matches!(command, Command::Call { call, .. } if verb(call) == wanted)
}

fn another_vpc() -> PeeringChange {
    let vpc_id = Some("vpc-0000000000000abcd".into());
    PeeringChange::Aws(AwsChange { vpc_id, ..AwsChange::default() })
}

fn another_route() -> PeeringChange {
    PeeringChange::Aws(AwsChange { block: Some(block("172.17.0.0/16")), ..AwsChange::default() })
}

#[test]
fn a_peering_deleted_while_it_is_made_goes_with_what_was_made() {
    for provider in Provider::ALL {
        for (when, effect_first) in
            [(Verb::EnsureLink, true), (Verb::EnsureLink, false), (Verb::ObserveLink, true)]
        {
            let mut world = World::new();
            let id = world.create(provider, 1);
            let call = world.run_to(is_call(when));
            if effect_first {
                let outcome = world.perform(call);
                world.delete(id);
                world.take(outcome);
            } else {
                world.delete(id);
                let outcome = world.perform(call);
                world.take(outcome);
            }
            world.run();
            assert!(world.is_gone(id), "{provider} {when:?}");
            assert!(world.cloud.links.is_empty());
            world.assert_at_rest();
        }
    }
}

#[test]
fn a_network_changed_while_the_old_one_is_asked_for_ends_at_the_new_one() {
    for when in [Verb::EnsureLink, Verb::ObserveLink] {
        let mut world = World::new();
        let id = world.create(Provider::Aws, 1);
        let call = world.run_to(is_call(when));
        let outcome = world.perform(call);
        world.change(id, &another_vpc()).unwrap();
        world.take(outcome);
        world.run();
        assert_eq!(world.phase(id), "AVAILABLE");
        assert_eq!(world.peering(id).handshake, 2);
        assert_eq!(world.cloud.links[&id].customer, world.peering(id).customer);
        world.assert_at_rest();
    }
}

#[test]
fn a_network_changed_while_the_stale_connection_is_removed_ends_at_the_newest() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run();
    world.change(id, &another_vpc()).unwrap();
    let call = world.run_to(is_call(Verb::RemoveLink));
    let outcome = world.perform(call);
    let vpc_id = Some("vpc-0000000000000beef".into());
    world.change(id, &PeeringChange::Aws(AwsChange { vpc_id, ..AwsChange::default() })).unwrap();
    world.take(outcome);
    world.run();
    assert_eq!(world.phase(id), "AVAILABLE");
    assert_eq!(world.peering(id).handshake, 3);
    assert_eq!(world.cloud.links[&id].customer, world.peering(id).customer);
    world.assert_at_rest();
}

#[test]
fn a_route_changed_while_the_connection_is_made_is_made_too() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    let call = world.run_to(is_call(Verb::EnsureLink));
    let outcome = world.perform(call);
    world.change(id, &another_route()).unwrap();
    world.take(outcome);
    world.run();
    assert_eq!(world.phase(id), "AVAILABLE");
    assert_eq!(world.cloud.links[&id].link.route.as_deref(), Some("172.17.0.0/16"));
    world.assert_at_rest();
}

/// What a call decided counts only for what it was made for.
#[test]
fn a_refusal_of_what_the_owner_has_changed_since_decides_nothing() {
    for change in [another_vpc(), another_route()] {
        let mut world = World::new();
        world.cloud.fail(Verb::EnsureLink, Certainty::Definite, Remedy::GiveUp);
        let id = world.create(Provider::Aws, 1);
        let call = world.run_to(is_call(Verb::EnsureLink));
        let outcome = world.perform(call);
        world.change(id, &change).unwrap();
        world.take(outcome);
        world.run();
        assert_eq!(world.phase(id), "AVAILABLE", "{change:?}");
        world.assert_at_rest();
    }
}

/// The loss of a connection to a network that is not asked for any more is no loss.
#[test]
fn a_loss_seen_for_a_network_that_the_owner_has_changed_since_decides_nothing() {
    let mut world = World::new();
    let id = world.create(Provider::Azure, 1);
    let call = world.run_to(is_call(Verb::ObserveLink));
    world.cloud.links.clear();
    let outcome = world.perform(call);
    let vnet_name = Some("another".into());
    let change = AzureChange { vnet_name, ..AzureChange::default() };
    world.change(id, &PeeringChange::Azure(change)).unwrap();
    world.take(outcome);
    world.run();
    assert_eq!(world.phase(id), "AVAILABLE");
    assert_eq!(world.history[&id], ["ADDING_PEER", "AVAILABLE"]);
    world.assert_at_rest();
}

/// What an old connection says is about the old network.
#[test]
fn a_rejection_by_a_network_that_the_owner_has_changed_since_decides_nothing() {
    let mut world = World::new();
    world.cloud.customer = Customer::Rejects;
    let id = world.create(Provider::Aws, 1);
    world.run_to(is_call(Verb::ObserveLink));
    world.crash();
    world.now = world.now.after(crate::cloud::STEP * 5);
    let call = world.run_to(is_call(Verb::ObserveLink));
    let outcome = world.perform(call);
    world.change(id, &another_vpc()).unwrap();
    world.cloud.customer = Customer::Accepts;
    world.take(outcome);
    world.run();
    assert_eq!(world.history[&id].last().unwrap(), "AVAILABLE");
    assert!(!world.history[&id].contains(&"FAILED REJECTED".to_owned()), "{:?}", world.history);
    world.assert_at_rest();
}

/// A write that lost its race does not lose what was seen.
#[test]
fn what_a_call_saw_is_written_down_although_the_object_changed_meanwhile() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    let call = world.run_to(is_call(Verb::EnsureLink));
    let outcome = world.perform(call);
    world.change(id, &another_route()).unwrap();
    world.take(outcome);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let command = world.poll().expect("the run goes on");
        if let Command::Write { after: Some(after), .. } = &command
            && let Object::Peering(both) = &**after
        {
            seen.push((both.0.generation, both.0.observed.found().is_some()));
        }
        let outcome = world.perform(command);
        world.take(outcome);
    }
    assert_eq!(seen, [(1, true), (2, true)], "lost, read again, written");
}

/// Nothing may be built on a network that is going away, whatever it looks like.
#[test]
fn a_network_that_is_being_removed_is_not_ready_for_a_new_peering() {
    let mut world = World::new();
    let first = world.create(Provider::Aws, 1);
    world.run();
    world.delete(first);
    let call = world.run_to(is_call(Verb::RemoveNetwork));
    let Command::Call { key, .. } = call else { unreachable!() };
    let home = world.store.containers.values().next().unwrap().0.clone();
    assert!(!home.is_provisioned());
    let names = NetworkNames::Aws { vpc_id: "vpc-00000000000000001".into() };
    let found = Some(Network { names, ready: true, drift: None });
    let going = Answer::Network(Ok(Sighting { found, recheck_at: None }));
    let second = world.create(Provider::Aws, 2);
    world.take(vec![Input::Answered(key, Box::new(going))]);
    world.cloud.networks.clear();
    world.run();
    assert_eq!(world.phase(second), "AVAILABLE");
    world.assert_at_rest();
}

#[test]
fn a_failed_peering_with_another_network_starts_again() {
    let mut world = World::new();
    world.cloud.fail(Verb::EnsureLink, Certainty::Indefinite, Remedy::GiveUp);
    let id = world.create(Provider::Aws, 1);
    world.run();
    assert_eq!(world.phase(id), "FAILED INVALID_ARGUMENT");
    world.change(id, &another_vpc()).unwrap();
    world.run();
    assert_eq!(world.phase(id), "AVAILABLE");
    assert_eq!(world.cloud.links[&id].customer, world.peering(id).customer);
    world.assert_at_rest();
}

#[test]
fn a_peering_asked_for_while_its_network_is_removed_gets_its_network_back() {
    let mut world = World::new();
    let first = world.create(Provider::Aws, 1);
    world.run();
    world.delete(first);
    let call = world.run_to(is_call(Verb::RemoveNetwork));
    let second = world.create(Provider::Aws, 2);
    let outcome = world.perform(call);
    world.take(outcome);
    world.run();
    assert!(world.is_gone(first));
    assert_eq!(world.phase(second), "AVAILABLE");
    world.assert_at_rest();
}

#[test]
fn a_removal_waits_until_the_cloud_said_that_it_is_done() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run();
    world.delete(id);
    world.run();
    let removals: Vec<_> =
        world.cloud.calls.iter().filter(|(_, verb)| *verb == Verb::RemoveLink).collect();
    assert_eq!(removals.len(), 2);
    assert_eq!(removals[1].0.since(removals[0].0), crate::cloud::STEP);
}

#[test]
fn a_deletion_during_a_throttled_call_waits_as_long_as_the_cloud_asked() {
    let mut world = World::new();
    let wait = Remedy::Retry { after_ms: Some(30_000) };
    world.cloud.fail(Verb::EnsureLink, Certainty::Indefinite, wait);
    let id = world.create(Provider::Gcp, 1);
    let call = world.run_to(is_call(Verb::EnsureLink));
    let asked_at = world.now;
    let outcome = world.perform(call);
    world.take(outcome);
    world.delete(id);
    world.nudge(peer(id));
    world.run();
    assert!(world.is_gone(id));
    let removed = world.cloud.calls.iter().find(|(_, verb)| *verb == Verb::RemoveLink).unwrap();
    assert!(removed.0.since(asked_at) >= crate::cloud::STEP * 30);
}
