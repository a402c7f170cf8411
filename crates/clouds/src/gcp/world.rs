//! The world: its tables, its time, and what happens in it by itself.
//!
//! What runs is in the table of operations and in [`World::due`], which is an index and is built
//! again from the tables. At one time operations end first, in the order in which they began, then
//! customers act.

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerMode, Pace};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::customer::{self, Visit};
use super::ids::Ids;
use super::links::NetworkKey;
use super::network::Network;
use super::operation::{self, Operation};
use super::refusal::Refusal;
use super::route::Route;
use super::subnetwork::Subnetwork;
use super::tokens::Token;
use crate::Options;

/// The shape of the tables; another one is not read.
const FORMAT: u32 = 1;

/// What is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tables {
    format: u32,
    /// When something changed last.
    changed_ms: i64,
    /// How many operations were ever begun.
    pub(super) begun: u64,
    pub(super) ids: Ids,
    pub(super) networks: BTreeMap<NetworkKey, Network>,
    /// By `project/region/name`.
    pub(super) subnetworks: BTreeMap<String, Subnetwork>,
    /// By `project/name`.
    pub(super) routes: BTreeMap<String, Route>,
    /// By `project/name`.
    pub(super) operations: BTreeMap<String, Operation>,
    /// By the network and the name of our half: `project/network/peering`.
    pub(super) visits: BTreeMap<String, Visit>,
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) accounts: BTreeSet<String>,
    pub(super) denied: BTreeSet<String>,
}

/// The emulated world.
#[derive(Debug)]
pub(super) struct World {
    pub(super) pace: Pace,
    pub(super) mode: CustomerMode,
    pub(super) tables: Tables,
    pub(super) now: Timestamp,
    /// The operations that run: when they end, in which order they began, and their row.
    pub(super) due: BTreeSet<(i64, u64, String)>,
    version: u64,
    /// How many requests are still answered that there were too many.
    throttled: u32,
}

impl World {
    pub(super) fn new(options: Options) -> Self {
        let ids = Ids::new(options.seed);
        Self {
            pace: options.pace,
            mode: options.customer,
            tables: Tables { format: FORMAT, ids, ..Tables::default() },
            now: Timestamp::ZERO,
            due: BTreeSet::new(),
            version: 0,
            throttled: 0,
        }
    }

    /// Lets everything happen that is due by `now`.
    pub(super) fn pass(&mut self, now: Timestamp) {
        while let Some(next) = self.next().filter(|next| next.at() <= now) {
            self.now = self.now.max(next.at());
            match next {
                Next::Operation(_, row) => operation::finish(self, &row),
                Next::Visit(_, row) => customer::visit(self, &row),
            }
        }
        self.now = self.now.max(now);
    }

    /// When something happens next by itself.
    pub(super) fn next_event(&self) -> Option<Timestamp> {
        self.next().map(|next| next.at())
    }

    fn next(&self) -> Option<Next> {
        let operation = self.due.first().map(|(at, _, row)| (*at, row));
        let visit = self.tables.visits.iter().min_by_key(|(_, visit)| visit.due_ms);
        let visit = visit.map(|(row, visit)| (visit.due_ms, row));
        match (operation, visit) {
            (Some((at, row)), Some((later, _))) if at <= later => {
                Some(Next::Operation(at, row.clone()))
            }
            (_, Some((at, row))) => Some(Next::Visit(at, row.clone())),
            (Some((at, row)), None) => Some(Next::Operation(at, row.clone())),
            (None, None) => None,
        }
    }

    /// Something changed.
    pub(super) fn touch(&mut self) {
        self.version += 1;
        self.tables.changed_ms = self.now.as_millis();
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Answers the next `times` requests that there were too many.
    pub(super) fn set_throttled(&mut self, times: u32) {
        self.throttled = times;
    }

    /// Refuses a request if there were too many. Both ways in which Google says so take turns.
    pub(super) fn throttle(&mut self) -> Result<(), Refusal> {
        let Some(left) = self.throttled.checked_sub(1) else { return Ok(()) };
        self.throttled = left;
        match left.is_multiple_of(2) {
            true => Err(Refusal::too_many_operations()),
            false => Err(Refusal::too_many_requests()),
        }
    }

    /// The networks of a project, those included that are not shown yet.
    pub(super) fn networks_of<'a>(
        &'a self,
        project: &'a str,
    ) -> impl Iterator<Item = (&'a NetworkKey, &'a Network)> + 'a {
        let rows = self.tables.networks.range(NetworkKey::new(project, "")..);
        rows.take_while(move |(key, _)| key.project() == project)
    }

    pub(super) fn state(&self) -> Value {
        serde_json::to_value(&self.tables).unwrap_or(Value::Null)
    }

    pub(super) fn restore(&mut self, state: Value) -> Result<(), serde_json::Error> {
        let tables: Tables = serde_json::from_value(state)?;
        if tables.format != FORMAT {
            let words = format!("the format is {}, not {FORMAT}", tables.format);
            return Err(serde_json::Error::custom(words));
        }
        let running = tables.operations.iter().filter(|(_, operation)| operation.runs());
        self.due = running.map(|(row, one)| (one.due_ms, one.order, row.clone())).collect();
        self.now = Timestamp::from_millis(tables.changed_ms);
        self.tables = tables;
        Ok(())
    }
}

enum Next {
    Operation(i64, String),
    Visit(i64, String),
}

impl Next {
    fn at(&self) -> Timestamp {
        match self {
            Self::Operation(at, _) | Self::Visit(at, _) => Timestamp::from_millis(*at),
        }
    }
}
