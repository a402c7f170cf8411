//! A bad and a good example for every check: a check that cannot fail is not done, and one that
//! fails on good work is worse.

use super::tree::Tree;
use super::{Check, checks};

/// The check, a path, its bad text, the line that is wrong (0: the file), and a good text.
type Example = (&'static str, &'static str, &'static str, usize, &'static str);

const TEXT: &[Example] = &[
    ("conflict-marker", "a.md", "a\n<<<<<<< HEAD\n", 2, "a <<<<<<< b\n"),
    ("trailing-space", "a.md", "a\nb \n", 2, "a\n"),
    ("final-newline", "a.md", "a", 0, "a\n"),
    ("tab", "a.rs", "//! A.\n\tfn a() {}\n", 2, "//! A.\n"),
    ("machine-path", "a.md", concat!("a\n/ro", "ot/b\n"), 2, "the/root/b\n"),
    ("file-name", "crates/core/src/utils.rs", "//! A.\n", 0, ""),
    ("dead-link", "a.md", "# A\n\n[b](c.md)\n", 3, "# A\n\n[b](a.md)\n"),
];

const STYLE: &[Example] = &[
    ("readable", "a.rs", "//! A.\nfn a( {}\n", 0, "//! A.\nfn a() {}\n"),
    ("file-header", "a.rs", "fn a() {}\n", 1, "//! A.\nfn a() {}\n"),
    ("unfinished", "a.rs", "//! A.\nfn a() { todo!() }\n", 2, "//! todo!()\n"),
    ("later-comment", "a.rs", "//! A.\n// TODO: b\n", 2, "//! A.\nconst A: &str = \"TODO\";\n"),
    ("ignored-test", "a.rs", "//! A.\n#[ignore]\nfn a() {}\n", 2, "//! A.\n#[test]\nfn a() {}\n"),
    (
        "lint-exception",
        "a.rs",
        "//! A.\n#[cfg_attr(test, allow(b))]\nfn a() {}\n",
        2,
        "//! A.\n#[expect(b, reason = \"c\")]\nfn a() {}\n",
    ),
    (
        "lint-exception",
        "crates/core/tests/a.rs",
        "//! A.\n#![allow(dead_code)]\n",
        2,
        "//! A.\n#![allow(dead_code, reason = \"each test takes what it needs\")]\n",
    ),
    ("lint-exception", "a.rs", "//! A.\n#[expect(b)]\nfn a() {}\n", 2, "//! A.\n"),
];

const MANIFESTS: &[Example] = &[
    (
        "crate-edges",
        "crates/wire/Cargo.toml",
        "[dev-dependencies]\npeerage-store.workspace = true\n",
        2,
        "[dependencies]\npeerage-core.workspace = true\n",
    ),
    (
        "crate-edges",
        "crates/core/Cargo.toml",
        "[dependencies]\npeerage-wire.workspace = true\n",
        2,
        "[dependencies]\nipnet.workspace = true\n",
    ),
    (
        "dependency-home",
        "crates/core/Cargo.toml",
        "[dependencies]\nserde_json.workspace = true\n",
        2,
        "[dev-dependencies]\nserde_json.workspace = true\n",
    ),
    (
        "dependency-home",
        "crates/server/Cargo.toml",
        "[dependencies.rusqlite]\nworkspace = true\n",
        1,
        "[dependencies]\nserde.workspace = true\n",
    ),
    (
        "dependency-at-root",
        "xtask/Cargo.toml",
        "[target.'cfg(unix)'.dependencies]\nhex = \"0.4\"\n",
        2,
        "[dependencies]\nhex = { workspace = true, features = [\"std\"] }\n",
    ),
    (
        "dependency-reason",
        "Cargo.toml",
        "[workspace.dependencies]\nhex = \"0.4#\"\n",
        2,
        "[workspace.dependencies]\nhex = \"0.4\" # digests as text\n",
    ),
];

