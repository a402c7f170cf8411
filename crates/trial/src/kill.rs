//! The kill loop: `peerage serve` dies again and again under load, at random moments and at named
//! places, and each time what it stored has to be what it answered.
//!
//! After each death: nothing acknowledged is lost, what was not answered is one way or the other
//! and stays so, nothing is there that nobody asked for or that went. After quiet: every peering is
//! settled, and the emulated clouds hold what belongs to peerings and nothing else.

pub mod load;
pub mod slot;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use hyper::Method;
use peerage_store::{ListRequest, Store, keys};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use serde_json::{Value, json};

use self::load::{Project, Shared, Tally, Worker};
use self::slot::{PROVIDERS, State, marker_field, status};
use crate::client::{Auth, Client};
use crate::program::{Home, Server, UNLIMITED, program};
use crate::report::{median, say};
use crate::wait::{Seen, until};

const PROJECTS: usize = 6;
const WORKERS: usize = 18;
/// Deaths between two looks at a service that was left in quiet.
const QUIET_EVERY: usize = 25;
/// How long a place may take to be reached before the process is killed from outside.
const PLACE: Duration = Duration::from_millis(1500);
/// How long everything may take to settle.
const SETTLE: Duration = Duration::from_secs(60);

/// What is said of a service that does not keep what it answered.
const FINDINGS: [&str; 3] = ["wrong answers", "should be one of", "nobody asked"];

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
    /// Let the service forget every twentieth transaction that it acknowledged: the loop has to
    /// find it, and fails if it does not.
    #[arg(long)]
    planted: bool,
    /// The program, built with failpoints; the one beside this program if not given.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// A run of the loop.
struct Run {
    home: Home,
    auth: Auth,
    projects: Vec<Project>,
    shared: Arc<Shared>,
    workers: Vec<Worker>,
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
    let directory = tempfile::tempdir()?;
    let home = Home::new(&program, directory.path(), &format!("{UNLIMITED}{CLOUDS}"))?;
    let run = Run::begin(home, command.seed).await?;
    if !command.planted {
        return deaths(run, command).await;
    }
    let home = run.home.clone().with("PEERAGE_FORGETS", "20");
    match deaths(Run { home, ..run }, command).await {
        Ok(()) => bail!("{} deaths did not show that transactions are forgotten", command.kills),
        Err(found) => {
            let told = format!("{found:#}");
            // Whatever else goes wrong shows nothing.
            ensure!(FINDINGS.iter().any(|said| told.contains(said)), "another failure: {told}");
            say(format!("found, as it should be: {}", told.lines().next().unwrap_or_default()));
            Ok(())
        }
    }
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
    run.report(seed);
    Ok(())
}

impl Run {
    async fn begin(home: Home, seed: u64) -> anyhow::Result<Self> {
        let credentials = home.init().await?;
        let server = home.start().await?;
        let auth = credentials.bearer(server.address).await?;
        let mut client = Client::new(server.address, auth.clone());
        let mut projects = Vec::new();
        for number in 0..PROJECTS {
            projects.push(project(&mut client, credentials.get("orgId")?, number).await?);
        }
        server.kill().await?;
        let shared = Arc::new(Shared::default());
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let workers = (0..WORKERS).map(|number| {
            Worker::new(number % PROJECTS, number / PROJECTS, random.next_u64(), &shared)
        });
        let workers = workers.collect();
        let (gone, tally, deaths) = (BTreeSet::new(), Tally::default(), BTreeMap::new());
        let ready = Vec::new();
        Ok(Self { home, auth, projects, shared, workers, gone, random, tally, ready, deaths })
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
        let ended = server.ended(moment).await?;
        if !ended {
            server.kill().await?;
        }
        for task in tasks {
            let (worker, tally) = task.await?;
            self.workers.push(worker);
            self.tally.add(tally);
        }
        ensure!(self.tally.wrong.is_empty(), "wrong answers: {:#?}", self.tally.wrong);
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
        Ok(())
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
        self.compare(&server).await?;
        server.kill().await?;
        let ids = settled.values().filter_map(|shown| shown["id"].as_str());
        self.check_clouds(&ids.collect()).await
    }

