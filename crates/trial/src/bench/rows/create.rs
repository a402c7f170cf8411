//! Durable creates: beside the engine alone, beside what people use instead, and with either way
//! to prove who one is.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;

use crate::bench::bare;
use crate::bench::engine;
use crate::bench::figure::{Line, Sample, Target};
use crate::bench::generator::{Outcome, load, request};
use crate::bench::peer;
use crate::bench::shape::Shape;
use crate::bench::subject::{PEERINGS_EACH, Proof, Subject, creation};
use crate::bench::{Run, Size};
use crate::etcd::Etcd;
use crate::stock;

const CONNECTIONS: usize = 64;
/// Connections where the slowest answers are looked at.
const FEW: usize = 16;
/// moto is asked this often; each create makes the next one slower.
const MOTO: usize = 400;

fn projects(size: Size) -> usize {
    if size == Size::Quick { 20 } else { 240 }
}

/// Creates over HTTP, with a token and with Digest, beside SQLite and others' servers.
///
/// # Errors
/// Something failed that must not.
pub(crate) async fn throughput(run: &Run) -> anyhow::Result<Vec<Line>> {
    let count = projects(run.size) * PEERINGS_EACH;
    let (shape, document) = look(run).await?;
    let others = Others::start(run, &document).await;
    let mut all = Samples::default();
    for round in 1..=run.rounds {
        run.progress(&format!("creates, round {round} of {}", run.rounds));
        let scratch = TempDir::new_in(&run.scratch)?;
        let (copy, sizes) = (shape.clone(), (count, projects(run.size), CONNECTIONS));
        let took = tokio::task::spawn_blocking(move || {
            let took = engine::sqlite(scratch.path(), &copy, sizes);
            took.map(|took| (took, scratch))
        });
        all.engine.add(rate(count, took.await??.0));
        all.bearer.add(creates(run, Proof::Bearer, CONNECTIONS).await?.rate());
        all.digest.add(creates(run, Proof::Digest, CONNECTIONS).await?.rate());
        others.measure(&mut all).await?;
    }
    let (rows, bytes) = shape.size();
    let engine = format!("SQLite alone, 64 in each commit, the same {rows} rows ({bytes} bytes)");
    let name = format!("durable creates a second, token, {CONNECTIONS} connections");
    let line = |other: &str, sample, least| {
        Line::beside(&name, (&all.bearer, "/s"), (other, sample), Target::Least(least))
    };
    let mut lines = vec![line(&engine, &all.engine, 0.8)];
    lines.push(match &others.moto {
        Ok(_) => line("moto's creates a second, 16 connections", &all.moto, 25.0),
        Err(error) => Line::missing("the same beside moto", &error.to_string()),
    });
    lines.push(match &others.prism {
        Ok(_) => line("Prism's creates a second, 16 connections", &all.prism, 2.5),
        Err(error) => Line::missing("the same beside Prism", &error.to_string()),
    });
    let digest = format!("durable creates a second, Digest, {CONNECTIONS} connections");
    let with_token = ("with a token", &all.bearer);
    lines.push(Line::beside(&digest, (&all.digest, "/s"), with_token, Target::Least(0.9)));
    Ok(lines)
}

#[derive(Default)]
struct Samples {
    engine: Sample,
    bearer: Sample,
    digest: Sample,
    moto: Sample,
    prism: Sample,
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// What others' servers are asked, if they run.
struct Others {
    moto: anyhow::Result<(peer::Peer, [String; 2])>,
    prism: anyhow::Result<peer::Peer>,
    prism_creates: usize,
}

impl Others {
    async fn start(run: &Run, document: &[u8]) -> Self {
        if run.size == Size::Quick {
            let left_out = || anyhow::anyhow!("left out of a quick run");
            return Self { moto: Err(left_out()), prism: Err(left_out()), prism_creates: 0 };
        }
        run.progress("moto and Prism are installed, if they are not, and started");
        let moto = peer::moto(&run.scratch).await;
        let prism = peer::prism(&run.scratch, document).await;
        Self { moto, prism, prism_creates: 2_000 }
    }

