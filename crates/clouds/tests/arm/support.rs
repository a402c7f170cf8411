//! A world with a clock that moves when a test says so, and short words for requests.

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use peerage_clouds::azure::{Arm, CUSTOMER_TENANT, SERVICE_SUBSCRIPTION, SERVICE_TENANT};
use peerage_clouds::{CloudApi, Options, Request, Response};
use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerMode, Pace};
use peerage_fabric::tags::link_name;
use serde_json::{Value, json};

pub(super) const CUSTOMER: &str = "00000000-0000-0000-0000-0000000000aa";
pub(super) const CLIENT: &str = "99999999-9999-9999-9999-999999999999";
pub(super) const SECRET: &str = "a secret";

/// How long a whole step of the pace takes here.
pub(super) const STEP: Duration = Duration::from_secs(10);

pub(super) struct World {
    pub(super) arm: Arm,
    pub(super) now: Cell<Timestamp>,
}

/// An answer, read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn of(response: &Response) -> Self {
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        let headers = response.headers().clone();
        Self { status: response.status().as_u16(), headers, body }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("")
    }

    pub(super) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or("")
    }

    /// A property of the resource.
    pub(super) fn property(&self, name: &str) -> &Value {
        &self.body["properties"][name]
    }

    pub(super) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{self:?}");
    }
}

pub(super) fn pace() -> Pace {
    let half = STEP * 2;
    Pace { network: STEP, azure_connecting: half, removal: half, customer: STEP, ..Pace::instant() }
}

/// Options of a test's world.
pub(super) fn options(customer: CustomerMode) -> Options {
    Options { pace: pace(), customer, seed: 7 }
}

impl World {
    pub(super) fn new(customer: CustomerMode) -> Self {
        let now = Cell::new(Timestamp::from_millis(1_700_000_000_000));
        Self { arm: Arm::new(options(customer)), now }
    }

    /// A world of customers only: `a` and `b` that can be peered.
    pub(super) fn of_two() -> Self {
        let world = Self::new(CustomerMode::Manual);
        world.arm.add_vnet(CUSTOMER, "rg", "a", &["10.0.0.0/16"]);
        world.arm.add_vnet(CUSTOMER, "rg", "b", &["10.1.0.0/16"]);
        world
    }

    pub(super) fn pass(&self, span: Duration) {
        self.now.set(self.now.get().after(span));
    }

    pub(super) fn send(&self, request: http::request::Builder, body: &Value) -> Answer {
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request: Request = request.body(bytes).unwrap();
        Answer::of(&self.arm.answer(&request, self.now.get()))
    }

    pub(super) fn ask(&self, who: &Who, method: &str, path: &str, body: &Value) -> Answer {
        self.ask_with(who, method, path, body, &[])
    }

    pub(super) fn ask_with(
        &self,
        who: &Who,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{path}{sign}api-version=2024-05-01"))
            .header("host", "127.0.0.1:9")
            .header("authorization", format!("Bearer {}", who.token));
        if !who.along.is_empty() {
            let along = format!("Bearer {}", who.along);
            request = request.header("x-ms-authorization-auxiliary", along);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, body)
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask(&Who::customer(), "GET", path, &Value::Null)
    }

    pub(super) fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask(&Who::customer(), "PUT", path, body)
    }

    pub(super) fn delete(&self, path: &str) -> Answer {
        self.ask(&Who::customer(), "DELETE", path, &Value::Null)
    }

    /// Peers two networks of the customer, one side, and waits until that is done.
    pub(super) fn peer(&self, from: &str, to: &str) -> Answer {
        let answer = self.put(&peering(from, to), &toward(&vnet(CUSTOMER, to)));
        self.pass(STEP);
        answer
    }

    /// `a` and `b` connected.
    pub(super) fn connected() -> Self {
        let world = Self::of_two();
        assert_eq!(world.peer("a", "b").status, 201);
        assert_eq!(world.peer("b", "a").status, 201);
        assert_eq!(world.states("a", "b"), ["Connected", "FullyInSync", "Succeeded"]);
        world
    }

    /// State, sync level and provisioning state of a peering of the customer.
    pub(super) fn states(&self, from: &str, to: &str) -> [String; 3] {
        states(&self.get(&peering(from, to)))
    }

    /// Changes the address space of a network of the customer, and waits until that is done.
    pub(super) fn readdress(&self, name: &str, prefixes: &[&str]) -> Answer {
        let body = json!({
            "location": "eastus2",
            "properties": { "addressSpace": { "addressPrefixes": prefixes } },
        });
        let answer = self.put(&vnet(CUSTOMER, name), &body);
        self.pass(STEP);
        answer
    }

    /// A token of the service's application in a directory.
    pub(super) fn token(&self, tenant: &str) -> String {
        let answer = self.sign_in(tenant, CLIENT, SECRET);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    pub(super) fn sign_in(&self, tenant: &str, client: &str, secret: &str) -> Answer {
        let secret = secret.replace(' ', "+");
        self.form(
            &format!("/{tenant}/oauth2/v2.0/token"),
            &format!(
                "grant_type=client_credentials&client_id={client}&client_secret={secret}&\
                 scope=https%3A%2F%2Fmanagement.azure.com%2F.default"
            ),
        )
    }

    pub(super) fn form(&self, path: &str, form: &str) -> Answer {
        let request = http::Request::builder().method("POST").uri(path).header("host", "h:1");
        let request = request.body(Bytes::from(form.to_owned())).unwrap();
        Answer::of(&self.arm.answer(&request, self.now.get()))
    }

    pub(super) fn act(&self, act: CustomerAct) -> Result<(), String> {
        let acted = self.arm.customer(link(), act, self.now.get());
        acted.map_err(|error| error.code)
    }
}

