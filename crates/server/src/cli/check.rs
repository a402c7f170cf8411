//! `peerage check`: whether a configuration can be served, and what is wrong with it if not.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use peerage_core::provider::Provider;
use peerage_store::keys;

use super::terminal::say;
use crate::authn::MasterKey;
use crate::clouds::Drivers;
use crate::config::Config;

/// Say whether a configuration can be served, and what is wrong with it if not.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG")]
    config: PathBuf,
}

pub(super) fn run(command: &Check) -> anyhow::Result<()> {
    let config = Config::read(&command.config)?;
    config.check()?;
    say(format!("configuration  ok  {}", command.config.display()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = peerage_store::open(&config.store)?;
        let (count, revision) = store.count(&keys::orgs()).await?;
        crate::runtime::check_whole(&*store).await?;
        say(format!("store          ok  {} at revision {}", config.store, revision.0));
        if count == 0 {
            say("organizations  none: run `peerage init` with this file first");
        } else {
            say(format!("organizations  ok  {count}"));
        }
        anyhow::Ok(())
    })?;
    if config.key_file.exists() {
        MasterKey::load(&config.key_file)
            .with_context(|| format!("the key file {}", config.key_file.display()))?;
        say(format!("key file       ok  {}", config.key_file.display()));
    } else {
        say(format!(
            "key file       absent: {} is made at the first start",
            config.key_file.display()
        ));
    }
    runtime.block_on(clouds(&config))
}

/// Who we are in each real cloud. The external ids are those of the key file, if there is one yet;
/// without it only roles of projects are out of reach.
async fn clouds(config: &Config) -> anyhow::Result<()> {
    let master =
        MasterKey::load(&config.key_file).unwrap_or_else(|_| MasterKey::from_bytes([0; 32]));
    let drivers = Drivers::connect(&config.clouds, None, master.external_ids()).await?;
    let mut failed = Vec::new();
    for provider in Provider::ALL {
        let Some(inventory) = drivers.inventories.get(&provider) else {
            say(format!("{:<14} ok  emulated", provider.name()));
            continue;
        };
        match inventory.whoami().await {
            Ok(lines) => {
                lines.iter().for_each(|who| say(format!("{:<14} ok  {who}", provider.name())))
            }
            Err(error) => {
                say(format!("{:<14} --  {error}", provider.name()));
                failed.push(provider.name());
            }
        }
    }
    anyhow::ensure!(failed.is_empty(), "not usable: {}", failed.join(", "));
    Ok(())
}
