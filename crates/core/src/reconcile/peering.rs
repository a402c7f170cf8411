//! What to do next about one peering, and what an answer of the cloud means for it.
//!
//! Guarantees: the belief becomes [`Observed::Unknown`] before a call that may change the cloud;
//! what a call saw is always applied; what it decided only to the handshake that it was made for;
//! a peering on its way out goes only once nothing of it is left in the cloud.

use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

use super::{Action, Applied, Plan, Tempo};
use crate::cloud::{
    Call, CallError, Certainty, Link, LinkRequest, LinkStatus, Observed, Remedy, Sighting,
};
use crate::container::Container;
use crate::peering::{Event, Peering};
use crate::time::Timestamp;

/// What to do next about `peering`, whose own end is `container`.
#[must_use]
pub fn plan(
    peering: &Peering,
    container: &Container,
    now: Timestamp,
    tempo: &Tempo,
) -> Plan<Peering> {
    let request = || Box::new(request(peering, container));
    let remove = || Plan::Call(Box::new(Call::RemoveLink(*request())));
    if peering.phase.is_deletion_failed() {
        return Plan::Rest(Action::AwaitChange);
    }
    if peering.phase.is_deleting() {
        return match peering.observed {
            Observed::Nothing => Plan::Erase,
            Observed::Unknown | Observed::Found(_) => remove(),
        };
    }
    if peering.has_stale_link() {
        return remove();
    }
    if peering.phase.is_failed() {
        return Plan::Rest(Action::AwaitChange);
    }
    if !container.is_provisioned() {
        // The container's own run says when it is ready; the poll is the safety net.
        return Plan::Rest(Action::At(now.after(tempo.poll)));
    }
    match &peering.observed {
        Observed::Nothing => {
            Plan::Write(Peering { observed: Observed::Unknown, ..peering.clone() })
        }
        Observed::Unknown => Plan::Call(Box::new(Call::EnsureLink(*request()))),
        Observed::Found(_) if peering.has_stale_route() => {
            Plan::Call(Box::new(Call::EnsureLink(*request())))
        }
        Observed::Found(_) => Plan::Call(Box::new(Call::ObserveLink(*request()))),
    }
}

fn request(peering: &Peering, container: &Container) -> LinkRequest {
    LinkRequest {
        group: peering.group,
        peering: peering.id,
        container: peering.container,
        handshake: peering.handshake,
        ours: container.spec.clone(),
        names: container.names().cloned(),
        customer: peering.customer.clone(),
    }
}

/// What the answer to `call` means for `peering`, which may have changed since the call was made.
#[must_use]
pub fn apply(
    peering: &Peering,
    call: &Call,
    answer: Result<Sighting<Link>, CallError>,
    now: Timestamp,
    tempo: &Tempo,
) -> Applied<Peering> {
    match (call, answer) {
        (Call::RemoveLink(_), Ok(sighting)) => removal_seen(peering, sighting, now, tempo),
        (Call::RemoveLink(_), Err(error)) => {
            call_failed(peering, &error, now, |error| Event::RemovalFailed(words(error)))
        }
        (_, Ok(sighting)) => link_seen(peering, sighting, now, tempo),
        (Call::EnsureLink(made_for), Err(error)) if made_for.handshake == peering.handshake => {
            call_failed(peering, &error, now, |error| Event::Refused(words(error)))
        }
        // A look that failed, or a request that its owner has changed since, decides nothing.
        (_, Err(error)) => call_failed(
            peering,
            &CallError { remedy: Remedy::Retry { after_ms: None }, ..error },
            now,
            |error| Event::Refused(words(error)),
        ),
    }
}

fn words(error: &CallError) -> String {
    if error.message.is_empty() { error.code.clone() } else { error.message.clone() }
}

