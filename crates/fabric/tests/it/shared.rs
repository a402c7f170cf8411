//! Several processes that share the emulated clouds see one world.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use peerage_core::cloud::{CallError, Link, LinkRequest, Network, NetworkRequest, Sighting};
use peerage_core::id::PeerId;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::conformance::{self, Bench, Subject};
use peerage_fabric::emulated::{
    AWAKE_MAX, CustomerAct, CustomerError, CustomerMode, Effect, Emulated, EmulatedOptions,
    Journal, JournalError, News, Pace, Saved, SharedJournal, Take, ToldToFail, Turn,
};

use crate::support::{fault, network_request, options, request};

/// What all processes keep together: every save, in order.
#[derive(Default)]
struct Kept {
    saves: Mutex<Vec<Vec<Saved>>>,
}

/// One process's view of it.
struct View {
    kept: Arc<Kept>,
    /// How many saves were seen here.
    seen: Mutex<usize>,
    /// Which saves meet something before them.
    trouble: Mutex<Vec<Trouble>>,
    /// Whether everything is told anew each time.
    forgetful: bool,
}

#[derive(Clone, Debug)]
enum Trouble {
    /// Somebody else is faster.
    Overtaken(Vec<Saved>),
    /// It is kept, and the answer is lost.
    AnswerLost,
    /// It is not kept, and nobody says so.
    Lost,
    /// Whoever acts no longer may.
    Deposed,
}

impl View {
    fn of(kept: &Arc<Kept>, forgetful: bool) -> Arc<Self> {
        let (seen, trouble) = (Mutex::new(0), Mutex::default());
        Arc::new(Self { kept: kept.clone(), seen, trouble, forgetful })
    }

    fn meets(&self, trouble: Trouble) {
        self.trouble.lock().unwrap().push(trouble);
    }
}

fn everything(saves: &[Vec<Saved>]) -> Vec<(String, Vec<u8>)> {
    let mut objects = std::collections::BTreeMap::new();
    for (name, bytes) in saves.iter().flatten().cloned() {
        match bytes {
            Some(bytes) => drop(objects.insert(name, bytes)),
            None => drop(objects.remove(&name)),
        }
    }
    objects.into_iter().collect()
}

#[async_trait]
impl Journal for View {
    async fn load(&self, _take: &mut Take<'_>) -> Result<(), JournalError> {
        panic!("a shared journal is only used through its turns")
    }

    async fn read(&self, names: Vec<String>) -> Result<Vec<Saved>, JournalError> {
        let objects = everything(&self.kept.saves.lock().unwrap());
        let find = |name: &String| objects.iter().find(|(found, _)| found == name);
        Ok(names
            .into_iter()
            .map(|name| (name.clone(), find(&name).map(|(_, b)| b.clone())))
            .collect())
    }

    async fn save(&self, _changes: Vec<Saved>) -> Result<(), JournalError> {
        panic!("a shared journal is only used through its turns")
    }

    fn shared(&self) -> Option<&dyn SharedJournal> {
        Some(self)
    }
}

#[async_trait]
impl SharedJournal for View {
    async fn catch_up(&self, take: &mut Take<'_>) -> Result<News, JournalError> {
        let (saves, mut seen) = (self.kept.saves.lock().unwrap(), self.seen.lock().unwrap());
        let before = std::mem::replace(&mut *seen, saves.len());
        if self.forgetful {
            take(everything(&saves))?;
            return Ok(News::Everything);
        }
        Ok(News::Changes(saves[before..].iter().flatten().cloned().collect()))
    }

    async fn save_next(&self, changes: Vec<Saved>) -> Result<Turn, JournalError> {
        let trouble = self.trouble.lock().unwrap().pop();
        let (mut saves, mut seen) = (self.kept.saves.lock().unwrap(), self.seen.lock().unwrap());
        match trouble {
            Some(Trouble::Overtaken(others)) => saves.push(others),
            Some(Trouble::Lost) => return Err(JournalError::new(ToldToFail)),
            Some(Trouble::Deposed) => return Ok(Turn::Deposed),
            Some(Trouble::AnswerLost) => {
                saves.push(changes);
                return Err(JournalError::new(ToldToFail));
            }
            None => {}
        }
        if saves.len() > *seen {
            return Ok(Turn::Behind);
        }
        saves.push(changes);
        *seen = saves.len();
        Ok(Turn::Kept)
    }
}

/// Two processes that are called in turn.
struct Pair {
    clouds: [Arc<Emulated>; 2],
    calls: AtomicUsize,
    kept: Arc<Kept>,
    options: EmulatedOptions,
    forgetful: bool,
}

impl Pair {
    async fn over(kept: Arc<Kept>, options: EmulatedOptions, forgetful: bool) -> Self {
        let open = async || {
            let view = View::of(&kept, forgetful);
            Arc::new(Emulated::open(view, options.clone()).await.expect("a world"))
        };
        let clouds = [open().await, open().await];
        Self { clouds, calls: AtomicUsize::new(0), kept, options, forgetful }
    }

    fn next(&self) -> &Emulated {
        &self.clouds[self.calls.fetch_add(1, Ordering::Relaxed) % 2]
    }
}

