//! A world of a test: the emulated EC2 on a port of this machine, a clock that stands still until
//! somebody moves it, and drivers before it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use peerage_clouds::aws::{CUSTOMER, Ec2, SERVICE};
use peerage_clouds::serve::{Handler, serve};
use peerage_clouds::{CloudApi, Options, Request, Response};
use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{
    CallError, Link, LinkRequest, LinkStatus, Network, NetworkRequest, Remedy,
};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::{AwsNetwork, CustomerNetwork};
use peerage_core::region::AwsRegion;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::aws::{self, Aws, Client, Element, Form, Keys, Region};
use peerage_fabric::emulated::{CustomerAct, CustomerMode, Pace};
use peerage_fabric::remote::RemoteOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::proxy::{Proxy, Rates};

/// When everything begins.
const START: i64 = 1_700_000_000_000;

/// How often something is tried before a test fails.
const TRIES_MAX: usize = 400;

/// The name of the installation whose driver is tested.
pub(crate) const INSTALLATION: &str = "here";

/// A clock that stands still until it is moved, and never runs back.
#[derive(Debug)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn reach(&self, now: Timestamp) {
        self.0.fetch_max(now.as_millis(), Ordering::SeqCst);
    }

    pub(crate) fn pass(&self, span: Duration) {
        self.reach(self.now().after(span));
    }
}

/// The emulated cloud by that clock.
struct InTime {
    ec2: Arc<Ec2>,
    clock: Arc<Clock>,
    lags: Arc<AtomicBool>,
}

#[async_trait]
impl Handler for InTime {
    async fn handle(&self, request: Request) -> Response {
        let lags = self.lags.load(Ordering::SeqCst);
        let request = if lags { request.map(|body| finds_no_tags(&body)) } else { request };
        self.ec2.answer(&request, self.clock.now())
    }
}

/// A question by tag as a replica takes it that does not know of the tags yet.
fn finds_no_tags(body: &[u8]) -> Bytes {
    let text = String::from_utf8_lossy(body);
    if !text.contains("Filter.1.Name=tag") {
        return Bytes::copy_from_slice(body);
    }
    let blind = |part: &str| match part.starts_with("Filter.1.Value.1=") {
        true => "Filter.1.Value.1=nothing".to_owned(),
        false => part.to_owned(),
    };
    text.split('&').map(blind).collect::<Vec<_>>().join("&").into()
}

pub(crate) struct World {
    pub(crate) ec2: Arc<Ec2>,
    pub(crate) clock: Arc<Clock>,
    options: Options,
    /// Where the cloud is itself.
    cloud: SocketAddr,
    /// Where the driver finds it: the proxy before it, if there is one.
    pub(crate) address: SocketAddr,
    pub(crate) proxy: Option<Arc<Proxy>>,
    /// Whether looks by tag find nothing at present.
    pub(crate) lags: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// A connection as the cloud shows it to us.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Connection {
    fn read(one: &Element) -> Self {
        let part = |one: &Element, name| one.text_of(name).unwrap_or_default().to_owned();
        let tags = one.list("tagSet").map(|tag| (part(tag, "key"), part(tag, "value")));
        Self {
            id: part(one, "vpcPeeringConnectionId"),
            state: one.child("status").map(|status| part(status, "code")).unwrap(),
            tags: tags.collect(),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        ["failed", "rejected", "expired", "deleted"].contains(&self.state.as_str())
    }
}

/// A pace at which everything can be seen to take its time.
pub(crate) fn pace() -> Pace {
    Pace { network: Duration::from_secs(10), ..Pace::realistic() }
}

impl World {
    pub(crate) async fn new(customer: CustomerMode) -> Self {
        Self::with(customer, None).await
    }

    /// `rates`: a proxy with these faults stands before the cloud; `u64` decides them.
    pub(crate) async fn with(customer: CustomerMode, rates: Option<(u64, Rates)>) -> Self {
        let options = Options { pace: pace(), customer, seed: 7 };
        let ec2 = Ec2::new(options.clone());
        for number in 1..=25 {
            let block = format!("172.16.{number}.0/24");
            ec2.add_vpc(CUSTOMER, "us-east-1", &vpc_of_customer(number), &block);
        }
        let clock = Arc::new(Clock(AtomicI64::new(START)));
        Self::around(Arc::new(ec2), clock, options, rates).await
    }

