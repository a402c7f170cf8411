//! What grows with the number of peerings that are stored elsewhere, and what must not.

use std::collections::BTreeMap;

use crate::bench::figure::{Line, Sample, Target};
use crate::bench::generator::{Script, load};
use crate::bench::peer::again;
use crate::bench::stocked::{Stocked, stocked};
use crate::bench::subject::{PEERINGS_EACH, Proof, Subject};
use crate::bench::{Run, Size};
use crate::stock::EACH;

const CONNECTIONS: usize = 16;
/// Projects that creates of one round go to.
const PROJECTS: usize = 10;
const GETS: usize = 4_000;
const LISTS: usize = 800;

const fn counts(size: Size) -> [usize; 3] {
    match size {
        Size::Quick => [100, 1_000, 2_000],
        Size::Full => [100, 10_000, 1_000_000],
    }
}

const fn many(size: Size) -> usize {
    match size {
        Size::Quick => 1_000,
        Size::Full => 100_000,
    }
}

/// Creates, gets and lists with few, some and very many peerings in other projects; and the memory
/// of the service that has the most.
///
/// # Errors
/// Something failed that must not.
pub(crate) async fn growth(run: &Run) -> anyhow::Result<Vec<Line>> {
    let counts = counts(run.size);
    let mut services = Vec::new();
    for count in counts {
        services.push(stocked(run, 1 + PROJECTS * run.rounds, count).await?);
    }
    let mut memory = Sample::default();
    memory.add(mebibytes(&services[2].subject)?);
    let mut samples: BTreeMap<(&str, usize), Sample> = BTreeMap::new();
    for round in 0..run.rounds {
        run.progress(&format!("growth, round {} of {}", round + 1, run.rounds));
        for (service, count) in services.iter().zip(counts) {
            for (what, scripts) in work(service, round).await? {
                let rate = load(service.subject.server.address, scripts).await?.rate();
                samples.entry((what, count)).or_default().add(rate);
            }
        }
    }
    let mut lines = Vec::new();
    for what in KINDS {
        for count in &counts[1..] {
            let (few, more) = (&samples[&(what, counts[0])], &samples[&(what, *count)]);
            let name = format!("{what} a second with {} stored elsewhere", counts[0]);
            let other = format!("with {count}");
            let target = Target::Most(1.5);
            lines.push(Line::beside(&name, (few, "/s"), (&other, more), target));
        }
    }
    let name = format!("memory with {} peerings at rest", counts[2]);
    lines.push(Line::alone(&name, &memory, "MiB", Target::Most(300.0)));
    Ok(lines)
}

const KINDS: [&str; 3] = ["creates", "gets", "lists of 100"];

async fn work(service: &Stocked, round: usize) -> anyhow::Result<[(&'static str, Vec<Script>); 3]> {
    let Stocked { subject, listed, one } = service;
    let base = format!("/api/atlas/v2/groups/{listed}/peers");
    let get = subject.get(&format!("{base}/{one}"));
    let list = subject.get(&format!("{base}?itemsPerPage={EACH}"));
    // The first project has the peering that was copied.
    let count = PROJECTS * PEERINGS_EACH;
    let fresh = subject.working_in(1 + round * PROJECTS, PROJECTS);
    let creates = fresh.creates(Proof::Bearer, CONNECTIONS, 0, count).await?;
    let [creating, getting, listing] = KINDS;
    Ok([
        (creating, creates),
        (getting, again(&get, CONNECTIONS, GETS)),
        (listing, again(&list, CONNECTIONS, LISTS)),
    ])
}

/// From the start of the process until it is ready, with nothing and with very many peerings; and
/// its memory with nothing.
///
/// # Errors
/// It does not start.
pub(crate) async fn start(run: &Run) -> anyhow::Result<Vec<Line>> {
    let many = many(run.size);
    let empty = Subject::start(&run.program, &run.scratch, "", 0).await?;
    let mut memory = Sample::default();
    memory.add(mebibytes(&empty)?);
    let full = stocked(run, 1, many).await?.subject;
    let mut lines = Vec::new();
    for (subject, name, most) in [
        (empty, "start to ready after a kill, empty".to_owned(), 50.0),
        (full, format!("start to ready after a kill, {many} peerings"), 1_000.0),
    ] {
        let mut took = Sample::default();
        let mut subject = subject;
        for round in 1..=run.rounds {
            run.progress(&format!("{name}, round {round} of {}", run.rounds));
            subject = subject.killed_and_started().await?;
            took.add(subject.server.took.as_secs_f64() * 1e3);
        }
        lines.push(Line::alone(&name, &took, "ms", Target::Most(most)));
    }
    lines.push(Line::alone("memory, idle", &memory, "MiB", Target::Most(40.0)));
    Ok(lines)
}

fn mebibytes(subject: &Subject) -> anyhow::Result<f64> {
    Ok(subject.server.memory()? as f64 / f64::from(1 << 20))
}
