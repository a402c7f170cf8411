//! What commands show people: the one place that prints.

use std::io::{self, Write};

/// Prints one line to standard output. A reader that went away is no error of ours.
pub(super) fn say(line: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", line.as_ref());
    let _ = out.flush();
}
