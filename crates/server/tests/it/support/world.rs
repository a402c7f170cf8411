//! The service over a store in memory, with an organization in it and another one beside it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use peerage::app::App;
use peerage::app::install::{Installation, Installed};
use peerage::authn::{ClientCredentials, Secret};
use peerage::clock::{Clock, machine_time};
use peerage::config::Limits;
use peerage::driver::Gauges;
use peerage::emulation::Emulation;
use peerage::http::Router;
use peerage::http::operation::Operation;
use peerage::http::operations;
use peerage::ids::Randomness;
use peerage::runtime::{KeySource, open_app};
use peerage::telemetry::Metrics;
use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::id::{GroupId, OrgId};
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{
    AWAKE_MAX, CustomerMode, Emulated, EmulatedOptions, MemoryJournal, Pace,
};
use peerage_store::memory::MemoryStore;
use peerage_store::record::{
    Grants, GroupGrant, OrgRecord, OrgSettings, SecretRecord, ServiceAccountRecord, encode,
};
use peerage_store::{Store, Txn, Write, keys};
use tokio::sync::watch;

use super::{Client, CountingStore, Counts};

/// The service with an organization, a project and their owner.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) installed: Installed,
    pub(crate) router: Router,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clouds: Arc<Emulated>,
    /// What the driver would show.
    pub(crate) driver: watch::Sender<Gauges>,
}

impl World {
    /// Everything that is served, without limits that a test could meet.
    pub(crate) async fn new() -> Self {
        Self::with(&Limits::generous(), operations::all()).await
    }

    /// Some operations, with some limits.
    pub(crate) async fn with(limits: &Limits, operations: Vec<Operation>) -> Self {
        Self::over(Arc::new(MemoryStore::new()), Clock::new(), limits, operations).await
    }

    /// Everything, at the times that a machine shows.
    pub(crate) async fn on(machine: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let (store, clock) = (Arc::new(MemoryStore::new()), Clock::over(machine));
        Self::over(store, clock, &Limits::generous(), operations::all()).await
    }

    /// Everything, over a store that counts what it is asked.
    pub(crate) async fn counted(counts: &Counts) -> Self {
        let store = Arc::new(CountingStore::new(counts));
        Self::over(store, Clock::new(), &Limits::generous(), operations::all()).await
    }

    async fn over(
        store: Arc<dyn Store>,
        clock: Clock,
        limits: &Limits,
        operations: Vec<Operation>,
    ) -> Self {
        let randomness = Randomness::from_system().unwrap();
        let key = KeySource::Ephemeral;
        let app = open_app(store.clone(), key, clock.clone(), randomness, |_| {}).unwrap();
        let options = EmulatedOptions {
            pace: Pace::instant(),
            customer: CustomerMode::Manual,
            seed: 1,
            awake_max: AWAKE_MAX,
        };
        let clouds = Emulated::open(Arc::new(MemoryJournal::new()), options).await.unwrap();
        let clouds = Arc::new(clouds);
        let hand = Emulation::open(clouds.clone(), clock, store.clone()).await.unwrap();
        let app = Arc::new(app.with_emulation(Some(hand)));
        let installation =
            Installation { org_name: "Org".to_owned(), project_name: "Project".to_owned() };
        let installed = app.install(&installation).await.unwrap();
        let driver = watch::Sender::new(Gauges { started: true, ..Gauges::default() });
        let metrics = Metrics::new(driver.subscribe());
        let router = Router::from_operations(app.clone(), metrics, limits, operations);
        Self { app, installed, router, store, clouds, driver }
    }

    /// The id of the project.
    pub(crate) fn group(&self) -> GroupId {
        GroupId::parse(&self.installed.project_id).unwrap()
    }

    /// Nobody.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.router.clone(), None)
    }

    /// Owns the organization and the project.
    pub(crate) async fn owner(&self) -> Client {
        let Installed { client_id, client_secret, .. } = &self.installed;
        self.bearer(client_id.clone(), client_secret.clone()).await
    }

    /// May see the project and change nothing.
    pub(crate) async fn viewer(&self) -> Client {
        let roles = BTreeSet::from([GroupRole::ReadOnly]);
        let groups = vec![GroupGrant { group: self.group(), roles }];
        let org = OrgId::parse(&self.installed.org_id).unwrap();
        self.account(org, Grants { org: BTreeSet::from([OrgRole::Member]), groups }).await
    }

    /// Owns another organization.
    pub(crate) async fn stranger(&self) -> Client {
        let org = OrgId::from_bytes([0xab; 12]);
        self.account(org, Grants { org: BTreeSet::from([OrgRole::Owner]), groups: vec![] }).await
    }

    /// A service account of an organization that has these roles.
    pub(crate) async fn account(&self, org: OrgId, grants: Grants) -> Client {
        let now = machine_time();
        if self.store.get(&keys::org(org)).await.unwrap().is_none() {
            let record = OrgRecord {
                id: org,
                name: "Other".to_owned(),
                created: now,
                skip_default_alerts_settings: false,
                settings: OrgSettings::default(),
            };
            let put = Write::put(keys::org(org), encode(&record).unwrap());
            self.store.commit(Txn::of(vec![put])).await.unwrap();
        }
        let roles = serde_json::to_vec(&grants).unwrap();
        let text = format!("secret-of-{org}-{}", hex::encode(&roles));
        let secret = SecretRecord {
            id: peerage_core::id::Id::from_bytes([2; 12]),
            hash: hex::encode(Secret::new(text.clone()).hash().as_bytes()),
            masked: String::new(),
            created: now,
            expires: now.after(Duration::from_hours(1)),
            last_used: None,
        };
        let mut id = *org.as_bytes();
        let mixed = roles.iter().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(*byte));
        id[..8].copy_from_slice(&mixed.to_be_bytes());
        let id = peerage_core::id::ServiceAccountId::from_bytes(id);
        let account = ServiceAccountRecord {
            id,
            org,
            home: None,
            name: "test".to_owned(),
            description: String::new(),
            created: now,
            grants,
            secrets: vec![secret],
            access_list: vec![],
        };
        let put = Write::put(keys::service_account(id), encode(&account).unwrap());
        self.store.commit(Txn::of(vec![put])).await.unwrap();
        self.bearer(format!("mdb_sa_id_{id}"), text).await
    }

    /// The path of the organization, with something below it.
    pub(crate) fn in_org(&self, below: &str) -> String {
        format!("/api/atlas/v2/orgs/{}{below}", self.installed.org_id)
    }

    /// The path of the project, with something below it.
    pub(crate) fn in_group(&self, below: &str) -> String {
        format!("/api/atlas/v2/groups/{}{below}", self.installed.project_id)
    }

    /// A client with a fresh token for a service account.
    pub(crate) async fn bearer(&self, client_id: String, secret: String) -> Client {
        let client = ClientCredentials { client_id, client_secret: Secret::new(secret) };
        let token = self.app.issue_token(&client, [127, 0, 0, 1].into()).await.unwrap();
        Client::new(self.router.clone(), Some(format!("Bearer {}", token.expose())))
    }
}
