//! Several processes over one shared store, here in one process: who works on what, and that who
//! lost its part cannot act.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use peerage::app::App;
use peerage::app::install::{Installation, Installed};
use peerage::config::Config;
use peerage::context::{Caller, Context, Credential};
use peerage::emulation::ClockChange;
use peerage::ids::Randomness;
use peerage::replica::{Lessee, Ownership, shard_of};
use peerage::runtime::{KeySource, Running};
use peerage_core::authz::{OrgRole, Roles};
use peerage_core::cidr::AddressBlock;
use peerage_core::container::ContainerSpec;
use peerage_core::id::{GroupId, OrgId, PeerId, ServiceAccountId};
use peerage_core::peering::{AwsNetwork, CustomerNetwork};
use peerage_core::reconcile::{Fence, Key, Snapshot, WriteResult};
use peerage_core::region::AwsRegion;
use peerage_fabric::emulated::Pace;
use peerage_store::memory::MemoryStore;
use peerage_store::{LeaseClock, Store, keys};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

const TTL: Duration = Duration::from_secs(10);

/// How long something may take, by a clock that is not real.
const PATIENCE: Duration = Duration::from_secs(120);

/// Replicas whose leases end by a clock that goes with the runtime's own.
struct Cluster {
    store: Arc<MemoryStore>,
    clock: LeaseClock,
}

