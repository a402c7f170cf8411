//! Whether requests can be served.

use peerage_store::{StoreError, keys};

use super::change::{explained, unavailable};
use super::{App, Failure};

/// Which requests can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// All.
    Ready,
    /// Those that change nothing, and why.
    ReadOnly(&'static str),
}

impl App {
    /// Says whether the store answers, and whether it takes changes.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn ready(&self) -> Result<Readiness, Failure> {
        self.store.count(&keys::orgs()).await.map_err(|error| unavailable(&error))?;
        Ok(self.readiness())
    }

    /// Whether the store takes changes, as far as it knows.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let Some(trouble) = self.store.trouble() else { return Readiness::Ready };
        // Whether the last change was made is its caller's concern.
        match explained(&StoreError::definite(trouble.kind().clone())) {
            Failure::Unavailable { reason, .. } => Readiness::ReadOnly(reason),
            Failure::Refused(_) | Failure::Internal(_) => Readiness::ReadOnly("it refuses changes"),
        }
    }
}
