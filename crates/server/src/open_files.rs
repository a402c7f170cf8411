//! How many files this process may have open, which is how many connections it can take.
//!
//! The soft limit is raised to the hard one: it is low for the sake of programs that select over
//! numbers of files, which this one does not. Connections that would not fit are not offered: a
//! process without a file left could not open its store either.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Limits;

/// Files beside connections: the store, the log, sockets of a cluster, what the runtime has.
const OTHERS: u64 = 256;

/// Raises the limit, and lowers the bound on connections to what fits; the log tells of it.
pub fn fit(limits: &mut Limits) {
    let open_files = raised();
    let fits = connections(open_files, limits.connections);
    if fits < limits.connections {
        let asked = limits.connections;
        tracing::warn!(asked, fits, open_files, "limits.connections_lowered");
        limits.connections = fits;
    }
}

/// The limit after it was raised; nothing when there is none.
fn raised() -> Option<u64> {
    let found = getrlimit(Resource::Nofile);
    if found.current == found.maximum {
        return found.current;
    }
    let wanted = Rlimit { current: found.maximum, maximum: found.maximum };
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => found.maximum,
        Err(error) => {
            tracing::warn!(%error, "limits.open_files_not_raised");
            found.current
        }
    }
}

/// How many of the connections that were asked for fit; always some, so that somebody can look.
fn connections(open_files: Option<u64>, asked: usize) -> usize {
    let Some(files) = open_files else { return asked };
    let fits = files.saturating_sub(OTHERS).max(files / 4).max(1);
    usize::try_from(fits).map_or(asked, |fits| asked.min(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_what_the_limit_of_open_files_leaves() {
        for (open_files, asked, fits) in [
            (None, 10_000, 10_000),
            (Some(10_256), 10_000, 10_000),
            (Some(10_255), 10_000, 9_999),
            (Some(1_024), 10_000, 768),
            (Some(200), 10_000, 50),
            (Some(0), 10_000, 1),
            (Some(1_024), 4, 4),
        ] {
            assert_eq!(connections(open_files, asked), fits, "{open_files:?}, {asked}");
        }
    }

    #[test]
    fn the_limit_is_as_high_as_it_may_be() {
        let mut limits = Limits { connections: 1, ..Limits::default() };
        fit(&mut limits);
        let found = getrlimit(Resource::Nofile);
        assert_eq!((found.current, limits.connections), (found.maximum, 1));
    }
}
