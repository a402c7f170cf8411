//! The book of laws: what every fabric is held to, each law a sentence and a proof.
//!
//! A fabric's test makes a [`Subject`] and asserts that [`run`] finds every law kept. Each law gets
//! a world of its own and is held against each cloud that it is about. A proof repeats what fails
//! for now and lets time pass between its calls, so that a fabric which lies keeps the laws, too.

mod customer;
mod life;
mod network;
mod refusal;
mod removal;
mod stage;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use peerage_core::id::PeerId;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;

use crate::emulated::{CustomerAct, CustomerError, CustomerMode};
use crate::port::Fabric;
use stage::Stage;

/// What the book is held against.
#[async_trait]
pub trait Subject: Send + Sync {
    /// An empty world whose customers behave like that.
    async fn fresh(&self, customer: CustomerMode) -> Arc<dyn Bench>;
}

/// One world, with both parties at hand.
#[async_trait]
pub trait Bench: Send + Sync {
    /// Our hand: the fabric.
    fn fabric(&self) -> Arc<dyn Fabric>;

    /// The customer's hand.
    async fn act(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError>;

    /// The same world as another process would find it; `None` if nothing survives.
    async fn reopen(&self) -> Option<Arc<dyn Fabric>>;
}

/// One law and its proof.
struct Law {
    says: &'static str,
    /// What the customers of its world do by themselves.
    customer: CustomerMode,
    /// The clouds that it is about.
    clouds: &'static [Provider],
    holds: for<'a> fn(&'a mut Stage) -> Pin<Box<dyn Future<Output = Kept> + Send + 'a>>,
}

/// A law is kept, or broken in some way.
type Kept = Result<(), Breach>;

/// In what way a law is broken.
#[derive(Debug)]
struct Breach(String);

/// Breaks the law unless something holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err($crate::conformance::Breach(format!($($message)+)));
        }
    };
}

/// A page of the book: what the customer does, the clouds, the sentence, the proof.
macro_rules! laws {
    ($($customer:ident, $clouds:expr, $says:literal => $law:ident;)+) => {
        pub(super) const LAWS: &[$crate::conformance::Law] = &[$($crate::conformance::Law {
            says: $says,
            customer: $crate::emulated::CustomerMode::$customer,
            clouds: &$clouds,
            holds: |stage| Box::pin($law(stage)),
        }),+];
    };
}

use {ensure, laws};

const ALL: [Provider; 3] = Provider::ALL;
const AWS: [Provider; 1] = [Provider::Aws];
const AZURE: [Provider; 1] = [Provider::Azure];
const GCP: [Provider; 1] = [Provider::Gcp];

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
    run_on(subject, &ALL, &[]).await
}

/// Holds the laws about some clouds against a subject that has no others. Those that the world
/// behind it cannot keep are left out, each by its sentence and with the reason.
///
/// # Panics
/// If one is left out that is not in the book, or not about these clouds.
pub async fn run_on(
    subject: &dyn Subject,
    clouds: &[Provider],
    excused: &[(&str, &str)],
) -> Verdict {
    let about = |law: &&Law| law.clouds.iter().any(|cloud| clouds.contains(cloud));
    for (says, _) in excused {
        let known = book().filter(about).any(|law| law.says == *says);
        assert!(known, "there is no law `{says}` about {clouds:?}");
    }
    let mut verdict = Verdict::default();
    let held = book().filter(about).filter(|law| excused.iter().all(|(says, _)| *says != law.says));
    for law in held {
        match law.held_against(subject, clouds).await {
            Ok(()) => verdict.kept.push(law.says),
            Err(Breach(how)) => verdict.broken.push((law.says, how)),
        }
    }
    verdict
}

fn book() -> impl Iterator<Item = &'static Law> {
    let pages = [network::LAWS, life::LAWS, removal::LAWS, customer::LAWS, refusal::LAWS];
    pages.into_iter().flatten()
}

impl Law {
    async fn held_against(&self, subject: &dyn Subject, clouds: &[Provider]) -> Kept {
        for &cloud in self.clouds.iter().filter(|cloud| clouds.contains(cloud)) {
            let mut stage = Stage::new(subject.fresh(self.customer).await, cloud);
            let held = (self.holds)(&mut stage).await;
            held.map_err(|Breach(how)| Breach(format!("{cloud}: {how}")))?;
        }
        Ok(())
    }
}
