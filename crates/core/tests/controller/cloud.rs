//! A cloud of the test: it keeps what is made by tag, moves each connection on by the clock, and
//! fails as it is told. It keeps the guarantees that `Call` asks of a cloud and panics when the
//! controller would have it doubled.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use peerage_core::cloud::{
    Answer, Call, CallError, Certainty, Link, LinkRequest, LinkStatus, Network, NetworkNames,
    NetworkRequest, Remedy, Sighting,
};
use peerage_core::id::{ContainerId, PeerId};
use peerage_core::peering::CustomerNetwork;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;

/// How long each step of a connection takes.
pub(crate) const STEP: Duration = Duration::from_secs(1);

/// What is asked, without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    EnsureNetwork,
    ObserveNetwork,
    RemoveNetwork,
    EnsureLink,
    ObserveLink,
    RemoveLink,
}

pub(crate) fn verb(call: &Call) -> Verb {
    match call {
        Call::EnsureNetwork(_) => Verb::EnsureNetwork,
        Call::ObserveNetwork(_) => Verb::ObserveNetwork,
        Call::RemoveNetwork(_) => Verb::RemoveNetwork,
        Call::EnsureLink(_) => Verb::EnsureLink,
        Call::ObserveLink(_) => Verb::ObserveLink,
        Call::RemoveLink(_) => Verb::RemoveLink,
    }
}

/// A call that is to go wrong.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Which call.
    pub(crate) verb: Verb,
    /// Whether it has its effect all the same.
    pub(crate) happens: bool,
    /// What is answered.
    pub(crate) error: CallError,
}

pub(crate) fn error(certainty: Certainty, remedy: Remedy) -> CallError {
    CallError { certainty, remedy, code: "Scripted".into(), message: "As the test asked.".into() }
}

pub(crate) const RETRY: Remedy = Remedy::Retry { after_ms: None };

/// What the customer does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Customer {
    Accepts,
    Rejects,
    Ignores,
}

/// One connection.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) link: Link,
    pub(crate) customer: CustomerNetwork,
    /// When it takes its next step.
    next: Timestamp,
}

/// The cloud.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) customer: Customer,
    pub(crate) links: BTreeMap<PeerId, Made>,
    pub(crate) networks: BTreeMap<ContainerId, Timestamp>,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) calls: Vec<(Timestamp, Verb)>,
    /// Connections ever made for each peering and handshake.
    pub(crate) made: BTreeMap<(PeerId, u32), u32>,
    /// Whether the block of a route comes back as a network, without its host bits.
    pub(crate) normalizes: bool,
    /// Whether a route that is there stays as it is, whatever is asked for.
    pub(crate) keeps_routes: bool,
    /// Whether nothing moves any more, and each answer still says when it did.
    pub(crate) stuck: bool,
}

impl Cloud {
    pub(crate) fn new() -> Self {
        Self {
            customer: Customer::Accepts,
            links: BTreeMap::new(),
            networks: BTreeMap::new(),
            faults: VecDeque::new(),
            calls: Vec::new(),
            made: BTreeMap::new(),
            normalizes: false,
            keeps_routes: false,
            stuck: false,
        }
    }

    pub(crate) fn fail(&mut self, verb: Verb, certainty: Certainty, remedy: Remedy) {
        let error = error(certainty, remedy);
        let happens = certainty == Certainty::Indefinite;
        self.faults.push_back(Fault { verb, happens, error });
    }

    pub(crate) fn count(&self, verb: Verb) -> usize {
        self.calls.iter().filter(|(_, called)| *called == verb).count()
    }

    /// Performs a call and answers it, or fails as told.
    pub(crate) fn call(&mut self, call: &Call, now: Timestamp) -> Answer {
        self.calls.push((now, verb(call)));
        let fault = self.faults.iter().position(|fault| fault.verb == verb(call));
        let fault = fault.and_then(|at| self.faults.remove(at));
        match fault {
            None => self.perform(call, now),
            Some(fault) => {
                if fault.happens {
                    self.perform(call, now);
                }
                match call {
                    Call::EnsureNetwork(_) | Call::ObserveNetwork(_) | Call::RemoveNetwork(_) => {
                        Answer::Network(Err(fault.error))
                    }
                    Call::EnsureLink(_) | Call::ObserveLink(_) | Call::RemoveLink(_) => {
                        Answer::Link(Err(fault.error))
                    }
                }
            }
        }
    }

    fn perform(&mut self, call: &Call, now: Timestamp) -> Answer {
        self.advance(now);
        match call {
            Call::EnsureNetwork(request) => self.ensure_network(request, now),
            Call::ObserveNetwork(request) => self.observe_network(request, now),
            Call::RemoveNetwork(request) => {
                assert!(self.links.is_empty() || self.is_unused(request), "a network in use");
                self.networks.remove(&request.container);
                Answer::Network(Ok(Sighting { found: None, recheck_at: None }))
            }
            Call::EnsureLink(request) => self.ensure_link(request, now),
            Call::ObserveLink(request) => self.sight(request),
            Call::RemoveLink(request) => {
                if let Some(made) = self.links.get_mut(&request.peering)
                    && made.link.status != LinkStatus::Removing
                {
                    made.link.status = LinkStatus::Removing;
                    made.next = now.after(STEP);
                }
                self.sight(request)
            }
        }
    }

