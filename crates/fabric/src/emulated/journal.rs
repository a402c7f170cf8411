//! Where the emulated world keeps its state between two lives of the process.

use std::error::Error;

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

/// Keeps objects by name.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Everything that was kept.
    async fn load(&self) -> Result<Vec<(String, Vec<u8>)>, JournalError>;

    /// Keeps these changes, in this order; they are durable when this returns.
    async fn save(&self, changes: Vec<Saved>) -> Result<(), JournalError>;
}
