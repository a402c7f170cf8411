//! Laws of lists: order, bounds, pages.

use super::world::{refusal, show};
use super::{Kept, World, ensure, laws};
use crate::port::{
    ErrorKind, Invalid, Key, ListRequest, Order, PAGE_BYTES_MAX, PAGE_ENTRIES_MAX, Write,
};

laws! {
    "a list is in the order of the bytes of its keys" => in_order,
    "a list can go downwards" => downwards,
    "a list holds what begins with the prefix and nothing beside it" => prefix_bounds,
    "a prefix may end in the largest byte" => largest_byte,
    "the empty prefix lists everything" => empty_prefix,
    "pages joined are the whole list, in either order" => pages_join,
    "the last page says that there is no more" => last_page,
    "a page may follow a key that is not there" => after_gap,
    "a page follows a key outside the prefix within it" => after_outside,
    "a page without room is refused" => no_room,
    "a page has at most a thousand entries" => page_entries,
    "large values make short pages, and none is left out" => short_pages,
    "listed entries are what a read finds" => same_entries,
}

async fn fill(world: &World<'_>, keys: &[&[u8]]) -> Kept {
    world.write(keys.iter().map(|key| Write::put(*key, "v")).collect()).await?;
    Ok(())
}

async fn keys(world: &World<'_>, prefix: &[u8]) -> Result<Vec<Vec<u8>>, super::Breach> {
    let page = world.store.list(ListRequest::prefix(prefix)).await?;
    Ok(page.entries.iter().map(|entry| entry.key.as_bytes().to_vec()).collect())
}

async fn in_order(world: &World<'_>) -> Kept {
    fill(world, &[b"b", b"a\xff", b"a", b"B", b"a\x00", b"\xffa", b"ab", b"\x00"]).await?;
    let expected: [&[u8]; 8] = [b"\x00", b"B", b"a", b"a\x00", b"ab", b"a\xff", b"b", b"\xffa"];
    let found = keys(world, b"").await?;
    ensure!(found == expected, "{found:?}");
    Ok(())
}

async fn downwards(world: &World<'_>) -> Kept {
    fill(world, &[b"p/a", b"p/b", b"p/c", b"q"]).await?;
    let found = world.list_all("p/", Order::Descending, 2, None).await?;
    ensure!(show(&found) == "p/c=v p/b=v p/a=v", "{}", show(&found));
    Ok(())
}

async fn prefix_bounds(world: &World<'_>) -> Kept {
    fill(world, &[b"p", b"p/", b"p/a", b"p/\xff\xff", b"p0", b"p.", b"q/a", b"o/z"]).await?;
    let found = keys(world, b"p/").await?;
    let expected: [&[u8]; 3] = [b"p/", b"p/a", b"p/\xff\xff"];
    ensure!(found == expected, "{found:?}");
    Ok(())
}

async fn largest_byte(world: &World<'_>) -> Kept {
    fill(world, &[b"a\xff", b"a\xff\xffz", b"b", b"\xff", b"\xff\xff\x01", b"\xfe"]).await?;
    let expected: [&[u8]; 2] = [b"a\xff", b"a\xff\xffz"];
    ensure!(keys(world, b"a\xff").await? == expected, "below a byte that can grow");
    let expected: [&[u8]; 2] = [b"\xff", b"\xff\xff\x01"];
    ensure!(keys(world, b"\xff").await? == expected, "below the largest byte alone");
    ensure!(keys(world, b"\xff\xff").await? == [b"\xff\xff\x01"], "below two of them");
    Ok(())
}

async fn empty_prefix(world: &World<'_>) -> Kept {
    let longest = [0xff; crate::port::KEY_BYTES_MAX];
    fill(world, &[b"\x00", b"a", &longest]).await?;
    ensure!(keys(world, b"").await?.len() == 3, "it does not");
    Ok(())
}

