//! Clients that create, change, delete and read peerings for as long as the service lives. Each
//! peering has one writer, who knows what it has to find; everybody reads everybody's.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use hyper::Method;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use serde_json::{Value, json};

use super::slot::{PROVIDERS, Slot, State, marker_field, state_of};
use crate::client::{Answer, Client, SendError};

/// Peerings that one client has at a time.
const SLOTS: usize = 3;

/// Where a client works.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its containers, by the place of the provider.
    pub containers: [String; 3],
}

/// A client and what it knows.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Where it works, by the place among the projects.
    pub project: usize,
    /// On which provider.
    pub provider: usize,
    /// Its peerings.
    pub slots: Vec<Slot>,
    random: ChaCha8Rng,
}

/// What all workers share.
#[derive(Debug, Default)]
pub struct Shared {
    numbers: Mutex<u32>,
    /// Where a peering is and what its marker says, for readers.
    known: Mutex<Vec<(String, usize, String)>>,
}

/// What was done, and what was found wrong.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Changes that were acknowledged.
    pub acknowledged: usize,
    /// Requests that nobody answered.
    pub unanswered: usize,
    /// Reads.
    pub reads: usize,
    /// Requests that were refused.
    pub refused: usize,
    /// What must not be.
    pub wrong: Vec<String>,
}

impl Tally {
    /// Adds another's.
    pub fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.unanswered += other.unanswered;
        self.reads += other.reads;
        self.refused += other.refused;
        self.wrong.extend(other.wrong);
    }
}

impl Shared {
    /// A number that nobody had.
    pub fn number(&self) -> u32 {
        let mut next = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        *next += 1;
        *next
    }

    fn publish(&self, path: String, slot: &Slot) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push((path, slot.provider, slot.marker()));
    }

    fn pick(&self, random: u64) -> Option<(String, usize, String)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let index = usize::try_from(random).unwrap_or(0).checked_rem(known.len())?;
        known.get(index).cloned()
    }
}

impl Project {
    /// Makes one in an organization, with its containers.
    ///
    /// # Errors
    /// The service refuses.
    pub(crate) async fn new(client: &mut Client, org: &str, number: usize) -> anyhow::Result<Self> {
        let body = json!({ "name": format!("Project {number}"), "orgId": org });
        let made = client.ok(&Method::POST, "/api/atlas/v2/groups", Some(&body)).await?;
        let id = made["id"].as_str().context("a project without an id")?.to_owned();
        let aws = json!({ "regionName": "US_EAST_1", "atlasCidrBlock": "192.168.248.0/21" });
        let azure = json!({ "region": "US_EAST", "atlasCidrBlock": "192.168.232.0/21" });
        let gcp = json!({ "atlasCidrBlock": "172.16.0.0/18" });
        let mut containers = Vec::new();
        for (provider, mut body) in PROVIDERS.into_iter().zip([aws, azure, gcp]) {
            body["providerName"] = provider.into();
            let path = format!("/api/atlas/v2/groups/{id}/containers");
            let made = client.ok(&Method::POST, &path, Some(&body)).await?;
            containers.push(made["id"].as_str().context("a container without an id")?.to_owned());
        }
        let containers = containers.try_into().ok().context("three containers")?;
        Ok(Self { id, containers })
    }
}

