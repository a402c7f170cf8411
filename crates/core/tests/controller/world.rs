//! The world around the controller: a store with stamps, a cloud, a clock moved by hand. Every
//! command is checked on its way: one at a time for each object, doubt in the store before a call
//! that may change the cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use peerage_core::cloud::{Call, Observed};
use peerage_core::container::Container;
use peerage_core::error::Refusal;
use peerage_core::id::{ContainerId, PeerId};
use peerage_core::peering::{Peering, PeeringChange};
use peerage_core::provider::Provider;
use peerage_core::reconcile::{
    Command, Controller, Input, Key, Object, Snapshot, Tempo, WriteResult,
};
use peerage_core::time::Timestamp;

use crate::cloud::Cloud;
use crate::example::{self, GROUP};

/// Commands that one test may need at most: more is a controller that spins.
const STEPS_MAX: usize = 20_000;

/// The store: each object with the stamp of its last write.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) peerings: BTreeMap<PeerId, (Peering, u64)>,
    pub(crate) containers: BTreeMap<ContainerId, (Container, u64)>,
    stamp: u64,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) store: Store,
    pub(crate) cloud: Cloud,
    pub(crate) tempo: Tempo,
    pub(crate) controller: Controller,
    /// The objects with a command whose outcome the controller waits for.
    pub(crate) busy: BTreeSet<Key>,
    /// The phases that each peering has been seen in.
    pub(crate) history: BTreeMap<PeerId, Vec<String>>,
    steps: usize,
}

impl World {
    pub(crate) fn new() -> Self {
        let tempo = Tempo::default();
        Self {
            now: Timestamp::from_millis(1_000),
            store: Store::default(),
            cloud: Cloud::new(),
            controller: Controller::new(tempo.clone(), 7),
            tempo,
            busy: BTreeSet::new(),
            history: BTreeMap::new(),
            steps: 0,
        }
    }

    /// Asks for peering number `number`, in the first container of `provider`.
    pub(crate) fn create(&mut self, provider: Provider, number: u16) -> PeerId {
        let mut home = example::container(provider, 0);
        if let Some((known, _)) = self.store.containers.get(&home.id) {
            home = known.clone();
        }
        let network = example::customer(provider, number);
        let siblings: Vec<Peering> = self.peerings().cloned().collect();
        let id = example::peer_id(number);
        let peering =
            Peering::request(id, &home, network, siblings.iter(), self.now).expect("a good one");
        home.peerings += 1;
        self.nudge(Key::Network(GROUP, home.id));
        self.put_container(home);
        self.put_peering(peering);
        self.nudge(peer(id));
        id
    }

    pub(crate) fn change(&mut self, id: PeerId, change: &PeeringChange) -> Result<(), Refusal> {
        let peering = self.peering(id).clone();
        let home = self.store.containers[&peering.container].0.clone();
        let siblings: Vec<Peering> = self.peerings().cloned().collect();
        if let Some(next) = peering.change(change, &home, siblings.iter(), self.now)? {
            self.put_peering(next);
        }
        self.nudge(peer(id));
        Ok(())
    }

    pub(crate) fn delete(&mut self, id: PeerId) {
        let next = self.peering(id).clone().delete(self.now).expect("not on its way out yet");
        self.put_peering(next);
        self.nudge(peer(id));
    }

    pub(crate) fn nudge(&mut self, key: Key) {
        self.controller.handle(Input::Nudge(key), self.now);
    }

    pub(crate) fn peering(&self, id: PeerId) -> &Peering {
        &self.store.peerings[&id].0
    }

    pub(crate) fn peerings(&self) -> impl Iterator<Item = &Peering> {
        self.store.peerings.values().map(|(peering, _)| peering)
    }

    pub(crate) fn phase(&self, id: PeerId) -> String {
        example::phase_name(&self.peering(id).phase)
    }

    pub(crate) fn is_gone(&self, id: PeerId) -> bool {
        !self.store.peerings.contains_key(&id)
    }

    pub(crate) fn unsettled(&self) -> Vec<Key> {
        let containers = self.store.containers.values().map(|(container, _)| container);
        let networks = containers
            .filter(|container| !container.is_settled())
            .map(|container| Key::Network(GROUP, container.id));
        let links = self.peerings().filter(|peering| !peering.is_settled());
        networks.chain(links.map(|peering| peer(peering.id))).collect()
    }

    /// Nothing is left to do, the cloud has what the store believes, and nothing was doubled.
    pub(crate) fn assert_at_rest(&mut self) {
        self.cloud.advance(self.now);
        assert_eq!(self.unsettled(), [], "everything is settled");
        assert_eq!(self.controller.in_flight(), 0);
        assert!(self.busy.is_empty());
        for peering in self.store.peerings.values().map(|(peering, _)| peering) {
            let link = self.cloud.links.get(&peering.id).map(|made| &made.link);
            if peering.phase.is_available() {
                assert_eq!(peering.observed.found(), link, "{}", peering.id);
            }
        }
        for id in self.cloud.links.keys() {
            assert!(self.store.peerings.contains_key(id), "{id} left a connection behind");
        }
        for (handshake, made) in &self.cloud.made {
            assert_eq!(*made, 1, "{handshake:?} was made more than once");
        }
    }

