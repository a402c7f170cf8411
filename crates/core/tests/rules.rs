//! The rules of a peering when it is asked for, changed and deleted: one test for each.

#[path = "support/example.rs"]
mod example;

use peerage_core::container::Container;
use peerage_core::error::Refusal;
use peerage_core::peering::{
    AwsChange, AzureChange, AzureNetwork, CustomerNetwork, GcpChange, Peering, PeeringChange,
    Phase, aws,
};
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;

use example::{
    aws_customer, block, container, customer, in_phase, peer_id, peering, phase_name, phases,
};

const LATER: Timestamp = Timestamp::from_millis(60_000);

fn request(
    home: &Container,
    customer: CustomerNetwork,
    siblings: &[Peering],
) -> Result<Peering, Refusal> {
    Peering::request(peer_id(9_999), home, customer, siblings.iter(), LATER)
}

fn change(peering: &Peering, change: &PeeringChange) -> Result<Option<Peering>, Refusal> {
    let home = container(peering.provider(), 0);
    peering.change(change, &home, std::iter::once(peering), LATER)
}

fn other_network(provider: Provider) -> PeeringChange {
    let name = Some(String::from("another"));
    match provider {
        Provider::Aws => PeeringChange::Aws(AwsChange { vpc_id: name, ..AwsChange::default() }),
        Provider::Azure => {
            PeeringChange::Azure(AzureChange { vnet_name: name, ..AzureChange::default() })
        }
        Provider::Gcp => {
            PeeringChange::Gcp(GcpChange { network_name: name, ..GcpChange::default() })
        }
    }
}

fn other_route(text: &str) -> PeeringChange {
    PeeringChange::Aws(AwsChange { block: Some(block(text)), ..AwsChange::default() })
}

/// `count` peerings of one project, spread over two containers so that no rule but the quota bites.
fn many(count: u16, phase: &Phase) -> Vec<Peering> {
    let home = container(Provider::Aws, 1);
    (0..count).map(|number| in_phase(&peering(&home, number), phase.clone())).collect()
}

/// Source: the published API document, what a new peering looks like.
#[test]
fn a_new_peering_is_in_the_first_phase_of_its_provider() {
    for provider in Provider::ALL {
        let home = container(provider, 0);
        let made = request(&home, customer(provider, 1), &[]).unwrap();
        assert_eq!(made.phase, phases(provider)[0]);
        assert_eq!((made.group, made.container), (home.group, home.id));
        assert_eq!((made.created, made.since), (LATER, LATER));
        assert!(!made.is_settled());
    }
}

/// Source: the error catalogue of public clients, `PEER_ALREADY_EXISTS` and its two variants.
#[test]
fn the_same_network_twice_in_one_container_is_refused() {
    for provider in Provider::ALL {
        let home = container(provider, 0);
        for phase in phases(provider) {
            let first = in_phase(&peering(&home, 1), phase);
            let again = request(&home, first.customer.clone(), std::slice::from_ref(&first));
            assert_eq!(again, Err(Refusal::PeerExists(first.customer)));
        }
    }
}

/// Source: how Azure compares the names of its resources.
#[test]
fn an_azure_network_is_the_same_in_any_case() {
    let home = container(Provider::Azure, 0);
    let first = peering(&home, 1);
    let CustomerNetwork::Azure(named) = &first.customer else { unreachable!() };
    let shouted = CustomerNetwork::Azure(AzureNetwork {
        subscription_id: named.subscription_id.to_uppercase(),
        resource_group: named.resource_group.to_uppercase(),
        vnet_name: named.vnet_name.to_uppercase(),
        ..named.clone()
    });
    let again = request(&home, shouted, std::slice::from_ref(&first));
    assert!(matches!(again, Err(Refusal::PeerExists(_))));
}

/// Source: the acceptance tests of public clients, which peer one VPC from several regions.
#[test]
fn one_vpc_may_be_peered_with_two_containers_of_a_project() {
    let first = peering(&container(Provider::Aws, 0), 1);
    let other = container(Provider::Aws, 1);
    assert!(request(&other, first.customer.clone(), &[first]).is_ok());
}

