//! The life cycle of a peering on GCP, in the words of the contract: `status`.
//!
//! Each network holds its own half. Ours is `INACTIVE` until the customer's names it back, at any
//! time and without an expiry, so a customer who takes its half away leaves us waiting again.

use alloc::string::String;

use super::{Event, Next};

/// `status` of a peering on GCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `ADDING_PEER`: our half is being made.
    AddingPeer,
    /// `WAITING_FOR_USER`: the customer has to make the other half.
    WaitingForUser,
    /// `AVAILABLE`: it works.
    Available,
    /// `FAILED`, with the text of `errorMessage`.
    Failed(String),
    /// `DELETING`: it is being deleted.
    Deleting,
}

impl Phase {
    /// The name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AddingPeer => "ADDING_PEER",
            Self::WaitingForUser => "WAITING_FOR_USER",
            Self::Available => "AVAILABLE",
            Self::Failed(_) => "FAILED",
            Self::Deleting => "DELETING",
        }
    }

    /// Where `event` leads; `None` when it cannot happen in this phase.
    pub(super) fn step(&self, event: &Event) -> Option<Next<Self>> {
        match self {
            Self::AddingPeer => adding(event),
            Self::WaitingForUser => waiting(event),
            Self::Available => available(event),
            Self::Failed(_) => failed(event),
            Self::Deleting => deleting(event),
        }
    }
}

fn adding(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Requested | Event::Accepted | Event::Lost | Event::NetworkChanged => {
            Some(Next::Stay)
        }
        Event::AwaitsCustomer => Some(Next::To(Phase::WaitingForUser)),
        Event::Active => Some(Next::To(Phase::Available)),
        Event::Rejected => Some(fail("The peering was refused by the peer network.")),
        Event::Refused(message) => Some(fail(message)),
        Event::DeleteRequested => Some(Next::To(Phase::Deleting)),
        Event::Expired | Event::RouteChanged | Event::RemovalFailed(_) | Event::Removed => None,
    }
}

fn waiting(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Requested | Event::AwaitsCustomer | Event::Accepted => Some(Next::Stay),
        Event::Active => Some(Next::To(Phase::Available)),
        Event::Rejected => Some(fail("The peering was refused by the peer network.")),
        Event::Refused(message) => Some(fail(message)),
        Event::Lost | Event::NetworkChanged => Some(Next::To(Phase::AddingPeer)),
        Event::DeleteRequested => Some(Next::To(Phase::Deleting)),
        Event::Expired | Event::RouteChanged | Event::RemovalFailed(_) | Event::Removed => None,
    }
}

fn available(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Requested | Event::Accepted | Event::Active => Some(Next::Stay),
        Event::AwaitsCustomer => Some(Next::To(Phase::WaitingForUser)),
        Event::Refused(message) => Some(fail(message)),
        Event::Lost => Some(Next::To(Phase::AddingPeer)),
        Event::DeleteRequested => Some(Next::To(Phase::Deleting)),
        Event::Rejected
        | Event::Expired
        | Event::NetworkChanged
        | Event::RouteChanged
        | Event::RemovalFailed(_)
        | Event::Removed => None,
    }
}

fn failed(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::NetworkChanged => Some(Next::To(Phase::AddingPeer)),
        Event::DeleteRequested => Some(Next::To(Phase::Deleting)),
        Event::Requested
        | Event::AwaitsCustomer
        | Event::Accepted
        | Event::Active
        | Event::Rejected
        | Event::Refused(_)
        | Event::Lost => Some(Next::Stay),
        Event::Expired | Event::RouteChanged | Event::RemovalFailed(_) | Event::Removed => None,
    }
}

fn deleting(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Removed => Some(Next::Gone),
        Event::Requested
        | Event::AwaitsCustomer
        | Event::Accepted
        | Event::Active
        | Event::Rejected
        | Event::Refused(_)
        | Event::Lost
        | Event::RemovalFailed(_) => Some(Next::Stay),
        Event::Expired | Event::NetworkChanged | Event::RouteChanged | Event::DeleteRequested => {
            None
        }
    }
}

fn fail(message: &str) -> Next<Phase> {
    Next::To(Phase::Failed(message.into()))
}
