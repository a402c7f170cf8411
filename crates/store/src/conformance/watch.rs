//! Laws of watches: each commit once, whole, in order; or a clear word that this cannot be.

use std::sync::Arc;
use std::time::Duration;

use super::world::{refusal, told};
use super::{Breach, Kept, World, ensure, laws};
use crate::port::{
    ErrorKind, Key, ListRequest, Order, Precondition, Revision, Store, Txn, WatchEvent, Write,
};

laws! {
    "a watch tells commits in order" => in_order,
    "a watch tells a commit whole" => whole,
    "a watch tells what lies below its prefix only" => prefix_only,
    "a watch tells a deletion" => deletion,
    "a watch tells entries as they were written, not as they are" => as_written,
    "a watch can begin in the past" => from_past,
    "a watch can begin in the future" => from_future,
    "a watch can be resumed after the last commit it told" => resumed,
    "a watch is not told of lost, empty and refused commits" => untold,
    "two watches are told the same" => two,
    "a watch that waits is told" => waits,
    "giving up a wait loses nothing" => wait_given_up,
    "a watch that fell far behind is told everything" => far_behind,
    "a watch from before a compaction says so" => compacted,
    "a watch from after a compaction tells everything" => after_compaction,
    "a list and a watch from the revision after it miss nothing" => list_then_watch,
}

async fn in_order(world: &World<'_>) -> Kept {
    let mut watch = world.watch("", world.revision().await?.next()).await?;
    for value in ["1", "2", "3"] {
        let at = world.put("a", value).await?;
        let batch = watch.next().await?;
        ensure!(batch.revision == at, "{} instead of {at}", batch.revision);
        ensure!(told(&batch) == format!("a={value}"), "{}", told(&batch));
    }
    Ok(())
}

async fn whole(world: &World<'_>) -> Kept {
    world.put("c", "0").await?;
    let from = world.revision().await?.next();
    let writes = vec![
        Write::put("a", "1"),
        Write::put("b", "1"),
        Write::delete("c"),
        Write::delete("never"),
    ];
    world.write(writes).await?;
    world.put("d", "2").await?;
    let mut batch = world.first_told("", from).await?;
    batch.events.sort_by(|one, other| one.key().cmp(other.key()));
    ensure!(told(&batch) == "a=1 b=1 -c", "{}", told(&batch));
    Ok(())
}

async fn prefix_only(world: &World<'_>) -> Kept {
    let mut watch = world.watch("p/", Revision(1)).await?;
    world.put("p", "1").await?;
    world.put("p0", "1").await?;
    world.write(vec![Write::put("o", "1"), Write::put("p/a", "1"), Write::put("q", "1")]).await?;
    let batch = watch.next().await?;
    ensure!(told(&batch) == "p/a=1", "{}", told(&batch));
    Ok(())
}

async fn deletion(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let at = world.delete("a").await?;
    let batch = world.first_told("", at).await?;
    ensure!(batch.revision == at && told(&batch) == "-a", "{}", told(&batch));
    Ok(())
}

async fn as_written(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let at = world.put("a", "2").await?;
    let then = world.entry("a").await?;
    world.put("a", "3").await?;
    let batch = world.first_told("a", at).await?;
    ensure!(batch.events == vec![WatchEvent::Put(then)], "{:?}", batch.events);
    Ok(())
}

async fn from_past(world: &World<'_>) -> Kept {
    for value in ["1", "2", "3"] {
        world.put("a", value).await?;
    }
    for from in [Revision::ZERO, Revision(1)] {
        let mut watch = world.watch("a", from).await?;
        for value in ["1", "2", "3"] {
            let batch = watch.next().await?;
            ensure!(told(&batch) == format!("a={value}"), "from {from}: {}", told(&batch));
        }
    }
    Ok(())
}

async fn from_future(world: &World<'_>) -> Kept {
    let first = world.put("a", "1").await?;
    let mut watch = world.watch("a", Revision(first.0 + 3)).await?;
    let mut at = first;
    while at.0 < first.0 + 3 {
        at = world.put("a", "2").await?;
    }
    let batch = watch.next().await?;
    ensure!(batch.revision >= Revision(first.0 + 3), "told {}", batch.revision);
    Ok(())
}

async fn resumed(world: &World<'_>) -> Kept {
    for value in ["1", "2", "3"] {
        world.put("a", value).await?;
    }
    let mut from = Revision(1);
    for value in ["1", "2", "3"] {
        let batch = world.first_told("a", from).await?;
        ensure!(told(&batch) == format!("a={value}"), "{}", told(&batch));
        from = batch.revision.next();
    }
    Ok(())
}

