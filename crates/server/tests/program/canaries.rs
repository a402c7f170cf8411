//! Canaries: text that can be told apart is put into every input of the built program, and is
//! looked for in everything that the program leaves behind.
//!
//! There are two kinds. A secret, whether we issued it or somebody sent it to the wrong place, may
//! be nowhere but in the answer that issues it. What a tenant wrote may be stored and shown to that
//! tenant, but is not counted, nor logged at any level but `trace`, which shows decisions.

mod inputs;
#[cfg(feature = "etcd")]
mod member;
mod scan;

use std::path::{Path, PathBuf};
use std::process::Command;

use md5::{Digest as _, Md5};
use serde_json::Value;

use crate::server::{PROGRAM, Server};
use crate::walk::every_operation;
use inputs::{SECRET, USER, Walker};
use scan::Needles;

/// Where the program keeps everything.
trait Keeper {
    /// Starts it in a directory, with a log of this form.
    fn start(&mut self, home: &Path, log: &str) -> Server;
    /// The store.
    fn url(&self, home: &Path) -> String;
    /// What is stored; called after the program has ended.
    fn files(&mut self, home: &Path) -> Vec<PathBuf>;
}

/// In a file, as `peerage dev` does.
struct File;

impl Keeper for File {
    fn start(&mut self, home: &Path, log: &str) -> Server {
        let config = configuration(home, (log, "trace"), "");
        let data = home.join("data");
        let (config, data) = (config.to_str().unwrap(), data.to_str().unwrap());
        let arguments = ["--pace", "instant", "--config", config, "--data-dir", data];
        Server::start_logged(&arguments, log_of(home))
    }

    fn url(&self, home: &Path) -> String {
        format!("sqlite://{}/data/peerage.db", home.display())
    }

    fn files(&mut self, home: &Path) -> Vec<PathBuf> {
        let files = std::fs::read_dir(home.join("data")).unwrap().map(|it| it.unwrap().path());
        // The two files that are made to hold secrets, for their owner only.
        let of_owner = |path: &PathBuf| {
            path.file_name().is_some_and(|it| it == "master.key" || it == "credentials.json")
        };
        let files: Vec<_> = files.filter(|path| path.is_file() && !of_owner(path)).collect();
        assert!(files.iter().any(|path| path.ends_with("peerage.db-wal")), "{files:?}");
        files
    }
}

fn log_of(home: &Path) -> std::fs::File {
    std::fs::File::create(home.join("log")).unwrap()
}

/// What one life of the program left behind.
struct Traces {
    home: tempfile::TempDir,
    /// Every file with something stored: the store, the backup, the trail.
    stored: Vec<PathBuf>,
    /// What may be nowhere.
    secrets: Needles,
    /// What a tenant wrote.
    written: Needles,
    /// What was found while it ran.
    leaks: Vec<String>,
    metrics: String,
}

impl Traces {
    fn log(&self) -> Vec<u8> {
        std::fs::read(self.home.path().join("log")).unwrap()
    }

    /// What may not be where it is; nothing when all is well.
    fn leaks(mut self) -> Vec<String> {
        let log = self.log();
        let lines = String::from_utf8_lossy(&log).lines().count();
        assert!(lines > 300, "the log has only {lines} lines: was it on?");
        let mut found = std::mem::take(&mut self.leaks);
        found.extend(self.secrets.find("the log", &log));
        found.extend(self.written.find("the log above trace", &above_trace(&log)));
        for needles in [&self.secrets, &self.written] {
            found.extend(needles.find("/metrics", self.metrics.as_bytes()));
        }
        for place in &self.stored {
            let bytes = std::fs::read(place).unwrap();
            let is_empty = bytes.is_empty() && place.extension().is_none();
            assert!(!is_empty, "{} is empty", place.display());
            // Some files begin with all the room that they will ever need.
            let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            found.extend(self.secrets.find(&place.display().to_string(), &bytes[..end]));
        }
        found
    }
}

/// The lines of the levels from `debug` on.
fn above_trace(log: &[u8]) -> Vec<u8> {
    let is_above = |line: &&[u8]| !String::from_utf8_lossy(line).contains("TRACE");
    let lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').filter(is_above).collect();
    assert!(lines.len() > 300, "only {} lines above trace", lines.len());
    lines.join(&b'\n')
}

