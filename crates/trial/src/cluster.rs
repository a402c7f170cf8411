//! Real etcd members and replicas in networks of their own, killed, paused and cut off under load,
//! one fault at a time.
//!
//! What clients were told has to be linearizable, and after quiet nothing may be lost, doubled or
//! left over in the clouds. Availability during each fault is printed, not judged. With a mistake
//! planted in one replica the trial is about itself: what clients were told has to betray it.

mod fault;
mod net;
mod nodes;
mod verdict;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::program::{Credentials, program};
use crate::report::say;
use anyhow::Context as _;
use clap::Args;
use hyper::Method;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::crowd::linear::{IMPOSSIBLE, linearizable};
use crate::crowd::{Crowd, Habits, Project};
use fault::Fault;
use nodes::{Cluster, ETCDS, LEASE};

/// Kill, pause and cut off three etcd members and two replicas under load, in network namespaces.
#[derive(Debug, Args)]
pub struct ClusterTrial {
    /// The program, built with etcd; the one beside this program if not given.
    #[arg(long)]
    program: Option<PathBuf>,
    /// How long faults are made.
    #[arg(long, default_value_t = 2)]
    minutes: u64,
    /// How many clients there are.
    #[arg(long, default_value_t = 10)]
    clients: usize,
    /// Let one replica answer every fifth read of a peering with what it saw of it the time before,
    /// for twenty seconds: what clients were told has to show it, and the trial fails if it does
    /// not.
    #[arg(long, conflicts_with = "minutes")]
    planted: bool,
    /// Keep the directory with the logs.
    #[arg(long)]
    keep: bool,
}

/// How long one fault lasts: longer than a lease.
const FAULT: Duration = Duration::from_secs(7);
/// How long there is none after it.
const REST: Duration = Duration::from_secs(5);
/// How long faults are made while a mistake is planted: long enough for one of them.
const PLANTED: Duration = Duration::from_secs(20);
/// The mistake.
const STALE_READS: (&str, &str) = ("PEERAGE_STALE_READS", "5");
/// How many projects there are: they are in several shards.
const PROJECTS: usize = 5;

const HABITS: Habits = Habits { pace: Duration::from_millis(20), youngest: 14 };

/// When a fault was, as histories have the time.
struct Window {
    name: String,
    from: Duration,
    to: Duration,
}

/// Runs the trial. Needs to be root: it makes namespaces, and takes them away.
///
/// # Errors
/// What was found wrong.
pub async fn run(command: &ClusterTrial) -> anyhow::Result<()> {
    let mut directory = tempfile::tempdir()?;
    directory.disable_cleanup(command.keep);
    let outcome = trial(command, directory.path()).await;
    if outcome.is_err() {
        directory.disable_cleanup(true);
        say(format!("the logs are in {}", directory.path().display()));
    }
    outcome
}

async fn trial(command: &ClusterTrial, directory: &std::path::Path) -> anyhow::Result<()> {
    let program = program(command.program.as_deref())?;
    let mistake = command.planted.then_some(STALE_READS);
    let (mut cluster, credentials) = Cluster::start(&program, directory, mistake).await?;
    let crowd = prepare(&cluster, &credentials).await?;
    let (stop, stopped) = watch::channel(false);
    let auth = credentials.bearer(cluster.addresses()[0]).await?;
    let clients: Vec<_> = (0..command.clients)
        .map(|number| {
            let addresses = cluster.addresses();
            tokio::spawn(crowd.clone().run(
                number,
                number as u64 + 1,
                addresses,
                auth.clone(),
                stopped.clone(),
            ))
        })
        .collect();
    let minutes = Duration::from_secs(command.minutes * 60);
    let bound = if command.planted { PLANTED } else { minutes };
    let windows = faults(&mut cluster, &crowd, bound).await?;
    stop.send_replace(true);
    for client in clients {
        client.await?;
    }
    if command.planted {
        return betrayed(&crowd);
    }
    availability(&crowd, &windows);
    let mut client = Client::new(cluster.addresses()[1], auth);
    verdict::quiet(&cluster, &crowd, &mut client).await?;
    say(linearizable(&crowd)?.to_string());
    Ok(())
}

