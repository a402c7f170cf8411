//! The members of a cluster and which of them is asked: one at a time, and the next one when it
//! fails. Every call ends within a deadline.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use etcd_client::{
    Certificate, Client, ConnectOptions, Identity, KvClient, LeaseClient, TlsOptions, WatchClient,
};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::error::{Failed, RETRY_CLUSTER, Refusal, classify};
use super::options::{EtcdOptions, EtcdTls};
use crate::open::OpenError;
use crate::port::{Answer, ErrorKind, StoreError};

/// How long a call may take, all its tries together.
pub(super) const CALL_MAX: Duration = Duration::from_secs(6);
/// How long one try may take before a read is asked of another member.
const TRY_MAX: Duration = Duration::from_secs(3);
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Between two tries after every member refused; an election takes about a second.
const PAUSE: Duration = Duration::from_millis(100);
/// A silent connection is asked for a sign of life, and given up without one. Members allow a sign
/// every five seconds.
const SIGN_OF_LIFE: (Duration, Duration) = (Duration::from_secs(6), Duration::from_secs(3));

/// The largest answer that is read: a read of as many of the largest values as the port allows.
const ANSWER_BYTES_MAX: usize = 160 * 1024 * 1024;

/// What a call does to the store, and so whether it may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Reads,
    /// The same, however often it is done.
    Repeatable,
    /// Something that must not be done twice.
    Writes,
}

/// The ways to ask one member.
#[derive(Clone)]
pub(super) struct Clients {
    kv: KvClient,
    lease: LeaseClient,
    watch: WatchClient,
}

impl Clients {
    pub(super) fn kv(&self) -> KvClient {
        self.kv.clone()
    }

    pub(super) fn lease(&self) -> LeaseClient {
        self.lease.clone()
    }

    pub(super) fn watch(&self) -> WatchClient {
        self.watch.clone()
    }
}

pub(super) struct Cluster {
    name: String,
    members: Vec<Member>,
    /// Which member is asked.
    current: AtomicUsize,
    options: ConnectOptions,
    closed: watch::Sender<bool>,
}

struct Member {
    address: String,
    clients: Mutex<Option<Arc<Clients>>>,
}

impl Cluster {
    pub(super) fn new(options: &EtcdOptions) -> Result<Self, OpenError> {
        let mut connect = ConnectOptions::new()
            .with_connect_timeout(CONNECT_MAX)
            .with_keep_alive(SIGN_OF_LIFE.0, SIGN_OF_LIFE.1)
            .with_keep_alive_while_idle(true)
            .with_require_leader(true)
            .with_auto_token_refresh(true);
        if let Some(tls) = &options.tls {
            connect = connect.with_tls(tls_options(tls)?);
        }
        if let Some(user) = &options.user {
            let password = read(&user.password_file)?;
            connect = connect.with_user(&user.name, password.trim_end_matches(['\r', '\n']));
        }
        let member =
            |address: &String| Member { address: address.clone(), clients: Mutex::default() };
        Ok(Self {
            name: format!("etcd at {}", options.members.join(",")),
            members: options.members.iter().map(member).collect(),
            current: AtomicUsize::new(0),
            options: connect,
            closed: watch::Sender::new(false),
        })
    }

