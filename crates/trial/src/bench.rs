//! Speed, measured: each figure beside its limit or its peer, in one run on one machine. Prints a
//! table, and writes it between the marks of a document.
//!
//! The load generator shares the machine's cores with what it measures, on both sides of each
//! ratio. Figures are medians of several rounds, with the least and the most in brackets; the two
//! sides of a ratio are measured in turn, in each round.

pub mod bare;
mod engine;
mod figure;
mod generator;
mod peer;
mod rows;
mod shape;
mod stocked;
mod subject;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use self::figure::Line;
use crate::report::say;

/// Between these the table is put.
const MARKS: [&str; 2] = ["<!-- bench: begin -->", "<!-- bench: end -->"];

/// Measure the service beside the limits of the machine and what people use instead.
#[derive(Debug, Args)]
pub struct Bench {
    /// What to measure, separated by commas; everything if not given.
    #[arg(long, value_enum, value_delimiter = ',')]
    rows: Vec<Row>,
    /// Rounds; the table shows the one in the middle.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Small numbers, one round: shows that everything can be measured, and measures nothing.
    #[arg(long)]
    quick: bool,
    /// The document whose table is replaced.
    #[arg(long)]
    write: Option<PathBuf>,
    /// The program; the one beside this if not given.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Where stores are kept meanwhile, some gigabytes of them, and what is installed to compare
    /// with: on the disk that counts.
    #[arg(long, default_value = "target/bench")]
    scratch: PathBuf,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Row {
    /// Durable creates.
    Create,
    /// The slowest creates.
    Latency,
    /// Gets and lists.
    Read,
    /// The same with very many peerings stored elsewhere, and the memory then.
    Growth,
    /// From start to ready, and the memory of an idle service.
    Start,
    /// Until a peering is AVAILABLE.
    Settle,
    /// Durable creates on etcd.
    Etcd,
}

/// How large the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// So large that they mean something.
    Full,
    /// So small that it takes seconds.
    Quick,
}

/// One run of the bench.
struct Run {
    program: PathBuf,
    scratch: PathBuf,
    rounds: usize,
    size: Size,
    bar: ProgressBar,
}

impl Run {
    fn progress(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// A bar of its own, for what takes minutes.
    fn bar(&self, length: u64, what: &str) -> ProgressBar {
        self.progress(what);
        let style = ProgressStyle::with_template("  {bar:30} {human_pos}/{human_len}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(length).with_style(style)
    }
}

/// Measures, prints the table, and writes it where it is wanted.
///
/// # Errors
/// Something could not be measured that has to be, or the document has no marks.
pub async fn run(command: &Bench) -> anyhow::Result<()> {
    std::fs::create_dir_all(&command.scratch)?;
    let beside = std::env::current_exe()?.with_file_name("peerage");
    let program = std::path::absolute(command.program.as_deref().unwrap_or(&beside))?;
    ensure!(program.is_file(), "{} is no program", program.display());
    let (size, rounds) =
        if command.quick { (Size::Quick, 1) } else { (Size::Full, command.rounds.max(1)) };
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    let scratch = std::path::absolute(&command.scratch)?;
    let run = Run { program, scratch, rounds, size, bar };
    if let Some(document) = &command.write {
        replaced(&std::fs::read_to_string(document)?, "")
            .with_context(|| document.display().to_string())?;
    }
    let all = Row::value_variants();
    let rows = if command.rows.is_empty() { all } else { &command.rows };
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        let measured = match row {
            Row::Create => rows::create::throughput(&run).await,
            Row::Latency => rows::create::latency(&run).await,
            Row::Read => rows::read::throughput(&run).await,
            Row::Growth => rows::scale::growth(&run).await,
            Row::Start => rows::scale::start(&run).await,
            Row::Settle => rows::settle::time(&run).await,
            Row::Etcd => rows::create::on_etcd(&run).await,
        };
        let measured = measured.with_context(|| format!("{row:?}"))?;
        measured.iter().for_each(|line| run.bar.suspend(|| say(line.say())));
        lines.extend(measured);
    }
    run.bar.finish_and_clear();
    let table = format!("{}\n{}", machine(rounds)?, figure::table(&lines));
    say(format!("\n{table}"));
    match &command.write {
        Some(document) => write(document, &table),
        None => Ok(()),
    }
}

fn write(document: &Path, table: &str) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(document)?;
    Ok(std::fs::write(document, replaced(&text, table)?)?)
}

/// A document with another table between its marks.
fn replaced(text: &str, table: &str) -> anyhow::Result<String> {
    let [begin, end] = MARKS;
    let missing = || format!("the document has no `{begin}` … `{end}`");
    let (before, rest) = text.split_once(begin).with_context(missing)?;
    let (_, after) = rest.split_once(end).with_context(missing)?;
    Ok(format!("{before}{begin}\n{table}{end}{after}"))
}

/// What was measured on.
fn machine(rounds: usize) -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    let gib = kib.map_or_else(|| "?".to_owned(), |kib| (kib >> 20).to_string());
    Ok(format!(
        "{cores} cores, {gib} GiB; medians of {rounds} rounds (least–most in brackets); the load \
         generator shares the cores.\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_document_is_replaced_and_nothing_else() {
        let text = "a\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nb\n";
        let new = replaced(text, "new\n").unwrap();
        assert_eq!(new, "a\n<!-- bench: begin -->\nnew\n<!-- bench: end -->\nb\n");
        assert_eq!(replaced(&new, "new\n").unwrap(), new);
        assert!(replaced("a", "new").is_err());
    }
}
