//! Performs what the core's controller commands: reads and writes the store, calls the clouds,
//! sleeps. It decides nothing.
//!
//! One task owns the controller. Each command runs in a task of its own, bounded by the
//! controller's own bound on work in flight, and its outcome comes back as an input. Of a store
//! that is shared it works on what this process owns, each command under the fence of its shard;
//! what comes back after the shard was let go of is dropped.

mod patrol;
mod rumours;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use peerage_core::cloud::{Answer, Call};
use peerage_core::id::GroupId;
use peerage_core::provider::Provider;
use peerage_core::reconcile::{Command, Controller, Fence, Input, Key, Tempo, WriteResult};
use peerage_fabric::{Fabric, fence};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use self::patrol::Patrol;
use self::rumours::Rumours;
use crate::app::App;
use crate::clock::Clock;
use crate::replica::{Ownership, SHARDS, Work, shard_of};

/// Nudges that may wait for the controller; more are dropped and made up for by the next sweep.
const NUDGES_MAX: usize = 65_536;

/// Between two sweeps over everything that is not settled: makes up for lost nudges.
const SWEEP: Duration = Duration::from_secs(30);

/// Between two rounds over everything that is settled as well: finds what others did to it.
pub const ROUND: Duration = Duration::from_mins(5);

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
    /// How many shards are worked on.
    pub shards: u16,
}

/// What a driver works on, and where it tells what is in work.
#[derive(Debug)]
pub struct Share {
    /// What this process owns.
    pub owned: watch::Receiver<Ownership>,
    /// Where commands in work are counted.
    pub work: Work,
}

impl Share {
    /// Everything, because the store is this process's own.
    #[must_use]
    pub fn all() -> Self {
        Self { owned: watch::Sender::new(Ownership::Sole).subscribe(), work: Work::default() }
    }
}

/// What came back from a command about a project's object, and in which term it was given out.
struct Outcome {
    group: GroupId,
    term: u64,
    input: Input,
}

