//! Laws of the end of a store, and of its next beginning. An engine from which nothing survives
//! keeps the second kind by having none.

use std::time::Duration;

use super::world::{refusal, told};
use super::{Kept, World, ensure, laws};
use crate::port::{ErrorKind, Key, ListRequest, Order, Revision, Txn, Write};

laws! {
    "a closed store says that it is closed" => closed,
    "closing ends a watch that waits" => closing_ends_watches,
    "entries are found again as they were" => entries_survive,
    "revisions go on from where they were" => revisions_go_on,
    "the past is found again" => past_survives,
    "a watch can be resumed in the next life" => watch_survives,
    "what was compacted stays compacted" => compaction_survives,
    "leases live on, and still end" => leases_survive,
}

async fn closed(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    world.store.close().await;
    world.store.close().await;
    let key = Key::from("a");
    let txn = Txn::of(vec![Write::put("a", "2")]);
    for kind in [
        refusal(world.store.commit(txn).await)?,
        refusal(world.store.get(&key).await)?,
        refusal(world.store.list(ListRequest::default()).await)?,
        refusal(world.store.count(&key).await)?,
        refusal(world.store.revision().await)?,
        refusal(world.store.grant(Duration::from_secs(1)).await)?,
        refusal(world.first_told("", Revision(1)).await)?,
    ] {
        ensure!(kind == ErrorKind::Closed, "{kind}");
    }
    Ok(())
}

async fn closing_ends_watches(world: &World<'_>) -> Kept {
    let mut watch = world.watch("", Revision(1)).await?;
    let waiting = tokio::spawn(async move { watch.next().await });
    tokio::task::yield_now().await;
    world.store.close().await;
    let answer = waiting.await.map_err(|error| super::Breach(error.to_string()))?;
    let kind = refusal(answer)?;
    ensure!(kind == ErrorKind::Closed, "{kind}");
    Ok(())
}

/// The store in its next life, if it has one.
async fn reopened<'a>(world: &World<'a>) -> Option<World<'a>> {
    world.store.close().await;
    let store = world.subject.reopen(&world.store).await?;
    Some(World { store, subject: world.subject })
}

async fn entries_survive(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    world.put("a", "2").await?;
    world.write(vec![Write::put(vec![0, 255], vec![0, 255]), Write::put("c", "")]).await?;
    world.delete("c").await?;
    let before = world.list_all("", Order::Ascending, 10, None).await?;
    let Some(world) = reopened(world).await else { return Ok(()) };
    let after = world.list_all("", Order::Ascending, 10, None).await?;
    world.store.close().await;
    ensure!(before == after, "{after:?}");
    Ok(())
}

async fn revisions_go_on(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let before = world.delete("a").await?;
    let Some(world) = reopened(world).await else { return Ok(()) };
    let found = world.revision().await?;
    let next = world.put("a", "2").await?;
    world.store.close().await;
    ensure!(found == before && next > before, "{found}, then {next}, after {before}");
    Ok(())
}

async fn past_survives(world: &World<'_>) -> Kept {
    let at = world.write(vec![Write::put("a", "1"), Write::put("b", "1")]).await?;
    world.write(vec![Write::put("a", "2"), Write::delete("b")]).await?;
    let Some(world) = reopened(world).await else { return Ok(()) };
    let shown = world.shown("", Some(at)).await?;
    world.store.close().await;
    ensure!(shown == "a=1 b=1", "{shown}");
    Ok(())
}

async fn watch_survives(world: &World<'_>) -> Kept {
    let first = world.put("a", "1").await?;
    world.put("a", "2").await?;
    let Some(world) = reopened(world).await else { return Ok(()) };
    let mut watch = world.watch("a", first.next()).await?;
    world.put("a", "3").await?;
    for expect in ["a=2", "a=3"] {
        let batch = watch.next().await?;
        ensure!(told(&batch) == expect, "{}", told(&batch));
    }
    world.store.close().await;
    Ok(())
}

async fn compaction_survives(world: &World<'_>) -> Kept {
    let gone = world.put("a", "1").await?;
    let oldest = world.put("a", "2").await?;
    world.store.compact(oldest).await?;
    let Some(world) = reopened(world).await else { return Ok(()) };
    let request = ListRequest { at: Some(gone), ..ListRequest::default() };
    let kind = refusal(world.store.list(request).await)?;
    let watched = refusal(world.first_told("a", gone).await)?;
    world.store.close().await;
    ensure!(kind == ErrorKind::Compacted { oldest }, "a list: {kind}");
    ensure!(watched == ErrorKind::Compacted { oldest }, "a watch: {watched}");
    Ok(())
}

async fn leases_survive(world: &World<'_>) -> Kept {
    let lease = world.store.grant(Duration::from_secs(10)).await?;
    let at = world.write(vec![Write::put_leased("a", "1", lease)]).await?;
    let Some(world) = reopened(world).await else { return Ok(()) };
    ensure!(world.entry("a").await?.lease == Some(lease), "the key is not under it");
    let mut watch = world.watch("a", at.next()).await?;
    world.subject.pass(Duration::from_secs(11)).await;
    let batch = watch.next().await?;
    let other = world.store.grant(Duration::from_secs(10)).await?;
    world.store.close().await;
    ensure!(told(&batch) == "-a", "{}", told(&batch));
    ensure!(other != lease, "its name is used again");
    Ok(())
}
