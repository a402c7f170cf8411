//! `peerage serve`: the service as a configuration file says.

use std::path::PathBuf;

use clap::Args;

use super::terminal::say;
use crate::config::Config;
use crate::ids::Randomness;
use crate::runtime::{KeySource, Running};

/// Run the service as a configuration file says.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG")]
    config: PathBuf,
}

pub(super) fn run(command: &Serve) -> anyhow::Result<()> {
    let mut config = Config::read(&command.config)?;
    config.check()?;
    crate::telemetry::start(&config.log)?;
    crate::open_files::fit(&mut config.limits);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = peerage_store::open(&config.store)?;
        let randomness = Randomness::from_system()?;
        let key = KeySource::File(&config.key_file);
        let running = Running::start(&config, store, key, randomness).await?;
        say(format!("Peerage listens on {}", running.address));
        crate::runtime::until_told_to_stop().await?;
        running.stop().await
    })
}
