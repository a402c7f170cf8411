//! When to work on which object: one slot for each object, equal requests merged, never two runs
//! of one object at once, waits that grow with failures.
//!
//! # Expected flow
//! [`Input::Nudge`] → [`Command::Load`] → [`Input::Loaded`] → a [`Command::Write`] of doubt, if
//! the call may change the cloud → at most one [`Command::Call`] / [`Input::Answered`] → a
//! [`Command::Write`] of what was seen → rest.
//!
//! # Guarantees
//! A run receives a key and reads everything itself: why it runs is not known. A nudge that
//! arrives during a run causes another one. A lost race re-reads; it never overwrites. An object
//! that the cloud asked to wait is left alone that long, whoever nudges it. A cloud that says again
//! and again when it will look different, and does not by then, is asked less and less often.
//!
//! # Caveats
//! Nothing here is durable: after a restart the driver nudges every object that is not settled.
//! What is settled is looked at only when somebody nudges it, so the driver also goes round
//! everything from time to time, to find what others did to it. A driver brings exactly one
//! outcome for each command that asks for one; an outcome that nobody asked for changes nothing.

mod queue;
mod run;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Action, Object, Tempo};
use crate::cloud::{Answer, Call};
use crate::id::{ContainerId, GroupId, PeerId};
use crate::time::Timestamp;

/// What a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A container's network.
    Network(GroupId, ContainerId),
    /// A peering.
    Peering(GroupId, PeerId),
}

impl Key {
    /// The project that the object belongs to.
    #[must_use]
    pub const fn group(&self) -> GroupId {
        match self {
            Self::Network(group, _) | Self::Peering(group, _) => *group,
        }
    }
}

/// An object as it was read, with the stamp that a write of it has to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The object.
    pub object: Object,
    /// The store's stamp of that state.
    pub stamp: u64,
}

/// What the driver is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read the object; answer with [`Input::Loaded`].
    Load(Key),
    /// Write it if it still has that stamp; answer with [`Input::Written`].
    Write {
        /// Which object.
        key: Key,
        /// The stamp that it must still have.
        stamp: u64,
        /// As it was.
        before: Box<Object>,
        /// As it is to be; `None`: take it away.
        after: Option<Box<Object>>,
    },
    /// Ask the cloud; answer with [`Input::Answered`].
    Call {
        /// Which object it is about.
        key: Key,
        /// What to ask.
        call: Box<Call>,
    },
    /// Nudge the peerings of this container: its network became ready.
    NudgePeeringsOf(GroupId, ContainerId),
}

/// What the driver brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Somebody believes that the object changed.
    Nudge(Key),
    /// The object as it was read; `None` when there is none.
    Loaded(Key, Option<Box<Snapshot>>),
    /// What became of a write.
    Written(Key, WriteResult),
    /// What the cloud answered.
    Answered(Key, Box<Answer>),
    /// The read or write could not be done; the run ends and is tried again later.
    StoreFailed(Key),
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// It is durable; the object has this stamp.
    Done(u64),
    /// Somebody else wrote first.
    Lost,
}

/// The state of one object's run.
#[derive(Debug)]
enum Run {
    Idle,
    Loading { answered: Option<Answered> },
    Writing { next: Box<Object>, then: Then, answered: Option<Answered> },
    Erasing { container: Key },
    Calling { snapshot: Box<Snapshot>, call: Box<Call> },
}

/// A call and its answer, kept until what was seen is written down.
type Answered = (Box<Call>, Box<Answer>);

/// What follows a write.
#[derive(Debug)]
enum Then {
    Call(Box<Call>),
    Rest(Action),
}

#[derive(Debug)]
struct Slot {
    run: Run,
    /// When it is due, while it is in the queue.
    due: Option<Timestamp>,
    /// Whether somebody nudged it during its run.
    again: bool,
    /// Failures in a row.
    failures: u32,
    /// Answers in a row that named a time to look again which was over.
    overdue: u32,
    /// No call before this time: the cloud asked for it.
    hold: Timestamp,
}

/// Decides when to work on what. See the module's documentation.
#[derive(Debug)]
pub struct Controller {
    tempo: Tempo,
    slots: BTreeMap<Key, Slot>,
    queue: BTreeSet<(Timestamp, Key)>,
    commands: VecDeque<Command>,
    in_flight: usize,
    dice: u64,
}

impl Controller {
    /// A controller with nothing to do. `seed` decides the jitter of its waits.
    #[must_use]
    pub fn new(tempo: Tempo, seed: u64) -> Self {
        Self {
            tempo,
            slots: BTreeMap::new(),
            queue: BTreeSet::new(),
            commands: VecDeque::new(),
            in_flight: 0,
            dice: seed,
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, input: Input, now: Timestamp) {
        match input {
            Input::Nudge(key) => self.nudge(key, now),
            Input::Loaded(key, snapshot) => self.loaded(key, snapshot, now),
            Input::Written(key, result) => self.written(key, result, now),
            Input::Answered(key, answer) => self.answered(key, answer, now),
            Input::StoreFailed(key) => self.store_failed(key, now),
        }
    }

    /// The next thing to do, if there is one by `now`.
    pub fn poll_command(&mut self, now: Timestamp) -> Option<Command> {
        if let Some(command) = self.commands.pop_front() {
            return Some(command);
        }
        if self.in_flight >= self.tempo.in_flight_max {
            return None;
        }
        let &(due, key) = self.queue.first()?;
        if due > now {
            return None;
        }
        self.queue.pop_first();
        let slot = self.slots.get_mut(&key)?;
        slot.due = None;
        slot.run = Run::Loading { answered: None };
        self.in_flight += 1;
        Some(Command::Load(key))
    }

    /// When [`Controller::poll_command`] will have something to do, if nothing else happens: a time
    /// that is over means at once, none means not before the next input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        if !self.commands.is_empty() {
            return Some(Timestamp::ZERO);
        }
        if self.in_flight >= self.tempo.in_flight_max {
            return None;
        }
        self.queue.first().map(|&(due, _)| due)
    }

    /// Forgets every object that is not to be kept: another process works on them. What comes back
    /// from commands about them has to be kept from the controller.
    pub fn retain(&mut self, keep: impl Fn(Key) -> bool) {
        self.slots.retain(|key, slot| {
            let kept = keep(*key);
            if !kept && !matches!(slot.run, Run::Idle) {
                self.in_flight = self.in_flight.saturating_sub(1);
            }
            kept
        });
        self.queue.retain(|(_, key)| keep(*key));
        self.commands.retain(|command| match command {
            Command::Load(key) | Command::Write { key, .. } | Command::Call { key, .. } => {
                keep(*key)
            }
            Command::NudgePeeringsOf(group, container) => keep(Key::Network(*group, *container)),
        });
    }

    /// How many objects are being worked on.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many objects wait for their time.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }
}
