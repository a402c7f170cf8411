//! Clients that make, look at, change and delete the same peerings at once, through one replica or
//! several, and note what they were answered and when. What they noted is judged by [`linear`].

pub(crate) mod linear;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::{Answer, Auth, Client, SendError};
use crate::wait::{Seen, until};
use hyper::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use self::linear::{Event, Step};

/// The longest that a client waits before it turns to the other replica.
const PATIENCE: Duration = Duration::from_secs(4);
/// So many requests in a row go to one replica: both have clients during every fault.
const STAY: usize = 10;

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
    /// Those that somebody did not find.
    gone: BTreeSet<u32>,
    history: BTreeMap<u32, Vec<Event>>,
}

/// How the clients work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// Between two requests of one client.
    pub(crate) pace: Duration,
    /// So many of a project's youngest peerings, there or gone, are worked on as often as all that
    /// are there.
    pub(crate) youngest: usize,
}

/// What every client shares.
pub(crate) struct Crowd {
    pub(crate) projects: Vec<Project>,
    habits: Habits,
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

    /// A peering to work on. Those that are gone are asked for as well while they are young; those
    /// that are there however old they are, so that a full project gets room again.
    fn pick(&self, dice: u64, youngest: usize) -> Option<(u32, String)> {
        let state = self.state();
        let is_there = |number: &&u32| !state.gone.contains(number);
        let mut numbers: Vec<&u32> = match dice % 2 {
            0 => state.ids.keys().filter(is_there).collect(),
            _ => Vec::new(),
        };
        if numbers.is_empty() {
            numbers = state.ids.keys().rev().take(youngest).collect();
        }
        let at = usize::try_from(dice >> 1).unwrap_or(0).checked_rem(numbers.len())?;
        Some((*numbers[at], state.ids.get(numbers[at])?.clone()))
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

impl Crowd {
    /// A crowd that works in these projects.
    pub(crate) fn new(projects: Vec<Project>, habits: Habits) -> Arc<Self> {
        Arc::new(Self { projects, habits, origin: Instant::now(), attempts: Mutex::default() })
    }

    /// The time, as histories have it.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Every attempt: when it ended, and whether it was answered with anything but a failure.
    pub(crate) fn attempts(&self) -> Vec<(Duration, bool)> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One client, whose choices `seed` decides, until it is told to stop.
    pub(crate) async fn run(
        self: Arc<Self>,
        number: usize,
        seed: u64,
        addresses: Vec<SocketAddr>,
        auth: Auth,
        stop: watch::Receiver<bool>,
    ) {
        let mut dice = Dice(seed);
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
            tokio::time::sleep(self.habits.pace).await;
        }
    }

    fn attempted(&self, fine: bool) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.push((self.origin.elapsed(), fine));
    }

    async fn act(&self, client: &mut Client, project: &Project, dice: &mut Dice) -> bool {
        let kind = dice.roll() % 100;
        let Some((number, id)) = project.pick(dice.roll(), self.habits.youngest) else {
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
        let mut state = project.state();
        state.history.entry(number).or_default().push(event);
        if step == Step::SeeNothing {
            state.gone.insert(number);
        } else if matches!(step, Step::See(_) | Step::SeeLeaving) {
            state.gone.remove(&number);
        }
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

    /// Waits until every peering of a project is available; gives back what was listed then.
    ///
    /// # Errors
    /// They are not within `bound`.
    pub(crate) async fn settled(
        &self,
        client: &mut Client,
        project: &Project,
        bound: Duration,
    ) -> anyhow::Result<Vec<Value>> {
        let client = tokio::sync::Mutex::new(client);
        until("every peering is settled", bound, || async {
            let mut client = client.lock().await;
            let Some(peers) = self.listed(&mut client, project).await else {
                return Ok(Seen::NotYet("no list".to_owned()));
            };
            let open: Vec<_> =
                peers.iter().filter(|peer| peer["statusName"] != "AVAILABLE").collect();
            let Some(first) = open.first() else { return Ok(Seen::Holds(peers.clone())) };
            Ok(Seen::NotYet(format!("{} of {} are not: {first}", open.len(), peers.len())))
        })
        .await
    }

    /// Lists a project: one look at each peering that was asked for and is not known to be gone.
    /// That one which is gone stays so is worth no line of its history for each list.
    pub(crate) async fn list(&self, client: &mut Client, project: &Project) -> bool {
        self.listed(client, project).await.is_some()
    }

    /// The same; gives back what was listed.
    pub(crate) async fn listed(
        &self,
        client: &mut Client,
        project: &Project,
    ) -> Option<Vec<Value>> {
        let asked: Vec<u32> = {
            let State { history, gone, .. } = &*project.state();
            history.keys().filter(|number| !gone.contains(number)).copied().collect()
        };
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
