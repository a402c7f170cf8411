//! The customer's hand: what the other party can do with a connection, and what its cloud refuses.

use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use serde::Deserialize;

use super::object::{Cloud, LinkObject, Status};
use super::rules;
use super::world::World;

/// What the customer does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerMode {
    /// Agrees to everything.
    Accept,
    /// Nothing: whoever tests acts for it.
    Manual,
    /// Says no to everything. GCP has no way to say no: there it never makes its half.
    Reject,
    /// Nothing at all: requests expire.
    Ignore,
}

/// What the customer is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerAct {
    /// Accept the request (AWS), give the role (Azure), make its half (GCP).
    Accept,
    /// Reject the request (AWS), take the role away (Azure).
    Reject,
    /// Take its side of a working connection away.
    Delete,
}

/// The customer's cloud says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CustomerError {
    /// The provider's code.
    pub code: String,
    /// The provider's words.
    pub message: String,
}

pub(super) fn act(
    world: &mut World,
    peering: PeerId,
    act: CustomerAct,
    now: Timestamp,
) -> Result<(), CustomerError> {
    let Some(link) = world.link(peering).cloned() else { return Err(unknown(peering)) };
    let next = match link.provider {
        Cloud::Aws => on_aws(world, link, act, now)?,
        Cloud::Azure => on_azure(world, link, act, now)?,
        Cloud::Gcp => on_gcp(link, act, now)?,
    };
    world.put_link(peering, next);
    world.pass(now);
    Ok(())
}

fn on_aws(
    world: &World,
    link: LinkObject,
    act: CustomerAct,
    now: Timestamp,
) -> Result<LinkObject, CustomerError> {
    match (act, link.status) {
        (CustomerAct::Accept, Status::AwaitsCustomer) => Ok(rules::aws_accepted(world, link, now)),
        (CustomerAct::Reject, Status::AwaitsCustomer) => Ok(rules::aws_rejected(link, now)),
        (CustomerAct::Delete, Status::Active) => Ok(rules::severed(link, now)),
        (act, _) => Err(wrong_state(&link, act)),
    }
}

fn on_azure(
    world: &World,
    link: LinkObject,
    act: CustomerAct,
    now: Timestamp,
) -> Result<LinkObject, CustomerError> {
    match (act, link.status) {
        (CustomerAct::Accept, Status::AwaitsCustomer) => {
            let due = Some(now.after(world.pace.azure_connecting).as_millis());
            Ok(LinkObject { status: Status::Requested, agreed: true, due, ..link })
        }
        (CustomerAct::Accept, Status::Requested) => Ok(LinkObject { agreed: true, ..link }),
        (CustomerAct::Reject, Status::AwaitsCustomer | Status::Requested) => {
            Ok(LinkObject { status: Status::Rejected, due: None, ..link })
        }
        (CustomerAct::Delete, Status::Active) => Ok(rules::severed(link, now)),
        (act, _) => Err(wrong_state(&link, act)),
    }
}

fn on_gcp(link: LinkObject, act: CustomerAct, now: Timestamp) -> Result<LinkObject, CustomerError> {
    match (act, link.status) {
        (CustomerAct::Accept, Status::AwaitsCustomer) => {
            Ok(LinkObject { status: Status::Active, agreed: true, due: None, ..link })
        }
        (CustomerAct::Accept, Status::Requested) => Ok(LinkObject { agreed: true, ..link }),
        (CustomerAct::Delete, Status::Active) => Ok(rules::severed(link, now)),
        (CustomerAct::Reject, _) => Err(CustomerError {
            code: "UNSUPPORTED_OPERATION".to_owned(),
            message: "A peering of GCP cannot be rejected: not making the other half leaves it \
                      inactive."
                .to_owned(),
        }),
        (act, _) => Err(wrong_state(&link, act)),
    }
}

fn unknown(peering: PeerId) -> CustomerError {
    CustomerError {
        code: "InvalidVpcPeeringConnectionID.NotFound".to_owned(),
        message: format!("The customer's cloud knows of no connection for peering {peering}."),
    }
}

fn wrong_state(link: &LinkObject, act: CustomerAct) -> CustomerError {
    let (code, verb) = match (link.provider, act) {
        (Cloud::Aws, CustomerAct::Accept) => ("InvalidStateTransition", "accepted"),
        (Cloud::Aws, CustomerAct::Reject) => ("InvalidStateTransition", "rejected"),
        (Cloud::Aws, CustomerAct::Delete) => ("InvalidStateTransition", "deleted"),
        (Cloud::Azure | Cloud::Gcp, CustomerAct::Accept) => ("Conflict", "accepted"),
        (Cloud::Azure | Cloud::Gcp, CustomerAct::Reject) => ("Conflict", "rejected"),
        (Cloud::Azure | Cloud::Gcp, CustomerAct::Delete) => ("Conflict", "deleted"),
    };
    let state = aws_name(link.status);
    let id = &link.connection;
    CustomerError {
        code: code.to_owned(),
        message: format!("The connection {id} is {state} and cannot be {verb} now."),
    }
}

fn aws_name(status: Status) -> &'static str {
    match status {
        Status::Requested => "initiating-request",
        Status::AwaitsCustomer => "pending-acceptance",
        Status::Finishing => "provisioning",
        Status::Active => "active",
        Status::Rejected => "rejected",
        Status::Expired => "expired",
        Status::Refused => "failed",
        Status::Severed => "deleted",
        Status::Removing => "deleting",
    }
}
