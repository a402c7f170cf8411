//! The book of laws: what every engine is held to, each law a sentence and a proof.
//!
//! An engine's test makes a [`Subject`] and asserts that [`run`] finds every law kept. A law gets a
//! store of its own, empty. Laws compare revisions and never count them, so that an engine whose
//! revisions have gaps can keep them.

mod commit;
mod durable;
mod lease;
mod limits;
mod list;
mod past;
mod read;
mod watch;
mod world;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::port::{Store, StoreError};

pub(crate) use self::world::World;

/// How long a law may take before it counts as broken: a watch that says nothing, say.
const LAW_TIME_MAX: Duration = Duration::from_secs(20);

/// What the book is held against.
#[async_trait]
pub trait Subject: Send + Sync {
    /// An empty store.
    async fn fresh(&self) -> Arc<dyn Store>;

    /// The same store after it was closed, as another process would find it; `None` if nothing
    /// survives.
    async fn reopen(&self, store: &Arc<dyn Store>) -> Option<Arc<dyn Store>>;

    /// Lets time pass for the leases of the stores made here.
    async fn pass(&self, span: Duration);
}

/// One law and its proof.
struct Law {
    says: &'static str,
    holds: for<'a> fn(&'a World<'a>) -> Pin<Box<dyn Future<Output = Kept> + Send + 'a>>,
}

/// A law is kept, or broken in some way.
type Kept = Result<(), Breach>;

/// In what way a law is broken.
#[derive(Debug)]
struct Breach(String);

impl From<StoreError> for Breach {
    fn from(error: StoreError) -> Self {
        Self(format!("the store failed: {error}"))
    }
}

/// Breaks the law unless something holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err($crate::conformance::Breach(format!($($message)+)));
        }
    };
}

/// A page of the book.
macro_rules! laws {
    ($($says:literal => $law:ident,)+) => {
        pub(super) const LAWS: &[$crate::conformance::Law] = &[$($crate::conformance::Law {
            says: $says,
            holds: |world| Box::pin($law(world)),
        }),+];
    };
}

use {ensure, laws};

/// What the book found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The laws that were kept.
    pub kept: Vec<&'static str>,
    /// The laws that were broken, and how.
    pub broken: Vec<(&'static str, String)>,
}

impl Verdict {
    /// Panics with the broken laws, if any.
    ///
    /// # Panics
    /// If a law was broken.
    pub fn assert_kept(&self) {
        assert!(self.broken.is_empty(), "{self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} laws kept, {} broken", self.kept.len(), self.broken.len())?;
        self.broken.iter().try_for_each(|(law, how)| writeln!(f, "- {law}: {how}"))
    }
}

/// Holds every law against a subject.
pub async fn run(subject: &dyn Subject) -> Verdict {
    let mut verdict = Verdict::default();
    for law in book() {
        match law.held_against(subject, LAW_TIME_MAX).await {
            Ok(()) => verdict.kept.push(law.says),
            Err(Breach(how)) => verdict.broken.push((law.says, how)),
        }
    }
    verdict
}

/// Holds one law against a subject, for at most so long.
///
/// # Errors
/// In what way it is broken.
///
/// # Panics
/// If there is no such law.
pub async fn run_one(subject: &dyn Subject, says: &str, time_max: Duration) -> Result<(), String> {
    let law = book().find(|law| law.says == says);
    let law = law.unwrap_or_else(|| panic!("the book has no law `{says}`"));
    law.held_against(subject, time_max).await.map_err(|Breach(how)| how)
}

/// What every law says, for who holds them one by one.
pub fn sentences() -> impl Iterator<Item = &'static str> {
    book().map(|law| law.says)
}

fn book() -> impl Iterator<Item = &'static Law> {
    let pages = [
        commit::LAWS,
        limits::LAWS,
        read::LAWS,
        list::LAWS,
        past::LAWS,
        watch::LAWS,
        lease::LAWS,
        durable::LAWS,
    ];
    pages.into_iter().flatten()
}

impl Law {
    async fn held_against(&self, subject: &dyn Subject, time_max: Duration) -> Kept {
        let world = World { store: subject.fresh().await, subject };
        let held = tokio::time::timeout(time_max, (self.holds)(&world)).await;
        world.store.close().await;
        held.unwrap_or_else(|_| Err(Breach("it took too long".to_owned())))
    }
}