    fn is_unused(&self, request: &NetworkRequest) -> bool {
        let provider = request.spec.provider();
        self.links.values().all(|made| made.customer.provider() != provider)
    }

    fn observe_network(&self, request: &NetworkRequest, now: Timestamp) -> Answer {
        match self.networks.get(&request.container) {
            None => Answer::Network(Ok(Sighting { found: None, recheck_at: None })),
            Some(ready_at) => Self::network(request, *ready_at, now),
        }
    }

    fn ensure_network(&mut self, request: &NetworkRequest, now: Timestamp) -> Answer {
        let ready_at = *self.networks.entry(request.container).or_insert(now.after(STEP));
        Self::network(request, ready_at, now)
    }

    fn network(request: &NetworkRequest, ready_at: Timestamp, now: Timestamp) -> Answer {
        let names = match request.spec.provider() {
            Provider::Aws => NetworkNames::Aws { vpc_id: "vpc-00000000000000001".into() },
            Provider::Azure => {
                NetworkNames::Azure { subscription_id: "0".repeat(24), vnet_name: "ours".into() }
            }
            Provider::Gcp => NetworkNames::Gcp { project_id: "p".into(), network_name: "n".into() },
        };
        let network = Network { names, ready: ready_at <= now, drift: None };
        Answer::Network(Ok(Sighting { found: Some(network), recheck_at: Some(ready_at) }))
    }

    fn ensure_link(&mut self, request: &LinkRequest, now: Timestamp) -> Answer {
        let ready = self.networks.get(&request.container).is_some_and(|ready_at| *ready_at <= now);
        assert!(ready, "a connection from a network that is not there");
        let route = self.route_of(&request.customer);
        if let Some(made) = self.links.get_mut(&request.peering) {
            if made.link.handshake == request.handshake && !self.keeps_routes {
                made.link.route = route;
            }
            return self.sight(request);
        }
        *self.made.entry((request.peering, request.handshake)).or_default() += 1;
        let link = Link {
            handshake: request.handshake,
            connection_id: format!("pcx-{:017x}", self.calls.len()),
            status: LinkStatus::Requested,
            route,
            message: None,
            drift: None,
        };
        let made = Made { link, customer: request.customer.clone(), next: now.after(STEP) };
        self.links.insert(request.peering, made);
        self.sight(request)
    }

    fn route_of(&self, customer: &CustomerNetwork) -> Option<String> {
        match customer {
            CustomerNetwork::Aws(aws) if self.normalizes => Some(aws.block.net().to_string()),
            CustomerNetwork::Aws(aws) => Some(aws.block.as_str().into()),
            CustomerNetwork::Azure(_) | CustomerNetwork::Gcp(_) => None,
        }
    }

    fn sight(&self, request: &LinkRequest) -> Answer {
        let made = self.links.get(&request.peering);
        let moving = |made: &Made| match made.link.status {
            LinkStatus::Requested | LinkStatus::Finishing | LinkStatus::Removing => true,
            LinkStatus::AwaitsCustomer => self.customer != Customer::Ignores,
            LinkStatus::Active
            | LinkStatus::Rejected
            | LinkStatus::Expired
            | LinkStatus::Refused
            | LinkStatus::Severed => false,
        };
        let is_moving = |made: &&Made| self.stuck || moving(made);
        let recheck_at = made.filter(is_moving).map(|made| made.next);
        Answer::Link(Ok(Sighting { found: made.map(|made| made.link.clone()), recheck_at }))
    }

    /// Moves every connection on to where it is at `now`.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        if self.stuck {
            return;
        }
        let customer = self.customer;
        self.links.retain(|_, made| {
            while made.next <= now {
                let provider = made.customer.provider();
                match step(provider, made.link.status, customer) {
                    Some(status) => made.link.status = status,
                    None if made.link.status == LinkStatus::Removing => return false,
                    None => return true,
                }
                made.next = made.next.after(STEP);
            }
            true
        });
    }
}

/// The next status of a connection; `None`: it stays, or is gone when it was being removed.
fn step(provider: Provider, status: LinkStatus, customer: Customer) -> Option<LinkStatus> {
    match (status, customer) {
        (LinkStatus::Requested, _) if provider == Provider::Azure => Some(LinkStatus::Active),
        (LinkStatus::Requested, _) => Some(LinkStatus::AwaitsCustomer),
        (LinkStatus::AwaitsCustomer, Customer::Accepts) if provider == Provider::Gcp => {
            Some(LinkStatus::Active)
        }
        (LinkStatus::AwaitsCustomer, Customer::Accepts) => Some(LinkStatus::Finishing),
        (LinkStatus::AwaitsCustomer, Customer::Rejects) if provider == Provider::Aws => {
            Some(LinkStatus::Rejected)
        }
        (LinkStatus::Finishing, _) => Some(LinkStatus::Active),
        (
            LinkStatus::AwaitsCustomer
            | LinkStatus::Active
            | LinkStatus::Rejected
            | LinkStatus::Expired
            | LinkStatus::Refused
            | LinkStatus::Severed
            | LinkStatus::Removing,
            _,
        ) => None,
    }
}
