//! What holds for every text file.

use super::tree::{File, Tree};
use super::{Check, Finding};

pub(super) const CHECKS: &[Check] = &[
    Check::error("conflict-marker", "a merge is finished before it is committed", conflict_markers),
    Check::error("trailing-space", "no line ends with a blank", trailing_blanks),
    Check::error("final-newline", "a text ends with one newline", final_newlines),
    Check::error("tab", "Rust is indented with spaces", tabs),
    Check::error("machine-path", "no file names a place on somebody's machine", machine_paths),
];

/// Directories that exist on one machine only.
const MACHINE_DIRECTORIES: [&str; 3] = ["work", "root", "Users"];

/// Files that other programs write and read back byte for byte.
fn is_generated(file: &File) -> bool {
    let lock = file.name() == "Cargo.lock" || file.name() == "package-lock.json";
    lock || file.name() == "LICENSE"
        || file.path.ends_with(".snap")
        || file.name() == "go.sum"
        || file.path.starts_with("crates/fuzz/corpus/")
}

fn each_line(tree: &Tree, wrong: fn(&File, &str) -> Option<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| !is_generated(file)) {
        for (number, line) in file.lines() {
            let message = wrong(file, line);
            found.extend(message.map(|message| Finding::at(&file.path, number, message)));
        }
    }
    found
}

fn conflict_markers(tree: &Tree) -> Vec<Finding> {
    each_line(tree, |_, line| {
        let marker = ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|mark| line.starts_with(mark));
        marker.then(|| "a conflict marker: finish the merge".to_owned())
    })
}

fn trailing_blanks(tree: &Tree) -> Vec<Finding> {
    each_line(tree, |_, line| {
        line.ends_with([' ', '\t', '\r']).then(|| "remove the blanks at the end".to_owned())
    })
}

fn final_newlines(tree: &Tree) -> Vec<Finding> {
    let texts = tree.files.iter().filter(|file| !is_generated(file) && !file.text.is_empty());
    let wrong = texts.filter(|file| !file.text.ends_with('\n') || file.text.ends_with("\n\n"));
    wrong.map(|file| Finding::whole(&file.path, "end it with exactly one newline")).collect()
}

fn tabs(tree: &Tree) -> Vec<Finding> {
    each_line(tree, |file, line| {
        (file.is_rust() && line.contains('\t')).then(|| "write spaces, or \\t in a text".to_owned())
    })
}

fn machine_paths(tree: &Tree) -> Vec<Finding> {
    each_line(tree, |_, line| {
        let named = MACHINE_DIRECTORIES.map(|name| format!("/{name}/"));
        let named = named.iter().find(|path| is_absolute_path(line, path))?;
        Some(format!("`{named}` is a place on one machine: write a path relative to the project"))
    })
}

/// Whether `path` stands in the line as the beginning of a path, not inside a longer one.
fn is_absolute_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}'))
    })
}

#[cfg(test)]
mod tests {
    use super::is_absolute_path;

    #[test]
    fn a_folder_inside_a_path_is_no_place_on_a_machine() {
        let path = format!("/{}/", "work");
        assert!(is_absolute_path(&format!("cd {path}x"), &path));
        assert!(is_absolute_path(&format!("file://{path}x"), &path));
        assert!(!is_absolute_path(&format!("docs{path}x"), &path));
    }
}
