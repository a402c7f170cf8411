//! What the driver of GCP is told: which project, with whose credentials, and what it makes there.

use std::path::PathBuf;

use google_cloud_auth::credentials::{
    self, Credentials, external_account, impersonated, service_account, user_account,
};
use peerage_core::region::GcpRegion;

use crate::remote::RemoteOptions;

/// The options of the driver.
#[derive(Clone, Debug)]
pub struct Options {
    /// What all drivers are told. Certificates to trust beside the system's own are refused: the
    /// official client takes none; the environment's `SSL_CERT_FILE` does.
    pub remote: RemoteOptions,
    /// The project that holds the service's networks.
    pub project: String,
    /// Where Compute Engine is, if not at Google's address: `http://127.0.0.1:9000`.
    pub endpoint: Option<String>,
    /// Whose credentials are used.
    pub identity: Identity,
    /// The service account to act as, with those credentials: its address.
    pub impersonate: Option<String>,
    /// Which routes beside those of subnets are exchanged with customers.
    pub custom_routes: CustomRoutes,
    /// Where a network gets a subnet whose container names no regions.
    pub regions: Vec<GcpRegion>,
}

/// Whose credentials the driver uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// Application default credentials: the file that `GOOGLE_APPLICATION_CREDENTIALS` names, the
    /// one that `gcloud` left, or the metadata server.
    #[default]
    Default,
    /// The key of a service account, or the configuration of an external account (workload
    /// identity), of an impersonated one, or of a user, as JSON in a file.
    File(PathBuf),
    /// None: for emulators.
    Anonymous,
}

/// Which custom routes (static and dynamic ones) our networks exchange with customers' networks.
/// Routes of subnets are always exchanged. Neither, as Atlas has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomRoutes {
    /// Whether ours takes the customer's.
    pub import: bool,
    /// Whether the customer may take ours.
    pub export: bool,
}

impl Options {
    /// The usual ones: application default credentials, no custom routes, one subnet in
    /// `us-central1` where a container names no regions.
    #[must_use]
    pub fn new(remote: RemoteOptions, project: &str) -> Self {
        Self {
            remote,
            project: project.to_owned(),
            endpoint: None,
            identity: Identity::Default,
            impersonate: None,
            custom_routes: CustomRoutes::default(),
            regions: GcpRegion::parse("CENTRAL_US").into_iter().collect(),
        }
    }

    /// What cannot be used of them, in words for people.
    pub(super) fn check(&self) -> Result<(), String> {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
        if self.project.is_empty() || !self.project.bytes().all(letter) {
            return Err(format!("`{}` is no id of a project of GCP", self.project));
        }
        if self.regions.is_empty() {
            return Err("GCP needs a region for networks whose container names none".to_owned());
        }
        if self.remote.extra_roots.is_some() {
            return Err("certificates of your own are taken from SSL_CERT_FILE on GCP".to_owned());
        }
        Ok(())
    }
}

impl Identity {
    /// The credentials, and who they are in words for people.
    pub(super) fn credentials(
        &self,
        impersonate: Option<&str>,
    ) -> Result<(Credentials, String), String> {
        let (own, who) = match self {
            Self::Anonymous => {
                (credentials::anonymous::Builder::new().build(), "nobody (anonymous)".to_owned())
            }
            Self::Default => {
                let own = credentials::Builder::default().build();
                let own = own.map_err(|error| format!("application default credentials: {error}"));
                (own?, "the application default credentials".to_owned())
            }
            Self::File(path) => from_file(path)?,
        };
        let Some(account) = impersonate else { return Ok((own, who)) };
        let acting = impersonated::Builder::from_source_credentials(own)
            .with_target_principal(account)
            .build()
            .map_err(|error| format!("impersonation of {account}: {error}"))?;
        Ok((acting, format!("{account}, by {who}")))
    }
}

fn from_file(path: &std::path::Path) -> Result<(Credentials, String), String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    // The parser's own words may quote what it read: the place is enough.
    let json: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| format!("{shown}: no JSON at line {}", error.line()))?;
    let word = |name: &str| json.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let kind = word("type").ok_or_else(|| format!("{shown}: it has no `type`"))?;
    let who = word("client_email").unwrap_or_else(|| format!("the {kind} in {shown}"));
    let built = match kind.as_str() {
        "service_account" => service_account::Builder::new(json).build(),
        "external_account" => external_account::Builder::new(json).build(),
        "impersonated_service_account" => impersonated::Builder::new(json).build(),
        "authorized_user" => user_account::Builder::new(json).build(),
        other => return Err(format!("{shown}: `{other}` is no type of credentials")),
    };
    let built = built.map_err(|error| format!("{shown}: {error}"))?;
    Ok((built, who))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, text: &str) -> String {
        let place = std::env::temp_dir().join(format!("peerage-gcp-{}-{name}", std::process::id()));
        std::fs::write(&place, text).unwrap();
        let answer = Identity::File(place.clone()).credentials(None);
        std::fs::remove_file(&place).unwrap();
        answer.map(|(_, who)| who).unwrap_err()
    }

    #[test]
    fn a_file_that_holds_no_credentials_is_refused_without_quoting_it() {
        for (name, text) in [
            ("text", "hunter2"),
            ("untyped", r#"{"private_key": "hunter2"}"#),
            ("strange", r#"{"type": "password", "private_key": "hunter2"}"#),
            ("keyless", r#"{"type": "service_account", "private_key": "hunter2"}"#),
        ] {
            let words = refused(name, text);
            assert!(words.contains(name) && !words.contains("hunter2"), "{words}");
        }
        let missing = Identity::File("/nowhere/key.json".into()).credentials(None);
        assert!(missing.is_err_and(|words| words.contains("/nowhere/key.json")));
    }

    #[test]
    fn options_that_cannot_work_are_refused_at_once() {
        let good = Options::new(RemoteOptions::new("here"), "peerage-service");
        assert_eq!(good.check(), Ok(()));
        let check = |bad: Options, words: &str| {
            assert!(bad.check().is_err_and(|error| error.contains(words)), "{words}");
        };
        check(Options { project: String::new(), ..good.clone() }, "project");
        check(Options { project: "a/b".into(), ..good.clone() }, "a/b");
        check(Options { regions: Vec::new(), ..good.clone() }, "region");
        let remote = RemoteOptions { extra_roots: Some(Vec::new()), ..RemoteOptions::new("here") };
        check(Options { remote, ..good }, "SSL_CERT_FILE");
    }

    #[test]
    fn nobody_is_somebody_where_an_emulator_is_asked() {
        let (_, who) = Identity::Anonymous.credentials(None).unwrap();
        assert!(who.contains("anonymous"), "{who}");
    }
}
