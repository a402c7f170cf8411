//! The driver of AWS from its configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Context as _;
use peerage_core::id::GroupId;
use peerage_fabric::aws::{Aws, DnsPolicy, ExternalIds, Keys, Options, RegionOptions, Role};

use super::remote;
use crate::config::{self, Clouds};

/// The driver of the real cloud.
pub(super) async fn real(
    config: &Clouds,
    account: &config::Aws,
    external_ids: ExternalIds,
) -> anyhow::Result<Aws> {
    let mut options = Options::new(remote(config, account.ca_file.as_deref())?);
    options.endpoint.clone_from(&account.endpoint);
    options.role = account.role_arn.as_deref().map(Role::parse).transpose()?;
    options.regions = regions(account)?;
    options.projects = projects(account)?;
    if let Some(subnets) = account.subnets {
        options.subnets = subnets;
    }
    if account.dns == Some(false) {
        options.dns = DnsPolicy::Leave;
    }
    Ok(Aws::connect(options, external_ids).await?)
}

/// The driver of the emulated one.
pub(super) fn emulated(
    config: &Clouds,
    address: SocketAddr,
    external_ids: ExternalIds,
) -> anyhow::Result<Aws> {
    let mut options = Options::new(remote(config, None)?);
    options.endpoint = Some(format!("http://{address}"));
    // An access key is its account there.
    let keys = Keys::new(peerage_clouds::aws::SERVICE, "emulated");
    Ok(Aws::with_credentials(options, external_ids, keys)?)
}

fn regions(account: &config::Aws) -> anyhow::Result<BTreeMap<String, RegionOptions>> {
    let plain = account.regions.iter().map(|name| (name.clone(), RegionOptions::default()));
    let mut regions: BTreeMap<String, RegionOptions> = plain.collect();
    for (name, arn) in &account.region_roles {
        let role = Role::parse(arn).with_context(|| format!("region_roles.{name}"))?;
        regions.insert(name.clone(), RegionOptions { role: Some(role) });
    }
    Ok(regions)
}

fn projects(account: &config::Aws) -> anyhow::Result<BTreeMap<GroupId, Role>> {
    let parse = |(id, arn): (&String, &String)| {
        let group = GroupId::parse(id)
            .map_err(|_| anyhow::anyhow!("project_roles: `{id}` is no id of a project"))?;
        let role = Role::parse(arn).with_context(|| format!("project_roles.{id}"))?;
        anyhow::Ok((group, role))
    };
    account.project_roles.iter().map(parse).collect()
}
