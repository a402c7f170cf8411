//! A world of a test: the emulated Compute Engine on a port of this machine, a clock that stands
//! still until somebody moves it, and the driver before it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use peerage_clouds::gcp::Compute;
use peerage_clouds::serve::{Handler, serve};
use peerage_clouds::{CloudApi, Options, Request, Response};
use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{CallError, Link, LinkRequest, LinkStatus, Network, NetworkRequest};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::{CustomerNetwork, GcpNetwork};
use peerage_core::region::GcpRegion;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{CustomerMode, Pace};
use peerage_fabric::gcp::{self, Gcp, Identity};
use peerage_fabric::remote::RemoteOptions;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, watch};

use crate::proxy::{Proxy, Rates};

/// The project of the service.
pub(crate) const PROJECT: &str = peerage_clouds::gcp::SERVICE_PROJECT;

/// The project of the customer, as in the book of laws.
pub(crate) const CUSTOMER: &str = "customer-project";

/// When everything begins.
const START: i64 = 1_700_000_000_000;

/// How often something is tried before a test fails.
pub(crate) const TRIES_MAX: usize = 400;

/// A clock that stands still until it is moved, and never runs back.
#[derive(Debug)]
pub(crate) struct Clock {
    now_ms: AtomicI64,
    /// How far it moves with each request of the driver, in milliseconds.
    tick_ms: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::SeqCst))
    }

    pub(crate) fn reach(&self, now: Timestamp) {
        self.now_ms.fetch_max(now.as_millis(), Ordering::SeqCst);
    }

    pub(crate) fn pass(&self, span: Duration) {
        self.reach(self.now().after(span));
    }

    /// From here on it moves so far with each request of the driver.
    pub(crate) fn move_with_requests(&self, tick: Duration) {
        let tick_ms = i64::try_from(tick.as_millis()).unwrap();
        self.tick_ms.store(tick_ms, Ordering::SeqCst);
    }

    fn tick(&self) -> Timestamp {
        let tick_ms = self.tick_ms.load(Ordering::SeqCst);
        Timestamp::from_millis(self.now_ms.fetch_add(tick_ms, Ordering::SeqCst) + tick_ms)
    }
}

/// The emulated cloud by that clock.
struct InTime {
    compute: Arc<Compute>,
    clock: Arc<Clock>,
}

#[async_trait]
impl Handler for InTime {
    async fn handle(&self, request: Request) -> Response {
        self.compute.answer(&request, self.clock.tick())
    }
}

pub(crate) struct World {
    pub(crate) compute: Arc<Compute>,
    pub(crate) clock: Arc<Clock>,
    options: Options,
    /// Where the driver finds the cloud: itself, or the proxy before it.
    pub(crate) address: SocketAddr,
    /// Where the cloud itself is.
    pub(crate) cloud: SocketAddr,
    pub(crate) proxy: Option<Arc<Proxy>>,
    gcp: OnceCell<Gcp>,
    stop: watch::Sender<bool>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// A pace at which everything can be seen to take its time, and not more calls than that needs.
pub(crate) fn pace() -> Pace {
    Pace {
        network: Duration::from_secs(2),
        gcp_operation: Duration::from_secs(4),
        removal: Duration::from_secs(3),
        customer: Duration::from_secs(1),
        ..Pace::realistic()
    }
}

impl World {
    pub(crate) async fn new(customer: CustomerMode) -> Self {
        Self::with(customer, None).await
    }

    /// `rates`: a proxy with these faults stands before the cloud; `u64` decides them.
    pub(crate) async fn with(customer: CustomerMode, rates: Option<(u64, Rates)>) -> Self {
        let options = Options { pace: pace(), customer, seed: 7 };
        let compute = Compute::new(options.clone());
        for number in 1..=25 {
            let range = format!("172.16.{number}.0/24");
            compute.add_network(CUSTOMER, &format!("network{number}"), &[&range]).unwrap();
        }
        let clock = Arc::new(Clock { now_ms: AtomicI64::new(START), tick_ms: AtomicI64::new(0) });
        Self::around(Arc::new(compute), clock, options, rates).await
    }

    async fn around(
        compute: Arc<Compute>,
        clock: Arc<Clock>,
        options: Options,
        rates: Option<(u64, Rates)>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cloud = listener.local_addr().unwrap();
        let handler = Arc::new(InTime { compute: compute.clone(), clock: clock.clone() });
        tokio::spawn(serve(listener, handler, None, stopped.clone()));
        let (address, proxy) = match rates {
            None => (cloud, None),
            Some((seed, rates)) => {
                let (address, proxy) = Proxy::before(cloud, seed, rates, stopped).await;
                (address, Some(proxy))
            }
        };
        Self { compute, clock, options, address, cloud, proxy, gcp: OnceCell::new(), stop }
    }

    /// The same world as another process finds it: taken up from what was kept, on another port.
    pub(crate) async fn reopened(&self, rates: Option<(u64, Rates)>) -> Self {
        let compute = Compute::new(self.options.clone());
        compute.restore(self.compute.state()).unwrap();
        Self::around(Arc::new(compute), self.clock.clone(), self.options.clone(), rates).await
    }

    /// The driver of this world; made when it is needed, because that takes longer than a law.
    pub(crate) async fn gcp(&self) -> &Gcp {
        self.gcp.get_or_init(|| self.driver()).await
    }

    pub(crate) async fn driver(&self) -> Gcp {
        self.driver_with(|_| ()).await
    }

    pub(crate) async fn driver_with(&self, change: impl FnOnce(&mut gcp::Options)) -> Gcp {
        let mut options = options(self.address);
        change(&mut options);
        Gcp::connect(options).await.unwrap()
    }

