//! The command line: what people type, and what each command does.

mod audit;
mod backup;
mod check;
mod dev;
mod gc;
mod init;
mod permissions;
mod restore;
mod serve;
mod shell;
mod terminal;

use clap::{Parser, Subcommand};

/// An open network-peering control plane that speaks the MongoDB Atlas Administration API.
#[derive(Debug, Parser)]
#[command(name = "peerage", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Start with `peerage dev`: it needs nothing and prints what to paste.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything in one process, with emulated clouds and nothing to configure.
    Dev(dev::Dev),
    /// Run the service as a configuration file says.
    Serve(serve::Serve),
    /// Make an organization, a project and their first keys in a store.
    Init(init::Init),
    /// Copy a store to a file while the service runs.
    Backup(backup::Backup),
    /// Make a store from a backup.
    Restore(restore::Restore),
    /// Prove the audit trail, or write it out.
    Audit(audit::Audit),
    /// Say whether a configuration can be served, and what is wrong with it if not.
    Check(check::Check),
    /// Find what we made in the real clouds and no longer know, and take it away.
    Gc(gc::Gc),
    /// Print the exact policy or role that the service needs in a real cloud.
    Permissions(permissions::Permissions),
    /// Print the completions of a shell.
    Completions(shell::Completions),
    /// Print the manual page.
    Man,
}

/// Runs the command that was typed.
///
/// # Errors
/// Whatever kept the command from being done, in words for people.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Dev(command) => dev::run(command),
        Command::Serve(command) => serve::run(&command),
        Command::Init(command) => init::run(&command),
        Command::Backup(command) => backup::run(&command),
        Command::Restore(command) => restore::run(&command),
        Command::Audit(command) => audit::run(&command),
        Command::Check(command) => check::run(&command),
        Command::Gc(command) => gc::run(&command),
        Command::Permissions(command) => permissions::run(&command),
        Command::Completions(command) => shell::completions(&command),
        Command::Man => shell::man(),
    }
}
