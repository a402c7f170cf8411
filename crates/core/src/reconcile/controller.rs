//! When to work on which object: one slot for each object, equal requests merged, never two runs
//! of one object at once, waits that grow with failures.
//!
//! # Expected flow
//! [`Input::Nudge`] → [`Command::Load`] → [`Input::Loaded`] → any number of [`Command::Write`] /
//! [`Input::Written`], at most one [`Command::Call`] / [`Input::Answered`] → rest.
//!
//! # Guarantees
//! A run receives a key and reads everything itself: why it runs is not known. A nudge that
//! arrives during a run causes another one. A lost race re-reads; it never overwrites.
//!
//! # Caveats
//! Nothing here is durable: after a restart the driver nudges every object that is not settled.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use core::time::Duration;

use super::{Action, Applied, Object, Plan, Tempo, network, peering};
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
    PlanAgain,
    Rest(Action),
}

#[derive(Debug)]
struct Slot {
    run: Run,
    due: Option<Timestamp>,
    again: bool,
    failures: u32,
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
            Input::StoreFailed(key) => {
                self.end(key, Action::BackOff { at_least: Duration::ZERO }, now);
            }
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

    /// When [`Controller::poll_command`] will have something to do, if nothing else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.queue.first().map(|&(due, _)| due)
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

    fn nudge(&mut self, key: Key, now: Timestamp) {
        let slot = self.slots.entry(key).or_insert(Slot {
            run: Run::Idle,
            due: None,
            again: false,
            failures: 0,
        });
        match slot.run {
            Run::Idle => self.schedule(key, now),
            Run::Loading { .. }
            | Run::Writing { .. }
            | Run::Erasing { .. }
            | Run::Calling { .. } => {
                slot.again = true;
            }
        }
    }

    /// Puts an idle object into the queue; the earlier of two times wins.
    fn schedule(&mut self, key: Key, at: Timestamp) {
        let Some(slot) = self.slots.get_mut(&key) else {
            return;
        };
        if let Some(due) = slot.due {
            if due <= at {
                return;
            }
            self.queue.remove(&(due, key));
        }
        slot.due = Some(at);
        self.queue.insert((at, key));
    }

    fn loaded(&mut self, key: Key, snapshot: Option<Box<Snapshot>>, now: Timestamp) {
        let Some(Run::Loading { answered }) = self.take_run(key) else {
            return;
        };
        let Some(snapshot) = snapshot else {
            return self.forget(key, now);
        };
        match answered {
            None => self.plan(key, snapshot, now),
            Some((call, answer)) => self.apply(key, snapshot, call, answer, now),
        }
    }

    fn plan(&mut self, key: Key, snapshot: Box<Snapshot>, now: Timestamp) {
        let (plan, home) = match &snapshot.object {
            Object::Peering(both) => {
                let (peering, container) = &**both;
                let join = |next| Object::Peering(Box::new((next, container.clone())));
                let plan = peering::plan(peering, container, now, &self.tempo).map(join);
                (plan, Key::Network(container.group, container.id))
            }
            Object::Network(container) => {
                (network::plan(container).map(|next| Object::Network(Box::new(next))), key)
            }
        };
        match plan {
            Plan::Write(next) => self.write(key, *snapshot, next, Then::PlanAgain, None),
            Plan::Erase => self.erase(key, *snapshot, home),
            Plan::Rest(action) => self.end(key, action, now),
            Plan::Call(call) => {
                self.commands.push_back(Command::Call { key, call: call.clone() });
                self.set_run(key, Run::Calling { snapshot, call });
            }
        }
    }

    fn answered(&mut self, key: Key, answer: Box<Answer>, now: Timestamp) {
        let Some(Run::Calling { snapshot, call }) = self.take_run(key) else {
            return;
        };
        self.apply(key, snapshot, call, answer, now);
    }

