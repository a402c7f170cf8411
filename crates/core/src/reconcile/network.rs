//! What to do next about one container's network, and what an answer of the cloud means for it.
//!
//! A network exists in the cloud while a peering needs it and no longer.

use alloc::boxed::Box;
use core::time::Duration;

use super::{Action, Applied, Plan, Tempo};
use crate::cloud::{
    Call, CallError, Certainty, Network, NetworkRequest, Observed, Remedy, Sighting,
};
use crate::container::Container;
use crate::time::Timestamp;

/// What to do next about `container`.
#[must_use]
pub fn plan(container: &Container) -> Plan<Container> {
    let request = || NetworkRequest {
        group: container.group,
        container: container.id,
        spec: container.spec.clone(),
    };
    let doubt = || Plan::Write(Container { observed: Observed::Unknown, ..container.clone() });
    match (container.is_wanted(), &container.observed) {
        (true, Observed::Nothing) => doubt(),
        (true, Observed::Found(network)) if network.ready => Plan::Rest(Action::AwaitChange),
        (true, Observed::Unknown | Observed::Found(_)) => {
            Plan::Call(Box::new(Call::EnsureNetwork(request())))
        }
        (false, Observed::Nothing) => Plan::Rest(Action::AwaitChange),
        (false, Observed::Found(network)) if network.ready => doubt(),
        (false, Observed::Unknown | Observed::Found(_)) => {
            Plan::Call(Box::new(Call::RemoveNetwork(request())))
        }
    }
}

/// What an answer means for `container`, which may have changed since the call was made.
#[must_use]
pub fn apply(
    container: &Container,
    answer: Result<Sighting<Network>, CallError>,
    now: Timestamp,
    tempo: &Tempo,
) -> Applied<Container> {
    let changed = |observed, action| {
        let next = Container { observed, ..container.clone() };
        Applied { changed: (next != *container).then_some(next), action }
    };
    match answer {
        Ok(Sighting { found: None, .. }) => changed(Observed::Nothing, Action::Now),
        Ok(Sighting { found: Some(network), recheck_at }) => {
            let done = network.ready && container.is_wanted();
            let wait = recheck_at.unwrap_or_else(|| now.after(tempo.poll));
            let action = if done { Action::AwaitChange } else { Action::At(wait) };
            changed(Observed::Found(network), action)
        }
        Err(error) => {
            let observed = match error.certainty {
                Certainty::Indefinite => Observed::Unknown,
                Certainty::Definite => container.observed.clone(),
            };
            // Giving up is not for networks: peerings depend on them, and quotas are raised.
            let at_least = match error.remedy {
                Remedy::Retry { after_ms } => Duration::from_millis(after_ms.unwrap_or(0)),
                Remedy::GiveUp => tempo.backoff_max,
            };
            changed(observed, Action::BackOff { at_least })
        }
    }
}