    /// Reads the store while nothing runs: each peering has its connection, and no connection
    /// that exists is without its peering or has another one's name.
    async fn check_clouds(&self, ids: &BTreeSet<&str>) -> anyhow::Result<()> {
        let url = format!("sqlite://{}", self.home.store().display());
        let store = peerage_store::open(&url)?;
        let links = links(&*store).await;
        store.close().await;
        let links = links?;
        let mut names = BTreeSet::new();
        for (id, link) in &links {
            ensure!(ids.contains(id.as_str()) || is_memory(link), "a ghost: {id} {link}");
            ensure!(names.insert(link["connection"].to_string()), "made twice: {id} {link}");
        }
        let missing = ids.iter().find(|id| !links.contains_key(**id));
        ensure!(missing.is_none(), "nothing in the clouds for peering {missing:?}");
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
        let most = self.ready.iter().max().copied().unwrap_or_default();
        let middle = median(&self.ready).unwrap_or_default();
        say(format!(
            "from start to ready: median {middle:?}, most {most:?}, of {} starts",
            self.ready.len()
        ));
    }
}

async fn project(client: &mut Client, org: &str, number: usize) -> anyhow::Result<Project> {
    let body = json!({ "name": format!("Project {}", number + 1), "orgId": org });
    let made = client.ok(&Method::POST, "/api/atlas/v2/groups", Some(&body)).await?;
    let id = made["id"].as_str().context("a project without an id")?.to_owned();
    let wanted = [
        json!({"providerName": "AWS", "regionName": "US_EAST_1", "atlasCidrBlock": "192.168.248.0/21"}),
        json!({"providerName": "AZURE", "region": "US_EAST", "atlasCidrBlock": "192.168.232.0/21"}),
        json!({"providerName": "GCP", "atlasCidrBlock": "172.16.0.0/18"}),
    ];
    let mut containers = Vec::new();
    for body in wanted {
        let path = format!("/api/atlas/v2/groups/{id}/containers");
        let made = client.ok(&Method::POST, &path, Some(&body)).await?;
        containers.push(made["id"].as_str().context("a container without an id")?.to_owned());
    }
    let containers = containers.try_into().ok().context("three containers")?;
    Ok(Project { id, containers })
}

/// Every connection that the emulated clouds keep, by the id of its peering.
async fn links(store: &dyn Store) -> anyhow::Result<BTreeMap<String, Value>> {
    let prefix = keys::emulated("link/");
    let mut request = ListRequest::prefix(prefix.clone());
    let mut found = BTreeMap::new();
    loop {
        let page = store.list(request.clone()).await?;
        for entry in &page.entries {
            let id = String::from_utf8_lossy(&entry.key.as_bytes()[prefix.as_bytes().len()..]);
            found.insert(id.into_owned(), serde_json::from_slice(entry.value.as_bytes())?);
        }
        if !page.more {
            return Ok(found);
        }
        request.after = page.entries.last().map(|entry| entry.key.clone());
        request.at = Some(page.revision);
    }
}

/// Whether a cloud only remembers a connection, or its customer's half is all that is left.
fn is_memory(link: &Value) -> bool {
    let side = |provider: &str| &link["sides"][provider];
    let over = ["failed", "rejected", "expired", "deleted"];
    let state = side("aws")["state"].as_str().unwrap_or_default();
    over.contains(&state)
        || [side("azure"), side("gcp")].into_iter().any(|pair| {
            pair["refused"] == Value::Bool(true)
                || (pair.is_object() && pair.get("ours").is_none_or(Value::is_null))
        })
}

fn below(random: u64, bound: usize) -> usize {
    usize::try_from(random % bound as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::slot::state_of;
    use super::*;

    #[test]
    fn a_ghost_is_told_from_a_memory() {
        let link = |sides: Value| json!({ "sides": sides });
        assert!(is_memory(&link(json!({"aws": {"state": "deleted"}}))));
        assert!(!is_memory(&link(json!({"aws": {"state": "active"}}))));
        assert!(is_memory(&link(json!({"gcp": {"ours": null}}))));
        assert!(!is_memory(&link(json!({"azure": {"ours": {"peering_state": "Connected"}}}))));
        let looked = state_of(2, &json!({"gcpProjectId": "a", "status": "AVAILABLE"}));
        assert_eq!(looked, State::Live("a".to_owned()));
    }
}
