//! The reference model of a GCP VPC network peering.
//!
//! Sources: the guide to VPC Network Peering and the reference of `networks.addPeering` (each
//! network holds its own configuration; `INACTIVE` until the other side has a matching one; one
//! peering operation at a time on a network and its peers; no overlapping subnets in the group; 25
//! peerings of one network). Requests neither expire nor can they be rejected: the other side never
//! sees them. Taking our configuration away takes the customer's with it.

use peerage_core::cloud::{CallError, LinkRequest, LinkStatus};
use peerage_core::id::{ContainerId, PeerId};
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{give_up, retry};
use super::customer::{CustomerAct, CustomerError, CustomerMode};
use super::fault::Planted;
use super::index::Rank;
use super::object::{Fate, LinkObject, Sides, customer_word};
use super::row::{Block, Customer};
use super::world::World;
use crate::rules::gcp::{BUSY, CONNECTED, FULL, OVERLAP, PEERINGS_MAX, WAITING};

/// The configurations of the two networks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pair {
    ours: Option<Half>,
    theirs: Option<Half>,
    /// What runs on our network for this peering.
    operation: Option<Operation>,
    refused: bool,
}

/// One configuration. Both are in the same state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Half {
    Inactive,
    Active,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Operation {
    AddPeering,
    RemovePeering,
}

impl Pair {
    pub(super) fn status(&self) -> LinkStatus {
        match (self.operation, self.ours) {
            _ if self.refused => LinkStatus::Refused,
            (Some(Operation::AddPeering), _) => LinkStatus::Requested,
            (Some(Operation::RemovePeering), _) => LinkStatus::Removing,
            (None, Some(Half::Active)) => LinkStatus::Active,
            (None, Some(Half::Inactive) | None) => LinkStatus::AwaitsCustomer,
        }
    }

    pub(super) fn rank(&self) -> Rank {
        match self.status() {
            LinkStatus::Requested | LinkStatus::Removing | LinkStatus::Finishing => Rank::Working,
            LinkStatus::AwaitsCustomer => Rank::Waiting,
            LinkStatus::Active => Rank::Active,
            LinkStatus::Rejected
            | LinkStatus::Expired
            | LinkStatus::Refused
            | LinkStatus::Severed => Rank::Over,
        }
    }

    pub(super) fn is_memory(&self) -> bool {
        self.refused
    }

    /// `stateDetails`.
    pub(super) fn words(&self) -> Option<&'static str> {
        match (self.operation, self.ours) {
            (None, Some(Half::Active)) => Some(CONNECTED),
            (None, Some(Half::Inactive)) => Some(WAITING),
            (_, _) => None,
        }
    }

    const fn both(state: Half) -> Self {
        Self { ours: Some(state), theirs: Some(state), operation: None, refused: false }
    }
}

/// `networks.addPeering` on our network.
pub(super) fn make(
    world: &World,
    request: &LinkRequest,
    planted: Planted,
    now: Timestamp,
) -> Result<LinkObject, CallError> {
    let (ours, customer) = (request.container, Customer::of(&customer_word(&request.customer)));
    if working(world, ours, customer).next().is_some() {
        return Err(retry(BUSY, BUSY));
    }
    if world.index.between(ours, customer).is_some() {
        let words = "There is already a peering with the same network as the peer network.";
        return Err(retry("RESOURCE_ALREADY_EXISTS", words));
    }
    if world.index.living(ours).nth(PEERINGS_MAX - 1).is_some() {
        return Err(give_up("QUOTA_EXCEEDED", FULL));
    }
    let operation = Some(Operation::AddPeering);
    let pair = Pair { ours: None, theirs: None, operation, refused: false };
    let due = now.after(world.pace.gcp_operation).after(planted.delay);
    let name = format!("peering-{}", request.peering);
    let sides = Sides::Gcp(pair);
    Ok(LinkObject::new(request, name, planted.refusal, sides.clone()).with(sides, Some(due)))
}

/// The peerings that an operation runs for on one of the two networks.
fn working(
    world: &World,
    ours: ContainerId,
    customer: Customer,
) -> impl Iterator<Item = PeerId> + use<'_> {
    let theirs = world.index.theirs(customer, Rank::Working).map(|(_, id)| id);
    world.index.ours(ours, Rank::Working).chain(theirs)
}

/// Whether the customer's network has as many peerings as it may have.
fn is_full(world: &World, customer: Customer) -> bool {
    world.index.theirs(customer, Rank::Active).nth(PEERINGS_MAX - 1).is_some()
}

/// The time of a peering has come.
pub(super) fn step(world: &World, id: PeerId, link: LinkObject, pair: Pair, at: Timestamp) -> Fate {
    match pair.status() {
        LinkStatus::Requested => added(world, id, link, pair, at).into(),
        LinkStatus::AwaitsCustomer => joined(world, id, link, pair, at).into(),
        LinkStatus::Removing | LinkStatus::Refused => Fate::Gone,
        LinkStatus::Finishing
        | LinkStatus::Active
        | LinkStatus::Rejected
        | LinkStatus::Expired
        | LinkStatus::Severed => link.with(Sides::Gcp(pair), None).into(),
    }
}

