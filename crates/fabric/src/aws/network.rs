//! Our VPCs: one for each container, its block split into subnets over the zones of the region,
//! names switched on. What was made once is marked with a tag, so that what is missing later is
//! drift, and what is missing before is work.

mod choice;
mod furniture;

use peerage_core::cloud::{CallError, Network, NetworkNames, NetworkRequest, Sighting};
use peerage_core::id::ContainerId;

use self::choice::{Choice, choose};
use self::furniture::Furniture;
use super::ec2::Vpc;
use super::recent::{About, SHOWN};
use super::visit::{Flaws, Visit, is_gone, not_now, unless_gone};
use crate::remote::DriftPolicy;
use crate::tags;

/// On a VPC that was ready once.
const MADE: &str = "peerage:made";

pub(super) async fn ensure(
    visit: &Visit<'_>,
    request: &NetworkRequest,
) -> Result<Sighting<Network>, CallError> {
    let (chosen, doubles) = match choose(visit, request.container).await? {
        Choice::One { chosen, doubles } => (chosen, doubles),
        Choice::None => (make(visit, request).await?, Vec::new()),
    };
    let mut flaws = Flaws::default();
    for double in doubles {
        remove_double(visit, &chosen, double, &mut flaws).await?;
    }
    if !is_as_asked(&chosen, request, &mut flaws) || !chosen.available {
        return Ok(sighting(&chosen, Readiness::Not, flaws));
    }
    let made = chosen.tags.contains_key(MADE);
    let furniture = Furniture::look(visit, &chosen, request).await?;
    if made && visit.options().remote.drift == DriftPolicy::Report {
        furniture.tell(DriftPolicy::Report, &mut flaws);
        return Ok(sighting(&chosen, Readiness::Ready, flaws));
    }
    furniture.complete(visit, &chosen, request).await?;
    if !made {
        visit.client.create_tags(&chosen.id, &[(MADE, "true".to_owned())], visit.now).await?;
    }
    Ok(sighting(&chosen, Readiness::Ready, flaws))
}

pub(super) async fn observe(
    visit: &Visit<'_>,
    request: &NetworkRequest,
) -> Result<Sighting<Network>, CallError> {
    let (chosen, doubles) = match choose(visit, request.container).await? {
        Choice::One { chosen, doubles } => (chosen, doubles),
        Choice::None => return Ok(Sighting { found: None, recheck_at: None }),
    };
    let mut flaws = Flaws::default();
    for double in doubles {
        flaws.put(DriftPolicy::Repair, format!("{} is a double of {}", double.id, chosen.id));
    }
    if !is_as_asked(&chosen, request, &mut flaws) || !chosen.available {
        return Ok(sighting(&chosen, Readiness::Not, flaws));
    }
    if !chosen.tags.contains_key(MADE) {
        return Ok(sighting(&chosen, Readiness::Not, flaws));
    }
    let furniture = Furniture::look(visit, &chosen, request).await?;
    furniture.tell(visit.options().remote.drift, &mut flaws);
    Ok(sighting(&chosen, Readiness::Ready, flaws))
}

pub(super) async fn remove(
    visit: &Visit<'_>,
    request: &NetworkRequest,
) -> Result<Sighting<Network>, CallError> {
    match choose(visit, request.container).await? {
        Choice::None => {}
        Choice::One { chosen, doubles } => {
            for vpc in doubles.iter().chain([&chosen]) {
                take_away(visit, vpc).await?;
            }
        }
    }
    visit.aws.recent.forget(&About::Network(request.container));
    Ok(Sighting { found: None, recheck_at: None })
}

/// The VPC of a container, if it has one.
pub(super) async fn find(
    visit: &Visit<'_>,
    container: ContainerId,
) -> Result<Option<Vpc>, CallError> {
    Ok(match choose(visit, container).await? {
        Choice::None => None,
        Choice::One { chosen, .. } => Some(chosen),
    })
}