struct Replica {
    owned: watch::Receiver<Ownership>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Cluster {
    fn new() -> Self {
        let clock = LeaseClock::by_hand();
        Self { store: Arc::new(MemoryStore::shared(clock.clone())), clock }
    }

    fn join(&self, id: &str) -> Replica {
        let lessee = Lessee::new(self.store.clone(), id.to_owned(), TTL);
        let (owned, (stop, stopped)) = (lessee.owned(), watch::channel(false));
        Replica { owned, stop, task: tokio::spawn(lessee.run(stopped)) }
    }

    async fn pass(&self, span: Duration) {
        let step = Duration::from_millis(250);
        let mut left = span;
        while !left.is_zero() {
            sleep(step).await;
            self.clock.advance(step);
            left = left.saturating_sub(step);
        }
    }

    /// Waits until the replicas own so many shards each, and nobody owns another's.
    async fn settles(&self, expect: &[(&Replica, u16)]) {
        let end = Instant::now() + PATIENCE;
        loop {
            let counts: Vec<u16> =
                expect.iter().map(|(it, _)| it.owned.borrow().shards()).collect();
            if counts.iter().zip(expect).all(|(count, (_, wanted))| count == wanted) {
                return;
            }
            assert!(Instant::now() < end, "{counts:?}");
            self.pass(Duration::from_millis(250)).await;
        }
    }
}

fn group(number: u32) -> GroupId {
    let mut id = [0; 12];
    id[8..].copy_from_slice(&number.to_be_bytes());
    GroupId::from_bytes(id)
}

/// A project in each shard.
fn groups() -> Vec<GroupId> {
    let mut found = BTreeMap::new();
    for number in 0..1000 {
        found.entry(shard_of(group(number))).or_insert(group(number));
    }
    found.into_values().collect()
}

/// How many of these may act on a project at this moment.
fn actors(replicas: &[&Replica], group: GroupId) -> usize {
    let may = |replica: &&&Replica| {
        let owned = replica.owned.borrow();
        owned.may_act(group, owned.fence(group), Instant::now())
    };
    replicas.iter().filter(may).count()
}

#[tokio::test(start_paused = true)]
async fn shards_are_shared_fairly_and_taken_over() {
    let cluster = Cluster::new();
    let first = cluster.join("a");
    cluster.settles(&[(&first, 16)]).await;
    let second = cluster.join("b");
    cluster.settles(&[(&first, 8), (&second, 8)]).await;
    let third = cluster.join("c");
    cluster.settles(&[(&first, 6), (&second, 6), (&third, 4)]).await;
    for group in groups() {
        assert_eq!(actors(&[&first, &second, &third], group), 1, "{group}");
    }
    // One dies, one leaves.
    first.task.abort();
    cluster.settles(&[(&second, 8), (&third, 8)]).await;
    second.stop.send_replace(true);
    second.task.await.unwrap();
    cluster.settles(&[(&third, 16)]).await;
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_followed_at_once() {
    let cluster = Cluster::new();
    let (first, second) = (cluster.join("a"), cluster.join("b"));
    cluster.settles(&[(&first, 8), (&second, 8)]).await;
    first.stop.send_replace(true);
    first.task.await.unwrap();
    let since = Instant::now();
    cluster.settles(&[(&second, 16)]).await;
    assert!(since.elapsed() < TTL / 2, "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn nobody_acts_on_what_another_may_have_taken() {
    let cluster = Cluster::new();
    let first = cluster.join("a");
    cluster.settles(&[(&first, 16)]).await;
    let (fences, group) = (first.owned.borrow().clone(), groups()[0]);
    let fence = fences.fence(group);
    assert!(fence.is_some());
    // A pause: it neither keeps its lease nor notices.
    first.task.abort();
    let second = cluster.join("b");
    let end = Instant::now() + PATIENCE;
    while second.owned.borrow().fence(group).is_none() {
        assert!(Instant::now() < end);
        cluster.pass(Duration::from_millis(250)).await;
    }
    assert!(!fences.may_act(group, fence, Instant::now()), "the first still believes");
    assert!(second.owned.borrow().fence(group) > fence, "fences grow");
}

/// Two services over one store, and the project of one.
async fn two_services() -> (MemoryStore, [Running; 2], Installed, tempfile::TempDir) {
    let store = MemoryStore::shared(LeaseClock::system());
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("master.key");
    let mut config = Config { key_file: file.clone(), ..Config::default() };
    config.listen = ([127, 0, 0, 1], 0).into();
    config.replica.lease.0 = Duration::from_secs(2);
    config.clouds.emulated.control = true;
    config.clouds.emulated.pace = Pace::instant();
    let start = async || {
        let shared: Arc<dyn Store> = Arc::new(store.clone());
        let randomness = Randomness::from_system().expect("randomness");
        Running::start(&config, shared, KeySource::File(&file), randomness)
            .await
            .expect("a service")
    };
    let services = [start().await, start().await];
    let names = Installation { org_name: "Org".to_owned(), project_name: "Project".to_owned() };
    let installed = services[0].app.install(&names).await.expect("an installation");
    (store, services, installed, home)
}

/// The owner of the organization.
fn owner(installed: &Installed) -> Context {
    let org = OrgId::parse(&installed.org_id).expect("an id");
    let roles =
        Roles { org: Some((org, BTreeSet::from([OrgRole::Owner]))), groups: BTreeMap::new() };
    let credential = Credential::ServiceAccount { id: ServiceAccountId::from_bytes([1; 12]) };
    let caller = Caller { credential, org, roles };
    Context { caller, remote: [127, 0, 0, 1].into() }
}

/// Asks one service for a peering and waits until another one shows it available.
async fn available(
    asked: &App,
    shown: &App,
    installed: &Installed,
    number: u8,
) -> (GroupId, PeerId) {
    let (context, group) =
        (owner(installed), GroupId::parse(&installed.project_id).expect("an id"));
    let block = |text: &str| AddressBlock::parse(text).expect("a block");
    let region = AwsRegion::all().nth(usize::from(number)).expect("a region");
    let spec = ContainerSpec::Aws { region, block: block(&format!("10.{number}.0.0/21")) };
    let container = asked.create_container(&context, group, spec).await.expect("a container").id;
    let customer = CustomerNetwork::Aws(AwsNetwork {
        account_id: "123456789012".into(),
        vpc_id: format!("vpc-{number:08x}"),
        region: "us-east-1".into(),
        block: block(&format!("172.{}.0.0/16", 16 + number)),
    });
    let made = asked.create_peering(&context, group, container, customer).await.expect("a peering");
    let end = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let peering = shown.get_peering(&context, group, made.id).await.expect("a peering");
        if peering.phase.is_available() {
            return (group, made.id);
        }
        assert!(std::time::Instant::now() < end, "{:?}", peering.phase);
        sleep(Duration::from_millis(2)).await;
    }
}

/// When the shard was taken: on a busy machine it may have been lost and be taken again.
async fn taken(store: &dyn Store, shard: u16) -> u64 {
    let end = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = store.get(&keys::shard(shard)).await.expect("an answer") {
            return found.modified.0;
        }
        assert!(std::time::Instant::now() < end, "nobody takes shard {shard}");
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_write_under_a_fence_that_fell_does_not_happen() {
    let (store, services, installed, _home) = two_services().await;
    let (first, second) = (&services[0].app, &services[1].app);
    let (group, peer) = available(second, first, &installed, 1).await;
    let key = Key::Peering(group, peer);
    let Snapshot { object, stamp } = first.load(key).await.unwrap().unwrap();
    let shard = shard_of(group);
    let taken = taken(&store, shard).await;
    let app = &services[0].app;
    let old = Fence { shard, revision: taken - 1 };
    app.write(stamp, &object, Some(&object), Some(old)).await.unwrap_err();
    assert_eq!(app.load(key).await.unwrap().unwrap().stamp, stamp);
    let current = Fence { shard, revision: taken };
    let written = app.write(stamp, &object, Some(&object), Some(current)).await.unwrap();
    assert!(matches!(written, WriteResult::Done(_)));
    for service in services {
        service.stop().await.unwrap();
    }
}

#[tokio::test]
async fn any_replica_serves_any_request() {
    let (_store, services, installed, _home) = two_services().await;
    let (first, second) = (&services[0].app, &services[1].app);
    let context = owner(&installed);
    for number in 1..=6 {
        let (asked, shown) = if number % 2 == 0 { (first, second) } else { (second, first) };
        let (group, peer) = available(asked, shown, &installed, number).await;
        shown.delete_peering(&context, group, peer).await.unwrap();
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while asked.get_peering(&context, group, peer).await.is_ok() {
            assert!(std::time::Instant::now() < end, "it stays");
            sleep(Duration::from_millis(2)).await;
        }
    }
    // The clock and the faults are one for both.
    let (one, other) = (first.emulation().unwrap(), second.emulation().unwrap());
    one.move_clock(first, &context, ClockChange::Freeze).await.unwrap();
    let frozen = other.clock().await.unwrap().reading;
    assert!(frozen.frozen);
    let hour = ClockChange::Advance(Duration::from_hours(1));
    other.move_clock(second, &context, hour).await.unwrap();
    let moved = one.clock().await.unwrap().reading;
    assert_eq!(moved.now.since(frozen.now), Duration::from_hours(1));
    let fault = serde_json::from_str(r#"{"effect":"loseAnswer","times":3}"#);
    let planted = one.add_fault(first, &context, fault.unwrap()).await.unwrap();
    assert_eq!(other.faults().await.unwrap()[0].id, planted);
    other.clear_faults(second, &context).await.unwrap();
    assert!(one.faults().await.unwrap().is_empty());
    for service in services {
        service.stop().await.unwrap();
    }
}

#[tokio::test]
async fn another_key_file_is_refused() {
    let (store, services, _installed, home) = two_services().await;
    let file = home.path().join("other.key");
    let mut config = Config { key_file: file.clone(), ..Config::default() };
    config.listen = ([127, 0, 0, 1], 0).into();
    let shared: Arc<dyn Store> = Arc::new(store);
    let randomness = Randomness::from_system().unwrap();
    let refused = Running::start(&config, shared, KeySource::File(&file), randomness).await;
    let error = format!("{:#}", refused.unwrap_err());
    assert!(error.contains("key file"), "{error}");
    for service in services {
        service.stop().await.unwrap();
    }
}
