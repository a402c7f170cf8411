//! `peerage backup`: copies a store to a file while the service runs.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::terminal::say;
use crate::config::Config;

/// Copy a store to a file while the service runs.
#[derive(Debug, Args)]
#[command(after_help = "\
The copy is one consistent state, verified before it gets its name. The key file is not in it:
keep a copy of that apart, or the API keys in the backup cannot be used.")]
pub(super) struct Backup {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG", required_unless_present = "store")]
    config: Option<PathBuf>,
    /// The store, when there is no configuration file: sqlite:///path/to/peerage.db
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    store: Option<String>,
    /// The file to write; it must not exist.
    target: PathBuf,
}

pub(super) fn run(command: &Backup) -> anyhow::Result<()> {
    let url = source(command.config.as_ref(), command.store.as_ref())?;
    let bar = progress("backing up");
    let report = peerage_store::backup::backup(&url, &command.target, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    say(format!(
        "{}: {} keys at revision {}, sha256 {}",
        command.target.display(),
        report.keys,
        report.revision.0,
        report.sha256,
    ));
    Ok(())
}

/// The store that a command is about.
pub(super) fn source(config: Option<&PathBuf>, store: Option<&String>) -> anyhow::Result<String> {
    match (config, store) {
        (_, Some(url)) => Ok(url.clone()),
        (Some(path), None) => Ok(Config::read(path)?.store),
        (None, None) => anyhow::bail!("name the store with --config FILE or --store URL"),
    }
}

/// A bar for long work; it shows nothing where nobody looks.
pub(super) fn progress(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1).with_style(style).with_message(what)
}
