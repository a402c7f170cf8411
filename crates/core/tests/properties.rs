//! Laws that hold for all values: address blocks, identifiers, waits, settled objects.

#[path = "support/example.rs"]
mod example;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{Drift, Link, LinkStatus, Network, NetworkNames, Observed};
use peerage_core::container::Container;
use peerage_core::id::PeerId;
use peerage_core::peering::Peering;
use peerage_core::provider::Provider;
use peerage_core::reconcile::{Action, Plan, Tempo, network, peering};
use peerage_core::time::Timestamp;
use proptest::prelude::*;

use example::{block, container, in_phase, phases};

/// A block with few bits that differ, so that overlaps are common.
fn v4() -> impl Strategy<Value = (u32, u8)> {
    (any::<u32>(), 0..=32_u8, 0..=32_u8).prop_map(|(address, keep, length)| {
        (address & !(u32::MAX.checked_shr(keep.into()).unwrap_or(0)), length)
    })
}

fn v6() -> impl Strategy<Value = (u128, u8)> {
    (any::<u128>(), 0..=128_u8, 0..=128_u8).prop_map(|(address, keep, length)| {
        (address & !(u128::MAX.checked_shr(keep.into()).unwrap_or(0)), length)
    })
}

fn block_v4((address, length): (u32, u8)) -> AddressBlock {
    block(&format!("{}/{length}", Ipv4Addr::from(address)))
}

fn block_v6((address, length): (u128, u8)) -> AddressBlock {
    block(&format!("{}/{length}", Ipv6Addr::from(address)))
}

/// The first and last address of a block of `bits` bits, as numbers.
fn range(address: u128, length: u8, bits: u8) -> (u128, u128) {
    let host = u32::from(bits - length);
    let mask = if host == 128 { u128::MAX } else { (1 << host) - 1 };
    (address & !mask, address | mask)
}

fn share((from, to): (u128, u128), (other_from, other_to): (u128, u128)) -> bool {
    from <= other_to && other_from <= to
}

fn provider() -> impl Strategy<Value = Provider> {
    prop::sample::select(Provider::ALL.to_vec())
}

fn status() -> impl Strategy<Value = LinkStatus> {
    prop::sample::select(vec![
        LinkStatus::Requested,
        LinkStatus::AwaitsCustomer,
        LinkStatus::Finishing,
        LinkStatus::Active,
        LinkStatus::Rejected,
        LinkStatus::Expired,
        LinkStatus::Refused,
        LinkStatus::Severed,
        LinkStatus::Removing,
    ])
}

fn drift() -> impl Strategy<Value = Option<Drift>> {
    let drift = |repair| Drift { what: "a route is gone".into(), repair };
    prop_oneof![4 => Just(None), 1 => any::<bool>().prop_map(move |repair| Some(drift(repair)))]
}

fn observed_link() -> impl Strategy<Value = Observed<Link>> {
    let routes = vec![None, Some("172.16.1.0/24"), Some("172.30.0.0/16"), Some("gone")];
    let found = (1..3_u32, status(), prop::sample::select(routes), drift()).prop_map(
        |(handshake, status, route, drift)| {
            let (route, message) = (route.map(String::from), None);
            let connection_id = "pcx".into();
            Observed::Found(Link { handshake, connection_id, status, route, message, drift })
        },
    );
    prop_oneof![Just(Observed::Nothing), Just(Observed::Unknown), found]
}

fn observed_network() -> impl Strategy<Value = Observed<Network>> {
    let found = (any::<bool>(), drift()).prop_map(|(ready, drift)| {
        let names = NetworkNames::Aws { vpc_id: "vpc".into() };
        Observed::Found(Network { names, ready, drift })
    });
    prop_oneof![Just(Observed::Nothing), Just(Observed::Unknown), found]
}

prop_compose! {
    fn any_container()(provider in provider(), observed in observed_network(), peerings in 0..3_u32)
        -> Container
    {
        Container { observed, peerings, ..container(provider, 0) }
    }
}

prop_compose! {
    fn any_peering()(
        home in any_container(),
        observed in observed_link(),
        handshake in 1..3_u32,
        at in 0..6_usize,
    ) -> (Peering, Container) {
        let phases = phases(home.spec.provider());
        let peering = in_phase(&example::peering(&home, 1), phases[at % phases.len()].clone());
        (Peering { observed, handshake, ..peering }, home)
    }
}

