//! What an act of a caller's hand would make of the emulated world: for whoever has to say so
//! before it is done. Nothing here changes anything but that time passes.

use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::customer;
use super::object::Tag;
use super::{CustomerAct, CustomerError, Emulated, Fault, FaultError, JournalError};

/// What would become of one object if nobody else came first.
#[derive(Clone, Debug, PartialEq)]
pub struct Foretold {
    /// Its name in the journal.
    pub object: String,
    /// As it is; nothing if it is made.
    pub before: Option<Value>,
    /// As it would be.
    pub after: Option<Value>,
}

impl Emulated {
    /// What an act of the other party would make of a peering.
    ///
    /// # Errors
    /// What the customer's own cloud would refuse, or that the world could not be read.
    pub async fn foretell_act(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<Foretold, CustomerError> {
        let foretold = self.act(
            now,
            |_| vec![Tag::Link(peering)],
            |world| {
                let after = customer::decide(world, peering, act, now)?;
                let before = world.link(peering).and_then(shown);
                Ok(Foretold { object: Tag::Link(peering).name(), before, after: shown(&after) })
            },
        );
        let unread =
            |error: super::turn::Unacted| CustomerError::new("InternalError", error.to_string());
        foretold.await.map_err(unread)?
    }

    /// What planting a fault would add.
    ///
    /// # Errors
    /// There are too many, or it names no provider; or the world could not be read.
    pub async fn foretell_fault(&self, fault: &Fault) -> Result<Foretold, FaultError> {
        self.refresh().await.map_err(|error| FaultError::NotKept(error.to_string()))?;
        let id = self.lock().faults().next(fault)?;
        let after = shown(&Fault { id, ..fault.clone() });
        Ok(Foretold { object: Tag::Faults.name(), before: None, after })
    }

    /// What taking every fault away would take, by number.
    ///
    /// # Errors
    /// The world could not be read.
    pub async fn foretell_clearing(&self) -> Result<Foretold, JournalError> {
        self.refresh().await?;
        let waiting: Vec<u64> = self.faults().iter().map(|fault| fault.id).collect();
        let shown = |waiting: Vec<u64>| Some(json!({ "waiting": waiting }));
        Ok(Foretold {
            object: Tag::Faults.name(),
            before: shown(waiting),
            after: shown(Vec::new()),
        })
    }
}

fn shown(object: &impl Serialize) -> Option<Value> {
    serde_json::to_value(object).ok()
}
