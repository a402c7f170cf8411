//! Laws of what a cloud does not take: addresses that overlap, and networks that are taken.

use peerage_core::cloud::{LinkRequest, LinkStatus, NetworkRequest, Remedy};
use peerage_core::provider::Provider;

use super::stage::Stage;
use super::{ALL, Kept, ensure, laws};

const REFUSING: [Provider; 2] = [Provider::Azure, Provider::Gcp];

laws! {
    Accept, REFUSING, "Two ways from the same addresses to one network are one too many" => one_way;
    Accept, super::AWS, "Two projects can peer with one network of AWS" => two_ways;
    Accept, REFUSING, "What was refused is removed at once" => refused_is_nothing;
    Accept, ALL, "A pair of networks has one connection" => one_for_a_pair;
}

/// A request from our second network, with the addresses of the first, to the first customer.
async fn rival(stage: &mut Stage) -> Result<LinkRequest, super::Breach> {
    let spec = stage.network_request(1).spec;
    let second = NetworkRequest { spec, ..stage.network_request(2) };
    stage.ready(&second).await?;
    let first = stage.link_request(1);
    Ok(LinkRequest {
        group: second.group,
        container: second.container,
        customer: first.customer,
        ..stage.link_request(2)
    })
}

async fn one_way(stage: &mut Stage) -> Kept {
    let (request, link) = stage.active(1).await?;
    let rival = rival(stage).await?;
    let words = stage.refused(&rival).await?;
    ensure!(!words.is_empty(), "without a word");
    let found = stage.look(&request).await?.found;
    ensure!(found.as_ref() == Some(&link), "{link:?} became {found:?}");
    Ok(())
}

async fn two_ways(stage: &mut Stage) -> Kept {
    stage.active(1).await?;
    let rival = rival(stage).await?;
    stage.ensure(&rival).await?;
    stage.until(&rival, LinkStatus::Active).await.map(drop)
}

async fn refused_is_nothing(stage: &mut Stage) -> Kept {
    stage.active(1).await?;
    let rival = rival(stage).await?;
    stage.refused(&rival).await?;
    let found = stage.remove(&rival).await?;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}

async fn one_for_a_pair(stage: &mut Stage) -> Kept {
    let (first, _) = stage.active(1).await?;
    let twin = LinkRequest { customer: first.customer.clone(), ..stage.link_request(2) };
    for _ in 0..20 {
        match stage.fabric.ensure_link(&twin, stage.now).await {
            Ok(sighting) => ensure!(sighting.found.is_none(), "a second one: {sighting:?}"),
            Err(error) => ensure!(error.remedy != Remedy::GiveUp, "for good: {error}"),
        }
    }
    stage.clear(&first).await?;
    stage.ensure(&twin).await?;
    stage.until(&twin, LinkStatus::Active).await.map(drop)
}
