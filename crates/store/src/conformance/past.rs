//! Laws of the past: pages at one revision, and what compaction takes.

use super::world::{refusal, show};
use super::{Kept, World, ensure, laws};
use crate::port::{ErrorKind, Invalid, Key, ListRequest, Order, Revision, Write};

laws! {
    "pages at the first page's revision do not see what was written since" => stable_pages,
    "a past revision shows what was overwritten and deleted since" => past_shown,
    "the past has its versions and revisions" => past_entries,
    "revision zero is empty" => before_everything,
    "a revision still to come cannot be listed" => ahead,
    "a compacted revision stays readable" => compacted_itself,
    "what lies before a compacted revision is refused with the oldest that is kept" => compacted,
    "compacting again, or before, changes nothing" => compact_again,
    "a revision still to come cannot be compacted" => compact_ahead,
    "compaction leaves what is, and the revision, as they are" => compact_keeps,
    "a key deleted before a compaction stays deleted after it" => compact_deleted,
}

async fn stable_pages(world: &World<'_>) -> Kept {
    for order in [Order::Ascending, Order::Descending] {
        for index in 0..6 {
            world.put(&format!("p/{index}"), "old").await?;
        }
        let before = world.list_all("p/", order, 1000, None).await?;
        let request = ListRequest { limit: 2, order, ..ListRequest::prefix("p/") };
        let first = world.store.list(request.clone()).await?;
        let mut writes = vec![Write::put("p/00", "new"), Write::put("p/31", "new")];
        writes.extend([Write::put("p/3", "new"), Write::delete("p/2"), Write::delete("p/5")]);
        world.write(writes).await?;
        world.put("p/2", "again").await?;
        world.delete("p/0").await?;
        let found = world.list_rest(request, first).await?;
        ensure!(found == before, "{order:?}: {}", show(&found));
        world.write(vec![Write::delete("p/00"), Write::delete("p/31")]).await?;
    }
    Ok(())
}

async fn past_shown(world: &World<'_>) -> Kept {
    let start = world.revision().await?;
    let one = world.write(vec![Write::put("a", "1"), Write::put("b", "1")]).await?;
    let two = world.write(vec![Write::put("a", "2"), Write::put("c", "2")]).await?;
    let three = world.delete("b").await?;
    let four = world.put("b", "4").await?;
    world.write(vec![Write::delete("a"), Write::delete("c")]).await?;
    for (at, expect) in [
        (start, ""),
        (one, "a=1 b=1"),
        (two, "a=2 b=1 c=2"),
        (three, "a=2 c=2"),
        (four, "a=2 b=4 c=2"),
    ] {
        let shown = world.shown("", Some(at)).await?;
        ensure!(shown == expect, "at {at}: {shown}");
    }
    ensure!(world.shown("", None).await? == "b=4", "now");
    Ok(())
}

async fn past_entries(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let at = world.put("a", "2").await?;
    let then = world.entry("a").await?;
    world.put("a", "3").await?;
    world.delete("a").await?;
    let found = world.list_all("a", Order::Ascending, 10, Some(at)).await?;
    ensure!(found == vec![then], "{found:?}");
    Ok(())
}

async fn before_everything(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let shown = world.shown("", Some(Revision::ZERO)).await?;
    ensure!(shown.is_empty(), "{shown}");
    Ok(())
}

async fn ahead(world: &World<'_>) -> Kept {
    let current = world.put("a", "1").await?;
    let asked = current.next();
    let request = ListRequest { at: Some(asked), ..ListRequest::default() };
    let kind = refusal(world.store.list(request).await)?;
    ensure!(kind == ErrorKind::Invalid(Invalid::Ahead { asked, current }), "{kind}");
    Ok(())
}

async fn compacted_itself(world: &World<'_>) -> Kept {
    world.write(vec![Write::put("a", "1"), Write::put("b", "1")]).await?;
    let at = world.write(vec![Write::put("a", "2"), Write::delete("b")]).await?;
    world.write(vec![Write::put("a", "3"), Write::put("b", "3")]).await?;
    world.store.compact(at).await?;
    let shown = world.shown("", Some(at)).await?;
    ensure!(shown == "a=2", "{shown}");
    Ok(())
}

async fn compacted(world: &World<'_>) -> Kept {
    let gone = world.put("a", "1").await?;
    let oldest = world.put("a", "2").await?;
    world.put("a", "3").await?;
    world.store.compact(oldest).await?;
    let request = ListRequest { at: Some(gone), ..ListRequest::default() };
    let kind = refusal(world.store.list(request).await)?;
    ensure!(kind == ErrorKind::Compacted { oldest }, "{kind}");
    Ok(())
}

async fn compact_again(world: &World<'_>) -> Kept {
    let first = world.put("a", "1").await?;
    let second = world.put("a", "2").await?;
    world.put("a", "3").await?;
    for at in [second, second, first, Revision::ZERO] {
        world.store.compact(at).await?;
    }
    ensure!(world.shown("", Some(second)).await? == "a=2", "{second} is gone");
    Ok(())
}

async fn compact_ahead(world: &World<'_>) -> Kept {
    let current = world.put("a", "1").await?;
    let asked = current.next();
    let kind = refusal(world.store.compact(asked).await)?;
    ensure!(kind == ErrorKind::Invalid(Invalid::Ahead { asked, current }), "{kind}");
    Ok(())
}

async fn compact_keeps(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    world.put("a", "2").await?;
    let at = world.put("b", "1").await?;
    let before = world.list_all("", Order::Ascending, 10, None).await?;
    world.store.compact(at).await?;
    let after = world.list_all("", Order::Ascending, 10, None).await?;
    ensure!(before == after, "{} became {}", show(&before), show(&after));
    ensure!(world.revision().await? == at, "the revision moved");
    Ok(())
}

async fn compact_deleted(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let at = world.delete("a").await?;
    world.store.compact(at).await?;
    ensure!(world.get("a").await?.is_none(), "it is back");
    ensure!(world.store.count(&Key::default()).await?.0 == 0, "it is counted");
    ensure!(world.shown("", Some(at)).await?.is_empty(), "it is listed");
    world.put("a", "2").await?;
    ensure!(world.entry("a").await?.version == 1, "it did not begin anew");
    Ok(())
}
