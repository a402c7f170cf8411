//! Whether requests can be served.

use peerage_store::keys;

use super::change::unavailable;
use super::{App, Failure};

impl App {
    /// Says whether the store answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ready(&self) -> Result<(), Failure> {
        match self.store.count(&keys::orgs()).await {
            Ok(_) => Ok(()),
            Err(error) => Err(unavailable(&error)),
        }
    }
}