/// Whether what clients were told shows that a replica makes a mistake.
fn betrayed(crowd: &Crowd) -> anyhow::Result<()> {
    let Err(found) = linearizable(crowd) else {
        anyhow::bail!("what clients were told does not show that a replica reads from the past");
    };
    let told = format!("{found:#}");
    // A search that was given up shows nothing.
    anyhow::ensure!(told.contains(IMPOSSIBLE), "another failure: {told}");
    say(format!("found, as it should be: {}", told.lines().next().unwrap_or_default()));
    Ok(())
}

/// Projects, each with a container, asked for at both replicas in turn.
async fn prepare(
    cluster: &Cluster,
    credentials: &Credentials,
) -> anyhow::Result<std::sync::Arc<Crowd>> {
    let mut projects = Vec::new();
    let org = credentials.get("orgId")?;
    for number in 0..PROJECTS {
        // A nonce or a token of one replica is good at the other.
        let addresses = cluster.addresses();
        let auth = credentials.bearer(addresses[number % addresses.len()]).await?;
        let mut client = Client::new(addresses[(number + 1) % addresses.len()], auth);
        let body = json!({ "name": format!("cluster {number}"), "orgId": org });
        let made = client.ok(&Method::POST, "/api/atlas/v2/groups", Some(&body)).await?;
        let id = made["id"].as_str().context("a project without an id")?;
        projects.push(Project::new(&mut client, format!("/api/atlas/v2/groups/{id}")).await?);
    }
    Ok(Crowd::new(projects, HABITS))
}

/// Makes one fault after the other, and keeps when each was.
async fn faults(
    cluster: &mut Cluster,
    crowd: &Crowd,
    bound: Duration,
) -> anyhow::Result<Vec<Window>> {
    let started = Instant::now();
    let mut windows = vec![quiet(crowd, "nothing").await];
    for number in 0.. {
        for fault in Fault::round(number) {
            if started.elapsed() + FAULT > bound {
                return Ok(windows);
            }
            let deposed = deposed(cluster, fault);
            let from = crowd.now();
            fault.strike(cluster).await.with_context(|| fault.name())?;
            sleep(FAULT).await;
            let to = crowd.now();
            fault.heal(cluster).await.with_context(|| fault.name())?;
            say(format!("{:>6.1} s  {}", to.as_secs_f64(), fault.name()));
            windows.push(Window { name: fault.name(), from, to });
            sleep(REST).await;
            woken(cluster, fault, deposed)?;
        }
    }
    Ok(windows)
}

/// The replica that a fault happens to, and how often it noted that it was deposed.
fn deposed(cluster: &Cluster, fault: Fault) -> Option<(usize, usize)> {
    let Fault::Pause(member) = fault else { return None };
    let replica = member.checked_sub(ETCDS)?;
    Some((replica, cluster.logged(replica, "replica.deposed")))
}

/// A replica that was paused for longer than its lease has to know that it owns nothing.
fn woken(cluster: &Cluster, fault: Fault, before: Option<(usize, usize)>) -> anyhow::Result<()> {
    let Some((replica, before)) = before else { return Ok(()) };
    let after = cluster.logged(replica, "replica.deposed");
    anyhow::ensure!(
        FAULT <= LEASE || after > before,
        "after `{}` the replica did not note that it was deposed",
        fault.name()
    );
    Ok(())
}

async fn quiet(crowd: &Crowd, name: &str) -> Window {
    let from = crowd.now();
    sleep(REST).await;
    Window { name: name.to_owned(), from, to: crowd.now() }
}

/// Prints how many requests were answered during each fault, and the longest time without any.
fn availability(crowd: &Crowd, windows: &[Window]) {
    let attempts = crowd.attempts();
    say(format!("\n{:<36} {:>9} {:>9} {:>7}  longest gap", "fault", "answered", "attempts", "%"));
    for Window { name, from, to } in windows {
        let inside: Vec<_> = attempts.iter().filter(|(at, _)| at >= from && at <= to).collect();
        let mut fine: Vec<Duration> =
            inside.iter().filter(|(_, fine)| *fine).map(|(at, _)| *at).collect();
        let answered = fine.len();
        fine.extend([*from, *to]);
        fine.sort_unstable();
        let gap = fine.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
        let share = 100.0 * answered as f64 / inside.len().max(1) as f64;
        let (count, gap) = (inside.len(), gap.as_secs_f64());
        say(format!("{name:<36} {answered:>9} {count:>9} {share:>6.1}%  {gap:.2} s"));
    }
}
