//! The driver of Azure from its configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use peerage_clouds::azure::{SERVICE_SUBSCRIPTION, SERVICE_TENANT};
use peerage_core::region::AzureRegion;
use peerage_fabric::azure::{Azure, AzureOptions, Credential, ForwardedTraffic};

use super::remote;
use crate::config::{self, Clouds};

/// The resource group when none is named.
const RESOURCE_GROUP: &str = "peerage";

/// The application of the service in the emulated cloud.
const EMULATED_CLIENT: &str = "44444444-4444-4444-4444-444444444444";

/// The driver of the real cloud.
pub(super) fn real(config: &Clouds, account: &config::Azure) -> anyhow::Result<Azure> {
    let group = account.resource_group.as_deref().unwrap_or(RESOURCE_GROUP);
    let mut options = AzureOptions::new(
        remote(config, account.ca_file.as_deref())?,
        (&account.tenant_id, &account.client_id),
        credential(account)?,
        (&account.subscription_id, group),
    );
    if let Some(endpoint) = &account.endpoint {
        options.endpoint.clone_from(endpoint);
    }
    if let Some(authority) = &account.authority {
        options.authority.clone_from(authority);
    }
    options.audience.clone_from(&account.audience);
    options.locations = locations(account)?;
    if account.forwarded_traffic {
        options.forwarded_traffic = ForwardedTraffic::Allowed;
    }
    Azure::new(options).map_err(anyhow::Error::msg)
}

/// The driver of the emulated one.
pub(super) fn emulated(config: &Clouds, address: SocketAddr) -> anyhow::Result<Azure> {
    let base = format!("http://{address}");
    let options = AzureOptions {
        endpoint: base.clone(),
        authority: base,
        ..AzureOptions::new(
            remote(config, None)?,
            (SERVICE_TENANT, EMULATED_CLIENT),
            Credential::secret("emulated"),
            (SERVICE_SUBSCRIPTION, RESOURCE_GROUP),
        )
    };
    Azure::new(options).map_err(anyhow::Error::msg)
}

fn locations(account: &config::Azure) -> anyhow::Result<BTreeMap<AzureRegion, String>> {
    let parsed = account.locations.iter().map(|(name, location)| {
        let region = AzureRegion::parse(name);
        let region =
            region.with_context(|| format!("`{name}` is no region of Azure, such as US_EAST_2"))?;
        Ok((region, location.clone()))
    });
    parsed.collect()
}

/// What the file names, or else what the environment has.
fn credential(account: &config::Azure) -> anyhow::Result<Credential> {
    let config::Azure { client_secret_file, certificate_file, federated_token_file, .. } = account;
    match (client_secret_file, certificate_file, federated_token_file) {
        (Some(path), None, None) => Ok(Credential::secret(read(path)?.trim())),
        (None, Some(path), None) => Credential::certificate(&read(path)?)
            .map_err(anyhow::Error::msg)
            .with_context(named(path)),
        (None, None, Some(path)) => Ok(Credential::federated_token(path.clone())),
        (None, None, None) => from_environment(),
        _ => anyhow::bail!(
            "only one of client_secret_file, certificate_file and federated_token_file can be used"
        ),
    }
}

fn from_environment() -> anyhow::Result<Credential> {
    if let Some(path) = std::env::var_os("AZURE_FEDERATED_TOKEN_FILE") {
        return Ok(Credential::federated_token(path));
    }
    let secret = std::env::var("AZURE_CLIENT_SECRET").context(
        "there is no credential: set client_secret_file, certificate_file or \
         federated_token_file in [clouds.azure], or AZURE_CLIENT_SECRET",
    )?;
    Ok(Credential::secret(&secret))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(named(path))
}

fn named(path: &Path) -> impl Fn() -> String {
    let name = path.display().to_string();
    move || name.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(rest: &str) -> anyhow::Result<BTreeMap<AzureRegion, String>> {
        let id = "22222222-2222-2222-2222-222222222222";
        let text = format!(
            "tenant_id = \"{id}\"\nclient_id = \"{id}\"\nsubscription_id = \"{id}\"\n{rest}"
        );
        locations(&toml::from_str(&text).unwrap())
    }

    #[test]
    fn locations_go_by_the_names_of_the_contract() {
        assert!(options("").unwrap().is_empty());
        let own = options("[locations]\nUS_EAST_2 = \"usgovvirginia\"").unwrap();
        let region = AzureRegion::parse("US_EAST_2").unwrap();
        assert_eq!(own, BTreeMap::from([(region, "usgovvirginia".to_owned())]));
        let refused = options("[locations]\neastus2 = \"eastus2\"").unwrap_err().to_string();
        assert!(refused.contains("`eastus2` is no region of Azure"), "{refused}");
    }
}
