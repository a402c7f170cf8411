//! Style and architecture as checks: `cargo xtask tidy`, and the same as a test.
//!
//! A check is a name, a rule and a function from the tree of files to what breaks the rule. Checks
//! never read the disk, so each is proved to fail on a bad tree (see `tidy/bad.rs`).

#[cfg(test)]
mod bad;
mod document;
mod manifest;
mod names;
mod room;
mod source;
mod style;
mod text;
mod tree;

use std::fmt;
use std::path::Path;

use tree::Tree;

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from one; `None` for the file as a whole.
    line: Option<usize>,
    /// What is wrong here, and what to do.
    message: String,
}

impl Finding {
    fn at(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: Some(line), message: message.into() }
    }

    fn whole(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "{}:{line}: {}", self.path, self.message),
            None => write!(out, "{}: {}", self.path, self.message),
        }
    }
}

/// Whether breaking a rule fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Error,
    Note,
}

/// One check.
struct Check {
    name: &'static str,
    /// The rule, as one sentence.
    rule: &'static str,
    weight: Weight,
    run: fn(&Tree) -> Vec<Finding>,
}

impl Check {
    const fn error(name: &'static str, rule: &'static str, run: fn(&Tree) -> Vec<Finding>) -> Self {
        Self { name, rule, weight: Weight::Error, run }
    }

    const fn note(name: &'static str, rule: &'static str, run: fn(&Tree) -> Vec<Finding>) -> Self {
        Self { name, rule, weight: Weight::Note, run }
    }
}

/// Every check, in the order of the report.
fn checks() -> impl Iterator<Item = &'static Check> {
    [text::CHECKS, names::CHECKS, style::CHECKS, manifest::CHECKS, room::CHECKS, document::CHECKS]
        .into_iter()
        .flatten()
}

/// What a run found: lines to print, and how many of them fail the run.
#[derive(Debug, Default)]
struct Report {
    lines: Vec<String>,
    errors: usize,
    notes: usize,
}

fn report(tree: &Tree) -> Report {
    let mut report = Report::default();
    for check in checks() {
        let findings = (check.run)(tree);
        let (word, count) = match check.weight {
            Weight::Error => ("error", &mut report.errors),
            Weight::Note => ("note", &mut report.notes),
        };
        *count += findings.len();
        if !findings.is_empty() {
            report.lines.push(format!("{word}[{}]: {}", check.name, check.rule));
        }
        report.lines.extend(findings.iter().map(|finding| format!("  {finding}")));
    }
    report
}

/// Checks the repository and prints what it found; `true` if nothing is to be mended.
pub(crate) fn run(root: &Path) -> anyhow::Result<bool> {
    let tree = Tree::read(root)?;
    let report = report(&tree);
    for line in &report.lines {
        println!("{line}");
    }
    let (checks, files) = (checks().count(), tree.files.len());
    let Report { errors, notes, .. } = report;
    println!("tidy: {checks} checks, {files} files: {errors} errors, {notes} notes");
    Ok(errors == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let tree = Tree::read(&crate::root()).unwrap();
        let report = report(&tree);
        assert_eq!(report.errors, 0, "\n{}", report.lines.join("\n"));
    }
}