const ROOMS: &[Example] = &[
    (
        "pure-core",
        "crates/core/src/a.rs",
        "//! Instant\nuse std::{fmt, time::Duration};\n",
        2,
        "//! Instant\nuse core::time::Duration;\n",
    ),
    ("pure-core", "crates/core/src/a.rs", "//! A.\nasync fn a() {}\n", 2, "//! async\n"),
    ("pure-core", "crates/core/src/a.rs", "//! A.\ntype A = HashMap<u8, u8>;\n", 2, "//! A.\n"),
    ("core-no-std", "crates/core/src/lib.rs", "//! A.\n", 1, "//! A.\n#![no_std]\n"),
    (
        "http-statuses",
        "crates/server/src/app/a.rs",
        "//! A.\nuse http::StatusCode;\n",
        2,
        "//! StatusCode\n",
    ),
    ("sql", "crates/server/src/a.rs", "//! A.\nuse rusqlite::params;\n", 2, "//! rusqlite\n"),
    (
        "sql",
        "crates/wire/src/a.rs",
        "//! A.\nconst A: &str = r#\"\n  SELECT 1\"#;\n",
        2,
        "//! A.\nconst A: &str = \"SELECTED\";\n",
    ),
    (
        "netlink-unsafe",
        "crates/fabric/src/a.rs",
        "//! A.\nfn a() { unsafe {} }\n",
        2,
        "//! A.\n#![forbid(unsafe_code)]\n",
    ),
    ("netlink-unsafe", "crates/server/src/a.rs", "//! A.\nuse rtnetlink::A;\n", 2, "//! A.\n"),
    (
        "handler-store",
        "crates/server/src/http/a.rs",
        "//! A.\nuse peerage_store::Store;\n",
        2,
        "//! A.\nuse crate::app::App;\n",
    ),
    (
        "clock",
        "crates/server/src/app/a.rs",
        "//! A.\nfn a() { std::time::SystemTime::now(); }\n",
        2,
        "//! A.\nuse std::time::SystemTime;\nfn a() { clock.now(); }\n",
    ),
    (
        "clock",
        "crates/server/src/clocks.rs",
        "//! A.\nuse tokio::time::{self, sleep};\n",
        2,
        "//! A.\nuse tokio::time::Duration;\n",
    ),
    (
        "process-exit",
        "crates/server/src/cli.rs",
        "//! A.\nfn a() { std::process::exit(1) }\n",
        2,
        "//! A.\nuse std::process::ExitCode;\n",
    ),
];

fn findings(check: &Check, path: &str, text: &str) -> Vec<(String, Option<usize>)> {
    let tree = Tree::new(vec![(path.to_owned(), text.as_bytes().to_vec())]);
    (check.run)(&tree).into_iter().map(|finding| (finding.path, finding.line)).collect()
}

fn find(name: &str) -> &'static Check {
    checks().find(|check| check.name == name).unwrap()
}

#[test]
fn every_check_fails_on_its_bad_example_and_passes_the_good_one() {
    for (name, path, bad, line, good) in [TEXT, STYLE, MANIFESTS, ROOMS].concat() {
        let expected = (path.to_owned(), (line > 0).then_some(line));
        assert_eq!(findings(find(name), path, bad), [expected], "{name} on {bad:?}");
        if !good.is_empty() {
            assert_eq!(findings(find(name), path, good), [], "{name} on {good:?}");
        }
    }
}

#[test]
fn lengths_are_limited() {
    let check = |name: &str, text: &str, line: Option<usize>| {
        let expected: Vec<_> = [("a.rs".to_owned(), line)].into();
        assert_eq!(findings(find(name), "a.rs", text), expected, "{name}");
    };
    let passes = |name: &str, text: &str| assert_eq!(findings(find(name), "a.rs", text), []);

    check("file-length", &"//! A.\n".repeat(801), None);
    passes("file-length", &"//! A.\n".repeat(800));
    check("file-length-aim", &"//! A.\n".repeat(401), None);
    passes("file-length-aim", &"//! A.\n".repeat(801));

    let function = |lines: usize| format!("//! A.\nfn a() {{{}}}\n", "\n".repeat(lines - 1));
    check("function-length", &function(71), Some(2));
    passes("function-length", &function(70));

    check("line-length", &format!("//! A.\n// {}\n", "a ".repeat(50)), Some(2));
    passes("line-length", &format!("//! A.\n// https://{}\n", "a".repeat(100)));
    passes("line-length", &format!("//! A.\nconst A: &str = \"{}\";\n", "a".repeat(100)));
}

#[test]
fn every_check_has_an_example() {
    let lengths = ["file-length", "file-length-aim", "function-length", "line-length"];
    let examples = [TEXT, STYLE, MANIFESTS, ROOMS].concat();
    let named: Vec<&str> = examples.iter().map(|example| example.0).chain(lengths).collect();
    let without: Vec<_> = checks().map(|check| check.name).filter(|c| !named.contains(c)).collect();
    assert_eq!(without, [""; 0], "write an example of what these refuse");
}
