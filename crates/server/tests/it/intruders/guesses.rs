//! Who guesses is slowed down and told for how long; who is right elsewhere is not.

use ::http::Method;
use peerage_core::id::{Id, ServiceAccountId};

use super::{Hand, from, signed};
use crate::support::{Answer, World, digest};

const TARGET: &str = "/api/atlas/v2/groups";
/// More tries than anything needs: a test that gets so far has failed.
const TRIES_MAX: usize = 40;

/// Answers a challenge with a wrong key until it is told to wait; how often it could try.
async fn guess(world: &World, address: impl Fn(usize) -> String) -> (usize, Answer) {
    let user = &world.installed.public_key;
    for tries in 0..TRIES_MAX {
        let wrong = (user.as_str(), "00000000-0000-0000-0000-000000000000");
        let header = signed(world, wrong, TARGET).await;
        let answer = from(world, &address(tries), &header, TARGET).await;
        if answer.status.as_u16() == 429 {
            return (tries, answer);
        }
        assert_eq!(answer.status.as_u16(), 401);
    }
    panic!("nobody said to wait");
}

fn wait_ms(answer: &Answer) -> i64 {
    answer.header("retry-after").parse::<i64>().unwrap() * 1000
}

fn rightful(world: &World) -> (&str, &str) {
    (&world.installed.public_key, &world.installed.private_key)
}

#[tokio::test]
async fn who_waits_as_long_as_told_gets_through() {
    let (world, hand) = Hand::world().await;
    let here = "192.0.2.1";
    let (tries, answer) = guess(&world, |_| here.to_owned()).await;
    assert_eq!(tries, 11, "ten are free, the next costs time");
    // The right key helps nobody who has to wait; the wait is not longer than was said.
    let header = signed(&world, rightful(&world), TARGET).await;
    assert_eq!(from(&world, here, &header, TARGET).await.status.as_u16(), 429);
    hand.advance_ms(wait_ms(&answer));
    let header = signed(&world, rightful(&world), TARGET).await;
    from(&world, here, &header, TARGET).await.ok(200);
}

#[tokio::test]
async fn each_further_guess_costs_more_and_each_wait_is_honest() {
    let (world, hand) = Hand::world().await;
    let mut waits = Vec::new();
    for _ in 0..6 {
        let (_, answer) = guess(&world, |_| "192.0.2.1".to_owned()).await;
        waits.push(wait_ms(&answer));
        hand.advance_ms(wait_ms(&answer));
    }
    assert!(waits.is_sorted() && waits[5] >= 4 * waits[0], "{waits:?}");
    let header = signed(&world, rightful(&world), TARGET).await;
    from(&world, "192.0.2.1", &header, TARGET).await.ok(200);
}

#[tokio::test]
async fn the_owner_of_a_key_is_not_locked_out_by_who_guesses_at_it() {
    let (world, hand) = Hand::world().await;
    guess(&world, |_| "192.0.2.1".to_owned()).await;
    let header = signed(&world, rightful(&world), TARGET).await;
    from(&world, "198.51.100.1", &header, TARGET).await.ok(200);
    // From many addresses the key itself is slowed, for seconds and no more.
    let (_, answer) = guess(&world, |tries| format!("203.0.113.{tries}")).await;
    assert!(wait_ms(&answer) <= 5_000, "{}", answer.header("retry-after"));
    let owner = "198.51.100.1";
    hand.advance_ms(wait_ms(&answer));
    let header = signed(&world, rightful(&world), TARGET).await;
    from(&world, owner, &header, TARGET).await.ok(200);
}

#[tokio::test]
async fn guessed_tokens_and_secrets_are_slowed_as_well() {
    let (world, hand) = Hand::world().await;
    let mut answer = None;
    for number in 0..TRIES_MAX {
        let token = format!("Bearer peerage_at_{number:043}");
        let found = from(&world, "192.0.2.1", &token, TARGET).await;
        if found.status.as_u16() == 429 {
            answer = Some(found);
            break;
        }
    }
    hand.advance_ms(wait_ms(&answer.expect("somebody says to wait")));
    let owner = world.owner().await;
    owner.get_from("192.0.2.1", TARGET).await.ok(200);
    let nobody: ServiceAccountId = Id::from_bytes([7; 12]);
    let form =
        format!("grant_type=client_credentials&client_id=mdb_sa_id_{nobody}&client_secret=x");
    let mut last = 401;
    for _ in 0..TRIES_MAX {
        let answer = world.anonymous().form("/api/oauth/token", &form).await;
        last = answer.status.as_u16();
        if last == 429 {
            assert!(wait_ms(&answer) >= 1_000);
            break;
        }
    }
    assert_eq!(last, 429);
}

/// A client that repeats a request of its own, or comes with an old nonce, does not guess.
#[tokio::test]
async fn an_honest_client_is_never_slowed() {
    let world = World::new().await;
    let challenge = world.anonymous().get(TARGET).await;
    let challenge = challenge.header("www-authenticate");
    let header = digest::answer(rightful(&world), challenge, &Method::GET, TARGET, "00000001");
    from(&world, "192.0.2.1", &header, TARGET).await.ok(200);
    for _ in 0..TRIES_MAX {
        assert_eq!(from(&world, "192.0.2.1", &header, TARGET).await.status.as_u16(), 401);
        assert_eq!(world.anonymous().get(TARGET).await.status.as_u16(), 401);
    }
    let header = signed(&world, rightful(&world), TARGET).await;
    from(&world, "192.0.2.1", &header, TARGET).await.ok(200);
}
