//! Laws of commits: all or nothing, one revision each, lost races as values.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::world::show;
use super::{Breach, Kept, World, ensure, laws};
use crate::port::{Commit, Key, Precondition, Revision, Store, Txn, Write};

laws! {
    "an empty store stands at revision zero" => starts_at_zero,
    "a commit gets a revision larger than every one before" => revisions_grow,
    "everything written by one commit has its revision" => one_revision,
    "a commit happens if all its preconditions hold" => all_hold,
    "a commit is lost at its first precondition that fails" => first_failed,
    "a lost commit writes nothing" => lost_writes_nothing,
    "a lost commit takes no revision" => lost_takes_no_revision,
    "a commit without writes checks and takes no revision" => check_only,
    "deleting only absent keys takes no revision" => absent_deletes,
    "deleting an absent key beside a write is fine" => absent_delete_beside,
    "absent holds for absent and deleted keys only" => absent,
    "exists holds for existing keys only" => exists,
    "modified-at holds at that revision only" => modified_at,
    "modified-at fails for an absent key, also at revision zero" => modified_at_absent,
    "a first write has version one and is created when modified" => created,
    "an overwrite keeps created, moves modified and counts the version" => overwritten,
    "a key deleted and put again begins anew" => recreated,
    "writing the same value again is a change" => same_value,
    "preconditions see the store before the writes beside them" => before_writes,
    "several keys change together" => together,
    "of 64 commits that ask for an absent key one wins" => one_winner,
    "of increments at the same time none is lost" => increments,
    "commits at the same time get revisions of their own" => own_revisions,
    "a read after a commit was answered sees it" => reads_own_writes,
}

async fn starts_at_zero(world: &World<'_>) -> Kept {
    ensure!(world.revision().await? == Revision::ZERO, "it does not");
    Ok(())
}

async fn revisions_grow(world: &World<'_>) -> Kept {
    let mut last = world.revision().await?;
    for _ in 0..3 {
        let next = world.put("a", "1").await?;
        ensure!(next > last, "{next} after {last}");
        ensure!(world.revision().await? == next, "the store is not at {next}");
        last = next;
    }
    Ok(())
}

async fn one_revision(world: &World<'_>) -> Kept {
    let revision = world.write(vec![Write::put("a", "1"), Write::put("b", "2")]).await?;
    for key in ["a", "b"] {
        let modified = world.entry(key).await?.modified;
        ensure!(modified == revision, "{key} is at {modified}, not {revision}");
    }
    Ok(())
}

async fn all_hold(world: &World<'_>) -> Kept {
    let at = world.put("a", "1").await?;
    let (a, b) = (Key::from("a"), Key::from("b"));
    let held = vec![
        Precondition::Exists(a.clone()),
        Precondition::ModifiedAt(a, at),
        Precondition::Absent(b),
    ];
    world.write_if(held, vec![Write::put("b", "2")]).await?;
    ensure!(world.shown("", None).await? == "a=1 b=2", "it did not happen");
    Ok(())
}

async fn first_failed(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let (a, b) = (Key::from("a"), Key::from("b"));
    let asked =
        vec![Precondition::Exists(a.clone()), Precondition::Exists(b), Precondition::Absent(a)];
    let commit = world.commit(asked, vec![Write::put("c", "3")]).await?;
    ensure!(commit == Commit::Lost { failed: 1 }, "{commit:?}");
    Ok(())
}

async fn lost_writes_nothing(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let asked = vec![Precondition::Absent(Key::from("a"))];
    let writes = vec![Write::put("a", "2"), Write::put("b", "2")];
    world.commit(asked, writes).await?;
    let shown = world.shown("", None).await?;
    ensure!(shown == "a=1", "{shown}");
    Ok(())
}

async fn lost_takes_no_revision(world: &World<'_>) -> Kept {
    let before = world.put("a", "1").await?;
    let asked = vec![Precondition::Absent(Key::from("a"))];
    world.commit(asked, vec![Write::put("a", "2")]).await?;
    ensure!(world.revision().await? == before, "it did");
    Ok(())
}

