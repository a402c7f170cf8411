//! How we prove to Azure's directories who we are: a secret, a certificate, or the token of another
//! identity provider that the application trusts. It must never show any of them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::assertion::Certificate;

/// What proves that we are the application.
#[derive(Clone)]
pub enum Credential {
    /// A client secret.
    Secret(Arc<str>),
    /// A certificate and its private key.
    Certificate(Arc<Certificate>),
    /// Workload identity: a file with a federated token, read anew for each request, because
    /// whoever runs us replaces it about every hour.
    FederatedToken(PathBuf),
}

impl Credential {
    /// A client secret.
    #[must_use]
    pub fn secret(secret: &str) -> Self {
        Self::Secret(secret.into())
    }

    /// A certificate and its unencrypted RSA key, both in PEM, in any order.
    ///
    /// # Errors
    /// One of the two is missing or cannot be read, in words for people that hold none of it.
    pub fn certificate(pem: &str) -> Result<Self, String> {
        Certificate::from_pem(pem).map(Arc::new).map(Self::Certificate)
    }

    /// The file of a federated token, as `AZURE_FEDERATED_TOKEN_FILE` names it.
    #[must_use]
    pub fn federated_token(file: impl Into<PathBuf>) -> Self {
        Self::FederatedToken(file.into())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(..)",
            Self::Certificate(_) => "Certificate(..)",
            Self::FederatedToken(_) => "FederatedToken(..)",
        })
    }
}
