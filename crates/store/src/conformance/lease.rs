//! Laws of leases: what is under one goes when it ends, as an ordinary commit.

use std::time::Duration;

use super::world::{refusal, told};
use super::{Kept, World, ensure, laws};
use crate::lease::{LeaseId, LeaseState};
use crate::port::{ErrorKind, Invalid, Key, WatchEvent, Write};

const TTL: Duration = Duration::from_secs(10);
const HALF: Duration = Duration::from_secs(5);
const LONGER: Duration = Duration::from_secs(11);

laws! {
    "an entry says its lease" => entry_says,
    "keys under a lease go when it ends, in one commit" => ends,
    "a lease that is kept alive does not end" => kept_alive,
    "a lease that has ended says so" => ended,
    "a lease that is revoked ends at once, in one commit" => revoked,
    "revoking a lease that has ended is fine" => revoked_twice,
    "a key written without its lease stays" => let_go,
    "a key moved to another lease goes with that" => moved,
    "a key deleted and put again without its lease stays" => recreated,
    "a put under a lease that has ended is refused" => put_refused,
    "a lease without keys ends without a revision" => without_keys,
    "leases have names of their own" => own_names,
    "a lease lasts some time" => no_time,
}

async fn put_under(world: &World<'_>, key: &str, lease: LeaseId) -> Result<(), super::Breach> {
    world.write(vec![Write::put_leased(key, "v", lease)]).await?;
    Ok(())
}

async fn entry_says(world: &World<'_>) -> Kept {
    let lease = world.store.grant(TTL).await?;
    put_under(world, "a", lease).await?;
    ensure!(world.entry("a").await?.lease == Some(lease), "it does not");
    Ok(())
}

async fn ends(world: &World<'_>) -> Kept {
    let lease = world.store.grant(TTL).await?;
    put_under(world, "a", lease).await?;
    put_under(world, "c", lease).await?;
    let before = world.put("b", "v").await?;
    let mut watch = world.watch("", before.next()).await?;
    world.subject.pass(LONGER).await;
    let mut batch = watch.next().await?;
    batch.events.sort_by(|one, other| one.key().cmp(other.key()));
    ensure!(told(&batch) == "-a -c" && batch.revision > before, "{}", told(&batch));
    let shown = world.shown("", None).await?;
    ensure!(shown == "b=v", "{shown}");
    ensure!(world.revision().await? == batch.revision, "more than one commit");
    Ok(())
}

async fn kept_alive(world: &World<'_>) -> Kept {
    let lease = world.store.grant(TTL).await?;
    put_under(world, "a", lease).await?;
    for _ in 0..4 {
        world.subject.pass(HALF).await;
        let state = world.store.keep_alive(lease).await?;
        ensure!(state == LeaseState::Alive { ttl: TTL }, "{state:?}");
    }
    world.entry("a").await?;
    Ok(())
}

/// Lets a lease with one key end, and waits until it has.
async fn end(world: &World<'_>, lease: LeaseId, key: &str) -> Kept {
    let mut watch = world.watch(key, world.revision().await?.next()).await?;
    put_under(world, key, lease).await?;
    world.subject.pass(LONGER).await;
    loop {
        let batch = watch.next().await?;
        if batch.events.contains(&WatchEvent::Deleted(Key::from(key))) {
            return Ok(());
        }
    }
}

async fn ended(world: &World<'_>) -> Kept {
    let lease = world.store.grant(TTL).await?;
    end(world, lease, "a").await?;
    let state = world.store.keep_alive(lease).await?;
    ensure!(state == LeaseState::Ended, "{state:?}");
    let never = world.store.keep_alive(LeaseId(lease.0 + 1000)).await?;
    ensure!(never == LeaseState::Ended, "one that never was: {never:?}");
    Ok(())
}

async fn revoked(world: &World<'_>) -> Kept {
    let lease = world.store.grant(TTL).await?;
    put_under(world, "a", lease).await?;
    put_under(world, "b", lease).await?;
    let before = world.revision().await?;
    world.store.revoke(lease).await?;
    ensure!(world.get("a").await?.is_none(), "its key is still there");
    ensure!(world.store.keep_alive(lease).await? == LeaseState::Ended, "it is alive");
    let mut batch = world.first_told("", before.next()).await?;
    batch.events.sort_by(|one, other| one.key().cmp(other.key()));
    ensure!(told(&batch) == "-a -b", "{}", told(&batch));
    ensure!(world.revision().await? == batch.revision, "more than one commit");
    Ok(())
}

async fn revoked_twice(world: &World<'_>) -> Kept {
    let lease = world.store.grant(TTL).await?;
    world.store.revoke(lease).await?;
    let before = world.revision().await?;
    world.store.revoke(lease).await?;
    ensure!(world.revision().await? == before, "it took a revision");
    Ok(())
}

async fn let_go(world: &World<'_>) -> Kept {
    let lease = world.store.grant(TTL).await?;
    put_under(world, "a", lease).await?;
    world.put("a", "2").await?;
    ensure!(world.entry("a").await?.lease.is_none(), "it still has its lease");
    end(world, lease, "z").await?;
    world.entry("a").await?;
    Ok(())
}

async fn moved(world: &World<'_>) -> Kept {
    let one = world.store.grant(TTL).await?;
    let other = world.store.grant(TTL).await?;
    put_under(world, "a", one).await?;
    put_under(world, "a", other).await?;
    world.store.revoke(one).await?;
    world.entry("a").await?;
    world.store.revoke(other).await?;
    ensure!(world.get("a").await?.is_none(), "it stayed");
    Ok(())
}

async fn recreated(world: &World<'_>) -> Kept {
    let lease = world.store.grant(TTL).await?;
    put_under(world, "a", lease).await?;
    world.delete("a").await?;
    world.put("a", "2").await?;
    world.store.revoke(lease).await?;
    world.entry("a").await?;
    Ok(())
}

async fn put_refused(world: &World<'_>) -> Kept {
    let lease = world.store.grant(TTL).await?;
    world.store.revoke(lease).await?;
    let before = world.revision().await?;
    let writes = vec![Write::put("b", "1"), Write::put_leased("a", "1", lease)];
    let kind = refusal(world.commit(vec![], writes).await)?;
    ensure!(kind == ErrorKind::LeaseGone(lease), "{kind}");
    ensure!(world.revision().await? == before, "it took a revision");
    ensure!(world.get("b").await?.is_none(), "something of it happened");
    Ok(())
}

async fn without_keys(world: &World<'_>) -> Kept {
    let before = world.put("a", "1").await?;
    let lease = world.store.grant(TTL).await?;
    world.subject.pass(LONGER).await;
    while world.store.keep_alive(lease).await? != LeaseState::Ended {
        world.subject.pass(LONGER).await;
    }
    ensure!(world.revision().await? == before, "it took a revision");
    Ok(())
}

async fn own_names(world: &World<'_>) -> Kept {
    let one = world.store.grant(TTL).await?;
    world.store.revoke(one).await?;
    let other = world.store.grant(TTL).await?;
    ensure!(one != other, "{one} twice");
    Ok(())
}

async fn no_time(world: &World<'_>) -> Kept {
    let kind = refusal(world.store.grant(Duration::ZERO).await)?;
    ensure!(kind == ErrorKind::Invalid(Invalid::LeaseTtl), "{kind}");
    Ok(())
}
