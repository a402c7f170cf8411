//! `peerage init`: the first organization, project and keys of a store.

use std::path::PathBuf;

use clap::Args;

use super::terminal::say;
use crate::app::install::Installation;
use crate::clock::Clock;
use crate::config::Config;
use crate::ids::Randomness;
use crate::runtime::{KeySource, open_app};

/// Make an organization, a project and their first keys in a store.
#[derive(Debug, Args)]
#[command(after_help = "\
The secrets are printed once, as one JSON object, and cannot be shown again.
Run it before the first `peerage serve`, with the same configuration file.")]
pub(super) struct Init {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG")]
    config: PathBuf,
    /// The name of the organization.
    #[arg(long, default_value = "Organization")]
    organization: String,
    /// The name of the project.
    #[arg(long, default_value = "Project 0")]
    project: String,
}

pub(super) fn run(command: &Init) -> anyhow::Result<()> {
    let config = Config::read(&command.config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let installed = runtime.block_on(async {
        let store = peerage_store::open(&config.store)?;
        let key = KeySource::File(&config.key_file);
        let app = open_app(store, key, Clock::new(), Randomness::from_system()?, |_| {})?;
        let installation = Installation {
            org_name: command.organization.clone(),
            project_name: command.project.clone(),
        };
        anyhow::Ok(app.install(&installation).await?)
    })?;
    say(serde_json::to_string_pretty(&installed)?);
    Ok(())
}
