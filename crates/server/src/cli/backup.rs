//! `peerage backup`: copies a store to a file while the service runs.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use peerage_store::backup::{self, Existing, Progress, Summary};
use peerage_store::{LeaseClock, StoreUrl};

use super::terminal::say;
use crate::config::Config;

/// Copy a store to a file while the service runs.
#[derive(Debug, Args)]
#[command(after_help = "\
The copy is one consistent state, verified before it gets its name. The key file is not in it:
keep a copy of that apart, or the API keys in the backup cannot be used. A backup of one kind of
store can be restored into another: that is how an installation moves from a file to etcd and back.
The last line says how many entries it holds and their SHA-256, the same before and after a move.")]
pub(super) struct Backup {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG", required_unless_present = "store")]
    config: Option<PathBuf>,
    /// The store, when there is no configuration file: sqlite:///path/to/peerage.db or
    /// etcd://host:2379
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    store: Option<String>,
    /// The file to write; it must not exist.
    target: PathBuf,
}

pub(super) fn run(command: &Backup) -> anyhow::Result<()> {
    let place = place(command.config.as_ref(), command.store.as_ref())?;
    let bar = bar("backing up");
    let (target, progress) = (&command.target, |progress| show(&bar, progress));
    let summary = match place {
        Place::File(store) => backup::backup(&store, target, Existing::Keep, progress)?,
        Place::Engine(url) => in_runtime(async {
            let store = url.open(LeaseClock::system())?;
            let made = backup::port::backup(&*store, target, Existing::Keep, progress).await;
            store.close().await;
            Ok(made?)
        })?,
    };
    bar.finish_and_clear();
    say(report(&command.target.display().to_string(), &summary));
    Ok(())
}

/// Where the store is that a command is about.
pub(super) enum Place {
    /// In a file, which is copied as it is.
    File(PathBuf),
    /// Behind the port of its engine.
    #[cfg_attr(not(feature = "etcd"), expect(dead_code, reason = "etcd is the only other engine"))]
    Engine(StoreUrl),
}

/// The store that a command is about.
pub(super) fn place(config: Option<&PathBuf>, store: Option<&String>) -> anyhow::Result<Place> {
    let url = match (config, store) {
        (_, Some(url)) => url.clone(),
        (Some(path), None) => Config::read(path)?.store,
        (None, None) => anyhow::bail!("name the store with --config FILE or --store URL"),
    };
    match StoreUrl::parse(&url)? {
        StoreUrl::Sqlite { path, .. } => Ok(Place::File(path)),
        StoreUrl::Memory => anyhow::bail!("`memory:` forgets: there is nothing to back up"),
        #[cfg(feature = "etcd")]
        url @ StoreUrl::Etcd(_) => Ok(Place::Engine(url)),
    }
}

/// Waits for something in a runtime of one thread.
pub(super) fn in_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
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
        Progress::Copying { done, total } => {
            bar.set_length(total);
            bar.set_position(done);
        }
        Progress::Verifying => bar.set_message("verifying"),
        Progress::Done => bar.set_message("done"),
    }
}

/// What was made, for people and for scripts that compare.
pub(super) fn report(place: &str, summary: &Summary) -> String {
    let Summary { revision, entries, digest, contents } = summary;
    format!(
        "{place}: {entries} entries at revision {}, {digest}\ncontents: {} entries, {}",
        revision.0, contents.entries, contents.digest
    )
}
