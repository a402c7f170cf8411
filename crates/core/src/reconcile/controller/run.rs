//! One run of one object: read, decide, doubt, ask, write down what was seen. Must not know when
//! the next run is.

use alloc::boxed::Box;
use core::time::Duration;

use super::{Answered, Command, Controller, Key, Run, Snapshot, Then, WriteResult};
use crate::cloud::{Answer, Call};
use crate::reconcile::{Action, Applied, Object, Plan, Tempo, network, peering};
use crate::time::Timestamp;

/// What a run does that met something unforeseen: it ends, and another one starts afresh.
const TRY_LATER: Action = Action::BackOff { at_least: Duration::ZERO };

impl Controller {
    pub(super) fn loaded(&mut self, key: Key, snapshot: Option<Box<Snapshot>>, now: Timestamp) {
        let answered = match self.take_run(key) {
            Some(Run::Loading { answered }) => answered,
            other => return self.put_back(key, other),
        };
        match (snapshot, answered) {
            (None, _) => self.forget(key, now),
            (Some(snapshot), None) => self.plan(key, *snapshot, now),
            (Some(snapshot), Some(answered)) => self.apply(key, *snapshot, answered, now),
        }
    }

    pub(super) fn answered(&mut self, key: Key, answer: Box<Answer>, now: Timestamp) {
        match self.take_run(key) {
            Some(Run::Calling { snapshot, call }) => {
                self.apply(key, *snapshot, (call, answer), now);
            }
            other => self.put_back(key, other),
        }
    }

    pub(super) fn written(&mut self, key: Key, result: WriteResult, now: Timestamp) {
        match (self.take_run(key), result) {
            (Some(Run::Writing { next, then, .. }), WriteResult::Done(stamp)) => {
                self.announce(&next);
                match then {
                    Then::Call(call) => self.call(key, Snapshot { object: *next, stamp }, call),
                    Then::Rest(action) => self.end(key, action, now),
                }
            }
            (Some(Run::Erasing { container }), WriteResult::Done(_)) => {
                self.forget(key, now);
                self.nudge(container, now);
            }
            // What was seen counts: it comes back to the newer state.
            (Some(Run::Writing { answered, .. }), WriteResult::Lost) => {
                self.load_again(key, answered);
            }
            (Some(Run::Erasing { .. }), WriteResult::Lost) => self.load_again(key, None),
            (other @ (Some(Run::Idle | Run::Loading { .. } | Run::Calling { .. }) | None), _) => {
                self.put_back(key, other);
            }
        }
    }

    /// The store could not be asked. What was seen is dropped, which is safe: the store holds doubt
    /// since before the call.
    pub(super) fn store_failed(&mut self, key: Key, now: Timestamp) {
        match self.take_run(key) {
            Some(Run::Loading { .. } | Run::Writing { .. } | Run::Erasing { .. }) => {
                self.end(key, TRY_LATER, now);
            }
            other @ (Some(Run::Idle | Run::Calling { .. }) | None) => self.put_back(key, other),
        }
    }

    fn plan(&mut self, key: Key, snapshot: Snapshot, now: Timestamp) {
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
        let held = self.held_until(key, now);
        match (plan, held) {
            (Plan::Rest(action), _) => self.end(key, action, now),
            (Plan::Erase, _) => self.erase(key, snapshot, home),
            (Plan::Call(_) | Plan::DoubtThenCall(..), Some(until)) => {
                self.end_held(key, until, now);
            }
            (Plan::Call(call), None) => self.call(key, snapshot, call),
            (Plan::DoubtThenCall(doubt, call), None) => {
                self.write(key, snapshot, doubt, Then::Call(call), None);
            }
        }
    }

    fn apply(&mut self, key: Key, snapshot: Snapshot, answered: Answered, now: Timestamp) {
        let (call, answer) = &answered;
        let applied = applied(&snapshot.object, call, answer, now, &self.tempo);
        match applied.changed {
            None => self.end(key, applied.action, now),
            Some(next) => {
                self.write(key, snapshot, next, Then::Rest(applied.action), Some(answered));
            }
        }
    }

    fn call(&mut self, key: Key, snapshot: Snapshot, call: Box<Call>) {
        self.commands.push_back(Command::Call { key, call: call.clone() });
        self.set_run(key, Run::Calling { snapshot: Box::new(snapshot), call });
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

    fn take_run(&mut self, key: Key) -> Option<Run> {
        let slot = self.slots.get_mut(&key)?;
        Some(core::mem::replace(&mut slot.run, Run::Idle))
    }

    /// Goes on with a run that an outcome was not meant for.
    fn put_back(&mut self, key: Key, run: Option<Run>) {
        if let Some(run) = run {
            self.set_run(key, run);
        }
    }

    fn set_run(&mut self, key: Key, run: Run) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.run = run;
        }
    }
}

/// What an answer means for an object.
fn applied(
    object: &Object,
    call: &Call,
    answer: &Answer,
    now: Timestamp,
    tempo: &Tempo,
) -> Applied<Object> {
    match (object, answer) {
        (Object::Peering(both), Answer::Link(answer)) => {
            let (peering, container) = &**both;
            let Applied { changed, action } =
                peering::apply(peering, call, answer.clone(), now, tempo);
            let join = |next| Object::Peering(Box::new((next, container.clone())));
            Applied { changed: changed.map(join), action }
        }
        (Object::Network(container), Answer::Network(answer)) => {
            let Applied { changed, action } =
                network::apply(container, call, answer.clone(), now, tempo);
            Applied { changed: changed.map(|next| Object::Network(Box::new(next))), action }
        }
        // An answer to another question.
        (Object::Peering(_), Answer::Network(_)) | (Object::Network(_), Answer::Link(_)) => {
            Applied { changed: None, action: TRY_LATER }
        }
    }
}
