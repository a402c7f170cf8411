//! Tables that are committed, so that a change of behaviour is a change of a file.

use std::path::PathBuf;

/// Compares with a committed file; `UPDATE_GOLDEN=1` writes it instead.
#[track_caller]
pub(crate) fn check_golden(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differ = |(one, other): &(&str, &str)| one != other;
    let first = expected.lines().zip(found.lines()).find(differ);
    assert!(
        expected == found,
        "{} is not what the code makes; look at the difference and run with UPDATE_GOLDEN=1.\n\
         first difference: {first:?}; {} and {} lines",
        path.display(),
        expected.lines().count(),
        found.lines().count(),
    );
}