/// Source: the error catalogue of public clients, `OVERLAPPING_ATLAS_CIDR_BLOCK`.
#[test]
fn a_block_that_overlaps_the_container_is_refused() {
    let home = container(Provider::Aws, 0);
    for text in ["10.8.0.0/21", "10.8.3.0/24", "10.0.0.0/8", "10.8.7.255"] {
        let refused = request(&home, aws_customer(1, text), &[]);
        let expected = Refusal::OverlapsContainer { block: text.into() };
        assert_eq!(refused, Err(expected), "{text}");
    }
    assert!(request(&home, aws_customer(1, "10.8.8.0/21"), &[]).is_ok());
}

/// Source: the error catalogue of public clients, `OVERLAPPING_CIDR_BLOCK`.
#[test]
fn a_block_that_overlaps_another_peer_of_the_container_is_refused() {
    let home = container(Provider::Aws, 0);
    let first = peering(&home, 1);
    for text in ["172.16.1.0/24", "172.16.1.128/25", "172.16.0.0/12"] {
        let refused = request(&home, aws_customer(2, text), std::slice::from_ref(&first));
        let expected = Refusal::OverlapsPeer { block: text.into() };
        assert_eq!(refused, Err(expected), "{text}");
    }
    assert!(request(&home, aws_customer(2, "172.16.2.0/24"), &[first]).is_ok());
}

/// The most specific fault is named, whatever the order of the neighbours.
#[test]
fn the_same_network_is_named_before_an_overlap() {
    let home = container(Provider::Aws, 0);
    let (first, second) = (peering(&home, 1), peering(&home, 2));
    for siblings in [[first.clone(), second.clone()], [second.clone(), first]] {
        let refused = request(&home, aws_customer(2, "172.16.0.0/16"), &siblings);
        assert!(matches!(refused, Err(Refusal::PeerExists(_))), "{refused:?}");
    }
}

/// Source: the acceptance tests of public clients, which use equal blocks in two regions.
#[test]
fn blocks_of_different_containers_may_overlap() {
    let first = peering(&container(Provider::Aws, 0), 1);
    let other = container(Provider::Aws, 1);
    assert!(request(&other, aws_customer(2, "172.16.1.0/24"), &[first]).is_ok());
}

/// Source: the error catalogue of public clients, `CLOUD_PROVIDER_CONTAINER_NOT_FOUND`.
#[test]
fn a_container_of_another_provider_is_no_container() {
    for home in Provider::ALL {
        for network in Provider::ALL.into_iter().filter(|network| *network != home) {
            let home = container(home, 0);
            let refused = request(&home, customer(network, 1), &[]);
            assert_eq!(refused, Err(Refusal::ContainerNotFound(home.id)));
        }
    }
}

/// Source: the documented service limits, 50 peerings a project, those on their way out included.
#[test]
fn the_fifty_first_peering_of_a_project_is_refused() {
    let home = container(Provider::Aws, 0);
    for phase in [aws::Phase::Available, aws::Phase::Terminating] {
        let phase = Phase::Aws(phase);
        assert!(request(&home, customer(Provider::Aws, 99), &many(49, &phase)).is_ok());
        let refused = request(&home, customer(Provider::Aws, 99), &many(50, &phase));
        assert_eq!(refused, Err(Refusal::PeerMaximum { limit: 50 }));
    }
}

/// Source: the documented service limits, 25 peerings that wait.
#[test]
fn the_twenty_sixth_pending_peering_of_a_project_is_refused() {
    let home = container(Provider::Aws, 0);
    for phase in phases(Provider::Aws).into_iter().filter(Phase::is_pending) {
        assert!(request(&home, customer(Provider::Aws, 99), &many(24, &phase)).is_ok());
        let refused = request(&home, customer(Provider::Aws, 99), &many(25, &phase));
        assert_eq!(refused, Err(Refusal::PeerMaximum { limit: 25 }), "{phase:?}");
    }
}

/// Source: the documented service limits; a new handshake is a peering that waits again.
#[test]
fn a_handshake_that_starts_again_needs_a_place_among_the_pending() {
    let home = container(Provider::Aws, 0);
    let available = Phase::Aws(peerage_core::peering::aws::Phase::Available);
    let before = in_phase(&peering(&home, 99), available);
    let tried = |count| {
        let others = many(count, &Phase::first(Provider::Aws));
        before.change(&other_network(Provider::Aws), &home, others.iter(), LATER)
    };
    assert!(tried(24).is_ok());
    assert_eq!(tried(25), Err(Refusal::PeerMaximum { limit: 25 }));
}