    fn apply(
        &mut self,
        key: Key,
        snapshot: Box<Snapshot>,
        call: Box<Call>,
        answer: Box<Answer>,
        now: Timestamp,
    ) {
        let applied = match (&snapshot.object, &*answer) {
            (Object::Peering(both), Answer::Link(answer)) => {
                let (peering, container) = &**both;
                let applied = peering::apply(peering, &call, answer.clone(), now, &self.tempo);
                let join = |next| Object::Peering(Box::new((next, container.clone())));
                Applied { changed: applied.changed.map(join), action: applied.action }
            }
            (Object::Network(container), Answer::Network(answer)) => {
                let applied = network::apply(container, answer.clone(), now, &self.tempo);
                let join = |next| Object::Network(Box::new(next));
                Applied { changed: applied.changed.map(join), action: applied.action }
            }
            (Object::Peering(_), Answer::Network(_)) | (Object::Network(_), Answer::Link(_)) => {
                Applied { changed: None, action: Action::Now }
            }
        };
        match applied.changed {
            None => self.end(key, applied.action, now),
            // A lost race brings the answer back to the newer state: what was seen counts.
            Some(next) => {
                self.write(key, *snapshot, next, Then::Rest(applied.action), Some((call, answer)));
            }
        }
    }

    fn written(&mut self, key: Key, result: WriteResult, now: Timestamp) {
        match (self.take_run(key), result) {
            (Some(Run::Writing { next, then, .. }), WriteResult::Done(stamp)) => {
                self.announce(&next);
                let snapshot = Box::new(Snapshot { object: *next, stamp });
                match then {
                    Then::PlanAgain => self.plan(key, snapshot, now),
                    Then::Rest(action) => self.end(key, action, now),
                }
            }
            (Some(Run::Erasing { container }), WriteResult::Done(_)) => {
                self.forget(key, now);
                self.nudge(container, now);
            }
            (Some(Run::Writing { answered, .. }), WriteResult::Lost) => {
                self.load_again(key, answered);
            }
            (Some(Run::Erasing { .. }), WriteResult::Lost) => self.load_again(key, None),
            (Some(Run::Idle | Run::Loading { .. } | Run::Calling { .. }) | None, _) => {}
        }
    }

    fn write(
        &mut self,
        key: Key,
        before: Snapshot,
        next: Object,
        then: Then,
        answered: Option<Answered>,
    ) {
        let next = Box::new(next);
        self.commands.push_back(Command::Write {
            key,
            stamp: before.stamp,
            before: Box::new(before.object),
            after: Some(next.clone()),
        });
        self.set_run(key, Run::Writing { next, then, answered });
    }

    fn erase(&mut self, key: Key, before: Snapshot, container: Key) {
        self.commands.push_back(Command::Write {
            key,
            stamp: before.stamp,
            before: Box::new(before.object),
            after: None,
        });
        self.set_run(key, Run::Erasing { container });
    }

    fn load_again(&mut self, key: Key, answered: Option<Answered>) {
        self.commands.push_back(Command::Load(key));
        self.set_run(key, Run::Loading { answered });
    }

    /// Tells the peerings of a network that it is ready for them.
    fn announce(&mut self, written: &Object) {
        if let Object::Network(container) = written
            && container.is_provisioned()
        {
            self.commands.push_back(Command::NudgePeeringsOf(container.group, container.id));
        }
    }

    /// Ends a run and says when the next one is due.
    fn end(&mut self, key: Key, action: Action, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let dice = self.roll();
        let Some(slot) = self.slots.get_mut(&key) else {
            return;
        };
        slot.run = Run::Idle;
        slot.failures = match action {
            Action::BackOff { .. } => slot.failures.saturating_add(1),
            Action::AwaitChange | Action::Now | Action::At(_) => 0,
        };
        let wait = self.tempo.backoff(slot.failures, dice);
        let due = match action {
            _ if core::mem::take(&mut slot.again) => Some(now),
            Action::AwaitChange => None,
            Action::Now => Some(now),
            Action::At(at) => Some(at),
            Action::BackOff { at_least } => Some(now.after(wait.max(at_least))),
        };
        match due {
            Some(at) => self.schedule(key, at),
            None => {
                self.slots.remove(&key);
            }
        }
    }

    /// Ends the run of an object that is no more.
    fn forget(&mut self, key: Key, now: Timestamp) {
        self.end(key, Action::AwaitChange, now);
    }

    fn take_run(&mut self, key: Key) -> Option<Run> {
        let slot = self.slots.get_mut(&key)?;
        Some(core::mem::replace(&mut slot.run, Run::Idle))
    }

    fn set_run(&mut self, key: Key, run: Run) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.run = run;
        }
    }

    /// The next number of a fixed sequence (`SplitMix64`): jitter must differ from one wait to the
    /// next and be the same in every replay of a seed.
    fn roll(&mut self) -> u32 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from(mixed >> 32).unwrap_or(u32::MAX)
    }
}
