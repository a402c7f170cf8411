//! What each cloud does with the passing of time and with what others did: the reference models.
//!
//! Sources: the AWS VPC peering guide (states, 168-hour expiry, how long an ended connection is
//! remembered, overlap refused at once), Azure's virtual network peering (Initiated, Connected,
//! Disconnected for good; overlap refused), GCP's VPC network peering (inactive until both halves
//! exist, one operation on a network's peerings at a time, overlap refused).

use std::time::Duration;

use peerage_core::id::{ContainerId, PeerId};
use peerage_core::time::Timestamp;

use super::CustomerMode;
use super::object::{Cloud, LinkObject, Status, overlap};
use super::world::World;

/// How long AWS keeps a request open.
const AWS_EXPIRY: Duration = Duration::from_hours(168);

/// How long AWS remembers a connection that was rejected or expired.
const AWS_REMEMBERS: Duration = Duration::from_hours(48);

/// How long AWS remembers a connection that failed or was deleted by the other side.
const AWS_REMEMBERS_FAILED: Duration = Duration::from_hours(2);

/// Azure's words for a second peering of one network from overlapping addresses.
pub(super) const AZURE_OVERLAP: &str = "Could not create peering connection in Atlas Azure \
     account because a peer with an overlapping CIDR block already exists.";

/// GCP's words for overlapping ranges in one group of peered networks.
const GCP_OVERLAP: &str = "An IP range in the peer network overlaps with an IP range of the local \
     network or of one of its peers.";

/// Words of AWS for a failed request.
const AWS_OVERLAP: &str = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";

fn later(at: Timestamp, span: Duration) -> Option<i64> {
    Some(at.after(span).as_millis())
}

/// A network's time has come: it is ready, or gone.
pub(super) fn network_due(world: &mut World, id: ContainerId) {
    let Some(network) = world.network(id).cloned() else { return };
    if network.removing {
        world.remove_network(id);
    } else {
        world.put_network(id, super::object::NetworkObject { ready: true, due: None, ..network });
    }
}

/// A connection's time has come.
pub(super) fn link_due(world: &mut World, id: PeerId, at: Timestamp) {
    let Some(link) = world.link(id).cloned() else { return };
    if link.status == Status::Removing || link.status.is_over() {
        return world.remove_link(id);
    }
    let next = match link.provider {
        Cloud::Aws => aws_due(world, id, link, at),
        Cloud::Azure => azure_due(world, id, link, at),
        Cloud::Gcp => gcp_due(world, id, link, at),
    };
    world.put_link(id, next);
}

fn aws_due(world: &World, id: PeerId, link: LinkObject, at: Timestamp) -> LinkObject {
    match link.status {
        Status::Requested if link.message.is_some() => refused(link, at),
        Status::Requested if aws_overlaps(world, id, &link) => {
            refused(LinkObject { message: Some(AWS_OVERLAP.to_owned()), ..link }, at)
        }
        Status::Requested => {
            let expires = later(at, AWS_EXPIRY);
            let due = match world.mode {
                CustomerMode::Accept | CustomerMode::Reject => later(at, world.pace.customer),
                CustomerMode::Manual | CustomerMode::Ignore => expires,
            };
            LinkObject { status: Status::AwaitsCustomer, due, expires, ..link }
        }
        Status::AwaitsCustomer if link.expires.is_some_and(|end| at.as_millis() >= end) => {
            let due = later(at, AWS_REMEMBERS);
            LinkObject { status: Status::Expired, due, ..link }
        }
        Status::AwaitsCustomer if world.mode == CustomerMode::Reject => aws_rejected(link, at),
        Status::AwaitsCustomer => aws_accepted(world, link, at),
        Status::Finishing => LinkObject {
            status: Status::Active,
            route: link.customer_block.clone(),
            due: None,
            ..link
        },
        Status::Active
        | Status::Rejected
        | Status::Expired
        | Status::Refused
        | Status::Severed
        | Status::Removing => LinkObject { due: None, ..link },
    }
}

