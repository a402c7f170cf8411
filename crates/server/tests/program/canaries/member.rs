//! The same canaries where the program keeps everything in etcd, which writes it to its own disk.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Keeper, configuration, live, log_of};
use crate::server::{Server, eventually};

/// A member of etcd, in a directory of the program's home; it ends with this.
#[derive(Default)]
struct Etcd {
    member: Option<Child>,
    address: String,
}

/// An address that nobody listens on.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl Etcd {
    fn run(&mut self, directory: &Path) {
        let (client, peer) = (free_address(), free_address());
        let member = Command::new("etcd")
            .arg(format!("--data-dir={}", directory.display()))
            .arg(format!("--listen-client-urls=http://{client}"))
            .arg(format!("--advertise-client-urls=http://{client}"))
            .arg(format!("--listen-peer-urls=http://{peer}"))
            .arg(format!("--initial-advertise-peer-urls=http://{peer}"))
            .arg(format!("--initial-cluster=default=http://{peer}"))
            .arg("--log-level=fatal")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.member = Some(member.expect("etcd: install Debian's package etcd-server"));
        eventually("etcd listens", || std::net::TcpStream::connect(&client).is_ok());
        self.address = client;
    }

    fn end(&mut self) {
        if let Some(mut member) = self.member.take() {
            let _ = member.kill();
            let _ = member.wait();
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.end();
    }
}

impl Keeper for Etcd {
    fn start(&mut self, home: &Path, log: &str) -> Server {
        self.run(&home.join("etcd"));
        std::fs::create_dir(home.join("data")).unwrap();
        let address = free_address();
        let settings = format!(
            "listen = \"{address}\"\nstore = \"{}\"\nkey_file = \"{}/data/master.key\"\n\
             [clouds.emulated]\ncontrol = true\npace = \"instant\"\n",
            self.url(home),
            home.display()
        );
        // At `trace`, every frame of HTTP/2 to the cluster is ten lines of lengths and flags.
        let config = configuration(home, (log, "trace,h2=info"), &settings);
        Server::serve_logged(&config, &address, log_of(home))
    }

    fn url(&self, _home: &Path) -> String {
        format!("etcd://{}", self.address)
    }

    fn files(&mut self, home: &Path) -> Vec<PathBuf> {
        self.end();
        let of = |part: &str| {
            let parts = std::fs::read_dir(home.join("etcd/member").join(part)).unwrap();
            parts.map(|it| it.unwrap().path()).filter(|it| it.is_file()).collect::<Vec<_>>()
        };
        let files = [of("snap"), of("wal")].concat();
        for kind in ["db", "wal"] {
            let is_there =
                |it: &PathBuf| it.ends_with(kind) || it.extension().is_some_and(|it| it == kind);
            assert!(files.iter().any(is_there), "{kind}: {files:?}");
        }
        files
    }
}

#[test]
fn no_canary_is_where_it_may_not_be_over_etcd() {
    assert_eq!(live(&mut Etcd::default(), "text", |_| ()).leaks(), Vec::<String>::new());
}

/// What etcd wrote to its disk is really looked through.
#[test]
fn a_secret_that_leaks_is_found_on_the_disk_of_etcd() {
    let traces = live(&mut Etcd::default(), "text", |walker| {
        walker.leaks.clear();
        walker.leak();
    });
    let found = traces.leaks();
    for place in ["member/snap/db", "member/wal/"] {
        assert!(found.iter().any(|it| it.contains(place)), "{place}: {found:#?}");
    }
}
