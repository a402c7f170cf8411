//! A world of a test: the emulated Azure on a port of this machine, a clock that stands still until
//! somebody moves it, the driver before it, and the hands of others on the cloud itself.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use peerage_clouds::azure::{Arm, CUSTOMER_TENANT, SERVICE_SUBSCRIPTION, SERVICE_TENANT};
use peerage_clouds::serve::{Handler, serve};
use peerage_clouds::{CloudApi, Options, Request, Response};
use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{LinkRequest, NetworkRequest};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::{AzureNetwork, CustomerNetwork};
use peerage_core::region::AzureRegion;
use peerage_core::time::Timestamp;
use peerage_fabric::azure::{Azure, AzureOptions, Credential};
use peerage_fabric::emulated::{CustomerMode, Pace};
use peerage_fabric::remote::RemoteOptions;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::proxy::{Proxy, Rates};

/// The service's application.
pub(crate) const CLIENT: &str = "66666666-6666-6666-6666-666666666666";
pub(crate) const SECRET: &str = "the secret of the tests";

/// The directory and the subscription of the customer in the book of laws.
pub(crate) const LAW_TENANT: &str = "00000000-0000-0000-0000-000000000001";
pub(crate) const LAW_SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000002";

/// A customer of the usual directory.
pub(crate) const SUBSCRIPTION: &str = "77777777-7777-7777-7777-777777777777";

/// The resource group of our networks.
pub(crate) const GROUP: &str = "peerage";

/// When everything begins.
const START: i64 = 1_700_000_000_000;

/// How often something is tried before a test fails.
pub(crate) const TRIES_MAX: usize = 400;

/// How far the clock moves between two tries.
pub(crate) const STEP: Duration = Duration::from_secs(5);

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
    arm: Arc<Arm>,
    clock: Arc<Clock>,
}

#[async_trait]
impl Handler for InTime {
    async fn handle(&self, request: Request) -> Response {
        self.arm.answer(&request, self.clock.now())
    }
}

pub(crate) struct World {
    pub(crate) arm: Arc<Arm>,
    pub(crate) clock: Arc<Clock>,
    options: Options,
    /// Where the driver finds the cloud: itself, or the proxy before it.
    address: SocketAddr,
    pub(crate) proxy: Option<Arc<Proxy>>,
    /// Of our own directory and the customer's, for the hands of the tests.
    tokens: Mutex<[String; 2]>,
    stop: watch::Sender<bool>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl World {
    /// A world at Azure's own pace.
    pub(crate) async fn new(customer: CustomerMode) -> Self {
        Self::with(customer, pace(), None).await
    }

    /// `faults`: a proxy that does so stands before the cloud; the number decides when.
    pub(crate) async fn with(
        customer: CustomerMode,
        pace: Pace,
        faults: Option<(u64, Rates)>,
    ) -> Self {
        let options = Options { pace, customer, seed: 7 };
        let arm = Arm::new(options.clone());
        arm.add_client(SERVICE_TENANT, CLIENT, SECRET);
        arm.add_subscription(LAW_SUBSCRIPTION, LAW_TENANT);
        arm.add_service_principal(LAW_TENANT, CLIENT);
        for number in 1..=25 {
            let (name, block) = (format!("vnet{number}"), format!("172.16.{number}.0/24"));
            arm.add_vnet(LAW_SUBSCRIPTION, "group", &name, &[&block]);
            arm.add_vnet(SUBSCRIPTION, "group", &name, &[&block]);
        }
        let clock = Arc::new(Clock(AtomicI64::new(START)));
        Self::around(Arc::new(arm), clock, options, faults).await
    }

    async fn around(
        arm: Arc<Arm>,
        clock: Arc<Clock>,
        options: Options,
        faults: Option<(u64, Rates)>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cloud = listener.local_addr().unwrap();
        let handler = Arc::new(InTime { arm: arm.clone(), clock: clock.clone() });
        tokio::spawn(serve(listener, handler, None, stopped.clone()));
        let (address, proxy) = match faults {
            None => (cloud, None),
            Some((seed, rates)) => {
                let (address, proxy) = Proxy::before(cloud, seed, rates, stopped).await;
                (address, Some(proxy))
            }
        };
        Self { arm, clock, options, address, proxy, tokens: Mutex::default(), stop }
    }

    /// The same world as another process finds it: taken up from what was kept, on another port.
    pub(crate) async fn reopened(&self, faults: Option<(u64, Rates)>) -> Self {
        let arm = Arm::new(self.options.clone());
        arm.restore(self.arm.state()).unwrap();
        Self::around(Arc::new(arm), self.clock.clone(), self.options.clone(), faults).await
    }

    pub(crate) fn driver(&self) -> Azure {
        self.driver_with(|_| ())
    }

    pub(crate) fn driver_with(&self, change: impl FnOnce(&mut AzureOptions)) -> Azure {
        let remote = RemoteOptions {
            requests_per_second: u32::MAX,
            timeout: Duration::from_secs(5),
            ..RemoteOptions::new("here")
        };
        let (who, place) = ((SERVICE_TENANT, CLIENT), (SERVICE_SUBSCRIPTION, GROUP));
        let mut options = AzureOptions::new(remote, who, Credential::secret(SECRET), place);
        options.authority = format!("http://{}", self.address);
        options.endpoint = format!("http://{}", self.address);
        change(&mut options);
        Azure::new(options).unwrap()
    }

    /// Asks the cloud itself, past the driver and the proxy, as the customers' administrator.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.ask_as(["an administrator's token", ""], method, path, body)
    }

