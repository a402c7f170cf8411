//! AWS, Azure and GCP inside the process: both sides of each peering, with the providers' own
//! states, waits, refusals and expiry.
//!
//! The models (`aws`, `azure`, `gcp`) are plain data and functions to which time is an argument;
//! `world` holds the objects and lets time pass; `fabric` puts them behind the port. Every change
//! is kept before anybody hears of it, those of many callers at once; what is kept and rests need
//! not be in memory. Must not know a clock, a timer or the store.

mod answer;
mod awake;
mod aws;
mod azure;
mod customer;
mod fabric;
mod fault;
mod foretell;
mod gcp;
mod ids;
mod index;
mod journal;
mod object;
mod pace;
mod row;
mod turn;
mod world;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};

use peerage_core::id::{GroupId, PeerId};
use peerage_core::time::Timestamp;
use tokio::sync::Mutex;

pub use azure::OVERLAP as AZURE_OVERLAP;
pub use customer::{CustomerAct, CustomerError, CustomerMode};
pub use fault::{Blow, Effect, FAULTS_MAX, Fault, FaultError, Operation};
pub use foretell::Foretold;
pub use journal::{
    Journal, JournalError, MemoryJournal, News, Saved, SharedJournal, TURN_CHANGES_MAX, Take,
    ToldToFail, Turn,
};
pub use pace::Pace;

pub use crate::rules::gcp::BUSY as GCP_BUSY;

use object::Tag;
use world::World;

/// How the emulated clouds behave.
#[derive(Clone, Debug)]
pub struct EmulatedOptions {
    /// How long each step takes.
    pub pace: Pace,
    /// What the customer does by itself about requests whose turn it becomes from here on; what
    /// waited before a restart goes on waiting.
    pub customer: CustomerMode,
    /// Decides the names that are given, in a world that is new.
    pub seed: u64,
    /// How many objects that rest are in memory, those that were used last. The others are read
    /// from the journal when they are needed.
    pub awake_max: usize,
}

/// How many objects that rest are usually in memory: about a KiB each.
pub const AWAKE_MAX: usize = 10_000;

/// A peering that changed by itself or by the customer's hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Its project.
    pub group: GroupId,
    /// The peering.
    pub peering: PeerId,
}

/// The three emulated clouds.
pub struct Emulated {
    world: StdMutex<World>,
    journal: Arc<dyn Journal>,
    /// Up to which change everything is kept; held while something is being kept.
    kept: Mutex<u64>,
    /// In a shared world: objects that may not be as they are kept.
    stale: StdMutex<BTreeSet<Tag>>,
}

impl std::fmt::Debug for Emulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Emulated")
    }
}

impl Emulated {
    /// Takes the world up where `journal` has it.
    ///
    /// # Errors
    /// The journal cannot be read, or holds what this version does not understand.
    pub async fn open(
        journal: Arc<dyn Journal>,
        options: EmulatedOptions,
    ) -> Result<Self, JournalError> {
        let world = StdMutex::new(World::new(options));
        let emulated = Self { world, journal, kept: Mutex::new(0), stale: StdMutex::default() };
        if emulated.journal.shared().is_some() {
            emulated.refresh().await?;
        } else {
            let mut restored = emulated.lock().anew();
            let mut take = |part| restored.take(part).map_err(JournalError::new);
            emulated.journal.load(&mut take).await?;
            emulated.lock().replace(restored);
        }
        Ok(emulated)
    }

    /// Sees what other processes did to a world that is shared; before a look that is no call.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn refresh(&self) -> Result<(), JournalError> {
        match self.journal.shared() {
            Some(journal) => {
                let _turn = self.kept.lock().await;
                self.catch_up(journal).await
            }
            None => Ok(()),
        }
    }

    /// When something will happen by itself that anybody can see, expiry included.
    #[must_use]
    pub fn next_event(&self) -> Option<Timestamp> {
        self.lock().next_event()
    }

    /// Lets everything happen that is due by `now`, and keeps it. Answers the peerings that
    /// changed by themselves or by the customer's hand since this was last asked.
    ///
    /// # Errors
    /// The changes could not be kept; they are kept with the next ones, and told of then.
    pub async fn advance(&self, now: Timestamp) -> Result<Vec<Touched>, JournalError> {
        self.act(now, |_| Vec::new(), |_| ()).await?;
        Ok(self.lock().take_touched())
    }

    /// Acts as the other party of a peering.
    ///
    /// # Errors
    /// What the customer's own cloud refuses, or that the change could not be kept.
    pub async fn customer(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        let needs = |_: &World| vec![Tag::Link(peering)];
        let acted = self.act(now, needs, |world| customer::act(world, peering, act, now)).await;
        acted.map_err(|error| CustomerError::new("InternalError", error.to_string()))?
    }

    /// The faults that wait.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults().list()
    }

    /// Plants a fault; answers its number. It is kept when this returns.
    ///
    /// # Errors
    /// There are too many, or it names no provider; or it could not be kept.
    pub async fn add_fault(&self, fault: Fault) -> Result<u64, FaultError> {
        let plant = |world: &mut World| world.faults_mut().plant(fault.clone());
        let planted = self.act(Timestamp::ZERO, |_| Vec::new(), plant);
        planted.await.map_err(|error| FaultError::NotKept(error.to_string()))?
    }

    /// Takes every fault away.
    ///
    /// # Errors
    /// That could not be kept; it is kept with the next change.
    pub async fn clear_faults(&self) -> Result<(), JournalError> {
        let clear = |world: &mut World| world.faults_mut().clear();
        Ok(self.act(Timestamp::ZERO, |_| Vec::new(), clear).await?)
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps everything that changed until now. Whoever comes while something is being kept waits
    /// and then finds its own change kept, or keeps everybody's at once.
    async fn keep(&self) -> Result<(), JournalError> {
        let wanted = self.lock().sequence;
        let mut kept = self.kept.lock().await;
        if *kept >= wanted {
            return Ok(());
        }
        let (changes, upto) = self.lock().take_changes();
        let mut keeping = Keeping { emulated: self, is_done: false };
        self.journal.save(changes).await?;
        keeping.is_done = true;
        *kept = upto;
        Ok(())
    }
}

/// Changes on their way to the journal. If they do not get there, or nobody waits until they do,
/// they are kept with the next ones.
struct Keeping<'a> {
    emulated: &'a Emulated,
    is_done: bool,
}

impl Drop for Keeping<'_> {
    fn drop(&mut self) {
        let mut world = self.emulated.lock();
        if self.is_done { world.kept() } else { world.return_changes() }
    }
}
