//! What is read off a scene, case by case.

use peerage_core::cidr::AddressBlock;
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::GcpNetwork;

use super::*;
use crate::gcp::stamp::{Stamp, note};
use crate::rules::gcp::{BUSY, OVERLAP, WAITING};

const PEERING: PeerId = PeerId::from_bytes([7; 12]);
const PLAIN: Flags = Flags { subnets: true, import: false, export: false };
const WISH: Wish = Wish { flags: PLAIN, drift: DriftPolicy::Repair };
const PEER: &str = "projects/customer-project/global/networks/theirs";

fn request(handshake: u32) -> LinkRequest {
    LinkRequest {
        group: GroupId::from_bytes([1; 12]),
        peering: PEERING,
        container: ContainerId::from_bytes([2; 12]),
        handshake,
        ours: ContainerSpec::Gcp {
            regions: Vec::new(),
            block: AddressBlock::parse("10.0.0.0/18").unwrap(),
        },
        names: None,
        customer: CustomerNetwork::Gcp(GcpNetwork {
            project_id: "customer-project".into(),
            network_name: "theirs".into(),
        }),
    }
}

fn entry(handshake: u32, active: bool) -> Entry {
    Entry {
        name: tags::link_name(PEERING, handshake),
        peer: PEER.to_owned(),
        active,
        details: Some(WAITING.to_owned()),
        flags: PLAIN,
    }
}

fn work(kind: Kind, handshake: u32, end: End) -> Work {
    Work {
        name: format!("operation-{kind:?}-{handshake}"),
        kind,
        stamp: Some(Stamp { owner: *PEERING.as_bytes(), note: note(handshake) }),
        target: "nt".into(),
        since_ms: 0,
        end,
    }
}

fn scene(peerings: Vec<Entry>, works: Vec<Work>) -> Scene {
    Scene { network: SeenNetwork { peerings, ..SeenNetwork::default() }, works }
}

fn failed(code: &str, words: &str) -> End {
    End::Failed(Failure::of_operation(400, code, words))
}

/// Whose status and handshake are shown for a request of that handshake.
fn check(scene: &Scene, asked: u32, expect: Option<(LinkStatus, u32)>) {
    let link = scene.standing(&request(asked), WISH).link;
    assert_eq!(link.map(|link| (link.status, link.handshake)), expect, "{scene:?}");
}

#[test]
fn a_half_is_shown_as_the_cloud_shows_it() {
    check(&scene(vec![], vec![]), 1, None);
    check(&scene(vec![entry(1, false)], vec![]), 1, Some((LinkStatus::AwaitsCustomer, 1)));
    check(&scene(vec![entry(1, true)], vec![]), 1, Some((LinkStatus::Active, 1)));
    check(&scene(vec![entry(1, true)], vec![]), 2, Some((LinkStatus::Active, 1)));
    let link = scene(vec![entry(1, false)], vec![]).standing(&request(1), WISH).link.unwrap();
    assert_eq!(link.message.as_deref(), Some(WAITING));
}

#[test]
fn what_runs_is_shown_before_what_is_there() {
    let adding = || work(Kind::AddPeering, 1, End::Running);
    let removing = || work(Kind::RemovePeering, 1, End::Running);
    check(&scene(vec![], vec![adding()]), 1, Some((LinkStatus::Requested, 1)));
    check(&scene(vec![entry(1, false)], vec![adding()]), 1, Some((LinkStatus::Requested, 1)));
    check(&scene(vec![entry(1, true)], vec![removing()]), 1, Some((LinkStatus::Removing, 1)));
    check(&scene(vec![], vec![removing()]), 2, Some((LinkStatus::Removing, 1)));
    let updating = work(Kind::UpdatePeering, 1, End::Running);
    check(&scene(vec![entry(1, true)], vec![updating]), 1, Some((LinkStatus::Active, 1)));
}

#[test]
fn somebody_elses_operation_is_not_ours_and_keeps_the_network_busy() {
    let other = Work { stamp: None, ..work(Kind::AddPeering, 1, End::Running) };
    let scene = scene(vec![], vec![other]);
    check(&scene, 1, None);
    assert!(scene.is_busy());
}