/// Who asks: a token and one that comes along.
pub(super) struct Who {
    pub(super) token: String,
    pub(super) along: String,
}

impl Who {
    /// The administrator of the customers.
    pub(super) fn customer() -> Self {
        Self { token: "anything".to_owned(), along: String::new() }
    }

    /// The service at home, with its token of the customer's directory along.
    pub(super) fn service(world: &World) -> Self {
        Self { token: world.token(SERVICE_TENANT), along: world.token(CUSTOMER_TENANT) }
    }

    /// The service in the customer's directory, with its token of home along.
    pub(super) fn abroad(world: &World) -> Self {
        Self { token: world.token(CUSTOMER_TENANT), along: world.token(SERVICE_TENANT) }
    }
}

/// A service with a network and a customer with one, and the names of both sides.
pub(super) struct Story {
    pub(super) world: World,
    pub(super) ours: String,
    pub(super) theirs: String,
}

impl Story {
    pub(super) fn new(customer: CustomerMode) -> Self {
        let world = World::new(customer);
        world.arm.add_client(SERVICE_TENANT, CLIENT, SECRET);
        world.arm.add_vnet(SERVICE_SUBSCRIPTION, "peerage", "nt-1", &["10.8.0.0/21"]);
        world.arm.add_vnet(CUSTOMER, "rg", "a", &["10.0.0.0/16"]);
        let ours = format!("{}/virtualNetworkPeerings/{}", own_vnet(), link_name(link(), 1));
        let theirs =
            format!("{}/virtualNetworkPeerings/{}", vnet(CUSTOMER, "a"), link_name(link(), 1));
        Self { world, ours, theirs }
    }

    pub(super) fn put_ours(&self) -> Answer {
        let who = Who::service(&self.world);
        self.world.ask(&who, "PUT", &self.ours, &toward(&vnet(CUSTOMER, "a")))
    }

    pub(super) fn put_theirs(&self) -> Answer {
        let who = Who::abroad(&self.world);
        self.world.ask(&who, "PUT", &self.theirs, &toward(&own_vnet()))
    }

    pub(super) fn see_ours(&self) -> [String; 3] {
        let who = Who::service(&self.world);
        states(&self.world.ask(&who, "GET", &self.ours, &Value::Null))
    }
}

pub(super) fn link() -> PeerId {
    PeerId::from_bytes([5; 12])
}

pub(super) fn own_vnet() -> String {
    path(SERVICE_SUBSCRIPTION, "peerage", "nt-1")
}

pub(super) fn vnet(subscription: &str, name: &str) -> String {
    path(subscription, "rg", name)
}

fn path(subscription: &str, group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/\
         virtualNetworks/{name}"
    )
}

/// The path of the peering `from-to` of the customer.
pub(super) fn peering(from: &str, to: &str) -> String {
    format!("{}/virtualNetworkPeerings/{from}-{to}", vnet(CUSTOMER, from))
}

/// The body of a peering to a network.
pub(super) fn toward(remote: &str) -> Value {
    json!({ "properties": {
        "remoteVirtualNetwork": { "id": remote },
        "allowVirtualNetworkAccess": true,
    } })
}

pub(super) fn states(answer: &Answer) -> [String; 3] {
    ["peeringState", "peeringSyncLevel", "provisioningState"]
        .map(|name| answer.property(name).as_str().unwrap_or("").to_owned())
}
