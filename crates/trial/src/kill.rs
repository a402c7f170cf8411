//! The kill loop: `peerage serve` dies again and again under load, at random moments and at named
//! places, and each time what it stored has to be what it answered.
//!
//! Two kinds of clients judge it. Those that have a peering to themselves know after each death
//! what it has to be: nothing acknowledged is lost, what was not answered is one way or the other
//! and stays so, nothing is there that nobody asked for or that went. Those that share peerings
//! have to have been told what one order of all their requests explains. After quiet: every peering
//! is settled, and the emulated clouds hold what belongs to peerings and nothing else.

mod clouds;
mod commons;
pub mod load;
pub mod slot;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use hyper::Method;
use indicatif::ProgressBar;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use serde_json::Value;

use self::commons::Commons;
use self::load::{Project, Shared, Tally, Worker};
use self::slot::{PROVIDERS, State, marker_field, status};
use crate::client::{Auth, Client};
use crate::crowd::linear::{IMPOSSIBLE, Judged};
use crate::program::{Home, Server, UNLIMITED, program};
use crate::report::{median, say};
use crate::stock::{self, Kept, Original};
use crate::wait::{Seen, until};

const PROJECTS: usize = 6;
const WORKERS: usize = 18;
/// Deaths between two looks at a service that was left in quiet.
const QUIET_EVERY: usize = 25;
/// How long a place may take to be reached before the process is killed from outside.
const PLACE: Duration = Duration::from_millis(1500);
/// How long everything may take to settle.
const SETTLE: Duration = Duration::from_secs(60);

/// From its start until it is ready, however full the store is.
const READY_MAX: Duration = Duration::from_secs(1);

/// What is said of a service that does not keep what it answered.
const FINDINGS: [&str; 4] = ["wrong answers", "should be one of", "nobody asked", IMPOSSIBLE];

/// How a process that ended by the signal that nothing can catch is told of.
const KILLED: &str = "signal: 9";

const PLACES: [&str; 6] = [
    "store.commit.before",
    "store.commit.after",
    "fabric.call.before",
    "fabric.call.after",
    "journal.save.before",
    "journal.save.after",
];

const CLOUDS: &str = "
[clouds.emulated]
pace = { base = \"instant\", aws_initiating = \"15ms\", aws_provisioning = \"15ms\", \
azure_connecting = \"20ms\", gcp_operation = \"15ms\", removal = \"20ms\", customer = \"10ms\" }
";

/// Kill the service again and again under load, and compare what is left with what it answered.
#[derive(Debug, Args)]
pub struct Kill {
    /// How many deaths.
    #[arg(long, default_value_t = 500)]
    kills: usize,
    /// Decides moments, places and requests.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Store so many peerings before, in projects of a hundred. Nobody touches them; with them
    /// every start has to be ready within one second.
    #[arg(long, default_value_t = 0)]
    stock: usize,
    /// Let the service forget every twentieth transaction that it acknowledged: the clients of each
    /// kind have to find it by themselves, and the loop fails if they do not.
    #[arg(long)]
    planted: bool,
    /// The program, built with failpoints; the one beside this program if not given.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// Which clients there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clients {
    /// Those of both kinds.
    All,
    /// Those that have peerings to themselves.
    Owners,
    /// Those that share peerings.
    Sharers,
}

/// A run of the loop.
struct Run {
    home: Home,
    auth: Auth,
    projects: Vec<Project>,
    shared: Arc<Shared>,
    workers: Vec<Worker>,
    commons: Commons,
    judged: Judged,
    /// What was copied, and what is stored of copies beside what clients work on.
    stock: Option<(Original, Kept)>,
    /// Markers of peerings that are gone for good.
    gone: BTreeSet<String>,
    random: ChaCha8Rng,
    tally: Tally,
    ready: Vec<Duration>,
    /// Deaths by place; those at a random moment under their own name.
    deaths: BTreeMap<&'static str, usize>,
}

/// Runs the loop.
///
/// # Errors
/// What was found wrong, with the seed.
pub async fn run(command: &Kill) -> anyhow::Result<()> {
    let program = program(command.program.as_deref())?;
    if command.planted {
        planted(&program, command, Clients::Owners).await?;
        return planted(&program, command, Clients::Sharers).await;
    }
    let directory = tempfile::tempdir()?;
    deaths(Run::begin(&program, directory.path(), command, Clients::All).await?, command).await
}

async fn planted(program: &Path, command: &Kill, clients: Clients) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let run = Run::begin(program, directory.path(), command, clients).await?;
    let home = run.home.clone().with("PEERAGE_FORGETS", "20");
    let Err(found) = deaths(Run { home, ..run }, command).await else {
        bail!("{} deaths did not show {clients:?} that transactions are forgotten", command.kills);
    };
    let told = format!("{found:#}");
    // Whatever else goes wrong shows nothing.
    ensure!(FINDINGS.iter().any(|said| told.contains(said)), "another failure: {told}");
    let told = told.lines().next().unwrap_or_default();
    say(format!("found by {clients:?}, as it should be: {told}"));
    Ok(())
}

