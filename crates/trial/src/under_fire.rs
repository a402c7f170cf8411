//! `peerage` with places at which it kills itself: the same command line, built with failpoints.

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
