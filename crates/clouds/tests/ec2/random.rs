//! Two parties who do anything at any time: whatever they do, no rule of the states is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use peerage_clouds::CloudApi;
use peerage_fabric::emulated::CustomerMode;
use serde_json::Value;

use super::support::{Cloud, OURS, OURS_WEST, THEIRS, THEIRS_WEST, Who};

const STEPS: usize = 500;
const PARTIES: [Who; 4] = [OURS, OURS_WEST, THEIRS, THEIRS_WEST];

/// What may follow what (Amazon VPC Peering Guide, "VPC peering connection lifecycle").
const NEXT: [(&str, &[&str]); 9] = [
    ("initiating-request", &["pending-acceptance", "failed"]),
    (
        "pending-acceptance",
        &["provisioning", "rejected", "expired", "deleting", "deleted", "failed"],
    ),
    ("provisioning", &["active"]),
    ("active", &["deleting", "deleted"]),
    ("deleting", &["deleted"]),
    ("deleted", &[]),
    ("failed", &[]),
    ("rejected", &[]),
    ("expired", &[]),
];

#[test]
fn no_connection_ever_takes_a_way_that_there_is_not() {
    for (seed, mode) in
        [(1, CustomerMode::Manual), (2, CustomerMode::Accept), (3, CustomerMode::Reject)]
    {
        let cloud = Cloud::with(mode);
        let mut chance = Chance(seed);
        let vpcs: Vec<(Who, String)> = (0..8)
            .map(|number| {
                let who = PARTIES[number % PARTIES.len()];
                // Some of them overlap.
                (who, cloud.vpc(who, &format!("10.{}.0.0/16", number % 7 % 5)))
            })
            .collect();
        let (mut before, mut seen) = (states(&cloud), BTreeSet::new());
        for step in 0..STEPS {
            act(&cloud, &mut chance, &vpcs, &before);
            cloud.ec2.pass(cloud.now());
            let after = states(&cloud);
            check(&before, &after, &format!("seed {seed}, step {step}"));
            seen.extend(after.values().map(|connection| connection.state.clone()));
            if step % 100 == 0 {
                let state = cloud.ec2.state();
                cloud.ec2.restore(state.clone()).unwrap();
                assert_eq!(cloud.ec2.state(), state, "seed {seed}, step {step}");
            }
            let next = cloud.ec2.next_event();
            assert!(next.is_none_or(|next| next > cloud.now()), "seed {seed}, step {step}");
            before = after;
        }
        // A walk that never got anywhere would have proved nothing.
        let reached = if mode == CustomerMode::Manual { 8 } else { 5 };
        assert!(seen.len() >= reached, "seed {seed} saw {seen:?}");
    }
}

/// A connection as the world keeps it.
#[derive(Clone, Debug, PartialEq)]
struct Standing {
    state: String,
    pair: BTreeSet<String>,
    ends: [(String, String); 2],
}

fn states(cloud: &Cloud) -> BTreeMap<String, Standing> {
    let state = cloud.ec2.state();
    let connections = state["connections"].as_object().unwrap();
    connections.iter().map(|(id, row)| (id.clone(), standing(row))).collect()
}

fn standing(row: &Value) -> Standing {
    let state = match &row["state"] {
        Value::String(text) => text.clone(),
        other => other.as_object().unwrap().keys().next().unwrap().clone(),
    };
    let text = |side: &str, name: &str| row[side][name].as_str().unwrap().to_owned();
    let ends = ["requester", "accepter"].map(|side| (text(side, "account"), text(side, "region")));
    let pair = ["requester", "accepter"].map(|side| text(side, "vpc")).into_iter().collect();
    Standing { state, pair, ends }
}

fn check(before: &BTreeMap<String, Standing>, after: &BTreeMap<String, Standing>, place: &str) {
    for (id, was) in before {
        match after.get(id) {
            Some(is) => assert!(leads(&was.state, &is.state), "{place}: {id} {was:?} to {is:?}"),
            None => assert!(leads_to_end(&was.state), "{place}: {id} was {was:?} and is gone"),
        }
    }
    let mut joined = BTreeSet::new();
    for (id, is) in after {
        if matches!(is.state.as_str(), "provisioning" | "active") {
            assert!(joined.insert(&is.pair), "{place}: the pair of {id} has another");
            assert_eq!(is.pair.len(), 2, "{place}: {id} joins a VPC with itself");
        }
    }
}

/// Whether a state comes after another, in however many steps.
fn leads(from: &str, to: &str) -> bool {
    let next = NEXT.iter().find(|(state, _)| *state == from).unwrap().1;
    from == to || next.iter().any(|state| leads(state, to))
}

/// Time alone takes every state but `active` to its end; a step may be longer than all of them.
fn leads_to_end(from: &str) -> bool {
    from != "active"
}

fn act(
    cloud: &Cloud,
    chance: &mut Chance,
    vpcs: &[(Who, String)],
    connections: &BTreeMap<String, Standing>,
) {
    let pick = |chance: &mut Chance| vpcs[chance.below(vpcs.len())].clone();
    match chance.below(10) {
        0..=2 => {
            let ((from, one), (to, other)) = (pick(chance), pick(chance));
            let peer = [
                ("VpcId", one.as_str()),
                ("PeerVpcId", other.as_str()),
                ("PeerOwnerId", to.account),
                ("PeerRegion", to.region),
            ];
            cloud.call(from, "CreateVpcPeeringConnection", &peer);
        }
        3 => cloud.pass(Duration::from_hours(chance.below(60) as u64)),
        4 => cloud.pass(Duration::from_secs(chance.below(5) as u64)),
        _ => {
            let Some((id, standing)) =
                connections.iter().nth(chance.below(connections.len().max(1)))
            else {
                return;
            };
            let ends = standing.ends.iter();
            let parties = PARTIES.into_iter().filter(|who| {
                let end = (who.account.to_owned(), who.region.to_owned());
                ends.clone().any(|other| *other == end)
            });
            let parties: Vec<Who> = parties.collect();
            let who = parties[chance.below(parties.len())];
            let action = ["Accept", "Accept", "Reject", "Delete"][chance.below(4)];
            cloud.on(who, &format!("{action}VpcPeeringConnection"), id);
        }
    }
}

/// Numbers by chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}
