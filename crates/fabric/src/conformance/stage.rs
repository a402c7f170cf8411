//! Where a law is proved: one world, a clock that moves when the proof says so, and requests that
//! repeat themselves while they fail for now.

use std::sync::Arc;
use std::time::Duration;

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{
    Answer, Call, CallError, Link, LinkRequest, LinkStatus, Network, NetworkNames, NetworkRequest,
    Remedy, Sighting,
};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::{AwsNetwork, AzureNetwork, CustomerNetwork, GcpNetwork};
use peerage_core::provider::Provider;
use peerage_core::region::{AwsRegion, AzureRegion};
use peerage_core::time::Timestamp;

use super::{Bench, Breach, ensure};
use crate::emulated::{CustomerAct, CustomerError};
use crate::port::Fabric;

/// How often a call is repeated before a law counts as broken.
const TRIES_MAX: usize = 400;

/// How far the clock moves between two tries.
const STEP: Duration = Duration::from_secs(1);

pub(super) struct Stage {
    pub(super) bench: Arc<dyn Bench>,
    pub(super) fabric: Arc<dyn Fabric>,
    pub(super) cloud: Provider,
    pub(super) now: Timestamp,
}

impl Stage {
    pub(super) fn new(bench: Arc<dyn Bench>, cloud: Provider) -> Self {
        let fabric = bench.fabric();
        Self { bench, fabric, cloud, now: Timestamp::from_millis(1_700_000_000_000) }
    }

    pub(super) fn pass(&mut self, span: Duration) {
        self.now = self.now.after(span);
    }

    /// A request about our `number`th network.
    pub(super) fn network_request(&self, number: u8) -> NetworkRequest {
        let container = ContainerId::from_bytes([number; 12]);
        let group = GroupId::from_bytes([number; 12]);
        NetworkRequest { group, container, spec: self.spec(&format!("10.{number}.0.0/18")) }
    }

    fn spec(&self, block: &str) -> ContainerSpec {
        let block = read_block(block);
        let (aws, azure) = (AwsRegion::all().next(), AzureRegion::all().next());
        match (self.cloud, aws, azure) {
            (Provider::Aws, Some(region), _) => ContainerSpec::Aws { region, block },
            (Provider::Azure, _, Some(region)) => ContainerSpec::Azure { region, block },
            (Provider::Aws | Provider::Azure | Provider::Gcp, _, _) => {
                ContainerSpec::Gcp { regions: Vec::new(), block }
            }
        }
    }

    /// A request about the peering of that number, from our first network to a network of its own.
    pub(super) fn link_request(&self, peering: u8) -> LinkRequest {
        let network = self.network_request(1);
        LinkRequest {
            group: network.group,
            peering: PeerId::from_bytes([peering; 12]),
            container: network.container,
            handshake: 1,
            ours: network.spec,
            names: None,
            customer: self.customer(peering),
        }
    }

    /// The customer's network of that number.
    pub(super) fn customer(&self, number: u8) -> CustomerNetwork {
        match self.cloud {
            Provider::Aws => CustomerNetwork::Aws(AwsNetwork {
                account_id: "123456789012".into(),
                vpc_id: format!("vpc-{number:017x}"),
                region: "us-east-1".into(),
                block: read_block(&format!("172.16.{number}.0/24")),
            }),
            Provider::Azure => CustomerNetwork::Azure(AzureNetwork {
                directory_id: "00000000-0000-0000-0000-000000000001".into(),
                subscription_id: "00000000-0000-0000-0000-000000000002".into(),
                resource_group: "group".into(),
                vnet_name: format!("vnet{number}"),
            }),
            Provider::Gcp => CustomerNetwork::Gcp(GcpNetwork {
                project_id: "customer-project".into(),
                network_name: format!("network{number}"),
            }),
        }
    }

