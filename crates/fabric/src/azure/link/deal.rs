//! One call about one peering: both networks, and the requests that are made about its two halves.

use http::Method;
use peerage_core::cloud::{LinkRequest, NetworkNames};
use peerage_core::peering::{AzureNetwork, CustomerNetwork};
use peerage_core::time::Timestamp;
use serde_json::Value;

use super::super::Azure;
use super::super::arm::{Ask, Done};
use super::super::failure::Failure;
use super::super::half::{Half, made};
use super::super::resource::{NETWORK_VERSION, VnetId};
use super::door::{Closed, Door};
use crate::remote::Meaning;
use crate::tags;

/// Lets a half take the other network's addresses as they are.
const SYNC: &str = "syncRemoteAddressSpace=true";

/// A call and what it is about.
pub(super) struct Deal<'a> {
    pub(super) azure: &'a Azure,
    pub(super) request: &'a LinkRequest,
    pub(super) now: Timestamp,
    pub(super) customer: &'a AzureNetwork,
    /// Our network, if there is one.
    pub(super) ours: Option<VnetId>,
    /// The customer's; `None`: there can be no such one.
    pub(super) theirs: Option<VnetId>,
    /// The name of both halves.
    pub(super) name: String,
}

impl<'a> Deal<'a> {
    /// `None`: our network is not there.
    pub(super) async fn open(
        azure: &'a Azure,
        request: &'a LinkRequest,
        now: Timestamp,
    ) -> Result<Option<Self>, Failure> {
        let deal = Self::about(azure, request, now).await?;
        Ok(deal.ours.is_some().then_some(deal))
    }

