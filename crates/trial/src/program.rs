//! Real processes: a home with a configuration, `peerage` run in it, and the signals that end,
//! pause and wake what this process started. Nothing else is ever signalled.

use std::fmt::Write as _;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use hyper::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::client::{self, Auth, Client};
use crate::wait::{Seen, until};

/// The longest that a start may take before it counts as failed.
pub const START: Duration = Duration::from_secs(60);

/// Settings of a service that is loaded as fast as it goes: no limit of requests is met, and no
/// line is logged for each.
pub const UNLIMITED: &str = "
[limits]
requests_per_minute = 60000000
burst = 1000000
[log]
filter = \"warn\"
";

/// A port that nobody listens on.
///
/// # Errors
/// There is none.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The program under fire: the one that was named, or the one beside this program.
///
/// # Errors
/// This program does not know where it is.
pub fn program(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    match named {
        Some(named) => Ok(std::path::absolute(named)?),
        None => Ok(std::env::current_exe()?.with_file_name("peerage-under-fire")),
    }
}

/// Which program, and where it keeps everything.
#[derive(Clone, Debug)]
pub struct Home {
    program: PathBuf,
    directory: PathBuf,
    environment: Vec<(String, String)>,
    before: Option<String>,
    space: Option<String>,
}

/// The credentials that `peerage init` printed.
#[derive(Clone, Debug)]
pub struct Credentials(Value);

/// A running `peerage serve`.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start until it said that it is ready.
    pub took: Duration,
}

impl Home {
    /// A home in an existing directory; `settings` goes into its configuration, which listens on a
    /// free port of this machine and keeps everything in the directory.
    ///
    /// # Errors
    /// The configuration cannot be written.
    pub fn new(program: &Path, directory: &Path, settings: &str) -> anyhow::Result<Self> {
        ensure!(program.is_file(), "{} is no program", program.display());
        let here = directory.display();
        let mut text = String::new();
        if !settings.contains("listen =") {
            text.push_str("listen = \"127.0.0.1:0\"\n");
        }
        if !settings.contains("store =") {
            writeln!(text, "store = \"sqlite://{here}/peerage.db\"")?;
        }
        writeln!(text, "key_file = \"{here}/master.key\"\n{settings}")?;
        std::fs::write(directory.join("peerage.toml"), text)?;
        Ok(Self {
            program: program.to_owned(),
            directory: directory.to_owned(),
            environment: Vec::new(),
            before: None,
            space: None,
        })
    }

    /// The same home for a process in a network namespace.
    #[must_use]
    pub fn inside(self, space: &str) -> Self {
        Self { space: Some(space.to_owned()), ..self }
    }

    /// The same home for a process with one more variable in its environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same home for a process that a shell starts after this command.
    #[must_use]
    pub fn after(self, shell: &str) -> Self {
        Self { before: Some(shell.to_owned()), ..self }
    }

