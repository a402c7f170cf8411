//! The book of laws finds fabrics that break them: each of these is good but for one thing.

use std::sync::Arc;

use async_trait::async_trait;
use peerage_core::cloud::{
    CallError, Link, LinkRequest, LinkStatus, Network, NetworkRequest, Sighting,
};
use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::conformance::{self, Bench, Subject};
use peerage_fabric::emulated::{
    CustomerAct, CustomerError, CustomerMode, Emulated, MemoryJournal, Pace,
};

use crate::support::options;

/// What a fabric does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vice {
    None,
    /// Says that it is gone when a removal has only begun.
    Hasty,
    /// Takes away what it is asked for, to make it anew.
    Meddling,
    /// Takes any connection for the one of the handshake that is asked about.
    Flattering,
    /// Leaves routes as they are.
    Stubborn,
    /// Names no time at which something changes.
    Silent,
    /// Names a time too late.
    Late,
    /// Names a time that has gone by.
    Past,
    /// Asks once more whom nobody told to ask.
    Insistent,
    /// Shows what is on its way out as if it worked.
    Rosy,
    /// Calls a network ready that is on its way out.
    Careless,
    /// Takes a network away with everything in it.
    Reckless,
    /// Starts from nothing each time.
    Forgetful,
    /// Makes connections from networks that are not there.
    Baseless,
}

struct Bad {
    clouds: Arc<Emulated>,
    vice: Vice,
}

impl Bad {
    fn spoil(&self, request: &LinkRequest, mut sighting: Sighting<Link>) -> Sighting<Link> {
        match self.vice {
            Vice::Past => sighting.recheck_at = sighting.recheck_at.map(|_| Timestamp::ZERO),
            Vice::Silent => sighting.recheck_at = None,
            Vice::Late => {
                let late = |at: Timestamp| Timestamp::from_millis(at.as_millis() + 1);
                sighting.recheck_at = sighting.recheck_at.map(late);
            }
            Vice::Flattering => {
                if let Some(link) = &mut sighting.found {
                    link.handshake = request.handshake;
                }
            }
            _ => {}
        }
        sighting
    }
}

#[async_trait]
impl Fabric for Bad {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.clouds.ensure_network(request, now).await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.clouds.observe_network(request, now).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let answer = self.clouds.remove_network(request, now).await;
        match answer {
            Err(_) if self.vice == Vice::Reckless => Ok(Sighting { found: None, recheck_at: None }),
            Ok(mut sighting) if self.vice == Vice::Careless => {
                if let Some(network) = &mut sighting.found {
                    network.ready = true;
                }
                Ok(sighting)
            }
            answer => answer,
        }
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        if self.vice == Vice::Meddling {
            self.clouds.remove_link(request, now).await?;
        }
        let before = self.clouds.observe_link(request, now).await?;
        if self.vice == Vice::Stubborn && before.found.is_some() {
            return Ok(before);
        }
        let rejected = |link: &Link| link.status == LinkStatus::Rejected;
        if self.vice == Vice::Insistent && before.found.as_ref().is_some_and(rejected) {
            self.clouds.remove_link(request, now).await?;
        }
        match self.clouds.ensure_link(request, now).await {
            Ok(mut sighting) if self.vice == Vice::Rosy => {
                if let Some(link) = &mut sighting.found
                    && link.status == LinkStatus::Removing
                {
                    link.status = LinkStatus::Active;
                }
                Ok(sighting)
            }
            Err(error) if self.vice == Vice::Baseless && error.code.contains("NotFound") => {
                Ok(Sighting { found: None, recheck_at: None })
            }
            answer => Ok(self.spoil(request, answer?)),
        }
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        Ok(self.spoil(request, self.clouds.observe_link(request, now).await?))
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let sighting = self.clouds.remove_link(request, now).await?;
        if self.vice == Vice::Hasty {
            return Ok(Sighting { found: None, recheck_at: None });
        }
        Ok(self.spoil(request, sighting))
    }
}

struct Suspect(Vice);

struct SuspectBench {
    clouds: Arc<Emulated>,
    journal: MemoryJournal,
    customer: CustomerMode,
    vice: Vice,
}

#[async_trait]
impl Subject for Suspect {
    async fn fresh(&self, customer: CustomerMode) -> Arc<dyn Bench> {
        let (journal, vice) = (MemoryJournal::new(), self.0);
        let options = options(customer, Pace::realistic());
        let clouds = Emulated::open(Arc::new(journal.clone()), options).await.unwrap();
        Arc::new(SuspectBench { clouds: Arc::new(clouds), journal, customer, vice })
    }
}

#[async_trait]
impl Bench for SuspectBench {
    fn fabric(&self) -> Arc<dyn Fabric> {
        Arc::new(Bad { clouds: self.clouds.clone(), vice: self.vice })
    }

    async fn act(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        self.clouds.customer(peering, act, now).await
    }

    async fn reopen(&self) -> Option<Arc<dyn Fabric>> {
        let journal = match self.vice {
            Vice::Forgetful => MemoryJournal::new(),
            _ => self.journal.clone(),
        };
        let mut options = options(self.customer, Pace::realistic());
        options.seed += 1;
        let clouds = Emulated::open(Arc::new(journal), options).await.unwrap();
        Some(Arc::new(Bad { clouds: Arc::new(clouds), vice: self.vice }))
    }
}

async fn check(vice: Vice, law: &str) {
    let verdict = conformance::run(&Suspect(vice)).await;
    let broken: Vec<_> = verdict.broken.iter().map(|(law, _)| *law).collect();
    assert!(broken.contains(&law), "{vice:?} breaks {broken:?}");
}

#[tokio::test]
async fn a_fabric_without_a_vice_is_not_accused() {
    conformance::run(&Suspect(Vice::None)).await.assert_kept();
}

#[tokio::test]
async fn every_vice_is_found() {
    for (vice, law) in [
        (Vice::Hasty, "Nothing is left of a connection that was removed"),
        (Vice::Meddling, "Asking for a connection that works changes nothing"),
        (Vice::Flattering, "A stale handshake is told apart and not replaced"),
        (Vice::Stubborn, "A route is replaced when another block is asked for"),
        (Vice::Silent, "A request that nobody answers expires"),
        (Vice::Late, "Nothing changes before the time that was named, and something at it"),
        (Vice::Past, "A time that is named lies ahead"),
        (Vice::Insistent, "A rejection answers the handshake that was rejected"),
        (Vice::Rosy, "What is on its way out is shown so and not made again"),
        (Vice::Careless, "A network on its way out is not ready"),
        (Vice::Forgetful, "A network keeps its names across a restart"),
        (Vice::Forgetful, "What waits for a customer survives a restart"),
        (Vice::Reckless, "A network that has a connection stays"),
        (Vice::Forgetful, "What is there survives a restart"),
        (Vice::Baseless, "A connection from a network that is not there is refused"),
    ] {
        check(vice, law).await;
    }
}
