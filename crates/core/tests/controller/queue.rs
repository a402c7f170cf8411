//! When the controller works on what, whatever the work is.

use std::time::Duration;

use peerage_core::provider::Provider;
use peerage_core::reconcile::{Command, Controller, Input, Key, Tempo, WriteResult};
use peerage_core::time::Timestamp;

use crate::cloud::{Customer, STEP, Verb, verb};
use crate::example::{GROUP, container, peer_id};
use crate::world::{World, peer};

const NOW: Timestamp = Timestamp::from_millis(1_000);

fn controller(in_flight_max: usize) -> Controller {
    Controller::new(Tempo { in_flight_max, ..Tempo::default() }, 1)
}

fn drain(controller: &mut Controller, now: Timestamp) -> Vec<Command> {
    std::iter::from_fn(|| controller.poll_command(now)).collect()
}

#[test]
fn equal_nudges_are_one_run() {
    let mut controller = controller(8);
    for _ in 0..5 {
        controller.handle(Input::Nudge(peer(peer_id(1))), NOW);
    }
    assert_eq!(drain(&mut controller, NOW), [Command::Load(peer(peer_id(1)))]);
}

#[test]
fn a_nudge_during_a_run_causes_another_run_after_it() {
    let mut controller = controller(8);
    let key = peer(peer_id(1));
    controller.handle(Input::Nudge(key), NOW);
    assert_eq!(drain(&mut controller, NOW).len(), 1);
    controller.handle(Input::Nudge(key), NOW);
    controller.handle(Input::Nudge(key), NOW);
    assert_eq!(drain(&mut controller, NOW), [], "never two runs of one object");
    controller.handle(Input::Loaded(key, None), NOW);
    assert_eq!(drain(&mut controller, NOW), [Command::Load(key)]);
    controller.handle(Input::Loaded(key, None), NOW);
    assert_eq!(drain(&mut controller, NOW), []);
    assert_eq!((controller.in_flight(), controller.queued()), (0, 0));
}

#[test]
fn no_more_objects_are_worked_on_than_the_bound_allows() {
    let mut controller = controller(3);
    for number in 0..10 {
        controller.handle(Input::Nudge(peer(peer_id(number))), NOW);
    }
    assert_eq!(drain(&mut controller, NOW).len(), 3);
    assert_eq!((controller.in_flight(), controller.queued()), (3, 7));
    controller.handle(Input::Loaded(peer(peer_id(1)), None), NOW);
    assert_eq!(drain(&mut controller, NOW), [Command::Load(peer(peer_id(3)))]);
}

/// Otherwise a driver would wake for nothing, again and again, until a call is answered.
#[test]
fn a_controller_that_is_full_asks_for_no_wake_up() {
    let mut controller = controller(1);
    controller.handle(Input::Nudge(peer(peer_id(1))), NOW);
    controller.handle(Input::Nudge(peer(peer_id(2))), NOW);
    assert_eq!(controller.poll_timeout(), Some(NOW));
    assert_eq!(drain(&mut controller, NOW).len(), 1);
    assert_eq!(controller.poll_timeout(), None);
    controller.handle(Input::Loaded(peer(peer_id(1)), None), NOW);
    assert_eq!(controller.poll_timeout(), Some(NOW));
}

#[test]
fn a_full_controller_still_goes_on_with_the_runs_it_has() {
    let mut world = World::new();
    world.tempo.in_flight_max = 1;
    world.crash();
    let ids = [1, 2, 3].map(|number| world.create(Provider::Aws, number));
    world.run();
    for id in ids {
        assert_eq!(world.phase(id), "AVAILABLE");
    }
    world.assert_at_rest();
}

#[test]
fn an_object_that_is_gone_is_forgotten() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run();
    world.delete(id);
    world.run();
    assert_eq!((world.controller.in_flight(), world.controller.queued()), (0, 0));
    world.nudge(peer(id));
    world.run();
    assert_eq!((world.controller.in_flight(), world.controller.queued()), (0, 0));
}

#[test]
fn an_outcome_that_nobody_asked_for_changes_nothing() {
    let mut controller = controller(2);
    let (idle, busy) = (peer(peer_id(1)), peer(peer_id(2)));
    controller.handle(Input::Nudge(busy), NOW);
    drain(&mut controller, NOW);
    for key in [idle, busy] {
        controller.handle(Input::Written(key, WriteResult::Lost), NOW);
        controller.handle(Input::Written(key, WriteResult::Done(3)), NOW);
    }
    controller.handle(Input::StoreFailed(idle), NOW);
    controller.handle(Input::Loaded(idle, None), NOW);
    assert_eq!(controller.in_flight(), 1);
    assert_eq!(drain(&mut controller, NOW), []);
    controller.handle(Input::Loaded(busy, None), NOW);
    controller.handle(Input::StoreFailed(busy), NOW);
    assert_eq!((controller.in_flight(), controller.queued()), (0, 0));
}

