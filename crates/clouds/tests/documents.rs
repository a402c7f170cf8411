//! The documents that are made from tables in the code: which rules the emulated clouds keep, and
//! what the codes of the real ones mean. `UPDATE_GOLDEN=1` writes them.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

use std::fmt::Write as _;
use std::path::Path;

use peerage_clouds::fidelity::Rule;
use peerage_clouds::{aws, azure, gcp};
use peerage_fabric::remote::{Meaning, Row};

const FIDELITY: &str = "\
# What the emulated clouds are true to

Made from the tables beside the code (`crates/clouds/src/*/fidelity.rs`): each rule that a cloud which `peerage dev` serves
on a port keeps, where the rule is known from, and the test that fails without it. No rule was checked against a paid
account: the evidence is what the clouds document and what public projects recorded.
";

const ERRORS: &str = "\
# What the codes of the clouds mean

Made from the tables beside the code (`crates/fabric/src/*/codes.rs`). A code that is in no table is tried again, and is
in doubt when the cloud failed inside (5xx).

| meaning | what becomes of the peering |
|---|---|
| refused | `FAILED` with the cloud's words; on AWS `errorStateName` is as in the table, elsewhere `errorState` is `FAILED` |
| not now | tried again: something else has to end or appear first |
| throttled | tried again after a wait with full jitter; fewer requests are sent meanwhile |
| denied | tried again every half minute: the operator has to give a permission, which the message names |
| quota | tried again every half minute: the operator has to have a quota of our account raised |
| missing | looked at anew: what it is about is not there, or not yet |
| in doubt | looked at anew: it may have been done |
";

fn meaning(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Refused => "refused",
        Meaning::NotNow => "not now",
        Meaning::Throttled => "throttled",
        Meaning::Denied => "denied",
        Meaning::Quota => "quota",
        Meaning::Missing => "missing",
        Meaning::InDoubt => "in doubt",
    }
}

fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn fidelity(tables: [(&str, &str, &[Rule]); 3]) -> String {
    let mut text = FIDELITY.to_owned();
    for (cloud, folder, rules) in tables {
        let _ = write!(text, "\n## {cloud}\n\n{} rules.\n\n", rules.len());
        text.push_str("| rule | evidence | test |\n|---|---|---|\n");
        for Rule { rule, evidence, test } in rules {
            let (rule, evidence) = (cell(rule), cell(evidence));
            let _ = writeln!(text, "| {rule} | {evidence} | `{folder}::{test}` |");
        }
    }
    text
}

const STATES: &str = "
These states of a connection end its peering; its message is the cloud's own.

| state | meaning | the peering's error | source |
|---|---|---|---|
";

fn errors(tables: [(&str, &[Row], &[Row]); 3]) -> String {
    let mut text = ERRORS.to_owned();
    for (cloud, codes, states) in tables {
        let _ = write!(text, "\n## {cloud}\n\n");
        text.push_str("| code | meaning | the peering's error | source |\n|---|---|---|---|\n");
        push_rows(&mut text, codes);
        if !states.is_empty() {
            text.push_str(STATES);
            push_rows(&mut text, states);
        }
    }
    text
}

fn push_rows(text: &mut String, rows: &[Row]) {
    for row in rows {
        let (code, source) = (cell(row.code), cell(row.source));
        let (meaning, atlas) = (meaning(row.meaning), row.atlas);
        let _ = writeln!(text, "| `{code}` | {meaning} | {atlas} | {source} |");
    }
}

fn compare(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "docs/{name} is not what the code makes: run with UPDATE_GOLDEN=1");
}

#[test]
fn every_rule_of_an_emulated_cloud_is_in_the_document() {
    compare(
        "fidelity.md",
        &fidelity([
            ("AWS", "ec2", aws::fidelity::RULES),
            ("Azure", "arm", azure::fidelity::RULES),
            ("GCP", "compute", gcp::fidelity::RULES),
        ]),
    );
}

#[test]
fn every_code_of_a_cloud_is_in_the_document() {
    compare(
        "cloud-errors.md",
        &errors([
            ("AWS", peerage_fabric::aws::CODES, peerage_fabric::aws::STATES),
            ("Azure", peerage_fabric::azure::codes::CODES, &[]),
            ("GCP", &peerage_fabric::gcp::codes::TABLE, &[]),
        ]),
    );
}
