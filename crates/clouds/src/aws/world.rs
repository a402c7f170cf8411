//! Everything that there is, what happens by itself, and how it is kept. Must not know requests.

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerMode, Pace};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use super::agenda::Agenda;
use super::connections::{self, Connection};
use super::fault::Faults;
use super::ids::{self, Ids};
use super::sts::{self, Role, Session};
use super::subnets::Subnet;
use super::tables::RouteTable;
use super::vpcs::{self, Vpc};
use crate::Options;

/// The format of what is kept. Another number is another program's.
const FORMAT: u8 = 1;

/// The most peerings and handshakes whose connections are counted.
const MADE_MAX: usize = 100_000;

/// What is kept. Each field that is an object is a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tables {
    v: u8,
    /// The time of the last change, in milliseconds since the epoch.
    now: i64,
    pub(super) ids: Ids,
    #[serde(default)]
    pub(super) vpcs: BTreeMap<String, Vpc>,
    #[serde(default)]
    pub(super) subnets: BTreeMap<String, Subnet>,
    #[serde(default)]
    pub(super) route_tables: BTreeMap<String, RouteTable>,
    #[serde(default)]
    pub(super) connections: BTreeMap<String, Connection>,
    /// By account, region and object: `123456789012/us-east-1/vpc-1`.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) roles: BTreeMap<String, Role>,
    /// By access key id.
    #[serde(default)]
    pub(super) sessions: BTreeMap<String, Session>,
    /// The permissions that the service lacks.
    #[serde(default)]
    pub(super) denied: BTreeSet<String>,
    #[serde(default)]
    pub(super) faults: Faults,
}

/// The tables, and what follows from them.
#[derive(Debug)]
pub(super) struct World {
    pub(super) tables: Tables,
    pub(super) agenda: Agenda,
    pub(super) pace: Pace,
    pub(super) mode: CustomerMode,
    /// How many connections were made for a peering and a handshake.
    pub(super) made: BTreeMap<(String, String), usize>,
    now: Timestamp,
    seed: u64,
    version: u64,
    requests: u64,
}

impl World {
    pub(super) fn new(options: Options) -> Self {
        let tables = Tables {
            v: FORMAT,
            now: 0,
            ids: Ids::new(options.seed),
            vpcs: BTreeMap::new(),
            subnets: BTreeMap::new(),
            route_tables: BTreeMap::new(),
            connections: BTreeMap::new(),
            tags: BTreeMap::new(),
            roles: BTreeMap::new(),
            sessions: BTreeMap::new(),
            denied: BTreeSet::new(),
            faults: Faults::default(),
        };
        Self {
            tables,
            agenda: Agenda::default(),
            pace: options.pace,
            mode: options.customer,
            made: BTreeMap::new(),
            now: Timestamp::ZERO,
            seed: options.seed,
            version: 0,
            requests: 0,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Something changed.
    pub(super) fn touch(&mut self) {
        self.version += 1;
        self.tables.now = self.now.as_millis();
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Lets everything happen that is due. Time never runs back.
    pub(super) fn pass(&mut self, now: Timestamp) {
        let now = self.now.max(now);
        while let Some((due, id)) = self.agenda.take(now.as_millis()) {
            self.now = self.now.max(Timestamp::from_millis(due));
            match id.split_once('-') {
                Some(("pcx", _)) => connections::life::step(self, &id),
                Some(("vpc", _)) => vpcs::step(self, &id),
                _ => sts::forget(self, &id),
            }
            self.touch();
        }
        self.now = now;
    }

    /// The id of the next request.
    pub(super) fn request_id(&mut self) -> String {
        self.requests += 1;
        ids::request(self.seed, self.now.as_millis(), self.requests)
    }

    /// A connection was made that carries these tags of ours.
    pub(super) fn count(&mut self, peering: &str, handshake: &str) {
        let key = (peering.to_owned(), handshake.to_owned());
        if self.made.len() < MADE_MAX || self.made.contains_key(&key) {
            *self.made.entry(key).or_default() += 1;
        }
    }

    pub(super) fn state(&self) -> serde_json::Value {
        serde_json::to_value(&self.tables).unwrap_or_default()
    }

    pub(super) fn restore(&mut self, state: serde_json::Value) -> Result<(), serde_json::Error> {
        let tables: Tables = serde_json::from_value(state)?;
        if tables.v != FORMAT {
            let words = format!("format {} of the emulated EC2 is not {FORMAT}", tables.v);
            return Err(serde_json::Error::custom(words));
        }
        let mut agenda = Agenda::default();
        for (id, vpc) in &tables.vpcs {
            agenda.set(id, vpc.due);
        }
        for (id, connection) in &tables.connections {
            agenda.set(id, connection.due);
        }
        for (key, session) in &tables.sessions {
            agenda.set(key, Some(session.forgotten()));
        }
        self.now = Timestamp::from_millis(tables.now);
        self.tables = tables;
        self.agenda = agenda;
        self.version += 1;
        Ok(())
    }
}
