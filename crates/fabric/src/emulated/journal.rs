//! Where the emulated world keeps its state between two lives of the process.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

/// A change of one object: its new bytes, or `None` when it is gone.
pub type Saved = (String, Option<Vec<u8>>);

/// The state could not be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("the emulated clouds could not keep their state: {0}")]
pub struct JournalError(Box<dyn Error + Send + Sync>);

impl JournalError {
    /// An error of whatever keeps the state.
    pub fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(source))
    }
}

/// Takes up objects that are kept, a part of them at a time.
pub type Take<'a> = dyn FnMut(Vec<(String, Vec<u8>)>) -> Result<(), JournalError> + Send + 'a;

/// Keeps objects by name.
///
/// # Guarantees that it has to give
/// What [`Journal::save`] answered `Ok` for is what the next [`Journal::load`] and
/// [`Journal::read`] find. A save that
/// failed, or that nobody waited for, may be kept as a whole, up to some change or not at all: its
/// changes are saved again, and saving a change twice is the same as once. The source of names is
/// always the first change, so that no name is kept that could be given again.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Gives everything that was kept to `take`, each object once; ends early if that fails.
    async fn load(&self, take: &mut Take<'_>) -> Result<(), JournalError>;

    /// These objects as they are kept.
    async fn read(&self, names: Vec<String>) -> Result<Vec<Saved>, JournalError>;

    /// Keeps these changes, one for each object; they are durable when this returns.
    async fn save(&self, changes: Vec<Saved>) -> Result<(), JournalError>;

    /// The same keeper where several processes share it; `None` where this one is alone. One that
    /// is shared is only used through this, and read.
    fn shared(&self) -> Option<&dyn SharedJournal> {
        None
    }
}

/// Keeps objects for several processes that each hold the whole world: who saves has seen
/// everything that was saved before.
///
/// # Flow
/// `catch_up`, change the world, `save_next`; on [`Turn::Behind`] start again.
#[async_trait]
pub trait SharedJournal: Send + Sync {
    /// What was saved by anybody and not yet told here, up to everything that was saved before
    /// this was called. Where that is too much to tell, everything there is goes to `take`.
    async fn catch_up(&self, take: &mut Take<'_>) -> Result<News, JournalError>;

    /// Keeps these changes if nobody saved since the last [`SharedJournal::catch_up`] or
    /// [`SharedJournal::save_next`]. Only up to [`TURN_CHANGES_MAX`] are kept as a whole.
    async fn save_next(&self, changes: Vec<Saved>) -> Result<Turn, JournalError>;
}

/// The most changes that [`SharedJournal::save_next`] keeps as a whole.
pub const TURN_CHANGES_MAX: usize = 100;

/// What others did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// These changes, in order.
    Changes(Vec<Saved>),
    /// Too much to tell: what was taken is all there is.
    Everything,
}

/// What became of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is durable.
    Kept,
    /// Somebody else saved first; of this, at most some of the first changes are kept.
    Behind,
    /// Whoever acts no longer may. Nothing is kept.
    Deposed,
}

/// Keeps everything in memory, for tests and for worlds that nobody needs again. Clones share
/// what they keep.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    state: Arc<Mutex<MemoryState>>,
}

#[derive(Debug, Default)]
struct MemoryState {
    objects: BTreeMap<String, Vec<u8>>,
    saves: usize,
    failing: bool,
    /// How many changes of a save that fails are kept all the same.
    torn_at: usize,
}

/// A [`MemoryJournal`] was told to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was told to fail")]
pub struct ToldToFail;

impl MemoryJournal {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fails every save and read from here on.
    pub fn fail(&self) {
        self.tear(0);
    }

    /// Fails every save and read from here on, but keeps the first changes of a save.
    pub fn tear(&self, keeps: usize) {
        self.with(|state| (state.failing, state.torn_at) = (true, keeps));
    }

    /// Saves and reads again.
    pub fn heal(&self) {
        self.with(|state| state.failing = false);
    }

    /// How often something was saved.
    #[must_use]
    pub fn saves(&self) -> usize {
        self.with(|state| state.saves)
    }

    /// What is kept.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.with(|state| state.objects.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut MemoryState) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn load(&self, take: &mut Take<'_>) -> Result<(), JournalError> {
        take(self.objects().into_iter().collect())
    }

    async fn read(&self, names: Vec<String>) -> Result<Vec<Saved>, JournalError> {
        self.with(|state| {
            if state.failing {
                return Err(JournalError::new(ToldToFail));
            }
            let kept = |name: String| {
                let bytes = state.objects.get(&name).cloned();
                (name, bytes)
            };
            Ok(names.into_iter().map(kept).collect())
        })
    }

    async fn save(&self, changes: Vec<Saved>) -> Result<(), JournalError> {
        self.with(|state| {
            let keeps = if state.failing { state.torn_at } else { changes.len() };
            for (name, bytes) in changes.into_iter().take(keeps) {
                match bytes {
                    Some(bytes) => drop(state.objects.insert(name, bytes)),
                    None => drop(state.objects.remove(&name)),
                }
            }
            if state.failing {
                return Err(JournalError::new(ToldToFail));
            }
            state.saves += 1;
            Ok(())
        })
    }
}
