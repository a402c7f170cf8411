//! A world of a test: the emulated clouds, where they keep their state, and a clock that stands
//! still until it is moved.

use std::sync::Arc;
use std::time::Duration;

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{
    CallError, Link, LinkRequest, LinkStatus, Network, NetworkNames, NetworkRequest, Sighting,
};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::{AwsNetwork, AzureNetwork, CustomerNetwork, GcpNetwork};
use peerage_core::provider::Provider;
use peerage_core::region::{AwsRegion, AzureRegion};
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{
    AWAKE_MAX, CustomerAct, CustomerError, CustomerMode, Effect, Emulated, EmulatedOptions, Fault,
    MemoryJournal, Pace,
};

pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MILLI: Duration = Duration::from_millis(1);

pub(crate) struct World {
    pub(crate) clouds: Arc<Emulated>,
    pub(crate) journal: MemoryJournal,
    pub(crate) options: EmulatedOptions,
    pub(crate) now: Timestamp,
}

pub(crate) fn options(customer: CustomerMode, pace: Pace) -> EmulatedOptions {
    EmulatedOptions { pace, customer, seed: 7, awake_max: AWAKE_MAX }
}

impl World {
    pub(crate) async fn new(customer: CustomerMode) -> Self {
        // A network that takes a while, so that what needs it can be seen to wait.
        let pace = Pace { network: Duration::from_secs(10), ..Pace::realistic() };
        Self::with(options(customer, pace)).await
    }

    pub(crate) async fn with(options: EmulatedOptions) -> Self {
        let journal = MemoryJournal::new();
        let clouds = Emulated::open(Arc::new(journal.clone()), options.clone()).await.unwrap();
        let now = Timestamp::from_millis(1_700_000_000_000);
        Self { clouds: Arc::new(clouds), journal, options, now }
    }

    /// The same world in another process.
    pub(crate) async fn reopen(&mut self) {
        let journal = Arc::new(self.journal.clone());
        self.clouds = Arc::new(Emulated::open(journal, self.options.clone()).await.unwrap());
    }

    pub(crate) fn pass(&mut self, span: Duration) {
        self.now = self.now.after(span);
    }

    pub(crate) async fn network(&mut self, request: &LinkRequest) -> NetworkNames {
        let request = network_request(request);
        self.clouds.ensure_network(&request, self.now).await.unwrap();
        self.pass(self.options.pace.network);
        let sighting = self.clouds.ensure_network(&request, self.now).await.unwrap();
        let Some(Network { names, ready: true, .. }) = sighting.found else {
            panic!("{sighting:?}")
        };
        names
    }

    pub(crate) async fn remove_network(
        &self,
        request: &LinkRequest,
    ) -> Result<Sighting<Network>, CallError> {
        self.clouds.remove_network(&network_request(request), self.now).await
    }

    /// Asks for a connection, its network included.
    pub(crate) async fn make(&mut self, request: &LinkRequest) -> Link {
        self.network(request).await;
        self.ensure(request).await.unwrap()
    }

    pub(crate) async fn ensure(&self, request: &LinkRequest) -> Result<Link, CallError> {
        Ok(self.clouds.ensure_link(request, self.now).await?.found.unwrap())
    }

    pub(crate) async fn remove(&self, request: &LinkRequest) -> Result<Option<Link>, CallError> {
        Ok(self.clouds.remove_link(request, self.now).await?.found)
    }

    pub(crate) async fn look(&self, request: &LinkRequest) -> Sighting<Link> {
        self.clouds.observe_link(request, self.now).await.unwrap()
    }

    /// Where the connection stands; `None` when it is not there.
    pub(crate) async fn status(&self, request: &LinkRequest) -> Option<LinkStatus> {
        self.look(request).await.found.map(|link| link.status)
    }

    /// Lets time pass from one change to the next until the connection stands there.
    pub(crate) async fn until(&mut self, request: &LinkRequest, status: LinkStatus) -> Link {
        for _ in 0..50 {
            let sighting = self.look(request).await;
            match sighting.found {
                Some(link) if link.status == status => return link,
                found => {
                    let at = sighting.recheck_at;
                    self.now = at.unwrap_or_else(|| panic!("it rests and is {found:?}"));
                }
            }
        }
        panic!("it never is {status:?}");
    }

    /// A connection that works.
    pub(crate) async fn active(&mut self, request: &LinkRequest) -> Link {
        self.make(request).await;
        self.until(request, LinkStatus::Active).await
    }

    /// Removes the connection, however long it takes.
    pub(crate) async fn clear(&mut self, request: &LinkRequest) {
        for _ in 0..50 {
            match self.clouds.remove_link(request, self.now).await {
                Ok(Sighting { found: None, .. }) => return,
                Ok(Sighting { recheck_at: Some(at), .. }) => self.now = at,
                Ok(Sighting { recheck_at: None, .. }) | Err(_) => self.pass(SECOND),
            }
        }
        panic!("a removal comes to no end");
    }

    pub(crate) async fn act(
        &self,
        request: &LinkRequest,
        act: CustomerAct,
    ) -> Result<(), CustomerError> {
        self.clouds.customer(request.peering, act, self.now).await
    }

    /// The code with which the customer's cloud says no.
    pub(crate) async fn refused(&self, request: &LinkRequest, act: CustomerAct) -> String {
        self.act(request, act).await.unwrap_err().code
    }
}

pub(crate) fn network_request(request: &LinkRequest) -> NetworkRequest {
    let (group, container, spec) = (request.group, request.container, request.ours.clone());
    NetworkRequest { group, container, spec }
}

/// A peering of the project of that number, from `ours` to the customer's network of that number.
pub(crate) fn request(
    cloud: Provider,
    peering: u32,
    project: u32,
    ours: &str,
    customer: u32,
) -> LinkRequest {
    let block = AddressBlock::parse(ours).unwrap();
    let ours = match cloud {
        Provider::Aws => {
            ContainerSpec::Aws { region: AwsRegion::parse("US_EAST_1").unwrap(), block }
        }
        Provider::Azure => {
            ContainerSpec::Azure { region: AzureRegion::parse("US_EAST_2").unwrap(), block }
        }
        Provider::Gcp => ContainerSpec::Gcp { regions: vec![], block },
    };
    LinkRequest {
        group: GroupId::from_bytes(bytes(project)),
        peering: PeerId::from_bytes(bytes(peering)),
        container: ContainerId::from_bytes(bytes(project)),
        handshake: 1,
        ours,
        names: None,
        customer: customer_network(cloud, customer),
    }
}

fn bytes(number: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

pub(crate) fn customer_network(cloud: Provider, number: u32) -> CustomerNetwork {
    match cloud {
        Provider::Aws => CustomerNetwork::Aws(AwsNetwork {
            account_id: "123456789012".into(),
            vpc_id: format!("vpc-{number:017x}"),
            region: "us-east-1".into(),
            block: AddressBlock::parse("172.31.0.0/16").unwrap(),
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

/// The same request with another block, or region, of the customer's VPC.
pub(crate) fn with_aws(request: &LinkRequest, change: impl Fn(&mut AwsNetwork)) -> LinkRequest {
    let mut request = request.clone();
    let CustomerNetwork::Aws(network) = &mut request.customer else { panic!("not AWS") };
    change(network);
    request
}

/// A fault that strikes everything, once.
pub(crate) fn fault(effect: Effect) -> Fault {
    Fault {
        id: 0,
        provider: None,
        operation: None,
        group: None,
        peering: None,
        effect,
        times: Some(1),
    }
}
