//! The emulated clouds that are served on ports of their own, and the drivers that make our
//! peerings in them as in the real ones. Must not know what the protocols say.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use peerage_clouds::certificate::Certificate;
use peerage_clouds::{CloudApi, Options, aws, azure, gcp, serve};
use peerage_core::provider::Provider;
use peerage_store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::spoken::Spoken;
use crate::clock::Clock;
use crate::config::{Clouds, Driver};

/// One emulated cloud on its port.
#[derive(Clone, Debug)]
pub struct Port {
    /// The cloud.
    pub provider: Provider,
    /// Where it listens, with and without TLS.
    pub address: SocketAddr,
}

/// All of them.
#[derive(Default)]
pub struct Ports {
    /// Where they listen.
    pub ports: Vec<Port>,
    /// The worlds behind them.
    pub spoken: Vec<Arc<Spoken>>,
    /// The authority of their certificates, in PEM; none when there is no port.
    pub authority_pem: Option<String>,
    /// What serves them.
    pub tasks: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").field("ports", &self.ports).finish_non_exhaustive()
    }
}

impl Ports {
    /// Opens the clouds that the configuration puts on ports, and serves them until `stop` turns
    /// true.
    ///
    /// # Errors
    /// A port is taken, or a world cannot be taken up, in words for people.
    pub async fn open(
        config: &Clouds,
        seed: u64,
        clock: &Clock,
        store: &Arc<dyn Store>,
        stop: &watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let options = Options {
            pace: config.emulated.pace.clone(),
            customer: config.emulated.customer,
            seed,
        };
        let mut wanted: Vec<(Provider, SocketAddr, Arc<dyn CloudApi>)> = Vec::new();
        if let Driver::Spoken(address) = config.aws {
            wanted.push((Provider::Aws, address, Arc::new(aws::Ec2::new(options.clone()))));
        }
        if let Driver::Spoken(address) = config.azure {
            wanted.push((Provider::Azure, address, Arc::new(azure::Arm::new(options.clone()))));
        }
        if let Driver::Spoken(address) = config.gcp {
            wanted.push((Provider::Gcp, address, Arc::new(gcp::Compute::new(options))));
        }
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        anyhow::ensure!(
            !store.is_shared(),
            "emulated clouds on ports of their own are for one process: not over a shared store"
        );
        let hosts: Vec<String> = wanted.iter().map(|(_, at, _)| at.ip().to_string()).collect();
        let certificate = Certificate::generate(&hosts)
            .map_err(anyhow::Error::msg)
            .context("the certificate of the emulated clouds")?;
        let mut ports =
            Self { authority_pem: Some(certificate.authority_pem.clone()), ..Self::default() };
        for (provider, address, api) in wanted {
            let spoken = Spoken::open(provider, api, clock.clone(), store.clone()).await;
            let spoken = Arc::new(spoken.with_context(|| format!("the emulated {provider}"))?);
            let listener = tokio::net::TcpListener::bind(address)
                .await
                .with_context(|| format!("the emulated {provider} cannot listen on {address}"))?;
            ports.ports.push(Port { provider, address: listener.local_addr()? });
            let tls = Some(certificate.server.clone());
            let served = serve::serve(listener, spoken.clone(), tls, stop.clone());
            ports.tasks.push(tokio::spawn(served));
            ports.spoken.push(spoken);
        }
        Ok(ports)
    }

    /// The port of a cloud.
    #[must_use]
    pub fn of(&self, provider: Provider) -> Option<SocketAddr> {
        self.ports.iter().find(|port| port.provider == provider).map(|port| port.address)
    }
}
