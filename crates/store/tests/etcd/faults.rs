//! What goes wrong in a cluster has a defined answer within a bound, and passes with its cause.

use std::time::{Duration, Instant};

use etcd_client::{AlarmAction, AlarmOptions, AlarmType, Client, CompactionOptions};
use peerage_store::etcd::{EtcdOptions, EtcdStore};
use peerage_store::{Answer, Commit, ErrorKind, Key, Precondition, Store, StoreError, Txn, Write};

use super::server::Server;

/// The deadline of a call, and room for a machine that is busy.
const CALL_MAX: Duration = Duration::from_secs(12);
/// A watch is asked twice for a sign of life; the same room.
const WATCH_MAX: Duration = Duration::from_secs(25);

fn put(value: &[u8]) -> Txn {
    Txn::of(vec![Write::put("a", value)])
}

/// What a call fails with, which has to be in time.
async fn failure<T>(call: impl Future<Output = Answer<T>>) -> StoreError {
    let since = Instant::now();
    let Err(error) = call.await else { panic!("it did not fail") };
    assert!(since.elapsed() < CALL_MAX, "after {:?}: {error}", since.elapsed());
    error
}

fn assert_unavailable(error: &StoreError) {
    let ErrorKind::Unavailable { reason, retry_after } = error.kind() else { panic!("{error}") };
    assert!(reason.contains("etcd at 127.0.0.1:"), "{reason}");
    assert!(!retry_after.is_zero());
}

#[tokio::test]
async fn a_member_that_died_is_missed_in_time_and_found_again() {
    let mut server = Server::start().await;
    let store = server.store();
    store.commit(put(b"1")).await.unwrap();
    server.kill();
    let error = failure(store.get(&Key::from("a"))).await;
    assert_unavailable(&error);
    // Once it is known that nobody listens, nothing is sent.
    let mut known = false;
    for _ in 0..3 {
        let error = failure(store.commit(put(b"2"))).await;
        assert_unavailable(&error);
        known = error.is_definite();
        if known {
            break;
        }
    }
    assert!(known, "a dead member is not known to be dead");
    server.restart();
    assert!(server.serves(&store).await);
    let found = store.get(&Key::from("a")).await.unwrap().unwrap();
    assert_eq!(found.value.as_bytes(), b"1");
}

#[tokio::test]
async fn a_write_that_a_silent_member_may_have_taken_is_indefinite_and_sent_once() {
    let mut server = Server::start().await;
    let store = server.store();
    let Commit::Done(before) = store.commit(put(b"1")).await.unwrap() else { panic!("lost") };
    server.signal("STOP");
    let error = failure(store.commit(put(b"2"))).await;
    assert_unavailable(&error);
    assert!(!error.is_definite(), "{error}");
    server.signal("CONT");
    assert!(server.serves(&store).await);
    let found = store.get(&Key::from("a")).await.unwrap().unwrap();
    assert!(found.version <= 2, "it was sent again: version {}", found.version);
    let txn = Txn {
        preconditions: vec![Precondition::ModifiedAt(Key::from("a"), before)],
        writes: vec![Write::put("a", "3")],
    };
    let expect_lost = found.modified != before;
    let lost = matches!(store.commit(txn).await.unwrap(), Commit::Lost { .. });
    assert_eq!(lost, expect_lost);
}

#[tokio::test]
async fn a_watch_of_a_silent_member_ends() {
    let server = Server::start().await;
    let store = server.store();
    let from = store.revision().await.unwrap().next();
    let mut watch = store.watch(&Key::default(), from).await.unwrap();
    server.signal("STOP");
    let told = tokio::time::timeout(WATCH_MAX, watch.next()).await;
    server.signal("CONT");
    assert_unavailable(&told.expect("it is mute").unwrap_err());
}

#[tokio::test]
async fn a_quiet_watch_goes_on() {
    let server = Server::start().await;
    let store = server.store();
    let from = store.revision().await.unwrap().next();
    let mut watch = store.watch(&Key::default(), from).await.unwrap();
    // Longer than the silence after which a watch asks for a sign of life, twice.
    let waited = tokio::time::timeout(Duration::from_secs(12), watch.next()).await;
    assert!(waited.is_err(), "it ended: {waited:?}");
    store.commit(put(b"1")).await.unwrap();
    assert_eq!(watch.next().await.unwrap().events.len(), 1);
}

#[tokio::test]
async fn a_used_up_quota_is_said_and_passes_when_room_is_made() {
    let server = Server::start_with(&["--quota-backend-bytes=4194304"]).await;
    let store = server.store();
    let value = vec![7; 256 * 1024];
    let mut last = None;
    for _ in 0..64 {
        if let Err(error) = store.commit(put(&value)).await {
            last = Some(error);
            break;
        }
    }
    let error = last.expect("it never filled up");
    assert!(matches!(error.kind(), ErrorKind::Full { .. }), "{error}");
    assert!(error.is_definite() && error.to_string().contains("NOSPACE"), "{error}");
    assert!(store.get(&Key::from("a")).await.unwrap().is_some(), "it can still be read");

    // What an operator does: the store itself compacts in the background.
    let mut client = Client::connect([server.address()], None).await.unwrap();
    let revision = client.get("a", None).await.unwrap().header().unwrap().revision();
    let physical = CompactionOptions::new().with_physical();
    client.compact(revision, Some(physical)).await.unwrap();
    client.defragment().await.unwrap();
    let raised = client.alarm(AlarmAction::Get, AlarmType::None, None).await.unwrap();
    let mut member = AlarmOptions::new();
    member.with_member(raised.alarms()[0].member_id());
    client.alarm(AlarmAction::Deactivate, AlarmType::Nospace, Some(member)).await.unwrap();
    store.commit(put(b"1")).await.unwrap();
}

#[tokio::test]
async fn another_member_is_asked_when_one_does_not_listen() {
    let server = Server::start().await;
    let mut dead = Server::start().await;
    dead.kill();
    let members = vec![dead.address(), server.address()];
    let store = EtcdStore::open(&EtcdOptions::new(members)).unwrap();
    let since = Instant::now();
    store.commit(put(b"1")).await.unwrap();
    assert!(store.get(&Key::from("a")).await.unwrap().is_some());
    assert!(since.elapsed() < CALL_MAX);
}

#[tokio::test]
async fn installations_with_other_prefixes_do_not_see_each_other() {
    let server = Server::start().await;
    let options = |prefix: &str| EtcdOptions {
        prefix: prefix.to_owned(),
        ..EtcdOptions::new(vec![server.address()])
    };
    let one = EtcdStore::open(&options("one")).unwrap();
    let other = EtcdStore::open(&options("one/other")).unwrap();
    let another = EtcdStore::open(&options("on")).unwrap();
    one.commit(put(b"1")).await.unwrap();
    for store in [&other, &another] {
        assert_eq!(store.count(&Key::default()).await.unwrap().0, 0);
        assert!(store.get(&Key::from("a")).await.unwrap().is_none());
    }
}
