//! What to do next about one peering, and what an answer of the cloud means for it.
//!
//! Guarantees: the belief becomes [`Observed::Unknown`] before each call that may change the
//! cloud; what a call saw is always applied; what it decided only to the network that it was made
//! for; a peering on its way out goes only once a removal found nothing of it left in the cloud.

use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

use super::{Action, Applied, Plan, Tempo};
use crate::cloud::{
    Call, CallError, Certainty, Link, LinkRequest, LinkStatus, Observed, Remedy, Sighting,
};
use crate::container::Container;
use crate::peering::{Event, Next, Peering, Phase};
use crate::time::Timestamp;

/// What to do next about `peering`, whose own end is `container`.
#[must_use]
pub fn plan(
    peering: &Peering,
    container: &Container,
    now: Timestamp,
    tempo: &Tempo,
) -> Plan<Peering> {
    let request = || request(peering, container);
    if peering.phase.is_deletion_failed() {
        return Plan::Rest(Action::AwaitChange);
    }
    if peering.phase.is_deleting() {
        return match peering.observed {
            Observed::Nothing if peering.phase.step(&Event::Removed) == Ok(Next::Gone) => {
                Plan::Erase
            }
            Observed::Nothing | Observed::Unknown | Observed::Found(_) => {
                ask(peering, Call::RemoveLink(request()))
            }
        };
    }
    if peering.has_stale_link() {
        return ask(peering, Call::RemoveLink(request()));
    }
    if peering.phase.is_failed() {
        return Plan::Rest(Action::AwaitChange);
    }
    if !container.is_provisioned() {
        // The container's own run says when it is ready; the poll is the safety net.
        return Plan::Rest(Action::At(now.after(tempo.poll)));
    }
    match &peering.observed {
        Observed::Found(_) if !peering.has_stale_route() && !peering.needs_repair() => {
            ask(peering, Call::ObserveLink(request()))
        }
        Observed::Nothing | Observed::Unknown | Observed::Found(_) => {
            ask(peering, Call::EnsureLink(request()))
        }
    }
}

fn ask(peering: &Peering, call: Call) -> Plan<Peering> {
    let certain = peering.observed != Observed::Unknown;
    if certain && call.may_change() {
        let doubt = Peering { observed: Observed::Unknown, ..peering.clone() };
        return Plan::DoubtThenCall(doubt, Box::new(call));
    }
    Plan::Call(Box::new(call))
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
            let verdict = Event::RemovalFailed(words(&error));
            change_failed(peering, &error, Some(&verdict), now)
        }
        (Call::EnsureLink(_), Ok(Sighting { found: None, .. })) => {
            // Asked for and not to be seen: it may still come.
            let doubt = Peering { observed: Observed::Unknown, ..peering.clone() };
            changed(peering, doubt, Action::BackOff { at_least: Duration::ZERO })
        }
        (Call::EnsureLink(made_for), Err(error)) => {
            let verdict = is_for(made_for, peering).then(|| Event::Refused(words(&error)));
            change_failed(peering, &error, verdict.as_ref(), now)
        }
        (_, Ok(Sighting { found: None, .. })) => vanished(peering, now),
        (_, Ok(Sighting { found: Some(link), recheck_at })) => {
            link_seen(peering, call, link, recheck_at, now, tempo)
        }
        // A look that failed says nothing about what is there.
        (_, Err(error)) => Applied { changed: None, action: back_off(&error) },
    }
}

/// Whether its owner still wants what `request` asked for.
fn is_for(request: &LinkRequest, peering: &Peering) -> bool {
    request.handshake == peering.handshake && request.customer == peering.customer
}

fn words(error: &CallError) -> String {
    if error.message.is_empty() { error.code.clone() } else { error.message.clone() }
}

/// A look found nothing where something was. Before the customer had its turn, as after a change of
/// network, it is made again; afterwards somebody took it away. Either way doubt remains: a look
/// cleans nothing up.
fn vanished(peering: &Peering, now: Timestamp) -> Applied<Peering> {
    let next = Peering { observed: Observed::Unknown, ..peering.clone() };
    let reached = peering.phase != Phase::first(peering.provider());
    let next = if reached { happen(next, &Event::Lost, now) } else { next };
    changed(peering, next, Action::Now)
}

