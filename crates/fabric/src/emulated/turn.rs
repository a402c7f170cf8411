//! One act upon the world: the time passes, what the act looks at is woken, the act happens,
//! everything is kept, the actor hears.
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

/// An object that is kept is not found where it was.
#[derive(Debug, thiserror::Error)]
#[error("the emulated object {0} is gone from where it was kept")]
struct Missing(String);

impl Emulated {
    /// Lets the time pass and acts; answers after everything is kept. `needs` says which objects
    /// the act looks at: it happens once they are all awake, and may look at no other. In a shared
    /// world the act may be done several times, each on another state of the world: only the last
    /// one counts.
    pub(super) async fn act<T>(
        &self,
        now: Timestamp,
        needs: impl Fn(&World) -> Vec<Tag> + Send + Sync,
        mut act: impl FnMut(&mut World) -> T + Send,
    ) -> Result<T, Unacted>
    where
        T: Send,
    {
        let Some(journal) = self.journal.shared() else {
            return Ok(self.act_alone(now, needs, act).await?);
        };
        let _turn = self.kept.lock().await;
        for _ in 0..TRIES_MAX {
            self.catch_up(journal).await?;
            let mut called = self.wake_in_turn(now, &needs).await?;
            // What passed by itself is kept first where it is much, so that the act is kept whole.
            if self.lock().changed().len() > TURN_CHANGES_MAX / 2 {
                match self.save(journal).await? {
                    // What is kept may sleep by now.
                    Turn::Kept => called.extend(self.wake_in_turn(now, &needs).await?),
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

    async fn act_alone<T>(
        &self,
        now: Timestamp,
        needs: impl Fn(&World) -> Vec<Tag> + Send + Sync,
        mut act: impl FnMut(&mut World) -> T + Send,
    ) -> Result<T, JournalError>
    where
        T: Send,
    {
        let mut called = Vec::new();
        let acted = loop {
            let asleep = {
                let mut world = self.lock();
                world.pass(now);
                let needed = needs(&world);
                let asleep = world.call(needed);
                if asleep.is_empty() {
                    break act(&mut world);
                }
                Called { emulated: self, tags: asleep }
            };
            for (name, bytes) in self.journal.read(asleep.names()).await? {
                let Some(bytes) = bytes else { return Err(JournalError::new(Missing(name))) };
                self.lock().wake(name, Some(&bytes)).map_err(JournalError::new)?;
            }
            called.push(asleep);
        };
        self.keep().await?;
        Ok(acted)
    }

    /// Lets the time pass until everything that an act needs is awake. What is read may be newer
    /// than the rest of this world: then somebody else has saved, and what the act changes is not
    /// kept.
    async fn wake_in_turn(
        &self,
        now: Timestamp,
        needs: impl Fn(&World) -> Vec<Tag> + Send + Sync,
    ) -> Result<Vec<Called<'_>>, JournalError> {
        let mut called = Vec::new();
        loop {
            let asleep = {
                let mut world = self.lock();
                world.pass(now);
                let needed = needs(&world);
                let asleep = world.call(needed);
                if asleep.is_empty() {
                    return Ok(called);
                }
                // Before the wait: whoever stops waiting leaves what passed unkept.
                self.stale().extend(world.changed());
                Called { emulated: self, tags: asleep }
            };
            for (name, bytes) in self.journal.read(asleep.names()).await? {
                self.lock().wake(name, bytes.as_deref()).map_err(JournalError::new)?;
            }
            called.push(asleep);
        }
    }

    /// Sees what others did, and what is kept in place of changes that were not.
    pub(super) async fn catch_up(&self, journal: &dyn SharedJournal) -> Result<(), JournalError> {
        let mut restored = self.lock().anew();
        let mut take = |part| restored.take(part).map_err(JournalError::new);
        let news = journal.catch_up(&mut take).await?;
        let names: Vec<String> = self.stale().iter().map(|tag| tag.name()).collect();
        match news {
            News::Everything => self.lock().replace(restored),
            News::Changes(changes) => {
                self.lock().take_up(changes).map_err(JournalError::new)?;
                if !names.is_empty() {
                    let kept = self.journal.read(names).await?;
                    self.lock().take_up(kept).map_err(JournalError::new)?;
                }
            }
        }
        self.stale().clear();
        self.lock().rest();
        Ok(())
    }

    /// Keeps everything that changed, or leaves it to the next turn to be made good.
    async fn save(&self, journal: &dyn SharedJournal) -> Result<Turn, JournalError> {
        let changes = {
            let mut world = self.lock();
            let (changes, _) = world.take_changes();
            // Before the wait: whoever stops waiting leaves them so.
            self.stale().extend(world.keeping());
            changes
        };
        if changes.is_empty() {
            return Ok(Turn::Kept);
        }
        let turn = journal.save_next(changes).await?;
        if turn == Turn::Kept {
            self.stale().clear();
            self.lock().kept();
        }
        Ok(turn)
    }

    fn stale(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeSet<Tag>> {
        self.stale.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Objects that slept when an act called them: they stay awake until the act is over.
struct Called<'a> {
    emulated: &'a Emulated,
    tags: Vec<Tag>,
}

impl Called<'_> {
    fn names(&self) -> Vec<String> {
        self.tags.iter().map(|tag| tag.name()).collect()
    }
}

impl Drop for Called<'_> {
    fn drop(&mut self) {
        self.emulated.lock().release(&self.tags);
    }
}