    /// Our network of that number, ready.
    pub(super) async fn network(&mut self, number: u8) -> Result<NetworkNames, Breach> {
        self.ready(&self.network_request(number)).await
    }

    /// That network, ready.
    pub(super) async fn ready(&mut self, request: &NetworkRequest) -> Result<NetworkNames, Breach> {
        for _ in 0..TRIES_MAX {
            if let Some(network) = self.ensure_network(request).await?
                && network.ready
            {
                return Ok(network.names);
            }
            self.pass(STEP);
        }
        Err(Breach(format!("{} is not ready after {TRIES_MAX} tries", request.container)))
    }

    /// Asks for a connection until the cloud refuses it for good: at once, or by failing what it
    /// took. Answers its words.
    pub(super) async fn refused(&mut self, request: &LinkRequest) -> Result<String, Breach> {
        for _ in 0..TRIES_MAX {
            match self.fabric.ensure_link(request, self.now).await {
                Err(CallError { remedy: Remedy::GiveUp, message, .. }) => return Ok(message),
                Ok(Sighting {
                    found: Some(Link { status: LinkStatus::Refused, message, .. }),
                    ..
                }) => {
                    return Ok(message.unwrap_or_default());
                }
                Ok(_) => self.pass(STEP),
                Err(error) => self.wait(error)?,
            }
        }
        Err(Breach("it was never refused".into()))
    }

    pub(super) async fn ensure_network(
        &mut self,
        request: &NetworkRequest,
    ) -> Result<Option<Network>, Breach> {
        for _ in 0..TRIES_MAX {
            match self.fabric.ensure_network(request, self.now).await {
                Ok(sighting) => return Ok(sighting.found),
                Err(error) => self.wait(error)?,
            }
        }
        Err(tired())
    }

    pub(super) async fn remove_network(
        &mut self,
        request: &NetworkRequest,
    ) -> Result<Option<Network>, Breach> {
        for _ in 0..TRIES_MAX {
            match self.fabric.remove_network(request, self.now).await {
                Ok(sighting) => return Ok(sighting.found),
                Err(error) => self.wait(error)?,
            }
        }
        Err(tired())
    }

    pub(super) async fn ensure(&mut self, request: &LinkRequest) -> Result<Link, Breach> {
        for _ in 0..TRIES_MAX {
            match self.fabric.ensure_link(request, self.now).await {
                Ok(Sighting { found: Some(link), .. }) => return Ok(link),
                Ok(Sighting { found: None, .. }) => self.pass(STEP),
                Err(error) => self.wait(error)?,
            }
        }
        Err(tired())
    }

    /// Asks for removal once, as often as that takes.
    pub(super) async fn remove(&mut self, request: &LinkRequest) -> Result<Option<Link>, Breach> {
        for _ in 0..TRIES_MAX {
            match self.fabric.remove_link(request, self.now).await {
                Ok(sighting) => return Ok(sighting.found),
                Err(error) => self.wait(error)?,
            }
        }
        Err(tired())
    }

    /// Asks for removal until nothing is left.
    pub(super) async fn clear(&mut self, request: &LinkRequest) -> Result<(), Breach> {
        for _ in 0..TRIES_MAX {
            if self.remove(request).await?.is_none() {
                return Ok(());
            }
            self.pass(STEP);
        }
        Err(Breach("a removal comes to no end".into()))
    }

    /// Looks, without letting time pass.
    pub(super) async fn look(&self, request: &LinkRequest) -> Result<Sighting<Link>, Breach> {
        self.look_at(request, self.now).await
    }

    pub(super) async fn look_at(
        &self,
        request: &LinkRequest,
        at: Timestamp,
    ) -> Result<Sighting<Link>, Breach> {
        for _ in 0..TRIES_MAX {
            match self.fabric.observe_link(request, at).await {
                Ok(sighting) => return Ok(sighting),
                Err(error) => ensure!(error.remedy != Remedy::GiveUp, "a look failed: {error}"),
            }
        }
        Err(tired())
    }