    /// The same, whether our network is there or not.
    pub(super) async fn about(
        azure: &'a Azure,
        request: &'a LinkRequest,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let CustomerNetwork::Azure(customer) = &request.customer else {
            let words = "the customer's network is not one of Azure";
            return Err(Failure::new("InvalidNetwork", words, Meaning::Refused));
        };
        let ours = match &request.names {
            Some(NetworkNames::Azure { vnet_name, .. }) => azure.place.sibling(vnet_name),
            Some(NetworkNames::Aws { .. } | NetworkNames::Gcp { .. }) | None => {
                azure.tagged(request.container, now).await?.map(|vnet| vnet.id)
            }
        };
        let AzureNetwork { subscription_id, resource_group, vnet_name, .. } = customer;
        let theirs = VnetId::new(subscription_id, resource_group, vnet_name);
        let name = tags::link_name(request.peering, request.handshake);
        Ok(Self { azure, request, now, customer, ours, theirs, name })
    }

    /// The customer's directory.
    pub(super) fn their_tenant(&self) -> &'a str {
        &self.customer.directory_id
    }

    /// All peerings of our network.
    pub(super) async fn our_halves(&self) -> Result<Vec<Half>, Failure> {
        let ours = self.ours()?;
        self.azure.halves(ours, self.azure.tenant(), self.now).await
    }

    /// Our half of this handshake.
    pub(super) async fn our_half(&self) -> Result<Option<Half>, Failure> {
        let ours = self.ours()?;
        let found = self.azure.half(ours, &self.name, self.azure.tenant(), self.now).await;
        match found {
            Err(failure) if failure.is_missing() => Ok(None),
            found => found.map(Some),
        }
    }

    /// All peerings of the customer's network.
    pub(super) async fn their_halves(&self) -> Result<Vec<Half>, Failure> {
        let Some(theirs) = &self.theirs else { return Ok(Vec::new()) };
        match self.azure.halves(theirs, self.their_tenant(), self.now).await {
            Err(failure) if failure.is_missing() || Closed::of(&failure).is_some() => {
                Ok(Vec::new())
            }
            halves => halves,
        }
    }

    /// Looks for the customer's half, and whether we may look.
    pub(super) async fn their_door(&self) -> Result<Door, Failure> {
        let Some(theirs) = &self.theirs else { return Ok(Door::Closed(self.no_such_network())) };
        match self.azure.half(theirs, &self.name, self.their_tenant(), self.now).await {
            Ok(half) => Ok(Door::Open(Some(half))),
            Err(failure) => match Closed::of(&failure) {
                Some(closed) => Ok(Door::Closed(closed)),
                None if failure.is_missing() => Ok(Door::Open(None)),
                None => Err(failure),
            },
        }
    }

    /// Asks for our half with the customer's consent: its directory's token says that it gave one.
    pub(super) async fn put_both_ways(&self) -> Result<(), Failure> {
        self.azure.arm.enter(self.their_tenant(), self.now).await?;
        self.put_ours(false).await
    }

    /// Makes our half, or puts its switches right; `sync`: and its idea of the other addresses.
    pub(super) async fn put_ours(&self, sync: bool) -> Result<(), Failure> {
        let (ours, theirs) = (self.ours()?, self.theirs()?);
        let body = made(theirs, self.azure.options.forwarded_traffic);
        let path = ours.peering_path(Some(&self.name));
        let ask = Ask::new(Method::PUT, &path, NETWORK_VERSION, self.azure.tenant());
        let done = self.put(ask.across(self.their_tenant()).body(body), sync).await?;
        self.azure.memory.began(&path, done.operation.as_deref());
        Ok(())
    }

    /// Makes the customer's half.
    pub(super) async fn put_theirs(&self) -> Result<(), Failure> {
        let (ours, theirs) = (self.ours()?, self.theirs()?);
        let path = theirs.peering_path(Some(&self.name));
        let ask = Ask::new(Method::PUT, &path, NETWORK_VERSION, self.their_tenant());
        let body = made(ours, self.azure.options.forwarded_traffic);
        let ask = ask.across(self.azure.tenant()).body(body);
        self.put(ask, false).await.map(drop)
    }

    /// Lets the customer's half take our addresses as they are, and leaves its switches alone.
    pub(super) async fn sync_theirs(&self) -> Result<(), Failure> {
        let theirs = self.theirs()?;
        let path = theirs.peering_path(Some(&self.name));
        let look = Ask::new(Method::GET, &path, NETWORK_VERSION, self.their_tenant());
        let body = self.azure.arm.send(&look, self.now).await?.body;
        let ask = Ask::new(Method::PUT, &path, NETWORK_VERSION, self.their_tenant());
        self.put(ask.across(self.azure.tenant()).body(body), true).await.map(drop)
    }

    pub(super) async fn delete_ours(&self, name: &str) -> Result<(), Failure> {
        let ours = self.ours()?;
        self.azure.delete_half(ours, name, self.azure.tenant(), self.now).await
    }

    pub(super) async fn delete_theirs(&self, name: &str) -> Result<(), Failure> {
        let theirs = self.theirs()?;
        self.azure.delete_half(theirs, name, self.their_tenant(), self.now).await
    }

    async fn put(&self, ask: Ask<'_>, sync: bool) -> Result<Done, Failure> {
        let ask = if sync { ask.with(SYNC) } else { ask };
        self.azure.arm.send(&ask, self.now).await
    }

    fn ours(&self) -> Result<&VnetId, Failure> {
        self.ours.as_ref().ok_or_else(|| {
            let words = format!("the container {} has no network", self.request.container);
            Failure::new("ResourceNotFound", words, Meaning::Missing)
        })
    }

    fn theirs(&self) -> Result<&VnetId, Failure> {
        let words = || "the customer's network has an impossible name".to_owned();
        let missing = || Failure::new("InvalidResourceReference", words(), Meaning::Refused);
        self.theirs.as_ref().ok_or_else(missing)
    }
}

impl Azure {
    /// All peerings of a network.
    pub(super) async fn halves(
        &self,
        network: &VnetId,
        tenant: &str,
        now: Timestamp,
    ) -> Result<Vec<Half>, Failure> {
        let path = network.peering_path(None);
        let ask = Ask::new(Method::GET, &path, NETWORK_VERSION, tenant);
        let listed: Vec<Value> = self.arm.list(ask, now).await?;
        listed.into_iter().map(Half::read).collect()
    }

    /// A peering of a network.
    pub(super) async fn half(
        &self,
        network: &VnetId,
        name: &str,
        tenant: &str,
        now: Timestamp,
    ) -> Result<Half, Failure> {
        let path = network.peering_path(Some(name));
        let ask = Ask::new(Method::GET, &path, NETWORK_VERSION, tenant);
        Half::read(self.arm.send(&ask, now).await?.body)
    }

    /// Takes a peering of a network away, or finds that it is gone.
    pub(super) async fn delete_half(
        &self,
        network: &VnetId,
        name: &str,
        tenant: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let path = network.peering_path(Some(name));
        let ask = Ask::new(Method::DELETE, &path, NETWORK_VERSION, tenant);
        match self.arm.send(&ask, now).await {
            Err(failure) if failure.is_missing() => Ok(()),
            done => done.map(drop),
        }
    }
}
