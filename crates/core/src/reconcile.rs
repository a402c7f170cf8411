//! How a peering gets to where its owner wants it, as decisions and nothing else.
//!
//! [`peering`] and [`network`] say what to do next about one object and what an answer means for
//! it; [`Controller`] says when, for all of them: queue, de-duplication, back-off, one run at a
//! time for each object. A driver performs the [`Command`]s and brings back [`Input`]s. The
//! production driver and the simulator share every line of this.

mod controller;
pub mod network;
pub mod peering;
mod tempo;

pub use controller::{Command, Controller, Input, Key, Snapshot, WriteResult};
pub use tempo::Tempo;

use alloc::boxed::Box;
use core::time::Duration;

use crate::cloud::Call;
use crate::container::Container;
use crate::peering::Peering;
use crate::time::Timestamp;

/// The right to work on the objects of one shard. Whoever takes the shard later has a larger
/// revision; what is done under an older one must change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence {
    /// Which shard.
    pub shard: u16,
    /// The store's revision at which the shard was taken.
    pub revision: u64,
}

/// What to do next about one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan<T> {
    /// Write this down, the belief turned to doubt, and then make the call without asking again:
    /// the doubt hides why the call was chosen.
    DoubtThenCall(T, Box<Call>),
    /// Nothing is left of it: take the object itself away.
    Erase,
    /// Ask the cloud. The call only looks, or the doubt is written down already.
    Call(Box<Call>),
    /// Leave it alone until then.
    Rest(Action),
}

impl<T> Plan<T> {
    fn map<U>(self, wrap: impl FnOnce(T) -> U) -> Plan<U> {
        match self {
            Self::DoubtThenCall(next, call) => Plan::DoubtThenCall(wrap(next), call),
            Self::Erase => Plan::Erase,
            Self::Call(call) => Plan::Call(call),
            Self::Rest(action) => Plan::Rest(action),
        }
    }
}

/// When to look at an object again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// When somebody says that it changed.
    AwaitChange,
    /// At once.
    Now,
    /// At this time, or earlier if somebody says that it changed; never at once. Of times that are
    /// over, one after the other, each makes the controller wait longer.
    At(Timestamp),
    /// After a failed call: the controller chooses the wait. Whoever says that the object changed
    /// cuts that short, but for the least wait: no call is made before it is over.
    BackOff {
        /// The least wait, as the cloud asked for it.
        at_least: Duration,
    },
}

/// What an answer of the cloud means for an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied<T> {
    /// The object as it is now; `None` when the answer changes nothing about it.
    pub changed: Option<T>,
    /// When to look again.
    pub action: Action,
}

/// What the driver found when it loaded an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A peering and the container at our end.
    Peering(Box<(Peering, Container)>),
    /// A container.
    Network(Box<Container>),
}
