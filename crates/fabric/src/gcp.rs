//! The driver of GCP: networks of custom mode in the service's project, and our halves of VPC
//! network peerings, through Compute Engine's official client.
//!
//! It keeps nothing that the cloud does not: networks and halves are found by their names, and
//! operations by the request ids that they carry (`stamp`). What a failed operation said is
//! therefore known after a restart, too. It must not know the store, nor whether the cloud that
//! answers is Google's.

mod client;
pub mod codes;
mod division;
mod failure;
mod inventory;
mod link;
mod memory;
mod network;
pub mod options;
pub mod permissions;
mod queue;
pub mod regions;
mod seen;
mod stamp;
mod standing;
mod subnet;

use std::time::Duration;

use async_trait::async_trait;
use peerage_core::cloud::{CallError, Link, LinkRequest, Network, NetworkRequest, Sighting};
use peerage_core::time::Timestamp;

use crate::port::Fabric;
use crate::remote::settle_cryptography;
use client::Client;
use memory::Memory;
pub use options::{CustomRoutes, Identity, Options};
pub use permissions::{Permission, permissions, role};
use queue::Queue;
use seen::Flags;
use standing::Wish;

/// How long the credentials may take to be found.
const CONNECT_MAX: Duration = Duration::from_secs(30);

/// The driver of one project of GCP.
#[derive(Debug)]
pub struct Gcp {
    options: Options,
    client: Client,
    queue: Queue,
    memory: Memory,
    /// Who the credentials are, in words for people.
    who: String,
}

impl Gcp {
    /// Makes the driver. Nothing is asked of the cloud but of a machine's metadata server, where
    /// the credentials come from there: others that do not work show with the first call, or by
    /// [`crate::Inventory::whoami`].
    ///
    /// # Errors
    /// The options or credentials cannot be used, in words for people and without any secret.
    pub async fn connect(options: Options) -> Result<Self, String> {
        options.check()?;
        settle_cryptography();
        let made = tokio::time::timeout(CONNECT_MAX, Client::new(&options)).await;
        let (client, who) =
            made.map_err(|_| "the credentials do not come in time".to_owned())??;
        let (queue, memory) = (Queue::default(), Memory::default());
        Ok(Self { options, client, queue, memory, who })
    }

    /// How our halves have to be.
    fn wish(&self) -> Wish {
        let CustomRoutes { import, export } = self.options.custom_routes;
        let flags = Flags { subnets: true, import, export };
        Wish { flags, drift: self.options.remote.drift }
    }
}

#[async_trait]
impl Fabric for Gcp {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        Ok(self.ensure_net(request, now).await?)
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        _now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        Ok(self.observe_net(request).await?)
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        Ok(self.remove_net(request, now).await?)
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        Ok(self.ensure_half(request, now).await?)
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        _now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        Ok(self.observe_half(request).await?)
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        Ok(self.remove_half(request, now).await?)
    }
}
