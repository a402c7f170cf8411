//! A peering from its request to its end, on each cloud.

use peerage_core::cloud::{LinkStatus, Observed};
use peerage_core::peering::{AwsChange, PeeringChange};
use peerage_core::provider::Provider;
use peerage_core::reconcile::Command;

use crate::cloud::{Customer, STEP, Verb, verb};
use crate::example::block;
use crate::world::{World, peer};

#[test]
fn an_aws_peering_goes_through_every_phase_of_its_life() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run();
    assert_eq!(world.history[&id], ["INITIATING", "PENDING_ACCEPTANCE", "FINALIZING", "AVAILABLE"]);
    assert!(world.peering(id).connection_id().is_some());
    world.assert_at_rest();
}

#[test]
fn an_azure_peering_becomes_available() {
    let mut world = World::new();
    let id = world.create(Provider::Azure, 1);
    world.run();
    assert_eq!(world.history[&id], ["ADDING_PEER", "AVAILABLE"]);
    world.assert_at_rest();
}

#[test]
fn a_gcp_peering_becomes_available() {
    let mut world = World::new();
    let id = world.create(Provider::Gcp, 1);
    world.run();
    assert_eq!(world.history[&id], ["ADDING_PEER", "WAITING_FOR_USER", "AVAILABLE"]);
    world.assert_at_rest();
}

#[test]
fn the_network_is_ready_before_the_connection_is_asked_for() {
    for provider in Provider::ALL {
        let mut world = World::new();
        world.create(provider, 1);
        world.run();
        let first_link = world.cloud.calls.iter().find(|(_, verb)| *verb == Verb::EnsureLink);
        let (asked_at, _) = first_link.expect("it is asked for");
        let ready_at = world.cloud.networks.values().next().expect("there is a network");
        assert!(asked_at >= ready_at, "{provider}");
        assert!(asked_at.since(*ready_at) < STEP, "{provider}: its peerings are told at once");
    }
}

#[test]
fn a_deleted_peering_goes_and_its_network_after_it() {
    for provider in Provider::ALL {
        let mut world = World::new();
        let id = world.create(provider, 1);
        world.run();
        world.delete(id);
        world.run();
        assert!(world.is_gone(id), "{provider}");
        assert!(world.cloud.links.is_empty());
        assert!(world.cloud.networks.is_empty());
        world.assert_at_rest();
    }
}

#[test]
fn a_peering_that_never_reached_the_cloud_is_deleted_without_a_call_about_it() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.delete(id);
    world.run();
    assert!(world.is_gone(id));
    assert_eq!(world.cloud.count(Verb::EnsureLink), 0);
    assert_eq!(world.cloud.count(Verb::RemoveLink), 0);
    world.assert_at_rest();
}

#[test]
fn a_network_stays_while_another_peering_needs_it() {
    let mut world = World::new();
    let first = world.create(Provider::Aws, 1);
    let second = world.create(Provider::Aws, 2);
    world.run();
    world.delete(first);
    world.run();
    assert!(world.is_gone(first));
    assert_eq!(world.phase(second), "AVAILABLE");
    assert_eq!(world.cloud.networks.len(), 1);
    world.assert_at_rest();
}

#[test]
fn a_request_that_the_customer_rejects_fails_and_can_be_deleted() {
    let mut world = World::new();
    world.cloud.customer = Customer::Rejects;
    let id = world.create(Provider::Aws, 1);
    world.run();
    assert_eq!(world.phase(id), "FAILED REJECTED");
    world.assert_at_rest();
    world.delete(id);
    world.run();
    assert!(world.is_gone(id));
    world.assert_at_rest();
}

#[test]
fn a_request_that_waits_for_its_customer_is_looked_at_now_and_then() {
    let mut world = World::new();
    world.cloud.customer = Customer::Ignores;
    let id = world.create(Provider::Aws, 1);
    world.run_for(STEP * 60);
    assert_eq!(world.phase(id), "PENDING_ACCEPTANCE");
    let looks = world.cloud.count(Verb::ObserveLink);
    assert!((5..=20).contains(&looks), "{looks} looks in a minute");
    world.cloud.customer = Customer::Accepts;
    world.run();
    assert_eq!(world.phase(id), "AVAILABLE");
}

/// What each end of a connection means where it works.
#[test]
fn a_connection_that_vanished_or_was_cut_off_is_noticed() {
    let cases = [
        (Provider::Aws, Some(LinkStatus::Severed), "FAILED REJECTED"),
        (Provider::Aws, Some(LinkStatus::Rejected), "FAILED REJECTED"),
        (Provider::Aws, Some(LinkStatus::Expired), "FAILED EXPIRED"),
        (Provider::Aws, Some(LinkStatus::Refused), "FAILED INVALID_ARGUMENT"),
        (Provider::Aws, None, "FAILED REJECTED"),
        (Provider::Azure, Some(LinkStatus::Severed), "FAILED"),
        (Provider::Azure, None, "FAILED"),
        (Provider::Gcp, Some(LinkStatus::AwaitsCustomer), "WAITING_FOR_USER"),
    ];
    for (provider, status, phase) in cases {
        let mut world = World::new();
        let id = world.create(provider, 1);
        world.run();
        world.cloud.customer = Customer::Ignores;
        match status {
            Some(status) => world.cloud.links.get_mut(&id).unwrap().link.status = status,
            None => drop(world.cloud.links.remove(&id)),
        }
        world.nudge(peer(id));
        world.run_for(STEP * 20);
        assert_eq!(world.phase(id), phase, "{provider} {status:?}");
        world.delete(id);
        world.run();
        assert!(world.is_gone(id), "{provider} {status:?}");
    }
}

