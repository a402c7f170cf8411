//! One member of etcd in a directory of its own, on free ports of the loopback.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use peerage_store::Store;
use peerage_store::etcd::{EtcdOptions, EtcdStore};
use tempfile::TempDir;

/// How long a member may take until it serves.
const START_MAX: Duration = Duration::from_secs(30);

/// How often a member is tried to be started: a free port may be taken before it listens.
const STARTS_MAX: usize = 3;

/// A member that runs; it ends with this.
pub(crate) struct Server {
    child: Child,
    directory: TempDir,
    client_port: u16,
    peer_port: u16,
    flags: Vec<String>,
}

impl Server {
    /// Starts a member and waits until it serves.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with flags of etcd.
    pub(crate) async fn start_with(flags: &[&str]) -> Self {
        for _ in 0..STARTS_MAX {
            let mut server = Self::spawn(flags);
            if server.serves(&server.store()).await {
                return server;
            }
        }
        panic!("etcd did not start; is the package etcd-server installed?");
    }

    /// Starts a member and waits for nothing.
    pub(crate) fn spawn(flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (client_port, peer_port) = (free_port(), free_port());
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        let child = run(&directory, client_port, peer_port, &flags);
        Self { child, directory, client_port, peer_port, flags }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.client_port)
    }

    /// A store in this member.
    pub(crate) fn store(&self) -> EtcdStore {
        EtcdStore::open(&EtcdOptions::new(vec![self.address()])).expect("a store")
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on what it left.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.child = run(&self.directory, self.client_port, self.peer_port, &self.flags);
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill");
        assert!(sent.success(), "kill -s {name} {pid}");
    }

    /// Whether it serves before it ends or the time is over.
    pub(crate) async fn serves(&mut self, store: &EtcdStore) -> bool {
        let since = Instant::now();
        while since.elapsed() < START_MAX {
            if store.revision().await.is_ok() {
                return true;
            }
            if self.child.try_wait().expect("a process").is_some() {
                return false;
            }
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run(directory: &TempDir, client_port: u16, peer_port: u16, flags: &Vec<String>) -> Child {
    let scheme =
        if flags.iter().any(|flag| flag.starts_with("--cert-file")) { "https" } else { "http" };
    let client = format!("{scheme}://127.0.0.1:{client_port}");
    let peer = format!("http://127.0.0.1:{peer_port}");
    let mut command = Command::new("etcd");
    command
        .arg(format!("--data-dir={}", directory.path().join("data").display()))
        .arg(format!("--listen-client-urls={client}"))
        .arg(format!("--advertise-client-urls={client}"))
        .arg(format!("--listen-peer-urls={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .arg(format!("--initial-cluster=default={peer}"))
        .args(["--heartbeat-interval=20", "--election-timeout=100", "--log-level=fatal"])
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match command.spawn() {
        Ok(child) => child,
        Err(error) => panic!("etcd: {error}; install Debian's package etcd-server"),
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("a port").port()
}
