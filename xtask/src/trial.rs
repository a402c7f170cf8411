//! `cargo xtask trial`: builds the trials and the program that they put under fire, and starts
//! them.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

/// Builds, then runs `peerage-trial` with these arguments; whether it ended well.
pub(crate) fn run(root: &Path, arguments: &[String]) -> anyhow::Result<bool> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let build = ["build", "--release", "--locked", "--package", "peerage-trial", "--bins"];
    let features = ["--features", "failpoints,etcd"];
    let built = Command::new(cargo).current_dir(root).args(build).args(features).status();
    if !built.context("cargo")?.success() {
        return Ok(false);
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let trial = target.join("release/peerage-trial");
    let ran = Command::new(&trial).current_dir(root).args(arguments).status();
    Ok(ran.with_context(|| trial.display().to_string())?.success())
}
