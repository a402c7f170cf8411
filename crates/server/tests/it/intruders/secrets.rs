//! Secrets, their hashes and proofs are compared in a time that tells nothing, everywhere.

use std::path::{Path, PathBuf};

/// What reads the value out of a type that guards it, or names a proof.
const GUARDED: [&str; 7] =
    ["expose()", ".response", "hash().as_bytes()", "ha1", ".tag(", "client_secret", "private_key"];
/// What compares in a time that depends on the values.
const COMPARES: [&str; 8] =
    [" == ", " != ", ".eq(", ".ne(", ".cmp(", ".contains(", ".starts_with(", ".ends_with("];
/// What is read out of its guard and is no secret.
const OPEN: [(&str, &str); 4] = [
    ("form/fields.rs", "other.expose() == name.expose()"), // names of fields
    ("form/fields.rs", "other.expose() == name)"),         // names of fields
    ("authn/form.rs", "grant_type.expose() != \"client_credentials\""),
    ("authn/form.rs", "id.expose() == username"), // the two places for one client's id
];
/// Types that may not be compared but by their own, constant, equality.
const TYPES: [&str; 10] = [
    "Secret",
    "Token",
    "TokenHash",
    "Ha1",
    "SecretKey",
    "MasterKey",
    "NonceKey",
    "ChainKey",
    "Link",
    "Answer",
];

/// Whether a line compares what is guarded.
fn compares(line: &str) -> bool {
    let line = line.split("//").next().unwrap_or_default();
    GUARDED.iter().any(|word| line.contains(word))
        && COMPARES.iter().any(|word| line.contains(word))
}

/// The type of these lines, if it is a guarded one whose equality is derived.
fn derives(lines: &[&str]) -> Option<&'static str> {
    let [derive, item] = lines else { return None };
    let is_derived = derive.contains("derive(") && derive.contains("PartialEq");
    TYPES.into_iter().find(|name| {
        is_derived
            && ["(", " ", ";", "<"].iter().any(|end| item.contains(&format!("struct {name}{end}")))
    })
}

fn sources(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_guarded_value_is_compared_in_a_time_that_tells() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 50, "{} files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let own = file.ends_with("digest/recorded.rs");
        for (at, line) in lines.iter().enumerate() {
            let is_open =
                |(place, text): &(&str, &str)| file.ends_with(place) && line.contains(text);
            if OPEN.iter().any(is_open) {
                continue;
            }
            let two = lines.get(at..at + 2).and_then(derives);
            if !own && (compares(line) || two.is_some()) {
                wrong.push(format!("{}:{}: {line}", file.display(), at + 1));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_comparison_that_tells_is_found() {
    for line in [
        "if secret.expose() == known {",
        "let fits = known != offered.hash().as_bytes();",
        "(expected == answer.response) & is_known",
        "known.starts_with(token.expose())",
        "let authentic = key.tag(&bytes) == bytes[16..];",
    ] {
        assert!(compares(line), "{line}");
    }
    for line in [
        "(expected.ct_eq(&answer.response) & is_known).into()",
        "answer.realm != REALM",
        "let text = secret.expose(); // == is not used",
    ] {
        assert!(!compares(line), "{line}");
    }
    assert_eq!(derives(&["#[derive(Clone, PartialEq)]", "pub struct Ha1([u8; 16]);"]), Some("Ha1"));
    assert_eq!(derives(&["#[derive(Clone, Copy)]", "pub struct Ha1([u8; 16]);"]), None);
    assert_eq!(derives(&["#[derive(PartialEq)]", "pub struct AnswerError;"]), None);
}
