//! Laws of reading what is.

use super::{Kept, World, ensure, laws};
use crate::port::{Key, Write};

laws! {
    "an absent key has no entry" => absent_key,
    "an empty value is a value" => empty_value,
    "keys and values of any bytes come back as they were" => any_bytes,
    "several keys are read in the order asked, at one revision" => several,
    "a count is of the entries below the prefix" => count,
}

async fn absent_key(world: &World<'_>) -> Kept {
    ensure!(world.get("a").await?.is_none(), "never written");
    world.put("a", "1").await?;
    ensure!(world.get("").await?.is_none(), "the empty key");
    ensure!(world.get("aa").await?.is_none(), "a longer key");
    world.delete("a").await?;
    ensure!(world.get("a").await?.is_none(), "deleted");
    Ok(())
}

async fn empty_value(world: &World<'_>) -> Kept {
    world.put("a", "").await?;
    ensure!(world.entry("a").await?.value.as_bytes().is_empty(), "it is not empty");
    ensure!(world.shown("a", None).await? == "a=", "a list does not show it");
    Ok(())
}

async fn any_bytes(world: &World<'_>) -> Kept {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    world.write(vec![Write::put(all.clone(), all.clone()), Write::put(vec![0], "nul")]).await?;
    let entry = world.store.get(&Key::from(all.clone())).await?;
    ensure!(entry.is_some_and(|entry| entry.value.as_bytes() == all), "all bytes");
    let entry = world.store.get(&Key::from(vec![0])).await?;
    ensure!(entry.is_some_and(|entry| entry.value.as_bytes() == b"nul"), "a zero byte");
    Ok(())
}

async fn several(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    let at = world.put("b", "2").await?;
    let keys = ["b", "x", "a", "b"].map(Key::from);
    let snapshot = world.store.get_many(&keys).await?;
    ensure!(snapshot.revision == at, "at {}", snapshot.revision);
    let found: Vec<_> =
        snapshot.entries.iter().map(|entry| entry.as_ref().map(|entry| &entry.key)).collect();
    let expected = vec![Some(&keys[0]), None, Some(&keys[2]), Some(&keys[0])];
    ensure!(found == expected, "{found:?}");
    Ok(())
}

async fn count(world: &World<'_>) -> Kept {
    for key in ["a", "a/1", "a/2", "a0", "b"] {
        world.put(key, "1").await?;
    }
    let at = world.delete("a/2").await?;
    for (prefix, expect) in [("", 4), ("a", 3), ("a/", 1), ("c", 0)] {
        let count = world.store.count(&Key::from(prefix)).await?;
        ensure!(count == (expect, at), "{prefix}: {count:?}");
    }
    Ok(())
}