/// Our configuration is there.
fn added(world: &World, id: PeerId, link: LinkObject, pair: Pair, at: Timestamp) -> LinkObject {
    if let Some(words) = link.planted.clone() {
        return refused(link, words);
    }
    if clashes(world, id, &link) {
        return refused(link, OVERLAP.to_owned());
    }
    if pair.theirs.is_some() {
        return matched(world, link, pair);
    }
    let due = match world.mode {
        CustomerMode::Accept => Some(at.after(world.pace.customer)),
        CustomerMode::Manual | CustomerMode::Reject | CustomerMode::Ignore => None,
    };
    let pair = Pair { ours: Some(Half::Inactive), operation: None, ..pair };
    link.with(Sides::Gcp(pair), due)
}

/// The customer makes its configuration; while an operation runs it has to try again.
fn joined(world: &World, id: PeerId, link: LinkObject, pair: Pair, at: Timestamp) -> LinkObject {
    let busy = working(world, link.container, link.customer());
    let free = busy.filter_map(|other| world.link_due(other)).max();
    if let Some(free) = free {
        let next = free.max(at.after(std::time::Duration::from_millis(1)));
        return link.with(Sides::Gcp(pair), Some(next));
    }
    if clashes(world, id, &link) {
        return refused(link, OVERLAP.to_owned());
    }
    matched(world, link, pair)
}

/// The customer's half meets ours, if its network has room for it.
fn matched(world: &World, link: LinkObject, pair: Pair) -> LinkObject {
    if is_full(world, link.customer()) {
        let link = LinkObject { message: Some(FULL.to_owned()), ..link };
        let ours = Some(Half::Inactive);
        return link.with(Sides::Gcp(Pair { ours, theirs: None, operation: None, ..pair }), None);
    }
    let link = LinkObject { message: None, ..link };
    link.with(Sides::Gcp(Pair::both(Half::Active)), None)
}

fn refused(link: LinkObject, words: String) -> LinkObject {
    let pair = Pair { ours: None, theirs: None, operation: None, refused: true };
    LinkObject { message: Some(words), ..link }.with(Sides::Gcp(pair), None)
}

/// Whether the customer's network is peered with other addresses that overlap ours.
fn clashes(world: &World, id: PeerId, link: &LinkObject) -> bool {
    let ours = Block::of(&link.our_block);
    let mut active = world.index.theirs(link.customer(), Rank::Active);
    active.any(|(block, other)| other != id && block.overlaps(ours))
}

/// `networks.removePeering` on our network.
pub(super) fn remove(
    world: &World,
    link: LinkObject,
    pair: Pair,
    planted: &Planted,
    now: Timestamp,
) -> Result<Fate, CallError> {
    if pair.refused {
        return Ok(Fate::Gone);
    }
    if pair.operation == Some(Operation::RemovePeering) {
        return Ok(link.into());
    }
    if working(world, link.container, link.customer()).next().is_some() {
        return Err(retry(BUSY, BUSY));
    }
    let due = now.after(world.pace.removal).after(planted.delay);
    let pair = Pair { operation: Some(Operation::RemovePeering), ..pair };
    let link = LinkObject { message: None, ..link };
    Ok(link.with(Sides::Gcp(pair), Some(due)).into())
}

/// The hand of the customer's administrator.
pub(super) fn act(
    world: &World,
    id: PeerId,
    link: LinkObject,
    pair: Pair,
    act: CustomerAct,
    now: Timestamp,
) -> Result<LinkObject, CustomerError> {
    match (act, pair.status()) {
        (CustomerAct::Reject, _) => Err(CustomerError::new(
            "UNSUPPORTED_OPERATION",
            "A peering of GCP cannot be rejected: while the other half is not made, it stays \
             inactive.",
        )),
        (CustomerAct::Accept, _) if pair.theirs.is_some() => Err(CustomerError::new(
            "RESOURCE_ALREADY_EXISTS",
            "There is already a peering with the same network as the peer network.",
        )),
        (CustomerAct::Accept, LinkStatus::AwaitsCustomer) => {
            if clashes(world, id, &link) {
                return Err(CustomerError::new("INVALID_USAGE", OVERLAP));
            }
            if is_full(world, link.customer()) {
                return Err(CustomerError::new("QUOTA_EXCEEDED", FULL));
            }
            let due = link.due().unwrap_or_else(|| now.after(world.pace.customer));
            Ok(link.with(Sides::Gcp(pair), Some(due)))
        }
        // Either side may come first.
        (CustomerAct::Accept, LinkStatus::Requested) => {
            let due = link.due();
            Ok(link.with(Sides::Gcp(Pair { theirs: Some(Half::Inactive), ..pair }), due))
        }
        (CustomerAct::Delete, LinkStatus::Active) => {
            if working(world, link.container, link.customer()).next().is_some() {
                return Err(CustomerError::new(BUSY, BUSY));
            }
            let pair = Pair { ours: Some(Half::Inactive), theirs: None, ..pair };
            Ok(link.with(Sides::Gcp(pair), None))
        }
        (CustomerAct::Delete | CustomerAct::Accept, _) => Err(CustomerError::new(
            "RESOURCE_NOT_FOUND",
            format!("The customer's network has no peering {}.", link.connection),
        )),
    }
}
