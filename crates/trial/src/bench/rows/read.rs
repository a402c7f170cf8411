//! Reads, beside a server that answers with the same bytes and does nothing else.

use tempfile::TempDir;

use crate::bench::bare;
use crate::bench::figure::{Line, Sample, Target};
use crate::bench::generator::{Connection, load, request};
use crate::bench::peer::again;
use crate::bench::stocked::{Stocked, stocked};
use crate::bench::{Run, Size};
use crate::stock::EACH;

const CONNECTIONS: usize = 64;

/// Getting one peering and listing a page of them.
///
/// # Errors
/// Something failed that must not.
pub(crate) async fn throughput(run: &Run) -> anyhow::Result<Vec<Line>> {
    let Stocked { subject, listed, one } = stocked(run, 1, EACH).await?;
    let base = format!("/api/atlas/v2/groups/{listed}/peers");
    let one = subject.get(&format!("{base}/{one}"));
    let page = subject.get(&format!("{base}?itemsPerPage={EACH}"));
    let address = subject.server.address;
    let (gets, lists) = if run.size == Size::Quick { (2_000, 200) } else { (60_000, 6_000) };
    let name = |what: &str| format!("{what} a second, {CONNECTIONS} connections");
    let mut lines = Vec::new();
    for (what, ask, count, least) in
        [("gets of one peering", one, gets, 0.6), ("lists of 100 peerings", page, lists, 0.5)]
    {
        let answer = Connection::open(address).await?.ask(&ask).await?;
        let scratch = TempDir::new_in(&run.scratch)?;
        let bare = bare::Server::start(scratch.path(), &answer).await?;
        let fixed = request("GET", "/fixed", &[], "");
        let (mut ours, mut theirs) = (Sample::default(), Sample::default());
        for round in 1..=run.rounds {
            run.progress(&format!("{what}, round {round} of {}", run.rounds));
            theirs.add(load(bare.address, again(&fixed, CONNECTIONS, count)).await?.rate());
            ours.add(load(address, again(&ask, CONNECTIONS, count)).await?.rate());
        }
        let other = format!("bare axum, the same {} bytes", answer.len());
        let beside = (other.as_str(), &theirs);
        lines.push(Line::beside(&name(what), (&ours, "/s"), beside, Target::Least(least)));
    }
    Ok(lines)
}