async fn deaths(mut run: Run, command: &Kill) -> anyhow::Result<()> {
    let seed = command.seed;
    for number in 1..=command.kills {
        run.round().await.with_context(|| format!("seed {seed}, death {number}"))?;
        if number % QUIET_EVERY == 0 || number == command.kills {
            run.quiet().await.with_context(|| format!("seed {seed}, quiet after {number}"))?;
            say(format!("{number} deaths, {} changes acknowledged", run.tally.acknowledged));
        }
    }
    if let Some((_, before)) = &run.stock {
        let after = stock::kept(&run.home.store()).await?;
        ensure!(after == *before, "seed {seed}: the stock was {before:?} and is {after:?}");
    }
    run.report(seed);
    run.is_ready_in_time()
}

impl Run {
    async fn begin(
        program: &Path,
        directory: &Path,
        command: &Kill,
        clients: Clients,
    ) -> anyhow::Result<Self> {
        let home = Home::new(program, directory, &format!("{UNLIMITED}{CLOUDS}"))?;
        let credentials = home.init().await?;
        let org = credentials.get("orgId")?;
        let server = home.start().await?;
        let auth = credentials.bearer(server.address).await?;
        let mut client = Client::new(server.address, auth.clone());
        let mut projects = Vec::new();
        for number in 0..PROJECTS {
            projects.push(Project::new(&mut client, org, number + 1).await?);
        }
        let commons = Commons::new(&mut client, org).await?;
        let stock = fill(server, &home, client, org, command.stock).await?;
        let shared = Arc::new(Shared::default());
        let mut random = ChaCha8Rng::seed_from_u64(command.seed);
        let worker =
            |number| Worker::new(number % PROJECTS, number / PROJECTS, random.next_u64(), &shared);
        let workers = (0..WORKERS).map(worker).collect();
        let (workers, commons) = match clients {
            Clients::All => (workers, commons),
            Clients::Owners => (workers, commons.deserted()),
            Clients::Sharers => (Vec::new(), commons),
        };
        Ok(Self {
            home,
            auth,
            projects,
            shared,
            workers,
            commons,
            judged: Judged::default(),
            stock,
            gone: BTreeSet::new(),
            random,
            tally: Tally::default(),
            ready: Vec::new(),
            deaths: BTreeMap::new(),
        })
    }

    /// One life of the service, from its start to its death.
    async fn round(&mut self) -> anyhow::Result<()> {
        let roll = self.random.next_u64();
        let place = (roll % 5 < 3).then(|| PLACES[below(roll >> 8, PLACES.len())]);
        let hit = 1 + below(self.random.next_u64(), 120);
        let moment = Duration::from_millis(20 + below(self.random.next_u64(), 180) as u64);
        let Some(place) = place else {
            let server = self.start_and_compare().await?;
            *self.deaths.entry("random moment").or_default() += 1;
            return self.load(server, moment).await.map(drop);
        };
        let armed = self.home.clone().with("PEERAGE_FAILPOINT", &format!("{place}:{hit}"));
        match armed.start().await {
            Ok(server) => {
                self.ready.push(server.took);
                let reached = self.load(server, PLACE).await?;
                let place = if reached { place } else { "random moment" };
                *self.deaths.entry(place).or_default() += 1;
            }
            // A place that is reached while the service takes up its work is a death like another.
            Err(error) if format!("{error:#}").contains(KILLED) => {
                *self.deaths.entry(place).or_default() += 1;
            }
            Err(error) => return Err(error),
        }
        let server = self.start_and_compare().await?;
        server.kill().await
    }

    async fn start_and_compare(&mut self) -> anyhow::Result<Server> {
        let server = self.home.start().await?;
        self.ready.push(server.took);
        self.compare(&server).await?;
        Ok(server)
    }

    /// All workers at once until the service is dead; whether it died before it was killed.
    async fn load(&mut self, mut server: Server, moment: Duration) -> anyhow::Result<bool> {
        let mut tasks = Vec::new();
        for mut worker in std::mem::take(&mut self.workers) {
            let mut client = Client::new(server.address, self.auth.clone());
            let (project, shared) = (self.projects[worker.project].clone(), self.shared.clone());
            tasks.push(tokio::spawn(async move {
                let tally = worker.work(&mut client, &project, &shared).await;
                (worker, tally)
            }));
        }
        let shift = self.commons.begin(server.address, &self.auth, &mut self.random);
        let ended = server.ended(moment).await?;
        if !ended {
            server.kill().await?;
        }
        shift.end().await?;
        for task in tasks {
            let (worker, tally) = task.await?;
            self.workers.push(worker);
            self.tally.add(tally);
        }
        ensure!(self.tally.wrong.is_empty(), "wrong answers: {:#?}", self.tally.wrong);
        self.judged = self.commons.judge()?;
        Ok(ended)
    }

