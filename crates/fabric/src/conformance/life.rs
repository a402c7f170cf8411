//! Laws of a connection from its making until it works.

use std::time::Duration;

use peerage_core::cloud::{Answer, Call, LinkRequest, LinkStatus};
use peerage_core::peering::CustomerNetwork;

use super::stage::{Stage, read_block, renewed};
use super::{ALL, AWS, Breach, Kept, ensure, laws};

laws! {
    Accept, ALL, "A connection that was never made is not there" => not_there;
    Accept, ALL, "With a customer who agrees a connection works in the end" => works;
    Accept, ALL, "A connection that was asked for twice is made once" => made_once;
    Accept, ALL, "Asking for a connection that works changes nothing" => asked_for_again;
    Accept, ALL, "A connection carries the handshake that made it" => carries_its_handshake;
    Accept, ALL, "A connection keeps its id as long as it lives" => keeps_its_id;
    Accept, ALL, "A look changes nothing" => looks_change_nothing;
    Accept, ALL, "Two peerings are two connections" => two_connections;
    Accept, ALL, "A connection that works rests" => rests;
    Accept, ALL, "Nothing changes before the time that was named, and something at it" => on_time;
    Accept, ALL, "A time that is named lies ahead" => lies_ahead;
    Accept, ALL, "A stale handshake is told apart and not replaced" => stale_handshake;
    Accept, ALL, "A connection from a network that is not there is refused" => no_network;
    Accept, ALL, "A call is answered like the request that it holds" => dispatched;
    Accept, ALL, "What is there survives a restart" => survives;
    Manual, ALL, "What waits for a customer survives a restart" => waiting_survives;
    Accept, AWS, "A route is there once the connection works" => routed;
    Accept, AWS, "A route is replaced when another block is asked for" => route_replaced;
}

async fn not_there(stage: &mut Stage) -> Kept {
    let found = stage.look(&stage.link_request(1)).await?.found;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}

async fn works(stage: &mut Stage) -> Kept {
    stage.active(1).await.map(drop)
}

async fn made_once(stage: &mut Stage) -> Kept {
    stage.network(1).await?;
    let request = stage.link_request(1);
    let first = stage.ensure(&request).await?;
    let second = stage.ensure(&request).await?;
    ensure!(first.connection_id == second.connection_id, "{first:?} and {second:?}");
    Ok(())
}

async fn asked_for_again(stage: &mut Stage) -> Kept {
    let (request, link) = stage.active(1).await?;
    let again = stage.ensure(&request).await?;
    ensure!(again == link, "{link:?} became {again:?}");
    Ok(())
}

async fn carries_its_handshake(stage: &mut Stage) -> Kept {
    stage.network(1).await?;
    let request = LinkRequest { handshake: 7, ..stage.link_request(1) };
    let made = stage.ensure(&request).await?;
    let seen = stage.until(&request, LinkStatus::Active).await?;
    ensure!(made.handshake == 7 && seen.handshake == 7, "{made:?}, then {seen:?}");
    Ok(())
}

async fn keeps_its_id(stage: &mut Stage) -> Kept {
    stage.network(1).await?;
    let request = stage.link_request(1);
    let made = stage.ensure(&request).await?;
    let works = stage.until(&request, LinkStatus::Active).await?;
    ensure!(made.connection_id == works.connection_id, "{made:?}, then {works:?}");
    Ok(())
}

async fn looks_change_nothing(stage: &mut Stage) -> Kept {
    stage.network(1).await?;
    let request = stage.link_request(1);
    stage.ensure(&request).await?;
    let first = stage.look(&request).await?;
    let second = stage.look(&request).await?;
    ensure!(first == second, "{first:?}, then {second:?}");
    Ok(())
}

async fn two_connections(stage: &mut Stage) -> Kept {
    let (_, first) = stage.active(1).await?;
    let (_, second) = stage.active(2).await?;
    ensure!(first.connection_id != second.connection_id, "both are {first:?}");
    Ok(())
}

async fn rests(stage: &mut Stage) -> Kept {
    let (request, _) = stage.active(1).await?;
    let sighting = stage.look(&request).await?;
    ensure!(sighting.recheck_at.is_none(), "it will change: {sighting:?}");
    stage.pass(Duration::from_hours(24 * 365));
    let later = stage.look(&request).await?;
    ensure!(later == sighting, "{sighting:?} became {later:?}");
    Ok(())
}

async fn on_time(stage: &mut Stage) -> Kept {
    stage.network(1).await?;
    let request = stage.link_request(1);
    stage.ensure(&request).await?;
    for _ in 0..20 {
        let seen = stage.look(&request).await?;
        let Some(at) = seen.recheck_at else { return Ok(()) };
        let before = at.as_millis() - 1;
        if before >= stage.now.as_millis() {
            let before = peerage_core::time::Timestamp::from_millis(before);
            let early = stage.look_at(&request, before).await?;
            ensure!(early == seen, "{seen:?} was early: {early:?}");
        }
        stage.now = at.max(stage.now);
        let then = stage.look(&request).await?;
        ensure!(then != seen, "{seen:?} did not change");
    }
    Err(Breach("it changes for ever".into()))
}

