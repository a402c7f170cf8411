//! Why changes are refused now, as the writer last found it: for those who ask how the store is.

use std::sync::{Arc, Mutex, PoisonError};

use crate::port::StoreError;

/// Shared by the writer, who says it, and the store, who is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble(Arc<Mutex<Option<StoreError>>>);

impl Trouble {
    /// What became of the last try to write.
    pub(super) fn note(&self, outcome: Result<(), &StoreError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = outcome.err().cloned();
    }

    /// Why it failed, if it did.
    pub(super) fn now(&self) -> Option<StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
