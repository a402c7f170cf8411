//! The driver of Azure: containers are virtual networks of one resource group, peerings are pairs
//! of `virtualNetworkPeerings`, whose second half we make in the customer's network, too, when its
//! role lets us.
//!
//! What a call began is never waited for: the next look tells. The driver keeps nothing that it
//! could not do without: tokens, names that spare a listing, when it last tried a customer's door.
//! It must not know the reconciler, the store or a clock.

mod arm;
mod assertion;
pub mod codes;
mod credential;
mod failure;
mod half;
mod inventory;
mod link;
pub mod locations;
mod memory;
mod network;
pub mod permissions;
mod resource;
mod token;

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use peerage_core::cloud::{CallError, Link, LinkRequest, Network, NetworkRequest, Sighting};
use peerage_core::region::AzureRegion;
use peerage_core::time::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::port::Fabric;
use crate::remote::{Bucket, Http, RemoteOptions};
pub use credential::Credential;
use memory::Memory;
use resource::VnetId;

/// Where Azure's directories are asked for tokens.
pub const AUTHORITY: &str = "https://login.microsoftonline.com";

/// The Resource Manager.
pub const ENDPOINT: &str = "https://management.azure.com";

/// Requests for tokens a second.
const TOKENS_PER_SECOND: u32 = 10;

/// Whether a peering lets traffic pass that did not begin in the other network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedTraffic {
    /// It does not.
    #[default]
    Blocked,
    /// It does: the customer reaches us through an appliance or a gateway of its own.
    Allowed,
}

/// What the driver is told.
#[derive(Clone, Debug)]
pub struct AzureOptions {
    /// What every driver is told.
    pub remote: RemoteOptions,
    /// The service's directory, a UUID.
    pub tenant: String,
    /// The application, which must be multi-tenant for customers of other directories; a UUID.
    pub client_id: String,
    /// What proves that we are the application.
    pub credential: Credential,
    /// The service's subscription, a UUID.
    pub subscription: String,
    /// The resource group of our networks. It is made when it is not there, and never deleted.
    pub resource_group: String,
    /// Locations that differ from [`locations::location`].
    pub locations: BTreeMap<AzureRegion, String>,
    /// Whether our halves take forwarded traffic.
    pub forwarded_traffic: ForwardedTraffic,
    /// Where tokens come from: [`AUTHORITY`], or that of another cloud or of a test.
    pub authority: String,
    /// The Resource Manager: [`ENDPOINT`], or that of another cloud or of a test.
    pub endpoint: String,
    /// Whom the tokens are for, where that is not the Resource Manager's own address.
    pub audience: Option<String>,
}

impl AzureOptions {
    /// The usual ones for these names.
    #[must_use]
    pub fn new(
        remote: RemoteOptions,
        (tenant, client_id): (&str, &str),
        credential: Credential,
        (subscription, resource_group): (&str, &str),
    ) -> Self {
        Self {
            remote,
            tenant: tenant.to_owned(),
            client_id: client_id.to_owned(),
            credential,
            subscription: subscription.to_owned(),
            resource_group: resource_group.to_owned(),
            locations: BTreeMap::new(),
            forwarded_traffic: ForwardedTraffic::Blocked,
            authority: AUTHORITY.to_owned(),
            endpoint: ENDPOINT.to_owned(),
            audience: None,
        }
    }
}

/// The driver.
#[derive(Debug)]
pub struct Azure {
    options: AzureOptions,
    arm: arm::Arm,
    /// A network of ours whose name does not matter: where the others lie.
    place: VnetId,
    memory: Memory,
}

impl Azure {
    /// A driver. Asks nothing yet.
    ///
    /// # Errors
    /// An option cannot be, in words for people that hold no secret.
    pub fn new(options: AzureOptions) -> Result<Self, String> {
        for (name, id) in [("tenant", &options.tenant), ("client id", &options.client_id)] {
            if !resource::is_uuid(id) {
                return Err(format!("the {name} `{id}` is no UUID"));
            }
        }
        let AzureOptions { subscription, resource_group, .. } = &options;
        let Some(place) = VnetId::new(subscription, resource_group, "nt") else {
            return Err(format!(
                "the subscription `{subscription}` is no UUID, or the resource group \
                 `{resource_group}` no name of one"
            ));
        };
        let (authority, endpoint) = (base(&options.authority)?, base(&options.endpoint)?);
        let http = Http::new(&options.remote)?;
        let seed = random_u64()?;
        let audience = options.audience.as_deref().unwrap_or(&endpoint).trim_end_matches('/');
        let tokens = token::Tokens {
            http: http.clone(),
            authority,
            scope: format!("{audience}/.default"),
            client_id: options.client_id.clone(),
            credential: options.credential.clone(),
            bucket: Bucket::new(TOKENS_PER_SECOND, seed),
            kept: Mutex::default(),
        };
        let requests_per_second = options.remote.requests_per_second;
        let arm = arm::Arm {
            http,
            endpoint,
            tokens,
            requests_per_second,
            buckets: Mutex::default(),
            seed,
        };
        Ok(Self { options, arm, place, memory: Memory::default() })
    }

    fn tenant(&self) -> &str {
        &self.options.tenant
    }

    fn installation(&self) -> &str {
        &self.options.remote.installation
    }
}

#[async_trait]
impl Fabric for Azure {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        network::ensure(self, request, now).await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        network::observe(self, request, now).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        network::remove(self, request, now).await
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        link::ensure(self, request, now).await
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        link::observe(self, request, now).await
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        link::remove(self, request, now).await
    }
}

/// An address without its last slash. Secrets travel there: without TLS only to this machine.
fn base(address: &str) -> Result<String, String> {
    let url = url::Url::parse(address).map_err(|error| format!("`{address}`: {error}"))?;
    let is_local = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => return Err(format!("`{address}` has no host")),
    };
    match (url.scheme(), is_local) {
        ("https", _) | ("http", true) => Ok(address.trim_end_matches('/').to_owned()),
        ("http", false) => Err(format!("`{address}` is not this machine: it has to be https")),
        (scheme, _) => Err(format!("`{address}`: {scheme} is not spoken, https is")),
    }
}

fn random_u64() -> Result<u64, String> {
    let mut bytes = [0; 8];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| "the system gives no random bytes".to_owned())?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> AzureOptions {
        let id = "11111111-1111-1111-1111-111111111111";
        let credential = Credential::secret("canary");
        AzureOptions::new(RemoteOptions::new("test"), (id, id), credential, (id, "group"))
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |change: fn(&mut AzureOptions), words: &str| {
            let mut options = options();
            change(&mut options);
            // They are looked at before a client is made.
            let error = Azure::new(options).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        refused(|options| options.tenant = "common".into(), "tenant");
        refused(|options| options.client_id = "x".into(), "client id");
        refused(|options| options.subscription = "x".into(), "subscription");
        refused(|options| options.resource_group = "a/b".into(), "resource group");
        refused(|options| options.endpoint = "http://management.azure.com".into(), "https");
        refused(|options| options.authority = "ftp://127.0.0.1".into(), "ftp");
        refused(|options| options.authority = "nowhere".into(), "nowhere");
    }

    #[test]
    fn this_machine_needs_no_tls() {
        for address in ["http://127.0.0.1:8080/", "http://localhost:1", "http://[::1]:1"] {
            assert_eq!(base(address).unwrap(), address.trim_end_matches('/'));
        }
        assert!(base("http://127.0.0.1.example").is_err());
    }
}