/// The customer of AWS says yes.
pub(super) fn aws_accepted(world: &World, link: LinkObject, at: Timestamp) -> LinkObject {
    let due = later(at, world.pace.aws_provisioning);
    LinkObject { status: Status::Finishing, agreed: true, due, expires: None, ..link }
}

/// The customer of AWS says no.
pub(super) fn aws_rejected(link: LinkObject, at: Timestamp) -> LinkObject {
    let due = later(at, AWS_REMEMBERS);
    LinkObject { status: Status::Rejected, due, expires: None, ..link }
}

fn refused(link: LinkObject, at: Timestamp) -> LinkObject {
    let due = match link.provider {
        Cloud::Aws => later(at, AWS_REMEMBERS_FAILED),
        Cloud::Azure | Cloud::Gcp => None,
    };
    LinkObject { status: Status::Refused, due, ..link }
}

/// Any block of the customer's network counts, also one that another request told us of.
fn aws_overlaps(world: &World, id: PeerId, link: &LinkObject) -> bool {
    let others = world.links_to(&link.customer).filter(|(other, _)| *other != id);
    let told = others.filter_map(|(_, other)| other.customer_block.as_deref());
    let own = link.customer_block.as_deref();
    told.chain(own).any(|block| overlap(&link.our_block, block))
}

fn azure_due(world: &World, id: PeerId, link: LinkObject, at: Timestamp) -> LinkObject {
    if link.status != Status::Requested {
        return LinkObject { due: None, ..link };
    }
    if link.message.is_some() {
        return refused(link, at);
    }
    if world.mode == CustomerMode::Reject {
        return LinkObject { status: Status::Rejected, due: None, ..link };
    }
    if !link.agreed && world.mode != CustomerMode::Accept {
        return LinkObject { status: Status::AwaitsCustomer, due: None, ..link };
    }
    if clashes(world, id, &link) {
        return refused(LinkObject { message: Some(AZURE_OVERLAP.to_owned()), ..link }, at);
    }
    LinkObject { status: Status::Active, agreed: true, due: None, ..link }
}

fn gcp_due(world: &World, id: PeerId, link: LinkObject, at: Timestamp) -> LinkObject {
    match link.status {
        Status::Requested if link.message.is_some() => refused(link, at),
        Status::Requested if clashes(world, id, &link) => {
            refused(LinkObject { message: Some(GCP_OVERLAP.to_owned()), ..link }, at)
        }
        Status::Requested if link.agreed => {
            LinkObject { status: Status::Active, due: None, ..link }
        }
        Status::Requested => {
            let acts = world.mode == CustomerMode::Accept;
            let due = if acts { later(at, world.pace.customer) } else { None };
            LinkObject { status: Status::AwaitsCustomer, due, ..link }
        }
        Status::AwaitsCustomer => {
            LinkObject { status: Status::Active, agreed: true, due: None, ..link }
        }
        Status::Finishing
        | Status::Active
        | Status::Rejected
        | Status::Expired
        | Status::Refused
        | Status::Severed
        | Status::Removing => LinkObject { due: None, ..link },
    }
}

/// Whether another connection to the same network of the customer comes from addresses that
/// overlap ours: the customer could not tell the two ways apart.
fn clashes(world: &World, id: PeerId, link: &LinkObject) -> bool {
    world.links_to(&link.customer).any(|(other, theirs)| {
        other != id
            && theirs.status == Status::Active
            && overlap(&theirs.our_block, &link.our_block)
    })
}

/// The other side goes away after it was there.
pub(super) fn severed(link: LinkObject, at: Timestamp) -> LinkObject {
    match link.provider {
        Cloud::Aws => {
            LinkObject { status: Status::Severed, due: later(at, AWS_REMEMBERS_FAILED), ..link }
        }
        Cloud::Azure => LinkObject { status: Status::Severed, due: None, ..link },
        // The customer's half is gone; ours waits for another one.
        Cloud::Gcp => {
            LinkObject { status: Status::AwaitsCustomer, agreed: false, due: None, ..link }
        }
    }
}
