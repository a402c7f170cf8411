//! The tables of the emulated Azure and how time passes in them. Everything that happens by itself
//! is an operation that ends or a customer that answers; `agenda` says when, and is made from the
//! tables. Must not know HTTP.

use std::collections::BTreeSet;
use std::time::Duration;

use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerMode, Pace};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::customer;
use super::groups;
use super::ids::{Ids, guid_of};
use super::networks;
use super::object::{
    Application, Assignment, Attempt, Group, Network, Operation, Peering, Principal, Role,
    Subscription, Work,
};
use super::peerings;
use super::place::NetworkId;
use super::subnets;
use super::table::Table;
use super::{CUSTOMER_TENANT, SERVICE_SUBSCRIPTION, SERVICE_TENANT};
use crate::Options;

/// How the kept form is read; one that is newer is not understood.
const FORMAT: u32 = 1;

/// Operations whose end is remembered; the oldest are forgotten.
pub(super) const OPERATIONS_MAX: usize = 1000;

/// Everything that there is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct World {
    format: u32,
    /// Signs the tokens.
    pub(super) seed: u64,
    pub(super) ids: Ids,
    clock: i64,
    pub(super) applications: Table<Application>,
    /// By tenant and client, with a slash between.
    pub(super) principals: Table<Principal>,
    pub(super) subscriptions: Table<Subscription>,
    pub(super) groups: Table<Group>,
    pub(super) networks: Table<Network>,
    pub(super) peerings: Table<Peering>,
    pub(super) operations: Table<Operation>,
    pub(super) roles: Table<Role>,
    pub(super) assignments: Table<Assignment>,
    /// By the key of the customer's network.
    pub(super) attempts: Table<Attempt>,
    #[serde(skip)]
    agenda: BTreeSet<(i64, Due)>,
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Operation(String),
    Answer(String),
}

