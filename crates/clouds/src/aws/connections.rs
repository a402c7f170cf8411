//! A VPC peering connection: both sides of it in one object, and who sees it for how long. Source
//! of the states and spans: Amazon VPC Peering Guide, "VPC peering connection lifecycle".

pub(super) mod decide;
pub(super) mod life;
pub(super) mod options;
pub(super) mod request;
pub(super) mod shown;

use peerage_fabric::rules::aws::OVERLAP;
use serde::{Deserialize, Serialize};

use super::caller::{Caller, tag_key};
use super::turn::Turn;
use super::vpcs::Vpc;
use super::world::World;

/// A connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Connection {
    pub(super) requester: Side,
    pub(super) accepter: Side,
    pub(super) state: State,
    /// Whether the accepter ever said yes: what follows does not take that back.
    #[serde(default)]
    agreed: bool,
    /// When the request expires, in milliseconds since the epoch.
    expires: i64,
    /// When something happens by itself.
    pub(super) due: Option<i64>,
}

/// One side of a connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Side {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) vpc: String,
    /// The blocks that the VPC had when it was last looked at: it may be gone.
    blocks: Vec<String>,
    /// `AllowDnsResolutionFromRemoteVpc`.
    dns: bool,
    /// Until when this side sees a connection that has ended.
    until: Option<i64>,
}

/// Where a connection stands, in EC2's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    InitiatingRequest,
    PendingAcceptance,
    Provisioning,
    Active,
    Deleting(Party),
    Failed,
    Rejected,
    Expired,
    Deleted(Party),
}

/// A side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Party {
    Requester,
    Accepter,
}

impl State {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::InitiatingRequest => "initiating-request",
            Self::PendingAcceptance => "pending-acceptance",
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Deleting(_) => "deleting",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Deleted(_) => "deleted",
        }
    }

    /// Whether it is nothing but remembered.
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Failed | Self::Rejected | Self::Expired | Self::Deleted(_))
    }

    /// Whether its pair of VPCs is taken.
    const fn is_living(self) -> bool {
        match self {
            Self::InitiatingRequest
            | Self::PendingAcceptance
            | Self::Provisioning
            | Self::Active => true,
            Self::Deleting(_)
            | Self::Failed
            | Self::Rejected
            | Self::Expired
            | Self::Deleted(_) => false,
        }
    }

    /// Whether it counts as an active one of its VPCs.
    const fn is_joined(self) -> bool {
        matches!(self, Self::Provisioning | Self::Active)
    }
}

impl Side {
    fn is(&self, caller: &Caller) -> bool {
        self.account == caller.account && self.region == caller.region
    }

    /// Its VPC, if that is where the side says: a request can name a VPC of anybody.
    fn own_vpc<'a>(&self, world: &'a World) -> Option<&'a Vpc> {
        let vpc = world.tables.vpcs.get(&self.vpc)?;
        (vpc.account == self.account && vpc.region == self.region).then_some(vpc)
    }

    /// The blocks of its VPC: as they are, or as they were.
    fn latest_blocks(&self, world: &World) -> Vec<String> {
        match self.own_vpc(world) {
            Some(vpc) => vpc.blocks.iter().map(|it| it.block.to_string()).collect(),
            None => self.blocks.clone(),
        }
    }

    /// The place of the tags that this side has on the connection.
    pub(super) fn key(&self, id: &str) -> String {
        tag_key(&self.account, &self.region, id)
    }
}

impl Connection {
    /// Whether the VPC is on one of its sides.
    pub(super) fn touches(&self, vpc: &str) -> bool {
        self.requester.vpc == vpc || self.accepter.vpc == vpc
    }

    /// Whether the caller sees it: an accepter does not before the request has arrived, and nobody
    /// does for ever after its end.
    pub(super) fn is_visible(&self, turn: &Turn<'_>) -> bool {
        let now = turn.now().as_millis();
        let sees = |side: &Side, arrived: bool| {
            let remembers = !self.state.is_over() || side.until.is_some_and(|until| now < until);
            side.is(turn.caller) && arrived && remembers
        };
        sees(&self.requester, true) || sees(&self.accepter, self.has_arrived())
    }

    /// When the request was made, as far as it takes to know which of two was later.
    pub(super) fn made_at(&self) -> i64 {
        self.expires
    }

    /// Whether the accepter ever saw it.
    pub(super) fn has_arrived(&self) -> bool {
        !matches!(self.state, State::InitiatingRequest | State::Failed)
    }

    fn is_inter_region(&self) -> bool {
        self.requester.region != self.accepter.region
    }

    fn is_of_one_account(&self) -> bool {
        self.requester.account == self.accepter.account
    }

    fn side(&self, party: Party) -> &Side {
        match party {
            Party::Requester => &self.requester,
            Party::Accepter => &self.accepter,
        }
    }

    /// The blocks of a side's VPC. Those that it gets after the end are no longer the other side's
    /// to know.
    fn blocks(&self, world: &World, party: Party) -> Vec<String> {
        let side = self.side(party);
        if self.state.is_over() { side.blocks.clone() } else { side.latest_blocks(world) }
    }

    /// EC2's words on the state.
    fn message(&self) -> String {
        let accepter = &self.accepter.account;
        match self.state {
            State::InitiatingRequest => format!("Initiating Request to {accepter}"),
            State::PendingAcceptance => format!("Pending Acceptance by {accepter}"),
            State::Provisioning => "Provisioning".to_owned(),
            State::Active => "Active".to_owned(),
            State::Deleting(_) => "Deleting".to_owned(),
            State::Failed => OVERLAP.to_owned(),
            State::Rejected => format!("Rejected by {accepter}"),
            State::Expired => "Expired".to_owned(),
            State::Deleted(party) => format!("Deleted by {}", self.side(party).account),
        }
    }
}
