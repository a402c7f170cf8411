//! The hand on the emulated world: the customer's side, the clock, faults; and where that world
//! keeps its state.
//!
//! Present only when every cloud is emulated and the configuration allows it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, PeerId};
use peerage_core::reconcile::Key as ReconcileKey;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{
    CustomerAct, CustomerError, Emulated, Fault, FaultError, Journal, JournalError,
};
use peerage_store::{ListRequest, Store, Txn, Write, keys};

use crate::app::{App, Failure};
use crate::clock::{Clock, Reading};
use crate::context::Context;
use crate::driver::Nudges;

/// Writes of one transaction: below what every engine takes.
const BATCH: usize = 100;

/// How far the clock may be moved at once.
pub const ADVANCE_MAX: Duration = Duration::from_hours(24 * 366);

/// The emulated world and what moves it.
#[derive(Clone)]
pub struct Emulation {
    world: Arc<Emulated>,
    clock: Clock,
    nudges: Nudges,
}

/// What is to be done to the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockChange {
    /// Make it stand still.
    Freeze,
    /// Let it run.
    Thaw,
    /// Move it forward.
    Advance(Duration),
    /// Move it to when the emulated clouds next do something by themselves.
    NextEvent,
}

/// The clock and what comes next.
#[derive(Clone, Copy, Debug)]
pub struct ClockState {
    /// What it shows and how it runs.
    pub reading: Reading,
    /// When the emulated clouds next do something by themselves.
    pub next_event: Option<Timestamp>,
}

/// Why the emulated world did not do what it was asked.
#[derive(Debug)]
pub enum ControlError {
    /// The caller may not, or there is no such peering.
    Failure(Failure),
    /// The cloud says no, in its own words.
    Customer(CustomerError),
    /// The fault cannot be kept.
    Fault(FaultError),
    /// Nothing will happen by itself.
    NoNextEvent,
}

impl From<Failure> for ControlError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Emulation {
    /// The hand on `world`.
    #[must_use]
    pub fn new(world: Arc<Emulated>, clock: Clock, nudges: Nudges) -> Self {
        Self { world, clock, nudges }
    }

    /// Acts as the other party of a peering. The caller must be one who may change the peering:
    /// whoever tests a project plays its customers too.
    ///
    /// # Errors
    /// No such peering, or what the customer's own cloud refuses.
    pub async fn act(
        &self,
        app: &App,
        context: &Context,
        group: GroupId,
        peer: PeerId,
        act: CustomerAct,
    ) -> Result<(), ControlError> {
        app.in_group(context, group, Action::Change, Resource::Peering).await?;
        app.peering(group, peer).await?;
        let done = self.world.customer(peer, act, self.clock.now()).await;
        done.map_err(ControlError::Customer)?;
        self.nudges.nudge(ReconcileKey::Peering(group, peer));
        Ok(())
    }

    /// What the clock shows and what comes next.
    #[must_use]
    pub fn clock(&self) -> ClockState {
        ClockState { reading: self.clock.read(), next_event: self.world.next_event() }
    }

    /// Moves the clock; answers what it shows then.
    ///
    /// # Errors
    /// [`ControlError::NoNextEvent`] when there is none to move to.
    pub async fn move_clock(&self, change: ClockChange) -> Result<ClockState, ControlError> {
        match change {
            ClockChange::Freeze => self.clock.freeze(),
            ClockChange::Thaw => self.clock.thaw(),
            ClockChange::Advance(span) => self.clock.advance(span.min(ADVANCE_MAX)),
            ClockChange::NextEvent => {
                let next = self.world.next_event().ok_or(ControlError::NoNextEvent)?;
                self.clock.advance(next.since(self.clock.now()));
            }
        }
        if let Err(error) = self.world.advance(self.clock.now()).await {
            tracing::warn!(%error, "emulated.change_not_kept");
        }
        Ok(self.clock())
    }

    /// The faults that are waiting to happen.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.world.faults()
    }

    /// Plants a fault; answers its number.
    ///
    /// # Errors
    /// There are too many, or it names no provider.
    pub fn add_fault(&self, fault: Fault) -> Result<u64, ControlError> {
        self.world.add_fault(fault).map_err(ControlError::Fault)
    }

    /// Takes every fault away.
    pub fn clear_faults(&self) {
        self.world.clear_faults();
    }
}

/// Who may move the clock and inject faults: it concerns every project, so the owner of an
/// organization.
pub(crate) fn authorize_world(context: &Context) -> Result<(), Refusal> {
    if context.caller.roles.owns_org(context.caller.org) { Ok(()) } else { Err(Refusal::Forbidden) }
}

/// Keeps the emulated world in the store, beside everything else.
pub struct StoreJournal {
    store: Arc<dyn Store>,
}

impl StoreJournal {
    /// A journal in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Journal for StoreJournal {
    async fn load(&self) -> Result<Vec<(String, Vec<u8>)>, JournalError> {
        let prefix = keys::all_emulated();
        let mut found = Vec::new();
        let mut request = ListRequest::prefix(prefix.clone());
        loop {
            let page = self.store.list(request.clone()).await.map_err(journal_error)?;
            for entry in &page.entries {
                let name = &entry.key.as_bytes()[prefix.as_bytes().len()..];
                let name = String::from_utf8_lossy(name).into_owned();
                found.push((name, entry.value.as_bytes().to_vec()));
            }
            if !page.more {
                return Ok(found);
            }
            request.after = page.entries.last().map(|entry| entry.key.clone());
            request.at = Some(page.revision);
        }
    }

    async fn save(&self, changes: Vec<(String, Option<Vec<u8>>)>) -> Result<(), JournalError> {
        let mut writes = Vec::with_capacity(changes.len());
        for (name, value) in changes {
            let key = keys::emulated(&name);
            writes.push(match value {
                Some(value) => Write::put(key, value),
                None => Write::delete(key),
            });
        }
        while !writes.is_empty() {
            let rest = writes.split_off(writes.len().min(BATCH));
            let txn = Txn::of(std::mem::replace(&mut writes, rest));
            self.store.commit(txn).await.map_err(journal_error)?;
        }
        Ok(())
    }
}

fn journal_error(error: peerage_store::StoreError) -> JournalError {
    JournalError::new(error)
}
