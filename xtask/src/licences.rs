//! `cargo xtask licences`: deny.toml held against the whole tree of dependencies, offline.
//!
//! Reads the part of cargo-deny's own file that needs no network, so that there is one list for
//! both. The rules are functions over values; only [`run`] starts `cargo metadata`.

mod policy;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

use policy::Policy;

/// What `cargo metadata` says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// `None` for the workspace's own packages.
    source: Option<String>,
}

/// Checks all dependencies and prints what is wrong; `true` if nothing is.
pub(crate) fn run(root: &Path) -> anyhow::Result<bool> {
    let policy = std::fs::read_to_string(root.join("deny.toml")).context("deny.toml")?;
    let policy: Policy = toml::from_str(&policy).context("deny.toml")?;
    let packages = packages(root, &policy.graph.targets)?;
    let findings = findings(&policy, &packages);
    for finding in &findings {
        println!("error: {finding}");
    }
    println!("licences: {} packages, {} errors", packages.len(), findings.len());
    Ok(findings.is_empty())
}

fn packages(root: &Path, targets: &[String]) -> anyhow::Result<Vec<Package>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["metadata", "--format-version", "1", "--locked"]);
    for target in targets {
        cargo.args(["--filter-platform", target]);
    }
    let output = cargo.output().context("cargo metadata")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice::<Metadata>(&output.stdout)?.packages)
}

fn findings(policy: &Policy, packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let wrong = [licence(policy, package), source(policy, package), ban(policy, package)];
        let named = |message| format!("{} {}: {message}", package.name, package.version);
        found.extend(wrong.into_iter().flatten().map(named));
    }
    found.extend(duplicates(policy, packages));
    found.extend(stale_skips(policy, packages));
    found
}

fn licence(policy: &Policy, package: &Package) -> Option<String> {
    let Some(text) = &package.license else {
        return Some("states no licence".to_owned());
    };
    let expression = match Expression::parse_mode(text, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("`{text}` is no licence expression: {error}")),
    };
    let allowed = expression.evaluate(|term| {
        let name = term.to_string();
        policy.licenses.allow.contains(&name)
    });
    (!allowed).then(|| format!("`{text}` is not on the list of licences in deny.toml"))
}

fn source(policy: &Policy, package: &Package) -> Option<String> {
    let source = package.source.as_ref()?;
    let known = policy.sources.allow_registry.iter().any(|registry| {
        source.strip_prefix("registry+").or(source.strip_prefix("sparse+")) == Some(registry)
    });
    (!known).then(|| format!("comes from {source}, which is not a source in deny.toml"))
}

fn ban(policy: &Policy, package: &Package) -> Option<String> {
    let ban = policy.bans.deny.iter().find(|ban| ban.name() == package.name)?;
    Some(format!("is banned: {}", ban.reason))
}

/// Each crate that is there in several versions, less those with a reason.
fn duplicates(policy: &Policy, packages: &[Package]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(package);
    }
    versions.retain(|_, packages| {
        let excused = |package: &&Package| policy.bans.skip.iter().any(|skip| skip.covers(package));
        packages.len() - packages.iter().filter(|package| excused(package)).count() > 1
    });
    let listed = |packages: &[&Package]| {
        packages.iter().map(|package| package.version.as_str()).collect::<Vec<_>>().join(", ")
    };
    let message = "unify them, or give the older one a reason under `skip` in deny.toml";
    let found = versions.iter();
    found.map(|(name, packages)| format!("{name} {}: {message}", listed(packages))).collect()
}

/// Reasons for versions that are gone.
fn stale_skips(policy: &Policy, packages: &[Package]) -> Vec<String> {
    let skips = policy.bans.skip.iter();
    let stale = skips.filter(|skip| !packages.iter().any(|package| skip.covers(package)));
    stale.map(|skip| format!("`skip` of {} in deny.toml covers nothing", skip.package)).collect()
}
