//! Laws of the other party: nothing passes its turn, and what it does is seen.

use std::time::Duration;

use peerage_core::cloud::LinkStatus;
use peerage_core::provider::Provider;

use super::stage::{Stage, renewed};
use super::{ALL, AWS, AZURE, Breach, GCP, Kept, ensure, laws};
use crate::emulated::CustomerAct;

laws! {
    Manual, ALL, "A connection waits for a customer who does nothing" => waits;
    Manual, ALL, "A connection works after its customer has agreed" => agreed;
    Manual, AWS, "A customer can reject" => rejected;
    Manual, AZURE, "A customer can deny the role" => rejected;
    Manual, GCP, "A customer of GCP cannot reject" => cannot_reject;
    Reject, GCP, "A connection to a customer of GCP who rejects waits" => waits;
    Manual, ALL, "A customer cannot take away what never worked" => nothing_to_take;
    Accept, ALL, "It is seen that a customer has taken its side away" => taken_away;
    Accept, ALL, "What a customer cut off works again after it was made again" => made_again;
    Reject, AWS, "A rejection answers the handshake that was rejected" => stays_rejected;
    Reject, AZURE, "A denial answers the handshake that was denied" => stays_rejected;
    Reject, AWS, "After a rejection the next handshake is made" => asked_once_more;
    Reject, AZURE, "After a denial the next handshake is made" => asked_once_more;
    Ignore, AWS, "A request that nobody answers expires" => expires;
    Ignore, AZURE, "A role that nobody gives is waited for" => waits;
    Ignore, GCP, "A half that nobody makes is waited for" => waits;
}

async fn waits(stage: &mut Stage) -> Kept {
    let (request, link) = stage.standing(1, LinkStatus::AwaitsCustomer).await?;
    stage.pass(Duration::from_hours(167));
    let found = stage.look(&request).await?.found;
    ensure!(found.as_ref() == Some(&link), "{link:?} became {found:?}");
    Ok(())
}

async fn agreed(stage: &mut Stage) -> Kept {
    let (request, _) = stage.standing(1, LinkStatus::AwaitsCustomer).await?;
    let done = stage.act(&request, CustomerAct::Accept).await;
    ensure!(done.is_ok(), "{done:?}");
    stage.until(&request, LinkStatus::Active).await.map(drop)
}

async fn rejected(stage: &mut Stage) -> Kept {
    let (request, _) = stage.standing(1, LinkStatus::AwaitsCustomer).await?;
    let done = stage.act(&request, CustomerAct::Reject).await;
    ensure!(done.is_ok(), "{done:?}");
    stage.until(&request, LinkStatus::Rejected).await.map(drop)
}

async fn cannot_reject(stage: &mut Stage) -> Kept {
    let (request, link) = stage.standing(1, LinkStatus::AwaitsCustomer).await?;
    let done = stage.act(&request, CustomerAct::Reject).await;
    ensure!(done.is_err(), "it could");
    let found = stage.look(&request).await?.found;
    ensure!(found.as_ref() == Some(&link), "{link:?} became {found:?}");
    Ok(())
}

async fn nothing_to_take(stage: &mut Stage) -> Kept {
    let (request, link) = stage.standing(1, LinkStatus::AwaitsCustomer).await?;
    let done = stage.act(&request, CustomerAct::Delete).await;
    ensure!(done.is_err(), "it could");
    let found = stage.look(&request).await?.found;
    ensure!(found.as_ref() == Some(&link), "{link:?} became {found:?}");
    Ok(())
}

async fn taken_away(stage: &mut Stage) -> Kept {
    let (request, _) = stage.active(1).await?;
    let done = stage.act(&request, CustomerAct::Delete).await;
    ensure!(done.is_ok(), "{done:?}");
    let status = match stage.cloud {
        Provider::Aws | Provider::Azure => LinkStatus::Severed,
        Provider::Gcp => LinkStatus::AwaitsCustomer,
    };
    stage.until(&request, status).await.map(drop)
}

async fn made_again(stage: &mut Stage) -> Kept {
    let (request, _) = stage.active(1).await?;
    let done = stage.act(&request, CustomerAct::Delete).await;
    ensure!(done.is_ok(), "{done:?}");
    stage.clear(&request).await?;
    stage.ensure(&request).await?;
    stage.until(&request, LinkStatus::Active).await.map(drop)
}

async fn stays_rejected(stage: &mut Stage) -> Kept {
    let (request, link) = stage.standing(1, LinkStatus::Rejected).await?;
    let again = stage.ensure(&request).await?;
    ensure!(again == link, "{link:?} became {again:?}");
    Ok(())
}

async fn asked_once_more(stage: &mut Stage) -> Kept {
    let (request, _) = stage.standing(1, LinkStatus::Rejected).await?;
    let next = renewed(&request);
    let made = stage.ensure(&next).await?;
    ensure!(made.handshake == next.handshake, "{made:?}");
    stage.until(&next, LinkStatus::Rejected).await.map(drop)
}

async fn expires(stage: &mut Stage) -> Kept {
    let (request, _) = stage.standing(1, LinkStatus::AwaitsCustomer).await?;
    let Some(at) = stage.look(&request).await?.recheck_at else {
        return Err(Breach("no time was named".into()));
    };
    stage.now = at;
    stage.until(&request, LinkStatus::Expired).await.map(drop)
}
