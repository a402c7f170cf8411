//! The use cases: authorize, decide in the core, commit. One file for each noun.
//!
//! Knows the store and the core; must not know HTTP or JSON shapes of the wire. Every change is
//! one transaction with its events in it, and is answered only after the commit.

pub mod credentials;
mod failure;

use std::sync::Arc;

use peerage_store::Store;

pub use failure::Failure;

use crate::clock::Clock;
use crate::ids::Randomness;

/// What all use cases share.
#[derive(Clone)]
pub struct App {
    /// Where everything is kept.
    pub(crate) store: Arc<dyn Store>,
    /// The time.
    pub(crate) clock: Clock,
    /// New ids and secrets.
    pub(crate) randomness: Randomness,
}
