//! HTTP Digest (RFC 7616), server side: issues challenges and verifies the answers.
//!
//! Owns the challenge's exact text and the order of the checks. Must not look users up: the caller
//! brings the `HA1` of [`Answer::username`], or nothing for a user that does not exist, and both
//! take the same time here. The text of the challenge is fixed to the byte, because Go clients
//! refuse a challenge with a parameter they do not know, with other separators, or with several
//! offers; hence MD5, one `qop`, and no `userhash` or `charset`.

mod nonce;
mod parameters;
mod parse;
#[cfg(test)]
mod recorded;
mod window;

use ::http::HeaderValue;
use subtle::{Choice, ConstantTimeEq as _};

pub use nonce::{Nonce, NonceKey};
pub use parse::{
    Answer, AnswerError, CNONCE_BYTES_MAX, HEADER_BYTES_MAX, PARAMETERS_MAX, Parameter,
    USERNAME_BYTES_MAX,
};
pub use window::{Claim, NonceWindow};

use super::ha1::{Counted, Ha1};
use super::secret::RandomSource;

/// The realm of the Atlas API; part of every `HA1`.
pub const REALM: &str = "MMS Public API";

/// How long nonces live and how much is remembered of them.
#[derive(Clone, Copy, Debug)]
pub struct DigestPolicy {
    /// How long after its issue a nonce is accepted.
    pub nonce_life_ms: u64,
    /// How far another replica's clock may be ahead of ours.
    pub clock_skew_ms: u64,
    /// How many nonces are remembered at once; beyond that the oldest must be asked for anew.
    pub nonces_max: usize,
    /// Nonces issued earlier are stale: nobody remembers their counts.
    pub not_before_ms: u64,
}

impl DigestPolicy {
    /// Five minutes a nonce, for a process that starts at `now_ms`.
    pub fn starting_at(now_ms: u64) -> Self {
        Self {
            nonce_life_ms: 5 * 60 * 1000,
            clock_skew_ms: 30 * 1000,
            nonces_max: 65_536,
            not_before_ms: now_ms,
        }
    }
}

/// What the `stale` flag of a challenge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// The client must (also) check its credentials.
    Initial,
    /// The credentials were right: the client may answer the new nonce without asking its user.
    Stale,
}

/// The request that an answer must be made for.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query exactly as the client sent them.
    pub target: &'a str,
}

/// Verifies answers to the challenges that it issues.
#[derive(Debug)]
pub struct DigestVerifier {
    key: NonceKey,
    policy: DigestPolicy,
    window: NonceWindow,
}

impl DigestVerifier {
    /// A verifier that shares `key` with all replicas.
    pub fn new(key: NonceKey, policy: DigestPolicy) -> Self {
        let window = NonceWindow::new(policy.nonces_max, policy.not_before_ms);
        Self { key, policy, window }
    }

    /// The value of `WWW-Authenticate`, with a nonce that nobody was given before.
    pub fn challenge(
        &self,
        staleness: Staleness,
        now_ms: u64,
        random: &mut dyn RandomSource,
    ) -> HeaderValue {
        challenge(&Nonce::issue(&self.key, now_ms, random), staleness)
    }

    /// Decides whether `answer` proves its user for `request`, and uses its count up if so.
    ///
    /// The nonce is judged after the response, so that only somebody who holds the credentials
    /// learns that just the nonce was wrong, and only such a client takes room in memory.
    pub fn verify(
        &self,
        answer: &Answer,
        request: SignedRequest<'_>,
        ha1: Option<&Ha1>,
        now_ms: u64,
    ) -> Outcome {
        if answer.realm != REALM {
            return Outcome::Invalid(InvalidReason::Realm);
        }
        if answer.uri != request.target {
            return Outcome::Invalid(InvalidReason::Uri);
        }
        let nonce = Nonce::authenticate(&self.key, &answer.nonce);
        if !is_proven(answer, request.method, ha1) {
            return match ha1 {
                Some(_) => Outcome::Invalid(InvalidReason::Response),
                None => Outcome::Unknown,
            };
        }
        match nonce {
            Some(nonce) => self.admit(nonce, answer, now_ms),
            None => Outcome::Stale(StaleReason::NotOurs),
        }
    }

