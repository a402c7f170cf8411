//! The life cycle of a peering on AWS, in the words of the contract: `statusName`.
//!
//! Source of the phases: the published document's enumeration; of the moves: the states of an AWS
//! VPC peering connection (pending-acceptance, provisioning, active, rejected, expired, failed).

use alloc::string::String;

use super::{Event, Next};

const REJECTED: &str = "The request was rejected.";
const EXPIRED: &str = "The request expired.";
const WITHDRAWN: &str = "The request was withdrawn in the cloud.";
const DELETED: &str = "The connection was deleted in the cloud.";

/// `statusName` of a peering on AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `INITIATING`: the request is being made.
    Initiating,
    /// `PENDING_ACCEPTANCE`: the customer has to accept it.
    PendingAcceptance,
    /// `FINALIZING`: accepted, routes are being made.
    Finalizing,
    /// `AVAILABLE`: it works.
    Available,
    /// `FAILED`, with the reason.
    Failed(Failure),
    /// `TERMINATING`: it is being deleted.
    Terminating,
}

/// Why a peering on AWS did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `errorStateName`.
    pub state: ErrorState,
    /// The cloud's own words, for people.
    pub message: String,
}

/// `errorStateName` of a failed peering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorState {
    /// The customer said no, or took the connection away afterwards.
    Rejected,
    /// The customer said nothing for 168 hours.
    Expired,
    /// The cloud refuses the pair: overlapping addresses, no such VPC, no such account.
    InvalidArgument,
}

impl ErrorState {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rejected => "REJECTED",
            Self::Expired => "EXPIRED",
            Self::InvalidArgument => "INVALID_ARGUMENT",
        }
    }
}

impl Phase {
    /// The name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Initiating => "INITIATING",
            Self::PendingAcceptance => "PENDING_ACCEPTANCE",
            Self::Finalizing => "FINALIZING",
            Self::Available => "AVAILABLE",
            Self::Failed(_) => "FAILED",
            Self::Terminating => "TERMINATING",
        }
    }

    /// Where `event` leads; `None` when it cannot happen in this phase.
    ///
    /// What the cloud says may be old news: words that describe an earlier phase change nothing.
    /// Words that describe an end are never old news.
    pub(super) fn step(&self, event: &Event) -> Option<Next<Self>> {
        match self {
            Self::Initiating => initiating(event),
            Self::PendingAcceptance => pending(event),
            Self::Finalizing => finalizing(event),
            Self::Available => available(event),
            Self::Failed(_) => failed(event),
            Self::Terminating => terminating(event),
        }
    }
}

fn initiating(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Requested | Event::NetworkChanged | Event::RouteChanged => Some(Next::Stay),
        Event::Lost => fail(ErrorState::Rejected, WITHDRAWN),
        Event::AwaitsCustomer => Some(Next::To(Phase::PendingAcceptance)),
        Event::Accepted => Some(Next::To(Phase::Finalizing)),
        Event::Active => Some(Next::To(Phase::Available)),
        Event::Rejected => fail(ErrorState::Rejected, REJECTED),
        Event::Expired => fail(ErrorState::Expired, EXPIRED),
        Event::Refused(message) => fail(ErrorState::InvalidArgument, message),
        Event::DeleteRequested => Some(Next::To(Phase::Terminating)),
        Event::RemovalFailed(_) | Event::Removed => None,
    }
}

fn pending(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Requested | Event::AwaitsCustomer | Event::RouteChanged => Some(Next::Stay),
        Event::Accepted => Some(Next::To(Phase::Finalizing)),
        Event::Active => Some(Next::To(Phase::Available)),
        Event::Rejected => fail(ErrorState::Rejected, REJECTED),
        Event::Expired => fail(ErrorState::Expired, EXPIRED),
        Event::Refused(message) => fail(ErrorState::InvalidArgument, message),
        Event::Lost => fail(ErrorState::Rejected, WITHDRAWN),
        Event::NetworkChanged => Some(Next::To(Phase::Initiating)),
        Event::DeleteRequested => Some(Next::To(Phase::Terminating)),
        Event::RemovalFailed(_) | Event::Removed => None,
    }
}

fn finalizing(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Requested | Event::AwaitsCustomer | Event::Accepted | Event::RouteChanged => {
            Some(Next::Stay)
        }
        Event::Active => Some(Next::To(Phase::Available)),
        Event::Rejected => fail(ErrorState::Rejected, REJECTED),
        Event::Expired => fail(ErrorState::Expired, EXPIRED),
        Event::Refused(message) => fail(ErrorState::InvalidArgument, message),
        Event::Lost => fail(ErrorState::Rejected, DELETED),
        Event::DeleteRequested => Some(Next::To(Phase::Terminating)),
        Event::NetworkChanged | Event::RemovalFailed(_) | Event::Removed => None,
    }
}

/// An active connection never waits again: one that does is another one, made after the first was
/// lost while nobody looked.
fn available(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Requested | Event::Accepted | Event::Active | Event::RouteChanged => {
            Some(Next::Stay)
        }
        Event::AwaitsCustomer => Some(Next::To(Phase::PendingAcceptance)),
        Event::Rejected => fail(ErrorState::Rejected, REJECTED),
        Event::Expired => fail(ErrorState::Expired, EXPIRED),
        Event::Refused(message) => fail(ErrorState::InvalidArgument, message),
        Event::Lost => fail(ErrorState::Rejected, DELETED),
        Event::NetworkChanged => Some(Next::To(Phase::Initiating)),
        Event::DeleteRequested => Some(Next::To(Phase::Terminating)),
        Event::RemovalFailed(_) | Event::Removed => None,
    }
}

/// Any change of a peering that failed is a new try, a changed block included: overlapping blocks
/// are the commonest reason to fail. Inferred.
fn failed(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::NetworkChanged | Event::RouteChanged => Some(Next::To(Phase::Initiating)),
        Event::DeleteRequested => Some(Next::To(Phase::Terminating)),
        Event::Requested
        | Event::AwaitsCustomer
        | Event::Accepted
        | Event::Active
        | Event::Rejected
        | Event::Expired
        | Event::Refused(_)
        | Event::Lost => Some(Next::Stay),
        Event::RemovalFailed(_) | Event::Removed => None,
    }
}

fn terminating(event: &Event) -> Option<Next<Phase>> {
    match event {
        Event::Removed => Some(Next::Gone),
        Event::Requested
        | Event::AwaitsCustomer
        | Event::Accepted
        | Event::Active
        | Event::Rejected
        | Event::Expired
        | Event::Refused(_)
        | Event::Lost
        | Event::RemovalFailed(_) => Some(Next::Stay),
        Event::NetworkChanged | Event::RouteChanged | Event::DeleteRequested => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "reads as one arm of the tables above")]
fn fail(state: ErrorState, message: &str) -> Option<Next<Phase>> {
    Some(Next::To(Phase::Failed(Failure { state, message: message.into() })))
}
