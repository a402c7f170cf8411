//! What the writer does while it does not know what became of a batch: it finds out before anybody
//! is answered, and takes nothing until it has.

use crate::port::{Answer, StoreError};

use super::super::apply::Standing;
use super::super::{error, row};
use super::Writer;

impl Writer {
    /// Finds out whether it can write again, when nobody asks it to.
    pub(super) fn probe(&mut self) {
        let outcome = self.end_doubt().and_then(|()| {
            let fenced = self.fence();
            fenced.map(drop).map_err(|failed| {
                self.roll_back();
                error::definite(&self.place, &failed)
            })
        });
        self.trouble.note(outcome.as_ref().copied());
    }

    /// Finds out what became of a batch whose commit failed.
    ///
    /// When the disk failed, the pages of the batch may lie complete in the log on disk although
    /// SQLite does not count them, and would be found when the file is next opened. So a small
    /// transaction is written over them: once that is on disk, what can be read now is the truth.
    /// While it cannot be written there is doubt, and the store takes nothing.
    pub(super) fn settle(&mut self, failed: &rusqlite::Error, batch: u64) -> Answer<()> {
        tracing::warn!(error = %failed, place = self.place, "store.commit_failed");
        let kind = error::kind(&self.place, failed);
        self.roll_back();
        if error::is_refused(failed) {
            self.cache.settled(self.standing.revision);
            return Err(StoreError::definite(kind));
        }
        match self.fence() {
            Ok(found) if found == batch => Ok(()),
            Ok(_) => {
                self.cache.settled(self.standing.revision);
                Err(StoreError::definite(kind))
            }
            Err(_) => {
                let doubt = StoreError::indefinite(kind);
                self.doubt = Some(doubt.clone());
                Err(doubt)
            }
        }
    }

    /// Writes a small transaction and reads which batch was the last.
    fn fence(&self) -> rusqlite::Result<u64> {
        self.connection.execute_batch(
            "BEGIN IMMEDIATE; UPDATE meta SET value = value + 1 WHERE name = 'fence'; COMMIT",
        )?;
        row::meta(&self.connection, "batch")
    }

    /// Takes what the file says for the truth, if it can be asked; else the doubt stays.
    pub(super) fn end_doubt(&mut self) -> Answer<()> {
        let Some(doubt) = &self.doubt else { return Ok(()) };
        self.roll_back();
        let now = self.clock.now();
        let loaded = self.fence().and_then(|_| {
            let standing = Standing::load(&self.connection, now)?;
            self.overlay.load(&self.connection, standing.applied).map(|()| standing)
        });
        let Ok(mut standing) = loaded else { return Err(doubt.clone()) };
        for (id, lease) in &mut standing.leases {
            if let Some(known) = self.standing.leases.get(id) {
                lease.deadline = known.deadline;
            }
        }
        tracing::info!(revision = standing.revision.0, "store.commit_settled");
        // What the doubtful batch did is read from the log.
        self.hub.forget(standing.revision);
        self.hub.announce(standing.revision);
        self.cache.settled(standing.revision);
        self.standing = standing;
        self.doubt = None;
        Ok(())
    }
}
