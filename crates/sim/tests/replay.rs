//! One seed is one world: the same trace, byte for byte, in this process and in another one.

use std::process::Command;

use peerage_sim::bug::Bug;
use peerage_sim::plan::{Clouds, Plan};
use peerage_sim::run;

/// Seeds of each kind of world: alone with its own clouds, alone with others', with replicas.
fn seeds() -> Vec<u64> {
    let kinds: [fn(&Plan) -> bool; 4] = [
        |plan| plan.replicas == 1 && plan.clouds == Clouds::Kept,
        |plan| plan.clouds == Clouds::Outside,
        |plan| plan.replicas == 2,
        |plan| plan.replicas == 3,
    ];
    let first = |kind: fn(&Plan) -> bool| (1..).find(|seed| kind(&Plan::of(*seed)));
    kinds.into_iter().filter_map(first).collect()
}

#[test]
fn a_seed_is_the_same_world_every_time() {
    for seed in seeds().into_iter().chain(100..120) {
        let (one, other) = (run(seed, None, true).unwrap(), run(seed, None, true).unwrap());
        assert!(one.trace.len() > 10, "seed {seed}: {} lines", one.trace.len());
        assert_eq!(one.trace, other.trace, "seed {seed}");
        assert_eq!(one.wrongs, Vec::<String>::new(), "seed {seed}");
        // Whether anybody listens changes nothing.
        assert_eq!(run(seed, None, false).unwrap().counts, one.counts, "seed {seed}");
    }
}

#[test]
fn a_seed_is_the_same_world_in_another_process() {
    for seed in seeds() {
        let here = run(seed, None, true).unwrap().trace.join("\n");
        let mut program = Command::new(env!("CARGO_BIN_EXE_peerage-sim"));
        let there = program.args(["--seed", &seed.to_string()]).output().unwrap();
        assert!(there.status.success(), "seed {seed}");
        assert_eq!(String::from_utf8(there.stdout).unwrap().trim_end(), here, "seed {seed}");
    }
}

#[test]
fn a_failing_seed_says_how_to_live_it_again() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_peerage-sim"));
    let failed = program.args(["--seeds", "20", "--bug", "no-count"]).output().unwrap();
    assert!(!failed.status.success());
    let text = String::from_utf8(failed.stdout).unwrap();
    let again = text.lines().last().unwrap().strip_prefix("again: cargo xtask sim ").unwrap();
    let again: Vec<&str> = again.split(' ').collect();
    let mut program = Command::new(env!("CARGO_BIN_EXE_peerage-sim"));
    let failed = program.args(&again).output().unwrap();
    assert!(!failed.status.success());
    let first = text.lines().rev().nth(1).unwrap();
    assert!(String::from_utf8(failed.stdout).unwrap().contains(first), "{first}");
}

#[test]
fn bugs_are_found() {
    // Those that need few seeds; `cargo xtask sim --bugs` finds all of them.
    for bug in [Bug::ForgottenIndex, Bug::EarlyAnswer, Bug::NoDoubt, Bug::BelievedRemoval] {
        let found = (1..30).find(|seed| !run(*seed, Some(bug), false).unwrap().wrongs.is_empty());
        assert!(found.is_some(), "{bug:?}");
    }
}
