//! Which VPC is a container's, when a request that was sent twice has made two: always the same one
//! of them.

use peerage_core::cloud::CallError;
use peerage_core::id::ContainerId;

use super::super::ec2::{PeeringConnection, State, Vpc};
use super::super::recent::{About, STEADY};
use super::super::visit::{Visit, not_now};
use super::{MADE, by_container};
use crate::tags;

/// What carries a container's tag.
pub(super) enum Choice {
    /// Nothing.
    None,
    /// A VPC, and those that should not be.
    One { chosen: Vpc, doubles: Vec<Vpc> },
}

/// What carries the container's tag, and the one that was made a moment ago: EC2 may show that
/// later, and for a while now and then not. What may have been made is waited for, too.
pub(super) async fn choose(visit: &Visit<'_>, container: ContainerId) -> Result<Choice, CallError> {
    let mut found = tagged(visit, container).await?;
    let recent = |about| visit.aws.recent.get(&about, visit.now);
    if let Some(id) = recent(About::Network(container)) {
        if found.iter().any(|vpc| vpc.id == id) {
            visit.aws.recent.end(&About::Network(container), visit.now.after(STEADY));
        } else {
            let shown = by_id(visit, &id).await?;
            let words = || not_now("InvalidVpcID.NotFound", format!("{id} is not shown yet."));
            found.push(shown.ok_or_else(words)?);
        }
    } else if found.is_empty()
        && let Some(why) = recent(About::NetworkInDoubt(container))
    {
        return Err(not_now("InvalidVpcID.NotFound", why));
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    if found.len() > 1 {
        let used = most_used(visit, &found).await?;
        found.swap(0, used);
    }
    let mut found = found.into_iter();
    Ok(match found.next() {
        None => Choice::None,
        Some(chosen) => Choice::One { chosen, doubles: found.collect() },
    })
}

/// What a VPC is connected to.
#[derive(Debug)]
pub(super) struct Peers {
    /// What it asked for, and what it accepted, as long as it is not over.
    pub(super) living: Vec<PeeringConnection>,
    /// What others ask it for, and nobody has answered.
    pub(super) asking: Vec<PeeringConnection>,
}

pub(super) async fn peers(visit: &Visit<'_>, vpc: &str) -> Result<Peers, CallError> {
    let client = &visit.client;
    let ours = &[("requester-vpc-info.vpc-id", &[vpc][..])];
    let theirs = &[("accepter-vpc-info.vpc-id", &[vpc][..])];
    let mut living = client.describe_peerings(ours, visit.now).await?;
    living.retain(|one| one.requester.vpc == vpc && !one.state.is_over());
    let mut asking = client.describe_peerings(theirs, visit.now).await?;
    asking.retain(|one| one.accepter.vpc == vpc);
    living.extend(asking.iter().filter(|one| one.state.is_accepted()).cloned());
    asking.retain(|one| one.state == State::Pending);
    Ok(Peers { living, asking })
}

async fn tagged(visit: &Visit<'_>, container: ContainerId) -> Result<Vec<Vpc>, CallError> {
    let (filter, value) = by_container(container);
    let found = visit.client.describe_vpcs(&[(&filter, &[value.as_str()])], visit.now).await?;
    // Some servers take no notice of filters.
    let is_its =
        |vpc: &Vpc| vpc.tags.get(tags::CONTAINER) == Some(&value) && visit.is_ours(&vpc.tags);
    Ok(found.into_iter().filter(is_its).collect())
}

pub(super) async fn by_id(visit: &Visit<'_>, id: &str) -> Result<Option<Vpc>, CallError> {
    let found = visit.client.describe_vpcs(&[("vpc-id", &[id])], visit.now).await?;
    Ok(found.into_iter().find(|vpc| vpc.id == id))
}

/// One with connections before one that was ready once, that before one with subnets, and that
/// before the rest, in the order of their ids.
async fn most_used(visit: &Visit<'_>, found: &[Vpc]) -> Result<usize, CallError> {
    let (mut best, mut rank) = (0, (false, false, false));
    for (at, vpc) in found.iter().enumerate() {
        let connected = !peers(visit, &vpc.id).await?.living.is_empty();
        let divided = !visit.client.describe_subnets(&vpc.id, visit.now).await?.is_empty();
        let use_made = (connected, vpc.tags.contains_key(MADE), divided);
        if use_made > rank {
            (best, rank) = (at, use_made);
        }
    }
    Ok(best)
}