    async fn around(
        ec2: Arc<Ec2>,
        clock: Arc<Clock>,
        options: Options,
        rates: Option<(u64, Rates)>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cloud = listener.local_addr().unwrap();
        let lags = Arc::new(AtomicBool::new(false));
        let (in_time, lag) = (clock.clone(), lags.clone());
        let handler = Arc::new(InTime { ec2: ec2.clone(), clock: in_time, lags: lag });
        tokio::spawn(serve(listener, handler, None, stopped.clone()));
        let (address, proxy) = match rates {
            None => (cloud, None),
            Some((seed, rates)) => {
                let (address, proxy) = Proxy::before(cloud, seed, rates, stopped).await;
                (address, Some(proxy))
            }
        };
        Self { ec2, clock, options, cloud, address, proxy, lags, stop }
    }

    /// The same world as another process finds it: taken up from what was kept, on another port.
    pub(crate) async fn reopened(&self, rates: Option<(u64, Rates)>) -> Self {
        let ec2 = Ec2::new(self.options.clone());
        ec2.restore(self.ec2.state()).unwrap();
        Self::around(Arc::new(ec2), self.clock.clone(), self.options.clone(), rates).await
    }

    pub(crate) fn driver(&self) -> Aws {
        self.driver_with(|_| ())
    }

    pub(crate) fn driver_with(&self, change: impl FnOnce(&mut aws::Options)) -> Aws {
        let mut options = options(self.address);
        change(&mut options);
        connect(options, SERVICE)
    }

    /// A client past the driver and the proxy.
    fn client(&self, account: &str) -> Client {
        let aws = connect(options(self.cloud), account);
        aws.client(GroupId::from_bytes([0; 12]), &Region::parse("us-east-1").unwrap())
    }

    /// Does something on our side behind the driver's back.
    pub(crate) async fn ours(&self, form: Form) -> Element {
        self.client(SERVICE).send(&form, self.clock.now()).await.unwrap()
    }

    /// Does something on the customer's side.
    pub(crate) async fn theirs(&self, form: Form) -> Element {
        self.client(CUSTOMER).send(&form, self.clock.now()).await.unwrap()
    }

    /// The texts of one part of everything in a list of our side.
    pub(crate) async fn list(&self, form: Form, list: &str, part: &str) -> Vec<String> {
        let answer = self.ours(form).await;
        answer.list(list).filter_map(|one| one.text_of(part)).map(str::to_owned).collect()
    }

    /// The ids of our VPCs.
    pub(crate) async fn vpcs(&self) -> Vec<String> {
        self.list(Form::look("DescribeVpcs"), "vpcSet", "vpcId").await
    }

    /// The route tables of our VPCs, by id, with their routes as `block target state`.
    pub(crate) async fn tables(&self) -> Vec<(String, Vec<String>)> {
        let answer = self.ours(Form::look("DescribeRouteTables")).await;
        let route = |one: &Element| {
            let part = |name: &str| one.text_of(name).unwrap_or_default().to_owned();
            let target = format!("{}{}", part("vpcPeeringConnectionId"), part("gatewayId"));
            format!("{} {target} {}", part("destinationCidrBlock"), part("state"))
        };
        let tables = answer.list("routeTableSet").map(|table| {
            let id = table.text_of("routeTableId").unwrap_or_default().to_owned();
            let routes = table.list("routeSet").map(route);
            (id, routes.filter(|route| !route.contains(" local ")).collect())
        });
        tables.collect()
    }

    /// Our connections, asked of the cloud itself without a driver.
    pub(crate) fn connections_now(&self) -> Vec<Connection> {
        let body = Form::look("DescribeVpcPeeringConnections").body("2016-11-15");
        let scope = format!("Credential={SERVICE}/20231114/us-east-1/ec2/aws4_request");
        let signed = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0");
        let request = http::Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", signed)
            .body(body.into())
            .unwrap();
        let answer = self.ec2.answer(&request, self.clock.now());
        let answer = Element::parse(answer.body()).unwrap();
        answer.list("vpcPeeringConnectionSet").map(Connection::read).collect()
    }