/// A connection was looked for or made, and this is what was seen.
fn link_seen(
    peering: &Peering,
    call: &Call,
    link: Link,
    recheck_at: Option<Timestamp>,
    now: Timestamp,
    tempo: &Tempo,
) -> Applied<Peering> {
    let event = event_of(&link);
    let seen = Peering { observed: Observed::Found(link), ..peering.clone() };
    if seen.has_stale_link() {
        return changed(peering, seen, remaining_work(peering, call));
    }
    let connection = seen.observed.found().map(|link| link.connection_id.clone());
    let seen = Peering { connection, ..seen };
    let next = match event {
        Some(event) => happen(seen, &event, now),
        None => seen,
    };
    let unfit = next.has_stale_route() || next.needs_repair();
    let action = if unfit && !next.phase.is_failed() && !next.phase.is_deleting() {
        remaining_work(peering, call)
    } else {
        rest(&next, recheck_at, now, tempo)
    };
    changed(peering, next, action)
}

/// More has to be done: at once, unless the very call that was to do it has just been made.
fn remaining_work(peering: &Peering, call: &Call) -> Action {
    match call {
        Call::EnsureLink(request) if is_for(request, peering) => {
            Action::BackOff { at_least: Duration::ZERO }
        }
        Call::EnsureNetwork(_)
        | Call::ObserveNetwork(_)
        | Call::RemoveNetwork(_)
        | Call::EnsureLink(_)
        | Call::ObserveLink(_)
        | Call::RemoveLink(_) => Action::Now,
    }
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
    let (observed, action) = match sighting.found {
        None => (Observed::Nothing, Action::Now),
        Some(link) => {
            let at = sighting.recheck_at.unwrap_or_else(|| now.after(tempo.poll));
            (Observed::Found(link), Action::At(at))
        }
    };
    changed(peering, Peering { observed, ..peering.clone() }, action)
}

/// A call that may have changed the cloud failed: for good, which is the event `verdict` if it has
/// one, or for now, which is a wait. The belief is doubt when it may have had its effect.
fn change_failed(
    peering: &Peering,
    error: &CallError,
    verdict: Option<&Event>,
    now: Timestamp,
) -> Applied<Peering> {
    let mut next = peering.clone();
    if error.certainty == Certainty::Indefinite {
        next.observed = Observed::Unknown;
    }
    if let (Remedy::GiveUp, Some(verdict)) = (error.remedy, verdict) {
        next = happen(next, verdict, now);
    }
    let action = if next.is_settled() { Action::AwaitChange } else { back_off(error) };
    changed(peering, next, action)
}

fn back_off(error: &CallError) -> Action {
    let least_ms = match error.remedy {
        Remedy::Retry { after_ms } => after_ms.unwrap_or(0),
        Remedy::GiveUp => 0,
    };
    Action::BackOff { at_least: Duration::from_millis(least_ms) }
}

/// Lets an event happen that comes from the cloud. One that cannot happen now is old news.
fn happen(peering: Peering, event: &Event, now: Timestamp) -> Peering {
    match peering.clone().step(event, now) {
        Ok(Some(next)) => next,
        Ok(None) | Err(_) => peering,
    }
}

fn rest(peering: &Peering, recheck_at: Option<Timestamp>, now: Timestamp, tempo: &Tempo) -> Action {
    if peering.phase.is_deleting() {
        return Action::Now;
    }
    if peering.phase.is_failed() {
        return Action::AwaitChange;
    }
    if let Some(at) = recheck_at {
        return Action::At(at);
    }
    if peering.is_settled() {
        return Action::AwaitChange;
    }
    Action::At(now.after(tempo.poll))
}

fn changed(before: &Peering, after: Peering, action: Action) -> Applied<Peering> {
    Applied { changed: (after != *before).then_some(after), action }
}
