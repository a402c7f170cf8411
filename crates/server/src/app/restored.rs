//! The events that a restore leaves: what stands in the store came out of a backup, and what
//! happened after that backup is not told by any trail.
//!
//! Each organization's trail gets one. They come on top of what was restored, after its contents
//! were counted: a move to another store and back gives the same contents and a few events more.

use peerage_core::id::OrgId;
use peerage_store::backup::Contents;
use peerage_store::keys;
use peerage_store::record::OrgRecord;

use super::change::{Change, Tried, stored};
use super::events::News;
use super::events::kind;
use super::{App, Failure};

/// What became of the trails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How many trails tell of the restore.
    pub trails: usize,
    /// The organizations whose trails were made under another key: an event under this one would
    /// look as if somebody had made it up.
    pub foreign: Vec<OrgId>,
}

impl App {
    /// Tells each organization's trail that the store was restored, and from what.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn tell_restored(&self, contents: &Contents) -> Result<Told, Failure> {
        let mut told = Told::default();
        for entry in self.entries_unbounded(&keys::orgs()).await? {
            let org = stored::<OrgRecord>(&entry)?.value.id;
            if !self.is_keeper_of(org).await? {
                told.foreign.push(org);
                continue;
            }
            let news = News::in_org(kind::PEERAGE_RESTORED, org)
                .with("entries", contents.entries)
                .with("sha256", &contents.digest);
            let mut change = Change::default();
            self.record(&mut change, None, news);
            match self.commit(change).await? {
                Tried::Done(_) => told.trails += 1,
                Tried::Lost(_) => return Err(Failure::Internal("somebody else uses the store")),
            }
        }
        Ok(told)
    }
}