    /// Where everything is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file of the store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.directory.join("peerage.db")
    }

    /// The file with what every server of this home logged.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// The command for `peerage <arguments>` with this home's configuration.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match (&self.before, &self.space) {
            (None, None) => Command::new(&self.program),
            (None, Some(space)) => {
                let mut enter = Command::new("ip");
                enter.args(["netns", "exec", space]).arg(&self.program);
                enter
            }
            (Some(before), _) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(&self.program);
                shell
            }
        };
        command.args(arguments).env("PEERAGE_CONFIG", self.directory.join("peerage.toml"));
        command.envs(self.environment.iter().cloned()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a command that ends by itself; what it printed.
    ///
    /// # Errors
    /// It failed: with what it said.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = timeout(START, self.command(arguments).output()).await??;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "peerage {arguments:?}: {}", said.trim());
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Makes the first organization, project and credentials.
    ///
    /// # Errors
    /// They were not made.
    pub async fn init(&self) -> anyhow::Result<Credentials> {
        Ok(Credentials(serde_json::from_str(&self.run(&["init"]).await?)?))
    }

    /// Starts the service and waits until it is ready.
    ///
    /// # Errors
    /// It ended, or was not ready in time: with the end of its log.
    pub async fn start(&self) -> anyhow::Result<Server> {
        let started = Instant::now();
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut child = self
            .command(&["serve"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.program.display()))?;
        let address = timeout(START, listens(&mut child)).await;
        let address = address.context("it says nowhere that it listens")?;
        let address = address.with_context(|| self.last_words())?;
        let ready = tokio::select! {
            ready = ready(address) => ready,
            status = child.wait() => Err(anyhow!("it ended before it was ready ({})", status?)),
        };
        ready.with_context(|| self.last_words())?;
        Ok(Server { child, address, took: started.elapsed() })
    }

    /// The end of the log.
    #[must_use]
    pub fn last_words(&self) -> String {
        let log = std::fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log[log.len().saturating_sub(2000)..]).into_owned();
        let lines: Vec<&str> = log.lines().rev().take(6).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Credentials {
    /// One of them, as `init` calls it.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn get(&self, name: &str) -> anyhow::Result<&str> {
        self.0[name].as_str().with_context(|| format!("init printed no {name}"))
    }

    /// An access token from the service at `address`.
    ///
    /// # Errors
    /// It was not given.
    pub async fn bearer(&self, address: SocketAddr) -> anyhow::Result<Auth> {
        client::token(address, self.get("clientId")?, self.get("clientSecret")?).await
    }

    /// The API key.
    ///
    /// # Errors
    /// There is none.
    pub fn digest(&self) -> anyhow::Result<Auth> {
        Ok(Auth::Digest(self.get("publicKey")?.into(), self.get("privateKey")?.into()))
    }
}

impl Server {
    /// Its process.
    ///
    /// # Errors
    /// It has ended.
    pub fn pid(&self) -> anyhow::Result<Pid> {
        let id = self.child.id().context("the process has ended")?;
        Pid::from_raw(i32::try_from(id)?).context("a process without a number")
    }

    /// Ends it as a crash does, and waits until it is gone.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Waits until it ends by itself; whether it did within the bound.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub async fn ended(&mut self, bound: Duration) -> anyhow::Result<bool> {
        match timeout(bound, self.child.wait()).await {
            Ok(status) => status.map(|_| true).map_err(Into::into),
            Err(_) => Ok(false),
        }
    }

    /// Makes it stand still.
    ///
    /// # Errors
    /// It has ended.
    pub fn pause(&self) -> anyhow::Result<()> {
        Ok(kill_process(self.pid()?, Signal::STOP)?)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// It has ended.
    pub fn resume(&self) -> anyhow::Result<()> {
        Ok(kill_process(self.pid()?, Signal::CONT)?)
    }

    /// Tells it to stop, and waits until it did.
    ///
    /// # Errors
    /// It did not within the bound of a start, or not well.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        kill_process(self.pid()?, Signal::TERM)?;
        let status = timeout(START, self.child.wait()).await.context("it does not stop")??;
        ensure!(status.success(), "it ended badly: {status}");
        Ok(())
    }

    /// The bytes of memory that are its own.
    ///
    /// # Errors
    /// It has ended.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("no VmRSS")?.parse::<u64>()? * 1024)
    }
}

/// Reads where it listens from what it prints.
async fn listens(child: &mut Child) -> anyhow::Result<SocketAddr> {
    let output = child.stdout.take().context("its output is not ours")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.strip_prefix("Peerage listens on ") {
            // Whatever it prints later has a reader, so that it never fails for want of one.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address.parse()?);
        }
    }
    bail!("it ended before it listened ({})", child.wait().await?)
}

async fn ready(address: SocketAddr) -> anyhow::Result<()> {
    until("the service is ready", START, || async move {
        let mut client = Client::new(address, Auth::Nobody);
        Ok(match client.send(&Method::GET, "/readyz", None).await {
            Ok(answer) if answer.is_success() => Seen::Holds(()),
            Ok(answer) => Seen::NotYet(answer.text()),
            Err(error) => Seen::NotYet(error.to_string()),
        })
    })
    .await
}
