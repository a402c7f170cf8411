//! The state of everything that is not a replica: the time, the store as it truly is, the clouds
//! outside, who is alive, what was noted and what was found wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use peerage::clock::Clock;
use peerage::context::Context;
use peerage_core::id::{GroupId, OrgId};
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{Emulated, MemoryJournal};
use peerage_store::memory::MemoryStore;
use peerage_store::record::{GroupRecord, OrgRecord, OrgSettings, Record, encode};
use peerage_store::{
    Answer, Commit, Entry, Key, LeaseClock, ListRequest, Page, Revision, Store, Txn, Write, keys,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::bug::Bug;
use crate::check::Judge;
use crate::client::{Desk, owner};
use crate::dice::Dice;
use crate::plan::{Clouds, Plan};
use crate::replica::{Life, options};

/// When every simulated world begins: 2026-01-01T00:00:00Z.
const BEGIN: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// The most crossings at one point in time: whoever needs more turns in circles.
const CROSSINGS_MAX: u64 = 100_000;

/// A project, its owner, and what its clients know of it.
pub struct Tenant {
    /// Its organization.
    pub org: OrgId,
    /// The project.
    pub group: GroupId,
    /// Its owner.
    pub owner: Context,
    /// What its clients know and saw.
    pub desk: Mutex<Desk>,
}

/// Everything around the replicas.
pub struct World {
    /// What the seed decided.
    pub plan: Plan,
    /// What is planted in it.
    pub bug: Option<Bug>,
    /// The store as it truly is.
    pub store: MemoryStore,
    /// The clouds, where they are somewhere else.
    pub outside: Option<(Arc<Emulated>, MemoryJournal)>,
    /// The projects.
    pub tenants: Vec<Tenant>,
    /// Wakes who waits for something to be written.
    pub news: Notify,
    began: Instant,
    /// How far the clock of each replica's machine is off, in milliseconds.
    skews: Arc<Vec<AtomicI64>>,
    rough: AtomicBool,
    lives: Mutex<Vec<Option<Arc<Life>>>>,
    record: Mutex<Notes>,
}

struct Notes {
    judge: Judge,
    counts: BTreeMap<&'static str, u64>,
    trace: Option<Vec<String>>,
    tick: u64,
    /// When the last crossing was, and how many there were then.
    crossings: (Duration, u64),
}

impl World {
    /// A world as a plan wants it, with its projects in it. With `trace` it writes down what
    /// happens.
    ///
    /// # Errors
    /// The clouds could not be opened or the projects not be made.
    pub async fn new(plan: Plan, bug: Option<Bug>, trace: bool) -> anyhow::Result<Arc<Self>> {
        let store = if plan.replicas > 1 {
            MemoryStore::shared(LeaseClock::system())
        } else {
            MemoryStore::new()
        };
        let outside = match plan.clouds {
            Clouds::Kept => None,
            Clouds::Outside => {
                let journal = MemoryJournal::new();
                let clouds = Emulated::open(Arc::new(journal.clone()), options(&plan)).await?;
                Some((Arc::new(clouds), journal))
            }
        };
        let mut tenants = Vec::new();
        for number in 0..plan.tenants {
            tenants.push(tenant(&store, plan.seed, number).await?);
        }
        let judge = Judge::default();
        let record = Notes {
            judge,
            counts: BTreeMap::new(),
            trace: trace.then(Vec::new),
            tick: 0,
            crossings: (Duration::ZERO, 0),
        };
        Ok(Arc::new(Self {
            bug,
            store,
            outside,
            tenants,
            news: Notify::new(),
            began: Instant::now(),
            skews: Arc::new((0..plan.replicas).map(|_| AtomicI64::new(0)).collect()),
            rough: AtomicBool::new(true),
            lives: Mutex::new((0..plan.replicas).map(|_| None).collect()),
            record: Mutex::new(record),
            plan,
        }))
    }

    /// Whether things still go wrong.
    #[must_use]
    pub fn is_rough(&self) -> bool {
        self.rough.load(Ordering::Relaxed)
    }

    /// From here on nothing goes wrong.
    pub fn calm(&self) {
        self.rough.store(false, Ordering::Relaxed);
        self.note(|| "quiet".to_owned());
        for life in self.alive() {
            life.wire.wake();
        }
    }

    /// The clock of a replica's machine.
    #[must_use]
    pub fn clock(&self, replica: usize) -> Clock {
        let (began, skews) = (self.began, Arc::clone(&self.skews));
        Clock::over(move || {
            let skew = skews[replica].load(Ordering::Relaxed);
            let now = BEGIN.after(began.elapsed());
            Timestamp::from_millis(now.as_millis() + skew)
        })
    }

    /// Puts the clock of a replica's machine forward, or back for a negative number.
    pub fn jump(&self, replica: usize, millis: i64) {
        self.count("clock jumps");
        self.note(|| format!("the clock of r{replica} jumps by {millis} ms"));
        self.skews[replica].fetch_add(millis, Ordering::Relaxed);
    }

    /// Who is alive.
    #[must_use]
    pub fn alive(&self) -> Vec<Arc<Life>> {
        let lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        lives.iter().flatten().cloned().collect()
    }

    /// A replica came to life, or died.
    pub fn enter(&self, replica: usize, life: Option<Arc<Life>>) {
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut lives[replica], life);
        drop(lives);
        drop(before);
    }

    /// Counts a crossing; slows down who turns in circles without any time passing.
    pub async fn breathe(&self, place: &str) {
        let now = self.began.elapsed();
        let crossings = {
            let mut notes = self.notes();
            let (at, count) = notes.crossings;
            notes.crossings = (now, if at == now { count + 1 } else { 1 });
            notes.crossings.1
        };
        if crossings > CROSSINGS_MAX {
            self.accuse(format!("somebody turns in circles and came to {place} again and again"));
            wait(Duration::from_secs(1)).await;
        }
    }

    /// The next moment; no two things share one.
    pub fn tick(&self) -> u64 {
        let mut notes = self.notes();
        notes.tick += 1;
        notes.tick
    }

    /// Counts that something happened.
    pub fn count(&self, what: &'static str) {
        self.count_up(what, 1);
    }

    /// Counts that something happened so many times.
    pub fn count_up(&self, what: &'static str, times: u64) {
        *self.notes().counts.entry(what).or_default() += times;
    }

    /// What happened, and how often.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.notes().counts.clone()
    }

    /// Writes down what happens, if anybody wants to read it.
    pub fn note(&self, line: impl FnOnce() -> String) {
        let at = self.began.elapsed();
        if let Some(trace) = &mut self.notes().trace {
            trace.push(format!("{:>10.3} {}", at.as_secs_f64(), line()));
        }
    }

    /// What was written down.
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        self.notes().trace.clone().unwrap_or_default()
    }

    /// Something is wrong.
    pub fn accuse(&self, what: String) {
        self.note(|| format!("WRONG: {what}"));
        self.judge(|judge| judge.accuse(what));
    }

    /// Asks the judge.
    pub fn judge<T>(&self, ask: impl FnOnce(&mut Judge) -> T) -> T {
        ask(&mut self.notes().judge)
    }

    /// A replica asked the store for a transaction: the judge looks at what it did.
    pub fn committed(&self, txn: &Txn, answer: &Answer<Commit>, by: &str) {
        let Ok(Commit::Done(revision)) = answer else { return };
        self.note(|| {
            let keys: Vec<String> = txn.writes.iter().map(show).collect();
            format!("{by} commits {revision}: {}", keys.join(" "))
        });
        let mut notes = self.notes();
        notes.judge.look_at(txn);
        self.news.notify_waiters();
        *notes.counts.entry("commits").or_default() += 1;
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An entry as it was some revisions ago, if it was there then: what a stale read sees.
    pub async fn get_before(&self, key: &Key) -> Answer<Option<Entry>> {
        let now = self.store.revision().await?;
        let at = Some(Revision(now.0.saturating_sub(6)));
        let request = ListRequest { prefix: key.clone(), at, limit: 1, ..ListRequest::default() };
        match self.store.list(request).await {
            Ok(page) if !page.entries.is_empty() => Ok(page.entries.into_iter().next()),
            Ok(_) | Err(_) => self.store.get(key).await,
        }
    }

    /// The peerings of every project: what a list without a bound sees.
    pub async fn list_every_peer(&self) -> Answer<Page> {
        let prefix = Key::from("net/");
        let mut page =
            self.store.list(ListRequest { limit: 1000, ..ListRequest::prefix(prefix) }).await?;
        page.entries
            .retain(|entry| String::from_utf8_lossy(entry.key.as_bytes()).contains("/peer/"));
        page.more = false;
        Ok(page)
    }
}

