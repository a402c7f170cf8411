//! What attackers were told, and whether that may be said.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::ensure;

use super::CONNECTIONS;
use super::attack::Attack;

/// What a storm may be served beside its rate: the bucket, full at the beginning.
const STORM_TOO_MANY: usize = 600 + 100 * 60;

/// A connection was closed before it had said nothing for too long: others needed its place.
pub(super) const CLOSED_EARLY: &str = "closed early";
/// What has to be open at one time of so many sockets, in hundredths: while the first time of the
/// first ones is over, the last ones are being opened.
const OPEN_MIN: usize = 90;

/// How often attackers were told what: a status, or `closed`, or `nothing`.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) answers: BTreeMap<String, usize>,
    /// Refusals that do not say when to come back.
    pub(super) timeless: usize,
    /// Idle sockets of theirs that were open at one time.
    pub(super) sockets: usize,
}

impl Told {
    pub(super) fn add(&mut self, other: Self) {
        self.timeless += other.timeless;
        self.sockets = self.sockets.max(other.sockets);
        for (what, count) in other.answers {
            *self.answers.entry(what).or_default() += count;
        }
    }

    /// Whether they were told what may be told; the service had so many connections at one time.
    pub(super) fn check(&self, attack: &Attack, open: usize) -> anyhow::Result<()> {
        ensure!(self.timeless == 0, "{} refusals do not say when to come back", self.timeless);
        let known = known(attack);
        for what in self.answers.keys() {
            ensure!(known.contains(&what.as_str()), "attackers were told {what}");
        }
        if let Attack::Storm(_) = attack {
            let served = self.answers.get("200").copied().unwrap_or(0);
            ensure!(self.answers.contains_key("429"), "nobody was told that it is too much");
            ensure!(served > 0 && served <= STORM_TOO_MANY, "the storm was served {served} times");
        }
        if let Attack::Idle(count) = *attack {
            let (held, least) = (self.sockets, count.min(CONNECTIONS) * OPEN_MIN / 100);
            ensure!(held >= least, "no more than {held} idle sockets were open at one time");
            let is_full = open >= CONNECTIONS;
            let early = self.answers.contains_key(CLOSED_EARLY);
            ensure!(is_full || !early, "idle sockets were closed though there was room: {open}");
        }
        Ok(())
    }
}

/// What may be told to whom.
fn known(attack: &Attack) -> &'static [&'static str] {
    match attack {
        Attack::SlowHeads(_) | Attack::SlowBodies(_) => &["408", "429", "503", "closed", "nothing"],
        Attack::Idle(_) => &["closed", CLOSED_EARLY],
        Attack::Untaken(_) => &["closed"],
        Attack::HugeHeads(_) => &["200", "400", "429", "431", "closed"],
        Attack::HugeBodies(_) => &["400", "429", "503", "closed"],
        Attack::Storm(_) => &["200", "429", "503", "closed"],
        Attack::Streams(_) => &["408", "429", "503", "closed"],
        Attack::Resets(_) | Attack::Frames(_) => &["closed"],
        Attack::UntakenStreams(_) => &["200", "503", "closed"],
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> =
            self.answers.iter().map(|(what, count)| format!("{what}: {count}")).collect();
        f.write_str(&told.join(", "))?;
        match self.sockets {
            0 => Ok(()),
            most => write!(f, "; {most} idle sockets open at one time"),
        }
    }
}
