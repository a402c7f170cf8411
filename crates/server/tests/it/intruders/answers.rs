//! Answers to a challenge that do not fit, whole and in each part.

use ::http::Method;
use axum::body::Body;
use md5::{Digest as _, Md5};

use super::Hand;
use crate::support::{Answer, World};

const TARGET: &str = "/api/atlas/v2/groups?itemsPerPage=1";

/// What an answer is made of. The response is right for it, whatever is in it.
#[derive(Clone)]
struct Parts {
    user: String,
    key: String,
    realm: &'static str,
    nonce: String,
    method: &'static str,
    uri: String,
    algorithm: &'static str,
    qop: &'static str,
    nc: &'static str,
    cnonce: &'static str,
}

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text))
}

impl Parts {
    async fn fresh(world: &World) -> Self {
        let nonce = nonce(&world.anonymous().get(TARGET).await);
        Self {
            user: world.installed.public_key.clone(),
            key: world.installed.private_key.clone(),
            realm: "MMS Public API",
            nonce,
            method: "GET",
            uri: TARGET.to_owned(),
            algorithm: "MD5",
            qop: "auth",
            nc: "00000001",
            cnonce: "abcdef",
        }
    }

    fn one(&self) -> String {
        md5(&format!("{}:{}:{}", self.user, self.realm, self.key))
    }

    fn two(&self) -> String {
        md5(&format!("{}:{}", self.method, self.uri))
    }

    fn response(&self) -> String {
        let (one, two) = (self.one(), self.two());
        let Self { nonce, qop, nc, cnonce, .. } = self;
        md5(&format!("{one}:{nonce}:{nc}:{cnonce}:{qop}:{two}"))
    }

    fn header(&self) -> String {
        let Self { user, realm, nonce, uri, algorithm, qop, nc, cnonce, .. } = self;
        format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             algorithm={algorithm}, response=\"{}\", qop={qop}, nc={nc}, cnonce=\"{cnonce}\"",
            self.response()
        )
    }
}

