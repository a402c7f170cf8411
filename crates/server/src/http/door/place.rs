//! The places among the requests in work. A request that waits for its client has none meanwhile:
//! who sends a body slowly takes nothing from the others.
//!
//! What such requests may take is bounded apart: how many wait, and how many have received more
//! than a little. A body that comes with its head never meets these bounds. Addresses share the
//! places of both kinds.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::shares::{Share, Shares};
use crate::config::Limits;
use crate::http::fault::Fault;
use crate::http::serve::Seat;

/// When a client should come back that found no place.
pub(in crate::http) const CROWDED: Duration = Duration::from_secs(1);

/// How long a request keeps its place while it waits for its client: enough for what was sent
/// together with the head.
const AT_ONCE: Duration = Duration::from_millis(20);

/// How long an answer takes that says: too many, whatever of. Who asks again at once is held back
/// by it, and who comes back when told to loses nothing: no `Retry-After` is shorter than a second.
const HELD_BACK: Duration = Duration::from_millis(500);

/// How much longer for each answer of the same address that is held back already, and for how many
/// of them at most: else who is refused a thousand times at once would come back so, too.
const HELD_BACK_EACH: Duration = Duration::from_millis(4);
const HELD_BACK_EACH_MAX: u32 = 500;

/// Bodies larger than [`Place::SMALL_BYTES`] at one time.
const LARGE_MAX: usize = 64;

/// What is said when there is no place.
const BUSY: &str = "too many requests are in work";

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    work: Arc<Shares>,
    waiting: Arc<Shares>,
    /// Of refusals that are held back: apart, so that they take nothing from bodies.
    refused: Arc<Shares>,
    large: Arc<Semaphore>,
}

/// The place of one request; clones are the same one, and the last one gives it back.
#[derive(Clone, Debug)]
pub(in crate::http) struct Place(Arc<Held>);

#[derive(Debug)]
struct Held {
    places: Arc<Places>,
    seat: Option<Seat>,
    /// Nothing while it waits for its client.
    taken: Mutex<Option<Taken>>,
    large: Mutex<Option<OwnedSemaphorePermit>>,
}

/// What a request in work has.
#[derive(Debug)]
struct Taken {
    _share: Option<Share>,
    seat: Option<Seat>,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            work: Shares::new(limits.concurrency),
            waiting: Shares::new(limits.connections),
            refused: Shares::new(limits.connections),
            large: Arc::new(Semaphore::new(LARGE_MAX)),
        }
    }

    /// A place for a request of a connection.
    pub(super) fn take(self: &Arc<Self>, seat: Option<Seat>) -> Result<Place, Fault> {
        let share = self.work.take(source(seat.as_ref())).ok_or_else(|| crowded(BUSY))?;
        Ok(self.place(Some(share), seat))
    }

    /// Lets an answer wait that says `too many`; where too many wait already, it goes at once.
    pub(super) async fn hold_back(&self, seat: Option<&Seat>) {
        if let Some(refused) = self.refused.take(source(seat)) {
            let others = u32::try_from(refused.others()).unwrap_or(u32::MAX);
            sleep(HELD_BACK + HELD_BACK_EACH * others.min(HELD_BACK_EACH_MAX)).await;
        }
    }

    /// A place for whoever looks after this process: they always get in.
    pub(super) fn extra(self: &Arc<Self>, seat: Option<Seat>) -> Place {
        self.place(None, seat)
    }

    fn place(self: &Arc<Self>, share: Option<Share>, seat: Option<Seat>) -> Place {
        let taken = Mutex::new(Some(Taken::new(share, seat.clone())));
        let places = self.clone();
        Place(Arc::new(Held { places, seat, taken, large: Mutex::default() }))
    }
}

impl Place {
    /// What a request may receive before it counts as large.
    pub(in crate::http) const SMALL_BYTES: usize = 16 << 10;

    /// Waits for the client, without a place if it takes longer than a moment. Who has sent all
    /// then waits for one, so that what was sent is rarely sent for nothing.
    pub(in crate::http) async fn waiting<T>(
        &self,
        client: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let mut client = pin!(client);
        if let Ok(done) = timeout(AT_ONCE, client.as_mut()).await {
            return Ok(done);
        }
        let source = source(self.0.seat.as_ref());
        let waiting = self.0.places.waiting.take(source);
        let _waiting = waiting.ok_or_else(|| crowded("too many requests wait for their bodies"))?;
        drop(self.lock().take());
        let done = client.await;
        let share = timeout(CROWDED, self.0.places.work.wait(source)).await;
        let share = share.map_err(|_| crowded(BUSY))?;
        *self.lock() = Some(Taken::new(Some(share), self.0.seat.clone()));
        Ok(done)
    }

    /// Gives its place up, and lets an answer wait that says `too many`.
    pub(in crate::http) async fn hold_back(&self) {
        drop(self.lock().take());
        self.0.places.hold_back(self.0.seat.as_ref()).await;
    }

    /// Counts this request among those that received more than a little, until it ends.
    pub(in crate::http) fn grow(&self) -> Result<(), Fault> {
        let mut large = self.0.large.lock().unwrap_or_else(PoisonError::into_inner);
        if large.is_none() {
            let permit = self.0.places.large.clone().try_acquire_owned();
            *large = Some(permit.map_err(|_| crowded("too many large bodies are being received"))?);
        }
        Ok(())
    }

    /// The client has its answer, and the connection no work, though the request may have some.
    pub(super) fn answered(&self) {
        if let Some(taken) = self.lock().as_mut() {
            taken.leave();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Taken>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn source(seat: Option<&Seat>) -> Option<IpAddr> {
    seat.map(Seat::source)
}

fn crowded(reason: &'static str) -> Fault {
    Fault::Unavailable { reason, retry_after: CROWDED }
}

impl Taken {
    fn new(share: Option<Share>, seat: Option<Seat>) -> Self {
        if let Some(seat) = &seat {
            seat.begin();
        }
        Self { _share: share, seat }
    }

    fn leave(&mut self) {
        if let Some(seat) = self.seat.take() {
            seat.end();
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.leave();
    }
}
