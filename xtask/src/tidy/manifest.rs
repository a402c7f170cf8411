//! Who may depend on whom, and why a dependency is there: read from the manifests.

use toml::{Table, Value};

use super::tree::{File, Tree};
use super::{Check, Finding};

pub(super) const CHECKS: &[Check] = &[
    Check::error(
        "crate-edges",
        "server → wire, store, clouds, fabric, core · sim → server, store, fabric, core · \
         trial → sim, server, wire, store, fabric, core · wire → core · store → core · clouds → fabric, core · fabric → core; no other edge",
        crate_edges,
    ),
    Check::error(
        "dependency-home",
        "the core has no clock, randomness, async or serde; one crate for each outer system",
        dependency_homes,
    ),
    Check::error(
        "dependency-at-root",
        "dependencies are declared once, in the workspace's Cargo.toml",
        dependencies_at_root,
    ),
    Check::error(
        "dependency-reason",
        "every dependency has a one-line reason behind a `#`",
        dependency_reasons,
    ),
];

/// The rooms, and the rooms that each may know.
const EDGES: [(&str, &[&str]); 9] = [
    ("fuzz", &["server", "wire", "store", "fabric", "core"]),
    ("trial", &["sim", "server", "wire", "store", "fabric", "core"]),
    ("server", &["wire", "store", "clouds", "fabric", "core"]),
    ("sim", &["server", "store", "fabric", "core"]),
    ("wire", &["core"]),
    ("store", &["core"]),
    ("clouds", &["fabric", "core"]),
    ("fabric", &["core"]),
    ("core", &[]),
];

/// Dependencies that only one room may have.
const HOMES: [(&str, &str); 14] = [
    ("rusqlite", "store"),
    ("libsqlite3-sys", "store"),
    ("etcd-client", "store"),
    ("sqlx", "store"),
    ("rtnetlink", "fabric"),
    ("netlink-sys", "fabric"),
    ("netlink-packet-route", "fabric"),
    ("nftables", "fabric"),
    ("reqwest", "fabric"),
    ("aws-config", "fabric"),
    ("aws-sigv4", "fabric"),
    ("google-cloud-auth", "fabric"),
    ("google-cloud-compute-v1", "fabric"),
    ("rcgen", "clouds"),
];

/// The room that is never shipped and measures outer systems beside ours.
const MEASURES: &str = "trial";

/// What the core must not have, by the beginning of its name; it may in its tests.
const NOT_IN_CORE: [&str; 11] = [
    "serde",
    "tokio",
    "async",
    "futures",
    "rand",
    "getrandom",
    "jiff",
    "chrono",
    "time",
    "hashbrown",
    "uuid",
];

/// A dependency as a manifest has it.
struct Dependency<'a> {
    name: &'a str,
    value: &'a Value,
    for_tests: bool,
}

fn crate_edges(tree: &Tree) -> Vec<Finding> {
    each_dependency(tree, |room, dependency| {
        let to = room_of(dependency.name)?;
        let Some((_, allowed)) = EDGES.iter().find(|(from, _)| *from == room) else {
            return (room != "xtask").then(|| format!("{room} has no place among the rooms yet"));
        };
        let known = allowed.contains(&to);
        (!known).then(|| format!("{room} must not know {to}: move what it needs, or hand it in"))
    })
}

fn dependency_homes(tree: &Tree) -> Vec<Finding> {
    each_dependency(tree, |room, dependency| {
        let name = dependency.name;
        let impure = NOT_IN_CORE.iter().any(|start| name.starts_with(start));
        if room == "core" && impure && !dependency.for_tests {
            return Some(format!("the core must not have {name}: take the value as an argument"));
        }
        let strange = |home: &str| home != room && room != MEASURES;
        let (_, home) = HOMES.iter().find(|(known, home)| *known == name && strange(home))?;
        Some(format!("{name} belongs to {home}: ask for it through that crate's port"))
    })
}

fn dependencies_at_root(tree: &Tree) -> Vec<Finding> {
    each_dependency(tree, |_, dependency| {
        let inherited = dependency.value.get("workspace").and_then(Value::as_bool) == Some(true);
        let name = dependency.name;
        (!inherited).then(|| format!("write `{name}.workspace = true`, the version at the root"))
    })
}

fn dependency_reasons(tree: &Tree) -> Vec<Finding> {
    let Some(manifest) = tree.file("Cargo.toml") else { return Vec::new() };
    let Ok(table) = manifest.text.parse::<Table>() else { return Vec::new() };
    let declared = table.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let declared = declared.and_then(Value::as_table).into_iter().flatten();
    let foreign = declared.filter(|(_, value)| value.get("path").is_none());
    let silent = foreign.filter(|(name, _)| !has_reason(manifest, name));
    let message = |name| format!("write `# what {name} is for` at the end of its line");
    silent
        .map(|(name, _)| Finding::at(&manifest.path, line_of(manifest, name), message(name)))
        .collect()
}

/// Whether the line that declares it has a comment.
fn has_reason(manifest: &File, name: &str) -> bool {
    let line = manifest.text.lines().nth(line_of(manifest, name) - 1).unwrap_or_default();
    // Every second part is outside the quotes.
    let outside: String = line.split('"').step_by(2).collect();
    outside.split_once('#').is_some_and(|(_, reason)| !reason.trim().is_empty())
}

/// Where a manifest begins to speak of a dependency; its first line if that is hidden well.
fn line_of(manifest: &File, name: &str) -> usize {
    let declares = |line: &str| {
        let rest = line.trim_start().strip_prefix(name);
        rest.is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
            || line.trim_end().trim_end_matches(']').ends_with(&format!("dependencies.{name}"))
    };
    manifest.lines().find(|(_, line)| declares(line)).map_or(1, |(number, _)| number)
}

/// `core` for `peerage-core`, `server` for `peerage`.
fn room_of(package: &str) -> Option<&str> {
    if package == "peerage" { Some("server") } else { package.strip_prefix("peerage-") }
}

fn each_dependency(
    tree: &Tree,
    wrong: impl Fn(&str, &Dependency<'_>) -> Option<String>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for (room, manifest) in tree.manifests() {
        let table = match manifest.text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                found.push(Finding::whole(&manifest.path, error.to_string()));
                continue;
            }
        };
        for dependency in dependencies(&table) {
            let line = line_of(manifest, dependency.name);
            let message = wrong(room, &dependency);
            found.extend(message.map(|message| Finding::at(&manifest.path, line, message)));
        }
    }
    found
}

/// Of every kind, and of every target.
fn dependencies(table: &Table) -> Vec<Dependency<'_>> {
    let targets = table.get("target").and_then(Value::as_table).into_iter().flatten();
    let tables = targets.filter_map(|(_, value)| value.as_table()).chain([table]);
    let mut found = Vec::new();
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let entries = table.get(kind).and_then(Value::as_table).into_iter().flatten();
            found.extend(entries.map(|(name, value)| Dependency {
                name: value.get("package").and_then(Value::as_str).unwrap_or(name),
                value,
                for_tests: kind == "dev-dependencies",
            }));
        }
    }
    found
}
