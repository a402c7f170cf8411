//! The table of rules and its tests belong together.

use peerage_clouds::aws::fidelity::RULES;

const SOURCES: [&str; 13] = [
    include_str!("customer.rs"),
    include_str!("deletion.rs"),
    include_str!("dns.rs"),
    include_str!("faults.rs"),
    include_str!("kept.rs"),
    include_str!("networks.rs"),
    include_str!("parties.rs"),
    include_str!("protocol.rs"),
    include_str!("queries.rs"),
    include_str!("routes.rs"),
    include_str!("states.rs"),
    include_str!("sts.rs"),
    include_str!("tags.rs"),
];

fn is_test(name: &str) -> bool {
    let head = format!("#[test]\nfn {name}() {{");
    SOURCES.iter().any(|source| source.contains(&head))
}

#[test]
fn every_rule_has_evidence_and_a_test_that_exists() {
    assert!(!is_test("a_test_that_nobody_wrote"));
    for rule in RULES {
        assert!(is_test(rule.test), "no test {}", rule.test);
        assert!(!rule.rule.is_empty() && !rule.evidence.is_empty(), "{}", rule.test);
    }
}

#[test]
fn no_rule_is_there_twice() {
    for (at, rule) in RULES.iter().enumerate() {
        assert!(RULES[at + 1..].iter().all(|other| other.rule != rule.rule), "{}", rule.rule);
    }
}

/// A test of a rule that is not in the table would not be in the documents either.
#[test]
fn every_test_of_a_rule_is_in_the_table() {
    // What is about the emulator itself and no rule of EC2's.
    let own = [include_str!("kept.rs"), include_str!("customer.rs")];
    let tests = SOURCES.iter().filter(|source| !own.contains(source)).flat_map(|source| {
        let names = source.split("#[test]\nfn ").skip(1);
        names.map(|rest| rest.split('(').next().unwrap_or_default())
    });
    for test in tests {
        assert!(RULES.iter().any(|rule| rule.test == test), "{test} is not in the table");
    }
}