    /// What people call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    pub(super) fn check_open(&self) -> Answer<()> {
        if *self.closed.borrow() { Err(StoreError::closed()) } else { Ok(()) }
    }

    /// Asks the cluster. What certainly did not happen is asked of the next member, and so is what
    /// may be repeated; a write that may have happened ends the call.
    pub(super) async fn call<T, F>(
        &self,
        effect: Effect,
        act: impl Fn(Arc<Clients>) -> F + Send,
    ) -> Result<T, Refusal>
    where
        F: Future<Output = Result<T, etcd_client::Error>> + Send,
    {
        self.check_open().map_err(Refusal::Error)?;
        let deadline = Instant::now() + CALL_MAX;
        let mut tries = 0;
        loop {
            let index = self.current.load(Ordering::Relaxed);
            let failed = match self.one_try(index, deadline, effect, &act).await {
                Ok(done) => return Ok(done),
                Err(Failed::Refused(refusal)) => return Err(refusal),
                Err(failed) => failed,
            };
            self.turn_from(index);
            if let Some(error) = self.give_up(effect, &failed, deadline) {
                return Err(Refusal::Error(error));
            }
            tries += 1;
            if tries % self.members.len() == 0 {
                sleep(PAUSE).await;
            }
        }
    }

    /// What a call ends with after a failed try, unless another one may follow.
    fn give_up(&self, effect: Effect, failed: &Failed, deadline: Instant) -> Option<StoreError> {
        let over = Instant::now() + PAUSE >= deadline;
        match (failed, effect) {
            (Failed::Unknown(reason), Effect::Writes) => {
                Some(StoreError::indefinite(self.silent(reason)))
            }
            (Failed::Unknown(reason), Effect::Repeatable) if over => {
                Some(StoreError::indefinite(self.silent(reason)))
            }
            (Failed::Unknown(reason) | Failed::Elsewhere(reason), _) if over => {
                Some(StoreError::definite(self.silent(reason)))
            }
            (Failed::Refused(_) | Failed::Unknown(_) | Failed::Elsewhere(_), _) => None,
        }
    }

    async fn one_try<T, F>(
        &self,
        index: usize,
        deadline: Instant,
        effect: Effect,
        act: &(impl Fn(Arc<Clients>) -> F + Send),
    ) -> Result<T, Failed>
    where
        F: Future<Output = Result<T, etcd_client::Error>> + Send,
    {
        // Another member can still be asked to read after this one was silent; nobody can be asked
        // to write, so a write has all the time there is.
        let until = match effect {
            Effect::Writes => deadline,
            Effect::Reads | Effect::Repeatable => deadline.min(Instant::now() + TRY_MAX),
        };
        let clients = match timeout_at(until, self.clients(index)).await {
            Ok(clients) => clients?,
            Err(_) => return Err(Failed::Elsewhere("it did not connect in time".to_owned())),
        };
        match timeout_at(until, act(clients)).await {
            Ok(answer) => answer.map_err(|error| classify(&error)),
            Err(_) => Err(Failed::Unknown("it did not answer in time".to_owned())),
        }
    }

    /// The ways to ask a member, made when it is first asked. Nothing of the call is sent here.
    async fn clients(&self, index: usize) -> Result<Arc<Clients>, Failed> {
        let member = &self.members[index % self.members.len()];
        let mut clients = member.clients.lock().await;
        if let Some(clients) = &*clients {
            return Ok(clients.clone());
        }
        let connected = Client::connect([&member.address], Some(self.options.clone())).await;
        let client = connected.map_err(|error| match classify(&error) {
            Failed::Refused(refusal) => Failed::Refused(refusal),
            Failed::Elsewhere(reason) | Failed::Unknown(reason) => Failed::Elsewhere(reason),
        })?;
        let made = Arc::new(Clients {
            kv: client.kv_client().max_decoding_message_size(ANSWER_BYTES_MAX),
            lease: client.lease_client(),
            watch: client.watch_client().max_decoding_message_size(ANSWER_BYTES_MAX),
        });
        *clients = Some(made.clone());
        Ok(made)
    }

    /// Asks the next member from here on, unless somebody turned away already.
    fn turn_from(&self, index: usize) {
        let next = (index + 1) % self.members.len();
        let (relaxed, current) = (Ordering::Relaxed, &self.current);
        if current.compare_exchange(index, next, relaxed, relaxed).is_ok() && next != index {
            tracing::debug!(
                from = %self.members[index].address,
                to = %self.members[next].address,
                "etcd.turned"
            );
        }
    }

    pub(super) fn silent(&self, reason: &str) -> ErrorKind {
        let reason = format!("{}: {reason}", self.name);
        ErrorKind::Unavailable { reason, retry_after: RETRY_CLUSTER }
    }
}

fn tls_options(tls: &EtcdTls) -> Result<TlsOptions, OpenError> {
    let mut options = TlsOptions::new().ca_certificate(Certificate::from_pem(read(&tls.ca_file)?));
    if let Some((certificate, key)) = &tls.identity {
        options = options.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(options)
}

fn read(path: &Path) -> Result<String, OpenError> {
    std::fs::read_to_string(path).map_err(|error| OpenError::io(path, "read", error))
}
