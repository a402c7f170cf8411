//! Each provider's table: which status a peering may have after which.
//!
//! Written down from the contract and the clouds' own documents, in the words of the wire, apart
//! from the product's life cycles: what disagrees is a finding in one of the two.

use peerage_core::peering::Phase;
use peerage_core::provider::Provider;

/// Status by status, what may come next.
type Table = &'static [(&'static str, &'static [&'static str])];

/// The beginning, before a peering is there; also its end.
pub(super) const NOTHING: &str = "";

/// AWS: a request, the customer's answer, routes. A failed one can be tried with another network,
/// and one that works can be lost and made anew.
const AWS: Table = &[
    (NOTHING, &["INITIATING"]),
    ("INITIATING", &["PENDING_ACCEPTANCE", "FINALIZING", "AVAILABLE", "FAILED", "TERMINATING"]),
    ("PENDING_ACCEPTANCE", &["INITIATING", "FINALIZING", "AVAILABLE", "FAILED", "TERMINATING"]),
    ("FINALIZING", &["AVAILABLE", "FAILED", "TERMINATING"]),
    ("AVAILABLE", &["INITIATING", "PENDING_ACCEPTANCE", "FAILED", "TERMINATING"]),
    ("FAILED", &["INITIATING", "TERMINATING"]),
    ("TERMINATING", &[NOTHING]),
];

/// Azure: there is no acceptance, and a removal can be refused.
const AZURE: Table = &[
    (NOTHING, &["ADDING_PEER"]),
    ("ADDING_PEER", &["AVAILABLE", "FAILED", "DELETING"]),
    ("AVAILABLE", &["FAILED", "DELETING"]),
    ("FAILED", &["ADDING_PEER", "DELETING"]),
    ("DELETING", &["DELETION_FAILED", NOTHING]),
    ("DELETION_FAILED", &["DELETING", NOTHING]),
];

/// GCP: each side makes its half, at any time, and may take it away again.
const GCP: Table = &[
    (NOTHING, &["ADDING_PEER"]),
    ("ADDING_PEER", &["WAITING_FOR_USER", "AVAILABLE", "FAILED", "DELETING"]),
    ("WAITING_FOR_USER", &["ADDING_PEER", "AVAILABLE", "FAILED", "DELETING"]),
    ("AVAILABLE", &["ADDING_PEER", "WAITING_FOR_USER", "FAILED", "DELETING"]),
    ("FAILED", &["ADDING_PEER", "DELETING"]),
    ("DELETING", &[NOTHING]),
];

/// The status of a peering on the wire.
#[must_use]
pub(super) fn status(phase: &Phase) -> &'static str {
    match phase {
        Phase::Aws(phase) => phase.name(),
        Phase::Azure(phase) => phase.name(),
        Phase::Gcp(phase) => phase.name(),
    }
}

/// Whether a peering of a provider that had one status may have another next.
#[must_use]
pub fn may_follow(provider: Provider, before: &str, after: &str) -> bool {
    let table = match provider {
        Provider::Aws => AWS,
        Provider::Azure => AZURE,
        Provider::Gcp => GCP,
    };
    // It may stay as it is, once it is there.
    let row = table.iter().find(|(status, _)| *status == before);
    row.is_some_and(|(_, next)| next.contains(&after) || (before == after && before != NOTHING))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_life_and_steps_of_none() {
        let may = |before, after| may_follow(Provider::Aws, before, after);
        assert!(may(NOTHING, "INITIATING") && may("TERMINATING", NOTHING));
        assert!(!may(NOTHING, "AVAILABLE") && !may("AVAILABLE", NOTHING));
        assert!(!may("TERMINATING", "AVAILABLE") && !may("FINALIZING", "PENDING_ACCEPTANCE"));
        assert!(may_follow(Provider::Gcp, "AVAILABLE", "WAITING_FOR_USER"));
        assert!(!may_follow(Provider::Azure, "AVAILABLE", "ADDING_PEER"));
        assert!(!may_follow(Provider::Azure, "INITIATING", "AVAILABLE"));
    }
}