fn show(write: &Write) -> String {
    let key = String::from_utf8_lossy(write.key().as_bytes()).into_owned();
    match write {
        Write::Put { .. } => format!("+{key}"),
        Write::Delete { .. } => format!("-{key}"),
    }
}

async fn tenant(store: &MemoryStore, seed: u64, number: usize) -> anyhow::Result<Tenant> {
    let mut dice = Dice::new(seed, 100 + u64::try_from(number)?);
    let mut id = || {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&dice.number().to_be_bytes());
        bytes
    };
    let (org, group) = (OrgId::from_bytes(id()), GroupId::from_bytes(id()));
    let organization = OrgRecord {
        id: org,
        name: format!("org {number}"),
        created: BEGIN,
        skip_default_alerts_settings: false,
        settings: OrgSettings::default(),
    };
    put(store, keys::org(org), &organization).await?;
    let project = GroupRecord::new(group, org, format!("project {number}"), BEGIN);
    put(store, keys::group(group), &project).await?;
    Ok(Tenant { org, group, owner: owner(org), desk: Mutex::default() })
}

async fn put<R: Record>(store: &MemoryStore, key: Key, record: &R) -> anyhow::Result<()> {
    store.commit(Txn::of(vec![Write::put(key, encode(record)?)])).await?;
    Ok(())
}

/// Sleeps in the world's time.
pub async fn wait(span: Duration) {
    tokio::time::sleep(span).await;
}
