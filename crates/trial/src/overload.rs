//! The overload trial: strangers and one tenant ask for more than there is, in every way that costs
//! them little, while another tenant works on at its own pace. Its requests must all be served, and
//! almost as fast as in quiet; the memory of the service must stay bounded; and whoever is told to
//! come back later must be let in then.
//!
//! Quiet and attack take turns, because the machine that all share is not the same from one minute
//! to the next.

mod attack;
mod frame;
mod honest;
mod machine;
mod streams;
mod tenant;
mod told;
mod untaken;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use hyper::Method;
use tempfile::TempDir;

use self::attack::Attack;
use self::machine::Machine;
use self::tenant::Tenant;
use self::told::Told;
use crate::client::{Auth, Client};
use crate::program::{Credentials, Home, Server, program};
use crate::report::{median, permille, say};
use crate::wait::{Seen, until};

/// How much slower the tenant's slowest hundredth may get under attack.
const SLOWER: u32 = 2;
/// Below this the machine decides, not the service: with two cores a request waits that long for
/// one that the load itself holds.
const NOISE: Duration = Duration::from_millis(20);
/// What the service may take beside its connections: bodies that are being received, at most 64 of
/// 1 MiB, held twice while they grow; and as much again for what is not given back to the system.
const BODIES: u64 = 2 * 2 * 64 * 1024 * 1024;
/// What one connection may take: the head of a request, at most 64 KiB, and what serves it.
const CONNECTION: u64 = 80 * 1024;
/// How soon everything is as before after an attack.
const RECOVERY: Duration = Duration::from_secs(30);
/// Connections that the service takes at one time.
const CONNECTIONS: usize = 10_000;
/// How soon clients are given up that never read: the time for an answer, that between two looks
/// of the service, and a moment.
const GIVEN_UP: Duration = Duration::from_secs(10 + 5 + 2);
/// Between two looks at how many connections are open.
const LOOK: Duration = Duration::from_millis(100);

const SETTINGS: &str = "
[limits]
requests_per_minute = 6000
burst = 600
connections = 10000
header_read = \"5s\"
request = \"10s\"
[log]
filter = \"warn\"
[clouds.emulated]
pace = \"instant\"
";

/// What a service is configured with that does not defend itself.
const DEFENCELESS: &str = "
[limits]
requests_per_minute = 6000
burst = 600
connections = 10000
concurrency = 8
header_read = \"1h\"
request = \"1h\"
[log]
filter = \"warn\"
[clouds.emulated]
pace = \"instant\"
";

/// Ask the service for more than there is, in every way that costs little, beside a tenant at work.
#[derive(Debug, Args)]
pub struct OverloadTrial {
    /// The program; the one beside this program if not given.
    #[arg(long)]
    program: Option<PathBuf>,
    /// How long each stretch of quiet and of attack takes.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often quiet and attack take turns.
    #[arg(long, default_value_t = 3)]
    turns: usize,
    /// Sockets that are opened for nothing.
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Only the attacks whose name has this in it.
    #[arg(long, default_value = "")]
    only: String,
    /// Show how much slower the tenant gets, and judge everything else: on a machine whose speed
    /// others decide, too.
    #[arg(long)]
    untimed: bool,
    /// Use a service that cannot defend itself; the trial then has to find that out.
    #[arg(long)]
    planted: bool,
}

/// The service and who uses it.
struct Scene {
    server: Server,
    home: Home,
    tenant: Arc<Tenant>,
    attackers: Machine,
    /// The token of the tenant that asks for too much.
    token: Arc<str>,
    /// Its project.
    group: String,
    credentials: Credentials,
    /// Memory before the first attack.
    memory: u64,
    _directory: TempDir,
}

/// How long the tenant's requests took, stretch by stretch.
#[derive(Default)]
struct Waits {
    quiet: Vec<Duration>,
    attacked: Vec<Duration>,
    middle: Vec<Duration>,
}

/// Runs the trial.
///
/// # Errors
/// What was found wrong; with `--planted`, that nothing was.
pub async fn run(command: &OverloadTrial) -> anyhow::Result<()> {
    let settings = if command.planted { DEFENCELESS } else { SETTINGS };
    let scene = Scene::begin(command, settings).await?;
    say("attack | p50, p99 under attack | p99 in quiet | most memory, most connections | \
         what attackers were told");
    let mut findings = Vec::new();
    let attacks = Attack::all(command.idle).into_iter();
    for attack in attacks.filter(|attack| attack.name().contains(&command.only)) {
        // What fails in quiet is no finding about an attack; one that has so little room that quiet
        // is too much for it is found out as well.
        let first = match scene.quiet(Duration::from_secs(command.seconds)).await {
            Err(found) if command.planted => return told(&found),
            first => first?,
        };
        if let Err(found) = scene.endure(command, &attack, &first).await {
            findings.push(attack.name());
            if command.planted {
                return told(&found);
            }
            say(format!("{}: {found:#}", attack.name()));
        }
    }
    if let Err(found) = scene.gives_up().await {
        findings.push("never reading");
        if command.planted {
            return told(&found);
        }
        say(format!("never reading: {found:#}"));
    }
    if let Err(found) = honest::check(&scene.credentials, scene.server.address).await {
        say(format!("Retry-After: {found:#}"));
        findings.push("Retry-After");
    }
    ensure!(!command.planted, "a service that cannot defend itself was not found out");
    ensure!(findings.is_empty(), "not endured: {}", findings.join(", "));
    let log = std::fs::read_to_string(scene.home.log())?;
    ensure!(!log.contains("panicked"), "it panicked: {}", scene.home.last_words());
    scene.server.stop().await
}