#[test]
fn an_outcome_that_nobody_asked_for_does_not_end_a_call() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    let call = world.run_to(
        |command| matches!(command, Command::Call { call, .. } if verb(call) == Verb::EnsureLink),
    );
    world.controller.handle(Input::Loaded(peer(id), None), world.now);
    world.controller.handle(Input::Written(peer(id), WriteResult::Lost), world.now);
    world.controller.handle(Input::StoreFailed(peer(id)), world.now);
    let outcome = world.perform(call);
    world.take(outcome);
    world.run();
    assert_eq!(world.phase(id), "AVAILABLE");
    assert_eq!(world.cloud.count(Verb::EnsureLink), 1);
    world.assert_at_rest();
}

/// A cloud that always names the present would keep one object running at one point in time.
#[test]
fn a_time_to_look_again_that_is_over_moves_the_clock_all_the_same() {
    let mut world = World::new();
    world.cloud.customer = Customer::Ignores;
    let id = world.create(Provider::Aws, 1);
    world.run_for(STEP * 10);
    world.nudge(peer(id));
    let command = world.run_to(|command| matches!(command, Command::Call { .. }));
    let Command::Call { key, .. } = command else { unreachable!() };
    let link = world.cloud.links[&id].link.clone();
    let now = world.now;
    let sighting = peerage_core::cloud::Sighting { found: Some(link), recheck_at: Some(now) };
    let answer = Box::new(peerage_core::cloud::Answer::Link(Ok(sighting)));
    world.take(vec![Input::Answered(key, answer)]);
    assert_eq!(world.poll(), None);
    // One such answer was under way for longer than what it waited for.
    assert_eq!(world.controller.poll_timeout(), Some(now.after(Duration::from_millis(1))));
}

#[test]
fn a_cloud_that_names_times_that_are_over_is_asked_less_and_less_often() {
    let mut world = World::new();
    world.cloud.customer = Customer::Ignores;
    let id = world.create(Provider::Aws, 1);
    world.run_for(STEP * 10);
    world.cloud.stuck = true;
    world.nudge(peer(id));
    let waits = asked(&mut world, Verb::ObserveLink);
    assert!(waits.len() < 200, "{}: {waits:?}", waits.len());
    // A removal writes its doubt down before it asks, and what it saw after.
    world.delete(id);
    let waits = asked(&mut world, Verb::RemoveLink);
    assert!(waits.len() < 200, "{}: {waits:?}", waits.len());
    assert!(waits.iter().all(|wait| *wait <= world.tempo.backoff_max), "{waits:?}");
    world.cloud.stuck = false;
    world.run_for(world.tempo.backoff_max + STEP * 2);
    assert!(world.is_gone(id));
}

#[test]
fn an_answer_that_names_a_time_to_come_ends_the_growing_of_waits() {
    let mut world = World::new();
    world.cloud.customer = Customer::Ignores;
    let id = world.create(Provider::Aws, 1);
    world.run_for(STEP * 10);
    world.cloud.stuck = true;
    world.nudge(peer(id));
    asked(&mut world, Verb::ObserveLink);
    world.cloud.stuck = false;
    world.run_for(world.tempo.backoff_max);
    world.cloud.stuck = true;
    world.nudge(peer(id));
    let calls = world.cloud.calls.len();
    world.run_for(Duration::from_millis(100));
    assert!(world.cloud.calls.len() >= calls + 5, "{:?}", &world.cloud.calls[calls..]);
}

/// The times between the calls of one kind in two hours.
fn asked(world: &mut World, kind: Verb) -> Vec<Duration> {
    let before = world.cloud.calls.len();
    world.run_for(Duration::from_hours(2));
    let calls = world.cloud.calls[before..].iter().filter(|(_, verb)| *verb == kind);
    let times: Vec<Timestamp> = calls.map(|(at, _)| *at).collect();
    times.windows(2).map(|pair| pair[1].since(pair[0])).collect()
}

#[test]
fn the_same_seed_gives_the_same_waits() {
    let waits = || {
        let mut controller = controller(1);
        let key = Key::Network(GROUP, container(Provider::Aws, 0).id);
        let mut now = NOW;
        let mut waits: Vec<Duration> = Vec::new();
        controller.handle(Input::Nudge(key), now);
        for _ in 0..8 {
            assert!(controller.poll_command(now).is_some());
            controller.handle(Input::StoreFailed(key), now);
            let due = controller.poll_timeout().unwrap();
            waits.push(due.since(now));
            now = due;
        }
        waits
    };
    assert_eq!(waits(), waits());
}