/// What a kept world lacks. It never lacks its format: what has none is no world.
impl Default for World {
    fn default() -> Self {
        Self { format: 0, ..Self::new(0) }
    }
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            format: FORMAT,
            seed,
            ids: Ids::new(seed),
            clock: 0,
            applications: Table::default(),
            principals: Table::default(),
            subscriptions: Table::default(),
            groups: Table::default(),
            networks: Table::default(),
            peerings: Table::default(),
            operations: Table::default(),
            roles: Table::default(),
            assignments: Table::default(),
            attempts: Table::default(),
            agenda: BTreeSet::new(),
        }
    }

    /// Reads a kept world.
    pub(super) fn read(state: Value) -> Result<Self, serde_json::Error> {
        let mut world: Self = serde_json::from_value(state)?;
        if world.format != FORMAT {
            let words = format!("the format {} of a kept Azure is not known", world.format);
            return Err(serde::de::Error::custom(words));
        }
        let running = world.operations.iter().filter(|(_, operation)| !operation.ended);
        let mut agenda: BTreeSet<_> =
            running.map(|(id, one)| (one.due, Due::Operation(id.clone()))).collect();
        let waiting = world.attempts.iter();
        agenda.extend(waiting.filter_map(|(key, one)| Some((one.due?, Due::Answer(key.clone())))));
        world.agenda = agenda;
        Ok(world)
    }

    pub(super) fn changes(&self) -> u64 {
        self.applications.changes()
            + self.principals.changes()
            + self.subscriptions.changes()
            + self.groups.changes()
            + self.networks.changes()
            + self.peerings.changes()
            + self.operations.changes()
            + self.roles.changes()
            + self.assignments.changes()
            + self.attempts.changes()
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock)
    }

    pub(super) fn next_event(&self) -> Option<Timestamp> {
        self.agenda.first().map(|(at, _)| Timestamp::from_millis(*at))
    }

    /// Lets everything happen that is due by `now`, in its order. Time never runs back.
    pub(super) fn pass(&mut self, now: Timestamp, options: &Options) {
        let now = now.as_millis().max(self.clock);
        while let Some((at, due)) = self.agenda.first().cloned().filter(|(at, _)| *at <= now) {
            self.agenda.remove(&(at, due.clone()));
            self.clock = self.clock.max(at);
            match due {
                Due::Operation(id) => self.finish(&id),
                Due::Answer(key) => customer::answer_attempt(self, &key, options.customer),
            }
        }
        self.clock = now;
    }

    /// Begins an operation; answers its id.
    pub(super) fn begin(&mut self, work: Work, network: &Network, span: Duration) -> String {
        let (subscription, location) = (network.id.subscription.clone(), network.location.clone());
        let id = self.begin_at(work, subscription, location, span);
        if let Some(network) = self.networks.edit(&network.id.key()) {
            network.operation = Some(id.clone());
        }
        id
    }

    pub(super) fn begin_at(
        &mut self,
        work: Work,
        subscription: String,
        location: String,
        span: Duration,
    ) -> String {
        let id = self.ids.guid();
        let due = self.now().after(span).as_millis();
        let operation = Operation { work, subscription, location, due, ended: false };
        self.operations.put(id.clone(), operation);
        self.agenda.insert((due, Due::Operation(id.clone())));
        id
    }

    /// The customer answers the attempt at its network at that time.
    pub(super) fn expect_answer(&mut self, key: &str, at: i64) {
        self.agenda.insert((at, Due::Answer(key.to_owned())));
    }

    fn finish(&mut self, id: &str) {
        let Some(operation) = self.operations.edit(id) else { return };
        operation.ended = true;
        let work = operation.work.clone();
        if work.network().is_some_and(|key| !self.works_on(&key, id)) {
            return;
        }
        match work {
            Work::PutNetwork(key) => networks::made(self, &key),
            Work::DeleteNetwork(key) => networks::gone(self, &key),
            Work::PutSubnet(key) => subnets::made(self, &key),
            Work::DeleteSubnet(key) => subnets::gone(self, &key),
            Work::PutPeering(key) => peerings::made(self, &key),
            Work::DeletePeering(key) => peerings::gone(self, &key),
            Work::DeleteGroup(key) => groups::gone(self, &key),
        }
        self.forget_operations();
    }

    /// Whether an operation works on that network; from here on it does not.
    fn works_on(&mut self, key: &str, id: &str) -> bool {
        let network = self.networks.get(key);
        let works = network.is_some_and(|one| one.operation.as_deref() == Some(id));
        if works && let Some(network) = self.networks.edit(key) {
            network.operation = None;
        }
        works
    }

    fn forget_operations(&mut self) {
        while self.operations.len() > OPERATIONS_MAX {
            let ended = self.operations.iter().filter(|(_, one)| one.ended);
            let oldest = ended.min_by_key(|(_, one)| one.due).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { return };
            self.operations.remove(&oldest);
        }
    }

    /// The directory that a subscription belongs to: the customer's unless another one is known.
    pub(super) fn tenant_of(&self, subscription: &str) -> String {
        let subscription = subscription.to_lowercase();
        if subscription == SERVICE_SUBSCRIPTION {
            return SERVICE_TENANT.to_owned();
        }
        let known = self.subscriptions.get(&subscription);
        known.map_or_else(|| CUSTOMER_TENANT.to_owned(), |one| one.tenant.clone())
    }

    /// Where an application is at home. In a world where nobody is registered, every application
    /// is the service's.
    pub(super) fn home_of(&self, client: &str) -> String {
        let known = self.applications.get(&client.to_lowercase());
        known.map_or_else(|| SERVICE_TENANT.to_owned(), |one| one.tenant.clone())
    }

    /// The application in that directory, made if it is not there.
    pub(super) fn principal(&mut self, tenant: &str, client: &str) -> Principal {
        let key = format!("{tenant}/{client}").to_lowercase();
        if let Some(principal) = self.principals.get(&key) {
            return principal.clone();
        }
        let principal = Principal {
            tenant: tenant.to_lowercase(),
            client: client.to_owned(),
            object: guid_of(&["principal", &key]),
        };
        self.principals.put(key, principal.clone());
        principal
    }

    pub(super) fn network(&self, id: &NetworkId) -> Option<&Network> {
        self.networks.get(&id.key())
    }

    /// The peerings of a network.
    pub(super) fn peerings_of<'a>(
        &'a self,
        id: &NetworkId,
    ) -> impl Iterator<Item = &'a Peering> + use<'a> {
        self.peerings.under(&format!("{}/", id.key())).map(|(_, peering)| peering)
    }

    /// The other side of a peering.
    pub(super) fn reverse(&self, peering: &Peering) -> Option<&Peering> {
        let own = peering.network.key();
        self.peerings_of(&peering.remote).find(|other| other.remote.key() == own)
    }
}

/// How long one side of a peering takes: both together take what the pace says.
pub(super) fn connecting(pace: &Pace) -> Duration {
    pace.azure_connecting / 2
}

/// How long the removal of one side takes.
pub(super) fn disconnecting(pace: &Pace) -> Duration {
    pace.removal / 2
}

/// Whether the customers of a world answer by themselves, and say yes.
pub(super) fn agrees(mode: CustomerMode) -> bool {
    mode == CustomerMode::Accept
}
