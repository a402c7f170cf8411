//! The reference model of an AWS VPC peering connection.
//!
//! Sources: the Amazon VPC Peering Guide (states, who may do what in which, how long an ended
//! connection is remembered, 168 hours to accept, overlap of any block, quotas), the EC2 API
//! reference (codes of errors). One object is both sides: the requester is ours, the accepter the
//! customer's. A removal passes through `deleting` for all pairs; EC2 itself shows it only between
//! regions.

use peerage_core::cloud::{CallError, LinkRequest, LinkStatus};
use peerage_core::container::ContainerSpec;
use peerage_core::id::PeerId;
use peerage_core::peering::AwsNetwork;
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{give_up, retry};
use super::customer::{CustomerAct, CustomerError, CustomerMode};
use super::fault::Planted;
use super::index::Rank;
use super::object::{Fate, LinkObject, Sides, customer_word};
use super::row::{Block, Customer};
use super::world::World;
use crate::rules::aws::{
    ACTIVE, ACTIVE_CODE, ACTIVE_MAX, EXPIRY, OUTSTANDING, OUTSTANDING_CODE, OUTSTANDING_MAX,
    OVERLAP, REMEMBERS, REMEMBERS_SHORT,
};

/// A VPC peering connection, and our route through it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Connection {
    /// The account of the accepter.
    account: String,
    inter_region: bool,
    /// The block of the accepter's VPC that we were told of.
    pub(super) block: String,
    /// The entry of our route tables.
    pub(super) route: Option<Route>,
    state: State,
    /// When a pending request expires.
    expires: Option<i64>,
}

/// An entry of our route tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Route {
    pub(super) block: String,
    pub(super) state: RouteState,
}

/// Whether packets get anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RouteState {
    Active,
    Blackhole,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Party {
    Us,
    Customer,
}

/// The state of a connection, in EC2's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    InitiatingRequest,
    PendingAcceptance,
    Provisioning,
    Active,
    Deleting(Party),
    Failed,
    Rejected,
    Expired,
    /// By the customer: what we delete ourselves is gone.
    Deleted,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::InitiatingRequest => "initiating-request",
            Self::PendingAcceptance => "pending-acceptance",
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Deleting(_) => "deleting",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
        }
    }
}

impl Connection {
    pub(super) fn status(&self) -> LinkStatus {
        match self.state {
            State::InitiatingRequest => LinkStatus::Requested,
            State::PendingAcceptance => LinkStatus::AwaitsCustomer,
            State::Provisioning => LinkStatus::Finishing,
            State::Active => LinkStatus::Active,
            State::Deleting(_) => LinkStatus::Removing,
            State::Failed => LinkStatus::Refused,
            State::Rejected => LinkStatus::Rejected,
            State::Expired => LinkStatus::Expired,
            State::Deleted => LinkStatus::Severed,
        }
    }

    pub(super) fn rank(&self) -> Rank {
        match self.state {
            State::InitiatingRequest | State::PendingAcceptance => Rank::Waiting,
            State::Provisioning | State::Active | State::Deleting(_) => Rank::Active,
            State::Failed | State::Rejected | State::Expired | State::Deleted => Rank::Over,
        }
    }

    pub(super) fn is_memory(&self) -> bool {
        self.rank() == Rank::Over
    }

    /// EC2's words on the state.
    pub(super) fn words(&self) -> String {
        let account = &self.account;
        match self.state {
            State::InitiatingRequest => format!("Initiating Request to {account}"),
            State::PendingAcceptance => format!("Pending Acceptance by {account}"),
            State::Provisioning => "Provisioning".to_owned(),
            State::Active => "Active".to_owned(),
            State::Deleting(_) => "Deleting".to_owned(),
            State::Failed => OVERLAP.to_owned(),
            State::Rejected => format!("Rejected by {account}"),
            State::Expired => "Expired".to_owned(),
            State::Deleted => format!("Deleted by {account}"),
        }
    }

    /// The routes with another block, once there are any.
    pub(super) fn routed(mut self, block: String) -> Self {
        if let Some(route) = &mut self.route {
            route.block.clone_from(&block);
        }
        self.block = block;
        self
    }
}

