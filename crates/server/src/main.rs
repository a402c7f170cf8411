//! The `peerage` program: reads the command line and runs what it says.

use std::process::ExitCode;

use clap::Parser;
use peerage::cli;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last word of a command that failed")]
            {
                eprintln!("peerage: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
