//! The controller's slots and their times: who is due when, and what the end of a run means for
//! that. Must not know what a run does.

use super::{Action, Controller, Key, Run, Slot};
use crate::time::Timestamp;

impl Controller {
    pub(super) fn nudge(&mut self, key: Key, now: Timestamp) {
        let slot = self.slots.entry(key).or_insert(Slot {
            run: Run::Idle,
            due: None,
            again: false,
            failures: 0,
            overdue: 0,
            hold: Timestamp::ZERO,
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

    /// Ends a run and says when the next one is due.
    pub(super) fn end(&mut self, key: Key, action: Action, now: Timestamp) {
        let dice = self.roll();
        let Some(slot) = self.slots.get_mut(&key) else {
            return;
        };
        let due = match action {
            Action::AwaitChange => None,
            Action::Now => Some(now),
            Action::At(at) if at > now => Some(at),
            Action::At(_) => {
                let times = slot.overdue.saturating_add(1);
                slot.overdue = times;
                Some(now.after(self.tempo.overdue(times, dice)))
            }
            Action::BackOff { at_least } => {
                slot.failures = slot.failures.saturating_add(1);
                slot.hold = now.after(at_least);
                let wait = self.tempo.backoff(slot.failures, dice);
                Some(now.after(wait.max(at_least)))
            }
        };
        if !matches!(action, Action::BackOff { .. }) {
            (slot.failures, slot.hold) = (0, Timestamp::ZERO);
        }
        if !matches!(action, Action::At(at) if at <= now) {
            slot.overdue = 0;
        }
        self.leave(key, due, now);
    }

    /// When the cloud allows the next call about an object; `None` when it may be made now.
    pub(super) fn held_until(&self, key: Key, now: Timestamp) -> Option<Timestamp> {
        self.slots.get(&key).map(|slot| slot.hold).filter(|hold| *hold > now)
    }

    /// Ends a run that was not allowed to make its call; its failures still count.
    pub(super) fn end_held(&mut self, key: Key, until: Timestamp, now: Timestamp) {
        self.leave(key, Some(until), now);
    }

    /// Ends the run of an object that is no more.
    pub(super) fn forget(&mut self, key: Key, now: Timestamp) {
        self.end(key, Action::AwaitChange, now);
    }

    /// Gives the place of a run back. A nudge during the run makes the object due at once.
    fn leave(&mut self, key: Key, due: Option<Timestamp>, now: Timestamp) {
        let Some(slot) = self.slots.get_mut(&key) else {
            return;
        };
        self.in_flight = self.in_flight.saturating_sub(1);
        slot.run = Run::Idle;
        let nudged = core::mem::take(&mut slot.again);
        match if nudged { Some(now) } else { due } {
            Some(at) => self.schedule(key, at),
            None => {
                self.slots.remove(&key);
            }
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
