//! The files that are checked: what git tracks and what is about to be tracked.
//!
//! Owns reading. Everything after it works on values, so that tests make trees of their own.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::source::Source;

/// The text files of the repository, sorted by path.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) files: Vec<File>,
    /// Paths of every file, text or not.
    pub(super) paths: Vec<String>,
}

/// One text file.
#[derive(Debug)]
pub(super) struct File {
    /// Relative to the top of the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// The tokens, if it is Rust that can be read as such.
    pub(super) source: Option<Source>,
}

impl Tree {
    /// Reads what git knows of, as it is in the working directory.
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let output = git.output().context("tidy asks git which files there are")?;
        ensure!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr));
        let mut contents = Vec::new();
        for path in String::from_utf8(output.stdout)?.split_terminator('\0') {
            let place = root.join(path);
            if place.is_file() {
                contents.push((path.to_owned(), std::fs::read(&place)?));
            }
        }
        Ok(Self::new(contents))
    }

    /// A tree of these files.
    pub(super) fn new(mut contents: Vec<(String, Vec<u8>)>) -> Self {
        contents.sort();
        contents.dedup();
        let paths = contents.iter().map(|(path, _)| path.clone()).collect();
        let files = contents.into_iter().filter_map(|(path, bytes)| File::new(path, bytes));
        Self { files: files.collect(), paths }
    }

    /// The files of Rust.
    pub(super) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// The files of Rust with their tokens.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.files.iter().filter_map(|file| Some((file.path.as_str(), file.source.as_ref()?)))
    }

    /// The manifests of the workspace's members: the name of the room and the file.
    pub(super) fn manifests(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().filter_map(|file| {
            // The fuzzer's programs are a workspace of their own.
            let folder =
                file.path.strip_suffix("/Cargo.toml").filter(|folder| *folder != "fuzz")?;
            Some((folder.strip_prefix("crates/").unwrap_or(folder), file))
        })
    }

    /// The text of one file.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    fn new(path: String, bytes: Vec<u8>) -> Option<Self> {
        let text = String::from_utf8(bytes).ok()?;
        let source = if path.ends_with(".rs") { Source::parse(&text) } else { None };
        (!text.contains('\0')).then_some(Self { path, text, source })
    }

    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Lines with their numbers, counted from one.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}