    /// Looks until the connection stands there.
    pub(super) async fn until(
        &mut self,
        request: &LinkRequest,
        status: LinkStatus,
    ) -> Result<Link, Breach> {
        let mut last = None;
        for _ in 0..TRIES_MAX {
            let sighting = self.look(request).await?;
            if let Some(link) = &sighting.found
                && link.status == status
            {
                return Ok(link.clone());
            }
            let later = self.now.after(STEP);
            self.now = sighting.recheck_at.map_or(later, |at| at.min(later).max(self.now));
            last = sighting.found;
        }
        Err(Breach(format!("it never was {status:?}, but at last {last:?}")))
    }

    /// Performs a call at this very time, however often it fails for now; answers the time at which
    /// something is said to change.
    pub(super) async fn told_of(&self, call: &Call) -> Result<Option<Timestamp>, Breach> {
        for _ in 0..TRIES_MAX {
            match self.fabric.call(call, self.now).await {
                Answer::Network(Ok(sighting)) => return Ok(sighting.recheck_at),
                Answer::Link(Ok(sighting)) => return Ok(sighting.recheck_at),
                Answer::Network(Err(error)) | Answer::Link(Err(error)) => {
                    ensure!(error.remedy != Remedy::GiveUp, "refused for good: {error}");
                }
            }
        }
        Err(tired())
    }

    /// Asks for a connection at this very time, however often that fails for now.
    pub(super) async fn ensure_now(&self, request: &LinkRequest) -> Result<Option<Link>, Breach> {
        for _ in 0..TRIES_MAX {
            match self.fabric.ensure_link(request, self.now).await {
                Ok(sighting) => return Ok(sighting.found),
                Err(error) => {
                    ensure!(error.remedy != Remedy::GiveUp, "refused for good: {error}");
                }
            }
        }
        Err(tired())
    }

    /// Goes on with the world as another process finds it; `false`: nothing survives.
    pub(super) async fn restart(&mut self) -> bool {
        let reopened = self.bench.reopen().await;
        let survives = reopened.is_some();
        if let Some(fabric) = reopened {
            self.fabric = fabric;
        }
        survives
    }

    /// A connection that works, from our first network.
    pub(super) async fn active(&mut self, peering: u8) -> Result<(LinkRequest, Link), Breach> {
        self.standing(peering, LinkStatus::Active).await
    }

    /// A connection that stands there, from our first network.
    pub(super) async fn standing(
        &mut self,
        peering: u8,
        status: LinkStatus,
    ) -> Result<(LinkRequest, Link), Breach> {
        self.network(1).await?;
        let request = self.link_request(peering);
        self.ensure(&request).await?;
        let link = self.until(&request, status).await?;
        Ok((request, link))
    }

    pub(super) async fn act(
        &self,
        request: &LinkRequest,
        act: CustomerAct,
    ) -> Result<(), CustomerError> {
        self.bench.act(request.peering, act, self.now).await
    }

    fn wait(&mut self, error: CallError) -> Result<(), Breach> {
        match error.remedy {
            Remedy::Retry { after_ms } => {
                self.pass(STEP.max(Duration::from_millis(after_ms.unwrap_or(0))));
                Ok(())
            }
            Remedy::GiveUp => Err(Breach(format!("refused for good: {error}"))),
        }
    }
}

fn tired() -> Breach {
    Breach(format!("no answer in {TRIES_MAX} tries"))
}

/// Reads a block that a proof has written.
#[expect(clippy::expect_used, reason = "the blocks of the proofs are constants")]
pub(super) fn read_block(text: &str) -> AddressBlock {
    AddressBlock::parse(text).expect("a block")
}

/// The same request as a later try at the customer.
pub(super) fn renewed(request: &LinkRequest) -> LinkRequest {
    LinkRequest { handshake: request.handshake + 1, ..request.clone() }
}
