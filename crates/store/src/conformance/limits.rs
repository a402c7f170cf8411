//! Laws of limits: they are the same for every engine, and a refusal changes nothing.

use super::world::refusal;
use super::{Kept, World, ensure, laws};
use crate::port::{
    ErrorKind, Invalid, KEY_BYTES_MAX, Key, Limit, OPERATIONS_MAX, Precondition, TXN_BYTES_MAX,
    VALUE_BYTES_MAX, Write,
};

laws! {
    "a key has at least one byte" => empty_key,
    "a key has at most 512 bytes" => long_key,
    "a value has at most a mebibyte" => large_value,
    "a commit has at most 128 writes" => many_writes,
    "a commit has at most 128 preconditions" => many_preconditions,
    "a commit has at most one and a half mebibytes" => large_commit,
    "a key is written at most once in a commit" => written_twice,
    "at most 128 keys are read together" => many_keys,
    "a commit that is refused changes nothing" => refused_changes_nothing,
}

/// Whether a commit of these writes is refused for this limit and nothing is left of it.
async fn too_large(world: &World<'_>, writes: Vec<Write>, expect: Limit) -> Kept {
    let kind = refusal(world.commit(vec![], writes).await)?;
    let is = matches!(kind, ErrorKind::TooLarge { limit, .. } if limit == expect);
    ensure!(is, "{kind}");
    Ok(())
}

async fn empty_key(world: &World<'_>) -> Kept {
    let kind = refusal(world.commit(vec![], vec![Write::put("", "1")]).await)?;
    ensure!(kind == ErrorKind::Invalid(Invalid::EmptyKey), "{kind}");
    let asked = vec![Precondition::Absent(Key::default())];
    let kind = refusal(world.commit(asked, vec![]).await)?;
    ensure!(kind == ErrorKind::Invalid(Invalid::EmptyKey), "{kind}");
    Ok(())
}

async fn long_key(world: &World<'_>) -> Kept {
    let key = "k".repeat(KEY_BYTES_MAX);
    world.put(&key, "1").await?;
    world.entry(&key).await?;
    too_large(world, vec![Write::put(key + "k", "1")], Limit::KeyBytes).await
}

async fn large_value(world: &World<'_>) -> Kept {
    let value = vec![7; VALUE_BYTES_MAX];
    world.write(vec![Write::put("a", value.clone())]).await?;
    ensure!(world.entry("a").await?.value.as_bytes() == value, "it is not what was written");
    let larger = vec![7; VALUE_BYTES_MAX + 1];
    too_large(world, vec![Write::put("a", larger)], Limit::ValueBytes).await
}

fn puts(count: usize) -> Vec<Write> {
    (0..count).map(|index| Write::put(format!("k{index}"), "v")).collect()
}

async fn many_writes(world: &World<'_>) -> Kept {
    world.write(puts(OPERATIONS_MAX)).await?;
    too_large(world, puts(OPERATIONS_MAX + 1), Limit::Writes).await
}

async fn many_preconditions(world: &World<'_>) -> Kept {
    let absent = |count| vec![Precondition::Absent(Key::from("x")); count];
    world.write_if(absent(OPERATIONS_MAX), puts(OPERATIONS_MAX)).await?;
    let kind = refusal(world.commit(absent(OPERATIONS_MAX + 1), puts(1)).await)?;
    let is = matches!(kind, ErrorKind::TooLarge { limit: Limit::Preconditions, .. });
    ensure!(is, "{kind}");
    Ok(())
}

async fn large_commit(world: &World<'_>) -> Kept {
    let half = || vec![7; TXN_BYTES_MAX / 2 - 100];
    let mut writes = vec![Write::put("a", half()), Write::put("b", half())];
    world.write(writes.clone()).await?;
    writes.push(Write::put("c", vec![7; 200]));
    too_large(world, writes, Limit::TxnBytes).await
}

async fn written_twice(world: &World<'_>) -> Kept {
    let writes = vec![Write::put("a", "1"), Write::delete("a")];
    let kind = refusal(world.commit(vec![], writes).await)?;
    ensure!(kind == ErrorKind::Invalid(Invalid::WrittenTwice(Key::from("a"))), "{kind}");
    Ok(())
}

async fn many_keys(world: &World<'_>) -> Kept {
    let keys = vec![Key::from("a"); OPERATIONS_MAX + 1];
    ensure!(world.store.get_many(&keys[1..]).await?.entries.len() == OPERATIONS_MAX, "too few");
    let kind = refusal(world.store.get_many(&keys).await)?;
    ensure!(matches!(kind, ErrorKind::TooLarge { limit: Limit::Keys, .. }), "{kind}");
    Ok(())
}

async fn refused_changes_nothing(world: &World<'_>) -> Kept {
    let before = world.put("a", "1").await?;
    let writes = vec![Write::put("a", "2"), Write::put("b", "2"), Write::put("b", "3")];
    refusal(world.commit(vec![], writes).await)?;
    ensure!(world.revision().await? == before, "it took a revision");
    let shown = world.shown("", None).await?;
    ensure!(shown == "a=1", "{shown}");
    Ok(())
}
