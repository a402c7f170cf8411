//! The hand on the emulated world: the customer's side, the clock, faults; and where that world
//! keeps its state.
//!
//! Present only when no cloud is a real one and the configuration allows it. A cloud that speaks
//! its own protocol (`ports`, `spoken`) is moved by the same hand. Where several
//! processes share a store, they share this world: its objects, its faults and its clock are in
//! the store, and any of them serves any request.

mod clock;
mod journal;
mod planted;
mod ports;
mod spoken;

use std::sync::Arc;
use std::time::Duration;

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, PeerId};
use peerage_core::reconcile::Key as ReconcileKey;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{
    CustomerAct, CustomerError, Emulated, Fault, FaultError, Foretold, JournalError,
};
use peerage_store::Store;

pub use self::clock::SharedClock;
pub use self::journal::StoreJournal;
pub use self::planted::PlantedFabric;
pub use self::ports::{Port, Ports};
pub use self::spoken::Spoken;

use crate::app::hand::WorldAct;
use crate::app::{App, Failure};
use crate::clock::{Clock, Reading};
use crate::context::Context;

/// How far the clock may be moved at once.
pub const ADVANCE_MAX: Duration = Duration::from_hours(24 * 366);

/// The emulated world and what moves it.
#[derive(Clone)]
pub struct Emulation {
    world: Arc<Emulated>,
    clock: SharedClock,
    /// The clouds that speak their own protocols.
    spoken: Vec<Arc<Spoken>>,
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
    /// The world could not be read or kept.
    World(JournalError),
}

impl From<JournalError> for ControlError {
    fn from(error: JournalError) -> Self {
        Self::World(error)
    }
}

impl From<Failure> for ControlError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Emulation {
    /// The hand on `world`, whose clock goes on from where it stood.
    ///
    /// # Errors
    /// The store could not be asked for the clock.
    pub async fn open(
        world: Arc<Emulated>,
        clock: Clock,
        store: Arc<dyn Store>,
    ) -> Result<Self, Failure> {
        let clock = SharedClock::new(clock, store);
        clock.catch_up().await?;
        Ok(Self { world, clock, spoken: Vec::new() })
    }

    /// The same hand, on these clouds as well.
    #[must_use]
    pub fn with_spoken(self, spoken: Vec<Arc<Spoken>>) -> Self {
        Self { spoken, ..self }
    }

    /// The clock of this world, for whoever follows what other processes do to it.
    #[must_use]
    pub fn shared_clock(&self) -> SharedClock {
        self.clock.clone()
    }

    /// Acts as the other party of a peering. The caller must be one who may change the peering:
    /// whoever tests a project plays its customers too. The event is committed first; see
    /// `app::hand`.
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
        let project = app.in_group(context, group, Action::Change, Resource::Peering).await?;
        let provider = app.peering(group, peer).await?.value.0.provider();
        let place = (project.value.org, group, peer);
        if let Some(spoken) = self.spoken.iter().find(|spoken| spoken.provider() == provider) {
            // What becomes of it is the cloud's to say: it is another party's.
            let object = format!("{provider}/peering/{peer}");
            let foretold = Foretold { object, before: None, after: None };
            app.tell_customer_act(context, place, act, foretold).await?;
            spoken.customer(peer, act).await.map_err(ControlError::Customer)?;
        } else {
            let now = self.clock.now();
            let foretold = self.world.foretell_act(peer, act, now).await;
            let foretold = foretold.map_err(ControlError::Customer)?;
            app.tell_customer_act(context, place, act, foretold).await?;
            let done = self.world.customer(peer, act, now).await;
            done.map_err(ControlError::Customer)?;
        }
        app.announce(ReconcileKey::Peering(group, peer)).await;
        Ok(())
    }

    /// What the clock shows and what comes next.
    ///
    /// # Errors
    /// The world could not be read.
    pub async fn clock(&self) -> Result<ClockState, ControlError> {
        self.clock.catch_up().await?;
        self.world.refresh().await?;
        Ok(ClockState { reading: self.clock.read(), next_event: self.next_event() })
    }

    fn next_event(&self) -> Option<Timestamp> {
        let spoken = self.spoken.iter().filter_map(|spoken| spoken.next_event());
        spoken.chain(self.world.next_event()).min()
    }

    /// Moves the clock, in one transaction with the event; answers what it shows then.
    ///
    /// # Errors
    /// [`ControlError::NoNextEvent`] when there is none to move to; the clock could not be kept.
    pub async fn move_clock(
        &self,
        app: &App,
        context: &Context,
        change: ClockChange,
    ) -> Result<ClockState, ControlError> {
        self.world.refresh().await?;
        let next = self.next_event();
        if change == ClockChange::NextEvent && next.is_none() {
            return Err(ControlError::NoNextEvent);
        }
        self.clock.change(app, context, change, next).await?;
        if let Err(error) = self.world.advance(self.clock.now()).await {
            tracing::warn!(%error, "emulated.change_not_kept");
        }
        for spoken in &self.spoken {
            if let Err(error) = spoken.advance().await {
                tracing::warn!(%error, "emulated.change_not_kept");
            }
        }
        self.clock().await
    }

    /// The faults that are waiting to happen.
    ///
    /// # Errors
    /// The world could not be read.
    pub async fn faults(&self) -> Result<Vec<Fault>, ControlError> {
        self.world.refresh().await?;
        Ok(self.world.faults())
    }

    /// Plants a fault; answers its number. The event is committed first.
    ///
    /// # Errors
    /// There are too many, it names no provider, or it could not be kept.
    pub async fn add_fault(
        &self,
        app: &App,
        context: &Context,
        fault: Fault,
    ) -> Result<u64, ControlError> {
        let foretold = self.world.foretell_fault(&fault).await.map_err(ControlError::Fault)?;
        app.tell_world_act(context, WorldAct::AddFault, foretold).await?;
        self.world.add_fault(fault).await.map_err(ControlError::Fault)
    }

    /// Takes every fault away. The event is committed first.
    ///
    /// # Errors
    /// That could not be kept.
    pub async fn clear_faults(&self, app: &App, context: &Context) -> Result<(), ControlError> {
        let foretold = self.world.foretell_clearing().await?;
        app.tell_world_act(context, WorldAct::ClearFaults, foretold).await?;
        Ok(self.world.clear_faults().await?)
    }
}

/// Who may move the clock and inject faults: it concerns every project, so the owner of an
/// organization.
pub(crate) fn authorize_world(context: &Context) -> Result<(), Refusal> {
    if context.caller.roles.owns_org(context.caller.org) { Ok(()) } else { Err(Refusal::Forbidden) }
}