/// `CreateVpcPeeringConnection`.
pub(super) fn make(
    world: &mut World,
    request: &LinkRequest,
    network: &AwsNetwork,
    planted: Planted,
    now: Timestamp,
) -> Result<LinkObject, CallError> {
    if let Some(twin) = twin(world, request).and_then(|id| world.link(id)) {
        // EC2 answers with the connection that the pair has.
        let words = format!(
            "A VPC peering connection between the VPCs already exists: {}",
            twin.connection
        );
        return Err(retry("VpcPeeringConnectionAlreadyExists", words));
    }
    let waiting = world.index.ours(request.container, Rank::Waiting);
    if waiting.take(OUTSTANDING_MAX).count() >= OUTSTANDING_MAX {
        return Err(give_up(OUTSTANDING_CODE, OUTSTANDING));
    }
    let inter_region = match &request.ours {
        ContainerSpec::Aws { region, .. } => !region.is_cloud_name(&network.region),
        ContainerSpec::Azure { .. } | ContainerSpec::Gcp { .. } => false,
    };
    let connection = Connection {
        account: network.account_id.clone(),
        inter_region,
        block: network.block.net().to_string(),
        route: None,
        state: State::InitiatingRequest,
        expires: None,
    };
    let id = format!("pcx-{}", world.ids().hex(17));
    let due = now.after(world.pace.aws_initiating).after(planted.delay);
    let sides = Sides::Aws(connection.clone());
    Ok(LinkObject::new(request, id, planted.refusal, sides).with(Sides::Aws(connection), Some(due)))
}

/// The connection that the two networks of a request have: it carries another peering's tag.
pub(super) fn twin(world: &World, request: &LinkRequest) -> Option<PeerId> {
    world.index.between(request.container, Customer::of(&customer_word(&request.customer)))
}

/// The time of a connection has come.
pub(super) fn step(
    world: &World,
    id: PeerId,
    link: LinkObject,
    connection: Connection,
    at: Timestamp,
) -> Fate {
    match connection.state {
        State::InitiatingRequest => initiated(world, link, connection, at).into(),
        State::PendingAcceptance => waited(world, id, link, connection, at).into(),
        State::Provisioning => {
            let route = Some(Route { block: connection.block.clone(), state: RouteState::Active });
            enter(link, Connection { route, ..connection }, State::Active, None).into()
        }
        State::Deleting(Party::Customer) => deleted(link, connection, at).into(),
        State::Deleting(Party::Us)
        | State::Failed
        | State::Rejected
        | State::Expired
        | State::Deleted => Fate::Gone,
        State::Active => enter(link, connection, State::Active, None).into(),
    }
}

/// Overlap is found at once, whichever block of the customer's VPC it is.
fn initiated(world: &World, link: LinkObject, connection: Connection, at: Timestamp) -> LinkObject {
    let forgotten = Some(at.after(REMEMBERS_SHORT));
    if let Some(words) = link.planted.clone() {
        let failed = enter(link, connection, State::Failed, forgotten);
        return LinkObject { message: Some(words), ..failed };
    }
    let ours = Block::of(&link.our_block);
    if world.index.blocks(link.customer()).any(|block| ours.overlaps(block)) {
        return enter(link, connection, State::Failed, forgotten);
    }
    let expires = at.after(EXPIRY);
    let due = match world.mode {
        CustomerMode::Accept | CustomerMode::Reject => at.after(world.pace.customer).min(expires),
        CustomerMode::Manual | CustomerMode::Ignore => expires,
    };
    let connection = Connection { expires: Some(expires.as_millis()), ..connection };
    enter(link, connection, State::PendingAcceptance, Some(due))
}

/// The customer acts by itself, or the request expires.
fn waited(
    world: &World,
    id: PeerId,
    link: LinkObject,
    connection: Connection,
    at: Timestamp,
) -> LinkObject {
    let expires = connection.expires.map(Timestamp::from_millis);
    if expires.is_none_or(|expires| at >= expires) {
        return enter(link, connection, State::Expired, Some(at.after(REMEMBERS)));
    }
    match world.mode {
        CustomerMode::Reject => rejected(link, connection, at),
        CustomerMode::Accept => match refuse_full(world, id, &link) {
            Ok(()) => accepted(world, link, connection, at),
            Err(error) => {
                let waits = enter(link, connection, State::PendingAcceptance, expires);
                LinkObject { message: Some(error.message), ..waits }
            }
        },
        CustomerMode::Manual | CustomerMode::Ignore => {
            enter(link, connection, State::PendingAcceptance, expires)
        }
    }
}

fn accepted(world: &World, link: LinkObject, connection: Connection, at: Timestamp) -> LinkObject {
    let connection = Connection { expires: None, ..connection };
    enter(link, connection, State::Provisioning, Some(at.after(world.pace.aws_provisioning)))
}

