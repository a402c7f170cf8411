//! `peerage restore`: makes a store from a backup.

use std::path::PathBuf;

use clap::Args;

use super::backup::{progress, source};
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
    let url = source(command.config.as_ref(), command.store.as_ref())?;
    let bar = progress("restoring");
    let report =
        peerage_store::backup::restore(&command.backup, &url, command.force, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })?;
    bar.finish_and_clear();
    say(format!(
        "{url}: {} keys at revision {}, sha256 {}",
        report.keys, report.revision.0, report.sha256
    ));
    Ok(())
}