/// A caller that comes back at a time which has gone by would come back for ever.
async fn lies_ahead(stage: &mut Stage) -> Kept {
    let (network, link) = (stage.network_request(1), stage.link_request(1));
    let told = stage.told_of(&Call::EnsureNetwork(network.clone())).await?;
    ensure!(told.is_none_or(|at| at > stage.now), "the network: {told:?} at {:?}", stage.now);
    stage.network(1).await?;
    for call in [Call::EnsureLink(link.clone()), Call::ObserveLink(link.clone())] {
        let told = stage.told_of(&call).await?;
        ensure!(told.is_none_or(|at| at > stage.now), "{call:?}: {told:?} at {:?}", stage.now);
    }
    stage.until(&link, LinkStatus::Active).await?;
    for call in [Call::RemoveLink(link.clone()), Call::ObserveLink(link.clone())] {
        let told = stage.told_of(&call).await?;
        ensure!(told.is_none_or(|at| at > stage.now), "{call:?}: {told:?} at {:?}", stage.now);
    }
    stage.clear(&link).await?;
    let told = stage.told_of(&Call::RemoveNetwork(network)).await?;
    ensure!(told.is_none_or(|at| at > stage.now), "the network: {told:?} at {:?}", stage.now);
    Ok(())
}

async fn stale_handshake(stage: &mut Stage) -> Kept {
    let (request, link) = stage.active(1).await?;
    let other = LinkRequest { customer: stage.customer(9), ..renewed(&request) };
    let shown = stage.ensure(&other).await?;
    ensure!(shown == link, "{link:?} became {shown:?}");
    Ok(())
}

async fn no_network(stage: &mut Stage) -> Kept {
    let request = stage.link_request(1);
    for _ in 0..20 {
        let answer = stage.fabric.ensure_link(&request, stage.now).await;
        ensure!(answer.is_err(), "made all the same: {answer:?}");
    }
    let found = stage.look(&request).await?.found;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}

async fn dispatched(stage: &mut Stage) -> Kept {
    let (request, link) = stage.active(1).await?;
    for _ in 0..100 {
        match stage.fabric.call(&Call::ObserveLink(request.clone()), stage.now).await {
            Answer::Link(Ok(sighting)) => {
                ensure!(sighting.found.as_ref() == Some(&link), "{sighting:?}");
                return Ok(());
            }
            Answer::Link(Err(_)) => {}
            Answer::Network(answer) => return Err(Breach(format!("a network: {answer:?}"))),
        }
    }
    Err(Breach("no answer".into()))
}

async fn survives(stage: &mut Stage) -> Kept {
    let (request, works) = stage.active(1).await?;
    let other = stage.link_request(2);
    stage.ensure(&other).await?;
    let began = stage.look(&other).await?;
    if !stage.restart().await {
        return Ok(());
    }
    let found = stage.look(&request).await?.found;
    ensure!(found.as_ref() == Some(&works), "{works:?} became {found:?}");
    let goes_on = stage.look(&other).await?;
    ensure!(goes_on == began, "{began:?} became {goes_on:?}");
    stage.until(&other, LinkStatus::Active).await.map(drop)
}

async fn waiting_survives(stage: &mut Stage) -> Kept {
    let (request, _) = stage.standing(1, LinkStatus::AwaitsCustomer).await?;
    let waited = stage.look(&request).await?;
    if !stage.restart().await {
        return Ok(());
    }
    let waits = stage.look(&request).await?;
    ensure!(waits == waited, "{waited:?} became {waits:?}");
    Ok(())
}

async fn routed(stage: &mut Stage) -> Kept {
    stage.network(1).await?;
    let request = with_block(stage.link_request(1), "172.20.0.7/24");
    let made = stage.ensure(&request).await?;
    ensure!(
        made.status == LinkStatus::Active || made.route.is_none(),
        "a route that leads nowhere: {made:?}"
    );
    let works = stage.until(&request, LinkStatus::Active).await?;
    let fits =
        works.route.as_deref().is_some_and(|route| read_block("172.20.0.0/24").is_network(route));
    ensure!(fits, "{works:?}");
    Ok(())
}

async fn route_replaced(stage: &mut Stage) -> Kept {
    let (request, link) = stage.active(1).await?;
    let changed = with_block(request, "172.30.0.0/24");
    let next = stage.ensure(&changed).await?;
    ensure!(next.route.as_deref() == Some("172.30.0.0/24"), "{link:?} became {next:?}");
    ensure!(next.connection_id == link.connection_id, "another one: {next:?}");
    Ok(())
}

fn with_block(request: LinkRequest, block: &str) -> LinkRequest {
    let customer = match request.customer {
        CustomerNetwork::Aws(mut network) => {
            network.block = read_block(block);
            CustomerNetwork::Aws(network)
        }
        other @ (CustomerNetwork::Azure(_) | CustomerNetwork::Gcp(_)) => other,
    };
    LinkRequest { customer, ..request }
}