/// Source: the documented service limits, which speak of pending ones.
#[test]
fn what_works_failed_or_goes_is_not_pending() {
    for provider in Provider::ALL {
        let at_rest = phases(provider).into_iter().filter(|phase| !phase.is_pending());
        for phase in at_rest {
            let home = container(Provider::Aws, 0);
            let mut others = many(24, &Phase::first(Provider::Aws));
            others.extend(
                (100..120).map(|number| {
                    in_phase(&peering(&container(provider, 0), number), phase.clone())
                }),
            );
            assert!(request(&home, customer(Provider::Aws, 99), &others).is_ok(), "{phase:?}");
        }
    }
}

/// Source: the published API document; a new network means a new request to the customer.
#[test]
fn another_network_starts_the_handshake_again() {
    for provider in Provider::ALL {
        let before = peering(&container(provider, 0), 1);
        let after = change(&before, &other_network(provider)).unwrap().unwrap();
        assert_eq!(after.handshake, before.handshake + 1);
        assert_eq!(after.generation, before.generation + 1);
        assert_eq!(after.phase, Phase::first(provider));
        assert!(!after.customer.is_same_network(&before.customer));
    }
}

/// Source: the published API document; only our own route tables change.
#[test]
fn another_route_does_not_start_the_handshake_again() {
    let before =
        in_phase(&peering(&container(Provider::Aws, 0), 1), Phase::Aws(aws::Phase::Available));
    let after = change(&before, &other_route("172.20.0.0/16")).unwrap().unwrap();
    assert_eq!(after.handshake, before.handshake);
    assert_eq!(after.generation, before.generation + 1);
    assert_eq!(after.phase, before.phase);
    assert!(after.customer.is_same_network(&before.customer));
}

/// Source: inferred; overlapping blocks are the commonest reason to fail.
#[test]
fn another_route_is_a_new_try_for_a_peering_that_failed() {
    let failed = phases(Provider::Aws).into_iter().find(Phase::is_failed).unwrap();
    let before = in_phase(&peering(&container(Provider::Aws, 0), 1), failed);
    let after = change(&before, &other_route("172.20.0.0/16")).unwrap().unwrap();
    assert_eq!(after.handshake, before.handshake + 1);
    assert_eq!(after.phase, Phase::first(Provider::Aws));
}

/// Source: what public clients send: the whole object, or nothing but the provider.
#[test]
fn a_change_to_what_is_there_already_is_no_change() {
    for provider in Provider::ALL {
        let before = peering(&container(provider, 0), 1);
        let same = match &before.customer {
            CustomerNetwork::Aws(it) => PeeringChange::Aws(AwsChange {
                account_id: Some(it.account_id.clone()),
                vpc_id: Some(it.vpc_id.clone()),
                region: Some(it.region.clone()),
                block: Some(it.block.clone()),
            }),
            CustomerNetwork::Azure(it) => PeeringChange::Azure(AzureChange {
                directory_id: Some(it.directory_id.clone()),
                subscription_id: Some(it.subscription_id.clone()),
                resource_group: Some(it.resource_group.clone()),
                vnet_name: Some(it.vnet_name.clone()),
            }),
            CustomerNetwork::Gcp(it) => PeeringChange::Gcp(GcpChange {
                project_id: Some(it.project_id.clone()),
                network_name: Some(it.network_name.clone()),
            }),
        };
        assert_eq!(change(&before, &same), Ok(None));
    }
}

/// Source: the error catalogue of public clients, `INVALID_ATTRIBUTE`.
#[test]
fn fields_of_another_provider_are_refused_in_every_phase() {
    for provider in Provider::ALL {
        for other in Provider::ALL.into_iter().filter(|other| *other != provider) {
            for phase in phases(provider) {
                let before = in_phase(&peering(&container(provider, 0), 1), phase);
                let refused = change(&before, &other_network(other));
                assert_eq!(refused, Err(Refusal::field("providerName")));
            }
        }
    }
}

