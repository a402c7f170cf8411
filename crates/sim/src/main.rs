//! `peerage-sim`: lives many seeds at once, or one of them once more. `cargo xtask sim` builds and
//! starts it.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use peerage_sim::bug::Bug;
use peerage_sim::{Outcome, run};

/// The whole control plane in worlds that are each decided by one seed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask sim")]
struct Sim {
    /// How many seeds to live.
    #[arg(long, default_value_t = 1000, conflicts_with = "seed")]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1, conflicts_with = "seed")]
    from: u64,
    /// How many at one time; as many as the machine has cores by default.
    #[arg(long)]
    jobs: Option<usize>,
    /// Live this seed only, and tell everything that happens.
    #[arg(long)]
    seed: Option<u64>,
    /// Plant a bug, to see how many seeds it takes to find it.
    #[arg(long)]
    bug: Option<Bug>,
    /// Plant every bug, one after another: each has to be found within that many seeds.
    #[arg(long, conflicts_with_all = ["seed", "bug"])]
    bugs: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let sim = Sim::parse();
    if let Some(seed) = sim.seed {
        return once(seed, sim.bug);
    }
    if sim.bugs {
        return Ok(every_bug(&sim));
    }
    let (found, counts) = many(&sim, sim.bug);
    for (what, count) in &counts {
        println!("{count:>12} {what}");
    }
    let Some(found) = found else {
        println!("{} seeds from {}: nothing is wrong", sim.seeds, sim.from);
        return Ok(ExitCode::SUCCESS);
    };
    let bug = sim.bug.map(|bug| format!(" --bug {}", name(bug))).unwrap_or_default();
    println!("seed {}: {}", found.seed, first_wrong(&found));
    println!("again: cargo xtask sim --seed {}{bug}", found.seed);
    Ok(ExitCode::FAILURE)
}

fn first_wrong(outcome: &Outcome) -> &str {
    outcome.wrongs.first().map_or("", String::as_str)
}

/// Whether every bug is found.
fn every_bug(sim: &Sim) -> ExitCode {
    let mut missed = 0;
    for bug in Bug::all() {
        let bug = *bug;
        let (found, _) = many(sim, Some(bug));
        match &found {
            Some(found) => {
                let after = found.seed.wrapping_sub(sim.from).wrapping_add(1);
                println!("{:18} found after {after:4} seeds: {}", name(bug), first_wrong(found));
            }
            None => {
                missed += 1;
                println!("{:18} NOT FOUND in {} seeds", name(bug), sim.seeds);
            }
        }
    }
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn name(bug: Bug) -> String {
    clap::ValueEnum::to_possible_value(&bug).map(|it| it.get_name().to_owned()).unwrap_or_default()
}

/// Lives one seed and tells of it.
fn once(seed: u64, bug: Option<Bug>) -> anyhow::Result<ExitCode> {
    let outcome = run(seed, bug, true)?;
    for line in &outcome.trace {
        println!("{line}");
    }
    for wrong in &outcome.wrongs {
        println!("seed {seed}: {wrong}");
    }
    Ok(if outcome.wrongs.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lives many seeds; answers the first that is wrong, and what happened in all of them.
fn many(sim: &Sim, bug: Option<Bug>) -> (Option<Outcome>, BTreeMap<&'static str, u64>) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let style = "{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left";
    let bar = ProgressBar::new(sim.seeds);
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let result: Mutex<(Option<Outcome>, BTreeMap<&'static str, u64>)> = Mutex::default();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..sim.jobs.unwrap_or(cores) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= sim.seeds {
                        return;
                    }
                    let outcome = live(sim.from.wrapping_add(number), bug);
                    bar.inc(1);
                    let mut result =
                        result.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    for (what, count) in &outcome.counts {
                        *result.1.entry(what).or_default() += count;
                    }
                    let first = result.0.as_ref().is_none_or(|it| it.seed > outcome.seed);
                    if !outcome.wrongs.is_empty() && first {
                        stop.store(true, Ordering::Relaxed);
                        result.0 = Some(outcome);
                    }
                }
            });
        }
    });
    let done = bar.position();
    bar.finish_and_clear();
    if !sim.bugs {
        println!("{done} seeds in {:.1} s", began.elapsed().as_secs_f64());
    }
    result.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Lives one seed, whatever becomes of it.
fn live(seed: u64, bug: Option<Bug>) -> Outcome {
    let wrong = |what: String| Outcome {
        seed,
        wrongs: vec![what],
        counts: BTreeMap::new(),
        trace: Vec::new(),
    };
    match catch_unwind(AssertUnwindSafe(|| run(seed, bug, false))) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => wrong(format!("{error:#}")),
        Err(_) => wrong("it panicked".to_owned()),
    }
}
