//! The project's own tasks: `cargo xtask <task>`.
//!
//! Owns what a person or the continuous integration runs on the repository itself. It may read
//! every file of the project; no crate of the product may depend on it.
#![expect(clippy::print_stdout, reason = "a task talks to the person who started it")]

mod dev;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

/// The project's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Check style and the rules of the architecture.
    Tidy,
    /// Live simulated worlds, one for each seed: `cargo xtask sim --seeds 10000`.
    #[command(disable_help_flag = true)]
    Sim {
        /// What the simulation understands; `--help` lists it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Put the built program under fire: `cargo xtask trial kill --kills 500`.
    #[command(disable_help_flag = true)]
    Trial {
        /// What the trials understand; `--help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure the released program beside its limits: `cargo xtask bench --rows create,read`.
    #[command(disable_help_flag = true)]
    Bench {
        /// What the bench understands; `--help` lists it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let root = root();
    let clean = match Task::parse() {
        Task::Tidy => tidy::run(&root)?,
        Task::Sim { arguments } => dev::run(&root, &dev::SIM, &arguments)?,
        Task::Trial { arguments } => dev::run(&root, &dev::TRIAL, &arguments)?,
        Task::Bench { arguments } => dev::bench(&root, arguments)?,
    };
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The top of the repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