/// Something was looked for, and this is what was seen.
fn link_seen(
    peering: &Peering,
    sighting: Sighting<Link>,
    now: Timestamp,
    tempo: &Tempo,
) -> Applied<Peering> {
    let was_there = matches!(peering.observed, Observed::Found(_));
    let Some(link) = sighting.found else {
        let gone = Peering { observed: Observed::Nothing, ..peering.clone() };
        // Nothing where something was made: somebody else took it away.
        let next = if was_there { happen(gone, &Event::Lost, now) } else { gone };
        return changed(peering, next, Action::Now);
    };
    let event = event_of(&link);
    let current = link.handshake == peering.handshake;
    let seen = Peering { observed: Observed::Found(link), ..peering.clone() };
    if !current {
        return changed(peering, seen, Action::Now);
    }
    let next = match event {
        Some(event) => happen(seen, &event, now),
        None => seen,
    };
    let action = rest(&next, sighting.recheck_at, now, tempo);
    changed(peering, next, action)
}

fn event_of(link: &Link) -> Option<Event> {
    let message = || link.message.clone().unwrap_or_default();
    match link.status {
        LinkStatus::Requested => Some(Event::Requested),
        LinkStatus::AwaitsCustomer => Some(Event::AwaitsCustomer),
        LinkStatus::Finishing => Some(Event::Accepted),
        LinkStatus::Active => Some(Event::Active),
        LinkStatus::Rejected => Some(Event::Rejected),
        LinkStatus::Expired => Some(Event::Expired),
        LinkStatus::Refused => Some(Event::Refused(message())),
        LinkStatus::Severed => Some(Event::Lost),
        LinkStatus::Removing => None,
    }
}

fn removal_seen(
    peering: &Peering,
    sighting: Sighting<Link>,
    now: Timestamp,
    tempo: &Tempo,
) -> Applied<Peering> {
    match sighting.found {
        None => {
            let next = Peering { observed: Observed::Nothing, ..peering.clone() };
            changed(peering, next, Action::Now)
        }
        Some(link) => {
            let next = Peering { observed: Observed::Found(link), ..peering.clone() };
            let at = sighting.recheck_at.unwrap_or_else(|| now.after(tempo.poll));
            changed(peering, next, Action::At(at))
        }
    }
}

/// A call failed: for good, which is an event, or for now, which is a wait. Either way the belief
/// turns to doubt when the call may have had its effect.
fn call_failed(
    peering: &Peering,
    error: &CallError,
    now: Timestamp,
    verdict: impl FnOnce(&CallError) -> Event,
) -> Applied<Peering> {
    let mut next = peering.clone();
    if error.certainty == Certainty::Indefinite {
        next.observed = Observed::Unknown;
    }
    match error.remedy {
        Remedy::GiveUp => {
            let next = happen(next, &verdict(error), now);
            let settled = next.phase.is_failed() || next.phase.is_deletion_failed();
            let action = if settled {
                Action::AwaitChange
            } else {
                Action::BackOff { at_least: Duration::ZERO }
            };
            changed(peering, next, action)
        }
        Remedy::Retry { after_ms } => {
            let at_least = Duration::from_millis(after_ms.unwrap_or(0));
            changed(peering, next, Action::BackOff { at_least })
        }
    }
}

/// Lets an event happen that comes from the cloud. One that cannot happen now is old news.
fn happen(peering: Peering, event: &Event, now: Timestamp) -> Peering {
    match peering.clone().step(event, now) {
        Ok(Some(next)) => next,
        Ok(None) | Err(_) => peering,
    }
}

fn rest(peering: &Peering, recheck_at: Option<Timestamp>, now: Timestamp, tempo: &Tempo) -> Action {
    if peering.phase.is_deleting() || peering.has_stale_route() {
        return Action::Now;
    }
    if let Some(at) = recheck_at {
        return Action::At(at);
    }
    if peering.phase.is_failed() {
        return Action::AwaitChange;
    }
    if peering.phase.is_available() {
        return tempo.resync.map_or(Action::AwaitChange, |span| Action::At(now.after(span)));
    }
    Action::At(now.after(tempo.poll))
}

fn changed(before: &Peering, after: Peering, action: Action) -> Applied<Peering> {
    Applied { changed: (after != *before).then_some(after), action }
}
