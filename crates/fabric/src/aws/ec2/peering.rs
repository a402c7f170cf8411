//! VPC peering connections.

use peerage_core::cloud::{CallError, LinkStatus};
use peerage_core::time::Timestamp;

use super::super::client::Client;
use super::super::form::Form;
use super::super::region::Region;
use super::super::wire::not_understood;
use super::super::xml::Element;
use super::{Filter, Tags, each, filtered, part, tags_of};

/// A VPC peering connection as its requester sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeeringConnection {
    /// `pcx-` and hexadecimal digits.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// EC2's words on that.
    pub message: Option<String>,
    /// Who asked for it.
    pub requester: Side,
    /// Who was asked.
    pub accepter: Side,
    /// Whether the requester's side resolves the other's names; `None` when EC2 does not say.
    pub requester_dns: Option<Dns>,
    /// Its tags, on the requester's side.
    pub tags: Tags,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The VPC.
    pub vpc: String,
    /// Its account.
    pub account: String,
}

/// `AllowDnsResolutionFromRemoteVpc` of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dns {
    /// It is switched on.
    On,
    /// It is switched off.
    Off,
}

/// `VpcPeeringConnectionStateReasonCode`. Source: the Amazon VPC Peering Guide, life cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request is on its way to the other account.
    Initiating,
    /// It is the accepter's turn.
    Pending,
    /// Accepted, and not yet ready.
    Provisioning,
    /// Traffic may flow.
    Active,
    /// It is being deleted; seen between regions only.
    Deleting,
    /// EC2 refused the pair.
    Failed,
    /// The accepter said no.
    Rejected,
    /// The accepter said nothing for a week.
    Expired,
    /// One of the two deleted it.
    Deleted,
}

impl State {
    fn parse(code: &str) -> Option<Self> {
        Some(match code {
            "initiating-request" => Self::Initiating,
            "pending-acceptance" => Self::Pending,
            "provisioning" => Self::Provisioning,
            "active" => Self::Active,
            "deleting" => Self::Deleting,
            "failed" => Self::Failed,
            "rejected" => Self::Rejected,
            "expired" => Self::Expired,
            "deleted" => Self::Deleted,
            _ => return None,
        })
    }

    /// In the words that all clouds share.
    #[must_use]
    pub const fn status(self) -> LinkStatus {
        match self {
            Self::Initiating => LinkStatus::Requested,
            Self::Pending => LinkStatus::AwaitsCustomer,
            Self::Provisioning => LinkStatus::Finishing,
            Self::Active => LinkStatus::Active,
            Self::Deleting => LinkStatus::Removing,
            Self::Failed => LinkStatus::Refused,
            Self::Rejected => LinkStatus::Rejected,
            Self::Expired => LinkStatus::Expired,
            Self::Deleted => LinkStatus::Severed,
        }
    }

    /// Whether EC2 only remembers it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Failed | Self::Rejected | Self::Expired | Self::Deleted)
    }

    /// Whether the accepter has agreed, and it is not over.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Provisioning | Self::Active | Self::Deleting)
    }

    /// Whether its requester can delete it now. Source: the Amazon VPC Peering Guide.
    #[must_use]
    pub const fn is_deletable(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }
}

impl PeeringConnection {
    /// `None`, too, for a state that is not in the guide: nothing can be said about it.
    fn read(element: &Element) -> Option<Self> {
        let status = element.child("status")?;
        let requester = element.child("requesterVpcInfo")?;
        let options = requester.child("peeringOptions");
        let dns = options.and_then(|options| options.flag("allowDnsResolutionFromRemoteVpc"));
        Some(Self {
            id: part(element, "vpcPeeringConnectionId")?,
            state: State::parse(status.text_of("code")?)?,
            message: part(status, "message"),
            requester: Side::read(requester),
            accepter: Side::read(element.child("accepterVpcInfo")?),
            requester_dns: dns.map(|on| if on { Dns::On } else { Dns::Off }),
            tags: tags_of(element),
        })
    }
}

impl Side {
    /// The names are absent where the other account does not exist.
    fn read(element: &Element) -> Self {
        Self {
            vpc: part(element, "vpcId").unwrap_or_default(),
            account: part(element, "ownerId").unwrap_or_default(),
        }
    }
}

impl Client {
    /// `DescribeVpcPeeringConnections`, in the order of their ids. One whose state nobody knows
    /// makes the whole answer one that is not understood.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn describe_peerings(
        &self,
        filters: &[Filter<'_>],
        now: Timestamp,
    ) -> Result<Vec<PeeringConnection>, CallError> {
        let form = filtered(Form::look("DescribeVpcPeeringConnections"), filters);
        let found = self.list(&form, "vpcPeeringConnectionSet", now).await?;
        in_order(&form, &found)
    }

    /// `DescribeVpcPeeringConnections` of one connection; none when EC2 does not know it.
    ///
    /// # Errors
    /// What else EC2 refuses.
    pub async fn describe_peering(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<PeeringConnection>, CallError> {
        let form = Form::look("DescribeVpcPeeringConnections").list("VpcPeeringConnectionId", [id]);
        let answer = match self.send(&form, now).await {
            Err(error) if error.code.ends_with(".NotFound") => return Ok(None),
            answer => answer?,
        };
        let found = in_order(&form, answer.list("vpcPeeringConnectionSet"))?;
        Ok(found.into_iter().find(|connection| connection.id == id))
    }

    /// `CreateVpcPeeringConnection` from `vpc` to the other side's VPC.
    ///
    /// A pair has one connection: while one lives, EC2 answers with that one, whatever its tags.
    /// Source: hashicorp/terraform-provider-aws#27750.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn create_peering(
        &self,
        vpc: &str,
        other: &Side,
        other_region: &Region,
        tags: &[(&str, String)],
        now: Timestamp,
    ) -> Result<PeeringConnection, CallError> {
        let form = Form::change("CreateVpcPeeringConnection")
            .with("VpcId", vpc)
            .with("PeerVpcId", &other.vpc)
            .with("PeerOwnerId", &other.account)
            .with("PeerRegion", other_region.name())
            .tagged("vpc-peering-connection", tags);
        let answer = self.send(&form, now).await?;
        let made = answer.child("vpcPeeringConnection").and_then(PeeringConnection::read);
        made.ok_or_else(|| not_understood(&form, "it has no connection"))
    }

    /// `ModifyVpcPeeringConnectionOptions`: switches DNS resolution on at the requester's side.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn enable_requester_dns(&self, id: &str, now: Timestamp) -> Result<(), CallError> {
        let option = "RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc";
        let form = Form::change("ModifyVpcPeeringConnectionOptions")
            .with("VpcPeeringConnectionId", id)
            .with(option, "true");
        self.send(&form, now).await.map(drop)
    }

    /// `RejectVpcPeeringConnection`: says no to what somebody asked our VPC for.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn reject_peering(&self, id: &str, now: Timestamp) -> Result<(), CallError> {
        let form = Form::change("RejectVpcPeeringConnection").with("VpcPeeringConnectionId", id);
        self.send(&form, now).await.map(drop)
    }

    /// `DeleteVpcPeeringConnection`.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn delete_peering(&self, id: &str, now: Timestamp) -> Result<(), CallError> {
        let form = Form::change("DeleteVpcPeeringConnection").with("VpcPeeringConnectionId", id);
        self.send(&form, now).await.map(drop)
    }
}

fn in_order<'a>(
    form: &Form,
    found: impl IntoIterator<Item = &'a Element>,
) -> Result<Vec<PeeringConnection>, CallError> {
    let mut connections = each(form, found, PeeringConnection::read)?;
    connections.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(connections)
}
