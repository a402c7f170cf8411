//! From a URL to a store: `memory:`, `sqlite:///absolute/path.db`, `sqlite:relative.db`,
//! `etcd://host:port,host:port`. What a URL does not say clearly is refused with the forms that are
//! understood.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "etcd")]
use crate::etcd::{EtcdOptions, EtcdStore};
use crate::lease::LeaseClock;
use crate::memory::MemoryStore;
use crate::port::{Store, StoreError};
use crate::sqlite::{self, SqliteOptions, SqliteStore};

/// Why a store cannot be opened. Each says which file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A URL that names no engine.
    #[error(
        "`{url}` is not the URL of a store: write `sqlite:///var/lib/peerage/peerage.db` (a file, \
         from the root), `sqlite:peerage.db` (a file, from here), `etcd://host:2379,host:2379` (a \
         cluster) or `memory:` (nothing is kept)"
    )]
    UnknownScheme {
        /// What was given.
        url: String,
    },
    /// A parameter that the engine does not have, or a value that it cannot have.
    #[error(
        "`{parameter}` is not a parameter of this store, or not once with such a value: a file takes \
         `history=<transactions kept>`; a cluster takes `ca-file=`, `cert-file=`, `key-file=`, \
         `user=` and `password-file=`; memory takes none"
    )]
    UnknownParameter {
        /// What was given.
        parameter: String,
    },
    /// A URL of etcd that is not understood.
    #[error(
        "not the URL of an etcd cluster: {detail}; write \
         `etcd://host:2379,host:2379/prefix?ca-file=/etc/peerage/etcd-ca.pem`"
    )]
    EtcdUrl {
        /// Which part is wrong.
        detail: &'static str,
    },
    /// A program that was built without the engine.
    #[error(
        "this `peerage` was built without etcd: build it with `cargo build --release --features \
         etcd`, which needs `protoc`"
    )]
    NoEtcd,
    /// Another process has the file open.
    #[error(
        "{} is in use by another process{}: stop it, or choose another file",
        .path.display(), .holder.map(|pid| format!(" ({pid})")).unwrap_or_default()
    )]
    InUse {
        /// Which file.
        path: PathBuf,
        /// Who, if it said so.
        holder: Option<u32>,
    },
    /// A file that is something else.
    #[error("{} is not a store of Peerage: {detail}", .path.display())]
    NotAStore {
        /// Which file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A file of a format that this version does not read.
    #[error(
        "{} has format {found} and this version reads formats up to {known}: use the version of \
         Peerage that wrote it, or a later one", .path.display()
    )]
    Format {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// A file that does not have what callers were told is kept.
    #[error(
        "{} is at revision {found}, and everything up to revision {acknowledged} was acknowledged: \
         the end of its log is damaged, or an older file was put in its place. Restore a backup \
         with `peerage restore --force`, or remove {} to go on with what is left",
        .path.display(), .mark.display()
    )]
    Behind {
        /// Which file.
        path: PathBuf,
        /// Its last transaction.
        found: u64,
        /// The last one that callers were told of.
        acknowledged: u64,
        /// What says so.
        mark: PathBuf,
    },
    /// The file system refused.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The engine refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    pub(crate) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), doing, source }
    }

    pub(crate) fn sqlite(place: &str, error: &rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
            let detail = "it is not a SQLite file".to_owned();
            return Self::NotAStore { path: PathBuf::from(place), detail };
        }
        Self::Store(sqlite::error::definite(place, error))
    }
}

/// Which store to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// In memory.
    Memory,
    /// In a file.
    Sqlite {
        /// Which.
        path: PathBuf,
        /// How many transactions of history to keep, if not the usual number.
        history: Option<u64>,
    },
    /// In an etcd cluster.
    #[cfg(feature = "etcd")]
    Etcd(EtcdOptions),
}