/// A service that cannot defend itself was found out.
fn told(found: &anyhow::Error) -> anyhow::Result<()> {
    say(format!("found, as it should be: {found:#}"));
    Ok(())
}

impl Scene {
    async fn begin(command: &OverloadTrial, settings: &str) -> anyhow::Result<Self> {
        let directory = TempDir::new()?;
        let program = program(command.program.as_deref())?;
        let home = Home::new(&program, directory.path(), settings)?;
        let credentials = home.init().await?;
        let server = home.start().await?;
        let address = server.address;
        let auth = credentials.bearer(address).await?;
        let Auth::Bearer(token) = auth.clone() else { anyhow::bail!("no token") };
        let group = credentials.get("projectId")?.to_owned();
        let tenant = Arc::new(Tenant::make(address, auth).await?);
        let memory = server.memory()?;
        let attackers = Machine::start()?;
        Ok(Self {
            server,
            home,
            tenant,
            attackers,
            token,
            group,
            credentials,
            memory,
            _directory: directory,
        })
    }

    /// Quiet and one attack in turn, and then the verdict.
    async fn endure(
        &self,
        command: &OverloadTrial,
        attack: &Attack,
        first: &[Duration],
    ) -> anyhow::Result<()> {
        let stretch = Duration::from_secs(command.seconds);
        let (mut waits, mut told) = (Waits::default(), Told::default());
        let (mut most, mut open) = (0, 0);
        for turn in 0..command.turns {
            let quiet = if turn == 0 { first.to_vec() } else { self.quiet(stretch).await? };
            waits.add(quiet, None);
            let (attack, address) = (*attack, self.server.address);
            let (token, group) = (self.token.clone(), self.group.clone());
            let begun = async move { attack.begin(address, &token, &group).await };
            let under = self.attackers.run(begun).await?;
            let (worked, seen) = self.most_open(self.tenant.work(stretch)).await;
            open = open.max(seen);
            most = most.max(self.server.memory()?);
            told.add(under.end().await);
            match worked.context("the other tenant") {
                Ok(worked) => waits.add(Vec::new(), Some(worked)),
                Err(found) => {
                    say(format!("{} | | | {} MiB, {open} | {told}", attack.name(), most >> 20));
                    return Err(found);
                }
            }
            self.recovers().await?;
        }
        let (quiet, attacked) = (middle(&waits.quiet), middle(&waits.attacked));
        say(format!(
            "{} | {:.1?}, {attacked:.1?} | {quiet:.1?} | {} MiB, {open} | {told}",
            attack.name(),
            middle(&waits.middle),
            most >> 20
        ));
        told.check(attack, open)?;
        let bound = self.memory + BODIES + attack.connections() * CONNECTION;
        ensure!(most <= bound, "{} MiB of memory, over {} MiB", most >> 20, bound >> 20);
        let allowed = (quiet * SLOWER).max(quiet + NOISE);
        ensure!(
            command.untimed || attacked <= allowed,
            "p99 is {attacked:.1?}, over {allowed:.1?}"
        );
        Ok(())
    }

    async fn quiet(&self, stretch: Duration) -> anyhow::Result<Vec<Duration>> {
        self.tenant.work(stretch).await.context("in quiet")
    }

    /// Does something; how many connections were open at one time meanwhile.
    async fn most_open<T>(&self, work: impl Future<Output = T>) -> (T, usize) {
        let mut most = 0;
        let look = async {
            loop {
                if let Ok((_, open)) = look(self.server.address).await {
                    most = most.max(open);
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let done = tokio::select! {
            done = work => done,
            never = look => never,
        };
        (done, most)
    }

    /// Who never reads is given up, and the tenant works on meanwhile.
    async fn gives_up(&self) -> anyhow::Result<()> {
        let others = untaken::check(self.server.address, GIVEN_UP);
        let (others, worked) = tokio::join!(others, self.tenant.work(GIVEN_UP));
        others.and(worked.context("the other tenant").map(drop))
    }

    /// Nothing is left of an attack.
    async fn recovers(&self) -> anyhow::Result<()> {
        let address = self.server.address;
        until("the attack leaves nothing behind", RECOVERY, || async move {
            let (is_ready, open) = look(address).await?;
            Ok(if is_ready && open <= tenant::CLIENTS_MAX + 1 {
                Seen::Holds(())
            } else {
                Seen::NotYet(format!("ready: {is_ready}, {open} connections"))
            })
        })
        .await
    }
}

/// Whether the service is ready, and how many connections it has.
async fn look(address: SocketAddr) -> anyhow::Result<(bool, usize)> {
    let mut client = Client::new(address, Auth::Nobody);
    let ready = client.send(&Method::GET, "/readyz", None).await?;
    let counts = client.send(&Method::GET, "/metrics", None).await?.text();
    let open = counts.lines().find_map(|line| line.strip_prefix(OPEN));
    let open = open.and_then(|count| count.trim().parse().ok());
    Ok((ready.is_success(), open.context("no count of connections")?))
}

/// The count of open connections.
const OPEN: &str = "peerage_http_connections ";

impl Waits {
    fn add(&mut self, quiet: Vec<Duration>, attacked: Option<Vec<Duration>>) {
        if let Some(attacked) = attacked {
            self.attacked.extend(permille(&attacked, 990));
            self.middle.extend(median(&attacked));
        } else {
            self.quiet.extend(permille(&quiet, 990));
        }
    }
}

fn middle(values: &[Duration]) -> Duration {
    median(values).unwrap_or_default()
}
