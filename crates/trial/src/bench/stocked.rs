//! A service with very many peerings that nobody touches, to be measured beside one with few.

use super::Run;
use super::generator::load;
use super::subject::{Project, Proof, Subject};
use crate::stock::{self, EACH, Original};

/// A running service with so many peerings more than it made itself, all of them settled, and
/// projects to work in. The last project of the copies is `listed`.
pub(crate) struct Stocked {
    /// The service.
    pub(crate) subject: Subject,
    /// A project with [`EACH`] peerings.
    pub(crate) listed: String,
    /// One of its peerings.
    pub(crate) one: String,
}

/// Makes one.
///
/// # Errors
/// The service fails, or does not take the copies.
pub(crate) async fn stocked(run: &Run, projects: usize, count: usize) -> anyhow::Result<Stocked> {
    let subject =
        Subject::start(&run.program, &run.scratch, "pace = \"instant\"", projects).await?;
    let Project { id: group, container } = subject.projects[0].clone();
    let scripts = subject.work().creates(Proof::Bearer, 1, 0, 1).await?;
    load(subject.server.address, scripts).await?;
    let original = Original::settled(subject.client(), &group, &container).await?;
    let progress = run.bar(count as u64, &format!("{count} peerings are stored"));
    let subject =
        subject.while_stopped(async |path| stock::fill(path, &original, count, &progress).await);
    let subject = subject.await?;
    progress.finish_and_clear();
    let listed = stock::group(count / EACH - 1);
    let one = stock::peering(count - 1);
    Ok(Stocked { subject, listed, one })
}
