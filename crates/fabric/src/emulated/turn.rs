//! One act upon the world: the time passes, the act happens, everything is kept, the actor hears.
//!
//! Alone, a process keeps the changes of many actors at once. Where the world is shared, one act
//! takes its turn after another: it first sees what the others did, and if one of them was faster
//! to keep something, it is undone and done again on what there is then.

use peerage_core::time::Timestamp;

use super::Emulated;
use super::journal::{JournalError, News, SharedJournal, TURN_CHANGES_MAX, Turn};
use super::object::Tag;
use super::world::World;

/// How often an act is done again because others were faster.
const TRIES_MAX: usize = 64;

/// Why an act is not kept, or nobody knows whether it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unacted {
    /// It may be kept, or be kept with the next one.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It is not: whoever acted no longer may.
    #[error("another process has taken this over")]
    Deposed,
}

impl From<Unacted> for JournalError {
    fn from(error: Unacted) -> Self {
        match error {
            Unacted::Journal(error) => error,
            Unacted::Deposed => Self::new(error),
        }
    }
}

/// Others were faster every time.
#[derive(Debug, thiserror::Error)]
#[error("too many processes change the emulated clouds at one time")]
struct Crowded;

impl Emulated {
    /// Lets the time pass and acts; answers after everything is kept. In a shared world the act
    /// may be done several times, each on another state of the world: only the last one counts.
    pub(super) async fn act<T>(
        &self,
        now: Timestamp,
        mut act: impl FnMut(&mut World) -> T + Send,
    ) -> Result<T, Unacted>
    where
        T: Send,
    {
        let Some(journal) = self.journal.shared() else {
            let acted = {
                let mut world = self.lock();
                world.pass(now);
                act(&mut world)
            };
            self.keep().await?;
            return Ok(acted);
        };
        let _turn = self.kept.lock().await;
        for _ in 0..TRIES_MAX {
            self.catch_up(journal).await?;
            // What passes by itself is kept first where it is much, so that the act is kept whole.
            let passed_much = {
                let mut world = self.lock();
                world.pass(now);
                world.unkept() > TURN_CHANGES_MAX / 2
            };
            if passed_much {
                match self.save(journal).await? {
                    Turn::Kept => {}
                    Turn::Behind => continue,
                    Turn::Deposed => return Err(Unacted::Deposed),
                }
            }
            let acted = act(&mut self.lock());
            match self.save(journal).await? {
                Turn::Kept => return Ok(acted),
                Turn::Behind => {}
                Turn::Deposed => return Err(Unacted::Deposed),
            }
        }
        Err(JournalError::new(Crowded).into())
    }

    /// Sees what others did, and what is kept in place of changes that were not.
    pub(super) async fn catch_up(&self, journal: &dyn SharedJournal) -> Result<(), JournalError> {
        let news = journal.catch_up().await?;
        let names: Vec<String> = self.stale().iter().map(|tag| tag.name()).collect();
        match news {
            News::Everything(objects) => self.lock().replace(objects).map_err(JournalError::new)?,
            News::Changes(changes) => {
                self.lock().take_up(changes).map_err(JournalError::new)?;
                if !names.is_empty() {
                    let kept = journal.read(names).await?;
                    self.lock().take_up(kept).map_err(JournalError::new)?;
                }
            }
        }
        self.stale().clear();
        Ok(())
    }

    /// Keeps everything that changed, or leaves it to the next turn to be made good.
    async fn save(&self, journal: &dyn SharedJournal) -> Result<Turn, JournalError> {
        let (tags, changes, _) = self.lock().take_changes();
        if changes.is_empty() {
            return Ok(Turn::Kept);
        }
        // Before the wait: whoever stops waiting leaves them so.
        self.stale().extend(&tags);
        let turn = journal.save_next(changes).await?;
        if turn == Turn::Kept {
            self.stale().clear();
        }
        Ok(turn)
    }

    fn stale(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeSet<Tag>> {
        self.stale.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
