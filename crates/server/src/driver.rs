//! Performs what the core's controller commands: reads and writes the store, calls the clouds,
//! sleeps. It decides nothing.
//!
//! One task owns the controller. Each command runs in a task of its own, bounded by the
//! controller's own bound on work in flight, and its outcome comes back as an input.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use peerage_core::cloud::{Answer, Call};
use peerage_core::provider::Provider;
use peerage_core::reconcile::{Command, Controller, Input, Key, Tempo};
use peerage_fabric::Fabric;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::app::App;
use crate::clock::Clock;

/// Nudges that may wait for the controller; more are dropped and made up for by the next sweep.
const NUDGES_MAX: usize = 65_536;

/// Between two sweeps over everything that is not settled: makes up for lost nudges.
const SWEEP: Duration = Duration::from_secs(30);

/// The longest sleep, so that a wait that was worked out wrongly cannot last.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// The clouds, by provider.
pub type Fabrics = BTreeMap<Provider, Arc<dyn Fabric>>;

/// Where nudges are dropped off.
#[derive(Clone, Debug)]
pub struct Nudges(mpsc::Sender<Key>);

/// The other end of [`Nudges`].
#[derive(Debug)]
pub struct NudgeReceiver(mpsc::Receiver<Key>);

/// A way for nudges into the driver.
#[must_use]
pub fn nudges() -> (Nudges, NudgeReceiver) {
    let (sender, receiver) = mpsc::channel(NUDGES_MAX);
    (Nudges(sender), NudgeReceiver(receiver))
}

impl Nudges {
    /// Says that an object changed. Never waits.
    pub fn nudge(&self, key: Key) {
        if self.0.try_send(key).is_err() {
            tracing::debug!(?key, "driver.nudge_dropped");
        }
    }
}

/// What the driver shows of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Objects that are being worked on.
    pub in_flight: usize,
    /// Objects that wait for their time.
    pub queued: usize,
    /// Whether the first sweep is done.
    pub started: bool,
}

/// Performs commands until it is told to stop.
pub struct Driver {
    app: Arc<App>,
    clock: Clock,
    fabrics: Arc<Fabrics>,
    controller: Controller,
    nudges: mpsc::Receiver<Key>,
    outcomes: (mpsc::UnboundedSender<Input>, mpsc::UnboundedReceiver<Input>),
    gauges: watch::Sender<Gauges>,
}

impl Driver {
    /// A driver that works on the objects of `app` in the clouds of `fabrics`.
    #[must_use]
    pub fn new(
        app: Arc<App>,
        clock: Clock,
        fabrics: Fabrics,
        tempo: Tempo,
        nudges: NudgeReceiver,
        seed: u64,
    ) -> Self {
        Self {
            app,
            clock,
            fabrics: Arc::new(fabrics),
            controller: Controller::new(tempo, seed),
            nudges: nudges.0,
            // Bounded by the controller: it has one outcome in flight for each object in work.
            outcomes: mpsc::unbounded_channel(),
            gauges: watch::Sender::new(Gauges::default()),
        }
    }

    /// What it shows of itself, always the latest.
    #[must_use]
    pub fn gauges(&self) -> watch::Receiver<Gauges> {
        self.gauges.subscribe()
    }

    /// Works until `stop` turns true. What is in flight is left; a restart takes it up again.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut moves = self.clock.moves();
        let mut next_sweep = Instant::now();
        while !*stop.borrow() {
            if Instant::now() >= next_sweep {
                next_sweep = Instant::now() + SWEEP;
                self.sweep().await;
            }
            self.perform_commands();
            let sleep = self.sleep().min(next_sweep.saturating_duration_since(Instant::now()));
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                Some(input) = self.outcomes.1.recv() => self.take(input),
                Some(key) = self.nudges.recv() => self.take(Input::Nudge(key)),
                _ = moves.changed() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    fn take(&mut self, input: Input) {
        let now = self.clock.now();
        self.controller.handle(input, now);
        while let Ok(input) = self.outcomes.1.try_recv() {
            self.controller.handle(input, now);
        }
    }

    /// Nudges everything that is not settled.
    async fn sweep(&mut self) {
        match self.app.unsettled().await {
            Ok(keys) => {
                let now = self.clock.now();
                for key in keys {
                    self.controller.handle(Input::Nudge(key), now);
                }
                self.gauges.send_modify(|gauges| gauges.started = true);
            }
            Err(failure) => tracing::warn!(?failure, "driver.sweep_failed"),
        }
    }

    fn perform_commands(&mut self) {
        while let Some(command) = self.controller.poll_command(self.clock.now()) {
            let (app, clock) = (self.app.clone(), self.clock.clone());
            let (fabrics, back) = (self.fabrics.clone(), self.outcomes.0.clone());
            tokio::spawn(async move {
                for input in perform(&app, &clock, &fabrics, command).await {
                    // Nobody listens any more only when the driver has stopped.
                    let _ = back.send(input);
                }
            });
        }
        let (in_flight, queued) = (self.controller.in_flight(), self.controller.queued());
        self.gauges.send_modify(|gauges| {
            gauges.in_flight = in_flight;
            gauges.queued = queued;
        });
    }

    fn sleep(&self) -> Duration {
        let wait = self.controller.poll_timeout().and_then(|at| self.clock.until(at));
        wait.unwrap_or(SLEEP_MAX).min(SLEEP_MAX)
    }
}

/// Performs one command and brings back what became of it.
async fn perform(app: &App, clock: &Clock, fabrics: &Fabrics, command: Command) -> Vec<Input> {
    match command {
        Command::Load(key) => vec![match app.load(key).await {
            Ok(snapshot) => Input::Loaded(key, snapshot.map(Box::new)),
            Err(failure) => store_failed(key, &failure),
        }],
        Command::Write { key, stamp, before, after } => {
            vec![match app.write(stamp, &before, after.as_deref()).await {
                Ok(result) => Input::Written(key, result),
                Err(failure) => store_failed(key, &failure),
            }]
        }
        Command::Call { key, call } => {
            let answer = ask(fabrics, &call, clock).await;
            tracing::debug!(?key, ?call, ?answer, "driver.called");
            vec![Input::Answered(key, Box::new(answer))]
        }
        Command::NudgePeeringsOf(group, container) => {
            match app.peerings_in(group, container).await {
                Ok(keys) => keys.into_iter().map(Input::Nudge).collect(),
                Err(failure) => {
                    tracing::warn!(?failure, "driver.peerings_not_listed");
                    Vec::new()
                }
            }
        }
    }
}

fn store_failed(key: Key, failure: &crate::app::Failure) -> Input {
    tracing::warn!(?key, ?failure, "driver.store_failed");
    Input::StoreFailed(key)
}

async fn ask(fabrics: &Fabrics, call: &Call, clock: &Clock) -> Answer {
    match fabrics.get(&call.provider()) {
        Some(fabric) => fabric.call(call, clock.now()).await,
        None => call.not_driven(),
    }
}