    /// Asks the cloud itself, past the driver and the proxy.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/compute/v1/projects/{path}"))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let answer = self.compute.answer(&request, self.clock.now());
        let json = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        (answer.status().as_u16(), json)
    }

    /// Does something behind our back, and lets the operation end.
    pub(crate) fn sabotage(&self, method: &str, path: &str, body: &Value) {
        for _ in 0..TRIES_MAX {
            let (status, answer) = self.ask(method, path, body);
            if status == 200 {
                self.clock.pass(Duration::from_secs(20));
                self.compute.pass(self.clock.now());
                return;
            }
            assert_eq!(status, 400, "{method} {path}: {answer}");
            self.clock.pass(Duration::from_secs(1));
        }
        panic!("{method} {path} is refused for ever");
    }

    /// The networks of our project whose names begin like ours.
    pub(crate) fn networks(&self) -> Vec<Value> {
        let (status, list) = self.ask("GET", &format!("{PROJECT}/global/networks"), &Value::Null);
        assert_eq!(status, 200, "{list}");
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().filter(|one| word(one, "name").starts_with("nt-")).collect()
    }

    /// The name of the one network that we have.
    pub(crate) fn network_name(&self) -> String {
        let networks = self.networks();
        assert_eq!(networks.len(), 1, "{networks:?}");
        word(&networks[0], "name").to_owned()
    }
}

pub(crate) fn word<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

pub(crate) fn options(address: SocketAddr) -> gcp::Options {
    let remote = RemoteOptions {
        requests_per_second: u32::MAX,
        timeout: Duration::from_secs(5),
        ..RemoteOptions::new("here")
    };
    let mut options = gcp::Options::new(remote, PROJECT);
    options.endpoint = Some(format!("http://{address}"));
    options.identity = Identity::Anonymous;
    options.regions = ["EASTERN_US", "WESTERN_EUROPE"].map(region).to_vec();
    options
}

pub(crate) fn region(name: &str) -> GcpRegion {
    GcpRegion::parse(name).unwrap()
}

pub(crate) fn network_request(number: u8) -> NetworkRequest {
    NetworkRequest {
        group: GroupId::from_bytes([number; 12]),
        container: ContainerId::from_bytes([number; 12]),
        spec: ContainerSpec::Gcp {
            regions: Vec::new(),
            block: AddressBlock::parse(&format!("10.{number}.0.0/18")).unwrap(),
        },
    }
}

/// A request about the peering of that number, from our first network to the customer's network of
/// that number.
pub(crate) fn link_request(number: u8) -> LinkRequest {
    let network = network_request(1);
    LinkRequest {
        group: network.group,
        peering: PeerId::from_bytes([number; 12]),
        container: network.container,
        handshake: 1,
        ours: network.spec,
        names: None,
        customer: CustomerNetwork::Gcp(GcpNetwork {
            project_id: CUSTOMER.to_owned(),
            network_name: format!("network{number}"),
        }),
    }
}

/// What a driver is asked again and again, in the time of its world.
pub(crate) struct Hand<'a> {
    pub(crate) world: &'a World,
    pub(crate) fabric: &'a dyn Fabric,
}

impl Hand<'_> {
    pub(crate) async fn network(&self, request: &NetworkRequest) -> Network {
        let mut last = None;
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.ensure_network(request, self.world.clock.now()).await;
            if let Ok(sighting) = &seen
                && let Some(network) = &sighting.found
                && network.ready
                && network.drift.is_none()
            {
                return network.clone();
            }
            last = Some(seen);
            self.world.clock.pass(Duration::from_secs(1));
        }
        panic!("{} is never ready, but at last {last:?}", request.container);
    }

    /// Asks for the connection until it stands there.
    pub(crate) async fn until(&self, request: &LinkRequest, status: LinkStatus) -> Link {
        let mut last = None;
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.ensure_link(request, self.world.clock.now()).await;
            match &seen {
                Ok(sighting) => {
                    if let Some(link) = &sighting.found
                        && link.status == status
                        && link.drift.is_none()
                    {
                        return link.clone();
                    }
                }
                Err(error) => assert_ne!(error.remedy, peerage_core::cloud::Remedy::GiveUp),
            }
            last = Some(seen);
            self.world.clock.pass(Duration::from_secs(1));
        }
        panic!("it never is {status:?}, but {last:?}");
    }

    pub(crate) async fn active(&self, number: u8) -> (LinkRequest, Link) {
        self.network(&network_request(1)).await;
        let request = link_request(number);
        let link = self.until(&request, LinkStatus::Active).await;
        (request, link)
    }

    pub(crate) async fn look(&self, request: &LinkRequest) -> Option<Link> {
        self.fabric.observe_link(request, self.world.clock.now()).await.unwrap().found
    }

    /// Removes it until nothing is left.
    pub(crate) async fn clear(&self, request: &LinkRequest) {
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.remove_link(request, self.world.clock.now()).await;
            if seen.is_ok_and(|sighting| sighting.found.is_none()) {
                return;
            }
            self.world.clock.pass(Duration::from_secs(1));
        }
        panic!("{} never goes", request.peering);
    }

    pub(crate) async fn clear_network(&self, request: &NetworkRequest) {
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.remove_network(request, self.world.clock.now()).await;
            if seen.is_ok_and(|sighting| sighting.found.is_none()) {
                return;
            }
            self.world.clock.pass(Duration::from_secs(1));
        }
        panic!("{} never goes", request.container);
    }

    pub(crate) async fn ensure(&self, request: &LinkRequest) -> Result<Option<Link>, CallError> {
        let seen = self.fabric.ensure_link(request, self.world.clock.now()).await;
        seen.map(|sighting| sighting.found)
    }
}
