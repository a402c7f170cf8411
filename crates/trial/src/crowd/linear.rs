//! One peering as its clients see it: what may be seen of it after what was done to it.

use std::fmt;
use std::time::Duration;

use anyhow::{anyhow, bail};
use peerage_sim::linear::{Call, Model, Verdict, check};

use super::Crowd;

/// The stack for the search: it goes as deep as a history is long.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// What is said of a history that no order explains.
pub(crate) const IMPOSSIBLE: &str = "no order explains";

/// What a client did to a peering, and what it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Made with this block.
    Create(u32),
    /// Changed to this block.
    Patch(u32),
    /// Taken away.
    Delete,
    /// There, with this block.
    See(u32),
    /// There, on its way out.
    SeeLeaving,
    /// Not there.
    SeeNothing,
}

/// One step and when it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) step: Step,
    pub(crate) invoked: Duration,
    /// Nothing when nobody knows whether it happened.
    pub(crate) returned: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Unmade,
    Live(u32),
    Leaving,
    Gone,
}

impl State {
    /// The state after a step, if the step is possible. What leaves goes by itself at any time.
    fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Unmade, Step::Create(block)) => Some(Self::Live(block)),
            (Self::Live(_), Step::Patch(block)) => Some(Self::Live(block)),
            (Self::Live(_) | Self::Leaving, Step::Delete) => Some(Self::Leaving),
            (Self::Live(block), Step::See(seen)) if block == seen => Some(self),
            (Self::Leaving, Step::SeeLeaving) => Some(self),
            (Self::Unmade, Step::SeeNothing) => Some(Self::Unmade),
            (Self::Leaving | Self::Gone, Step::SeeNothing) => Some(Self::Gone),
            _ => None,
        }
    }
}

/// A peering that nobody has made so far.
struct Peering;

impl Model for Peering {
    type Op = Step;
    type State = State;

    fn start(&self) -> State {
        State::Unmade
    }

    fn step(&self, state: &State, step: &Step, _answered: bool) -> Option<State> {
        state.after(*step)
    }
}

/// Histories that were judged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Judged {
    /// How many peerings they are of.
    pub(crate) peerings: usize,
    /// How many operations are in them.
    pub(crate) operations: usize,
    /// Of how many nobody knows what became of them.
    pub(crate) open: usize,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peerings, operations, open } = self;
        write!(f, "linearizable: {operations} operations on {peerings} peerings, {open} left open")
    }
}

/// Whether what clients were told of each peering has an order that explains it.
///
/// # Errors
/// What was told of the first peering without one, or which the search gave up.
pub(crate) fn linearizable(crowd: &Crowd) -> anyhow::Result<Judged> {
    let histories: Vec<_> = crowd.projects.iter().flat_map(super::Project::histories).collect();
    let search = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let mut judged = Judged { peerings: histories.len(), ..Judged::default() };
        for (number, mut history) in histories {
            judged.operations += history.len();
            judged.open += history.iter().filter(|event| event.returned.is_none()).count();
            history.sort_by_key(|event| event.invoked);
            match judge(&history) {
                Verdict::Linearizable => {}
                Verdict::Impossible(most) => bail!(
                    "{IMPOSSIBLE} what was told of vpc-{number:017x}, but for {most} operations \
                     of it: {history:#?}"
                ),
                Verdict::TooHard => bail!("vpc-{number:017x} is too hard to judge: {history:#?}"),
            }
        }
        Ok(judged)
    })?;
    search.join().map_err(|_| anyhow!("the search failed"))?
}

/// Whether what clients were told could have happened in some order that agrees with the times.
fn judge(events: &[Event]) -> Verdict {
    // Of two things at one time either may have been first.
    let twice = |at: Duration| u64::try_from(at.as_nanos()).unwrap_or(u64::MAX / 2) * 2;
    let call = |event: &Event| Call {
        op: event.step,
        invoked: twice(event.invoked),
        returned: event.returned.map(|at| twice(at) + 1),
    };
    check(&Peering, &events.iter().map(call).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: bool, events: &[(Step, u64, Option<u64>)]) {
        let events: Vec<Event> = events
            .iter()
            .map(|&(step, invoked, returned)| Event {
                step,
                invoked: Duration::from_millis(invoked),
                returned: returned.map(Duration::from_millis),
            })
            .collect();
        let found = judge(&events) == Verdict::Linearizable;
        assert_eq!(found, expected, "{events:?}");
    }

    #[test]
    fn an_order_that_agrees_with_the_times_is_found() {
        use Step::{Create, Delete, Patch, See, SeeLeaving, SeeNothing};
        let made = (Create(1), 0, Some(10));
        check(true, &[made, (See(1), 11, Some(12))]);
        check(true, &[made, (Patch(2), 11, Some(20)), (See(1), 12, Some(13))]);
        check(true, &[made, (Patch(2), 11, None), (See(1), 12, Some(13)), (See(2), 40, Some(41))]);
        check(true, &[made, (Delete, 11, Some(12)), (SeeLeaving, 13, Some(14))]);
        check(true, &[made, (Delete, 11, None), (SeeNothing, 99, Some(100))]);
        check(true, &[(Create(1), 0, None), (SeeNothing, 5, Some(6)), (See(1), 7, Some(8))]);
    }

    #[test]
    fn what_no_order_explains_is_rejected() {
        use Step::{Create, Delete, Patch, See, SeeNothing};
        let made = (Create(1), 0, Some(10));
        // Lost, stale, changed by nobody, back from the dead, seen before and then not.
        check(false, &[made, (SeeNothing, 11, Some(12))]);
        check(false, &[made, (Patch(2), 11, Some(12)), (See(1), 13, Some(14))]);
        check(false, &[made, (See(3), 11, Some(12))]);
        check(false, &[made, (Delete, 11, Some(12)), (See(1), 13, Some(14))]);
        check(false, &[made, (Patch(2), 11, None), (See(2), 12, Some(13)), (See(1), 14, Some(15))]);
        let gone = (SeeNothing, 13, Some(14));
        check(false, &[made, (Delete, 11, Some(12)), gone, (Step::SeeLeaving, 15, Some(16))]);
    }
}