    /// The ids of our connections that are not over.
    pub(crate) fn living(&self) -> Vec<String> {
        let living = self.connections_now().into_iter().filter(|one| !one.is_over());
        living.map(|one| one.id).collect()
    }

    pub(crate) fn act(&self, request: &LinkRequest, act: CustomerAct) {
        self.ec2.pass(self.clock.now());
        self.ec2.customer(request.peering, act, self.clock.now()).unwrap();
    }
}

pub(crate) fn options(address: SocketAddr) -> aws::Options {
    let remote = RemoteOptions {
        requests_per_second: u32::MAX,
        timeout: Duration::from_secs(5),
        ..RemoteOptions::new(INSTALLATION)
    };
    let endpoint = Some(format!("http://{address}"));
    aws::Options { endpoint, ..aws::Options::new(remote) }
}

pub(crate) fn connect(options: aws::Options, account: &str) -> Aws {
    let external_ids = Arc::new(|group: GroupId| format!("external-{group}"));
    Aws::with_credentials(options, external_ids, Keys::new(account, "unchecked")).unwrap()
}

pub(crate) fn vpc_of_customer(number: u8) -> String {
    format!("vpc-{number:017x}")
}

pub(crate) fn block(text: &str) -> AddressBlock {
    AddressBlock::parse(text).unwrap()
}

pub(crate) fn network_request(number: u8) -> NetworkRequest {
    NetworkRequest {
        group: GroupId::from_bytes([number; 12]),
        container: ContainerId::from_bytes([number; 12]),
        spec: ContainerSpec::Aws {
            region: AwsRegion::parse("US_EAST_1").unwrap(),
            block: block(&format!("10.{number}.0.0/21")),
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
        customer: CustomerNetwork::Aws(AwsNetwork {
            account_id: CUSTOMER.to_owned(),
            vpc_id: vpc_of_customer(number),
            region: "us-east-1".to_owned(),
            block: block(&format!("172.16.{number}.0/24")),
        }),
    }
}

/// The same with another block for our route tables.
pub(crate) fn with_block(request: &LinkRequest, text: &str) -> LinkRequest {
    let CustomerNetwork::Aws(network) = request.customer.clone() else { panic!("not on AWS") };
    let network = AwsNetwork { block: block(text), ..network };
    LinkRequest { customer: CustomerNetwork::Aws(network), ..request.clone() }
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
            {
                return network.clone();
            }
            last = Some(seen);
            self.world.clock.pass(Duration::from_secs(1));
        }
        panic!("{} is never ready, but {last:?}", request.container);
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
                    {
                        return link.clone();
                    }
                }
                Err(error) => assert_ne!(error.remedy, Remedy::GiveUp, "{error}"),
            }
            last = Some(seen);
            self.world.clock.pass(Duration::from_secs(5));
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

    pub(crate) async fn look_at_network(&self, request: &NetworkRequest) -> Option<Network> {
        self.fabric.observe_network(request, self.world.clock.now()).await.unwrap().found
    }

    pub(crate) async fn ensure(&self, request: &LinkRequest) -> Result<Option<Link>, CallError> {
        let seen = self.fabric.ensure_link(request, self.world.clock.now()).await;
        seen.map(|sighting| sighting.found)
    }

    /// Removes it until nothing is left.
    pub(crate) async fn clear(&self, request: &LinkRequest) {
        let mut last = None;
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.remove_link(request, self.world.clock.now()).await;
            if seen.as_ref().is_ok_and(|sighting| sighting.found.is_none()) {
                return;
            }
            last = Some(seen);
            self.world.clock.pass(Duration::from_secs(5));
        }
        panic!("{} never goes: {last:?}", request.peering);
    }

    pub(crate) async fn clear_network(&self, request: &NetworkRequest) {
        let mut last = None;
        for _ in 0..TRIES_MAX {
            let seen = self.fabric.remove_network(request, self.world.clock.now()).await;
            if seen.as_ref().is_ok_and(|sighting| sighting.found.is_none()) {
                return;
            }
            last = Some(seen);
            self.world.clock.pass(Duration::from_secs(5));
        }
        panic!("{} never goes: {last:?}", request.container);
    }
}
