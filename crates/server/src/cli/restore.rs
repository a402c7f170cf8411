//! `peerage restore`: makes a store from a backup.

use std::path::PathBuf;

use clap::Args;

use peerage_store::LeaseClock;
use peerage_store::backup::{self, Existing};

use super::backup::{Place, bar, in_runtime, place, report, show};
use super::terminal::say;

/// Make a store from a backup.
#[derive(Debug, Args)]
#[command(after_help = "\
Stop the service first, all replicas of it. A store that holds something is not overwritten unless
--force is given: a file is then kept beside the new one, as `….replaced`; what an etcd cluster
holds is gone, so back it up before. A restore into etcd that is interrupted leaves a mark, and the
service refuses to serve what it left: restore again with --force.")]
pub(super) struct Restore {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG", required_unless_present = "store")]
    config: Option<PathBuf>,
    /// The store, when there is no configuration file: sqlite:///path/to/peerage.db or
    /// etcd://host:2379
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    store: Option<String>,
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
    say(report(&name, &summary));
    Ok(())
}