#[async_trait]
impl Fabric for Pair {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.next().ensure_network(request, now).await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.next().observe_network(request, now).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.next().remove_network(request, now).await
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.next().ensure_link(request, now).await
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.next().observe_link(request, now).await
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.next().remove_link(request, now).await
    }
}

struct Pairs {
    forgetful: bool,
    awake_max: usize,
}

struct PairBench(Arc<Pair>);

#[async_trait]
impl Subject for Pairs {
    async fn fresh(&self, customer: CustomerMode) -> Arc<dyn Bench> {
        let awake_max = self.awake_max;
        let options = EmulatedOptions { awake_max, ..options(customer, Pace::realistic()) };
        Arc::new(PairBench(Arc::new(Pair::over(Arc::default(), options, self.forgetful).await)))
    }
}

#[async_trait]
impl Bench for PairBench {
    fn fabric(&self) -> Arc<dyn Fabric> {
        self.0.clone()
    }

    async fn act(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        self.0.next().customer(peering, act, now).await
    }

    async fn reopen(&self) -> Option<Arc<dyn Fabric>> {
        let Pair { kept, options, forgetful, .. } = &*self.0;
        Some(Arc::new(Pair::over(kept.clone(), options.clone(), *forgetful).await))
    }
}

#[tokio::test]
async fn two_processes_in_turn_keep_the_laws() {
    for (forgetful, awake_max) in [(false, AWAKE_MAX), (true, AWAKE_MAX), (false, 0), (true, 2)] {
        let verdict = conformance::run(&Pairs { forgetful, awake_max }).await;
        let case = format!("forgetful {forgetful}, {awake_max} awake");
        assert!(verdict.broken.is_empty(), "{case}: {verdict}");
    }
}

/// One process with a view whose saves can meet trouble, and another one beside it.
async fn troubled() -> (Arc<View>, Emulated, Emulated) {
    troubled_at(Pace::instant()).await
}

async fn troubled_at(pace: Pace) -> (Arc<View>, Emulated, Emulated) {
    let (kept, options) = (Arc::default(), options(CustomerMode::Accept, pace));
    let (view, other) = (View::of(&kept, false), View::of(&kept, false));
    let one = Emulated::open(view.clone(), options.clone()).await.expect("a world");
    (view, one, Emulated::open(other, options).await.expect("a world"))
}

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

#[tokio::test]
async fn who_is_overtaken_acts_on_what_there_is_then() {
    let (view, one, other) = troubled().await;
    let first = network_request(&request(Provider::Aws, 1, 1, "10.8.0.0/21", 1));
    view.meets(Trouble::Overtaken(vec![]));
    view.meets(Trouble::Overtaken(vec![]));
    let made = one.ensure_network(&first, NOW).await.unwrap();
    assert_eq!(other.ensure_network(&first, NOW).await.unwrap(), made, "it was made twice");
}

#[tokio::test]
async fn what_may_not_be_kept_is_a_doubt_until_it_is_looked_at() {
    for trouble in [Trouble::AnswerLost, Trouble::Lost] {
        let (view, one, other) = troubled().await;
        let first = network_request(&request(Provider::Aws, 1, 1, "10.8.0.0/21", 1));
        view.meets(trouble.clone());
        one.ensure_network(&first, NOW).await.unwrap_err();
        // The other one's word is what is kept; the first one must agree with it.
        let made = other.ensure_network(&first, NOW).await.unwrap();
        assert_eq!(one.ensure_network(&first, NOW).await.unwrap(), made, "{trouble:?}");
    }
}

#[tokio::test]
async fn who_is_deposed_changes_nothing() {
    let (view, one, other) = troubled().await;
    let first = network_request(&request(Provider::Aws, 1, 1, "10.8.0.0/21", 1));
    view.meets(Trouble::Deposed);
    let error = one.ensure_network(&first, NOW).await.unwrap_err();
    assert_eq!(error.code, "NotTheOwner");
    assert!(view.kept.saves.lock().unwrap().is_empty());
    let made = other.ensure_network(&first, NOW).await.unwrap();
    assert_eq!(one.ensure_network(&first, NOW).await.unwrap(), made);
}

#[tokio::test]
async fn who_is_deposed_is_shown_nothing_that_only_passed_for_it() {
    let (view, one, _other) = troubled_at(Pace::realistic()).await;
    // Much goes by itself, so that it is kept before the act, which changes nothing.
    let made = |number: u32| {
        let block = format!("10.{number}.0.0/21");
        network_request(&request(Provider::Aws, number, number, &block, number))
    };
    for number in 1..=60 {
        one.ensure_network(&made(number), NOW).await.unwrap();
        one.remove_network(&made(number), NOW).await.unwrap();
    }
    view.meets(Trouble::Deposed);
    let later = NOW.after(std::time::Duration::from_hours(1));
    let error = one.remove_network(&made(1), later).await.unwrap_err();
    assert_eq!(error.code, "NotTheOwner");
}

#[tokio::test]
async fn a_fault_planted_in_one_process_strikes_in_another() {
    let (_view, one, other) = troubled().await;
    one.add_fault(fault(Effect::LoseRequest)).await.unwrap();
    let first = network_request(&request(Provider::Aws, 1, 1, "10.8.0.0/21", 1));
    other.ensure_network(&first, NOW).await.unwrap_err();
    one.refresh().await.unwrap();
    assert!(one.faults().is_empty());
}