#[test]
fn a_refusal_answers_its_own_handshake_and_no_later_one() {
    let refused = || work(Kind::AddPeering, 1, failed("INVALID_USAGE", OVERLAP));
    let known = scene(vec![], vec![refused()]);
    check(&known, 1, Some((LinkStatus::Refused, 1)));
    let link = known.standing(&request(1), WISH).link.unwrap();
    assert_eq!(link.message.as_deref(), Some(OVERLAP));
    check(&known, 2, None);
    let removed = work(Kind::RemovePeering, 1, End::Done);
    check(&scene(vec![], vec![removed, refused()]), 1, None);
}

#[test]
fn what_failed_for_now_is_nothing_and_is_told() {
    let scene = scene(vec![], vec![work(Kind::AddPeering, 1, failed("badRequest", BUSY))]);
    let standing = scene.standing(&request(1), WISH);
    assert_eq!(standing.link, None);
    let (_, failure) = standing.trouble.unwrap();
    assert_eq!((failure.meaning, failure.words.as_str()), (Meaning::NotNow, BUSY));
    assert_eq!(scene.standing(&request(2), WISH), Standing::default());
}

#[test]
fn of_several_halves_one_counts() {
    let all = || vec![entry(3, false), entry(1, false), entry(2, false)];
    check(&scene(all(), vec![]), 2, Some((LinkStatus::AwaitsCustomer, 2)));
    check(&scene(all(), vec![]), 9, Some((LinkStatus::AwaitsCustomer, 1)));
    let used = vec![entry(2, false), entry(3, true)];
    check(&scene(used, vec![]), 2, Some((LinkStatus::Active, 3)));
}

#[test]
fn other_flags_are_drift_by_the_policy() {
    let changed = Entry { flags: Flags { import: true, ..PLAIN }, ..entry(1, true) };
    let drifted = scene(vec![changed], vec![]);
    let link = drifted.standing(&request(1), WISH).link.unwrap();
    assert_eq!(link.status, LinkStatus::Finishing);
    let drift = link.drift.unwrap();
    assert!(drift.repair && drift.what.contains("importCustomRoutes is true"), "{drift:?}");
    let wish = Wish { drift: DriftPolicy::Report, ..WISH };
    let link = drifted.standing(&request(1), wish).link.unwrap();
    assert_eq!(link.status, LinkStatus::Active);
    assert!(link.drift.is_some_and(|drift| !drift.repair));
}

#[test]
fn a_network_that_was_read_too_early_is_noticed() {
    let torn = |peerings, works| scene(peerings, works).is_torn(&request(1));
    let added = || work(Kind::AddPeering, 1, End::Done);
    let removed = || work(Kind::RemovePeering, 1, End::Done);
    assert!(torn(vec![], vec![added()]));
    assert!(torn(vec![entry(1, true)], vec![removed(), added()]));
    assert!(!torn(vec![entry(1, true)], vec![added()]));
    assert!(!torn(vec![], vec![removed(), added()]));
    assert!(!torn(vec![], vec![]));
}

#[test]
fn a_network_that_somebody_else_is_peered_with_is_taken() {
    let other = Entry { name: "peerage-0-1".into(), ..entry(1, true) };
    assert!(scene(vec![other], vec![]).rival(&request(1)).is_some());
    assert!(scene(vec![entry(4, true)], vec![]).rival(&request(1)).is_none());
}

#[test]
fn a_name_that_would_lead_elsewhere_is_none_of_gcp() {
    let named = |project: &str, network: &str| {
        let (project_id, network_name) = (project.to_owned(), network.to_owned());
        peer(&CustomerNetwork::Gcp(GcpNetwork { project_id, network_name }))
    };
    assert_eq!(named("customer-project", "theirs").as_deref(), Some(PEER));
    assert!(named("example.com:project", "n").is_some());
    for (project, network) in [("", "n"), ("p", ""), ("p/global", "n"), ("p", "n?x"), ("p", "ö")] {
        assert_eq!(named(project, network), None, "{project} {network}");
    }
}
