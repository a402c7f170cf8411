//! What files are called and how long they are.

use super::tree::Tree;
use super::{Check, Finding};

pub(super) const CHECKS: &[Check] = &[
    Check::error("file-name", "a file is named after the noun that it owns", file_names),
    Check::error("file-length", "no file of Rust has more than 800 lines", file_length),
    Check::note("file-length-aim", "files of Rust aim at 400 lines", file_length_aim),
];

const FILE_LINES_MAX: usize = 800;
const FILE_LINES_AIM: usize = 400;

/// Names that say nothing, and what to write in their place.
const EMPTY_NAMES: [(&str, &str); 5] = [
    ("mod.rs", "write `<name>.rs` beside the folder `<name>/`"),
    ("utils.rs", "name it after what it owns"),
    ("helpers.rs", "name it after what it owns"),
    ("common.rs", "name it after what it owns"),
    ("service.rs", "split it by noun"),
];

fn file_names(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let hint = EMPTY_NAMES.iter().find(|(name, _)| *name == file.name());
        found.extend(hint.map(|(_, hint)| Finding::whole(&file.path, *hint)));
    }
    found
}

fn file_length(tree: &Tree) -> Vec<Finding> {
    longer(tree, FILE_LINES_MAX, usize::MAX)
}

fn file_length_aim(tree: &Tree) -> Vec<Finding> {
    longer(tree, FILE_LINES_AIM, FILE_LINES_MAX)
}

fn longer(tree: &Tree, than: usize, up_to: usize) -> Vec<Finding> {
    let files = tree.rust().map(|file| (file, file.text.lines().count()));
    let long = files.filter(|(_, lines)| *lines > than && *lines <= up_to);
    let message = |lines| format!("{lines} lines: move one of its nouns to a file of its own");
    long.map(|(file, lines)| Finding::whole(&file.path, message(lines))).collect()
}
