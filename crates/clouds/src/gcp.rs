//! The emulated Compute Engine: the REST API, version 1, as much of it as network peering needs,
//! and the endpoints that give tokens for it, all on one port.
//!
//! Every project exists, and everybody may work in every one, except for what [`Compute::deny`]
//! takes from the service. Links always begin with Google's own address. What is refused at once
//! and what fails as an operation is as it was seen of Compute Engine; [`fidelity`] lists each rule
//! with its source and its test. Must not know a clock, or which driver calls it.

mod access;
mod answer;
mod block;
mod customer;
pub mod fidelity;
mod ids;
mod links;
mod network;
mod operation;
mod page;
mod peering;
mod project;
mod refusal;
mod region;
mod route;
mod subnetwork;
mod tokens;
mod world;

use std::sync::{Mutex, MutexGuard, PoisonError};

use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerError};

pub use self::access::PERMISSIONS;
use self::block::Block;
use self::links::NetworkKey;
use self::region::REGIONS;
use self::world::World;
use crate::{CloudApi, Options, Request, Response};

/// The project that the service's networks are in.
pub const SERVICE_PROJECT: &str = "peerage-service";

/// The account that a machine of the service runs as.
pub const SERVICE_ACCOUNT: &str = "peerage@peerage-service.iam.gserviceaccount.com";

/// The emulated Compute Engine.
#[derive(Debug)]
pub struct Compute {
    world: Mutex<World>,
}

/// What [`Compute::add_network`] was given is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no name or block of a network")]
pub struct InvalidNetwork {
    /// What is none.
    pub text: String,
}

impl Compute {
    /// An empty world.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { world: Mutex::new(World::new(options)) }
    }

    /// Adds a network in custom mode, with one subnetwork for each block, each in a region of its
    /// own as long as there are any. It is there at once; one that is there already only gets the
    /// subnetworks.
    ///
    /// # Errors
    /// The project, the name or a block is none; nothing is added.
    pub fn add_network(
        &self,
        project: &str,
        name: &str,
        ranges: &[&str],
    ) -> Result<(), InvalidNetwork> {
        let invalid = |text: &str| InvalidNetwork { text: text.to_owned() };
        if !links::is_project(project) {
            return Err(invalid(project));
        }
        if !links::is_name(name) {
            return Err(invalid(name));
        }
        let blocks: Result<Vec<Block>, InvalidNetwork> =
            ranges.iter().map(|text| text.parse().map_err(|_| invalid(text))).collect();
        let mut world = self.lock();
        let key = NetworkKey::new(project, name);
        let blocks = blocks?;
        if !world.tables.networks.contains_key(&key) {
            customer::make_network(&mut world, &key);
        }
        for (at, (block, region)) in blocks.iter().zip(REGIONS.iter().cycle()).enumerate() {
            subnetwork::add(&mut world, &key, region.name, &format!("{name}-{at}"), *block);
        }
        Ok(())
    }

    /// Makes a service account known to the token endpoint. While none is known, every account is.
    pub fn add_account(&self, email: &str) {
        self.lock().add_account(email);
    }

    /// Takes one permission from the service: an account of [`SERVICE_PROJECT`], and whoever calls
    /// that project without an account.
    pub fn deny(&self, permission: &str) {
        self.lock().deny(permission);
    }

    /// Gives the service every permission back.
    pub fn allow_all(&self) {
        self.lock().allow_all();
    }

    /// Answers the next `times` calls that there were too many: 403 and 429 in turns.
    pub fn throttle(&self, times: u32) {
        self.lock().set_throttled(times);
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CloudApi for Compute {
    fn answer(&self, request: &Request, now: Timestamp) -> Response {
        let mut world = self.lock();
        world.pass(now);
        answer::answer(&mut world, request)
    }

    fn pass(&self, now: Timestamp) {
        self.lock().pass(now);
    }

    fn next_event(&self) -> Option<Timestamp> {
        self.lock().next_event()
    }

    fn customer(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        customer::act(&mut self.lock(), peering, act, now)
    }

    fn version(&self) -> u64 {
        self.lock().version()
    }

    fn state(&self) -> serde_json::Value {
        self.lock().state()
    }

    fn restore(&self, state: serde_json::Value) -> Result<(), serde_json::Error> {
        self.lock().restore(state)
    }
}