fn nonce(answer: &Answer) -> String {
    let challenge = answer.header("www-authenticate");
    challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn send(world: &World, header: &str) -> Answer {
    let client = world.anonymous();
    let request = client.request(Method::GET, TARGET).header("authorization", header);
    client.send(request, Body::empty()).await
}

/// Asserts a refusal with a nonce that was not given before.
#[track_caller]
fn check_refused(what: &str, answer: &Answer, used: &str, is_stale: bool) {
    assert_eq!(answer.status.as_u16(), 401, "{what}: {}", answer.text());
    let challenge = answer.header("www-authenticate");
    assert!(challenge.ends_with(&format!("stale={is_stale}")), "{what}: {challenge}");
    assert_ne!(nonce(answer), used, "{what}");
}

#[tokio::test]
async fn an_answer_opens_once_and_only_what_it_was_made_for() {
    let world = World::new().await;
    let parts = Parts::fresh(&world).await;
    let header = parts.header();
    send(&world, &header).await.ok(200);
    check_refused("the whole header again", &send(&world, &header).await, &parts.nonce, true);
    let other = Parts { cnonce: "fedcba", ..parts.clone() };
    let answer = send(&world, &other.header()).await;
    check_refused("a used count with another cnonce", &answer, &parts.nonce, true);
    // Who holds the key goes on with the nonce of the refusal.
    let next = Parts { nonce: nonce(&answer), ..parts.clone() };
    send(&world, &next.header()).await.ok(200);
    let elsewhere = world.in_org("");
    let client = world.anonymous();
    let fresh = Parts::fresh(&world).await;
    let request = client.request(Method::GET, &elsewhere).header("authorization", fresh.header());
    let answer = client.send(request, Body::empty()).await;
    check_refused("another target than the signed one", &answer, &fresh.nonce, false);
    let request = client.request(Method::DELETE, TARGET).header("authorization", fresh.header());
    assert_eq!(client.send(request, Body::empty()).await.status.as_u16(), 405);
    send(&world, &fresh.header()).await.ok(200);
}

#[tokio::test]
async fn an_answer_that_is_wrong_in_one_part_is_refused() {
    type Edit = fn(&mut Parts);
    let edits: [(&str, Edit); 13] = [
        ("another realm", |parts| parts.realm = "Other"),
        ("another path", |parts| parts.uri = "/api/atlas/v2/orgs?itemsPerPage=1".to_owned()),
        ("another query", |parts| parts.uri = "/api/atlas/v2/groups?itemsPerPage=2".to_owned()),
        ("no query", |parts| parts.uri = "/api/atlas/v2/groups".to_owned()),
        ("a query that decodes to the same", |parts| {
            parts.uri = "/api/atlas/v2/groups?itemsPerPage=%31".to_owned();
        }),
        ("a whole address", |parts| parts.uri = format!("http://localhost{TARGET}")),
        ("another method", |parts| parts.method = "POST"),
        ("a stronger algorithm", |parts| parts.algorithm = "SHA-256"),
        ("a session's algorithm", |parts| parts.algorithm = "MD5-sess"),
        ("the body's protection", |parts| parts.qop = "auth-int"),
        ("a count that is none", |parts| parts.nc = "1"),
        ("another key", |parts| parts.key = "00000000-0000-0000-0000-000000000000".to_owned()),
        ("another user", |parts| parts.user = "abcdefgh".to_owned()),
    ];
    for (what, edit) in edits {
        let world = World::new().await;
        let right = Parts::fresh(&world).await;
        let mut wrong = right.clone();
        edit(&mut wrong);
        check_refused(what, &send(&world, &wrong.header()).await, &right.nonce, false);
        // And the right one was not used up by it.
        send(&world, &right.header()).await.ok(200);
    }
}

#[tokio::test]
async fn a_part_that_is_changed_after_signing_or_left_out_is_refused() {
    let world = World::new().await;
    let right = Parts::fresh(&world).await;
    let (header, response) = (right.header(), right.response());
    let flipped: String =
        response.chars().map(|it| if it == '0' { '1' } else { '0' }).take(1).collect();
    let changed = [
        ("the count", header.replace("nc=00000001", "nc=00000002")),
        ("the cnonce", header.replace("\"abcdef\"", "\"abcdee\"")),
        ("a digit", header.replace(&response, &format!("{flipped}{}", &response[1..]))),
        ("no response", header.replace(&response, "")),
        ("a shorter response", header.replace(&response, &response[..30])),
        ("no count", header.replace(", nc=00000001", "")),
        ("no cnonce", header.replace(", cnonce=\"abcdef\"", "")),
        ("no qop", header.replace(", qop=auth", "")),
    ];
    for (what, header) in changed {
        check_refused(what, &send(&world, &header).await, &right.nonce, false);
    }
    // What RFC 2069 asked for, without the count: it could be replayed for ever.
    let old = md5(&format!("{}:{}:{}", right.one(), right.nonce, right.two()));
    let (head, _) = header.split_once(", qop").unwrap();
    let old = head.replace(&response, &old);
    check_refused("as of old", &send(&world, &old).await, &right.nonce, false);
    send(&world, &header).await.ok(200);
}

#[tokio::test]
async fn a_nonce_that_is_not_ours_is_stale_for_who_holds_the_key() {
    let (world, elsewhere) = (World::new().await, World::new().await);
    let right = Parts::fresh(&world).await;
    let theirs = Parts::fresh(&elsewhere).await.nonce;
    let turned = |at: usize| {
        let letter = if &right.nonce[at..=at] == "A" { "B" } else { "A" };
        format!("{}{letter}{}", &right.nonce[..at], &right.nonce[at + 1..])
    };
    let forged = [theirs, turned(0), turned(15), turned(31), "A".repeat(32), "x".to_owned()];
    for nonce in forged {
        let wrong = Parts { nonce: nonce.clone(), ..right.clone() };
        let answer = send(&world, &wrong.header()).await;
        check_refused(&nonce, &answer, &right.nonce, true);
        let stranger = Parts { key: "wrong".to_owned(), ..wrong };
        check_refused(&nonce, &send(&world, &stranger.header()).await, &right.nonce, false);
    }
}

#[tokio::test]
async fn a_nonce_ends_and_the_next_one_is_in_the_refusal() {
    let (world, hand) = Hand::world().await;
    let parts = Parts::fresh(&world).await;
    hand.advance_ms(5 * 60 * 1000);
    send(&world, &parts.header()).await.ok(200);
    hand.advance_ms(1);
    let late = Parts { nc: "00000002", ..parts.clone() };
    let answer = send(&world, &late.header()).await;
    check_refused("an old nonce", &answer, &parts.nonce, true);
    send(&world, &Parts { nonce: nonce(&answer), ..parts }.header()).await.ok(200);
}
