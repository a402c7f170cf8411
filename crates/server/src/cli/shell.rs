//! `peerage completions` and `peerage man`: generated from the command line itself.

use std::io;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;

/// Arguments of `peerage completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

pub(super) fn completions(command: &Completions) -> anyhow::Result<()> {
    clap_complete::generate(command.shell, &mut Cli::command(), "peerage", &mut io::stdout());
    Ok(())
}

pub(super) fn man() -> anyhow::Result<()> {
    clap_mangen::Man::new(Cli::command()).render(&mut io::stdout())?;
    Ok(())
}
