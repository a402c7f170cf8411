//! What was done a short while ago and EC2 may not show yet, or does not show at all. It lives in
//! this process only: after a restart the tags are all that is known, and doubles are sorted out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use peerage_core::cloud::{CallError, Certainty};
use peerage_core::id::{ContainerId, PeerId};
use peerage_core::time::Timestamp;

/// How long EC2 may take to show what it has made. Source: EC2 API reference, eventual consistency:
/// minutes at most.
pub(super) const SHOWN: Duration = Duration::from_secs(300);

/// How long it may still be missing now and then once it was shown: not every answer is of the
/// latest state. Source: hashicorp/terraform-provider-aws#30423.
pub(super) const STEADY: Duration = Duration::from_secs(60);

/// How long something is waited for that may have been made, because nobody was told.
pub(super) const SHOWN_IF_MADE: Duration = Duration::from_secs(30);

/// How long a refusal of the DNS option stands before it is asked for again: it is the customer
/// who can change the reason.
pub(super) const DNS_REFUSED: Duration = Duration::from_secs(3_600);

/// Facts at one time; when there are more, the oldest are forgotten first.
const FACTS_MAX: usize = 10_000;

/// What a fact is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum About {
    /// The VPC that was made for a container: its id.
    Network(ContainerId),
    /// The connection that was made for a peering: its id.
    Link(PeerId),
    /// That a VPC may have been made for a container: why it is not known.
    NetworkInDoubt(ContainerId),
    /// That a connection may have been made for a peering: why it is not known.
    LinkInDoubt(PeerId),
    /// Why EC2 refuses the DNS option of a connection: its words.
    Dns(String),
}

#[derive(Debug, Default)]
pub(super) struct Recent {
    facts: Mutex<HashMap<About, (String, Timestamp)>>,
}

impl Recent {
    pub(super) fn put(&self, about: About, fact: String, until: Timestamp) {
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if facts.len() >= FACTS_MAX {
            let mut ends: Vec<Timestamp> = facts.values().map(|(_, until)| *until).collect();
            ends.sort_unstable();
            let oldest = ends[ends.len() / 10];
            facts.retain(|_, (_, until)| *until > oldest);
        }
        facts.insert(about, (fact, until));
    }

    pub(super) fn get(&self, about: &About, now: Timestamp) -> Option<String> {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        facts.get(about).filter(|(_, until)| now < *until).map(|(fact, _)| fact.clone())
    }

    /// Lets a fact end at some time, if not before.
    pub(super) fn end(&self, about: &About, at: Timestamp) {
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, until)) = facts.get_mut(about) {
            *until = at.min(*until);
        }
    }

    /// Remembers that something may have been made, if an error leaves that open.
    pub(super) fn doubt(&self, about: About, error: &CallError, now: Timestamp) {
        if error.certainty == Certainty::Indefinite {
            self.put(about, error.message.clone(), now.after(SHOWN_IF_MADE));
        }
    }

    pub(super) fn forget(&self, about: &About) {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).remove(about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: usize) -> Timestamp {
        Timestamp::from_millis(i64::try_from(millis).unwrap())
    }

    #[test]
    fn a_fact_is_known_until_its_time_or_until_it_is_forgotten() {
        let (recent, about) = (Recent::default(), About::Dns("pcx-1".to_owned()));
        recent.put(about.clone(), "no".to_owned(), at(5));
        assert_eq!(recent.get(&about, at(4)).as_deref(), Some("no"));
        assert_eq!(recent.get(&about, at(5)), None);
        recent.end(&about, at(9));
        assert_eq!(recent.get(&about, at(4)).as_deref(), Some("no"));
        recent.end(&about, at(3));
        assert_eq!(recent.get(&about, at(3)), None);
        recent.put(about.clone(), "no".to_owned(), at(5));
        recent.forget(&about);
        assert_eq!(recent.get(&about, at(4)), None);
    }

    #[test]
    fn the_oldest_facts_make_room() {
        let recent = Recent::default();
        for number in 0..=FACTS_MAX {
            recent.put(About::Dns(number.to_string()), String::new(), at(1 + number));
        }
        assert!(recent.facts.lock().unwrap().len() <= FACTS_MAX);
        assert_eq!(recent.get(&About::Dns("0".to_owned()), at(0)), None);
        let newest = About::Dns(FACTS_MAX.to_string());
        assert!(recent.get(&newest, at(0)).is_some());
    }
}