impl Worker {
    /// A client that decides by `seed`.
    #[must_use]
    pub fn new(project: usize, provider: usize, seed: u64, shared: &Shared) -> Self {
        let slots = (0..SLOTS).map(|_| Slot::new(provider, shared.number())).collect();
        Self { project, provider, slots, random: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Works until the service does not answer.
    pub async fn work(
        &mut self,
        client: &mut Client,
        project: &Project,
        shared: &Arc<Shared>,
    ) -> Tally {
        let mut tally = Tally::default();
        loop {
            let base = format!("/api/atlas/v2/groups/{}/peers", project.id);
            let chosen = self.random.next_u64();
            let slot = usize::try_from(chosen % SLOTS as u64).unwrap_or(0);
            let roll = (chosen >> 32) % 10;
            let answered = match self.slots[slot].certain().cloned() {
                _ if roll < 2 => read_any(client, shared, chosen >> 36, &mut tally).await,
                Some(State::Absent) => {
                    // A marker is used for one peering only.
                    self.slots[slot] = Slot::new(self.provider, shared.number());
                    let container = &project.containers[self.provider];
                    create(client, &mut self.slots[slot], &base, container, shared, &mut tally)
                        .await
                }
                Some(State::Live(value)) if roll < 5 => {
                    read_own(client, &self.slots[slot], &base, &value, &mut tally).await
                }
                Some(State::Live(value)) if roll < 8 => {
                    change(client, &mut self.slots[slot], &base, value, &mut tally).await
                }
                Some(State::Live(value)) => {
                    delete(client, &mut self.slots[slot], &base, value, &mut tally).await
                }
                Some(State::Going) => {
                    await_gone(client, &mut self.slots[slot], &base, &mut tally).await
                }
                None => read_any(client, shared, chosen >> 36, &mut tally).await,
            };
            if answered.is_none() {
                return tally;
            }
        }
    }
}

/// What became of a change; `None`: the service does not answer.
enum Became {
    Done(Answer),
    Refused,
    Unknown,
}

fn became(answer: Result<Answer, SendError>, tally: &mut Tally) -> (Became, Option<()>) {
    match answer {
        Ok(answer) if answer.is_success() => {
            tally.acknowledged += 1;
            (Became::Done(answer), Some(()))
        }
        Ok(answer) if answer.status >= 500 => {
            tally.unanswered += 1;
            (Became::Unknown, Some(()))
        }
        Ok(_) => {
            tally.refused += 1;
            (Became::Refused, Some(()))
        }
        Err(SendError::NotSent(_)) => (Became::Refused, None),
        Err(SendError::Unanswered(_)) => {
            tally.unanswered += 1;
            (Became::Unknown, None)
        }
    }
}

async fn create(
    client: &mut Client,
    slot: &mut Slot,
    base: &str,
    container: &str,
    shared: &Arc<Shared>,
    tally: &mut Tally,
) -> Option<()> {
    let value = slot.next_value();
    let body = slot.creation(container, &value);
    let (became, goes_on) = became(client.send(&Method::POST, base, Some(&body)).await, tally);
    match became {
        Became::Done(answer) => {
            let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
            shared.publish(format!("{base}/{id}"), slot);
            slot.id = Some(id);
            slot.possible = vec![State::Live(value)];
        }
        Became::Unknown => slot.possible.push(State::Live(value)),
        Became::Refused => {}
    }
    goes_on
}

async fn change(
    client: &mut Client,
    slot: &mut Slot,
    base: &str,
    old: String,
    tally: &mut Tally,
) -> Option<()> {
    let value = slot.next_value();
    let path = format!("{base}/{}", slot.id.as_deref()?);
    let body = slot.change(&value);
    let (became, goes_on) = became(client.send(&Method::PATCH, &path, Some(&body)).await, tally);
    match became {
        Became::Done(_) => slot.possible = vec![State::Live(value)],
        Became::Unknown => slot.possible = vec![State::Live(old), State::Live(value)],
        Became::Refused => {}
    }
    goes_on
}

async fn delete(
    client: &mut Client,
    slot: &mut Slot,
    base: &str,
    old: String,
    tally: &mut Tally,
) -> Option<()> {
    let path = format!("{base}/{}", slot.id.as_deref()?);
    let (became, goes_on) = became(client.send(&Method::DELETE, &path, None).await, tally);
    match became {
        Became::Done(_) => slot.possible = vec![State::Going],
        Became::Unknown => slot.possible = vec![State::Live(old), State::Going],
        Became::Refused => {}
    }
    goes_on
}

/// Reads a peering whose only writer reads: it has to be what was last acknowledged.
async fn read_own(
    client: &mut Client,
    slot: &Slot,
    base: &str,
    value: &str,
    tally: &mut Tally,
) -> Option<()> {
    let path = format!("{base}/{}", slot.id.as_deref()?);
    let answer = client.send(&Method::GET, &path, None).await.ok()?;
    tally.reads += 1;
    let expected = State::Live(value.to_owned());
    let right = answer.is_success() && state_of(slot.provider, &answer.json()) == expected;
    if !right && answer.status < 500 {
        tally.wrong.push(format!("{path} should be {expected:?}: {}", answer.text()));
    }
    Some(())
}

/// Reads anybody's peering: it is itself, or it is gone.
async fn read_any(
    client: &mut Client,
    shared: &Shared,
    random: u64,
    tally: &mut Tally,
) -> Option<()> {
    let Some((path, provider, marker)) = shared.pick(random) else {
        // Nothing is known yet: a task that never waits would keep the others from their turn.
        tokio::task::yield_now().await;
        return Some(());
    };
    let answer = client.send(&Method::GET, &path, None).await.ok()?;
    tally.reads += 1;
    let is_itself = |shown: &Value| shown[marker_field(provider)].as_str() == Some(&marker);
    let right = match answer.status {
        200 => is_itself(&answer.json()),
        404 => true,
        status => status >= 500,
    };
    if !right {
        tally.wrong.push(format!("{path} should be {marker} or gone: {}", answer.text()));
    }
    Some(())
}

/// Looks whether a peering that goes is gone.
async fn await_gone(
    client: &mut Client,
    slot: &mut Slot,
    base: &str,
    tally: &mut Tally,
) -> Option<()> {
    let path = format!("{base}/{}", slot.id.as_deref()?);
    let answer = client.send(&Method::GET, &path, None).await.ok()?;
    tally.reads += 1;
    match answer.status {
        404 => slot.possible = vec![State::Absent],
        200 if state_of(slot.provider, &answer.json()) == State::Going => {}
        status if status >= 500 => {}
        _ => tally.wrong.push(format!("{path} was told to go: {}", answer.text())),
    }
    Some(())
}
