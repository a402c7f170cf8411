//! The disk trial: the disk of a running service fills up, fails, or may not be written to. Changes
//! are then refused with a reason and a time to come back, reads go on, nothing that was
//! acknowledged is lost, nothing that was refused appears, and changes are taken again by
//! themselves once the cause is gone.

mod fault;
mod witness;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use hyper::Method;

use self::fault::{Ballast, IoError, Mount};
use self::witness::{Took, Witness};
use crate::client::{Auth, Client};
use crate::program::{Home, Server, UNLIMITED, program};
use crate::report::say;
use crate::wait::{Seen, until};

/// How large the small disk is, in MiB.
const DISK: u32 = 24;
/// How soon changes are taken again after the cause is gone, at most.
const RECOVERY: Duration = Duration::from_secs(15);
/// Changes that are tried until one is refused.
const TRIES: usize = 120;

const INSTANT: &str = "[clouds.emulated]\npace = \"instant\"\n";

/// Take the disk away from the service, in several ways, and give it back.
#[derive(Debug, Args)]
pub struct DiskTrial {
    /// The program; the one beside this program if not given.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// A running service, and what it has to keep.
struct Patient {
    home: Home,
    server: Server,
    witness: Witness,
}

/// Runs the trial; root only, because it mounts small disks and traces a process.
///
/// # Errors
/// What was found wrong.
pub async fn run(command: &DiskTrial) -> anyhow::Result<()> {
    let program = program(command.program.as_deref())?;
    full(&program).await.context("a full disk")?;
    read_only(&program).await.context("a directory that may not be written to")?;
    for calls in ["fsync,fdatasync", "pwrite64", "fsync,fdatasync,pwrite64,ftruncate"] {
        failing(&program, calls).await.with_context(|| format!("{calls} fail"))?;
    }
    Ok(())
}

/// The disk fills up while the service runs; it is killed and started on the full disk too.
async fn full(program: &Path) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let disk = Mount::small(directory.path(), DISK)?;
    let mut patient = Patient::begin(program, disk.path()).await?;
    let (first, second) = (disk.path().join("first"), disk.path().join("second"));
    let (first, second) = (first.display().to_string(), second.display().to_string());
    patient.home.run(&["backup", &first]).await?;
    let backup = std::fs::read(&first)?;
    let ballast = Ballast::fill(disk.path())?;
    let refused = patient.refused("no room").await?;
    patient.is_read_only().await?;
    let said = patient.home.run(&["backup", &second]).await;
    let said = said.err().context("a backup was made on a full disk")?.to_string();
    ensure!(said.contains(&second), "a failed backup does not name its file: {said}");
    ensure!(std::fs::read(&first)? == backup, "the earlier backup was changed");
    ensure!(!Path::new(&second).exists(), "a part of a backup was left behind");
    let mut patient = patient.killed_and_started().await?;
    patient.witness.check().await.context("after a start on the full disk")?;
    drop(ballast);
    patient.recovers(refused).await?;
    patient.end("a full disk").await
}

/// The service is started where it may not write; it says so, and starts once it may.
async fn read_only(program: &Path) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let patient = Patient::begin(program, directory.path()).await?;
    let Patient { home, server, witness } = patient;
    server.kill().await?;
    let mount = Mount::read_only(directory.path())?;
    let said = home.run(&["serve"]).await.err().context("it runs where it may not write")?;
    let said = said.to_string();
    let place = directory.path().display().to_string();
    ensure!(said.contains(&place), "the refusal does not name the place: {said}");
    say(format!("  told: {}", said.lines().last().unwrap_or_default()));
    drop(mount);
    let server = home.start().await?;
    let mut patient = Patient { witness: witness.of(server.address), home, server };
    patient.recovers(Duration::ZERO).await?;
    patient.end("a directory that may not be written to").await
}

/// Calls to the disk fail while the service runs.
async fn failing(program: &Path, calls: &str) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut patient = Patient::begin(program, directory.path()).await?;
    let fault = IoError::begin(patient.server.pid()?, calls).await?;
    let refused = patient.refused("").await?;
    patient.is_read_only().await?;
    fault.end().await?;
    patient.recovers(refused).await?;
    let patient = patient.killed_and_started().await?;
    patient.end(&format!("{calls} fail")).await
}

impl Patient {
    async fn begin(program: &Path, directory: &Path) -> anyhow::Result<Self> {
        let home = Home::new(program, directory, &format!("{UNLIMITED}{INSTANT}"))?;
        let credentials = home.init().await?;
        let server = home.start().await?;
        let auth = credentials.bearer(server.address).await?;
        let org = credentials.get("orgId")?;
        let mut patient =
            Self { witness: Witness::new(server.address, auth, org).await?, home, server };
        for _ in 0..8 {
            ensure!(patient.witness.write().await? == Took::Kept, "a healthy disk refuses");
        }
        ensure!(patient.shows("/readyz", "\"READY\"").await?, "it is not ready at first");
        Ok(patient)
    }

    /// Changes until one is refused for this reason; when to come back.
    async fn refused(&mut self, reason: &str) -> anyhow::Result<Duration> {
        for _ in 0..TRIES {
            if let Took::Refused { after, said } = self.witness.write().await? {
                ensure!(said.contains(reason), "refused for another reason: {said}");
                ensure!(!after.is_zero(), "no time to come back: {said}");
                return Ok(after);
            }
        }
        anyhow::bail!("{TRIES} changes were taken, and none was refused")
    }

    /// It lives, reads go on, and it says that it takes no changes.
    async fn is_read_only(&mut self) -> anyhow::Result<()> {
        self.witness.check().await.context("reads go on")?;
        ensure!(self.shows("/readyz", "READ_ONLY").await?, "/readyz does not say READ_ONLY");
        ensure!(self.shows("/metrics", "peerage_store_writable 0").await?, "/metrics says nothing");
        Ok(())
    }

    /// Changes are taken again when it was said that they are, or soon after.
    async fn recovers(&mut self, after: Duration) -> anyhow::Result<()> {
        tokio::time::sleep(after).await;
        let witness = &tokio::sync::Mutex::new(&mut self.witness);
        until("changes are taken again", RECOVERY, || async move {
            Ok(match witness.lock().await.write().await? {
                Took::Kept => Seen::Holds(()),
                Took::Refused { said, .. } => Seen::NotYet(said),
            })
        })
        .await?;
        let this = &*self;
        until("it is ready again", RECOVERY, || async move {
            let is_ready = this.shows("/readyz", "\"READY\"").await?
                && this.shows("/metrics", "peerage_store_writable 1").await?;
            Ok(if is_ready { Seen::Holds(()) } else { Seen::NotYet("not ready".to_owned()) })
        })
        .await?;
        self.witness.check().await
    }

    async fn killed_and_started(self) -> anyhow::Result<Self> {
        let Self { home, server, witness } = self;
        server.kill().await?;
        let server = home.start().await?;
        Ok(Self { witness: witness.of(server.address), home, server })
    }

    async fn shows(&self, path: &str, text: &str) -> anyhow::Result<bool> {
        let mut client = Client::new(self.server.address, Auth::Nobody);
        let answer = client.send(&Method::GET, path, None).await?;
        Ok(answer.is_success() && answer.text().contains(text))
    }

    async fn end(self, what: &str) -> anyhow::Result<()> {
        let Self { home, server, mut witness } = self;
        witness.check().await?;
        let log = std::fs::read_to_string(home.log())?;
        ensure!(!log.contains("panicked"), "it panicked: {}", home.last_words());
        server.stop().await?;
        say(format!("{what}: {}", witness.told()));
        Ok(())
    }
}
