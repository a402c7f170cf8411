//! `peerage-trial`: the trials, one command each. `cargo xtask trial` builds and starts it.

use clap::{Parser, Subcommand};
use peerage_trial::{bench, cluster, disk, kill, overload};

/// The built program under fire.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask trial")]
struct Trial {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Kill(kill::Kill),
    Cluster(cluster::ClusterTrial),
    Disk(disk::DiskTrial),
    Overload(overload::OverloadTrial),
    Bench(bench::Bench),
    #[command(hide = true)]
    Bare(bench::bare::Bare),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Trial::parse().command {
        Command::Kill(command) => kill::run(&command).await,
        Command::Cluster(command) => cluster::run(&command).await,
        Command::Disk(command) => disk::run(&command).await,
        Command::Overload(command) => overload::run(&command).await,
        Command::Bench(command) => bench::run(&command).await,
        Command::Bare(command) => bench::bare::serve(&command).await,
    }
}