    fn admit(&self, nonce: Nonce, answer: &Answer, now_ms: u64) -> Outcome {
        let expired_ms = now_ms.saturating_sub(self.policy.nonce_life_ms);
        let issued_ms = nonce.issued_ms();
        if issued_ms < expired_ms {
            return Outcome::Stale(StaleReason::Expired);
        }
        if issued_ms > now_ms.saturating_add(self.policy.clock_skew_ms) {
            return Outcome::Stale(StaleReason::FromTheFuture);
        }
        match self.window.claim(nonce, answer.nc, expired_ms) {
            Claim::Fresh => Outcome::Ok { username: answer.username.clone() },
            Claim::Replayed => Outcome::Invalid(InvalidReason::Replayed),
            Claim::Forgotten => Outcome::Stale(StaleReason::Forgotten),
        }
    }
}

/// The value of `WWW-Authenticate` for a nonce.
pub fn challenge(nonce: &Nonce, staleness: Staleness) -> HeaderValue {
    let stale = match staleness {
        Staleness::Initial => "false",
        Staleness::Stale => "true",
    };
    let nonce = nonce.encode();
    let text = format!(
        "Digest realm=\"{REALM}\", domain=\"\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\", \
         stale={stale}"
    );
    HeaderValue::try_from(text).expect("a challenge is visible ASCII")
}

fn is_proven(answer: &Answer, method: &str, ha1: Option<&Ha1>) -> bool {
    let is_known = Choice::from(u8::from(ha1.is_some()));
    let counted = Counted { nonce: &answer.nonce, nc: &answer.nc_text, cnonce: &answer.cnonce };
    let expected = ha1.unwrap_or(&Ha1::PLACEHOLDER).response(method, &answer.uri, &counted);
    (expected.ct_eq(&answer.response) & is_known).into()
}

/// What an answer is worth. The client is told no more than the `stale` flag of the next challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user proved to hold the password.
    Ok {
        /// Who it is.
        username: String,
    },
    /// There is no such user.
    Unknown,
    /// The password is right, the nonce must be renewed.
    Stale(StaleReason),
    /// The answer is not accepted.
    Invalid(InvalidReason),
}

impl Outcome {
    /// What the next challenge should say; nothing when none is due. A replay is answered like a
    /// stale nonce, because an honest client replays when it repeats a request on a new
    /// connection, and a dishonest one learns nothing that it could use.
    pub fn next_challenge(&self) -> Option<Staleness> {
        match self {
            Self::Ok { .. } => None,
            Self::Stale(_) | Self::Invalid(InvalidReason::Replayed) => Some(Staleness::Stale),
            Self::Unknown | Self::Invalid(_) => Some(Staleness::Initial),
        }
    }

    /// Whether somebody may be guessing: what a throttle should count.
    pub fn is_guess(&self) -> bool {
        matches!(self, Self::Unknown | Self::Invalid(InvalidReason::Response))
    }
}

/// Why a nonce must be renewed. For logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaleReason {
    /// Its life is over.
    #[error("the nonce has expired")]
    Expired,
    /// Its MAC is wrong: forged, or from before the key changed.
    #[error("the nonce was not issued under this key")]
    NotOurs,
    /// It was issued later than the clocks may differ.
    #[error("the nonce is from the future")]
    FromTheFuture,
    /// It was issued before this process started, or others took its place.
    #[error("the nonce is not remembered")]
    Forgotten,
}

/// Why an answer is not accepted. For logs; nothing in it comes from the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReason {
    /// Made for another realm.
    #[error("the answer is for another realm")]
    Realm,
    /// Made for another path or query.
    #[error("the answer is for another request target")]
    Uri,
    /// Not made with the user's password.
    #[error("the response does not match")]
    Response,
    /// The count was used before.
    #[error("the answer was used before")]
    Replayed,
}