impl StoreUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`OpenError::UnknownScheme`], [`OpenError::UnknownParameter`], [`OpenError::EtcdUrl`] and
    /// [`OpenError::NoEtcd`].
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        let unknown = || OpenError::UnknownScheme { url: url.to_owned() };
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let parameters: Vec<&str> = query.split('&').filter(|text| !text.is_empty()).collect();
        let (scheme, rest) = place.split_once(':').ok_or_else(unknown)?;
        match (scheme, rest) {
            ("memory", "" | "//") => match parameters.first() {
                None => Ok(Self::Memory),
                Some(first) => Err(unknown_parameter(first)),
            },
            ("sqlite", rest) => {
                let path = file_path(rest).ok_or_else(unknown)?;
                let history = parse_history(&parameters)?;
                Ok(Self::Sqlite { path, history })
            }
            #[cfg(feature = "etcd")]
            ("etcd", rest) => EtcdOptions::parse(rest, &parameters).map(Self::Etcd),
            #[cfg(not(feature = "etcd"))]
            ("etcd", _) => Err(OpenError::NoEtcd),
            _ => Err(unknown()),
        }
    }

    /// Opens it. Blocks for some milliseconds.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(self, clock: LeaseClock) -> Result<Arc<dyn Store>, OpenError> {
        match self {
            Self::Memory => Ok(Arc::new(MemoryStore::with_clock(clock))),
            Self::Sqlite { path, history } => {
                let usual = SqliteOptions::new(path);
                let history_revisions_max = history.unwrap_or(usual.history_revisions_max);
                let options = SqliteOptions { history_revisions_max, clock, ..usual };
                Ok(Arc::new(SqliteStore::open(options)?))
            }
            #[cfg(feature = "etcd")]
            Self::Etcd(options) => Ok(Arc::new(EtcdStore::open(&options)?)),
        }
    }
}

/// Opens the store of a URL, with leases on the machine's clock.
///
/// # Errors
/// See [`OpenError`].
pub fn open(url: &str) -> Result<Arc<dyn Store>, OpenError> {
    StoreUrl::parse(url)?.open(LeaseClock::system())
}

/// The path after `sqlite:`. Two slashes would begin a host, which a file does not have.
fn file_path(rest: &str) -> Option<PathBuf> {
    let path = match rest.strip_prefix("//") {
        Some(after) if after.starts_with('/') => after,
        Some(_) => return None,
        None => rest,
    };
    (!path.is_empty() && !path.ends_with('/')).then(|| PathBuf::from(path))
}

fn parse_history(parameters: &[&str]) -> Result<Option<u64>, OpenError> {
    let mut history = None;
    for parameter in parameters {
        let value = parameter.strip_prefix("history=").filter(|_| history.is_none());
        let value = value.and_then(|text| text.parse().ok()).filter(|kept| *kept > 0);
        history = Some(value.ok_or_else(|| unknown_parameter(parameter))?);
    }
    Ok(history)
}

fn unknown_parameter(parameter: &str) -> OpenError {
    OpenError::UnknownParameter { parameter: parameter.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, path: &str, history: Option<u64>) {
        let expected = StoreUrl::Sqlite { path: PathBuf::from(path), history };
        assert_eq!(StoreUrl::parse(url).unwrap(), expected, "{url}");
    }

    #[test]
    fn a_url_names_an_engine() {
        assert_eq!(StoreUrl::parse("memory:").unwrap(), StoreUrl::Memory);
        check("sqlite:///var/lib/peerage.db", "/var/lib/peerage.db", None);
        check("sqlite:/var/lib/peerage.db", "/var/lib/peerage.db", None);
        check("sqlite:peerage.db?history=10", "peerage.db", Some(10));
    }

    #[test]
    fn a_url_that_is_not_understood_is_refused_with_what_is() {
        let refused = [
            "",
            "sqlite:",
            "sqlite:dir/",
            "sqlite://host/file.db",
            "peerage.db",
            "memory:x",
            "sqlite:a.db?mode=ro",
            "sqlite:a.db?history=0",
            "memory:?history=1",
            "sqlite:a.db?history=1&history=2",
        ];
        for url in refused {
            let error = StoreUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains("sqlite:///") || error.contains("history="), "{url}: {error}");
        }
    }
}
