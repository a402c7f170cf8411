//! The emulated Azure-Resource-Manager, with the token endpoint of its directory on the same port:
//! resource groups, virtual networks, their subnets and peerings, roles and their assignments, on
//! both sides of a peering.
//!
//! [`Arm`] puts the plain `world` behind [`CloudApi`]: time, then the token, then who may, then
//! what Azure allows. Every rule names its source where it stands; [`fidelity`] lists them with
//! their tests.

mod access;
mod answer;
mod bearer;
mod call;
mod customer;
mod directory;
mod faults;
pub mod fidelity;
mod groups;
mod ids;
mod networks;
mod object;
mod operations;
mod peerings;
mod place;
mod refusal;
mod roles;
mod route;
mod show;
mod space;
mod subnets;
mod subscriptions;
mod table;
mod world;

use std::sync::{Mutex, MutexGuard, PoisonError};

use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerError};

use crate::{CloudApi, Options, Request, Response};
use faults::Faults;
use object::{Application, Group, Network, Provisioning, Subscription};
use place::{GroupId, NetworkId};
use world::World;

/// The service's directory.
pub const SERVICE_TENANT: &str = "11111111-1111-1111-1111-111111111111";

/// The service's subscription.
pub const SERVICE_SUBSCRIPTION: &str = "22222222-2222-2222-2222-222222222222";

/// The directory of every other subscription, unless [`Arm::add_subscription`] says otherwise.
pub const CUSTOMER_TENANT: &str = "33333333-3333-3333-3333-333333333333";

/// Whom a token stands for that the directory did not issue, where that has to be said.
const ADMINISTRATOR: &str = "44444444-4444-4444-4444-444444444444";

/// Where networks stand that [`Arm::add_vnet`] makes.
const LOCATION: &str = "eastus2";

/// The emulated Azure-Resource-Manager.
pub struct Arm {
    options: Options,
    state: Mutex<State>,
}

struct State {
    world: World,
    faults: Faults,
    /// Changes of worlds before this one.
    before: u64,
}

impl std::fmt::Debug for Arm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Arm")
    }
}

impl Arm {
    /// An empty world.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let world = World::new(options.seed);
        let state = State { world, faults: Faults::default(), before: 0 };
        Self { options, state: Mutex::new(state) }
    }

    /// Registers an application that is at home in that directory, and its secret. With the first
    /// one, applications that are not registered are no longer known.
    pub fn add_client(&self, tenant: &str, client_id: &str, secret: &str) {
        let world = &mut self.lock().world;
        let (tenant, secret) = (tenant.to_lowercase(), directory::kept_secret(secret));
        world.applications.put(client_id.to_lowercase(), Application { tenant, secret });
    }

    /// Makes an application known in another directory, as `az ad sp create` does; answers its
    /// object id there, to which roles are given.
    pub fn add_service_principal(&self, tenant: &str, client_id: &str) -> String {
        self.lock().world.principal(tenant, client_id).object
    }

    /// Says whose a subscription is.
    pub fn add_subscription(&self, subscription: &str, tenant: &str) {
        let row = Subscription { tenant: tenant.to_lowercase() };
        self.lock().world.subscriptions.put(subscription.to_lowercase(), row);
    }

    /// Makes a virtual network that is available at once, with its resource group. One that is
    /// there gets those prefixes.
    pub fn add_vnet(
        &self,
        subscription: &str,
        resource_group: &str,
        name: &str,
        prefixes: &[&str],
    ) {
        let id = NetworkId::new(subscription, resource_group, name);
        let world = &mut self.lock().world;
        add_group(world, id.in_group());
        let prefixes = prefixes.iter().map(|one| (*one).to_owned()).collect();
        let etag = world.ids.etag();
        if let Some(network) = world.networks.edit(&id.key()) {
            (network.prefixes, network.etag) = (prefixes, etag);
            return;
        }
        let row = Network {
            guid: world.ids.guid(),
            etag,
            location: LOCATION.to_owned(),
            tags: object::Tags::new(),
            prefixes,
            dns_servers: None,
            flow_timeout: None,
            subnets: Vec::new(),
            provisioning: Provisioning::Succeeded,
            gateway: false,
            operation: None,
            id,
        };
        world.networks.put(row.id.key(), row);
    }

    /// Puts a gateway into a virtual network; `false`: there is no such network.
    pub fn add_gateway(&self, subscription: &str, resource_group: &str, name: &str) -> bool {
        let key = NetworkId::new(subscription, resource_group, name).key();
        let world = &mut self.lock().world;
        let network = world.networks.edit(&key);
        network.map(|network| network.gateway = true).is_some()
    }

    /// Takes a permission away from the service's principals, such as
    /// `Microsoft.Network/virtualNetworks/write`.
    pub fn deny(&self, permission: &str) {
        self.lock().faults.deny(permission);
    }

    /// Gives back what [`Arm::deny`] took.
    pub fn allow_all(&self) {
        self.lock().faults.allow_all();
    }

    /// Throttles that many requests from here on.
    pub fn throttle(&self, times: u32) {
        self.lock().faults.throttle(times);
    }

    /// From here on a role that is given takes effect only after that many looks have missed it.
    pub fn lag_roles(&self, reads: u32) {
        self.lock().faults.lag_roles(reads);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a resource group, unless it is there.
fn add_group(world: &mut World, id: GroupId) {
    let key = id.key();
    if world.groups.has(&key) {
        return;
    }
    let row = Group {
        id,
        location: LOCATION.to_owned(),
        tags: object::Tags::new(),
        provisioning: Provisioning::Succeeded,
    };
    world.groups.put(key, row);
}

impl CloudApi for Arm {
    fn answer(&self, request: &Request, now: Timestamp) -> Response {
        let state = &mut *self.lock();
        state.world.pass(now, &self.options);
        route::answer(request, &mut state.world, &mut state.faults, &self.options)
    }

    fn pass(&self, now: Timestamp) {
        self.lock().world.pass(now, &self.options);
    }

    fn next_event(&self) -> Option<Timestamp> {
        self.lock().world.next_event()
    }

    fn customer(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        let world = &mut self.lock().world;
        world.pass(now, &self.options);
        customer::act(world, peering, act)
    }

    fn version(&self) -> u64 {
        let state = self.lock();
        state.before + state.world.changes()
    }

    fn state(&self) -> serde_json::Value {
        // A world is made of texts and numbers: it is always written.
        serde_json::to_value(&self.lock().world).unwrap_or_default()
    }

    fn restore(&self, kept: serde_json::Value) -> Result<(), serde_json::Error> {
        let world = World::read(kept)?;
        let state = &mut *self.lock();
        state.before += state.world.changes() + 1;
        state.world = world;
        Ok(())
    }
}
