//! The rules of the architecture that manifests cannot say: who may name what.
//!
//! Every rule reads code only. A comment may speak of anything.

use super::source::{Kind, Source};
use super::tree::Tree;
use super::{Check, Finding};

pub(super) const CHECKS: &[Check] = &[
    Check::error("pure-core", "the core has no clock, randomness, async or serde", pure_core),
    Check::error("core-no-std", "the core is `#![no_std]`", core_no_std),
    Check::error("http-statuses", "only server::http names HTTP statuses", http_statuses),
    Check::error("sql", "only the store names SQL or an engine", sql),
    Check::error("netlink-unsafe", "only fabric::netns names netlink or `unsafe`", netlink_unsafe),
    Check::error("handler-store", "no handler sees the store", handler_store),
    Check::error("clock", "the server reads time and sleeps in few places", clocks),
    Check::error("process-exit", "only `main` ends the process", process_exit),
];

/// Where the server may read the machine's time or sleep. An entry covers the file and its folder.
const CLOCK_PLACES: [&str; 11] = [
    "crates/server/src/clock",
    "crates/server/src/driver",
    "crates/server/src/emulation/clock",
    "crates/server/src/emulation/planted",
    "crates/server/src/orphans",
    "crates/server/src/replica",
    "crates/server/src/http/door",
    "crates/server/src/http/serve",
    "crates/server/src/cli",
    "crates/server/src/main",
    "crates/server/src/telemetry",
];

const CLOCKS: [&[&str]; 8] = [
    &["SystemTime", "now"],
    &["Instant", "now"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
    &["time", "sleep"],
    &["time", "sleep_until"],
    &["time", "interval"],
    &["thread", "sleep"],
];

const NOT_IN_CORE: [&str; 13] = [
    "SystemTime",
    "Instant",
    "async",
    "await",
    "serde",
    "serde_json",
    "tokio",
    "HashMap",
    "HashSet",
    "rand",
    "rand_core",
    "rand_chacha",
    "getrandom",
];

const ENGINES: [&str; 5] = ["rusqlite", "libsqlite3_sys", "sqlx", "etcd_client", "etcd"];

/// Beginnings of statements, in the capitals that SQL is written in here.
const STATEMENTS: [&str; 9] = [
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "PRAGMA ",
];

fn pure_core(tree: &Tree) -> Vec<Finding> {
    in_files(
        tree,
        |path| path.starts_with("crates/core/src/"),
        |source| {
            let names = source.idents().filter(|(name, _)| NOT_IN_CORE.contains(name));
            let names = names.map(|(name, line)| (line, name.to_owned()));
            let paths = source.paths().into_iter();
            let paths = paths.filter(|path| path.starts_with(&["std", "time"]));
            let paths = paths.map(|path| (path.line, "std::time".to_owned()));
            let advice = "take the time, the id or the outcome as an argument";
            names.chain(paths).map(|(line, name)| (line, format!("`{name}`: {advice}"))).collect()
        },
    )
}

fn core_no_std(tree: &Tree) -> Vec<Finding> {
    in_files(
        tree,
        |path| path == "crates/core/src/lib.rs",
        |source| {
            let says_so = source.attributes().iter().any(|tokens| tokens[0].is("no_std"));
            if says_so { Vec::new() } else { vec![(1, "write `#![no_std]`".to_owned())] }
        },
    )
}

fn http_statuses(tree: &Tree) -> Vec<Finding> {
    // The clouds' own protocols are HTTP, too: ADR 14.
    let at_home = [
        "crates/server/src/http",
        "crates/clouds/src",
        "crates/fabric/src/aws",
        "crates/fabric/src/azure",
        "crates/fabric/src/gcp",
        "crates/fabric/src/remote",
    ];
    let elsewhere = |path: &str| is_product(path) && !at_home.iter().any(|home| is_in(path, home));
    in_files(tree, elsewhere, |source| {
        let advice = "give back a domain error; server::http has the one table of statuses";
        named(source, &["StatusCode"], advice)
    })
}

fn sql(tree: &Tree) -> Vec<Finding> {
    // The trials start the engines themselves, from outside.
    let at_home = ["crates/store/", "crates/trial/"];
    let elsewhere = |path: &str| {
        path.starts_with("crates/") && !at_home.iter().any(|home| path.starts_with(home))
    };
    in_files(tree, elsewhere, |source| {
        let advice = "ask through the store's port";
        let texts = source.tokens.iter().filter(|token| token.kind == Kind::Text);
        let statements = texts.filter(|token| {
            let text = token.text.trim_start_matches(|c: char| !c.is_ascii_uppercase());
            STATEMENTS.iter().any(|start| text.starts_with(start))
        });
        let statements = statements.map(|token| (token.line, format!("SQL: {advice}")));
        named(source, &ENGINES, advice).into_iter().chain(statements).collect()
    })
}

fn netlink_unsafe(tree: &Tree) -> Vec<Finding> {
    let elsewhere = |path: &str| !is_in(path, "crates/fabric/src/netns");
    in_files(tree, elsewhere, |source| {
        let outside = source.idents().filter(|(name, _)| *name == "unsafe" || is_netlink(name));
        let advice = "belongs to fabric::netns, behind a safe function";
        outside.map(|(name, line)| (line, format!("`{name}` {advice}"))).collect()
    })
}

fn is_netlink(name: &str) -> bool {
    name == "rtnetlink"
        || name == "netlink"
        || name.starts_with("netlink_sys")
        || name.starts_with("netlink_packet")
}

fn handler_store(tree: &Tree) -> Vec<Finding> {
    in_files(
        tree,
        |path| is_in(path, "crates/server/src/http"),
        |source| named(source, &["peerage_store"], "call a use case of server::app"),
    )
}

fn clocks(tree: &Tree) -> Vec<Finding> {
    let elsewhere = |path: &str| {
        let listed = CLOCK_PLACES.iter().any(|place| is_in(path, place));
        path.starts_with("crates/server/src/") && !listed
    };
    in_files(tree, elsewhere, |source| {
        let paths = source.paths().into_iter();
        let reads = paths.filter(|path| CLOCKS.iter().any(|clock| path.ends_with(clock)));
        let advice = "take the time as an argument, or ask the server's `Clock`";
        reads.map(|path| (path.line, format!("`{}`: {advice}", path.parts.join("::")))).collect()
    })
}

fn process_exit(tree: &Tree) -> Vec<Finding> {
    in_files(
        tree,
        |path| !path.ends_with("/src/main.rs"),
        |source| {
            let paths = source.paths().into_iter();
            let exits = paths.filter(|path| path.ends_with(&["process", "exit"]));
            exits
                .map(|path| (path.line, "give back an error; `main` turns it to a code".to_owned()))
                .collect()
        },
    )
}

fn in_files(
    tree: &Tree,
    covers: impl Fn(&str) -> bool,
    wrong: impl Fn(&Source) -> Vec<(usize, String)>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, source) in tree.sources().filter(|(path, _)| covers(path)) {
        let here = wrong(source).into_iter();
        found.extend(here.map(|(line, message)| Finding::at(path, line, message)));
    }
    found
}

fn named(source: &Source, names: &[&str], advice: &str) -> Vec<(usize, String)> {
    let found = source.idents().filter(|(name, _)| names.contains(name));
    found.map(|(name, line)| (line, format!("`{name}`: {advice}"))).collect()
}

/// What is built into the product, not its tests.
fn is_product(path: &str) -> bool {
    path.starts_with("crates/") && path.contains("/src/")
}

/// Whether a path is `<place>.rs` or lies in the folder `<place>/`.
fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}
