//! What lies between one life of a replica and the world: every call of a port crosses it twice.
//!
//! At each crossing the replica may be held up, be stopped for a while, or die. A replica that is
//! dead never comes back from a crossing, so that nothing it had in mind happens any more.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::dice::Dice;
use crate::world::World;

/// The longest that a crossing is held up.
const DELAY_MAX: Duration = Duration::from_millis(400);

/// One life of a replica, as the world sees it.
pub struct Wire {
    /// The world around it.
    pub world: Arc<World>,
    /// Which replica.
    pub replica: usize,
    /// Which of its lives.
    pub life: u64,
    dice: Mutex<Dice>,
    state: Mutex<State>,
    death: Notify,
}

#[derive(Clone, Copy, Debug)]
struct State {
    dead: bool,
    stopped_until: Instant,
}

impl Wire {
    /// A life that begins now.
    #[must_use]
    pub fn new(world: Arc<World>, replica: usize, life: u64) -> Arc<Self> {
        let stream = 1000 + life * 16 + u64::try_from(replica).unwrap_or(0);
        let dice = Mutex::new(Dice::new(world.plan.seed, stream));
        let state = Mutex::new(State { dead: false, stopped_until: Instant::now() });
        Arc::new(Self { world, replica, life, dice, state, death: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Throws this life's dice.
    pub fn throw<T>(&self, throw: impl FnOnce(&mut Dice) -> T) -> T {
        throw(&mut self.dice.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether something happens that is to happen so many times out of ten thousand.
    pub fn strikes(&self, of_ten_thousand: u32) -> bool {
        self.throw(|dice| dice.chance(of_ten_thousand)) && self.world.is_rough()
    }

    /// Goes through; does not come back if the replica is dead or dies here.
    pub async fn cross(&self, place: &str) {
        let rates = self.world.plan.rates;
        self.world.breathe(place).await;
        if self.strikes(rates.crash) {
            self.kill(place);
        }
        if self.strikes(rates.delay) {
            let delay = self.throw(|dice| dice.span(Duration::ZERO, DELAY_MAX));
            sleep(delay).await;
        }
        self.go_on().await;
    }

    /// Waits while the replica is stopped; for ever once it is dead.
    async fn go_on(&self) {
        loop {
            let State { dead, stopped_until } = *self.state();
            if dead {
                std::future::pending::<()>().await;
            }
            if stopped_until <= Instant::now() {
                return;
            }
            sleep_until(stopped_until).await;
        }
    }

    /// Ends this life.
    pub fn kill(&self, place: &str) {
        if !std::mem::replace(&mut self.state().dead, true) {
            self.death.notify_waiters();
            self.world.count("deaths");
            self.world.note(|| format!("{self} dies at {place}"));
        }
    }

    /// Stops this replica for a while: nothing of it goes on, and it will not notice.
    pub fn stop_for(&self, span: Duration) {
        self.world.count("pauses");
        self.world.note(|| format!("{self} stops for {} ms", span.as_millis()));
        self.state().stopped_until = Instant::now() + span;
    }

    /// Lets a stopped replica go on.
    pub fn wake(&self) {
        self.state().stopped_until = Instant::now();
    }

    /// Whether this life is over.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Waits until this life is over.
    pub async fn died(&self) {
        let death = self.death.notified();
        if !self.is_dead() {
            death.await;
        }
    }

    /// A task of this replica: it does not go on while the replica is stopped or dead.
    pub fn task<F>(self: &Arc<Self>, task: F) -> Stoppable<F> {
        Stoppable { wire: Arc::clone(self), until: None, task: Box::pin(task) }
    }
}

impl std::fmt::Display for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "r{}.{}", self.replica, self.life)
    }
}

/// A task that stands still while its replica does.
pub struct Stoppable<F> {
    wire: Arc<Wire>,
    until: Option<Pin<Box<Sleep>>>,
    task: Pin<Box<F>>,
}

impl<F: Future> Future for Stoppable<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        loop {
            let State { dead, stopped_until } = *self.wire.state();
            if dead {
                return Poll::Pending;
            }
            if stopped_until <= Instant::now() {
                self.until = None;
                return self.task.as_mut().poll(context);
            }
            let sleep = self.until.get_or_insert_with(|| Box::pin(sleep_until(stopped_until)));
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.until = None;
        }
    }
}