proptest! {
    #[test]
    fn blocks_overlap_exactly_when_they_share_an_address(one in v4(), other in v4()) {
        let naive = share(range(one.0.into(), one.1, 32), range(other.0.into(), other.1, 32));
        prop_assert_eq!(block_v4(one).overlaps(&block_v4(other)), naive);
        prop_assert_eq!(block_v4(other).overlaps(&block_v4(one)), naive);
    }

    #[test]
    fn long_blocks_overlap_exactly_when_they_share_an_address(one in v6(), other in v6()) {
        let naive = share(range(one.0, one.1, 128), range(other.0, other.1, 128));
        prop_assert_eq!(block_v6(one).overlaps(&block_v6(other)), naive);
    }

    #[test]
    fn blocks_of_different_families_never_overlap(one in v4(), other in v6()) {
        prop_assert!(!block_v4(one).overlaps(&block_v6(other)));
    }

    #[test]
    fn a_block_keeps_its_text_and_loses_its_host_bits(one in v4()) {
        let block = block_v4(one);
        let (from, _) = range(one.0.into(), one.1, 32);
        let from = Ipv4Addr::from(u32::try_from(from).unwrap());
        prop_assert_eq!(block.as_str(), format!("{}/{}", Ipv4Addr::from(one.0), one.1));
        prop_assert_eq!(block.net().addr(), IpAddr::from(from));
        prop_assert!(block.is_network(&block.net().to_string()));
        prop_assert!(block.overlaps(&block));
    }

    #[test]
    fn reading_a_block_never_panics(text in "[0-9a-f:./ +]{0,60}|.{0,20}") {
        if let Ok(block) = AddressBlock::parse(&text) {
            prop_assert_eq!(block.as_str(), text);
        }
    }

    #[test]
    fn an_id_survives_its_text(bytes in any::<[u8; 12]>()) {
        let id = PeerId::from_bytes(bytes);
        let text = id.to_string();
        prop_assert_eq!(text.len(), PeerId::DIGITS);
        prop_assert_eq!(PeerId::parse(&text), Ok(id));
        prop_assert_eq!(PeerId::from_bytes(*id.as_bytes()), id);
    }

    #[test]
    fn what_reads_as_an_id_is_written_the_same(text in "[0-9a-fA-F]{23,25}|.{0,30}") {
        if let Ok(id) = PeerId::parse(&text) {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn ids_sort_by_the_second_in_which_they_were_made(
        early in 0..4_000_000_000_i64, later in 1..100_000_i64, random in any::<[[u8; 8]; 2]>(),
    ) {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let (first, second) = (PeerId::generate(at(early), random[0]),
            PeerId::generate(at(early + later), random[1]));
        prop_assert!(first < second);
    }

    #[test]
    fn a_wait_stays_within_its_bounds(failures in any::<u32>(), dice in any::<u32>()) {
        let tempo = Tempo::default();
        let wait = tempo.backoff(failures, dice);
        prop_assert!(wait >= tempo.backoff_min / 2);
        prop_assert!(wait <= tempo.backoff_max);
        prop_assert!(tempo.backoff(failures.saturating_add(1), dice) >= wait);
    }

    /// What is settled needs no work: it is looked at at most. What is not always has a next step.
    #[test]
    fn a_peering_is_settled_exactly_when_its_plan_is_rest((peering, home) in any_peering()) {
        let tempo = Tempo::default();
        let plan = peering::plan(&peering, &home, Timestamp::ZERO, &tempo);
        if peering.is_settled() {
            let at_rest = match &plan {
                Plan::Rest(_) => true,
                Plan::Call(call) => !call.may_change(),
                Plan::DoubtThenCall(..) | Plan::Erase => false,
            };
            prop_assert!(at_rest, "{:?}", plan);
        } else {
            prop_assert_ne!(plan, Plan::Rest(Action::AwaitChange));
        }
    }

    #[test]
    fn a_container_is_settled_exactly_when_nothing_would_be_changed(home in any_container()) {
        let rests = match network::plan(&home) {
            Plan::Rest(action) => action == Action::AwaitChange,
            Plan::Call(call) => !call.may_change(),
            Plan::DoubtThenCall(..) | Plan::Erase => false,
        };
        prop_assert_eq!(rests, home.is_settled());
    }

    #[test]
    fn doubt_comes_before_each_call_that_may_change_a_cloud((peering, home) in any_peering()) {
        let plan = peering::plan(&peering, &home, Timestamp::ZERO, &Tempo::default());
        match plan {
            Plan::Call(call) => {
                prop_assert!(!call.may_change() || peering.observed == Observed::Unknown);
            }
            Plan::DoubtThenCall(next, call) => {
                prop_assert!(call.may_change());
                prop_assert_eq!(next, Peering { observed: Observed::Unknown, ..peering });
            }
            Plan::Erase => prop_assert_eq!(peering.observed, Observed::Nothing),
            Plan::Rest(_) => {}
        }
        match network::plan(&home) {
            Plan::Call(call) => {
                prop_assert!(!call.may_change() || home.observed == Observed::Unknown);
            }
            Plan::DoubtThenCall(next, _) => prop_assert_eq!(next.observed, Observed::Unknown),
            Plan::Erase => prop_assert!(false, "a container is taken away by its owner"),
            Plan::Rest(_) => {}
        }
    }

    #[test]
    fn a_time_after_a_span_is_that_span_later(at in 0..i64::MAX / 2, span in 0..1_000_000_000_u64) {
        let (early, span) = (Timestamp::from_millis(at), Duration::from_millis(span));
        prop_assert_eq!(early.after(span).since(early), span);
    }
}