async fn check_only(world: &World<'_>) -> Kept {
    let before = world.put("a", "1").await?;
    let held = world.commit(vec![Precondition::Exists(Key::from("a"))], vec![]).await?;
    ensure!(held == Commit::Done(before), "{held:?}");
    let lost = world.commit(vec![Precondition::Absent(Key::from("a"))], vec![]).await?;
    ensure!(lost == Commit::Lost { failed: 0 }, "{lost:?}");
    ensure!(world.revision().await? == before, "it took a revision");
    Ok(())
}

async fn absent_deletes(world: &World<'_>) -> Kept {
    let before = world.put("a", "1").await?;
    let at = world.write(vec![Write::delete("b"), Write::delete("c")]).await?;
    ensure!(at == before && world.revision().await? == before, "it did");
    Ok(())
}

async fn absent_delete_beside(world: &World<'_>) -> Kept {
    let before = world.revision().await?;
    let at = world.write(vec![Write::delete("b"), Write::put("a", "1")]).await?;
    ensure!(at > before, "no revision");
    ensure!(world.shown("", None).await? == "a=1", "the write did not happen");
    Ok(())
}

async fn holds(world: &World<'_>, precondition: Precondition, expect: bool) -> Kept {
    let commit = world.commit(vec![precondition.clone()], vec![]).await?;
    let held = matches!(commit, Commit::Done(_));
    ensure!(held == expect, "{precondition:?}: {commit:?}");
    Ok(())
}

async fn absent(world: &World<'_>) -> Kept {
    let asked = || Precondition::Absent(Key::from("a"));
    holds(world, asked(), true).await?;
    world.put("a", "1").await?;
    holds(world, asked(), false).await?;
    world.delete("a").await?;
    holds(world, asked(), true).await
}

async fn exists(world: &World<'_>) -> Kept {
    let asked = || Precondition::Exists(Key::from("a"));
    holds(world, asked(), false).await?;
    world.put("a", "1").await?;
    holds(world, asked(), true).await?;
    world.delete("a").await?;
    holds(world, asked(), false).await
}

async fn modified_at(world: &World<'_>) -> Kept {
    let asked = |at| Precondition::ModifiedAt(Key::from("a"), at);
    let first = world.put("a", "1").await?;
    let second = world.put("a", "2").await?;
    holds(world, asked(first), false).await?;
    holds(world, asked(second), true).await?;
    holds(world, asked(second.next()), false).await?;
    world.delete("a").await?;
    holds(world, asked(second), false).await?;
    // It has the version again that it had at first.
    let third = world.put("a", "3").await?;
    holds(world, asked(first), false).await?;
    holds(world, asked(third), true).await
}

async fn modified_at_absent(world: &World<'_>) -> Kept {
    holds(world, Precondition::ModifiedAt(Key::from("a"), Revision::ZERO), false).await
}

async fn created(world: &World<'_>) -> Kept {
    let at = world.put("a", "1").await?;
    let entry = world.entry("a").await?;
    let stands = (entry.created, entry.modified, entry.version, entry.lease);
    ensure!(stands == (at, at, 1, None), "{entry:?}");
    Ok(())
}

async fn overwritten(world: &World<'_>) -> Kept {
    let first = world.put("a", "1").await?;
    world.put("b", "1").await?;
    let second = world.put("a", "2").await?;
    let entry = world.entry("a").await?;
    ensure!((entry.created, entry.modified) == (first, second), "{entry:?}");
    ensure!(entry.version == 2 && show(&[entry]) == "a=2", "version or value is wrong");
    Ok(())
}

async fn recreated(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    world.put("a", "2").await?;
    world.delete("a").await?;
    let at = world.put("a", "3").await?;
    let entry = world.entry("a").await?;
    ensure!((entry.created, entry.version) == (at, 1), "{entry:?}");
    Ok(())
}

async fn same_value(world: &World<'_>) -> Kept {
    let first = world.put("a", "1").await?;
    let second = world.put("a", "1").await?;
    ensure!(second > first && world.entry("a").await?.version == 2, "it is not");
    Ok(())
}

