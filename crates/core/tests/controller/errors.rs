//! Calls and writes that go wrong.

use peerage_core::cloud::{Call, Certainty, Observed, Remedy};
use peerage_core::peering::{AwsChange, PeeringChange};
use peerage_core::provider::Provider;
use peerage_core::reconcile::{Command, Input};

use crate::cloud::{Fault, RETRY, STEP, Verb, error, verb};
use crate::world::{World, peer};

fn is_call(wanted: Verb) -> impl Fn(&Command) -> bool {
    move |command| matches!(command, Command::Call { call, .. } if verb(call) == wanted)
}

#[test]
fn errors_that_may_pass_are_waited_out() {
    let verbs = [
        Verb::EnsureNetwork,
        Verb::EnsureLink,
        Verb::ObserveLink,
        Verb::RemoveLink,
        Verb::RemoveNetwork,
    ];
    for certainty in [Certainty::Definite, Certainty::Indefinite] {
        for failing in verbs {
            let mut world = World::new();
            for _ in 0..5 {
                world.cloud.fail(failing, certainty, RETRY);
            }
            let id = world.create(Provider::Aws, 1);
            world.run();
            assert_eq!(world.phase(id), "AVAILABLE", "{failing:?} {certainty:?}");
            world.assert_at_rest();
            world.delete(id);
            world.run();
            assert!(world.is_gone(id), "{failing:?} {certainty:?}");
            assert!(world.cloud.networks.is_empty());
            assert!(world.cloud.faults.is_empty());
            world.assert_at_rest();
        }
    }
}

#[test]
fn waits_grow_with_failures_in_a_row() {
    let mut world = World::new();
    for _ in 0..10 {
        world.cloud.fail(Verb::EnsureLink, Certainty::Definite, RETRY);
    }
    world.create(Provider::Aws, 1);
    world.run();
    let tries = world.cloud.calls.iter().filter(|(_, verb)| *verb == Verb::EnsureLink);
    let times: Vec<_> = tries.map(|(at, _)| *at).collect();
    let span = times[9].since(times[0]);
    assert!(span > STEP * 5, "ten tries in {span:?}");
}

#[test]
fn a_time_that_the_cloud_named_is_kept_even_when_somebody_nudges() {
    let mut world = World::new();
    let wait = Remedy::Retry { after_ms: Some(60_000) };
    world.cloud.fail(Verb::EnsureLink, Certainty::Definite, wait);
    let id = world.create(Provider::Aws, 1);
    world.run_for(STEP * 5);
    let asked = world.cloud.count(Verb::EnsureLink);
    for _ in 0..50 {
        world.nudge(peer(id));
        world.run_for(STEP);
    }
    assert_eq!(world.cloud.count(Verb::EnsureLink), asked);
    world.run_for(STEP * 60);
    assert_eq!(world.phase(id), "AVAILABLE");
}

#[test]
fn a_time_that_the_cloud_named_is_kept_after_a_look_too() {
    let mut world = World::new();
    let wait = Remedy::Retry { after_ms: Some(60_000) };
    world.cloud.fail(Verb::ObserveLink, Certainty::Definite, wait);
    world.create(Provider::Aws, 1);
    world.run();
    let looks = world.cloud.calls.iter().filter(|(_, verb)| *verb == Verb::ObserveLink);
    let times: Vec<_> = looks.map(|(at, _)| *at).collect();
    assert!(times[1].since(times[0]) >= STEP * 60);
}

#[test]
fn a_request_that_is_refused_for_good_fails_and_can_be_deleted() {
    let phases = [
        (Provider::Aws, "FAILED INVALID_ARGUMENT"),
        (Provider::Azure, "FAILED"),
        (Provider::Gcp, "FAILED"),
    ];
    for (provider, phase) in phases {
        for certainty in [Certainty::Definite, Certainty::Indefinite] {
            let mut world = World::new();
            world.cloud.fail(Verb::EnsureLink, certainty, Remedy::GiveUp);
            let id = world.create(provider, 1);
            world.run();
            assert_eq!(world.phase(id), phase);
            world.assert_at_rest();
            world.delete(id);
            world.run();
            assert!(world.is_gone(id), "{provider} {certainty:?}");
            world.assert_at_rest();
        }
    }
}

#[test]
fn an_azure_removal_that_is_refused_waits_for_its_owner() {
    let mut world = World::new();
    let id = world.create(Provider::Azure, 1);
    world.run();
    world.cloud.fail(Verb::RemoveLink, Certainty::Definite, Remedy::GiveUp);
    world.delete(id);
    world.run();
    assert_eq!(world.phase(id), "DELETION_FAILED");
    assert_eq!(world.unsettled(), []);
    world.nudge(peer(id));
    world.run();
    assert_eq!(world.cloud.count(Verb::RemoveLink), 1, "nobody asked again");
    world.delete(id);
    world.run();
    assert!(world.is_gone(id));
    world.assert_at_rest();
}

