//! `peerage audit`: proves the audit trail, and writes it out.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use peerage_store::record::LinkedEvent;
use peerage_store::{ListRequest, Store, keys};
use serde_json::{Value, json};

use super::backup::{bar, in_runtime};
use super::terminal::say;
use crate::app::audit::verify::{Finding, Known, Report, verify};
use crate::authn::{ChainKey, MasterKey};
use crate::config::Config;

/// Prove the audit trail, or write it out.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(Verify),
    Export(Export),
}

/// Which store, and the key file that belongs to it.
#[derive(Debug, Args)]
struct Of {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG", required_unless_present = "store")]
    config: Option<PathBuf>,
    /// The store, in place of the configuration's: a backup, for instance, as
    /// sqlite:///path/to/backup
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// The key file, in place of the configuration's.
    #[arg(long, value_name = "FILE", required_unless_present = "config")]
    key_file: Option<PathBuf>,
}

/// Look for events that were edited, dropped, put in another order or made up.
#[derive(Debug, Args)]
#[command(after_help = "\
Every event is authenticated together with everything before it in its project or organization, by
a key that is not in the store. Ends with 1 if anything is wrong, and says where.

A store in a file is opened by one process at a time: while the service runs, make a backup and
verify that, with --store. Whoever has an old copy of the whole store can put it back, and it is
whole: keep what --json prints somewhere else, and give it to --since the next time.")]
struct Verify {
    #[command(flatten)]
    of: Of,
    /// What --json printed at an earlier time: every trail has to go on from there.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// How many events are from versions before the chain: what the first verification after the
    /// upgrade found. With --since it is known already.
    #[arg(long, value_name = "COUNT", default_value_t = 0, conflicts_with = "since")]
    uncovered: u64,
    /// Print the whole report as JSON.
    #[arg(long)]
    json: bool,
}

/// Write every event out, one JSON object in a line, with what it changed.
#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    of: Of,
    /// Only this project or organization.
    #[arg(long, value_name = "ID")]
    only: Option<String>,
}

pub(super) fn run(command: &Audit) -> anyhow::Result<()> {
    match &command.command {
        Command::Verify(command) => in_runtime(verified(command)),
        Command::Export(command) => in_runtime(exported(command)),
    }
}

impl Of {
    fn open(&self) -> anyhow::Result<(std::sync::Arc<dyn Store>, PathBuf)> {
        let config = self.config.as_deref().map(Config::read).transpose()?;
        let of = |what: fn(&Config) -> String| config.as_ref().map(what);
        let url = self.store.clone().or_else(|| of(|config| config.store.clone()));
        let key = self.key_file.clone().or_else(|| config.map(|config| config.key_file));
        let store = peerage_store::open(&url.context("name the store")?)?;
        Ok((store, key.context("name the key file")?))
    }
}

async fn verified(command: &Verify) -> anyhow::Result<()> {
    let (store, key) = command.of.open()?;
    let master =
        MasterKey::load(&key).with_context(|| format!("the key file {}", key.display()))?;
    let known = match &command.since {
        Some(earlier) => read_since(earlier)?,
        None => Known { uncovered: command.uncovered, ..Known::default() },
    };
    let bar = bar("verifying");
    let mut total = 0;
    for prefix in keys::all_trails() {
        total += store.count(&prefix).await?.0;
    }
    bar.set_length(total);
    let chain = ChainKey::new(master.audit_key());
    let report = verify(&*store, &chain, &known, |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    store.close().await;
    if command.json {
        say(serde_json::to_string_pretty(&report)?);
    } else {
        tell(&report);
    }
    anyhow::ensure!(report.wrong == 0, "{} things are wrong with the audit trail", report.wrong);
    Ok(())
}

fn read_since(path: &Path) -> anyhow::Result<Known> {
    let read = || -> anyhow::Result<Report> { Ok(serde_json::from_slice(&std::fs::read(path)?)?) };
    let report = read().with_context(|| format!("the earlier report {}", path.display()))?;
    Ok(report.into())
}

fn tell(report: &Report) {
    for Finding { trail, number, event, what } in &report.findings {
        let number = number.map(|number| format!(" event {number}")).unwrap_or_default();
        let event = event.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        say(format!("{trail}{number}{event}: {what}"));
    }
    if report.uncovered > 0 {
        say(format!("{} events are older than the chain and not covered by it", report.uncovered));
    }
    let (events, trails) = (report.events, report.trails.len());
    say(format!("{events} events in {trails} trails fit, at revision {}", report.revision));
}

async fn exported(command: &Export) -> anyhow::Result<()> {
    let (store, _) = command.of.open()?;
    for prefix in keys::all_trails() {
        let mut request = ListRequest::prefix(prefix);
        loop {
            let page = store.list(request.clone()).await?;
            for entry in &page.entries {
                let trail = keys::trail_of(&entry.key).map_or("", |(trail, _)| trail);
                if command.only.as_ref().is_none_or(|id| trail.ends_with(id.as_str())) {
                    say(line(trail, entry.value.as_bytes())?.to_string());
                }
            }
            request.after = page.entries.last().map(|entry| entry.key.clone());
            request.at = Some(page.revision);
            if !page.more {
                break;
            }
        }
    }
    store.close().await;
    Ok(())
}

fn line(trail: &str, bytes: &[u8]) -> anyhow::Result<Value> {
    let event = LinkedEvent::read(bytes)?;
    let body: Value = serde_json::from_str(event.body)?;
    let link = event.link();
    Ok(json!({ "trail": trail, "number": link.map(|link| link.number), "event": body }))
}
