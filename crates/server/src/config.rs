//! What an operator configures, as one documented structure for each concern.
//!
//! `peerage serve` reads it from a TOML file; `peerage dev` builds it from its flags, over a file
//! if one is named. Unknown names are refused, so that a misspelled one is never silently ignored.

mod clouds;
mod limits;
mod span;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use clouds::{Aws, Azure, Clouds, Driver, Emulated, Gcp};
pub use limits::Limits;
pub use span::Span;

use crate::replica::{LEASE_MAX, LEASE_MIN};

/// Everything that can be configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where everything is kept: `sqlite:///var/lib/peerage/peerage.db`, `etcd://host:2379` or
    /// `memory:`.
    pub store: String,
    /// The file with the key that seals secrets at rest; made when it is absent.
    pub key_file: PathBuf,
    /// TLS. Without it only a loopback address may be listened on.
    pub tls: Option<Tls>,
    /// Plain HTTP on other addresses than loopback: for a proxy in front that speaks TLS.
    pub allow_plain_http: bool,
    /// How long requests in flight may take to finish after a signal to stop.
    pub shutdown_grace: Span,
    /// The clouds.
    pub clouds: Clouds,
    /// How many requests are served.
    pub limits: Limits,
    /// How this process shares the work with others over the same store.
    pub replica: Replica,
    /// Where logs go and how they look.
    pub log: Log,
}

/// Certificate and key of the server, in PEM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The file with the certificate chain, the server's own first.
    pub certificate: PathBuf,
    /// The file with the private key.
    pub key: PathBuf,
}

/// How this process shares the work with others over the same store.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replica {
    /// How long nobody works on the objects of a process that died.
    pub lease: Span,
}

/// Where logs go and how they look.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Which, such as `info` or `peerage=debug,warn`.
    pub filter: String,
    /// One JSON object a line instead of text for people.
    pub json: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            store: "sqlite:///var/lib/peerage/peerage.db".to_owned(),
            key_file: PathBuf::from("/var/lib/peerage/master.key"),
            tls: None,
            allow_plain_http: false,
            shutdown_grace: Span::from_secs(20),
            clouds: Clouds::default(),
            limits: Limits::default(),
            replica: Replica::default(),
            log: Log::default(),
        }
    }
}

impl Default for Replica {
    fn default() -> Self {
        Self { lease: Span::from_secs(10) }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), json: true }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be; the message shows the line.
    #[error("{}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A lease that no store grants, or that leaves objects alone for long.
    #[error("[replica] lease = \"{lease}\" is not between {LEASE_MIN:?} and {LEASE_MAX:?}")]
    Lease {
        /// What was asked for.
        lease: Span,
    },
    /// Secrets would cross the network in the clear.
    #[error(
        "listen = \"{listen}\" is not a loopback address and there is no [tls]: credentials would \
         cross the network in the clear. Add [tls] with certificate and key, listen on 127.0.0.1, \
         or set allow_plain_http = true when a proxy in front speaks TLS"
    )]
    PlainHttp {
        /// The address.
        listen: SocketAddr,
    },
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] that names the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text).map_err(|source| ConfigError::Malformed {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// Refuses what would be unsafe.
    ///
    /// # Errors
    /// [`ConfigError::PlainHttp`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let exposed = !self.listen.ip().is_loopback() && self.tls.is_none();
        if exposed && !self.allow_plain_http {
            return Err(ConfigError::PlainHttp { listen: self.listen });
        }
        if !(LEASE_MIN..=LEASE_MAX).contains(&self.replica.lease.0) {
            return Err(ConfigError::Lease { lease: self.replica.lease });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_a_configuration() {
        let config: Config = toml::from_str("").unwrap();
        assert!(config.clouds.is_in_process());
        assert!(config.check().is_ok());
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let error = toml::from_str::<Config>("lisen = \"127.0.0.1:1\"").unwrap_err();
        assert!(error.to_string().contains("lisen"), "{error}");
    }

    #[test]
    fn plain_http_stays_on_this_machine_unless_told_otherwise() {
        let mut config: Config = toml::from_str("listen = \"0.0.0.0:8080\"").unwrap();
        assert!(matches!(config.check(), Err(ConfigError::PlainHttp { .. })));
        config.allow_plain_http = true;
        assert!(config.check().is_ok());
    }

    #[test]
    fn a_lease_lasts_between_two_seconds_and_ten_minutes() {
        for (lease, fits) in [("1999ms", false), ("2s", true), ("10m", true), ("601s", false)] {
            let config: Config = toml::from_str(&format!("replica.lease = \"{lease}\"")).unwrap();
            assert_eq!(config.check().is_ok(), fits, "{lease}");
        }
    }
}
