//! The driver where a lease seemed to end and did not: what was asked before does not answer what
//! is asked after. And its rounds: what others did to a peering is found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use peerage::app::App;
use peerage::app::install::{Installation, Installed};
use peerage::clock::Clock;
use peerage::context::{Caller, Context, Credential};
use peerage::driver::{Driver, Fabrics, Share, nudges};
use peerage::ids::Randomness;
use peerage::replica::{Ownership, SHARDS, Work, shard_of};
use peerage::runtime::{KeySource, open_app};
use peerage_core::authz::{OrgRole, Roles};
use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{
    CallError, Certainty, Link, LinkRequest, Network, NetworkRequest, Remedy, Sighting,
};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{GroupId, OrgId, PeerId, ServiceAccountId};
use peerage_core::peering::{AwsNetwork, CustomerNetwork, Phase, aws};
use peerage_core::provider::Provider;
use peerage_core::reconcile::{Key, Object, Tempo};
use peerage_core::region::AwsRegion;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{
    AWAKE_MAX, CustomerAct, CustomerMode, Emulated, EmulatedOptions, MemoryJournal, Pace,
};
use peerage_store::memory::MemoryStore;
use peerage_store::record::{Actor, EventRecord, decode};
use peerage_store::{Commit, LeaseClock, ListRequest, Store, Txn, Write, keys};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

const PATIENCE: Duration = Duration::from_secs(20);

/// Answers its first call late, and then with a word that ends everything; the others wait for
/// that, and are answered by the clouds.
struct Late {
    clouds: Emulated,
    calls: AtomicUsize,
    first: Semaphore,
    others: Semaphore,
}

#[async_trait]
impl Fabric for Late {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) > 0 {
            drop(self.others.acquire().await);
            return self.clouds.ensure_network(request, now).await;
        }
        drop(self.first.acquire().await);
        Err(CallError {
            certainty: Certainty::Definite,
            remedy: Remedy::GiveUp,
            code: "VpcLimitExceeded".into(),
            message: "Said to somebody else.".into(),
        })
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.clouds.observe_network(request, now).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        self.clouds.remove_network(request, now).await
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.clouds.ensure_link(request, now).await
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.clouds.observe_link(request, now).await
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        self.clouds.remove_link(request, now).await
    }
}

