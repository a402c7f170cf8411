//! The life cycle of a peering on Azure, in the words of the contract: `status`.
//!
//! Azure has no acceptance: the customer gives a role beforehand, and we make both sides. While
//! the role is missing the peering waits as `ADDING_PEER`. A side whose counterpart was deleted is
//! `Disconnected` for good and has to be made anew.

use alloc::string::String;

use super::{Event, Next};

/// `errorState` when the customer took its side away.
pub const DISCONNECTED: &str = "The peering is disconnected because the peering of the customer's \
     virtual network was deleted.";

/// `status` of a peering on Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `ADDING_PEER`: it is being made.
    AddingPeer,
    /// `AVAILABLE`: it works.
    Available,
    /// `FAILED`, with the text of `errorState`.
    Failed(String),
    /// `DELETING`: it is being deleted.
    Deleting,
    /// `DELETION_FAILED`, with the text of `errorState`: deleting it can be asked for again.
    DeletionFailed(String),
}

impl Phase {
    /// The name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AddingPeer => "ADDING_PEER",
            Self::Available => "AVAILABLE",
            Self::Failed(_) => "FAILED",
            Self::Deleting => "DELETING",
            Self::DeletionFailed(_) => "DELETION_FAILED",
        }
    }

    /// Where `event` leads; `None` when it cannot happen in this phase.
    pub(super) fn step(&self, event: &Event) -> Option<Next<Self>> {
        match self {
            Self::AddingPeer => adding(event),
            Self::Available => available(event),
            Self::Failed(_) => failed(event),
            Self::Deleting => deleting(event),
            Self::DeletionFailed(_) => deletion_failed(event),
        }
    }
}

fn adding(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Requested | Event::AwaitsCustomer | Event::Accepted | Event::NetworkChanged => {
            Some(Next::Stay)
        }
        Event::Active => Some(Next::To(Phase::Available)),
        Event::Rejected => Some(fail("External Azure subscription unreachable.")),
        Event::Refused(message) => Some(fail(message)),
        Event::Lost => Some(fail(DISCONNECTED)),
        Event::DeleteRequested => Some(Next::To(Phase::Deleting)),
        Event::Expired | Event::RouteChanged | Event::RemovalFailed(_) | Event::Removed => None,
    }
}

fn available(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Requested | Event::AwaitsCustomer | Event::Accepted | Event::Active => {
            Some(Next::Stay)
        }
        Event::Refused(message) => Some(fail(message)),
        Event::Lost => Some(fail(DISCONNECTED)),
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
        Event::RemovalFailed(message) => Some(Next::To(Phase::DeletionFailed(message.clone()))),
        Event::Requested
        | Event::AwaitsCustomer
        | Event::Accepted
        | Event::Active
        | Event::Rejected
        | Event::Refused(_)
        | Event::Lost => Some(Next::Stay),
        Event::Expired | Event::NetworkChanged | Event::RouteChanged | Event::DeleteRequested => {
            None
        }
    }
}

fn deletion_failed(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Removed => Some(Next::Gone),
        Event::DeleteRequested => Some(Next::To(Phase::Deleting)),
        Event::Requested
        | Event::AwaitsCustomer
        | Event::Accepted
        | Event::Active
        | Event::Rejected
        | Event::Refused(_)
        | Event::Lost
        | Event::RemovalFailed(_) => Some(Next::Stay),
        Event::Expired | Event::NetworkChanged | Event::RouteChanged => None,
    }
}

fn fail(message: &str) -> Next<Phase> {
    Next::To(Phase::Failed(message.into()))
}