#[test]
fn a_gcp_half_that_vanished_is_made_again() {
    let mut world = World::new();
    let id = world.create(Provider::Gcp, 1);
    world.run();
    world.cloud.links.clear();
    world.nudge(peer(id));
    world.run();
    assert_eq!(world.phase(id), "AVAILABLE");
    assert_eq!(world.cloud.count(Verb::EnsureLink), 2);
    assert!(world.cloud.links.contains_key(&id));
}

#[test]
fn a_request_that_vanished_before_the_customer_had_its_turn_is_made_again() {
    for provider in Provider::ALL {
        let mut world = World::new();
        let id = world.create(provider, 1);
        world.run_to(|command| {
            matches!(command, Command::Call { call, .. } if verb(call) == Verb::ObserveLink)
        });
        world.cloud.links.clear();
        world.crash();
        world.run();
        assert_eq!(world.phase(id), "AVAILABLE", "{provider}");
        assert!(!world.history[&id].iter().any(|phase| phase.starts_with("FAILED")));
    }
}

/// A look is no clean-up: routes may be left of a connection that somebody else took away.
#[test]
fn a_vanished_connection_is_cleaned_up_before_the_peering_goes() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run();
    world.cloud.links.clear();
    world.nudge(peer(id));
    world.run();
    assert_eq!(world.peering(id).observed, Observed::Unknown);
    world.delete(id);
    world.run();
    assert_eq!(world.cloud.count(Verb::RemoveLink), 1);
    assert!(world.is_gone(id));
}

#[test]
fn a_request_withdrawn_before_it_was_seen_fails_rather_than_waits_for_ever() {
    let mut world = World::new();
    world.cloud.customer = Customer::Ignores;
    let id = world.create(Provider::Aws, 1);
    world.run_to(
        |command| matches!(command, Command::Call { call, .. } if verb(call) == Verb::ObserveLink),
    );
    world.cloud.links.get_mut(&id).unwrap().link.status = LinkStatus::Severed;
    world.crash();
    world.run_for(STEP * 20);
    assert_eq!(world.phase(id), "FAILED REJECTED");
}

#[test]
fn another_network_removes_the_old_connection_before_it_makes_a_new_one() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run();
    let before = world.peering(id).connection_id().map(String::from);
    let vpc_id = Some("vpc-0000000000000abcd".into());
    world.change(id, &PeeringChange::Aws(AwsChange { vpc_id, ..AwsChange::default() })).unwrap();
    assert_eq!(world.phase(id), "INITIATING");
    assert_eq!(world.peering(id).connection_id(), None, "the old one is not shown");
    let seen = world.cloud.calls.len();
    world.run();
    let after: Vec<Verb> = world.cloud.calls[seen..].iter().map(|(_, verb)| *verb).collect();
    assert_eq!(after[..3], [Verb::RemoveLink, Verb::RemoveLink, Verb::EnsureLink]);
    assert_eq!(world.phase(id), "AVAILABLE");
    assert_ne!(world.peering(id).connection_id().map(String::from), before);
    assert_eq!(world.cloud.links[&id].customer, world.peering(id).customer);
    world.assert_at_rest();
}

#[test]
fn another_route_changes_the_route_and_nothing_else() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run();
    let before = world.peering(id).connection_id().map(String::from);
    let block = Some(block("172.17.0.0/16"));
    world.change(id, &PeeringChange::Aws(AwsChange { block, ..AwsChange::default() })).unwrap();
    assert!(!world.peering(id).is_settled());
    world.run();
    assert_eq!(world.history[&id].last().unwrap(), "AVAILABLE");
    assert_eq!(world.history[&id].len(), 4, "it never left AVAILABLE");
    assert_eq!(world.peering(id).connection_id().map(String::from), before);
    assert_eq!(world.cloud.links[&id].link.route.as_deref(), Some("172.17.0.0/16"));
    assert_eq!(world.cloud.count(Verb::RemoveLink), 0);
    world.assert_at_rest();
}

/// AWS answers `10.0.0.0/16` to who sends `10.0.0.7/16`: that is no difference to work on.
#[test]
fn a_route_that_the_cloud_writes_in_another_way_is_not_stale() {
    let mut world = World::new();
    world.cloud.normalizes = true;
    let id = world.create(Provider::Aws, 1);
    world.run();
    let block = Some(block("172.17.3.7/16"));
    world.change(id, &PeeringChange::Aws(AwsChange { block, ..AwsChange::default() })).unwrap();
    world.run();
    assert_eq!(world.cloud.count(Verb::EnsureLink), 2);
    world.assert_at_rest();
}

#[test]
fn a_peering_at_rest_is_looked_at_again_when_somebody_nudges_it() {
    let mut world = World::new();
    let id = world.create(Provider::Aws, 1);
    world.run_for(STEP * 60);
    assert_eq!(world.phase(id), "AVAILABLE");
    world.cloud.links.get_mut(&id).unwrap().link.status = LinkStatus::Severed;
    world.run_for(STEP * 301);
    assert_eq!(world.phase(id), "AVAILABLE");
    world.nudge(peer(id));
    world.run();
    assert_eq!(world.phase(id), "FAILED REJECTED");
}
