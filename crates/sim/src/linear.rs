//! Whether what clients saw could have happened one after the other, in an order that agrees with
//! the times: the search of Wing and Gong, with the states that led nowhere remembered (Lowe).
//!
//! A history is a list of [`Call`]s on one object. `invoked` and `returned` come from any counter
//! that never goes back and that two events never share. A call without a return may have happened
//! at any time after it was sent, or never: leave the failed ones that certainly did nothing, and
//! reads without an answer, out of the history. Objects that do not know each other are searched
//! one by one. The search goes as deep as a history is long: give it a stack for that.

use std::collections::HashSet;
use std::hash::Hash;

/// One thing that a client did.
#[derive(Clone, Debug)]
pub struct Call<O> {
    /// What it asked and, if it was answered, what it saw.
    pub op: O,
    /// When it asked.
    pub invoked: u64,
    /// When it was answered; `None` when it was not.
    pub returned: Option<u64>,
}

/// What an object may do, one operation at a time.
pub trait Model {
    /// What is asked, together with what was seen.
    type Op;
    /// What the object remembers.
    type State: Clone + Eq + Hash;

    /// The object before anything happened.
    fn start(&self) -> Self::State;

    /// The object after an operation; `None` when it cannot answer so in this state.
    /// `answered` is false for an operation of which nobody saw the answer.
    fn step(&self, state: &Self::State, op: &Self::Op, answered: bool) -> Option<Self::State>;
}

/// What the search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is such an order.
    Linearizable,
    /// There is none. The number says how many calls the longest order explains.
    Impossible(usize),
    /// The search was given up.
    TooHard,
}

/// The most states that a search looks at.
const STATES_MAX: usize = 100_000;

/// Searches for an order.
#[must_use]
pub fn check<M: Model>(model: &M, history: &[Call<M::Op>]) -> Verdict {
    let mut order: Vec<usize> = (0..history.len()).collect();
    order.sort_by_key(|&at| history[at].invoked);
    let sorted = order.into_iter().map(|at| &history[at]).collect();
    let mut search = Search { model, calls: sorted, seen: HashSet::new(), longest: 0 };
    let mut done = Done(vec![0; history.len().div_ceil(64)]);
    match search.go(&mut done, &model.start(), 0) {
        Some(true) => Verdict::Linearizable,
        Some(false) => Verdict::Impossible(search.longest),
        None => Verdict::TooHard,
    }
}

/// Which calls are done, a bit for each.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Done(Vec<u64>);

impl Done {
    fn has(&self, at: usize) -> bool {
        self.0[at / 64] & (1 << (at % 64)) != 0
    }

    fn flip(&mut self, at: usize) {
        self.0[at / 64] ^= 1 << (at % 64);
    }
}

struct Search<'a, M: Model> {
    model: &'a M,
    calls: Vec<&'a Call<M::Op>>,
    seen: HashSet<(Done, M::State)>,
    longest: usize,
}

