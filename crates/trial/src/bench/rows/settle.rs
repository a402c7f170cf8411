//! How long it takes until a peering is AVAILABLE when the clouds take no time.

use std::time::{Duration, Instant};

use hyper::Method;

use crate::bench::figure::{Line, Sample, Target};
use crate::bench::generator::load;
use crate::bench::subject::{PEERINGS_EACH, Proof, Subject};
use crate::bench::{Run, Size};
use crate::wait::{Seen, until};

const BOUND: Duration = Duration::from_secs(120);
const CONNECTIONS: usize = 64;

/// One alone, and very many at once.
///
/// # Errors
/// Something failed that must not.
pub(crate) async fn time(run: &Run) -> anyhow::Result<Vec<Line>> {
    let projects = if run.size == Size::Quick { 4 } else { 42 };
    let (mut alone, mut together) = (Sample::default(), Sample::default());
    let count = if run.size == Size::Quick { projects * PEERINGS_EACH } else { 1_000 };
    for round in 1..=run.rounds {
        run.progress(&format!("until it is AVAILABLE, round {round} of {}", run.rounds));
        let (program, scratch) = (&run.program, &run.scratch);
        let subject = Subject::start(program, scratch, "pace = \"instant\"", 1 + projects).await?;
        let one = subject.working_in(0, 1);
        alone.add(settle(&subject, &one, 1, 1).await?);
        let others = subject.working_in(1, projects);
        together.add(settle(&subject, &others, CONNECTIONS, count).await?);
        subject.server.kill().await?;
    }
    let name = format!("create to AVAILABLE, pace instant, {count} at once");
    let most = Target::Most(2_000.0);
    Ok(vec![
        Line::alone("create to AVAILABLE, pace instant, alone", &alone, "ms", Target::Most(50.0)),
        Line::alone(&name, &together, "ms", most),
    ])
}

/// From the first request until the last one is AVAILABLE, in milliseconds.
async fn settle(
    subject: &Subject,
    work: &super::super::subject::Work,
    connections: usize,
    count: usize,
) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let scripts = work.creates(Proof::Bearer, connections, 0, count).await?;
    load(subject.server.address, scripts).await?;
    let client = &tokio::sync::Mutex::new(subject.client());
    for project in work.projects.iter() {
        let path = &format!("/api/atlas/v2/groups/{}/peers?itemsPerPage=100", project.id);
        until("every peering is AVAILABLE", BOUND, || async move {
            let list = client.lock().await.ok(&Method::GET, path, None).await?;
            let peers = list["results"].as_array().map(Vec::as_slice).unwrap_or_default();
            let waits = peers.iter().filter(|peer| peer["statusName"] != "AVAILABLE").count();
            Ok(if waits == 0 { Seen::Holds(()) } else { Seen::NotYet(format!("{waits} wait")) })
        })
        .await?;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}
