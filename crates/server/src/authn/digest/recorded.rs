//! Holds the verifier to real clients: answers that they sent, and small clients written apart
//! from the code under test, one for each habit that real ones have.
//!
//! Test only. The recorded answers were sent by unmodified clients to challenges whose nonces were
//! made with [`KEY`] at [`ISSUED_MS`]; they must never be changed to suit the verifier.

use md5::{Digest as _, Md5};

use super::*;
use crate::authn::ha1::ha1;
use crate::authn::master_key::SecretKey;
use crate::authn::secret::OsRandom;

const KEY: [u8; 32] = [7; 32];
const ISSUED_MS: u64 = 1_750_000_000_000;
const USER: &str = "abcdefgh";
const PASSWORD: &str = "55c3bbb6-b4bb-40be-9166-e66d20841f3e";
const TARGET: &str = "/api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/peers?providerName=GCP";

/// `client | method | value of Authorization`, each client's requests in the order of sending.
const RECORDED: &str = include_str!("recorded.txt");
const CLIENTS: [&str; 6] = [
    "mongodb-forks/digest 1.1.0",
    "httpx 0.28.1",
    "requests 2.34.2",
    "urllib of Python 3.11",
    "urllib 4.9.2 of Node",
    "curl 7.88.1",
];

#[test]
fn the_recorded_answers_of_real_clients_are_accepted_once() {
    let verifiers = CLIENTS.map(|client| (client, verifier()));
    for (client, verifier) in &verifiers {
        for (method, answer) in recorded(client) {
            let outcome = || verify_at(verifier, method, TARGET, answer, ISSUED_MS + 1_000);
            assert_eq!(outcome(), accepted(), "{client}");
            assert_eq!(outcome(), Outcome::Invalid(InvalidReason::Replayed), "{client}");
        }
    }
}

#[test]
fn a_recorded_answer_does_not_serve_another_request() {
    for (method, answer) in CLIENTS.iter().flat_map(|client| recorded(client)) {
        let other = if method == "GET" { "DELETE" } else { "GET" };
        let outcome = verify_at(&verifier(), other, TARGET, answer, ISSUED_MS);
        assert_eq!(outcome, Outcome::Invalid(InvalidReason::Response), "{answer}");
        for target in [&TARGET.replace("GCP", "AWS"), "/", "", &format!("{TARGET}&x=1")] {
            let outcome = verify_at(&verifier(), method, target, answer, ISSUED_MS);
            assert_eq!(outcome, Outcome::Invalid(InvalidReason::Uri), "{answer}");
        }
    }
}

#[test]
fn the_challenge_is_exactly_the_text_that_clients_accept() {
    let text = challenge_text(&verifier(), Staleness::Initial);
    let (head, tail) = text.split_once("nonce=\"").unwrap();
    let (nonce, tail) = tail.split_once('"').unwrap();
    assert_eq!(head, "Digest realm=\"MMS Public API\", domain=\"\", ");
    assert_eq!(tail, ", algorithm=MD5, qop=\"auth\", stale=false");
    assert_eq!(nonce.len(), 32);
    assert!(challenge_text(&verifier(), Staleness::Stale).ends_with(", stale=true"));
}

#[test]
fn go_clients_answer_each_challenge_with_count_one() {
    let verifier = verifier();
    for _ in 0..3 {
        let nonce = fresh_nonce(&verifier);
        let answer = Client::default().answer(&nonce, 1, ", algorithm=\"MD5\", qop=auth");
        assert_eq!(verify(&verifier, &answer), accepted());
    }
}

#[test]
fn httpx_counts_up_on_one_nonce() {
    let verifier = verifier();
    let nonce = fresh_nonce(&verifier);
    for count in 1..=300 {
        let answer = Client::default().answer(&nonce, count, ", algorithm=MD5, qop=auth");
        assert_eq!(verify(&verifier, &answer), accepted(), "{count}");
    }
}

#[test]
fn node_urllib_counts_up_over_new_nonces_and_names_no_algorithm() {
    let verifier = verifier();
    for count in 2..6 {
        let answer = Client::default().answer(&fresh_nonce(&verifier), count, ", qop=auth");
        assert_eq!(verify(&verifier, &answer), accepted());
    }
}

#[test]
fn an_answer_with_a_quoted_qop_is_accepted() {
    let verifier = verifier();
    let answer = Client::default().answer(&fresh_nonce(&verifier), 1, ", qop=\"auth\"");
    assert_eq!(verify(&verifier, &answer), accepted());
}

#[test]
fn an_expired_nonce_is_stale_only_for_who_holds_the_password() {
    let verifier = verifier();
    let nonce = fresh_nonce(&verifier);
    let right = Client::default().answer(&nonce, 1, ", qop=auth");
    let wrong = Client { password: "guess", ..Client::default() }.answer(&nonce, 1, ", qop=auth");
    let later = |answer| verify_at(&verifier, "GET", TARGET, answer, ISSUED_MS + 300_001);
    assert_eq!(later(&right), Outcome::Stale(StaleReason::Expired));
    assert_eq!(later(&wrong), Outcome::Invalid(InvalidReason::Response));
    let last_moment = verify_at(&verifier, "GET", TARGET, &right, ISSUED_MS + 300_000);
    assert_eq!(last_moment, accepted());
}

#[test]
fn a_nonce_that_is_not_ours_is_never_accepted() {
    let foreign = NonceKey::new(SecretKey::from_bytes([8; 32]));
    let foreign = Nonce::issue(&foreign, ISSUED_MS, &mut OsRandom).encode();
    for nonce in [foreign.as_str(), "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcC", "n"] {
        let answer = Client::default().answer(nonce, 1, ", qop=auth");
        assert_eq!(verify(&verifier(), &answer), Outcome::Stale(StaleReason::NotOurs));
    }
}

