//! Where the service's own credentials come from. What AWS's SDK finds is found here, by the SDK's
//! own code; its requests go over the TLS that the rest of the process has.

use std::fmt;

use aws_config::BehaviorVersion;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};

use super::HOME;
use super::options::Options;

/// Credentials that are given as they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Keys {
    /// The keys of a user.
    #[must_use]
    pub fn new(access_key_id: &str, secret_access_key: &str) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            session_token: None,
        }
    }

    /// The keys of a session.
    #[must_use]
    pub fn with_session(self, token: &str) -> Self {
        Self { session_token: Some(token.to_owned()), ..self }
    }

    pub(super) fn provider(self) -> SharedCredentialsProvider {
        let Self { access_key_id, secret_access_key, session_token } = self;
        SharedCredentialsProvider::new(Credentials::new(
            access_key_id,
            secret_access_key,
            session_token,
            None,
            "given",
        ))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// The source of credentials that the environment describes, and the region that it names.
///
/// The region is not asked of the instance's metadata: elsewhere that is a wait for nobody.
pub(super) async fn of_environment(
    options: &Options,
) -> (SharedCredentialsProvider, Option<String>) {
    let named = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .region()
        .await;
    let configured = options.regions.keys().next().cloned();
    let region = named.as_ref().map(ToString::to_string).or(configured);
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let sts_region = region.clone().unwrap_or_else(|| HOME.to_owned());
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .region(aws_config::Region::new(sts_region))
        .load()
        .await;
    let source = config.credentials_provider().unwrap_or_else(|| Keys::new("", "").provider());
    (source, named.map(|region| region.to_string()))
}
