//! `peerage restore`: makes a store from a backup.

use std::path::PathBuf;

use clap::Args;

use peerage_store::backup::{Existing, restore};

use super::backup::{bar, report, show, source};
use super::terminal::say;

/// Make a store from a backup.
#[derive(Debug, Args)]
#[command(after_help = "\
Stop the service first. A store that exists is not overwritten unless --force is given; then the
old one is kept beside the new one until the new one is verified.")]
pub(super) struct Restore {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG", required_unless_present = "store")]
    config: Option<PathBuf>,
    /// The store, when there is no configuration file: sqlite:///path/to/peerage.db
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    store: Option<String>,
    /// Replace the store that is there.
    #[arg(long)]
    force: bool,
    /// The backup.
    backup: PathBuf,
}

pub(super) fn run(command: &Restore) -> anyhow::Result<()> {
    let store = source(command.config.as_ref(), command.store.as_ref())?;
    let existing = if command.force { Existing::Replace } else { Existing::Keep };
    let bar = bar("restoring");
    let summary = restore(&command.backup, &store, existing, |progress| show(&bar, progress))?;
    bar.finish_and_clear();
    say(report(&store, &summary));
    Ok(())
}
