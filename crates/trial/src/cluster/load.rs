//! Clients that make, look at, change and delete peerings through both replicas at once, and note
//! what they were answered and when.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::{Answer, Auth, Client, SendError};
use hyper::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use super::linear::{Event, Step};

/// The longest that a client waits before it turns to the other replica.
const PATIENCE: Duration = Duration::from_secs(4);
/// Between two requests of one client.
const PACE: Duration = Duration::from_millis(20);
/// So many requests in a row go to one replica: both have clients during every fault.
const STAY: usize = 10;
/// So many of a project's youngest peerings are worked on.
const RECENT: usize = 14;

/// A project that clients work in.
pub(crate) struct Project {
    pub(crate) path: String,
    container: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    made: u32,
    /// The ids that are known, by number; those of deleted ones stay.
    ids: BTreeMap<u32, String>,
    history: BTreeMap<u32, Vec<Event>>,
}

/// What every client shares.
pub(crate) struct Load {
    pub(crate) projects: Vec<Project>,
    origin: Instant,
    attempts: Mutex<Vec<(Duration, bool)>>,
}

impl Project {
    /// Makes a project's container.
    pub(crate) async fn new(client: &mut Client, path: String) -> anyhow::Result<Self> {
        let body = json!({
            "providerName": "AWS", "regionName": "US_EAST_1", "atlasCidrBlock": "192.168.248.0/21",
        });
        let made = client.ok(&Method::POST, &format!("{path}/containers"), Some(&body)).await?;
        let container = made["id"].as_str().unwrap_or_default().to_owned();
        Ok(Self { path, container, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What clients saw of each peering.
    pub(crate) fn histories(&self) -> Vec<(u32, Vec<Event>)> {
        self.state().history.clone().into_iter().collect()
    }

    fn body(&self, number: u32, change: u32) -> Value {
        json!({
            "providerName": "AWS", "containerId": self.container, "accepterRegionName": "us-east-1",
            "awsAccountId": "123456789012", "vpcId": format!("vpc-{number:017x}"),
            "routeTableCidrBlock": block(number, change),
        })
    }

    fn pick(&self, dice: u64) -> Option<(u32, String)> {
        let state = self.state();
        // The youngest ones: those deleted long ago are of no more interest.
        let recent: Vec<_> = state.ids.iter().rev().take(RECENT).collect();
        let at = usize::try_from(dice).unwrap_or(0).checked_rem(recent.len())?;
        Some((*recent[at].0, recent[at].1.clone()))
    }
}

/// The block of a peering after a change: always its own sixteen bits, so that none overlap.
fn block(number: u32, change: u32) -> String {
    format!("10.{}.{}.0/{}", number / 256 % 250, number % 256, 24 + change % 4)
}

/// Which change a block shows.
fn change_of(peer: &Value) -> Option<u32> {
    let text = peer["routeTableCidrBlock"].as_str()?;
    text.rsplit_once('/')?.1.parse::<u32>().ok()?.checked_sub(24)
}

fn number_of(peer: &Value) -> Option<u32> {
    u32::from_str_radix(peer["vpcId"].as_str()?.strip_prefix("vpc-")?, 16).ok()
}

fn seen(peer: &Value) -> Option<Step> {
    if peer["statusName"] == "TERMINATING" {
        return Some(Step::SeeLeaving);
    }
    change_of(peer).map(Step::See)
}

impl Load {
    /// A load on these projects.
    pub(crate) fn new(projects: Vec<Project>) -> Arc<Self> {
        Arc::new(Self { projects, origin: Instant::now(), attempts: Mutex::default() })
    }

    /// The time, as histories have it.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Every attempt: when it ended, and whether it was answered with anything but a failure.
    pub(crate) fn attempts(&self) -> Vec<(Duration, bool)> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One client, until it is told to stop.
    pub(crate) async fn run(
        self: Arc<Self>,
        number: usize,
        addresses: Vec<SocketAddr>,
        auth: Auth,
        stop: watch::Receiver<bool>,
    ) {
        let mut dice = Dice(number as u64 + 1);
        let mut turn = number;
        let project = &self.projects[number % self.projects.len()];
        let mut client = Client::new(addresses[turn % addresses.len()], auth.clone());
        for request in 1_usize.. {
            if *stop.borrow() {
                return;
            }
            let fine = self.act(&mut client, project, &mut dice).await;
            self.attempted(fine);
            if !fine || request.is_multiple_of(STAY) {
                turn += 1;
                client = Client::new(addresses[turn % addresses.len()], auth.clone());
            }
            tokio::time::sleep(PACE).await;
        }
    }

    fn attempted(&self, fine: bool) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.push((self.origin.elapsed(), fine));
    }

    async fn act(&self, client: &mut Client, project: &Project, dice: &mut Dice) -> bool {
        let kind = dice.roll() % 100;
        let Some((number, id)) = project.pick(dice.roll()) else {
            return self.create(client, project).await;
        };
        let path = format!("{}/peers/{id}", project.path);
        match kind {
            0..12 => self.create(client, project).await,
            12..50 => {
                let (answer, sent) = self.send(client, &Method::GET, &path, None).await;
                self.looked(project, number, sent, answer)
            }
            50..62 => self.list(client, project).await,
            62..84 => {
                let change = u32::try_from(dice.roll() % 4).unwrap_or(0);
                let body = project.body(number, change);
                let (answer, sent) = self.send(client, &Method::PATCH, &path, Some(&body)).await;
                self.changed(project, number, sent, Step::Patch(change), answer)
            }
            _ => {
                let (answer, sent) = self.send(client, &Method::DELETE, &path, None).await;
                self.changed(project, number, sent, Step::Delete, answer)
            }
        }
    }

    async fn send(
        &self,
        client: &mut Client,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> (Result<Answer, SendError>, Duration) {
        let sent = self.now();
        let late = || Err(SendError::Unanswered("too late".to_owned()));
        let answer = timeout(PATIENCE, client.send(method, path, body)).await;
        (answer.unwrap_or_else(|_| late()), sent)
    }

    fn note(&self, project: &Project, number: u32, sent: Duration, step: Step, known: bool) {
        let returned = known.then(|| self.now());
        let event = Event { step, invoked: sent, returned };
        project.state().history.entry(number).or_default().push(event);
    }

    async fn create(&self, client: &mut Client, project: &Project) -> bool {
        let number = {
            let mut state = project.state();
            state.made += 1;
            state.made
        };
        let path = format!("{}/peers", project.path);
        let body = project.body(number, 0);
        let (answer, sent) = self.send(client, &Method::POST, &path, Some(&body)).await;
        if let Ok(answer) = &answer
            && answer.is_success()
            && let Some(id) = answer.json()["id"].as_str()
        {
            project.state().ids.insert(number, id.to_owned());
        }
        self.changed(project, number, sent, Step::Create(0), answer)
    }

    fn changed(
        &self,
        project: &Project,
        number: u32,
        sent: Duration,
        step: Step,
        answer: Result<Answer, SendError>,
    ) -> bool {
        match answer {
            Ok(answer) if answer.is_success() => self.note(project, number, sent, step, true),
            Ok(answer) if answer.status == 404 => {
                self.note(project, number, sent, Step::SeeNothing, true);
            }
            // Refused: it certainly was not done.
            Ok(answer) if answer.status < 500 => {}
            Ok(_) | Err(SendError::Unanswered(_)) => {
                self.note(project, number, sent, step, false);
                return false;
            }
            Err(SendError::NotSent(_)) => return false,
        }
        true
    }

    fn looked(
        &self,
        project: &Project,
        number: u32,
        sent: Duration,
        answer: Result<Answer, SendError>,
    ) -> bool {
        let Ok(answer) = answer else { return false };
        let step = match answer.status {
            404 => Some(Step::SeeNothing),
            200 => seen(&answer.json()),
            _ => return answer.status < 500,
        };
        if let Some(step) = step {
            self.note(project, number, sent, step, true);
        }
        true
    }

    /// Lists a project: one look at each peering that was ever asked for.
    pub(crate) async fn list(&self, client: &mut Client, project: &Project) -> bool {
        self.listed(client, project).await.is_some()
    }

    /// The same; gives back what was listed.
    pub(crate) async fn listed(
        &self,
        client: &mut Client,
        project: &Project,
    ) -> Option<Vec<Value>> {
        let asked: Vec<u32> = project.state().history.keys().copied().collect();
        let path = format!("{}/peers?itemsPerPage=500", project.path);
        let (answer, sent) = self.send(client, &Method::GET, &path, None).await;
        let answer = answer.ok().filter(Answer::is_success)?;
        let results = answer.json()["results"].as_array().cloned().unwrap_or_default();
        let by_number: BTreeMap<u32, &Value> =
            results.iter().filter_map(|peer| Some((number_of(peer)?, peer))).collect();
        for (number, peer) in &by_number {
            if let Some(id) = peer["id"].as_str() {
                project.state().ids.insert(*number, id.to_owned());
            }
            if let Some(step) = seen(peer) {
                self.note(project, *number, sent, step, true);
            }
        }
        for number in asked.into_iter().filter(|number| !by_number.contains_key(number)) {
            self.note(project, number, sent, Step::SeeNothing, true);
        }
        Some(results)
    }
}

/// A fixed sequence of numbers (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
