//! The part of deny.toml that is read here. What only cargo-deny understands is left alone.

use serde::Deserialize;

use super::Package;

#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    pub(super) graph: Graph,
    pub(super) licenses: Licenses,
    pub(super) bans: Bans,
    pub(super) sources: Sources,
}

#[derive(Debug, Deserialize)]
pub(super) struct Graph {
    pub(super) targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Licenses {
    pub(super) allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Bans {
    pub(super) deny: Vec<Named>,
    pub(super) skip: Vec<Named>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Sources {
    pub(super) allow_registry: Vec<String>,
}

/// A package, perhaps with the beginning of a version (`rand@0.8`), and why it is named.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    #[serde(rename = "crate")]
    pub(super) package: String,
    pub(super) reason: String,
}

impl Named {
    pub(super) fn name(&self) -> &str {
        self.package.split_once('@').map_or(&self.package, |(name, _)| name)
    }

    /// Whether a package has this name and its version begins so.
    pub(super) fn covers(&self, package: &Package) -> bool {
        let Some((_, start)) = self.package.split_once('@') else {
            return self.package == package.name;
        };
        let rest = package.version.strip_prefix(start);
        self.name() == package.name
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}