/// AWS and GCP have no such phase: the removal is tried until it works.
#[test]
fn a_removal_that_is_refused_elsewhere_is_tried_until_it_works() {
    for provider in [Provider::Aws, Provider::Gcp] {
        let mut world = World::new();
        let id = world.create(provider, 1);
        world.run();
        for _ in 0..8 {
            world.cloud.fail(Verb::RemoveLink, Certainty::Definite, Remedy::GiveUp);
        }
        world.delete(id);
        world.run();
        assert!(world.is_gone(id), "{provider}");
        world.assert_at_rest();
    }
}

#[test]
fn a_network_that_is_refused_for_good_is_tried_again_all_the_same() {
    let mut world = World::new();
    world.cloud.fail(Verb::EnsureNetwork, Certainty::Definite, Remedy::GiveUp);
    let id = world.create(Provider::Aws, 1);
    world.run();
    assert_eq!(world.phase(id), "AVAILABLE");
    world.assert_at_rest();
}

#[test]
fn what_may_have_been_made_is_adopted() {
    for provider in Provider::ALL {
        let mut world = World::new();
        world.cloud.fail(Verb::EnsureLink, Certainty::Indefinite, RETRY);
        let id = world.create(provider, 1);
        let call = world.run_to(is_call(Verb::EnsureLink));
        let outcome = world.perform(call);
        world.take(outcome);
        assert_eq!(world.peering(id).observed, Observed::Unknown);
        world.run();
        assert_eq!(world.phase(id), "AVAILABLE");
        assert_eq!(world.cloud.count(Verb::EnsureLink), 2);
        world.assert_at_rest();
    }
}

/// A look cannot change the cloud, so that its failure is no reason to doubt.
#[test]
fn a_look_that_fails_leaves_the_belief_alone() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run();
    let before = world.peering(id).clone();
    let error = error(Certainty::Indefinite, Remedy::GiveUp);
    world.cloud.faults.push_back(Fault { verb: Verb::ObserveLink, happens: false, error });
    world.nudge(peer(id));
    let call = world.run_to(is_call(Verb::ObserveLink));
    let outcome = world.perform(call);
    world.take(outcome);
    world.run_for(STEP / 1000);
    assert_eq!(*world.peering(id), before);
    world.run();
    assert_eq!(*world.peering(id), before);
}

#[test]
fn a_store_that_fails_at_any_command_is_tried_again() {
    for failing in 0..40 {
        for happens in [false, true] {
            let mut world = World::new();
            let id = world.create(Provider::Aws, 1);
            fail_store_at(&mut world, failing, happens);
            assert_eq!(world.phase(id), "AVAILABLE", "{failing}");
            world.delete(id);
            fail_store_at(&mut world, failing, happens);
            for key in world.unsettled() {
                world.nudge(key);
            }
            world.run();
            assert!(world.is_gone(id), "{failing}");
            world.assert_at_rest();
        }
    }
}

/// Runs to the end, but lets the store fail at read or write number `failing`; the write
/// `happens` all the same or not.
fn fail_store_at(world: &mut World, failing: usize, happens: bool) {
    for _ in 0..failing {
        let Some(command) = world.poll() else { break };
        let outcome = world.perform(command);
        world.take(outcome);
    }
    match world.poll() {
        Some(command @ (Command::Load(key) | Command::Write { key, .. })) => {
            if happens {
                world.perform(command);
            }
            world.take(vec![Input::StoreFailed(key)]);
        }
        Some(command @ (Command::Call { .. } | Command::NudgePeeringsOf(..))) => {
            let outcome = world.perform(command);
            world.take(outcome);
        }
        None => {}
    }
    world.run();
}

#[test]
fn a_cloud_that_never_shows_what_it_made_is_not_hammered() {
    let mut world = World::new();
    world.create(Provider::Aws, 1);
    for _ in 0..20 {
        let call = world.run_to(is_call(Verb::EnsureLink));
        let Command::Call { key, call } = call else { unreachable!() };
        assert!(matches!(*call, Call::EnsureLink(_)));
        let nothing = peerage_core::cloud::Sighting { found: None, recheck_at: None };
        world.cloud.calls.push((world.now, Verb::EnsureLink));
        let answer = peerage_core::cloud::Answer::Link(Ok(nothing));
        world.take(vec![Input::Answered(key, Box::new(answer))]);
    }
    let first = world.cloud.calls.iter().find(|(_, verb)| *verb == Verb::EnsureLink).unwrap().0;
    assert!(world.now.since(first) > STEP * 60, "{:?}", world.now.since(first));
}

#[test]
fn a_cloud_that_keeps_an_old_route_is_not_hammered() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run();
    world.cloud.keeps_routes = true;
    let block = Some(crate::example::block("172.17.0.0/16"));
    let change = PeeringChange::Aws(AwsChange { block, ..AwsChange::default() });
    world.change(id, &change).unwrap();
    world.run_for(STEP * 60);
    let tries = world.cloud.count(Verb::EnsureLink);
    assert!((4..=20).contains(&tries), "{tries} tries in a minute");
    assert!(!world.peering(id).is_settled());
    world.cloud.keeps_routes = false;
    world.run();
    world.assert_at_rest();
}