/// Source: the error catalogue of public clients, `PEER_INVALID_STATE`; the golden table of
/// changes has every phase.
#[test]
fn another_network_is_refused_in_the_phases_that_forbid_it() {
    let allowed = |provider| {
        let before = peering(&container(provider, 0), 1);
        let takes = move |phase: &Phase| {
            let before = in_phase(&before, phase.clone());
            match change(&before, &other_network(provider)) {
                Ok(after) => after.is_some(),
                Err(refusal) => {
                    let (peer, group) = (before.id, before.group);
                    assert_eq!(refusal, Refusal::PeerInvalidState { peer, group });
                    false
                }
            }
        };
        phases(provider).iter().filter(|phase| takes(phase)).map(phase_name).collect::<Vec<_>>()
    };
    assert_eq!(
        allowed(Provider::Aws),
        ["INITIATING", "PENDING_ACCEPTANCE", "AVAILABLE", "FAILED INVALID_ARGUMENT"]
    );
    assert_eq!(allowed(Provider::Azure), ["ADDING_PEER", "FAILED"]);
    assert_eq!(allowed(Provider::Gcp), ["ADDING_PEER", "WAITING_FOR_USER", "FAILED"]);
}

/// Source: the same rules as for a new peering; a peering is no conflict with itself.
#[test]
fn a_change_keeps_the_rules_of_a_new_peering() {
    let home = container(Provider::Aws, 0);
    let (first, second) = (peering(&home, 1), peering(&home, 2));
    let siblings = [first.clone(), second.clone()];
    let tried = |asked: &PeeringChange| first.change(asked, &home, siblings.iter(), LATER);
    let overlap = Refusal::OverlapsPeer { block: "172.16.2.0/25".into() };
    assert_eq!(tried(&other_route("172.16.2.0/25")), Err(overlap));
    let own = Refusal::OverlapsContainer { block: "10.8.0.0/24".into() };
    assert_eq!(tried(&other_route("10.8.0.0/24")), Err(own));
    let CustomerNetwork::Aws(theirs) = &second.customer else { unreachable!() };
    let vpc_id = Some(theirs.vpc_id.clone());
    let twin = PeeringChange::Aws(AwsChange { vpc_id, ..AwsChange::default() });
    assert!(matches!(tried(&twin), Err(Refusal::PeerExists(_))));
    assert!(tried(&other_route("172.16.1.0/25")).unwrap().is_some());
}

/// Source: what public clients compare, byte for byte.
#[test]
fn what_was_sent_comes_back_as_it_was_sent() {
    let before = peering(&container(Provider::Aws, 0), 1);
    let after = change(&before, &other_route("172.20.3.7/16")).unwrap().unwrap();
    let CustomerNetwork::Aws(network) = &after.customer else { unreachable!() };
    assert_eq!(network.block.as_str(), "172.20.3.7/16");
}

/// Source: the published API document: from then on the status says so, and never that it failed.
#[test]
fn a_peering_can_be_deleted_in_every_phase_but_while_it_goes() {
    for provider in Provider::ALL {
        for phase in phases(provider) {
            let before = in_phase(&peering(&container(provider, 0), 1), phase.clone());
            let deleted = before.clone().delete(LATER);
            if phase.is_deleting() && !phase.is_deletion_failed() {
                assert_eq!(deleted, Err(Refusal::PeerDeletionRequested(before.id)));
                continue;
            }
            let after = deleted.unwrap();
            assert!(after.phase.is_deleting() && !after.phase.is_deletion_failed(), "{phase:?}");
            assert_eq!(after.generation, before.generation + 1);
            assert_eq!((after.since, after.created), (LATER, before.created));
            assert!(!after.is_settled());
        }
    }
}

/// Source: the error catalogue of public clients, `PEER_ALREADY_REQUESTED_DELETION`.
#[test]
fn a_second_deletion_is_refused() {
    for provider in Provider::ALL {
        let peering = peering(&container(provider, 0), 1);
        let once = peering.clone().delete(LATER).unwrap();
        assert_eq!(once.delete(LATER), Err(Refusal::PeerDeletionRequested(peering.id)));
    }
}

/// Source: the phase's own meaning: a removal that the cloud refused can be asked for again.
#[test]
fn a_deletion_that_failed_can_be_asked_for_again() {
    let phase = phases(Provider::Azure).into_iter().find(Phase::is_deletion_failed).unwrap();
    let before = in_phase(&peering(&container(Provider::Azure, 0), 1), phase);
    assert_eq!(phase_name(&before.delete(LATER).unwrap().phase), "DELETING");
}
