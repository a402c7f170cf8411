//! The tasks that are programs of their own: built with cargo, then started with what they were
//! given.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

/// A program of a crate that is never shipped.
pub(crate) struct Program {
    /// The package, and its binary of the same name.
    pub(crate) name: &'static str,
    /// The features that it is built with.
    pub(crate) features: &'static str,
}

/// The program under fire.
pub(crate) const TRIAL: Program = Program { name: "peerage-trial", features: "failpoints,etcd" };
/// The simulated worlds.
pub(crate) const SIM: Program = Program { name: "peerage-sim", features: "world" };

/// The program that is shipped, as it is shipped.
const SHIPPED: Program = Program { name: "peerage", features: "etcd" };

/// Measures the program that is shipped.
pub(crate) fn bench(root: &Path, mut arguments: Vec<String>) -> anyhow::Result<bool> {
    arguments.insert(0, "bench".to_owned());
    Ok(build(root, &SHIPPED)? && run(root, &TRIAL, &arguments)?)
}

fn build(root: &Path, program: &Program) -> anyhow::Result<bool> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let build = ["build", "--release", "--locked", "--bins", "--package", program.name];
    let features = ["--features", program.features];
    let built = Command::new(cargo).current_dir(root).args(build).args(features).status();
    Ok(built.context("cargo")?.success())
}

/// Builds it, then runs it with these arguments; whether it ended well.
pub(crate) fn run(root: &Path, program: &Program, arguments: &[String]) -> anyhow::Result<bool> {
    if !build(root, program)? {
        return Ok(false);
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let path = target.join("release").join(program.name);
    let ran = Command::new(&path).current_dir(root).args(arguments).status();
    Ok(ran.with_context(|| path.display().to_string())?.success())
}