/// Performs commands until it is told to stop.
pub struct Driver {
    app: Arc<App>,
    clock: Clock,
    fabrics: Arc<Fabrics>,
    controller: Controller,
    nudges: mpsc::Receiver<Key>,
    outcomes: (mpsc::UnboundedSender<Outcome>, mpsc::UnboundedReceiver<Outcome>),
    share: Share,
    /// What was owned when it was last looked at.
    owned: Ownership,
    /// How often each shard was let go of. A fence alone does not tell: a lease that seemed to end
    /// and did not is the same fence again, over objects that were forgotten in between.
    terms: [u64; SHARDS as usize],
    rumours: Rumours,
    /// Between two rounds over everything.
    rounds: Duration,
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
        share: Share,
        seed: u64,
    ) -> Self {
        let owned = share.owned.borrow().clone();
        Self {
            rumours: Rumours::none(),
            rounds: ROUND,
            share,
            owned,
            terms: [0; SHARDS as usize],
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

    /// The same driver, with so much time between two rounds over everything.
    #[must_use]
    pub fn with_rounds(self, rounds: Duration) -> Self {
        Self { rounds, ..self }
    }

    /// What it shows of itself, always the latest.
    #[must_use]
    pub fn gauges(&self) -> watch::Receiver<Gauges> {
        self.gauges.subscribe()
    }

    /// Works until `stop` turns true. What is in flight is left; a restart takes it up again.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        if self.owned != Ownership::Sole {
            self.rumours = Rumours::of(self.app.clone());
        }
        let mut moves = self.clock.moves();
        let mut next_sweep = Instant::now();
        let mut patrol = Patrol::new(self.app.clone(), self.rounds);
        while !*stop.borrow() {
            if self.take_ownership() {
                next_sweep = Instant::now();
            }
            if Instant::now() >= next_sweep {
                next_sweep = Instant::now() + SWEEP;
                self.sweep().await;
            }
            if Instant::now() >= patrol.next() {
                patrol.page().await.into_iter().for_each(|key| self.nudge(key));
            }
            self.perform_commands();
            let due = next_sweep.min(patrol.next());
            let sleep = self.sleep().min(due.saturating_duration_since(Instant::now()));
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                Ok(()) = self.share.owned.changed() => {}
                Some(outcome) = self.outcomes.1.recv() => self.take(outcome),
                Some(key) = self.nudges.recv() => self.nudge(key),
                rumour = self.rumours.next() => match rumour {
                    Some(keys) => keys.into_iter().for_each(|key| self.nudge(key)),
                    // Something was missed.
                    None => next_sweep = Instant::now(),
                },
                _ = moves.changed() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Lets go of what is no longer owned; says whether something is owned that was not before.
    fn take_ownership(&mut self) -> bool {
        let owned = self.share.owned.borrow_and_update().clone();
        let before = std::mem::replace(&mut self.owned, owned);
        let changed = self.owned.changed(&before);
        for shard in &changed {
            self.terms[usize::from(*shard)] += 1;
        }
        if !changed.is_empty() {
            self.controller.retain(|key| !changed.contains(&shard_of(key.group())));
        }
        changed.iter().any(|shard| self.owned.taken(*shard).is_some())
    }

    fn term(&self, group: GroupId) -> u64 {
        self.terms[usize::from(shard_of(group))]
    }

    /// Nudges an object that is worked on here.
    fn nudge(&mut self, key: Key) {
        if self.owned == Ownership::Sole || self.owned.fence(key.group()).is_some() {
            let now = self.clock.now();
            self.controller.handle(Input::Nudge(key), now);
        }
    }

    fn take(&mut self, outcome: Outcome) {
        let now = self.clock.now();
        let mut next = Some(outcome);
        while let Some(Outcome { group, term, input }) = next {
            if let Input::Written(_, WriteResult::Done(stamp)) = &input {
                self.rumours.is_ours(*stamp);
            }
            if self.term(group) == term {
                self.controller.handle(input, now);
            }
            next = self.outcomes.1.try_recv().ok();
        }
    }

    /// Nudges everything that is not settled.
    async fn sweep(&mut self) {
        match self.app.unsettled().await {
            Ok(keys) => {
                keys.into_iter().for_each(|key| self.nudge(key));
                self.gauges.send_modify(|gauges| gauges.started = true);
            }
            Err(failure) => tracing::warn!(?failure, "driver.sweep_failed"),
        }
    }

    fn perform_commands(&mut self) {
        while let Some(command) = self.controller.poll_command(self.clock.now()) {
            let key = subject(&command);
            let group = key.group();
            let (fence, term) = (self.owned.fence(group), self.term(group));
            let working = self.share.work.begin(group);
            let desk = Desk {
                app: self.app.clone(),
                clock: self.clock.clone(),
                fabrics: self.fabrics.clone(),
                owned: self.share.owned.clone(),
                fence,
            };
            let back = self.outcomes.0.clone();
            tokio::spawn(async move {
                for input in desk.perform(command).await {
                    // Nobody listens any more only when the driver has stopped.
                    let _ = back.send(Outcome { group, term, input });
                }
                drop(working);
            });
        }
        let (in_flight, queued) = (self.controller.in_flight(), self.controller.queued());
        let shards = self.owned.shards();
        self.gauges.send_modify(|gauges| {
            gauges.in_flight = in_flight;
            gauges.queued = queued;
            gauges.shards = shards;
        });
    }

    fn sleep(&self) -> Duration {
        let wait = self.controller.poll_timeout().and_then(|at| self.clock.until(at));
        wait.unwrap_or(SLEEP_MAX).min(SLEEP_MAX)
    }
}

/// The object that a command is about.
fn subject(command: &Command) -> Key {
    match command {
        Command::Load(key) | Command::Write { key, .. } | Command::Call { key, .. } => *key,
        Command::NudgePeeringsOf(group, container) => Key::Network(*group, *container),
    }
}

/// Where one command is performed.
struct Desk {
    app: Arc<App>,
    clock: Clock,
    fabrics: Arc<Fabrics>,
    owned: watch::Receiver<Ownership>,
    fence: Option<Fence>,
}

impl Desk {
    /// Performs one command and brings back what became of it.
    async fn perform(&self, command: Command) -> Vec<Input> {
        match command {
            Command::Load(key) => vec![match self.app.load(key).await {
                Ok(snapshot) => Input::Loaded(key, snapshot.map(Box::new)),
                Err(failure) => store_failed(key, &failure),
            }],
            Command::Write { key, stamp, before, after } => {
                let written = self.app.write(stamp, &before, after.as_deref(), self.fence).await;
                vec![match written {
                    Ok(result) => Input::Written(key, result),
                    Err(failure) => store_failed(key, &failure),
                }]
            }
            Command::Call { key, call } => {
                let answer = self.ask(key, &call).await;
                tracing::debug!(?key, "driver.called");
                tracing::trace!(?key, ?call, ?answer, "driver.answered");
                vec![Input::Answered(key, Box::new(answer))]
            }
            Command::NudgePeeringsOf(group, container) => {
                match self.app.peerings_in(group, container).await {
                    Ok(keys) => keys.into_iter().map(Input::Nudge).collect(),
                    Err(failure) => {
                        tracing::warn!(?failure, "driver.peerings_not_listed");
                        Vec::new()
                    }
                }
            }
        }
    }

    /// Calls the cloud, if this process still works on the object. A pause of this process between
    /// the look and the call cannot be excluded; that is why calls carry the fence with them, and
    /// why what they make is tagged and adopted.
    async fn ask(&self, key: Key, call: &Call) -> Answer {
        if !self.owned.borrow().may_act(key.group(), self.fence, Instant::now()) {
            tracing::warn!(?key, "driver.call_fenced");
            return call.not_ours();
        }
        match self.fabrics.get(&call.provider()) {
            Some(fabric) => fence::under(self.fence, fabric.call(call, self.clock.now())).await,
            None => call.not_driven(),
        }
    }
}

fn store_failed(key: Key, failure: &crate::app::Failure) -> Input {
    tracing::warn!(?key, ?failure, "driver.store_failed");
    Input::StoreFailed(key)
}