    /// Compares every list with what the writers know.
    async fn compare(&mut self, server: &Server) -> anyhow::Result<()> {
        let mut client = Client::new(server.address, self.auth.clone());
        let mut shown = self.everything(&mut client).await?;
        for worker in &mut self.workers {
            for slot in &mut worker.slots {
                let was_asked_for = slot.possible != [State::Absent] || slot.id.is_some();
                let marker = slot.marker();
                slot.look(shown.remove(&marker).as_ref())?;
                if was_asked_for && slot.possible == [State::Absent] {
                    self.gone.insert(marker);
                }
            }
        }
        if let Some((marker, peering)) = shown.first_key_value() {
            // A writer forgets what goes as soon as it is told that it is gone.
            bail!("nobody asked for {marker} (gone: {}): {peering}", self.gone.contains(marker));
        }
        self.commons.look(&mut client).await
    }

    /// Every peering of every project, by its marker.
    async fn everything(&self, client: &mut Client) -> anyhow::Result<BTreeMap<String, Value>> {
        let mut all = BTreeMap::new();
        for project in &self.projects {
            for (provider, name) in PROVIDERS.into_iter().enumerate() {
                let path = format!(
                    "/api/atlas/v2/groups/{}/peers?providerName={name}&itemsPerPage=500",
                    project.id
                );
                let list = client.ok(&Method::GET, &path, None).await?;
                for shown in list["results"].as_array().cloned().unwrap_or_default() {
                    let marker = shown[marker_field(provider)].as_str().unwrap_or_default();
                    let marker = marker.to_owned();
                    ensure!(all.insert(marker.clone(), shown).is_none(), "{marker} is there twice");
                }
            }
        }
        Ok(all)
    }

    /// Leaves the service alone until all is settled, then looks into the emulated clouds.
    async fn quiet(&mut self) -> anyhow::Result<()> {
        let server = self.start_and_compare().await?;
        let this = &*self;
        let settled = until("every peering is settled", SETTLE, || async {
            let mut client = Client::new(server.address, this.auth.clone());
            let all = this.everything(&mut client).await?;
            Ok(match all.values().find(|shown| status(shown) != "AVAILABLE") {
                Some(shown) => Seen::NotYet(shown.to_string()),
                None => Seen::Holds(all),
            })
        })
        .await?;
        let mut client = Client::new(server.address, self.auth.clone());
        let common = self.commons.settled(&mut client, SETTLE).await?;
        self.compare(&server).await?;
        self.judged = self.commons.judge()?;
        server.kill().await?;
        let own = settled.values().filter_map(|shown| shown["id"].as_str().map(str::to_owned));
        let copied = self.stock.iter().map(|(original, _)| original.peer.clone());
        clouds::check(&self.home.store(), &own.chain(common).chain(copied).collect()).await
    }

    /// Whether every start on a full store was quick enough. Judged last: a slow machine must not
    /// hide what else there is to find.
    fn is_ready_in_time(&self) -> anyhow::Result<()> {
        let late = self.ready.iter().filter(|took| **took > READY_MAX).count();
        ensure!(
            late == 0 || self.stock.is_none(),
            "{late} of {} starts took longer than {READY_MAX:?} until the service was ready",
            self.ready.len()
        );
        Ok(())
    }

    fn report(&self, seed: u64) {
        let Tally { acknowledged, unanswered, reads, refused, wrong: _ } = self.tally;
        for (place, deaths) in &self.deaths {
            say(format!("  {deaths:5} at {place}"));
        }
        say(format!(
            "changes: {acknowledged} acknowledged, {unanswered} unanswered, {refused} refused; \
             {reads} reads; seed {seed}"
        ));
        say(self.judged.to_string());
        if let Some((_, Kept { peerings, entries, digest })) = &self.stock {
            say(format!("stock: {peerings} peerings, {entries} entries, as before: {digest}"));
        }
        let most = self.ready.iter().max().copied().unwrap_or_default();
        let middle = median(&self.ready).unwrap_or_default();
        say(format!(
            "from start to ready: median {middle:?}, most {most:?}, of {} starts",
            self.ready.len()
        ));
    }
}

/// Ends a service, with so many peerings more in its store.
async fn fill(
    server: Server,
    home: &Home,
    client: Client,
    org: &str,
    count: usize,
) -> anyhow::Result<Option<(Original, Kept)>> {
    if count == 0 {
        server.kill().await?;
        return Ok(None);
    }
    let original = Original::make(client, org).await?;
    server.stop().await?;
    let progress = ProgressBar::new(count as u64);
    stock::fill(&home.store(), &original, count, &progress).await?;
    progress.finish_and_clear();
    let kept = stock::kept(&home.store()).await?;
    Ok(Some((original, kept)))
}

fn below(random: u64, bound: usize) -> usize {
    usize::try_from(random % bound as u64).unwrap_or(0)
}