/// A configuration file with the form and the filter of the log; `more` stands before its tables.
fn configuration(home: &Path, (form, filter): (&str, &str), more: &str) -> PathBuf {
    let path = home.join("peerage.toml");
    let text = format!(
        "{more}[log]\nfilter = \"{filter}\"\njson = {}\n[limits]\nrequests_per_minute = 60000000\n\
         burst = 1000000\n",
        form == "json"
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// Lives through every input, with `more` at the end, and takes what is left.
fn live(keeper: &mut dyn Keeper, log: &str, more: impl FnOnce(&mut Walker)) -> Traces {
    let home = tempfile::tempdir().unwrap();
    let mut walker = Walker::new(keeper.start(home.path(), log));
    walker.secrets.add("a planted secret", SECRET);
    let key = home.path().join("data/master.key");
    installed(&mut walker, &key);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(every_operation(&mut walker));
    walker.come_home();
    walker.peerings();
    walker.emulation();
    walker.tokens();
    walker.wrong_credentials();
    more(&mut walker);
    let metrics = walker.server.exchange("GET", "/metrics", "", "").1;
    assert!(metrics.contains("createGroupPeer"), "{metrics}");
    let (backup, trail) = (home.path().join("backup"), home.path().join("trail"));
    let url = keeper.url(home.path());
    keep(&["backup", "--store", &url, backup.to_str().unwrap()]);
    let of_backup = format!("sqlite://{}", backup.display());
    let key = key.to_str().unwrap();
    let told = keep(&["audit", "export", "--store", &of_backup, "--key-file", key]);
    std::fs::write(&trail, told).unwrap();
    let Walker { server, secrets, leaks, .. } = walker;
    server.kill();
    let stored = [vec![backup, trail], keeper.files(home.path())].concat();
    let mut written = Needles::default();
    written.add("what a tenant wrote", USER);
    written.add("a tenant's network", inputs::NETWORK);
    written.add("a tenant's account", inputs::ACCOUNT);
    Traces { home, stored, secrets, written, leaks, metrics }
}

/// The secrets of the installation, and the password equivalent that is kept sealed.
fn installed(walker: &mut Walker, key_file: &Path) {
    let [public, private, secret] =
        ["publicKey", "privateKey", "clientSecret"].map(|name| walker.server.credential(name));
    let ha1 = Md5::digest(format!("{public}:MMS Public API:{private}"));
    let key = std::fs::read_to_string(key_file).unwrap();
    let token = walker.server.token().to_owned();
    let secrets = &mut walker.secrets;
    secrets.add("the private key", private);
    secrets.add("the client secret", secret);
    secrets.add("the password equivalent", hex::encode(ha1));
    secrets.add("the bytes of the password equivalent", ha1);
    secrets.add("the key file", key.trim());
    secrets.add("the key's bytes", hex::decode(key.trim()).unwrap());
    secrets.add("the access token", token);
}

/// Runs a command that has to end well; what it printed.
fn keep(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    output.stdout
}

#[test]
fn no_canary_is_where_it_may_not_be_with_a_log_of_json() {
    let traces = live(&mut File, "json", |_| ());
    let log = traces.log();
    let line = log.split(|byte| *byte == b'\n').next().unwrap();
    assert!(serde_json::from_slice::<Value>(line).is_ok(), "a line of JSON");
    assert_eq!(traces.leaks(), Vec::<String>::new());
}

#[test]
fn no_canary_is_where_it_may_not_be_with_a_log_for_people() {
    assert_eq!(live(&mut File, "text", |_| ()).leaks(), Vec::<String>::new());
}

/// A secret that somebody writes where names and request ids go is found wherever those go: so
/// each place is really looked through.
#[test]
fn a_secret_that_leaks_is_found_in_each_place() {
    let traces = live(&mut File, "text", |walker| {
        walker.leaks.clear();
        walker.leak();
    });
    let found = traces.leaks();
    for place in
        ["an answer", "the log:", "the log above trace", "peerage.db-wal", "backup", "trail"]
    {
        assert!(found.iter().any(|it| it.contains(place)), "{place}: {found:#?}");
    }
}
