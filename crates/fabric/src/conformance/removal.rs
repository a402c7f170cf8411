//! Laws of a connection's removal.

use peerage_core::cloud::{LinkRequest, LinkStatus};

use super::stage::{Stage, renewed};
use super::{ALL, Kept, ensure, laws};

laws! {
    Accept, ALL, "Nothing is left of a connection that was removed" => nothing_is_left;
    Accept, ALL, "A connection can be removed twice" => removed_twice;
    Accept, ALL, "A connection that was never made is removed already" => never_made;
    Accept, ALL, "A connection can be removed while it is being made" => removed_early;
    Accept, ALL, "What is on its way out is shown so and not made again" => shown_on_its_way;
    Accept, ALL, "A removal takes what an older handshake made" => takes_the_older;
    Accept, ALL, "After a removal the next handshake is made" => next_handshake;
    Accept, ALL, "After a removal the same peering works again" => works_again;
    Accept, ALL, "A removal leaves the other connections alone" => leaves_others;
    Manual, ALL, "A connection that waits for its customer can be removed" => removed_waiting;
    Reject, super::AWS, "What was rejected is removed at once" => removed_rejected;
    Reject, super::AZURE, "What was denied is removed at once" => removed_rejected;
}

async fn nothing_is_left(stage: &mut Stage) -> Kept {
    let (request, _) = stage.active(1).await?;
    stage.clear(&request).await?;
    let found = stage.look(&request).await?.found;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}

async fn removed_twice(stage: &mut Stage) -> Kept {
    let (request, _) = stage.active(1).await?;
    stage.clear(&request).await?;
    let found = stage.remove(&request).await?;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}

async fn never_made(stage: &mut Stage) -> Kept {
    let request = stage.link_request(1);
    let found = stage.remove(&request).await?;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}

async fn removed_early(stage: &mut Stage) -> Kept {
    stage.network(1).await?;
    let request = stage.link_request(1);
    stage.ensure(&request).await?;
    stage.clear(&request).await?;
    let found = stage.look(&request).await?.found;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}

async fn shown_on_its_way(stage: &mut Stage) -> Kept {
    let (request, _) = stage.active(1).await?;
    let Some(goes) = stage.remove(&request).await? else { return Ok(()) };
    ensure!(goes.status == LinkStatus::Removing && goes.route.is_none(), "{goes:?}");
    let shown = stage.ensure_now(&request).await?;
    ensure!(shown.as_ref() == Some(&goes), "{goes:?} became {shown:?}");
    stage.clear(&request).await
}

async fn takes_the_older(stage: &mut Stage) -> Kept {
    let (request, _) = stage.active(1).await?;
    let next = LinkRequest { customer: stage.customer(9), ..renewed(&request) };
    stage.clear(&next).await?;
    let found = stage.look(&request).await?.found;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}

async fn next_handshake(stage: &mut Stage) -> Kept {
    let (request, _) = stage.active(1).await?;
    let next = LinkRequest { customer: stage.customer(9), ..renewed(&request) };
    stage.clear(&next).await?;
    let made = stage.ensure(&next).await?;
    ensure!(made.handshake == next.handshake, "{made:?}");
    stage.until(&next, LinkStatus::Active).await.map(drop)
}

async fn works_again(stage: &mut Stage) -> Kept {
    let (request, _) = stage.active(1).await?;
    stage.clear(&request).await?;
    stage.ensure(&request).await?;
    stage.until(&request, LinkStatus::Active).await.map(drop)
}

async fn leaves_others(stage: &mut Stage) -> Kept {
    let (first, _) = stage.active(1).await?;
    let (second, link) = stage.active(2).await?;
    stage.clear(&first).await?;
    let found = stage.look(&second).await?.found;
    ensure!(found.as_ref() == Some(&link), "{link:?} became {found:?}");
    Ok(())
}

async fn removed_waiting(stage: &mut Stage) -> Kept {
    let (request, _) = stage.standing(1, LinkStatus::AwaitsCustomer).await?;
    stage.clear(&request).await
}

async fn removed_rejected(stage: &mut Stage) -> Kept {
    let (request, _) = stage.standing(1, LinkStatus::Rejected).await?;
    let found = stage.remove(&request).await?;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}
