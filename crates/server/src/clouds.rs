//! The drivers of real clouds, made from the configuration: whoever makes peerings, and whoever
//! looks for what was left behind. Must not know how a cloud is driven.

mod aws;
mod azure;
mod documents;
mod gcp;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use peerage_core::provider::Provider;
use peerage_fabric::aws::ExternalIds;
use peerage_fabric::remote::RemoteOptions;
use peerage_fabric::{Fabric, Inventory};

pub use self::documents::{aws_policy, azure_customer_role, azure_role, gcp_role, trust_policy};

use crate::config::{Clouds, Driver};
use crate::emulation::Ports;

/// The drivers that a configuration names.
#[derive(Default)]
pub struct Drivers {
    /// Who makes peerings, by provider.
    pub fabrics: BTreeMap<Provider, Arc<dyn Fabric>>,
    /// Who lists what we made.
    pub inventories: BTreeMap<Provider, Arc<dyn Inventory>>,
}

impl Drivers {
    /// Makes them; asks no cloud for anything but credentials. `ports`: where the emulated clouds
    /// are that speak their own protocols.
    ///
    /// # Errors
    /// A file cannot be read, or credentials are missing, in words for people.
    pub async fn connect(
        config: &Clouds,
        ports: Option<&Ports>,
        external_ids: ExternalIds,
    ) -> anyhow::Result<Self> {
        let mut drivers = Self::default();
        let at = |provider| ports.and_then(|ports| ports.of(provider));
        match (&config.aws, at(Provider::Aws)) {
            (Driver::Real(account), _) => {
                let driver = aws::real(config, account, external_ids).await.context("AWS")?;
                drivers.put(Provider::Aws, Arc::new(driver));
            }
            (Driver::Spoken(_), Some(address)) => {
                let driver = aws::emulated(config, address, external_ids).context("AWS")?;
                drivers.put(Provider::Aws, Arc::new(driver));
            }
            (Driver::Emulated | Driver::Spoken(_), _) => {}
        }
        match (&config.azure, at(Provider::Azure)) {
            (Driver::Real(subscription), _) => {
                let driver = azure::real(config, subscription).context("Azure")?;
                drivers.put(Provider::Azure, Arc::new(driver));
            }
            (Driver::Spoken(_), Some(address)) => {
                let driver = azure::emulated(config, address).context("Azure")?;
                drivers.put(Provider::Azure, Arc::new(driver));
            }
            (Driver::Emulated | Driver::Spoken(_), _) => {}
        }
        match (&config.gcp, at(Provider::Gcp)) {
            (Driver::Real(project), _) => {
                let driver = gcp::real(config, project).await.context("GCP")?;
                drivers.put(Provider::Gcp, Arc::new(driver));
            }
            (Driver::Spoken(_), Some(address)) => {
                let driver = gcp::emulated(config, address).await.context("GCP")?;
                drivers.put(Provider::Gcp, Arc::new(driver));
            }
            (Driver::Emulated | Driver::Spoken(_), _) => {}
        }
        Ok(drivers)
    }

    fn put<D: Fabric + Inventory>(&mut self, provider: Provider, driver: Arc<D>) {
        self.fabrics.insert(provider, driver.clone());
        self.inventories.insert(provider, driver);
    }
}

/// What every driver is told.
fn remote(config: &Clouds, ca_file: Option<&Path>) -> anyhow::Result<RemoteOptions> {
    let extra_roots = ca_file
        .map(|path| std::fs::read(path).with_context(|| path.display().to_string()))
        .transpose()?;
    Ok(RemoteOptions {
        drift: config.drift,
        requests_per_second: config.requests_per_second,
        timeout: config.timeout.0,
        extra_roots,
        ..RemoteOptions::new(&config.installation)
    })
}
