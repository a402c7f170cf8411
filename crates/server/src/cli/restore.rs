//! `peerage restore`: makes a store from a backup.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use peerage_store::LeaseClock;
use peerage_store::backup::{self, Contents, Existing};

use super::backup::{Place, bar, in_runtime, place, report, show};
use super::terminal::say;
use crate::app::restored::Told;
use crate::clock::Clock;
use crate::config::Config;
use crate::ids::Randomness;
use crate::runtime::{KeySource, open_app};

/// Make a store from a backup.
#[derive(Debug, Args)]
#[command(after_help = "\
Stop the service first, all replicas of it. A store that holds something is not overwritten unless
--force is given: a file is then kept beside the new one, as `….replaced`; what an etcd cluster
holds is gone, so back it up before. A restore into etcd that is interrupted leaves a mark, and the
service refuses to serve what it left: restore again with --force.

Each organization's audit trail gets an event that tells of the restore, on top of the contents
whose number and SHA-256 the last line says. It takes the key file that belongs to the backup.")]
pub(super) struct Restore {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG", required_unless_present = "store")]
    config: Option<PathBuf>,
    /// The store, when there is no configuration file: sqlite:///path/to/peerage.db or
    /// etcd://host:2379
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    store: Option<String>,
    /// The key file, in place of the configuration's.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Replace the store that is there.
    #[arg(long)]
    force: bool,
    /// The backup.
    backup: PathBuf,
}

pub(super) fn run(command: &Restore) -> anyhow::Result<()> {
    let existing = if command.force { Existing::Replace } else { Existing::Keep };
    let bar = bar("restoring");
    let (from, progress) = (&command.backup, |progress| show(&bar, progress));
    let (name, summary) = match place(command.config.as_ref(), command.store.as_ref())? {
        Place::File(store) => {
            let summary = backup::restore(from, &store, existing, progress)?;
            (store.display().to_string(), summary)
        }
        Place::Engine(url) => in_runtime(async {
            let store = url.open(LeaseClock::system())?;
            let made = backup::port::restore(from, &*store, existing, progress).await;
            store.close().await;
            Ok(("the store".to_owned(), made?))
        })?,
    };
    bar.finish_and_clear();
    say(told(command, &summary.contents).context("it is restored; no audit trail tells of it")?);
    say(report(&name, &summary));
    Ok(())
}

/// Lets the audit trails tell of a restore, if the key file is here; says what became of it.
fn told(command: &Restore, contents: &Contents) -> anyhow::Result<String> {
    let config = command.config.as_deref().map(Config::read).transpose()?;
    let url = command.store.clone().or_else(|| config.as_ref().map(|config| config.store.clone()));
    let url = url.context("name the store")?;
    let key = command.key_file.clone().or_else(|| config.map(|config| config.key_file));
    // A key file that is made here would be another one than the backup's.
    let Some(key) = key.filter(|key| key.is_file()) else {
        return Ok("audit: there is no key file here, so no trail tells of this restore".to_owned());
    };
    let Told { trails, foreign } = in_runtime(tell(&url, &key, contents))?;
    if foreign.is_empty() {
        return Ok(format!("audit: {trails} trails tell of this restore"));
    }
    Ok(format!(
        "audit: {trails} trails tell of this restore; {} do not: {} is not their key file",
        foreign.len(),
        key.display()
    ))
}

async fn tell(url: &str, key: &Path, contents: &Contents) -> anyhow::Result<Told> {
    let store = peerage_store::open(url)?;
    let key = KeySource::File(key);
    let app = open_app(store.clone(), key, Clock::new(), Randomness::from_system()?, |_| {})?;
    let told = app.tell_restored(contents).await;
    store.close().await;
    Ok(told?)
}