/// Takes a VPC of ours away with its subnets; what has a living connection stays.
///
/// EC2 deletes the connections of a VPC with it, and asks nobody; and it keeps a VPC for which a
/// stranger's request waits, until somebody rejects that. Source: the Amazon VPC Peering Guide,
/// delete a VPC peering connection.
pub(super) async fn take_away(visit: &Visit<'_>, vpc: &Vpc) -> Result<(), CallError> {
    let peers = choice::peers(visit, &vpc.id).await?;
    if let Some(connection) = peers.living.first() {
        let words = format!("The vpc '{}' has a connection: {}.", vpc.id, connection.id);
        return Err(not_now("DependencyViolation", words));
    }
    for stranger in &peers.asking {
        unless_gone(visit.client.reject_peering(&stranger.id, visit.now).await)?;
    }
    let subnets = match visit.client.describe_subnets(&vpc.id, visit.now).await {
        Err(error) if is_gone(&error) => Vec::new(),
        subnets => subnets?,
    };
    for subnet in subnets.iter().filter(|subnet| visit.is_ours(&subnet.tags)) {
        unless_gone(visit.client.delete_subnet(&subnet.id, visit.now).await)?;
    }
    unless_gone(visit.client.delete_vpc(&vpc.id, visit.now).await)
}

async fn make(visit: &Visit<'_>, request: &NetworkRequest) -> Result<Vpc, CallError> {
    let block = request.spec.block().net().to_string();
    let tags = visit.tags(request.group, request.container, name(request.container));
    let made = visit.client.create_vpc(&block, &tags, visit.now).await;
    let doubt = About::NetworkInDoubt(request.container);
    let made = made.inspect_err(|error| visit.aws.recent.doubt(doubt, error, visit.now))?;
    let until = visit.now.after(SHOWN);
    visit.aws.recent.put(About::Network(request.container), made.id.clone(), until);
    // It is pending in the answer, and most often available a moment later.
    Ok(choice::by_id(visit, &made.id).await?.unwrap_or(made))
}

/// A double comes of a request that was sent twice. One that is used, too, is left to people.
async fn remove_double(
    visit: &Visit<'_>,
    chosen: &Vpc,
    double: Vpc,
    flaws: &mut Flaws,
) -> Result<(), CallError> {
    // Nothing is waited for that was taken away on purpose.
    let (container, recent) = (chosen.tags.get(tags::CONTAINER), &visit.aws.recent);
    let container = container.and_then(|text| ContainerId::parse(text).ok());
    if let Some(about) = container.map(About::Network)
        && recent.get(&about, visit.now).as_ref() == Some(&double.id)
    {
        recent.forget(&about);
    }
    match take_away(visit, &double).await {
        Err(error) if error.code == "DependencyViolation" => {
            let words = format!("{} is a double of {} and is used", double.id, chosen.id);
            flaws.put(DriftPolicy::Report, words);
            Ok(())
        }
        answer => answer,
    }
}

/// Whether the VPC has the addresses of its container. Nothing puts that right.
fn is_as_asked(vpc: &Vpc, request: &NetworkRequest, flaws: &mut Flaws) -> bool {
    let fits = request.spec.block().is_network(&vpc.block);
    if !fits {
        let words = format!("{} has {}, not {}", vpc.id, vpc.block, request.spec.block());
        flaws.put(DriftPolicy::Report, words);
    }
    fits
}

/// What carries the tags of a container is called by it.
fn name(container: ContainerId) -> String {
    format!("peerage-{container}")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Readiness {
    Ready,
    Not,
}

fn sighting(vpc: &Vpc, readiness: Readiness, flaws: Flaws) -> Sighting<Network> {
    let names = NetworkNames::Aws { vpc_id: vpc.id.clone() };
    let ready = readiness == Readiness::Ready;
    Sighting { found: Some(Network { names, ready, drift: flaws.drift() }), recheck_at: None }
}

/// The filters that find what a container has.
pub(super) fn by_container(container: ContainerId) -> (String, String) {
    (format!("tag:{}", tags::CONTAINER), container.to_string())
}
