//! `peerage backup`: copies a store to a file while the service runs.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use peerage_store::StoreUrl;
use peerage_store::backup::{Existing, Progress, Summary, backup};

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
    let store = source(command.config.as_ref(), command.store.as_ref())?;
    let bar = bar("backing up");
    let summary = backup(&store, &command.target, Existing::Keep, |progress| show(&bar, progress))?;
    bar.finish_and_clear();
    say(report(&command.target, &summary));
    Ok(())
}

/// The file of the store that a command is about.
pub(super) fn source(config: Option<&PathBuf>, store: Option<&String>) -> anyhow::Result<PathBuf> {
    let url = match (config, store) {
        (_, Some(url)) => url.clone(),
        (Some(path), None) => Config::read(path)?.store,
        (None, None) => anyhow::bail!("name the store with --config FILE or --store URL"),
    };
    match StoreUrl::parse(&url)? {
        StoreUrl::Sqlite { path, .. } => Ok(path),
        StoreUrl::Memory => anyhow::bail!("`memory:` forgets: there is nothing to back up"),
    }
}

/// A bar for long work; it shows nothing where nobody looks.
pub(super) fn bar(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1).with_style(style).with_message(what)
}

/// Moves a bar.
pub(super) fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Copying { pages_done, pages } => {
            bar.set_length(pages);
            bar.set_position(pages_done);
        }
        Progress::Verifying => bar.set_message("verifying"),
        Progress::Done => bar.set_message("done"),
    }
}

/// What was made, for people and for scripts that compare.
pub(super) fn report(file: &Path, summary: &Summary) -> String {
    let Summary { revision, entries, digest } = summary;
    format!("{}: {entries} entries at revision {}, {digest}", file.display(), revision.0)
}