async fn before_writes(world: &World<'_>) -> Kept {
    let asked = vec![Precondition::Absent(Key::from("a"))];
    world.write_if(asked, vec![Write::put("a", "1")]).await?;
    let asked = vec![Precondition::Exists(Key::from("a"))];
    world.write_if(asked, vec![Write::delete("a")]).await?;
    ensure!(world.get("a").await?.is_none(), "it is still there");
    Ok(())
}

async fn together(world: &World<'_>) -> Kept {
    world.write(vec![Write::put("a", "1"), Write::put("b", "1")]).await?;
    let writes = vec![Write::delete("a"), Write::put("b", "2"), Write::put("c", "3")];
    world.write(writes).await?;
    let shown = world.shown("", None).await?;
    ensure!(shown == "b=2 c=3", "{shown}");
    Ok(())
}

/// Runs the same task many times at once.
async fn at_once<T, F>(
    world: &World<'_>,
    count: u8,
    task: impl Fn(Arc<dyn Store>, u8) -> F,
) -> Result<Vec<T>, Breach>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Breach>> + Send + 'static,
{
    let start = |index| tokio::spawn(task(Arc::clone(&world.store), index));
    let tasks: Vec<_> = (0..count).map(start).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.map_err(|error| Breach(error.to_string()))??);
    }
    Ok(results)
}

async fn one_winner(world: &World<'_>) -> Kept {
    let commits = at_once(world, 64, |store, index| async move {
        let preconditions = vec![Precondition::Absent(Key::from("a"))];
        let writes = vec![Write::put("a", vec![index])];
        Ok((index, store.commit(Txn { preconditions, writes }).await?))
    });
    let commits = commits.await?;
    let won = commits.iter().filter(|(_, commit)| matches!(commit, Commit::Done(_)));
    let won: Vec<u8> = won.map(|(index, _)| *index).collect();
    let value = world.entry("a").await?.value;
    ensure!(won.len() == 1 && value.as_bytes() == won, "{won:?} won, {value:?} stayed");
    Ok(())
}

async fn increments(world: &World<'_>) -> Kept {
    const EACH: u32 = 8;
    world.write(vec![Write::put("n", 0_u32.to_be_bytes().as_slice())]).await?;
    let increment = |store: Arc<dyn Store>, _| async move {
        let key = Key::from("n");
        let mut left = EACH;
        while left > 0 {
            let entry = store.get(&key).await?.ok_or(Breach("n is gone".to_owned()))?;
            let bytes: [u8; 4] = entry.value.as_bytes().try_into().unwrap_or_default();
            let next = (u32::from_be_bytes(bytes) + 1).to_be_bytes();
            let preconditions = vec![Precondition::ModifiedAt(key.clone(), entry.modified)];
            let writes = vec![Write::put(key.clone(), next.as_slice())];
            if let Commit::Done(_) = store.commit(Txn { preconditions, writes }).await? {
                left -= 1;
            }
        }
        Ok(())
    };
    at_once(world, 8, increment).await?;
    let value = world.entry("n").await?.value;
    ensure!(value.as_bytes() == (8 * EACH).to_be_bytes(), "{:?}", value.as_bytes());
    Ok(())
}

async fn own_revisions(world: &World<'_>) -> Kept {
    let commits = at_once(world, 32, |store, index| async move {
        Ok(store.commit(Txn::of(vec![Write::put(vec![index], "v")])).await?)
    });
    let commits = commits.await?;
    let revisions: BTreeSet<Revision> = commits
        .iter()
        .filter_map(|commit| match commit {
            Commit::Done(revision) => Some(*revision),
            Commit::Lost { .. } => None,
        })
        .collect();
    ensure!(revisions.len() == 32, "{} revisions for 32 commits", revisions.len());
    Ok(())
}

async fn reads_own_writes(world: &World<'_>) -> Kept {
    for round in 0..50 {
        let value = round.to_string();
        let at = world.put("a", &value).await?;
        let entry = world.entry("a").await?;
        ensure!(entry.modified == at, "{} was read after {at}", entry.modified);
        ensure!(world.revision().await? >= at, "the revision lags behind");
        let shown = world.shown("a", None).await?;
        ensure!(shown == format!("a={value}"), "a list shows {shown}");
    }
    Ok(())
}
