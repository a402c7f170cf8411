//! What to do next about one container's network, and what an answer of the cloud means for it.
//!
//! A network exists in the cloud while a peering needs it and no longer. The belief becomes
//! [`Observed::Unknown`] before each call.

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
    match (container.is_wanted(), &container.observed) {
        // Somebody says that it changed, or it is time for a look.
        (true, Observed::Found(network)) if network.ready && !network.needs_repair() => {
            Plan::Call(Box::new(Call::ObserveNetwork(request(container))))
        }
        (true, Observed::Nothing | Observed::Unknown | Observed::Found(_)) => {
            ask(container, Call::EnsureNetwork(request(container)))
        }
        (false, Observed::Nothing) => Plan::Rest(Action::AwaitChange),
        (false, Observed::Unknown | Observed::Found(_)) => {
            ask(container, Call::RemoveNetwork(request(container)))
        }
    }
}

fn request(container: &Container) -> NetworkRequest {
    NetworkRequest { group: container.group, container: container.id, spec: container.spec.clone() }
}

fn ask(container: &Container, call: Call) -> Plan<Container> {
    let call = Box::new(call);
    if container.observed == Observed::Unknown {
        return Plan::Call(call);
    }
    let doubt = Container { observed: Observed::Unknown, ..container.clone() };
    Plan::DoubtThenCall(doubt, call)
}

/// What the answer to `call` means for `container`, which may have changed since the call was made.
#[must_use]
pub fn apply(
    container: &Container,
    call: &Call,
    answer: Result<Sighting<Network>, CallError>,
    now: Timestamp,
    tempo: &Tempo,
) -> Applied<Container> {
    let removing = matches!(call, Call::RemoveNetwork(_));
    let at = |sighting: Option<Timestamp>| sighting.unwrap_or_else(|| now.after(tempo.poll));
    let looked = matches!(call, Call::ObserveNetwork(_));
    let (observed, action) = match answer {
        // Somebody took it away; a look cleans nothing up.
        Ok(Sighting { found: None, .. }) if looked => (Observed::Unknown, Action::Now),
        // A look that failed says nothing about what is there.
        Err(error) if looked => return Applied { changed: None, action: back_off(&error, tempo) },
        Ok(Sighting { found: None, .. }) if removing => (Observed::Nothing, Action::Now),
        // Asked for and not to be seen: it may still come.
        Ok(Sighting { found: None, .. }) => {
            (Observed::Unknown, Action::BackOff { at_least: Duration::ZERO })
        }
        // Nothing may be built on a network that is going away, whatever it looks like.
        Ok(Sighting { found: Some(network), recheck_at }) if removing => {
            (Observed::Found(Network { ready: false, ..network }), Action::At(at(recheck_at)))
        }
        Ok(Sighting { found: Some(network), recheck_at }) => {
            let action = match (container.is_wanted(), network.ready) {
                (true, _) if network.needs_repair() && looked => Action::Now,
                (true, _) if network.needs_repair() => Action::BackOff { at_least: Duration::ZERO },
                (true, true) => Action::AwaitChange,
                (true, false) => Action::At(at(recheck_at)),
                (false, _) => Action::Now,
            };
            (Observed::Found(network), action)
        }
        Err(error) => failed(container, &error, tempo),
    };
    let next = Container { observed, ..container.clone() };
    Applied { changed: (next != *container).then_some(next), action }
}

fn failed(container: &Container, error: &CallError, tempo: &Tempo) -> (Observed<Network>, Action) {
    let observed = match error.certainty {
        Certainty::Indefinite => Observed::Unknown,
        Certainty::Definite => container.observed.clone(),
    };
    (observed, back_off(error, tempo))
}

/// Giving up is not for networks: peerings depend on them, and quotas are raised.
fn back_off(error: &CallError, tempo: &Tempo) -> Action {
    let at_least = match error.remedy {
        Remedy::Retry { after_ms } => Duration::from_millis(after_ms.unwrap_or(0)),
        Remedy::GiveUp => tempo.backoff_max,
    };
    Action::BackOff { at_least }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cidr::AddressBlock;
    use crate::cloud::NetworkNames;
    use crate::container::ContainerSpec;
    use crate::id::{ContainerId, GroupId};
    use crate::region::AwsRegion;

    fn container(peerings: u32) -> Container {
        let spec = ContainerSpec::Aws {
            region: AwsRegion::parse("US_EAST_1").unwrap(),
            block: AddressBlock::parse("10.8.0.0/21").unwrap(),
        };
        Container {
            id: ContainerId::from_bytes([2; 12]),
            group: GroupId::from_bytes([1; 12]),
            spec,
            peerings,
            observed: Observed::Unknown,
            created: Timestamp::ZERO,
        }
    }

    fn seen(container: &Container, call: &Call) -> Applied<Container> {
        let names = NetworkNames::Aws { vpc_id: "vpc".into() };
        let found = Some(Network { names, ready: true, drift: None });
        let answer = Ok(Sighting { found, recheck_at: None });
        apply(container, call, answer, Timestamp::ZERO, &Tempo::default())
    }

    #[test]
    fn a_network_made_for_nobody_is_removed_at_once() {
        let unwanted = container(0);
        let applied = seen(&unwanted, &Call::EnsureNetwork(request(&unwanted)));
        assert_eq!(applied.action, Action::Now);
        assert!(applied.changed.unwrap().is_provisioned());
    }

    #[test]
    fn a_network_on_its_way_out_is_never_ready() {
        let wanted_again = container(1);
        let applied = seen(&wanted_again, &Call::RemoveNetwork(request(&wanted_again)));
        assert!(!applied.changed.unwrap().is_provisioned());
    }
}