async fn untold(world: &World<'_>) -> Kept {
    let from = world.put("a", "1").await?.next();
    let mut watch = world.watch("", from).await?;
    let absent = vec![Precondition::Absent(Key::from("a"))];
    world.commit(absent, vec![Write::put("a", "lost")]).await?;
    world.write(vec![]).await?;
    world.delete("never").await?;
    refusal(world.commit(vec![], vec![Write::put("", "refused")]).await)?;
    world.put("b", "2").await?;
    let batch = watch.next().await?;
    ensure!(told(&batch) == "b=2", "{}", told(&batch));
    Ok(())
}

async fn two(world: &World<'_>) -> Kept {
    let mut one = world.watch("", Revision(1)).await?;
    world.put("a", "1").await?;
    let mut other = world.watch("", Revision(1)).await?;
    world.put("b", "2").await?;
    for _ in 0..2 {
        let (here, there) = (one.next().await?, other.next().await?);
        ensure!(here == there, "{} and {}", told(&here), told(&there));
    }
    Ok(())
}

async fn waits(world: &World<'_>) -> Kept {
    let mut watch = world.watch("a", Revision(1)).await?;
    let waiting = tokio::spawn(async move { watch.next().await });
    tokio::task::yield_now().await;
    world.put("b", "1").await?;
    world.put("a", "1").await?;
    let batch = waiting.await.map_err(|error| Breach(error.to_string()))??;
    ensure!(told(&batch) == "a=1", "{}", told(&batch));
    Ok(())
}

async fn wait_given_up(world: &World<'_>) -> Kept {
    let mut watch = world.watch("", Revision(1)).await?;
    for value in ["1", "2", "3"] {
        let wait = tokio::time::timeout(Duration::from_millis(1), watch.next()).await;
        ensure!(wait.is_err(), "told before it happened");
        world.put("a", value).await?;
        let batch = watch.next().await?;
        ensure!(told(&batch) == format!("a={value}"), "{}", told(&batch));
    }
    Ok(())
}

async fn far_behind(world: &World<'_>) -> Kept {
    const COMMITS: usize = 40;
    let mut watch = world.watch("", world.revision().await?.next()).await?;
    let mut expected = Vec::new();
    // More than a store should keep in memory for one watch.
    for index in 0..COMMITS {
        let mut value = vec![0; 1024 * 1024];
        value[0] = u8::try_from(index).unwrap_or(u8::MAX);
        expected.push(world.write(vec![Write::put("large", value)]).await?);
    }
    for (index, at) in expected.into_iter().enumerate() {
        let batch = watch.next().await?;
        ensure!(batch.revision == at, "{} instead of {at}", batch.revision);
        let WatchEvent::Put(entry) = &batch.events[0] else {
            return Err(Breach("a deletion".to_owned()));
        };
        ensure!(usize::from(entry.value.as_bytes()[0]) == index, "another value at {at}");
    }
    Ok(())
}

async fn compacted(world: &World<'_>) -> Kept {
    let gone = world.put("a", "1").await?;
    let oldest = world.put("a", "2").await?;
    world.put("a", "3").await?;
    world.store.compact(oldest).await?;
    let kind = refusal(world.first_told("a", gone).await)?;
    ensure!(kind == ErrorKind::Compacted { oldest }, "{kind}");
    Ok(())
}

async fn after_compaction(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let at = world.put("a", "2").await?;
    world.put("a", "3").await?;
    world.store.compact(at).await?;
    let batch = world.first_told("a", at.next()).await?;
    ensure!(told(&batch) == "a=3", "{}", told(&batch));
    Ok(())
}

async fn list_then_watch(world: &World<'_>) -> Kept {
    const COMMITS: u64 = 100;
    let store = Arc::clone(&world.store);
    let writer = tokio::spawn(async move { count_up(&*store, COMMITS).await });
    let entries = world.list_all("n", Order::Ascending, 10, None).await?;
    let page = world.store.list(ListRequest::prefix("n")).await?;
    drop(entries);
    let mut version = page.entries.first().map_or(0, |entry| entry.version);
    let mut watch = world.watch("n", page.revision.next()).await?;
    while version < COMMITS {
        for event in watch.next().await?.events {
            let WatchEvent::Put(entry) = event else { continue };
            ensure!(entry.version == version + 1, "{} after {version}", entry.version);
            version = entry.version;
        }
    }
    writer.await.map_err(|error| Breach(error.to_string()))?
}

async fn count_up(store: &dyn Store, commits: u64) -> Kept {
    for index in 0..commits {
        store.commit(Txn::of(vec![Write::put("n", index.to_string())])).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}