#[test]
fn a_nonce_from_the_future_or_from_before_the_start_is_stale() {
    let verifier = verifier();
    let answer = Client::default().answer(&fresh_nonce(&verifier), 1, ", qop=auth");
    let early = |ms| verify_at(&verifier, "GET", TARGET, &answer, ISSUED_MS - ms);
    assert_eq!(early(30_001), Outcome::Stale(StaleReason::FromTheFuture));
    assert_eq!(early(30_000), accepted());

    let key = NonceKey::new(SecretKey::from_bytes(KEY));
    let restarted = DigestVerifier::new(key, DigestPolicy::starting_at(ISSUED_MS + 1));
    assert_eq!(verify(&restarted, &answer), Outcome::Stale(StaleReason::Forgotten));
}

#[test]
fn an_unknown_user_is_refused_even_with_an_answer_to_the_placeholder() {
    let verifier = verifier();
    let nonce = fresh_nonce(&verifier);
    let ha1_text = "0".repeat(32);
    let answer =
        Client { ha1: Some(&ha1_text), ..Client::default() }.answer(&nonce, 1, ", qop=auth");
    let answer = Answer::parse(&answer).unwrap();
    let request = SignedRequest { method: "GET", target: TARGET };
    assert_eq!(verifier.verify(&answer, request, None, ISSUED_MS), Outcome::Unknown);
}

#[test]
fn another_realm_is_refused() {
    let answer = Client { realm: "other", ..Client::default() };
    let answer = answer.answer(&fresh_nonce(&verifier()), 1, ", qop=auth");
    assert_eq!(verify(&verifier(), &answer), Outcome::Invalid(InvalidReason::Realm));
}

#[test]
fn only_guesses_count_as_guesses_and_only_the_right_password_is_told_to_retry() {
    let replayed = Outcome::Invalid(InvalidReason::Replayed);
    let wrong = Outcome::Invalid(InvalidReason::Response);
    let stale = Outcome::Stale(StaleReason::Expired);
    let table = [
        (accepted(), None, false),
        (stale, Some(Staleness::Stale), false),
        (replayed, Some(Staleness::Stale), false),
        (wrong, Some(Staleness::Initial), true),
        (Outcome::Unknown, Some(Staleness::Initial), true),
        (Outcome::Invalid(InvalidReason::Uri), Some(Staleness::Initial), false),
    ];
    for (outcome, challenge, is_guess) in table {
        assert_eq!((outcome.next_challenge(), outcome.is_guess()), (challenge, is_guess));
    }
}

/// Answers challenges as RFC 7616 tells a client to; shares no code with the verifier.
struct Client<'a> {
    realm: &'a str,
    password: &'a str,
    ha1: Option<&'a str>,
}

impl Default for Client<'_> {
    fn default() -> Self {
        Self { realm: REALM, password: PASSWORD, ha1: None }
    }
}

impl Client<'_> {
    fn answer(&self, nonce: &str, count: u32, options: &str) -> String {
        let Self { realm, password, ha1 } = self;
        let own = md5_hex(&format!("{USER}:{realm}:{password}"));
        let ha2 = md5_hex(&format!("GET:{TARGET}"));
        let proof = format!("{nonce}:{count:08x}:0a4f113b:auth:{ha2}");
        let response = md5_hex(&format!("{}:{proof}", ha1.unwrap_or(&own)));
        format!(
            "username=\"{USER}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{TARGET}\", \
             response=\"{response}\"{options}, nc={count:08x}, cnonce=\"0a4f113b\""
        )
    }
}

/// Method and answer of each request of a client.
fn recorded(client: &str) -> Vec<(&'static str, &'static str)> {
    let lines = RECORDED.lines().filter_map(|line| line.strip_prefix(client));
    let requests = lines.map(|line| {
        let (method, value) = line.strip_prefix(" | ").unwrap().split_once(" | ").unwrap();
        (method, value.strip_prefix("Digest ").unwrap())
    });
    let requests: Vec<_> = requests.collect();
    assert_eq!(requests.len(), 2, "{client}");
    requests
}

fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text))
}

fn verifier() -> DigestVerifier {
    let key = NonceKey::new(SecretKey::from_bytes(KEY));
    DigestVerifier::new(key, DigestPolicy::starting_at(ISSUED_MS - 1))
}

fn challenge_text(verifier: &DigestVerifier, staleness: Staleness) -> String {
    verifier.challenge(staleness, ISSUED_MS, &mut OsRandom).to_str().unwrap().to_owned()
}

fn fresh_nonce(verifier: &DigestVerifier) -> String {
    let text = challenge_text(verifier, Staleness::Initial);
    text.split('"').nth(5).unwrap().to_owned()
}

fn verify(verifier: &DigestVerifier, answer: &str) -> Outcome {
    verify_at(verifier, "GET", TARGET, answer, ISSUED_MS)
}

fn verify_at(
    verifier: &DigestVerifier,
    method: &str,
    target: &str,
    answer: &str,
    now_ms: u64,
) -> Outcome {
    let answer = Answer::parse(answer).unwrap();
    let ha1 = ha1(USER, REALM, PASSWORD);
    verifier.verify(&answer, SignedRequest { method, target }, Some(&ha1), now_ms)
}

fn accepted() -> Outcome {
    Outcome::Ok { username: USER.to_owned() }
}