fn rejected(link: LinkObject, connection: Connection, at: Timestamp) -> LinkObject {
    let connection = Connection { expires: None, ..connection };
    enter(link, connection, State::Rejected, Some(at.after(REMEMBERS)))
}

/// Our route stays where it is and leads nowhere.
fn deleted(link: LinkObject, connection: Connection, at: Timestamp) -> LinkObject {
    let route = connection.route.map(|route| Route { state: RouteState::Blackhole, ..route });
    let connection = Connection { route, ..connection };
    enter(link, connection, State::Deleted, Some(at.after(REMEMBERS)))
}

/// Words that were said about one state do not outlive it.
fn enter(
    link: LinkObject,
    connection: Connection,
    state: State,
    due: Option<Timestamp>,
) -> LinkObject {
    let link = LinkObject { message: None, ..link };
    link.with(Sides::Aws(Connection { state, ..connection }), due)
}

/// The quota of active connections counts when a request is accepted, for both VPCs.
fn refuse_full(world: &World, id: PeerId, link: &LinkObject) -> Result<(), CustomerError> {
    let is_full = |network: &mut dyn Iterator<Item = PeerId>| {
        network.filter(|other| *other != id).take(ACTIVE_MAX).count() >= ACTIVE_MAX
    };
    let mut ours = world.index.ours(link.container, Rank::Active);
    let mut theirs = world.index.theirs(link.customer(), Rank::Active).map(|(_, other)| other);
    if is_full(&mut ours) || is_full(&mut theirs) {
        return Err(CustomerError::new(ACTIVE_CODE, ACTIVE));
    }
    Ok(())
}

/// Our routes go first, then `DeleteVpcPeeringConnection`. What is on its way to a state that
/// takes a removal is left to get there; what only is remembered takes none and is gone for us.
pub(super) fn remove(
    world: &World,
    link: LinkObject,
    connection: Connection,
    planted: &Planted,
    now: Timestamp,
) -> Fate {
    match connection.state {
        State::InitiatingRequest | State::Provisioning | State::Deleting(_) => link.into(),
        State::PendingAcceptance | State::Active => {
            let due = now.after(world.pace.removal).after(planted.delay);
            let connection = Connection { route: None, expires: None, ..connection };
            enter(link, connection, State::Deleting(Party::Us), Some(due)).into()
        }
        State::Failed | State::Rejected | State::Expired | State::Deleted => Fate::Gone,
    }
}

/// The accepter's hand.
pub(super) fn act(
    world: &World,
    id: PeerId,
    link: LinkObject,
    connection: Connection,
    act: CustomerAct,
    now: Timestamp,
) -> Result<LinkObject, CustomerError> {
    match (act, connection.state) {
        // It is not in the accepter's account yet, or was never.
        (_, State::InitiatingRequest | State::Failed) => Err(CustomerError::new(
            "InvalidVpcPeeringConnectionID.NotFound",
            format!("The vpcPeeringConnection ID '{}' does not exist", link.connection),
        )),
        (CustomerAct::Accept, State::PendingAcceptance) => {
            refuse_full(world, id, &link)?;
            Ok(accepted(world, link, connection, now))
        }
        (CustomerAct::Reject, State::PendingAcceptance) => Ok(rejected(link, connection, now)),
        (CustomerAct::Delete, State::PendingAcceptance) => Err(CustomerError::new(
            "OperationNotPermitted",
            format!("User {} cannot delete peering {}", connection.account, link.connection),
        )),
        (CustomerAct::Delete, State::Active) if connection.inter_region => {
            let due = now.after(world.pace.removal);
            Ok(enter(link, connection, State::Deleting(Party::Customer), Some(due)))
        }
        (CustomerAct::Delete, State::Active) => Ok(deleted(link, connection, now)),
        (act, state) => Err(invalid_transition(&link.connection, state, act)),
    }
}

fn invalid_transition(connection: &str, state: State, act: CustomerAct) -> CustomerError {
    let target = match act {
        CustomerAct::Accept => "provisioning",
        CustomerAct::Reject => "rejected",
        CustomerAct::Delete => "deleting",
    };
    let state = state.name();
    let words = format!(
        "Invalid state transition for {connection}, attempted to transition from {state} to \
         {target}"
    );
    CustomerError::new("InvalidStateTransition", words)
}
