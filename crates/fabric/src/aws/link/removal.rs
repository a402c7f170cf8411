//! Giving a connection up: our routes first, so that none of them leads nowhere, then the
//! connection itself, as soon as it is in a state that takes it. It is marked as given up, and so
//! is what EC2 only remembers, so that neither is an answer to a handshake that asks again.

use std::collections::BTreeSet;

use peerage_core::cloud::{CallError, Link, LinkRequest, LinkStatus, NetworkNames, Sighting};

use super::super::ec2::{PeeringConnection, RouteTable, State};
use super::super::network;
use super::super::recent::About;
use super::super::visit::{Visit, is_gone, unless_gone};
use super::{RELEASED, as_it_is, block_text, choice, customer, handshake, is_refusal};

pub(in super::super) async fn remove(
    visit: &Visit<'_>,
    request: &LinkRequest,
) -> Result<Sighting<Link>, CallError> {
    let mine = choice::known(visit, request.peering).await?;
    let mut vpcs: BTreeSet<String> = mine.iter().map(|one| one.requester.vpc.clone()).collect();
    vpcs.extend(our_vpc(visit, request).await?);
    let ids: BTreeSet<&str> = mine.iter().map(|one| one.id.as_str()).collect();
    let block = block_text(&customer(request)?.block);
    for vpc in &vpcs {
        clear_routes(visit, vpc, &ids, Some(&block)).await?;
    }
    for memory in mine.iter().filter(|one| one.state.is_over()) {
        release_memory(visit, memory).await?;
    }
    let left = take_away(visit, &mine).await?;
    if left.is_none() {
        visit.aws.recent.forget(&About::Link(request.peering));
    }
    Ok(Sighting { found: left, recheck_at: None })
}

/// Takes routes out of the tables of a VPC: those through the connections, and those for `block`
/// that lead to a connection which EC2 has forgotten.
pub(in super::super) async fn clear_routes(
    visit: &Visit<'_>,
    vpc: &str,
    ids: &BTreeSet<&str>,
    block: Option<&str>,
) -> Result<(), CallError> {
    let tables = match visit.client.describe_route_tables(vpc, visit.now).await {
        Err(error) if is_gone(&error) => return Ok(()),
        tables => tables?,
    };
    let forgotten = match block {
        Some(block) => forgotten(visit, &tables, ids, block).await?,
        None => BTreeSet::new(),
    };
    for table in &tables {
        for route in &table.routes {
            let target = route.target.as_str();
            if ids.contains(target) || (forgotten.contains(target) && route.blackhole) {
                let deleted = visit.client.delete_route(&table.id, &route.destination, visit.now);
                unless_gone(deleted.await)?;
            }
        }
    }
    Ok(())
}

/// Deletes what lives and answers what is left of it, if anything. It is marked before as given up,
/// so that no handshake takes its end for an answer of the customer's.
pub(in super::super) async fn take_away(
    visit: &Visit<'_>,
    connections: &[PeeringConnection],
) -> Result<Option<Link>, CallError> {
    let mut left: Vec<Link> = Vec::new();
    for connection in connections.iter().filter(|one| !one.state.is_over()) {
        if !connection.state.is_deletable() {
            left.push(as_it_is(connection));
            continue;
        }
        release(visit, connection).await?;
        unless_gone(visit.client.delete_peering(&connection.id, visit.now).await)?;
        left.extend(after_deletion(visit, connection).await?);
    }
    left.sort_by(|a, b| a.connection_id.cmp(&b.connection_id));
    Ok(left.into_iter().next())
}

/// Takes away the connections of a peering that should not be, with their routes.
pub(super) async fn remove_doubles(
    visit: &Visit<'_>,
    doubles: &[PeeringConnection],
) -> Result<(), CallError> {
    for double in doubles.iter().filter(|double| double.state.is_deletable()) {
        let ids = [double.id.as_str()].into();
        clear_routes(visit, &double.requester.vpc, &ids, None).await?;
        unless_gone(visit.client.delete_peering(&double.id, visit.now).await)?;
    }
    Ok(())
}

/// What a connection looks like that was deleted just now; a look that is late shows it alive.
async fn after_deletion(
    visit: &Visit<'_>,
    connection: &PeeringConnection,
) -> Result<Option<Link>, CallError> {
    let shown = visit.client.describe_peering(&connection.id, visit.now).await?;
    Ok(match shown {
        None => None,
        Some(shown) if shown.state.is_over() => None,
        Some(shown) if shown.state == State::Deleting => Some(as_it_is(&shown)),
        Some(shown) => Some(Link { status: LinkStatus::Removing, ..as_it_is(&shown) }),
    })
}

async fn release(visit: &Visit<'_>, connection: &PeeringConnection) -> Result<(), CallError> {
    if choice::is_released(connection) {
        return Ok(());
    }
    let mark = [(RELEASED, handshake(connection).to_string())];
    visit.client.create_tags(&connection.id, &mark, visit.now).await
}

/// EC2 may take no tags for what it only remembers. Then the memory stands until it fades, and a
/// changed network, which begins another handshake, is free of it at once.
async fn release_memory(visit: &Visit<'_>, memory: &PeeringConnection) -> Result<(), CallError> {
    match release(visit, memory).await {
        Err(error) if is_gone(&error) || is_refusal(&error) => Ok(()),
        answer => answer,
    }
}

/// Our VPC, if it is known or can be found.
async fn our_vpc(visit: &Visit<'_>, request: &LinkRequest) -> Result<Option<String>, CallError> {
    if let Some(NetworkNames::Aws { vpc_id }) = &request.names {
        return Ok(Some(vpc_id.clone()));
    }
    Ok(network::find(visit, request.container).await?.map(|vpc| vpc.id))
}

/// Connections that routes for `block` lead to and that EC2 shows no longer, or as over.
async fn forgotten(
    visit: &Visit<'_>,
    tables: &[RouteTable],
    ids: &BTreeSet<&str>,
    block: &str,
) -> Result<BTreeSet<String>, CallError> {
    let dead = tables.iter().flat_map(|table| &table.routes).filter(|route| {
        route.blackhole && route.destination == block && route.target.starts_with("pcx-")
    });
    let targets: BTreeSet<&str> = dead.map(|route| route.target.as_str()).collect();
    let mut forgotten = BTreeSet::new();
    for target in targets.difference(ids) {
        let shown = visit.client.describe_peering(target, visit.now).await?;
        if shown.is_none_or(|shown| shown.state.is_over()) {
            forgotten.insert((*target).to_owned());
        }
    }
    Ok(forgotten)
}
