//! Three members of etcd and two replicas, each in its own network namespace.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::program::{Credentials, Home, START, Server};
use crate::wait::{Seen, until};
use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::net::{Member, Network};

/// Members of etcd: the first ones of the network.
pub(crate) const ETCDS: usize = 3;
/// Replicas: the ones after them.
pub(crate) const REPLICAS: usize = 2;
/// How long the lease of a replica is.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

const CLIENT_PORT: u16 = 2379;
const PEER_PORT: u16 = 2380;
const PORT: u16 = 8080;

/// Everything that runs.
pub(crate) struct Cluster {
    pub(crate) network: Network,
    directory: PathBuf,
    etcds: Vec<Option<Child>>,
    homes: Vec<Home>,
    replicas: Vec<Option<Server>>,
}

impl Cluster {
    /// Starts all of it, with an organization in it. A mistake is what plants it in the last
    /// replica: a variable and its value.
    pub(crate) async fn start(
        program: &Path,
        directory: &Path,
        mistake: Option<(&str, &str)>,
    ) -> anyhow::Result<(Self, Credentials)> {
        let network = Network::new(u8::try_from(ETCDS + REPLICAS)?)?;
        let homes = Vec::new();
        let directory = directory.to_owned();
        let mut cluster = Self { network, directory, etcds: Vec::new(), homes, replicas: vec![] };
        for number in 0..ETCDS {
            let child = cluster.spawn_etcd(number)?;
            cluster.etcds.push(Some(child));
        }
        cluster.wait_for_etcd().await?;
        for number in 0..REPLICAS {
            let home = cluster.home(program, number)?;
            let mistake = mistake.filter(|_| number + 1 == REPLICAS);
            cluster.homes.push(match mistake {
                Some((name, value)) => home.with(name, value),
                None => home,
            });
        }
        let credentials = cluster.homes[0].init().await?;
        let key = |home: &Home| home.directory().join("master.key");
        std::fs::copy(key(&cluster.homes[0]), key(&cluster.homes[1]))?;
        for home in &cluster.homes {
            cluster.replicas.push(Some(home.start().await?));
        }
        Ok((cluster, credentials))
    }

    fn endpoints(&self) -> String {
        let address = |number| format!("{}:{CLIENT_PORT}", self.network.member(number).address);
        (0..ETCDS).map(address).collect::<Vec<_>>().join(",")
    }

    fn home(&self, program: &Path, number: usize) -> anyhow::Result<Home> {
        let Member { space, address } = self.network.member(ETCDS + number);
        let directory = self.directory.join(format!("replica{number}"));
        std::fs::create_dir(&directory)?;
        let settings = format!(
            "listen = \"{address}:{PORT}\"\nallow_plain_http = true\nstore = \"etcd://{}\"\n\
             [replica]\nlease = \"{}s\"\n[clouds.emulated]\npace = \"fast\"\n\
             [limits]\nrequests_per_minute = 10000000\nburst = 1000000\n",
            self.endpoints(),
            LEASE.as_secs()
        );
        Ok(Home::new(program, &directory, &settings)?.inside(space))
    }

    fn spawn_etcd(&self, number: usize) -> anyhow::Result<Child> {
        let url = |at: usize, port: u16| {
            let address = self.network.member(at).address;
            format!("http://{address}:{port}")
        };
        let cluster: Vec<String> =
            (0..ETCDS).map(|at| format!("m{at}={}", url(at, PEER_PORT))).collect();
        let data = self.directory.join(format!("etcd{number}"));
        let log = File::options().create(true).append(true).open(data.with_extension("log"))?;
        Command::new("ip")
            .args(["netns", "exec", &self.network.member(number).space, "etcd"])
            .arg(format!("--name=m{number}"))
            .arg(format!("--data-dir={}", data.display()))
            .arg(format!("--listen-client-urls={}", url(number, CLIENT_PORT)))
            .arg(format!("--advertise-client-urls={}", url(number, CLIENT_PORT)))
            .arg(format!("--listen-peer-urls={}", url(number, PEER_PORT)))
            .arg(format!("--initial-advertise-peer-urls={}", url(number, PEER_PORT)))
            .arg(format!("--initial-cluster={}", cluster.join(",")))
            .args(["--log-level=warn", "--logger=zap"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("etcd: install Debian's package etcd-server")
    }

    async fn wait_for_etcd(&self) -> anyhow::Result<()> {
        until("etcd has a leader", START, || async {
            let asked = self.etcdctl(&["endpoint", "health"]).await;
            Ok(asked.map_or_else(|error| Seen::NotYet(error.to_string()), |_| Seen::Holds(())))
        })
        .await
    }

    /// What `etcdctl` prints.
    pub(crate) async fn etcdctl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .arg(format!("--endpoints={}", self.endpoints()))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        anyhow::ensure!(output.status.success(), "etcdctl {arguments:?}: {said}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Sends a signal to a member, by its number in the network.
    pub(crate) fn signal(&self, member: usize, signal: Signal) -> anyhow::Result<()> {
        let pid = match member.checked_sub(ETCDS) {
            None => {
                let id = self.etcds[member].as_ref().and_then(Child::id);
                Pid::from_raw(i32::try_from(id.context("it has ended")?)?).context("no number")?
            }
            Some(replica) => self.replicas[replica].as_ref().context("it has ended")?.pid()?,
        };
        Ok(kill_process(pid, signal)?)
    }

    /// Ends a member as a power cut would.
    pub(crate) async fn kill(&mut self, member: usize) -> anyhow::Result<()> {
        match member.checked_sub(ETCDS) {
            None => {
                if let Some(mut child) = self.etcds[member].take() {
                    child.kill().await?;
                }
            }
            Some(replica) => {
                if let Some(server) = self.replicas[replica].take() {
                    server.kill().await?;
                }
            }
        }
        Ok(())
    }

    /// Starts a member again on what it left.
    pub(crate) async fn restart(&mut self, member: usize) -> anyhow::Result<()> {
        match member.checked_sub(ETCDS) {
            None => self.etcds[member] = Some(self.spawn_etcd(member)?),
            Some(replica) => self.replicas[replica] = Some(self.homes[replica].start().await?),
        }
        Ok(())
    }

    /// Where the replicas listen.
    pub(crate) fn addresses(&self) -> Vec<std::net::SocketAddr> {
        let address = |number| (self.network.member(ETCDS + number).address, PORT).into();
        (0..REPLICAS).map(address).collect()
    }

    /// How often a replica logged a line of that name.
    pub(crate) fn logged(&self, replica: usize, name: &str) -> usize {
        let log = std::fs::read(self.homes[replica].log()).unwrap_or_default();
        String::from_utf8_lossy(&log).matches(name).count()
    }
}