async fn pages_join(world: &World<'_>) -> Kept {
    for index in 0..10 {
        world.put(&format!("p/{index}"), "v").await?;
    }
    let whole = world.list_all("p/", Order::Ascending, 1000, None).await?;
    for limit in [1, 3, 9, 10, 11] {
        let up = world.list_all("p/", Order::Ascending, limit, None).await?;
        ensure!(up == whole, "upwards by {limit}: {}", show(&up));
        let mut down = world.list_all("p/", Order::Descending, limit, None).await?;
        down.reverse();
        ensure!(down == whole, "downwards by {limit}: {}", show(&down));
    }
    Ok(())
}

async fn last_page(world: &World<'_>) -> Kept {
    fill(world, &[b"p/a", b"p/b", b"q"]).await?;
    for (limit, more) in [(1, true), (2, false), (3, false)] {
        let page = world.store.list(ListRequest { limit, ..ListRequest::prefix("p/") }).await?;
        ensure!(page.more == more, "{limit} of two: {}", page.more);
    }
    let page = world.store.list(ListRequest::prefix("x")).await?;
    ensure!(!page.more && page.entries.is_empty(), "an empty list has more");
    Ok(())
}

async fn after(world: &World<'_>, after: &str, order: Order) -> Result<String, super::Breach> {
    let after = Some(Key::from(after));
    let page = world.store.list(ListRequest { after, order, ..ListRequest::prefix("p/") }).await?;
    Ok(show(&page.entries))
}

async fn after_gap(world: &World<'_>) -> Kept {
    fill(world, &[b"p/a", b"p/c"]).await?;
    let up = after(world, "p/b", Order::Ascending).await?;
    ensure!(up == "p/c=v", "upwards: {up}");
    let down = after(world, "p/b", Order::Descending).await?;
    ensure!(down == "p/a=v", "downwards: {down}");
    Ok(())
}

async fn after_outside(world: &World<'_>) -> Kept {
    fill(world, &[b"o", b"p/a", b"p/c", b"q"]).await?;
    for (key, order, expect) in [
        ("a", Order::Ascending, "p/a=v p/c=v"),
        ("z", Order::Ascending, ""),
        ("z", Order::Descending, "p/c=v p/a=v"),
        ("a", Order::Descending, ""),
    ] {
        let found = after(world, key, order).await?;
        ensure!(found == expect, "{order:?} after {key}: {found}");
    }
    Ok(())
}

async fn no_room(world: &World<'_>) -> Kept {
    let request = ListRequest { limit: 0, ..ListRequest::default() };
    let kind = refusal(world.store.list(request).await)?;
    ensure!(kind == ErrorKind::Invalid(Invalid::EmptyPage), "{kind}");
    Ok(())
}

async fn page_entries(world: &World<'_>) -> Kept {
    for block in 0..9 {
        let put = |index| Write::put(format!("{block}/{index:03}"), "v");
        world.write((0..120).map(put).collect()).await?;
    }
    let request = ListRequest { limit: usize::MAX, ..ListRequest::default() };
    let page = world.store.list(request).await?;
    ensure!(page.entries.len() <= PAGE_ENTRIES_MAX && page.more, "{}", page.entries.len());
    let all = world.list_all("", Order::Ascending, usize::MAX, None).await?;
    ensure!(all.len() == 9 * 120, "{} of 1080", all.len());
    Ok(())
}

async fn short_pages(world: &World<'_>) -> Kept {
    for index in 0..6 {
        let large = vec![7; PAGE_BYTES_MAX / 4];
        world.write(vec![Write::put(format!("k{index}"), large)]).await?;
    }
    let page = world.store.list(ListRequest::default()).await?;
    ensure!(page.more && page.entries.len() < 6, "a page of {}", page.entries.len());
    let found = world.list_all("", Order::Ascending, 1000, None).await?;
    ensure!(found.len() == 6, "{} of 6", found.len());
    Ok(())
}

async fn same_entries(world: &World<'_>) -> Kept {
    world.put("a", "1").await?;
    world.put("a", "2").await?;
    world.put("b", "1").await?;
    for entry in world.list_all("", Order::Ascending, 10, None).await? {
        let read = world.store.get(&entry.key).await?;
        ensure!(read.as_ref() == Some(&entry), "{entry:?} and {read:?}");
    }
    Ok(())
}
