//! `peerage permissions`: what the service must be allowed in a real cloud, as that cloud's own
//! document.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use peerage_core::id::GroupId;

use super::terminal::say;
use crate::authn::MasterKey;
use crate::clouds;
use crate::config::Config;

/// Print the exact policy or role that the service needs in a real cloud.
#[derive(Debug, Args)]
#[command(after_help = "\
aws    an IAM policy; with --project the trust policy of that project's role, which names the
       external id that the service made for it: nobody else can have the service use the role
azure  a custom role for our subscription, for `az role definition create --role-definition`; with
       --customer the one that a customer gives on its VNet
gcp    a custom role, for `gcloud iam roles create --file`")]
pub(super) struct Permissions {
    /// The cloud.
    cloud: Cloud,
    /// The name of the installation, as in [clouds] installation.
    #[arg(long, default_value = "peerage")]
    installation: String,
    /// Our subscription. Azure only.
    #[arg(long, value_name = "ID", default_value = "00000000-0000-0000-0000-000000000000")]
    subscription: String,
    /// Print the role that the customer gives on this VNet instead. Azure only.
    #[arg(long, value_name = "SUBSCRIPTION/GROUP/VNET")]
    customer: Option<String>,
    /// Print the trust policy of the role of this project instead. AWS only.
    #[arg(long, value_name = "ID", requires_all = ["principal", "config"])]
    project: Option<String>,
    /// Who assumes the role: the ARN of the service's own user or role.
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
    /// The configuration file, whose key file decides the external ids.
    #[arg(long, value_name = "FILE", env = "PEERAGE_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Cloud {
    Aws,
    Azure,
    Gcp,
}

pub(super) fn run(command: &Permissions) -> anyhow::Result<()> {
    if let (Some(project), Some(principal), Some(config)) =
        (&command.project, &command.principal, &command.config)
    {
        anyhow::ensure!(command.cloud == Cloud::Aws, "only AWS has external ids");
        let group = GroupId::parse(project)
            .map_err(|_| anyhow::anyhow!("`{project}` is no id of a project: 24 hex digits"))?;
        let config = Config::read(config)?;
        let master = MasterKey::load(&config.key_file)
            .with_context(|| format!("the key file {}", config.key_file.display()))?;
        say(clouds::trust_policy(principal, &master.external_ids()(group)));
        return Ok(());
    }
    say(match command.cloud {
        Cloud::Aws => clouds::aws_policy(&command.installation),
        Cloud::Azure => match &command.customer {
            None => clouds::azure_role(&command.subscription),
            Some(vnet) => clouds::azure_customer_role(vnet_of(vnet)?),
        },
        Cloud::Gcp => clouds::gcp_role(),
    });
    Ok(())
}

/// Takes `subscription/group/vnet` apart.
fn vnet_of(text: &str) -> anyhow::Result<(&str, &str, &str)> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts[..] {
        [subscription, group, vnet] if parts.iter().all(|part| !part.is_empty()) => {
            Ok((subscription, group, vnet))
        }
        _ => anyhow::bail!("`{text}` is no SUBSCRIPTION/GROUP/VNET"),
    }
}