    /// The next command of the controller, checked.
    pub(crate) fn poll(&mut self) -> Option<Command> {
        let command = self.controller.poll_command(self.now)?;
        self.steps += 1;
        assert!(self.steps < STEPS_MAX, "the controller spins: {command:?}");
        assert!(self.controller.in_flight() <= self.tempo.in_flight_max);
        if let Command::Load(key) | Command::Write { key, .. } | Command::Call { key, .. } =
            &command
        {
            assert!(self.busy.insert(*key), "two commands about {key:?} at one time");
        }
        if let Command::Call { key, call } = &command {
            self.assert_doubted(*key, call);
        }
        Some(command)
    }

    /// The store holds doubt before a call that may change the cloud.
    fn assert_doubted(&self, key: Key, call: &Call) {
        let doubted = match key {
            Key::Network(_, id) => self
                .store
                .containers
                .get(&id)
                .is_none_or(|(it, _)| it.observed == Observed::Unknown),
            Key::Peering(_, id) => {
                self.store.peerings.get(&id).is_none_or(|(it, _)| it.observed == Observed::Unknown)
            }
        };
        assert!(doubted || !call.may_change(), "no doubt before {call:?}");
    }

    /// Performs a command: it has its effect; the outcome is what is returned.
    pub(crate) fn perform(&mut self, command: Command) -> Vec<Input> {
        match command {
            Command::Load(key) => vec![Input::Loaded(key, self.load(key).map(Box::new))],
            Command::Write { key, stamp, after, .. } => {
                vec![Input::Written(key, self.write(key, stamp, after.map(|object| *object)))]
            }
            Command::Call { key, call } => {
                vec![Input::Answered(key, Box::new(self.cloud.call(&call, self.now)))]
            }
            Command::NudgePeeringsOf(_, container) => self
                .peerings()
                .filter(|peering| peering.container == container)
                .map(|peering| Input::Nudge(peer(peering.id)))
                .collect(),
        }
    }

    /// Brings outcomes back.
    pub(crate) fn take(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            if let Input::Loaded(key, _)
            | Input::Written(key, _)
            | Input::Answered(key, _)
            | Input::StoreFailed(key) = &input
            {
                self.busy.remove(key);
            }
            self.controller.handle(input, self.now);
        }
    }

    /// Runs until nothing is due any more, moving the clock to whatever is next.
    pub(crate) fn run(&mut self) {
        self.run_for(Duration::from_hours(24 * 30));
    }

    /// Runs for `span` of the world's own time.
    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.now.after(span);
        loop {
            while let Some(command) = self.poll() {
                let outcome = self.perform(command);
                self.take(outcome);
            }
            match self.controller.poll_timeout() {
                Some(due) if due <= end => self.now = self.now.max(due),
                Some(_) => {
                    self.now = end;
                    return;
                }
                None => return,
            }
        }
    }

    /// Runs until `stop` says so about a command, and returns that command unperformed.
    pub(crate) fn run_to(&mut self, stop: impl Fn(&Command) -> bool) -> Command {
        loop {
            while let Some(command) = self.poll() {
                if stop(&command) {
                    return command;
                }
                let outcome = self.perform(command);
                self.take(outcome);
            }
            let due = self.controller.poll_timeout().expect("the command never comes");
            self.now = self.now.max(due);
        }
    }

    /// The process dies and another one takes over with what the store knows.
    pub(crate) fn crash(&mut self) {
        self.controller = Controller::new(self.tempo.clone(), 11);
        self.busy.clear();
        for key in self.unsettled() {
            self.nudge(key);
        }
    }

    fn load(&self, key: Key) -> Option<Snapshot> {
        match key {
            Key::Network(_, id) => {
                let (container, stamp) = self.store.containers.get(&id)?.clone();
                Some(Snapshot { object: Object::Network(Box::new(container)), stamp })
            }
            Key::Peering(_, id) => {
                let (peering, stamp) = self.store.peerings.get(&id)?.clone();
                let home = self.store.containers[&peering.container].0.clone();
                Some(Snapshot { object: Object::Peering(Box::new((peering, home))), stamp })
            }
        }
    }

    fn write(&mut self, key: Key, stamp: u64, after: Option<Object>) -> WriteResult {
        if self.load(key).is_none_or(|snapshot| snapshot.stamp != stamp) {
            return WriteResult::Lost;
        }
        match (key, after) {
            (_, Some(Object::Peering(both))) => self.put_peering(both.0),
            (_, Some(Object::Network(container))) => self.put_container(*container),
            (Key::Peering(_, id), None) => {
                assert!(!self.cloud.links.contains_key(&id), "{id} goes before its connection");
                let (peering, _) = self.store.peerings.remove(&id).expect("just loaded");
                let mut home = self.store.containers[&peering.container].0.clone();
                home.peerings -= 1;
                self.put_container(home);
            }
            (Key::Network(..), None) => panic!("containers are taken away by their owners"),
        }
        WriteResult::Done(self.store.stamp)
    }

    fn put_peering(&mut self, peering: Peering) {
        let history = self.history.entry(peering.id).or_default();
        let phase = example::phase_name(&peering.phase);
        if history.last() != Some(&phase) {
            history.push(phase);
        }
        self.store.stamp += 1;
        self.store.peerings.insert(peering.id, (peering, self.store.stamp));
    }

    fn put_container(&mut self, container: Container) {
        self.store.stamp += 1;
        self.store.containers.insert(container.id, (container, self.store.stamp));
    }
}

pub(crate) fn peer(id: PeerId) -> Key {
    Key::Peering(GROUP, id)
}