async fn late() -> Arc<Late> {
    let (pace, customer) = (Pace::instant(), CustomerMode::Accept);
    let options = EmulatedOptions { pace, customer, seed: 1, awake_max: AWAKE_MAX };
    let clouds = Emulated::open(Arc::new(MemoryJournal::new()), options).await.expect("clouds");
    let (first, others) = (Semaphore::new(0), Semaphore::new(0));
    Arc::new(Late { clouds, calls: AtomicUsize::new(0), first, others })
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The owner of the organization, and its project.
fn owner(installed: &Installed) -> (Context, GroupId) {
    let org = OrgId::parse(&installed.org_id).expect("an id");
    let roles =
        Roles { org: Some((org, BTreeSet::from([OrgRole::Owner]))), groups: BTreeMap::new() };
    let credential = Credential::ServiceAccount { id: ServiceAccountId::from_bytes([1; 12]) };
    let caller = Caller { credential, org, roles };
    let context = Context { caller, remote: [127, 0, 0, 1].into() };
    (context, GroupId::parse(&installed.project_id).expect("an id"))
}

/// Asks for a peering on AWS.
async fn ask_for_one(app: &App, context: &Context, group: GroupId) -> PeerId {
    let block = |text: &str| AddressBlock::parse(text).expect("a block");
    let region = AwsRegion::all().next().expect("a region");
    let spec = ContainerSpec::Aws { region, block: block("10.8.0.0/21") };
    let container = app.create_container(context, group, spec).await.expect("a container").id;
    let customer = CustomerNetwork::Aws(AwsNetwork {
        account_id: "123456789012".into(),
        vpc_id: "vpc-00000000000000001".into(),
        region: "us-east-1".into(),
        block: block("172.16.0.0/16"),
    });
    app.create_peering(context, group, container, customer).await.expect("a peering").id
}

#[tokio::test]
async fn an_answer_from_before_a_gap_in_the_lease_answers_nothing_after_it() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::shared(LeaseClock::system()));
    let (nudge, nudged) = nudges();
    let (clock, randomness) = (Clock::new(), Randomness::seeded(1));
    let key = KeySource::Ephemeral;
    let tell = move |key| nudge.nudge(key);
    let app = Arc::new(open_app(store.clone(), key, clock.clone(), randomness, tell).unwrap());
    let names = Installation { org_name: "Org".to_owned(), project_name: "Project".to_owned() };
    let installed = app.install(&names).await.unwrap();
    let (_, group) = owner(&installed);

    // The shard is ours in the store all the time; only our belief in it has a gap.
    let shard = shard_of(group);
    let put = Txn::of(vec![Write::put(keys::shard(shard), "{}")]);
    let Commit::Done(revision) = store.commit(put).await.unwrap() else { panic!("lost") };
    let mut taken = [None; SHARDS as usize];
    taken[usize::from(shard)] = Some(revision);
    let until = Instant::now() + Duration::from_hours(1);
    let held = Ownership::Shared { taken: Arc::new(taken), until };
    let (owns, owned) = watch::channel(held.clone());

    let late = late().await;
    let fabrics: Fabrics = BTreeMap::from([(Provider::Aws, Arc::clone(&late) as Arc<dyn Fabric>)]);
    let tempo = Tempo { backoff_min: Duration::from_millis(5), ..Tempo::default() };
    let share = Share { owned, work: Work::default() };
    let driver = Driver::new(app.clone(), clock, fabrics, tempo, nudged, share, 1);
    let gauges = driver.gauges();
    let (stop, stopped) = watch::channel(false);
    let driving = tokio::spawn(driver.run(stopped));

    let (context, _) = owner(&installed);
    let peering = ask_for_one(&app, &context, group).await;

    let calls = async |count| late.calls.load(Ordering::SeqCst) == count;
    eventually("the first call", async || calls(1).await).await;
    owns.send_replace(Ownership::nothing());
    eventually("it lets go", async || gauges.borrow().shards == 0).await;
    owns.send_replace(held);
    eventually("the second call", async || calls(2).await).await;
    late.first.add_permits(1);
    // What comes back late has nobody to come to: the run that waits is another one. One thread
    // runs everything here, so that a few turns bring the answer to the driver.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    late.others.add_permits(100);
    eventually("the peering is available", async || {
        let shown = app.get_peering(&context, group, peering).await.unwrap();
        assert!(!shown.phase.is_failed(), "it took another call's answer");
        shown.phase.is_available()
    })
    .await;
    stop.send_replace(true);
    driving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_customer_did_while_nobody_looked_is_found_on_a_round() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let (nudge, nudged) = nudges();
    let (clock, randomness) = (Clock::new(), Randomness::seeded(1));
    let tell = move |key| nudge.nudge(key);
    let key = KeySource::Ephemeral;
    let app = Arc::new(open_app(store.clone(), key, clock.clone(), randomness, tell).unwrap());
    let names = Installation { org_name: "Org".to_owned(), project_name: "Project".to_owned() };
    let installed = app.install(&names).await.unwrap();
    let (context, group) = owner(&installed);
    let options = EmulatedOptions {
        pace: Pace::instant(),
        customer: CustomerMode::Accept,
        seed: 1,
        awake_max: AWAKE_MAX,
    };
    let clouds = Arc::new(Emulated::open(Arc::new(MemoryJournal::new()), options).await.unwrap());
    let fabrics: Fabrics = BTreeMap::from([(Provider::Aws, clouds.clone() as Arc<dyn Fabric>)]);
    let share = Share::all();
    let driver =
        Driver::new(app.clone(), clock.clone(), fabrics, Tempo::default(), nudged, share, 1);
    let (stop, stopped) = watch::channel(false);
    let driving = tokio::spawn(driver.run(stopped));

    let peering = ask_for_one(&app, &context, group).await;
    let is = async |expected: fn(&Phase) -> bool| {
        expected(&app.get_peering(&context, group, peering).await.unwrap().phase)
    };
    eventually("it is available", async || is(Phase::is_available).await).await;
    clouds.customer(peering, CustomerAct::Delete, clock.now()).await.unwrap();
    assert!(is(Phase::is_available).await, "nobody looked so far");
    tokio::time::sleep(Duration::from_mins(6)).await;
    assert!(is(Phase::is_failed).await);
    stop.send_replace(true);
    driving.await.unwrap();
    // What a cloud did is told as done by Peerage itself.
    let trail = ListRequest { limit: 1000, ..ListRequest::prefix(keys::group_events(group)) };
    let events = store.list(trail).await.unwrap().entries;
    let events = events.iter().map(|event| decode::<EventRecord>(event.value.as_bytes()).unwrap());
    let own: Vec<_> = events.filter(|event| matches!(event.actor, Actor::System)).collect();
    let kinds: Vec<&str> = own.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["GROUP_CREATED", "PEERAGE_PEER_ACTIVE", "PEERAGE_PEER_INACTIVE"]);
    assert!(own.iter().all(|event| !event.changes.is_empty()));
}

#[tokio::test]
async fn who_counted_what_waits_is_told_that_one_more_does() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let (clock, randomness) = (Clock::new(), Randomness::seeded(1));
    let app = open_app(store.clone(), KeySource::Ephemeral, clock, randomness, |_| ()).unwrap();
    let names = Installation { org_name: "Org".to_owned(), project_name: "Project".to_owned() };
    let installed = app.install(&names).await.unwrap();
    let (context, group) = owner(&installed);
    let peering = Key::Peering(group, ask_for_one(&app, &context, group).await);
    let guard = async || store.get(&keys::network_guard(group)).await.unwrap().unwrap().modified;
    let into = async |phase| {
        let seen = app.load(peering).await.unwrap().unwrap();
        let Object::Peering(mut next) = seen.object.clone() else { panic!("no peering") };
        next.0.phase = Phase::Aws(phase);
        let next = Object::Peering(next);
        app.write(seen.stamp, &seen.object, Some(&next), None).await.unwrap();
    };
    // A request requires the guard as it was when it counted.
    let counted = guard().await;
    for phase in [aws::Phase::PendingAcceptance, aws::Phase::Finalizing, aws::Phase::Available] {
        into(phase).await;
        assert_eq!(guard().await, counted);
    }
    into(aws::Phase::PendingAcceptance).await;
    assert!(guard().await > counted);
}
