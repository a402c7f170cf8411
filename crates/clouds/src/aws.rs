//! The emulated EC2: VPC peering and what surrounds it, and as much of STS as finds out who asks,
//! for all accounts and regions in one world, in the words of the EC2 Query protocol.
//!
//! # Who asks
//! The access key id in the request's Signature Version 4 says it: twelve digits are the account
//! itself, a key that STS gave here carries its role's account, every other key is the
//! usual customer's ([`CUSTOMER`]). Signatures are **not** verified and the date of a request is
//! not compared with any clock: this world has no secrets to keep, and its time is an argument.
//!
//! # What it is true to
//! Every rule, its evidence and its test are in [`fidelity::RULES`]. There is no IPv6, no default
//! VPC and nothing but peering connections that a route can lead to; a parameter that asks for what
//! is not here is refused and never ignored.

mod account;
mod actions;
mod agenda;
mod answer;
mod blocks;
mod caller;
mod connections;
mod customer;
mod fault;
pub mod fidelity;
mod filters;
mod groups;
mod ids;
mod listing;
mod parameters;
mod refusal;
mod routes;
mod sts;
mod subnets;
mod tables;
mod tags;
mod turn;
mod vpcs;
mod world;
mod xml;
mod zones;

use std::sync::{Mutex, MutexGuard, PoisonError};

use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerError};

use crate::{CloudApi, Options, Request, Response};
use world::World;

/// The account of the service, and the access key id that is it.
pub const SERVICE: &str = "999988887777";

/// The account of whoever comes with an access key that says nothing else.
pub const CUSTOMER: &str = "123456789012";

/// The emulated EC2.
#[derive(Debug)]
pub struct Ec2 {
    world: Mutex<World>,
}

impl Ec2 {
    /// An empty world.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { world: Mutex::new(World::new(options)) }
    }

    /// A customer's VPC with that very id, available at once, with both DNS attributes on. A VPC of
    /// that id that is there already stays as it is. `false`: `block` is no IPv4 block, and nothing
    /// was added.
    pub fn add_vpc(&self, account: &str, region: &str, vpc: &str, block: &str) -> bool {
        vpcs::add(&mut self.lock(), account, region, vpc, block)
    }

    /// Takes one permission, such as `ec2:CreateRoute`, from the service: from its user and from
    /// every session of a role that it assumed.
    pub fn deny(&self, permission: &str) {
        self.change(|world| _ = world.tables.denied.insert(permission.to_owned()));
    }

    /// Gives every permission back.
    pub fn allow_all(&self) {
        self.change(|world| world.tables.denied.clear());
    }

    /// A role by its ARN, and the external id that assuming it asks for, if any. A role that nobody
    /// added can be assumed by everybody, except one in the service's own account.
    pub fn add_role(&self, arn: &str, required_external_id: Option<&str>) {
        let role = sts::Role { external_id: required_external_id.map(str::to_owned) };
        self.change(|world| drop(world.tables.roles.insert(arn.to_owned(), role)));
    }

    /// The next `times` requests are throttled.
    pub fn throttle(&self, times: u32) {
        self.change(|world| world.tables.faults.throttled = times);
    }

    /// Whatever is created from here on is missing from the next `reads` answers that would have
    /// described it, until this is called with 0.
    pub fn hide_new(&self, reads: u32) {
        self.change(|world| world.tables.faults.hide_new = reads);
    }

    /// How many connections were ever made, since this program began, whose requester tagged them
    /// with that peering and that handshake; whatever became of them.
    #[must_use]
    pub fn connections_made(&self, peering: PeerId, handshake: u32) -> usize {
        self.lock().made.get(&(peering.to_string(), handshake.to_string())).copied().unwrap_or(0)
    }

    fn change(&self, change: impl FnOnce(&mut World)) {
        let mut world = self.lock();
        change(&mut world);
        world.touch();
    }

    /// A panic while somebody held it cannot leave half a change: what changes is decided before.
    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CloudApi for Ec2 {
    fn answer(&self, request: &Request, now: Timestamp) -> Response {
        let mut world = self.lock();
        world.pass(now);
        answer::answer(&mut world, request)
    }

    fn pass(&self, now: Timestamp) {
        self.lock().pass(now);
    }

    fn next_event(&self) -> Option<Timestamp> {
        self.lock().agenda.first().map(Timestamp::from_millis)
    }

    fn customer(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        let mut world = self.lock();
        world.pass(now);
        customer::act(&mut world, peering, act)
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
