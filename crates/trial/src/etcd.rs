//! A member of etcd on this machine, in a directory of its own, for trials of several replicas.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::{Child, Command};

use crate::program::free_port;
use crate::wait::{Seen, until};

/// How long it may take to serve.
const START: Duration = Duration::from_secs(30);

/// A member that runs; it ends with this.
#[derive(Debug)]
pub struct Etcd {
    /// Held for its end.
    _child: Child,
    address: String,
}

impl Etcd {
    /// Starts a cluster of one and waits until it serves.
    ///
    /// # Errors
    /// `etcd` or `etcdctl` is not installed, or does not serve in time.
    pub async fn start(directory: &Path) -> anyhow::Result<Self> {
        let (client, peer) = (free_port()?, free_port()?);
        let (client, peer) = (format!("127.0.0.1:{client}"), format!("127.0.0.1:{peer}"));
        let child = Command::new("etcd")
            .arg(format!("--data-dir={}", directory.display()))
            .arg(format!("--listen-client-urls=http://{client}"))
            .arg(format!("--advertise-client-urls=http://{client}"))
            .arg(format!("--listen-peer-urls=http://{peer}"))
            .arg(format!("--initial-advertise-peer-urls=http://{peer}"))
            .arg(format!("--initial-cluster=default=http://{peer}"))
            .arg("--log-level=fatal")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("etcd: install Debian's package etcd-server")?;
        let member = Self { _child: child, address: client };
        until("etcd serves", START, async || {
            Ok(match member.control(&["endpoint", "health"]).await {
                Ok(_) => Seen::Holds(()),
                Err(error) => Seen::NotYet(error.to_string()),
            })
        })
        .await?;
        Ok(member)
    }

    /// As a store of `peerage`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("etcd://{}", self.address)
    }

    /// The keys below a prefix, as `etcdctl` tells them.
    ///
    /// # Errors
    /// It could not be asked.
    pub async fn keys(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        let told = self.control(&["get", "--prefix", "--keys-only", prefix]).await?;
        Ok(told.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// What `etcdctl` prints.
    ///
    /// # Errors
    /// It is not installed, or failed.
    pub async fn control(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new("etcdctl")
            .args(["--endpoints", &self.address, "--command-timeout=2s"])
            .args(arguments)
            .env("ETCDCTL_API", "3")
            .stdin(Stdio::null())
            .output()
            .await
            .context("etcdctl: install Debian's package etcd-client")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "etcdctl {arguments:?}: {}", said.trim());
        Ok(String::from_utf8(output.stdout)?)
    }
}
