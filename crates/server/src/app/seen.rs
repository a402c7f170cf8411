//! Peerings as a caller sees them, not yet read: whoever remembers what was made of them when they
//! stood at the same version need not read them again.

use std::sync::Arc;

use peerage_core::peering::Peering;
use peerage_core::provider::Provider;
use peerage_store::record::PeeringRecord;
use peerage_store::{Entry, Revision};

use super::{App, Failure};

/// Tells states of the same set of entries apart. Of two different states one is later; if anything
/// was written in between and is still there, its revision is the newest, and if not, entries that
/// were there are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    entries: usize,
    newest: Revision,
}

/// Peerings that the caller may see.
pub struct PeeringsSeen<'a> {
    app: &'a App,
    entries: Vec<Entry>,
}

impl<'a> PeeringsSeen<'a> {
    pub(super) fn new(app: &'a App, entries: Vec<Entry>) -> Self {
        Self { app, entries }
    }

    /// In which state they are.
    #[must_use]
    pub fn version(&self) -> Version {
        let newest = self.entries.iter().map(|entry| entry.modified).max();
        Version { entries: self.entries.len(), newest: newest.unwrap_or(Revision::ZERO) }
    }

    /// All of them, oldest first.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn read(&self) -> Result<Vec<Peering>, Failure> {
        let record = |entry| {
            let found = self.app.decoded::<PeeringRecord>(entry)?;
            Ok(Arc::unwrap_or_clone(found.value).0)
        };
        self.entries.iter().map(record).collect()
    }

    /// Those on one provider, oldest first.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn on(&self, provider: Provider) -> Result<Vec<Peering>, Failure> {
        let mut peerings = self.read()?;
        peerings.retain(|peering| peering.provider() == provider);
        Ok(peerings)
    }
}

impl std::fmt::Debug for PeeringsSeen<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.version().fmt(f)
    }
}
