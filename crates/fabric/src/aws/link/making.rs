//! Asking a customer for a connection, once: a pair of VPCs has one, and EC2 answers with that one
//! while it lives, whoever asked for it. Source: hashicorp/terraform-provider-aws#27750.

use peerage_core::cloud::{CallError, LinkRequest};
use peerage_core::id::ContainerId;
use peerage_core::peering::AwsNetwork;

use super::super::ec2::{PeeringConnection, Side};
use super::super::network;
use super::super::recent::{About, SHOWN};
use super::super::region::Region;
use super::super::visit::{Visit, is_gone, not_now};
use super::{already_exists, choice};
use crate::remote::Meaning;
use crate::tags;

/// Makes the connection of a peering that has none.
pub(super) async fn make(
    visit: &Visit<'_>,
    request: &LinkRequest,
    customer: &AwsNetwork,
) -> Result<PeeringConnection, CallError> {
    let vpc = our_vpc(visit, request.container).await?;
    let region = Region::parse(&customer.region).map_err(|error| refused(error.to_string()))?;
    let other = Side { vpc: customer.vpc_id.clone(), account: customer.account_id.clone() };
    if let Some(taken) = of_pair(visit, &vpc, &other).await? {
        return Err(already_exists(&taken));
    }
    let mut tags = visit.tags(
        request.group,
        request.container,
        tags::link_name(request.peering, request.handshake),
    );
    tags.push((tags::PEERING, request.peering.to_string()));
    tags.push((tags::HANDSHAKE, request.handshake.to_string()));
    let made = visit.client.create_peering(&vpc, &other, &region, &tags, visit.now).await;
    let made = made.map_err(|error| {
        visit.aws.recent.doubt(About::LinkInDoubt(request.peering), &error, visit.now);
        judged(error, &other)
    })?;
    adopt(visit, request, made).await
}

/// What EC2 answered may be older than the request: it is ours only by its tags. Some servers
/// answer without them, and say more when they are asked again.
async fn adopt(
    visit: &Visit<'_>,
    request: &LinkRequest,
    made: PeeringConnection,
) -> Result<PeeringConnection, CallError> {
    let remember = |id: &str| {
        let until = visit.now.after(SHOWN);
        visit.aws.recent.put(About::Link(request.peering), id.to_owned(), until);
    };
    let made = if made.tags.is_empty() {
        let shown = visit.client.describe_peering(&made.id, visit.now).await?;
        shown.ok_or_else(|| {
            remember(&made.id);
            choice::not_shown(&made.id)
        })?
    } else {
        made
    };
    if !choice::is_its(visit, &made, request.peering) {
        return Err(already_exists(&made));
    }
    remember(&made.id);
    Ok(made)
}

/// Our VPC, once it can be peered from.
async fn our_vpc(visit: &Visit<'_>, container: ContainerId) -> Result<String, CallError> {
    match network::find(visit, container).await? {
        Some(vpc) if vpc.available => Ok(vpc.id),
        Some(vpc) => Err(not_now("IncorrectState", format!("{} is not available yet.", vpc.id))),
        None => {
            let words = format!("There is no vpc of container {container}.");
            Err(not_now("InvalidVpcID.NotFound", words))
        }
    }
}

/// The living connection that our VPC asked that one for: it has another peering's tag, or none.
async fn of_pair(
    visit: &Visit<'_>,
    vpc: &str,
    other: &Side,
) -> Result<Option<PeeringConnection>, CallError> {
    let filters = &[
        ("requester-vpc-info.vpc-id", &[vpc][..]),
        ("accepter-vpc-info.vpc-id", &[other.vpc.as_str()][..]),
    ];
    let found = visit.client.describe_peerings(filters, visit.now).await?;
    Ok(found.into_iter().find(|one| {
        one.requester.vpc == vpc && one.accepter.vpc == other.vpc && !one.state.is_over()
    }))
}

/// That the customer's VPC is not there is for good; that ours is not shown yet is not.
fn judged(error: CallError, other: &Side) -> CallError {
    if is_gone(&error) && error.message.contains(&other.vpc) {
        return Meaning::Refused.error(&error.code, error.message, None);
    }
    error
}

fn refused(words: String) -> CallError {
    Meaning::Refused.error("InvalidParameterValue", words, None)
}
