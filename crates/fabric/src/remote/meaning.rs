//! What a code of a cloud means for us: the shape of each cloud's table, and how a row becomes the
//! error of a call.

use std::time::Duration;

use peerage_core::cloud::{CallError, Certainty, Remedy};

/// What an error of a cloud means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It will never work as its owner asked: `FAILED` with the cloud's words.
    Refused,
    /// Not now: something else has to end or appear first. Tried again.
    NotNow,
    /// Too many requests: tried again after the wait that the bucket gives.
    Throttled,
    /// Our credentials may not, or do not work: the operator has to act. Tried again, slowly.
    Denied,
    /// A quota of our account is used up: the operator has to act. Tried again, slowly.
    Quota,
    /// What it is about is not there.
    Missing,
    /// The cloud failed inside and may have done it all the same.
    InDoubt,
}

/// One row of a cloud's table: a code and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The cloud's code, letter by letter; a trailing `*` stands for any end.
    pub code: &'static str,
    /// What it means.
    pub meaning: Meaning,
    /// What its owner reads in the peering when it is [`Meaning::Refused`]: Atlas's
    /// `errorStateName` on AWS, empty elsewhere, where `errorState` is `FAILED`.
    pub atlas: &'static str,
    /// Where the code is documented or was seen.
    pub source: &'static str,
}

/// How long at least something is left alone that an operator has to put right.
const SLOW: Duration = Duration::from_secs(30);

impl Meaning {
    /// The meaning of a code in a table; `None` if it is not there.
    #[must_use]
    pub fn of(table: &[Row], code: &str) -> Option<Self> {
        let fits = |row: &&Row| match row.code.strip_suffix('*') {
            Some(front) => code.starts_with(front),
            None => row.code == code,
        };
        table.iter().find(fits).map(|row| row.meaning)
    }

    /// The error of a call. `wait`: how long to leave the cloud alone, where it said so.
    #[must_use]
    pub fn error(self, code: &str, message: String, wait: Option<Duration>) -> CallError {
        let wait = match self {
            Self::Denied | Self::Quota => Some(wait.unwrap_or(SLOW)),
            Self::Refused | Self::NotNow | Self::Throttled | Self::Missing | Self::InDoubt => wait,
        };
        let after_ms = wait.and_then(|wait| u64::try_from(wait.as_millis()).ok());
        let certainty = match self {
            Self::InDoubt => Certainty::Indefinite,
            Self::Refused
            | Self::NotNow
            | Self::Throttled
            | Self::Denied
            | Self::Quota
            | Self::Missing => Certainty::Definite,
        };
        let remedy = match self {
            Self::Refused => Remedy::GiveUp,
            Self::NotNow
            | Self::Throttled
            | Self::Denied
            | Self::Quota
            | Self::Missing
            | Self::InDoubt => Remedy::Retry { after_ms },
        };
        CallError { certainty, remedy, code: code.to_owned(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [Row; 2] = [
        Row { code: "Throttling*", meaning: Meaning::Throttled, atlas: "", source: "a test" },
        Row { code: "Gone", meaning: Meaning::Missing, atlas: "", source: "a test" },
    ];

    #[test]
    fn a_code_is_found_by_its_beginning_only_where_the_table_says_so() {
        assert_eq!(Meaning::of(&TABLE, "ThrottlingException"), Some(Meaning::Throttled));
        assert_eq!(Meaning::of(&TABLE, "Gone"), Some(Meaning::Missing));
        assert_eq!(Meaning::of(&TABLE, "GoneFishing"), None);
    }

    #[test]
    fn only_a_refusal_is_for_good_and_only_doubt_is_in_doubt() {
        let refused = Meaning::Refused.error("A", "b".to_owned(), None);
        assert_eq!((refused.certainty, refused.remedy), (Certainty::Definite, Remedy::GiveUp));
        let doubt = Meaning::InDoubt.error("A", "b".to_owned(), None);
        assert_eq!(doubt.certainty, Certainty::Indefinite);
        let denied = Meaning::Denied.error("A", "b".to_owned(), None);
        assert_eq!(denied.remedy, Remedy::Retry { after_ms: Some(30_000) });
    }
}