    async fn measure(&self, all: &mut Samples) -> anyhow::Result<()> {
        if let Ok((moto, networks)) = &self.moto {
            let scripts = peer::moto_creates(networks, FEW, MOTO);
            all.moto.add(load(moto.address, scripts).await?.rate());
        }
        if let Ok(prism) = &self.prism {
            let path = "/api/atlas/v2/groups/6b058a0853e1161f01414072/peers";
            let body = creation("6b058a0853e1161f01414072", 0, 0);
            let headers = [
                ("accept", "application/vnd.atlas.2023-01-01+json"),
                ("content-type", "application/vnd.atlas.2023-01-01+json"),
                ("authorization", "Bearer token"),
            ];
            let ask = request("POST", path, &headers, &body);
            let scripts = peer::again(&ask, FEW, self.prism_creates);
            all.prism.add(load(prism.address, scripts).await?.rate());
        }
        Ok(())
    }
}

/// The slowest creates at few connections, beside a server that appends to a log.
///
/// # Errors
/// Something failed that must not.
pub(crate) async fn latency(run: &Run) -> anyhow::Result<Vec<Line>> {
    let scratch = TempDir::new_in(&run.scratch)?;
    let answer = vec![b'x'; 569];
    let bare = bare::Server::start(scratch.path(), &answer).await?;
    let (mut slowest, mut median) = (Sample::default(), Sample::default());
    let (mut bare_slowest, mut bare_median) = (Sample::default(), Sample::default());
    for round in 1..=run.rounds {
        run.progress(&format!("the slowest creates, round {round} of {}", run.rounds));
        let body = creation("6b058a0853e1161f01414072", 0, 0);
        let ask = request("POST", "/appended", &[("content-type", "application/json")], &body);
        let count = projects(run.size) * PEERINGS_EACH;
        let appended = load(bare.address, peer::again(&ask, FEW, count)).await?;
        bare_slowest.add(appended.permille(990));
        bare_median.add(appended.permille(500));
        let created = creates(run, Proof::Bearer, FEW).await?;
        slowest.add(created.permille(990));
        median.add(created.permille(500));
    }
    let other = "appends to a log with one wait for the disk, bare axum, 16 connections";
    let beside =
        |what, ours, theirs, target| Line::beside(what, (ours, "ms"), (other, theirs), target);
    Ok(vec![
        beside("p99 of a create, 16 connections", &slowest, &bare_slowest, Target::Most(4.0)),
        beside("median of a create, 16 connections", &median, &bare_median, Target::Shown),
    ])
}

/// Creates over HTTP in a new installation.
async fn creates(run: &Run, proof: Proof, connections: usize) -> anyhow::Result<Outcome> {
    let subject = Subject::start(&run.program, &run.scratch, "", projects(run.size)).await?;
    let count = subject.projects.len() * PEERINGS_EACH;
    let scripts = subject.work().creates(proof, connections, 0, count).await?;
    let outcome = load(subject.server.address, scripts).await?;
    subject.server.kill().await?;
    Ok(outcome)
}

/// What one create leaves in the store, and the description of the service.
async fn look(run: &Run) -> anyhow::Result<(Shape, Vec<u8>)> {
    let subject = Subject::start(&run.program, &run.scratch, "", 1).await?;
    // The first peering also begins the project's work; the second is as all others are.
    let scripts = subject.work().creates(Proof::Bearer, 1, 0, 1).await?;
    load(subject.server.address, scripts).await?;
    let document = subject.client().ok(&hyper::Method::GET, "/openapi.json", None).await?;
    let mut shape = None;
    let opened = async |path: &Path| {
        shape = Some(Shape::of_create(&stock::open(path)?).await?);
        Ok(())
    };
    subject.while_stopped(opened).await?;
    let shape = shape.context("no shape")?;
    Ok((shape, document.to_string().into_bytes()))
}

/// Creates over etcd, beside etcd's own transactions.
///
/// # Errors
/// Something failed that must not.
pub(crate) async fn on_etcd(run: &Run) -> anyhow::Result<Vec<Line>> {
    let name = "durable creates a second on etcd, one member, 64 connections";
    let (shape, _) = look(run).await?;
    let (mut ours, mut alone) = (Sample::default(), Sample::default());
    for round in 1..=run.rounds {
        run.progress(&format!("creates on etcd, round {round} of {}", run.rounds));
        let scratch = TempDir::new_in(&run.scratch)?;
        let member = match Etcd::start(&scratch.path().join("etcd")).await {
            Ok(member) => member,
            Err(error) => return Ok(vec![Line::missing(name, &error.to_string())]),
        };
        let projects = projects(run.size) / 2;
        let count = projects * PEERINGS_EACH;
        let took = own(&member, &shape, (count, projects, CONNECTIONS)).await?;
        alone.add(rate(count, took));
        let (program, store) = (&run.program, member.url());
        let subject = Subject::over(program, &run.scratch, &store, projects).await?;
        let scripts = subject.work().creates(Proof::Bearer, CONNECTIONS, 0, count).await?;
        ours.add(load(subject.server.address, scripts).await?.rate());
        subject.server.kill().await?;
    }
    let other = ("etcd's own transactions of the same shape", &alone);
    Ok(vec![Line::beside(name, (&ours, "/s"), other, Target::Least(0.8))])
}

#[cfg(feature = "etcd")]
async fn own(
    member: &Etcd,
    shape: &Shape,
    sizes: (usize, usize, usize),
) -> anyhow::Result<Duration> {
    engine::etcd(member.url().trim_start_matches("etcd://"), shape, sizes).await
}

#[cfg(not(feature = "etcd"))]
async fn own(_: &Etcd, _: &Shape, _: (usize, usize, usize)) -> anyhow::Result<Duration> {
    anyhow::bail!("this program was built without etcd")
}
