//! The use cases: authorize, decide in the core, commit. One file for each noun.
//!
//! Knows the store and the core; must not know HTTP or JSON shapes of the wire. Every change is
//! one transaction with its events in it, and is answered only after the commit.

pub mod access_list;
pub mod api_keys;
pub mod audit;
mod change;
pub mod containers;
pub mod credentials;
mod decoded;
pub mod events;
mod failure;
pub mod group_settings;
pub mod group_users;
pub mod groups;
pub(crate) mod hand;
pub mod install;
pub mod invitations;
pub mod orgs;
pub mod peerings;
pub mod private_ip_mode;
mod ready;
pub mod reconcile;
pub mod restored;
mod scope;
mod seen;
pub mod service_accounts;
pub mod teams;
pub mod users;

use std::sync::Arc;

use peerage_core::id::Id;
use peerage_core::reconcile::Key as ReconcileKey;
use peerage_store::Store;
use tokio::sync::{Mutex, MutexGuard};

pub(crate) use change::{Tried, unavailable};
use decoded::Decoded;
pub use failure::Failure;
pub use ready::Readiness;
pub use seen::{PeeringsSeen, Version};

/// What use cases give back about nouns without a life cycle: the records, as plain values.
pub mod records {
    pub use peerage_store::record::{
        AccessListRecord, Actor, ApiKeyRecord, CredentialAddress, EventRecord, Grants, GroupGrant,
        GroupInvitationRecord, GroupRecord, GroupTeamRecord, OrgRecord, OrgSettings, SecretRecord,
        ServiceAccountRecord, Tag, TeamRecord, UserRecord,
    };
}

use crate::authn::{ChainKey, DigestVerifier, Sealer, Throttle};
use crate::clock::Clock;
use crate::emulation::Emulation;
use crate::ids::Randomness;

/// How many times a lost race is decided anew before the caller is asked to come back.
const ATTEMPTS_MAX: usize = 32;

/// How many locks the projects and organizations share.
const LOCKS: usize = 256;

/// What all use cases share.
pub struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) randomness: Randomness,
    pub(crate) security: Security,
    nudge: Box<dyn Fn(ReconcileKey) + Send + Sync>,
    locks: Vec<Mutex<()>>,
    /// One event of a trail is written at a time in this process; see [`App::one_at_a_time`].
    trails: Vec<Mutex<()>>,
    decoded: Decoded,
    emulation: Option<Emulation>,
}

/// What verifies credentials and keeps secrets.
#[derive(Debug)]
pub struct Security {
    /// HTTP Digest.
    pub verifier: DigestVerifier,
    /// Seals what opens something.
    pub sealer: Sealer,
    /// Slows down who guesses.
    pub throttle: Throttle,
    /// Authenticates the audit trail.
    pub chain: ChainKey,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// The use cases over a store. `nudge` tells the reconciler that an object changed.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        clock: Clock,
        randomness: Randomness,
        security: Security,
        nudge: impl Fn(ReconcileKey) + Send + Sync + 'static,
    ) -> Self {
        let locks = || std::iter::repeat_with(Mutex::default).take(LOCKS).collect();
        let (nudge, emulation) = (Box::new(nudge), None);
        let (locks, trails, decoded) = (locks(), locks(), Decoded::default());
        Self { store, clock, randomness, security, nudge, locks, trails, decoded, emulation }
    }

    /// The same, with a hand on the emulated clouds.
    #[must_use]
    pub fn with_emulation(self, emulation: Option<Emulation>) -> Self {
        Self { emulation, ..self }
    }

    /// The hand on the emulated clouds, where it is allowed.
    #[must_use]
    pub fn emulation(&self) -> Option<&Emulation> {
        self.emulation.as_ref()
    }

    /// Tells the reconciler that an object changed.
    pub(crate) fn nudge(&self, object: ReconcileKey) {
        (self.nudge)(object);
    }

    /// Lets one change of a project, or of an organization, that others may collide with be decided
    /// at a time in this process. The store's preconditions are what makes it right; this only
    /// saves lost races. Nobody may hold two.
    async fn one_at_a_time<K>(&self, object: Id<K>) -> MutexGuard<'_, ()> {
        let shard = usize::from(object.as_bytes()[11]) % self.locks.len();
        self.locks[shard].lock().await
    }
}