impl<M: Model> Search<'_, M> {
    /// Whether the calls that are not done can follow; `None` when there is too much to look at.
    fn go(&mut self, done: &mut Done, state: &M::State, depth: usize) -> Option<bool> {
        self.longest = self.longest.max(depth);
        // Whatever is next was sent before the first of the others was answered.
        let (mut horizon, mut next) = (u64::MAX, Vec::new());
        for at in (0..self.calls.len()).filter(|&at| !done.has(at)) {
            let call = self.calls[at];
            if call.invoked >= horizon {
                break;
            }
            horizon = horizon.min(call.returned.unwrap_or(u64::MAX));
            next.push(at);
        }
        if horizon == u64::MAX {
            return Some(true);
        }
        if self.seen.len() >= STATES_MAX {
            return None;
        }
        if !self.seen.insert((done.clone(), state.clone())) {
            return Some(false);
        }
        next.retain(|&at| self.calls[at].invoked < horizon);
        // What was answered has to come; what was not is only tried where it is needed.
        let (answered, silent): (Vec<_>, Vec<_>) =
            next.into_iter().partition(|&at| self.calls[at].returned.is_some());
        for at in answered.into_iter().chain(silent) {
            let call = self.calls[at];
            let after = self.model.step(state, &call.op, call.returned.is_some());
            let Some(after) = after else { continue };
            done.flip(at);
            let found = self.go(done, &after, depth + 1);
            done.flip(at);
            if found != Some(false) {
                return found;
            }
        }
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    /// A register that can be compared and set.
    struct Register;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Op {
        Write(u8),
        Read(u8),
        Swap { from: u8, to: u8, done: bool },
    }

    impl Model for Register {
        type Op = Op;
        type State = u8;

        fn start(&self) -> u8 {
            0
        }

        fn step(&self, state: &u8, op: &Op, answered: bool) -> Option<u8> {
            match *op {
                Op::Write(value) => Some(value),
                Op::Read(value) => (value == *state).then_some(*state),
                Op::Swap { from, to, .. } if !answered => {
                    Some(if *state == from { to } else { *state })
                }
                Op::Swap { from, to, done } => match (*state == from, done) {
                    (true, true) => Some(to),
                    (false, false) => Some(*state),
                    (true, false) | (false, true) => None,
                },
            }
        }
    }

    /// The same by trying every order there is.
    fn by_force(calls: &[Call<Op>], state: u8) -> bool {
        if calls.iter().all(|call| call.returned.is_none()) {
            return true;
        }
        (0..calls.len()).any(|at| {
            let mut rest = calls.to_vec();
            let call = rest.remove(at);
            let first = rest.iter().filter_map(|other| other.returned).min();
            first.is_none_or(|first| call.invoked < first)
                && Register
                    .step(&state, &call.op, call.returned.is_some())
                    .is_some_and(|state| by_force(&rest, state))
        })
    }

    /// What clients of a register saw that does each operation somewhere between its ends.
    fn history(dice: &mut Dice, length: u64) -> Vec<Call<Op>> {
        let mut calls = Vec::new();
        let mut state = 0;
        for at in 0..length {
            // Each takes effect at `10 * at`, so this is the order in which they happened.
            let point = 100 + 10 * at;
            let value = |dice: &mut Dice| u8::try_from(dice.below(3)).unwrap();
            let op = match dice.below(3) {
                0 => Op::Write(value(dice)),
                1 => Op::Read(state),
                _ => {
                    let (from, to) = (value(dice), value(dice));
                    Op::Swap { from, to, done: state == from }
                }
            };
            state = Register.step(&state, &op, true).unwrap();
            let silent = !matches!(op, Op::Read(_)) && dice.chance(2_000);
            let returned = (!silent).then(|| point + 1 + dice.below(30) * 10);
            calls.push(Call { op, invoked: point - 1 - dice.below(9) * 10, returned });
        }
        calls
    }

    #[test]
    fn what_happened_in_some_order_is_found() {
        let mut dice = Dice::new(1, 1);
        for _ in 0..300 {
            let calls = history(&mut dice, 12);
            assert_eq!(check(&Register, &calls), Verdict::Linearizable, "{calls:?}");
        }
    }

    #[test]
    fn it_agrees_with_trying_every_order() {
        let mut dice = Dice::new(2, 1);
        let mut wrong = 0;
        for _ in 0..600 {
            let mut calls = history(&mut dice, 6);
            // One of them saw something else.
            let at = usize::try_from(dice.below(6)).unwrap();
            match &mut calls[at].op {
                Op::Read(value) | Op::Write(value) => *value = (*value + 1) % 3,
                Op::Swap { done, .. } => *done = !*done,
            }
            let expected = by_force(&calls, 0);
            wrong += usize::from(!expected);
            let found = check(&Register, &calls);
            assert_eq!(found == Verdict::Linearizable, expected, "{found:?} {calls:?}");
        }
        assert!(wrong > 100, "only {wrong} of the histories were impossible");
    }

    #[test]
    fn wrong_registers_are_told_from_right_ones() {
        let call = |op, invoked, returned| Call { op, invoked, returned };
        let impossible = |calls: &[Call<Op>]| {
            assert!(matches!(check(&Register, calls), Verdict::Impossible(_)), "{calls:?}");
        };
        let wrote = call(Op::Write(1), 0, Some(10));
        // Lost, read before it was written, stale, swapped twice by one value.
        impossible(&[wrote.clone(), call(Op::Read(0), 11, Some(12))]);
        impossible(&[call(Op::Read(1), 0, Some(1)), call(Op::Write(1), 2, Some(3))]);
        let unsure = call(Op::Write(2), 11, None);
        let stale = [call(Op::Read(2), 12, Some(13)), call(Op::Read(1), 14, Some(15))];
        impossible(&[wrote.clone(), unsure, stale[0].clone(), stale[1].clone()]);
        let swap = |invoked| call(Op::Swap { from: 1, to: 2, done: true }, invoked, Some(30));
        impossible(&[wrote, swap(11), swap(12)]);
    }
}