    /// The same as somebody who may everything in the service's subscription, and at a customer
    /// what it has given.
    pub(crate) fn ask_at_home(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let tokens = self.tokens.lock().unwrap().clone();
        let answer = self.ask_as([&tokens[0], &tokens[1]], method, path, body);
        if answer.0 != 401 {
            return answer;
        }
        let tokens = [SERVICE_TENANT, CUSTOMER_TENANT].map(|tenant| self.token(tenant, CLIENT));
        self.tokens.lock().unwrap().clone_from(&tokens);
        self.ask_as([&tokens[0], &tokens[1]], method, path, body)
    }

    /// A token of an application in a directory.
    pub(crate) fn token(&self, tenant: &str, client: &str) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={client}&client_secret={}&scope=x/.default",
            SECRET.replace(' ', "%20")
        );
        let request = http::Request::builder()
            .method("POST")
            .uri(format!("/{tenant}/oauth2/v2.0/token"))
            .header("host", "azure.test")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap();
        let answer = self.arm.answer(&request, self.clock.now());
        let token: Value = serde_json::from_slice(answer.body()).unwrap();
        word(&token, "access_token").to_owned()
    }

    /// Asks with a token, and one of another directory beside it.
    pub(crate) fn ask_as(
        &self,
        [token, other]: [&str; 2],
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let with = if path.contains('?') { '&' } else { '?' };
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{path}{with}api-version=2024-05-01"))
            .header("host", "azure.test")
            .header("authorization", format!("Bearer {token}"))
            .header("x-ms-authorization-auxiliary", format!("Bearer {other}"))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let answer = self.arm.answer(&request, self.clock.now());
        let json = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        (answer.status().as_u16(), json)
    }

    /// Does something, and lets the operation end.
    pub(crate) fn change(&self, method: &str, path: &str, body: &Value) {
        for _ in 0..TRIES_MAX {
            let at_home = path.contains(SERVICE_SUBSCRIPTION);
            let (status, answer) = match at_home {
                true => self.ask_at_home(method, path, body),
                false => self.ask(method, path, body),
            };
            if (200..300).contains(&status) {
                self.settle();
                return;
            }
            assert_eq!(status, 429, "{method} {path}: {answer}");
            self.clock.pass(STEP);
        }
        panic!("{method} {path} is refused for ever");
    }

    /// Lets what is under way end.
    pub(crate) fn settle(&self) {
        self.clock.pass(Duration::from_secs(300));
        self.arm.pass(self.clock.now());
    }

    /// The networks of our resource group.
    pub(crate) fn networks(&self) -> Vec<Value> {
        let networks = format!("{}/providers/Microsoft.Network/virtualNetworks", group());
        let (status, list) = self.ask_at_home("GET", &networks, &Value::Null);
        match status {
            404 => Vec::new(),
            _ => list["value"].as_array().unwrap().clone(),
        }
    }

    /// The path of the one network that we have.
    pub(crate) fn our_network(&self) -> String {
        let networks = self.networks();
        assert_eq!(networks.len(), 1, "{networks:?}");
        word(&networks[0], "id").to_owned()
    }

    /// The peerings of a network.
    pub(crate) fn peerings(&self, network: &str) -> Vec<Value> {
        let path = format!("{network}/virtualNetworkPeerings");
        let at_home = network.contains(SERVICE_SUBSCRIPTION);
        let (_, list) = match at_home {
            true => self.ask_at_home("GET", &path, &Value::Null),
            false => self.ask("GET", &path, &Value::Null),
        };
        list["value"].as_array().cloned().unwrap_or_default()
    }
}

/// A pace at which everything can be seen to take its time.
pub(crate) fn pace() -> Pace {
    Pace { network: Duration::from_secs(10), ..Pace::realistic() }
}

pub(crate) fn word<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

/// The path of our resource group.
pub(crate) fn group() -> String {
    format!("/subscriptions/{SERVICE_SUBSCRIPTION}/resourceGroups/{GROUP}")
}

/// The path of the customer's network of that number.
pub(crate) fn their_network(number: u8) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/group\
         /providers/Microsoft.Network/virtualNetworks/vnet{number}"
    )
}

/// A body that gives a network these addresses.
pub(crate) fn addresses(prefixes: &[&str]) -> Value {
    let space = json!({ "addressPrefixes": prefixes });
    json!({ "location": "eastus2", "properties": { "addressSpace": space } })
}

pub(crate) fn network_request(number: u8) -> NetworkRequest {
    NetworkRequest {
        group: GroupId::from_bytes([number; 12]),
        container: ContainerId::from_bytes([number; 12]),
        spec: ContainerSpec::Azure {
            region: AzureRegion::parse("US_EAST_2").unwrap(),
            block: AddressBlock::parse(&format!("10.{number}.0.0/21")).unwrap(),
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
        customer: CustomerNetwork::Azure(AzureNetwork {
            directory_id: CUSTOMER_TENANT.to_owned(),
            subscription_id: SUBSCRIPTION.to_owned(),
            resource_group: "group".to_owned(),
            vnet_name: format!("vnet{number}"),
        }),
    }
}
